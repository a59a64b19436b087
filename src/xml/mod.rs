//! XML within limits: a document is read whole into one tree, or refused. No DTD, no entities of its own, no
//! processing instructions, UTF-8 alone, every size bounded ([`Limits`]).
//!
//! There is one tree for everything that is read from a response: the signature is verified on it and the user is
//! read from it, so that no two readers can see two documents in the same bytes.
//!
//! The nodes of a [`Document`] lie in one vector in document order, so that a subtree is a range of it. Nothing here
//! recurses, and no depth of nesting can exhaust a stack.

mod error;
mod escape;
mod lexical;
mod names;
mod namespaces;
mod parse;

use std::borrow::Cow;
use std::ops::Range;

use zeroize::Zeroizing;

pub use error::{Defect, XmlError};
pub use escape::{escape_attribute, escape_text};
pub(crate) use escape::{push_attribute, push_text};
pub use parse::parse;

/// The namespace that the prefix `xml` is always bound to (Namespaces in XML 1.0 section 3).
pub const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

/// How much a document may ask of us. What goes beyond is refused with [`XmlError::TooLarge`] or one of its siblings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole document.
    pub bytes: usize,
    /// Elements inside each other, the root counted.
    pub depth: usize,
    /// Elements and comments of the whole document.
    pub elements: usize,
    /// Attributes of one element, namespace declarations not counted.
    pub attributes: usize,
    /// Namespace declarations of one element.
    pub namespaces: usize,
}

impl Limits {
    /// For a SAML response.
    pub const RESPONSE: Self = Self {
        // The largest seen in earnest, with hundreds of group memberships, has 400 KiB.
        bytes: 1024 * 1024,
        // A signed response has about 12 levels; 64 leaves room for structured attribute values.
        depth: 64,
        // An attribute with a value takes two elements: this is a user in 9,000 groups.
        elements: 20_000,
        // SAML's richest element (AuthnRequest) knows 11; a Response has 7.
        attributes: 64,
        // Some identity providers declare all they know on the root: about 15.
        namespaces: 64,
    };

    /// For SAML metadata: some identity providers describe all their services and certificates in one document.
    pub const METADATA: Self = Self {
        bytes: 2 * 1024 * 1024,
        ..Self::RESPONSE
    };
}

/// A document that was read whole and keeps all rules of XML 1.0 and of Namespaces in XML 1.0.
///
/// Comments outside the root element were checked and dropped; inside it they are kept.
pub struct Document {
    /// All prefixes, local names, values and texts, decoded: a response in the clear, and so wiped when it is dropped.
    /// It is never longer than the document was, so it never moves and leaves no copies behind.
    pool: Zeroizing<String>,
    /// Elements, texts and comments in document order; the root element is the first.
    nodes: Vec<NodeData>,
    /// The elements among them, in the same order. There is always one.
    elements: Vec<ElementData>,
    attributes: Vec<AttributeData>,
    declarations: Vec<DeclarationData>,
    /// Every namespace name once. The first is the empty one: "in no namespace".
    namespaces: Vec<String>,
}

/// A place in the pool.
type Span = Range<usize>;

/// An index into `Document::namespaces`, so that comparing two namespaces costs the same however long they are.
type NamespaceId = usize;

/// What an element or attribute in no namespace has as its namespace.
const NO_NAMESPACE: NamespaceId = 0;

enum NodeData {
    /// Index into `Document::elements`.
    Element(usize),
    Text(Span),
    Comment(Span),
}

struct ElementData {
    /// Index of the parent element; the root has its own.
    parent: usize,
    /// This element and all it holds, in `Document::nodes`.
    nodes: Range<usize>,
    /// This element and those below it, in `Document::elements`.
    elements: Range<usize>,
    /// From its start tag to behind its end tag, in the text that was parsed.
    source: Range<usize>,
    prefix: Span,
    local_name: Span,
    namespace: NamespaceId,
    attributes: Range<usize>,
    declarations: Range<usize>,
}

struct AttributeData {
    prefix: Span,
    local_name: Span,
    namespace: NamespaceId,
    value: Span,
}

