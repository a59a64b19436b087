//! Every signature that a response bears, verified with known keys; and what they cover, which is all that is read
//! afterwards.

use super::assertion::Assertion;
use super::case::Reading;
use super::names::{ASSERTION, SIGNATURE, children};
use super::report::{Finding, SigningKey};
use super::response::Response;
use super::rule::Rule;
use super::structure::{self, RESPONSE, Structure};
use super::validate::Trust;
use crate::encoding::decode_base64;
use crate::time::{Timestamp, to_the_second};
use crate::xml::{self, Document, Element, Limits, XmlError};
use crate::xmldsig::c14n::MAX_BYTES;
use crate::xmldsig::{Policy, SignatureError, TrustedKey, Verified, verify};

/// The rules of one signature, in the order in which `xmldsig` holds them: what shape it has, then whether what it
/// vouches for is unchanged, then whose it is (XML Signature 3.2).
pub(super) const RULES: [Rule; 15] = [
    Rule::SignatureComment,
    Rule::SignatureChildren,
    Rule::SignatureCanonicalization,
    Rule::SignatureAlgorithm,
    Rule::ReferenceCount,
    Rule::ReferenceUri,
    Rule::Transforms,
    Rule::DigestAlgorithm,
    Rule::EmptyDigest,
    Rule::Digest,
    Rule::KeyInfo,
    Rule::SignatureKey,
    Rule::SignatureValue,
    Rule::KeyKnown,
    Rule::CertificateDates,
];

/// The signatures of the response and of its assertion: two at most, by the rules of [`structure`].
pub(super) struct Signatures<'d> {
    all: Vec<Signed<'d>>,
    known: &'d [TrustedKey],
    encrypted: bool,
}

/// One signature, and what came of verifying it.
struct Signed<'d> {
    /// Of the element that bears it.
    name: &'static str,
    signature: Element<'d>,
    result: Result<Verified, Vec<SignatureError>>,
}

impl Signed<'_> {
    /// The rules that do not hold, and what was found.
    fn broken(&self) -> impl Iterator<Item = (Rule, String)> {
        let errors = self.result.as_ref().err().into_iter().flatten();
        // `xmldsig` also makes sure of place, number and ID by itself, whose rules stand in the part before.
        let here = |error: &&SignatureError| {
            !matches!(
                error,
                SignatureError::Position | SignatureError::Several { .. }
            )
        };
        errors.filter(here).map(|error| {
            let rule = RULES.iter().find(|rule| rule.code() == error.code());
            let rule = rule.copied().unwrap_or(Rule::ReferenceUri);
            (rule, format!("{}: {error}", self.name))
        })
    }
}

impl<'d> Signatures<'d> {
    /// Verifies them all: one that does not hold refuses the response, even where another one does.
    pub(super) fn verify(structure: &Structure<'d>, trust: &'d Trust) -> Self {
        let policy = Policy {
            allow_legacy_algorithms: trust.allow_legacy_algorithms,
        };
        let mut keys = trust.keys.clone();
        if trust.learn {
            keys.extend(candidates(structure));
        }
        let all = structure
            .signable()
            // The response and one assertion: where there are more, `inspect` looks at the first.
            .take(2)
            .filter_map(|(name, element)| {
                let signature = structure::signatures(element).next()?;
                let result = verify(signature, element, &keys, policy);
                Some(Signed {
                    name,
                    signature,
                    result,
                })
            })
            .collect();
        Self {
            all,
            known: &trust.keys,
            encrypted: structure.encrypted > 0,
        }
    }

    /// The key of the signatures that held; where one of two is not known, that one.
    pub(super) fn key(&self) -> Option<SigningKey> {
        let keys = self.held().map(|(_, verified)| SigningKey {
            known: self.is_known(verified.key()),
            key: verified.key().clone(),
        });
        keys.min_by_key(|key| key.known)
    }

    fn is_known(&self, key: &TrustedKey) -> bool {
        let same = |known: &TrustedKey| known.fingerprint() == key.fingerprint();
        self.known.iter().any(same)
    }

    /// What came of one of the [`RULES`].
    pub(super) fn finding(&self, rule: Rule, now: Timestamp) -> Finding {
        match rule {
            Rule::KeyInfo => self.key_info(),
            Rule::KeyKnown => self.key_known(),
            Rule::CertificateDates => self.certificate_dates(now),
            _ => self.verified(rule),
        }
    }

    fn verified(&self, rule: Rule) -> Finding {
        let broken = || self.all.iter().flat_map(Signed::broken);
        if let Some((_, found)) = broken().find(|(other, _)| *other == rule) {
            // samlify does this unless it is told otherwise.
            let cause = if rule == Rule::Digest && self.encrypted {
                "; the identity provider may have signed the response before it encrypted the assertion"
            } else {
                ""
            };
            Finding::fail(format!("{found}{cause}"), "")
        } else if self.all.is_empty() {
            Finding::skip("no signature")
        } else if broken().any(|(other, _)| other < rule) {
            Finding::skip("nothing against it was found, but a rule before it is broken")
        } else if let Some(legacy) = self.legacy().filter(|_| rule == Rule::SignatureAlgorithm) {
            Finding::warn(legacy, "SHA-2, and RSA of at least 2048 bits")
        } else {
            Finding::pass("")
        }
    }

