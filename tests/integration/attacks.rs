//! Attacks, each a file named after it, and each refused for its reason; and good responses that must not be.
//!
//! The fixtures are ours, made with throw-away keys at one instant. `corpora.rs` holds those of others.

use anyp_saml::saml::{
    Check, DecodeError, Expected, Outcome, PostedResponse, Report, Rule, Trust, Verdict, inspect,
    validate,
};
use anyp_saml::secret::Secret;
use anyp_saml::time::{SignedDuration, Timestamp};
use anyp_saml::xmldsig::TrustedKey;
use std::path::{Path, PathBuf};

pub(crate) fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A response as its file has it: the posted value, or the XML that it would be made of.
pub(crate) fn posted(bytes: &[u8], is_base64: bool) -> Result<PostedResponse, DecodeError> {
    let value = if is_base64 {
        String::from_utf8(bytes.to_vec()).unwrap()
    } else {
        anyp_saml::encoding::base64(bytes)
    };
    PostedResponse::new(Secret::new(value), None)
}

/// What one response comes to: its verdict, and the codes of what refuses it or is told of it.
pub(crate) struct Outcomes {
    pub(crate) verdict: Verdict,
    /// In order, so the first is the one that `validate` names.
    pub(crate) refusals: Vec<&'static str>,
    pub(crate) warnings: Vec<&'static str>,
}

/// Holds a response against all rules but those in `ignored`, in both ways, which must agree.
pub(crate) fn judge(
    posted: Result<PostedResponse, DecodeError>,
    trust: &Trust,
    expected: &Expected,
    now: Timestamp,
    ignored: &[Rule],
) -> Outcomes {
    let posted = match posted {
        Ok(posted) => posted,
        Err(error) => {
            return Outcomes {
                verdict: Verdict::Refused,
                refusals: vec![error.rule().code()],
                warnings: Vec::new(),
            };
        }
    };
    let report = inspect(&posted, trust, expected, now);
    agree(&posted, trust, expected, now, &report);
    let codes = |outcome: Outcome| -> Vec<&'static str> {
        let checks = report
            .checks
            .iter()
            .filter(|check| check.outcome == outcome);
        let counted = checks.filter(|check| !ignored.contains(&check.rule));
        counted.map(|check| check.rule.code()).collect()
    };
    let (refusals, warnings) = (codes(Outcome::Fail), codes(Outcome::Warn));
    let verdict = match report.verdict {
        // Only ignored rules refused it.
        Verdict::Refused if refusals.is_empty() && warnings.contains(&"ENC-SKIPPED") => {
            Verdict::Unverified
        }
        Verdict::Refused if refusals.is_empty() => Verdict::Accepted,
        verdict => verdict,
    };
    Outcomes {
        verdict,
        refusals,
        warnings,
    }
}

/// `validate` and `inspect` are two readings of one list.
fn agree(
    posted: &PostedResponse,
    trust: &Trust,
    expected: &Expected,
    now: Timestamp,
    report: &Report,
) {
    match validate(posted, trust, expected, now) {
        Ok(valid) => assert_eq!(valid.report(), report),
        Err(refused) => {
            let first: &Check = report.refusal().unwrap();
            assert_eq!(
                (
                    refused.rule,
                    &refused.found,
                    &refused.expected,
                    refused.authenticated
                ),
                (first.rule, &first.found, &first.expected, report.signed)
            );
            assert!(report.checks.starts_with(&refused.report.checks));
            // Nothing that a person is shown steers a terminal or is long.
            for text in [&refused.found, &refused.expected] {
                assert!(
                    !text.chars().any(char::is_control) && text.len() < 1500,
                    "{text}"
                );
            }
            if !refused.authenticated {
                assert_eq!(refused.report.subject, None, "an unsigned user was read");
            }
        }
    }
}

