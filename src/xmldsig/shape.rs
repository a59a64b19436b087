//! The one shape of a signature, and what stands in its places.
//!
//! Everything here reads and refuses; nothing is computed with what it finds.

use super::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use super::error::SignatureError;
use super::{ENVELOPED_SIGNATURE, EXCLUSIVE, NAMESPACE};
use crate::encoding::{decode_base64, is_xml_space};
use crate::xml::{Element, Node};

const EXCLUSIVE_WITH_COMMENTS: &str = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";

/// The parts of a signature, each where it must be.
pub(super) struct Parts<'d> {
    pub(super) signed_info: Element<'d>,
    /// `None` where there is none, which is for the rule on it to refuse; so with the other methods.
    pub(super) canonicalization: Option<Element<'d>>,
    pub(super) signature_method: Option<Element<'d>>,
    references: Vec<Element<'d>>,
    pub(super) value: Element<'d>,
}

impl<'d> Parts<'d> {
    pub(super) fn read(signature: Element<'d>) -> Result<Self, SignatureError> {
        // `KeyInfo` may be there, and stays unread. `Object` may not (Core 5.4.2, errata E91).
        let (signed_info, value) = match named(signature, "Signature")?.as_slice() {
            [("SignedInfo", info), ("SignatureValue", value)]
            | [
                ("SignedInfo", info),
                ("SignatureValue", value),
                ("KeyInfo", _),
            ] => (*info, *value),
            _ => {
                let expected = "SignedInfo, SignatureValue and at most one KeyInfo";
                return Err(children(signature, "Signature", expected));
            }
        };
        let parts = named(signed_info, "SignedInfo")?;
        let (canonicalization, rest) = split_first(&parts, "CanonicalizationMethod");
        let (signature_method, references) = split_first(rest, "SignatureMethod");
        if references.iter().any(|(name, _)| *name != "Reference") {
            let expected = "CanonicalizationMethod, SignatureMethod and Reference";
            return Err(children(signed_info, "SignedInfo", expected));
        }
        Ok(Self {
            signed_info,
            canonicalization,
            signature_method,
            references: references.iter().map(|(_, reference)| *reference).collect(),
            value,
        })
    }

    /// The one reference. A second one could be to what a reader takes for the user.
    pub(super) fn reference(&self) -> Result<Reference<'d>, SignatureError> {
        match self.references.as_slice() {
            [reference] => Reference::read(*reference),
            references => Err(SignatureError::ReferenceCount {
                found: references.len(),
            }),
        }
    }
}

/// The parts of a reference.
pub(super) struct Reference<'d> {
    pub(super) uri: Option<&'d str>,
    pub(super) transforms: Option<Element<'d>>,
    pub(super) digest_method: Option<Element<'d>>,
    digests: Vec<Element<'d>>,
}

impl<'d> Reference<'d> {
    fn read(reference: Element<'d>) -> Result<Self, SignatureError> {
        let parts = named(reference, "Reference")?;
        let (transforms, rest) = split_first(&parts, "Transforms");
        let (digest_method, digests) = split_first(rest, "DigestMethod");
        if digests.iter().any(|(name, _)| *name != "DigestValue") {
            let expected = "Transforms, DigestMethod and DigestValue";
            return Err(children(reference, "Reference", expected));
        }
        Ok(Self {
            uri: reference.attribute("URI"),
            transforms,
            digest_method,
            digests: digests.iter().map(|(_, digest)| *digest).collect(),
        })
    }

    pub(super) fn digest(&self) -> Result<Vec<u8>, SignatureError> {
        match self.digests.as_slice() {
            [digest] => base64_of(*digest),
            _ => None,
        }
        .ok_or(SignatureError::UnreadableDigest)
    }
}

/// Exclusive canonicalization with its parameters: the one kind that is allowed (SAML Core 5.4.3).
///
/// Whether with comments or without makes no difference: a reference by ID leaves them out (XML Signature 1.1 section
/// 4.4.3.3), and there are none inside a signature.
pub(super) struct Exclusive<'d> {
    pub(super) inclusive_prefixes: Vec<&'d str>,
}

impl<'d> Exclusive<'d> {
    /// Of what the signature itself covers.
    pub(super) fn of_signed_info(method: Option<Element<'d>>) -> Result<Self, SignatureError> {
        method
            .ok_or_else(|| "none".to_owned())
            .and_then(Self::read)
            .map_err(|found| SignatureError::Canonicalization { found })
    }

    /// Of a `CanonicalizationMethod` or a `Transform`; otherwise what is there instead.
    fn read(method: Element<'d>) -> Result<Self, String> {
        let uri = method.attribute("Algorithm").unwrap_or("");
        if ![EXCLUSIVE, EXCLUSIVE_WITH_COMMENTS].contains(&uri) {
            return Err(uri.to_owned());
        }
        let inclusive_prefixes = read_prefixes(method, EXCLUSIVE)
            .ok_or("exclusive canonicalization with unknown parameters")?;
        Ok(Self { inclusive_prefixes })
    }
}

