//! Peers that break the rules of HTTP itself, which a real server cannot be made to do.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// A listener on a free port whose connections are handled by a function of the test's.
pub struct Peer {
    authority: String,
    connections: Arc<AtomicUsize>,
}

impl Peer {
    /// `handle` gets every connection. The listener lives as long as the test program.
    pub fn start(handle: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let connections = Arc::new(AtomicUsize::new(0));
        let (counter, handle) = (Arc::clone(&connections), Arc::new(handle));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counter.fetch_add(1, Ordering::SeqCst);
                let handle = Arc::clone(&handle);
                thread::spawn(move || handle(stream));
            }
        });
        Self {
            authority,
            connections,
        }
    }

    /// Answers the first request of each connection with these bytes, and then with `filler` for ever.
    pub fn endless(head: &'static str, filler: u8) -> Self {
        Self::start(move |mut stream| {
            read_head(&mut stream);
            let chunk = [filler; 64 * 1024];
            let mut open = stream.write_all(head.as_bytes()).is_ok();
            while open {
                open = stream.write_all(&chunk).is_ok();
            }
        })
    }

    pub fn authority(&self) -> &str {
        &self.authority
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Reads up to the empty line after a head; also `None` when the other side closes before.
pub fn read_head(stream: &mut TcpStream) -> Option<String> {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}
