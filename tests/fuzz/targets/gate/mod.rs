//! The gate's own reader, with what it needs of its surroundings.

use anyp_saml::loopback::{Field, Limits};

#[path = "../../../../src/loopback/head.rs"]
#[allow(dead_code)]
mod head;

pub fn read(bytes: &[u8]) {
    let limits = Limits::DEFAULT;
    let whole = head::find_end(bytes, 0, &limits);
    // However it arrives, it ends at the same place.
    let cut = bytes.len() / 2;
    let parts = match head::find_end(&bytes[..cut], 0, &limits) {
        Ok(None) => head::find_end(bytes, cut, &limits),
        early => early,
    };
    assert_eq!(parts, whole);
    let Ok(Some(end)) = whole else {
        return;
    };
    match head::parse(&bytes[..end], &limits) {
        Ok(head) => {
            assert!(head.target.starts_with('/') && head.target.len() <= limits.target_bytes);
            assert!(head.fields.len() <= limits.fields);
            assert!(head.content_length <= limits.body_bytes);
            let sane = |text: &str| {
                text.bytes()
                    .all(|byte| byte == b'\t' || (32..127).contains(&byte))
            };
            assert!(
                head.fields
                    .iter()
                    .all(|(name, value)| sane(name) && sane(value))
            );
        }
        Err(refusal) => assert!((400..600).contains(&refusal.status())),
    }
}
