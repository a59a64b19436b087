use super::args::{ConnectionArgs, ProfileArgs};
use super::error::CommandError;
use super::handed_out::named;
use crate::config::Connection;
use crate::foreign::brief;
use crate::platform::{Account, Plane, Platform, PlatformError, Reason};
use crate::store::Kept;
use crate::terminal::Terminal;
use crate::time::{self, SignedDuration};
use clap::Args;
use std::fmt::Write as _;
use std::process::ExitCode;

/// Ask the platform whose token this is
#[derive(Debug, Args)]
pub(super) struct Whoami {
    #[command(flatten)]
    profile: ProfileArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

impl Whoami {
    pub(super) fn run(self, terminal: &Terminal) -> Result<ExitCode, CommandError> {
        let (store, key, kept) = self.profile.token_that_holds(SignedDuration::ZERO)?;
        let connection = self.connection.resolve(&self.profile)?;
        let asked = ask(&kept, &connection);
        if let Err(CommandError::TokenUnknown) = asked
            && store.mark_ended(&key, &kept.token, time::now())?
        {
            terminal.say("The kept token is marked as ended.");
        }
        let table = asked?;
        terminal.hand_out(&table).map_err(CommandError::Output)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Asks the platform whose the token is.
pub(super) fn ask(kept: &Kept, connection: &Connection) -> Result<String, CommandError> {
    let plane = Plane::at(&kept.plane);
    let platform = Platform::new(connection.client()?, plane.clone());
    match platform.account(&kept.token) {
        Ok(account) => Ok(table(&account, &plane)),
        Err(PlatformError::Refused(refusal)) if refusal.reason == Reason::Unauthorized => {
            Err(CommandError::TokenUnknown)
        }
        Err(error) => Err(error.into()),
    }
}

/// The account, a line each.
fn table(account: &Account, plane: &Plane) -> String {
    let mut table = String::new();
    let mut row = |label: &str, value: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(table, "{label:<15} {value}");
    };
    row("user", &brief(&account.username));
    if let Some(name) = &account.full_name {
        row("name", &brief(name));
    }
    if let Some(email) = &account.email {
        row("email", &brief(email));
    }
    row(
        "organization",
        &named(
            account.organization.name.as_deref(),
            &account.organization.id,
        ),
    );
    for group in account
        .business_groups
        .iter()
        .filter(|group| group.id != account.organization.id)
    {
        row("business group", &named(group.name.as_deref(), &group.id));
    }
    row("plane", &plane.described());
    table
}
