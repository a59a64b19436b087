//! Names into addresses, by the system's own resolver in a thread that nobody waits for: the system gives a look-up
//! no time-out, and a name server that keeps silent must not hold the program at its end.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use thiserror::Error;

/// Why a name has no address. Found in the chain of causes of reqwest's error.
#[derive(Debug, Error)]
#[error("no address for the name: {0}")]
pub(super) struct Unresolved(#[source] pub(super) io::Error);

pub(super) struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        if name.as_str() == "localhost" {
            // Plain http is allowed to this name, so nobody else may say what it means.
            let loopback = [
                SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
            ];
            return Box::pin(async move { Ok(Box::new(loopback.into_iter()) as Addrs) });
        }
        let slot = Arc::new(Slot::default());
        let answer = Arc::clone(&slot);
        let started = thread::Builder::new()
            .name("name look-up".into())
            .spawn(move || {
                let found = (name.as_str(), 0).to_socket_addrs();
                answer.put(found.map(Iterator::collect));
            });
        if let Err(error) = started {
            slot.put(Err(error));
        }
        Box::pin(async move {
            match LookUp(slot).await {
                Ok(found) => Ok(Box::new(found.into_iter()) as Addrs),
                Err(error) => Err(Unresolved(error).into()),
            }
        })
    }
}

type Found = io::Result<Vec<SocketAddr>>;

/// Where the thread leaves its answer, and whom it wakes then.
#[derive(Default)]
struct Slot(Mutex<(Option<Found>, Option<Waker>)>);

impl Slot {
    fn lock(&self) -> MutexGuard<'_, (Option<Found>, Option<Waker>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, found: Found) {
        let mut slot = self.lock();
        slot.0 = Some(found);
        if let Some(waker) = slot.1.take() {
            waker.wake();
        }
    }
}

struct LookUp(Arc<Slot>);

impl Future for LookUp {
    type Output = Found;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Found> {
        let mut slot = self.0.lock();
        match slot.0.take() {
            Some(found) => Poll::Ready(found),
            None => {
                slot.1 = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::sleep;
    use std::time::Duration;

    /// Waits for the answer, as a runtime would.
    fn resolve(name: &str) -> Result<Vec<SocketAddr>, String> {
        let mut resolving = Resolver.resolve(name.parse().unwrap());
        let mut context = Context::from_waker(Waker::noop());
        loop {
            match resolving.as_mut().poll(&mut context) {
                Poll::Ready(Ok(found)) => return Ok(found.collect()),
                Poll::Ready(Err(error)) if error.is::<Unresolved>() => {
                    return Err(error.to_string());
                }
                Poll::Ready(Err(error)) => panic!("{error}"),
                Poll::Pending => sleep(Duration::from_millis(1)),
            }
        }
    }

    #[test]
    fn localhost_is_this_machine_whatever_the_system_says() {
        let expected = ["127.0.0.1:0".parse().unwrap(), "[::1]:0".parse().unwrap()];
        assert_eq!(resolve("localhost"), Ok(Vec::from(expected)));
    }

    #[test]
    fn other_names_are_the_systems_to_know() {
        assert_eq!(
            resolve("127.0.0.9"),
            Ok(vec!["127.0.0.9:0".parse().unwrap()])
        );
        assert!(
            resolve("name.invalid")
                .unwrap_err()
                .starts_with("no address for the name: ")
        );
    }
}
