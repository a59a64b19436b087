//! Logins for which nobody has named the identity provider's key: it is learned, once, by the platform's word.

use super::super::support::Scene;
use super::super::support::browser::Browser;
use super::super::support::world::{Ended, Running};
use anyp_saml::demo::PEOPLE;
use anyp_saml::demo::identity_provider::RelayState;
use anyp_saml::demo::response::{Key, ResponseOptions};
use anyp_saml::xmldsig::TrustedKey;
use std::path::PathBuf;

const NEW: &str = "is not known yet";

/// The arguments of a login that names no key and no issuer.
fn arguments(scene: &Scene, more: &[&str]) -> Vec<String> {
    let mut arguments = scene.arguments(more);
    for flag in ["--idp-metadata", "--issuer"] {
        let at = arguments.iter().position(|text| text == flag).unwrap();
        arguments.drain(at..at + 2);
    }
    arguments
}

fn hand_in(scene: &Scene, options: &ResponseOptions) -> Ended {
    let arguments = arguments(scene, &["--response", "-"]);
    let response = scene.response(options);
    scene.world.run_with_input(&arguments, response.as_bytes())
}

/// A login that waits, and the link that it shows.
fn start(scene: &Scene, more: &[&str]) -> (Running, String) {
    let mut running = scene.world.start(&arguments(scene, more));
    let link = running.hear_word(&scene.demo.identity_provider.sign_in_link());
    running.hear("Ctrl-C");
    (running, link)
}

fn known_file(scene: &Scene) -> PathBuf {
    let state = scene.world.home().join(".local/state/anyp-saml");
    state.join("known/profile-default.json")
}

/// What a login has learned, with another certificate in place of the identity provider's.
fn learn_another_key(scene: &Scene) {
    hand_in(scene, &ResponseOptions::default()).code(0);
    let pem = std::fs::read_to_string("tests/fixtures/idp.pem").unwrap();
    let lines: Vec<_> = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let path = known_file(scene);
    let mut known: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let platform = scene.demo.platform.acs_url();
    known["platforms"][platform]["certificate"] = lines.concat().into();
    std::fs::write(&path, known.to_string()).unwrap();
}

fn of_a_stranger() -> ResponseOptions {
    ResponseOptions {
        key: Key::Foreign,
        ..ResponseOptions::default()
    }
}

#[test]
fn the_first_login_says_that_the_key_is_new_and_the_next_one_knows_it() {
    let scene = Scene::set();
    let der = scene.demo.identity_provider.certificate_der();
    let key = TrustedKey::from_certificate_der(der).unwrap();
    let (running, link) = start(&scene, &[]);
    Browser::default().visit(&link);
    running
        .end()
        .code(0)
        .says(&[NEW, key.fingerprint(), "from then on"]);

    let (running, link) = start(&scene, &[]);
    Browser::default().visit(&link);
    let again = running.end().code(0).says(&["response is valid"]);
    assert!(!again.stderr.contains(NEW), "{again}");
    assert_eq!(scene.exchanges(), 2);
}

#[test]
fn what_was_handed_in_is_the_users_own_word() {
    let scene = Scene::set();
    let first = hand_in(&scene, &ResponseOptions::default());
    first.code(0).says(&[NEW]);
    let again = hand_in(&scene, &ResponseOptions::default()).code(0);
    assert!(!again.stderr.contains(NEW), "{again}");
}

#[test]
fn a_key_that_the_platform_does_not_take_is_not_learned() {
    let scene = Scene::set();
    hand_in(&scene, &of_a_stranger()).code(5).says(&[NEW]);
    assert!(!known_file(&scene).exists());
    hand_in(&scene, &ResponseOptions::default())
        .code(0)
        .says(&[NEW]);
}

#[test]
fn a_strangers_response_does_not_use_up_the_login() {
    let scene = Scene::set();
    let (running, link) = start(&scene, &[]);
    let browser = Browser::default();
    let good = browser.sign_in(&link);
    scene.demo.identity_provider.hand_out(of_a_stranger());
    let stranger = browser.sign_in(&link).with("RelayState", None);
    let page = browser.deliver(&stranger);
    assert_eq!(page.status, 400, "{}", page.text());
    assert_eq!(scene.exchanges(), 0);
    browser.finish(&good);
    running
        .end()
        .code(0)
        .says(&["The wait goes on", "no terminal"]);
    assert_eq!(scene.exchanges(), 1);
}

#[test]
fn without_relay_state_and_terminal_an_unknown_key_is_refused_and_a_learned_one_taken() {
    let scene = Scene::with(RelayState::Dropped, |_| ());
    let (running, link) = start(&scene, &["--timeout", "2s"]);
    let browser = Browser::default();
    assert_eq!(browser.deliver(&browser.sign_in(&link)).status, 400);
    running
        .end()
        .code(4)
        .says(&["RelayState", "--idp-metadata"]);
    assert_eq!(scene.exchanges(), 0);
    assert!(!known_file(&scene).exists());

    hand_in(&scene, &ResponseOptions::default()).code(0);
    let (running, link) = start(&scene, &[]);
    browser.visit(&link);
    running.end().code(0);
}

#[test]
fn another_key_than_the_learned_one_is_refused_where_nobody_can_be_asked() {
    let scene = Scene::set();
    hand_in(&scene, &ResponseOptions::default()).code(0);
    let says = ["KEY-KNOWN", "another key", "--idp-certificate"];
    hand_in(&scene, &of_a_stranger()).code(4).says(&says);

    let (running, link) = start(&scene, &[]);
    scene.demo.identity_provider.hand_out(of_a_stranger());
    let page = Browser::default().visit(&link);
    assert!(page.text().contains("known key"), "{}", page.text());
    running.end().code(4).says(&says);
    assert_eq!(scene.exchanges(), 1);
}

