//! What is said about a server that was asked and gave no answer.

use super::{FAILED, PLATFORM_REFUSED, TIMED_OUT, USAGE, Words};
use crate::http::{HttpError, ProxyFailure, TlsFailure};

/// The words for a server that was asked and gave no answer.
pub(in crate::commands) fn http(error: &HttpError) -> Words {
    let (code, hint) = match error {
        HttpError::TimedOut { .. } => (
            TIMED_OUT,
            Some("Check the network and the proxy (HTTPS_PROXY); --platform-timeout waits longer."),
        ),
        HttpError::CaBundle(_) => (USAGE, None),
        HttpError::NoRoots => (
            FAILED,
            Some("Install the system's ca-certificates, or give a bundle with --ca-bundle FILE."),
        ),
        HttpError::NotAFile(_) => (
            USAGE,
            Some("Name a file of certificates in PEM there, or unset the variable."),
        ),
        HttpError::Setup(_) | HttpError::Header(_) => (FAILED, None),
        HttpError::Tls {
            cause: TlsFailure::UnknownIssuer,
            ..
        } => (
            PLATFORM_REFUSED,
            Some(
                "If your organization inspects TLS, give its authority's certificate with --ca-bundle FILE.",
            ),
        ),
        HttpError::Tls {
            cause: TlsFailure::Expired | TlsFailure::NotValidYet,
            ..
        } => (PLATFORM_REFUSED, Some("Is this machine's clock right?")),
        HttpError::Tls { .. } | HttpError::NotHttp { .. } | HttpError::TooLarge { .. } => (
            PLATFORM_REFUSED,
            Some(
                "Is this the host that was meant? A proxy, a filter or a sign-in page of the network may answer in its \
                 place.",
            ),
        ),
        HttpError::Proxy {
            cause: ProxyFailure::Authentication,
            ..
        } => (
            PLATFORM_REFUSED,
            Some(
                "Give it them in HTTPS_PROXY, as http://NAME:PASSWORD@HOST:PORT, with %40 for @ and the like. A proxy \
                 that asks for Kerberos or NTLM takes a relay on this machine, such as cntlm or px.",
            ),
        ),
        HttpError::Proxy { .. } => (PLATFORM_REFUSED, Some("Check HTTPS_PROXY and NO_PROXY.")),
        HttpError::Name { .. } | HttpError::Refused { .. } | HttpError::Connect { .. } => (
            PLATFORM_REFUSED,
            Some("Check the network, and HTTPS_PROXY if a proxy leads out of it."),
        ),
        HttpError::ClosedEarly { .. } | HttpError::Other { .. } => (PLATFORM_REFUSED, None),
    };
    Words::new(code, error).hints(hint)
}
