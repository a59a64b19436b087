//! Signing, for the demo identity provider and for tests.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};

use super::algorithm::DigestAlgorithm;
use super::c14n::{self, canonicalize};
use super::{ENVELOPED_SIGNATURE, EXCLUSIVE, NAMESPACE};
use crate::encoding::base64;
use crate::xml::{Element, Limits, XmlError, escape_attribute, parse};

/// A private ECDSA key on P-256.
pub struct SigningKey(EcdsaKeyPair);

/// Why nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The bytes are not a PKCS#8 document with a P-256 key.
    #[error("the bytes are no P-256 key in PKCS#8")]
    Key,
    /// The document to sign is none.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// No element of the document has the ID that should be signed.
    #[error("no element has the ID \"{id}\"")]
    NoElement {
        /// The ID.
        id: String,
    },
    /// The element has no `Issuer`, behind which a SAML signature stands.
    #[error("the element with the ID \"{id}\" has no Issuer")]
    NoIssuer {
        /// The ID.
        id: String,
    },
    /// The document would be too large, or the system has no randomness to give.
    #[error("the signature could not be made")]
    Failed,
}

impl SigningKey {
    /// Takes a key in PKCS#8, as `rcgen` and `ring` make them.
    ///
    /// # Errors
    /// [`SignError::Key`].
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, SignError> {
        EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            pkcs8,
            &SystemRandom::new(),
        )
        .map(Self)
        .map_err(|_| SignError::Key)
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SigningKey")
    }
}

/// Signs the element with this `ID`: puts an enveloped signature (ecdsa-sha256, sha256, exclusive canonicalization)
/// right behind its `Issuer`, where the SAML schema wants it, and the certificate into the signature's `KeyInfo`. The
/// rest of the document stays as it is, byte for byte.
///
/// To sign a response and its assertion, sign the assertion first: the response's signature covers the assertion's.
///
/// # Errors
/// When there is nothing to sign, or no place to sign it.
pub fn sign(
    xml: &str,
    id: &str,
    key: &SigningKey,
    certificate_der: &[u8],
) -> Result<String, SignError> {
    let document = parse(xml.as_bytes(), &Limits::METADATA)?;
    let element = find(document.root(), id)?;
    let issuer = element
        .elements()
        .find(|child| child.local_name() == "Issuer")
        .ok_or_else(|| SignError::NoIssuer { id: id.to_owned() })?;
    // Offsets do not count a byte order mark, so the document goes on without one.
    let xml = xml.strip_prefix('\u{feff}').unwrap_or(xml);
    let (before, after) = xml.split_at(issuer.source().end);

    let digest = base64(&DigestAlgorithm::Sha256.digest(&canonical(element)?));
    let signature = |value: &str| signature(id, &digest, value, certificate_der);

    // What is signed is the canonical form of SignedInfo as it stands in the document, so it is first put there
    // without a value.
    let unsigned = [before, &signature(""), after].concat();
    let unsigned = parse(unsigned.as_bytes(), &Limits::METADATA)?;
    let signed_info = find(unsigned.root(), id)?
        .elements()
        .find(|child| child.is(NAMESPACE, "Signature"))
        .and_then(|signature| signature.elements().next())
        .ok_or(SignError::Failed)?;
    let value = key
        .0
        .sign(&SystemRandom::new(), &canonical(signed_info)?)
        .map_err(|_| SignError::Failed)?;
    Ok([before, &signature(&base64(value.as_ref())), after].concat())
}

fn find<'d>(root: Element<'d>, id: &str) -> Result<Element<'d>, SignError> {
    std::iter::once(root)
        .chain(root.descendants())
        .find(|element| element.attribute("ID") == Some(id))
        .ok_or_else(|| SignError::NoElement { id: id.to_owned() })
}

fn canonical(element: Element<'_>) -> Result<Vec<u8>, SignError> {
    canonicalize(element, &c14n::Options::default()).map_err(|_| SignError::Failed)
}

fn signature(id: &str, digest: &str, value: &str, certificate_der: &[u8]) -> String {
    let id = escape_attribute(id);
    let certificate = base64(certificate_der);
    format!(
        "<ds:Signature xmlns:ds=\"{NAMESPACE}\">\
         <ds:SignedInfo>\
         <ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"/>\
         <ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256\"/>\
         <ds:Reference URI=\"#{id}\">\
         <ds:Transforms>\
         <ds:Transform Algorithm=\"{ENVELOPED_SIGNATURE}\"/>\
         <ds:Transform Algorithm=\"{EXCLUSIVE}\"/>\
         </ds:Transforms>\
         <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>\
         <ds:DigestValue>{digest}</ds:DigestValue>\
         </ds:Reference>\
         </ds:SignedInfo>\
         <ds:SignatureValue>{value}</ds:SignatureValue>\
         <ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
         </ds:Signature>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmldsig::{Policy, TrustedKey, verify};

    const RESPONSE: &str = "<p:Response xmlns:p='urn:p' xmlns:a='urn:a' ID='_r'>\n<a:Issuer>i</a:Issuer>\
        <a:Assertion ID='_a'><a:Issuer>i</a:Issuer><a:Subject>ö &amp; co</a:Subject></a:Assertion></p:Response>";

    fn identity() -> (SigningKey, Vec<u8>) {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["idp.test".into()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        let signing = SigningKey::from_pkcs8(&key.serialize_der()).unwrap();
        (signing, certificate.der().to_vec())
    }

    fn verifies(xml: &str, id: &str, certificate: &[u8]) -> bool {
        let document = parse(xml.as_bytes(), &Limits::RESPONSE).unwrap();
        let element = find(document.root(), id).unwrap();
        let signature = element.elements().nth(1).unwrap();
        let keys = [TrustedKey::from_certificate_der(certificate).unwrap()];
        verify(signature, element, &keys, Policy::default()).is_ok()
    }

    #[test]
    fn a_signed_element_verifies_and_all_else_stays_as_it_was() {
        let (key, certificate) = identity();
        let signed = sign(RESPONSE, "_a", &key, &certificate).unwrap();
        assert!(verifies(&signed, "_a", &certificate));
        let (head, rest) = signed.split_once("<ds:Signature").unwrap();
        let (_, tail) = rest.split_once("</ds:Signature>").unwrap();
        assert_eq!([head, tail].concat(), RESPONSE);
        assert!(head.ends_with("<a:Assertion ID='_a'><a:Issuer>i</a:Issuer>"));
    }

    #[test]
    fn a_response_and_its_assertion_are_both_signed() {
        let (key, certificate) = identity();
        let signed = sign(RESPONSE, "_a", &key, &certificate).unwrap();
        let signed = sign(&signed, "_r", &key, &certificate).unwrap();
        assert!(verifies(&signed, "_a", &certificate));
        assert!(verifies(&signed, "_r", &certificate));
    }

    #[test]
    fn what_cannot_be_signed_is_said() {
        let (key, certificate) = identity();
        let error = |xml, id| sign(xml, id, &key, &certificate).unwrap_err();
        assert_eq!(
            error(RESPONSE, "_x"),
            SignError::NoElement { id: "_x".into() }
        );
        assert_eq!(
            error("<a ID='_x'/>", "_x"),
            SignError::NoIssuer { id: "_x".into() }
        );
        assert!(matches!(error("<a", "_x"), SignError::Xml(_)));
        assert_eq!(
            SigningKey::from_pkcs8(b"no key").unwrap_err(),
            SignError::Key
        );
    }
}