    /// What was taken only because the configuration allows algorithms that are no longer good.
    fn legacy(&self) -> Option<String> {
        let (name, verified) = self.held().find(|(_, verified)| verified.legacy())?;
        let (algorithms, key) = (verified.algorithms(), verified.key().description());
        Some(format!("{name}: {algorithms} by {key}"))
    }

    /// The certificate inside a signature is never trusted. It is compared with the known ones to tell a person when
    /// the identity provider is about to change its key, or has done so.
    fn key_info(&self) -> Finding {
        if self.known.is_empty() {
            return Finding::skip("no key is known to compare with");
        }
        let mut compared = false;
        for signed in &self.all {
            let sent = sent_along(signed.signature);
            compared |= !sent.is_empty();
            let known = sent.iter().any(|key| self.is_known(key));
            if let Some(first) = sent.first().filter(|_| !known) {
                return Finding::warn(
                    format!(
                        "another certificate came along, with SHA-256 {}",
                        first.fingerprint()
                    ),
                    "a certificate that is known here",
                );
            }
        }
        if compared {
            Finding::pass("")
        } else {
            Finding::skip("no certificate came along")
        }
    }

    /// A signature by a key that came along with it shows only that nobody without that key has changed the response.
    fn key_known(&self) -> Finding {
        match self.key() {
            None => Finding::skip("no signature that held"),
            Some(SigningKey { key, known }) => {
                let found = format!("{}, SHA-256 {}", key.description(), key.fingerprint());
                if known {
                    Finding::pass(found)
                } else {
                    Finding::warn(
                        format!("{found}, from the response itself"),
                        "a key that is known before the response comes",
                    )
                }
            }
        }
    }

    fn certificate_dates(&self, now: Timestamp) -> Finding {
        if self.held().next().is_none() {
            return Finding::skip("no signature that held");
        }
        for (_, verified) in self.held() {
            let key = verified.key();
            let (from, until) = (key.not_before(), key.not_after());
            if from.is_some_and(|from| now < from) || until.is_some_and(|until| now > until) {
                let shown = |date: Option<Timestamp>| date.map_or("?".to_owned(), to_the_second);
                let found = format!("the certificate is for {} to {}", shown(from), shown(until));
                return Finding::warn(
                    found,
                    format!(
                        "dates around {}; the key counts all the same",
                        to_the_second(now)
                    ),
                );
            }
        }
        Finding::pass("")
    }

    fn held(&self) -> impl Iterator<Item = (&'static str, &Verified)> {
        self.all
            .iter()
            .filter_map(|signed| Some((signed.name, signed.result.as_ref().ok()?)))
    }

    /// What the signatures cover: read anew from the very bytes that were digested, so that nothing can be seen in them
    /// that was not signed. Where both are signed, the response's signature covers the assertion as well.
    pub(super) fn covered(&self) -> Result<Covered, XmlError> {
        // Canonical form is longer than what it was made from.
        const CANONICAL: Limits = Limits {
            bytes: MAX_BYTES,
            // Three times as many as in a response: an element declares what it did itself, and anew what its name and
            // attributes use, or what the response around a signed assertion did.
            namespaces: 192,
            ..Limits::RESPONSE
        };
        let Some((name, verified)) = self.held().next() else {
            return Ok(Covered::Nothing);
        };
        let document = xml::parse(verified.bytes(), &CANONICAL)?;
        Ok(match name {
            RESPONSE => Covered::Response(document),
            _ => Covered::Assertion(document),
        })
    }
}

/// The keys that may turn out to have signed a response whose identity provider nobody knows yet: this is the one place
/// that takes a key from a response.
fn candidates(structure: &Structure<'_>) -> Vec<TrustedKey> {
    let signatures = structure
        .signable()
        .take(2)
        .filter_map(|(_, element)| structure::signatures(element).next());
    signatures.flat_map(sent_along).collect()
}

/// The certificates inside a signature.
fn sent_along(signature: Element<'_>) -> Vec<TrustedKey> {
    children(signature, SIGNATURE, "KeyInfo")
        .flat_map(|info| children(info, SIGNATURE, "X509Data"))
        .flat_map(|data| children(data, SIGNATURE, "X509Certificate"))
        // Some send a chain; a longer list is nobody's honest work.
        .take(8)
        .filter_map(|certificate| decode_base64(&certificate.text()))
        .filter_map(|der| TrustedKey::from_certificate_der(&der).ok())
        .collect()
}

/// What a signature covers.
pub(super) enum Covered {
    /// The whole message.
    Response(Document),
    /// The assertion alone; what is written around it is anybody's word.
    Assertion(Document),
    Nothing,
}

impl Covered {
    pub(super) fn response(&self, structure: &Structure<'_>) -> Response {
        match self {
            Self::Response(document) => Response::read(document.root()),
            Self::Assertion(_) | Self::Nothing => Response::read(structure.response),
        }
    }

    pub(super) fn reading(&self, structure: &Structure<'_>) -> Reading {
        let inside = |response| {
            children(response, ASSERTION, "Assertion")
                .map(Assertion::read)
                .next()
        };
        let signed = match self {
            Self::Response(document) => inside(document.root()),
            Self::Assertion(document) => Some(Assertion::read(document.root())),
            Self::Nothing => None,
        };
        if let Some(assertion) = signed {
            Reading::Signed(assertion)
        } else if let Some(assertion) = inside(structure.response) {
            Reading::Unsigned(assertion)
        } else if structure.encrypted > 0 {
            Reading::Encrypted
        } else {
            Reading::Nothing
        }
    }
}
