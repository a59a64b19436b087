//! Arguments that commands share, as typed.

use super::error::CommandError;
use crate::address::WebAddress;
use crate::config::{
    ConfigError, ConfigFile, Connection, Inspection, Layer, Layers, LoginConfig, Machine,
    MethodConfig, Profile, Setting, config_file, parse_duration, resolve, state_directory,
};
use crate::foreign::brief;
use crate::store::{Kept, Key, TokenStore};
use crate::terminal::Terminal;
use crate::time::{self, SignedDuration};
use clap::Args;
use std::env::var_os;

/// Which profile a command is about.
#[derive(Clone, Debug, Args)]
pub(super) struct ProfileArgs {
    /// The profile in the configuration file, and the name that its token is kept under [variable: ANYP_SAML_PROFILE]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

impl ProfileArgs {
    /// The name that was given, by the flag or the variable.
    pub(super) fn name(&self) -> Option<String> {
        let variable = || var_os("ANYP_SAML_PROFILE").filter(|name| !name.is_empty());
        self.profile
            .clone()
            .or_else(|| variable().map(|name| name.to_string_lossy().into_owned()))
    }

    /// Who named the profile, where somebody did.
    pub(super) fn named_by(&self) -> Option<&'static str> {
        match (&self.profile, self.name()) {
            (Some(_), _) => Some("--profile"),
            (None, Some(_)) => Some("ANYP_SAML_PROFILE"),
            (None, None) => None,
        }
    }

    /// The flag as it was typed, with a space before it, to be shown in a command that follows on this one.
    pub(super) fn as_typed(&self) -> String {
        self.profile
            .as_ref()
            .map_or_else(String::new, |name| format!(" --profile {}", brief(name)))
    }

    fn read(&self) -> Result<(String, Profile), CommandError> {
        Ok(read_file()?.profile(self.name().as_deref())?)
    }

    /// The store, and the key that this profile's token is kept under. A name that no profile has is a key as well:
    /// flags alone are enough for a login.
    pub(super) fn kept_under(&self) -> Result<(TokenStore, Key), CommandError> {
        let name = match self.name() {
            Some(name) => name,
            None => self.read()?.0,
        };
        Ok((open_store()?, Key::new(&name)?))
    }

    /// The token that is kept for this profile and holds for at least this long.
    ///
    /// # Errors
    /// [`CommandError::NoToken`] when there is none.
    pub(super) fn token_that_holds(
        &self,
        at_least: SignedDuration,
    ) -> Result<(TokenStore, Key, Kept), CommandError> {
        let (store, key) = self.kept_under()?;
        let now = time::now();
        match store.load(&key)? {
            None => Err(CommandError::NoToken {
                profile: key.profile().to_owned(),
                others: store
                    .list()?
                    .iter()
                    .map(|(key, _)| key.profile().to_owned())
                    .collect(),
            }),
            Some(kept) if kept.about.has_ended(now) => Err(CommandError::TokenEnded),
            Some(kept) if kept.about.has_ended(now + at_least) => Err(CommandError::TokenEndsSoon),
            Some(kept) => Ok((store, key, kept)),
        }
    }
}

impl ProfileArgs {
    /// The connected app that this profile signs in as: its plane and its id.
    ///
    /// # Errors
    /// [`CommandError`] when it signs in as none.
    pub(super) fn connected_app(&self) -> Result<(WebAddress, String), CommandError> {
        match LoginArgs::default().resolve(self)?.0.method {
            MethodConfig::ConnectedApp(app) => Ok((app.plane.address().clone(), app.client_id)),
            MethodConfig::Saml(_) | MethodConfig::Password(_) => Err(CommandError::Other(
                "this profile does not sign in as a connected app".into(),
            )),
        }
    }
}

/// Which token a command hands out.
#[derive(Clone, Debug, Args)]
pub(super) struct TokenArgs {
    #[command(flatten)]
    profile: ProfileArgs,
    /// Sign in first where no kept token holds, as the profile and the variables say; once for all who ask at once
    #[arg(long)]
    login: bool,
    /// How much longer the token must hold, such as 10m
    #[arg(long, value_name = "TIME", value_parser = parse_validity)]
    min_validity: Option<SignedDuration>,
}

