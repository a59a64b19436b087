use super::*;
use zeroize::Zeroizing;

const HOST: &str = "127.0.0.1:35417";
const PATH: &str = "/saml/acs";
const BODY: &str = "SAMLResponse=PGEvPg%3D%3D";

/// What Chromium 156 sent with the form of an https page, in its order.
const CHROMIUM: &[(&str, &str)] = &[
    ("Host", HOST),
    ("Cache-Control", "max-age=0"),
    (
        "sec-ch-ua",
        "\"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"156\"",
    ),
    ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", "\"Linux\""),
    ("Upgrade-Insecure-Requests", "1"),
    ("Content-Type", FORM),
    (
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
    ),
    ("Origin", "null"),
    (
        "Accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
    ),
    ("Sec-Fetch-Site", "cross-site"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-Dest", "document"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Accept-Language", "en-US,en;q=0.9"),
];

/// What Firefox 153 sent.
const FIREFOX: &[(&str, &str)] = &[
    ("Host", HOST),
    (
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
    ),
    (
        "Accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    ),
    ("Accept-Language", "en-US,en;q=0.9"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Content-Type", FORM),
    ("Origin", "null"),
    ("Upgrade-Insecure-Requests", "1"),
    ("Sec-Fetch-Dest", "document"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-Site", "cross-site"),
    ("Priority", "u=0, i"),
];

/// A browser from before Fetch Metadata.
const OLD: &[(&str, &str)] = &[("Host", HOST), ("Content-Type", FORM)];

fn request(headers: &[(&str, &str)]) -> Request {
    Request {
        method: "POST".into(),
        target: PATH.into(),
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: Zeroizing::new(BODY.into()),
        peer: "127.0.0.1:50000".parse().unwrap(),
        local: "127.0.0.1:35417".parse().unwrap(),
    }
}

/// The same request with one header of this name, in place of what it had.
fn with(mut request: Request, name: &str, value: &str) -> Request {
    request
        .headers
        .retain(|(field, _)| !field.eq_ignore_ascii_case(name));
    request.headers.push((name.into(), value.into()));
    request
}

fn with_body(body: &str) -> Request {
    let mut request = request(CHROMIUM);
    request.body = Zeroizing::new(body.into());
    request
}

fn rules(relay_state: RelayState) -> Rules {
    let address = LoopbackAddress::parse("http://127.0.0.1:35417/saml/acs").unwrap();
    let origins = vec!["https://idp.example".into(), "http://127.0.0.1:8080".into()];
    Rules::new(&address, origins, relay_state)
}

fn refused(request: &Request) -> RequestError {
    check(request, &rules(RelayState::Off)).unwrap_err()
}

#[test]
fn the_posts_of_real_browsers_are_taken() {
    for headers in [CHROMIUM, FIREFOX, OLD] {
        let posted = check(&request(headers), &rules(RelayState::Off)).unwrap();
        assert_eq!(posted.base64(), "PGEvPg==");
    }
    // A click in place of a script; http pages, and those with another referrer policy, which name their origin; a page
    // on the same loopback; a form that names its charset.
    for (name, value) in [
        ("Sec-Fetch-User", "?1"),
        ("Origin", "https://idp.example"),
        ("Origin", "http://127.0.0.1:8080"),
        ("Sec-Fetch-Site", "same-site"),
        ("Referer", "http://127.0.0.1:8080/page"),
        (
            "Content-Type",
            "Application/X-WWW-Form-Urlencoded; charset=UTF-8",
        ),
    ] {
        let request = with(request(CHROMIUM), name, value);
        assert!(
            check(&request, &rules(RelayState::Off)).is_ok(),
            "{name}: {value}"
        );
    }
}

#[test]
fn any_other_host_is_refused() {
    for host in [
        "127a0.0.1",
        "127a0.0.1:35417",
        "::1",
        "::1:35417",
        "[::1]:35417",
        "notlocalhost",
        "notlocalhost:35417",
        "localhost",
        "localhost:35417",
        "sub.localhost:35417",
        "localhost.com:35417",
        "127.0.0.1.example.com",
        "127.0.0.1.example.com:35417",
        "[::1].example.com:35417",
        "username@127.0.0.1:35417",
        "@localhost:35417",
        "@127.0.0.1:35417",
        "localhost@example.com",
        "127.0.0.1:35417@example.com",
        "https://127.0.0.1:35417",
        "http://127.0.0.1:35417",
        "ftp://127.0.0.1:35417",
        "127.0.0.1:35417/saml/acs",
        "127.0.0.1:35417/other",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:35418",
        "127.0.0.1:035417",
        "127.0.0.1:80",
        "127.1:35417",
        "0x7f.1:35417",
        "2130706433:35417",
        "0.0.0.0:35417",
        "[::ffff:127.0.0.1]:35417",
        "127.0.0.1.:35417",
        "LOCALHOST:35417",
        "127.0.0.1:35417 ",
        "127.0.0.1:35417\t",
        " 127.0.0.1:35417",
        "127.0.0.1:35417, 127.0.0.1:35417",
        "127.0.0.1:35417,evil.example",
        "evil.example:35417",
        "",
    ] {
        let error = refused(&with(request(CHROMIUM), "Host", host));
        assert!(matches!(error, RequestError::Host { .. }), "{host:?}");
        assert_eq!(error.status(), 421);
    }
}

#[test]
fn a_missing_or_a_second_host_is_refused() {
    let mut none = request(CHROMIUM);
    none.headers.retain(|(name, _)| name != "Host");
    assert!(matches!(
        refused(&none),
        RequestError::Host { found: None, .. }
    ));
    let mut two = request(CHROMIUM);
    two.headers.push(("hOST".into(), HOST.into()));
    assert!(matches!(refused(&two), RequestError::Host { .. }));
}

#[test]
fn localhost_and_ipv6_are_taken_where_they_are_the_address() {
    for address in [
        "http://localhost:35417/saml/acs",
        "http://[::1]:35417/saml/acs",
    ] {
        let address = LoopbackAddress::parse(address).unwrap();
        let rules = Rules::new(&address, Vec::new(), RelayState::Off);
        assert!(
            check(
                &with(request(CHROMIUM), "Host", &address.authority()),
                &rules
            )
            .is_ok()
        );
        assert!(check(&request(CHROMIUM), &rules).is_err());
    }
}

#[test]
fn the_path_is_exact_and_has_no_query() {
    for target in [
        "/",
        "/saml",
        "/saml/acs/",
        "/saml//acs",
        "//saml/acs",
        "/SAML/ACS",
        "/saml/%61cs",
        "/saml/../saml/acs",
        "/saml/acs#",
        "/saml/acs;a=b",
        "/saml/acs%3Fa",
        "http://127.0.0.1:35417/saml/acs",
    ] {
        let mut request = request(CHROMIUM);
        request.target = target.into();
        assert_eq!(refused(&request), RequestError::Path, "{target}");
    }
    for target in [
        "/saml/acs?",
        "/saml/acs?a=b",
        "/saml/acs?SAMLResponse=PGEvPg%3D%3D",
    ] {
        let mut request = request(CHROMIUM);
        request.target = target.into();
        let error = refused(&request);
        assert_eq!(error, RequestError::Query, "{target}");
        assert_eq!(error.trace(), Trace::Told);
    }
}

#[test]
fn only_post_is_taken() {
    for method in [
        "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "post", "POSTS",
    ] {
        let mut request = request(CHROMIUM);
        request.method = method.into();
        let error = refused(&request);
        assert_eq!(error, RequestError::Method(method.into()));
        assert_eq!(error.status(), 405);
        assert_eq!(error.trace(), Trace::None);
    }
}

#[test]
fn scripts_frames_and_images_are_refused() {
    for (name, value) in [
        ("Sec-Fetch-Mode", "no-cors"),
        ("Sec-Fetch-Mode", "cors"),
        ("Sec-Fetch-Mode", "same-origin"),
        ("Sec-Fetch-Mode", "websocket"),
        ("Sec-Fetch-Mode", "NAVIGATE"),
        ("Sec-Fetch-Mode", ""),
        ("Sec-Fetch-Dest", "empty"),
        ("Sec-Fetch-Dest", "iframe"),
        ("Sec-Fetch-Dest", "frame"),
        ("Sec-Fetch-Dest", "embed"),
        ("Sec-Fetch-Dest", "object"),
        ("Sec-Fetch-Dest", "image"),
        ("Sec-Fetch-Dest", "script"),
    ] {
        let error = refused(&with(request(CHROMIUM), name, value));
        assert!(
            matches!(error, RequestError::Fetch { .. }),
            "{name}: {value}"
        );
        assert_eq!((error.status(), error.trace()), (403, Trace::Told));
    }
    // A second field does not hide behind a good first one.
    let mut two = request(CHROMIUM);
    two.headers.push(("sec-fetch-dest".into(), "iframe".into()));
    assert!(matches!(refused(&two), RequestError::Fetch { .. }));
}

#[test]
fn a_page_of_another_origin_is_refused() {
    for origin in [
        "https://evil.example",
        "http://idp.example",
        "https://idp.example:8443",
        "https://idp.example.evil.example",
        "https://IDP.example",
        "https://idp.example/",
        "http://127.0.0.1:35417",
        "http://localhost:8080",
        "NULL",
        "",
        "null, https://evil.example",
    ] {
        let error = refused(&with(request(CHROMIUM), "Origin", origin));
        assert!(matches!(error, RequestError::Origin { .. }), "{origin}");
        assert_eq!((error.status(), error.trace()), (403, Trace::Told));
    }
    let mut two = request(CHROMIUM);
    two.headers
        .push(("Origin".into(), "https://evil.example".into()));
    assert_eq!(
        refused(&two).to_string(),
        "the post came from a page of https://evil.example, expected https://idp.example, http://127.0.0.1:8080 or an \
         https page, which names none"
    );
    let mut none_known = rules(RelayState::Off);
    none_known.allowed_origins.clear();
    assert_eq!(
        check(&two, &none_known).unwrap_err().to_string(),
        "the post came from a page of https://evil.example, expected an https page, which names none"
    );
}

#[test]
fn the_body_must_be_a_plain_form() {
    for media_type in [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/json",
        "application/x-www-form-urlencoded; charset=utf-16",
        "application/x-www-form-urlencoded; charset=iso-8859-1",
        "application/x-www-form-urlencoded; charset=utf-8; charset=utf-16",
        "application/x-www-form-urlencoded, text/plain",
        "application/x-www-form-urlencodedx",
        "",
    ] {
        let error = refused(&with(request(CHROMIUM), "Content-Type", media_type));
        assert!(matches!(error, RequestError::MediaType(_)), "{media_type}");
        assert_eq!((error.status(), error.trace()), (415, Trace::Counted));
    }
    let mut none = request(CHROMIUM);
    none.headers.retain(|(name, _)| name != "Content-Type");
    assert_eq!(refused(&none), RequestError::MediaType(None));
    let mut two = request(CHROMIUM);
    two.headers
        .push(("content-type".into(), "text/plain".into()));
    assert!(matches!(refused(&two), RequestError::MediaType(_)));
    let packed = with(request(CHROMIUM), "Content-Encoding", "gzip");
    assert_eq!(refused(&packed), RequestError::Encoding("gzip".into()));
}

#[test]
fn a_response_that_cannot_be_decoded_is_refused_here() {
    for body in [
        "SAMLResponse=",
        "SAMLResponse",
        "SAMLResponse=%3Ca%2F%3E",
        "SAMLResponse=PGEvPg",
        "SAMLResponse=PGEvPg%253D%253D",
        "SAMLResponse=PGEvPg==;RelayState=x",
        "SAMLResponse=PGE-Pg%3D%3D",
    ] {
        let error = refused(&with_body(body));
        assert!(matches!(error, RequestError::Response(_)), "{body}");
        assert_eq!(error.status(), 400);
    }
    // A + that nobody encoded was a + of base64 once; here it is a space, and what is left is not whole.
    assert!(matches!(
        refused(&with_body("SAMLResponse=PGE+Pg==")),
        RequestError::Response(_)
    ));
    let folded = check(
        &with_body("SAMLResponse=PGEv%0D%0APg%3D%3D"),
        &rules(RelayState::Off),
    );
    assert_eq!(folded.unwrap().base64(), "PGEvPg==");
}

#[test]
fn the_relay_state_tells_the_login() {
    let ours = "anyp-saml-00112233445566778899aabbccddeeff";
    let other = "anyp-saml-ffeeddccbbaa99887766554433221100";
    let nonce = || Secret::new(ours.into());
    let answer = |relay_state: Option<&str>, rule: RelayState| {
        let body = match relay_state {
            None => BODY.to_owned(),
            Some(value) => format!("{BODY}&RelayState={value}"),
        };
        check(&with_body(&body), &rules(rule)).map(|posted| posted.relay_state().map(str::to_owned))
    };
    let long = "https%3A%2F%2Fanypoint.mulesoft.com%2F".repeat(9);
    // (what came, whether `Auto` takes it, whether `Require` does)
    for (found, auto, require) in [
        (Some(ours), true, true),
        (None, true, false),
        (Some(""), true, false),
        (Some("https%3A%2F%2Fanypoint.mulesoft.com"), true, false),
        (Some(long.as_str()), true, false),
        (Some("%2F%2Fevil.example"), true, false),
        (Some("x%0D%0AX-Y:z"), true, false),
        (Some("%3Cscript%3E"), true, false),
        (Some(other), false, false),
        (Some(&other.replace("ffee", "FFEE")), false, false),
        (Some("anyp-saml-short"), true, false),
        (Some(&format!("{ours}0")), true, false),
    ] {
        assert_eq!(
            answer(found, RelayState::Auto(nonce())).is_ok(),
            auto,
            "{found:?}"
        );
        assert_eq!(
            answer(found, RelayState::Require(nonce())).is_ok(),
            require,
            "{found:?}"
        );
        assert!(answer(found, RelayState::Off).is_ok(), "{found:?}");
    }
    // The refusal tells them apart.
    for (found, rule, told) in [
        (
            Some(other),
            RelayState::Auto(nonce()),
            "that of another login",
        ),
        (Some(other), RelayState::Require(nonce()), "another"),
        (None, RelayState::Require(nonce()), "missing"),
    ] {
        assert_eq!(answer(found, rule), Err(RequestError::RelayState(told)));
    }
}

#[test]
fn our_nonces_are_known_as_ours() {
    let made = nonce().unwrap();
    assert!(is_nonce(made.expose()) && made.size() <= MAX_RELAY_STATE);
}

#[test]
fn what_was_found_is_fit_to_be_seen_and_the_rule_holds_nothing_of_it() {
    let evil = "evil\u{1b}[2J\u{202e}";
    for error in [
        refused(&with(request(CHROMIUM), "Host", evil)),
        refused(&with(request(CHROMIUM), "Origin", evil)),
        refused(&with(request(CHROMIUM), "Sec-Fetch-Dest", evil)),
        refused(&with(request(CHROMIUM), "Content-Type", evil)),
        refused(&with(request(CHROMIUM), "Content-Encoding", evil)),
    ] {
        let shown = error.to_string();
        assert!(shown.contains("evil\\u{1b}[2J\\u{202e}"), "{shown}");
        assert!(!error.rule().contains("evil"));
    }
    let secret = Rules::new(
        &LoopbackAddress::parse("http://127.0.0.1:1/").unwrap(),
        Vec::new(),
        RelayState::Require(Secret::new("nonce".into())),
    );
    assert!(!format!("{secret:?}").contains("nonce"));
}

#[test]
fn every_refusal_has_a_code_an_answer_and_a_sentence() {
    let other = with(request(CHROMIUM), "Host", "evil.example");
    let mut elsewhere = request(CHROMIUM);
    elsewhere.target = "/favicon.ico".into();
    let mut in_the_address = request(CHROMIUM);
    in_the_address.target = format!("{PATH}?{BODY}");
    let mut read = request(CHROMIUM);
    read.method = "GET".into();
    let of_another_login = check(
        &request(CHROMIUM),
        &rules(RelayState::Require(nonce().unwrap())),
    )
    .unwrap_err();
    for (error, code, status, trace, sentence) in [
        (
            refused(&other),
            "REQ-HOST",
            421,
            Trace::None,
            "meant for another host",
        ),
        (
            refused(&elsewhere),
            "REQ-PATH",
            404,
            Trace::None,
            "nothing here",
        ),
        (
            refused(&in_the_address),
            "REQ-QUERY",
            400,
            Trace::Told,
            "not sent in the address",
        ),
        (
            refused(&read),
            "REQ-METHOD",
            405,
            Trace::None,
            "Only a form",
        ),
        (
            refused(&with(request(CHROMIUM), "Sec-Fetch-Dest", "iframe")),
            "REQ-FETCH",
            403,
            Trace::Told,
            "not by a script or a frame",
        ),
        (
            refused(&with(request(CHROMIUM), "Origin", "https://evil.example")),
            "REQ-ORIGIN",
            403,
            Trace::Told,
            "is not the identity provider",
        ),
        (
            refused(&with(request(CHROMIUM), "Content-Type", "text/plain")),
            "REQ-TYPE",
            415,
            Trace::Counted,
            "a plain form",
        ),
        (
            refused(&with(request(CHROMIUM), "Content-Encoding", "gzip")),
            "REQ-ENCODING",
            415,
            Trace::Counted,
            "a plain form",
        ),
        (
            refused(&with_body("")),
            "REQ-FORM",
            400,
            Trace::Counted,
            "exactly one",
        ),
        (
            refused(&with_body("SAMLResponse=%25")),
            "DEC-B64",
            400,
            Trace::Counted,
            "cannot be decoded",
        ),
        (
            of_another_login,
            "REQ-RELAYSTATE",
            400,
            Trace::Counted,
            "another login",
        ),
    ] {
        assert_eq!(
            (error.code(), error.status(), error.trace()),
            (code, status, trace)
        );
        assert!(error.rule().contains(sentence), "{code}: {}", error.rule());
    }
}
