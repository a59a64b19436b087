//! What the fixtures were made for.

use anyp_saml::saml::Expected;
use anyp_saml::time::Timestamp;

pub fn expected() -> Expected {
    Expected {
        issuer: Some("https://idp.example.test/saml".into()),
        audience: Some("example-org.anypoint.mulesoft.com".into()),
        recipient: Some("http://127.0.0.1:49321/acs".into()),
        user: None,
        clock_skew: Expected::CLOCK_SKEW,
    }
}

pub fn now() -> Timestamp {
    "2026-01-15T12:00:00Z".parse().unwrap()
}
