//! The exchange, against platforms that are good, bad and not there at all.
#![cfg(unix)]

mod account;
mod environment;
mod no_answer;
mod peers;
mod tls;

use anyp_saml::encoding::base64;
use anyp_saml::http::{Client, HttpError, Settings};
use anyp_saml::platform::{AnswerProblem, Asked, Platform, PlatformAcs, PlatformError, Reason};
use anyp_saml::saml::{Expected, PostedResponse, Trust, ValidResponse, validate};
use anyp_saml::secret::Secret;
use anyp_saml::token::{AccessToken, TokenShape};
use anyp_saml::xmldsig::TrustedKey;
use peers::{Authority, Peer, Then, answer};
use std::error::Error as _;
use std::io::Write;
use std::time::Duration;

const RESPONSE: &str = include_str!("../fixtures/exchange/response.xml");
const IDP: &str = include_str!("../fixtures/exchange/idp.pem");
const TOKEN: &str = "8c4ba5b5-6e15-4a54-9d9c-000000000001";
const GRANTED: &str = r#"{"access_token":"8c4ba5b5-6e15-4a54-9d9c-000000000001","token_type":"bearer","redirectUrl":"/home/"}"#;
const PATH: &str = "/accounts/login/acme/providers/p-1/receive-id";

fn valid_response() -> ValidResponse {
    let posted = PostedResponse::new(Secret::new(base64(RESPONSE.as_bytes())), None).unwrap();
    let trust = Trust {
        keys: TrustedKey::from_pem(IDP.as_bytes()).unwrap(),
        learn: false,
        allow_legacy_algorithms: false,
    };
    let expected = Expected {
        issuer: None,
        audience: Some("example-org.anypoint.mulesoft.com".into()),
        recipient: Some("http://127.0.0.1:49321/acs".into()),
        user: None,
        clock_skew: Expected::CLOCK_SKEW,
    };
    validate(
        &posted,
        &trust,
        &expected,
        "2026-01-15T12:00:00Z".parse().unwrap(),
    )
    .unwrap()
}

fn quick() -> Settings {
    Settings {
        connect_timeout: Duration::from_secs(5),
        timeout: Duration::from_secs(5),
        ..Settings::default()
    }
}

fn impatient() -> Settings {
    Settings {
        connect_timeout: Duration::from_secs(1),
        timeout: Duration::from_secs(1),
        ..Settings::default()
    }
}

fn trusting(authority: &Authority) -> Settings {
    Settings {
        ca_bundle: Some(authority.pem.clone().into_bytes()),
        ..quick()
    }
}

fn platform(origin: &str, settings: &Settings) -> (Platform, PlatformAcs) {
    let acs = PlatformAcs::parse(&format!("{origin}{PATH}")).unwrap();
    (
        Platform::new(Client::new(settings).unwrap(), acs.plane().clone()),
        acs,
    )
}

/// One exchange with a new client. Whatever goes wrong, no piece of the response or the token is in the error.
fn exchange(origin: &str, settings: &Settings) -> Result<AccessToken, PlatformError> {
    let (platform, acs) = platform(origin, settings);
    let exchanged = platform.exchange(&acs, &valid_response());
    if let Err(error) = &exchanged {
        assert_silent(error);
    }
    exchanged
}

fn exchange_at(peer: &Peer) -> Result<AccessToken, PlatformError> {
    exchange(&plain_origin(peer), &quick())
}

fn plain_origin(peer: &Peer) -> String {
    format!("http://{}", peer.address)
}

/// `localhost` is the name in the certificates; it leads to 127.0.0.1 as well.
fn tls_origin(peer: &Peer) -> String {
    format!("https://localhost:{}", peer.address.port())
}

/// A platform that gives a token.
fn grants(request: &[u8], to: &mut dyn Write) -> Then {
    match request.starts_with(b"HEAD") {
        true => answer(to, "404 Not Found", "", ""),
        false => answer(to, "200 OK", "", GRANTED),
    }
}

