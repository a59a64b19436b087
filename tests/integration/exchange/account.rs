//! The account behind a token.

use super::peers::{Peer, answer};
use super::{TOKEN, assert_silent, plain_origin, platform, quick};
use anyp_saml::platform::{Asked, PlatformError};
use anyp_saml::secret::Secret;
use anyp_saml::time::SignedDuration;
use anyp_saml::token::AccessToken;

#[test]
fn the_account_and_its_organizations_timeout_are_asked_with_the_token() {
    let peer = Peer::plain(|request, to| {
        let body = match request {
            _ if request.starts_with(b"GET /accounts/api/me ") => {
                r#"{"user":{"id":"u-1","username":"ada","organization":{"id":"o-1","name":"Acme","domain":"acme"}}}"#
            }
            _ if request.starts_with(b"GET /accounts/api/organizations/o-1 ") => {
                r#"{"id":"o-1","sessionTimeout":45}"#
            }
            _ => return answer(to, "404 Not Found", "", ""),
        };
        answer(to, "200 OK", "Content-Type: application/json\r\n", body)
    });
    let platform = platform(&plain_origin(&peer), &quick()).0;
    let token = AccessToken::parse(Secret::new(TOKEN.into())).unwrap();
    let account = platform.account(&token).unwrap();
    assert_eq!(
        (
            account.username.as_str(),
            account.organization.name.as_deref()
        ),
        ("ada", Some("Acme"))
    );
    let timeout = platform.session_timeout(&token, &account.organization.id);
    assert_eq!(timeout, Ok(Some(SignedDuration::from_mins(45))));
    for request in peer.requests() {
        assert!(
            request.contains(&format!("\r\nauthorization: Bearer {TOKEN}\r\n")),
            "{request}"
        );
    }
    // What cannot be an id is not asked for.
    assert_eq!(platform.session_timeout(&token, "../../me"), Ok(None));
    assert_eq!(peer.requests().len(), 2);
}

#[test]
fn a_timeout_that_the_user_may_not_read_is_not_known_and_an_ended_token_is_told() {
    let token = AccessToken::parse(Secret::new(TOKEN.into())).unwrap();
    for (status, known) in [
        ("401 Unauthorized", true),
        ("403 Forbidden", true),
        ("404 Not Found", true),
        ("500 Oops", false),
    ] {
        // The token comes back in the words; it must not in the error.
        let peer =
            Peer::plain(move |_, to| answer(to, status, "", &format!("no right for {TOKEN}")));
        let platform = platform(&plain_origin(&peer), &quick()).0;
        match platform.session_timeout(&token, "o-1") {
            Ok(timeout) => assert!(known && timeout.is_none(), "{status}"),
            Err(error) => {
                assert!(!known, "{status}");
                assert_silent(&error);
            }
        }
        let error = platform.account(&token).unwrap_err();
        assert_silent(&error);
        assert!(matches!(error, PlatformError::Refused(_)));
    }
}

#[test]
fn a_token_is_not_carried_to_where_a_redirect_leads() {
    let elsewhere = Peer::plain(|_, to| answer(to, "200 OK", "", "{}"));
    let location = format!(
        "Location: {}/\r\n",
        plain_origin(&elsewhere).replace("127.0.0.1", "localhost")
    );
    let peer = Peer::plain(move |_, to| answer(to, "307 Temporary Redirect", &location, ""));
    let platform = platform(&plain_origin(&peer), &quick()).0;
    let token = AccessToken::parse(Secret::new(TOKEN.into())).unwrap();
    assert!(matches!(
        platform.account(&token),
        Err(PlatformError::Redirected {
            asked: Asked::Account,
            ..
        })
    ));
    assert!(platform.session_timeout(&token, "o-1").is_err());
    assert_eq!(elsewhere.connections(), 0);
}
