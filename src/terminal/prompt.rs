//! A prompt that does not echo and takes long answers.

#[cfg(unix)]
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
#[cfg(unix)]
use std::fs::File;
#[cfg(unix)]
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
#[cfg(unix)]
use std::time::Instant;
use thiserror::Error;
use zeroize::Zeroizing;

/// Why nothing could be asked.
#[derive(Debug, Error)]
pub enum PromptError {
    /// There is no terminal to ask on.
    #[error("there is no terminal to paste into")]
    NoTerminal,
    /// More than was allowed.
    #[error("the answer has more than {0} bytes")]
    TooLong(usize),
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// Nothing came in time.
    #[error("nothing was typed in time")]
    Unanswered,
    /// The terminal failed.
    #[error("the terminal could not be read: {0}")]
    Io(#[from] std::io::Error),
}

/// How long an answer to a question is waited for. What it is about (a response, mostly) grows stale meanwhile.
#[cfg(unix)]
const PATIENCE: Duration = Duration::from_secs(120);

/// Asks, then reads one short line, as it is typed. Nothing that was typed before the question counts.
#[cfg(unix)]
pub(super) fn read_line(ask: impl FnOnce()) -> Result<String, PromptError> {
    use rustix::termios::{QueueSelector, tcflush};

    let terminal = open()?;
    tcflush(&terminal, QueueSelector::IFlush).map_err(|_| PromptError::NoTerminal)?;
    let line = next_line(&terminal, PATIENCE, ask)?;
    Ok(String::from_utf8_lossy(&line).into_owned())
}

/// The same for what must not be seen: the echo is switched off, and on again whatever happens. The line can be edited
/// as any other.
#[cfg(unix)]
pub(super) fn read_secret(
    patience: Duration,
    ask: impl FnOnce(),
) -> Result<Zeroizing<Vec<u8>>, PromptError> {
    use rustix::termios::LocalModes;

    let terminal = open()?;
    // Before the mode is changed: an interruption must not end the program while it is.
    let _watch = super::Watch::start();
    let _quiet = Unusual::set(&terminal, |modes| {
        modes.local_modes -= LocalModes::ECHO;
        // The line's end alone is shown, so that what is said next begins on a new one.
        modes.local_modes |= LocalModes::ECHONL;
    })?;
    next_line(&terminal, patience, ask)
}

/// Asks, and waits for a line.
#[cfg(unix)]
fn next_line(
    terminal: &File,
    patience: Duration,
    ask: impl FnOnce(),
) -> Result<Zeroizing<Vec<u8>>, PromptError> {
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::io::Errno;

    let watch = super::Watch::start();
    let end = Instant::now() + patience;
    ask();
    while !watch.interrupted() {
        if Instant::now() >= end {
            return Err(PromptError::Unanswered);
        }
        match poll(&mut [PollFd::new(terminal, PollFlags::IN)], Some(&PAUSE)) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => {
                // As long as a terminal lets a line be.
                let mut line = Zeroizing::new(vec![0; 4096]);
                let count = rustix::io::read(terminal, &mut *line).map_err(std::io::Error::from)?;
                line.truncate(count);
                return Ok(line);
            }
            Err(error) => return Err(std::io::Error::from(error).into()),
        }
    }
    Err(PromptError::Interrupted)
}

/// The terminal's usual mode, while it is in another one.
#[cfg(unix)]
static USUAL: Mutex<Option<Termios>> = Mutex::new(None);

/// Gives the terminal its usual mode back where it is in another one: for whoever ends the program at once.
#[cfg(unix)]
pub(super) fn restore() {
    let usual = USUAL.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let (Some(usual), Ok(terminal)) = (usual, open()) {
        // Nothing more can be done for a terminal that refuses its own settings.
        let _ = tcsetattr(terminal, OptionalActions::Flush, &usual);
    }
}

/// The terminal in another mode than its usual one, which it gets back when this is dropped.
#[cfg(unix)]
struct Unusual;

