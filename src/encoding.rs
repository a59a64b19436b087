//! Base64 and hexadecimal, strict.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Encodes bytes as base64 (RFC 4648 section 4), in one line.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Decodes base64 of the plain alphabet with its padding. XML white space between the characters is dropped first, as
/// XML Schema's `base64Binary` allows; anything else that does not belong there is refused, as are bits that a
/// decoder would have to throw away.
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    if text.bytes().any(is_xml_space) {
        let packed: Vec<u8> = text.bytes().filter(|byte| !is_xml_space(*byte)).collect();
        STANDARD.decode(packed).ok()
    } else {
        STANDARD.decode(text).ok()
    }
}

/// XML 1.0 section 2.3, production 3.
pub fn is_xml_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Lower-case hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_dropped_and_nothing_else() {
        assert_eq!(
            decode_base64("aGVs\r\nbG8=\t ").as_deref(),
            Some(&b"hello"[..])
        );
        for wrong in [
            "aGVsbG8",
            "aGVsbG8=x",
            "aGVs-bG8",
            "aGVs%0AbG8=",
            "aGVsbG9=",
            "aGVs\u{a0}bG8=",
        ] {
            assert_eq!(decode_base64(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn both_ways() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(decode_base64(&base64(&bytes)), Some(bytes));
        assert_eq!(hexadecimal(&[0, 0x0f, 0xa0]), "000fa0");
    }
}
