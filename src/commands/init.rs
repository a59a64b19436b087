use super::args::{LoginArgs, ProfileArgs};
use super::error::CommandError;
use crate::config::{
    ConfigError, ConfigFile, DEFAULT_PROFILE, Inspection, Layer, Layers, Machine, Setting,
    config_file, resolve,
};
use crate::foreign::shown;
use crate::login::{LoginError, check_files};
use crate::store::{Key, write_config_file};
use crate::terminal::{PromptError, Terminal};
use clap::Args;
use std::env::var_os;
use std::process::ExitCode;

/// Write a profile, so that anyp-saml login is all there is to type
///
/// Takes the flags of login, and asks at the terminal for what a login cannot do without. Nothing is written before a
/// login could go by it, and a profile that is there already is left as it is.
#[derive(Debug, Args)]
pub(super) struct Init {
    #[command(flatten)]
    profile: ProfileArgs,
    #[command(flatten)]
    settings: LoginArgs,
}

/// What is asked where no flag says it, by the method.
const OF_PASSWORD: &[(Setting, &str)] = &[
    (Setting::Plane, PLANE),
    (
        Setting::Username,
        "Your user name (empty: asked at every login):",
    ),
];
const OF_CONNECTED_APP: &[(Setting, &str)] = &[
    (Setting::Plane, PLANE),
    (
        Setting::ClientId,
        "The connected app's id (Access Management > Connected Apps):",
    ),
];
const PLANE: &str = "The control plane: us, eu, gov or an address (empty: us):";
const OF_SAML: &[(Setting, &str)] = &[
    (
        Setting::AcsUrl,
        "The platform's ACS URL (Access Management > Identity Providers):",
    ),
    (
        Setting::IdpUrl,
        "The link of the Anypoint tile in your organization's app portal:",
    ),
    (
        Setting::IdpMetadata,
        "The identity provider's metadata, a file or its https address:",
    ),
    (
        Setting::Audience,
        "The audience that the same page of the platform shows (empty: not checked):",
    ),
];

impl Init {
    pub(super) fn run(self, terminal: &Terminal) -> Result<ExitCode, CommandError> {
        let name = self.profile.name().unwrap_or(DEFAULT_PROFILE.to_owned());
        Key::new(&name)?;
        let (path, _) = config_file(|name| var_os(name))?;
        let file = ConfigFile::read(&path, false)?;
        if file.has(&name) {
            return Err(ConfigError::ProfileExists { name, path }.into());
        }
        let settings = self.settings.layer().with_absolute_paths();
        missing(&name, &settings)?;
        let settings = ask_for_the_rest(settings, &name, terminal)?;
        let still = missing(&name, &settings)?;
        if !still.is_empty() {
            return Err(ConfigError::Missing(still).into());
        }
        let text = file.text_with(&name, &settings);
        write_config_file(&path, text.as_bytes())?;
        let path = shown(&path.to_string_lossy(), 300);
        terminal.done(&format!("The profile {name} is written to {path}."));
        let flag = self.profile.as_typed();
        terminal.say(&format!("Next: anyp-saml login{flag}"));
        Ok(ExitCode::SUCCESS)
    }
}

/// Asks for what the flags do not say, each until it is usable. Where nobody can be asked, it stays as it is.
fn ask_for_the_rest(
    mut settings: Layer,
    name: &str,
    terminal: &Terminal,
) -> Result<Layer, CommandError> {
    let questions = match settings.value(Setting::Method) {
        Some("password") => OF_PASSWORD,
        Some("connected-app") => OF_CONNECTED_APP,
        _ => OF_SAML,
    };
    if terminal.can_ask() {
        for (setting, question) in questions {
            let is_said = settings.has(*setting)
                || (*setting == Setting::IdpMetadata && settings.has(Setting::IdpCertificate))
                || (*setting == Setting::Plane && settings.has(Setting::AcsUrl));
            if !is_said {
                settings = ask(*setting, question, settings, name, terminal)?;
            }
        }
    }
    Ok(settings)
}

/// Asks until the answer is usable, which nothing may be where a login can do without it.
fn ask(
    setting: Setting,
    question: &str,
    settings: Layer,
    name: &str,
    terminal: &Terminal,
) -> Result<Layer, CommandError> {
    loop {
        let answer = terminal.ask_line(question).map_err(|error| match error {
            PromptError::Interrupted => LoginError::Interrupted.into(),
            error => CommandError::Other(error.to_string()),
        })?;
        let mut more = settings.clone();
        more.text(setting, (!answer.is_empty()).then_some(answer));
        let more = more.with_absolute_paths();
        match missing(name, &more) {
            Ok(missing) if missing.contains(&setting) => {
                terminal.warn("a login cannot do without it.");
            }
            Ok(_) => return Ok(more),
            Err(error) => {
                error.say(terminal);
            }
        }
    }
}

/// What a login by these settings cannot do without and they do not say.
///
/// # Errors
/// What they say and no login could go by.
fn missing(name: &str, settings: &Layer) -> Result<Vec<Setting>, CommandError> {
    // Held as the profile that they become. The environment has no part in this: that is for days on which it is
    // another one.
    let layers = Layers::new(Layer::default(), Layer::default(), settings.clone())?;
    let said = Inspection::resolve(&layers)?;
    check_files(&said.trust, said.issuer.as_deref())?;
    match resolve(name.to_owned(), &layers, &Machine::this()) {
        Ok(_) => Ok(Vec::new()),
        Err(ConfigError::Missing(missing)) => Ok(missing),
        Err(error) => Err(error.into()),
    }
}
