//! Which element is which: the rules that keep a document from meaning two things at once.
//!
//! They come before any signature is looked at. Every attack that wraps a signed assertion into another document (XSW)
//! needs a second assertion, a second identifier or a signature in an odd place, and is refused here.

use super::error::quoted;
use super::names::{ASSERTION, PROTOCOL, SIGNATURE, children};
use super::report::Finding;
use super::response::Status;
use super::status;
use crate::encoding::is_xml_space;
use crate::foreign;
use crate::xml::{Document, Element, Node};
use crate::xmldsig::{IdError, check_plain_ids, check_unique_ids};

/// The response's name in findings.
pub(super) const RESPONSE: &str = "Response";

/// A document, and where in it the elements stand that matter.
pub(super) struct Structure<'d> {
    pub(super) document: &'d Document,
    pub(super) response: Element<'d>,
    /// The assertions right below the response.
    pub(super) assertions: Vec<Element<'d>>,
    /// The encrypted ones there.
    pub(super) encrypted: usize,
}

impl<'d> Structure<'d> {
    pub(super) fn of(document: &'d Document) -> Self {
        let response = document.root();
        Self {
            document,
            response,
            assertions: children(response, ASSERTION, "Assertion").collect(),
            encrypted: children(response, ASSERTION, "EncryptedAssertion").count(),
        }
    }

    /// The elements that may be signed, with their names: the response, and the assertions right below it.
    pub(super) fn signable(&self) -> impl Iterator<Item = (&'static str, Element<'d>)> {
        let assertions = self
            .assertions
            .iter()
            .map(|assertion| ("Assertion", *assertion));
        std::iter::once((RESPONSE, self.response)).chain(assertions)
    }

    /// Whether the response itself bears a signature.
    pub(super) fn is_signed(&self) -> bool {
        signatures(self.response).next().is_some()
    }

    /// Whether a signature stands where its place says what it signs: right below the response or its assertion.
    fn is_in_place(&self, signature: Element<'d>) -> bool {
        signature.parent().is_some_and(|parent| {
            let of_response = || parent.parent() == Some(self.response);
            parent == self.response || parent.is(ASSERTION, "Assertion") && of_response()
        })
    }

    /// An assertion that can be read is not there, and one that cannot is.
    pub(super) fn only_encrypted(&self) -> bool {
        self.assertions.is_empty() && self.encrypted > 0
    }

    /// Whether the response tells of a failure. Such a response carries no assertion (Core 3.2.2.2, Profiles 4.1.4.2),
    /// so that nobody's name is in it, signed or not.
    fn tells_a_failure(&self) -> bool {
        let codes: Vec<_> = Status::read_all(self.response)
            .into_iter()
            .flat_map(|status| status.codes)
            .collect();
        !codes.is_empty()
            && codes
                .iter()
                .all(|code| code.value.as_deref() != Some(status::SUCCESS))
    }

    fn bears_nothing(&self) -> bool {
        self.assertions.is_empty() && self.encrypted == 0
    }
}

/// The signatures right below an element.
pub(super) fn signatures<'d>(element: Element<'d>) -> impl Iterator<Item = Element<'d>> {
    children(element, SIGNATURE, "Signature")
}

/// An element by the namespace it is in and its name, safe to show.
fn named(element: Element<'_>) -> String {
    let prefix = match element.namespace() {
        ASSERTION => "saml:",
        PROTOCOL => "samlp:",
        SIGNATURE => "ds:",
        "" => "",
        other => return foreign::brief(&format!("{{{other}}}{}", element.local_name())),
    };
    foreign::brief(&format!("{prefix}{}", element.local_name()))
}

pub(super) fn root(structure: &Structure<'_>) -> Finding {
    if structure.response.is(PROTOCOL, "Response") {
        Finding::pass("samlp:Response")
    } else {
        Finding::fail(named(structure.response), "samlp:Response")
    }
}

pub(super) fn version(structure: &Structure<'_>) -> Finding {
    for (name, element) in structure.signable() {
        let version = element.attribute("Version");
        if version != Some("2.0") {
            let found = format!("{} at the {name}", quoted(version));
            return Finding::fail(found, "\"2.0\"");
        }
    }
    Finding::pass("2.0")
}

pub(super) fn id_pollution(structure: &Structure<'_>) -> Finding {
    unless(check_plain_ids(structure.document))
}

pub(super) fn id_missing(structure: &Structure<'_>) -> Finding {
    for (name, element) in structure.signable() {
        if element.attribute("ID").is_none_or(str::is_empty) {
            let found = format!("{} at the {name}", quoted(element.attribute("ID")));
            return Finding::fail(found, "an ID");
        }
    }
    Finding::pass("")
}

pub(super) fn id_duplicate(structure: &Structure<'_>) -> Finding {
    unless(check_unique_ids(structure.document))
}

