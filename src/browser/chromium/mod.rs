//! A browser of this program's own: an installed Chrome, Chromium, Edge or Brave with a profile for this purpose alone.
//! It opens the identity provider's link, and the post of its page to the platform's ACS is answered with a redirect to
//! our listener. The platform never sees it.
//!
//! The browser is told what to do over two pipes that only it and this program have (`--remote-debugging-pipe`). A port
//! for that would be open to every program on the machine.

mod conversation;
mod find;
mod intercept;
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
use launch::{Complaints, Started};
use pipe::{Heard, Messages};
use protocol::Event;
use std::ffi::OsString;
use std::io::{self, PipeReader, PipeWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
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

/// How long it may take to write down its cookies when it is asked to end, and to end when it is hung up on.
const END_PATIENCE: Duration = Duration::from_secs(3);

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
    process: Child,
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
        program: &Path,
        profile: &BrowserProfile,
        window: Window,
        sandbox: Sandbox,
        errand: Errand,
    ) -> Result<Self, ChromiumError> {
        profile.prepare(launch::PREFERENCES.as_bytes())?;
        let arguments = launch::arguments(&profile.path(), window, sandbox);
        let Started {
            process,
            to_browser,
            from_browser,
            complaints,
        } = launch::start(program, &arguments).map_err(|error| ChromiumError::Start {
            program: program.to_owned(),
            error,
        })?;
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
            process,
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
        let program = || self.program.clone();
        if self.shared.hung_up.load(Ordering::SeqCst) {
            if is_introduced {
                return Ok(Stage::Closed);
            }
            let status = ended_within(&mut self.process, END_PATIENCE);
            return Err(ChromiumError::EndedEarly {
                program: self.program.clone(),
                status,
                words: self.complaints.last(),
            });
        }
        if stage == Stage::Starting && self.started.elapsed() > START_PATIENCE {
            return Err(ChromiumError::NoAnswer {
                program: program(),
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
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let close = self.shared.conversation().close();
        // Whoever does not take the word is gone already.
        let _ = self.words.send(Word::Say(close));
        if ended_within(&mut self.process, END_PATIENCE).is_some() {
            return;
        }
        let _ = self.words.send(Word::HangUp);
        if ended_within(&mut self.process, END_PATIENCE).is_none() {
            kill_group(&self.process);
            let _ = self.process.wait();
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

/// How a process ended, if it did within this time.
fn ended_within(process: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + patience;
    loop {
        match process.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
            _ => return None,
        }
    }
}

/// Ends a browser that does not listen, with everything it has started. It has not been waited for, so its number is
/// still its own.
fn kill_group(process: &Child) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process_group};
        let group = i32::try_from(process.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
    #[cfg(not(unix))]
    let _ = process;
}

#[cfg(all(test, unix))]
mod tests;
