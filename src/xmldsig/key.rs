//! The keys that are trusted, as they come in certificates.
//!
//! A certificate is only the envelope of a key here: it is trusted because it was configured, not because somebody
//! signed it, so neither its issuer nor its own signature nor its dates decide anything.

use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::asn1::{ObjectIdentifier, UintRef};
use x509_cert::der::{Decode, Reader, SliceReader};
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use x509_cert::time::Time;

use super::algorithm::SignatureAlgorithm;
use crate::encoding::{decode_base64, hexadecimal};
use crate::foreign::brief;
use crate::time::Timestamp;

/// A public key that signatures may be made with, and the certificate it came in.
#[derive(Clone, PartialEq, Eq)]
pub struct TrustedKey {
    key: PublicKey,
    certificate: Vec<u8>,
    fingerprint: String,
    subject: String,
    not_before: Option<Timestamp>,
    not_after: Option<Timestamp>,
}

#[derive(Clone, PartialEq, Eq)]
enum PublicKey {
    /// A DER `RSAPublicKey`, and the bits of its modulus.
    Rsa { der: Vec<u8>, bits: usize },
    /// An uncompressed point.
    Ecdsa { curve: Curve, point: Vec<u8> },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Curve {
    P256,
    P384,
}

/// Why bytes give no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The bytes are not an X.509 certificate in DER.
    #[error("this is not an X.509 certificate: {reason}")]
    NotACertificate {
        /// What the decoder says.
        reason: String,
    },
    /// The certificate's key is of a kind that no algorithm of ours uses.
    #[error("the certificate has {found}; RSA, P-256 and P-384 keys are known")]
    UnknownKind {
        /// The kind, as `a P-521 key`.
        found: String,
    },
    /// There is no `-----BEGIN CERTIFICATE-----` in the text.
    #[error("there is no PEM certificate (\"-----BEGIN CERTIFICATE-----\") in it{}", .found.as_ref().map(|label| format!(", but a \"{}\"", brief(label))).unwrap_or_default())]
    NoPem {
        /// What the text holds instead, as `PUBLIC KEY`.
        found: Option<String>,
    },
    /// A PEM block without its end, or with something else than base64 inside.
    #[error("certificate {number} of the PEM text is damaged")]
    DamagedPem {
        /// Which one, the first being 1.
        number: usize,
    },
}

impl TrustedKey {
    /// The key of one DER certificate.
    ///
    /// # Errors
    /// When it is no certificate, or its key is of no kind we know. A key that is too weak is no error here: what is
    /// too weak is for the policy to say, when a signature is verified.
    pub fn from_certificate_der(der: &[u8]) -> Result<Self, KeyError> {
        // The raw profile: a serial number longer than RFC 5280 allows is no reason to lock a user out.
        let certificate =
            CertificateInner::<Raw>::from_der(der).map_err(|error| KeyError::NotACertificate {
                reason: error.to_string(),
            })?;
        let certificate = certificate.tbs_certificate();
        Ok(Self {
            key: PublicKey::from_info(certificate.subject_public_key_info())?,
            certificate: der.to_vec(),
            fingerprint: hexadecimal(ring::digest::digest(&ring::digest::SHA256, der).as_ref()),
            subject: certificate.subject().to_string(),
            not_before: timestamp(certificate.validity().not_before),
            not_after: timestamp(certificate.validity().not_after),
        })
    }

    /// The keys of all certificates in a PEM text, in their order; other text around them is skipped.
    ///
    /// # Errors
    /// When there is none, or one of them is not sound: half a list of keys would be a surprise later.
    pub fn from_pem(pem: &[u8]) -> Result<Vec<Self>, KeyError> {
        let text = String::from_utf8_lossy(pem);
        let mut rest = &*text;
        let mut keys = Vec::new();
        while let Some((_, after)) = rest.split_once("-----BEGIN CERTIFICATE-----") {
            let number = keys.len() + 1;
            let damaged = || KeyError::DamagedPem { number };
            let (block, after) = after
                .split_once("-----END CERTIFICATE-----")
                .ok_or_else(damaged)?;
            let der = decode_base64(block).ok_or_else(damaged)?;
            keys.push(Self::from_certificate_der(&der)?);
            rest = after;
        }
        if keys.is_empty() {
            let label = text
                .split_once("-----BEGIN ")
                .and_then(|(_, after)| after.split_once("-----"));
            return Err(KeyError::NoPem {
                found: label.map(|(label, _)| label.to_owned()),
            });
        }
        Ok(keys)
    }

