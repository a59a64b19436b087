//! Why there is no answer, told apart by the types inside reqwest's errors.

use super::Settings;
use super::names::Unresolved;
use crate::address::WebAddress;
use crate::foreign::brief;
use rustls::{AlertDescription, CertificateError};
use std::error::Error;
use std::io;
use thiserror::Error;

/// Why there is no answer. Hosts and the words of others are already fit to be shown; nothing of the request is here.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum HttpError {
    /// The CA bundle of the settings cannot be used.
    #[error("the CA bundle cannot be used: {0}")]
    CaBundle(#[source] CaBundleError),
    /// Neither the system nor the settings name an authority, so no https server can be trusted.
    #[error(
        "no certificate authority is known: the system's store, or what SSL_CERT_FILE and SSL_CERT_DIR name, holds none"
    )]
    NoRoots,
    /// What a variable names as the file of the authorities cannot be one.
    #[error("SSL_CERT_FILE names {0}, which is no regular file")]
    NotAFile(String),
    /// The client could not be made for another reason.
    #[error("the HTTP client could not be made: {0}")]
    Setup(String),
    /// A header field of the request whose value cannot stand in one.
    #[error("the value of the header field {0} has a character that cannot stand there")]
    Header(String),
    /// The host's name has no address.
    #[error("the name {host} has no address: {cause}")]
    Name {
        /// The host asked for.
        host: String,
        /// The system's words.
        cause: String,
    },
    /// Nothing listens there.
    #[error("{host} refuses the connection")]
    Refused {
        /// The host asked for.
        host: String,
    },
    /// No connection for another reason.
    #[error("no connection to {host}: {cause}")]
    Connect {
        /// The host asked for.
        host: String,
        /// The system's words.
        cause: String,
    },
    /// Connected, but no secure channel came to stand.
    #[error("no secure connection to {host}: {cause}")]
    Tls {
        /// The host asked for.
        host: String,
        /// What failed.
        #[source]
        cause: TlsFailure,
    },
    /// The proxy that the environment names did not lead there.
    #[error("no way to {host} through the proxy: {cause}")]
    Proxy {
        /// The host asked for.
        host: String,
        /// What failed.
        #[source]
        cause: ProxyFailure,
    },
    /// The time for connecting or for the whole request ran out.
    #[error("{host} {}", if *connecting { "could not be reached in time" } else { "did not answer in time" })]
    TimedOut {
        /// The host asked for.
        host: String,
        /// Whether not even a connection stood: then nothing was sent.
        connecting: bool,
    },
    /// The connection ended before the whole answer was there.
    #[error("{host} closed the connection before its answer was complete")]
    ClosedEarly {
        /// The host asked for.
        host: String,
    },
    /// What came back is not HTTP.
    #[error("what {host} answers is not HTTP")]
    NotHttp {
        /// The host asked for.
        host: String,
    },
    /// The answer has more bytes than were asked for.
    #[error("the answer of {host} has more than {limit} bytes")]
    TooLarge {
        /// The host asked for.
        host: String,
        /// The most bytes allowed.
        limit: usize,
    },
    /// Anything else, in the words of the HTTP library.
    #[error("no answer from {host}: {cause}")]
    Other {
        /// The host asked for.
        host: String,
        /// The library's words.
        cause: String,
    },
}

/// Why a CA bundle cannot be used.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum CaBundleError {
    /// Larger than [`Settings::MAX_CA_BUNDLE`].
    #[error("it has {0} bytes, more than {max}", max = Settings::MAX_CA_BUNDLE)]
    TooLarge(usize),
    /// No certificate in it.
    #[error("it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")]
    Empty,
    /// The certificate at this position, counted from one, is damaged or cannot be a root.
    #[error("its certificate number {0} cannot be read")]
    Unusable(usize),
}

/// Why there is no secure channel.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TlsFailure {
    /// Signed by nobody that the system or the CA bundle trusts.
    #[error("its certificate is signed by an authority that is not trusted here")]
    UnknownIssuer,
    /// Past its end.
    #[error("its certificate has expired")]
    Expired,
    /// Before its beginning.
    #[error("its certificate is not valid yet")]
    NotValidYet,
    /// Made out to another host.
    #[error("its certificate is for another host")]
    WrongHost,
    /// Wrong otherwise.
    #[error("its certificate is not acceptable: {0}")]
    Certificate(String),
    /// No version or cipher in common. Mostly the server knows no TLS 1.2.
    #[error(
        "it has no TLS version or cipher in common with this program, which takes TLS 1.2 and 1.3"
    )]
    OldVersion,
    /// What answers does not speak TLS, as a plain http server does not.
    #[error("what answers there does not speak TLS")]
    NotTls,
    /// Closed in the middle of the handshake.
    #[error("it closed the connection during the handshake")]
    Closed,
    /// Anything else, in the TLS library's words.
    #[error("{0}")]
    Other(String),
}

