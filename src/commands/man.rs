use super::CommandLine;
use super::error::CommandError;
use crate::config::ConfigError;
use crate::foreign::brief;
use crate::terminal::Terminal;
use clap::{Args, CommandFactory};
use clap_mangen::Man as Page;
use std::process::ExitCode;

/// Print a manual page: anyp-saml man | man -l -
#[derive(Debug, Args)]
pub(super) struct Man {
    /// The command that it is about; without one, the whole program
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

impl Man {
    pub(super) fn run(self, terminal: &Terminal) -> Result<ExitCode, CommandError> {
        // Built, the commands know their full names and the arguments that all have in common.
        let mut program = CommandLine::command();
        program.build();
        let subject = match &self.command {
            None => program,
            Some(name) => {
                let found = program.find_subcommand(name).cloned();
                let subject = found.ok_or_else(|| ConfigError::Value {
                    name: "COMMAND".into(),
                    problem: format!("there is no command {}", brief(name)),
                })?;
                let full_name = format!("{}-{name}", program.get_name());
                subject.display_name(full_name)
            }
        };
        let mut page = Vec::new();
        Page::new(subject)
            .render(&mut page)
            .map_err(CommandError::Output)?;
        terminal
            .hand_out(&String::from_utf8_lossy(&page))
            .map_err(CommandError::Output)?;
        Ok(ExitCode::SUCCESS)
    }
}
