//! What the browser is started with, and what it has to say on its standard error.

use crate::foreign;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read};
use std::path::Path;
use std::process::ExitStatus;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// The preferences of a new profile. Without the first, the browser looks up the platform's name and connects to it as
/// soon as a page is about to post there, before we are asked: measured with Chromium 156.
pub(super) const PREFERENCES: &str = r#"{"net":{"network_prediction_options":2}}"#;

/// Whether the browser may be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// It has one.
    Shown,
    /// It has none.
    Hidden,
}

/// The browser's sandbox, which keeps its pages from the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sandbox {
    /// As it should be.
    On,
    /// Left out, as the user has said in words.
    Off,
}

/// A browser that was started, and our ends of its pipes.
pub(super) struct Started {
    /// The number of its process, and of the process group of everything that it starts.
    pub(super) id: u32,
    pub(super) to_browser: PipeWriter,
    pub(super) from_browser: PipeReader,
    pub(super) complaints: Complaints,
}

/// What is known of a browser that was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// Nothing else than that.
    Runs,
    /// It has ended, and what it had started too.
    Ended(ExitStatus),
    /// Its keeper is gone, and nobody knows.
    Lost,
}

/// Its arguments. There is no address among them: everybody on the machine can read a command line, and the link may
/// hold this login's RelayState.
pub(super) fn arguments(profile: &Path, window: Window, sandbox: Sandbox) -> Vec<OsString> {
    let mut directory = OsString::from("--user-data-dir=");
    directory.push(profile);
    let mut arguments: Vec<OsString> = vec!["--remote-debugging-pipe".into(), directory];
    let always = [
        "--no-first-run",
        "--no-default-browser-check",
        // Sessions at the identity provider are cookies that end with the browser, unless it takes up where it was.
        // The pages themselves are not taken up: the profile was told to forget them.
        "--restore-last-session",
        "--hide-crash-restore-bubble",
        // A page that posts a response holds it, and the cache would hold the page: there is none on the disk.
        "--disk-cache-dir=/dev/null",
        // The system's keyring would ask for a password; the directory is the user's alone.
        "--password-store=basic",
        "--use-mock-keychain",
        // A browser for one sign-in needs no synchronization, no updates of its parts and no reports of crashes.
        "--disable-sync",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-breakpad",
    ];
    arguments.extend(always.map(OsString::from));
    if window == Window::Hidden {
        arguments.push("--headless".into());
    }
    if sandbox == Sandbox::Off {
        arguments.push("--no-sandbox".into());
    }
    arguments.push("about:blank".into());
    arguments
}

/// What the browser wrote on its standard error last: the only word of one that cannot start.
#[derive(Clone, Debug, Default)]
pub(super) struct Complaints(Arc<(Mutex<Heard>, Condvar)>);

#[derive(Debug, Default)]
struct Heard {
    lines: VecDeque<String>,
    /// Whether there is no more to come.
    is_all: bool,
}

/// How many lines are remembered, and how long one may be.
const REMEMBERED: usize = 3;
const LONGEST_LINE: u64 = 4096;

impl Complaints {
    /// Those that come by this pipe.
    pub(super) fn hear(stderr: PipeReader) -> Self {
        let heard = Self::default();
        let remembered = heard.clone();
        // Ends with the browser.
        thread::spawn(move || {
            remembered.read(BufReader::new(stderr));
            remembered.heard().is_all = true;
            remembered.0.1.notify_all();
        });
        heard
    }

    fn read(&self, mut reader: impl BufRead) {
        let mut line = Vec::new();
        while let Ok(1..) = (&mut reader)
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)
        {
            let text = foreign::brief(String::from_utf8_lossy(&line).trim());
            if !text.is_empty() {
                let lines = &mut self.heard().lines;
                lines.push_back(text);
                if lines.len() > REMEMBERED {
                    lines.pop_front();
                }
            }
            line.clear();
        }
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last lines, fit to be shown.
    pub(super) fn last(&self) -> Vec<String> {
        self.heard().lines.iter().cloned().collect()
    }

    /// The last lines of a browser that has ended: what it wrote may still have to be read. Something that it has started
    /// may go on, and keep its standard error open; nobody waits longer for that.
    pub(super) fn last_of_all(&self, patience: Duration) -> Vec<String> {
        let goes_on = |heard: &mut Heard| !heard.is_all;
        // Whether it was all or not, what there is is told.
        drop(self.0.1.wait_timeout_while(self.heard(), patience, goes_on));
        self.last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(arguments: &[OsString]) -> Vec<&str> {
        arguments
            .iter()
            .map(|argument| argument.to_str().unwrap())
            .collect()
    }

    #[test]
    fn the_command_line_has_a_pipe_a_profile_and_no_port() {
        let shown = arguments(Path::new("/state/data"), Window::Shown, Sandbox::On);
        assert_eq!(
            text(&shown),
            [
                "--remote-debugging-pipe",
                "--user-data-dir=/state/data",
                "--no-first-run",
                "--no-default-browser-check",
                "--restore-last-session",
                "--hide-crash-restore-bubble",
                "--disk-cache-dir=/dev/null",
                "--password-store=basic",
                "--use-mock-keychain",
                "--disable-sync",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-breakpad",
                "about:blank",
            ]
        );
        let hidden = arguments(Path::new("/state/data"), Window::Hidden, Sandbox::Off);
        let more: Vec<_> = text(&hidden)
            .into_iter()
            .filter(|argument| !text(&shown).contains(argument))
            .collect();
        assert_eq!(more, ["--headless", "--no-sandbox"]);
    }

    #[test]
    fn the_preferences_are_json() {
        let value: serde_json::Value = serde_json::from_str(PREFERENCES).unwrap();
        assert_eq!(value["net"]["network_prediction_options"], 2);
    }

    #[test]
    fn the_last_complaints_are_remembered_and_made_fit_to_be_seen() {
        let complaints = Complaints::default();
        let long = "x".repeat(100_000);
        complaints.read(format!("one\n\ntwo\n{long}\n\u{1b}[2Jthree\n").as_bytes());
        let last = complaints.last();
        assert_eq!(last.len(), REMEMBERED);
        assert_eq!(last.last().unwrap(), "\\u{1b}[2Jthree");
        assert!(last.iter().all(|line| line.chars().count() <= 201));
    }
}
