use super::args::TokenArgs;
use super::error::CommandError;
use super::handed_out;
use crate::terminal::Terminal;
use clap::Args;
use std::process::ExitCode;

/// Print the kept token and nothing else
#[derive(Debug, Args)]
pub(super) struct Token {
    #[command(flatten)]
    token: TokenArgs,
}

impl Token {
    pub(super) fn run(self, terminal: &Terminal) -> Result<ExitCode, CommandError> {
        let kept = self.token.token(terminal)?;
        handed_out::warn_of_a_screen(terminal);
        terminal
            .hand_out_token(&kept.token)
            .map_err(CommandError::Output)?;
        Ok(ExitCode::SUCCESS)
    }
}
