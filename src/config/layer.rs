//! Values as typed, each with its origin.

use super::setting::{Kind, Setting};
use super::{ConfigError, Profile};
use crate::address::WebAddress;
use crate::foreign;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

/// Where a value came from, in the order of rising weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// The profile.
    Profile,
    /// An environment variable.
    Environment,
    /// A flag.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Default => "default",
            Self::Profile => "profile",
            Self::Environment => "environment",
            Self::Flag => "flag",
        })
    }
}

/// The values that one origin gives.
#[derive(Clone, Debug, Default)]
pub struct Layer(BTreeMap<Setting, Vec<String>>);

impl Layer {
    /// Adds a value where there is one.
    pub fn text(&mut self, setting: Setting, value: Option<String>) -> &mut Self {
        self.0.extend(value.map(|value| (setting, vec![value])));
        self
    }

    /// The one value of a setting.
    pub fn value(&self, setting: Setting) -> Option<&str> {
        self.0.get(&setting)?.first().map(String::as_str)
    }

    /// Whether it has a value for this setting.
    pub fn has(&self, setting: Setting) -> bool {
        self.0.contains_key(&setting)
    }

    /// The same values, with files named from the root: a profile is read in any directory.
    #[must_use]
    pub fn with_absolute_paths(mut self) -> Self {
        for (setting, values) in &mut self.0 {
            for value in values.iter_mut().filter(|_| setting.is_file()) {
                // An address is no file, and neither is standard input.
                if !value.contains("://")
                    && value != "-"
                    && let Ok(path) = std::path::absolute(&*value)
                    && let Ok(path) = path.into_os_string().into_string()
                {
                    *value = path;
                }
            }
        }
        self
    }

    /// The values as a profile writes them.
    pub(super) fn to_table(&self) -> toml::Table {
        let text = |text: &String| toml::Value::String(text.clone());
        let values = self.0.iter().map(|(setting, values)| {
            let value = match (setting.kind(), values.as_slice()) {
                (Kind::Switch, [on]) => toml::Value::Boolean(on == "true"),
                (Kind::Text, [value]) => text(value),
                (_, values) => toml::Value::Array(values.iter().map(text).collect()),
            };
            (setting.key().to_owned(), value)
        });
        values.collect()
    }

    /// Adds values where there are some.
    pub fn texts(&mut self, setting: Setting, values: Vec<String>) -> &mut Self {
        if !values.is_empty() {
            self.0.insert(setting, values);
        }
        self
    }

    /// Adds a switch where it is on.
    pub fn switch(&mut self, setting: Setting, on: bool) -> &mut Self {
        self.text(setting, on.then(|| "true".to_owned()))
    }

