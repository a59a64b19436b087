//! The judge, by a key that signs whatever it is asked to: XML of any kind, signed as a response or as an assertion.
//! What is accepted names the user whom another reader (roxmltree) finds in the document, and there is no other one.
#![no_main]

mod expected;

use anyp_saml::encoding::base64;
use anyp_saml::saml::{PostedResponse, Trust, Verdict, validate};
use anyp_saml::secret::Secret;
use anyp_saml::xmldsig::TrustedKey;
use anyp_saml::xmldsig::sign::{SigningKey, sign};
use expected::{expected, now};
use libfuzzer_sys::fuzz_target;
use roxmltree::{Document, Node};
use std::sync::LazyLock;

const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";

struct Identity {
    key: SigningKey,
    certificate: Vec<u8>,
    trust: Trust,
}

static IDENTITY: LazyLock<Identity> = LazyLock::new(|| {
    let key = rcgen::KeyPair::generate().unwrap();
    let parameters = rcgen::CertificateParams::new(vec!["idp.example.test".into()]).unwrap();
    let certificate = parameters.self_signed(&key).unwrap().der().to_vec();
    Identity {
        key: SigningKey::from_pkcs8(&key.serialize_der()).unwrap(),
        trust: Trust {
            keys: vec![TrustedKey::from_certificate_der(&certificate).unwrap()],
            learn: false,
            allow_legacy_algorithms: false,
        },
        certificate,
    }
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(document) = roxmltree::Document::parse(text) else {
        return;
    };
    // Whatever has an ID may be signed: the response, or an assertion.
    let assertions = document.descendants().filter(is_assertion);
    for element in assertions.chain([document.root_element()]) {
        let Some(id) = element.attribute("ID") else {
            continue;
        };
        if let Ok(signed) = sign(text, id, &IDENTITY.key, &IDENTITY.certificate) {
            hold(&signed);
        }
    }
});

fn is_assertion(node: &Node<'_, '_>) -> bool {
    node.has_tag_name((ASSERTION, "Assertion"))
}

fn hold(xml: &str) {
    let Ok(posted) = PostedResponse::new(Secret::new(base64(xml.as_bytes())), None) else {
        return;
    };
    let (expected, now) = (expected(), now());
    let Ok(valid) = validate(&posted, &IDENTITY.trust, &expected, now) else {
        return;
    };
    if valid.verdict() != Verdict::Accepted {
        return;
    }
    let text = xml.replace("\r\n", "\n").replace('\r', "\n");
    let document = Document::parse(&text).unwrap();
    let assertions: Vec<_> = document.descendants().filter(is_assertion).collect();
    let [assertion] = assertions[..] else {
        panic!("{} assertions", assertions.len());
    };
    assert_eq!(assertion.attribute("ID"), valid.assertion_id());
    let names: Vec<_> = children(assertion, "Subject")
        .flat_map(|subject| children(subject, "NameID"))
        .collect();
    // All the text in it, however deep, as most other readers take it.
    let text = |name: &Node<'_, '_>| -> String {
        let texts = name.descendants().filter(Node::is_text);
        texts.filter_map(|text| text.text()).collect()
    };
    match (names.as_slice(), valid.subject()) {
        ([], None) => {}
        ([name], Some(user)) => assert_eq!(text(name).trim_matches([' ', '\t', '\r', '\n']), user),
        other => panic!("{other:?}"),
    }
}

fn children<'a, 'd>(
    parent: Node<'a, 'd>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'd>> {
    let children = parent.children();
    children.filter(move |child| child.has_tag_name((ASSERTION, name)))
}
