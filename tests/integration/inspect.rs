//! `inspect`: a response explained without signing in with it.

use super::attacks::{ATTACKS, GOOD, certificate_of, fixtures, read};
use super::support::scene::secrets_of_response;
use super::support::world::Ended;
use super::support::{Scene, World};
use anyp_saml::demo::PEOPLE;
use anyp_saml::demo::response::{Key, ResponseOptions, Sign};
use anyp_saml::encoding::{base64, decode_base64};
use anyp_saml::saml::Rule;
use serde_json::Value;

/// What the fixtures are held against, but for their key.
const EXPECTED: [&str; 8] = [
    "--at",
    "2026-01-15T12:00:00Z",
    "--recipient",
    "http://127.0.0.1:49321/acs",
    "--issuer",
    "https://idp.example.test/saml",
    "--audience",
    "example-org.anypoint.mulesoft.com",
];

/// Inspects a response on standard input.
fn inspect(world: &World, response: &[u8], more: &[&str]) -> Ended {
    let arguments = [&["inspect", "-"], more].concat();
    world.run_with_input(&arguments, response)
}

/// Inspects a fixture, in JSON.
fn fixture(world: &World, folder: &str, name: &str) -> (Ended, Value) {
    let path = fixtures().join(folder).join(name);
    let certificate = fixtures().join(certificate_of(name));
    let own = ["--json", "--idp-certificate", certificate.to_str().unwrap()];
    let bytes = match path.extension() {
        // Recognising it is not what these are about: posted as it is, its bytes are what they are.
        Some(end) if end == "xml" => base64(&read(&path)).into_bytes(),
        _ => read(&path),
    };
    let ended = inspect(world, &bytes, &[&own[..], &EXPECTED].concat());
    let json = serde_json::from_str(&ended.stdout).unwrap();
    (ended, json)
}

/// The codes of the checks with that outcome.
fn codes<'v>(json: &'v Value, outcome: &str) -> Vec<&'v str> {
    let checks = json["checks"].as_array().unwrap().iter();
    let checks = checks.filter(|check| check["outcome"] == outcome);
    checks
        .map(|check| check["code"].as_str().unwrap())
        .collect()
}

#[test]
fn every_attack_is_refused_for_its_reason_with_exit_code_4() {
    let world = World::new();
    for (name, rule) in ATTACKS {
        let (ended, json) = fixture(&world, "attacks", name);
        assert_eq!(json["verdict"], "refused", "{name}");
        assert_eq!(codes(&json, "fail").first(), Some(&rule.code()), "{name}");
        ended.code(4);
    }
}

#[test]
fn good_responses_are_accepted_and_encrypted_ones_are_unverified() {
    let world = World::new();
    for (name, warnings) in GOOD {
        let (ended, json) = fixture(&world, "responses", name);
        let encrypted = warnings.contains(&Rule::Encrypted);
        let verdict = if encrypted { "unverified" } else { "accepted" };
        assert_eq!(json["verdict"], verdict, "{name}");
        for warning in *warnings {
            assert!(codes(&json, "warn").contains(&warning.code()), "{name}");
        }
        ended.code(0);
    }
}

#[test]
fn every_check_has_its_outcome_what_was_found_what_was_expected_and_its_section() {
    let (_, json) = fixture(&World::new(), "responses", "assertion-signed.xml");
    for check in json["checks"].as_array().unwrap() {
        for field in ["code", "outcome", "found", "expected", "section"] {
            assert!(check[field].is_string(), "{field} of {check}");
        }
        assert_ne!(check["section"], "");
    }
    assert_eq!(json["user"], "ana.lopez@example.test");
    assert_eq!(json["issuer"], "https://idp.example.test/saml");
    assert_eq!(json["usable_until"], "2026-01-15T12:05:00Z");
    assert_eq!(json["key"]["known"], true);
    assert_eq!(json["attributes"][1]["name"], "email");
    assert_eq!(json["attributes"][1].get("values"), None);
}