/// The attacks of `tests/fixtures/attacks`, each with the rule that refuses it first.
pub(crate) const ATTACKS: &[(&str, Rule)] = &[
    ("alg-none.xml", Rule::SignatureAlgorithm),
    ("attackers-key-in-key-value.xml", Rule::SignatureValue),
    ("audience-absent.xml", Rule::Audience),
    ("audience-prefix.xml", Rule::Audience),
    ("audience-wrong.xml", Rule::Audience),
    ("base64-after-padding.b64", Rule::Base64),
    ("base64-deflated.b64", Rule::XmlEncoding),
    ("base64-plus-to-space.b64", Rule::Base64),
    ("base64-twice.b64", Rule::XmlWellFormed),
    ("base64-url-safe.b64", Rule::Base64),
    ("billion-laughs.xml", Rule::XmlDoctype),
    ("changed-algorithm.xml", Rule::SignatureValue),
    ("changed-name-id.xml", Rule::Digest),
    ("changed-time.xml", Rule::Digest),
    ("comment-in-audience.xml", Rule::CommentInText),
    ("confirmation-expired.xml", Rule::ConfirmationNotOnOrAfter),
    (
        "confirmation-in-response-to.xml",
        Rule::ConfirmationInResponseTo,
    ),
    ("cve-2017-11427-comment-in-name-id.xml", Rule::CommentInText),
    ("cve-2022-21449-ecdsa-zero.xml", Rule::SignatureValue),
    ("cve-2022-39299-two-roots.xml", Rule::XmlWellFormed),
    (
        "cve-2022-41912-second-unsigned-assertion.xml",
        Rule::AssertionCount,
    ),
    ("cve-2024-45409-digest-in-extensions.xml", Rule::Digest),
    (
        "cve-2024-45409-signature-in-status-detail.xml",
        Rule::SignaturePosition,
    ),
    ("cve-2025-25291-doctype.xml", Rule::XmlDoctype),
    ("cve-2025-25292-namespace-with-c1.xml", Rule::XmlWellFormed),
    (
        "cve-2025-29774-two-signedinfo-swapped.xml",
        Rule::SignatureChildren,
    ),
    ("cve-2025-29774-two-signedinfo.xml", Rule::SignatureChildren),
    ("cve-2025-29775-digest-comment.xml", Rule::SignatureComment),
    (
        "cve-2025-66475-void-canonicalization.xml",
        Rule::NamespaceAbsolute,
    ),
    ("deep.xml", Rule::XmlDepth),
    ("destination-absent.xml", Rule::Destination),
    ("destination-wrong.xml", Rule::Destination),
    ("digest-sha1.xml", Rule::DigestAlgorithm),
    ("digest-two-values.xml", Rule::Digest),
    ("doctype-attlist-id.xml", Rule::XmlDoctype),
    ("ecdsa-with-an-rsa-key.xml", Rule::SignatureValue),
    ("encrypted-and-plain.xml", Rule::AssertionCount),
    ("expired.xml", Rule::NotOnOrAfter),
    ("hmac-with-an-empty-key.xml", Rule::SignatureAlgorithm),
    ("hmac-with-the-certificate.xml", Rule::SignatureAlgorithm),
    ("hmac-with-the-public-key.xml", Rule::SignatureAlgorithm),
    ("id-in-another-case.xml", Rule::IdPollution),
    ("in-response-to.xml", Rule::InResponseTo),
    (
        "inclusive-c14n-of-signed-info.xml",
        Rule::SignatureCanonicalization,
    ),
    ("issuer-differs.xml", Rule::Issuer),
    ("latin-1.xml", Rule::XmlEncoding),
    ("no-assertion.xml", Rule::AssertionCount),
    ("no-authn-statement.xml", Rule::AuthnStatement),
    ("not-yet-valid.xml", Rule::NotBefore),
    ("overlong-utf-8.xml", Rule::XmlEncoding),
    (
        "processing-instruction-in-name-id.xml",
        Rule::XmlInstruction,
    ),
    ("recipient-prefix.xml", Rule::ConfirmationRecipient),
    ("reference-empty.xml", Rule::ReferenceUri),
    ("reference-external.xml", Rule::ReferenceUri),
    ("reference-file.xml", Rule::ReferenceUri),
    ("reference-two.xml", Rule::ReferenceCount),
    ("relative-namespace.xml", Rule::NamespaceAbsolute),
    ("response-in-another-namespace.xml", Rule::Root),
    ("root-assertion.xml", Rule::Root),
    ("root-logout-response.xml", Rule::Root),
    ("rsa-1024.xml", Rule::SignatureKey),
    ("rsa-sha1.xml", Rule::SignatureAlgorithm),
    ("signature-empty.xml", Rule::SignatureChildren),
    ("signature-in-subject.xml", Rule::SignaturePosition),
    ("signature-moved-to-response.xml", Rule::ReferenceUri),
    ("signature-stripped.xml", Rule::SignatureNone),
    ("signature-without-reference.xml", Rule::ReferenceCount),
    ("status-failed-beside-an-assertion.xml", Rule::Status),
    ("status-nested-success.xml", Rule::Status),
    ("status-two-codes.xml", Rule::Status),
    ("trailing-text.xml", Rule::XmlWellFormed),
    ("transform-inclusive.xml", Rule::Transforms),
    ("transform-many.xml", Rule::Transforms),
    ("transform-only-enveloped.xml", Rule::Transforms),
    ("transform-xpath-excludes-subject.xml", Rule::Transforms),
    ("transform-xslt.xml", Rule::Transforms),
    ("truncated-signature-value.xml", Rule::SignatureValue),
    ("two-conditions.xml", Rule::Conditions),
    ("two-signatures.xml", Rule::SignatureMultiple),
    ("unbound-prefix.xml", Rule::XmlWellFormed),
    ("unsigned.xml", Rule::SignatureNone),
    ("utf-16.xml", Rule::XmlEncoding),
    ("utf-7.xml", Rule::XmlEncoding),
    ("version.xml", Rule::Version),
    ("void-digest.xml", Rule::EmptyDigest),
    ("wrap-two-signed-assertions.xml", Rule::AssertionCount),
    ("xsw-1.xml", Rule::IdDuplicate),
    ("xsw-2.xml", Rule::IdDuplicate),
    ("xsw-3.xml", Rule::AssertionCount),
    ("xsw-4.xml", Rule::AssertionNested),
    ("xsw-5.xml", Rule::AssertionCount),
    ("xsw-6.xml", Rule::AssertionNested),
    ("xsw-7.xml", Rule::IdDuplicate),
    ("xsw-8.xml", Rule::AssertionNested),
    ("xsw-advice.xml", Rule::AssertionNested),
    ("xsw-duplicate-id.xml", Rule::IdDuplicate),
    ("xsw-extensions-moved.xml", Rule::AssertionNested),
    ("xxe.xml", Rule::XmlDoctype),
];