    /// Reads the `ANYP_SAML_*` variables. An empty one counts as absent, as shells make it hard to remove one for a
    /// single command.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for one that is not UTF-8.
    pub fn from_environment(
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, ConfigError> {
        let mut layer = Self::default();
        for setting in Setting::ALL {
            let name = setting.variable();
            let Some(value) = variable(&name).filter(|value| !value.is_empty()) else {
                continue;
            };
            let Ok(value) = value.into_string() else {
                return Err(ConfigError::Value {
                    name,
                    problem: "it is not UTF-8".into(),
                });
            };
            let values = match setting.kind() {
                // Separated as in PATH, which is how a variable holds several files.
                Kind::Texts => std::env::split_paths(&value)
                    .map(|path| path.to_string_lossy().into_owned())
                    .collect(),
                Kind::Text | Kind::Switch => vec![value],
            };
            layer.texts(setting, values);
        }
        Ok(layer)
    }

    /// Reads a profile's table.
    ///
    /// # Errors
    /// [`ConfigError`] for an unknown key, or a value of another kind.
    pub fn from_profile(profile: &Profile) -> Result<Self, ConfigError> {
        let mut layer = Self::default();
        for (key, value) in &profile.0 {
            let Some(setting) = Setting::ALL
                .into_iter()
                .find(|setting| setting.key() == key)
            else {
                return Err(ConfigError::UnknownKey(foreign::brief(key)));
            };
            let values = match (setting.kind(), value) {
                (Kind::Switch, toml::Value::Boolean(on)) => vec![on.to_string()],
                (Kind::Texts, toml::Value::Array(values)) => {
                    let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
                    texts
                        .collect::<Option<_>>()
                        .ok_or_else(|| wrong_kind(setting))?
                }
                (Kind::Text | Kind::Texts, toml::Value::String(text)) => vec![text.clone()],
                // A bare number is a duration in seconds.
                (Kind::Text, toml::Value::Integer(number)) => vec![number.to_string()],
                _ => return Err(wrong_kind(setting)),
            };
            layer.texts(setting, values);
        }
        Ok(layer)
    }
}

fn wrong_kind(setting: Setting) -> ConfigError {
    let wanted = match setting.kind() {
        Kind::Text => "a text",
        Kind::Texts => "a text or a list of texts",
        Kind::Switch => "true or false",
    };
    ConfigError::Value {
        name: setting.key().into(),
        problem: format!("it should be {wanted}"),
    }
}

/// All origins, the weightiest value of each setting winning.
#[derive(Clone, Debug)]
pub struct Layers {
    flags: Layer,
    environment: Layer,
    profile: Layer,
}

/// What makes a profile a whole answer to who signs in where: what it leaves out, it leaves out on purpose.
const ANSWERS: [Setting; 5] = [
    Setting::AcsUrl,
    Setting::Method,
    Setting::Plane,
    Setting::Username,
    Setting::ClientId,
];

impl Layers {
    /// Puts the origins together.
    ///
    /// # Errors
    /// [`ConfigError::TrustFromEnvironment`] when the environment contradicts the profile in what decides who is believed.
    pub fn new(flags: Layer, environment: Layer, profile: Layer) -> Result<Self, ConfigError> {
        let layers = Self {
            flags,
            environment,
            profile,
        };
        let is_answer = layers.profile_is_answer();
        for (setting, values) in &layers.environment.0 {
            let overrules = match layers.profile.0.get(setting) {
                Some(said) => said != values,
                None => is_answer,
            };
            if setting.is_trust_anchor() && overrules && !layers.flags.has(*setting) {
                return Err(ConfigError::TrustFromEnvironment(*setting));
            }
        }
        Ok(layers)
    }

    /// Whether the profile says who signs in where, so that the environment has no say in it.
    pub(super) fn profile_is_answer(&self) -> bool {
        ANSWERS.iter().any(|setting| self.profile.has(*setting))
    }

    /// The values of a setting, with their origin.
    pub fn values(&self, setting: Setting) -> Option<(&[String], Origin)> {
        let layers = [
            (&self.flags, Origin::Flag),
            (&self.environment, Origin::Environment),
            (&self.profile, Origin::Profile),
        ];
        layers
            .into_iter()
            .find_map(|(layer, origin)| Some((layer.0.get(&setting)?.as_slice(), origin)))
    }

    /// The one value of a setting.
    pub fn value(&self, setting: Setting) -> Option<&str> {
        self.values(setting)
            .and_then(|(values, _)| values.first())
            .map(String::as_str)
    }

