//! The user's own browser.

use crate::address::WebAddress;
use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use thiserror::Error;

/// How long a launcher is watched for failing. Those that are set up wrongly fail within milliseconds; a browser that
/// is itself the launcher goes on for hours.
const WATCHED: Duration = Duration::from_millis(250);

/// Why no browser was opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// No program to open an address with.
    #[error("no program to open a web address with was found")]
    NoLauncher,
    /// The named browser is not there.
    #[error("the browser {0:?} was not found")]
    NotFound(String),
    /// It could not be started.
    #[error("{program} could not be started: {error}")]
    Start {
        /// Its name.
        program: String,
        /// Why.
        error: io::Error,
    },
    /// It ended at once with a failure.
    #[error("{program} ended at once with {status}")]
    Failed {
        /// Its name.
        program: String,
        /// How it ended.
        status: std::process::ExitStatus,
    },
}

/// Why a browser started here would not be seen by the person at the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// The terminal is on another machine.
    Ssh {
        /// This machine's address as the other one reached it.
        server: String,
    },
    /// There is no display.
    NoDisplay,
}

/// Why opening a browser here is of no use, if so. `variable` gives the environment.
pub fn why_not_here(variable: impl Fn(&str) -> Option<OsString>) -> Option<Blocked> {
    let has = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    // The user has said how: editors that run in a container set it to reach the browser outside.
    if has("BROWSER") {
        return None;
    }
    let displayed = has("DISPLAY") || has("WAYLAND_DISPLAY");
    if let Some(connection) = variable("SSH_CONNECTION").and_then(|value| value.into_string().ok())
        && !displayed
    {
        let server = connection.split(' ').nth(2).unwrap_or_default();
        let plain = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':');
        let server = if server.chars().all(plain) {
            server
        } else {
            ""
        };
        return Some(Blocked::Ssh {
            server: server.to_owned(),
        });
    }
    let needs_display = cfg!(unix) && !cfg!(target_os = "macos");
    (needs_display && !displayed && !is_windows_subsystem(&has)).then_some(Blocked::NoDisplay)
}

/// Opens the address in `browser` (a program, with arguments where it has some), or in the user's default one. The
/// browser goes on by itself: it is not ended with this program, since it is the user's own.
///
/// The address is one argument of its own, never a piece of a shell's line.
///
/// # Errors
/// [`OpenError`] when no browser could be started.
pub fn open(browser: Option<&str>, address: &WebAddress) -> Result<(), OpenError> {
    if let Some(browser) = browser {
        return start(named(browser, address.as_str())?);
    }
    let mut result = Err(OpenError::NoLauncher);
    for command in launchers(address.as_str()) {
        result = start(command);
        if result.is_ok() {
            break;
        }
    }
    result
}

/// The program that [`fn@open`] would start first.
///
/// # Errors
/// [`OpenError`] when there is none.
pub fn opener(browser: Option<&str>) -> Result<PathBuf, OpenError> {
    let command = match browser {
        Some(browser) => named(browser, "")?,
        None => launchers("").next().ok_or(OpenError::NoLauncher)?,
    };
    Ok(command.get_program().into())
}

/// The commands that open an address in the user's default browser, as far as they are installed.
fn launchers(address: &str) -> impl Iterator<Item = Command> {
    let default =
        preferred(env::var_os("BROWSER")).and_then(|browser| named(&browser, address).ok());
    let candidates = default.into_iter().chain(open::commands(address));
    candidates.filter_map(|candidate| {
        let mut command = Command::new(find(candidate.get_program())?);
        command.args(candidate.get_args());
        Some(command)
    })
}

/// The first entry of `$BROWSER` when it is a program's name and nothing else: the variable's `%s` form is a piece of a
/// shell's line.
fn preferred(variable: Option<OsString>) -> Option<String> {
    let value = variable?.into_string().ok()?;
    let first = if cfg!(windows) {
        &value
    } else {
        value.split(':').next()?
    };
    let is_name = !first.is_empty() && !first.contains(['%', '$', '`', ';', '|', '&']);
    is_name.then(|| first.to_owned())
}

