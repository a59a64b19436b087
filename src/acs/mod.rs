//! The assertion consumer service (SAML Profiles 4.1): the loopback listener that a response is posted to.
//!
//! Its port is known to everybody on the machine, and every page in the browser can send requests there. So it takes
//! one kind of request ([`request`]), and a bad one never ends the wait: it is answered, told and counted.
//!
//! | what | answer |
//! |---|---|
//! | the awaited post, when the login takes it | 303 to `/done` |
//! | the same, when the login refuses it | a page with the reason; the wait goes on |
//! | `GET /done` | held for a moment until there is a verdict, then the page with it |
//! | anything else | a page that says nothing of the request |

mod desk;
pub mod page;
pub mod request;

pub use page::{Page, Tone};
pub use request::{FormError, RelayState, RequestError, Rules, Trace, nonce};

use crate::address::LoopbackAddress;
use crate::loopback::{self, BindError, Limits, Owner, Running, Server};
use crate::saml::PostedResponse;
use desk::{Desk, Post};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use thiserror::Error;

/// How many posts of whole pages may be bad before the wait ends: somebody floods us, and the person should know.
pub const MOST_BAD_POSTS: usize = 50;

/// How often the wait looks whether it was cancelled.
const TICK: Duration = Duration::from_millis(50);

/// The listener. Dropping it frees the port.
#[derive(Debug)]
pub struct Listener {
    desk: Arc<Desk>,
    warnings: Vec<Warning>,
    /// Taken out when the listener is dropped.
    running: Option<Running>,
}

/// Why the wait ended without a response.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ReceiveError {
    /// The deadline came.
    #[error("no response was posted in time")]
    TimedOut,
    /// The caller wanted no more.
    #[error("the wait for a response was cancelled")]
    Cancelled,
    /// More than [`MOST_BAD_POSTS`] bad posts came.
    #[error(
        "more than {MOST_BAD_POSTS} posts were refused; some page or program keeps posting to the listener"
    )]
    TooManyBadPosts,
}

/// What should be known about an address that was taken nevertheless.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Warning {
    /// A browser that is sent to `localhost` instead of the listener's address may end up there.
    #[error("another program listens on {address}{}", by(.owner.as_ref()))]
    Neighbour {
        /// The same port on the other loopback address.
        address: SocketAddr,
        /// Who it is, where the system tells.
        owner: Option<Owner>,
    },
}

impl Listener {
    /// Takes the address, exactly it and nothing else, and starts answering.
    ///
    /// # Errors
    /// [`BindError`], with the owner of the address where it is taken.
    pub fn bind(address: &LoopbackAddress, rules: Rules) -> Result<Self, BindError> {
        let server = Server::bind(&address.sockets(), Limits::DEFAULT, page::HEADERS)?;
        Self::serve(server, rules, neighbour(address).into_iter().collect())
    }

    /// Takes a free port of 127.0.0.1, for an address that nobody has to know beforehand: this path at that port. It
    /// starts answering by the rules that `rules` makes for the address.
    ///
    /// # Errors
    /// [`BindError`] when no port can be had, or no address has this path.
    pub fn bind_somewhere(
        path: &str,
        rules: impl FnOnce(&LoopbackAddress) -> Rules,
    ) -> Result<(Self, LoopbackAddress), BindError> {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = Server::bind(&[anywhere], Limits::DEFAULT, page::HEADERS)?;
        let taken = server.addresses().first().copied().unwrap_or(anywhere);
        let address =
            LoopbackAddress::on(taken.port(), path).map_err(|error| BindError::Refused {
                address: taken,
                cause: io::Error::other(error),
            })?;
        let listener = Self::serve(server, rules(&address), Vec::new())?;
        Ok((listener, address))
    }

    fn serve(server: Server, rules: Rules, warnings: Vec<Warning>) -> Result<Self, BindError> {
        let desk = Arc::new(Desk::new(rules));
        let running = server.serve({
            let desk = Arc::clone(&desk);
            move |request| desk.answer(request)
        })?;
        Ok(Self {
            desk,
            warnings,
            running: Some(running),
        })
    }

    /// What the person should know about the address.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Waits for a post that keeps the rules for requests. Those that do not are answered here, and told.
    ///
    /// # Errors
    /// [`ReceiveError`].
    pub fn receive(
        &self,
        deadline: Instant,
        cancelled: &mut dyn FnMut() -> bool,
        tell: &mut dyn FnMut(&RequestError),
    ) -> Result<Delivery, ReceiveError> {
        loop {
            let news = self.desk.news(deadline.min(Instant::now() + TICK));
            news.refused.iter().for_each(&mut *tell);
            if news.bad_posts > MOST_BAD_POSTS {
                return Err(ReceiveError::TooManyBadPosts);
            }
            if let Some(post) = news.post {
                return Ok(Delivery {
                    desk: Arc::clone(&self.desk),
                    post,
                });
            }
            if cancelled() {
                return Err(ReceiveError::Cancelled);
            }
            if Instant::now() >= deadline {
                return Err(ReceiveError::TimedOut);
            }
        }
    }

    /// What the browser is shown after the post that was taken.
    pub fn conclude(&self, verdict: Page) {
        self.desk.conclude(verdict);
    }

    /// Stays until the browser has fetched the verdict, but no longer than `grace`; then frees the port.
    pub fn finish(self, grace: Duration) {
        self.desk.wait_until_shown(Instant::now() + grace);
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Wakes the threads that wait for a verdict or a judgement, which the server then waits for.
        self.desk.close();
        drop(self.running.take());
    }
}

/// A post that waits for the login's judgement. Dropped without one, its sender is told that the login has ended.
#[derive(Debug)]
pub struct Delivery {
    desk: Arc<Desk>,
    post: Post,
}

impl Delivery {
    /// What was posted.
    pub fn posted(&self) -> &PostedResponse {
        &self.post.response
    }

    /// The number of the user who posted, when the system tells that it is somebody else than us.
    pub fn other_user(&self) -> Option<u32> {
        self.post.other_user
    }

    /// The person will be asked whose it is: the browser goes on to the page that waits for the verdict, while other
    /// posts are still brought.
    pub fn ask(&self) {
        self.desk.ask(&self.post);
    }

    /// Nobody's login: the browser is shown the page, the post is counted as a bad one, and the wait can go on.
    pub fn refuse(self, page: Page) {
        self.desk.refuse(&self.post, page);
    }

    /// The awaited response: the browser goes on to the page that will show the verdict, and no other post is taken.
    pub fn take(self) {
        self.desk.take(&self.post);
    }
}

/// Whether somebody listens at the same port of the other loopback address. The system lets them.
pub fn neighbour(address: &LoopbackAddress) -> Option<Warning> {
    let sockets = address.sockets();
    let [ours] = sockets.as_slice() else {
        return None;
    };
    let other = match ours.ip() {
        IpAddr::V4(_) => IpAddr::from(Ipv6Addr::LOCALHOST),
        IpAddr::V6(_) => IpAddr::from(Ipv4Addr::LOCALHOST),
    };
    let address = SocketAddr::new(other, ours.port());
    TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok()?;
    Some(Warning::Neighbour {
        address,
        owner: loopback::owner_of(address),
    })
}

fn by(owner: Option<&Owner>) -> String {
    owner.map(|owner| format!(": {owner}")).unwrap_or_default()
}
