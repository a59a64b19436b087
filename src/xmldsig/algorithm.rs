//! The algorithms we verify: a closed list. What is not on it is refused by its name.

use ring::digest;

/// How the signature over `SignedInfo` was made (XML Signature 1.1 section 6.4, RFC 9231 section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-1: legacy, since collisions of SHA-1 can be bought.
    RsaSha1,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaSha256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RsaSha384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RsaSha512,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes.
    RsaPssSha256,
    /// ECDSA with SHA-256, on P-256 or P-384.
    EcdsaSha256,
    /// ECDSA with SHA-384, on P-256 or P-384.
    EcdsaSha384,
}

impl SignatureAlgorithm {
    /// The algorithm of an `Algorithm` attribute, or `None` when it is not one of ours.
    pub fn from_uri(uri: &str) -> Option<Self> {
        Some(match uri {
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1" => Self::RsaSha1,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => Self::RsaSha256,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => Self::RsaSha384,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => Self::RsaSha512,
            // The second one takes parameters; without any it means what the first one means. `SignatureMethod` is
            // refused when it holds anything, so parameters never get here.
            "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
            | "http://www.w3.org/2007/05/xmldsig-more#rsa-pss" => Self::RsaPssSha256,
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" => Self::EcdsaSha256,
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" => Self::EcdsaSha384,
            _ => return None,
        })
    }

    /// A short name for people, as `rsa-sha256`.
    pub fn name(self) -> &'static str {
        match self {
            Self::RsaSha1 => "rsa-sha1",
            Self::RsaSha256 => "rsa-sha256",
            Self::RsaSha384 => "rsa-sha384",
            Self::RsaSha512 => "rsa-sha512",
            Self::RsaPssSha256 => "sha256-rsa-MGF1",
            Self::EcdsaSha256 => "ecdsa-sha256",
            Self::EcdsaSha384 => "ecdsa-sha384",
        }
    }

    /// Whether it is taken only where the policy allows legacy algorithms.
    pub fn is_legacy(self) -> bool {
        self == Self::RsaSha1
    }

    /// Whether its keys are those of elliptic curves.
    pub(super) fn is_ecdsa(self) -> bool {
        matches!(self, Self::EcdsaSha256 | Self::EcdsaSha384)
    }
}

/// How the digest of the signed element was made (XML Signature 1.1 section 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestAlgorithm {
    /// SHA-1: legacy.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl DigestAlgorithm {
    /// The algorithm of an `Algorithm` attribute, or `None` when it is not one of ours.
    pub fn from_uri(uri: &str) -> Option<Self> {
        Some(match uri {
            "http://www.w3.org/2000/09/xmldsig#sha1" => Self::Sha1,
            "http://www.w3.org/2001/04/xmlenc#sha256" => Self::Sha256,
            // Alone of the family in another namespace: XML Encryption never gave it a name of its own.
            "http://www.w3.org/2001/04/xmldsig-more#sha384" => Self::Sha384,
            "http://www.w3.org/2001/04/xmlenc#sha512" => Self::Sha512,
            _ => return None,
        })
    }

    /// A short name for people, as `sha256`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// Whether it is taken only where the policy allows legacy algorithms.
    pub fn is_legacy(self) -> bool {
        self == Self::Sha1
    }

    /// The digest of `bytes`.
    pub fn digest(self, bytes: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, bytes).as_ref().to_vec()
    }
}

/// The algorithms of one signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Algorithms {
    /// Of the signature value.
    pub signature: SignatureAlgorithm,
    /// Of the signed element's digest.
    pub digest: DigestAlgorithm,
}

/// As `rsa-sha256 with sha256`.
impl std::fmt::Display for Algorithms {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{} with {}",
            self.signature.name(),
            self.digest.name()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::hexadecimal;

    #[test]
    fn nothing_else_is_known() {
        for uri in [
            "",
            "none",
            "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
            "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
            "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
            "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256 ",
            "http://www.w3.org/2001/04/xmldsig-more#RSA-SHA256",
            "http://www.w3.org/2001/04/xmldsig-more#md5",
            "http://www.w3.org/2001/04/xmlenc#sha384",
        ] {
            assert_eq!(SignatureAlgorithm::from_uri(uri), None, "{uri}");
            assert_eq!(DigestAlgorithm::from_uri(uri), None, "{uri}");
        }
    }

    #[test]
    fn digests_are_those_of_their_names() {
        let empty = |algorithm: DigestAlgorithm| hexadecimal(&algorithm.digest(b""));
        assert_eq!(
            empty(DigestAlgorithm::Sha1),
            "da39a3ee5e6b4b0d3255bfef95601890afd80709"
        );
        assert!(empty(DigestAlgorithm::Sha256).starts_with("e3b0c44298fc1c14"));
        assert!(empty(DigestAlgorithm::Sha384).starts_with("38b060a751ac9638"));
        assert!(empty(DigestAlgorithm::Sha512).starts_with("cf83e1357eefb8bd"));
    }
}