impl TokenArgs {
    /// The name that the token is kept under.
    pub(super) fn profile(&self) -> Result<String, CommandError> {
        Ok(self.profile.kept_under()?.1.profile().to_owned())
    }

    /// The kept token, or a new one where that was asked for.
    pub(super) fn token(&self, terminal: &Terminal) -> Result<Kept, CommandError> {
        let at_least = self.min_validity.unwrap_or_default();
        let kept = if self.login {
            super::login::log_in_if_needed(&self.profile, self.min_validity, terminal)?
        } else {
            self.profile.token_that_holds(at_least)?.2
        };
        if kept.about.ends_at.is_none() && self.min_validity.is_some() {
            terminal.warn("when this token ends is not known, so nobody can tell whether it holds for that long.");
        }
        Ok(kept)
    }
}

/// A time as `--min-validity` takes it.
fn parse_validity(text: &str) -> Result<SignedDuration, &'static str> {
    parse_duration(text)
        .filter(|time| !time.is_negative() && *time <= SignedDuration::from_hours(24))
        .ok_or("it should be a time like 90s or 10m, of at most 24h")
}

/// What `login` goes by. Each flag is also a profile key (`acs_url`) and a variable (`ANYP_SAML_ACS_URL`); flags
/// outweigh variables, which outweigh the profile.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct LoginArgs {
    /// How to sign in: saml (in the browser, with SSO and its second factor), password (for accounts without one) or
    /// connected-app (for machines) [default: saml]
    #[arg(
        long,
        value_name = "saml|password|connected-app",
        help_heading = "How to sign in"
    )]
    method: Option<String>,
    /// The user who signs in with a password; without it, it is asked for
    #[arg(long, value_name = "NAME", help_heading = "How to sign in")]
    username: Option<String>,
    /// The connected app's id
    #[arg(long, value_name = "ID", help_heading = "How to sign in")]
    client_id: Option<String>,
    /// Read the password or the client secret from standard input; without it, it is asked for, unseen
    #[arg(
        long,
        visible_alias = "password-stdin",
        help_heading = "How to sign in"
    )]
    secret_stdin: bool,

    /// Keep the client secret in the keychain once the platform has taken it: later logins find it there
    #[arg(long, help_heading = "How to sign in")]
    keep_secret: bool,

    /// The control plane, where no ACS URL tells it: us, eu, gov or an address [default: us]
    #[arg(long, value_name = "PLANE", help_heading = "Where to sign in")]
    plane: Option<String>,
    /// The platform's ACS URL (Access Management > Identity Providers): gives plane, organization and provider
    #[arg(long, value_name = "URL", help_heading = "Where to sign in")]
    acs_url: Option<String>,
    /// The identity provider's IdP-initiated link to Anypoint Platform, which the browser opens
    #[arg(long, value_name = "URL", help_heading = "Where to sign in")]
    idp_url: Option<String>,

    #[command(flatten)]
    trust: TrustArgs,
    /// Whether the identity provider must echo our RelayState: auto, require or off [default: auto]
    #[arg(
        long,
        value_name = "auto|require|off",
        help_heading = "Whom to believe"
    )]
    relay_state: Option<String>,

    /// How the response is caught: loopback (your browser posts it here), chromium (a browser of this program's own,
    /// nothing to register) or paste [default: loopback with --listen, else chromium where there is one]
    #[arg(
        long,
        value_name = "loopback|chromium|paste",
        help_heading = "How the response gets here"
    )]
    capture: Option<String>,
    /// The loopback ACS, exactly as registered at the identity provider [default: http://127.0.0.1:35417/saml/acs]
    #[arg(long, value_name = "URL", help_heading = "How the response gets here")]
    listen: Option<String>,
    /// A response that you have already: base64, URL-encoded, a form body, XML or a HAR export; - is standard input
    #[arg(
        long,
        value_name = "FILE|-",
        help_heading = "How the response gets here"
    )]
    response: Option<String>,
    /// The browser to start, in place of the default one or the installed Chromium
    #[arg(
        long,
        value_name = "COMMAND",
        help_heading = "How the response gets here"
    )]
    browser: Option<String>,
    /// Only show the address to open
    #[arg(long, help_heading = "How the response gets here")]
    no_browser: bool,
    /// With chromium: sign in without a window while the identity provider's session lasts, with one when it asks
    #[arg(long, help_heading = "How the response gets here")]
    headless_first: bool,
    /// With chromium: a browser profile for this login alone, in place of the kept one
    #[arg(long, help_heading = "How the response gets here")]
    fresh_browser: bool,
    /// How long to wait for the response [default: 5m]
    #[arg(long, value_name = "TIME", help_heading = "How the response gets here")]
    timeout: Option<String>,

    /// Where the token is kept: file (mode 0600) or keychain (the system's) [default: file]
    #[arg(
        long,
        value_name = "file|keychain",
        help_heading = "Where the token goes"
    )]
    store: Option<String>,
    /// Also write the token, alone, to this file (mode 0600)
    #[arg(long, value_name = "PATH", help_heading = "Where the token goes")]
    token_file: Option<String>,
    /// Print export lines for eval: bash, zsh, fish or powershell; without a name, for your shell
    #[arg(long, value_name = "SHELL", num_args = 0..=1, default_missing_value = "auto", help_heading = "Where the token goes")]
    env: Option<String>,
    /// Do nothing while the kept token still holds
    #[arg(long, help_heading = "Where the token goes")]
    if_needed: bool,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// Whom to believe.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Whom to believe")]