/// The prefixes of an `InclusiveNamespaces`, which is all that the method may hold.
fn read_prefixes<'d>(method: Element<'d>, namespace: &str) -> Option<Vec<&'d str>> {
    let mut parameters = method.elements();
    match (parameters.next(), parameters.next()) {
        _ if !has_no_text(method) => None,
        (None, _) => Some(Vec::new()),
        (Some(list), None)
            if list.is(namespace, "InclusiveNamespaces") && list.children().next().is_none() =>
        {
            let prefixes = list.attribute("PrefixList").unwrap_or("");
            let prefixes = prefixes
                .split(|character: char| u8::try_from(character).is_ok_and(is_xml_space))
                .filter(|prefix| !prefix.is_empty())
                .map(|prefix| if prefix == "#default" { "" } else { prefix });
            Some(prefixes.collect())
        }
        _ => None,
    }
}

/// SAML Core 5.4.4: the signature removes itself, and the rest is canonicalized. In this order, and nothing else: any
/// other transform could choose what of the element is signed.
pub(super) fn read_transforms(
    transforms: Option<Element<'_>>,
) -> Result<Exclusive<'_>, SignatureError> {
    let refused = |found: String| SignatureError::Transforms { found };
    let transforms = transforms.ok_or_else(|| refused("none".to_owned()))?;
    let list = named(transforms, "Transforms")?;
    let uris = || -> String {
        // Named so that a hostile list of thousands is not.
        let uris = list
            .iter()
            .take(5)
            .map(|(_, transform)| transform.attribute("Algorithm"));
        uris.map(|uri| uri.unwrap_or("none"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match list.as_slice() {
        [("Transform", enveloped), ("Transform", canonicalization)]
            if enveloped.attribute("Algorithm") == Some(ENVELOPED_SIGNATURE) =>
        {
            // xml-crypto writes the list here as well, in a namespace of its own, where it means nothing.
            if read_prefixes(*enveloped, ENVELOPED_SIGNATURE).is_none() {
                return Err(refused("enveloped-signature with parameters".to_owned()));
            }
            Exclusive::read(*canonicalization).map_err(|_| refused(uris()))
        }
        _ => Err(refused(uris())),
    }
}

pub(super) fn signature_algorithm(
    method: Option<Element<'_>>,
) -> Result<SignatureAlgorithm, SignatureError> {
    let refused = |found: String| SignatureError::Algorithm { found };
    let uri = algorithm_without_parameters(method).map_err(refused)?;
    SignatureAlgorithm::from_uri(uri).ok_or_else(|| refused(uri.to_owned()))
}

pub(super) fn digest_algorithm(
    method: Option<Element<'_>>,
) -> Result<DigestAlgorithm, SignatureError> {
    let refused = |found: String| SignatureError::DigestAlgorithm { found };
    let uri = algorithm_without_parameters(method).map_err(refused)?;
    DigestAlgorithm::from_uri(uri).ok_or_else(|| refused(uri.to_owned()))
}

/// The `Algorithm` of a method that may hold nothing, such as the length that an HMAC is cut to.
fn algorithm_without_parameters(method: Option<Element<'_>>) -> Result<&str, String> {
    let method = method.ok_or_else(|| "none".to_owned())?;
    let uri = method.attribute("Algorithm").unwrap_or("");
    if method.elements().next().is_some() || !has_no_text(method) {
        return Err(format!("{uri} with parameters"));
    }
    Ok(uri)
}

/// The elements of an element, each with its name.
type Named<'d> = (&'d str, Element<'d>);

/// The first of them where it has this name, and those behind it.
fn split_first<'p, 'd>(
    parts: &'p [Named<'d>],
    wanted: &str,
) -> (Option<Element<'d>>, &'p [Named<'d>]) {
    match parts {
        [(name, first), rest @ ..] if *name == wanted => (Some(*first), rest),
        _ => (None, parts),
    }
}

/// The elements in `element`, each with its name when it is one of XML signatures, or with an empty one. Anything but
/// elements and white space is refused.
fn named<'d>(element: Element<'d>, place: &'static str) -> Result<Vec<Named<'d>>, SignatureError> {
    if !has_no_text(element) {
        return Err(children(element, place, "elements"));
    }
    Ok(element
        .elements()
        .map(|child| {
            let name = if child.namespace() == NAMESPACE {
                child.local_name()
            } else {
                ""
            };
            (name, child)
        })
        .collect())
}

fn children(element: Element<'_>, place: &'static str, expected: &'static str) -> SignatureError {
    let names: Vec<_> = element
        .children()
        .filter_map(|child| match child {
            Node::Element(child) => Some(child.local_name()),
            Node::Text(text) if is_blank(text) => None,
            Node::Text(_) => Some("text"),
            Node::Comment(_) => Some("a comment"),
        })
        // A hostile list may have thousands.
        .take(8)
        .collect();
    let found = if names.is_empty() {
        "nothing".to_owned()
    } else {
        names.join(", ")
    };
    SignatureError::Children {
        place,
        found,
        expected,
    }
}

/// Base64 with white space anywhere, as signers fold it, and nothing but text.
pub(super) fn base64_of(element: Element<'_>) -> Option<Vec<u8>> {
    if element.elements().next().is_some() {
        return None;
    }
    decode_base64(&element.text())
}

fn has_no_text(element: Element<'_>) -> bool {
    is_blank(&element.text())
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(is_xml_space)
}