#[track_caller]
fn no_answer(exchanged: Result<AccessToken, PlatformError>) -> HttpError {
    match exchanged {
        Err(PlatformError::NoAnswer(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// Nothing secret in what an error says of itself and its causes, however it is asked.
#[track_caller]
fn assert_silent(error: &PlatformError) {
    let mut said = format!("{error}\n{error:?}\n{error:#?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        said += &format!("\n{error}\n{error:?}");
        cause = error.source();
    }
    for secret in [&base64(RESPONSE.as_bytes()), TOKEN] {
        for piece in secret.as_bytes().windows(12) {
            let piece = std::str::from_utf8(piece).unwrap();
            assert!(!said.contains(piece), "{said}");
        }
    }
    assert!(
        !said.contains('\u{1b}') && !said.contains('\u{9b}'),
        "{said:?}"
    );
}

#[test]
fn the_response_goes_out_once_as_documented_and_a_token_comes_back() {
    let peer = Peer::plain(|request, to| {
        let headers = "Content-Type: application/json
Set-Cookie: session=x
";
        let body = if request.starts_with(b"HEAD") {
            ""
        } else {
            GRANTED
        };
        answer(to, "200 OK", headers, body)
    });
    let (platform, acs) = platform(&plain_origin(&peer), &quick());
    platform.warm().unwrap();
    platform.warm().unwrap();
    let token = platform.exchange(&acs, &valid_response()).unwrap();
    assert_eq!(token.expose(), TOKEN);

    let requests = peer.requests();
    assert_eq!(requests.len(), 2, "{requests:?}");
    assert!(
        requests[0].starts_with("HEAD / HTTP/1.1\r\n"),
        "{}",
        requests[0]
    );
    let (head, body) = requests[1].split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<&str> = head.lines().collect();
    assert_eq!(lines.remove(0), format!("POST {PATH} HTTP/1.1"));
    lines.sort_unstable();
    let expected = [
        "accept: application/json",
        &format!("content-length: {}", body.len()),
        "content-type: application/json",
        &format!("host: {}", peer.address),
        concat!("user-agent: anyp-saml/", env!("CARGO_PKG_VERSION")),
        "x-requested-with: XMLHttpRequest",
    ];
    assert_eq!(lines, expected, "no cookie, no origin, nothing else");
    assert_eq!(
        body,
        format!("{{\"SAMLResponse\":\"{}\"}}", base64(RESPONSE.as_bytes()))
    );
    assert_eq!(peer.connections(), 1, "the connection was kept");
}

#[test]
fn a_form_is_an_answer_as_well() {
    let peer = Peer::plain(|_, to| {
        let kind = "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n";
        answer(
            to,
            "201 Created",
            kind,
            &format!("token_type=bearer&access_token={TOKEN}"),
        )
    });
    assert_eq!(exchange_at(&peer).unwrap().expose(), TOKEN);
}

#[test]
fn a_status_that_says_no_is_told_with_the_platforms_words_and_asked_once() {
    for (status, body, reason, message) in [
        (
            "401 Unauthorized",
            "Unauthorized",
            Reason::Unauthorized,
            Some("Unauthorized"),
        ),
        (
            "403 Forbidden",
            r#"{"message":"user not mapped \u001b[31m"}"#,
            Reason::Forbidden,
            Some("user not mapped \\u{1b}[31m"),
        ),
        (
            "401 Unauthorized",
            r#"{"message":"Service Provider Only"}"#,
            Reason::ServiceProviderOnly,
            Some("Service Provider Only"),
        ),
        (
            "404 Not Found",
            "<html><title>Not here</title></html>",
            Reason::NotFound,
            Some("Not here"),
        ),
        ("429 Too Many Requests", "", Reason::TooManyRequests, None),
        (
            "500 Internal Server Error",
            "{\"error_description\":\"oops\"}",
            Reason::ServerError,
            Some("oops"),
        ),
        ("503 Service Unavailable", "{}", Reason::ServerError, None),
        ("418 I'm a teapot", "[]", Reason::Other, None),
    ] {
        let peer = Peer::plain(move |_, to| answer(to, status, "Retry-After: 0\r\n", body));
        let Err(PlatformError::Refused(refusal)) = exchange_at(&peer) else {
            panic!("{status} is no refusal");
        };
        assert_eq!(refusal.asked, Asked::Exchange);
        assert_eq!(refusal.status.to_string(), status[..3]);
        assert_eq!(
            (refusal.reason, refusal.message.as_deref()),
            (reason, message)
        );
        assert_eq!(peer.requests().len(), 1, "{status}");
    }
}

#[test]
fn a_platform_that_repeats_what_it_was_sent_is_not_quoted() {
    for status in ["400 Bad Request", "500 Internal Server Error"] {
        for form in [
            "{\"message\":\"cannot read BODY\"}",
            "<html><h1>Error</h1><pre>BODY</pre>",
            "BODY",
        ] {
            let peer = Peer::plain(move |request, to| {
                let request = String::from_utf8_lossy(request);
                let body = request
                    .split_once("\r\n\r\n")
                    .unwrap()
                    .1
                    .replace('"', "\\\"");
                answer(to, status, "", &form.replace("BODY", &body))
            });
            // `exchange` has looked for it.
            assert!(matches!(exchange_at(&peer), Err(PlatformError::Refused(_))));
        }
    }
}

#[test]
fn a_redirect_is_not_followed_and_names_its_host_alone() {
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let elsewhere = Peer::plain(|_, to| answer(to, "200 OK", "", GRANTED));
        let location = format!(
            "Location: http://localhost:{}/take?it=1\r\n",
            elsewhere.address.port()
        );
        let peer = Peer::plain(move |_, to| answer(to, status, &location, ""));
        let Err(PlatformError::Redirected {
            asked,
            status: code,
            host,
        }) = exchange_at(&peer)
        else {
            panic!("{status} is no redirect");
        };
        assert_eq!(
            (asked, code.to_string().as_str()),
            (Asked::Exchange, &status[..3])
        );
        assert_eq!(host.as_deref(), Some("localhost"));
        assert_eq!(peer.requests().len(), 1);
        assert_eq!(elsewhere.connections(), 0);
    }
}

#[test]
fn an_answer_that_is_not_the_documented_one_gives_no_token() {
    let field = AnswerProblem::Field("access_token");
    for (body, problem) in [
        (
            "<html>Welcome to your login page</html>",
            AnswerProblem::NotJson,
        ),
        ("\u{0}\u{1}\u{2}", AnswerProblem::NotJson),
        ("", AnswerProblem::NotJson),
        ("{}", field),
        (r#"{"access_token":{"a":"b"}}"#, field),
        (
            r#"{"access_token":"8c4ba5b5-6e15'; id"}"#,
            AnswerProblem::Token(TokenShape::Character(14)),
        ),
        (
            "{\"access_token\":\"8c4ba5b5-6e15\\nexport X=1\"}",
            AnswerProblem::Token(TokenShape::Character(14)),
        ),
        (
            r#"{"access_token":"8c4ba5b5\u001b[31m"}"#,
            AnswerProblem::Token(TokenShape::Character(9)),
        ),
        (
            r#"{"access_token":"8c4ba5b5\u0000"}"#,
            AnswerProblem::Token(TokenShape::Character(9)),
        ),
    ] {
        let peer = Peer::plain(move |_, to| {
            answer(to, "200 OK", "Content-Type: application/json\r\n", body)
        });
        let error = exchange_at(&peer).unwrap_err();
        assert_eq!(
            error,
            PlatformError::Answer {
                asked: Asked::Exchange,
                problem
            },
            "{body}"
        );
        assert!(!format!("{error:?}{error}").contains("8c4b"), "{error:?}");
        assert_eq!(peer.requests().len(), 1);
    }
}
