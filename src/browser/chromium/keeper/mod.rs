//! The keeper: a process of this program's own between a login and its browser, so that the browser ends with the login
//! however that ends.
//!
//! A browser that is told what to do over pipes ends when they end, but not one that is still starting: Chromium may
//! miss their end in its first second or two, and stay for ever. So the browser is a child of the keeper. The keeper sees
//! the end of the login by the end of their common socket (the *lifeline*), which the system closes however the login
//! was ended, `kill -9` among it. It then gives the browser a moment to end by itself, kills what is left, and removes
//! the profile of a login that wanted none to stay.
//!
//! It is this program, started with the argument `keep-browser`, and told over the lifeline what to start. Nothing that
//! it is told is a secret: the pipes themselves are handed on unread.
//!
//! When the keeper is killed and not the login, the login notices by the lifeline as well, and ends with its browser.
//! When both are killed at the same moment, the end of the pipes is all that is left.

mod lifeline;
mod process;

pub use process::{NothingToKeep, keep};

use super::ChromiumError;
use super::launch::{Complaints, Kept, Started};
use crate::browser::SECRETS;
use lifeline::{Lifeline, Order, Report, Start};
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// The argument that makes this program a keeper.
pub const COMMAND: &str = "keep-browser";

/// How long the browser may take to end when it is hung up on. In it, it writes its cookies down.
pub(super) const END_PATIENCE: Duration = Duration::from_secs(3);

/// How long a keeper may take to say that it has started a browser: far longer than a busy machine needs.
const START_PATIENCE: Duration = Duration::from_secs(20);

/// The keeper of a login's browsers, one after the other, seen from the login.
#[derive(Debug)]
pub struct Keeper {
    process: Child,
    lifeline: Lifeline,
}

/// The file of this program, to start it again: the very one that runs, also when another version has been installed in
/// its place meanwhile.
///
/// # Errors
/// The system's own.
pub fn this_program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        Ok("/proc/self/exe".into())
    } else {
        std::env::current_exe()
    }
}

impl Keeper {
    /// Starts a keeper; `program` is this program's file. It has a process group of its own, where Ctrl-C does not reach
    /// it. (A session of its own would do as well, but where other programs are busy Linux lets a new session start
    /// slowly: a login took a third of a second longer.)
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(program: &Path) -> io::Result<Self> {
        let (lifeline, its_end) = Lifeline::pair()?;
        let mut command = Command::new(program);
        command
            .arg0(env!("CARGO_PKG_NAME"))
            .arg(COMMAND)
            .process_group(0)
            .stdin(Stdio::from(OwnedFd::from(its_end)))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        for name in SECRETS {
            command.env_remove(name);
        }
        let process = command.spawn()?;
        Ok(Self { process, lifeline })
    }

    /// Has a browser started, with two pipes at its descriptors 3 and 4, one for its complaints, and nothing else of
    /// ours. The keeper holds the lock of its profile until it has ended.
    ///
    /// # Errors
    /// [`ChromiumError::Start`], or [`ChromiumError::Keeper`] when the keeper is not up to it.
    pub(super) fn start_browser(
        &self,
        program: &Path,
        arguments: Vec<OsString>,
        lock: File,
    ) -> Result<Started, ChromiumError> {
        let start = || -> io::Result<Result<Started, io::Error>> {
            let (reads, to_browser) = io::pipe()?;
            let (from_browser, writes) = io::pipe()?;
            let (complaints, complains) = io::pipe()?;
            self.lifeline.tell(&Order::Start(Start {
                program: program.into(),
                arguments,
                descriptors: [reads.into(), writes.into(), complains.into(), lock.into()],
            }))?;
            match self.lifeline.hear_within(START_PATIENCE)? {
                Some(Report::Started(id)) => Ok(Ok(Started {
                    id: id.cast_unsigned(),
                    to_browser,
                    from_browser,
                    complaints: Complaints::hear(complaints),
                })),
                Some(Report::NotStarted(code)) => Ok(Err(io::Error::from_raw_os_error(code))),
                Some(Report::Ended(_)) => Err(io::ErrorKind::InvalidData.into()),
                None => Err(io::ErrorKind::TimedOut.into()),
            }
        };
        start()
            .map_err(ChromiumError::Keeper)?
            .map_err(|error| ChromiumError::Start {
                program: program.to_owned(),
                error,
            })
    }

    /// What becomes of the browser within this time.
    pub(super) fn watch(&self, patience: Duration) -> Kept {
        match self.lifeline.hear_within(patience) {
            Ok(None) => Kept::Runs,
            Ok(Some(Report::Ended(status))) => Kept::Ended(ExitStatus::from_raw(status)),
            Ok(Some(Report::Started(_) | Report::NotStarted(_))) | Err(_) => Kept::Lost,
        }
    }

    /// Has the browser ended, after [`END_PATIENCE`] in any case.
    pub(super) fn end_browser(&self) {
        // A keeper that does not hear it any more is found out by `watch`.
        let _ = self.lifeline.tell(&Order::End);
    }
}

impl Drop for Keeper {
    /// There is nothing left to keep. It is waited for, since this process may become another program next, which knows
    /// nothing of a child.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
