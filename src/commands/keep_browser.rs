use super::args::open_store;
use super::error::CommandError;
use crate::browser::chromium::keeper;
use crate::terminal::outlast_interruptions;
use std::process::ExitCode;

/// Ends a browser with its login. A login starts this, and tells it what to do over its standard input; where that is
/// not a login's, nothing is done.
pub(super) fn run() -> Result<ExitCode, CommandError> {
    // A signal that is meant for the login, or for everybody, is no reason to leave the browser alone.
    outlast_interruptions();
    keeper::keep(&open_store()?.browser_profiles())
        .map_err(|error| CommandError::Other(error.to_string()))?;
    Ok(ExitCode::SUCCESS)
}
