//! `login --response`: a response that is there already, in every form that a person copies.

use super::super::support::Scene;
use super::super::support::scene::secrets_of_response;
use anyp_saml::address::form_encoded;
use anyp_saml::demo::PEOPLE;
use anyp_saml::demo::response::{Failure, Key, ResponseOptions, Sign, Wrapping};
use anyp_saml::time::SignedDuration;

/// The same response as base64, URL-encoded base64, the form's body, and XML.
fn forms(scene: &Scene) -> [Vec<u8>; 4] {
    let response = || scene.response(&ResponseOptions::default());
    let form = |base64: String| form_encoded(&[("SAMLResponse".to_owned(), base64)]);
    let encoded = form(response())
        .strip_prefix("SAMLResponse=")
        .unwrap()
        .to_owned();
    let xml = scene
        .demo
        .identity_provider
        .issue(&ResponseOptions::default())
        .unwrap();
    [
        response().into_bytes(),
        encoded.into_bytes(),
        form(response()).into_bytes(),
        xml.into_bytes(),
    ]
}

#[test]
fn every_form_signs_in_from_standard_input() {
    let scene = Scene::set();
    for response in forms(&scene) {
        scene
            .hand_in(&response, &[])
            .code(0)
            .says(&[PEOPLE[0].username]);
    }
    assert_eq!(scene.exchanges(), 4);
}

#[test]
fn every_form_signs_in_from_a_file() {
    let scene = Scene::set();
    for response in forms(&scene) {
        let file = scene.world.file("response", response);
        let arguments = scene.arguments(&["--response", file.to_str().unwrap()]);
        scene
            .world
            .run(&arguments)
            .code(0)
            .says(&[PEOPLE[0].username]);
    }
    assert_eq!(scene.exchanges(), 4);
}

#[test]
fn a_response_that_breaks_a_rule_ends_at_once_and_is_never_exchanged() {
    let scene = Scene::set();
    let good = ResponseOptions::default;
    let other = || Some("https://elsewhere.example/".to_owned());
    let failure = Some(Failure::authentication("the password has expired"));
    let cases = [
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
            "ISSUER",
            ResponseOptions {
                issuer: other(),
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
            "STATUS",
            ResponseOptions {
                sign: Sign::Response,
                failure,
                ..good()
            },
        ),
    ];
    for (code, options) in cases {
        let response = scene.response(&options);
        let secrets = secrets_of_response(&response);
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        scene
            .hand_in(response.as_bytes(), &["-v"])
            .code(4)
            .says(&[code, "found", "expected"])
            .hides(&secrets);
    }
    for wrapping in Wrapping::ALL {
        let sign = match wrapping {
            Wrapping::ResponseInSignature => Sign::Response,
            _ => Sign::Assertion,
        };
        let options = ResponseOptions {
            sign,
            wrapping: Some(wrapping),
            ..good()
        };
        scene
            .hand_in(scene.response(&options).as_bytes(), &[])
            .code(4);
    }
    assert_eq!(scene.exchanges(), 0);
    scene.world.run(&["token"]).code(3);
}

#[test]
fn what_is_no_response_is_said_to_be_none() {
    let scene = Scene::set();
    for (text, says) in [
        ("", "empty"),
        ("hello there", "base64"),
        ("<html>", "web page"),
        ("<a>", "XML-WF"),
        ("<a/>", "ROOT"),
    ] {
        scene.hand_in(text.as_bytes(), &[]).code(4).says(&[says]);
    }
    assert_eq!(scene.exchanges(), 0);
}

#[test]
fn another_user_than_the_expected_one_is_refused() {
    let scene = Scene::set();
    let response = scene.response(&ResponseOptions::default());
    scene
        .hand_in(response.as_bytes(), &["--expect-user", PEOPLE[1].username])
        .code(4)
        .says(&[PEOPLE[0].username]);
    scene
        .hand_in(response.as_bytes(), &["--expect-user", PEOPLE[0].username])
        .code(0);
}

#[test]
fn without_a_terminal_to_ask_at_the_other_ways_are_named() {
    let scene = Scene::set();
    let ended = scene.world.run(&scene.arguments(&["--capture", "paste"]));
    ended.code(1).says(&["--response FILE", "--response -"]);
}

#[test]
fn a_response_may_be_copied_on_its_way_to_the_platform_or_to_the_listener() {
    let scene = Scene::set();
    let to_the_platform = ResponseOptions {
        recipient: Some(scene.demo.platform.acs_url()),
        destination: Some(scene.demo.platform.acs_url()),
        ..ResponseOptions::default()
    };
    let to_another = ResponseOptions {
        recipient: Some("https://elsewhere.example/acs".to_owned()),
        ..to_the_platform.clone()
    };
    let response = |options| scene.response(options).into_bytes();
    scene.hand_in(&response(&to_the_platform), &[]).code(0);
    scene
        .hand_in(&response(&to_another), &[])
        .code(4)
        .says(&["SC-RECIPIENT", &scene.demo.platform.acs_url()]);
}
