//! Verifying one enveloped signature.

use super::algorithm::{Algorithms, DigestAlgorithm, SignatureAlgorithm};
use super::c14n::{self, canonicalize};
use super::error::SignatureError;
use super::key::{Match, TrustedKey};
use super::{ENVELOPED_SIGNATURE, EXCLUSIVE, NAMESPACE, ids};
use crate::encoding::{decode_base64, is_xml_space};
use crate::xml::{Element, Node};

const EXCLUSIVE_WITH_COMMENTS: &str = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";

/// What a signature may be made with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Whether SHA-1 and RSA keys from 1024 bits are taken.
    pub allow_legacy_algorithms: bool,
}

/// The proof that an element, without its own signature in it, is what the holder of a trusted key signed. Only
/// [`verify`] makes one.
#[derive(Clone, PartialEq, Eq)]
pub struct Verified<'d> {
    element: Element<'d>,
    bytes: Vec<u8>,
    key: TrustedKey,
    algorithms: Algorithms,
}

impl<'d> Verified<'d> {
    /// The signed element. The signature inside it is not part of what was signed.
    pub fn element(&self) -> Element<'d> {
        self.element
    }

    /// The canonical bytes that were signed, as UTF-8: the signed element without the signature.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The key that the signature was made with.
    pub fn key(&self) -> &TrustedKey {
        &self.key
    }

    /// The algorithms of the signature.
    pub fn algorithms(&self) -> Algorithms {
        self.algorithms
    }

    /// Whether the signature holds only because the policy allows legacy algorithms.
    pub fn legacy(&self) -> bool {
        self.algorithms.signature.is_legacy()
            || self.algorithms.digest.is_legacy()
            || self.key.is_legacy()
    }
}

/// Shows what the proof rests on, and nothing of what was signed.
impl std::fmt::Debug for Verified<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "Verified({:?}, {} bytes, {}, {:?})",
            self.element,
            self.bytes.len(),
            self.algorithms,
            self.key
        )
    }
}

/// Verifies the signature that stands in `parent` and must sign `parent`, with one of `keys`.
///
/// Everything about the shape of the signature is checked before anything is computed, so that no transform of a
/// stranger's ever runs.
///
/// # Errors
/// The first rule that the signature breaks.
pub fn verify<'d>(
    signature: Element<'d>,
    parent: Element<'d>,
    keys: &[TrustedKey],
    policy: Policy,
) -> Result<Verified<'d>, SignatureError> {
    check_position(signature, parent)?;
    let parts = Parts::read(signature, policy)?;
    check_reference(parts.reference_uri, parent)?;
    if parts.transform.with_comments && parent.has_comment_inside() {
        return Err(SignatureError::CommentsCovered);
    }

    // XML Signature 1.1 section 3.2: first whether the element is the one that the signature speaks of, then whose
    // signature it is. Neither is worth anything without the other.
    let bytes = parts.transform.apply(parent, Some(signature))?;
    let digest = parts.algorithms.digest;
    if parts.digest == digest.digest(&[]) {
        return Err(SignatureError::EmptyDigest);
    }
    if parts.digest != digest.digest(&bytes) {
        return Err(SignatureError::Changed);
    }
    let signed_info = parts.canonicalization.apply(parts.signed_info, None)?;
    let algorithm = parts.algorithms.signature;
    let key = find_key(keys, policy, algorithm, &signed_info, &parts.value)?;
    Ok(Verified {
        element: parent,
        bytes,
        key: key.clone(),
        algorithms: parts.algorithms,
    })
}

/// SAML Core 5.4.1: enveloped, and one per element.
fn check_position(signature: Element<'_>, parent: Element<'_>) -> Result<(), SignatureError> {
    if !is(signature, "Signature") || signature.parent() != Some(parent) {
        return Err(SignatureError::Position);
    }
    match parent
        .elements()
        .filter(|element| is(*element, "Signature"))
        .count()
    {
        1 => Ok(()),
        found => Err(SignatureError::Several { found }),
    }
}

/// SAML Core 5.4.2: the reference is `#` and the ID of the element that the signature stands in, and no other element
/// could be meant by it.
fn check_reference(found: Option<&str>, parent: Element<'_>) -> Result<(), SignatureError> {
    let id = parent.attribute("ID").filter(|id| !id.is_empty());
    let referred = found.and_then(|uri| uri.strip_prefix('#'));
    match (id, referred) {
        (Some(id), Some(referred)) if id == referred => match ids::count(parent.document(), id) {
            1 => Ok(()),
            found => Err(SignatureError::IdNotUnique {
                id: id.to_owned(),
                found,
            }),
        },
        _ => Err(SignatureError::ReferenceUri {
            found: found.map(str::to_owned),
            expected: id.map(|id| format!("#{id}")),
        }),
    }
}

