//! The lifeline: a pair of sockets on which a login orders and the keeper of its browsers reports. It ends when one of
//! the two ends.
//!
//! An order is a byte; the order to start a browser brings descriptors along, and the browser's command line after it.
//! A report is a byte and a number. Both sides are the same file of the same build, so there are no versions.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, getsockname, recvmsg, sendmsg,
};
use std::ffi::{OsStr, OsString};
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// How many descriptors come with the order to start a browser.
const DESCRIPTORS: usize = 4;

/// The longest command line that is taken; ours stay below 2 KiB.
const LONGEST: u32 = 64 * 1024;

/// One end of it.
#[derive(Debug)]
pub(super) struct Lifeline(UnixStream);

/// What a login tells the keeper.
#[derive(Debug)]
pub(super) enum Order {
    /// A browser is to be started. One at a time.
    Start(Start),
    /// It is to end, by itself or killed.
    End,
}

/// A browser to be started.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) program: OsString,
    pub(super) arguments: Vec<OsString>,
    /// Where it reads and writes, where it complains, and the lock of its profile.
    pub(super) descriptors: [OwnedFd; DESCRIPTORS],
}

/// What the keeper reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// The browser runs, in a process group of this number, which is also its own.
    Started(i32),
    /// It could not be started, for this reason of the system's.
    NotStarted(i32),
    /// It has ended, with this status as the system gives it.
    Ended(i32),
}

impl Lifeline {
    /// Both ends: the login's, and the keeper's, which is to be its standard input.
    pub(super) fn pair() -> io::Result<(Self, UnixStream)> {
        let (ours, its) = UnixStream::pair()?;
        Ok((Self(ours), its))
    }

    /// The one that this process was started with; `None` where its standard input is something else.
    pub(super) fn inherited() -> Option<Self> {
        let input = io::stdin().as_fd().try_clone_to_owned().ok()?;
        let address = getsockname(&input).ok()?;
        (address.address_family() == rustix::net::AddressFamily::UNIX)
            .then(|| Self(UnixStream::from(input)))
    }

    pub(super) fn tell(&self, order: &Order) -> io::Result<()> {
        match order {
            Order::Start(start) => self.tell_to_start(start),
            Order::End => (&self.0).write_all(b"e"),
        }
    }

    fn tell_to_start(&self, start: &Start) -> io::Result<()> {
        let line = joined(&start.program, &start.arguments)?;
        let length = u32::try_from(line.len()).ok().filter(|it| *it <= LONGEST);
        let length = length.ok_or(io::ErrorKind::InvalidInput)?;
        let descriptors = start.descriptors.each_ref().map(AsFd::as_fd);
        let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
        let mut along = SendAncillaryBuffer::new(&mut room);
        // There is room for them.
        along.push(SendAncillaryMessage::ScmRights(&descriptors));
        let order = [IoSlice::new(b"s")];
        retry_on_intr(|| sendmsg(&self.0, &order, &mut along, SendFlags::empty()))?;
        (&self.0).write_all(&length.to_le_bytes())?;
        (&self.0).write_all(&line)
    }

