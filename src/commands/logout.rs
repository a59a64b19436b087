use super::args::{ConnectionArgs, ProfileArgs};
use super::error::CommandError;
use crate::platform::{Plane, Platform, PlatformError, Reason};
use crate::store::{About, Kept, Method, TokenStore};
use crate::terminal::Terminal;
use crate::time;
use clap::Args;
use std::process::ExitCode;

/// Forget the kept token, and ask the platform to end it
///
/// The token is forgotten first, whatever the platform then says. A user's session is ended by the platform's logout
/// call, the token of a connected app by its revocation.
#[derive(Debug, Args)]
pub(super) struct Logout {
    #[command(flatten)]
    profile: ProfileArgs,
    /// Also forget the browser profile of the chromium capture, with its sessions at the identity provider
    #[arg(long)]
    browser: bool,
    /// Also forget the identity provider's key that logins have learned: the next login shows the one it finds as new
    ///
    /// Say so only where that key was learned by mistake, or your identity provider's administrator tells you of another
    /// one: whoever can post to you then has one chance more to be taken for your identity provider.
    #[arg(long)]
    identity_provider: bool,
    /// Also forget the client secret that the keychain keeps for the connected app
    #[arg(long)]
    secret: bool,
    #[command(flatten)]
    connection: ConnectionArgs,
}

impl Logout {
    pub(super) fn run(self, terminal: &Terminal) -> Result<ExitCode, CommandError> {
        let (store, key) = self.profile.kept_under()?;
        // What cannot be read as a token can be forgotten all the same.
        let kept = store.load(&key).ok().flatten();
        if store.remove(&key)? {
            terminal.done("The kept token is forgotten.");
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
        if self.identity_provider {
            if store.known().forget(&key)? {
                terminal.done("The identity provider's key is forgotten. The next login shows the one it finds as new.");
            } else {
                terminal.say("No key of an identity provider was learned.");
            }
        }
        if self.secret {
            self.forget_secret(&store, kept.as_ref(), terminal)?;
        }
        if let Some(kept) = kept.filter(|kept| !kept.about.has_ended(time::now())) {
            self.end(&kept, terminal)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Forgets the client secret of the app whose token was kept, else of the one that the profile names.
    fn forget_secret(
        &self,
        store: &TokenStore,
        kept: Option<&Kept>,
        terminal: &Terminal,
    ) -> Result<(), CommandError> {
        let about = kept.map(|kept| &kept.about);
        let about = about.filter(|about| about.method == Method::ConnectedApp);
        let (plane, client_id) = match about {
            Some(About {
                plane,
                subject: Some(id),
                ..
            }) => (plane.clone(), id.clone()),
            _ => self.profile.connected_app()?,
        };
        if store.remove_client_secret(&plane, &client_id)? {
            terminal.done("The client secret is forgotten.");
        } else {
            terminal.say("No client secret was kept.");
        }
        Ok(())
    }

    /// Asks the platform to end a token, and whether it has.
    fn end(&self, kept: &Kept, terminal: &Terminal) -> Result<(), CommandError> {
        let connection = self.connection.resolve(&self.profile)?;
        let platform = Platform::new(connection.client()?, Plane::at(&kept.about.plane));
        let asked = match kept.about.method {
            Method::Saml | Method::Password => platform.log_out(&kept.token),
            Method::ConnectedApp => platform.revoke(&kept.token),
        };
        match asked {
            Ok(()) => {}
            Err(PlatformError::Refused(refusal)) if refusal.reason == Reason::Unauthorized => {
                terminal.say("It had ended at the platform already.");
                return Ok(());
            }
            Err(error) => return Err(CommandError::NotEnded(error)),
        }
        match platform.takes(&kept.token) {
            Some(false) => terminal.done("The platform has ended it."),
            Some(true) => terminal.warn(
                "the platform was asked to end it, but takes it still: it ends by itself with the session timeout.",
            ),
            None => terminal.say("The platform was asked to end it."),
        }
        Ok(())
    }
}
