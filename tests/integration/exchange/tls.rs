//! Platforms behind certificates and versions of every kind.

use super::peers::{Authority, Peer, Then, self_signed};
use super::{
    GRANTED, TOKEN, exchange, grants, no_answer, plain_origin, platform, quick, tls_origin,
    trusting, valid_response,
};
use anyp_saml::http::{CaBundleError, Client, HttpError, Settings, TlsFailure};
use std::io::{Read as _, Write as _};

#[test]
fn a_ca_bundle_is_trusted_besides_the_systems_own() {
    let authority = Authority::new();
    let peer = Peer::tls(authority.server("localhost", |_| {}), grants);
    let (platform, acs) = platform(&tls_origin(&peer), &trusting(&authority));
    platform.warm().unwrap();
    assert_eq!(
        platform.exchange(&acs, &valid_response()).unwrap().expose(),
        TOKEN
    );
    assert_eq!(peer.connections(), 1);
}

#[test]
fn what_is_wrong_with_a_certificate_is_said_and_nothing_is_sent() {
    let authority = Authority::new();
    let date = rcgen::date_time_ymd;
    for (config, cause) in [
        (self_signed("localhost"), TlsFailure::UnknownIssuer),
        (
            Authority::new().server("localhost", |_| {}),
            TlsFailure::UnknownIssuer,
        ),
        (
            authority.server("localhost", |params| params.not_after = date(2020, 1, 1)),
            TlsFailure::Expired,
        ),
        (
            authority.server("localhost", |params| params.not_before = date(4000, 1, 1)),
            TlsFailure::NotValidYet,
        ),
        (
            authority.server("anypoint.mulesoft.com", |_| {}),
            TlsFailure::WrongHost,
        ),
    ] {
        let peer = Peer::tls(config, grants);
        let host = format!("localhost:{}", peer.address.port());
        let error = no_answer(exchange(&tls_origin(&peer), &trusting(&authority)));
        assert_eq!(error, HttpError::Tls { host, cause });
        assert!(peer.requests().is_empty());
    }
}

#[test]
fn a_server_of_another_purpose_is_not_acceptable() {
    let authority = Authority::new();
    let config = authority.server("localhost", |params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    });
    let peer = Peer::tls(config, grants);
    let error = no_answer(exchange(&tls_origin(&peer), &trusting(&authority)));
    assert!(
        matches!(
            error,
            HttpError::Tls {
                cause: TlsFailure::Certificate(_),
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn old_versions_plain_http_and_silence_are_told_apart() {
    // What a server says to our hello that knows TLS 1.1 at most: an alert, or a hello of that version.
    let alert: &[u8] = &[0x15, 3, 1, 0, 2, 2, 70];
    let mut hello = vec![0x16, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0x00, 0x2f, 0]);
    for (says, cause) in [
        (alert.to_vec(), TlsFailure::OldVersion),
        (hello, TlsFailure::OldVersion),
        (
            b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec(),
            TlsFailure::NotTls,
        ),
        (b"SSH-2.0-OpenSSH_9.6\r\n".to_vec(), TlsFailure::NotTls),
        (Vec::new(), TlsFailure::Closed),
    ] {
        let peer = Peer::raw(move |mut stream| {
            // The client's hello comes first; it fits in one read.
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(&says);
        });
        let error = no_answer(exchange(&tls_origin(&peer), &quick()));
        let host = format!("localhost:{}", peer.address.port());
        assert_eq!(error, HttpError::Tls { host, cause });
    }
}

#[test]
fn an_answer_cut_off_under_tls_is_not_taken_for_whole() {
    let authority = Authority::new();
    // Without a length, only the end of the connection ends the body; and nobody said that it ends.
    let peer = Peer::tls(authority.server("localhost", |_| {}), |_, to| {
        let _ = write!(to, "HTTP/1.1 200 OK\r\n\r\n{GRANTED}");
        Then::Close
    });
    let error = no_answer(exchange(&tls_origin(&peer), &trusting(&authority)));
    assert!(matches!(error, HttpError::ClosedEarly { .. }), "{error:?}");
}

#[test]
fn a_tls_server_behind_a_plain_address_is_noticed() {
    let peer = Peer::tls(self_signed("localhost"), grants);
    let error = no_answer(exchange(&plain_origin(&peer), &quick()));
    assert!(
        matches!(
            error,
            HttpError::NotHttp { .. } | HttpError::ClosedEarly { .. }
        ),
        "{error:?}"
    );
}

#[test]
fn a_ca_bundle_that_cannot_be_used_is_refused_at_once() {
    let authority = Authority::new();
    let refused = |bundle: Vec<u8>| match Client::new(&Settings {
        ca_bundle: Some(bundle),
        ..quick()
    }) {
        Err(HttpError::CaBundle(why)) => why,
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("taken"),
    };
    assert_eq!(refused(Vec::new()), CaBundleError::Empty);
    assert_eq!(
        refused(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".to_vec()),
        CaBundleError::Empty
    );
    assert_eq!(
        refused(vec![b' '; Settings::MAX_CA_BUNDLE + 1]),
        CaBundleError::TooLarge(Settings::MAX_CA_BUNDLE + 1)
    );
    let damaged = format!(
        "# ours\n{}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        authority.pem
    );
    assert_eq!(refused(damaged.into_bytes()), CaBundleError::Unusable(2));
}
