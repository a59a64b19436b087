//! The gate: accepts strangers, reads one request of each, refuses what breaks the rules, and parts politely.
//!
//! Each connection has a thread and a place in [`Places`].

use super::head::{self, Head, Refusal};
use super::inner::Inner;
use super::places::{Places, Seat, Stage, lock, reset_on_close};
use super::{Limits, Request, Response, Server};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long an answer may take to be written, however slowly it is read.
const ANSWER_TIME: Duration = Duration::from_secs(5);
/// A body longer than this waits for its turn to be handled. Nearly all responses are shorter, and so never wait.
pub(super) const LARGE_BODY: usize = 64 * 1024;
/// How long it waits. Those before it may wait for a judgement themselves.
const TURN_TIME: Duration = Duration::from_secs(20);
/// How long and how much is still read after the answer. A client that is closed on while it sends gets a reset, which
/// can destroy the answer before it was read.
const PARTING_TIME: Duration = Duration::from_secs(2);
const PARTING_BYTES: usize = 64 * 1024 * 1024;

/// A head and the body that came with it.
type Received = (Head, Zeroizing<Vec<u8>>);

/// What answers the requests.
pub(super) type Handler = dyn Fn(Request) -> Response + Send + Sync;

/// A server at work. Dropping it closes its addresses, ends every connection whose request has not come in whole,
/// waits for the answers that are being made, and joins the threads. (tiny_http's own idle threads cannot be joined:
/// they end by themselves within five seconds.)
#[derive(Debug)]
pub struct Running {
    addresses: Vec<SocketAddr>,
    gate: Arc<Gate>,
    accepting: Vec<JoinHandle<()>>,
}

impl Running {
    /// The addresses that are served.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.gate.stopping.store(true, Ordering::SeqCst);
        for address in &self.addresses {
            // Wakes the loop out of `accept`. Where this fails for want of room in the queue, others wake it.
            let _ = TcpStream::connect_timeout(address, Duration::from_secs(1));
        }
        for thread in self.accepting.drain(..) {
            let _ = thread.join();
        }
        self.gate.places.close();
        let threads = std::mem::take(&mut *lock(&self.gate.threads));
        for thread in threads {
            let _ = thread.join();
        }
    }
}

/// Starts serving.
pub(super) fn start(server: Server, handler: Arc<Handler>) -> io::Result<Running> {
    let gate = Arc::new(Gate {
        limits: server.limits,
        common: server.common,
        places: Places::new(server.limits.connections),
        inner: Inner::start(handler)?,
        stopping: AtomicBool::new(false),
        threads: Mutex::default(),
    });
    // From here on the guard exists, so that a thread that cannot be had leaves nothing behind.
    let mut running = Running {
        addresses: server.addresses,
        gate,
        accepting: Vec::new(),
    };
    for listener in server.listeners {
        let gate = Arc::clone(&running.gate);
        running.accepting.push(
            thread::Builder::new()
                .name("loopback-accept".into())
                .spawn(move || gate.accept(&listener))?,
        );
    }
    Ok(running)
}

