//! The one shape of a signature, and what stands in its places.
//!
//! Everything here reads and refuses; nothing is computed with what it finds.

use super::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use super::error::SignatureError;
use super::verify::Policy;
use super::{ENVELOPED_SIGNATURE, EXCLUSIVE, NAMESPACE};
use crate::encoding::{decode_base64, is_xml_space};
use crate::xml::{Element, Node};

const EXCLUSIVE_WITH_COMMENTS: &str = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";

/// The parts of a signature, each where it must be.
pub(super) struct Parts<'d> {
    pub(super) signed_info: Element<'d>,
    pub(super) canonicalization: Element<'d>,
    pub(super) signature_method: Element<'d>,
    references: Vec<Element<'d>>,
    pub(super) value: Element<'d>,
}

impl<'d> Parts<'d> {
    pub(super) fn read(signature: Element<'d>) -> Result<Self, SignatureError> {
        if signature.has_comment_inside() {
            return Err(SignatureError::Comment);
        }
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
        match named(signed_info, "SignedInfo")?.as_slice() {
            [
                ("CanonicalizationMethod", c),
                ("SignatureMethod", s),
                references @ ..,
            ] if references.iter().all(|(name, _)| *name == "Reference") => Ok(Self {
                signed_info,
                canonicalization: *c,
                signature_method: *s,
                references: references.iter().map(|(_, reference)| *reference).collect(),
                value,
            }),
            _ => {
                let expected = "CanonicalizationMethod, SignatureMethod and Reference";
                Err(children(signed_info, "SignedInfo", expected))
            }
        }
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
    pub(super) digest_method: Element<'d>,
    digests: Vec<Element<'d>>,
}

impl<'d> Reference<'d> {
    fn read(reference: Element<'d>) -> Result<Self, SignatureError> {
        let parts = named(reference, "Reference")?;
        let (transforms, rest) = match parts.as_slice() {
            [("Transforms", transforms), rest @ ..] => (Some(*transforms), rest),
            rest => (None, rest),
        };
        match rest {
            [("DigestMethod", digest_method), digests @ ..]
                if digests.iter().all(|(name, _)| *name == "DigestValue") =>
            {
                Ok(Self {
                    uri: reference.attribute("URI"),
                    transforms,
                    digest_method: *digest_method,
                    digests: digests.iter().map(|(_, digest)| *digest).collect(),
                })
            }
            _ => {
                let expected = "Transforms, DigestMethod and DigestValue";
                Err(children(reference, "Reference", expected))
            }
        }
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
pub(super) struct Exclusive<'d> {
    pub(super) with_comments: bool,
    pub(super) inclusive_prefixes: Vec<&'d str>,
}

impl<'d> Exclusive<'d> {
    /// Of a `CanonicalizationMethod` or a `Transform`; otherwise what is there instead.
    pub(super) fn read(method: Element<'d>) -> Result<Self, String> {
        let with_comments = match method.attribute("Algorithm") {
            Some(EXCLUSIVE) => false,
            Some(EXCLUSIVE_WITH_COMMENTS) => true,
            other => return Err(other.unwrap_or("").to_owned()),
        };
        let mut parameters = method.elements();
        let inclusive_prefixes = match (parameters.next(), parameters.next()) {
            (None, _) if has_no_text(method) => Vec::new(),
            (Some(list), None)
                if list.is(EXCLUSIVE, "InclusiveNamespaces")
                    && has_no_text(method)
                    && list.children().next().is_none() =>
            {
                let prefixes = list.attribute("PrefixList").unwrap_or("");
                prefixes
                    .split(|character: char| u8::try_from(character).is_ok_and(is_xml_space))
                    .filter(|prefix| !prefix.is_empty())
                    .map(|prefix| if prefix == "#default" { "" } else { prefix })
                    .collect()
            }
            _ => return Err("exclusive canonicalization with unknown parameters".to_owned()),
        };
        Ok(Self {
            with_comments,
            inclusive_prefixes,
        })
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
            if enveloped.elements().next().is_some() || !has_no_text(*enveloped) {
                return Err(refused("enveloped-signature with parameters".to_owned()));
            }
            Exclusive::read(*canonicalization).map_err(|_| refused(uris()))
        }
        _ => Err(refused(uris())),
    }
}

pub(super) fn signature_algorithm(
    method: Element<'_>,
    policy: Policy,
) -> Result<SignatureAlgorithm, SignatureError> {
    let refused = |found: String| SignatureError::Algorithm { found };
    let uri = algorithm_without_parameters(method).map_err(refused)?;
    let algorithm = SignatureAlgorithm::from_uri(uri).ok_or_else(|| refused(uri.to_owned()))?;
    if algorithm.is_legacy() && !policy.allow_legacy_algorithms {
        let found = algorithm.name();
        return Err(SignatureError::LegacyAlgorithm { found });
    }
    Ok(algorithm)
}

pub(super) fn digest_algorithm(
    method: Element<'_>,
    policy: Policy,
) -> Result<DigestAlgorithm, SignatureError> {
    let refused = |found: String| SignatureError::DigestAlgorithm { found };
    let uri = algorithm_without_parameters(method).map_err(refused)?;
    let algorithm = DigestAlgorithm::from_uri(uri).ok_or_else(|| refused(uri.to_owned()))?;
    if algorithm.is_legacy() && !policy.allow_legacy_algorithms {
        let found = algorithm.name();
        return Err(SignatureError::LegacyDigestAlgorithm { found });
    }
    Ok(algorithm)
}

/// The `Algorithm` of a method that may hold nothing, such as the length that an HMAC is cut to.
fn algorithm_without_parameters(method: Element<'_>) -> Result<&str, String> {
    let uri = method.attribute("Algorithm").unwrap_or("");
    if method.elements().next().is_some() || !has_no_text(method) {
        return Err(format!("{uri} with parameters"));
    }
    Ok(uri)
}

/// The elements in `element`, each with its name when it is one of XML signatures, or with an empty one. Anything but
/// elements and white space is refused.
fn named<'d>(
    element: Element<'d>,
    place: &'static str,
) -> Result<Vec<(&'d str, Element<'d>)>, SignatureError> {
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