#[test]
fn the_table_says_who_from_where_until_when_and_every_check() {
    let path = fixtures().join("responses/assertion-signed.xml");
    let certificate = fixtures().join("idp.pem");
    let own = ["--idp-certificate", certificate.to_str().unwrap()];
    let xml = read(&path);
    let ended = inspect(&World::new(), &xml, &[&own[..], &EXPECTED].concat()).code(0);
    assert_eq!(ended.stderr, "");
    let table = &ended.stdout;
    for text in [
        "accepted: no rule is broken\n",
        "ana.lopez@example.test",
        "https://idp.example.test/saml",
        "2026-01-15T12:05:00Z",
        "RSA-2048",
        "SC-RECIPIENT",
        "[Core 2.5.1.4, Profiles 4.1.4.2]",
    ] {
        assert!(table.contains(text), "{text}\n{table}");
    }
    // No colour but on a screen.
    assert!(!table.contains('\u{1b}'));
    // Values of attributes only when they are asked for.
    let values = [&own[..], &EXPECTED, &["--attribute-values"]].concat();
    let whole = inspect(&World::new(), &xml, &values).stdout;
    assert!(whole.contains("email = "), "{whole}");
    assert!(!table.contains("email = "), "{table}");
}

#[test]
fn every_form_that_a_person_copies_is_taken_and_none_is_printed_again() {
    let scene = Scene::set();
    let response = scene.response(&ResponseOptions::default());
    let encoded: String = response.replace('+', "%2B").replace('=', "%3D");
    let archive = serde_json::json!({"log": {"version": "1.2", "entries": [
        {"request": {"method": "GET", "url": "https://idp.example/"}},
        {"request": {"method": "POST", "url": "https://sp.example/", "postData": {
            "mimeType": "application/x-www-form-urlencoded",
            "text": format!("SAMLResponse={encoded}&RelayState=x"),
        }}},
    ]}});
    let secrets = secrets_of_response(&response);
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    for form in [
        response.clone().into_bytes(),
        encoded.clone().into_bytes(),
        format!("SAMLResponse={encoded}").into_bytes(),
        decode_base64(&response).unwrap(),
        archive.to_string().into_bytes(),
    ] {
        for format in [None, Some("--json")] {
            let own = [
                "--idp-metadata",
                &scene.demo.identity_provider.metadata_url(),
            ];
            let own = [&own[..], format.as_slice()].concat();
            let ended = inspect(&scene.world, &form, &own).code(0).hides(&secrets);
            assert!(ended.stdout.contains("accepted"), "{ended}");
            assert!(ended.stdout.contains(PEOPLE[0].username), "{ended}");
        }
    }
    assert_eq!(scene.exchanges(), 0, "nothing is sent");
}

#[test]
fn a_har_export_signs_in_as_well() {
    let scene = Scene::set();
    let response = scene.response(&ResponseOptions::default());
    let archive = serde_json::json!({"log": {"entries": [{"request": {"method": "POST", "postData": {
        "params": [{"name": "SAMLResponse", "value": response}],
    }}}]}});
    scene.hand_in(archive.to_string().as_bytes(), &[]).code(0);
}

#[test]
fn without_a_key_a_whole_response_is_unverified_and_a_changed_one_refused() {
    let scene = Scene::set();
    let response = scene.response(&ResponseOptions::default());
    let ended = inspect(&scene.world, response.as_bytes(), &["--json"]).code(0);
    let json: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(json["verdict"], "unverified");
    assert_eq!(json["signed"], false);
    assert_eq!(json["key"]["known"], false);
    assert!(codes(&json, "warn").contains(&"KEY-KNOWN"));
    let table = inspect(&scene.world, response.as_bytes(), &[])
        .code(0)
        .stdout;
    assert!(table.contains("anybody may have made it"), "{table}");

    let xml = String::from_utf8(decode_base64(&response).unwrap()).unwrap();
    let changed = xml.replace(PEOPLE[0].username, "somebody.else");
    let ended = inspect(&scene.world, changed.as_bytes(), &[]).code(4);
    assert!(ended.stdout.contains("SIG-DIGEST"), "{ended}");
}

