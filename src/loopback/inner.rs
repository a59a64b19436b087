//! tiny_http, where no stranger reaches it: on a Unix socket in a directory of this user's alone.
//!
//! On Windows, where the standard library has no such sockets, it is a loopback port of its own, and requests must
//! carry a field whose name only the gate knows. (Written for Windows, and not tried there. Others can connect to that
//! port, so what tiny_http does to hostile bytes is kept from them by nothing but their not knowing the port.)
//!
//! The field is sent on Unix as well: it also carries the addresses that the Unix socket cannot know, and the number
//! under which the body is kept. The body itself does not go through tiny_http: it is moved, never copied.

#[cfg(not(unix))]
mod port;
#[cfg(unix)]
mod unix;

use super::gate::{Handler, LARGE_BODY};
use super::head::Head;
use super::places::{MOST_HEAVY, lock};
use super::{Request, Response};
use crate::secret;
#[cfg(not(unix))]
use port::{Door, Stream};
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
#[cfg(unix)]
use unix::{Door, Stream};
use zeroize::Zeroizing;

/// The largest answer taken from a handler; ours are pages of a few kilobytes.
const ANSWER_BYTES: u64 = 16 * 1024 * 1024;

/// Fields that speak about one connection, and so do not cross the gate. `Content-Length` is written anew.
const HOP_BY_HOP: [&str; 8] = [
    "Connection",
    "Content-Length",
    "Expect",
    "Keep-Alive",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Upgrade",
];

/// The HTTP server behind the gate.
pub(super) struct Inner {
    live: Mutex<Live>,
    shared: Arc<Shared>,
}

/// What both sides of tiny_http share.
struct Shared {
    handler: Arc<Handler>,
    /// The name of the field that the gate signs its requests with.
    sign: String,
    /// The bodies of the requests that tiny_http has, until their handlers take them.
    bodies: Mutex<HashMap<u64, Zeroizing<Vec<u8>>>>,
    next: AtomicU64,
}

/// A body that is kept until it is taken or its request has been answered.
struct Deposit<'d> {
    shared: &'d Shared,
    number: u64,
}

impl Shared {
    fn deposit(&self, body: Zeroizing<Vec<u8>>) -> Deposit<'_> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        lock(&self.bodies).insert(number, body);
        Deposit {
            shared: self,
            number,
        }
    }
}

impl Drop for Deposit<'_> {
    fn drop(&mut self) {
        lock(&self.shared.bodies).remove(&self.number);
    }
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Inner").finish_non_exhaustive()
    }
}

impl Inner {
    pub(super) fn start(handler: Arc<Handler>) -> io::Result<Self> {
        let nonce = secret::nonce().ok_or_else(|| io::Error::other("no randomness"))?;
        let shared = Arc::new(Shared {
            handler,
            sign: format!("gate-{nonce}"),
            bodies: Mutex::default(),
            next: AtomicU64::new(0),
        });
        Ok(Self {
            live: Mutex::new(Live::start(&shared)?),
            shared,
        })
    }

    /// The whole answer to a request, ready to be sent, with the common header fields.
    pub(super) fn answer(
        &self,
        head: &Head,
        body: Zeroizing<Vec<u8>>,
        peer: SocketAddr,
        local: SocketAddr,
        common: &[(&str, &str)],
    ) -> io::Result<Vec<u8>> {
        let deposit = self.shared.deposit(body);
        let mut text = format!(
            "{} {} HTTP/1.1\r\n{}: {peer} {local} {}\r\n",
            head.method, head.target, self.shared.sign, deposit.number
        );
        for (name, value) in &head.fields {
            if !HOP_BY_HOP.iter().any(|hop| hop.eq_ignore_ascii_case(name)) {
                text.extend([name, ": ", value, "\r\n"]);
            }
        }
        text.push_str("Content-Length: 0\r\nConnection: close\r\n\r\n");
        let mut stream = self.connect()?;
        stream.write_all(text.as_bytes())?;
        let mut answer = Vec::new();
        stream.take(ANSWER_BYTES).read_to_end(&mut answer)?;
        finish(&answer, common).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// A connection to tiny_http. Its accepting thread ends at the first error (no descriptor left, say), and then
    /// nobody listens there any more: a new one is started.
    fn connect(&self) -> io::Result<Stream> {
        let mut live = lock(&self.live);
        live.door.connect().or_else(|_| {
            *live = Live::start(&self.shared)?;
            live.door.connect()
        })
    }
}

/// The answer with what tiny_http does not write: `Connection: close`, and the common fields it does not have yet.
fn finish(answer: &[u8], common: &[(&str, &str)]) -> Option<Vec<u8>> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, rest) = answer.split_at_checked(end)?;
    let mut text = std::str::from_utf8(head).ok()?.to_owned();
    let mut add = |name: &str, value: &str| {
        let has = |line: &str| {
            line.split_once(':')
                .is_some_and(|(field, _)| field.eq_ignore_ascii_case(name))
        };
        if !text.lines().any(has) {
            text.extend(["\r\n", name, ": ", value]);
        }
    };
    add("Connection", "close");
    for (name, value) in common {
        add(name, value);
    }
    Some([text.as_bytes(), rest].concat())
}

