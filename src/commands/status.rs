use super::args::open_store;
use super::error::CommandError;
use super::handed_out;
use crate::foreign::brief;
use crate::platform::Plane;
use crate::store::{About, Key, Method, Place, StoreError};
use crate::terminal::Terminal;
use crate::time::{self, Timestamp};
use clap::Args;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::process::ExitCode;

/// Show which tokens are kept, for whom and until when, asking nobody
#[derive(Debug, Args)]
pub(super) struct Status {
    /// Print JSON: a list with an object for each profile, times in UTC
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) fn run(self, terminal: &Terminal) -> Result<ExitCode, CommandError> {
        let tokens = open_store()?.list()?;
        let now = time::now();
        let text = if self.json {
            let list: Value = tokens
                .iter()
                .map(|(key, found)| object(key, found, now))
                .collect();
            format!("{list:#}\n")
        } else if tokens.is_empty() {
            terminal.say("No token is kept. anyp-saml login gets one.");
            return Ok(ExitCode::SUCCESS);
        } else {
            table(&tokens, now)
        };
        terminal.hand_out(&text).map_err(CommandError::Output)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What is kept under a key, if it can be read. One file that cannot does not hide the others.
type Found = Result<About, StoreError>;

fn table(tokens: &[(Key, Found)], now: Timestamp) -> String {
    let mut table = String::new();
    for (key, found) in tokens {
        let line = match found {
            Ok(about) => describe(about, now),
            Err(error) => error.to_string(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(table, "{}: {line}", key.profile());
    }
    table
}

fn describe(about: &About, now: Timestamp) -> String {
    let holder = handed_out::holder(about).unwrap_or_else(|| "user not known".into());
    let organization =
        handed_out::organization(about).map_or_else(String::new, |name| format!(" of {name}"));
    let plane = Plane::at(&about.plane).described();
    let method = about.method.name();
    let left = handed_out::left(about, now);
    let place = match about.place {
        Place::File => "",
        Place::Keychain => " (in the keychain)",
    };
    format!("{holder}{organization} at {plane}, by {method}, {left}{place}")
}

fn object(key: &Key, found: &Found, now: Timestamp) -> Value {
    let profile = key.profile();
    match found {
        Err(error) => json!({ "profile": profile, "error": error.to_string() }),
        // Texts of others without what would change a terminal, as everywhere.
        Ok(about) => json!({
            "profile": profile,
            "method": about.method.name(),
            "user": about.username.as_deref().map(brief),
            "client_id": about.subject.as_deref().filter(|_| about.method == Method::ConnectedApp).map(brief),
            "organization": about.organization_name.as_deref().map(brief),
            "organization_id": about.organization_id.as_deref().map(brief),
            "store": about.place.name(),
            "plane": Plane::at(&about.plane).to_string(),
            "signed_in_at": about.signed_in_at.to_string(),
            "ends_at": about.ends_at.map(|end| end.to_string()),
            "seconds_left": about.ends_at.map(|end| end.duration_since(now).as_secs().max(0)),
            "ended": about.ends_at.map(|end| end <= now),
        }),
    }
}
