//! Words of others, made fit to be seen.
//!
//! Names, messages and addresses that come from an identity provider, the platform, a file or the environment may
//! hold control characters that steer a terminal (`U+009B` alone opens a control sequence and is legal in XML), marks
//! that turn the reading direction, or characters nobody can see. Everything foreign that a person will read passes
//! through [`shown`].

/// The text in one line with every character that could mislead a reader written as `\u{…}`, cut after `limit`
/// characters of the original.
pub fn shown(text: &str, limit: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(limit) + 8);
    for (count, character) in text.chars().enumerate() {
        if count == limit {
            shown.push('…');
            break;
        }
        if character == '\\' {
            // Doubled, so that a text cannot pretend to be one of our escapes.
            shown.push_str("\\\\");
        } else if misleads(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// A JSON document with everything that could mislead a reader written as `\uXXXX`, which means the same to a program.
/// What JSON escapes by itself (controls below `U+0020`) it has escaped already.
pub fn json_escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if misleads(character) && !character.is_ascii() || character == '\u{7f}' {
            for unit in character.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// [`shown`], cut where a name or a message in a sentence should end.
pub fn brief(text: &str) -> String {
    shown(text, 200)
}

/// Control characters (C0, DEL, C1), everything invisible, and everything that turns the reading direction.
fn misleads(character: char) -> bool {
    character.is_control()
        || matches!(
            u32::from(character),
            0x00AD // soft hyphen
            | 0x034F // combining grapheme joiner
            | 0x061C // Arabic letter mark
            | 0x115F..=0x1160 | 0x3164 | 0xFFA0 // Hangul fillers: blank letters
            | 0x17B4..=0x17B5 | 0x180B..=0x180F // invisible vowels and variation selectors
            | 0x200B..=0x200F // zero-width characters and direction marks
            | 0x2028..=0x202E // line and paragraph separator, embeddings and overrides
            | 0x2060..=0x206F // word joiner, invisible operators, isolates
            | 0xD7FC..=0xF8FF // unassigned Hangul tail and the private use area
            | 0xFDD0..=0xFDEF // noncharacters
            | 0xFE00..=0xFE0F | 0xFEFF | 0xFFF0..=0xFFFF // variation selectors, byte order mark, specials
            | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A // shorthand and musical format controls
            | 0xE0000.. // tags, variation selectors and private use
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_text_of_any_script_stays() {
        for text in [
            "max.mustermann@example.com",
            "Zoë Ünal",
            "田中",
            "a'b\"c<d>&e",
            "Иван",
        ] {
            assert_eq!(brief(text), text);
        }
    }

    #[test]
    fn what_steers_a_terminal_is_written_out() {
        assert_eq!(brief("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(brief("a\u{9b}31mb\n"), "a\\u{9b}31mb\\u{a}");
        assert_eq!(brief("abc\u{202e}def\u{200b}"), "abc\\u{202e}def\\u{200b}");
        assert_eq!(brief("\\u{1b}"), "\\\\u{1b}");
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(shown("abcdef", 3), "abc…");
        assert_eq!(shown("abc", 3), "abc");
    }

    #[test]
    fn json_means_the_same_and_misleads_nobody() {
        let text = "é \u{9b}31m \u{7f} \u{202e} \u{e0041} \n \" \\";
        let json = json_escaped(&serde_json::to_string_pretty(&[text]).unwrap());
        assert!(
            json.contains("é \\u009b31m \\u007f \\u202e \\udb40\\udc41 \\n"),
            "{json}"
        );
        let read: Vec<String> = serde_json::from_str(&json).unwrap();
        assert_eq!(read, [text]);
    }

    proptest! {
        #[test]
        fn nothing_that_misleads_is_left(text in any::<String>()) {
            prop_assert!(!shown(&text, 500).chars().any(misleads));
        }
    }
}
