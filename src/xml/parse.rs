//! From bytes to a [`Document`], or to the reason why not.
//!
//! quick-xml finds where markup begins and ends and that end tags match; everything else that XML 1.0 and Namespaces
//! in XML 1.0 ask for is checked here.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::names::{NamespaceName, is_character, is_nc_name, namespace_name, split_qualified};
use super::{
    AttributeData, DeclarationData, Defect, Document, ElementData, Limits, NO_NAMESPACE,
    NamespaceId, NodeData, Span, XML_NAMESPACE, XmlError,
};
use crate::encoding::is_xml_space;

/// XML 1.0 section 2.3, production 3.
const XML_SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// The namespace of declarations themselves, which nothing may be bound to (Namespaces in XML 1.0 section 3).
const XMLNS_NAMESPACE: &str = "http://www.w3.org/2000/xmlns/";

/// Reads a whole document.
///
/// # Errors
/// The first thing found that is not allowed. Nothing of a document that is not allowed is ever returned.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Document, XmlError> {
    if bytes.len() > limits.bytes {
        return Err(XmlError::TooLarge {
            found: bytes.len(),
            limit: limits.bytes,
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| XmlError::NotUtf8 {
        at: error.valid_up_to(),
    })?;
    // A byte order mark is allowed, once.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Some((at, character)) = text
        .char_indices()
        .find(|(_, character)| !is_character(*character))
    {
        return Err(utf16_or_wrong(text, at, character));
    }
    let mut parser = Parser::new(text, limits);
    match parser.run() {
        Ok(()) => Ok(parser.document),
        Err(Refusal::Error(error)) => Err(error),
        Err(Refusal::Defect(defect)) => Err(XmlError::NotWellFormed {
            at: parser.at,
            defect,
        }),
    }
}

/// UTF-16 without a byte order mark is valid UTF-8 full of NULs; the message should say so.
fn utf16_or_wrong(text: &str, at: usize, character: char) -> XmlError {
    if character == '\0' && at <= 1 {
        let found = "UTF-16".to_owned();
        return XmlError::Encoding { found };
    }
    debug_assert!(text.is_char_boundary(at));
    XmlError::NotWellFormed {
        at,
        defect: Defect::Character(character),
    }
}

/// A refusal before it is known where it happened.
enum Refusal {
    Error(XmlError),
    Defect(Defect),
}

impl From<XmlError> for Refusal {
    fn from(error: XmlError) -> Self {
        Self::Error(error)
    }
}

impl From<Defect> for Refusal {
    fn from(defect: Defect) -> Self {
        Self::Defect(defect)
    }
}

struct Parser<'t> {
    text: &'t str,
    limits: &'t Limits,
    /// Where the event begins that is looked at.
    at: usize,
    /// Where it ends.
    after: usize,
    document: Document,
    /// Elements whose end has not come yet, as indices into `Document::elements`.
    open: Vec<usize>,
    comments: usize,
    /// Whether what comes next, being text, belongs to the text written last.
    in_text: bool,
    /// What every prefix is bound to here, the innermost binding last. One look-up costs the same at any depth.
    bindings: HashMap<&'t str, Vec<NamespaceId>>,
    /// The namespace names met so far, each with its index in `Document::namespaces`.
    interned: HashMap<String, NamespaceId>,
    /// The attributes of the tag in hand as written; kept to be reused.
    written: Vec<(&'t str, &'t str)>,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str, limits: &'t Limits) -> Self {
        let mut parser = Self {
            text,
            limits,
            at: 0,
            after: 0,
            document: Document {
                // No text becomes longer by being decoded, so the pool never has to grow.
                pool: String::with_capacity(text.len() + XML_NAMESPACE.len()),
                nodes: Vec::new(),
                elements: Vec::new(),
                attributes: Vec::new(),
                declarations: Vec::new(),
                namespaces: Vec::new(),
            },
            open: Vec::new(),
            comments: 0,
            in_text: false,
            bindings: HashMap::new(),
            interned: HashMap::new(),
            written: Vec::new(),
        };
        // The first namespace is the empty one: NO_NAMESPACE.
        let nothing = parser.intern("");
        let xml = parser.intern(XML_NAMESPACE);
        parser.bindings.insert("", vec![nothing]);
        parser.bindings.insert("xml", vec![xml]);
        parser
    }

    fn run(&mut self) -> Result<(), Refusal> {
        let text = self.text;
        let mut reader = Reader::from_str(text);
        loop {
            self.at = usize::try_from(reader.buffer_position()).unwrap_or(text.len());
            let rest = text.get(self.at..).unwrap_or("");
            // Refused before anything reads it: where a DOCTYPE ends is already a matter of opinion (CVE-2025-25291).
            if rest
                .get(..3)
                .is_some_and(|start| start.eq_ignore_ascii_case("<!d"))
            {
                return Err(XmlError::Doctype.into());
            }
            // The reader drops byte order marks in front. The one that is allowed is gone already.
            if self.at == 0 && rest.starts_with('\u{feff}') {
                return Err(Defect::TextOutsideRoot.into());
            }
            let event = reader.read_event().map_err(defect_of)?;
            let after = usize::try_from(reader.buffer_position()).unwrap_or(text.len());
            let written = text.get(self.at..after).unwrap_or("");
            self.after = after;
            match event {
                Event::Start(_) => self.start(between(written, "<", ">"))?,
                Event::Empty(_) => {
                    self.start(between(written, "<", "/>"))?;
                    self.end();
                }
                // That it is the right one was checked by the reader.
                Event::End(_) => self.end(),
                Event::Text(raw) => self.text(&raw)?,
                Event::CData(raw) => {
                    self.inside_root()?;
                    self.append_lines(&raw);
                }
                Event::GeneralRef(name) => {
                    self.inside_root()?;
                    let character = resolve(&name)?;
                    self.append(|pool| pool.push(character));
                }
                Event::Comment(raw) => self.comment(&raw)?,
                Event::Decl(raw) if self.at == 0 => check_declaration(&raw)?,
                Event::Decl(_) => return Err(Defect::XmlDeclaration.into()),
                Event::PI(raw) => {
                    let target = raw.target().to_owned();
                    return Err(XmlError::ProcessingInstruction { target }.into());
                }
                Event::DocType(_) => return Err(XmlError::Doctype.into()),
                Event::Eof => break,
            }
        }
        if !self.open.is_empty() {
            Err(Defect::Truncated.into())
        } else if self.document.elements.is_empty() {
            Err(Defect::NoRoot.into())
        } else {
            Ok(())
        }
    }

    /// A start tag, without its angle brackets.
    fn start(&mut self, tag: &'t str) -> Result<(), Refusal> {
        if self.open.is_empty() && !self.document.elements.is_empty() {
            return Err(Defect::SecondRoot.into());
        }
        if self.open.len() == self.limits.depth {
            return Err(XmlError::TooDeep {
                limit: self.limits.depth,
            }
            .into());
        }
        self.count_elements()?;
        let name_end = tag.bytes().position(is_xml_space).unwrap_or(tag.len());
        let (name, rest) = tag.split_at(name_end);
        let (prefix, local_name) = qualified(name)?;
        self.split_attributes(rest)?;
        // A declaration holds for the very tag it stands in, so declarations come first.
        let declarations = self.declare()?;
        // An element may not be named so (Namespaces in XML 1.0 section 3), even though nothing binds the prefix.
        if prefix == "xmlns" {
            return Err(Defect::UnboundPrefix(prefix.to_owned()).into());
        }
        let namespace = self.lookup(prefix)?;
        let attributes = self.attributes()?;

        let index = self.document.elements.len();
        let node = self.document.nodes.len();
        let element = ElementData {
            parent: self.open.last().copied().unwrap_or(index),
            nodes: node..node + 1,
            elements: index..index + 1,
            source: self.at..self.after,
            prefix: self.store(prefix),
            local_name: self.store(local_name),
            namespace,
            attributes,
            declarations,
        };
        self.in_text = false;
        self.document.elements.push(element);
        self.document.nodes.push(NodeData::Element(index));
        self.open.push(index);
        Ok(())
    }

    fn end(&mut self) {
        self.in_text = false;
        let Some(index) = self.open.pop() else {
            return;
        };
        let document = &mut self.document;
        let elements = document.elements.len();
        let element = &mut document.elements[index];
        element.elements.end = elements;
        element.nodes.end = document.nodes.len();
        element.source.end = self.after;
        for declaration in &document.declarations[element.declarations.clone()] {
            let prefix = &document.pool[declaration.prefix.clone()];
            if let Some(bound) = self.bindings.get_mut(prefix) {
                bound.pop();
            }
        }
    }

    fn text(&mut self, raw: &str) -> Result<(), Refusal> {
        if self.open.is_empty() {
            return if raw.bytes().all(is_xml_space) {
                Ok(())
            } else {
                Err(Defect::TextOutsideRoot.into())
            };
        }
        if raw.contains("]]>") {
            return Err(Defect::CDataEnd.into());
        }
        self.append_lines(raw);
        Ok(())
    }

    fn comment(&mut self, raw: &str) -> Result<(), Refusal> {
        if raw.contains("--") || raw.ends_with('-') {
            return Err(Defect::CommentHyphens.into());
        }
        self.count_elements()?;
        self.comments += 1;
        self.in_text = false;
        if !self.open.is_empty() {
            let start = self.document.pool.len();
            push_lines(&mut self.document.pool, raw);
            let comment = NodeData::Comment(self.span_from(start));
            self.document.nodes.push(comment);
        }
        Ok(())
    }

    fn inside_root(&self) -> Result<(), Refusal> {
        if self.open.is_empty() {
            return Err(Defect::TextOutsideRoot.into());
        }
        Ok(())
    }

    fn count_elements(&self) -> Result<(), Refusal> {
        if self.document.elements.len() + self.comments >= self.limits.elements {
            return Err(XmlError::TooManyElements {
                limit: self.limits.elements,
            }
            .into());
        }
        Ok(())
    }

    fn append_lines(&mut self, raw: &str) {
        self.append(|pool| push_lines(pool, raw));
    }

    /// Adds to the text in hand, or begins one: pieces with nothing between them are one text.
    fn append(&mut self, write: impl FnOnce(&mut String)) {
        let start = self.document.pool.len();
        write(&mut self.document.pool);
        let added = self.span_from(start);
        if added.start == added.end {
            return;
        }
        match self.document.nodes.last_mut() {
            Some(NodeData::Text(text)) if self.in_text => text.end = added.end,
            _ => self.document.nodes.push(NodeData::Text(added)),
        }
        self.in_text = true;
    }

    /// Splits what follows the name in a start tag into `written`.
    fn split_attributes(&mut self, mut rest: &'t str) -> Result<(), Refusal> {
        self.written.clear();
        loop {
            let trimmed = rest.trim_start_matches(XML_SPACE);
            if trimmed.is_empty() {
                return Ok(());
            }
            // White space must stand before every attribute.
            if trimmed.len() == rest.len() {
                return Err(Defect::Attribute.into());
            }
            let (name, value, after) = split_attribute(trimmed).ok_or(Defect::Attribute)?;
            if value.contains('<') {
                return Err(Defect::LessThan.into());
            }
            // Both are counted apart further down; this bounds the list itself.
            if self.written.len() == self.limits.attributes + self.limits.namespaces {
                return Err(self.too_many(name));
            }
            self.written.push((name, value));
            rest = after;
        }
    }

    /// Takes the namespace declarations of the tag in hand into force.
    fn declare(&mut self) -> Result<Range<usize>, Refusal> {
        let start = self.document.declarations.len();
        for index in 0..self.written.len() {
            let (name, raw) = self.written[index];
            let Some(prefix) = declared_prefix(name) else {
                continue;
            };
            let value = normalize(raw)?;
            check_binding(prefix, &value)?;
            if self.document.declarations.len() - start == self.limits.namespaces {
                return Err(self.too_many(name));
            }
            let namespace = self.intern(&value);
            let declared = &self.document.declarations[start..];
            if declared
                .iter()
                .any(|other| self.document.text(&other.prefix) == prefix)
            {
                return Err(Defect::DuplicateAttribute(name.to_owned()).into());
            }
            self.bindings.entry(prefix).or_default().push(namespace);
            let prefix = self.store(prefix);
            self.document
                .declarations
                .push(DeclarationData { prefix, namespace });
        }
        Ok(start..self.document.declarations.len())
    }

    /// Stores the attributes of the tag in hand that declare nothing.
    fn attributes(&mut self) -> Result<Range<usize>, Refusal> {
        let start = self.document.attributes.len();
        for index in 0..self.written.len() {
            let (name, raw) = self.written[index];
            if declared_prefix(name).is_some() {
                continue;
            }
            if self.document.attributes.len() - start == self.limits.attributes {
                return Err(self.too_many(name));
            }
            let (prefix, local_name) = qualified(name)?;
            // An attribute without a prefix is in no namespace, whatever the default namespace is.
            let namespace = if prefix.is_empty() {
                NO_NAMESPACE
            } else {
                self.lookup(prefix)?
            };
            let document = &self.document;
            let twice = document.attributes[start..].iter().any(|other| {
                other.namespace == namespace && document.text(&other.local_name) == local_name
            });
            if twice {
                return Err(Defect::DuplicateAttribute(name.to_owned()).into());
            }
            let value = normalize(raw)?;
            let attribute = AttributeData {
                prefix: self.store(prefix),
                local_name: self.store(local_name),
                namespace,
                value: self.store(&value),
            };
            self.document.attributes.push(attribute);
        }
        Ok(start..self.document.attributes.len())
    }

    fn too_many(&self, name: &str) -> Refusal {
        match declared_prefix(name) {
            Some(_) => XmlError::TooManyNamespaces {
                limit: self.limits.namespaces,
            },
            None => XmlError::TooManyAttributes {
                limit: self.limits.attributes,
            },
        }
        .into()
    }

    /// What a prefix is bound to here. The empty one always is.
    fn lookup(&self, prefix: &str) -> Result<NamespaceId, Refusal> {
        self.bindings
            .get(prefix)
            .and_then(|bound| bound.last())
            .copied()
            .ok_or_else(|| Defect::UnboundPrefix(prefix.to_owned()).into())
    }

    fn intern(&mut self, name: &str) -> NamespaceId {
        if let Some(known) = self.interned.get(name) {
            return *known;
        }
        let id = self.document.namespaces.len();
        let span = self.store(name);
        self.document.namespaces.push(span);
        self.interned.insert(name.to_owned(), id);
        id
    }

    fn store(&mut self, text: &str) -> Span {
        let start = self.document.pool.len();
        self.document.pool.push_str(text);
        self.span_from(start)
    }

    fn span_from(&self, start: usize) -> Span {
        start..self.document.pool.len()
    }
}

