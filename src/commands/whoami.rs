use super::args::{ConnectionArgs, ProfileArgs};
use super::error::CommandError;
use super::handed_out::named;
use crate::config::Connection;
use crate::foreign::brief;
use crate::platform::{Account, App, Holder, Plane, Platform, PlatformError, Reason};
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
    let plane = Plane::at(&kept.about.plane);
    let platform = Platform::new(connection.client()?, plane.clone());
    match platform.holder(&kept.token) {
        Ok(Holder::User(account)) => Ok(table(&of_user(&account), &plane)),
        Ok(Holder::App(app)) => Ok(table(&of_app(&app), &plane)),
        Err(PlatformError::Refused(refusal)) if refusal.reason == Reason::Unauthorized => {
            Err(CommandError::TokenUnknown)
        }
        Err(error) => Err(error.into()),
    }
}

/// A label and what stands behind it.
type Row = (&'static str, String);

fn of_user(account: &Account) -> Vec<Row> {
    let organization = &account.organization;
    let mut rows = vec![("user", brief(&account.username))];
    rows.extend(account.full_name.iter().map(|name| ("name", brief(name))));
    rows.extend(account.email.iter().map(|email| ("email", brief(email))));
    rows.push((
        "organization",
        named(organization.name.as_deref(), &organization.id),
    ));
    let groups = account.business_groups.iter();
    rows.extend(
        groups
            .filter(|group| group.id != organization.id)
            .map(|group| ("business group", named(group.name.as_deref(), &group.id))),
    );
    rows
}

fn of_app(app: &App) -> Vec<Row> {
    let mut rows = vec![("connected app", named(app.name.as_deref(), &app.client_id))];
    rows.extend(
        app.organization_id
            .iter()
            .map(|id| ("organization", brief(id))),
    );
    rows
}

/// The rows, a line each, and the plane below them.
fn table(rows: &[Row], plane: &Plane) -> String {
    let mut table = String::new();
    for (label, value) in rows.iter().chain(&[("plane", plane.described())]) {
        // Writing to a String cannot fail.
        let _ = writeln!(table, "{label:<15} {value}");
    }
    table
}
