//! TLS before a demo server, for the clients that speak nothing else: anypoint-cli always asks over https.
//!
//! It ends TLS and passes on what is inside, byte by byte, in both directions at once. The demo's servers answer one
//! request on each connection, so nothing here needs to know HTTP.

use super::{DemoError, locked};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long either side may be silent: longer than any answer of the demo takes.
const SILENCE: Duration = Duration::from_secs(60);

/// TLS on a free port of 127.0.0.1 before a server. It ends when it is dropped.
pub(super) struct TlsFront {
    address: SocketAddr,
    authority: String,
    over: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl TlsFront {
    /// Makes a certificate authority and a certificate for the loopback, and passes every connection on to `server`.
    pub(super) fn start(server: SocketAddr) -> Result<Self, DemoError> {
        let (config, authority) = identity().map_err(|error| DemoError::Key(error.to_string()))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(DemoError::Port)?;
        let address = listener.local_addr().map_err(DemoError::Port)?;
        let over = Arc::new(AtomicBool::new(false));
        let accepting = thread::spawn({
            let over = Arc::clone(&over);
            move || accept(&listener, server, &config, &over)
        });
        Ok(Self {
            address,
            authority,
            over,
            accepting: Some(accepting),
        })
    }

    /// `https://127.0.0.1:PORT`.
    pub(super) fn base(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The certificate of the authority, as PEM: whom a client has to believe.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // A connection more wakes the thread that waits for one.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.accepting.take() {
            let _ = thread.join();
        }
    }
}

/// A certificate for 127.0.0.1 and localhost, as a server's configuration, and the authority that signed it.
fn identity() -> Result<(Arc<ServerConfig>, String), Box<dyn std::error::Error>> {
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let name = "anyp-saml demo authority";
    parameters.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate()?;
    let authority = parameters.self_signed(&key)?.pem();
    let issuer = Issuer::new(parameters, key);

    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(names)?.signed_by(&key, &issuer)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    Ok((Arc::new(config), authority))
}

fn accept(
    listener: &TcpListener,
    server: SocketAddr,
    config: &Arc<ServerConfig>,
    over: &AtomicBool,
) {
    for client in listener.incoming() {
        if over.load(Ordering::SeqCst) {
            break;
        }
        let Ok(client) = client else { continue };
        let config = Arc::clone(config);
        // A connection that breaks is the client's to notice.
        thread::spawn(move || pass_on(&client, server, config));
    }
}

fn pass_on(client: &TcpStream, server: SocketAddr, config: Arc<ServerConfig>) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    for side in [client, &server] {
        side.set_read_timeout(Some(SILENCE))?;
        side.set_write_timeout(Some(SILENCE))?;
    }
    let session = Mutex::new(ServerConnection::new(config).map_err(io::Error::other)?);
    thread::scope(|scope| {
        scope.spawn(|| {
            let _ = inward(client, &server, &session);
            let _ = server.shutdown(Shutdown::Write);
        });
        let sent = outward(client, &server, &session);
        let _ = client.shutdown(Shutdown::Write);
        sent
    })
}

/// From the client to the server, until the client has ended.
fn inward(
    mut client: &TcpStream,
    mut server: &TcpStream,
    session: &Mutex<ServerConnection>,
) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let count = client.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        let mut arrived = &buffer[..count];
        while !arrived.is_empty() {
            let mut plain = Vec::new();
            {
                let mut session = locked(session);
                session.read_tls(&mut arrived)?;
                let state = session.process_new_packets();
                // Also what the client has to be told of an error.
                flush(&mut session, client)?;
                let ready = state.map_err(io::Error::other)?.plaintext_bytes_to_read();
                session
                    .reader()
                    .take(ready as u64)
                    .read_to_end(&mut plain)?;
            }
            server.write_all(&plain)?;
        }
    }
}

/// From the server to the client, until the server has ended.
fn outward(
    client: &TcpStream,
    mut server: &TcpStream,
    session: &Mutex<ServerConnection>,
) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let count = server.read(&mut buffer)?;
        let mut session = locked(session);
        if count == 0 {
            session.send_close_notify();
            return flush(&mut session, client);
        }
        session.writer().write_all(&buffer[..count])?;
        flush(&mut session, client)?;
    }
}

fn flush(session: &mut ServerConnection, mut client: &TcpStream) -> io::Result<()> {
    while session.wants_write() {
        session.write_tls(&mut client)?;
    }
    Ok(())
}
