//! What a login without a browser goes by: with user name and password, or as a connected app.

use super::reader::Reader;
use super::{ConfigError, Machine, Setting};
use crate::platform::{Plane, PlatformAcs};
use crate::secret::Secret;
use std::ffi::OsString;

/// What a login with user name and password goes by.
#[derive(Clone, Debug)]
pub struct PasswordConfig {
    /// Where.
    pub plane: Plane,
    /// The user's name; it is asked for where nobody says it.
    pub username: Option<String>,
    /// The only user who may be signed in.
    pub expect_user: Option<String>,
    /// Whether the password stands on standard input; else it is asked for.
    pub from_stdin: bool,
}

/// What a login as a connected app goes by.
#[derive(Clone, Debug)]
pub struct ConnectedAppConfig {
    /// Where.
    pub plane: Plane,
    /// The app's id.
    pub client_id: String,
    /// Where its secret comes from.
    pub secret: SecretSource,
    /// Whether the keychain keeps it from now on.
    pub keep_secret: bool,
}

/// Where a connected app's secret comes from.
#[derive(Clone, Debug)]
pub enum SecretSource {
    /// Standard input.
    StandardInput,
    /// It is here: from the environment.
    Given(Secret),
    /// The keychain, where it was kept; else the user is asked.
    Kept,
}

/// The variables in which anypoint-cli and other tools of the platform take a connected app's id and secret.
const CLIENT_ID: &str = "ANYPOINT_CLIENT_ID";
const CLIENT_SECRET: &str = "ANYPOINT_CLIENT_SECRET";

impl PasswordConfig {
    pub(super) fn resolve(read: &Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            plane: plane(read)?,
            username: read.text(Setting::Username)?,
            expect_user: read.text(Setting::ExpectUser)?,
            from_stdin: read.switch(Setting::SecretStdin)?,
        })
    }
}

impl ConnectedAppConfig {
    pub(super) fn resolve(read: &Reader, machine: &Machine) -> Result<Self, ConfigError> {
        let plane = plane(read)?;
        if read.value(Setting::ExpectUser).is_some() {
            return Err(read.wrong(
                Setting::ExpectUser,
                "a connected app signs in in nobody's name",
            ));
        }
        let of_environment = variable(CLIENT_ID, machine)?;
        let client_id = match read.text(Setting::ClientId)? {
            Some(client_id) => client_id,
            // A profile is a whole answer to who signs in.
            None => of_environment
                .clone()
                .filter(|_| !read.0.profile_is_answer())
                .ok_or_else(|| ConfigError::Missing(vec![Setting::ClientId]))?,
        };
        // Where the variables name an app, its secret is of no use to another one.
        let is_its_own = of_environment.is_none_or(|id| id == client_id);
        let secret = match variable(CLIENT_SECRET, machine)? {
            _ if read.switch(Setting::SecretStdin)? => SecretSource::StandardInput,
            Some(secret) if is_its_own => SecretSource::Given(Secret::new(secret)),
            _ => SecretSource::Kept,
        };
        Ok(Self {
            plane,
            client_id,
            secret,
            keep_secret: read.switch(Setting::KeepSecret)?,
        })
    }
}

/// The plane: the named one, or the ACS URL's, or the one where most organizations are.
pub(super) fn plane(read: &Reader) -> Result<Plane, ConfigError> {
    let named = read.parsed(Setting::Plane, |text| {
        Plane::parse(text)
            .map_err(|error| format!("it should be us, eu, gov or an address: {error}"))
    })?;
    let acs = read.parsed(Setting::AcsUrl, PlatformAcs::parse)?;
    match (named, acs) {
        (Some(named), Some(acs)) if named != *acs.plane() => {
            Err(read.wrong(Setting::Plane, "the ACS URL is one of another plane"))
        }
        (Some(named), _) => Ok(named),
        (None, Some(acs)) => Ok(acs.plane().clone()),
        (None, None) => Plane::parse("us").map_err(|error| read.wrong(Setting::Plane, error)),
    }
}

/// A variable of the platform's own tools; an empty one counts as absent.
fn variable(name: &str, machine: &Machine) -> Result<Option<String>, ConfigError> {
    let value = (machine.variable)(name).filter(|value| !value.is_empty());
    value
        .map(OsString::into_string)
        .transpose()
        .map_err(|_| ConfigError::Value {
            name: name.to_owned(),
            problem: "it is not UTF-8".into(),
        })
}
