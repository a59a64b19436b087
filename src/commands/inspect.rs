mod json;
mod table;

use super::args::{ConnectionArgs, ProfileArgs, TrustArgs, open_store};
use super::error::{CommandError, RESPONSE_REFUSED};
use crate::config::{ConfigError, Inspection};
use crate::login::{Fetching, gather, read_copied};
use crate::saml::{Expected, PostedResponse, Report, Verdict, inspect};
use crate::terminal::Terminal;
use crate::time::{self, Timestamp};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Explain a SAML response: who, from where, until when, and every check with what it found
///
/// Nobody is signed in and nothing is sent. The response is held against the same rules as in a login, with the keys of
/// the profile or of the flags, or the one that earlier logins have learned; where there are none, with the certificate that came along in it, which shows whether it
/// is whole but not who made it. Its signature values and the response itself are never printed.
///
/// Exit code 4 says that the response is refused.
#[derive(Debug, Args)]
pub(super) struct Inspect {
    /// The response: base64, URL-encoded, a form body, XML, or a browser's HAR export; - is standard input
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
    /// Print the values of the attributes as well, not their names alone
    #[arg(long)]
    attribute_values: bool,
    /// The address that it was posted to [default: the profile's listen, else its acs_url]
    #[arg(long, value_name = "URL")]
    recipient: Option<String>,
    /// The time to hold it against, such as 2026-01-15T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = instant)]
    at: Option<Timestamp>,
    #[command(flatten)]
    profile: ProfileArgs,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

impl Inspect {
    pub(super) fn run(self, terminal: &Terminal) -> Result<ExitCode, CommandError> {
        let config = self
            .trust
            .resolve_inspection(&self.profile, &self.connection)?;
        let now = self.at.unwrap_or_else(time::now);
        let inspected = self.inspect(&config, now, terminal)?;
        let handed_out = if self.json {
            terminal.hand_out(&json::of(&inspected, self.attribute_values)?)
        } else {
            terminal.hand_out_tinted(&table::of(&inspected, self.attribute_values))
        };
        handed_out.map_err(CommandError::Output)?;
        Ok(match inspected.report.verdict {
            Verdict::Refused => ExitCode::from(RESPONSE_REFUSED),
            Verdict::Accepted | Verdict::Unverified => ExitCode::SUCCESS,
        })
    }

    fn inspect(
        &self,
        config: &Inspection,
        now: Timestamp,
        terminal: &Terminal,
    ) -> Result<Inspected, CommandError> {
        let client = config.connection.client()?;
        let known = open_store()?.known();
        let fetching = Fetching {
            client: &client,
            store: &known,
            terminal,
            keeps: false,
        };
        let mut believed = gather(&config.trust, config.issuer.as_deref(), fetching)?;
        let learned = match &config.acs_url {
            Some(platform) => known.load(&self.profile.kept_under()?.1, platform)?,
            None => None,
        };
        believed.remember(learned)?;
        let copied = read_copied(&self.file).map_err(|problem| {
            CommandError::Config(ConfigError::File {
                path: self.file.clone(),
                problem,
            })
        })?;
        let expected = Expected {
            issuer: believed.issuer,
            audience: config.audience.clone(),
            recipient: self.recipient.clone().or_else(|| config.recipient.clone()),
            user: config.expect_user.clone(),
            clock_skew: config.clock_skew,
        };
        let report = match PostedResponse::recognise(&copied) {
            Ok(posted) => inspect(&posted, &believed.trust, &expected, now),
            Err(error) => Report::undecodable(error),
        };
        let learned = believed.learned.as_ref();
        Ok(Inspected {
            report,
            now,
            learned: learned.map(|key| key.fingerprint().to_owned()),
        })
    }
}

/// A report, and what it goes by that it does not say itself.
struct Inspected {
    report: Report,
    /// The time that the response was held against.
    now: Timestamp,
    /// The SHA-256 of the key that earlier logins have learned, where no other one is given.
    learned: Option<String>,
}

impl Inspected {
    /// The learned key, where the response is signed with another one: a login asks about that.
    fn key_so_far(&self) -> Option<&str> {
        let key = self.report.key.as_ref().filter(|key| !key.known);
        key.and(self.learned.as_deref())
    }
}

fn instant(text: &str) -> Result<Timestamp, &'static str> {
    time::parse_date_time(text).ok_or("it should be a time like 2026-01-15T12:00:00Z")
}