/// The key among `keys` that made the signature.
fn find_key<'k>(
    keys: &'k [TrustedKey],
    policy: Policy,
    algorithm: SignatureAlgorithm,
    message: &[u8],
    value: &[u8],
) -> Result<&'k TrustedKey, SignatureError> {
    let mut unsuitable = Vec::new();
    for key in keys {
        match key.check(algorithm, policy.allow_legacy_algorithms, message, value) {
            Match::Yes => return Ok(key),
            Match::No => {}
            Match::Unsuitable => unsuitable.push(key.description()),
        }
    }
    if unsuitable.is_empty() {
        let names: Vec<_> = keys.iter().map(TrustedKey::name).collect();
        Err(SignatureError::Value {
            keys: if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            },
        })
    } else {
        Err(SignatureError::UnsuitableKey {
            found: unsuitable.join(", "),
        })
    }
}

/// What a signature of the one allowed shape says.
struct Parts<'d> {
    signed_info: Element<'d>,
    canonicalization: Exclusive<'d>,
    algorithms: Algorithms,
    reference_uri: Option<&'d str>,
    transform: Exclusive<'d>,
    digest: Vec<u8>,
    value: Vec<u8>,
}

impl<'d> Parts<'d> {
    fn read(signature: Element<'d>, policy: Policy) -> Result<Self, SignatureError> {
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
                return Err(children(
                    signature,
                    "Signature",
                    "SignedInfo, SignatureValue and at most one KeyInfo",
                ));
            }
        };
        let info = named(signed_info, "SignedInfo")?;
        let references = info.iter().filter(|(name, _)| *name == "Reference").count();
        let (canonicalization, method, reference) = match info.as_slice() {
            [
                ("CanonicalizationMethod", c),
                ("SignatureMethod", s),
                ("Reference", r),
            ] => (*c, *s, *r),
            _ if references != 1 => {
                return Err(SignatureError::ReferenceCount { found: references });
            }
            _ => {
                return Err(children(
                    signed_info,
                    "SignedInfo",
                    "CanonicalizationMethod, SignatureMethod and Reference",
                ));
            }
        };
        let canonicalization = Exclusive::read(canonicalization)
            .map_err(|found| SignatureError::Canonicalization { found })?;
        let algorithm = signature_algorithm(method, policy)?;
        let reference_parts = named(reference, "Reference")?;
        let (transforms, digest_method, digest) = match reference_parts.as_slice() {
            [("Transforms", t), ("DigestMethod", m), ("DigestValue", v)] => (*t, *m, *v),
            other => return Err(reference_error(reference, other)),
        };
        let transform = read_transforms(transforms)?;
        let digest_algorithm = digest_algorithm(digest_method, policy)?;
        Ok(Self {
            signed_info,
            canonicalization,
            algorithms: Algorithms {
                signature: algorithm,
                digest: digest_algorithm,
            },
            reference_uri: reference.attribute("URI"),
            transform,
            digest: base64_of(digest).ok_or(SignatureError::UnreadableDigest)?,
            // A value that is no base64 is no key's signature.
            value: base64_of(value).unwrap_or_default(),
        })
    }
}

/// Exclusive canonicalization with its parameters: the one kind that is allowed (SAML Core 5.4.3).
struct Exclusive<'d> {
    with_comments: bool,
    inclusive_prefixes: Vec<&'d str>,
}

impl<'d> Exclusive<'d> {
    /// Of a `CanonicalizationMethod` or a `Transform`; otherwise what is there instead.
    fn read(method: Element<'d>) -> Result<Self, String> {
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

    fn apply(
        &self,
        element: Element<'_>,
        exclude: Option<Element<'_>>,
    ) -> Result<Vec<u8>, SignatureError> {
        let options = c14n::Options {
            inclusive_prefixes: &self.inclusive_prefixes,
            exclude,
            with_comments: self.with_comments,
        };
        Ok(canonicalize(element, &options)?)
    }
}

/// SAML Core 5.4.4: the signature removes itself, and the rest is canonicalized. In this order, and nothing else: any
/// other transform could choose what of the element is signed.
fn read_transforms(transforms: Element<'_>) -> Result<Exclusive<'_>, SignatureError> {
    let list = named(transforms, "Transforms")?;
    let refused = |found: String| SignatureError::Transforms { found };
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

fn signature_algorithm(
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

fn digest_algorithm(
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

/// Which rule a `Reference` breaks whose parts are not the three that must be there.
fn reference_error(reference: Element<'_>, parts: &[(&str, Element<'_>)]) -> SignatureError {
    let count = |name: &str| parts.iter().filter(|(found, _)| *found == name).count();
    if count("Transforms") == 0 {
        let found = "none".to_owned();
        SignatureError::Transforms { found }
    } else if count("DigestValue") != 1 {
        SignatureError::UnreadableDigest
    } else {
        children(
            reference,
            "Reference",
            "Transforms, DigestMethod and DigestValue",
        )
    }
}

/// The elements in `place`, each with its name when it is one of XML signatures, or with an empty one. Anything but
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
fn base64_of(element: Element<'_>) -> Option<Vec<u8>> {
    if element.elements().next().is_some() {
        return None;
    }
    decode_base64(&element.text())
}

fn is(element: Element<'_>, local_name: &str) -> bool {
    element.is(NAMESPACE, local_name)
}

fn has_no_text(element: Element<'_>) -> bool {
    is_blank(&element.text())
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(is_xml_space)
}

#[cfg(test)]
mod tests;