/// What the reader itself objects to, in our words.
fn defect_of(error: quick_xml::Error) -> Defect {
    use quick_xml::Error::{IllFormed, Syntax};
    use quick_xml::errors::{IllFormedError, SyntaxError};
    match error {
        Syntax(SyntaxError::InvalidBangMarkup) => Defect::Markup,
        IllFormed(IllFormedError::MismatchedEndTag { found, .. })
        | IllFormed(IllFormedError::UnmatchedEndTag(found)) => Defect::EndTag(found),
        IllFormed(IllFormedError::UnclosedReference) => Defect::UnclosedReference,
        // All else the reader can say is that something did not end.
        _ => Defect::Truncated,
    }
}

/// `text` without what it must begin and end with.
fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    text.strip_prefix(start)
        .and_then(|text| text.strip_suffix(end))
        .unwrap_or("")
}

/// `name = "value"` at the start of `text`: name, raw value, and what follows. XML 1.0 section 3.1, production 41.
fn split_attribute(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_once('=')?;
    let rest = rest.trim_start_matches(XML_SPACE);
    let quote = rest
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''))?;
    let (value, after) = rest.get(1..)?.split_once(quote)?;
    Some((name.trim_end_matches(XML_SPACE), value, after))
}

/// The prefix that an attribute of this name declares: empty for `xmlns`, `p` for `xmlns:p`; `None` for any other
/// attribute.
fn declared_prefix(name: &str) -> Option<&str> {
    match name.strip_prefix("xmlns")? {
        "" => Some(""),
        rest => rest.strip_prefix(':').filter(|prefix| !prefix.is_empty()),
    }
}