#[cfg(unix)]
impl Unusual {
    /// Changes the mode. Nothing that was typed before counts. Of the keys that end or stop a program Ctrl-C alone is
    /// left, which is watched for: the others would leave the terminal as it is now.
    fn set(terminal: &File, change: impl FnOnce(&mut Termios)) -> Result<Self, PromptError> {
        use rustix::termios::SpecialCodeIndex;

        /// No key (`_POSIX_VDISABLE`).
        const NO_KEY: u8 = if cfg!(target_os = "linux") { 0 } else { 0xff };

        let usual = tcgetattr(terminal).map_err(|_| PromptError::NoTerminal)?;
        let mut modes = usual.clone();
        change(&mut modes);
        modes.special_codes[SpecialCodeIndex::VQUIT] = NO_KEY;
        modes.special_codes[SpecialCodeIndex::VSUSP] = NO_KEY;
        // Remembered first: what has changed half of them gets them back as well.
        *USUAL.lock().unwrap_or_else(PoisonError::into_inner) = Some(usual);
        let unusual = Self;
        tcsetattr(terminal, OptionalActions::Flush, &modes).map_err(std::io::Error::from)?;
        Ok(unusual)
    }
}

#[cfg(unix)]
impl Drop for Unusual {
    fn drop(&mut self) {
        restore();
    }
}

#[cfg(unix)]
const PAUSE: rustix::event::Timespec = rustix::event::Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};

#[cfg(unix)]
fn open() -> Result<File, PromptError> {
    let options = File::options().read(true).write(true).open("/dev/tty");
    options.map_err(|_| PromptError::NoTerminal)
}

/// Asks, then reads until the answer ends: with Ctrl-D, or with a new line after which nothing follows for a moment (a
/// pasted text arrives in one burst, so new lines inside it do not end it).
///
/// A terminal in its usual mode cuts a line after 4,095 bytes, which is shorter than any response, and would show it.
/// So both the line mode and the echo are switched off, and on again whatever happens.
#[cfg(unix)]
pub(super) fn read_unseen(limit: usize, ask: impl FnOnce()) -> Result<Vec<u8>, PromptError> {
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::io::Errno;
    use rustix::termios::{LocalModes, SpecialCodeIndex};
    use zeroize::Zeroize;

    const END_OF_TRANSMISSION: u8 = 0x04;

    let terminal = open()?;
    let watch = super::Watch::start();
    let _unseen = Unusual::set(&terminal, |modes| {
        modes.local_modes -= LocalModes::ECHO | LocalModes::ICANON;
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
    })?;
    ask();

    let mut answer = Vec::with_capacity(limit.min(64 * 1024));
    let mut chunk = [0; 4096];
    loop {
        let ready = match poll(&mut [PollFd::new(&terminal, PollFlags::IN)], Some(&PAUSE)) {
            Ok(count) => count > 0,
            Err(Errno::INTR) => false,
            Err(error) => return Err(std::io::Error::from(error).into()),
        };
        if watch.interrupted() {
            answer.zeroize();
            return Err(PromptError::Interrupted);
        }
        if !ready {
            let text_ends = answer
                .last()
                .is_some_and(|byte| matches!(byte, b'\n' | b'\r'));
            if text_ends && !answer.trim_ascii().is_empty() {
                break;
            }
            continue;
        }
        let count = rustix::io::read(&terminal, &mut chunk).map_err(std::io::Error::from)?;
        let taken = &chunk[..count];
        let end = taken.iter().position(|byte| *byte == END_OF_TRANSMISSION);
        answer.extend_from_slice(&taken[..end.unwrap_or(count)]);
        if answer.len() > limit {
            answer.zeroize();
            return Err(PromptError::TooLong(limit));
        }
        if count == 0 || end.is_some() {
            break;
        }
    }
    chunk.zeroize();
    Ok(answer)
}

/// Whether there is a terminal to ask at.
#[cfg(unix)]
pub(super) fn is_there() -> bool {
    open().is_ok()
}

#[cfg(not(unix))]
pub(super) fn is_there() -> bool {
    false
}

/// Nothing changes a terminal's mode here.
#[cfg(not(unix))]
pub(super) fn restore() {}

/// Other systems have no prompt that takes a line of that length unseen; a file or standard input does.
#[cfg(not(unix))]
pub(super) fn read_unseen(_limit: usize, _ask: impl FnOnce()) -> Result<Vec<u8>, PromptError> {
    Err(PromptError::NoTerminal)
}

/// As [`read_unseen`].
#[cfg(not(unix))]
pub(super) fn read_secret(
    _patience: Duration,
    _ask: impl FnOnce(),
) -> Result<Zeroizing<Vec<u8>>, PromptError> {
    Err(PromptError::NoTerminal)
}

/// As [`read_unseen`]: whoever asks takes this for a no.
#[cfg(not(unix))]
pub(super) fn read_line(_ask: impl FnOnce()) -> Result<String, PromptError> {
    Err(PromptError::NoTerminal)
}
