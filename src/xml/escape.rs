//! Text and attribute values written so that a reader gets them back exactly.
//!
//! The characters are those that Canonical XML 1.0 section 2.3 escapes, so that canonicalization and our own writers
//! share one table each.

use std::borrow::Cow;

/// A text as it stands between two tags. The text must be of characters that XML allows.
pub fn escape_text(text: &str) -> Cow<'_, str> {
    escaped(text, in_text)
}

/// A text as it stands between the double quotes of an attribute. The text must be of characters that XML allows.
pub fn escape_attribute(text: &str) -> Cow<'_, str> {
    escaped(text, in_attribute)
}

/// Appends [`escape_text`].
pub(crate) fn push_text(out: &mut String, text: &str) {
    push(out, text, in_text);
}

/// Appends [`escape_attribute`].
pub(crate) fn push_attribute(out: &mut String, text: &str) {
    push(out, text, in_attribute);
}

fn in_text(byte: u8) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        // A literal carriage return would be read as a line feed.
        b'\r' => Some("&#xD;"),
        _ => None,
    }
}

fn in_attribute(byte: u8) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'"' => Some("&quot;"),
        // Literal white space would be read as spaces.
        b'\t' => Some("&#x9;"),
        b'\n' => Some("&#xA;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    }
}

fn escaped(text: &str, table: impl Fn(u8) -> Option<&'static str>) -> Cow<'_, str> {
    if text.bytes().all(|byte| table(byte).is_none()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    push(&mut out, text, table);
    Cow::Owned(out)
}

fn push(out: &mut String, text: &str, table: impl Fn(u8) -> Option<&'static str>) {
    let mut done = 0;
    for (at, byte) in text.bytes().enumerate() {
        // What is escaped is ASCII, so the text is only ever cut between characters.
        if let Some(reference) = table(byte) {
            out.push_str(&text[done..at]);
            out.push_str(reference);
            done = at + 1;
        }
    }
    out.push_str(&text[done..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_its_own_characters() {
        let text = "a<b>&\"'\t\n\rö";
        assert_eq!(escape_text(text), "a&lt;b&gt;&amp;\"'\t\n&#xD;ö");
        assert_eq!(
            escape_attribute(text),
            "a&lt;b>&amp;&quot;'&#x9;&#xA;&#xD;ö"
        );
        assert!(matches!(escape_text("plain"), Cow::Borrowed("plain")));
    }
}