/// Why a proxy did not lead to the host.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ProxyFailure {
    /// It asks for a name and a password, or refuses those it got.
    #[error("it asks for a user name and password, or does not accept those it was given")]
    Authentication,
    /// It was reached, but leads nowhere.
    #[error("it refuses to connect there")]
    Refused,
    /// It could not be reached itself.
    #[error("the proxy itself cannot be reached: {0}")]
    Unreachable(String),
}

/// The host of an address as it may be shown.
pub(super) fn shown_host(address: &WebAddress) -> String {
    brief(&address.authority())
}

/// Why a client could not be made.
pub(super) fn building(error: &reqwest::Error) -> HttpError {
    match find::<rustls::Error>(error) {
        // The one thing that the verifier reports this way (rustls-platform-verifier, on systems with a file store).
        Some(rustls::Error::General(_)) => HttpError::NoRoots,
        _ => HttpError::Setup(deepest(error)),
    }
}

/// The cause of a failed request, looked for from the outermost to the innermost error.
pub(super) fn classify(error: &(dyn Error + 'static), address: &WebAddress) -> HttpError {
    let host = shown_host(address);
    let outer = find::<reqwest::Error>(error);
    let connecting = outer.is_some_and(reqwest::Error::is_connect);
    if outer.is_some_and(reqwest::Error::is_timeout) {
        return HttpError::TimedOut { host, connecting };
    }
    if let Some(cause) = proxy_failure(error) {
        return HttpError::Proxy { host, cause };
    }
    if let Some(Unresolved(cause)) = find(error) {
        let cause = brief(&cause.to_string());
        return HttpError::Name { host, cause };
    }
    if let Some(error) = find::<rustls::Error>(error) {
        let cause = tls_failure(error);
        return HttpError::Tls { host, cause };
    }
    if let Some(error) = find::<hyper::Error>(error) {
        if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
            return HttpError::ClosedEarly { host };
        }
        if error.is_parse() {
            return HttpError::NotHttp { host };
        }
    }
    match innermost_io(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => HttpError::Refused { host },
        // Over TLS, the handshake is part of connecting: a plain connection is not closed by the other side then.
        Some(
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe,
        ) if connecting => {
            let cause = TlsFailure::Closed;
            HttpError::Tls { host, cause }
        }
        Some(
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe,
        ) => HttpError::ClosedEarly { host },
        _ if connecting => HttpError::Connect {
            host,
            cause: deepest(error),
        },
        _ => HttpError::Other {
            host,
            cause: deepest(error),
        },
    }
}

fn tls_failure(error: &rustls::Error) -> TlsFailure {
    use rustls::Error as Tls;
    match error {
        Tls::InvalidCertificate(error) => match error {
            // A bad signature: an authority of a trusted one's name with another key.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                TlsFailure::UnknownIssuer
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                TlsFailure::Expired
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                TlsFailure::NotValidYet
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsFailure::WrongHost
            }
            other => TlsFailure::Certificate(brief(&other.to_string())),
        },
        Tls::PeerIncompatible(_)
        | Tls::AlertReceived(
            AlertDescription::ProtocolVersion
            | AlertDescription::HandshakeFailure
            | AlertDescription::InsufficientSecurity,
        ) => TlsFailure::OldVersion,
        Tls::InvalidMessage(_) => TlsFailure::NotTls,
        other => TlsFailure::Other(brief(&other.to_string())),
    }
}

/// What goes wrong on the way through a proxy has no public type, so its words are what tells it; tests with real
/// proxies hold them.
fn proxy_failure(error: &(dyn Error + 'static)) -> Option<ProxyFailure> {
    let (words, error) = chain(error).find_map(|error| {
        let words = error.to_string();
        let ways = ["tunnel error: ", "SOCKS error: "];
        let said = ways.iter().find_map(|way| words.strip_prefix(way))?;
        Some((said.to_owned(), error))
    })?;
    Some(match words.as_str() {
        "proxy authorization required"
        | "credentials not accepted"
        | "server does not support user/pass authentication" => ProxyFailure::Authentication,
        "failed to create underlying connection" => ProxyFailure::Unreachable(deepest(error)),
        _ => ProxyFailure::Refused,
    })
}

/// The error and its causes, outermost first. An [`io::Error`] that wraps another error leaves it out of `source`.
fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn Error + 'static)| {
        let error = *error;
        match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}

fn find<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    chain(error).find_map(|error| error.downcast_ref())
}

fn innermost_io<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e io::Error> {
    chain(error).filter_map(|error| error.downcast_ref()).last()
}

/// The innermost cause alone: the outer ones repeat the address, or say less.
fn deepest(error: &(dyn Error + 'static)) -> String {
    chain(error)
        .last()
        .map(|error| brief(&error.to_string()))
        .unwrap_or_default()
}
