//! Which shell lines are written for.

use crate::export::Shell;
use std::ffi::OsString;

/// The shell that export lines are written for: the named one, or with `auto` the one that has started this program,
/// where the system tells, else the one of `$SHELL`.
///
/// # Errors
/// What is wrong with the name.
pub fn shell(name: &str, variable: impl Fn(&str) -> Option<OsString>) -> Result<Shell, String> {
    if name != "auto" {
        return Shell::from_name(name)
            .ok_or_else(|| "it should be bash, zsh, fish, powershell or cmd".into());
    }
    parent().map_or_else(|| of_the_login(variable), Ok)
}

fn of_the_login(variable: impl Fn(&str) -> Option<OsString>) -> Result<Shell, String> {
    if cfg!(windows) {
        return Ok(Shell::PowerShell);
    }
    let path = variable("SHELL").unwrap_or_default();
    Shell::from_name(&path.to_string_lossy()).ok_or_else(|| {
        "$SHELL names no shell that is known here; name bash, zsh, fish, powershell or cmd".into()
    })
}

/// The shell that has started this program: `$SHELL` is the one of the login, and names that one also in another.
#[cfg(target_os = "linux")]
fn parent() -> Option<Shell> {
    let parent = std::os::unix::process::parent_id();
    let name = std::fs::read_to_string(format!("/proc/{parent}/comm")).ok()?;
    Shell::from_name(name.trim_end())
}

/// Other systems tell only by interfaces that cost more than `$SHELL` is wrong.
#[cfg(not(target_os = "linux"))]
fn parent() -> Option<Shell> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn without_a_shell_above_the_one_of_the_login_is_taken() {
        let named = |path: &str| of_the_login(|name| (name == "SHELL").then(|| path.into()));
        assert_eq!(named("/usr/bin/fish"), Ok(Shell::Fish));
        assert!(named("/bin/tcsh").is_err());
        assert!(named("").is_err());
    }
}
