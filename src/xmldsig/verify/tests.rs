use super::*;
use crate::encoding::{base64, decode_base64};
use crate::xml::{Document, Limits, parse};
use crate::xmldsig::algorithm::DigestAlgorithm;
use crate::xmldsig::sign::{SigningKey, sign};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};

const STRICT: Policy = Policy {
    allow_legacy_algorithms: false,
};
const LEGACY: Policy = Policy {
    allow_legacy_algorithms: true,
};

// ---- Signatures that OpenSSL made: tests/fixtures/signatures/make.py ----------------------------------------------

fn fixture(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/signatures");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

fn trusted(names: &[&str]) -> Vec<TrustedKey> {
    names
        .iter()
        .flat_map(|name| TrustedKey::from_pem(&fixture(&format!("{name}.pem"))).unwrap())
        .collect()
}

/// What the signature of a fixture is found to be: its algorithms, or the code of the refusal.
fn found(name: &str, keys: &[&str], policy: Policy) -> String {
    let document = parse(&fixture(&format!("{name}.xml")), &Limits::RESPONSE).unwrap();
    match verify(
        signature_in(&document),
        document.root(),
        &trusted(keys),
        policy,
    ) {
        Ok(verified) => {
            let legacy = if verified.legacy() { ", legacy" } else { "" };
            format!(
                "{} by {}{legacy}",
                verified.algorithms(),
                verified.key().description()
            )
        }
        Err(faults) => faults[0].code().to_owned(),
    }
}

#[test]
fn every_algorithm_verifies_what_openssl_signed() {
    for (name, key, expected) in [
        (
            "rsa-sha256",
            "rsa-2048",
            "rsa-sha256 with sha256 by RSA-2048",
        ),
        (
            "rsa-sha384",
            "rsa-2048",
            "rsa-sha384 with sha384 by RSA-2048",
        ),
        (
            "rsa-sha512",
            "rsa-2048",
            "rsa-sha512 with sha512 by RSA-2048",
        ),
        (
            "rsa-pss",
            "rsa-2048",
            "sha256-rsa-MGF1 with sha256 by RSA-2048",
        ),
        (
            "rsa-pss-by-default",
            "rsa-2048",
            "sha256-rsa-MGF1 with sha256 by RSA-2048",
        ),
        ("rsa-8192", "rsa-8192", "rsa-sha256 with sha256 by RSA-8192"),
        ("p256-sha256", "p-256", "ecdsa-sha256 with sha256 by P-256"),
        ("p256-sha384", "p-256", "ecdsa-sha384 with sha256 by P-256"),
        ("p384-sha256", "p-384", "ecdsa-sha256 with sha256 by P-384"),
        ("p384-sha384", "p-384", "ecdsa-sha384 with sha384 by P-384"),
    ] {
        assert_eq!(found(name, &[key], STRICT), expected, "{name}");
        // Where legacy algorithms are allowed, what is none is not called one.
        assert_eq!(found(name, &[key], LEGACY), expected, "{name}");
        assert_eq!(found(name, &[], STRICT), "SIG-VALUE", "{name}");
        let other = if key == "p-256" { "p-384" } else { "p-256" };
        assert_eq!(found(name, &[other], STRICT), "SIG-VALUE", "{name}");
        assert_eq!(found(name, &[other, key], STRICT), expected, "{name}");
    }
}

#[test]
fn legacy_algorithms_hold_only_where_they_are_allowed() {
    for (name, key, strict, legacy) in [
        (
            "rsa-sha1",
            "rsa-2048",
            "SIG-ALG",
            "rsa-sha1 with sha1 by RSA-2048, legacy",
        ),
        (
            "rsa-sha256-digest-sha1",
            "rsa-2048",
            "SIG-DIGEST-ALG",
            "rsa-sha256 with sha1 by RSA-2048, legacy",
        ),
        (
            "rsa-sha1-digest-sha256",
            "rsa-2048",
            "SIG-ALG",
            "rsa-sha1 with sha256 by RSA-2048, legacy",
        ),
        (
            "rsa-1024",
            "rsa-1024",
            "SIG-KEY",
            "rsa-sha256 with sha256 by RSA-1024, legacy",
        ),
        (
            "rsa-1024-sha512",
            "rsa-1024",
            "SIG-KEY",
            "rsa-sha512 with sha512 by RSA-1024, legacy",
        ),
        (
            "rsa-1024-sha1",
            "rsa-1024",
            "SIG-ALG",
            "rsa-sha1 with sha1 by RSA-1024, legacy",
        ),
        // ring knows no way to verify this one, and nobody was seen to make it.
        ("rsa-1024-sha384", "rsa-1024", "SIG-KEY", "SIG-KEY"),
        ("rsa-512", "rsa-512", "SIG-ALG", "SIG-KEY"),
    ] {
        assert_eq!(found(name, &[key], STRICT), strict, "{name}");
        assert_eq!(found(name, &[key], LEGACY), legacy, "{name}");
    }
}

#[test]
fn a_key_too_weak_to_be_asked_does_not_hide_a_strong_one() {
    assert_eq!(
        found("rsa-sha256", &["rsa-1024", "rsa-2048"], STRICT),
        "rsa-sha256 with sha256 by RSA-2048"
    );
    assert_eq!(
        found("rsa-1024", &["rsa-2048", "rsa-1024"], STRICT),
        "SIG-KEY"
    );
    // A stranger's signature is a stranger's, though a weak key is among ours; one of a size at which nobody can ask
    // leaves that open.
    assert_eq!(
        found("rsa-sha256", &["rsa-1024", "p-256"], STRICT),
        "SIG-VALUE"
    );
    assert_eq!(found("rsa-sha256", &["rsa-512"], STRICT), "SIG-KEY");
    // A weak key is not asked about another kind of signature.
    assert_eq!(found("p256-sha256", &["rsa-1024"], STRICT), "SIG-VALUE");
}

#[test]
fn keys_that_no_algorithm_uses_are_refused_by_name() {
    for (name, expected) in [
        ("p-521", "a P-521 key"),
        ("ed25519", "a key of kind 1.3.101.112"),
    ] {
        let error = TrustedKey::from_pem(&fixture(&format!("{name}.pem"))).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

// ---- Signatures of every wrong shape, each made so that the shape alone is wrong -----------------------------------

const DOCUMENT: &str = r##"<p:Response xmlns:p="urn:p" xmlns="urn:d" ID="_r"><s:Assertion xmlns:s="urn:s" ID="_a"><s:Issuer>idp</s:Issuer><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/><ds:Reference URI="#_a"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:KeyName>any</ds:KeyName></ds:KeyInfo></ds:Signature><s:Subject>max</s:Subject></s:Assertion></p:Response>"##;

/// A key, and `DOCUMENT` signed with it after it was edited.
struct Forge {
    key: EcdsaKeyPair,
    trusted: Vec<TrustedKey>,
}

impl Forge {
    fn new() -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let parameters = rcgen::CertificateParams::new(vec!["idp.test".into()]).unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        let pkcs8 = key.serialize_der();
        Self {
            key: EcdsaKeyPair::from_pkcs8(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                &pkcs8,
                &SystemRandom::new(),
            )
            .unwrap(),
            trusted: vec![TrustedKey::from_certificate_der(certificate.der()).unwrap()],
        }
    }

    /// `DOCUMENT` with `edits` (what is there exactly once, and what takes its place), its digest and its signature
    /// made right afterwards, both by exclusive canonicalization with `prefixes`.
    fn signed(&self, edits: &[(&str, &str)], prefixes: &[&str]) -> String {
        let mut text = DOCUMENT.to_owned();
        for (old, new) in edits {
            assert_eq!(text.matches(old).count(), 1, "{old}");
            text = text.replace(old, new);
        }
        let canonical = |element, exclude| {
            let options = c14n::Options {
                inclusive_prefixes: prefixes,
                exclude,
            };
            canonicalize(element, &options).unwrap()
        };
        let document = parse(text.as_bytes(), &Limits::RESPONSE).unwrap();
        let signed = canonical(assertion_in(&document), Some(signature_in(&document)));
        let text = text.replace(
            "{digest}",
            &base64(&DigestAlgorithm::Sha256.digest(&signed)),
        );
        let document = parse(text.as_bytes(), &Limits::RESPONSE).unwrap();
        let value = document
            .elements()
            .find(|element| is(*element, "SignedInfo"))
            .map(|info| {
                self.key
                    .sign(&SystemRandom::new(), &canonical(info, None))
                    .unwrap()
            });
        let value = value
            .map(|value| base64(value.as_ref()))
            .unwrap_or_default();
        text.replace("{value}", &value)
    }

    fn verify(&self, text: &str) -> Result<(), SignatureError> {
        let document = parse(text.as_bytes(), &Limits::RESPONSE).unwrap();
        verify(
            signature_in(&document),
            assertion_in(&document),
            &self.trusted,
            STRICT,
        )
        .map(|_| ())
        .map_err(|mut faults| faults.remove(0))
    }

    #[track_caller]
    fn refused(&self, edits: &[(&str, &str)]) -> SignatureError {
        match self.verify(&self.signed(edits, &[])) {
            Ok(()) => panic!("verified after {edits:?}"),
            Err(error) => error,
        }
    }

    #[track_caller]
    fn holds(&self, edits: &[(&str, &str)]) {
        assert_eq!(self.verify(&self.signed(edits, &[])), Ok(()), "{edits:?}");
    }
}

fn signature_in(document: &Document) -> Element<'_> {
    document
        .elements()
        .find(|element| is(*element, "Signature"))
        .unwrap()
}

fn assertion_in(document: &Document) -> Element<'_> {
    document
        .elements()
        .find(|element| element.local_name() == "Assertion")
        .unwrap()
}

