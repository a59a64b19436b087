//! The configuration file: profiles in TOML.
//!
//! ```toml
//! default_profile = "work"
//!
//! [profile.work]
//! acs_url = "https://anypoint.mulesoft.com/accounts/login/example-org/providers/0a1b/receive-id"
//! idp_url = "https://idp.example/app/anypoint/sso"
//! idp_metadata = "/home/me/idp-metadata.xml"
//! ```

use super::{ConfigError, read_trusted};
use crate::foreign;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The largest configuration file that is read.
const LIMIT: u64 = 256 * 1024;

/// The profile's name where nobody says another.
pub const DEFAULT_PROFILE: &str = "default";

/// A profile as it stands in the file: keys and values, not yet read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Profile(pub(super) toml::Table);

/// The file as it stands.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    default_profile: Option<String>,
    #[serde(default)]
    profile: BTreeMap<String, Profile>,
}

impl ConfigFile {
    /// Reads the file. One that need not exist and does not is an empty one.
    ///
    /// # Errors
    /// [`ConfigError::File`] when it cannot be read, is no such TOML, or could have been written by somebody else: it
    /// names whom to trust.
    pub fn read(path: &Path, must_exist: bool) -> Result<Self, ConfigError> {
        let wrong = |problem: String| ConfigError::File {
            path: path.to_owned(),
            problem,
        };
        let bytes = match read_trusted(path, LIMIT) {
            Err(ConfigError::NoFile(_)) if !must_exist => return Ok(Self::default()),
            read => read?,
        };
        let text = String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8".into()))?;
        Self::parse(&text).map_err(wrong)
    }

    fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let line = error
                .span()
                .map_or(1, |span| text[..span.start].lines().count().max(1));
            format!("line {line}: {}", foreign::brief(error.message()))
        })
    }

    /// The profile of that name, or the file's default one, or `default`; with its name. Only a profile that nobody
    /// asked for by name may be absent.
    ///
    /// # Errors
    /// [`ConfigError::NoProfile`] when the named one is not there.
    pub fn profile(mut self, name: Option<&str>) -> Result<(String, Profile), ConfigError> {
        let asked = name.or(self.default_profile.as_deref()).map(str::to_owned);
        let name = asked.clone().unwrap_or_else(|| DEFAULT_PROFILE.to_owned());
        match (self.profile.remove(&name), asked) {
            (Some(table), _) => Ok((name, table)),
            (None, None) => Ok((name, Profile::default())),
            (None, Some(_)) => Err(ConfigError::NoProfile {
                name: foreign::brief(&name),
                known: self
                    .profile
                    .into_keys()
                    .map(|name| foreign::brief(&name))
                    .collect(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str =
        "default_profile = 'work'\n[profile.work]\nissuer = 'w'\n[profile.lab]\nissuer = 'l'\n";

    fn issuer(file: &str, name: Option<&str>) -> Result<(String, Option<String>), ConfigError> {
        let (name, table) = ConfigFile::parse(file).unwrap().profile(name)?;
        Ok((
            name,
            table
                .0
                .get("issuer")
                .and_then(|value| value.as_str())
                .map(str::to_owned),
        ))
    }

    #[test]
    fn the_named_profile_or_the_default_one_is_taken() {
        assert_eq!(
            issuer(TWO, Some("lab")).unwrap(),
            ("lab".into(), Some("l".into()))
        );
        assert_eq!(
            issuer(TWO, None).unwrap(),
            ("work".into(), Some("w".into()))
        );
        assert_eq!(issuer("", None).unwrap(), ("default".into(), None));
        let missing = issuer(TWO, Some("prod")).unwrap_err();
        assert!(
            matches!(missing, ConfigError::NoProfile { known, .. } if known == ["lab", "work"])
        );
    }

    #[test]
    fn what_is_no_such_toml_is_refused_with_its_line() {
        let wrong = |text: &str| ConfigFile::parse(text).unwrap_err();
        assert!(
            wrong("[profile.work]\nissuer = \n").starts_with("line 2"),
            "{}",
            wrong("[profile.work]\nissuer = \n")
        );
        assert!(
            wrong("profiles = 1").contains("profiles"),
            "{}",
            wrong("profiles = 1")
        );
    }

    #[test]
    fn only_a_file_that_was_named_must_be_there() {
        let nowhere = Path::new("/no/such/config.toml");
        assert!(matches!(
            ConfigFile::read(nowhere, true),
            Err(ConfigError::NoFile(_))
        ));
        assert!(ConfigFile::read(nowhere, false).is_ok());
    }
}