pub(super) struct TrustArgs {
    /// The identity provider's metadata: its entity ID and its keys
    #[arg(long, value_name = "FILE|URL")]
    idp_metadata: Option<String>,
    /// A certificate of the identity provider, PEM or DER, in place of metadata or besides it; repeatable
    #[arg(long, value_name = "FILE")]
    idp_certificate: Vec<String>,
    /// The identity provider's entity ID, where the metadata does not say it or lists several
    #[arg(long, value_name = "ENTITY-ID")]
    issuer: Option<String>,
    /// The audience that is configured at the platform (often ORG-DOMAIN.anypoint.mulesoft.com)
    #[arg(long, value_name = "AUDIENCE")]
    audience: Option<String>,
    /// The only user (NameID) who may be signed in
    #[arg(long, value_name = "NAME-ID")]
    expect_user: Option<String>,
    /// How far the identity provider's clock and this one may be apart [default: 3m]
    #[arg(long, value_name = "TIME")]
    clock_skew: Option<String>,
    /// Accept SHA-1 and RSA-1024 signatures, with a warning
    #[arg(long)]
    allow_legacy_algorithms: bool,
}

impl TrustArgs {
    fn add_to(&self, layer: &mut Layer) {
        layer
            .text(Setting::IdpMetadata, self.idp_metadata.clone())
            .texts(Setting::IdpCertificate, self.idp_certificate.clone())
            .text(Setting::Issuer, self.issuer.clone())
            .text(Setting::Audience, self.audience.clone())
            .text(Setting::ExpectUser, self.expect_user.clone())
            .text(Setting::ClockSkew, self.clock_skew.clone())
            .switch(Setting::AllowLegacyAlgorithms, self.allow_legacy_algorithms);
    }

    /// What a response is held against that nobody signs in with.
    pub(super) fn resolve_inspection(
        &self,
        profile: &ProfileArgs,
        connection: &ConnectionArgs,
    ) -> Result<Inspection, CommandError> {
        let mut flags = Layer::default();
        self.add_to(&mut flags);
        connection.add_to(&mut flags);
        let (_, table) = profile.read()?;
        Ok(Inspection::resolve(&layers(flags, &table)?)?)
    }
}

/// How the platform is reached.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "How the platform is reached")]
pub(super) struct ConnectionArgs {
    /// Certificate authorities for TLS in PEM, besides the system's
    #[arg(long, value_name = "FILE")]
    ca_bundle: Option<String>,
    /// How long to wait for each answer of the platform [default: 30s]
    #[arg(long, value_name = "TIME")]
    platform_timeout: Option<String>,
}

