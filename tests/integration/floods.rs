//! What a hostile response makes the checks do: no more, for every byte of it, than a small one does.

use super::attacks::{expected, fixtures, now, posted, read, trust};
use anyp_saml::saml::inspect;
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// What is repeated, with a number in place of `{}`, and before what. The root of them is a response that is signed.
const FLOODS: &[(&str, &str)] = &[
    (
        "</saml:AttributeStatement>",
        r#"<saml:Attribute Name="a{}"><saml:AttributeValue>value {} of the many</saml:AttributeValue></saml:Attribute>"#,
    ),
    ("</saml:AttributeValue>", ">"),
    ("</saml:AttributeValue>", "<!-- {} -->"),
    (
        "</saml:AttributeValue>",
        "<x ID='_{}' Id='_{}' xml:id='_{}' this='is' padded='to' keep='the' number='of' elements='low'/>",
    ),
    (
        "</saml:AttributeValue>",
        "<p:x xmlns:p='urn:{}' xmlns:q='urn:q{}' xmlns:r='urn:r{}' xmlns:s='urn:s{}' q:a='' r:a='' s:a=''/>",
    ),
    (
        "</saml:Conditions>",
        "<saml:AudienceRestriction><saml:Audience>an audience of another sort, {}</saml:Audience></saml:AudienceRestriction>",
    ),
    (
        "</saml:Subject>",
        r#"<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="2026-01-15T11:00:00Z" Recipient="urn:{}"/></saml:SubjectConfirmation>"#,
    ),
    (
        "</ds:SignedInfo>",
        r##"<ds:Reference URI="#_{}"><ds:DigestMethod Algorithm="urn:x"/><ds:DigestValue>AAAA</ds:DigestValue></ds:Reference>"##,
    ),
    (
        "</ds:Transforms>",
        r#"<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>"#,
    ),
    (
        "</ds:Signature>",
        r#"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>MIIB</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"#,
    ),
    (
        "</saml:Assertion>",
        r#"<ds:Signature><ds:SignedInfo/><ds:SignatureValue>AAAA</ds:SignatureValue></ds:Signature>"#,
    ),
    (
        "</samlp:Response>",
        r#"<saml:Assertion ID="_{}" Version="2.0" IssueInstant="2026-01-15T12:00:00Z"/>"#,
    ),
];

/// A list that only a signature which holds is read with, so the transform is the signed one's own.
const PREFIXES: (&str, &str) = (
    r#"<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>"#,
    r#"<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="LIST"/></ds:Transform>"#,
);

fn flooded(text: &str, before: &str, piece: &str, bytes: usize) -> String {
    let place = text.find(before).unwrap_or_else(|| panic!("no {before}"));
    let mut flood = String::with_capacity(bytes + piece.len());
    for number in 0.. {
        if flood.len() >= bytes {
            break;
        }
        flood += &piece.replace("{}", &number.to_string());
    }
    [&text[..place], &flood, &text[place..]].concat()
}

fn with_prefixes(text: &str, bytes: usize) -> String {
    let list: String = (0..bytes / 7)
        .map(|number| format!("p{number:05} "))
        .collect();
    assert!(text.contains(PREFIXES.0));
    text.replace(PREFIXES.0, &PREFIXES.1.replace("LIST", &list))
}

/// What it costs to look at a response: the time that this thread computes, however busy the machine is.
fn cost(text: &str) -> Duration {
    let computed = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(
            time.tv_sec.try_into().unwrap(),
            time.tv_nsec.try_into().unwrap(),
        )
    };
    let posted = posted(text.as_bytes(), false).unwrap();
    let trust = trust("idp.pem");
    let start = computed();
    inspect(&posted, &trust, &expected(), now());
    computed() - start
}

#[test]
fn what_costs_grows_no_faster_than_what_came() {
    let text = String::from_utf8(read(&fixtures().join("responses/assertion-signed.xml"))).unwrap();
    let floods = FLOODS.iter().map(|(before, piece)| {
        let of = |bytes| flooded(&text, before, piece, bytes);
        (*piece, of(64 << 10), of(512 << 10))
    });
    let prefixes = (
        "prefixes",
        with_prefixes(&text, 64 << 10),
        with_prefixes(&text, 512 << 10),
    );
    for (name, small, large) in floods.chain([prefixes]) {
        let (small, large) = (cost(&small), cost(&large));
        // Eight times as much came. What grows with the square of it would cost 64 times as much.
        assert!(
            large < small * 20 + Duration::from_millis(20),
            "{name}: {small:?}, then {large:?}"
        );
    }
}
