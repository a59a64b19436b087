//! Verifying one enveloped signature.

use super::algorithm::{Algorithms, SignatureAlgorithm};
use super::c14n::{self, canonicalize};
use super::error::SignatureError;
use super::key::{Match, TrustedKey};
use super::shape::{
    Exclusive, Parts, base64_of, digest_algorithm, read_transforms, signature_algorithm,
};
use super::{NAMESPACE, ids};
use crate::xml::Element;

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
    let parts = Parts::read(signature)?;
    let canonicalization = Exclusive::read(parts.canonicalization)
        .map_err(|found| SignatureError::Canonicalization { found })?;
    let signature_algorithm = signature_algorithm(parts.signature_method, policy)?;
    let reference = parts.reference()?;
    check_uri(reference.uri, parent)?;
    let transform = read_transforms(reference.transforms)?;
    if transform.with_comments && parent.has_comment_inside() {
        return Err(SignatureError::CommentsCovered);
    }
    let digest_algorithm = digest_algorithm(reference.digest_method, policy)?;
    let digest = reference.digest()?;

    // XML Signature 1.1 section 3.2: first whether the element is the one that the signature speaks of, then whose
    // signature it is. Neither is worth anything without the other.
    let bytes = canonical(parent, &transform, Some(signature))?;
    if digest == digest_algorithm.digest(&[]) {
        return Err(SignatureError::EmptyDigest);
    }
    if digest != digest_algorithm.digest(&bytes) {
        return Err(SignatureError::Changed);
    }
    let message = canonical(parts.signed_info, &canonicalization, None)?;
    // A value that is no base64 is no key's signature.
    let value = base64_of(parts.value).unwrap_or_default();
    let key = find_key(keys, policy, signature_algorithm, &message, &value)?;
    Ok(Verified {
        element: parent,
        bytes,
        key: key.clone(),
        algorithms: Algorithms {
            signature: signature_algorithm,
            digest: digest_algorithm,
        },
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
fn check_uri(found: Option<&str>, parent: Element<'_>) -> Result<(), SignatureError> {
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

/// The canonical form that a signature asks for.
fn canonical(
    element: Element<'_>,
    how: &Exclusive<'_>,
    exclude: Option<Element<'_>>,
) -> Result<Vec<u8>, SignatureError> {
    let options = c14n::Options {
        inclusive_prefixes: &how.inclusive_prefixes,
        exclude,
        with_comments: how.with_comments,
    };
    Ok(canonicalize(element, &options)?)
}

fn is(element: Element<'_>, local_name: &str) -> bool {
    element.is(NAMESPACE, local_name)
}

#[cfg(test)]
mod tests;
