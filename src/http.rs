//! HTTP to others: one request, one attempt, one bounded answer.
//!
//! What is absent is the point. No redirects, since a 307 would carry a response or a token to another host. No
//! retries, since a response can be exchanged once. No cookies, no compression, no HTTP/2, no switch that turns
//! certificate checks off. Alone owns reqwest, hyper, hyper-util and rustls.

mod error;
mod names;
mod proxy;

pub use error::{CaBundleError, HttpError, ProxyFailure, TlsFailure};
pub use proxy::{PROXY_VARIABLES, Proxy, names_a_proxy, proxy_to};

use crate::address::WebAddress;
use crate::foreign;
use reqwest::blocking;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::fmt;
use std::io::{self, Read as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use zeroize::Zeroizing;

/// What a client is made of.
#[derive(Clone, Debug)]
pub struct Settings {
    /// PEM certificates of authorities that are trusted besides the system's own, at most
    /// [`Settings::MAX_CA_BUNDLE`] bytes.
    pub ca_bundle: Option<Vec<u8>>,
    /// How long name, connection and TLS handshake may take together.
    pub connect_timeout: Duration,
    /// How long a whole request may take, from its start to the last byte of the answer.
    pub timeout: Duration,
}

impl Settings {
    /// The largest CA bundle taken: four times what Mozilla's whole list has.
    pub const MAX_CA_BUNDLE: usize = 1024 * 1024;
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ca_bundle: None,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
        }
    }
}

/// The methods in use here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Asks for the head of an answer alone.
    Head,
    /// Asks.
    Get,
    /// Sends.
    Post,
}

/// One request. It has no `Debug`: bodies and headers hold responses and tokens.
pub struct HttpRequest<'a> {
    /// What to do.
    pub method: Method,
    /// Where.
    pub address: &'a WebAddress,
    /// Header fields besides `Host`, `User-Agent`, `Accept` and `Content-Length`.
    pub headers: &'a [(&'static str, &'a str)],
    /// What to send; wiped from memory afterwards.
    pub body: Option<Zeroizing<Vec<u8>>>,
    /// The most bytes that the answer's body may have.
    pub limit: usize,
}

/// An answer, whatever its status.
pub struct Answer {
    /// The status code.
    pub status: u16,
    headers: HeaderMap,
    /// The whole body, within the request's limit; wiped from memory when dropped.
    pub body: Zeroizing<Vec<u8>>,
}

impl Answer {
    /// The first header field of that name, when it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Shows sizes alone: the body may hold a token, and the fields may hold cookies.
impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Answer")
            .field("status", &self.status)
            .field("size", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// A client that keeps its connections open between requests. Clones share them.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    extra_roots: Vec<CertificateDer<'static>>,
    connect_timeout: Duration,
    timeout: Duration,
    /// Built when first needed, one per [`Route`]: reading the system's certificates takes a while, and a demo on a
    /// machine that has none needs none.
    routes: Mutex<[Option<blocking::Client>; 3]>,
}

/// The three ways out, which differ in what they trust and whether a proxy may stand between.
#[derive(Clone, Copy)]
enum Route {
    /// https to other machines, through the environment's proxy where it names one.
    Remote,
    /// https to this machine; never through a proxy, which would look for it on its own.
    LoopbackTls,
    /// http to this machine.
    LoopbackPlain,
}

impl Route {
    /// The way to an address.
    fn to(address: &WebAddress) -> Self {
        match (address.is_loopback(), address.is_https()) {
            (false, _) => Self::Remote,
            (true, true) => Self::LoopbackTls,
            (true, false) => Self::LoopbackPlain,
        }
    }
}

impl Client {
    /// A client with these settings. The system's certificates are read at the first request that needs them.
    ///
    /// # Errors
    /// [`HttpError::CaBundle`].
    pub fn new(settings: &Settings) -> Result<Self, HttpError> {
        let extra_roots = match &settings.ca_bundle {
            Some(pem) => certificates(pem).map_err(HttpError::CaBundle)?,
            None => Vec::new(),
        };
        Ok(Self(Arc::new(Shared {
            extra_roots,
            connect_timeout: settings.connect_timeout,
            timeout: settings.timeout,
            routes: Mutex::default(),
        })))
    }

    /// Reads the certificates that a request to other machines would be answered for with.
    ///
    /// # Errors
    /// [`HttpError::NoRoots`], or what else keeps every such request from being sent.
    pub fn read_authorities(&self) -> Result<(), HttpError> {
        self.client(Route::Remote).map(drop)
    }

