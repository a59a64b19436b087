//! Platforms that give no answer.

use super::peers::{Peer, Then, answer};
use super::{
    GRANTED, exchange, exchange_at, impatient, no_answer, plain_origin, platform, quick,
    tls_origin, valid_response,
};
use anyp_saml::http::{HttpError, Settings};
use anyp_saml::platform::PlatformError;
use std::io::Read as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

#[test]
fn ten_gigabytes_of_answer_are_not_read() {
    for framing in ["Content-Length: 10737418240\r\n\r\n", "\r\n"] {
        let written = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&written);
        let peer = Peer::plain(move |_, to| {
            let _ = write!(
                to,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{framing}"
            );
            let block = [b' '; 65536];
            while counter.load(Ordering::SeqCst) < 10 * 1024 * 1024 * 1024
                && to.write_all(&block).is_ok()
            {
                counter.fetch_add(65536, Ordering::SeqCst);
            }
            Then::Close
        });
        let limit = 65536;
        let error = no_answer(exchange_at(&peer));
        assert_eq!(
            error,
            HttpError::TooLarge {
                host: peer.address.to_string(),
                limit
            }
        );
        assert_eq!(peer.requests().len(), 1);
        // What the two kernels hold between them, and no more.
        assert!(written.load(Ordering::SeqCst) < 64 * 1024 * 1024);
    }
}

#[test]
fn who_does_not_answer_in_time_is_asked_once() {
    let silent = Peer::plain(|_, _| Then::Hang);
    let halfway = Peer::plain(|_, to| {
        let _ = to.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"access_token\":");
        Then::Hang
    });
    let drop_by_drop = Peer::plain(|_, to| {
        let _ = to.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        while to.write_all(b" ").and_then(|()| to.flush()).is_ok() {
            thread::sleep(Duration::from_millis(50));
        }
        Then::Close
    });
    for peer in [silent, halfway, drop_by_drop] {
        let error = no_answer(exchange(&plain_origin(&peer), &impatient()));
        assert_eq!(
            error,
            HttpError::TimedOut {
                host: peer.address.to_string(),
                connecting: false
            }
        );
        assert_eq!(peer.requests().len(), 1);
    }
}

#[test]
fn who_lets_a_handshake_hang_is_not_sent_anything() {
    let peer =
        Peer::raw(|mut stream| while stream.read(&mut [0; 1024]).is_ok_and(|size| size > 0) {});
    let settings = Settings {
        connect_timeout: Duration::from_millis(400),
        ..quick()
    };
    let error = no_answer(exchange(&tls_origin(&peer), &settings));
    assert!(
        matches!(
            error,
            HttpError::TimedOut {
                connecting: true,
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn who_hangs_up_is_asked_once() {
    let early = Peer::plain(|_, _| Then::Close);
    let reset = Peer::plain(|_, _| Then::Reset);
    let halfway = Peer::plain(|_, to| {
        let _ = to.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"access_token\":");
        Then::Close
    });
    let in_chunks = Peer::plain(|_, to| {
        let _ =
            to.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"acc\r\n");
        Then::Close
    });
    let in_the_head = Peer::plain(|_, to| {
        let _ = to.write_all(b"HTTP/1.1 200 OK\r\nContent-");
        Then::Reset
    });
    for (name, peer) in [
        ("early", early),
        ("reset", reset),
        ("halfway", halfway),
        ("in chunks", in_chunks),
        ("in the head", in_the_head),
    ] {
        let error = no_answer(exchange_at(&peer));
        assert_eq!(
            error,
            HttpError::ClosedEarly {
                host: peer.address.to_string()
            },
            "{name}"
        );
        assert_eq!(peer.requests().len(), 1, "{name}");
    }
}

#[test]
fn a_kept_connection_that_dies_costs_no_second_request() {
    let hangs_up_on_posts = Peer::plain(|request, to| match request.starts_with(b"HEAD") {
        true => answer(to, "200 OK", "", ""),
        false => Then::Reset,
    });
    let (platform_, acs) = platform(&plain_origin(&hangs_up_on_posts), &quick());
    platform_.warm().unwrap();
    let error = no_answer(platform_.exchange(&acs, &valid_response()));
    assert!(matches!(error, HttpError::ClosedEarly { .. }), "{error:?}");
    let posts = |peer: &Peer| {
        peer.requests()
            .iter()
            .filter(|request| request.starts_with("POST"))
            .count()
    };
    assert_eq!(posts(&hangs_up_on_posts), 1);

    let closes_when_idle = Peer::plain(|request, to| {
        answer(
            to,
            "200 OK",
            "",
            if request.starts_with(b"HEAD") {
                ""
            } else {
                GRANTED
            },
        );
        Then::Close
    });
    let (platform_, acs) = platform(&plain_origin(&closes_when_idle), &quick());
    platform_.warm().unwrap();
    match platform_.exchange(&acs, &valid_response()) {
        // It was noticed in time, and a new connection opened.
        Ok(_) => assert_eq!(posts(&closes_when_idle), 1),
        // It was not; then nothing is sent a second time.
        Err(error) => {
            assert!(
                matches!(
                    error,
                    PlatformError::NoAnswer(HttpError::ClosedEarly { .. })
                ),
                "{error:?}"
            );
            assert_eq!(posts(&closes_when_idle), 0);
        }
    }
}

#[test]
fn what_is_not_http_is_called_so() {
    for garbage in [
        "\u{0}\u{1}\u{2}\u{3}garbage\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "SSH-2.0-OpenSSH_9.6\r\n",
        "HTTP/1.1 99999 What\r\n\r\n",
    ] {
        let peer = Peer::plain(move |_, to| {
            let _ = to.write_all(garbage.as_bytes());
            Then::Close
        });
        let error = no_answer(exchange_at(&peer));
        assert_eq!(
            error,
            HttpError::NotHttp {
                host: peer.address.to_string()
            },
            "{garbage:?}"
        );
        assert_eq!(peer.requests().len(), 1);
    }
}

#[test]
fn who_is_not_there_is_told_from_who_has_no_address() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = no_answer(exchange(&format!("http://{free}"), &quick()));
    assert_eq!(
        error,
        HttpError::Refused {
            host: free.to_string()
        }
    );
    let error = no_answer(exchange("https://platform.invalid", &quick()));
    assert!(
        matches!(&error, HttpError::Name { host, .. } if host == "platform.invalid"),
        "{error:?}"
    );
}