/// The responses of `tests/fixtures/responses`, with the rules that a person is warned of.
pub(crate) const GOOD: &[(&str, &[Rule])] = &[
    ("assertion-signed.xml", &[]),
    ("comment-between-elements.xml", &[]),
    (
        "confirmation-not-before.xml",
        &[Rule::ConfirmationNotBefore],
    ),
    ("default-namespace.xml", &[]),
    ("encrypted-response-signed.xml", &[Rule::Encrypted]),
    (
        "encrypted-unsigned.xml",
        &[Rule::SignatureNone, Rule::Encrypted],
    ),
    ("folded-signature-value.xml", &[]),
    ("fractions-and-offsets.xml", &[]),
    ("hostile-strings.xml", &[]),
    ("inclusive-prefix-list.xml", &[]),
    ("line-ends-and-references.xml", &[]),
    ("no-name-id.xml", &[Rule::NameId]),
    ("response-signed.xml", &[]),
    ("rsa-pss.xml", &[]),
    ("rsa-sha512.xml", &[]),
    ("two-confirmations.xml", &[]),
];

/// Who has issued `entra.xml`.
pub(crate) const ENTRA: &str = "https://sts.windows.net/b1f8d6a2-3c4e-4f5a-8b7c-9d0e1f2a3b4c/";

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

pub(crate) fn trust(certificate: &str) -> Trust {
    Trust {
        keys: TrustedKey::from_pem(&read(&fixtures().join(certificate))).unwrap(),
        learn: false,
        allow_legacy_algorithms: false,
    }
}

/// The key that a fixture is signed with, or pretends to be.
pub(crate) fn certificate_of(name: &str) -> &'static str {
    match name {
        "cve-2022-21449-ecdsa-zero.xml" => "idp-ec.pem",
        "rsa-1024.xml" => "weak.pem",
        _ => "idp.pem",
    }
}

pub(crate) fn expected() -> Expected {
    Expected {
        issuer: Some("https://idp.example.test/saml".to_owned()),
        audience: Some("example-org.anypoint.mulesoft.com".to_owned()),
        recipient: Some("http://127.0.0.1:49321/acs".to_owned()),
        user: None,
        clock_skew: Expected::CLOCK_SKEW,
    }
}

pub(crate) fn now() -> Timestamp {
    "2026-01-15T12:00:00Z".parse().unwrap()
}

pub(crate) fn fixture(folder: &str, name: &str) -> Result<PostedResponse, DecodeError> {
    let bytes = read(&fixtures().join(folder).join(name));
    posted(&bytes, name.ends_with(".b64"))
}

/// Every rule there is.
pub(crate) fn rules() -> Vec<Rule> {
    let report = inspect(
        &good("assertion-signed.xml"),
        &trust("idp.pem"),
        &expected(),
        now(),
    );
    report.checks.iter().map(|check| check.rule).collect()
}

fn good(name: &str) -> PostedResponse {
    fixture("responses", name).unwrap()
}

/// The names in a folder, so that no fixture is forgotten in its table.
fn names(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(fixtures().join(folder)).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn every_attack_is_refused_for_its_reason() {
    for (name, rule) in ATTACKS {
        let trust = trust(certificate_of(name));
        let found = judge(fixture("attacks", name), &trust, &expected(), now(), &[]);
        assert_eq!(found.verdict, Verdict::Refused, "{name}");
        assert_eq!(
            found.refusals.first(),
            Some(&rule.code()),
            "{name}: {:?}",
            found.refusals
        );
    }
    let listed: Vec<_> = ATTACKS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names("attacks"), listed);
}

