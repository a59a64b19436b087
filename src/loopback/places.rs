//! The places that connections take. When all are taken, one that merely waits for its stranger gives way to the
//! newcomer, so that sixteen slow readers cannot keep the one awaited post out.
//!
//! Of the requests with a large body only [`MOST_HEAVY`] are handled at once, since a handler needs several times the
//! room of the body; the others queue for their turn, in the order in which they came in whole.

use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// How many requests with a large body are handled at once. A handler may be waiting for somebody else's judgement, so
/// one that is slow must not hold up all others.
pub(super) const MOST_HEAVY: usize = 2;

/// What a connection is at. The order is the order in which they give way: the answered first, who only have to read,
/// then those who have not asked yet, then those who queue. What is being handled stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Parting,
    Head,
    Body,
    Queued,
    Answered,
    Handled,
    /// Handled, with a large body.
    Heavy,
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
    changed: Condvar,
}

impl Places {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            next: AtomicU64::new(0),
            taken: Mutex::default(),
            changed: Condvar::new(),
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
                .filter(|(_, place)| place.stage < Stage::Handled)
                .min_by_key(|(_, place)| (place.stage, place.since))?;
            let place = taken.swap_remove(at);
            if place.stage != Stage::Parting {
                reset_on_close(&place.socket);
            }
            let _ = place.socket.shutdown(Shutdown::Both);
            self.changed.notify_all();
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
        self.changed.notify_all();
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
        let entered = self.put(&mut lock(&self.places.taken), stage);
        self.places.changed.notify_all();
        entered
    }

    /// Waits for the turn of a request with a large body; `false` when the time is over or the place was given to
    /// another.
    pub(super) fn enter_in_turn(&self, until: Instant) -> bool {
        let mut taken = lock(&self.places.taken);
        self.put(&mut taken, Stage::Queued);
        let time = until.saturating_duration_since(Instant::now());
        let (mut taken, waited) = self
            .places
            .changed
            .wait_timeout_while(taken, time, |taken| must_queue(taken, self.id))
            .unwrap_or_else(PoisonError::into_inner);
        let entered = !waited.timed_out() && self.put(&mut taken, Stage::Heavy);
        // The next in the queue may have looked when this one still stood before it.
        self.places.changed.notify_all();
        entered
    }

    fn put(&self, taken: &mut [Place], stage: Stage) -> bool {
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
        self.places.changed.notify_all();
    }
}

/// Whether it is not the turn yet of the one with this place. Who has none any more waits for nothing.
fn must_queue(taken: &[Place], id: u64) -> bool {
    let heavy = taken.iter().filter(|place| place.stage == Stage::Heavy);
    let first = taken
        .iter()
        .filter(|place| place.stage == Stage::Queued)
        .min_by_key(|place| (place.since, place.id));
    taken.iter().any(|place| place.id == id)
        && (heavy.count() >= MOST_HEAVY || first.is_some_and(|first| first.id != id))
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
