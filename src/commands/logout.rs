use super::args::ProfileArgs;
use super::error::CommandError;
use crate::terminal::Terminal;
use clap::Args;
use std::process::ExitCode;

/// Forget the kept token
///
/// The token itself goes on until the platform ends it: no call that ends a single token is documented.
#[derive(Debug, Args)]
pub(super) struct Logout {
    #[command(flatten)]
    profile: ProfileArgs,
    /// Also forget the browser profile of the chromium capture, with its sessions at the identity provider
    #[arg(long)]
    browser: bool,
}

impl Logout {
    pub(super) fn run(self, terminal: &Terminal) -> Result<ExitCode, CommandError> {
        let (store, key) = self.profile.kept_under()?;
        if store.remove(&key)? {
            terminal.done("The kept token is forgotten. The platform ends it by itself with the session timeout.");
        } else {
            terminal.say("No token was kept.");
        }
        if self.browser {
            if store.browser_profiles().forget(&key)? {
                terminal.done("The browser profile is forgotten. The identity provider will ask for everything again.");
            } else {
                terminal.say("No browser profile was kept.");
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
