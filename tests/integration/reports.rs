//! What the checks say of every fixture, word for word: `tests/fixtures/reports`. Of one good response everything is
//! there, of the others what is said in another way. Where the words are meant to change, the failing test says which
//! file to take in place of the old one.

use super::attacks::{
    ATTACKS, ENTRA, GOOD, certificate_of, expected, fixture, fixtures, now, posted, read, trust,
};
use anyp_saml::saml::{Check, Expected, Outcome, PostedResponse, Report, Trust, inspect};
use std::fmt::Write;
use std::path::Path;

/// The good response that the others are held against.
fn plain() -> Report {
    let posted = fixture("responses", "assertion-signed.xml").unwrap();
    inspect(&posted, &trust("idp.pem"), &expected(), now())
}

/// One report as a text: what is read, then the checks that are `shown`.
fn told(title: &str, report: &Report, shown: impl Fn(&Check) -> bool) -> String {
    let mut text = format!(
        "== {title}\n{:?}, {}\n",
        report.verdict,
        if report.signed {
            "signed"
        } else {
            "not signed"
        }
    );
    let foreign =
        |text: &Option<String>| text.as_ref().map_or("-".into(), |text| format!("{text:?}"));
    writeln!(
        text,
        "issuer {}, subject {}, format {}",
        foreign(&report.issuer),
        foreign(&report.subject),
        foreign(&report.subject_format)
    )
    .unwrap();
    let instant = |time: Option<_>| time.map_or("-".into(), |time| format!("{time}"));
    writeln!(
        text,
        "usable until {}, session until {}",
        instant(report.usable_until),
        instant(report.session_not_on_or_after)
    )
    .unwrap();
    if let Some(signing) = &report.key {
        let known = if signing.known { "known" } else { "came along" };
        writeln!(text, "key {} ({known})", signing.key.fingerprint()).unwrap();
    }
    for attribute in &report.attributes {
        writeln!(text, "attribute {attribute:?}").unwrap();
    }
    for check in &report.checks {
        if shown(check) {
            writeln!(
                text,
                "{} {}: {} | {}",
                check.outcome.name(),
                check.rule,
                check.found,
                check.expected
            )
            .unwrap();
        }
    }
    text + "\n"
}

/// Compares with the file, and leaves what is said now under `target/tmp/reports`.
#[track_caller]
fn said(file: &str, now: &str) {
    let kept = fixtures().join("reports").join(file);
    let before = std::fs::read_to_string(&kept).unwrap_or_default();
    if before == now {
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reports");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(file), now).unwrap();
    let differs = before
        .lines()
        .zip(now.lines())
        .find(|(one, other)| one != other);
    panic!(
        "the checks say something else than {}; all of it is in {}. First: {differs:#?}",
        kept.display(),
        folder.join(file).display()
    );
}

#[test]
fn of_every_good_response() {
    let plain = plain();
    let mut text = told("assertion-signed.xml, all of it", &plain, |_| true);
    for (name, _) in GOOD {
        let posted = fixture("responses", name).unwrap();
        let report = inspect(&posted, &trust("idp.pem"), &expected(), now());
        text += &told(name, &report, |check| !plain.checks.contains(check));
    }
    said("responses.txt", &text);
}

#[test]
fn of_every_attack() {
    let plain = plain();
    let mut text = String::new();
    for (name, _) in ATTACKS {
        let report = match fixture("attacks", name) {
            Ok(posted) => inspect(&posted, &trust(certificate_of(name)), &expected(), now()),
            Err(error) => Report::undecodable(error),
        };
        text += &told(name, &report, |check| {
            matches!(check.outcome, Outcome::Fail | Outcome::Warn) && !plain.checks.contains(check)
        });
    }
    said("attacks.txt", &text);
}

/// The same response under other keys and other expectations.
#[test]
fn of_what_is_trusted_and_expected() {
    let response = |name: &str| fixture("responses", name).unwrap();
    let learning = |trust: Trust| Trust {
        learn: true,
        ..trust
    };
    let legacy = |name: &str| Trust {
        allow_legacy_algorithms: true,
        ..trust(certificate_of(name))
    };
    let nothing = Expected {
        issuer: None,
        audience: None,
        recipient: None,
        ..expected()
    };
    let user = |user: &str| Expected {
        user: Some(user.into()),
        ..expected()
    };
    let signed = "assertion-signed.xml";
    let mut two_keys = trust("idp-ec.pem");
    two_keys.keys.extend(trust("idp.pem").keys);
    let cases: Vec<(&str, PostedResponse, Trust, Expected)> = vec![
        (
            "nothing is expected",
            response(signed),
            trust("idp.pem"),
            nothing.clone(),
        ),
        (
            "nothing is expected, encrypted",
            response("encrypted-response-signed.xml"),
            trust("idp.pem"),
            nothing,
        ),
        (
            "no key is known",
            response(signed),
            Trust::default(),
            expected(),
        ),
        (
            "no key is known, and one may be learned",
            response(signed),
            learning(Trust::default()),
            expected(),
        ),
        (
            "another key is known",
            response(signed),
            trust("idp-ec.pem"),
            expected(),
        ),
        (
            "another key is known, and one may be learned",
            response(signed),
            learning(trust("idp-ec.pem")),
            expected(),
        ),
        ("two keys are known", response(signed), two_keys, expected()),
        (
            "the user is another",
            response(signed),
            trust("idp.pem"),
            user("max@example.test"),
        ),
        (
            "the user is encrypted",
            response("encrypted-response-signed.xml"),
            trust("idp.pem"),
            user("max@example.test"),
        ),
        (
            "rsa-sha1, not allowed",
            fixture("attacks", "rsa-sha1.xml").unwrap(),
            trust("idp.pem"),
            expected(),
        ),
        (
            "rsa-sha1, allowed",
            fixture("attacks", "rsa-sha1.xml").unwrap(),
            legacy("rsa-sha1.xml"),
            expected(),
        ),
        (
            "digest-sha1, allowed",
            fixture("attacks", "digest-sha1.xml").unwrap(),
            legacy("digest-sha1.xml"),
            expected(),
        ),
        (
            "rsa-1024, allowed",
            fixture("attacks", "rsa-1024.xml").unwrap(),
            legacy("rsa-1024.xml"),
            expected(),
        ),
        (
            "as Entra sends it",
            posted(&read(&fixtures().join("entra.xml")), false).unwrap(),
            trust("entra.pem"),
            Expected {
                issuer: Some(ENTRA.to_owned()),
                ..expected()
            },
        ),
    ];
    let plain = plain();
    let mut text = String::new();
    for (title, posted, trust, expected) in cases {
        let report = inspect(&posted, &trust, &expected, now());
        text += &told(title, &report, |check| !plain.checks.contains(check));
    }
    said("trust.txt", &text);
}
