//! The places that connections take. When all are taken, one that merely waits for its stranger gives way to the
//! newcomer, so that sixteen slow readers cannot keep the one awaited post out.

use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What a connection is at. The order is the order in which they give way: the answered first, who only have to read,
/// then those who have not asked yet. What is being handled stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Parting,
    Head,
    Body,
    Answered,
    Handled,
}

#[derive(Debug)]
struct Place {
    id: u64,
    stage: Stage,
    since: Instant,
    socket: Arc<TcpStream>,
}

/// The places for connections.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    next: AtomicU64,
    taken: Mutex<Vec<Place>>,
}

impl Places {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            next: AtomicU64::new(0),
            taken: Mutex::default(),
        })
    }

    /// A place for this connection. When all are taken, the connection that stood longest in the least stage loses its
    /// place; nothing when none may.
    pub(super) fn admit(self: &Arc<Self>, socket: &Arc<TcpStream>) -> Option<Seat> {
        let mut taken = lock(&self.taken);
        if taken.len() >= self.most {
            let (at, _) = taken
                .iter()
                .enumerate()
                .filter(|(_, place)| place.stage != Stage::Handled)
                .min_by_key(|(_, place)| (place.stage, place.since))?;
            let place = taken.swap_remove(at);
            if place.stage != Stage::Parting {
                reset_on_close(&place.socket);
            }
            let _ = place.socket.shutdown(Shutdown::Both);
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        taken.push(Place {
            id,
            stage: Stage::Head,
            since: Instant::now(),
            socket: Arc::clone(socket),
        });
        Some(Seat {
            places: Arc::clone(self),
            id,
        })
    }

    /// Ends everything that waits for a stranger.
    pub(super) fn close(&self) {
        lock(&self.taken).retain(|place| {
            let stays = place.stage >= Stage::Answered;
            if !stays {
                let _ = place.socket.shutdown(Shutdown::Both);
            }
            stays
        });
    }
}

/// A place that is held until it is dropped, or given to another.
pub(super) struct Seat {
    places: Arc<Places>,
    id: u64,
}

impl Seat {
    /// Moves on to another stage; `false` when the place was given to another.
    pub(super) fn enter(&self, stage: Stage) -> bool {
        let mut taken = lock(&self.places.taken);
        let Some(place) = taken.iter_mut().find(|place| place.id == self.id) else {
            return false;
        };
        place.stage = stage;
        place.since = Instant::now();
        true
    }

    pub(super) fn is_held(&self) -> bool {
        lock(&self.places.taken)
            .iter()
            .any(|place| place.id == self.id)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        lock(&self.places.taken).retain(|place| place.id != self.id);
    }
}

/// A client that goes on sending to a closed socket may hang for a minute, when the system has no room left to take
/// what it sends and so to answer it. A reset wakes it at once. (The standard library cannot ask for it yet.)
pub(super) fn reset_on_close(socket: &TcpStream) {
    #[cfg(unix)]
    let _ = rustix::net::sockopt::set_socket_linger(socket, Some(std::time::Duration::ZERO));
    #[cfg(not(unix))]
    let _ = socket;
}

/// A lock that a panic elsewhere does not take away: what it guards is whole after every step.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
