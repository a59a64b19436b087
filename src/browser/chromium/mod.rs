//! A browser of this program's own: an installed Chrome, Chromium, Edge or Brave with a profile for this purpose alone.
//! It opens the identity provider's link, and the post of its page to the platform's ACS is answered with a redirect to
//! our listener. The platform never sees it.
//!
//! The browser is told what to do over two pipes that only it and this program have (`--remote-debugging-pipe`). A port
//! for that would be open to every program on the machine.

mod conversation;
mod find;
mod intercept;
#[cfg(unix)]
pub mod keeper;
#[cfg(not(unix))]
#[path = "keeper_elsewhere.rs"]
pub mod keeper;
mod launch;
mod pipe;
mod protocol;
mod version;

pub use conversation::{Errand, Stage};
pub use find::{installed, installed_as_snap, is_of_the_family, names_one_of_the_family};
pub use launch::{Sandbox, Window};
pub use version::{VersionError, version};

use crate::store::{BrowserProfile, StoreError};
use conversation::Conversation;
use keeper::{END_PATIENCE, Keeper};
use launch::{Complaints, Kept, Started};
use pipe::{Heard, Messages};
use protocol::Event;
use std::ffi::OsString;
use std::io::{self, PipeReader, PipeWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use thiserror::Error;

/// The variable that leaves the sandbox out, where it is `1`. No flag and no key of a profile does.
pub const NO_SANDBOX_VARIABLE: &str = "ANYP_SAML_CHROMIUM_NO_SANDBOX";

/// How long a browser may take to say its first word: a cold start on a slow disk.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// How long what it wrote may take to be read when it has ended.
const WORDS_PATIENCE: Duration = Duration::from_secs(1);

/// Why there is no browser to sign in with.
#[derive(Debug, Error)]
pub enum ChromiumError {
    /// This user is root, where the browser's sandbox does not work.
    #[error("{} does not run as root with its sandbox", shown(.0))]
    Root(PathBuf),
    /// There is nothing to show a window on.
    #[error("there is no display to show the browser's window on")]
    NoDisplay,
    /// The profile cannot be used.
    #[error(transparent)]
    Profile(#[from] StoreError),
    /// The process that sees to the browser's end could not be started, or does not answer.
    #[error("the process that ends the browser with this login does not run: {0}")]
    Keeper(io::Error),
    /// That process was killed.
    #[error(
        "the process that ends the browser with this login was killed, so the browser is ended now"
    )]
    KeeperLost,
    /// It could not be started.
    #[error("{} could not be started: {error}", shown(program))]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It ended before it had said a word.
    #[error("{} ended at once{}", shown(program), with(.status))]
    EndedEarly {
        /// The program.
        program: PathBuf,
        /// How it ended, where that is known.
        status: Option<ExitStatus>,
        /// What it wrote on its standard error last, fit to be shown.
        words: Vec<String>,
    },
    /// It runs and does not answer.
    #[error(
        "{} does not answer; is it a Chrome, Chromium, Edge or Brave?",
        shown(program)
    )]
    NoAnswer {
        /// The program.
        program: PathBuf,
        /// What it wrote on its standard error last, fit to be shown.
        words: Vec<String>,
    },
    /// It does not pause requests, so that the post would go to the platform.
    #[error("the browser does not let its requests be caught: {}", crate::foreign::brief(.0))]
    NotCaught(String),
}

fn shown(path: &Path) -> String {
    crate::foreign::shown(&path.to_string_lossy(), 300)
}

fn with(status: &Option<ExitStatus>) -> String {
    status.map_or_else(String::new, |status| format!(" ({status})"))
}

