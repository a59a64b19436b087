//! An identity provider's metadata: any bytes, with and without a name to look for.
#![no_main]

use anyp_saml::saml::metadata::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let now = "2026-01-15T12:00:00Z".parse().unwrap();
    for name in [None, Some("https://idp.example.test/saml")] {
        match parse(bytes, name, now) {
            // Without a key nothing could be checked.
            Ok(provider) => assert!(!provider.keys.is_empty() && !provider.entity_id.is_empty()),
            Err(error) => assert!(!error.to_string().chars().any(char::is_control)),
        }
    }
});
