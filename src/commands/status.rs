use super::args::open_store;
use super::error::CommandError;
use super::handed_out;
use crate::foreign::brief;
use crate::platform::Plane;
use crate::store::Kept;
use crate::terminal::Terminal;
use crate::time;
use clap::Args;
use std::fmt::Write as _;
use std::process::ExitCode;

/// Show which tokens are kept, for whom and until when, asking nobody
#[derive(Debug, Args)]
pub(super) struct Status {}

impl Status {
    pub(super) fn run(self, terminal: &Terminal) -> Result<ExitCode, CommandError> {
        let tokens = open_store()?.list()?;
        if tokens.is_empty() {
            terminal.say("No token is kept. anyp-saml login gets one.");
            return Ok(ExitCode::SUCCESS);
        }
        let mut table = String::new();
        for (key, kept) in tokens {
            let line = match &kept {
                Ok(kept) => describe(kept),
                // One file that cannot be read does not hide the others.
                Err(error) => error.to_string(),
            };
            // Writing to a String cannot fail.
            let _ = writeln!(table, "{}: {line}", key.profile());
        }
        terminal.hand_out(&table).map_err(CommandError::Output)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn describe(kept: &Kept) -> String {
    let user = kept
        .username
        .as_deref()
        .map_or_else(|| "user not known".into(), brief);
    let organization =
        handed_out::organization(kept).map_or_else(String::new, |name| format!(" of {name}"));
    let plane = Plane::at(&kept.plane).described();
    let end = handed_out::end(kept, time::now());
    format!("{user}{organization} at {plane}, token ends: {end}")
}
