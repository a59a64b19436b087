//! Which characters XML allows, and where.

/// XML 1.0 section 2.2, production 2.
pub(super) fn is_character(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => false,
        // Surrogates are no `char`.
        _ => true,
    }
}

/// The first character of a text that XML does not allow, and where.
pub(super) fn forbidden(text: &str) -> Option<(usize, char)> {
    // Nearly no text has a byte that such a character begins with, which is seen at once.
    let begins_one = |byte| matches!(byte, 0..=8 | 11 | 12 | 14..=0x1f | 0xef);
    if !text
        .bytes()
        .fold(false, |seen, byte| seen | begins_one(byte))
    {
        return None;
    }
    text.char_indices()
        .find(|(_, character)| !is_character(*character))
}

/// A name without a colon: Namespaces in XML 1.0 section 3, production 4.
pub(super) fn is_nc_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(starts_name) && characters.all(continues_name)
}

/// A name as a prefix (empty when there is none) and a local name, or `None` when it is not a qualified name.
pub(super) fn split_qualified(name: &str) -> Option<(&str, &str)> {
    match name.split_once(':') {
        Some((prefix, local_name)) => {
            (is_nc_name(prefix) && is_nc_name(local_name)).then_some((prefix, local_name))
        }
        None => is_nc_name(name).then_some(("", name)),
    }
}

/// XML 1.0 (fifth edition) section 2.3, production 4, without the colon.
fn starts_name(character: char) -> bool {
    matches!(character,
        'A'..='Z' | '_' | 'a'..='z'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}'
        | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}'
        | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

/// XML 1.0 (fifth edition) section 2.3, production 4a, without the colon.
fn continues_name(character: char) -> bool {
    starts_name(character)
        || matches!(character,
            '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// What a namespace name looks like to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamespaceName {
    /// An absolute URI.
    Absolute,
    /// A relative reference. Canonical XML 1.0 section 1.3 must fail on a document with one, and one widespread
    /// library fails by giving nothing, whose digest is known beforehand (CVE-2025-66475, -66568, -66578).
    Relative,
    /// With a character that no URI has; to some libraries the same trap as a relative one.
    NotAUri,
}

/// RFC 3986: whether it is written as a URI, and with `scheme ":"` and something behind it.
pub(super) fn namespace_name(name: &str) -> NamespaceName {
    // RFC 3986 section 2, without the brackets of an IPv6 address, which no namespace name needs.
    let is_uri_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(&byte);
    let is_escape = |rest: &str| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !name.bytes().all(is_uri_byte)
        || !name.split('%').skip(1).all(is_escape)
        || name.matches('#').count() > 1
    {
        return NamespaceName::NotAUri;
    }
    let Some((scheme, rest)) = name.split_once(':') else {
        return NamespaceName::Relative;
    };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if !is_scheme || rest.is_empty() {
        NamespaceName::Relative
    } else if rest.strip_prefix("//").is_none_or(has_authority) {
        NamespaceName::Absolute
    } else {
        NamespaceName::NotAUri
    }
}

/// RFC 3986 section 3.2: `user@host:port` at the start, the user and the port if there are any. libxml2 reads a name so
/// far, and gives up on the whole canonical form where it cannot; to it a colon without a port is none either.
fn has_authority(text: &str) -> bool {
    let authority = text.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority
        .split_once('@')
        .map_or(authority, |(_, host)| host);
    let port = host.split_once(':').map_or("0", |(_, port)| port);
    let is_port = (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    is_port && !host.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_xml_says() {
        for name in ["a", "_a", "saml", "a-b.c1", "ö", "a·", "日本"] {
            assert!(is_nc_name(name), "{name}");
        }
        for name in [
            "", "1a", "-a", ".a", "a:b", "a b", "a/b", "a\u{d7}", "a=", "\u{300}a",
        ] {
            assert!(!is_nc_name(name), "{name}");
        }
        assert_eq!(split_qualified("a:b"), Some(("a", "b")));
        assert_eq!(split_qualified("b"), Some(("", "b")));
        for name in [":b", "a:", "a:b:c", ":", "a:1"] {
            assert_eq!(split_qualified(name), None, "{name}");
        }
    }

    #[test]
    fn characters_are_what_xml_says() {
        for character in [
            '\t',
            '\n',
            '\r',
            ' ',
            '\u{7f}',
            '\u{9b}',
            '\u{fffd}',
            '\u{10ffff}',
        ] {
            assert!(is_character(character), "{character:?}");
            assert_eq!(forbidden(&format!("ö{character}")), None);
        }
        for character in [
            '\0', '\u{8}', '\u{b}', '\u{c}', '\u{e}', '\u{1b}', '\u{1f}', '\u{fffe}', '\u{ffff}',
        ] {
            assert!(!is_character(character), "{character:?}");
            let found = forbidden(&format!("\u{fffd}ö{character}\0"));
            assert_eq!(found, Some((5, character)));
        }
    }

    #[test]
    fn namespace_names_are_absolute_uris() {
        for name in [
            "urn:a",
            "http://a/b#",
            "x+y.z-1:q",
            "urn:%4F?a=b&c#d",
            "urn:oasis:names:tc:SAML:2.0:assertion",
            "http://me:x@host:80/a@b:c",
            "http://host?a@b:c",
            "file:///a",
            "x:/a:b",
        ] {
            assert_eq!(namespace_name(name), NamespaceName::Absolute, "{name}");
        }
        for name in ["1", "a/b", "#a", "//host/a", "urn:", ":a", "1a:b", "?a:b"] {
            assert_eq!(namespace_name(name), NamespaceName::Relative, "{name}");
        }
        for name in [
            "urn:a ",
            " urn:a",
            "http://a\u{80}",
            "urn:ö",
            "urn:a\"b",
            "urn:\\",
            "urn:[",
            "urn:%4",
            "urn:%zz",
            "urn:a#b#c",
            "http://a:b/",
            "http://a:/",
            "http://a:80:80/",
            "http://a:123456/",
            "http://me@you@host/",
        ] {
            assert_eq!(namespace_name(name), NamespaceName::NotAUri, "{name}");
        }
    }
}
