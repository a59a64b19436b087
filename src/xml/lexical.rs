//! The pieces that markup and text are made of.

use std::borrow::Cow;

use super::names::is_character;
use super::parse::Refusal;
use super::{Defect, XmlError};

/// XML 1.0 section 2.3, production 3.
pub(super) const XML_SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// `name = "value"` at the start of `text`: name, raw value, and what follows. XML 1.0 section 3.1, production 41.
pub(super) fn split_attribute(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_once('=')?;
    let rest = rest.trim_start_matches(XML_SPACE);
    let quote = rest
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''))?;
    let (value, after) = rest.get(1..)?.split_once(quote)?;
    Some((name.trim_end_matches(XML_SPACE), value, after))
}

/// The character that `&name;` stands for. There is no DTD, so only XML's own five entities have a meaning.
pub(super) fn resolve(name: &str) -> Result<char, Refusal> {
    let number = match name {
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "amp" => return Ok('&'),
        "apos" => return Ok('\''),
        "quot" => return Ok('"'),
        _ => name.strip_prefix('#'),
    };
    let digits = number.map(|number| match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    });
    let character = digits
        // `from_str_radix` would take a sign.
        .filter(|(digits, _)| !digits.starts_with('+'))
        .and_then(|(digits, radix)| u32::from_str_radix(digits, radix).ok())
        .and_then(char::from_u32)
        .ok_or_else(|| Defect::Reference(name.to_owned()))?;
    if is_character(character) {
        Ok(character)
    } else {
        Err(Defect::Character(character).into())
    }
}

/// Text with its line ends as XML 1.0 section 2.11 wants them: CR LF and CR become LF. U+0085 and U+2028 are line
/// ends in XML 1.1 alone.
pub(super) fn push_lines(pool: &mut String, raw: &str) {
    let mut lines = raw.split('\r');
    pool.push_str(lines.next().unwrap_or(""));
    for line in lines {
        if !line.starts_with('\n') {
            pool.push('\n');
        }
        pool.push_str(line);
    }
}

/// The value of an attribute, references resolved and literal white space turned into spaces (XML 1.0 sections 2.11
/// and 3.3.3). White space written as a reference stays what it is.
pub(super) fn normalize(raw: &str) -> Result<Cow<'_, str>, Refusal> {
    if !raw.contains(['&', '\t', '\n', '\r']) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['&', '\t', '\n', '\r']) {
        value.push_str(&rest[..at]);
        let found = &rest[at..];
        rest = if let Some(reference) = found.strip_prefix('&') {
            let (name, after) = reference.split_once(';').ok_or(Defect::UnclosedReference)?;
            value.push(resolve(name)?);
            after
        } else {
            value.push(' ');
            // CR LF is one line end, and so one space.
            found.strip_prefix("\r\n").unwrap_or(&found[1..])
        };
    }
    value.push_str(rest);
    Ok(Cow::Owned(value))
}

/// The XML declaration, without its brackets: XML 1.0 section 2.8, production 23.
pub(super) fn check_declaration(raw: &str) -> Result<(), Refusal> {
    let malformed = || Refusal::from(Defect::XmlDeclaration);
    let mut rest = raw.strip_prefix("xml").ok_or_else(malformed)?;
    let mut next = |name: &str| -> Result<Option<&str>, Refusal> {
        let trimmed = rest.trim_start_matches(XML_SPACE);
        let here = trimmed.len() < rest.len() && trimmed.starts_with(name);
        if !here {
            return Ok(None);
        }
        let (found, value, after) = split_attribute(trimmed).ok_or_else(malformed)?;
        rest = after;
        if found == name {
            Ok(Some(value))
        } else {
            Err(malformed())
        }
    };
    let version = next("version")?.ok_or_else(malformed)?;
    let encoding = next("encoding")?;
    let standalone = next("standalone")?;
    if !rest.trim_start_matches(XML_SPACE).is_empty() {
        return Err(malformed());
    }
    if version != "1.0" {
        let found = version.to_owned();
        return Err(XmlError::Version { found }.into());
    }
    if let Some(found) = encoding.filter(|name| !name.eq_ignore_ascii_case("UTF-8")) {
        let found = found.to_owned();
        return Err(XmlError::Encoding { found }.into());
    }
    match standalone {
        None | Some("yes" | "no") => Ok(()),
        Some(_) => Err(malformed()),
    }
}