fn unless(broken: Result<(), IdError>) -> Finding {
    match broken {
        Err(error) => Finding::fail(error.to_string(), ""),
        Ok(()) => Finding::pass(""),
    }
}

/// A reader that takes the first piece of a text for the whole sees another user than the one who was signed
/// (CVE-2017-11427 and its kin); the canonical form that is signed has no comments. Comments between elements are
/// harmless, comments inside a signature are that signature's own matter.
pub(super) fn comment_in_text(structure: &Structure<'_>) -> Finding {
    let cuts_text = |element: &Element<'_>| {
        element
            .children()
            .any(|node| matches!(node, Node::Comment(_)))
            && !element.text().bytes().all(is_xml_space)
    };
    let in_signature = |element: &Element<'_>| {
        std::iter::successors(Some(*element), |element| element.parent())
            .any(|ancestor| ancestor.is(SIGNATURE, "Signature") && structure.is_in_place(ancestor))
    };
    let cut = structure
        .document
        .elements()
        .find(|element| cuts_text(element) && !in_signature(element));
    match cut {
        Some(element) => Finding::fail(format!("a comment in {}", named(element)), ""),
        None => Finding::pass(""),
    }
}

pub(super) fn assertion_nested(structure: &Structure<'_>) -> Finding {
    let response = structure.response;
    let nested = response.descendants().find(|element| {
        let is_assertion =
            element.is(ASSERTION, "Assertion") || element.is(ASSERTION, "EncryptedAssertion");
        element.is(PROTOCOL, "Response") || is_assertion && element.parent() != Some(response)
    });
    match nested {
        Some(element) => {
            let parent = element.parent().map(named).unwrap_or_default();
            Finding::fail(format!("{} inside {parent}", named(element)), "")
        }
        None => Finding::pass(""),
    }
}

pub(super) fn assertion_count(structure: &Structure<'_>) -> Finding {
    let (plain, encrypted) = (structure.assertions.len(), structure.encrypted);
    if structure.bears_nothing() && structure.tells_a_failure() {
        return Finding::skip("none, since the response tells of a failure");
    }
    let found = match (plain, encrypted) {
        (0, 0) => "none".to_owned(),
        (1, 0) => "one".to_owned(),
        (0, 1) => "one, encrypted".to_owned(),
        _ => format!("{plain} and {encrypted} encrypted"),
    };
    if plain + encrypted == 1 {
        Finding::pass(found)
    } else {
        Finding::fail(found, "exactly one")
    }
}

pub(super) fn signature_position(structure: &Structure<'_>) -> Finding {
    let stray = structure
        .document
        .elements()
        .filter(|element| element.is(SIGNATURE, "Signature"))
        .find(|signature| !structure.is_in_place(*signature));
    match stray.map(Element::parent) {
        Some(parent) => {
            let parent = parent.map_or("nothing".to_owned(), named);
            Finding::fail(format!("a signature inside {parent}"), "")
        }
        None => Finding::pass(""),
    }
}

pub(super) fn signature_multiple(structure: &Structure<'_>) -> Finding {
    for (name, element) in structure.signable() {
        let count = signatures(element).count();
        if count > 1 {
            return Finding::fail(format!("{count} at the {name}"), "one");
        }
    }
    Finding::pass("")
}

pub(super) fn signature_none(structure: &Structure<'_>) -> Finding {
    let signed: Vec<_> = structure
        .signable()
        .filter(|(_, element)| signatures(*element).next().is_some())
        .map(|(name, _)| name)
        .collect();
    if !signed.is_empty() {
        return Finding::pass(format!("signed: {}", signed.join(", ")));
    }
    if structure.bears_nothing() && structure.tells_a_failure() {
        return Finding::skip("not signed; only an assertion must be, and a failure has none");
    }
    if structure.only_encrypted() {
        return Finding::warn(
            "not signed outside the encrypted assertion; only the platform can tell",
            "",
        );
    }
    Finding::fail("no signature", "a signature of the identity provider")
}

/// The schema wants the signature right after the issuer. Some identity providers write it elsewhere, and no meaning
/// hangs on it.
pub(super) fn signature_order(structure: &Structure<'_>) -> Finding {
    for (name, element) in structure.signable() {
        let children: Vec<_> = element.elements().collect();
        let is_issuer = |child: &Element<'_>| child.is(ASSERTION, "Issuer");
        let due = children
            .iter()
            .position(is_issuer)
            .map_or(0, |issuer| issuer + 1);
        let signature = signatures(element).next();
        if signature.is_some() && children.get(due).copied() != signature {
            let found = format!("elsewhere in the {name}");
            return Finding::warn(found, "the signature right after the issuer");
        }
    }
    Finding::pass("")
}