const SIGNED_INFO_END: &str = "</ds:Reference></ds:SignedInfo>";
const CANONICALIZATION: &str =
    r##"<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>"##;
const SIGNATURE_METHOD: &str =
    r##"<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/>"##;
const DIGEST_METHOD: &str =
    r##"<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>"##;
const DIGEST_VALUE: &str = "<ds:DigestValue>{digest}</ds:DigestValue>";
const VALUE: &str = "<ds:SignatureValue>{value}</ds:SignatureValue>";
const KEY_INFO: &str = "<ds:KeyInfo><ds:KeyName>any</ds:KeyName></ds:KeyInfo>";
const ENVELOPED: &str =
    r##"<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>"##;
const TRANSFORM: &str =
    r##"<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform>"##;

#[test]
fn the_one_shape_holds_with_what_signers_vary() {
    let forge = Forge::new();
    forge.holds(&[]);
    forge.holds(&[(KEY_INFO, "")]);
    forge.holds(&[
        ("</ds:SignedInfo>", "\n </ds:SignedInfo>\n"),
        (
            VALUE,
            "<ds:SignatureValue>\r\n{value}\n</ds:SignatureValue>",
        ),
    ]);
    forge.holds(&[("{digest}", " {digest}\n")]);
    forge.holds(&[("<ds:Reference URI", "<ds:Reference Id=\"x\" URI")]);
    forge.holds(&[(
        CANONICALIZATION,
        &CANONICALIZATION.replace("c14n#", "c14n#WithComments"),
    )]);
    forge.holds(&[(TRANSFORM, &TRANSFORM.replace("c14n#", "c14n#WithComments"))]);
    let folded = forge.signed(&[], &[]);
    let (head, tail) = folded.split_at(folded.find("</ds:SignatureValue>").unwrap() - 20);
    assert_eq!(forge.verify(&[head, "\n\t&#13;", tail].concat()), Ok(()));
}