/// Whether the browser runs with its sandbox. `variable` gives the environment.
///
/// # Errors
/// [`ChromiumError::Root`]: it would not run, and nobody has said that it may run without.
pub fn sandbox(
    program: &Path,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Sandbox, ChromiumError> {
    match (is_root(), variable(NO_SANDBOX_VARIABLE)) {
        // Root alone: whoever else can have the sandbox has it.
        (true, Some(value)) if value == "1" => Ok(Sandbox::Off),
        (true, _) => Err(ChromiumError::Root(program.to_owned())),
        (false, _) => Ok(Sandbox::On),
    }
}

#[cfg(all(unix, not(target_os = "macos")))]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Elsewhere the browser's sandbox does not mind.
#[cfg(not(all(unix, not(target_os = "macos"))))]
fn is_root() -> bool {
    false
}

/// Whether there is a display that a window could be shown on. `variable` gives the environment.
pub fn has_display(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let has = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    cfg!(not(all(unix, not(target_os = "macos")))) || has("DISPLAY") || has("WAYLAND_DISPLAY")
}

/// A browser that runs. Dropping it ends it, and waits until it has ended.
#[derive(Debug)]
pub struct Chromium {
    program: PathBuf,
    keeper: Rc<Keeper>,
    kept: Kept,
    id: u32,
    words: Sender<Word>,
    shared: Arc<Shared>,
    complaints: Complaints,
    started: Instant,
}

/// What the threads that read and write have in common with whoever waits.
#[derive(Debug)]
struct Shared {
    conversation: Mutex<Conversation>,
    hung_up: AtomicBool,
    missed: AtomicBool,
}

#[derive(Debug)]
enum Word {
    Say(Vec<u8>),
    HangUp,
}

impl Chromium {
    /// Starts the browser with this profile, and sends it on its errand as soon as it answers. Comes back before that:
    /// see [`Chromium::stage`].
    ///
    /// # Errors
    /// [`ChromiumError`] when it cannot be started.
    pub fn start(
        keeper: Rc<Keeper>,
        program: &Path,
        profile: &BrowserProfile,
        window: Window,
        sandbox: Sandbox,
        errand: Errand,
    ) -> Result<Self, ChromiumError> {
        profile.prepare(launch::PREFERENCES.as_bytes())?;
        let arguments = launch::arguments(&profile.path(), window, sandbox);
        let Started {
            id,
            to_browser,
            from_browser,
            complaints,
        } = keeper.start_browser(program, arguments, profile.share_lock()?)?;
        let started = Instant::now();
        let mut conversation = Conversation::new(errand, window == Window::Hidden, started);
        let (words, to_say) = mpsc::channel();
        for word in conversation.begin() {
            // The other end stands right here.
            let _ = words.send(Word::Say(word));
        }
        let shared = Arc::new(Shared {
            conversation: Mutex::new(conversation),
            hung_up: AtomicBool::new(false),
            missed: AtomicBool::new(false),
        });
        // Two threads, since a browser that does not read must not keep us from hearing it, nor from hanging up.
        thread::spawn(move || speak(to_browser, &to_say));
        thread::spawn({
            let (shared, words) = (Arc::clone(&shared), words.clone());
            move || listen(from_browser, &shared, &words)
        });
        Ok(Self {
            program: program.to_owned(),
            keeper,
            kept: Kept::Runs,
            id,
            words,
            shared,
            complaints,
            started,
        })
    }

    /// How far it is.
    ///
    /// # Errors
    /// [`ChromiumError`] when it will not get anywhere.
    pub fn stage(&mut self) -> Result<Stage, ChromiumError> {
        let (stage, is_introduced) = {
            let mut conversation = self.shared.conversation();
            let stage = conversation.stage(Instant::now());
            if stage == Stage::Starting
                && let Some(trouble) = conversation.take_trouble()
            {
                return Err(ChromiumError::NotCaught(trouble));
            }
            (stage, conversation.is_introduced())
        };
        if self.has_hung_up() {
            if is_introduced {
                return Ok(Stage::Closed);
            }
            let status = match self.end_within(END_PATIENCE) {
                Kept::Ended(status) => Some(status),
                Kept::Runs | Kept::Lost => None,
            };
            return Err(ChromiumError::EndedEarly {
                program: self.program.clone(),
                status,
                words: self.complaints.last_of_all(WORDS_PATIENCE),
            });
        }
        if self.end_within(Duration::ZERO) == Kept::Lost {
            return Err(ChromiumError::KeeperLost);
        }
        if stage == Stage::Starting && self.started.elapsed() > START_PATIENCE {
            return Err(ChromiumError::NoAnswer {
                program: self.program.clone(),
                words: self.complaints.last(),
            });
        }
        Ok(stage)
    }

    /// Why the link could not be opened, said once, as the browser calls it.
    pub fn take_trouble(&self) -> Option<String> {
        self.shared.conversation().take_trouble()
    }

    /// Whether something was said that was too long to be heard, told once. A page whose post is part of it waits for
    /// ever.
    pub fn has_missed_something(&self) -> bool {
        self.shared.missed.swap(false, Ordering::SeqCst)
    }

    /// How long it has been running.
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// What has become of it within this time.
    fn end_within(&mut self, patience: Duration) -> Kept {
        if self.kept == Kept::Runs {
            self.kept = self.keeper.watch(patience);
        }
        self.kept
    }

    /// Whether it has ended within this time, as far as anybody can tell.
    fn has_ended_within(&mut self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        match self.end_within(patience) {
            Kept::Ended(_) => true,
            Kept::Runs => false,
            Kept::Lost => loop {
                match self.has_hung_up() {
                    false if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
                    has_hung_up => return has_hung_up,
                }
            },
        }
    }

    /// Whether it has closed its end of the pipe, as it does when it ends.
    fn has_hung_up(&self) -> bool {
        self.shared.hung_up.load(Ordering::SeqCst)
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let close = self.shared.conversation().close();
        // Whoever does not take the word is gone already.
        let _ = self.words.send(Word::Say(close));
        if self.has_ended_within(END_PATIENCE) {
            return;
        }
        let _ = self.words.send(Word::HangUp);
        self.keeper.end_browser();
        // The keeper kills it in time, unless it was itself killed, or stopped. As long as the browser holds its end of
        // our pipe, it is there, and the number its own.
        if !self.has_ended_within(2 * END_PATIENCE) && !self.has_hung_up() {
            kill_group(self.id);
        }
    }
}

impl Shared {
    fn conversation(&self) -> MutexGuard<'_, Conversation> {
        // Every event is taken whole, so a panic elsewhere leaves nothing half done.
        self.conversation
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes what is to be said, until it is time to hang up.
fn speak(mut pipe: PipeWriter, words: &Receiver<Word>) {
    while let Ok(Word::Say(word)) = words.recv() {
        if pipe.write_all(&word).is_err() {
            return;
        }
    }
}

/// Hears the browser until it hangs up. What is none of the protocol is passed over: nothing follows from it.
fn listen(pipe: PipeReader, shared: &Shared, words: &Sender<Word>) {
    let mut messages = Messages::new(pipe);
    while let Ok(Some(heard)) = messages.next() {
        match heard {
            Heard::TooLong => shared.missed.store(true, Ordering::SeqCst),
            Heard::Message(message) => {
                let Some(event) = Event::read(message) else {
                    continue;
                };
                let answers = shared.conversation().hear(event, Instant::now());
                for answer in answers {
                    // A failure is a browser that is gone, which is noticed here next.
                    let _ = words.send(Word::Say(answer));
                }
            }
        }
    }
    shared.hung_up.store(true, Ordering::SeqCst);
}

/// Ends a process, which leads a group, with everything it has started. The number must still be its own.
fn kill_group(id: u32) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process_group};
        if let Some(group) = Pid::from_raw(id.cast_signed()) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
    #[cfg(not(unix))]
    let _ = id;
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn as_root_the_sandbox_is_left_out_only_in_words() {
        let program = Path::new("/usr/bin/chromium");
        let sandbox = |value: Option<&str>| {
            sandbox(program, |name| {
                assert_eq!(name, NO_SANDBOX_VARIABLE);
                value.map(OsString::from)
            })
        };
        if is_root() {
            assert_eq!(sandbox(Some("1")).unwrap(), Sandbox::Off);
            for value in [None, Some(""), Some("true"), Some("0")] {
                assert!(matches!(sandbox(value), Err(ChromiumError::Root(_))));
            }
        } else {
            assert_eq!(sandbox(Some("1")).unwrap(), Sandbox::On);
            assert_eq!(sandbox(None).unwrap(), Sandbox::On);
        }
    }
}