/// Namespaces in XML 1.0 section 3: which prefixes may be bound to what; and our own rule on namespace names.
fn check_binding(prefix: &str, namespace: &str) -> Result<(), Refusal> {
    if !prefix.is_empty() && !is_nc_name(prefix) {
        return Err(Defect::Name(prefix.to_owned()).into());
    }
    let allowed = match prefix {
        "xmlns" => false,
        "xml" => namespace == XML_NAMESPACE,
        // `xmlns=""` takes the default namespace back; a prefix cannot be taken back in version 1.0.
        "" if namespace.is_empty() => return Ok(()),
        _ => !namespace.is_empty() && namespace != XML_NAMESPACE && namespace != XMLNS_NAMESPACE,
    };
    if !allowed {
        return Err(Defect::Declaration(prefix.to_owned()).into());
    }
    match namespace_name(namespace) {
        NamespaceName::Absolute => Ok(()),
        NamespaceName::Relative => Err(XmlError::RelativeNamespace {
            found: namespace.to_owned(),
        }
        .into()),
        NamespaceName::NotAUri => Err(Defect::Namespace(namespace.to_owned()).into()),
    }
}

fn qualified(name: &str) -> Result<(&str, &str), Refusal> {
    split_qualified(name).ok_or_else(|| Defect::Name(name.to_owned()).into())
}

