//! JSON (RFC 8259, section 7): one object, whose strings are ASCII, so that no reader's encoding changes them.

/// `{"NAME": "VALUE", …}` and a new line.
pub(super) fn object(variables: &[(&str, &str)]) -> String {
    let mut object = String::from("{");
    for (count, (name, value)) in variables.iter().enumerate() {
        object.push_str(if count > 0 { ", " } else { "" });
        string(name, &mut object);
        object.push_str(": ");
        string(value, &mut object);
    }
    object.push_str("}\n");
    object
}

fn string(text: &str, into: &mut String) {
    into.push('"');
    for unit in text.encode_utf16() {
        match char::from_u32(unit.into()) {
            Some(plain @ (' ' | '!' | '#'..='[' | ']'..='~')) => into.push(plain),
            _ => into.push_str(&format!("\\u{unit:04x}")),
        }
    }
    into.push('"');
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_not_plain_ascii_is_escaped() {
        let object = super::object(&[("A", "a\"\\\n/ä😀"), ("B", "")]);
        let expected = "{\"A\": \"a\\u0022\\u005c\\u000a/\\u00e4\\ud83d\\ude00\", \"B\": \"\"}\n";
        assert_eq!(object, expected);
    }
}
