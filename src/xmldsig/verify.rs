//! Verifying one enveloped signature.

use super::algorithm::{Algorithms, DigestAlgorithm, SignatureAlgorithm};
use super::c14n::{self, canonicalize};
use super::error::SignatureError;
use super::key::{Match, TrustedKey};
use super::shape::{
    Exclusive, Parts, Reference, base64_of, digest_algorithm, read_transforms, signature_algorithm,
};
use super::{NAMESPACE, ids};
use crate::xml::Element;

/// What a signature may be made with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Whether SHA-1 and RSA keys from 1024 bits are taken.
    pub allow_legacy_algorithms: bool,
}

impl Policy {
    /// What is said of a legacy algorithm that is there.
    fn take(self, refusal: SignatureError) -> Result<(), SignatureError> {
        if self.allow_legacy_algorithms {
            Ok(())
        } else {
            Err(refusal)
        }
    }
}

/// The proof that an element, without its own signature in it, is what the holder of a trusted key signed. Only
/// [`verify`] makes one.
#[derive(Clone, PartialEq, Eq)]
pub struct Verified {
    bytes: Vec<u8>,
    key: TrustedKey,
    algorithms: Algorithms,
}

impl Verified {
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
impl std::fmt::Debug for Verified {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "Verified({} bytes, {}, {:?})",
            self.bytes.len(),
            self.algorithms,
            self.key
        )
    }
}

/// Verifies the signature that stands in `parent` and must sign `parent`, with one of `keys`.
///
/// Whatever is computed with is looked at first, so that no transform of a stranger's ever runs.
///
/// # Errors
/// All the rules that the signature breaks, one at least, in their order. What can be held only after a rule that is
/// broken is not held.
pub fn verify<'d>(
    signature: Element<'d>,
    parent: Element<'d>,
    keys: &[TrustedKey],
    policy: Policy,
) -> Result<Verified, Vec<SignatureError>> {
    if !is(signature, "Signature") || signature.parent() != Some(parent) {
        return Err(vec![SignatureError::Position]);
    }
    let mut faults = Faults(Vec::new());
    faults.hold(check_single(parent));
    if signature.has_comment_inside() {
        faults.0.push(SignatureError::Comment);
    }
    let Some(parts) = faults.hold(Parts::read(signature)) else {
        return Err(faults.0);
    };
    let canonicalization = faults.hold(Exclusive::of_signed_info(parts.canonicalization));
    let signature_algorithm = faults.hold(signature_algorithm(parts.signature_method));
    if let Some(legacy) = signature_algorithm.filter(|found| found.is_legacy()) {
        faults.hold(policy.take(SignatureError::LegacyAlgorithm {
            found: legacy.name(),
        }));
    }
    let covered = match faults.hold(parts.reference()) {
        Some(reference) => covered(&reference, signature, parent, policy, &mut faults),
        None => None,
    };
    // XML Signature 1.1 section 3.2: first whether the element is the one that the signature speaks of, then whose
    // signature it is. Neither is worth anything without the other.
    let key = match (canonicalization, signature_algorithm) {
        (Some(canonicalization), Some(algorithm)) => {
            let message = faults.hold(canonical(parts.signed_info, &canonicalization, None));
            let value = base64_of(parts.value).ok_or(SignatureError::UnreadableValue);
            message
                .zip(faults.hold(value))
                .and_then(|(message, value)| {
                    faults.hold(find_key(keys, policy, algorithm, &message, &value))
                })
        }
        _ => None,
    };
    match (faults.0.as_slice(), covered, signature_algorithm, key) {
        ([], Some((digest, bytes)), Some(signature), Some(key)) => Ok(Verified {
            bytes,
            key: key.clone(),
            algorithms: Algorithms { signature, digest },
        }),
        _ => Err(faults.0),
    }
}

/// The rules that are broken so far.
struct Faults(Vec<SignatureError>);

impl Faults {
    fn hold<T>(&mut self, result: Result<T, SignatureError>) -> Option<T> {
        result.map_err(|error| self.0.push(error)).ok()
    }
}

/// What the reference covers, with the algorithm of its digest; `None` where it breaks a rule.
fn covered(
    reference: &Reference<'_>,
    signature: Element<'_>,
    parent: Element<'_>,
    policy: Policy,
    faults: &mut Faults,
) -> Option<(DigestAlgorithm, Vec<u8>)> {
    let referred = faults.hold(check_uri(reference.uri, parent));
    let transform = faults.hold(read_transforms(reference.transforms));
    let algorithm = faults.hold(digest_algorithm(reference.digest_method));
    if let Some(legacy) = algorithm.filter(|found| found.is_legacy()) {
        faults.hold(policy.take(SignatureError::LegacyDigestAlgorithm {
            found: legacy.name(),
        }));
    }
    let digest = faults.hold(reference.digest());
    // Where it means another element or other transforms, its digest says nothing of this one.
    let (_, transform, algorithm, digest) = (referred?, transform?, algorithm?, digest?);
    let bytes = faults.hold(canonical(parent, &transform, Some(signature)))?;
    faults.hold(if digest == algorithm.digest(&[]) {
        Err(SignatureError::EmptyDigest)
    } else if digest != algorithm.digest(&bytes) {
        Err(SignatureError::Changed)
    } else {
        Ok((algorithm, bytes))
    })
}

/// SAML Core 5.4.1: one signature per element.
fn check_single(parent: Element<'_>) -> Result<(), SignatureError> {
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
    if keys.is_empty() {
        Err(SignatureError::NoKey)
    } else if unsuitable.is_empty() {
        let names: Vec<_> = keys.iter().map(TrustedKey::name).collect();
        Err(SignatureError::Value {
            keys: names.join(", "),
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
    };
    Ok(canonicalize(element, &options)?)
}

fn is(element: Element<'_>, local_name: &str) -> bool {
    element.is(NAMESPACE, local_name)
}

#[cfg(test)]
mod tests;