#[test]
fn a_refusal_ends_the_login_only_where_the_signatures_held() {
    for (name, rule) in ATTACKS {
        let Ok(posted) = fixture("attacks", name) else {
            continue;
        };
        let trust = trust(certificate_of(name));
        let refused = validate(&posted, &trust, &expected(), now()).unwrap_err();
        // The rules after the signatures' are about what the identity provider itself has said.
        assert_eq!(refused.authenticated, *rule >= Rule::IssueInstant, "{name}");
    }
}

#[test]
fn every_good_response_is_taken_with_its_warnings() {
    for (name, warnings) in GOOD {
        let valid = validate(&good(name), &trust("idp.pem"), &expected(), now())
            .unwrap_or_else(|refused| panic!("{name}: {refused}"));
        let encrypted = warnings.contains(&Rule::Encrypted);
        let verdict = if encrypted {
            Verdict::Unverified
        } else {
            Verdict::Accepted
        };
        assert_eq!(valid.verdict(), verdict, "{name}");
        assert_eq!(
            valid.subject().is_none(),
            encrypted || *name == "no-name-id.xml",
            "{name}"
        );
        // The fixtures are said to be older than their certificate; the key counts.
        let told = valid.warnings().map(|check| check.rule);
        let told: Vec<_> = told
            .filter(|rule| *rule != Rule::CertificateDates)
            .collect();
        assert_eq!(told, *warnings, "{name}");
    }
    let listed: Vec<_> = GOOD.iter().map(|(name, _)| *name).collect();
    assert_eq!(names("responses"), listed);
}

#[test]
fn a_response_as_entra_sends_it_to_a_user_in_many_groups_is_taken() {
    let xml = read(&fixtures().join("entra.xml"));
    let expected = Expected {
        issuer: Some(ENTRA.to_owned()),
        ..expected()
    };
    let posted = posted(&xml, false).unwrap();
    let valid = validate(&posted, &trust("entra.pem"), &expected, now()).unwrap();
    assert_eq!(valid.verdict(), Verdict::Accepted);
    assert_eq!(valid.warnings().count(), 0);
    let attributes = &valid.report().attributes;
    assert_eq!((attributes.len(), attributes[3].values.len()), (11, 65));
}

#[test]
fn a_valid_response_says_what_was_signed_and_is_handed_on_as_it_was_posted() {
    let posted = good("assertion-signed.xml");
    let valid = validate(&posted, &trust("idp.pem"), &expected(), now()).unwrap();
    assert_eq!(valid.subject(), Some("ana.lopez@example.test"));
    assert_eq!(valid.lasting_subject(), valid.subject());
    assert_eq!(valid.key().unwrap().key, trust("idp.pem").keys[0]);
    assert_eq!(valid.issuer(), Some("https://idp.example.test/saml"));
    assert_eq!(valid.assertion_id(), Some("_a75adf55-01d7"));
    let end = valid.session_not_on_or_after().unwrap();
    assert_eq!(end.to_string(), "2026-01-15T20:00:00Z");
    assert_eq!(valid.posted().base64(), posted.base64());
    assert!(valid.report().signed);
    // Nothing of the response is in what a log could hold.
    assert!(!format!("{valid:?}").contains(&posted.base64()[..40]));
}

#[test]
fn another_user_than_the_expected_one_is_refused_by_a_rule_of_its_own() {
    let posted = good("assertion-signed.xml");
    let of = |user: &str| {
        let expected = Expected {
            user: Some(user.to_owned()),
            ..expected()
        };
        validate(&posted, &trust("idp.pem"), &expected, now())
    };
    assert!(of("ana.lopez@example.test").is_ok());
    let refused = of("max@example.test").unwrap_err();
    assert_eq!(refused.rule, Rule::User);
    assert!(refused.authenticated);
    assert_eq!(refused.found, "\"ana.lopez@example.test\"");
}

#[test]
fn a_key_that_is_not_known_is_a_strangers_whatever_comes_along_with_it() {
    let posted = good("assertion-signed.xml");
    let no_keys = Trust::default();
    for trust in [trust("idp-ec.pem"), trust("weak.pem"), no_keys] {
        let refused = validate(&posted, &trust, &expected(), now()).unwrap_err();
        assert!(!refused.authenticated);
        assert!(
            [Rule::SignatureValue, Rule::SignatureKey].contains(&refused.rule),
            "{refused}"
        );
        // The certificate inside is compared, so that a changed key can be told from an attack.
        let told = refused
            .report
            .warnings()
            .any(|check| check.rule == Rule::KeyInfo);
        assert_eq!(told, !trust.keys.is_empty());
    }
    // With several keys one of them is enough: a key roll-over.
    let both = Trust {
        keys: [trust("idp-ec.pem").keys, trust("idp.pem").keys].concat(),
        learn: false,
        allow_legacy_algorithms: false,
    };
    assert!(validate(&posted, &both, &expected(), now()).is_ok());
}