#[test]
fn what_was_learned_is_one_identity_provider() {
    let scene = Scene::set();
    hand_in(&scene, &ResponseOptions::default()).code(0);
    let other = ResponseOptions {
        issuer: Some("https://elsewhere.example/".into()),
        ..ResponseOptions::default()
    };
    hand_in(&scene, &other).code(4).says(&[
        "ISSUER",
        "than the expected one",
        "logout --identity-provider",
    ]);
}

#[test]
fn what_was_learned_and_cannot_be_read_is_not_forgotten() {
    let scene = Scene::set();
    hand_in(&scene, &ResponseOptions::default()).code(0);
    std::fs::write(known_file(&scene), "damaged").unwrap();
    let ended = hand_in(&scene, &ResponseOptions::default());
    ended.code(1).says(&["profile-default.json", "Remove it"]);
    assert_eq!(scene.exchanges(), 1);
}

#[test]
fn what_was_learned_is_forgotten_only_where_that_is_said() {
    let scene = Scene::set();
    let forget = || {
        scene
            .world
            .run(&["logout", "--identity-provider"])
            .code(0)
            .stderr
    };
    assert!(forget().contains("No key"));
    hand_in(&scene, &ResponseOptions::default()).code(0);
    scene.world.run(&["logout"]).code(0);
    hand_in(&scene, &of_a_stranger())
        .code(4)
        .says(&["another key"]);
    assert!(forget().contains("key is forgotten"));
    hand_in(&scene, &ResponseOptions::default())
        .code(0)
        .says(&[NEW]);
}

#[test]
fn inspect_knows_what_logins_have_learned() {
    let scene = Scene::set();
    hand_in(&scene, &ResponseOptions::default()).code(0);
    let response = scene.response(&ResponseOptions::default());
    let others = scene.response(&of_a_stranger());
    let platform = scene.demo.platform.acs_url();
    let listen = scene.demo.identity_provider.acs().to_owned();
    let Scene { world, demo, .. } = scene;
    let world = world
        .with("ANYP_SAML_ACS_URL", &platform)
        .with("ANYP_SAML_LISTEN", &listen);
    let inspect = |response: &str, more: &[&str]| {
        let arguments = [&["inspect", "-"], more].concat();
        let ended = world.run_with_input(&arguments, response.as_bytes());
        ended.code(0).stdout
    };
    let learned = TrustedKey::from_certificate_der(demo.identity_provider.certificate_der());
    let learned = learned.unwrap().fingerprint().to_owned();
    let json: serde_json::Value = serde_json::from_str(&inspect(&response, &["--json"])).unwrap();
    assert_eq!(json["verdict"], "accepted");
    assert_eq!(json["learned_key"], learned.as_str());
    assert_eq!(json["key"]["sha256"], learned.as_str());
    let table = inspect(&response, &[]);
    assert!(!table.contains("key so far"), "{table}");

    let json: serde_json::Value = serde_json::from_str(&inspect(&others, &["--json"])).unwrap();
    assert_eq!(json["verdict"], "unverified");
    assert_eq!(json["learned_key"], learned.as_str());
    assert_eq!(json["key"]["known"], false);
    assert_ne!(json["key"]["sha256"], learned.as_str());
    let table = inspect(&others, &[]);
    for text in [
        "signed with another key than earlier logins have learned",
        &format!("key so far    SHA-256 {learned}"),
    ] {
        assert!(table.contains(text), "{text}\n{table}");
    }
    assert!(!table.contains("no key was given"), "{table}");
}

#[cfg(unix)]
#[test]
fn at_a_terminal_another_key_is_asked_about() {
    let scene = Scene::set();
    learn_another_key(&scene);
    let file = scene
        .world
        .file("response", scene.response(&ResponseOptions::default()));
    let arguments = arguments(&scene, &["--response", file.to_str().unwrap()]);
    for (answer, code) in [("n\n", 4), ("\n", 4), ("yes\n", 0)] {
        let (mut running, _screen) = scene.world.start_at_a_terminal(&arguments);
        running.hear("changed its key?");
        running.type_in(answer);
        let ended = running.end().code(code);
        ended.says(&["key so far", PEOPLE[0].username]);
    }
    assert_eq!(scene.exchanges(), 2, "once to learn, once after the yes");
    // From now on this is the key.
    let again = hand_in(&scene, &ResponseOptions::default()).code(0);
    assert!(again.stderr.contains("response is valid"), "{again}");
}

#[cfg(unix)]
#[test]
fn at_a_terminal_a_post_that_nothing_ties_to_the_login_is_asked_about_while_others_can_come() {
    let scene = Scene::with(RelayState::Dropped, |_| ());
    let arguments = arguments(&scene, &[]);
    let (mut running, _screen) = scene.world.start_at_a_terminal(&arguments);
    let link = running.hear_word(&scene.demo.identity_provider.sign_in_link());
    let link = link.trim_end_matches("\u{1b}[0m").to_owned();
    running.hear("Ctrl-C");
    let browser = Browser::default();
    let good = browser.sign_in(&link);
    scene.demo.identity_provider.hand_out(of_a_stranger());
    let page = browser.deliver(&browser.sign_in(&link));
    assert_eq!(page.status, 303);
    running.hear("Is this your sign-in?");
    running.type_in("n\n");
    running.hear("The wait goes on");
    // The genuine one comes, and is asked about as well.
    assert_eq!(browser.deliver(&good).status, 303);
    running.hear_times("Is this your sign-in?", 2);
    running.type_in("y\n");
    running.end().code(0).says(&["Signed in as"]);
    assert_eq!(scene.exchanges(), 1);
}
