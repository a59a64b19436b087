//! What is posted and refused: nobody's login, which the wait survives, and the user's own, which ends it.

use super::super::support::browser::ResponseForm;
use super::super::support::scene::secrets_of;
use super::super::support::{Browser, Scene};
use anyp_saml::demo::PEOPLE;
use anyp_saml::demo::response::{FORGED, Failure, Key, ResponseOptions, Sign, Wrapping};
use anyp_saml::encoding::{base64, decode_base64};
use anyp_saml::time::SignedDuration;

fn good() -> ResponseOptions {
    ResponseOptions::default()
}

/// Responses that no known key has signed.
fn of_nobody() -> Vec<(&'static str, ResponseOptions)> {
    let wrapped = Wrapping::ALL.map(|wrapping| {
        let sign = match wrapping {
            Wrapping::ResponseInSignature => Sign::Response,
            _ => Sign::Assertion,
        };
        (
            "",
            ResponseOptions {
                sign,
                wrapping: Some(wrapping),
                ..good()
            },
        )
    });
    let mut cases = vec![
        (
            "SIG-NONE",
            ResponseOptions {
                sign: Sign::Nothing,
                ..good()
            },
        ),
        (
            "SIG-VALUE",
            ResponseOptions {
                key: Key::Foreign,
                ..good()
            },
        ),
    ];
    cases.extend(wrapped);
    cases
}

/// The page posts a response of these options to the login.
fn sign_in(scene: &Scene, link: &str, options: &ResponseOptions) -> ResponseForm {
    scene.demo.identity_provider.hand_out(options.clone());
    Browser::default().sign_in(link)
}

#[test]
fn a_response_that_nobody_known_has_signed_is_waited_on() {
    let scene = Scene::set();
    let login = scene.start(&[]);
    for (code, options) in of_nobody() {
        let form = sign_in(&scene, &login.link, &options);
        let page = Browser::default().deliver(&form);
        assert_eq!(page.status, 400, "{options:?}: {}", page.text());
        assert!(page.text().contains(code), "{options:?}: {}", page.text());
        assert!(!page.text().contains(FORGED) && !page.text().contains(PEOPLE[0].username));
    }
    let form = sign_in(&scene, &login.link, &good());
    Browser::default().finish(&form);
    login
        .running
        .end()
        .code(0)
        .says(&["SIG-NONE", "SIG-VALUE", "wait goes on"]);
    assert_eq!(scene.exchanges(), 1);
}

#[test]
fn a_response_that_was_changed_on_the_way_is_waited_on() {
    let scene = Scene::set();
    let login = scene.start(&[]);
    let form = sign_in(&scene, &login.link, &good());
    let xml =
        String::from_utf8(decode_base64(form.field("SAMLResponse").unwrap()).unwrap()).unwrap();
    let changed = xml.replace(PEOPLE[0].username, FORGED);
    assert_ne!(xml, changed);
    let changed = form.with("SAMLResponse", Some(&base64(changed.as_bytes())));
    let page = Browser::default().deliver(&changed);
    assert_eq!(page.status, 400);
    assert!(page.text().contains("SIG-DIGEST"), "{}", page.text());
    Browser::default().finish(&form);
    login.running.end().code(0);
    assert_eq!(scene.exchanges(), 1);
}

#[test]
fn when_nothing_better_comes_the_last_refusal_is_the_reason() {
    let scene = Scene::set();
    let login = scene.start(&["--timeout", "2s"]);
    let form = sign_in(
        &scene,
        &login.link,
        &ResponseOptions {
            sign: Sign::Nothing,
            ..good()
        },
    );
    assert_eq!(Browser::default().deliver(&form).status, 400);
    login
        .running
        .end()
        .code(4)
        .says(&["SIG-NONE", "found", "expected", "sign the response"]);
    assert_eq!(scene.exchanges(), 0);
}

#[test]
fn the_users_own_response_that_breaks_a_rule_ends_the_login_at_once() {
    let other = || Some("https://elsewhere.example/".to_owned());
    let failure = Some(Failure::authentication(
        "the password <b>has</b> expired \u{9b}31m",
    ));
    let cases = [
        (
            "IRT",
            ResponseOptions {
                in_response_to: Some("_1".into()),
                ..good()
            },
        ),
        (
            "AUDIENCE",
            ResponseOptions {
                audience: other(),
                ..good()
            },
        ),
        (
            "SC-RECIPIENT",
            ResponseOptions {
                recipient: other(),
                ..good()
            },
        ),
        (
            "DESTINATION",
            ResponseOptions {
                destination: other(),
                ..good()
            },
        ),
        (
            "NOA",
            ResponseOptions {
                age: SignedDuration::from_hours(1),
                ..good()
            },
        ),
        (
            "NB",
            ResponseOptions {
                age: SignedDuration::from_hours(-1),
                ..good()
            },
        ),
        (
            "STATUS",
            ResponseOptions {
                sign: Sign::Response,
                failure,
                ..good()
            },
        ),
    ];
    for (code, options) in cases {
        let scene = Scene::set();
        let login = scene.start(&[]);
        let form = sign_in(&scene, &login.link, &options);
        let browser = Browser::default();
        let page = browser.finish(&form);
        assert!(page.text().contains(code), "{code}: {}", page.text());
        let secrets = secrets_of(&form);
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let ended = login
            .running
            .end()
            .code(4)
            .says(&[code, "found", "expected"])
            .hides(&secrets);
        assert!(!ended.stderr.contains('\u{9b}'), "{ended}");
        assert_eq!(scene.exchanges(), 0, "{code}");
        scene.world.run(&["token"]).code(3);
    }
}

#[test]
fn another_user_than_the_expected_one_ends_the_login() {
    let scene = Scene::set();
    let login = scene.start(&["--expect-user", PEOPLE[1].username]);
    let page = Browser::of(PEOPLE[0].username).visit(&login.link);
    assert!(!page.text().contains(PEOPLE[0].username), "{}", page.text());
    login
        .running
        .end()
        .code(4)
        .says(&[PEOPLE[0].username, PEOPLE[1].username, "--expect-user"]);
    assert_eq!(scene.exchanges(), 0);
}