#[test]
fn a_certificate_that_comes_along_is_told_only_where_none_of_them_is_known() {
    const OPEN: &str = "<ds:X509Certificate>";
    const CLOSE: &str = "</ds:X509Certificate>";
    let text = String::from_utf8(read(&fixtures().join("responses/assertion-signed.xml"))).unwrap();
    let (head, rest) = text.split_once(OPEN).unwrap();
    let (own, tail) = rest.split_once(CLOSE).unwrap();
    let pem = String::from_utf8(read(&fixtures().join("idp-ec.pem"))).unwrap();
    let other: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    // KeyInfo is not signed: anybody can write into it, and nothing changes but what is told.
    for (certificates, is_told) in [
        (vec![own], false),
        (vec![&*other], true),
        (vec![&*other, own], false),
        (vec!["AAAA", "not base64"], false),
        (vec![], false),
    ] {
        let along: String = certificates
            .iter()
            .map(|sent| format!("{OPEN}{sent}{CLOSE}"))
            .collect();
        let posted = posted(format!("{head}{along}{tail}").as_bytes(), false).unwrap();
        let valid = validate(&posted, &trust("idp.pem"), &expected(), now()).unwrap();
        assert_eq!(
            valid.warnings().any(|check| check.rule == Rule::KeyInfo),
            is_told,
            "{certificates:?}"
        );
    }
}

/// Where a ">" is lost, what should be a name runs on into the signature.
#[test]
fn a_damaged_response_shows_nothing_of_its_signature() {
    for name in ["assertion-signed.xml", "folded-signature-value.xml"] {
        let text = String::from_utf8(read(&fixtures().join("responses").join(name))).unwrap();
        let value = text.split_once("<ds:SignatureValue>").unwrap().1;
        let value: Vec<u8> = value.split_once('<').unwrap().0.into();
        for (at, _) in text.match_indices(['>', '<', '"']) {
            let damaged = [&text[..at], &text[at + 1..]].concat();
            let posted = posted(damaged.as_bytes(), false).unwrap();
            let report = inspect(&posted, &trust("idp.pem"), &expected(), now());
            let found: String = report.checks.iter().map(|check| &*check.found).collect();
            let mut pieces = value.windows(12);
            assert!(
                !pieces.any(|piece| found.contains(str::from_utf8(piece).unwrap())),
                "{name}, without the character at {at}: {found}"
            );
        }
    }
}

#[test]
fn legacy_algorithms_are_taken_only_where_allowed_and_are_told() {
    for name in ["rsa-sha1.xml", "digest-sha1.xml", "rsa-1024.xml"] {
        let legacy = Trust {
            learn: false,
            allow_legacy_algorithms: true,
            ..trust(certificate_of(name))
        };
        let posted = fixture("attacks", name).unwrap();
        let valid = validate(&posted, &legacy, &expected(), now()).unwrap();
        assert!(
            valid
                .warnings()
                .any(|check| check.rule == Rule::SignatureAlgorithm),
            "{name}"
        );
    }
}

#[test]
fn a_certificate_is_told_before_its_dates_and_after_them() {
    let trust = trust("idp.pem");
    let (from, until) = (trust.keys[0].not_before(), trust.keys[0].not_after());
    let (from, until) = (from.unwrap(), until.unwrap());
    let second = SignedDuration::from_secs(1);
    for (now, outcome) in [
        (from - second, Outcome::Warn),
        (from, Outcome::Pass),
        (until, Outcome::Pass),
        (until + second, Outcome::Warn),
    ] {
        let report = inspect(&good("assertion-signed.xml"), &trust, &expected(), now);
        let mut dates = report.checks.iter();
        let dates = dates.find(|check| check.rule == Rule::CertificateDates);
        assert_eq!(dates.unwrap().outcome, outcome, "{now}");
    }
}

#[test]
fn the_clocks_may_be_apart_as_far_as_is_allowed_and_no_further() {
    let at = |time: &str, skew: i64| {
        let expected = Expected {
            clock_skew: SignedDuration::from_secs(skew),
            ..expected()
        };
        let now = time.parse().unwrap();
        validate(
            &good("assertion-signed.xml"),
            &trust("idp.pem"),
            &expected,
            now,
        )
        .map_err(|refused| refused.rule)
    };
    // The response holds from 11:55 to 12:05.
    assert!(at("2026-01-15T12:04:59Z", 0).is_ok());
    assert_eq!(
        at("2026-01-15T12:05:00Z", 0).unwrap_err(),
        Rule::ConfirmationNotOnOrAfter
    );
    assert!(at("2026-01-15T12:07:59Z", 180).is_ok());
    assert_eq!(
        at("2026-01-15T12:08:00Z", 180).unwrap_err(),
        Rule::ConfirmationNotOnOrAfter
    );
    assert!(at("2026-01-15T11:52:00Z", 180).is_ok());
    assert_eq!(
        at("2026-01-15T11:51:59Z", 180).unwrap_err(),
        Rule::NotBefore
    );
}