/// A named browser: a program whose whole name this is, else a program and its arguments separated by spaces.
fn named(browser: &str, address: &str) -> Result<Command, OpenError> {
    let whole = find(OsStr::new(browser)).map(|program| (program, Vec::new()));
    let split = || {
        let mut words = browser.split_whitespace();
        let program = find(OsStr::new(words.next()?))?;
        Some((program, words.collect()))
    };
    let Some((program, arguments)) = whole.or_else(split) else {
        return Err(OpenError::NotFound(crate::foreign::brief(browser)));
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(address);
    Ok(command)
}

/// The program of that name: a path as it is, a plain name from the absolute entries of `PATH` alone, so that nothing
/// in the directory that the command happens to be called in is ever run.
pub fn find(program: &OsStr) -> Option<PathBuf> {
    let path = Path::new(program);
    if path.components().count() > 1 || path.is_absolute() {
        return path.is_file().then(|| path.to_owned());
    }
    let suffixes: &[&str] = if cfg!(windows) { &["", ".exe"] } else { &[""] };
    let directories = env::var_os("PATH")?;
    let places = env::split_paths(&directories).filter(|directory| directory.is_absolute());
    let mut files = places.flat_map(|directory| {
        suffixes.iter().map(move |suffix| {
            let mut name = program.to_owned();
            name.push(suffix);
            directory.join(name)
        })
    });
    files.find(|file| file.is_file())
}

/// Starts a launcher and watches it for a moment.
fn start(mut command: Command) -> Result<(), OpenError> {
    let program = command.get_program().to_string_lossy().into_owned();
    for name in super::SECRETS {
        command.env_remove(name);
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    leave_our_group(&mut command);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Err(OpenError::Start { program, error }),
    };
    let end = Instant::now() + WATCHED;
    while Instant::now() < end {
        match child.try_wait() {
            Ok(Some(status)) if status.success() || !trusts_exit_code() => return Ok(()),
            Ok(Some(status)) => return Err(OpenError::Failed { program, status }),
            Ok(None) => thread::sleep(Duration::from_millis(5)),
            Err(error) => return Err(OpenError::Start { program, error }),
        }
    }
    reap(child);
    Ok(())
}

/// Windows' explorer says 1 when all is well.
fn trusts_exit_code() -> bool {
    !cfg!(windows)
}

/// Ctrl-C at the terminal is meant for us, not for the user's browser.
fn leave_our_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// Waits for the launcher in the background, so that it does not stay as a zombie for as long as the login takes.
fn reap(mut child: Child) {
    thread::spawn(move || child.wait());
}

/// Linux inside Windows opens the browser outside.
fn is_windows_subsystem(has: &impl Fn(&str) -> bool) -> bool {
    has("WSL_DISTRO_NAME") || has("WSL_INTEROP")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn blocked(variables: &[(&str, &str)]) -> Option<Blocked> {
        why_not_here(|name| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value.into())
        })
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_browser_is_opened_only_where_it_would_be_seen() {
        let ssh = ("SSH_CONNECTION", "10.0.0.9 50000 10.0.0.7 22");
        assert_eq!(blocked(&[("DISPLAY", ":0")]), None);
        assert_eq!(blocked(&[("WAYLAND_DISPLAY", "wayland-0")]), None);
        assert_eq!(blocked(&[("BROWSER", "code-browser"), ssh]), None);
        assert_eq!(blocked(&[("DISPLAY", ":10"), ssh]), None);
        assert_eq!(blocked(&[]), Some(Blocked::NoDisplay));
        assert_eq!(
            blocked(&[ssh]),
            Some(Blocked::Ssh {
                server: "10.0.0.7".into()
            })
        );
        let hostile = ("SSH_CONNECTION", "a b ;rm 22");
        assert_eq!(
            blocked(&[hostile]),
            Some(Blocked::Ssh {
                server: String::new()
            })
        );
    }

    #[test]
    fn the_variable_browser_is_a_name_and_no_line() {
        let preferred = |text: &str| preferred(Some(text.into()));
        assert_eq!(preferred("firefox:chromium").as_deref(), Some("firefox"));
        for line in ["", "firefox %s", "firefox; id", "$(id)", "a|b", "`id`"] {
            assert_eq!(preferred(line), None, "{line}");
        }
    }

    /// A browser that writes its arguments and its environment into a file.
    fn recorder(directory: &Path, end: &str) -> PathBuf {
        let program = directory.join("my browser");
        let script = format!(
            "#!/bin/sh\nfor a; do echo \"$a\"; done >\"$0.args\"\nenv >\"$0.env\"\n{end}\n"
        );
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        program
    }

    #[test]
    fn the_address_is_the_only_argument_and_one_of_its_own() {
        let directory = tempfile::tempdir().unwrap();
        let program = recorder(directory.path(), "exit 0");
        let address = WebAddress::parse("https://idp.example/a?b=$(id)&c=;d|e*").unwrap();
        open(program.to_str(), &address).unwrap();
        let arguments = fs::read_to_string(directory.path().join("my browser.args")).unwrap();
        assert_eq!(arguments, format!("{address}\n"));
    }

    #[test]
    fn a_browser_that_is_missing_or_fails_is_said_to() {
        let directory = tempfile::tempdir().unwrap();
        let address = WebAddress::parse("https://idp.example/").unwrap();
        let program = recorder(directory.path(), "exit 3");
        assert!(matches!(
            open(program.to_str(), &address),
            Err(OpenError::Failed { .. })
        ));
        assert!(matches!(
            open(Some("no-such-browser-here"), &address),
            Err(OpenError::NotFound(_))
        ));
    }

    #[test]
    fn nothing_of_the_current_directory_is_run() {
        assert_eq!(find(OsStr::new("Cargo.toml")), None);
        assert!(find(OsStr::new("sh")).is_some_and(|path| path.is_absolute()));
    }
}
