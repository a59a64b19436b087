//! Exclusive XML Canonicalization 1.0: the one byte sequence that a signature covers, however the XML was written.
//!
//! What is canonical about the text itself (references, CDATA, line ends, attribute values) is done by the parser
//! already; what is left is the order of attributes and which namespace declarations are written where.

use std::collections::{HashMap, HashSet};

use crate::xml::{Element, Step, XML_NAMESPACE, push_attribute, push_text};

/// Bytes that a canonical form may have. Canonicalization repeats a namespace declaration wherever it is needed anew,
/// so a hostile document of one MiB could grow to a GiB; honest ones hardly grow at all.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

/// What to canonicalize, and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'o, 'd> {
    /// `InclusiveNamespaces PrefixList`: prefixes whose declarations are written even where nothing visible uses
    /// them. The empty prefix is the default namespace (`#default` in the list).
    pub inclusive_prefixes: &'o [&'o str],
    /// An element to leave out with all it holds: the enveloped signature.
    pub exclude: Option<Element<'d>>,
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
    use proptest::prelude::*;

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
            "<a:a xmlns:a='urn:a' xmlns:b='urn:b' xmlns='urn:d'><b:b ID='x' a:c='1'><a:a/>\
             <b:b xmlns:b='urn:b2'/><b:b xmlns:b='urn:b'/></b:b></a:a>",
            &Options::default(),
        );
        assert_eq!(
            found,
            "<b:b xmlns:a=\"urn:a\" xmlns:b=\"urn:b\" ID=\"x\" a:c=\"1\"><a:a></a:a>\
             <b:b xmlns:b=\"urn:b2\"></b:b><b:b></b:b></b:b>"
        );
    }

    #[test]
    fn a_declaration_ends_with_its_element() {
        let found = canonical(
            "<r xmlns:p='urn:p'><p:a><p:b/></p:a><p:c/></r>",
            &Options::default(),
        );
        assert_eq!(
            found,
            "<r><p:a xmlns:p=\"urn:p\"><p:b></p:b></p:a><p:c xmlns:p=\"urn:p\"></p:c></r>"
        );
    }

    #[test]
    fn the_default_namespace_is_taken_back_only_where_it_was_written() {
        let text = "<r xmlns='urn:d'><t ID='x' xmlns=''><u xmlns='urn:u'><v xmlns=''/></u></t></r>";
        let found = canonical(text, &Options::default());
        assert_eq!(
            found,
            "<t ID=\"x\"><u xmlns=\"urn:u\"><v xmlns=\"\"></v></u></t>"
        );
    }

    #[test]
    fn inclusive_prefixes_are_written_where_they_are_declared_or_at_the_top() {
        let text = "<r xmlns='urn:d' xmlns:a='urn:1' xmlns:b='urn:b'><p:t xmlns:p='urn:p' ID='x'>\
             <u xmlns:a='urn:2' xmlns:c='urn:c'/><u xmlns:a='urn:1'/></p:t></r>";
        let with = |inclusive_prefixes: &[&str]| {
            canonical(
                text,
                &Options {
                    inclusive_prefixes,
                    ..Options::default()
                },
            )
        };
        assert_eq!(
            with(&["a", "none", "xml"]),
            "<p:t xmlns:a=\"urn:1\" xmlns:p=\"urn:p\" ID=\"x\">\
             <u xmlns=\"urn:d\" xmlns:a=\"urn:2\"></u><u xmlns=\"urn:d\"></u></p:t>"
        );
        assert_eq!(
            with(&["", "c"]),
            "<p:t xmlns=\"urn:d\" xmlns:p=\"urn:p\" ID=\"x\"><u xmlns:c=\"urn:c\"></u><u></u></p:t>"
        );
    }

    #[test]
    fn the_innermost_declaration_above_is_the_one_in_force() {
        let text = "<r xmlns:a='urn:1'><s xmlns:a='urn:2' xmlns=''><t ID='x'/></s></r>";
        let options = Options {
            inclusive_prefixes: &["a", ""],
            ..Options::default()
        };
        assert_eq!(
            canonical(text, &options),
            "<t xmlns:a=\"urn:2\" ID=\"x\"></t>"
        );
    }

    #[test]
    fn attributes_are_sorted_by_namespace_and_local_name() {
        let text = "<t z='1' xmlns:a='urn:z' xmlns:z='urn:a' a:k='2' z:k='3' z:b='4' xml:lang='de' B='5'/>";
        assert_eq!(
            canonical(text, &Options::default()),
            "<t xmlns:a=\"urn:z\" xmlns:z=\"urn:a\" B=\"5\" z=\"1\" xml:lang=\"de\" z:b=\"4\" z:k=\"3\" a:k=\"2\"></t>"
        );
    }

    #[test]
    fn characters_are_escaped_as_their_place_wants_it() {
        let text = "<t a='&lt;>&amp;&quot;&apos;&#9;&#10;&#13;' xmlns:p='urn:a&amp;b' p:c=''>&lt;&gt;&amp;\"'\t\n&#13;<![CDATA[<]]></t>";
        assert_eq!(
            canonical(text, &Options::default()),
            "<t xmlns:p=\"urn:a&amp;b\" a=\"&lt;>&amp;&quot;'&#x9;&#xA;&#xD;\" p:c=\"\">&lt;&gt;&amp;\"'\t\n&#xD;&lt;</t>"
        );
    }

    #[test]
    fn comments_are_left_out() {
        let text = "<t>a<!-- <x> -->b</t>";
        assert_eq!(canonical(text, &Options::default()), "<t>ab</t>");
    }

    #[test]
    fn what_is_excluded_leaves_nothing() {
        let document = document("<t xmlns:p='urn:p'>a<p:s xmlns:q='urn:q'><q:u/></p:s>b<p:v/></t>");
        let exclude = document.root().elements().next();
        let options = Options {
            exclude,
            ..Options::default()
        };
        let found = canonicalize(document.root(), &options).unwrap();
        assert_eq!(found, b"<t>ab<p:v xmlns:p=\"urn:p\"></p:v></t>");
    }

    #[test]
    fn there_is_an_end_to_how_much_is_written() {
        const LIMITS: Limits = Limits {
            bytes: 9_000_000,
            ..Limits::RESPONSE
        };
        let mut text = format!("<r>{}</r>", "a".repeat(8_388_608 - "<r></r>".len()));
        let size = |text: &str| {
            let document = parse(text.as_bytes(), &LIMITS).unwrap();
            canonicalize(document.root(), &Options::default()).map(|form| form.len())
        };
        assert_eq!(size(&text), Ok(8_388_608));
        text.insert(3, 'a');
        assert_eq!(size(&text), Err(TooLarge));

        // Nor is a document long that is repeated over and over.
        let namespace = "n".repeat(4000);
        let text = format!("<r xmlns:p='urn:{namespace}'>{}</r>", "<p:a/>".repeat(3000));
        let document = document(&text);
        assert_eq!(
            canonicalize(document.root(), &Options::default()),
            Err(TooLarge)
        );
    }

    /// Documents that declare, use, take back and rebind few prefixes at random, so that they meet.
    fn element() -> impl Strategy<Value = String> {
        let piece = |list: &'static [&'static str]| prop::sample::select(list);
        let prefix = move || piece(&["", "p:", "q:"]);
        let declaration = piece(&["", " xmlns='urn:1'", " xmlns='urn:2'", " xmlns=''"]);
        let attribute = piece(&[
            "",
            " a='&#9;&lt; ö'",
            " p:b=\"x\ty'\"",
            " b=' ' q:a='&amp;&#13;'",
            " xml:lang='de'",
        ]);
        let text = piece(&["", "text", "&amp;\r\n", "<![CDATA[<&]]>", "&#13;"]);
        let head = (
            prefix(),
            declaration,
            piece(&["", " xmlns:p='urn:1'", " xmlns:q='urn:3' xmlns:p='urn:4'"]),
            attribute,
            text,
        );
        let leaf = head.prop_map(|(prefix, default, declared, attribute, text)| {
            format!("<{prefix}e{declared}{attribute}{default}>{text}</{prefix}e>")
        });
        leaf.prop_recursive(4, 24, 4, |inner| {
            (inner.clone(), prop::collection::vec(inner, 0..4)).prop_map(|(outer, inside)| {
                let (head, tail) = outer.split_at(outer.rfind("</").unwrap());
                format!("{head}{}{tail}", inside.concat())
            })
        })
    }

    /// What a document says, prefixes and the order of attributes left aside.
    fn meaning(element: Element<'_>) -> String {
        let named =
            |element: Element<'_>| format!("{}|{}", element.namespace(), element.local_name());
        element
            .walk(None)
            .map(|step| match step {
                Step::Open(element) => {
                    let mut attributes: Vec<_> = element
                        .attributes()
                        .map(|attribute| {
                            (attribute.namespace, attribute.local_name, attribute.value)
                        })
                        .collect();
                    attributes.sort_unstable();
                    format!("<{} {attributes:?}>", named(element))
                }
                Step::Text(text) => format!("{text:?}"),
                Step::Comment(_) => String::new(),
                Step::Close(element) => format!("</{}>", named(element)),
            })
            .collect()
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_its_own_and_means_the_same(inside in element(), apex in any::<prop::sample::Index>(), prefixes in prop::sample::subsequence(vec!["", "p", "q"], 0..=3)) {
            let text = format!("<r xmlns:p='urn:p' xmlns:q='urn:q' xmlns='urn:d'>{inside}</r>");
            let document = document(&text);
            let elements: Vec<_> = document.elements().collect();
            let apex = elements[apex.index(elements.len())];
            let options = Options { inclusive_prefixes: &prefixes, ..Options::default() };
            let once = canonicalize(apex, &options).unwrap();
            let again = parse(&once, &Limits::RESPONSE).unwrap();
            prop_assert_eq!(meaning(again.root()), meaning(apex));
            let twice = canonicalize(again.root(), &options).unwrap();
            prop_assert_eq!(String::from_utf8(once), String::from_utf8(twice));
        }
    }
}
