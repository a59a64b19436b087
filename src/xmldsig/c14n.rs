//! Exclusive XML Canonicalization 1.0: the one byte sequence that a signature covers, however the XML was written.
//!
//! What is canonical about the text itself (references, CDATA, line ends, attribute values) is done by the parser
//! already; what is left is the order of attributes and which namespace declarations are written where.

use std::collections::{HashMap, HashSet};

use crate::xml::{Element, Step, XML_NAMESPACE, push_attribute, push_text};

/// Bytes that a canonical form may have. Canonicalization repeats a namespace declaration wherever it is needed anew,
/// so a hostile document of one MiB could grow to a GiB; honest ones hardly grow at all.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// What to canonicalize, and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'o, 'd> {
    /// `InclusiveNamespaces PrefixList`: prefixes whose declarations are written even where nothing visible uses
    /// them. The empty prefix is the default namespace (`#default` in the list).
    pub inclusive_prefixes: &'o [&'o str],
    /// An element to leave out with all it holds: the enveloped signature.
    pub exclude: Option<Element<'d>>,
    /// Whether comments are part of the canonical form.
    pub with_comments: bool,
}

/// The canonical form would be larger than we are ready to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the canonical form is larger than {} bytes", MAX_BYTES)]
pub struct TooLarge;

/// The canonical form of an element and all it holds (Exclusive XML Canonicalization 1.0 section 3), in UTF-8.
///
/// # Errors
/// When it would be larger than we are ready to hold.
pub fn canonicalize(element: Element<'_>, options: &Options<'_, '_>) -> Result<Vec<u8>, TooLarge> {
    let mut canonical = Canonical {
        out: String::new(),
        inclusive: options.inclusive_prefixes.iter().copied().collect(),
        written: HashMap::new(),
        undo: Vec::new(),
    };
    // Before anything was written, the default namespace is the empty one.
    canonical.written.insert("", vec![""]);
    for step in element.walk(options.exclude) {
        match step {
            Step::Open(opened) => {
                let needed = if opened == element {
                    canonical.needed_at_the_top(opened)
                } else {
                    canonical.needed(opened)
                };
                canonical.open(opened, needed);
            }
            Step::Text(text) => push_text(&mut canonical.out, text),
            Step::Comment(text) if options.with_comments => {
                canonical.push(&["<!--", text, "-->"]);
            }
            Step::Comment(_) => {}
            Step::Close(closed) => canonical.close(closed),
        }
        if canonical.out.len() > MAX_BYTES {
            return Err(TooLarge);
        }
    }
    Ok(canonical.out.into_bytes())
}

/// Namespaces by prefix; a prefix may be there twice, but then with the same namespace.
type Needed<'d> = Vec<(&'d str, &'d str)>;

struct Canonical<'o, 'd> {
    out: String,
    inclusive: HashSet<&'o str>,
    /// What every prefix means to a reader of `out` at this place, the innermost meaning last.
    written: HashMap<&'d str, Vec<&'d str>>,
    /// Per open element, the prefixes that it declared.
    undo: Vec<Vec<&'d str>>,
}