struct DeclarationData {
    prefix: Span,
    namespace: NamespaceId,
}

impl Document {
    /// The root element.
    pub fn root(&self) -> Element<'_> {
        self.element(0)
    }

    /// Every element in document order, the root first.
    pub fn elements(&self) -> impl Iterator<Item = Element<'_>> {
        (0..self.elements.len()).map(|index| self.element(index))
    }

    fn element(&self, index: usize) -> Element<'_> {
        Element {
            document: self,
            index,
        }
    }

    fn node(&self, index: usize) -> Node<'_> {
        match &self.nodes[index] {
            NodeData::Element(element) => Node::Element(self.element(*element)),
            NodeData::Text(span) => Node::Text(self.text(span)),
            NodeData::Comment(span) => Node::Comment(self.text(span)),
        }
    }

    fn text(&self, span: &Span) -> &str {
        &self.pool[span.clone()]
    }

    fn namespace(&self, id: NamespaceId) -> &str {
        &self.namespaces[id]
    }
}

/// Says how large the document is, and nothing of what it holds: that may be a user's response.
impl std::fmt::Debug for Document {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Document({} nodes)", self.nodes.len())
    }
}

/// An element of a [`Document`]. Two are equal when they are the same element of the same document, whatever they
/// hold.
#[derive(Clone, Copy)]
pub struct Element<'d> {
    document: &'d Document,
    /// Into `Document::elements`.
    index: usize,
}

/// What an element holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Node<'d> {
    /// An element.
    Element(Element<'d>),
    /// Text with its references resolved; CDATA sections are text like any other, and joined with it.
    Text(&'d str),
    /// The text of a comment.
    Comment(&'d str),
}

/// An attribute that is not a namespace declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'d> {
    /// The prefix as written; empty when there is none.
    pub prefix: &'d str,
    /// The namespace name; empty when the attribute is in none, as every one without a prefix is.
    pub namespace: &'d str,
    /// The name without its prefix.
    pub local_name: &'d str,
    /// The value, normalized as XML 1.0 section 3.3.3 says for an attribute without a declaration.
    pub value: &'d str,
}

/// A namespace declaration of an element: `xmlns="namespace"` or `xmlns:prefix="namespace"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Declaration<'d> {
    /// Empty for the default namespace.
    pub(crate) prefix: &'d str,
    /// Empty where the default namespace is taken back (`xmlns=""`).
    pub(crate) namespace: &'d str,
}

