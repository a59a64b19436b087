//! Encrypted assertions: the platform alone can read them, so what surrounds them decides.

use crate::support::{Browser, Scene};
use anyp_saml::demo::PEOPLE;
use anyp_saml::demo::identity_provider::RelayState;
use anyp_saml::demo::response::{ResponseOptions, Sign};

/// A scene whose identity provider hands out an encrypted assertion in a response that is signed, or not.
fn scene(sign: Sign, relay_state: RelayState) -> Scene {
    let scene = Scene::with(relay_state, |platform| platform.takes_encrypted = true);
    let options = ResponseOptions {
        sign,
        encrypted: true,
        ..ResponseOptions::default()
    };
    scene.demo.identity_provider.hand_out(options);
    scene
}

#[test]
fn in_a_signed_response_it_is_exchanged_and_never_called_valid() {
    let scene = scene(Sign::Response, RelayState::Echoed);
    let (ended, _) = scene.log_in(&Browser::default(), &[]);
    let ended = ended.code(0).says(&["encrypted", PEOPLE[0].username]);
    assert!(!ended.stderr.contains("response is valid"), "{ended}");
}

#[test]
fn in_an_unsigned_response_it_is_taken_only_with_the_relay_state_of_this_login() {
    let echoed = scene(Sign::Nothing, RelayState::Echoed);
    echoed
        .log_in(&Browser::default(), &[])
        .0
        .code(0)
        .says(&["encrypted"]);
    assert_eq!(echoed.exchanges(), 1);

    // What comes without it could be any page's, and would use the one exchange up.
    let stranger = scene(Sign::Nothing, RelayState::Dropped);
    let login = stranger.start(&["--timeout", "2s"]);
    let browser = Browser::default();
    let page = browser.deliver(&browser.sign_in(&login.link));
    let ended = login.running.end().code(4);
    ended.says(&["encrypted", "RelayState", "The wait goes on"]);
    assert!(page.text().contains("not accepted"), "{}", page.text());
    assert_eq!(stranger.exchanges(), 0);
}

#[test]
fn the_expected_user_is_held_against_the_platforms_word() {
    let user = PEOPLE[0].username;
    scene(Sign::Response, RelayState::Echoed)
        .log_in(&Browser::default(), &["--expect-user", user])
        .0
        .code(0);

    let other = scene(Sign::Response, RelayState::Echoed);
    let (ended, page) = other.log_in(&Browser::default(), &["--expect-user", "somebody.else"]);
    ended.code(4).says(&["USER", user, "somebody.else"]);
    assert!(page.text().contains("another user"), "{}", page.text());
    other.world.run(&["token"]).code(3);
}
