//! What a person copies: any bytes, recognised as base64, a form, XML or a HAR export.
#![no_main]

use anyp_saml::saml::PostedResponse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|copied: &[u8]| {
    let Ok(posted) = PostedResponse::recognise(copied) else {
        return;
    };
    // What was recognised once is recognised as the same again.
    let again = PostedResponse::recognise(posted.base64().as_bytes()).unwrap();
    assert_eq!(posted.base64(), again.base64());
});
