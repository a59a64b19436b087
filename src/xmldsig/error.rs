//! Why a signature was refused.

use super::c14n::TooLarge;
use crate::foreign::brief;

/// Why a signature was refused. Every variant has its code ([`SignatureError::code`]).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The element is not a signature that stands directly in the element it should sign.
    #[error("the signature does not stand directly in the element it should sign")]
    Position,
    /// More than one signature in the element.
    #[error("there are {found} signatures in one element; one is allowed")]
    Several {
        /// Signatures found.
        found: usize,
    },
    /// A comment inside the signature: canonicalization drops it, and readers differ on the text around it.
    #[error("there is a comment inside the signature")]
    Comment,
    /// The parts of the signature are not the ones that must be there, each once and in this order.
    #[error("<{place}> holds {}; exactly {expected} must be there", brief(.found))]
    Children {
        /// The element whose parts are wrong.
        place: &'static str,
        /// Its parts.
        found: String,
        /// The parts that must be there.
        expected: &'static str,
    },
    /// Not exactly one reference.
    #[error("the signature has {found} references; exactly one is allowed")]
    ReferenceCount {
        /// References found.
        found: usize,
    },
    /// The reference is not to the element that the signature stands in.
    #[error("the signature refers to {}; only {} is allowed, the element it stands in", shown(.found), shown(.expected))]
    ReferenceUri {
        /// The URI, when there is one.
        found: Option<String>,
        /// The URI that must be there; `None` when the element has no ID.
        expected: Option<String>,
    },
    /// More than one attribute of the document could be what the reference means.
    #[error("the ID \"{}\" that the signature refers to is there {found} times", brief(.id))]
    IdNotUnique {
        /// The ID.
        id: String,
        /// How often it is there.
        found: usize,
    },
    /// The canonicalization is not exclusive canonicalization.
    #[error("the signature's canonicalization is \"{}\"; only exclusive canonicalization 1.0 is allowed", brief(.found))]
    Canonicalization {
        /// Its URI, or what is wrong with its parameters.
        found: String,
    },
    /// The canonical form of what is signed has no reasonable size.
    #[error(transparent)]
    CanonicalForm(#[from] TooLarge),
    /// The transforms are not exactly the two that SAML allows.
    #[error("the signature's transforms are {}; exactly enveloped-signature and exclusive canonicalization must be there", brief(.found))]
    Transforms {
        /// Their URIs, or what is wrong with their parameters.
        found: String,
    },
    /// The signature algorithm is not on our list, or has parameters.
    #[error("the signature algorithm \"{}\" is not allowed", brief(.found))]
    Algorithm {
        /// Its URI, or what is wrong with its parameters.
        found: String,
    },
    /// The signature algorithm is a legacy one, and the policy does not allow those.
    #[error(
        "the signature algorithm {found} is too weak; only a policy that allows legacy algorithms takes it"
    )]
    LegacyAlgorithm {
        /// Its short name.
        found: &'static str,
    },
    /// The digest algorithm is not on our list, or has parameters.
    #[error("the digest algorithm \"{}\" is not allowed", brief(.found))]
    DigestAlgorithm {
        /// Its URI, or what is wrong with its parameters.
        found: String,
    },
    /// The digest algorithm is a legacy one, and the policy does not allow those.
    #[error(
        "the digest algorithm {found} is too weak; only a policy that allows legacy algorithms takes it"
    )]
    LegacyDigestAlgorithm {
        /// Its short name.
        found: &'static str,
    },
    /// No trusted key made the signature, and at least one of them was too weak to be asked.
    #[error(
        "no trusted key that is strong enough made the signature (too weak, or of no usable size: {found})"
    )]
    UnsuitableKey {
        /// The keys that were not asked, as `RSA-1024`.
        found: String,
    },
    /// The element is what was signed, but no trusted key signed it: the signature is another key's, or none.
    #[error("the signature was not made with a trusted key (asked: {keys})")]
    Value {
        /// The keys that were asked, as `RSA-2048 0a1b2c3d…`.
        keys: String,
    },
    /// There was no key to ask.
    #[error(
        "nobody can tell whose the signature is, since no key of the identity provider is known"
    )]
    NoKey,
    /// `SignatureValue` is not base64.
    #[error("the signature's value is not base64")]
    UnreadableValue,
    /// Not exactly one digest in the reference, or it is not base64.
    #[error("the signature does not hold exactly one readable digest")]
    UnreadableDigest,
    /// The digest is that of no bytes at all, which is what a failed canonicalization leaves (CVE-2025-66475 and its
    /// kin).
    #[error("the signature vouches for the digest of nothing")]
    EmptyDigest,
    /// The element is not what was signed, whoever signed it.
    #[error("the signed element was changed after it was signed")]
    Changed,
}

impl SignatureError {
    /// The code of the rule that was broken.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Position => "SIG-POSITION",
            Self::Several { .. } => "SIG-MULTI",
            Self::Comment => "SIG-COMMENT",
            Self::Children { .. } => "SIG-CHILDREN",
            Self::ReferenceCount { .. } => "SIG-REF-COUNT",
            Self::ReferenceUri { .. } => "SIG-REF-URI",
            Self::IdNotUnique { .. } => "ID-DUP",
            Self::Canonicalization { .. } | Self::CanonicalForm(_) => "SIG-C14N",
            Self::Transforms { .. } => "SIG-TRANSFORM",
            Self::Algorithm { .. } | Self::LegacyAlgorithm { .. } => "SIG-ALG",
            Self::DigestAlgorithm { .. } | Self::LegacyDigestAlgorithm { .. } => "SIG-DIGEST-ALG",
            Self::UnsuitableKey { .. } => "SIG-KEY",
            Self::Value { .. } | Self::NoKey | Self::UnreadableValue => "SIG-VALUE",
            Self::UnreadableDigest | Self::Changed => "SIG-DIGEST",
            Self::EmptyDigest => "SIG-EMPTY-DIGEST",
        }
    }
}

fn shown(uri: &Option<String>) -> String {
    match uri {
        Some(uri) => format!("\"{}\"", brief(uri)),
        None => "nothing".to_owned(),
    }
}