#[test]
fn what_nothing_is_configured_for_is_said_not_to_be_held() {
    let world = World::new();
    let certificate = fixtures().join("idp.pem");
    let xml = read(&fixtures().join("responses/assertion-signed.xml"));
    let held = |more: &[&str]| {
        let own = ["--idp-certificate", certificate.to_str().unwrap()];
        let ended = inspect(&world, &xml, &[&own[..], &EXPECTED[..2], more].concat());
        ended.code(0).stdout.lines().next().unwrap().to_owned()
    };
    assert_eq!(
        held(&[]),
        "accepted: no rule is broken (not held against anything, for want of: --issuer, --audience, --recipient)"
    );
    assert_eq!(
        held(&EXPECTED[2..6]),
        "accepted: no rule is broken (not held against anything, for want of: --audience)"
    );
}

#[test]
fn the_hints_are_of_somebody_who_looks_and_does_not_sign_in() {
    let world = World::new();
    let certificate = fixtures().join("idp.pem");
    let own = ["--idp-certificate", certificate.to_str().unwrap()];
    let xml = read(&fixtures().join("responses/assertion-signed.xml"));
    for (changed, code, hint) in [
        (
            ["--recipient", "http://127.0.0.1:1/"],
            "(DESTINATION)",
            "with --recipient",
        ),
        (["--at", "2026-01-15T12:09:00Z"], "(SC-NOA)", "with --at"),
        (["--at", "2026-01-15T11:00:00Z"], "(TIME-NB)", "with --at"),
        (["--expect-user", "max"], "(USER)", "with --expect-user"),
    ] {
        let kept = EXPECTED
            .chunks(2)
            .filter(|flag| flag[0] != changed[0])
            .flatten();
        let kept: Vec<&str> = kept.copied().collect();
        let ended = inspect(&world, &xml, &[&own[..], &kept, &changed].concat()).code(4);
        let mut lines = ended.stdout.lines();
        assert!(lines.next().unwrap().ends_with(code), "{ended}");
        let cure = lines.next().unwrap();
        assert!(cure.contains(hint), "{cure}");
        for other in ["Sign in again", "--acs-url", "--listen"] {
            assert!(!cure.contains(other), "{cure}");
        }
    }
}

#[test]
fn a_key_that_is_given_is_the_only_one() {
    let scene = Scene::set();
    let stranger = ResponseOptions {
        key: Key::Foreign,
        sign: Sign::Both,
        ..ResponseOptions::default()
    };
    let response = scene.response(&stranger);
    let metadata = scene.demo.identity_provider.metadata_url();
    let own = ["--idp-metadata", metadata.as_str()];
    let ended = inspect(&scene.world, response.as_bytes(), &own).code(4);
    assert!(ended.stdout.contains("SIG-VALUE"), "{ended}");
}

#[test]
fn what_others_wrote_steers_no_terminal_and_no_program() {
    let world = World::new();
    let path = fixtures().join("responses/hostile-strings.xml");
    let inspect = |more: &[&str]| {
        let more = [&["--attribute-values"], more].concat();
        inspect(&world, &read(&path), &more)
    };
    let misleads = |text: &str| {
        text.chars().any(|character| {
            character != '\n' && character.is_control()
                || "\u{202e}\u{200b}\u{2028}\u{feff}".contains(character)
        })
    };
    let table = inspect(&[]);
    assert!(!misleads(&table.stdout), "{table}");
    let ended = inspect(&["--json"]);
    assert!(!misleads(&ended.stdout), "{ended}");
    // The same text, for a program.
    let json: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(misleads(&json["attributes"].to_string()), "{json}");
}

#[test]
fn what_is_no_response_is_refused_by_its_name() {
    let world = World::new();
    for (copied, code) in [
        ("hello, world", "DEC-B64"),
        ("{\"log\": {\"entries\": []}}", "DEC-B64"),
        ("", "DEC-B64"),
        ("PGE+", "XML-WF"),
    ] {
        let ended = inspect(&world, copied.as_bytes(), &["--json"]).code(4);
        let json: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(json["verdict"], "refused");
        assert_eq!(codes(&json, "fail"), [code], "{copied}");
    }
}

#[test]
fn a_file_that_is_not_there_and_a_time_that_is_none_are_usage_errors() {
    let world = World::new();
    world
        .run(&["inspect", "none.xml"])
        .code(2)
        .says(&["none.xml"]);
    world
        .run(&["inspect", "-", "--at", "yesterday"])
        .code(2)
        .says(&["--at", "2026-01-15T12:00:00Z"]);
}
