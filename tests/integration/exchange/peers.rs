//! Servers that answer as they are told to, well or badly, and remember what they were sent.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What a peer does after it has answered a request.
pub(super) enum Then {
    /// Waits for the next request on the same connection.
    KeepOpen,
    /// Closes the connection; over TLS without saying so first.
    Close,
    /// Throws the connection away.
    Reset,
    /// Keeps the connection and never says anything again.
    Hang,
}

/// A server on a loopback port of its own.
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    requests: Mutex<Vec<Vec<u8>>>,
    stop: AtomicBool,
}

trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

type Answer = dyn Fn(&[u8], &mut dyn Write) -> Then + Send + Sync;

impl Peer {
    /// Speaks HTTP.
    pub(super) fn plain(
        answer: impl Fn(&[u8], &mut dyn Write) -> Then + Send + Sync + 'static,
    ) -> Self {
        Self::with(None, Arc::new(answer))
    }

    /// Speaks HTTP over TLS.
    pub(super) fn tls(
        config: ServerConfig,
        answer: impl Fn(&[u8], &mut dyn Write) -> Then + Send + Sync + 'static,
    ) -> Self {
        Self::with(Some(Arc::new(config)), Arc::new(answer))
    }

    /// Does with each connection whatever it likes.
    pub(super) fn raw(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        Self::listen(move |stream, _| serve(stream))
    }

    fn with(tls: Option<Arc<ServerConfig>>, answer: Arc<Answer>) -> Self {
        Self::listen(move |tcp, seen| {
            let raw = tcp.try_clone().unwrap();
            let mut stream: Box<dyn Stream> = match &tls {
                None => Box::new(tcp),
                Some(config) => {
                    let connection = ServerConnection::new(Arc::clone(config)).unwrap();
                    Box::new(StreamOwned::new(connection, tcp))
                }
            };
            while let Some(request) = request(&mut stream) {
                seen.requests.lock().unwrap().push(request.clone());
                let then = answer(&request, &mut stream);
                let _ = stream.flush();
                match then {
                    Then::KeepOpen => {}
                    Then::Close => break,
                    Then::Reset => {
                        rustix::net::sockopt::set_socket_linger(&raw, Some(Duration::ZERO))
                            .unwrap();
                        return;
                    }
                    Then::Hang => {
                        let _ = stream.read(&mut [0]);
                        return;
                    }
                }
            }
            let _ = raw.shutdown(Shutdown::Both);
        })
    }

    fn listen(serve: impl Fn(TcpStream, &Seen) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let (serve, shared) = (Arc::new(serve), Arc::clone(&seen));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.stop.load(Ordering::SeqCst) {
                    return;
                }
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let (serve, shared) = (Arc::clone(&serve), Arc::clone(&shared));
                thread::spawn(move || serve(stream.unwrap(), &shared));
            }
        });
        Self { address, seen }
    }

    /// How many connections there were.
    pub(super) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// Every request so far, whole.
    pub(super) fn requests(&self) -> Vec<String> {
        let requests = self.seen.requests.lock().unwrap();
        requests
            .iter()
            .map(|request| String::from_utf8(request.clone()).unwrap())
            .collect()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.seen.stop.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect(self.address);
    }
}

/// Reads one request: its head, and as many bytes as the head announces.
pub(super) fn request(stream: &mut dyn Read) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        request.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
        .unwrap_or(0);
    let start = request.len();
    request.resize(start + length, 0);
    stream.read_exact(&mut request[start..]).ok()?;
    Some(request)
}

/// Writes a whole answer.
pub(super) fn answer(to: &mut dyn Write, status: &str, headers: &str, body: &str) -> Then {
    let length = body.len();
    let _ = write!(
        to,
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    );
    Then::KeepOpen
}

/// A certificate authority of the test's own.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(super) pem: String,
}

impl Authority {
    pub(super) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// TLS with a certificate for `host`, changed as told before it is signed.
    pub(super) fn server(
        &self,
        host: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        config(certificate.der().clone(), &key)
    }
}

/// TLS with a certificate that vouches for itself.
pub(super) fn self_signed(host: &str) -> ServerConfig {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    config(params.self_signed(&key).unwrap().der().clone(), &key)
}

fn config(certificate: CertificateDer<'static>, key: &KeyPair) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap()
}
