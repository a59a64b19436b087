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

use super::{ConfigError, Layer, read_trusted};
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
    /// What was read, letter for letter.
    #[serde(skip)]
    text: String,
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
        let read = Self::parse(&text).map_err(wrong)?;
        Ok(Self { text, ..read })
    }

    /// Whether there is a profile of that name.
    pub fn has(&self, name: &str) -> bool {
        self.profile.contains_key(name)
    }

    /// The profile that it names for when nobody names one.
    pub fn default_profile(&self) -> Option<&str> {
        self.default_profile.as_deref()
    }

    /// The file's text with a profile more at its end. The first profile of a file is the default one.
    pub fn text_with(&self, name: &str, settings: &Layer) -> String {
        let mut text = self.text.clone();
        if text.is_empty() {
            text += &format!("default_profile = {}\n", quoted(name));
        } else if !text.ends_with('\n') {
            text.push('\n');
        }
        text += &format!("\n[profile.{}]\n", quoted(name));
        for (key, value) in settings.to_table() {
            text += &format!("{key} = {value}\n");
        }
        text
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

/// A text as TOML quotes it.
fn quoted(text: &str) -> toml::Value {
    toml::Value::String(text.to_owned())
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
    fn a_profile_that_is_added_is_read_again_and_leaves_the_others_as_they_are() {
        use crate::config::Setting;
        let mut settings = Layer::default();
        settings
            .text(
                Setting::Issuer,
                Some("quotes \" ' and \\ and \n lines".into()),
            )
            .texts(Setting::IdpCertificate, vec!["/a".into(), "/b c".into()])
            .switch(Setting::NoBrowser, true);
        let first = ConfigFile::default().text_with("a.b", &settings);
        let (name, profile) = ConfigFile::parse(&first).unwrap().profile(None).unwrap();
        assert_eq!(name, "a.b");
        assert_eq!(
            Layer::from_profile(&profile).unwrap().to_table(),
            settings.to_table()
        );
        let old = "# mine\n[profile.work]\nissuer = 'w'";
        let file = ConfigFile {
            text: old.into(),
            ..ConfigFile::parse(old).unwrap()
        };
        assert!(file.has("work") && !file.has("new"));
        let both = file.text_with("new", &settings);
        assert!(both.starts_with(old), "{both}");
        assert!(ConfigFile::parse(&both).unwrap().has("new"));
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
