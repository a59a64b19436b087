//! From bytes to a [`Document`], or to the reason why not.
//!
//! quick-xml finds where markup begins and ends and that end tags match; everything else that XML 1.0 and Namespaces
//! in XML 1.0 ask for is checked here.

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::Event;
use zeroize::Zeroizing;

use super::lexical::{
    XML_SPACE, check_declaration, normalize, push_lines, resolve, split_attribute,
};
use super::names::{forbidden, split_qualified};
use super::namespaces::{Namespaces, declared_prefix};
use super::{
    AttributeData, DeclarationData, Defect, Document, ElementData, Limits, NO_NAMESPACE, NodeData,
    Span, XmlError,
};
use crate::encoding::is_xml_space;

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
    if let Some((at, character)) = forbidden(text) {
        return Err(wrong_character(at, character));
    }
    let mut parser = Parser::new(text, limits);
    match parser.run() {
        Ok(()) => Ok(Document {
            namespaces: parser.namespaces.into_names(),
            ..parser.document
        }),
        Err(Refusal::Error(error)) => Err(error),
        Err(Refusal::Defect(defect)) => Err(XmlError::NotWellFormed {
            at: parser.at,
            defect,
        }),
    }
}

fn wrong_character(at: usize, character: char) -> XmlError {
    // UTF-16 without a byte order mark is valid UTF-8 full of NULs; the message should say so.
    if character == '\0' && at <= 1 {
        let found = "UTF-16".to_owned();
        return XmlError::Encoding { found };
    }
    let defect = Defect::Character(character);
    XmlError::NotWellFormed { at, defect }
}

/// A refusal before it is known where it happened.
pub(super) enum Refusal {
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
    namespaces: Namespaces<'t>,
    /// The attributes of the tag in hand as written; kept to be reused.
    written: Vec<(&'t str, &'t str)>,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str, limits: &'t Limits) -> Self {
        Self {
            text,
            limits,
            at: 0,
            after: 0,
            document: Document {
                // No text becomes longer by being decoded, so this is all that is ever needed.
                pool: Zeroizing::new(String::with_capacity(text.len())),
                nodes: Vec::new(),
                elements: Vec::new(),
                attributes: Vec::new(),
                declarations: Vec::new(),
                namespaces: Vec::new(),
            },
            open: Vec::new(),
            comments: 0,
            in_text: false,
            namespaces: Namespaces::new(),
            written: Vec::new(),
        }
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
        let namespace = self.namespaces.lookup(prefix)?;
        let attributes = self.attributes()?;

        let index = self.document.elements.len();
        let node = self.document.nodes.len();
        let element = ElementData {
            parent: self.open.last().copied().unwrap_or(index),
            // Until where, its end tag says.
            nodes: node..node,
            elements: index..index,
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
            self.namespaces
                .unbind(&document.pool[declaration.prefix.clone()]);
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
            if self.document.declarations.len() - start == self.limits.namespaces {
                return Err(self.too_many(name));
            }
            let declared = &self.document.declarations[start..];
            if declared
                .iter()
                .any(|other| self.document.text(&other.prefix) == prefix)
            {
                return Err(Defect::DuplicateAttribute(name.to_owned()).into());
            }
            let namespace = self.namespaces.bind(prefix, &value)?;
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
                self.namespaces.lookup(prefix)?
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

fn qualified(name: &str) -> Result<(&str, &str), Refusal> {
    split_qualified(name).ok_or_else(|| Defect::Name(name.to_owned()).into())
}

#[cfg(test)]
mod tests;
