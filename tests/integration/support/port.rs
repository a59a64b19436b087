//! Ports for listeners that must know theirs beforehand.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ports that systems hand out by themselves (from 32768, 49152 elsewhere), so that no other test's server
/// is given this one before it is taken.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// A port of 127.0.0.1 that nobody holds, and that no other test of this program is given.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Several of these programs may run at once: each begins elsewhere.
    let start = u16::try_from(std::process::id() * 97 % u32::from(COUNT)).unwrap();
    loop {
        let step = NEXT.fetch_add(1, Ordering::SeqCst);
        let port = FIRST + (start + step) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