    /// The next order; an error when the login has ended.
    pub(super) fn take_order(&self) -> io::Result<Order> {
        let mut order = [0];
        let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
        let mut along = RecvAncillaryBuffer::new(&mut room);
        let read = retry_on_intr(|| {
            let order = &mut [IoSliceMut::new(&mut order)];
            recvmsg(&self.0, order, &mut along, RecvFlags::empty())
        })?;
        match (read.bytes, order) {
            (0, _) => Err(io::ErrorKind::UnexpectedEof.into()),
            (_, [b'e']) => Ok(Order::End),
            (_, [b's']) => {
                let descriptors: Vec<OwnedFd> = along
                    .drain()
                    .filter_map(|message| match message {
                        RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
                        _ => None,
                    })
                    .flatten()
                    .collect();
                let wrong = |_| io::ErrorKind::InvalidData;
                let descriptors = descriptors.try_into().map_err(wrong)?;
                let mut length = [0; 4];
                (&self.0).read_exact(&mut length)?;
                let length = u32::from_le_bytes(length);
                if length > LONGEST {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                let mut line = vec![0; length as usize];
                (&self.0).read_exact(&mut line)?;
                let (program, arguments) = split(&line);
                Ok(Order::Start(Start {
                    program,
                    arguments,
                    descriptors,
                }))
            }
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    pub(super) fn report(&self, report: Report) -> io::Result<()> {
        let (kind, number) = match report {
            Report::Started(id) => (b's', id),
            Report::NotStarted(code) => (b'n', code),
            Report::Ended(status) => (b'e', status),
        };
        let mut bytes = [kind; 5];
        bytes[1..].copy_from_slice(&number.to_le_bytes());
        (&self.0).write_all(&bytes)
    }

    /// What the keeper reports, if it does so within this time; an error when it has ended.
    pub(super) fn hear_within(&self, patience: Duration) -> io::Result<Option<Report>> {
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).map_err(io::Error::other)?;
            match poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(&left)) {
                Ok(0) => return Ok(None),
                Ok(_) => break,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut bytes = [0; 5];
        (&self.0).read_exact(&mut bytes)?;
        let [kind, number @ ..] = bytes;
        let number = i32::from_le_bytes(number);
        match kind {
            b's' => Ok(Some(Report::Started(number))),
            b'n' => Ok(Some(Report::NotStarted(number))),
            b'e' => Ok(Some(Report::Ended(number))),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

/// A command line in one text, each word of which ends with a NUL, as no word can hold one.
fn joined(program: &OsStr, arguments: &[OsString]) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    for word in [program]
        .into_iter()
        .chain(arguments.iter().map(AsRef::as_ref))
    {
        if word.as_bytes().contains(&0) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        line.extend_from_slice(word.as_bytes());
        line.push(0);
    }
    Ok(line)
}

fn split(line: &[u8]) -> (OsString, Vec<OsString>) {
    let mut words = line
        .split_inclusive(|byte| *byte == 0)
        .map(|word| OsString::from_vec(word[..word.len() - 1].to_vec()));
    (words.next().unwrap_or_default(), words.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    /// The login's end and the keeper's.
    fn pair() -> (Lifeline, Lifeline) {
        let (ours, its) = Lifeline::pair().unwrap();
        (ours, Lifeline(its))
    }

    fn start(program: &str, arguments: &[&str]) -> Order {
        let null = || OwnedFd::from(File::open("/dev/null").unwrap());
        let (reads, writes) = io::pipe().unwrap();
        Order::Start(Start {
            program: program.into(),
            arguments: arguments.iter().map(OsString::from).collect(),
            descriptors: [reads.into(), writes.into(), null(), null()],
        })
    }

    #[test]
    fn orders_arrive_as_they_were_given_with_their_descriptors() {
        let (login, keeper) = pair();
        login
            .tell(&start("/a b", &["--c=d", "", "\u{fc}"]))
            .unwrap();
        login.tell(&Order::End).unwrap();
        let Order::Start(start) = keeper.take_order().unwrap() else {
            panic!("another order");
        };
        assert_eq!(start.program, "/a b");
        assert_eq!(start.arguments, ["--c=d", "", "\u{fc}"]);
        let [reads, writes, ..] = start.descriptors;
        File::from(writes).write_all(b"by the pipe").unwrap();
        let heard = io::read_to_string(File::from(reads)).unwrap();
        assert_eq!(heard, "by the pipe");
        assert!(matches!(keeper.take_order(), Ok(Order::End)));
        drop(login);
        assert!(keeper.take_order().is_err());
    }

    #[test]
    fn reports_arrive_as_they_were_made_and_the_end_is_heard() {
        let (login, keeper) = pair();
        let soon = Duration::from_millis(10);
        assert_eq!(login.hear_within(soon).unwrap(), None);
        for report in [
            Report::Started(i32::MAX),
            Report::NotStarted(2),
            Report::Ended(-1),
        ] {
            keeper.report(report).unwrap();
            assert_eq!(login.hear_within(soon).unwrap(), Some(report));
        }
        drop(keeper);
        assert!(login.hear_within(soon).is_err());
    }

    #[test]
    fn a_command_line_that_would_arrive_as_another_one_is_not_sent() {
        let (login, keeper) = pair();
        for order in [
            start("a\0--b", &[]),
            start("a", &["\0"]),
            start("a", &[&"b".repeat(LONGEST as usize)]),
        ] {
            assert!(login.tell(&order).is_err());
        }
        drop(login);
        assert!(keeper.take_order().is_err());
    }
}
