//! The demo's servers, and that what they say passes or fails our own checks for the reason it should.

use super::identity_provider::{IdentityProvider, IdpSettings, RelayState};
use super::platform::{
    Answer, ORGANIZATION_ID, ORGANIZATION_NAME, Platform, PlatformSettings, Route,
};
use super::response::{FORGED, Failure, Key, ResponseOptions, Sign, Wrapping};
use super::{Demo, PEOPLE, visitor};
use crate::address::WebAddress;
use crate::encoding::base64;
use crate::http::{Client, HttpRequest, Method, Settings};
use crate::loopback::{Limits, Response, Server};
use crate::saml::{self, Expected, PostedResponse, Rule, Trust, ValidResponse, metadata};
use crate::secret::Secret;
use crate::time::{SignedDuration, Timestamp};
use crate::xml;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use zeroize::Zeroizing;

const ACS: &str = "http://127.0.0.1:35417/saml/acs";

fn provider() -> IdentityProvider {
    IdentityProvider::start(IdpSettings::posting_to(ACS)).unwrap()
}

/// What the provider's metadata says of it.
fn described(provider: &IdentityProvider) -> metadata::IdentityProvider {
    metadata::parse(provider.metadata_xml().as_bytes(), None, Timestamp::now()).unwrap()
}

/// Our own checks of a response, with what the provider's metadata says.
fn validate(
    provider: &IdentityProvider,
    options: &ResponseOptions,
) -> Result<ValidResponse, Box<saml::Refused>> {
    let xml = provider.issue(options).unwrap();
    let posted = PostedResponse::new(Secret::new(base64(xml.as_bytes())), None).unwrap();
    let described = described(provider);
    let trust = Trust {
        keys: described.keys,
        learn: false,
        allow_legacy_algorithms: false,
    };
    let expected = Expected {
        issuer: Some(described.entity_id),
        audience: Some(provider.audience().to_owned()),
        recipient: Some(ACS.to_owned()),
        user: None,
        clock_skew: Expected::CLOCK_SKEW,
    };
    saml::validate(&posted, &trust, &expected, Timestamp::now())
}

#[test]
fn a_response_holds_however_it_is_signed() {
    let provider = provider();
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        let options = ResponseOptions {
            sign,
            attributes: vec![("gr<>oups".into(), "a&b \"c\" ]]> \u{9b}31m".into())],
            ..ResponseOptions::default()
        };
        let valid = validate(&provider, &options).unwrap();
        assert_eq!(valid.subject(), Some(PEOPLE[0].username));
        assert_eq!(valid.warnings().count(), 0, "{:?}", valid.report());
    }
}

#[test]
fn a_response_that_says_one_thing_wrong_is_refused_for_it() {
    let provider = provider();
    let good = ResponseOptions::default;
    let other = || Some("https://elsewhere.example/".to_owned());
    let cases = [
        (
            ResponseOptions {
                sign: Sign::Nothing,
                ..good()
            },
            Rule::SignatureNone,
            false,
        ),
        (
            ResponseOptions {
                key: Key::Foreign,
                ..good()
            },
            Rule::SignatureValue,
            false,
        ),
        (
            ResponseOptions {
                in_response_to: Some("_1".into()),
                ..good()
            },
            Rule::InResponseTo,
            true,
        ),
        (
            ResponseOptions {
                audience: other(),
                ..good()
            },
            Rule::Audience,
            true,
        ),
        (
            ResponseOptions {
                issuer: other(),
                ..good()
            },
            Rule::Issuer,
            true,
        ),
        (
            ResponseOptions {
                recipient: other(),
                ..good()
            },
            Rule::ConfirmationRecipient,
            true,
        ),
        (
            ResponseOptions {
                destination: other(),
                ..good()
            },
            Rule::Destination,
            true,
        ),
        (
            ResponseOptions {
                name_id: Some(String::new()),
                ..good()
            },
            Rule::NameId,
            true,
        ),
        (
            ResponseOptions {
                age: SignedDuration::from_hours(1),
                ..good()
            },
            Rule::ConfirmationNotOnOrAfter,
            true,
        ),
        (
            ResponseOptions {
                age: SignedDuration::from_hours(-1),
                ..good()
            },
            Rule::NotBefore,
            true,
        ),
        (
            ResponseOptions {
                sign: Sign::Response,
                failure: Some(Failure::authentication("no & never")),
                ..good()
            },
            Rule::Status,
            true,
        ),
    ];
    for (options, rule, authenticated) in cases {
        let refused = validate(&provider, &options).unwrap_err();
        assert_eq!(refused.rule, rule, "{options:?}: {refused:?}");
        assert_eq!(
            refused.authenticated, authenticated,
            "{options:?}: {refused:?}"
        );
    }
}

