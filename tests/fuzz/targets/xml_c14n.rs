//! The parser and the canonical form: whatever is read can be canonicalized, reads again as the same, and is its own
//! canonical form from then on.
#![no_main]

use anyp_saml::xml::{Limits, parse};
use anyp_saml::xmldsig::c14n::{Options, canonicalize};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = parse(bytes, &Limits::RESPONSE) else {
        return;
    };
    for with_comments in [false, true] {
        let options = Options {
            inclusive_prefixes: &[],
            exclude: None,
            with_comments,
        };
        let Ok(once) = canonicalize(document.root(), &options) else {
            continue;
        };
        let Ok(again) = parse(&once, &Limits::RESPONSE) else {
            // Longer than what it was made from, so perhaps beyond the limit; else it must read.
            assert!(
                once.len() > Limits::RESPONSE.bytes,
                "{}",
                String::from_utf8_lossy(&once)
            );
            continue;
        };
        let texts = |document: &anyp_saml::xml::Document| -> Vec<String> {
            let elements = document.elements();
            elements
                .map(|element| {
                    format!(
                        "{}|{}|{}",
                        element.namespace(),
                        element.local_name(),
                        element.text()
                    )
                })
                .collect()
        };
        assert_eq!(texts(&document), texts(&again));
        assert_eq!(canonicalize(again.root(), &options).unwrap(), once);
    }
});