/// One running tiny_http with the thread that takes its requests.
struct Live {
    server: Arc<tiny_http::Server>,
    taking: Option<JoinHandle<()>>,
    /// Dropped last, since tiny_http connects to its own socket to end.
    door: Door,
}

impl Live {
    fn start(shared: &Arc<Shared>) -> io::Result<Self> {
        let (door, listener) = Door::open()?;
        let server = tiny_http::Server::from_listener(listener, None).map_err(io::Error::other)?;
        let server = Arc::new(server);
        let taking = {
            let (server, shared) = (Arc::clone(&server), Arc::clone(shared));
            thread::Builder::new()
                .name("loopback-take".into())
                .spawn(move || take(&server, &shared))?
        };
        Ok(Self {
            server,
            taking: Some(taking),
            door,
        })
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(thread) = self.taking.take() {
            let _ = thread.join();
        }
    }
}

/// A request as tiny_http has it, to be answered, and as the handler gets it.
type Taken = (tiny_http::Request, Request);

/// Gives every request a thread of its own, at most as many as the gate has places, until the server is unblocked or
/// its accepting thread has ended; then waits for them. Those with a large body go to a few threads that stay: the
/// system's allocator keeps some of what a thread has freed, and many threads would add that up.
fn take(server: &tiny_http::Server, shared: &Shared) {
    let (heavy, queue) = mpsc::channel::<Taken>();
    let queue = Mutex::new(queue);
    thread::scope(|scope| {
        // Dropped at the end of this block, by which those threads end.
        let heavy = heavy;
        let work = || {
            while let Some(taken) = next(&queue) {
                handle(taken, shared);
            }
        };
        let stay = (0..MOST_HEAVY).filter(|_| {
            let thread = thread::Builder::new().name("loopback-heavy".into());
            thread.spawn_scoped(scope, work).is_ok()
        });
        let some_stay = stay.count() > 0;
        while let Ok(request) = server.recv() {
            let Some(taken) = read(&request, shared) else {
                // Nobody but the gate knows the sign.
                let _ = request.respond(tiny_http::Response::empty(403));
                continue;
            };
            if some_stay && taken.body.len() > LARGE_BODY {
                let _ = heavy.send((request, taken));
                continue;
            }
            // A thread that cannot be had drops the request, which tiny_http answers with 500.
            let _ = thread::Builder::new()
                .name("loopback-handler".into())
                .spawn_scoped(scope, move || handle((request, taken), shared));
        }
    });
}

fn next(queue: &Mutex<Receiver<Taken>>) -> Option<Taken> {
    lock(queue).recv().ok()
}

fn handle((request, taken): Taken, shared: &Shared) {
    // What a handler shares with others is behind locks that a panic does not leave half done.
    let response = catch_unwind(AssertUnwindSafe(|| (shared.handler)(taken)))
        .ok()
        .and_then(translated)
        .unwrap_or_else(|| tiny_http::Response::from_data(Vec::new()).with_status_code(500));
    // An error here is a gate that has gone: nobody is left to be told.
    let _ = request.respond(response.with_chunked_threshold(usize::MAX));
}