#[test]
fn a_wrapped_response_is_refused_and_nobodys() {
    let provider = provider();
    for wrapping in Wrapping::ALL {
        let sign = match wrapping {
            Wrapping::ResponseInSignature => Sign::Response,
            _ => Sign::Assertion,
        };
        let options = ResponseOptions {
            sign,
            wrapping: Some(wrapping),
            ..ResponseOptions::default()
        };
        let written = provider.issue(&options).unwrap();
        assert!(written.contains(FORGED), "{wrapping:?}");
        assert!(written.contains(PEOPLE[0].username), "{wrapping:?}");
        xml::parse(written.as_bytes(), &xml::Limits::RESPONSE).unwrap();
        let refused = validate(&provider, &options).unwrap_err();
        assert!(!refused.authenticated, "{wrapping:?}: {refused:?}");
    }
}

#[test]
fn an_encrypted_response_is_never_called_verified() {
    let provider = provider();
    let options = ResponseOptions {
        sign: Sign::Response,
        encrypted: true,
        ..ResponseOptions::default()
    };
    assert_eq!(
        validate(&provider, &options).unwrap().verdict(),
        saml::Verdict::Unverified
    );
}

#[test]
fn the_metadata_says_where_and_with_which_key() {
    let provider = provider();
    let described = described(&provider);
    assert_eq!(described.entity_id, provider.issuer());
    assert_eq!(described.keys.len(), 1);
    assert_eq!(described.single_sign_on[0].1, provider.sign_in_link());
    let served = ask(Method::Get, &provider.metadata_url(), &[], "");
    assert_eq!((served.0, served.1), (200, provider.metadata_xml()));
    assert!(
        provider
            .certificate_pem()
            .starts_with("-----BEGIN CERTIFICATE-----")
    );
}

#[test]
fn only_sign_ins_that_start_at_the_provider_are_known_to_it() {
    let provider = provider();
    let (status, text) = ask(
        Method::Get,
        &format!("{}?SAMLRequest=x", provider.sign_in_link()),
        &[],
        "",
    );
    assert_eq!(status, 400);
    assert!(text.contains("IdP-initiated"), "{text}");
    let nobody = ask(Method::Post, &provider.sign_in_link(), &[], "user=nobody");
    assert_eq!(nobody.0, 400);
}

