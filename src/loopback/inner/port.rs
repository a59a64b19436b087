//! Where tiny_http listens elsewhere: a port that nobody was told of.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

pub(super) type Stream = TcpStream;

/// A loopback port that the system chose.
pub(super) struct Door {
    address: SocketAddr,
}

impl Door {
    pub(super) fn open() -> io::Result<(Self, TcpListener)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        Ok((Self { address }, listener))
    }

    pub(super) fn connect(&self) -> io::Result<Stream> {
        TcpStream::connect(self.address)
    }
}