#[test]
fn the_proof_holds_the_bytes_that_were_signed() {
    let forge = Forge::new();
    let text = forge.signed(&[], &[]);
    let document = parse(text.as_bytes(), &Limits::RESPONSE).unwrap();
    let assertion = assertion_in(&document);
    let verified = verify(signature_in(&document), assertion, &forge.trusted, STRICT).unwrap();
    assert_eq!(
        std::str::from_utf8(verified.bytes()).unwrap(),
        r#"<s:Assertion xmlns:s="urn:s" ID="_a"><s:Issuer>idp</s:Issuer><s:Subject>max</s:Subject></s:Assertion>"#
    );
    assert_eq!(verified.key(), &forge.trusted[0]);
    assert!(!verified.legacy());
    assert!(!format!("{verified:?}").contains("max"));
}

#[test]
fn inclusive_prefixes_are_honoured_in_both_places() {
    let forge = Forge::new();
    let list = r##"<e:InclusiveNamespaces xmlns:e="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList=" p&#9;#default x "/>"##;
    let canonicalization =
        CANONICALIZATION.replace("/>", &format!(">{list}</ds:CanonicalizationMethod>"));
    let transform = TRANSFORM.replace("></", &format!(">{list}</"));
    let edits = [
        (CANONICALIZATION, canonicalization.as_str()),
        (TRANSFORM, transform.as_str()),
    ];
    assert_eq!(forge.verify(&forge.signed(&edits, &["p", "", "x"])), Ok(()));
    assert_eq!(
        forge.verify(&forge.signed(&edits, &["p"])),
        Err(SignatureError::Changed)
    );
    // Where it means nothing, it changes nothing: xml-crypto gives every transform its list.
    let list = r##"<InclusiveNamespaces PrefixList="p" xmlns="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>"##;
    let enveloped = ENVELOPED.replace("/>", &format!(">{list}</ds:Transform>"));
    forge.holds(&[(ENVELOPED, &enveloped)]);
}