/// A service that writes down what is posted to it and has its verdict at the second look.
fn service() -> (crate::loopback::Running, String, Arc<Mutex<Vec<String>>>) {
    let any = "127.0.0.1:0".parse().unwrap();
    let server = Server::bind(&[any], Limits::DEFAULT, &[]).unwrap();
    let acs = format!("http://{}/acs", server.addresses()[0]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let running = server.serve(move |request| {
        let mut seen = log.lock().unwrap();
        let navigates = request.header("Sec-Fetch-Mode") == Some("navigate");
        let body = String::from_utf8(request.body.to_vec()).unwrap();
        seen.push(format!(
            "{} {} {navigates} {body}",
            request.method,
            request.path()
        ));
        match (request.path(), seen.len()) {
            ("/acs", _) => Response::empty(303).with("Location", "/done"),
            (_, ..3) => Response::new(200, "text/html", "wait").with("Refresh", "0"),
            _ => Response::new(200, "text/html", "done"),
        }
    });
    (running.unwrap(), acs, seen)
}

#[test]
fn a_visitor_signs_in_and_stays_until_the_verdict() {
    let (_running, acs, seen) = service();
    for (relay_state, echoed) in [
        (RelayState::Echoed, Some("&RelayState=a%26%22b")),
        (RelayState::Dropped, None),
        (RelayState::Own("mine".into()), Some("&RelayState=mine")),
    ] {
        seen.lock().unwrap().clear();
        let settings = IdpSettings {
            relay_state,
            ..IdpSettings::posting_to(&acs)
        };
        let provider = IdentityProvider::start(settings).unwrap();
        let link = WebAddress::parse(&provider.sign_in_link()).unwrap();
        visitor::visit(&link.with_query("RelayState", "a&\"b")).unwrap();
        let seen = seen.lock().unwrap();
        assert!(
            seen[0].starts_with("POST /acs true SAMLResponse="),
            "{seen:?}"
        );
        match echoed {
            Some(field) => assert!(seen[0].ends_with(field), "{seen:?}"),
            None => assert!(!seen[0].contains("RelayState"), "{seen:?}"),
        }
        assert_eq!(seen[1..], ["GET /done true ", "GET /done true "]);
    }
}

#[test]
fn a_visitor_says_which_step_led_nowhere() {
    let provider = provider();
    let link = WebAddress::parse(&format!("{}?SAMLRequest=x", provider.sign_in_link())).unwrap();
    let error = visitor::visit(&link).unwrap_err();
    assert!(
        matches!(error, visitor::VisitError::Status { found: 400, .. }),
        "{error}"
    );
}

/// One request; the status and the body.
fn ask(
    method: Method,
    address: &str,
    headers: &[(&'static str, &str)],
    body: &str,
) -> (u16, String) {
    let client = Client::new(&Settings::default()).unwrap();
    let address = WebAddress::parse(address).unwrap();
    let body = (method == Method::Post).then(|| Zeroizing::new(body.as_bytes().to_vec()));
    let request = HttpRequest {
        method,
        address: &address,
        headers,
        body,
        limit: 1 << 20,
    };
    let answer = client.send(request).unwrap();
    (
        answer.status,
        String::from_utf8(answer.body.to_vec()).unwrap(),
    )
}

const AS_DOCUMENTED: [(&str, &str); 2] = [
    ("content-type", "application/json"),
    ("x-requested-with", "XMLHttpRequest"),
];

fn exchange(demo: &Demo, options: &ResponseOptions) -> (u16, Value) {
    let xml = demo.identity_provider.issue(options).unwrap();
    let body = json!({ "SAMLResponse": base64(xml.as_bytes()) }).to_string();
    let (status, text) = ask(
        Method::Post,
        &demo.platform.acs_url(),
        &AS_DOCUMENTED,
        &body,
    );
    (status, serde_json::from_str(&text).unwrap())
}

fn get(address: &str, token: &str) -> (u16, Value) {
    let bearer = format!("Bearer {token}");
    let (status, text) = ask(Method::Get, address, &[("authorization", &bearer)], "");
    (status, serde_json::from_str(&text).unwrap())
}

#[test]
fn the_platform_gives_a_token_that_opens_the_rest() {
    let demo = Demo::start(ACS).unwrap();
    let (status, answer) = exchange(&demo, &ResponseOptions::default());
    assert_eq!(status, 200, "{answer}");
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(token.len(), 36);
    assert_eq!(demo.platform.tokens(), [token]);
    let api = format!("{}/accounts/api", demo.platform.address());
    let (status, me) = get(&format!("{api}/me"), token);
    assert_eq!(
        (status, &me["user"]["username"]),
        (200, &json!(PEOPLE[0].username))
    );
    assert_eq!(get(&format!("{api}/users/me"), token).1, me["user"]);
    let (_, organization) = get(&format!("{api}/organizations/{ORGANIZATION_ID}"), token);
    assert_eq!(organization["name"], ORGANIZATION_NAME);
    assert_eq!(organization["sessionTimeout"], 60);
    let environments = format!("{api}/organizations/{ORGANIZATION_ID}/environments");
    assert_eq!(get(&environments, token).1["total"], 3);
    for path in ["me", "users/me", "organizations/x"] {
        assert_eq!(get(&format!("{api}/{path}"), "guessed").0, 401, "{path}");
    }
    demo.platform.end_sessions();
    assert_eq!(get(&format!("{api}/me"), token).0, 401);
    assert_eq!(demo.platform.requests(Route::Exchange), 1);
    assert_eq!(demo.platform.requests(Route::Me), 3);
}

#[test]
fn the_platform_is_as_strict_as_it_is_documented_to_be() {
    let demo = Demo::start(ACS).unwrap();
    let good = ResponseOptions::default;
    let other = || Some("elsewhere".to_owned());
    for (options, code) in [
        (
            ResponseOptions {
                in_response_to: Some("_1".into()),
                ..good()
            },
            Rule::InResponseTo,
        ),
        (
            ResponseOptions {
                issuer: other(),
                ..good()
            },
            Rule::Issuer,
        ),
        (
            ResponseOptions {
                audience: other(),
                ..good()
            },
            Rule::Audience,
        ),
        (
            ResponseOptions {
                key: Key::Foreign,
                ..good()
            },
            Rule::SignatureValue,
        ),
        (
            ResponseOptions {
                sign: Sign::Nothing,
                ..good()
            },
            Rule::SignatureNone,
        ),
    ] {
        assert_eq!(exchange(&demo, &options).0, 401, "{code:?}");
        assert_eq!(demo.platform.last_refusal().as_deref(), Some(code.code()));
    }
    let good = demo.identity_provider.issue(&good()).unwrap();
    let good = json!({ "SAMLResponse": base64(good.as_bytes()) }).to_string();
    let post = |headers: &[(&'static str, &str)], body: &str| {
        ask(Method::Post, &demo.platform.acs_url(), headers, body).0
    };
    assert_eq!(post(&AS_DOCUMENTED[..1], &good), 400);
    assert_eq!(post(&AS_DOCUMENTED[1..], &good), 415);
    assert_eq!(post(&AS_DOCUMENTED, "{}"), 400);
    assert_eq!(post(&AS_DOCUMENTED, &good.replace('=', "%3D")), 401);
    assert!(demo.platform.tokens().is_empty());
    assert_eq!(post(&AS_DOCUMENTED, &good), 200);
    assert_eq!(post(&AS_DOCUMENTED, &good), 401, "taken twice");
    let legacy = ask(
        Method::Post,
        &demo.platform.legacy_acs_url(),
        &AS_DOCUMENTED,
        &good,
    )
    .0;
    assert_eq!(legacy, 401, "taken a third time");
}

#[test]
fn the_platform_knows_passwords_second_factors_and_connected_apps() {
    let provider = provider();
    let mut settings = PlatformSettings::trusting(&provider);
    settings.session_minutes = None;
    let password = settings.password.clone();
    let platform = Platform::start(settings.clone()).unwrap();
    let json = [("content-type", "application/json")];
    let post = |platform: &Platform, path: &str, headers: &[(&'static str, &str)], body: &str| {
        let (status, text) = ask(
            Method::Post,
            &format!("{}{path}", platform.address()),
            headers,
            body,
        );
        (status, serde_json::from_str::<Value>(&text).unwrap())
    };
    let login = |password: &str| {
        json!({ "username": PEOPLE[1].username, "password": password }).to_string()
    };
    let (status, answer) = post(&platform, "/accounts/login", &json, &login(&password));
    assert_eq!(status, 200);
    let token = answer["access_token"].as_str().unwrap();
    let organization = format!(
        "{}/accounts/api/organizations/{ORGANIZATION_ID}",
        platform.address()
    );
    assert_eq!(
        get(&organization, token).0,
        403,
        "no right to read the session's length"
    );
    assert_eq!(
        post(&platform, "/accounts/login", &json, &login("wrong")).0,
        401
    );

    let app = "grant_type=client_credentials&client_id=demo-app&client_secret=demo-app-secret";
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let (status, answer) = post(&platform, "/accounts/api/v2/oauth2/token", &form, app);
    assert_eq!((status, &answer["expires_in"]), (200, &json!(3600)));
    let wrong = app.replace("demo-app-secret", "x");
    assert_eq!(
        post(&platform, "/accounts/api/v2/oauth2/token", &form, &wrong).0,
        401
    );

    settings.second_factor = true;
    let careful = Platform::start(settings).unwrap();
    let (status, answer) = post(&careful, "/accounts/login", &json, &login(&password));
    assert_eq!(status, 200);
    assert!(
        answer["access_token"].is_null() && answer["url"].is_string(),
        "{answer}"
    );
}

#[test]
fn a_route_says_what_a_test_wants_and_a_hanging_one_ends_with_the_platform() {
    let demo = Demo::start(ACS).unwrap();
    let token = exchange(&demo, &ResponseOptions::default()).1;
    let token = token["access_token"].as_str().unwrap().to_owned();
    let me = format!("{}/accounts/api/me", demo.platform.address());
    demo.platform.say(Route::Me, Some(Answer::status(500)));
    assert_eq!(get(&me, &token).0, 500);
    demo.platform.say(Route::Me, None);
    assert_eq!(get(&me, &token).0, 200);
    demo.platform.say(Route::Me, Some(Answer::Hang));
    let hanging = std::thread::spawn(move || get(&me, &token).0);
    while demo.platform.requests(Route::Me) < 3 {
        std::thread::yield_now();
    }
    drop(demo);
    assert_eq!(hanging.join().unwrap(), 503);
}
