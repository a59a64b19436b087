//! What a login needs to know: from flags, the environment and a profile, every value with its origin.

mod capture;
mod connection;
mod credentials;
mod file;
mod inspection;
mod layer;
mod login;
mod parts;
mod paths;
mod reader;
mod saml;
mod setting;
mod shell;
mod trusted;

pub use capture::{Capture, Machine, OwnBrowser, PasteSource};
pub use connection::Connection;
pub use credentials::{ConnectedAppConfig, PasswordConfig, SecretSource};
pub use file::{ConfigFile, DEFAULT_PROFILE, Profile};
pub use inspection::Inspection;
pub use layer::{Layer, Layers, Origin};
pub use login::{HandOut, LoginConfig, MethodConfig, resolve};
pub use parts::{Parts, SamlParts};
pub use paths::{CONFIG_VARIABLE, config_file, state_directory};
pub use reader::parse_duration;
pub use saml::{
    BrowserChoice, DEFAULT_LISTEN, MetadataSource, Opener, RelayStateUse, SamlConfig, TrustSources,
};
pub use setting::{Kind, Setting};
pub use shell::shell;
pub use trusted::read_trusted;

use crate::store::StoreError;
use std::path::PathBuf;
use thiserror::Error;

/// Why a configuration is not one.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// What a login cannot do without is nowhere.
    #[error("a login needs {}", named(.0))]
    Missing(Vec<Setting>),
    /// A value that does not fit.
    #[error("{name} is not usable: {problem}")]
    Value {
        /// The flag, variable or key.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The link leads to the platform, where a login starts that cannot be exchanged.
    #[error(
        "--idp-url leads to Anypoint Platform itself, where a login starts that is of no use here (SP-initiated)"
    )]
    StartsAtPlatform,
    /// A key in a profile that means nothing.
    #[error("the profile has an unknown key {0:?}")]
    UnknownKey(String),
    /// The environment contradicts the profile about whom to believe.
    #[error("the variable {} differs from the profile, and decides who is believed", .0.variable())]
    TrustFromEnvironment(Setting),
    /// A file that cannot be used.
    #[error("{path} cannot be used: {problem}", path = crate::foreign::shown(&.path.to_string_lossy(), 300))]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A file that says whom to believe, and that somebody else can have written or put there.
    #[error("what {path} says cannot be believed: {error}", path = crate::foreign::shown(&.path.to_string_lossy(), 300))]
    Untrusted {
        /// The file.
        path: PathBuf,
        /// What is not safe: the file itself, or something on the way to it.
        #[source]
        error: StoreError,
    },
    /// No such file.
    #[error("there is no file {}", crate::foreign::shown(&.0.to_string_lossy(), 300))]
    NoFile(PathBuf),
    /// No such profile.
    #[error("there is no profile {name:?} in the configuration file")]
    NoProfile {
        /// The name asked for.
        name: String,
        /// The names that are there.
        known: Vec<String>,
    },
    /// A profile that is to be written is there already.
    #[error("there is a profile {name:?} in {path} already", path = crate::foreign::shown(&.path.to_string_lossy(), 300))]
    ProfileExists {
        /// Its name.
        name: String,
        /// The configuration file.
        path: PathBuf,
    },
    /// The HTTP client could not be made.
    #[error("{0}")]
    Client(String),
    /// No home directory.
    #[error("the home directory cannot be used: {0}")]
    Home(&'static str),
}

/// Flags as a list in a sentence.
fn named(settings: &[Setting]) -> String {
    let flags: Vec<_> = settings.iter().map(|setting| setting.flag()).collect();
    match flags.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}
