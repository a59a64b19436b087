//! Who is at the other end: the holder of a port that we wanted, and the user behind a connection. Linux tells both in
//! `/proc`; elsewhere nothing is known.

use std::fmt;
use std::net::SocketAddr;

/// Who holds a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The user's number.
    pub user: u32,
    /// The process, where we may see it.
    pub process: Option<Process>,
}

/// A process that holds a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub id: u32,
    /// Its name as it calls itself: a word of others.
    pub name: String,
}

impl fmt::Display for Owner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.process {
            Some(process) => {
                let name = crate::foreign::brief(&process.name);
                write!(formatter, "{name} (process {}", process.id)?;
            }
            None => write!(formatter, "another process (")?,
        }
        match &self.process {
            Some(_) => write!(formatter, ", user {})", self.user),
            None => write!(formatter, "user {})", self.user),
        }
    }
}

/// Who listens on this address, or on a wildcard that covers it.
pub fn owner_of(address: SocketAddr) -> Option<Owner> {
    proc::owner(address)
}

/// The number of the user at the other end of a connection, when that is known not to be us.
pub fn other_user(peer: SocketAddr, local: SocketAddr) -> Option<u32> {
    proc::user_of_connection(peer, local).filter(|user| Some(*user) != proc::own_user())
}

#[cfg(target_os = "linux")]
mod proc {
    use super::{Owner, Process};
    use std::fs;
    use std::net::{IpAddr, Ipv6Addr, SocketAddr};
    use std::os::unix::fs::MetadataExt;

    const LISTENING: &str = "0A";

    /// A line of `/proc/net/tcp` or `tcp6` (Linux, Documentation/networking/proc_net_tcp).
    struct Line {
        local: SocketAddr,
        remote: SocketAddr,
        state: String,
        user: u32,
        inode: String,
    }

    pub(super) fn owner(address: SocketAddr) -> Option<Owner> {
        let covers = |held: IpAddr| {
            held == address.ip() || held.is_unspecified() && (held.is_ipv6() || address.is_ipv4())
        };
        let line = lines().find(|line| {
            line.state == LISTENING
                && line.local.port() == address.port()
                && covers(line.local.ip().to_canonical())
        })?;
        Some(Owner {
            user: line.user,
            process: holder(&line.inode),
        })
    }

    pub(super) fn user_of_connection(peer: SocketAddr, local: SocketAddr) -> Option<u32> {
        let same = |one: SocketAddr, other: SocketAddr| {
            one.port() == other.port() && one.ip().to_canonical() == other.ip().to_canonical()
        };
        // The peer's own end: what is remote to us is local to it.
        let line = lines().find(|line| {
            line.state != LISTENING && same(line.local, peer) && same(line.remote, local)
        })?;
        Some(line.user)
    }

    pub(super) fn own_user() -> Option<u32> {
        fs::metadata("/proc/self").ok().map(|about| about.uid())
    }

    fn lines() -> impl Iterator<Item = Line> {
        ["/proc/net/tcp", "/proc/net/tcp6"]
            .into_iter()
            .filter_map(|path| fs::read_to_string(path).ok())
            .flat_map(|text| text.lines().filter_map(line).collect::<Vec<_>>())
    }

    fn line(text: &str) -> Option<Line> {
        let mut columns = text.split_ascii_whitespace().skip(1);
        let local = end(columns.next()?)?;
        let remote = end(columns.next()?)?;
        let state = columns.next()?.to_owned();
        let user = columns.nth(3)?.parse().ok()?;
        let inode = columns.nth(1)?.to_owned();
        Some(Line {
            local,
            remote,
            state,
            user,
            inode,
        })
    }

    /// `0100007F:8A59`: the address in words of the machine's byte order, the port as a plain number.
    fn end(text: &str) -> Option<SocketAddr> {
        let (ip, port) = text.split_once(':')?;
        let port = u16::from_str_radix(port, 16).ok()?;
        let words = ip
            .as_bytes()
            .chunks(8)
            .map(|word| {
                let word = std::str::from_utf8(word).ok()?;
                u32::from_str_radix(word, 16).ok().map(u32::to_ne_bytes)
            })
            .collect::<Option<Vec<_>>>()?;
        let ip = match words.as_slice() {
            [word] => IpAddr::from(*word),
            [a, b, c, d] => {
                let bytes: [u8; 16] = [*a, *b, *c, *d].concat().try_into().ok()?;
                IpAddr::from(Ipv6Addr::from(bytes))
            }
            _ => return None,
        };
        Some(SocketAddr::new(ip, port))
    }

    /// The process that has this socket open. Those of other users are not for us to see.
    fn holder(inode: &str) -> Option<Process> {
        let link = format!("socket:[{inode}]");
        let holds = |id: &u32| {
            fs::read_dir(format!("/proc/{id}/fd"))
                .into_iter()
                .flatten()
                .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
                .any(|target| target.as_os_str() == link.as_str())
        };
        let id = fs::read_dir("/proc")
            .ok()?
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
            .find(holds)?;
        let name = fs::read_to_string(format!("/proc/{id}/comm")).ok()?;
        Some(Process {
            id,
            name: name.trim_end().to_owned(),
        })
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_line_of_the_kernels_is_read() {
            let found = line(
                "   0: 0100007F:8A59 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 1 0",
            )
            .unwrap();
            assert_eq!(found.state, LISTENING);
            assert_eq!((found.user, found.inode.as_str()), (1000, "12345"));
            if cfg!(target_endian = "little") {
                assert_eq!(found.local, "127.0.0.1:35417".parse().unwrap());
                let six = end("00000000000000000000000001000000:8A59").unwrap();
                assert_eq!(six, "[::1]:35417".parse().unwrap());
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod proc {
    use super::Owner;
    use std::net::SocketAddr;

    pub(super) fn owner(_: SocketAddr) -> Option<Owner> {
        None
    }

    pub(super) fn user_of_connection(_: SocketAddr, _: SocketAddr) -> Option<u32> {
        None
    }

    pub(super) fn own_user() -> Option<u32> {
        None
    }
}
