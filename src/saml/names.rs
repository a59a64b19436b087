//! The names of the standards, and the few ways in which elements are read by them.

use crate::time::{Timestamp, parse_date_time};
use crate::xml::Element;
use std::borrow::Cow;

/// `saml:`, SAML assertions (Core 1.2).
pub(super) const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// `samlp:`, SAML protocols (Core 1.2).
pub(super) const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// `md:`, SAML metadata (Metadata 1.1).
pub(super) const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// `ds:`, XML signatures.
pub(super) use crate::xmldsig::NAMESPACE as SIGNATURE;

/// The children of one name.
pub(super) fn children<'d>(
    parent: Element<'d>,
    namespace: &'static str,
    local_name: &'static str,
) -> impl Iterator<Item = Element<'d>> {
    parent
        .elements()
        .filter(move |child| child.is(namespace, local_name))
}

/// An un-namespaced attribute's value.
pub(super) fn attribute(element: Element<'_>, name: &str) -> Option<String> {
    element.attribute(name).map(str::to_owned)
}

/// The text of an element that holds nothing else, as a name and an audience do. Where there are elements in it, one
/// reader leaves them out, one takes their text in, and one stops before them: then it has none.
pub(super) fn plain_text(element: Element<'_>) -> Cow<'_, str> {
    if element.elements().next().is_some() {
        Cow::Borrowed("")
    } else {
        element.text()
    }
}

/// A time as written, and the instant it names if it names one (Core 1.3.3).
#[derive(Clone, Debug)]
pub(super) struct DateTime {
    pub(super) text: String,
    pub(super) instant: Option<Timestamp>,
}

impl DateTime {
    /// The time in an attribute, where there is one.
    pub(super) fn read(element: Element<'_>, name: &str) -> Option<Self> {
        let text = attribute(element, name)?;
        let instant = parse_date_time(&text);
        Some(Self { text, instant })
    }
}