/// One step of a walk through an element and all it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step<'d> {
    Open(Element<'d>),
    Text(&'d str),
    Comment(&'d str),
    Close(Element<'d>),
}

impl<'d> Element<'d> {
    /// Whether this element has this name in this namespace: the only way a name should be tested. A prefix means
    /// nothing.
    pub fn is(self, namespace: &str, local_name: &str) -> bool {
        self.local_name() == local_name && self.namespace() == namespace
    }

    /// The namespace name; empty when the element is in none.
    pub fn namespace(self) -> &'d str {
        self.document.namespace(self.data().namespace)
    }

    /// The name without its prefix.
    pub fn local_name(self) -> &'d str {
        self.document.text(&self.data().local_name)
    }

    /// The prefix as written; empty when there is none.
    pub fn prefix(self) -> &'d str {
        self.document.text(&self.data().prefix)
    }

    /// The document this element belongs to.
    pub fn document(self) -> &'d Document {
        self.document
    }

    /// The element that holds this one; `None` for the root.
    pub fn parent(self) -> Option<Self> {
        (self.index != 0).then(|| self.document.element(self.data().parent))
    }

    /// What this element holds directly, in document order.
    pub fn children(self) -> impl Iterator<Item = Node<'d>> {
        let Range { start, end } = self.data().nodes.clone();
        let mut next = start + 1;
        std::iter::from_fn(move || {
            (next < end).then(|| {
                let child = self.document.node(next);
                next = match child {
                    Node::Element(element) => element.data().nodes.end,
                    Node::Text(_) | Node::Comment(_) => next + 1,
                };
                child
            })
        })
    }

    /// The elements this one holds directly, in document order.
    pub fn elements(self) -> impl Iterator<Item = Self> {
        self.children().filter_map(|child| match child {
            Node::Element(element) => Some(element),
            Node::Text(_) | Node::Comment(_) => None,
        })
    }

    /// Every element below this one, in document order, itself not counted.
    pub fn descendants(self) -> impl Iterator<Item = Self> {
        let Range { start, end } = self.data().elements.clone();
        (start + 1..end).map(move |index| self.document.element(index))
    }

    /// Whether this element is `other` or lies somewhere below it.
    pub fn is_within(self, other: Self) -> bool {
        std::ptr::eq(self.document, other.document) && other.data().elements.contains(&self.index)
    }

    /// The value of the attribute with this name that is in **no** namespace: `x:ID` is not `ID`.
    pub fn attribute(self, local_name: &str) -> Option<&'d str> {
        self.attributes()
            .find(|attribute| attribute.namespace.is_empty() && attribute.local_name == local_name)
            .map(|attribute| attribute.value)
    }

    /// The attributes as written, namespace declarations not among them.
    pub fn attributes(self) -> impl Iterator<Item = Attribute<'d>> {
        let document = self.document;
        document.attributes[self.data().attributes.clone()]
            .iter()
            .map(|attribute| Attribute {
                prefix: document.text(&attribute.prefix),
                namespace: document.namespace(attribute.namespace),
                local_name: document.text(&attribute.local_name),
                value: document.text(&attribute.value),
            })
    }

    /// The text this element holds directly, all pieces joined: a comment or an element between them does not cut it
    /// short (CVE-2017-11427 and its kin).
    pub fn text(self) -> Cow<'d, str> {
        let mut joined = Cow::Borrowed("");
        for child in self.children() {
            if let Node::Text(text) = child {
                joined += text;
            }
        }
        joined
    }

    /// Whether there is a comment anywhere below this element.
    pub fn has_comment_inside(self) -> bool {
        self.document.nodes[self.data().nodes.clone()]
            .iter()
            .any(|node| matches!(node, NodeData::Comment(_)))
    }

    /// Where this element stands in the text that was parsed, from its start tag to behind its end tag; a byte order
    /// mark is not counted.
    pub(crate) fn source(self) -> Range<usize> {
        self.data().source.clone()
    }

    /// The namespace declarations of this element as written.
    pub(crate) fn declarations(self) -> impl Iterator<Item = Declaration<'d>> {
        let document = self.document;
        document.declarations[self.data().declarations.clone()]
            .iter()
            .map(|declaration| Declaration {
                prefix: document.text(&declaration.prefix),
                namespace: document.namespace(declaration.namespace),
            })
    }

    /// A walk through this element and all it holds, in document order, without `skipped` and what that holds.
    pub(crate) fn walk(self, skipped: Option<Self>) -> impl Iterator<Item = Step<'d>> {
        let skipped = skipped.filter(|skipped| skipped.is_within(self));
        let Range {
            start: mut next,
            end,
        } = self.data().nodes.clone();
        let mut open: Vec<Self> = Vec::new();
        std::iter::from_fn(move || {
            if let Some(skipped) = skipped.map(|skipped| &skipped.data().nodes)
                && skipped.start == next
            {
                next = skipped.end;
            }
            if let Some(done) = open.pop_if(|element| element.data().nodes.end <= next) {
                return Some(Step::Close(done));
            }
            if next >= end {
                return None;
            }
            let node = self.document.node(next);
            next += 1;
            Some(match node {
                Node::Element(element) => {
                    open.push(element);
                    Step::Open(element)
                }
                Node::Text(text) => Step::Text(text),
                Node::Comment(text) => Step::Comment(text),
            })
        })
    }

    fn data(self) -> &'d ElementData {
        &self.document.elements[self.index]
    }
}

impl PartialEq for Element<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.index == other.index
    }
}

impl Eq for Element<'_> {}

