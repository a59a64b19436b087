//! Every rule of the list, kept and broken.
//!
//! These responses are signed by nobody, so that one edit breaks one rule and nothing else: [`inspect`] goes on past
//! the missing signature. What signatures decide is tested with real ones in `tests/integration/attacks.rs`.

use super::{
    Check, Expected, Outcome, PostedResponse, Refused, Report, Rule, Trust, Verdict, inspect,
    validate,
};
use crate::time::Timestamp;
use Outcome::{Fail, Pass, Skip, Warn};

/// A response that keeps every rule but that of being signed.
const KEPT: &str = r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:x="urn:x" ID="_r" Version="2.0" IssueInstant="2026-01-15T12:00:00Z" Destination="http://127.0.0.1:35417/saml/acs">
  <saml:Issuer>https://idp.example/saml</saml:Issuer>
  <samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>
  <saml:Assertion ID="_a" Version="2.0" IssueInstant="2026-01-15T12:00:01Z">
    <saml:Issuer>https://idp.example/saml</saml:Issuer>
    <saml:Subject>
      <saml:NameID>ana@example.org</saml:NameID>
      <saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
        <saml:SubjectConfirmationData NotOnOrAfter="2026-01-15T12:05:00Z" Recipient="http://127.0.0.1:35417/saml/acs"/>
      </saml:SubjectConfirmation>
    </saml:Subject>
    <saml:Conditions NotBefore="2026-01-15T11:55:00Z" NotOnOrAfter="2026-01-15T12:05:00Z">
      <saml:AudienceRestriction><saml:Audience>example.anypoint.mulesoft.com</saml:Audience></saml:AudienceRestriction>
    </saml:Conditions>
    <saml:AuthnStatement AuthnInstant="2026-01-15T11:59:58Z">
      <saml:AuthnContext><saml:AuthnContextClassRef>urn:x</saml:AuthnContextClassRef></saml:AuthnContext>
    </saml:AuthnStatement>
  </saml:Assertion>
</samlp:Response>"#;

/// A confirmation that its bearer may use, to stand beside another one.
const CONFIRMATION: &str = r#"<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="2026-01-15T12:05:00Z" Recipient="http://127.0.0.1:35417/saml/acs"/></saml:SubjectConfirmation>"#;

fn now() -> Timestamp {
    "2026-01-15T12:00:30Z".parse().unwrap()
}

fn expected() -> Expected {
    Expected {
        issuer: Some("https://idp.example/saml".into()),
        audience: Some("example.anypoint.mulesoft.com".into()),
        recipient: Some("http://127.0.0.1:35417/saml/acs".into()),
        user: None,
        clock_skew: Expected::CLOCK_SKEW,
    }
}

/// [`KEPT`] with some texts replaced, each of which must be there.
fn edited(edits: &[(&str, &str)]) -> String {
    edits.iter().fold(KEPT.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "no {from} to replace");
        text.replacen(from, to, 1)
    })
}

fn posted(xml: &str) -> PostedResponse {
    PostedResponse::recognise(xml.as_bytes()).unwrap()
}

fn report(xml: &str, expected: &Expected) -> Report {
    inspect(&posted(xml), &Trust::default(), expected, now())
}

fn refused(xml: &str) -> Box<Refused> {
    validate(&posted(xml), &Trust::default(), &expected(), now()).unwrap_err()
}

/// The check of one rule. There must be one: a rule that is lost from the list fails here.
fn check(report: &Report, rule: Rule) -> Check {
    let mut checks = report.checks.iter().filter(|check| check.rule == rule);
    let check = checks
        .next()
        .unwrap_or_else(|| panic!("{rule} was not held"))
        .clone();
    assert_eq!(checks.next(), None, "{rule} was held twice");
    check
}

fn outcome(edits: &[(&str, &str)], rule: Rule) -> Outcome {
    check(&report(&edited(edits), &expected()), rule).outcome
}

/// One edit per line, with the rule that must see it, what comes of it, and a part of what was found.
type Edits = &'static [(Rule, Outcome, &'static str, &'static str, &'static str)];

fn try_all(edits: Edits) {
    for (rule, outcome, from, to, found) in edits {
        let check = check(&report(&edited(&[(from, to)]), &expected()), *rule);
        assert_eq!(check.outcome, *outcome, "{rule} on {to}: {}", check.found);
        assert!(
            check.found.contains(found),
            "{rule} on {to}: {}",
            check.found
        );
    }
}

#[test]
fn a_response_that_keeps_all_rules_but_the_signature_breaks_that_one_alone() {
    let report = report(KEPT, &expected());
    let broken: Vec<_> = report
        .checks
        .iter()
        .filter(|check| check.outcome == Fail)
        .collect();
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert_eq!(broken[0].rule, Rule::SignatureNone);
    assert_eq!(report.verdict, Verdict::Refused);
    assert!(!report.signed);
    assert_eq!(report.warnings().next(), None);
}

