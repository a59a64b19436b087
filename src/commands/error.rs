//! Errors in words: what went wrong, the facts, what to do next, and the exit code.

mod config;
mod http;
mod login;
mod platform;
mod store;

pub(super) use config::config;
pub(super) use http::http;
pub(super) use login::{chromium, login};
pub(super) use store::store;

use crate::config::ConfigError;
use crate::demo::DemoError;
use crate::foreign::brief;
use crate::login::LoginError;
use crate::platform::PlatformError;
use crate::store::{KeyError, StoreError};
use crate::terminal::Terminal;
use platform::platform;
use std::io::ErrorKind;
use std::process::ExitCode;

/// The exit codes, as the help lists them.
pub(super) const FAILED: u8 = 1;
pub(super) const USAGE: u8 = 2;
pub(super) const NO_TOKEN: u8 = 3;
pub(super) const RESPONSE_REFUSED: u8 = 4;
pub(super) const PLATFORM_REFUSED: u8 = 5;
pub(super) const TIMED_OUT: u8 = 6;
pub(super) const INTERRUPTED: u8 = 130;
/// What shells say of a command that cannot be run, and of one that is not there.
const NOT_RUN: u8 = 126;
const NO_COMMAND: u8 = 127;

/// Why a command failed.
#[derive(Debug)]
pub(super) enum CommandError {
    /// The configuration is none.
    Config(ConfigError),
    /// There is no token from a login.
    Login(LoginError),
    /// The platform did not answer as hoped.
    Platform(PlatformError),
    /// The store or a token file cannot be used.
    Store(StoreError),
    /// Nothing is kept for this profile.
    NoToken {
        /// The profile asked for.
        profile: String,
        /// The profiles that have a token.
        others: Vec<String>,
    },
    /// What is kept has ended.
    TokenEnded,
    /// What is kept ends sooner than asked for.
    TokenEndsSoon,
    /// The platform does not know the kept token any more.
    TokenUnknown,
    /// A token that is forgotten here goes on at the platform.
    NotEnded(PlatformError),
    /// Standard output does not take what is handed out.
    Output(std::io::Error),
    /// A program could not be started.
    Start {
        /// Its name.
        program: String,
        /// Why.
        error: std::io::Error,
    },
    /// Anything else, in words.
    Other(String),
}

/// What is said about an error.
#[derive(Debug, Default)]
pub(super) struct Words {
    code: u8,
    /// What went wrong.
    pub(super) sentence: String,
    facts: Vec<(&'static str, String)>,
    /// What to do next.
    pub(super) hints: Vec<String>,
}

impl CommandError {
    /// Says the error and gives its exit code.
    pub(super) fn say(&self, terminal: &Terminal) -> ExitCode {
        let words = self.words();
        terminal.fail(&words.sentence, &words.facts, &words.hints);
        ExitCode::from(words.code)
    }

    /// What there is to say about it.
    pub(super) fn words(&self) -> Words {
        match self {
            Self::Config(error) => config(error),
            Self::Login(error) => login(error),
            Self::Platform(error) => platform(error),
            Self::Store(error) => store(error),
            Self::NoToken { profile, others } => no_token(profile, others),
            Self::TokenEnded => Words::new(NO_TOKEN, "the kept token has ended")
                .hint("anyp-saml login gets a new one."),
            Self::TokenEndsSoon => Words::new(
                NO_TOKEN,
                "the kept token ends sooner than --min-validity asks for",
            )
            .hint("anyp-saml login gets a new one; --login does so where one is needed."),
            Self::TokenUnknown => Words::new(
                NO_TOKEN,
                "the platform does not take the kept token any more",
            )
            .hint("anyp-saml login gets a new one."),
            Self::NotEnded(error) => platform(error).hint(
                "The token is forgotten here all the same. The platform ends it by itself with the session timeout.",
            ),
            Self::Output(error) => Words::new(
                FAILED,
                format!("standard output could not be written: {error}"),
            ),
            Self::Start { program, error } => {
                let (code, why) = match error.kind() {
                    ErrorKind::NotFound => (
                        NO_COMMAND,
                        "there is no such command, or not the interpreter that it names".to_owned(),
                    ),
                    _ => (NOT_RUN, error.to_string()),
                };
                Words::new(
                    code,
                    format!("{} could not be started: {why}", brief(program)),
                )
            }
            Self::Other(sentence) => Words::new(FAILED, sentence),
        }
    }
}

impl Words {
    fn new(code: u8, sentence: impl ToString) -> Self {
        Self {
            code,
            sentence: sentence.to_string(),
            ..Self::default()
        }
    }

    fn fact(mut self, label: &'static str, value: impl ToString) -> Self {
        self.facts.push((label, value.to_string()));
        self
    }

    fn hint(mut self, hint: impl ToString) -> Self {
        self.hints.push(hint.to_string());
        self
    }

    fn hints<'h>(self, hints: impl IntoIterator<Item = &'h str>) -> Self {
        hints.into_iter().fold(self, Self::hint)
    }
}

fn no_token(profile: &str, others: &[String]) -> Words {
    let words = Words::new(
        NO_TOKEN,
        format!("no token is kept for the profile {profile}"),
    );
    match others {
        [] => words.hint("anyp-saml login gets one."),
        others => words.hint(format!(
            "There is one for {}: add --profile.",
            others.join(", ")
        )),
    }
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<DemoError> for CommandError {
    fn from(error: DemoError) -> Self {
        Self::Other(with_causes(&error))
    }
}

/// An error with its causes, in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}

impl From<LoginError> for CommandError {
    fn from(error: LoginError) -> Self {
        Self::Login(error)
    }
}

impl From<PlatformError> for CommandError {
    fn from(error: PlatformError) -> Self {
        Self::Platform(error)
    }
}

impl From<KeyError> for CommandError {
    fn from(error: KeyError) -> Self {
        Self::Config(ConfigError::Value {
            name: "--profile".into(),
            problem: error.to_string(),
        })
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