/// The character that `&name;` stands for. There is no DTD, so only XML's own five entities have a meaning.
fn resolve(name: &str) -> Result<char, Refusal> {
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
fn push_lines(pool: &mut String, raw: &str) {
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
fn normalize(raw: &str) -> Result<Cow<'_, str>, Refusal> {
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
fn check_declaration(raw: &str) -> Result<(), Refusal> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Document, XmlError> {
        parse(text.as_bytes(), &Limits::RESPONSE)
    }

    #[track_caller]
    fn root_text(text: &str) -> String {
        read(text).unwrap().root().text().into_owned()
    }

    #[track_caller]
    fn defect(text: &str) -> Defect {
        match read(text) {
            Err(XmlError::NotWellFormed { defect, .. }) => defect,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[track_caller]
    fn error(bytes: impl AsRef<[u8]>) -> XmlError {
        parse(bytes.as_ref(), &Limits::RESPONSE).unwrap_err()
    }

    #[test]
    fn references_are_resolved_and_no_others_are_known() {
        assert_eq!(
            root_text("<a>&lt;&gt;&amp;&apos;&quot;&#65;&#x0042;</a>"),
            "<>&'\"AB"
        );
        assert_eq!(root_text("<a>&#x10FFFF;&#13;</a>"), "\u{10ffff}\r");
        for name in [
            "nbsp",
            "LT",
            "",
            "#",
            "#x",
            "#X41",
            "#+65",
            "#x+41",
            "#-1",
            "#4294967361",
            "#xD800",
            "#x110000",
            "a b",
        ] {
            assert_eq!(
                defect(&format!("<a>&{name};</a>")),
                Defect::Reference(name.into())
            );
            assert_eq!(
                defect(&format!("<a b='&{name};'/>")),
                Defect::Reference(name.into())
            );
        }
        for number in [0, 8, 0x1b, 0xfffe] {
            let character = char::from_u32(number).unwrap();
            assert_eq!(
                defect(&format!("<a>&#{number};</a>")),
                Defect::Character(character)
            );
            assert_eq!(
                defect(&format!("<a b='&#{number};'/>")),
                Defect::Character(character)
            );
        }
        for text in ["<a>&lt</a>", "<a>& </a>", "<a>&&lt;</a>", "<a b='&lt'/>"] {
            assert_eq!(defect(text), Defect::UnclosedReference, "{text}");
        }
    }

    #[test]
    fn line_ends_become_line_feeds_in_text_and_cdata() {
        assert_eq!(root_text("<a>1\r\n2\r3\n4\r\r\n5</a>"), "1\n2\n3\n4\n\n5");
        assert_eq!(root_text("<a><![CDATA[1\r\n2\r3]]></a>"), "1\n2\n3");
        assert_eq!(root_text("<a>1\r<![CDATA[\n2]]></a>"), "1\n\n2");
        // Line ends of XML 1.1 are characters like any other here.
        assert_eq!(root_text("<a>\u{85}\u{2028}</a>"), "\u{85}\u{2028}");
    }

    #[test]
    fn white_space_in_an_attribute_becomes_spaces_unless_it_is_written_as_a_reference() {
        let document = read("<a b='1\t2\n3\r\n4\r5&#9;&#10;&#xD;6 &lt;&quot;'/>").unwrap();
        assert_eq!(document.root().attribute("b"), Some("1 2 3 4 5\t\n\r6 <\""));
    }

    #[test]
    fn pieces_of_text_are_one_text_unless_something_stands_between() {
        let document = read("<a>1&amp;<![CDATA[2]]>3<b>4</b>5<!---->6<![CDATA[]]></a>").unwrap();
        let texts: Vec<_> = document
            .root()
            .walk(None)
            .filter_map(|step| match step {
                crate::xml::Step::Text(text) => Some(text),
                _ => None,
            })
            .collect();
        assert_eq!(texts, ["1&23", "4", "5", "6"]);
    }

    #[test]
    fn what_is_not_well_formed_is_refused_for_its_reason() {
        let name = |name: &str| Defect::Name(name.into());
        let cases = [
            ("", Defect::NoRoot),
            ("  ", Defect::NoRoot),
            ("<!-- only -->", Defect::NoRoot),
            ("text", Defect::TextOutsideRoot),
            ("\u{feff}\u{feff}<a/>", Defect::TextOutsideRoot),
            ("<a/>text", Defect::TextOutsideRoot),
            ("<a/>&lt;", Defect::TextOutsideRoot),
            ("<a/><![CDATA[]]>", Defect::TextOutsideRoot),
            ("<a/><b/>", Defect::SecondRoot),
            ("<a></a><a></a>", Defect::SecondRoot),
            ("<a>", Defect::Truncated),
            ("<a", Defect::Truncated),
            ("<a b='", Defect::Truncated),
            ("<a><!-- ", Defect::Truncated),
            ("<a><![CDATA[ ]]", Defect::Truncated),
            ("<a></b>", Defect::EndTag("b".into())),
            ("<a></a></a>", Defect::EndTag("a".into())),
            ("<a></ a>", Defect::EndTag(" a".into())),
            ("<a></a b='c'>", Defect::EndTag("a b='c'".into())),
            ("<a><!ELEMENT b></a>", Defect::Markup),
            ("<a><![IGNORE[ ]]></a>", Defect::Truncated),
            ("<>", name("")),
            ("< a/>", name("")),
            ("<a/ >", name("a/")),
            ("<1/>", name("1")),
            ("<a:b:c/>", name("a:b:c")),
            ("<:a/>", name(":a")),
            ("<a 1='x'/>", name("1")),
            ("<a ='x'/>", name("")),
            ("<a b/>", Defect::Attribute),
            ("<a b=c/>", Defect::Attribute),
            ("<a b='c'd='e'/>", Defect::Attribute),
            ("<a b='c' d/>", Defect::Attribute),
            ("<a b='<'/>", Defect::LessThan),
            ("<a b='1' b='2'/>", Defect::DuplicateAttribute("b".into())),
            ("<a>]]></a>", Defect::CDataEnd),
            ("<a><!-- -- --></a>", Defect::CommentHyphens),
            ("<a><!-- ---></a>", Defect::CommentHyphens),
            ("<a>\u{0}</a>", Defect::Character('\0')),
            ("<a>\u{1b}</a>", Defect::Character('\u{1b}')),
            ("<a b='\u{ffff}'/>", Defect::Character('\u{ffff}')),
        ];
        for (text, expected) in cases {
            assert_eq!(defect(text), expected, "{text}");
        }
    }

    #[test]
    fn namespaces_are_bound_as_they_must_be() {
        let unbound = |prefix: &str| Defect::UnboundPrefix(prefix.into());
        let declaration = |prefix: &str| Defect::Declaration(prefix.into());
        let cases = [
            ("<p:a/>", unbound("p")),
            ("<a p:b='c'/>", unbound("p")),
            ("<a><b xmlns:p='urn:p'/><p:c/></a>", unbound("p")),
            ("<xmlns:a/>", unbound("xmlns")),
            ("<a xmlns:p=''/>", declaration("p")),
            ("<a xmlns:xmlns='urn:x'/>", declaration("xmlns")),
            ("<a xmlns:xml='urn:x'/>", declaration("xml")),
            (
                "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>",
                declaration("p"),
            ),
            (
                "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
                declaration(""),
            ),
            (
                "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
                declaration(""),
            ),
            ("<a xmlns:='urn:x'/>", Defect::Name("xmlns:".into())),
            ("<a xmlns:1='urn:x'/>", Defect::Name("1".into())),
            (
                "<a xmlns:p='urn:x' xmlns:p='urn:x'/>",
                Defect::DuplicateAttribute("xmlns:p".into()),
            ),
            (
                "<a xmlns='urn:x' xmlns='urn:x'/>",
                Defect::DuplicateAttribute("xmlns".into()),
            ),
            (
                "<a xmlns:p='urn:x' xmlns:q='urn:x' p:b='1' q:b='2'/>",
                Defect::DuplicateAttribute("q:b".into()),
            ),
            ("<a xmlns='urn:x '/>", Defect::Namespace("urn:x ".into())),
            (
                "<a xmlns:p='http://a\u{80}'/>",
                Defect::Namespace("http://a\u{80}".into()),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(defect(text), expected, "{text}");
        }
        for good in [
            "<a xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:lang='de'/>",
            "<a xmlns='urn:a'><b xmlns=''><c xmlns='urn:c'/></b></a>",
            "<a xmlns:p='urn:p' p:b='1' b='2'/>",
            "<p:a p:b='c' xmlns:p='urn:p'/>",
        ] {
            assert!(read(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_binding_ends_with_its_element() {
        let document =
            read("<a xmlns='urn:1'><b xmlns='urn:2'/><b/><b xmlns=''/><b/></a>").unwrap();
        let found: Vec<_> = document
            .elements()
            .map(|element| element.namespace())
            .collect();
        assert_eq!(found, ["urn:1", "urn:2", "urn:1", "", "urn:1"]);
    }

    #[test]
    fn a_relative_namespace_has_its_own_code() {
        let found = error("<a><b xmlns:v='1'/></a>");
        assert_eq!(found, XmlError::RelativeNamespace { found: "1".into() });
        assert_eq!(found.code(), "NS-RELATIVE");
    }

    #[test]
    fn any_doctype_is_refused_before_it_is_read() {
        for text in [
            "<!DOCTYPE a><a/>",
            "<!doctype html><html/>",
            "<!DOCTYPE a [ <!ENTITY b \"c\"> ]><a>&b;</a>",
            "<!DOCTYPE",
            "<a/><!DOCTYPE a>",
            "<a><!DOCTYPE a></a>",
        ] {
            assert_eq!(error(text), XmlError::Doctype, "{text}");
        }
        assert_eq!(
            root_text("<a><!--<!DOCTYPE a>--><![CDATA[<!DOCTYPE a>]]></a>"),
            "<!DOCTYPE a>"
        );
    }

    #[test]
    fn any_processing_instruction_is_refused() {
        for text in [
            "<?xml-stylesheet href='x'?><a/>",
            "<a><?p d?></a>",
            "<a/><?p?>",
            "<?XML version='1.0'?><a/>",
        ] {
            assert_eq!(error(text).code(), "XML-PI", "{text}");
        }
    }

    #[test]
    fn the_declaration_says_xml_1_0_and_utf_8_or_the_document_is_refused() {
        for good in [
            "<?xml version='1.0'?><a/>",
            "<?xml version=\"1.0\" encoding=\"utf-8\" standalone='no' ?>\r\n<a/>",
            "\u{feff}<?xml version='1.0' encoding='UTF-8'?><a/>",
        ] {
            assert!(read(good).is_ok(), "{good}");
        }
        for (text, code) in [
            ("<?xml version='1.1'?><a/>", "XML-VERSION"),
            (
                "<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
                "XML-ENCODING",
            ),
            (
                "<?xml version='1.0' encoding='UTF-16'?><a/>",
                "XML-ENCODING",
            ),
            ("<?xml version='1.0' encoding='UTF-7'?><a/>", "XML-ENCODING"),
            ("<?xml?><a/>", "XML-WF"),
            ("<?xml encoding='UTF-8'?><a/>", "XML-WF"),
            ("<?xml version='1.0' standalone='maybe'?><a/>", "XML-WF"),
            (
                "<?xml version='1.0' standalone='no' encoding='UTF-8'?><a/>",
                "XML-WF",
            ),
            ("<?xml version='1.0'encoding='UTF-8'?><a/>", "XML-WF"),
            ("<?xml version='1.0' versions='1.0'?><a/>", "XML-WF"),
            (" <?xml version='1.0'?><a/>", "XML-WF"),
            ("<?xml version='1.0'?><?xml version='1.0'?><a/>", "XML-WF"),
            ("<a><?xml version='1.0'?></a>", "XML-WF"),
        ] {
            assert_eq!(error(text).code(), code, "{text}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_refused() {
        let utf16 =
            |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        let cases: [Vec<u8>; 5] = [
            b"<a>\xff</a>".to_vec(),
            b"<a>\xc0\xbc</a>".to_vec(),
            b"<a>\xed\xa0\x80</a>".to_vec(),
            utf16("\u{feff}<a/>"),
            utf16("<a/>"),
        ];
        for bytes in cases {
            assert_eq!(error(&bytes).code(), "XML-ENCODING", "{bytes:?}");
        }
    }

    #[test]
    fn every_limit_holds_at_its_edge() {
        let limits = Limits {
            bytes: 200,
            depth: 3,
            elements: 5,
            attributes: 2,
            namespaces: 1,
        };
        let code = |text: &str| match parse(text.as_bytes(), &limits) {
            Ok(_) => "fits",
            Err(error) => error.code(),
        };
        assert_eq!(code(&format!("<a>{}</a>", " ".repeat(193))), "fits");
        assert_eq!(code(&format!("<a>{}</a>", " ".repeat(194))), "XML-LIMIT");
        assert_eq!(code("<a><a><a/></a></a>"), "fits");
        assert_eq!(code("<a><a><a><a/></a></a></a>"), "XML-DEPTH");
        assert_eq!(code("<a><a/><a/><!----><a/></a>"), "fits");
        assert_eq!(code("<a><a/><a/><!----><a/><a/></a>"), "XML-LIMIT");
        assert_eq!(code("<a><a/><a/><!----><a/><!----></a>"), "XML-LIMIT");
        assert_eq!(code("<a b='' c='' xmlns='urn:a'/>"), "fits");
        assert_eq!(code("<a b='' c='' d=''/>"), "XML-LIMIT");
        assert_eq!(code("<a b='' c='' d='' e='' f=''/>"), "XML-LIMIT");
        assert_eq!(code("<a xmlns='urn:a' xmlns:b='urn:b'/>"), "XML-LIMIT");
    }

    #[test]
    fn errors_name_the_place_and_nothing_that_steers_a_terminal() {
        let message = error("<a>&\u{9b}31m;</a>").to_string();
        assert_eq!(
            message,
            "the document is not well-formed at byte 3: \"&\\u{9b}31m;\" is not a reference that XML itself knows"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes, &Limits::RESPONSE);
        }

        // Made of the pieces that mean something, so that most of the parser is reached.
        #[test]
        fn no_markup_makes_it_panic(pieces in proptest::collection::vec(piece(), 0..40)) {
            let text = pieces.concat();
            if let Ok(document) = read(&text) {
                prop_assert!(document.pool.len() <= text.len() + XML_NAMESPACE.len());
                prop_assert_eq!(document.root().walk(None).count() % 2, (document.nodes.len() - document.elements.len()) % 2);
            }
        }
    }

    fn piece() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "<a>",
            "</a>",
            "<a",
            ">",
            "/>",
            " b='1'",
            " xmlns='urn:a'",
            " xmlns:p='urn:p'",
            "<p:a/>",
            " p:b=\"2\"",
            "&amp;",
            "&#10;",
            "&",
            ";",
            "<![CDATA[",
            "]]>",
            "<!--",
            "-->",
            "-",
            "<?xml version='1.0'?>",
            "<?p?>",
            "<!DOCTYPE",
            "\r\n",
            "\t",
            "text",
            "\u{feff}",
            "ö",
            "=",
            "'",
            "\"",
            "<",
            " ",
        ])
    }
}