    /// The keys of a file that a person was given: PEM text with one or more certificates, or one DER certificate.
    ///
    /// # Errors
    /// As [`Self::from_pem`] and [`Self::from_certificate_der`].
    pub fn from_pem_or_der(bytes: &[u8]) -> Result<Vec<Self>, KeyError> {
        // DER begins with the tag of a SEQUENCE and a length of two bytes, which no PEM text does.
        if bytes.starts_with(&[0x30, 0x82]) {
            Self::from_certificate_der(bytes).map(|key| vec![key])
        } else {
            Self::from_pem(bytes)
        }
    }

    /// The certificate, in DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// SHA-256 of the certificate, as 64 lower-case hexadecimal digits.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Whom the certificate names, as `CN=idp.example.com,O=Example`. Foreign text.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Since when the certificate holds; `None` when the date is beyond what we can name.
    pub fn not_before(&self) -> Option<Timestamp> {
        self.not_before
    }

    /// Until when the certificate holds; `None` when the date is beyond what we can name.
    pub fn not_after(&self) -> Option<Timestamp> {
        self.not_after
    }

    /// The kind of key, as `RSA-2048` or `P-256`.
    pub fn description(&self) -> String {
        match &self.key {
            PublicKey::Rsa { bits, .. } => format!("RSA-{bits}"),
            PublicKey::Ecdsa { curve, .. } => curve.name().to_owned(),
        }
    }

    /// What tells this key from others in a list: its kind and the first digits of its fingerprint.
    pub(super) fn name(&self) -> String {
        format!("{} {}…", self.description(), &self.fingerprint[..16])
    }

    /// Whether the key is taken only where the policy allows legacy algorithms: RSA below 2048 bits.
    pub fn is_legacy(&self) -> bool {
        matches!(self.key, PublicKey::Rsa { bits, .. } if bits < 2048)
    }

    /// Whether signatures of this key are taken: of RSA from 2048 bits on (1024 where legacy algorithms are allowed), and
    /// up to 8192, beyond which a stranger's signature would keep us busy.
    pub fn is_suitable(&self, allow_legacy: bool) -> bool {
        match self.key {
            PublicKey::Rsa { bits, .. } => {
                bits <= 8192 && bits >= if allow_legacy { 1024 } else { 2048 }
            }
            PublicKey::Ecdsa { .. } => true,
        }
    }

    /// How far a signature is this key's. A key that is too weak is asked all the same, where that can be done: "made
    /// with a weak key" and "made by a stranger" have different cures.
    pub(super) fn check(
        &self,
        algorithm: SignatureAlgorithm,
        allow_legacy: bool,
        message: &[u8],
        value: &[u8],
    ) -> Match {
        match &self.key {
            PublicKey::Rsa { .. } if algorithm.is_ecdsa() => Match::No,
            PublicKey::Rsa { der, bits } => match rsa(algorithm, *bits) {
                None => Match::Unsuitable,
                Some(verification) => match verify(verification, der, message, value) {
                    Match::Yes if !self.is_suitable(allow_legacy) => Match::Unsuitable,
                    found => found,
                },
            },
            PublicKey::Ecdsa { curve, point } => {
                match (ecdsa(algorithm, *curve), ecdsa_value_to_der(value, *curve)) {
                    (Some(verification), Some(value)) => {
                        verify(verification, point, message, &value)
                    }
                    _ => Match::No,
                }
            }
        }
    }
}

/// What a key says to a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// It was made with this key.
    Yes,
    /// It was not.
    No,
    /// It was, or that cannot be told, and the key is none whose signatures are taken.
    Unsuitable,
}

