use super::args::open_store;
use super::error::CommandError;
use super::handed_out;
use crate::foreign::brief;
use crate::platform::Plane;
use crate::store::{Kept, Key, Method, StoreError};
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
                .map(|(key, kept)| object(key, kept, now))
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
type Found = Result<Kept, StoreError>;

fn table(tokens: &[(Key, Found)], now: Timestamp) -> String {
    let mut table = String::new();
    for (key, kept) in tokens {
        let line = match kept {
            Ok(kept) => describe(kept, now),
            Err(error) => error.to_string(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(table, "{}: {line}", key.profile());
    }
    table
}

fn describe(kept: &Kept, now: Timestamp) -> String {
    let holder = handed_out::holder(kept).unwrap_or_else(|| "user not known".into());
    let organization =
        handed_out::organization(kept).map_or_else(String::new, |name| format!(" of {name}"));
    let plane = Plane::at(&kept.plane).described();
    let method = kept.method.name();
    let left = handed_out::left(kept, now);
    format!("{holder}{organization} at {plane}, by {method}, {left}")
}

fn object(key: &Key, kept: &Found, now: Timestamp) -> Value {
    let profile = key.profile();
    match kept {
        Err(error) => json!({ "profile": profile, "error": error.to_string() }),
        // Texts of others without what would change a terminal, as everywhere.
        Ok(kept) => json!({
            "profile": profile,
            "method": kept.method.name(),
            "user": kept.username.as_deref().map(brief),
            "client_id": kept.subject.as_deref().filter(|_| kept.method == Method::ConnectedApp).map(brief),
            "organization": kept.organization_name.as_deref().map(brief),
            "organization_id": kept.organization_id.as_deref().map(brief),
            "plane": Plane::at(&kept.plane).to_string(),
            "signed_in_at": kept.signed_in_at.to_string(),
            "ends_at": kept.ends_at.map(|end| end.to_string()),
            "seconds_left": kept.ends_at.map(|end| end.duration_since(now).as_secs().max(0)),
            "ended": kept.ends_at.map(|end| end <= now),
        }),
    }
}
