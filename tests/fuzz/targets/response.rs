//! The judge: any XML, with the fixtures' key. Nobody here can sign, so whatever is accepted names a user of a fixture.
#![no_main]

mod expected;

use anyp_saml::encoding::base64;
use anyp_saml::saml::{PostedResponse, Trust, Verdict, inspect, validate};
use anyp_saml::secret::Secret;
use anyp_saml::xmldsig::TrustedKey;
use expected::{expected, now};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static KEYS: LazyLock<Vec<TrustedKey>> =
    LazyLock::new(|| TrustedKey::from_pem(include_bytes!("../../fixtures/idp.pem")).unwrap());

/// Everybody whom a fixture's signature names; `None` where one names nobody.
const SIGNED: [Option<&str>; 2] = [Some("ana.lopez@example.test"), None];

fuzz_target!(|xml: &[u8]| {
    let Ok(posted) = PostedResponse::new(Secret::new(base64(xml)), None) else {
        return;
    };
    let (expected, now) = (expected(), now());
    for learn in [false, true] {
        let trust = Trust {
            keys: KEYS.clone(),
            learn,
            allow_legacy_algorithms: false,
        };
        let report = inspect(&posted, &trust, &expected, now);
        let valid = validate(&posted, &trust, &expected, now);
        assert_eq!(valid.is_ok(), report.verdict != Verdict::Refused);
        for check in &report.checks {
            assert!(!check.found.chars().any(char::is_control));
            assert!(!check.expected.chars().any(char::is_control));
        }
        if report.verdict == Verdict::Accepted {
            assert!(report.signed);
            assert!(
                SIGNED.contains(&report.subject.as_deref()),
                "{:?}",
                report.subject
            );
        }
    }
});