impl ConnectionArgs {
    /// The connection for a profile whose token is kept already.
    pub(super) fn resolve(&self, profile: &ProfileArgs) -> Result<Connection, CommandError> {
        let mut flags = Layer::default();
        self.add_to(&mut flags);
        let table = match profile.read() {
            // A token may be kept under a name that no profile has.
            Err(CommandError::Config(ConfigError::NoProfile { .. })) => Profile::default(),
            read => read?.1,
        };
        Ok(Connection::resolve(&layers(flags, &table)?)?)
    }

    fn add_to(&self, layer: &mut Layer) {
        layer
            .text(Setting::CaBundle, self.ca_bundle.clone())
            .text(Setting::PlatformTimeout, self.platform_timeout.clone());
    }
}

/// The configuration file.
fn read_file() -> Result<ConfigFile, CommandError> {
    let (path, must_exist) = config_file(|name| var_os(name))?;
    Ok(ConfigFile::read(&path, must_exist)?)
}

/// The flags, above the environment, above the profile.
fn layers(flags: Layer, profile: &Profile) -> Result<Layers, CommandError> {
    Ok(Layers::new(
        flags,
        Layer::from_environment(|name| var_os(name))?,
        Layer::from_profile(profile)?,
    )?)
}

/// Says where each setting came from, to whoever wants to know.
pub(super) fn tell_settings(layers: &Layers, terminal: &Terminal) {
    for (setting, value, origin) in layers.given() {
        terminal.detail(&format!("  {:<24} {value} ({origin})", setting.key()));
    }
}

/// The store of kept tokens.
pub(super) fn open_store() -> Result<TokenStore, CommandError> {
    Ok(TokenStore::open(&state_directory()?))
}

impl LoginArgs {
    /// The configuration of a login, and the values that were given with their origins.
    pub(super) fn resolve(
        &self,
        profile: &ProfileArgs,
    ) -> Result<(LoginConfig, Layers), CommandError> {
        let (name, table) = self.profile(profile, read_file()?)?;
        let layers = self.layers(&table)?;
        Ok((resolve(name, &layers, &Machine::this())?, layers))
    }

    /// The profile, out of the file. A name that the file does not know is only a name for the token when the flags say
    /// where to sign in, or that it is not through an identity provider, of which only a profile could know.
    pub(super) fn profile(
        &self,
        profile: &ProfileArgs,
        file: ConfigFile,
    ) -> Result<(String, Profile), CommandError> {
        let asked = profile.name();
        let are_enough =
            self.acs_url.is_some() || self.method.as_ref().is_some_and(|method| method != "saml");
        match (file.profile(asked.as_deref()), asked) {
            (Err(ConfigError::NoProfile { .. }), Some(name)) if are_enough => {
                Ok((name, Profile::default()))
            }
            (read, _) => Ok(read?),
        }
    }

    /// What the flags say, above the environment, above the profile.
    pub(super) fn layers(&self, profile: &Profile) -> Result<Layers, CommandError> {
        layers(self.layer(), profile)
    }

    /// What the flags say.
    pub(super) fn layer(&self) -> Layer {
        let mut layer = Layer::default();
        layer
            .text(Setting::Method, self.method.clone())
            .text(Setting::Username, self.username.clone())
            .text(Setting::ClientId, self.client_id.clone())
            .switch(Setting::SecretStdin, self.secret_stdin)
            .switch(Setting::KeepSecret, self.keep_secret)
            .text(Setting::Store, self.store.clone())
            .text(Setting::Plane, self.plane.clone())
            .text(Setting::AcsUrl, self.acs_url.clone())
            .text(Setting::IdpUrl, self.idp_url.clone())
            .text(Setting::RelayState, self.relay_state.clone())
            .text(Setting::Capture, self.capture.clone())
            .text(Setting::Listen, self.listen.clone())
            .text(Setting::Response, self.response.clone())
            .text(Setting::Browser, self.browser.clone())
            .switch(Setting::NoBrowser, self.no_browser)
            .switch(Setting::HeadlessFirst, self.headless_first)
            .switch(Setting::FreshBrowser, self.fresh_browser)
            .text(Setting::Timeout, self.timeout.clone())
            .text(Setting::TokenFile, self.token_file.clone())
            .text(Setting::Env, self.env.clone())
            .switch(Setting::IfNeeded, self.if_needed);
        self.trust.add_to(&mut layer);
        self.connection.add_to(&mut layer);
        layer
    }
}
