use super::args::TokenArgs;
use super::error::CommandError;
use super::handed_out;
use crate::config::{ConfigError, shell};
use crate::export::{self, Format};
use crate::terminal::Terminal;
use clap::Args;
use std::env::var_os;
use std::fs::File;
use std::io::{self, Write};
use std::process::ExitCode;

/// Print the kept token for a shell or a program: eval "$(anyp-saml env)"
///
/// bash, zsh, fish, powershell and cmd get lines to evaluate. json is one object, which nushell takes by: anyp-saml env
/// json | from json | load-env. dotenv is a file of NAME=VALUE lines, maven a settings.xml, curl a file for curl --config.
/// github masks the token in the log of a GitHub Actions workflow and sets the variables for the steps that follow.
#[derive(Debug, Args)]
pub(super) struct Env {
    #[command(flatten)]
    token: TokenArgs,
    /// bash, zsh, fish, powershell, cmd, nushell, json, dotenv, maven, github or curl; by default your shell
    #[arg(value_name = "FORMAT", default_value = "auto")]
    format: String,
    /// Print the lines that remove the variables again
    #[arg(long)]
    unset: bool,
}

impl Env {
    pub(super) fn run(self, terminal: &Terminal) -> Result<ExitCode, CommandError> {
        let format = self.format()?;
        if self.unset {
            let Format::Shell(shell) = format else {
                return Err(wrong("there is nothing to remove in this format").into());
            };
            let lines = export::unset(shell, &handed_out::VARIABLES)
                .map_err(|error| CommandError::Other(error.to_string()))?;
            terminal.hand_out(&lines).map_err(CommandError::Output)?;
            return Ok(ExitCode::SUCCESS);
        }
        let kept = self.token.token(terminal)?;
        let written = handed_out::written(&kept, format)?;
        if let Some(lines) = &written.github_env {
            // Masked first: whatever comes of the rest, the log does not show the token any more.
            handed_out::print(&written, terminal)?;
            append_to_github_env(lines.expose())?;
            return Ok(ExitCode::SUCCESS);
        }
        handed_out::print(&written, terminal)?;
        Ok(ExitCode::SUCCESS)
    }

    fn format(&self) -> Result<Format, ConfigError> {
        if let Some(format) = Format::from_name(&self.format) {
            return Ok(format);
        }
        if self.format != "auto" {
            return Err(wrong(
                "it should be bash, zsh, fish, powershell, cmd, nushell, json, dotenv, maven, github or curl",
            ));
        }
        shell("auto", |name| var_os(name))
            .map(Format::Shell)
            .map_err(|problem| wrong(&problem))
    }
}

fn wrong(problem: &str) -> ConfigError {
    ConfigError::Value {
        name: "FORMAT".into(),
        problem: problem.into(),
    }
}

/// Adds lines to the file that the runner has made for this step.
fn append_to_github_env(lines: &str) -> Result<(), CommandError> {
    let path = var_os("GITHUB_ENV").filter(|path| !path.is_empty());
    let path =
        path.ok_or_else(|| wrong("github is for a step of GitHub Actions: GITHUB_ENV is not set"))?;
    let append = || -> io::Result<()> {
        let mut file = File::options().append(true).open(&path)?;
        file.write_all(lines.as_bytes())
    };
    append().map_err(|error| {
        CommandError::Other(format!(
            "the file of GITHUB_ENV could not be written: {error}"
        ))
    })
}