#[test]
fn no_byte_of_what_is_signed_can_be_changed() {
    let xml = read(&fixtures().join("responses/assertion-signed.xml"));
    let text = std::str::from_utf8(&xml).unwrap();
    let place = |part: &str| text.find(part).unwrap();
    // KeyInfo is not signed, and is not read either.
    let signed = (place("<saml:Assertion")..place("<ds:KeyInfo"))
        .chain(place("</ds:Signature>")..place("</samlp:Response"));
    let unused = place("xmlns:xs=")..place(" ID=\"_a75");
    let trust = trust("idp.pem");
    let unchanged = validate(&posted(&xml, false).unwrap(), &trust, &expected(), now()).unwrap();
    for at in signed {
        let mut changed = xml.clone();
        changed[at] ^= 1 << (at % 7);
        let changed = posted(&changed, false).unwrap();
        if let Ok(valid) = validate(&changed, &trust, &expected(), now()) {
            // Only what means nothing is not signed: white space in a tag or in base64, a prefix that nothing uses.
            assert!(
                xml[at].is_ascii_whitespace() || unused.contains(&at),
                "byte {at}"
            );
            assert_eq!(valid.report(), unchanged.report());
        }
    }
}

/// A response that this test signs itself.
mod signed_here {
    use super::{expected, now};
    use anyp_saml::saml::{
        Outcome, PostedResponse, Refused, Rule, Trust, ValidResponse, Verdict, inspect, validate,
    };
    use anyp_saml::xmldsig::TrustedKey;
    use anyp_saml::xmldsig::sign::{SigningKey, sign};

    struct Signer {
        key: SigningKey,
        certificate: Vec<u8>,
    }

    impl Signer {
        fn new() -> Self {
            let key = rcgen::KeyPair::generate().unwrap();
            let parameters =
                rcgen::CertificateParams::new(vec!["idp.example.test".into()]).unwrap();
            Self {
                certificate: parameters.self_signed(&key).unwrap().der().to_vec(),
                key: SigningKey::from_pkcs8(&key.serialize_der()).unwrap(),
            }
        }

        fn sign(&self, xml: &str, id: &str) -> String {
            sign(xml, id, &self.key, &self.certificate).unwrap()
        }

        fn trust(&self) -> Trust {
            Trust {
                keys: vec![TrustedKey::from_certificate_der(&self.certificate).unwrap()],
                learn: false,
                allow_legacy_algorithms: false,
            }
        }

        fn validate(&self, xml: &str) -> Result<ValidResponse, Box<Refused>> {
            let posted = PostedResponse::recognise(xml.as_bytes()).unwrap();
            validate(&posted, &self.trust(), &expected(), now())
        }

        /// The rules that refuse it.
        fn refusals(&self, xml: &str) -> Vec<Rule> {
            let posted = PostedResponse::recognise(xml.as_bytes()).unwrap();
            let report = inspect(&posted, &self.trust(), &expected(), now());
            assert_eq!(report.verdict, Verdict::Refused);
            let refusals = report
                .checks
                .iter()
                .filter(|check| check.outcome == Outcome::Fail);
            refusals.map(|check| check.rule).collect()
        }
    }

    /// A response around `content`, with its ID "_r".
    fn response(status: &str, content: &str) -> String {
        format!(
            r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r" Version="2.0" IssueInstant="2026-01-15T12:00:00Z" Destination="http://127.0.0.1:49321/acs"><saml:Issuer>https://idp.example.test/saml</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{status}"/></samlp:Status>{content}</samlp:Response>"#
        )
    }

    /// An assertion with the ID "_a", about a user.
    fn assertion(user: &str) -> String {
        format!(
            r#"<saml:Assertion ID="_a" Version="2.0" IssueInstant="2026-01-15T12:00:00Z"><saml:Issuer>https://idp.example.test/saml</saml:Issuer><saml:Subject><saml:NameID>{user}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="2026-01-15T12:05:00Z" Recipient="http://127.0.0.1:49321/acs"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotOnOrAfter="2026-01-15T12:05:00Z"><saml:AudienceRestriction><saml:Audience>example-org.anypoint.mulesoft.com</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="2026-01-15T12:00:00Z"><saml:AuthnContext/></saml:AuthnStatement></saml:Assertion>"#
        )
    }

