//! What a login goes by.

use super::reader::Reader;
use super::{
    ConfigError, ConnectedAppConfig, Connection, Layers, Machine, PasswordConfig, SamlConfig,
    Setting,
};
use crate::export::Shell;
use crate::platform::Plane;
use crate::store::Place;
use std::path::PathBuf;
use std::time::Duration;

/// How long the sign-in may take: enough to find a phone for the second factor.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// Everything that `login` goes by.
#[derive(Clone, Debug)]
pub struct LoginConfig {
    /// The name that the token is kept under.
    pub profile: String,
    /// How the user signs in.
    pub method: MethodConfig,
    /// How long the user may take for it.
    pub timeout: Duration,
    /// How the platform is reached.
    pub connection: Connection,
    /// Where the token is kept.
    pub store: Place,
    /// Where the token goes besides the store.
    pub hand_out: HandOut,
    /// Whether a kept token that holds is good enough.
    pub if_needed: bool,
}

/// How the user signs in, with what that way alone goes by.
#[derive(Clone, Debug)]
pub enum MethodConfig {
    /// In a browser, through the organization's identity provider.
    Saml(Box<SamlConfig>),
    /// With user name and password.
    Password(PasswordConfig),
    /// As a connected app.
    ConnectedApp(ConnectedAppConfig),
}

/// Where a token goes besides the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HandOut {
    /// A file that holds the token alone.
    pub token_file: Option<PathBuf>,
    /// Export lines on standard output.
    pub env: Option<Shell>,
}

/// Reads the layers as a login's configuration on this machine.
///
/// # Errors
/// [`ConfigError`] for what is missing or does not fit.
pub fn resolve(
    profile: String,
    layers: &Layers,
    machine: &Machine,
) -> Result<LoginConfig, ConfigError> {
    let read = Reader(layers);
    Ok(LoginConfig {
        profile,
        method: MethodConfig::resolve(&read, machine)?,
        timeout: read.wait(Setting::Timeout)?.unwrap_or(DEFAULT_TIMEOUT),
        connection: Connection::resolve(layers)?,
        store: place(&read)?,
        hand_out: HandOut {
            token_file: read.value(Setting::TokenFile).map(PathBuf::from),
            env: read.parsed(Setting::Env, |name| super::shell(name, machine.variable))?,
        },
        if_needed: read.switch(Setting::IfNeeded)?,
    })
}

/// Where the token is kept.
pub(super) fn place(read: &Reader) -> Result<Place, ConfigError> {
    match read.value(Setting::Store) {
        None | Some("file") => Ok(Place::File),
        Some("keychain") => Ok(Place::Keychain),
        Some(_) => Err(read.wrong(Setting::Store, "it should be file or keychain")),
    }
}

impl LoginConfig {
    /// The control plane that the user signs in at.
    pub fn plane(&self) -> &Plane {
        match &self.method {
            MethodConfig::Saml(saml) => saml.platform.plane(),
            MethodConfig::Password(password) => &password.plane,
            MethodConfig::ConnectedApp(app) => &app.plane,
        }
    }
}

impl MethodConfig {
    fn resolve(read: &Reader, machine: &Machine) -> Result<Self, ConfigError> {
        match read.value(Setting::Method) {
            None | Some("saml") => Ok(Self::Saml(SamlConfig::resolve(read, machine)?.into())),
            Some("password") => PasswordConfig::resolve(read).map(Self::Password),
            Some("connected-app") => {
                ConnectedAppConfig::resolve(read, machine).map(Self::ConnectedApp)
            }
            Some(_) => Err(read.wrong(
                Setting::Method,
                "it should be saml, password or connected-app",
            )),
        }
    }
}

#[cfg(test)]
mod tests;
