//! What the keeper does, in its own process.

use super::END_PATIENCE;
use super::lifeline::{Lifeline, Order, Report, Start};
use crate::browser::keep_descriptors;
use crate::store::BrowserProfiles;
use command_fds::{CommandFdExt, FdMapping};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process_group, waitid, waitpgid,
};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};
use thiserror::Error;

/// How long is waited for what the browser had started and has left behind: those end a moment after it, when their
/// pipes to it break. (Or never: a page may have opened another program of the user's.)
const REST_PATIENCE: Duration = Duration::from_secs(1);

/// How long the profile of a login that was killed may still look used. The system lets go of its lock and tells us of
/// its end in one go, in either order.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);

/// Nobody has started this process as a keeper.
#[derive(Clone, Copy, Debug, Error)]
#[error("a login starts this, to end its browser with it; there is nothing to keep here")]
pub struct NothingToKeep;

/// What the keeper acts on.
#[derive(Debug)]
enum Event {
    Told(Order),
    LoginEnded,
    BrowserEnded,
    BrowserOverdue,
}

/// Keeps the browsers of the login that has started this process until that ends, and leaves nothing of it behind then:
/// no browser, and none of these profiles that should not stay. (A login that ends in good order has done so itself, and
/// ends this process too.)
///
/// # Errors
/// [`NothingToKeep`]: no login has started it.
pub fn keep(profiles: &BrowserProfiles) -> Result<(), NothingToKeep> {
    let lifeline = Arc::new(Lifeline::inherited().ok_or(NothingToKeep)?);
    stand_apart();
    let (happens, events) = mpsc::channel();
    thread::spawn({
        let (lifeline, happens) = (Arc::clone(&lifeline), happens.clone());
        move || {
            while let Ok(order) = lifeline.take_order() {
                let _ = happens.send(Event::Told(order));
            }
            let _ = happens.send(Event::LoginEnded);
        }
    });
    // A login that has ended meanwhile is an event of its own.
    let report = |report| drop(lifeline.report(report));
    let mut browser: Option<Browser> = None;
    let mut is_alone = false;
    while !is_alone || browser.is_some() {
        match next(&events, browser.as_ref().and_then(|it| it.kill_at)) {
            Event::Told(Order::Start(start)) => {
                let started = match browser {
                    None => Browser::start(start, &happens),
                    Some(_) => Err(Errno::BUSY.into()),
                };
                report(match started {
                    Ok(started) => Report::Started(browser.insert(started).id.as_raw_pid()),
                    Err(error) => {
                        let code = error.raw_os_error();
                        Report::NotStarted(code.unwrap_or(Errno::IO.raw_os_error()))
                    }
                });
            }
            Event::Told(Order::End) => browser.iter_mut().for_each(Browser::hurry),
            Event::LoginEnded => {
                is_alone = true;
                browser.iter_mut().for_each(Browser::hurry);
            }
            Event::BrowserOverdue => browser.iter_mut().for_each(Browser::kill),
            Event::BrowserEnded => {
                if let Some(browser) = browser.take() {
                    report(Report::Ended(browser.end()));
                }
            }
        }
    }
    // What cannot be removed now is swept by the next login.
    let _ = profiles.sweep_within(LOCK_PATIENCE);
    Ok(())
}

/// Is not taken for a login by whoever kills those by their name, and is told of the end of what the browser leaves
/// behind. Both are a help, and neither is needed.
fn stand_apart() {
    #[cfg(target_os = "linux")]
    {
        let _ = rustix::thread::set_name(c"browser-keeper");
        let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    }
}

fn next(events: &Receiver<Event>, kill_at: Option<Instant>) -> Event {
    let event = match kill_at {
        None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
        Some(at) => events.recv_timeout(at.saturating_duration_since(Instant::now())),
    };
    match event {
        Ok(event) => event,
        Err(RecvTimeoutError::Timeout) => Event::BrowserOverdue,
        // There is a sender in `keep`.
        Err(RecvTimeoutError::Disconnected) => Event::LoginEnded,
    }
}

/// A browser that has not been waited for: its number is its own as long as this lives.
struct Browser {
    process: Child,
    id: Pid,
    kill_at: Option<Instant>,
    _lock: OwnedFd,
}

impl Browser {
    /// Starts it in a process group of its own. It inherits the pipes and nothing else.
    fn start(start: Start, happens: &Sender<Event>) -> io::Result<Self> {
        let [reads, writes, complaints, lock] = start.descriptors;
        let at = |child_fd, parent_fd| FdMapping {
            parent_fd,
            child_fd,
        };
        let mut command = Command::new(start.program);
        command
            .args(start.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::from(complaints))
            .process_group(0)
            .fd_mappings(vec![at(3, reads), at(4, writes)])
            .map_err(io::Error::other)?;
        keep_descriptors();
        // With the command go our copies of its descriptors: its end of the pipes is the end of the pipes.
        let process = command.spawn()?;
        let id = Pid::from_child(&process);
        let happens = happens.clone();
        thread::spawn(move || {
            let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            let _ = retry_on_intr(|| waitid(WaitId::Pid(id), ended));
            let _ = happens.send(Event::BrowserEnded);
        });
        Ok(Self {
            process,
            id,
            kill_at: None,
            _lock: lock,
        })
    }

    /// Gives it a last moment.
    fn hurry(&mut self) {
        self.kill_at
            .get_or_insert_with(|| Instant::now() + END_PATIENCE);
    }

    /// Kills it with everything it has started.
    fn kill(&mut self) {
        self.kill_at = None;
        let _ = kill_process_group(self.id, Signal::KILL);
    }

    /// How it has ended, which it has; comes back when what it had started has ended too.
    fn end(mut self) -> i32 {
        let status = self.process.wait().map_or(0, ExitStatus::into_raw);
        let deadline = Instant::now() + REST_PATIENCE;
        // They are children of ours now, where the system allows that; elsewhere there are none.
        while Instant::now() < deadline {
            match waitpgid(self.id, WaitOptions::NOHANG) {
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => thread::sleep(Duration::from_millis(2)),
                Err(_) => break,
            }
        }
        status
    }
}
