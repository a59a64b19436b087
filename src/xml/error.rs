//! Why a document was refused.

use crate::foreign::brief;

/// Why a document was refused. Every variant has its code ([`XmlError::code`]).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// More bytes than [`Limits::bytes`](super::Limits::bytes).
    #[error("the document has {found} bytes; at most {limit} are read")]
    TooLarge {
        /// Bytes of the document.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Elements lie deeper than [`Limits::depth`](super::Limits::depth).
    #[error("elements lie inside each other more than {limit} deep")]
    TooDeep {
        /// Levels allowed.
        limit: usize,
    },
    /// More elements and comments than [`Limits::elements`](super::Limits::elements).
    #[error("the document has more than {limit} elements and comments")]
    TooManyElements {
        /// Elements and comments allowed.
        limit: usize,
    },
    /// More attributes on one element than [`Limits::attributes`](super::Limits::attributes).
    #[error("an element has more than {limit} attributes")]
    TooManyAttributes {
        /// Attributes allowed.
        limit: usize,
    },
    /// More namespace declarations on one element than [`Limits::namespaces`](super::Limits::namespaces).
    #[error("an element has more than {limit} namespace declarations")]
    TooManyNamespaces {
        /// Declarations allowed.
        limit: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the bytes are not UTF-8 text (first wrong byte: {at})")]
    NotUtf8 {
        /// Index of the first byte that is not.
        at: usize,
    },
    /// The XML declaration names another encoding than UTF-8.
    #[error("the document says that it is encoded in \"{}\"; only UTF-8 is read", brief(.found))]
    Encoding {
        /// The encoding named.
        found: String,
    },
    /// The XML declaration names another version than 1.0. Version 1.1 would allow control characters.
    #[error("the document says that it is XML \"{}\"; only 1.0 is read", brief(.found))]
    Version {
        /// The version named.
        found: String,
    },
    /// A document type declaration. What it says is not looked at.
    #[error("the document has a DOCTYPE, which can change what everything after it means")]
    Doctype,
    /// A processing instruction. Readers differ on what they do with one.
    #[error("the document has a processing instruction, {}", short(&format!("<?{}", .target)))]
    ProcessingInstruction {
        /// Its target, as `xml-stylesheet`.
        target: String,
    },
    /// A namespace name that is a relative reference.
    #[error("\"{}\" is declared as a namespace, but is not an absolute URI", brief(.found))]
    RelativeNamespace {
        /// The namespace name.
        found: String,
    },
    /// The document is not well-formed, by XML 1.0 or by Namespaces in XML 1.0.
    #[error("the document is not well-formed at byte {at}: {defect}")]
    NotWellFormed {
        /// Index of the byte at or shortly before which it is wrong; a byte order mark is not counted.
        at: usize,
        /// What is wrong there.
        defect: Defect,
    },
}

/// What is wrong in a document that is not well-formed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// A character that XML does not allow, literally or by a reference.
    #[error("the character U+{:04X} is not allowed in XML", u32::from(*.0))]
    Character(char),
    /// `&…;` that is neither one of the five entities nor a character.
    #[error("{} is not a reference that XML itself knows", short(&format!("&{};", .0)))]
    Reference(String),
    /// `&` without its `;`.
    #[error("an \"&\" without its \";\"")]
    UnclosedReference,
    /// The end of a CDATA section where none was open.
    #[error("\"]]>\" in text")]
    CDataEnd,
    /// `--` inside a comment.
    #[error("\"--\" inside a comment")]
    CommentHyphens,
    /// Something that is not a name.
    #[error("{} is not a name", short(.0))]
    Name(String),
    /// An attribute that is not ` name="value"`.
    #[error("an attribute is not written as name=\"value\"")]
    Attribute,
    /// `<` in an attribute's value.
    #[error("\"<\" in the value of an attribute")]
    LessThan,
    /// The same attribute twice, by its written name or by its namespace and local name.
    #[error("the attribute {} is there twice", short(.0))]
    DuplicateAttribute(String),
    /// A prefix that nothing declares.
    #[error("the prefix {} is not declared", short(.0))]
    UnboundPrefix(String),
    /// A declaration that Namespaces in XML 1.0 section 3 does not allow.
    #[error("the prefix {} may not be declared so", short(.0))]
    Declaration(String),
    /// A namespace name with characters that no URI has.
    #[error("\"{}\" is declared as a namespace, but has characters that no URI has", brief(.0))]
    Namespace(String),
    /// An end tag that is not that of the element that is open.
    #[error("an end tag {} where another one was due", short(.0))]
    EndTag(String),
    /// The document ends too early, or markup does not end.
    #[error("the document ends before all that was begun has ended")]
    Truncated,
    /// Markup of no known kind.
    #[error("\"<\" begins nothing that XML knows")]
    Markup,
    /// An XML declaration that is malformed or not at the very start.
    #[error("the XML declaration is malformed or not at the start of the document")]
    XmlDeclaration,
    /// Text before or after the root element.
    #[error("text outside the root element")]
    TextOutsideRoot,
    /// A second root element.
    #[error("a second root element")]
    SecondRoot,
    /// No element at all.
    #[error("there is no element")]
    NoRoot,
}

/// A name in quotes. Where markup is damaged, what should be a name runs on into what stands behind it, a signature for
/// one; that is nobody's to see, and no honest name is so long.
fn short(name: &str) -> String {
    const LONGEST: usize = 40;
    match name.chars().count() {
        0..=LONGEST => format!("\"{}\"", brief(name)),
        long => format!("a text of {long} characters"),
    }
}

impl XmlError {
    /// The code of the rule that was broken.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooDeep { .. } => "XML-DEPTH",
            Self::TooLarge { .. }
            | Self::TooManyElements { .. }
            | Self::TooManyAttributes { .. }
            | Self::TooManyNamespaces { .. } => "XML-LIMIT",
            Self::NotUtf8 { .. } | Self::Encoding { .. } => "XML-ENCODING",
            Self::Version { .. } => "XML-VERSION",
            Self::Doctype => "XML-DOCTYPE",
            Self::ProcessingInstruction { .. } => "XML-PI",
            Self::RelativeNamespace { .. } => "NS-RELATIVE",
            Self::NotWellFormed { .. } => "XML-WF",
        }
    }
}