#[test]
fn rules_are_held_in_their_order_and_each_has_a_code_of_its_own() {
    let report = report(KEPT, &expected());
    let rules: Vec<_> = report.checks.iter().map(|check| check.rule).collect();
    assert!(rules.is_sorted(), "{rules:?}");
    let mut codes: Vec<_> = rules.iter().map(|rule| rule.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), rules.len());
    // The last of them, so that none is missing from the end.
    assert_eq!(rules.last(), Some(&Rule::SessionNotOnOrAfter));
    assert_eq!(rules.len(), Rule::SessionNotOnOrAfter as usize + 1);
}

#[test]
fn nothing_is_said_without_its_expectation() {
    for check in report(KEPT, &expected()).checks {
        assert!(
            !check.expected.is_empty() && !check.rule.section().is_empty(),
            "{check:?}"
        );
    }
}

#[test]
#[rustfmt::skip]
fn the_document_is_one_response_of_saml_2() {
    try_all(&[
        (Rule::Version, Fail, r#"ID="_r" Version="2.0""#, r#"ID="_r" Version="1.1""#, "\"1.1\" at the Response"),
        (Rule::Version, Fail, r#"ID="_a" Version="2.0""#, r#"ID="_a" Version="2.1""#, "at the Assertion"),
        (Rule::Version, Fail, r#"ID="_a" Version="2.0""#, r#"ID="_a""#, "none at the Assertion"),
        (Rule::AssertionCount, Fail, "</samlp:Response>", "<saml:EncryptedAssertion/></samlp:Response>", "1 and 1 encrypted"),
        (Rule::AssertionNested, Fail, "</saml:Subject>", "</saml:Subject><saml:Advice><saml:Assertion/></saml:Advice>", "saml:Assertion inside saml:Advice"),
        (Rule::AssertionNested, Fail, "</saml:Issuer>", "</saml:Issuer><samlp:Extensions><samlp:Response/></samlp:Extensions>", "samlp:Response inside samlp:Extensions"),
        (Rule::AssertionNested, Fail, "</saml:Issuer>", "</saml:Issuer><samlp:Extensions><saml:EncryptedAssertion/></samlp:Extensions>", "EncryptedAssertion"),
    ]);
}

#[test]
fn another_root_is_no_response() {
    for (root, found) in [
        (
            "<samlp:LogoutResponse xmlns:samlp='urn:oasis:names:tc:SAML:2.0:protocol'/>",
            "samlp:LogoutResponse",
        ),
        ("<Response/>", "Response"),
        ("<Response xmlns='urn:x'/>", "{urn:x}Response"),
        (
            "<saml:Assertion xmlns:saml='urn:oasis:names:tc:SAML:2.0:assertion'/>",
            "saml:Assertion",
        ),
    ] {
        let refused = refused(root);
        assert_eq!((refused.rule, refused.found.as_str()), (Rule::Root, found));
        assert!(!refused.authenticated);
    }
}

#[test]
fn two_assertions_are_one_too_many_and_none_is_one_too_few() {
    let assertion =
        &KEPT[KEPT.find("<saml:Assertion").unwrap()..KEPT.find("</samlp:Response").unwrap()];
    assert_eq!(
        outcome(
            &[("</samlp:Response", &format!("{assertion}</samlp:Response"))],
            Rule::AssertionCount
        ),
        Fail
    );
    assert_eq!(outcome(&[(assertion, "")], Rule::AssertionCount), Fail);
    // A failure alone has none, and needs no signature; what is wrong with it is said by its status.
    let failed = ("status:Success", "status:Requester");
    for rule in [Rule::AssertionCount, Rule::SignatureNone] {
        assert_eq!(outcome(&[failed, (assertion, "")], rule), Skip);
        assert_eq!(outcome(&[(assertion, "")], rule), Fail);
    }
    assert_eq!(outcome(&[failed], Rule::AssertionCount), Pass);
    assert_eq!(outcome(&[failed], Rule::SignatureNone), Fail);
    let encrypted = (assertion, "<saml:EncryptedAssertion/>");
    assert_eq!(outcome(&[failed, encrypted], Rule::SignatureNone), Warn);
    let beside = (
        "</samlp:Response>",
        "<saml:EncryptedAssertion/></samlp:Response>",
    );
    assert_eq!(outcome(&[beside], Rule::SignatureNone), Fail);
}

#[test]
#[rustfmt::skip]
fn an_identifier_is_there_once_and_in_its_place() {
    try_all(&[
        (Rule::IdMissing, Fail, r#"ID="_r" "#, "", "none at the Response"),
        (Rule::IdMissing, Fail, r#"ID="_a""#, r#"ID="""#, "at the Assertion"),
        (Rule::IdDuplicate, Fail, r#"ID="_a""#, r#"ID="_r""#, "\"_r\""),
        (Rule::IdDuplicate, Fail, "<samlp:Status>", "<samlp:Status><ds:Object Id='_a'/>", "\"_a\""),
        (Rule::IdPollution, Fail, "<samlp:Status>", "<samlp:Status id='_b'>", "\"id\""),
        (Rule::IdPollution, Fail, "<samlp:Status>", "<samlp:Status xml:id='_b'>", "\"xml:id\""),
        (Rule::IdPollution, Fail, "<samlp:Status>", "<samlp:Status x:ID='_b'>", "\"x:ID\""),
        (Rule::IdPollution, Fail, "<samlp:Status>", "<samlp:Status Id='_b'>", "\"Id\""),
        (Rule::IdPollution, Pass, "<samlp:Status>", "<samlp:Status><ds:Object Id='_b'/>", ""),
    ]);
}

#[test]
#[rustfmt::skip]
fn a_comment_may_stand_between_elements_but_not_in_a_text() {
    try_all(&[
        (Rule::CommentInText, Fail, "ana@example.org", "ana@example.org<!---->.evil.example", "a comment in saml:NameID"),
        (Rule::CommentInText, Fail, "<saml:Audience>", "<saml:Audience><!-- -->", "saml:Audience"),
        // White space is what XML says, and this is none.
        (Rule::CommentInText, Fail, "ana@example.org", "\u{2003}<!---->\u{2003}", "saml:NameID"),
        (Rule::CommentInText, Pass, "<saml:Subject>", "<!-- --><saml:Subject><!-- -->", ""),
        // A comment inside a signature in its place is for the signature's own rules.
        (Rule::CommentInText, Pass, "<samlp:Status>", "<ds:Signature>x<!-- --></ds:Signature><samlp:Status>", ""),
        (Rule::CommentInText, Fail, "</samlp:Status>", "<ds:Signature>x<!-- --></ds:Signature></samlp:Status>", "ds:Signature"),
    ]);
}

#[test]
#[rustfmt::skip]
fn a_signature_stands_right_below_what_it_signs() {
    try_all(&[
        (Rule::SignaturePosition, Pass, "<samlp:Status>", "<ds:Signature/><samlp:Status>", ""),
        (Rule::SignaturePosition, Pass, "<saml:Subject>", "<ds:Signature/><saml:Subject>", ""),
        (Rule::SignaturePosition, Fail, "<saml:Subject>", "<saml:Subject><ds:Signature/>", "inside saml:Subject"),
        (Rule::SignaturePosition, Fail, "<samlp:Status>", "<samlp:Status><ds:Signature/>", "inside samlp:Status"),
        (Rule::SignaturePosition, Fail, "<saml:Subject>", "<ds:Signature><ds:Object><ds:Signature/></ds:Object></ds:Signature><saml:Subject>", "inside ds:Object"),
        (Rule::SignatureMultiple, Pass, "<samlp:Status>", "<ds:Signature/><samlp:Status>", ""),
        (Rule::SignatureMultiple, Fail, "<samlp:Status>", "<ds:Signature/><ds:Signature/><samlp:Status>", "2 at the Response"),
        (Rule::SignatureMultiple, Fail, "<saml:Subject>", "<ds:Signature/><ds:Signature/><saml:Subject>", "2 at the Assertion"),
        (Rule::SignatureNone, Pass, "<saml:Subject>", "<ds:Signature/><saml:Subject>", "Assertion"),
        (Rule::SignatureNone, Pass, "<samlp:Status>", "<ds:Signature/><samlp:Status>", "Response"),
        (Rule::SignatureOrder, Pass, "<samlp:Status>", "<ds:Signature/><samlp:Status>", ""),
        (Rule::SignatureOrder, Warn, "</samlp:Status>", "</samlp:Status><ds:Signature/>", "in the Response"),
        (Rule::SignatureOrder, Warn, "<saml:Issuer>", "<ds:Signature/><saml:Issuer>", "in the Response"),
        (Rule::SignatureOrder, Warn, "</saml:Subject>", "</saml:Subject><ds:Signature/>", "in the Assertion"),
    ]);
}

#[test]
#[rustfmt::skip]
fn the_time_of_issue_is_there_and_near() {
    try_all(&[
        (Rule::IssueInstant, Fail, r#"IssueInstant="2026-01-15T12:00:00Z""#, "", "none at the Response"),
        (Rule::IssueInstant, Fail, "12:00:01Z", "noon", "at the Assertion"),
        (Rule::IssueInstantFar, Pass, "12:00:01Z", "12:10:30Z", ""),
        (Rule::IssueInstantFar, Warn, "12:00:01Z", "12:10:31Z", "10 min 1 s after 2026-01-15T12:00:30Z, the time"),
        (Rule::IssueInstantFar, Warn, "12:00:00Z", "11:50:29Z", "10 min 1 s before 2026-01-15T12:00:30Z, the time"),
    ]);
}

#[test]
#[rustfmt::skip]
fn the_status_is_one_and_a_success() {
    const CODE: &str = r#"<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>"#;
    try_all(&[
        (Rule::Status, Fail, CODE, "", "0 top-level StatusCodes"),
        (Rule::Status, Fail, "</samlp:Status>", "</samlp:Status><samlp:Status/>", "2 Status elements"),
        (Rule::Status, Fail, "/></samlp:Status>", "/><samlp:StatusCode Value='urn:oasis:names:tc:SAML:2.0:status:Success'/></samlp:Status>", "2 top-level StatusCodes"),
        (Rule::Status, Fail, "status:Success", "status:Responder", "Responder (the identity provider had an error of its own)"),
        (Rule::Status, Fail, "status:Success\"/>", "status:Requester\"><samlp:StatusCode Value='urn:oasis:names:tc:SAML:2.0:status:Success'/></samlp:StatusCode>", "Requester / Success (the identity provider blames the request"),
        (Rule::Status, Fail, "status:Success\"/>", "status:Success\"><samlp:StatusCode Value='urn:oasis:names:tc:SAML:2.0:status:AuthnFailed'/></samlp:StatusCode>", "Success / AuthnFailed (the sign-in did not succeed)"),
        (Rule::Status, Fail, "status:Success\"/>", "status:Success\"><samlp:StatusCode/></samlp:StatusCode><samlp:StatusMessage>odd</samlp:StatusMessage>", "Success / (none), with the message \"odd\""),
        (Rule::Status, Fail, "urn:oasis:names:tc:SAML:2.0:status:Success", "urn:own:\u{9b}31m", "urn:own:\\u{9b}31m"),
        (Rule::Status, Fail, " Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"", "", "(none)"),
        (Rule::Status, Fail, CODE, "<samlp:StatusCode Value='urn:oasis:names:tc:SAML:2.0:status:Responder'/><samlp:StatusMessage>no\u{202e}</samlp:StatusMessage>", "with the message \"no\\u{202e}\""),
    ]);
}

#[test]
fn a_failure_without_an_assertion_needs_no_signature_to_be_told() {
    let assertion =
        &KEPT[KEPT.find("<saml:Assertion").unwrap()..KEPT.find("</samlp:Response").unwrap()];
    let refused = refused(&edited(&[
        (assertion, ""),
        ("status:Success", "status:Responder"),
    ]));
    assert_eq!(refused.rule, Rule::Status);
    assert!(refused.found.starts_with("Responder"), "{}", refused.found);
    // Anybody can have written it, so it ends no login.
    assert!(!refused.authenticated);
}

#[test]
#[rustfmt::skip]
fn the_message_is_for_us_and_answers_no_request() {
    const DESTINATION: &str = r#" Destination="http://127.0.0.1:35417/saml/acs""#;
    try_all(&[
        (Rule::Destination, Fail, DESTINATION, r#" Destination="http://127.0.0.1:35417/saml/acs/""#, "/saml/acs/\""),
        (Rule::Destination, Fail, DESTINATION, r#" Destination="""#, "\"\""),
        (Rule::Destination, Fail, DESTINATION, r#" Destination="HTTP://127.0.0.1:35417/saml/acs""#, "HTTP:"),
        (Rule::Destination, Pass, DESTINATION, "", "none"),
        (Rule::InResponseTo, Fail, DESTINATION, r#" InResponseTo="_q""#, "\"_q\""),
        (Rule::InResponseTo, Pass, DESTINATION, r#" InResponseTo="""#, "none"),
    ]);
    // Who signs the response must say whom it is for.
    assert_eq!(
        outcome(
            &[
                (DESTINATION, ""),
                ("<samlp:Status>", "<ds:Signature/><samlp:Status>")
            ],
            Rule::Destination
        ),
        Fail
    );
}

#[test]
#[rustfmt::skip]
fn the_issuer_is_the_identity_provider() {
    const OUTSIDE: &str = "acs\">\n  <saml:Issuer>https://idp.example/saml</saml:Issuer>";
    const INSIDE: &str = "01Z\">\n    <saml:Issuer>https://idp.example/saml</saml:Issuer>";
    try_all(&[
        (Rule::Issuer, Fail, OUTSIDE, "acs\"><saml:Issuer>https://evil.example</saml:Issuer>", "evil"),
        (Rule::Issuer, Fail, INSIDE, "01Z\"><saml:Issuer>https://idp.example/saml </saml:Issuer>", "saml \""),
        (Rule::Issuer, Fail, INSIDE, "01Z\"><saml:Issuer>https://idp.example/saml<x:y/></saml:Issuer>", "\"\""),
        (Rule::Issuer, Fail, INSIDE, "01Z\">", "0 at the Assertion"),
        (Rule::Issuer, Fail, "<samlp:Status>", "<saml:Issuer>https://idp.example/saml</saml:Issuer><samlp:Status>", "2 at the Response"),
        (Rule::Issuer, Pass, OUTSIDE, "acs\">", "idp.example"),
        (Rule::IssuerFormat, Warn, "<saml:Issuer>", "<saml:Issuer Format='urn:x'>", "urn:x"),
        (Rule::IssuerFormat, Pass, "<saml:Issuer>", "<saml:Issuer Format='urn:oasis:names:tc:SAML:2.0:nameid-format:entity'>", ""),
    ]);
    // Who signs the response must say who they are, and so must who encrypts the assertion.
    assert_eq!(
        outcome(&[(OUTSIDE, "acs\"><ds:Signature/>")], Rule::Issuer),
        Fail
    );
    let assertion =
        &KEPT[KEPT.find("<saml:Assertion").unwrap()..KEPT.find("</samlp:Response").unwrap()];
    assert_eq!(
        outcome(
            &[
                (OUTSIDE, "acs\">"),
                (assertion, "<saml:EncryptedAssertion/>")
            ],
            Rule::Issuer
        ),
        Fail
    );
}

#[test]
fn an_issuer_that_is_not_configured_is_told_and_must_agree_with_itself() {
    let any = Expected {
        issuer: None,
        ..expected()
    };
    assert_eq!(check(&report(KEPT, &any), Rule::Issuer).outcome, Warn);
    let differ = edited(&[(
        "<saml:Issuer>https://idp.example/saml",
        "<saml:Issuer>https://other.example",
    )]);
    assert_eq!(check(&report(&differ, &any), Rule::Issuer).outcome, Fail);
    let empty = KEPT.replace("https://idp.example/saml", "");
    assert_eq!(check(&report(&empty, &any), Rule::Issuer).outcome, Fail);
}

#[test]
#[rustfmt::skip]
fn the_user_is_named_once() {
    const NAME: &str = "<saml:NameID>ana@example.org</saml:NameID>";
    try_all(&[
        (Rule::NameId, Pass, NAME, NAME, "\"ana@example.org\""),
        (Rule::NameId, Fail, "ana@example.org", " ", "\"\""),
        (Rule::NameId, Fail, "ana@example.org", "ana<x:y>@evil</x:y>", "\"\""),
        (Rule::NameId, Warn, NAME, "", "none"),
        (Rule::NameId, Fail, NAME, "<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>", "2 of them"),
        (Rule::NameId, Fail, NAME, "<saml:NameID>a</saml:NameID><saml:EncryptedID/>", "2 of them"),
        (Rule::NameId, Pass, NAME, "<saml:EncryptedID/>", "encrypted"),
        (Rule::NameId, Fail, "</saml:Subject>", "</saml:Subject><saml:Subject/>", "2 Subjects"),
    ]);
    // A name that confirms somebody else is not the user's.
    let other = edited(&[(
        "cm:bearer\">",
        "cm:bearer\"><saml:NameID>evil@example.org</saml:NameID>",
    )]);
    assert_eq!(
        report(&other, &expected()).subject.as_deref(),
        Some("ana@example.org")
    );
}

#[test]
fn a_user_is_named_only_where_one_is() {
    let subject = |to: &str| {
        let xml = edited(&[("ana@example.org", to)]);
        report(&xml, &expected()).subject
    };
    assert_eq!(
        subject("ana@example.org").as_deref(),
        Some("ana@example.org")
    );
    assert_eq!(subject(" "), None);
}

#[test]
fn the_user_is_the_expected_one() {
    let of = |xml: &str, user: &str| {
        let expected = Expected {
            user: Some(user.into()),
            ..expected()
        };
        check(&report(xml, &expected), Rule::User)
    };
    assert_eq!(check(&report(KEPT, &expected()), Rule::User).outcome, Skip);
    assert_eq!(of(KEPT, "ana@example.org").outcome, Pass);
    for user in ["eva@example.org", "ana@example.or", "Ana@example.org", ""] {
        let check = of(KEPT, user);
        assert_eq!(check.outcome, Fail, "{user}");
        assert_eq!(check.found, "\"ana@example.org\"");
    }
    let nobody = edited(&[("<saml:NameID>ana@example.org</saml:NameID>", "")]);
    assert_eq!(of(&nobody, "ana@example.org").outcome, Fail);
    let hidden = edited(&[(
        "<saml:NameID>ana@example.org</saml:NameID>",
        "<saml:EncryptedID/>",
    )]);
    assert_eq!(of(&hidden, "ana@example.org").outcome, Warn);
}

#[test]
#[rustfmt::skip]
fn a_confirmation_lets_its_bearer_in_here_and_now() {
    const METHOD: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
    const RECIPIENT: &str = r#" Recipient="http://127.0.0.1:35417/saml/acs"/>"#;
    const UNTIL: &str = r#"Data NotOnOrAfter="2026-01-15T12:05:00Z""#;
    try_all(&[
        (Rule::ConfirmationNone, Pass, METHOD, METHOD, "1"),
        (Rule::ConfirmationMethod, Fail, METHOD, "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches", "sender-vouches"),
        (Rule::ConfirmationMethod, Fail, " Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"", "", "none"),
        (Rule::ConfirmationData, Fail, "<saml:SubjectConfirmationData", "<x:y", "0"),
        (Rule::ConfirmationData, Fail, "<saml:SubjectConfirmationData", "<saml:SubjectConfirmationData/><saml:SubjectConfirmationData", "2"),
        (Rule::ConfirmationRecipient, Fail, RECIPIENT, "/>", "none"),
        (Rule::ConfirmationRecipient, Fail, RECIPIENT, r#" Recipient="http://127.0.0.1:35417/saml/acs.evil"/>"#, "acs.evil"),
        (Rule::ConfirmationNotOnOrAfter, Fail, UNTIL, "Data", "none"),
        (Rule::ConfirmationNotOnOrAfter, Fail, UNTIL, r#"Data NotOnOrAfter="soon""#, "soon"),
        (Rule::ConfirmationNotOnOrAfter, Fail, UNTIL, r#"Data NotOnOrAfter="2026-01-15T11:57:30Z""#, "3 min 0 s before 2026-01-15T12:00:30Z, the time it is held against"),
        (Rule::ConfirmationNotOnOrAfter, Pass, UNTIL, r#"Data NotOnOrAfter="2026-01-15T11:57:31Z""#, ""),
        (Rule::ConfirmationNotBefore, Pass, UNTIL, UNTIL, "none"),
        (Rule::ConfirmationNotBefore, Warn, UNTIL, r#"Data NotBefore="2026-01-15T11:00:00Z" NotOnOrAfter="2026-01-15T12:05:00Z""#, "11:00"),
        (Rule::ConfirmationNotBefore, Warn, UNTIL, r#"Data NotBefore="2026-01-15T12:03:30Z" NotOnOrAfter="2026-01-15T12:05:00Z""#, ""),
        (Rule::ConfirmationNotBefore, Fail, UNTIL, r#"Data NotBefore="2026-01-15T12:03:31Z" NotOnOrAfter="2026-01-15T12:05:00Z""#, "3 min 1 s after"),
        (Rule::ConfirmationNotBefore, Fail, UNTIL, r#"Data NotBefore="later" NotOnOrAfter="2026-01-15T12:05:00Z""#, "later"),
        (Rule::ConfirmationInResponseTo, Pass, UNTIL, UNTIL, "none"),
        (Rule::ConfirmationInResponseTo, Fail, RECIPIENT, r#" Recipient="http://127.0.0.1:35417/saml/acs" InResponseTo="_q"/>"#, "_q"),
        (Rule::ConfirmationAddress, Skip, RECIPIENT, r#" Recipient="http://127.0.0.1:35417/saml/acs" Address="192.0.2.1"/>"#, "192.0.2.1"),
    ]);
    let confirmation = &KEPT
        [KEPT.find("<saml:SubjectConfirmation ").unwrap()..KEPT.find("</saml:Subject>").unwrap()];
    assert_eq!(outcome(&[(confirmation, "")], Rule::ConfirmationNone), Fail);
}

#[test]
fn one_good_confirmation_is_enough_but_it_must_be_good_in_everything() {
    const DATA: &str =
        r#"NotOnOrAfter="2026-01-15T12:05:00Z" Recipient="http://127.0.0.1:35417/saml/acs"/>"#;
    let confirming = [
        Rule::ConfirmationMethod,
        Rule::ConfirmationData,
        Rule::ConfirmationRecipient,
        Rule::ConfirmationNotOnOrAfter,
        Rule::ConfirmationNotBefore,
        Rule::ConfirmationInResponseTo,
    ];
    let outcomes = |data: &str, other: &str| {
        let xml = edited(&[
            (DATA, data),
            ("</saml:Subject>", &format!("{other}</saml:Subject>")),
        ]);
        let report = report(&xml, &expected());
        confirming.map(|rule| check(&report, rule).outcome)
    };
    let broken = [
        r#"NotOnOrAfter="2026-01-15T12:05:00Z" Recipient="urn:other"/>"#,
        r#"NotOnOrAfter="2026-01-15T11:05:00Z" Recipient="http://127.0.0.1:35417/saml/acs"/>"#,
        r#"InResponseTo="_q" NotOnOrAfter="2026-01-15T12:05:00Z" Recipient="http://127.0.0.1:35417/saml/acs"/>"#,
    ];
    for data in broken {
        assert!(outcomes(data, "").contains(&Fail), "{data}");
        assert_eq!(outcomes(data, CONFIRMATION), [Pass; 6], "{data}");
        // Two that are each good in half of it are not one that is good.
        let other_half = CONFIRMATION.replace("Recipient=\"", "InResponseTo=\"_q\" Recipient=\"");
        if !data.contains("InResponseTo") {
            assert!(outcomes(data, &other_half).contains(&Fail), "{data}");
        }
    }
}

#[test]
#[rustfmt::skip]
fn the_conditions_are_one_set_and_hold_now() {
    const FROM: &str = r#"NotBefore="2026-01-15T11:55:00Z""#;
    const UNTIL: &str = r#"11:55:00Z" NotOnOrAfter="2026-01-15T12:05:00Z""#;
    try_all(&[
        (Rule::Conditions, Pass, FROM, FROM, "one"),
        (Rule::Conditions, Fail, "</saml:Conditions>", "</saml:Conditions><saml:Conditions/>", "2"),
        (Rule::NotBefore, Pass, FROM, r#"NotBefore="2026-01-15T12:03:30Z""#, "3 min 0 s after"),
        (Rule::NotBefore, Fail, FROM, r#"NotBefore="2026-01-15T12:03:31Z""#, "3 min 1 s after 2026-01-15T12:00:30Z, the time it is held against"),
        (Rule::NotBefore, Fail, FROM, r#"NotBefore="""#, "\"\""),
        (Rule::NotBefore, Pass, FROM, "", "none"),
        (Rule::NotOnOrAfter, Pass, UNTIL, r#"11:55:00Z" NotOnOrAfter="2026-01-15T11:57:31Z""#, "2 min 59 s before"),
        (Rule::NotOnOrAfter, Fail, UNTIL, r#"11:55:00Z" NotOnOrAfter="2026-01-15T11:57:30Z""#, "3 min 0 s before"),
        (Rule::NotOnOrAfter, Fail, UNTIL, r#"11:55:00Z" NotOnOrAfter="2024-01-15T11:57:30Z""#, "731 d 0 h before"),
        (Rule::NotOnOrAfter, Fail, UNTIL, r#"11:55:00Z" NotOnOrAfter="tomorrow""#, "tomorrow"),
        (Rule::NotOnOrAfter, Fail, UNTIL, r#"12:01:00Z" NotOnOrAfter="2026-01-15T12:01:00Z""#, "12:01:00Z"),
        (Rule::NotOnOrAfter, Pass, UNTIL, r#"12:01:00Z" NotOnOrAfter="2026-01-15T12:01:01Z""#, "12:01:01Z"),
        (Rule::NotOnOrAfter, Pass, UNTIL, r#"11:55:00Z""#, "none"),
        (Rule::ConditionUnknown, Pass, "<saml:AudienceRestriction>", "<saml:OneTimeUse/><saml:ProxyRestriction/><saml:AudienceRestriction>", "none"),
        (Rule::ConditionUnknown, Fail, "<saml:AudienceRestriction>", "<saml:Condition/><saml:AudienceRestriction>", "\"Condition\""),
        (Rule::ConditionUnknown, Fail, "<saml:AudienceRestriction>", "<x:OneTimeUse/><saml:AudienceRestriction>", "\"OneTimeUse\""),
        (Rule::OneTimeUse, Skip, FROM, FROM, "not asked for"),
        (Rule::OneTimeUse, Pass, "<saml:AudienceRestriction>", "<saml:OneTimeUse/><saml:AudienceRestriction>", "no copy"),
        (Rule::ProxyRestriction, Skip, "<saml:AudienceRestriction>", "<saml:ProxyRestriction/><saml:AudienceRestriction>", "there is one"),
    ]);
    let conditions =
        &KEPT[KEPT.find("<saml:Conditions").unwrap()..KEPT.find("<saml:AuthnStatement").unwrap()];
    assert_eq!(outcome(&[(conditions, "")], Rule::Conditions), Fail);
}

#[test]
#[rustfmt::skip]
fn every_audience_restriction_names_us() {
    const OURS: &str = "<saml:AudienceRestriction><saml:Audience>example.anypoint.mulesoft.com</saml:Audience></saml:AudienceRestriction>";
    try_all(&[
        (Rule::Audience, Pass, OURS, OURS, "example"),
        (Rule::Audience, Pass, "<saml:Audience>", "<saml:Audience>other</saml:Audience><saml:Audience>", ""),
        (Rule::Audience, Fail, ".mulesoft.com</saml:Audience>", ".mulesoft.com.evil</saml:Audience>", "evil"),
        (Rule::Audience, Fail, "<saml:Audience>example", "<saml:Audience> example", "\" example"),
        (Rule::Audience, Fail, ".mulesoft.com</saml:Audience>", ".mulesoft.com<x:y/></saml:Audience>", "\"\""),
        (Rule::Audience, Fail, OURS, "", "no AudienceRestriction"),
        (Rule::Audience, Fail, OURS, "<saml:AudienceRestriction/>", "none"),
        (Rule::Audience, Fail, "</saml:Conditions>", "<saml:AudienceRestriction><saml:Audience>other</saml:Audience></saml:AudienceRestriction></saml:Conditions>", "\"other\""),
    ]);
    let any = Expected {
        audience: None,
        ..expected()
    };
    let check = check(&report(KEPT, &any), Rule::Audience);
    assert_eq!(check.outcome, Warn);
    assert_eq!(check.found, "\"example.anypoint.mulesoft.com\"");
}

#[test]
#[rustfmt::skip]
fn the_user_signed_in_and_the_session_lasts() {
    const AT: &str = r#"AuthnInstant="2026-01-15T11:59:58Z""#;
    try_all(&[
        (Rule::SessionNotOnOrAfter, Pass, AT, AT, "none"),
        (Rule::SessionNotOnOrAfter, Pass, AT, r#"SessionNotOnOrAfter="2026-01-15T20:00:00Z""#, "until 2026-01-15T20:00:00Z"),
        (Rule::SessionNotOnOrAfter, Fail, AT, r#"SessionNotOnOrAfter="2026-01-15T11:57:30Z""#, "3 min 0 s before"),
        (Rule::SessionNotOnOrAfter, Fail, AT, r#"SessionNotOnOrAfter="never""#, "never"),
    ]);
    let statement =
        &KEPT[KEPT.find("<saml:AuthnStatement").unwrap()..KEPT.find("</saml:Assertion").unwrap()];
    assert_eq!(outcome(&[(statement, "")], Rule::AuthnStatement), Fail);
}

#[test]
fn an_encrypted_assertion_is_never_verified_and_nothing_of_it_is_said() {
    let assertion =
        &KEPT[KEPT.find("<saml:Assertion").unwrap()..KEPT.find("</samlp:Response").unwrap()];
    let encrypted = edited(&[(assertion, "<saml:EncryptedAssertion/>")]);
    let valid = validate(&posted(&encrypted), &Trust::default(), &expected(), now()).unwrap();
    assert_eq!(valid.verdict(), Verdict::Unverified);
    assert_eq!((valid.subject(), valid.assertion_id()), (None, None));
    let warned: Vec<_> = valid.warnings().map(|check| check.rule).collect();
    assert_eq!(warned, [Rule::SignatureNone, Rule::Encrypted]);
    assert!(!valid.report().signed);
    assert_eq!(check(valid.report(), Rule::NotOnOrAfter).outcome, Skip);
    // What is outside is held all the same.
    let elsewhere = encrypted.replace("35417", "35418");
    let refused = refused(&elsewhere);
    assert_eq!(
        (refused.rule, refused.authenticated),
        (Rule::Destination, false)
    );
}

#[test]
fn what_is_not_xml_is_refused_by_the_rule_of_xml() {
    for (bytes, rule) in [
        (&b"<a>"[..], Rule::XmlWellFormed),
        (b"<!DOCTYPE a><a/>", Rule::XmlDoctype),
        (b"<?p x?><a/>", Rule::XmlInstruction),
        (b"<?xml version='1.1'?><a/>", Rule::XmlVersion),
        (
            b"<?xml version='1.0' encoding='latin1'?><a/>",
            Rule::XmlEncoding,
        ),
        (b"<a>\xff</a>", Rule::XmlEncoding),
        (b"<a xmlns='relative'/>", Rule::NamespaceAbsolute),
        ("<a>".repeat(65).as_bytes(), Rule::XmlDepth),
        (
            format!("<a>{}</a>", "<b/>".repeat(20_000)).as_bytes(),
            Rule::XmlLimit,
        ),
    ] {
        let posted = PostedResponse::recognise(bytes).unwrap();
        let refused = validate(&posted, &Trust::default(), &expected(), now()).unwrap_err();
        assert_eq!(refused.rule, rule, "{}", refused.found);
        assert!(!refused.authenticated);
    }
}

#[test]
fn validate_stops_at_the_part_that_refuses_and_inspect_does_not() {
    let refused = refused(KEPT);
    assert_eq!(refused.rule, Rule::SignatureNone);
    assert_eq!(
        refused.report.checks.last().map(|check| check.rule),
        Some(Rule::SignatureOrder)
    );
    // What nobody signed names nobody.
    assert_eq!(
        (&refused.report.subject, &refused.report.issuer),
        (&None, &None)
    );
    let inspected = report(KEPT, &expected());
    assert_eq!(inspected.subject.as_deref(), Some("ana@example.org"));
    assert_eq!(
        inspected.refusal().map(|check| check.rule),
        Some(Rule::SignatureNone)
    );
}

#[test]
fn a_refusal_reads_as_a_sentence_without_the_response_in_it() {
    let refused = refused(KEPT);
    assert_eq!(
        refused.to_string(),
        "SIG-NONE: expected a signature of the identity provider, found no signature"
    );
    assert!(!format!("{:?}", posted(KEPT)).contains("ana"));
}