fn verify(
    algorithm: &'static dyn VerificationAlgorithm,
    key: &[u8],
    message: &[u8],
    value: &[u8],
) -> Match {
    match UnparsedPublicKey::new(algorithm, key).verify(message, value) {
        Ok(()) => Match::Yes,
        Err(_) => Match::No,
    }
}

/// How to verify with an RSA key of this size, where there is a way.
fn rsa(algorithm: SignatureAlgorithm, bits: usize) -> Option<&'static dyn VerificationAlgorithm> {
    use SignatureAlgorithm as A;
    Some(match (algorithm, bits) {
        (A::RsaSha1, 2048..=8192) => &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (A::RsaSha256, 2048..=8192) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (A::RsaSha384, 2048..=8192) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (A::RsaSha512, 2048..=8192) => &signature::RSA_PKCS1_2048_8192_SHA512,
        (A::RsaPssSha256, 2048..=8192) => &signature::RSA_PSS_2048_8192_SHA256,
        (A::RsaSha1, 1024..2048) => &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (A::RsaSha256, 1024..2048) => &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (A::RsaSha512, 1024..2048) => &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        _ => return None,
    })
}

fn ecdsa(
    algorithm: SignatureAlgorithm,
    curve: Curve,
) -> Option<&'static dyn VerificationAlgorithm> {
    use SignatureAlgorithm as A;
    Some(match (algorithm, curve) {
        (A::EcdsaSha256, Curve::P256) => &signature::ECDSA_P256_SHA256_ASN1,
        (A::EcdsaSha384, Curve::P256) => &signature::ECDSA_P256_SHA384_ASN1,
        (A::EcdsaSha256, Curve::P384) => &signature::ECDSA_P384_SHA256_ASN1,
        (A::EcdsaSha384, Curve::P384) => &signature::ECDSA_P384_SHA384_ASN1,
        _ => return None,
    })
}

/// XML Signature 1.1 section 6.4.3: a value is r and s, each as long as the curve's order and nothing else. ring wants
/// the two as a DER `SEQUENCE` of `INTEGER`s for some of its pairs of curve and hash, and takes that for all.
fn ecdsa_value_to_der(value: &[u8], curve: Curve) -> Option<Vec<u8>> {
    let length = curve.order_bytes();
    if value.len() != 2 * length {
        return None;
    }
    let mut body = Vec::with_capacity(value.len() + 8);
    for number in value.chunks(length) {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        // An INTEGER has no needless zeros in front, except one that keeps it from being negative.
        let digits = &number[zeros..];
        let sign: &[u8] = match digits.first() {
            Some(0..=0x7f) => &[],
            Some(0x80..) | None => &[0],
        };
        body.extend([0x02, u8::try_from(sign.len() + digits.len()).ok()?]);
        body.extend_from_slice(sign);
        body.extend_from_slice(digits);
    }
    let mut der = vec![
        0x30,
        u8::try_from(body.len())
            .ok()
            .filter(|length| *length < 0x80)?,
    ];
    der.append(&mut body);
    Some(der)
}

impl Curve {
    fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }

    fn order_bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }
}

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const SECP521R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

impl PublicKey {
    fn from_info(info: &SubjectPublicKeyInfoOwned) -> Result<Self, KeyError> {
        let unknown = |found: String| KeyError::UnknownKind { found };
        let bytes = info.subject_public_key.raw_bytes();
        if info.algorithm.oid == RSA_ENCRYPTION {
            let bits =
                modulus_bits(bytes).ok_or_else(|| unknown("a malformed RSA key".to_owned()))?;
            let der = bytes.to_vec();
            return Ok(Self::Rsa { der, bits });
        }
        if info.algorithm.oid != EC_PUBLIC_KEY {
            return Err(unknown(format!("a key of kind {}", info.algorithm.oid)));
        }
        let curve = info
            .algorithm
            .parameters
            .as_ref()
            .and_then(|parameters| parameters.decode_as::<ObjectIdentifier>().ok());
        let curve = match curve {
            Some(SECP256R1) => Curve::P256,
            Some(SECP384R1) => Curve::P384,
            Some(SECP521R1) => return Err(unknown("a P-521 key".to_owned())),
            Some(other) => return Err(unknown(format!("a key on the curve {other}"))),
            None => return Err(unknown("a key on an unnamed curve".to_owned())),
        };
        // 4 stands for "uncompressed": both coordinates follow.
        if bytes.first() != Some(&4) || bytes.len() != 1 + 2 * curve.order_bytes() {
            return Err(unknown(format!(
                "a compressed or malformed {} key",
                curve.name()
            )));
        }
        let point = bytes.to_vec();
        Ok(Self::Ecdsa { curve, point })
    }
}