    /// Every setting that somebody gave, as a person may read it.
    pub fn given(&self) -> Vec<(Setting, String, Origin)> {
        let given = |setting| {
            let (values, origin) = self.values(setting)?;
            let values: Vec<_> = values.iter().map(|value| without_user(value)).collect();
            Some((setting, foreign::shown(&values.join(", "), 500), origin))
        };
        Setting::ALL.into_iter().filter_map(given).collect()
    }
}

/// A value without the user information of an address: such an address is refused, but its password must not be shown.
fn without_user(value: &str) -> Cow<'_, str> {
    let refused = value
        .split_once("://")
        .filter(|_| WebAddress::parse(value).is_err());
    // To the last `@`: a password may hold any character that its writer forgot to encode.
    match refused.and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?.1))) {
        Some((scheme, rest)) => format!("{scheme}://…@{rest}").into(),
        None => value.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_is_shown_without_the_password_in_an_address() {
        let given = layer(&[
            (Setting::IdpUrl, "https://ada:se/cr@t@idp.example/sso"),
            (
                Setting::IdpMetadata,
                "https://idp.example/?for=ada@example.com",
            ),
            (Setting::ExpectUser, "ada@example.com"),
        ]);
        let layers = Layers::new(given, Layer::default(), Layer::default()).unwrap();
        let shown: Vec<_> = layers.given().into_iter().map(|given| given.1).collect();
        assert_eq!(
            shown,
            [
                "https://…@idp.example/sso",
                "https://idp.example/?for=ada@example.com",
                "ada@example.com"
            ]
        );
    }

    fn layer(values: &[(Setting, &str)]) -> Layer {
        let mut layer = Layer::default();
        for (setting, value) in values {
            layer.text(*setting, Some((*value).into()));
        }
        layer
    }

    #[test]
    fn flags_outweigh_the_environment_which_outweighs_the_profile() {
        let profile = layer(&[
            (Setting::Audience, "p"),
            (Setting::Timeout, "p"),
            (Setting::Listen, "p"),
        ]);
        let environment = layer(&[(Setting::Audience, "e"), (Setting::Timeout, "e")]);
        let flags = layer(&[(Setting::Audience, "f")]);
        let layers = Layers::new(flags, environment, profile).unwrap();
        let seen = |setting| {
            layers
                .values(setting)
                .map(|(values, origin)| (values[0].as_str(), origin))
        };
        assert_eq!(seen(Setting::Audience), Some(("f", Origin::Flag)));
        assert_eq!(seen(Setting::Timeout), Some(("e", Origin::Environment)));
        assert_eq!(seen(Setting::Listen), Some(("p", Origin::Profile)));
        assert_eq!(seen(Setting::Issuer), None);
    }

    #[test]
    fn the_environment_does_not_change_whom_a_profile_trusts() {
        let acs = (
            Setting::AcsUrl,
            "https://anypoint.mulesoft.com/accounts/login/receive-id",
        );
        let profile = || layer(&[acs, (Setting::IdpMetadata, "/etc/idp.xml")]);
        let with = |flags: &[(Setting, &str)], environment: &[(Setting, &str)], profile| {
            Layers::new(layer(flags), layer(environment), profile)
        };
        let other = (Setting::IdpMetadata, "/tmp/evil.xml");
        // In place of what the profile says, and besides it.
        for variable in [
            (Setting::Method, "password"),
            (Setting::Username, "mallory"),
            (Setting::Plane, "https://evil.example/"),
            other,
            (Setting::IdpCertificate, "/tmp/evil.pem"),
            (Setting::RelayState, "off"),
            (Setting::AllowLegacyAlgorithms, "true"),
            (Setting::IdpUrl, "https://evil.example/"),
        ] {
            let refused = with(&[], &[variable], profile()).unwrap_err();
            assert!(
                matches!(refused, ConfigError::TrustFromEnvironment(setting) if setting == variable.0)
            );
        }
        for answer in [
            (Setting::Method, "password"),
            (Setting::Plane, "eu"),
            (Setting::Username, "ada"),
            (Setting::ClientId, "app"),
        ] {
            let plane = (Setting::Plane, "https://evil.example/");
            assert!(with(&[], &[plane], layer(&[answer])).is_err());
        }
        // Also where the profile is no whole answer.
        let expected = layer(&[(Setting::ExpectUser, "ada")]);
        assert!(with(&[], &[(Setting::ExpectUser, "mallory")], expected).is_err());
        assert!(with(&[], &[other], Layer::default()).is_ok(), "no profile");
        assert!(
            with(&[], &[(Setting::IdpMetadata, "/etc/idp.xml")], profile()).is_ok(),
            "the same"
        );
        assert!(
            with(&[other], &[other], profile()).is_ok(),
            "a flag says so"
        );
        assert!(
            with(&[], &[(Setting::Timeout, "9")], profile()).is_ok(),
            "no matter of trust"
        );
    }

    #[test]
    fn every_setting_has_a_variable_and_a_key() {
        let environment = Layer::from_environment(|name| {
            assert!(name.starts_with("ANYP_SAML_"));
            Some(name.into())
        });
        assert_eq!(environment.unwrap().0.len(), Setting::ALL.len());
    }

    #[test]
    fn a_profile_with_an_unknown_key_or_a_wrong_value_is_refused() {
        let read = |text: &str| Layer::from_profile(&Profile(text.parse().unwrap()));
        assert!(
            matches!(read("acs-url = 'x'"), Err(ConfigError::UnknownKey(key)) if key == "acs-url")
        );
        for text in [
            "acs_url = true",
            "no_browser = 'yes'",
            "idp_certificate = [1]",
            "audience = ['a']",
        ] {
            assert!(
                matches!(read(text), Err(ConfigError::Value { .. })),
                "{text}"
            );
        }
        let layer = read("idp_certificate = ['a', 'b']\ntimeout = 90\nno_browser = true").unwrap();
        assert_eq!(layer.0[&Setting::IdpCertificate], ["a", "b"]);
        assert_eq!(layer.0[&Setting::Timeout], ["90"]);
        assert_eq!(layer.0[&Setting::NoBrowser], ["true"]);
    }
}
