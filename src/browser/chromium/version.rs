//! Which version an installed browser is of, by its own word.

use super::kill_group;
use crate::browser::SECRETS;
use crate::foreign::brief;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use thiserror::Error;

/// How long it may take to say it: a cold start on a slow disk.
const PATIENCE: Duration = Duration::from_secs(8);

/// The most bytes that it may say. Browsers say less than a hundred.
const LIMIT: u64 = 1024;

/// Why a browser's version is not known.
#[derive(Debug, Error)]
pub enum VersionError {
    /// It could not be started.
    #[error("it could not be started: {0}")]
    Start(io::Error),
    /// It runs, and says nothing.
    #[error("it did not say its version within {} seconds", PATIENCE.as_secs())]
    Silent,
    /// It says so much that it can be no version.
    #[error("it says more than {LIMIT} bytes when it is asked for its version")]
    TooMuch,
    /// It did not end well.
    #[error("it ended with {0} when it was asked for its version")]
    Failed(ExitStatus),
}

/// What a browser says of its version, fit to be shown. It is only asked, and starts no session.
///
/// # Errors
/// [`VersionError`]; whatever it was, it has ended.
pub fn version(program: &Path) -> Result<String, VersionError> {
    let mut command = Command::new(program);
    command
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    for name in SECRETS {
        command.env_remove(name);
    }
    // What its script has started ends with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut process = command.spawn().map_err(VersionError::Start)?;
    let deadline = Instant::now() + PATIENCE;
    let (word, heard) = mpsc::channel();
    if let Some(stdout) = process.stdout.take() {
        thread::spawn(move || {
            let mut said = Vec::new();
            // What could be read is what was said. Nobody may be waiting for it any more.
            let _ = stdout.take(LIMIT + 1).read_to_end(&mut said);
            let _ = word.send(said);
        });
    }
    let said = heard.recv_timeout(PATIENCE);
    let left = deadline.saturating_duration_since(Instant::now());
    let is_too_much = said.as_ref().is_ok_and(|said| said.len() as u64 > LIMIT);
    let ended = match said.is_err() || is_too_much {
        true => None,
        false => ended_within(&mut process, left),
    };
    let Some(status) = ended else {
        // It has not been waited for, so its number is still its own.
        kill_group(process.id());
        let _ = process.wait();
        return Err(match is_too_much {
            true => VersionError::TooMuch,
            false => VersionError::Silent,
        });
    };
    match said {
        Err(_) => Err(VersionError::Silent),
        Ok(_) if !status.success() => Err(VersionError::Failed(status)),
        Ok(said) => Ok(brief(String::from_utf8_lossy(&said).trim())),
    }
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// What a script says as a browser.
    fn said(script: &str) -> Result<String, VersionError> {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("browser");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o700)).unwrap();
        version(&program)
    }

    #[test]
    fn a_browser_says_its_version_and_cannot_steer_the_terminal() {
        let known = said("test \"$*\" = --version && echo 'Chromium 156.0 ' && echo warning >&2");
        assert_eq!(known.unwrap(), "Chromium 156.0");
        let hostile = said("printf '\\033[2J\\nChromium \\377'").unwrap();
        assert_eq!(hostile, "\\u{1b}[2J\\u{a}Chromium \\u{fffd}");
        assert_eq!(said("exit 0").unwrap(), "");
    }

    #[test]
    fn one_that_fails_or_says_too_much_has_no_version() {
        assert!(matches!(
            said("echo x; exit 3"),
            Err(VersionError::Failed(_))
        ));
        assert!(matches!(said("yes"), Err(VersionError::TooMuch)));
        let nowhere = version(Path::new("/nonexistent/browser"));
        assert!(matches!(nowhere, Err(VersionError::Start(_))));
    }

    #[test]
    fn one_that_hangs_is_ended_with_what_it_has_started() {
        // The last one has ended itself, and what it leaves behind still holds its standard output.
        let ends = ["wait", "echo Chromium 156.0"];
        thread::scope(|scope| {
            for end in ends {
                scope.spawn(move || assert_ended_with_its_child(end));
            }
        });
    }

    /// Starts a browser that starts another process and then does this.
    fn assert_ended_with_its_child(end: &str) {
        let directory = tempfile::tempdir().unwrap();
        let number = directory.path().join("number");
        let script = format!("sleep 600 & echo $! >'{}'; {end}", number.display());
        assert!(matches!(said(&script), Err(VersionError::Silent)), "{end}");
        let number = std::fs::read_to_string(number).unwrap();
        let stat = Path::new("/proc").join(number.trim()).join("stat");
        let deadline = Instant::now() + Duration::from_secs(20);
        let runs = || {
            let state = std::fs::read_to_string(&stat).unwrap_or_default();
            // Whoever adopts it may still have to notice its end.
            !state.is_empty() && !state.contains(") Z")
        };
        while runs() {
            assert!(Instant::now() < deadline, "{end}: it still runs");
            thread::sleep(Duration::from_millis(5));
        }
    }
}
