//! HTTP on the loopback, for strangers. Alone owns tiny_http.
//!
//! Anybody on the machine, and any page in the browser, can knock at a loopback port. tiny_http is not made for
//! strangers: one `Content-Length` aborts the process, an endless header takes all memory, idle connections take a
//! thread each for ever. So it never meets one. A gate of our own stands before it:
//!
//! - `gate` accepts, reads one request within its bytes and times, and parts so that even a client refused in the
//!   middle of its upload can read why; `places` are few, and the slow give way;
//! - `head` is the strict reading of a request's head, pure;
//! - `inner` hands complete, sane requests to tiny_http over a socket that only this user can reach;
//! - `owner` finds who holds a port that we wanted, and who is at the other end of a connection.
//!
//! One request per connection, and `Connection: close` on every answer.

mod gate;
mod head;
mod inner;
mod owner;
mod places;

pub use gate::Running;
pub use owner::{Owner, Process, other_user, owner_of};

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;
use thiserror::Error;
use zeroize::Zeroizing;

/// What a stranger may take of us.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the request line and all header fields. Browsers send below 2 KiB; cookies of `localhost`, which all
    /// ports share, can add several more.
    pub head_bytes: usize,
    /// From the connection to the end of the head.
    pub head_time: Duration,
    /// Header fields.
    pub fields: usize,
    /// Bytes of the request target.
    pub target_bytes: usize,
    /// Bytes of the body. Base64 and percent-encoding make a good megabyte of XML this long.
    pub body_bytes: usize,
    /// From the end of the head to the end of the body.
    pub body_time: Duration,
    /// Connections at once.
    pub connections: usize,
}

impl Limits {
    /// The limits for everything we serve.
    pub const DEFAULT: Self = Self {
        head_bytes: 16 * 1024,
        head_time: Duration::from_secs(5),
        fields: 64,
        target_bytes: 2 * 1024,
        body_bytes: 1536 * 1024,
        body_time: Duration::from_secs(20),
        connections: 16,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A header field: its name and its value.
pub type Field = (String, String);

/// A complete request. Its `Debug` shows neither the body nor the fields, since both may hold secrets.
pub struct Request {
    /// The method as sent, in its own case.
    pub method: String,
    /// The request target in origin form: a path that starts with `/`, and maybe a query.
    pub target: String,
    /// The header fields in their order, without those that speak about the connection alone.
    pub headers: Vec<Field>,
    /// The body, wiped when it is dropped.
    pub body: Zeroizing<Vec<u8>>,
    /// The other end of the connection.
    pub peer: SocketAddr,
    /// Our end of the connection.
    pub local: SocketAddr,
}

impl Request {
    /// The first field of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers_named(name).next()
    }

    /// The values of all fields of this name, in any case, in their order.
    pub fn headers_named<'r, 'n>(
        &'r self,
        name: &'n str,
    ) -> impl Iterator<Item = &'r str> + use<'r, 'n> {
        self.headers
            .iter()
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The path: the target before its query.
    pub fn path(&self) -> &str {
        self.target
            .split_once('?')
            .map_or(self.target.as_str(), |(path, _)| path)
    }

    /// The query after the `?`, undecoded.
    pub fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path())
            .field("body_bytes", &self.body.len())
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

/// An answer. `Content-Length`, `Date`, `Connection` and the server's common headers are added to it; a field given
/// here comes in place of the common one of its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Its header fields.
    pub headers: Vec<Field>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Response {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// An answer with a body of this media type.
    pub fn new(status: u16, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".into(), media_type.into())],
            body: body.into(),
        }
    }

    /// The same answer with one field more.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// Why a server cannot be had.
#[derive(Debug, Error)]
pub enum BindError {
    /// Other machines could reach this address.
    #[error("{0} is not an address of this machine's loopback")]
    NotLoopback(SocketAddr),
    /// Somebody else listens there already.
    #[error("{address} is taken{}", held_by(.owner.as_ref()))]
    InUse {
        /// The address that was asked for.
        address: SocketAddr,
        /// Who has it, where the system tells.
        owner: Option<Owner>,
    },
    /// The system refuses the address for another reason.
    #[error("cannot listen on {address}: {cause}")]
    Refused {
        /// The address that was asked for.
        address: SocketAddr,
        /// The system's reason.
        cause: io::Error,
    },
    /// The private socket between the gate and the HTTP server behind it cannot be had.
    #[error("cannot start the HTTP server behind the listener: {0}")]
    Inner(io::Error),
}

fn held_by(owner: Option<&Owner>) -> String {
    owner
        .map(|owner| format!(" by {owner}"))
        .unwrap_or_default()
}

/// A server that holds its addresses but does not answer yet: connections wait in the system's queue.
#[derive(Debug)]
pub struct Server {
    listeners: Vec<TcpListener>,
    addresses: Vec<SocketAddr>,
    limits: Limits,
    common: &'static [(&'static str, &'static str)],
}

impl Server {
    /// Takes exactly these addresses, all of them or none; port 0 lets the system choose. Every answer will carry the
    /// `common` header fields.
    ///
    /// On Unix the standard library sets `SO_REUSEADDR` and not `SO_REUSEPORT`: nobody can share our address, and on
    /// Linux nobody can take it through a wildcard. On Windows that would take `SO_EXCLUSIVEADDRUSE`, which the
    /// standard library cannot set (and `SO_REUSEADDR` it does not set there): another program that asks for
    /// `SO_REUSEADDR` may share the port with us, and be sent the response in our place; nothing here stands against it.
    ///
    /// # Errors
    /// [`BindError`]; whatever was taken until then is free again.
    pub fn bind(
        addresses: &[SocketAddr],
        limits: Limits,
        common: &'static [(&'static str, &'static str)],
    ) -> Result<Self, BindError> {
        let listeners = addresses
            .iter()
            .map(|address| bind_one(*address))
            .collect::<Result<Vec<_>, _>>()?;
        let addresses = listeners
            .iter()
            .zip(addresses)
            .map(|(listener, asked)| {
                listener.local_addr().map_err(|cause| BindError::Refused {
                    address: *asked,
                    cause,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            listeners,
            addresses,
            limits,
            common,
        })
    }

    /// The addresses taken, with the ports that the system chose.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Answers every complete request with `handler`, which is called from several threads at once, until the guard is
    /// dropped. A handler may take its time, but while it does, it takes one of the server's places.
    ///
    /// # Errors
    /// [`BindError::Inner`] when the system has no socket or thread to give.
    pub fn serve(
        self,
        handler: impl Fn(Request) -> Response + Send + Sync + 'static,
    ) -> Result<Running, BindError> {
        gate::start(self, std::sync::Arc::new(handler)).map_err(BindError::Inner)
    }
}

fn bind_one(address: SocketAddr) -> Result<TcpListener, BindError> {
    if !address.ip().is_loopback() {
        return Err(BindError::NotLoopback(address));
    }
    TcpListener::bind(address).map_err(|cause| match cause.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse {
            address,
            owner: owner_of(address),
        },
        _ => BindError::Refused { address, cause },
    })
}

#[cfg(test)]
mod tests;