    #[test]
    fn each_of_these_alone_refuses_a_response_that_is_signed() {
        const NAME: &str = "<saml:NameID>ana</saml:NameID>";
        const DATA: &str = "<saml:SubjectConfirmationData ";
        let idp = Signer::new();
        let plain = response("Success", &assertion("ana"));
        for (rule, from, to) in [
            (
                Rule::AssertionNested,
                "</saml:Assertion>",
                "<saml:Advice><saml:Assertion/></saml:Advice></saml:Assertion>",
            ),
            (
                Rule::IdDuplicate,
                "</saml:Assertion>",
                "<x ID='_1'/><x ID='_1'/></saml:Assertion>",
            ),
            (
                Rule::IdPollution,
                "</saml:Assertion>",
                "<x id='_1'/></saml:Assertion>",
            ),
            (
                Rule::SignaturePosition,
                "</saml:Subject>",
                "<ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'/></saml:Subject>",
            ),
            (Rule::NameId, NAME, "<saml:NameID/>"),
            (
                Rule::NameId,
                NAME,
                "<saml:NameID>ana</saml:NameID><saml:NameID>max</saml:NameID>",
            ),
            (
                Rule::NameId,
                NAME,
                "<saml:NameID>ana<x>@evil.example</x></saml:NameID>",
            ),
            (Rule::Audience, "</saml:Audience>", "<x/></saml:Audience>"),
            (
                Rule::NotOnOrAfter,
                "<saml:Conditions NotOnOrAfter=\"2026-01-15T12:05:00Z\"",
                "<saml:Conditions NotBefore='2026-01-15T12:02:00Z' NotOnOrAfter='2026-01-15T12:01:00Z'",
            ),
            (Rule::ConfirmationMethod, "cm:bearer", "cm:holder-of-key"),
            (
                Rule::ConfirmationNotBefore,
                DATA,
                "<saml:SubjectConfirmationData NotBefore='2026-01-15T13:00:00Z' ",
            ),
            (
                Rule::ConditionUnknown,
                "</saml:Conditions>",
                "<saml:Condition/></saml:Conditions>",
            ),
            (
                Rule::SessionNotOnOrAfter,
                "<saml:AuthnStatement ",
                "<saml:AuthnStatement SessionNotOnOrAfter='2026-01-15T11:00:00Z' ",
            ),
        ] {
            assert!(plain.contains(from), "{from}");
            assert_eq!(
                idp.refusals(&idp.sign(&plain.replace(from, to), "_a")),
                [rule],
                "{to}"
            );
        }
        let signed = idp.sign(&plain, "_a");
        let commented = signed.replace("</ds:KeyInfo>", "<!-- --></ds:KeyInfo>");
        assert_eq!(idp.refusals(&commented), [Rule::SignatureComment]);
    }

    #[test]
    fn every_way_of_signing_is_taken() {
        let idp = Signer::new();
        let plain = response("Success", &assertion("ana"));
        let inside = idp.sign(&plain, "_a");
        for xml in [&inside, &idp.sign(&plain, "_r"), &idp.sign(&inside, "_r")] {
            assert_eq!(idp.validate(xml).unwrap().subject(), Some("ana"));
        }
    }

    /// In the canonical form ">" takes four bytes.
    #[test]
    fn what_is_longer_in_its_canonical_form_is_taken_all_the_same() {
        let idp = Signer::new();
        let said = format!(
            "<saml:AttributeStatement><saml:Attribute Name=\"a\"><saml:AttributeValue>{}</saml:AttributeValue>\
             </saml:Attribute></saml:AttributeStatement></saml:Assertion>",
            ">".repeat(400_000)
        );
        let plain = response("Success", &assertion("ana")).replace("</saml:Assertion>", &said);
        assert!(idp.validate(&idp.sign(&plain, "_r")).is_ok());
    }

    /// In the canonical form one element declares what several around it did.
    #[test]
    fn what_declares_more_in_its_canonical_form_is_taken_all_the_same() {
        let idp = Signer::new();
        let declared = |range: std::ops::Range<usize>| -> String {
            range
                .map(|number| format!(" xmlns:p{number}=\"urn:{number}\""))
                .collect()
        };
        let used: String = (1..65).map(|number| format!(" p{number}:a=\"\"")).collect();
        let said = format!(
            "<saml:AttributeStatement><saml:Attribute Name=\"a\"><saml:AttributeValue><p0:x{used}/></saml:AttributeValue>\
             </saml:Attribute></saml:AttributeStatement></saml:Assertion>"
        );
        let plain = response("Success", &assertion("ana"))
            .replace(
                "<samlp:Response",
                &format!("<samlp:Response{}", declared(0..40)),
            )
            .replace(
                "<saml:Assertion ",
                &format!("<saml:Assertion{} ", declared(40..65)),
            )
            .replace("</saml:Assertion>", &said);
        assert!(idp.validate(&idp.sign(&plain, "_a")).is_ok());
    }

