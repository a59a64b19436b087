//! Starting the browser, with what it is given and nothing else.

use super::super::SECRETS;
use crate::foreign;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, PipeReader, PipeWriter, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

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

/// A browser that runs, and our ends of its pipes.
pub(super) struct Started {
    pub(super) process: Child,
    pub(super) to_browser: PipeWriter,
    pub(super) from_browser: PipeReader,
    pub(super) complaints: Complaints,
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

/// Starts the browser, in a process group of its own: Ctrl-C at the terminal is ours to act on.
///
/// It gets the two pipes at descriptors 3 and 4; every other one of ours closes itself. When we end, however that is, the
/// pipes end, and with them the browser.
#[cfg(unix)]
pub(super) fn start(program: &Path, arguments: &[OsString]) -> io::Result<Started> {
    use command_fds::{CommandFdExt, FdMapping};
    use std::os::unix::process::CommandExt;

    let (browser_reads, to_browser) = io::pipe()?;
    let (from_browser, browser_writes) = io::pipe()?;
    let mut command = command(program, arguments);
    command.process_group(0);
    command
        .fd_mappings(vec![
            FdMapping {
                parent_fd: browser_reads.into(),
                child_fd: 3,
            },
            FdMapping {
                parent_fd: browser_writes.into(),
                child_fd: 4,
            },
        ])
        .map_err(io::Error::other)?;
    let mut process = command.spawn()?;
    // The command holds the browser's ends. Only without it does the end of the browser reach us.
    drop(command);
    let complaints = Complaints::hear(process.stderr.take());
    Ok(Started {
        process,
        to_browser,
        from_browser,
        complaints,
    })
}

/// Elsewhere no way to hand the pipes over was tried.
#[cfg(not(unix))]
pub(super) fn start(program: &Path, arguments: &[OsString]) -> io::Result<Started> {
    let _ = command(program, arguments);
    Err(io::ErrorKind::Unsupported.into())
}

/// The program, not yet started, with none of the user's secrets.
pub(super) fn command(program: &Path, arguments: &[OsString]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    for name in SECRETS {
        command.env_remove(name);
    }
    command
}

/// What the browser wrote on its standard error last: the only word of one that cannot start.
#[derive(Clone, Debug, Default)]
pub(super) struct Complaints(Arc<Mutex<VecDeque<String>>>);

/// How many lines are remembered, and how long one may be.
const REMEMBERED: usize = 3;
const LONGEST_LINE: u64 = 4096;

impl Complaints {
    fn hear(stderr: Option<ChildStderr>) -> Self {
        let heard = Self::default();
        if let Some(stderr) = stderr {
            let remembered = heard.clone();
            // Ends with the browser.
            thread::spawn(move || remembered.read(BufReader::new(stderr)));
        }
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
                let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                lines.push_back(text);
                if lines.len() > REMEMBERED {
                    lines.pop_front();
                }
            }
            line.clear();
        }
    }

    /// The last lines, fit to be shown.
    pub(super) fn last(&self) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().cloned().collect()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

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

    /// A browser that is a script.
    fn script(directory: &Path, text: &str) -> std::path::PathBuf {
        let program = directory.join("browser");
        fs::write(&program, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        program
    }

    /// Whether a descriptor has `O_CLOEXEC`, as the system tells of it.
    #[cfg(target_os = "linux")]
    fn closes_itself(info: &str) -> bool {
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
        flags.is_some_and(|flags| u32::from_str_radix(flags.trim(), 8).unwrap() & 0o2_000_000 != 0)
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_browser_inherits_the_two_pipes_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        // Open in this process while the browser starts.
        let _file = fs::File::open(directory.path()).unwrap();
        let _listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        // What this process was started with and leaves open for everybody is not ours.
        let inherited: Vec<String> = (5..1024)
            .filter(|number| {
                fs::read_to_string(format!("/proc/self/fdinfo/{number}"))
                    .is_ok_and(|info| !closes_itself(&info))
            })
            .map(|number| number.to_string())
            .collect();
        let program = script(directory.path(), "(ls -l /proc/$$/fd >&4); true");
        let mut started = start(&program, &[]).unwrap();
        let mut listing = String::new();
        started.from_browser.read_to_string(&mut listing).unwrap();
        started.process.wait().unwrap();
        let numbers: Vec<_> = listing
            .lines()
            .filter_map(|line| line.split_once(" -> "))
            // The script itself, which the shell keeps open.
            .filter(|(_, target)| !target.ends_with("/browser"))
            .filter_map(|(entry, _)| entry.rsplit(' ').next())
            .filter(|number| !inherited.contains(&(*number).to_owned()))
            .collect();
        assert_eq!(numbers, ["0", "1", "2", "3", "4"], "{listing}");
    }

    #[test]
    fn the_pipes_end_with_us() {
        let directory = tempfile::tempdir().unwrap();
        let program = script(
            directory.path(),
            "read line <&3; echo \"$line\" >&4; cat <&3 >&4",
        );
        let mut started = start(&program, &[]).unwrap();
        started.to_browser.write_all(b"hello\n").unwrap();
        let mut answer = [0; 6];
        started.from_browser.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"hello\n");
        drop(started.to_browser);
        assert!(started.process.wait().unwrap().success());
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
