//! XML signatures (XML-DSig) as SAML allows them, verified with keys that are known beforehand.
//!
//! A signature proves something about bytes. What makes it prove something about a *user* is that whoever reads the
//! user reads exactly those bytes and nothing else. So there is one shape of signature and no other (SAML Core 5.4):
//! it stands in the element it signs, refers to that element by its ID alone, and changes nothing about it but its own
//! absence. [`verify()`] gives back the proof, a [`Verified`], which holds the very bytes.
//!
//! Keys come from the configuration. `KeyInfo` is never read: a signature cannot vouch for the key it was made with.

pub mod algorithm;
pub mod c14n;
mod error;
mod ids;
mod key;
mod shape;
pub mod sign;
mod verify;

pub use algorithm::{Algorithms, DigestAlgorithm, SignatureAlgorithm};
pub use error::SignatureError;
pub use ids::{IdError, check_plain_ids, check_unique_ids};
pub use key::{KeyError, TrustedKey};
pub use verify::{Policy, Verified, verify};

/// The namespace of XML signatures.
pub const NAMESPACE: &str = "http://www.w3.org/2000/09/xmldsig#";

/// The transform by which a signature leaves itself out of what it signs (XML Signature 1.1 section 6.6.4).
const ENVELOPED_SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// Exclusive canonicalization without comments, and the namespace of its parameters.
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