    /// A NameID that is made up for one login tells nobody by whom the next one is.
    #[test]
    fn a_passing_name_is_a_user_and_nobody_to_know_again() {
        let idp = Signer::new();
        let plain = response("Success", &assertion("_af31"));
        for (format, lasting) in [
            ("urn:oasis:names:tc:SAML:2.0:nameid-format:transient", None),
            (
                "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
                Some("_af31"),
            ),
        ] {
            let named = plain.replace(
                "<saml:NameID>",
                &format!("<saml:NameID Format=\"{format}\">"),
            );
            let valid = idp.validate(&idp.sign(&named, "_a")).unwrap();
            assert_eq!(
                (valid.subject(), valid.lasting_subject()),
                (Some("_af31"), lasting)
            );
        }
    }

    #[test]
    fn one_signature_that_does_not_hold_refuses_whatever_the_other_says() {
        let (idp, stranger) = (Signer::new(), Signer::new());
        let plain = response("Success", &assertion("ana"));
        for xml in [
            stranger.sign(&idp.sign(&plain, "_a"), "_r"),
            idp.sign(&stranger.sign(&plain, "_a"), "_r"),
        ] {
            let refused = idp.validate(&xml).unwrap_err();
            assert_eq!(refused.rule, Rule::SignatureValue);
            assert!(!refused.authenticated);
        }
    }

    #[test]
    fn a_signed_failure_is_the_users_own_and_is_translated() {
        let (idp, stranger) = (Signer::new(), Signer::new());
        let failed = response("RequestDenied", "");
        let refused = idp.validate(&idp.sign(&failed, "_r")).unwrap_err();
        assert_eq!(refused.rule, Rule::Status);
        assert!(refused.authenticated);
        assert!(
            refused
                .found
                .contains("is the application assigned to the user?"),
            "{}",
            refused.found
        );

        // The same by nobody is told, and ends nothing; the same by a stranger is a stranger's.
        let refused = idp.validate(&failed).unwrap_err();
        assert_eq!((refused.rule, refused.authenticated), (Rule::Status, false));
        let refused = idp.validate(&stranger.sign(&failed, "_r")).unwrap_err();
        assert_eq!(
            (refused.rule, refused.authenticated),
            (Rule::SignatureValue, false)
        );
    }

    #[test]
    fn an_encrypted_assertion_in_a_signed_response_is_held_outside_and_never_verified() {
        let (idp, stranger) = (Signer::new(), Signer::new());
        let encrypted = response("Success", "<saml:EncryptedAssertion/>");
        let valid = idp.validate(&idp.sign(&encrypted, "_r")).unwrap();
        assert_eq!(valid.verdict(), Verdict::Unverified);
        assert!(valid.report().signed);
        let refused = idp.validate(&stranger.sign(&encrypted, "_r")).unwrap_err();
        assert_eq!(refused.rule, Rule::SignatureValue);

        // What is outside is the user's own, and wrong.
        let elsewhere = encrypted.replace("49321", "49322");
        let refused = idp.validate(&idp.sign(&elsewhere, "_r")).unwrap_err();
        assert_eq!(
            (refused.rule, refused.authenticated),
            (Rule::Destination, true)
        );
    }

    #[test]
    fn encrypting_after_signing_is_named_as_the_cause() {
        let idp = Signer::new();
        let signed = idp.sign(&response("Success", &assertion("ana")), "_r");
        let (head, rest) = signed.split_once("<saml:Assertion").unwrap();
        let (_, tail) = rest.split_once("</saml:Assertion>").unwrap();
        let refused = idp
            .validate(&format!("{head}<saml:EncryptedAssertion/>{tail}"))
            .unwrap_err();
        assert_eq!(refused.rule, Rule::Digest);
        assert!(
            refused.found.contains("before it encrypted"),
            "{}",
            refused.found
        );
    }

    #[test]
    fn what_stands_around_a_signed_assertion_names_nobody() {
        let idp = Signer::new();
        let signed = idp.sign(&response("Success", &assertion("ana")), "_a");
        // A subject beside the assertion is nobody's.
        let decoy = "<samlp:Extensions><saml:Subject><saml:NameID>admin</saml:NameID></saml:Subject></samlp:Extensions>";
        let around = signed.replacen("<samlp:Status>", &format!("{decoy}<samlp:Status>"), 1);
        assert_eq!(idp.validate(&around).unwrap().subject(), Some("ana"));
    }
}