#[test]
fn it_must_stand_directly_in_what_it_signs_and_alone() {
    let forge = Forge::new();
    let text = forge.signed(&[], &[]);
    let document = parse(text.as_bytes(), &Limits::RESPONSE).unwrap();
    let (signature, assertion) = (signature_in(&document), assertion_in(&document));
    let code = |signature, parent| {
        let faults = verify(signature, parent, &forge.trusted, STRICT).unwrap_err();
        faults[0].code()
    };
    assert_eq!(code(signature, document.root()), "SIG-POSITION");
    assert_eq!(
        code(assertion.elements().next().unwrap(), assertion),
        "SIG-POSITION"
    );
    assert_eq!(code(assertion, document.root()), "SIG-POSITION");
    let nested = forge.refused(&[
        ("<ds:Signature xmlns", "<s:Advice><ds:Signature xmlns"),
        ("</ds:Signature>", "</ds:Signature></s:Advice>"),
    ]);
    assert_eq!(nested, SignatureError::Position);
    let lookalike = text.replace("<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">", "<x:Signature xmlns:x=\"urn:x\"/><ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">");
    assert_eq!(forge.verify(&lookalike), Err(SignatureError::Changed));
    let second = forge.refused(&[(
        "<s:Subject>",
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/><s:Subject>",
    )]);
    assert_eq!(second, SignatureError::Several { found: 2 });
    // The rest is held all the same, for whoever wants to know it.
    let text = text.replace(
        "<s:Subject>",
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><!----></ds:Signature><s:Subject>",
    );
    let document = parse(text.as_bytes(), &Limits::RESPONSE).unwrap();
    let assertion = assertion_in(&document);
    let second = assertion
        .elements()
        .filter(|element| element.is(NAMESPACE, "Signature"));
    let faults = verify(second.last().unwrap(), assertion, &forge.trusted, STRICT).unwrap_err();
    let codes: Vec<_> = faults.iter().map(SignatureError::code).collect();
    assert_eq!(codes, ["SIG-MULTI", "SIG-COMMENT", "SIG-CHILDREN"]);
}

#[test]
fn a_comment_anywhere_in_the_signature_is_refused() {
    let forge = Forge::new();
    for (old, new) in [
        ("{digest}", "<!--forged-->{digest}"),
        ("{digest}", "{digest}<!---->"),
        ("{value}", "<!-- -->{value}"),
        ("<ds:SignedInfo>", "<!--x--><ds:SignedInfo>"),
        ("</ds:SignedInfo>", "<!--x--></ds:SignedInfo>"),
        ("<ds:KeyName>", "<!--x--><ds:KeyName>"),
    ] {
        assert_eq!(
            forge.refused(&[(old, new)]),
            SignatureError::Comment,
            "{new}"
        );
    }
    // Elsewhere it is not the signature's matter: canonicalization leaves it out.
    forge.holds(&[("max", "m<!--x-->ax")]);
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let forge = Forge::new();
    let codes = |text: &str, keys: &[TrustedKey]| -> Vec<&str> {
        let document = parse(text.as_bytes(), &Limits::RESPONSE).unwrap();
        let (signature, assertion) = (signature_in(&document), assertion_in(&document));
        verify(signature, assertion, keys, STRICT)
            .map_or_else(|faults| faults, |_| Vec::new())
            .iter()
            .map(SignatureError::code)
            .collect()
    };
    let good = forge.signed(&[], &[]);
    assert_eq!(codes(&good, &forge.trusted), [""; 0]);
    assert_eq!(codes(&good, &[]), ["SIG-VALUE"]);
    let changed = good.replace(">max<", ">eve<");
    assert_eq!(codes(&changed, &forge.trusted), ["SIG-DIGEST"]);
    assert_eq!(codes(&changed, &[]), ["SIG-DIGEST", "SIG-VALUE"]);
    let sha1 = "http://www.w3.org/2000/09/xmldsig#sha1";
    let weak = forge.signed(
        &[
            ("http://www.w3.org/2001/04/xmlenc#sha256", sha1),
            ("#_a\"", "#_r\""),
            ("<ds:KeyName>", "<!--x--><ds:KeyName>"),
        ],
        &[],
    );
    // What the reference is to is not what stands here, so nothing is said of its digest.
    assert_eq!(
        codes(&weak.replace(">max<", ">eve<"), &[]),
        ["SIG-COMMENT", "SIG-REF-URI", "SIG-DIGEST-ALG", "SIG-VALUE"]
    );
    // A legacy algorithm is no reason not to say what else is wrong.
    let legacy = forge.signed(&[("http://www.w3.org/2001/04/xmlenc#sha256", sha1)], &[]);
    let legacy = legacy.replace(">max<", ">eve<");
    assert_eq!(
        codes(&legacy, &forge.trusted),
        ["SIG-DIGEST-ALG", "SIG-DIGEST"]
    );
}

#[test]
fn every_part_is_there_once_and_in_its_place() {
    let forge = Forge::new();
    let other_info = r#"<x:SignedInfo xmlns:x="urn:x"/>"#;
    for (old, new) in [
        (KEY_INFO, "<ds:Object/>"),
        (KEY_INFO, "<ds:KeyInfo/><ds:KeyInfo/>"),
        (KEY_INFO, "<ds:KeyInfo/><ds:Object/>"),
        (KEY_INFO, "text"),
        (KEY_INFO, "<x:KeyInfo xmlns:x='urn:x'/>"),
        (VALUE, ""),
        (
            VALUE,
            "<ds:SignatureValue>{value}</ds:SignatureValue><ds:SignatureValue/>",
        ),
        ("<ds:SignedInfo>", "<ds:SignedInfo/><ds:SignedInfo>"),
        ("</ds:SignedInfo>", "</ds:SignedInfo><ds:SignedInfo/>"),
        ("<ds:SignedInfo>", &format!("{other_info}<ds:SignedInfo>")),
        (SIGNATURE_METHOD, &SIGNATURE_METHOD.repeat(2)),
        (
            SIGNED_INFO_END,
            "</ds:Reference><ds:Extra/></ds:SignedInfo>",
        ),
        (SIGNED_INFO_END, "</ds:Reference>text</ds:SignedInfo>"),
        (DIGEST_METHOD, &DIGEST_METHOD.repeat(2)),
        (DIGEST_METHOD, &format!("{DIGEST_METHOD}text")),
        ("</ds:Transforms>", "</ds:Transforms><ds:Extra/>"),
    ] {
        let error = forge.refused(&[(old, new)]);
        assert_eq!(error.code(), "SIG-CHILDREN", "{old} → {new}: {error}");
    }
    for (method, code) in [
        (CANONICALIZATION, "SIG-C14N"),
        (SIGNATURE_METHOD, "SIG-ALG"),
        (DIGEST_METHOD, "SIG-DIGEST-ALG"),
    ] {
        assert_eq!(forge.refused(&[(method, "")]).code(), code);
    }
    let swapped = forge.refused(&[
        (CANONICALIZATION, SIGNATURE_METHOD),
        (
            &format!("{SIGNATURE_METHOD}<ds:Reference"),
            &format!("{CANONICALIZATION}<ds:Reference"),
        ),
    ]);
    assert_eq!(swapped.code(), "SIG-CHILDREN");
    let empty = "<s:Assertion xmlns:s='urn:s' ID='_a'><Signature xmlns='http://www.w3.org/2000/09/xmldsig#'/></s:Assertion>";
    assert_eq!(forge.verify(empty).unwrap_err().code(), "SIG-CHILDREN");
}

#[test]
fn there_is_exactly_one_reference() {
    let forge = Forge::new();
    let second = forge.refused(&[(
        SIGNED_INFO_END,
        "</ds:Reference><ds:Reference URI='#_r'/></ds:SignedInfo>",
    )]);
    assert_eq!(second, SignatureError::ReferenceCount { found: 2 });
    let text = forge.signed(&[], &[]);
    let (head, rest) = text.split_once("<ds:Reference").unwrap();
    let (_, tail) = rest.split_once("</ds:Reference>").unwrap();
    assert_eq!(
        forge.verify(&[head, tail].concat()),
        Err(SignatureError::ReferenceCount { found: 0 })
    );
}

#[test]
fn the_reference_is_to_the_element_around_it_by_its_id() {
    let forge = Forge::new();
    for uri in [
        "",
        "#",
        "#_r",
        "_a",
        "#_a ",
        "##_a",
        "#_A",
        "#xpointer(id('_a'))",
        "#xpointer(/)",
        "http://127.0.0.1/x#_a",
        "file:///etc/passwd",
    ] {
        let error = forge.refused(&[("URI=\"#_a\"", &format!("URI=\"{uri}\""))]);
        let expected = SignatureError::ReferenceUri {
            found: Some(uri.into()),
            expected: Some("#_a".into()),
        };
        assert_eq!(error, expected);
    }
    for (old, new) in [
        ("URI=\"#_a\"", ""),
        ("URI=\"#_a\"", "uri=\"#_a\""),
        ("ID=\"_a\"", ""),
        ("ID=\"_a\"", "Id=\"_a\""),
        ("ID=\"_a\"", "p:ID=\"_a\""),
        ("ID=\"_a\"", "ID=\"\""),
    ] {
        assert_eq!(forge.refused(&[(old, new)]).code(), "SIG-REF-URI", "{new}");
    }
    // An empty ID is none, even where an empty reference names it.
    assert_eq!(
        forge
            .refused(&[("ID=\"_a\"", "ID=\"\""), ("URI=\"#_a\"", "URI=\"#\"")])
            .code(),
        "SIG-REF-URI"
    );
}

#[test]
fn nothing_else_has_that_id_under_any_name() {
    let forge = Forge::new();
    for attribute in ["ID", "Id", "id", "xml:id", "s:ID"] {
        let twin = format!("<s:Subject {attribute}=\"_a\">");
        let error = forge.refused(&[("<s:Subject>", &twin)]);
        assert_eq!(
            error,
            SignatureError::IdNotUnique {
                id: "_a".into(),
                found: 2
            },
            "{attribute}"
        );
        let outside = format!("<p:Other {attribute}=\"_a\"/></p:Response>").replace("s:ID", "p:ID");
        assert_eq!(
            forge.refused(&[("</p:Response>", &outside)]).code(),
            "ID-DUP",
            "{attribute}"
        );
    }
    assert_eq!(
        forge
            .refused(&[("<ds:Signature xmlns", "<ds:Signature Id=\"_a\" xmlns")])
            .code(),
        "ID-DUP"
    );
}

#[test]
fn the_canonicalization_is_exclusive() {
    let forge = Forge::new();
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let list = r#"<e:InclusiveNamespaces xmlns:e="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList=""/>"#;
    for uri in [
        inclusive,
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/2010/xml-c14n2",
        "",
        "http://www.w3.org/2001/10/xml-exc-c14n",
    ] {
        let error = forge.refused(&[(CANONICALIZATION, &CANONICALIZATION.replace(exclusive, uri))]);
        assert_eq!(
            error,
            SignatureError::Canonicalization { found: uri.into() }
        );
        let error = forge.refused(&[(TRANSFORM, &TRANSFORM.replace(exclusive, uri))]);
        assert_eq!(error.code(), "SIG-TRANSFORM", "{uri}");
    }
    for parameters in [
        "text",
        "<ds:X/>",
        "<x:InclusiveNamespaces xmlns:x='urn:x'/>",
        &list.repeat(2),
        &format!("text{list}"),
        &list.replace("/>", ">text</e:InclusiveNamespaces>"),
    ] {
        let canonicalization =
            CANONICALIZATION.replace("/>", &format!(">{parameters}</ds:CanonicalizationMethod>"));
        assert_eq!(
            forge
                .refused(&[(CANONICALIZATION, &canonicalization)])
                .code(),
            "SIG-C14N",
            "{parameters}"
        );
        let transform = TRANSFORM.replace("></", &format!(">{parameters}</"));
        assert_eq!(
            forge.refused(&[(TRANSFORM, &transform)]).code(),
            "SIG-TRANSFORM",
            "{parameters}"
        );
    }
    assert_eq!(
        forge
            .refused(&[(CANONICALIZATION, "<ds:CanonicalizationMethod/>")])
            .code(),
        "SIG-C14N"
    );
}

/// As xmlsec1 and Java's own library do it. Some others cover comments, against the standard.
#[test]
fn comments_are_never_covered_by_a_reference_to_an_id() {
    let forge = Forge::new();
    let with_comments = (TRANSFORM, &*TRANSFORM.replace("c14n#", "c14n#WithComments"));
    forge.holds(&[with_comments, ("<s:Subject>", "<!--x--><s:Subject>")]);
    let signed = forge.signed(&[with_comments], &[]);
    let added = signed.replace("<s:Subject>", "<!--x--><s:Subject>");
    assert_eq!(forge.verify(&added), Ok(()));
}

#[test]
fn the_transforms_are_the_two_that_saml_allows_in_their_order() {
    let forge = Forge::new();
    let xpath = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>not(self::s:Subject)</ds:XPath></ds:Transform>";
    let base64 = "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#base64\"/>";
    let xslt = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"/>";
    let both = [ENVELOPED, TRANSFORM].concat();
    for transforms in [
        String::new(),
        ENVELOPED.to_owned(),
        TRANSFORM.to_owned(),
        [TRANSFORM, ENVELOPED].concat(),
        [ENVELOPED, ENVELOPED].concat(),
        [ENVELOPED, TRANSFORM, TRANSFORM].concat(),
        [ENVELOPED, xpath, TRANSFORM].concat(),
        [ENVELOPED, xpath].concat(),
        [xpath, TRANSFORM].concat(),
        [base64, TRANSFORM].concat(),
        [ENVELOPED, base64].concat(),
        [ENVELOPED, xslt].concat(),
        ENVELOPED.replace("/>", ">text</ds:Transform>") + TRANSFORM,
        ENVELOPED.replace("/>", "><ds:X/></ds:Transform>") + TRANSFORM,
        both.replace("ds:Transform", "ds:Other"),
        both.repeat(500),
    ] {
        let error = forge.refused(&[(&both, &transforms)]);
        assert_eq!(error.code(), "SIG-TRANSFORM", "{transforms}");
        assert!(error.to_string().len() < 600);
    }
    let list = format!("<ds:Transforms>{both}</ds:Transforms>");
    assert_eq!(forge.refused(&[(&list, "")]).code(), "SIG-TRANSFORM");
    let text = format!("<ds:Transforms>text{ENVELOPED} {TRANSFORM}</ds:Transforms>");
    assert_eq!(
        forge.refused(&[(&list, &text)]),
        SignatureError::Children {
            place: "Transforms",
            found: "text, Transform, Transform".into(),
            expected: "elements"
        }
    );
}

#[test]
fn algorithms_off_the_list_or_with_parameters_are_refused_by_name() {
    let forge = Forge::new();
    let uri = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
    for other in [
        "none",
        "",
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
    ] {
        let error = forge.refused(&[(SIGNATURE_METHOD, &SIGNATURE_METHOD.replace(uri, other))]);
        assert_eq!(
            error,
            SignatureError::Algorithm {
                found: other.into()
            }
        );
        let error = forge.refused(&[(
            DIGEST_METHOD,
            &DIGEST_METHOD.replace("http://www.w3.org/2001/04/xmlenc#sha256", other),
        )]);
        assert_eq!(
            error,
            SignatureError::DigestAlgorithm {
                found: other.into()
            }
        );
    }
    let with = |method: &str, name: &str, inside: &str| {
        method.replace("/>", &format!(">{inside}</ds:{name}>"))
    };
    for inside in [
        "<ds:HMACOutputLength>1</ds:HMACOutputLength>",
        "text",
        "<x:RSAPSSParams xmlns:x='http://www.w3.org/2007/05/xmldsig-more#'/>",
    ] {
        let error = forge.refused(&[(
            SIGNATURE_METHOD,
            &with(SIGNATURE_METHOD, "SignatureMethod", inside),
        )]);
        assert_eq!(
            error,
            SignatureError::Algorithm {
                found: format!("{uri} with parameters")
            }
        );
        assert_eq!(
            forge
                .refused(&[(DIGEST_METHOD, &with(DIGEST_METHOD, "DigestMethod", inside))])
                .code(),
            "SIG-DIGEST-ALG"
        );
    }
    // An algorithm of another kind of key finds no key.
    let rsa = SIGNATURE_METHOD.replace("ecdsa-sha256", "rsa-sha256");
    assert_eq!(
        forge.refused(&[(SIGNATURE_METHOD, &rsa)]).code(),
        "SIG-VALUE"
    );
}

#[test]
fn there_is_one_digest_and_it_is_that_of_the_element() {
    let forge = Forge::new();
    for (old, new) in [
        (DIGEST_VALUE, ""),
        (DIGEST_VALUE, &*DIGEST_VALUE.repeat(2)),
        ("{digest}", "{digest}="),
        ("{digest}", "&#xA0;{digest}"),
        ("{digest}", "<ds:X>{digest}</ds:X>"),
        ("{digest}", "{digest}<ds:X/>"),
    ] {
        assert_eq!(
            forge.refused(&[(old, new)]),
            SignatureError::UnreadableDigest,
            "{new}"
        );
    }
    for (old, new) in [
        ("{digest}", ""),
        ("{digest}", "AAAA"),
        ("{digest}", "{digest}AAAA"),
    ] {
        let error = forge.refused(&[(old, new)]);
        assert_eq!(error.code(), "SIG-DIGEST", "{new}");
    }
    let nothing = base64(&DigestAlgorithm::Sha256.digest(b""));
    assert_eq!(
        forge.refused(&[("{digest}", &nothing)]),
        SignatureError::EmptyDigest
    );
    let text = forge.signed(&[], &[]);
    assert_eq!(
        forge.verify(&text.replace(">max<", ">eve<")),
        Err(SignatureError::Changed)
    );
}

#[test]
fn the_value_is_that_of_a_trusted_key() {
    let forge = Forge::new();
    let zeros = base64(&[0; 64]);
    for value in [
        "",
        "AAAA",
        "=",
        "{value}AAAA",
        "{value}{value}",
        "<ds:X>{value}</ds:X>",
        &zeros,
    ] {
        let error = forge.refused(&[("{value}", value)]);
        assert_eq!(error.code(), "SIG-VALUE", "{value}");
    }
    // What KeyInfo says is nobody's business: here it brings the very certificate that made the signature.
    let stranger = Forge::new();
    let text = stranger.signed(&[], &[]);
    assert_eq!(stranger.verify(&text), Ok(()));
    assert_eq!(forge.verify(&text).unwrap_err().code(), "SIG-VALUE");
    // SignedInfo is covered: another reference under the same value is not.
    let text = forge
        .signed(&[], &[])
        .replace("<ds:Reference URI", "<ds:Reference Type=\"urn:x\" URI");
    assert_eq!(forge.verify(&text).unwrap_err().code(), "SIG-VALUE");
}

#[test]
fn a_value_in_der_is_not_one_of_xml() {
    let forge = Forge::new();
    let text = forge.signed(&[], &[]);
    let (head, rest) = text.split_once("<ds:SignatureValue>").unwrap();
    let (value, tail) = rest.split_once('<').unwrap();
    let value = decode_base64(value).unwrap();
    let mut der = vec![0x30, 0];
    for number in value.chunks(32) {
        der.extend([0x02, 33, 0]);
        der.extend_from_slice(number);
    }
    der[1] = u8::try_from(der.len() - 2).unwrap();
    let text = [head, "<ds:SignatureValue>", &base64(&der), "<", tail].concat();
    assert_eq!(forge.verify(&text).unwrap_err().code(), "SIG-VALUE");
}

#[test]
fn a_canonical_form_without_reasonable_size_is_refused() {
    let forge = Forge::new();
    let namespace = "n".repeat(4000);
    let elements = "<q:b/>".repeat(5000);
    let bomb = format!("<s:Subject xmlns:q=\"urn:{namespace}\">{elements}");
    let text = DOCUMENT
        .replace("<s:Subject>", &bomb)
        .replace("{digest}", "AAAA")
        .replace("{value}", "AAAA");
    assert_eq!(forge.verify(&text).unwrap_err().code(), "SIG-C14N");
}

#[test]
fn every_bit_of_a_signed_element_counts() {
    let key = rcgen::KeyPair::generate().unwrap();
    let parameters = rcgen::CertificateParams::new(vec!["idp.test".into()]).unwrap();
    let certificate = parameters.self_signed(&key).unwrap();
    let trusted = [TrustedKey::from_certificate_der(certificate.der()).unwrap()];
    let key = SigningKey::from_pkcs8(&key.serialize_der()).unwrap();
    let text = "<s:Assertion xmlns:s='urn:s' xmlns:x='urn:x' x:y='&#10;ö' ID='_a'><s:Issuer>idp</s:Issuer>\n\
        <s:Subject><![CDATA[<max>]]> &amp; co</s:Subject><s:Empty/></s:Assertion>";
    let signed = sign(text, "_a", &key, certificate.der()).unwrap();
    let holds = |bytes: &[u8]| -> bool {
        let Ok(document) = parse(bytes, &Limits::RESPONSE) else {
            return false;
        };
        let signature = document
            .elements()
            .find(|element| is(*element, "Signature"));
        signature
            .is_some_and(|signature| verify(signature, document.root(), &trusted, STRICT).is_ok())
    };
    assert!(holds(signed.as_bytes()));
    // KeyInfo is neither signed nor read.
    let unread = signed.find("<ds:KeyInfo>").unwrap()..signed.find("</ds:Signature>").unwrap();
    for at in (0..signed.len()).filter(|at| !unread.contains(at)) {
        for bit in 0..8 {
            let mut bytes = signed.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            assert!(
                !holds(&bytes),
                "byte {at}, bit {bit}: {}",
                String::from_utf8_lossy(&bytes)
            );
        }
        let mut bytes = signed.clone().into_bytes();
        bytes.remove(at);
        assert!(
            !holds(&bytes),
            "without byte {at}: {}",
            String::from_utf8_lossy(&bytes)
        );
    }
}