impl<'d> Canonical<'_, 'd> {
    /// The namespaces that the reader of this element must know: those its name and its attributes use, and those of
    /// the inclusive prefixes that it declares itself.
    fn needed(&self, element: Element<'d>) -> Needed<'d> {
        let mut needed = vec![(element.prefix(), element.namespace())];
        needed.extend(
            element
                .attributes()
                .filter(|attribute| !attribute.prefix.is_empty())
                .map(|attribute| (attribute.prefix, attribute.namespace)),
        );
        if !self.inclusive.is_empty() {
            needed.extend(
                element
                    .declarations()
                    .filter(|declaration| self.inclusive.contains(declaration.prefix))
                    .map(|declaration| (declaration.prefix, declaration.namespace)),
            );
        }
        needed
    }

    /// The same for the first element, which also needs what inclusive prefixes were declared to be above it.
    fn needed_at_the_top(&self, top: Element<'d>) -> Needed<'d> {
        let mut needed = self.needed(top);
        let mut seen: HashSet<_> = top.declarations().map(|declared| declared.prefix).collect();
        let mut above = top.parent();
        while let Some(element) = above.filter(|_| !self.inclusive.is_empty()) {
            for declared in element.declarations() {
                // The innermost declaration of a prefix is the one in force.
                if seen.insert(declared.prefix) && self.inclusive.contains(declared.prefix) {
                    needed.push((declared.prefix, declared.namespace));
                }
            }
            above = element.parent();
        }
        needed
    }

    fn open(&mut self, element: Element<'d>, mut needed: Needed<'d>) {
        // The prefix `xml` needs no declaration anywhere.
        needed.retain(|(_, namespace)| *namespace != XML_NAMESPACE);
        needed.sort_unstable();
        needed.dedup();
        self.push(&["<"]);
        self.push_name(element.prefix(), element.local_name());
        let mut declared = Vec::new();
        for (prefix, namespace) in needed {
            let meanings = self.written.entry(prefix).or_default();
            if meanings.last() == Some(&namespace) {
                continue;
            }
            meanings.push(namespace);
            declared.push(prefix);
            self.push(&[" xmlns", if prefix.is_empty() { "" } else { ":" }, prefix]);
            self.push_value(namespace);
        }
        self.undo.push(declared);
        let mut attributes: Vec<_> = element.attributes().collect();
        // By namespace name, those without one first, and then by local name (Canonical XML 1.0 section 2.2).
        attributes.sort_unstable_by_key(|attribute| (attribute.namespace, attribute.local_name));
        for attribute in attributes {
            self.push(&[" "]);
            self.push_name(attribute.prefix, attribute.local_name);
            self.push_value(attribute.value);
        }
        self.push(&[">"]);
    }

    fn close(&mut self, element: Element<'d>) {
        self.push(&["</"]);
        self.push_name(element.prefix(), element.local_name());
        self.push(&[">"]);
        for prefix in self.undo.pop().unwrap_or_default() {
            if let Some(meanings) = self.written.get_mut(prefix) {
                meanings.pop();
            }
        }
    }

    fn push_name(&mut self, prefix: &str, local_name: &str) {
        if !prefix.is_empty() {
            self.push(&[prefix, ":"]);
        }
        self.push(&[local_name]);
    }

    fn push_value(&mut self, value: &str) {
        self.push(&["=\""]);
        push_attribute(&mut self.out, value);
        self.push(&["\""]);
    }

    fn push(&mut self, pieces: &[&str]) {
        for piece in pieces {
            self.out.push_str(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{Document, Limits, parse};

    fn document(text: &str) -> Document {
        parse(text.as_bytes(), &Limits::RESPONSE).unwrap()
    }

    fn canonical(text: &str, options: &Options<'_, '_>) -> String {
        let document = document(text);
        let element = document
            .elements()
            .find(|element| element.attribute("ID") == Some("x"))
            .unwrap_or(document.root());
        String::from_utf8(canonicalize(element, options).unwrap()).unwrap()
    }

    #[test]
    fn only_what_is_visibly_used_is_declared_and_only_where_it_is_new() {
        let found = canonical(
            "<a:a xmlns:a='urn:a' xmlns:b='urn:b' xmlns='urn:d'><b:b ID='x' a:c='1'><a:a/><b:b xmlns:b='urn:b2'/></b:b></a:a>",
            &Options::default(),
        );
        assert_eq!(
            found,
            "<b:b xmlns:a=\"urn:a\" xmlns:b=\"urn:b\" ID=\"x\" a:c=\"1\"><a:a></a:a><b:b xmlns:b=\"urn:b2\"></b:b></b:b>"
        );
    }
}
