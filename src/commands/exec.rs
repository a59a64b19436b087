use super::args::TokenArgs;
use super::error::CommandError;
use super::handed_out;
use crate::foreign::brief;
use crate::terminal::Terminal;
use clap::Args;
use std::env::var_os;
use std::ffi::OsString;
use std::io;
use std::process::{Command, ExitCode};

/// Run a command with the kept token in its environment
///
/// Sets ANYPOINT_BEARER, ANYPOINT_ACCESS_TOKEN, ANYPOINT_HOST and ANYPOINT_CPLANE, and removes the variables that
/// contradict a token. The command's exit code is this one's; 127 says that there is no such command, 126 that it cannot
/// be run.
#[derive(Debug, Args)]
pub(super) struct Exec {
    #[command(flatten)]
    token: TokenArgs,
    /// The command and its arguments
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "COMMAND"
    )]
    command: Vec<OsString>,
}

/// Variables that name another way to sign in: with one of them set, anypoint-cli refuses to run with a token.
pub(super) const CONTRADICTING: [&str; 4] = [
    "ANYPOINT_USERNAME",
    "ANYPOINT_PASSWORD",
    "ANYPOINT_CLIENT_ID",
    "ANYPOINT_CLIENT_SECRET",
];

/// The variable that tells what runs inside of `exec`, with the profile whose token it has.
const NESTED: &str = "ANYP_SAML_EXEC";

impl Exec {
    pub(super) fn run(self, terminal: &Terminal) -> Result<ExitCode, CommandError> {
        let kept = self.token.token(terminal)?;
        let Some((program, arguments)) = self.command.split_first() else {
            return Err(CommandError::Other("no command was given".into()));
        };
        if let Some(outer) = var_os(NESTED) {
            let outer = brief(&outer.to_string_lossy());
            terminal.warn(&format!(
                "this runs inside another anyp-saml exec (profile {outer}), whose token is replaced."
            ));
        }
        let mut command = Command::new(program);
        command.args(arguments);
        for name in CONTRADICTING {
            if var_os(name).is_some() {
                terminal.say(&format!("{name} is left out: it contradicts the token."));
                command.env_remove(name);
            }
        }
        command.envs(handed_out::variables(&kept));
        command.env(NESTED, self.token.profile()?);
        run(command).map_err(|error| CommandError::Start {
            program: program.to_string_lossy().into_owned(),
            error,
        })
    }
}

/// Becomes the command.
#[cfg(unix)]
fn run(mut command: Command) -> io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    // Comes back only when it fails.
    Err(command.exec())
}

/// Runs the command and ends as it does.
#[cfg(not(unix))]
fn run(mut command: Command) -> io::Result<ExitCode> {
    let code = command.status()?.code().unwrap_or(1);
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}