/// Shows the local name, and nothing of what the element holds.
impl std::fmt::Debug for Element<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "<{}>", crate::foreign::brief(self.local_name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        parse(text.as_bytes(), &Limits::RESPONSE).unwrap()
    }

    #[test]
    fn a_name_is_its_namespace_and_its_local_name() {
        let document = document(
            r#"<p:a xmlns:p="urn:one"><a xmlns="urn:one"/><p:a xmlns:p="urn:two"/></p:a>"#,
        );
        let found: Vec<_> = document
            .elements()
            .map(|element| element.is("urn:one", "a"))
            .collect();
        assert_eq!(found, [true, true, false]);
        assert_eq!(document.root().prefix(), "p");
    }

    #[test]
    fn an_attribute_with_a_prefix_is_not_the_one_without() {
        let document = document(r#"<a xmlns="urn:d" xmlns:x="urn:x" x:ID="evil" ID="good"/>"#);
        assert_eq!(document.root().attribute("ID"), Some("good"));
        assert_eq!(document.root().attribute("Id"), None);
        let found: Vec<_> = document.root().attributes().collect();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].prefix, found[0].namespace), ("x", "urn:x"));
        // The default namespace is not for attributes.
        assert_eq!((found[1].prefix, found[1].namespace), ("", ""));
    }

    #[test]
    fn text_is_all_of_it() {
        let document = document("<a>one<!-- no -->two<b>deep</b><![CDATA[<three>]]>&amp;</a>");
        assert_eq!(document.root().text(), "onetwo<three>&");
        assert!(document.root().has_comment_inside());
        let b = document.root().elements().next().unwrap();
        assert_eq!(b.text(), "deep");
        assert!(!b.has_comment_inside());
    }

    #[test]
    fn children_and_descendants_come_in_document_order() {
        let document = document("<a><b><c/></b>t<d/></a>");
        let root = document.root();
        let names = |elements: Vec<Element<'_>>| -> String {
            elements
                .iter()
                .map(|element| element.local_name())
                .collect()
        };
        assert_eq!(names(root.elements().collect()), "bd");
        assert_eq!(names(root.descendants().collect()), "bcd");
        assert_eq!(names(document.elements().collect()), "abcd");
        assert_eq!(root.children().nth(1), Some(Node::Text("t")));
        let c = root.descendants().nth(1).unwrap();
        assert_eq!(c.parent().and_then(Element::parent), Some(root));
        assert_eq!(root.parent(), None);
        assert!(c.is_within(root) && c.is_within(c) && !root.is_within(c));
    }

    #[test]
    fn elements_are_compared_by_identity() {
        let (one, two) = (document("<a><b/><b/></a>"), document("<a><b/><b/></a>"));
        let mut elements = one.root().elements();
        assert_ne!(elements.next(), elements.next());
        assert_eq!(one.root(), one.root());
        assert_ne!(one.root(), two.root());
    }

    #[test]
    fn a_walk_opens_and_closes_in_turn_and_steps_over_what_is_skipped() {
        let document = document("<a>1<b><c/>2</b><!--x--><d/></a>");
        let shown = |skipped| -> String {
            document
                .root()
                .walk(skipped)
                .map(|step| match step {
                    Step::Open(element) => format!("<{}>", element.local_name()),
                    Step::Close(element) => format!("</{}>", element.local_name()),
                    Step::Text(text) => text.to_owned(),
                    Step::Comment(text) => format!("[{text}]"),
                })
                .collect()
        };
        assert_eq!(shown(None), "<a>1<b><c></c>2</b>[x]<d></d></a>");
        let nth = |nth| document.root().descendants().nth(nth);
        assert_eq!(shown(nth(0)), "<a>1[x]<d></d></a>");
        assert_eq!(shown(nth(1)), "<a>1<b>2</b>[x]<d></d></a>");
        assert_eq!(shown(nth(2)), "<a>1<b><c></c>2</b>[x]</a>");
        assert_eq!(shown(Some(document.root())), "");
    }

    #[test]
    fn debug_shows_no_content() {
        let document = document("<a b='secret'>secret</a>");
        let shown = format!("{document:?} {:?}", document.root());
        assert!(!shown.contains("secret"), "{shown}");
    }
}
