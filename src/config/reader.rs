//! Layers read as values of their types.

use super::{ConfigError, Layers, Origin, Setting};
use crate::time::SignedDuration;
use std::time::Duration;

/// SAML Errata E92 calls three to five minutes reasonable.
const DEFAULT_CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(180);
const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(600);
const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads values, and knows how each is called where it came from.
pub(super) struct Reader<'l>(pub(super) &'l Layers);

impl Reader<'_> {
    pub(super) fn value(&self, setting: Setting) -> Option<&str> {
        self.0.value(setting)
    }

    pub(super) fn values(&self, setting: Setting) -> &[String] {
        self.0.values(setting).map_or(&[], |(values, _)| values)
    }

    pub(super) fn origin(&self, setting: Setting) -> Origin {
        let given = self.0.values(setting);
        given.map_or(Origin::Default, |(_, origin)| origin)
    }

    pub(super) fn wrong(&self, setting: Setting, problem: impl ToString) -> ConfigError {
        let name = match self.0.values(setting) {
            Some((_, Origin::Environment)) => setting.variable(),
            Some((_, Origin::Profile)) => setting.key().to_owned(),
            _ => setting.flag(),
        };
        ConfigError::Value {
            name,
            problem: problem.to_string(),
        }
    }

    pub(super) fn parsed<T, E: ToString>(
        &self,
        setting: Setting,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, ConfigError> {
        self.value(setting)
            .map(parse)
            .transpose()
            .map_err(|error| self.wrong(setting, error))
    }

    /// A text that must say something, and on one line.
    pub(super) fn text(&self, setting: Setting) -> Result<Option<String>, ConfigError> {
        self.parsed(setting, |text| {
            if text.trim().is_empty() {
                Err("it is empty")
            } else if text.chars().any(char::is_control) {
                Err("it holds a control character")
            } else {
                Ok(text.to_owned())
            }
        })
    }

    pub(super) fn switch(&self, setting: Setting) -> Result<bool, ConfigError> {
        let on = self.parsed(setting, |text| match text {
            "true" | "1" | "yes" => Ok(true),
            "false" | "0" | "no" => Ok(false),
            _ => Err("it should be true or false"),
        })?;
        Ok(on.unwrap_or(false))
    }

    pub(super) fn wait(&self, setting: Setting) -> Result<Option<Duration>, ConfigError> {
        self.parsed(setting, |text| {
            let wait = parse_duration(text).and_then(|wait| Duration::try_from(wait).ok());
            wait.filter(|wait| !wait.is_zero() && *wait <= MAX_WAIT)
                .ok_or("it should be a time like 90s or 5m, of at most 24h")
        })
    }

    pub(super) fn clock_skew(&self) -> Result<SignedDuration, ConfigError> {
        let skew = self.parsed(Setting::ClockSkew, |text| {
            parse_duration(text)
                .filter(|skew| !skew.is_negative() && *skew <= MAX_CLOCK_SKEW)
                .ok_or("it should be a time from 0s to 10m")
        })?;
        Ok(skew.unwrap_or(DEFAULT_CLOCK_SKEW))
    }
}

/// A time as a person writes it: a number of seconds, or numbers with their units.
pub fn parse_duration(text: &str) -> Option<SignedDuration> {
    match text.parse::<u32>() {
        Ok(seconds) => Some(SignedDuration::from_secs(seconds.into())),
        Err(_) => text.parse().ok(),
    }
}
