use super::CommandLine;
use super::error::CommandError;
use crate::terminal::Terminal;
use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};
use std::process::ExitCode;

/// Print what a shell needs to complete the arguments of this program
///
/// bash: anyp-saml completions bash > ~/.local/share/bash-completion/completions/anyp-saml. fish: … completions fish >
/// ~/.config/fish/completions/anyp-saml.fish. zsh: … completions zsh > _anyp-saml in a directory of $fpath.
/// PowerShell: … completions powershell >> $PROFILE.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self, terminal: &Terminal) -> Result<ExitCode, CommandError> {
        let mut command = CommandLine::command();
        let name = command.get_name().to_owned();
        let mut script = Vec::new();
        generate(self.shell, &mut command, name, &mut script);
        // What is written for bash calls a program with a hyphen in its name by two names, and so offers no flag of any
        // command (clap issue 6421).
        let script = String::from_utf8_lossy(&script).replace("anyp__subcmd__saml", "anyp__saml");
        terminal.hand_out(&script).map_err(CommandError::Output)?;
        Ok(ExitCode::SUCCESS)
    }
}
