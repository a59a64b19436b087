//! The browser's end of the line: messages that end with a NUL byte (`--remote-debugging-pipe`).

use std::io::{self, Read};
use zeroize::{Zeroize, Zeroizing};

/// The longest message that is looked at. The browser repeats the body of a paused post, as text and in base64: the
/// largest response that the listener takes (1.5 MiB) comes as 3.6 MiB.
pub(super) const LIMIT: usize = 4 * 1024 * 1024;

const CHUNK: usize = 64 * 1024;

/// Reads messages, each of which is wiped when the next is read: a response is in one of them.
pub(super) struct Messages<R> {
    pipe: R,
    chunk: Zeroizing<Vec<u8>>,
    /// The part of the chunk that was not looked at yet.
    unread: std::ops::Range<usize>,
    /// Has its full room from the beginning, as growing would leave copies behind.
    message: Zeroizing<Vec<u8>>,
}

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard<'m> {
    /// A message.
    Message(&'m [u8]),
    /// A message that was too long, and is gone.
    TooLong,
}

impl<R: Read> Messages<R> {
    pub(super) fn new(pipe: R) -> Self {
        Self {
            pipe,
            chunk: Zeroizing::new(vec![0; CHUNK]),
            unread: 0..0,
            message: Zeroizing::new(Vec::with_capacity(LIMIT)),
        }
    }

    /// The next message; `None` when the browser has hung up, whatever it had begun to say.
    ///
    /// # Errors
    /// The pipe's own.
    pub(super) fn next(&mut self) -> io::Result<Option<Heard<'_>>> {
        // What was said, and not all the room there is: that would take longer than everything else.
        self.message.as_mut_slice().zeroize();
        self.message.clear();
        let mut is_too_long = false;
        loop {
            if self.unread.is_empty() {
                let read = match self.pipe.read(&mut self.chunk) {
                    Ok(0) => return Ok(None),
                    Ok(read) => read,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => return Err(error),
                };
                self.unread = 0..read;
            }
            let bytes = &self.chunk[self.unread.clone()];
            let end = bytes.iter().position(|byte| *byte == 0);
            let part = &bytes[..end.unwrap_or(bytes.len())];
            is_too_long |= self.message.len() + part.len() > LIMIT;
            if !is_too_long {
                self.message.extend_from_slice(part);
            }
            self.unread.start += part.len() + usize::from(end.is_some());
            if end.is_some() {
                return Ok(Some(if is_too_long {
                    Heard::TooLong
                } else {
                    Heard::Message(&self.message)
                }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pipe that gives at most so many bytes at a time.
    struct Drops<'b>(&'b [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(self.1).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    /// Lengths of what was heard, `None` for what was too long.
    fn heard(bytes: &[u8], at_once: usize) -> Vec<Option<usize>> {
        let mut messages = Messages::new(Drops(bytes, at_once));
        let mut all = Vec::new();
        while let Some(heard) = messages.next().unwrap() {
            all.push(match heard {
                Heard::Message(message) => Some(message.len()),
                Heard::TooLong => None,
            });
        }
        all
    }

    #[test]
    fn messages_end_with_a_nul_however_they_arrive() {
        for at_once in [1, 2, 3, 1000] {
            assert_eq!(
                heard(b"abc\0\0de\0", at_once),
                [Some(3), Some(0), Some(2)],
                "{at_once}"
            );
        }
        let mut messages = Messages::new(Drops(b"{\"id\":1}\0x", 4));
        assert_eq!(
            messages.next().unwrap(),
            Some(Heard::Message(b"{\"id\":1}"))
        );
    }

    #[test]
    fn a_message_that_is_cut_off_is_none() {
        assert_eq!(heard(b"abc\0de", 7), [Some(3)]);
        assert_eq!(heard(b"", 7), []);
    }

    #[test]
    fn a_message_that_is_too_long_is_passed_over_and_the_next_is_read() {
        let mut bytes = vec![b'x'; LIMIT];
        bytes.push(0);
        assert_eq!(heard(&bytes, usize::MAX), [Some(LIMIT)]);
        bytes.insert(0, b'x');
        bytes.extend_from_slice(b"ok\0");
        assert_eq!(heard(&bytes, usize::MAX), [None, Some(2)]);
        let endless = vec![b'x'; 3 * LIMIT];
        assert_eq!(heard(&endless, usize::MAX), []);
    }

    #[test]
    fn a_long_message_takes_no_more_room_than_the_limit() {
        let bytes = [vec![b'x'; 3 * LIMIT], vec![0]].concat();
        let mut messages = Messages::new(Drops(&bytes, usize::MAX));
        messages.next().unwrap();
        assert_eq!(messages.message.capacity(), LIMIT);
    }
}
