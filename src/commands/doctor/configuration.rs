//! Whether there is a configuration that a login can go by.

use super::check::Check;
use crate::commands::error::{CommandError, config};
use crate::config::{CONFIG_VARIABLE, ConfigError, Layers, Origin, Parts, Setting};
use crate::foreign::{brief, shown};
use std::path::PathBuf;

/// The configuration file that was looked for.
#[derive(Debug)]
pub(super) struct ConfigurationFile {
    pub(super) path: PathBuf,
    /// Whether the variable names it.
    pub(super) is_named: bool,
    pub(super) is_there: bool,
}

/// Which file it is, and whether it can be read and believed.
pub(super) fn file(file: Result<&ConfigurationFile, &CommandError>) -> Check {
    const NAME: &str = "config-file";
    let file = match file {
        Ok(file) => file,
        Err(CommandError::Config(error @ ConfigError::NoFile(_))) => {
            let cure = format!("Correct or unset {CONFIG_VARIABLE}, which names it.");
            return Check::failed(NAME, config(error), &cure);
        }
        Err(error) => return Check::failed(NAME, error.words(), "Correct the file."),
    };
    let path = shown(&file.path.to_string_lossy(), 300);
    let named = match file.is_named {
        true => format!(" ({CONFIG_VARIABLE})"),
        false => String::new(),
    };
    if !file.is_there {
        return Check::skip(NAME, format!("there is none at {path}{named}"));
    }
    // Elsewhere who may write is the system's to say, and was not looked at.
    let alone = if cfg!(unix) {
        ", which nobody else may write to"
    } else {
        ""
    };
    Check::pass(NAME, format!("{path}{named}{alone}"))
}

/// The profile that a login takes.
#[derive(Debug)]
pub(super) struct NamedProfile {
    pub(super) name: String,
    /// Who has named it.
    pub(super) by: Option<&'static str>,
}

/// Which profile it is, and whether there is such a one.
pub(super) fn profile(profile: Option<Result<&NamedProfile, &CommandError>>) -> Check {
    const NAME: &str = "profile";
    match profile {
        None => Check::skip(NAME, "the configuration file cannot be used"),
        Some(Err(error)) => Check::failed(NAME, error.words(), "Name another with --profile."),
        Some(Ok(profile)) => {
            let by = profile.by.unwrap_or("nobody names one");
            Check::pass(NAME, format!("{} ({by})", brief(&profile.name)))
        }
    }
}

/// Whether they say all that a login needs to know, and nothing that it cannot go by.
pub(super) fn settings(settings: Option<Result<&(Layers, Parts), &CommandError>>) -> Check {
    const NAME: &str = "settings";
    let (layers, parts) = match settings {
        None => return Check::skip(NAME, "there is no profile to read"),
        Some(Err(error)) => return Check::failed(NAME, error.words(), "Correct the profile."),
        Some(Ok(settings)) => settings,
    };
    if !parts.problems.is_empty() {
        return Check::fail(NAME, sentences(&parts.problems), cures(&parts.problems));
    }
    let by = |setting: Setting| {
        let origin = layers.values(setting).map(|(_, origin)| origin);
        format!("{} ({})", setting.key(), origin.unwrap_or(Origin::Default))
    };
    let mut found = Vec::new();
    let acs = parts.saml.as_ref().and_then(|saml| saml.platform.as_ref());
    let link = parts
        .saml
        .as_ref()
        .and_then(|saml| saml.sign_in_link.as_ref());
    if parts.saml.is_none() {
        found.push(format!("{}: {}", by(Setting::Method), brief(&parts.method)));
    }
    if let Some(plane) = &parts.plane {
        let domain = acs.and_then(|acs| acs.org_domain());
        let organization = domain.map_or_else(String::new, |domain| brief(domain) + " at ");
        let setting = if acs.is_some() {
            Setting::AcsUrl
        } else {
            Setting::Plane
        };
        found.push(format!(
            "{}: {organization}{}",
            by(setting),
            plane.described()
        ));
    }
    if let Some(link) = link {
        found.push(format!(
            "{}: {}",
            by(Setting::IdpUrl),
            brief(&link.origin())
        ));
    }
    Check::pass(NAME, found.join("; "))
}

fn sentences(problems: &[ConfigError]) -> String {
    let sentences: Vec<_> = problems.iter().map(ToString::to_string).collect();
    sentences.join("; ")
}

fn cures(problems: &[ConfigError]) -> String {
    let is_missing = |problem: &ConfigError| matches!(problem, ConfigError::Missing(_));
    let is_wrong = |problem: &ConfigError| matches!(problem, ConfigError::Value { .. });
    let mut cures = Vec::new();
    if problems.iter().any(is_missing) {
        cures.push("anyp-saml init asks for them, and writes a profile.".to_owned());
    }
    if problems.iter().any(is_wrong) {
        cures.push("Correct the value where it stands; -v shows where that is.".to_owned());
    }
    cures.extend(problems.iter().flat_map(|problem| config(problem).hints));
    cures.join(" ")
}
