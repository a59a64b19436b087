use super::args::TokenArgs;
use super::error::CommandError;
use super::handed_out;
use crate::config::{ConfigError, shell};
use crate::terminal::Terminal;
use clap::Args;
use std::env::var_os;
use std::process::ExitCode;

/// Print the kept token as export lines: eval "$(anyp-saml env)"
#[derive(Debug, Args)]
pub(super) struct Env {
    #[command(flatten)]
    token: TokenArgs,
    /// bash, zsh, fish or powershell; by default your own
    #[arg(value_name = "SHELL", default_value = "auto")]
    shell: String,
}

impl Env {
    pub(super) fn run(self, terminal: &Terminal) -> Result<ExitCode, CommandError> {
        let shell =
            shell(&self.shell, |name| var_os(name)).map_err(|problem| ConfigError::Value {
                name: "SHELL".into(),
                problem,
            })?;
        let kept = self.token.token(terminal)?;
        handed_out::print_exports(&kept, shell, terminal)?;
        Ok(ExitCode::SUCCESS)
    }
}
