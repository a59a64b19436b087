use super::args::{LoginArgs, ProfileArgs, open_store, tell_settings};
use super::error::CommandError;
use super::handed_out;
use crate::config::{ConfigError, LoginConfig};
use crate::foreign::shown;
use crate::login::{self, SignedIn, log_in};
use crate::platform::Plane;
use crate::store::{Kept, Key, write_token_file};
use crate::terminal::Terminal;
use crate::time::{self, SignedDuration};
use clap::Args;
use std::process::ExitCode;

const PROFILE: &str = "\
A profile, in ~/.config/anyp-saml/config.toml (ANYP_SAML_CONFIG names another file):

  default_profile = \"work\"

  [profile.work]
  acs_url = \"https://anypoint.mulesoft.com/accounts/login/ORG/providers/ID/receive-id\"
  idp_url = \"https://idp.example/app/anypoint/sso\"
  idp_metadata = \"/home/me/idp-metadata.xml\"
  audience = \"ORG.anypoint.mulesoft.com\"";

/// Sign in with the browser and keep the token
///
/// Opens the identity provider's page, receives the SAML response on a loopback listener (or takes one that you paste),
/// checks it, exchanges it for a bearer token, and keeps the token for the commands token, env, exec and whoami. With
/// --method password or connected-app it asks the platform itself, without a browser.
///
/// Each flag is also a key of the profile (acs_url) and a variable (ANYP_SAML_ACS_URL). Flags outweigh variables, which
/// outweigh the profile.
#[derive(Debug, Args)]
#[command(after_long_help = PROFILE)]
pub(super) struct Login {
    #[command(flatten)]
    profile: ProfileArgs,
    #[command(flatten)]
    settings: LoginArgs,
}

impl Login {
    pub(super) fn run(self, terminal: &Terminal) -> Result<ExitCode, CommandError> {
        let (config, layers) = self.settings.resolve(&self.profile)?;
        tell_settings(&layers, terminal);
        let store = open_store()?.keeping_in(config.store);
        let key = Key::new(&config.profile)?;
        Ok(log_in(&config, &store, &key, terminal).tell(|result| {
            let done = result
                .map_err(CommandError::from)
                .and_then(|signed_in| self.finish(signed_in, &config, terminal));
            // Said here, since the page in the browser may take a moment yet.
            done.unwrap_or_else(|error| error.say(terminal))
        }))
    }

    /// Says who is signed in, and hands the token out as configured.
    fn finish(
        &self,
        signed_in: SignedIn,
        config: &LoginConfig,
        terminal: &Terminal,
    ) -> Result<ExitCode, CommandError> {
        if !signed_in.is_new {
            terminal.say("The kept token still holds.");
        }
        tell(&signed_in.kept, terminal);
        write_file(&signed_in.kept, config, terminal)?;
        match config.hand_out.env {
            Some(shell) => handed_out::print_exports(&signed_in.kept, shell, terminal)?,
            None => {
                let profile = self.profile.as_typed();
                terminal.say(&format!(
                "Next: anyp-saml exec{profile} -- COMMAND, or eval \"$(anyp-saml env{profile})\", or anyp-saml \
                 token{profile}."
            ));
            }
        }
        match signed_in.not_kept {
            None => Ok(ExitCode::SUCCESS),
            Some(error) => Err(error.into()),
        }
    }
}

/// The kept token of a profile where it holds for at least this long, and the one of a new login otherwise. What the
/// profile and the variables say about the login holds, but for what a login prints.
pub(super) fn log_in_if_needed(
    profile: &ProfileArgs,
    at_least: Option<SignedDuration>,
    terminal: &Terminal,
) -> Result<Kept, CommandError> {
    let at_least = at_least.unwrap_or(login::WORTH_HAVING);
    let config = match LoginArgs::default().resolve(profile) {
        // A login that was told everything by flags has left a token, but no profile.
        Err(
            error @ CommandError::Config(ConfigError::Missing(_) | ConfigError::NoProfile { .. }),
        ) => {
            return profile
                .token_that_holds(at_least)
                .map(|(_, _, kept)| kept)
                .map_err(|_| error);
        }
        resolved => resolved?.0,
    };
    let store = open_store()?.keeping_in(config.store);
    let key = Key::new(&config.profile)?;
    let ended = login::log_in_if_needed(&config, at_least, &store, &key, terminal);
    let signed_in = ended.tell(|result| result.map_err(CommandError::from))?;
    if signed_in.is_new {
        tell(&signed_in.kept, terminal);
        write_file(&signed_in.kept, &config, terminal)?;
    }
    if let Some(error) = &signed_in.not_kept {
        terminal.warn(&format!("the token could not be kept: {error}"));
    }
    Ok(signed_in.kept)
}

/// Writes the token file, where one is configured.
fn write_file(kept: &Kept, config: &LoginConfig, terminal: &Terminal) -> Result<(), CommandError> {
    if let Some(path) = &config.hand_out.token_file {
        write_token_file(path, &kept.token)?;
        terminal.field("token file", &shown(&path.to_string_lossy(), 300));
    }
    Ok(())
}

/// Says whose token it is, and about when it ends.
pub(super) fn tell(kept: &Kept, terminal: &Terminal) {
    match handed_out::holder(&kept.about) {
        Some(holder) => terminal.done(&format!("Signed in as {holder}.")),
        None => terminal.done("Signed in."),
    }
    if let Some(organization) = handed_out::organization(&kept.about) {
        terminal.field("organization", &organization);
    }
    terminal.field("plane", &Plane::at(&kept.about.plane).described());
    terminal.field("token ends", &handed_out::end(&kept.about, time::now()));
}