/// The bits of the modulus of a DER `RSAPublicKey` (RFC 8017 appendix A.1.1).
fn modulus_bits(der: &[u8]) -> Option<usize> {
    let mut reader = SliceReader::new(der).ok()?;
    let modulus = reader
        .sequence(|numbers| {
            let modulus: UintRef<'_> = numbers.decode()?;
            let _exponent: UintRef<'_> = numbers.decode()?;
            Ok::<_, x509_cert::der::Error>(modulus)
        })
        .ok()?;
    let bytes = modulus.as_bytes();
    let unused = bytes.first()?.leading_zeros() as usize;
    Some(bytes.len() * 8 - unused)
}

fn timestamp(time: Time) -> Option<Timestamp> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
    Timestamp::from_second(seconds).ok()
}

/// The kind of key and its fingerprint, which are what tells keys apart.
impl std::fmt::Debug for TrustedKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "TrustedKey({} {})",
            self.description(),
            self.fingerprint
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> Vec<u8> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/signatures");
        std::fs::read(format!("{folder}/{name}.pem")).unwrap()
    }

    fn der(name: &str) -> Vec<u8> {
        let text = String::from_utf8(fixture(name)).unwrap();
        let block: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        decode_base64(&block).unwrap()
    }

    #[test]
    fn a_certificate_gives_its_key_and_what_people_ask_about_it() {
        let key = TrustedKey::from_certificate_der(&der("rsa-2048")).unwrap();
        assert_eq!(key.description(), "RSA-2048");
        assert_eq!(key.subject(), "CN=rsa-2048.test");
        assert_eq!(key.fingerprint().len(), 64);
        assert_eq!(key.certificate(), der("rsa-2048"));
        assert_eq!(
            key.name(),
            format!("RSA-2048 {}…", &key.fingerprint()[..16])
        );
        let dates = [key.not_before(), key.not_after()].map(|date| date.unwrap().to_string());
        assert_eq!(dates, ["2026-11-22T02:05:43Z", "2126-10-29T02:05:43Z"]);
        assert!(!key.is_legacy());
        assert_eq!(
            format!("{key:?}"),
            format!("TrustedKey(RSA-2048 {})", key.fingerprint())
        );
        for (name, legacy) in [
            ("rsa-512", true),
            ("rsa-1024", true),
            ("rsa-8192", false),
            ("p-256", false),
            ("p-384", false),
        ] {
            let key = TrustedKey::from_certificate_der(&der(name)).unwrap();
            assert_eq!(key.description().to_lowercase(), name);
            assert_eq!(key.is_legacy(), legacy, "{name}");
        }
    }

    #[test]
    fn a_pem_text_gives_all_its_keys_whatever_stands_around_them() {
        let (one, two) = (fixture("p-256"), fixture("rsa-2048"));
        let text = [
            b"Bag Attributes\r\n".as_slice(),
            &one,
            b"\nsubject=\xff\n",
            &two,
            b"rest",
        ]
        .concat();
        let keys = TrustedKey::from_pem(&text).unwrap();
        let kinds: Vec<_> = keys.iter().map(TrustedKey::description).collect();
        assert_eq!(kinds, ["P-256", "RSA-2048"]);
        // However long its lines are.
        let one_line = String::from_utf8(one).unwrap().replace('\n', "");
        assert_eq!(
            TrustedKey::from_pem(one_line.as_bytes()).unwrap(),
            keys[..1]
        );
    }

    #[test]
    fn a_file_may_be_pem_or_der() {
        let pem = TrustedKey::from_pem_or_der(&fixture("rsa-2048")).unwrap();
        assert_eq!(TrustedKey::from_pem_or_der(&der("rsa-2048")).unwrap(), pem);
        assert_eq!(
            TrustedKey::from_pem_or_der(b""),
            Err(KeyError::NoPem { found: None })
        );
    }

    #[test]
    fn what_gives_no_key_says_why() {
        let error = |text: &[u8]| TrustedKey::from_pem(text).unwrap_err();
        assert_eq!(error(b"hello"), KeyError::NoPem { found: None });
        let key = b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
        assert_eq!(
            error(key),
            KeyError::NoPem {
                found: Some("PUBLIC KEY".into())
            }
        );
        assert!(
            error(key)
                .to_string()
                .ends_with("in it, but a \"PUBLIC KEY\"")
        );
        let good = fixture("p-256");
        let cut = [&good, &good[..200]].concat();
        assert_eq!(error(&cut), KeyError::DamagedPem { number: 2 });
        let strange = String::from_utf8(good.clone())
            .unwrap()
            .replace("MII", "M!I");
        assert_eq!(
            error(strange.as_bytes()),
            KeyError::DamagedPem { number: 1 }
        );
        let short = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
        assert!(matches!(error(short), KeyError::NotACertificate { .. }));
        let mut longer = der("p-256");
        longer.push(0);
        assert!(matches!(
            TrustedKey::from_certificate_der(&longer),
            Err(KeyError::NotACertificate { .. })
        ));
    }

    #[test]
    fn a_point_is_taken_only_whole() {
        // The tag of a BIT STRING of 66 bytes, none of whose bits is unused, and "uncompressed".
        let mut certificate = der("p-256");
        let point = certificate
            .windows(4)
            .position(|four| four == [3, 66, 0, 4])
            .unwrap();
        certificate[point + 3] = 2;
        assert_eq!(
            TrustedKey::from_certificate_der(&certificate),
            Err(KeyError::UnknownKind {
                found: "a compressed or malformed P-256 key".into()
            })
        );
    }

    #[test]
    fn the_bits_of_a_modulus_are_counted_from_its_first_one() {
        for (modulus, bits) in [
            ([2, 1, 0x01].as_slice(), 1),
            (&[2, 2, 0x01, 0x02], 9),
            (&[2, 3, 0, 0x80, 0], 16),
        ] {
            let exponent = [2, 1, 3];
            let length = u8::try_from(modulus.len() + exponent.len()).unwrap();
            let key = [&[0x30, length], modulus, &exponent].concat();
            assert_eq!(modulus_bits(&key), Some(bits), "{modulus:?}");
        }
    }

    #[test]
    fn r_and_s_become_der_as_der_wants_numbers() {
        let value = |first: &[u8], second: &[u8]| {
            let mut value = vec![0; 64];
            value[32 - first.len()..32].copy_from_slice(first);
            value[64 - second.len()..].copy_from_slice(second);
            value
        };
        let der = |value: &[u8]| ecdsa_value_to_der(value, Curve::P256);
        assert_eq!(
            der(&value(&[1], &[0x80])),
            Some(vec![0x30, 7, 2, 1, 1, 2, 2, 0, 0x80])
        );
        assert_eq!(
            der(&value(&[], &[0x7f, 0])),
            Some(vec![0x30, 7, 2, 1, 0, 2, 2, 0x7f, 0])
        );
        assert_eq!(
            der(&[0xff; 64]).map(|der| (der.len(), der[1])),
            Some((72, 70))
        );
        for length in [0, 63, 65, 70, 96] {
            assert_eq!(der(&vec![1; length]), None, "{length}");
        }
        assert_eq!(
            ecdsa_value_to_der(&[0xff; 96], Curve::P384).map(|der| der[1]),
            Some(102)
        );
    }
}