fn read(request: &tiny_http::Request, shared: &Shared) -> Option<Request> {
    let mut fields = request.headers().iter().map(|field| {
        (
            field.field.as_str().as_str().to_owned(),
            field.value.as_str().to_owned(),
        )
    });
    let (name, ends) = fields.next()?;
    if name != shared.sign {
        return None;
    }
    let mut ends = ends.split(' ');
    let (peer, local, number) = (ends.next()?, ends.next()?, ends.next()?);
    let ours = ["Content-Length", "Connection"];
    let headers = fields
        .filter(|(name, _)| !ours.contains(&name.as_str()))
        .collect();
    let (peer, local) = (peer.parse().ok()?, local.parse().ok()?);
    let body = lock(&shared.bodies).remove(&number.parse().ok()?)?;
    Some(Request {
        method: request.method().as_str().to_owned(),
        target: request.url().to_owned(),
        headers,
        body,
        peer,
        local,
    })
}

/// Nothing when a header field could be read as more than one, which is a fault of the handler's.
fn translated(response: Response) -> Option<tiny_http::Response<io::Cursor<Vec<u8>>>> {
    let mut translated =
        tiny_http::Response::from_data(response.body).with_status_code(response.status);
    for (name, value) in &response.headers {
        if value.bytes().any(|byte| byte.is_ascii_control()) {
            return None;
        }
        translated
            .add_header(tiny_http::Header::from_bytes(name.as_bytes(), value.as_bytes()).ok()?);
    }
    // tiny_http would name itself, with its language, to everybody.
    translated.add_header(tiny_http::Header::from_bytes(b"Server", b"anyp-saml").ok()?);
    Some(translated)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn ask(inner: &Inner) -> io::Result<Vec<u8>> {
        let head = Head {
            method: "GET".into(),
            target: "/".into(),
            fields: vec![("Host".into(), "h".into())],
            content_length: 0,
            expects_continue: false,
        };
        let end = "127.0.0.1:1".parse().unwrap();
        inner.answer(&head, Zeroizing::default(), end, end, &[])
    }

    #[test]
    fn the_socket_is_this_users_alone_and_goes_with_the_server() {
        let inner = Inner::start(Arc::new(|_| Response::empty(204))).unwrap();
        let path = inner.live.lock().unwrap().door.path();
        let directory = path.parent().unwrap();
        let mode = directory.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        drop(inner);
        assert!(!directory.exists());
    }

    #[test]
    fn a_server_that_no_longer_accepts_is_started_again() {
        let inner = Inner::start(Arc::new(|_| Response::empty(204))).unwrap();
        let path = inner.live.lock().unwrap().door.path();
        std::fs::remove_file(path).unwrap();
        assert!(ask(&inner).unwrap().starts_with(b"HTTP/1.1 204 "));
        assert!(ask(&inner).unwrap().starts_with(b"HTTP/1.1 204 "));
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let old = std::time::SystemTime::now() - std::time::Duration::from_secs(120);
        let place = |name: &str| parent.path().join(name);
        let listening = |name: &str| {
            std::fs::create_dir(place(name)).unwrap();
            std::os::unix::net::UnixListener::bind(place(name).join("http")).unwrap()
        };
        drop(listening("anyp-saml-left"));
        drop(listening("anyp-saml-young"));
        let _alive = listening("anyp-saml-alive");
        std::fs::create_dir(place("anyp-saml-empty")).unwrap();
        drop(listening("other"));
        for name in [
            "anyp-saml-left",
            "anyp-saml-alive",
            "anyp-saml-empty",
            "other",
        ] {
            std::fs::File::open(place(name))
                .unwrap()
                .set_modified(old)
                .unwrap();
        }
        unix::sweep(parent.path());
        assert!(!place("anyp-saml-left").exists());
        for name in [
            "anyp-saml-young",
            "anyp-saml-alive",
            "anyp-saml-empty",
            "other",
        ] {
            assert!(place(name).exists(), "{name}");
        }
    }

    #[test]
    fn whoever_does_not_know_the_sign_is_turned_away() {
        let inner = Inner::start(Arc::new(|_| Response::empty(204))).unwrap();
        let mut stream = inner.connect().unwrap();
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    }
}