#[derive(Debug)]
struct Gate {
    limits: Limits,
    common: &'static [(&'static str, &'static str)],
    places: Arc<Places>,
    inner: Inner,
    stopping: AtomicBool,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Gate {
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        while !self.stopping.load(Ordering::SeqCst) {
            match listener.accept() {
                Ok((socket, peer)) if peer.ip().to_canonical().is_loopback() => {
                    self.welcome(socket, peer);
                }
                Ok(_) => {}
                // A connection that was given up, or no descriptor left: neither ends the wait for the others.
                Err(_) => thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    fn welcome(self: &Arc<Self>, socket: TcpStream, peer: SocketAddr) {
        if self.stopping.load(Ordering::SeqCst) {
            return;
        }
        let socket = Arc::new(socket);
        let Some(seat) = self.places.admit(&socket) else {
            // Not worth a thread: what fits into the socket's buffer is sent, and that is all.
            let _ = socket.set_nonblocking(true);
            let _ = (&*socket).write(&self.refusal(Refusal::Busy));
            let _ = socket.shutdown(Shutdown::Write);
            return;
        };
        let gate = Arc::clone(self);
        let spawned = thread::Builder::new()
            .name("loopback-connection".into())
            .spawn(move || gate.converse(&socket, peer, &seat));
        let mut threads = lock(&self.threads);
        threads.retain(|thread| !thread.is_finished());
        threads.extend(spawned);
    }

    /// One connection from its first byte to its last.
    fn converse(&self, socket: &TcpStream, peer: SocketAddr, seat: &Seat) {
        let answer = match self.receive(socket, seat) {
            Ok(Some((head, body))) => {
                let may = if body.len() > LARGE_BODY {
                    seat.enter_in_turn(Instant::now() + TURN_TIME)
                } else {
                    seat.enter(Stage::Handled)
                };
                if may {
                    let local = socket.local_addr().unwrap_or(peer);
                    self.inner
                        .answer(&head, body, peer, local, self.common)
                        .unwrap_or_else(|_| self.refusal(Refusal::Inner))
                } else {
                    self.refusal(Refusal::Busy)
                }
            }
            Ok(None) => return,
            Err(refusal) => self.refusal(refusal),
        };
        if seat.enter(Stage::Answered) && write_within(socket, &answer, ANSWER_TIME).is_ok() {
            part(socket, seat);
        }
    }

    /// One complete request; nothing when the stranger went away without a word or had to give way.
    fn receive(&self, socket: &TcpStream, seat: &Seat) -> Result<Option<Received>, Refusal> {
        // The first piece of the body may come with the head, so these bytes are wiped as well.
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.limits.head_bytes));
        let deadline = Instant::now() + self.limits.head_time;
        let mut seen = 0;
        let end = loop {
            if let Some(end) = head::find_end(&bytes, seen, &self.limits)? {
                break end;
            }
            seen = bytes.len();
            let most = self.limits.head_bytes - seen;
            match read_until(socket, &mut bytes, most, deadline) {
                Ok(0) | Err(_) if !seat.is_held() => return Ok(None),
                // Browsers open connections ahead of need; one that never spoke is closed without a word.
                Ok(0) | Err(_) if seen == 0 => return Ok(None),
                Ok(0) => return Err(Refusal::Ended),
                Ok(_) => {}
                Err(error) => return Err(broken(&error)),
            }
        };
        let head = head::parse(&bytes[..end], &self.limits)?;
        if !seat.enter(Stage::Body) {
            return Ok(None);
        }
        // Room for the whole body at once: growing would leave copies behind that nobody wipes.
        let mut body = Zeroizing::new(Vec::with_capacity(head.content_length));
        let early = &bytes[end..bytes.len().min(end + head.content_length)];
        body.extend_from_slice(early);
        let deadline = Instant::now() + self.limits.body_time;
        if head.expects_continue && body.len() < head.content_length {
            let go_on = b"HTTP/1.1 100 Continue\r\n\r\n";
            if write_within(socket, go_on, ANSWER_TIME).is_err() {
                return Ok(None);
            }
        }
        while body.len() < head.content_length {
            let most = head.content_length - body.len();
            match read_until(socket, &mut body, most, deadline) {
                Ok(0) | Err(_) if !seat.is_held() => return Ok(None),
                Ok(0) => return Err(Refusal::Ended),
                Ok(_) => {}
                Err(error) => return Err(broken(&error)),
            }
        }
        Ok(Some((head, body)))
    }

    fn refusal(&self, refusal: Refusal) -> Vec<u8> {
        let body = format!("{}\n", refusal.reason());
        let date = crate::time::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT");
        let mut answer = format!(
            "HTTP/1.1 {} Refused\r\nDate: {date}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n",
            refusal.status(),
            body.len()
        );
        for (name, value) in self.common {
            if !name.eq_ignore_ascii_case("Content-Type") {
                answer.extend([name, ": ", value, "\r\n"]);
            }
        }
        answer.push_str("\r\n");
        answer.push_str(&body);
        answer.into_bytes()
    }
}

/// Ends our side, then reads what the client still sends until it has seen that, within bounds. Only a client that
/// sends beyond them is cut off with a reset: it could destroy the answer of one that is still reading.
fn part(socket: &TcpStream, seat: &Seat) {
    // In this order: who has seen our end, and comes again, finds that this place may be had.
    if !seat.enter(Stage::Parting) || socket.shutdown(Shutdown::Write).is_err() {
        return;
    }
    let deadline = Instant::now() + PARTING_TIME;
    let mut more = 0;
    let mut bytes = Zeroizing::new(Vec::with_capacity(16 * 1024));
    while more < PARTING_BYTES {
        bytes.clear();
        match read_until(socket, &mut bytes, 16 * 1024, deadline) {
            Ok(0) if seat.is_held() => return,
            Ok(0) | Err(_) => break,
            Ok(count) => more += count,
        }
    }
    if more > 0 {
        reset_on_close(socket);
    }
}

/// Appends what comes next, at most `most` bytes, none of which ever lies in memory that is not `into`'s.
fn read_until(
    mut socket: &TcpStream,
    into: &mut Vec<u8>,
    most: usize,
    deadline: Instant,
) -> io::Result<usize> {
    let start = into.len();
    loop {
        socket.set_read_timeout(Some(time_left(deadline)?))?;
        into.resize(start + most.min(16 * 1024), 0);
        let result = socket.read(&mut into[start..]);
        into.truncate(start + result.as_ref().map_or(0, |count| *count));
        match result {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

fn write_within(mut socket: &TcpStream, mut bytes: &[u8], time: Duration) -> io::Result<()> {
    let deadline = Instant::now() + time;
    while !bytes.is_empty() {
        socket.set_write_timeout(Some(time_left(deadline)?))?;
        match socket.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What is left until a deadline, which a socket takes as its time-out only when it is not nothing.
fn time_left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(left.max(Duration::from_millis(1)))
}

/// Time that ran out has two names, one per system.
fn broken(error: &io::Error) -> Refusal {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Refusal::Time,
        _ => Refusal::Ended,
    }
}