    /// Sends one request once and reads its answer. A status that means failure is an answer like any other.
    ///
    /// A kept connection that the other side closed meanwhile is noticed before anything is written to it, and a new
    /// one is opened; a request of which one byte may have left is never sent again.
    ///
    /// # Errors
    /// [`HttpError`]: there is no answer, or none within its limits.
    pub fn send(&self, request: HttpRequest<'_>) -> Result<Answer, HttpError> {
        let address = request.address;
        let failed = |error: &(dyn std::error::Error + 'static)| error::classify(error, address);
        let method = match request.method {
            Method::Head => reqwest::Method::HEAD,
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut outgoing = self
            .client(Route::to(address))?
            .request(method, address.as_str())
            .headers(header_map(request.headers)?)
            // Set here, since only a request's own time-out also ends the reading of the body.
            .timeout(self.0.timeout);
        if let Some(body) = request.body {
            // Owned, not copied: the bytes are wiped where they are.
            outgoing = outgoing.body(bytes::Bytes::from_owner(body));
        }
        let incoming = outgoing.send().map_err(|error| failed(&error))?;
        let status = incoming.status().as_u16();
        let headers = incoming.headers().clone();
        let limit = request.limit;
        match read(incoming, limit) {
            Ok(Some(body)) => Ok(Answer {
                status,
                headers,
                body,
            }),
            Ok(None) => Err(HttpError::TooLarge {
                host: error::shown_host(address),
                limit,
            }),
            Err(error) => Err(failed(&error)),
        }
    }

    /// The kept client for this way out, built when there is none yet.
    fn client(&self, route: Route) -> Result<blocking::Client, HttpError> {
        // A thread that panicked while it held the lock left a whole list behind: each entry is set at once.
        let mut routes = self.0.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let place = &mut routes[route as usize];
        match place {
            Some(client) => Ok(client.clone()),
            None => Ok(place.insert(self.0.build(route)?).clone()),
        }
    }
}

/// The verifier reads what `SSL_CERT_FILE` names to its end, which a pipe has not.
fn check_named_authorities() -> Result<(), HttpError> {
    let Some(path) = std::env::var_os("SSL_CERT_FILE") else {
        return Ok(());
    };
    match std::fs::metadata(&path) {
        Ok(found) if !found.is_file() => {
            Err(HttpError::NotAFile(foreign::brief(&path.to_string_lossy())))
        }
        // That there is none at all, the verifier says itself.
        _ => Ok(()),
    }
}

impl Shared {
    fn build(&self, route: Route) -> Result<blocking::Client, HttpError> {
        if !matches!(route, Route::LoopbackPlain) {
            check_named_authorities()?;
        }
        // The first to install a provider wins, and every one of them is ring.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = blocking::Client::builder()
            .user_agent(concat!("anyp-saml/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(self.connect_timeout)
            // Below what load balancers allow (60 s is common), so that we close first and no request meets a
            // connection that is just being closed.
            .pool_idle_timeout(Duration::from_secs(45))
            .dns_resolver(Arc::new(names::Resolver));
        let builder = match route {
            Route::Remote => builder.https_only(true),
            Route::LoopbackTls => builder.https_only(true).no_proxy(),
            Route::LoopbackPlain => builder.no_proxy(),
        };
        let builder = match route {
            Route::Remote | Route::LoopbackTls => builder
                .tls_version_min(reqwest::tls::Version::TLS_1_2)
                .tls_certs_merge(self.extra_roots.iter().filter_map(|der| {
                    // Cannot fail: `certificates` has parsed it.
                    reqwest::Certificate::from_der(der).ok()
                })),
            // Plain http trusts nobody; naming no roots keeps the system's from being read.
            Route::LoopbackPlain => builder.tls_certs_only([]),
        };
        builder.build().map_err(|error| error::building(&error))
    }
}

/// The certificates of a CA bundle, every one of which must be usable as a root.
fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, CaBundleError> {
    if pem.len() > Settings::MAX_CA_BUNDLE {
        return Err(CaBundleError::TooLarge(pem.len()));
    }
    let mut store = rustls::RootCertStore::empty();
    let mut found = Vec::new();
    for (index, certificate) in CertificateDer::pem_slice_iter(pem).enumerate() {
        let unusable = |_| CaBundleError::Unusable(index + 1);
        let certificate = certificate.map_err(|_| CaBundleError::Unusable(index + 1))?;
        store.add(certificate.clone()).map_err(unusable)?;
        found.push(certificate);
    }
    if found.is_empty() {
        return Err(CaBundleError::Empty);
    }
    Ok(found)
}

fn header_map(fields: &[(&'static str, &str)]) -> Result<HeaderMap, HttpError> {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        // Not `from_static`, which panics on a capital letter.
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| HttpError::Header((*name).to_owned()))?;
        let mut value = HeaderValue::from_str(value)
            .map_err(|_| HttpError::Header(name.as_str().to_owned()))?;
        value.set_sensitive(name == reqwest::header::AUTHORIZATION);
        map.insert(name, value);
    }
    Ok(map)
}

/// The body up to `limit` bytes; `None` when it has more. What comes after the limit is never read: the connection
/// is closed instead.
fn read(mut incoming: blocking::Response, limit: usize) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    // Room for the whole at once, so that growing leaves no copy behind that nobody wipes.
    let mut body = Zeroizing::new(vec![0; limit + 1]);
    let mut size = 0;
    while size <= limit {
        match incoming.read(&mut body[size..]) {
            Ok(0) => {
                body.truncate(size);
                return Ok(Some(body));
            }
            Ok(more) => size += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_headers_name_may_be_written_in_any_case_and_never_panics() {
        let map = header_map(&[("Accept", "text/html"), ("x-requested-with", "y")]).unwrap();
        assert_eq!(map["accept"], "text/html");
        assert_eq!(map["X-Requested-With"], "y");
        assert!(header_map(&[("not a name", "x")]).is_err());
        assert!(header_map(&[("accept", "a\r\nb: c")]).is_err());
    }
}
