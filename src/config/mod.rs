//! What a login needs to know: from flags, the environment and a profile, every value with its origin.

mod connection;
mod file;
mod layer;
mod paths;
mod reader;
mod setting;
mod trusted;

pub use connection::Connection;
pub use file::{ConfigFile, DEFAULT_PROFILE, Profile};
pub use layer::{Layer, Layers, Origin};
pub use paths::{CONFIG_VARIABLE, config_file, state_directory};
pub use setting::{Kind, Setting};
pub use trusted::read_trusted;

use crate::address::{LoopbackAddress, WebAddress};
use crate::export::Shell;
use crate::platform::PlatformAcs;
use crate::time::SignedDuration;
use reader::Reader;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// The loopback address that responses are posted to unless another one is registered with the identity provider.
pub const DEFAULT_LISTEN: &str = "http://127.0.0.1:35417/saml/acs";

/// How long the sign-in may take: enough to find a phone for the second factor.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// Everything that `login` goes by.
#[derive(Clone, Debug)]
pub struct LoginConfig {
    /// The name that the token is kept under.
    pub profile: String,
    /// The platform's ACS.
    pub platform: PlatformAcs,
    /// How the response is caught.
    pub capture: Capture,
    /// Where the user signs in. Absent only where a response is already there.
    pub sign_in_link: Option<WebAddress>,
    /// Which keys are believed.
    pub trust: TrustSources,
    /// The identity provider's entity ID, where it is not taken from its metadata.
    pub issuer: Option<String>,
    /// The audience the platform expects.
    pub audience: Option<String>,
    /// The only user who may be signed in (the `NameID`).
    pub expect_user: Option<String>,
    /// What is asked of RelayState.
    pub relay_state: RelayStateUse,
    /// How far the two clocks may be apart.
    pub clock_skew: SignedDuration,
    /// How long to wait for the response.
    pub timeout: Duration,
    /// How the platform is reached.
    pub connection: Connection,
    /// Which browser is opened.
    pub browser: BrowserChoice,
    /// Where the token goes besides the store.
    pub hand_out: HandOut,
    /// Whether a kept token that holds is good enough.
    pub if_needed: bool,
}

/// How the response is caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Capture {
    /// The identity provider's page posts it to this address.
    Loopback(LoopbackAddress),
    /// It is handed in, addressed to `recipient`.
    Paste {
        /// Where it is read from.
        source: PasteSource,
        /// The ACS it must name: the loopback address where one is configured, else the platform's.
        recipient: String,
    },
}

/// Where a response is read from that is already there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasteSource {
    /// Pasted at a prompt, unseen.
    Prompt,
    /// Standard input.
    StandardInput,
    /// A file.
    File(PathBuf),
}

/// Which keys are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustSources {
    /// The identity provider's metadata.
    pub metadata: Option<MetadataSource>,
    /// Certificates in files, PEM or DER.
    pub certificates: Vec<PathBuf>,
    /// Whether SHA-1 signatures and RSA-1024 keys pass, with a warning.
    pub allow_legacy_algorithms: bool,
}

/// Where metadata is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetadataSource {
    /// A file.
    File(PathBuf),
    /// An address.
    Url(WebAddress),
}

/// What is asked of RelayState (Bindings 3.5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayStateUse {
    /// Sent; one of ours that comes back must be this login's.
    Auto,
    /// Sent, and must come back.
    Require,
    /// Not sent, not looked at.
    Off,
}

/// What the address is handed to in a browser's place.
#[derive(Clone)]
pub struct Opener(Arc<dyn Fn(&WebAddress) + Send + Sync>);

impl Opener {
    /// An opener that calls this. It must come back at once: the login waits for it.
    pub fn new(open: impl Fn(&WebAddress) + Send + Sync + 'static) -> Self {
        Self(Arc::new(open))
    }

    /// Hands the address over.
    pub fn open(&self, address: &WebAddress) {
        (self.0)(address);
    }
}

impl PartialEq for Opener {
    /// Whether both are the same one.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Opener")
    }
}

/// Which browser is opened.
#[derive(Clone, Debug, PartialEq)]
pub enum BrowserChoice {
    /// The user's default one.
    Default,
    /// This command, with the address as its last argument.
    Command(String),
    /// A part of this program: the demo, where it signs in by itself.
    Program(Opener),
    /// None: the address is only shown.
    None,
}

/// Where a token goes besides the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HandOut {
    /// A file that holds the token alone.
    pub token_file: Option<PathBuf>,
    /// Export lines on standard output.
    pub env: Option<Shell>,
}

/// Why a configuration is not one.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// Something a login cannot do without is nowhere.
    #[error("{} is missing: {what}", .setting.flag())]
    Missing {
        /// What is missing.
        setting: Setting,
        /// What it is.
        what: &'static str,
    },
    /// A value that does not fit.
    #[error("{name} is not usable: {problem}")]
    Value {
        /// The flag, variable or key.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Neither metadata nor a certificate.
    #[error("nothing says which key the identity provider signs with")]
    NoTrust,
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
    /// The HTTP client could not be made.
    #[error("{0}")]
    Client(String),
    /// No home directory.
    #[error("the home directory cannot be used: {0}")]
    Home(&'static str),
}

/// Reads the layers as a login's configuration. `variable` gives the system's own environment variables.
///
/// # Errors
/// [`ConfigError`] for what is missing or does not fit.
pub fn resolve(
    profile: String,
    layers: &Layers,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<LoginConfig, ConfigError> {
    let read = Reader(layers);
    let Some(platform) = read.parsed(Setting::AcsUrl, PlatformAcs::parse)? else {
        return Err(ConfigError::Missing {
            setting: Setting::AcsUrl,
            what: "the platform's ACS URL, shown under Access Management > Identity Providers",
        });
    };
    let listen = read.parsed(Setting::Listen, LoopbackAddress::parse)?;
    let source = read.value(Setting::Response).map(|text| match text {
        "-" => PasteSource::StandardInput,
        path => PasteSource::File(path.into()),
    });
    let recipient = || {
        listen
            .as_ref()
            .map_or(platform.as_str(), LoopbackAddress::as_str)
            .to_owned()
    };
    let capture = match (read.value(Setting::Capture), source) {
        (None | Some("paste"), Some(source)) => Capture::Paste {
            source,
            recipient: recipient(),
        },
        (Some("paste"), None) => Capture::Paste {
            source: PasteSource::Prompt,
            recipient: recipient(),
        },
        (None | Some("loopback"), None) => Capture::Loopback(match listen {
            Some(listen) => listen,
            None => LoopbackAddress::parse(DEFAULT_LISTEN)
                .map_err(|error| read.wrong(Setting::Listen, error))?,
        }),
        (Some("loopback"), Some(_)) => {
            return Err(read.wrong(
                Setting::Capture,
                "a response that is already there is not caught in a browser",
            ));
        }
        (Some(_), _) => return Err(read.wrong(Setting::Capture, "it should be loopback or paste")),
    };
    let sign_in_link = read.parsed(Setting::IdpUrl, WebAddress::parse)?;
    if sign_in_link.is_none() && matches!(capture, Capture::Loopback(_)) {
        return Err(ConfigError::Missing {
            setting: Setting::IdpUrl,
            what: "the identity provider's IdP-initiated link for Anypoint Platform, which the browser opens",
        });
    }
    let trust = TrustSources {
        metadata: read.parsed(Setting::IdpMetadata, metadata_source)?,
        certificates: read
            .values(Setting::IdpCertificate)
            .iter()
            .map(PathBuf::from)
            .collect(),
        allow_legacy_algorithms: read.switch(Setting::AllowLegacyAlgorithms)?,
    };
    if trust.metadata.is_none() && trust.certificates.is_empty() {
        return Err(ConfigError::NoTrust);
    }
    let config = LoginConfig {
        profile,
        capture,
        sign_in_link,
        trust,
        issuer: read.text(Setting::Issuer)?,
        audience: read.text(Setting::Audience)?,
        expect_user: read.text(Setting::ExpectUser)?,
        relay_state: match read.value(Setting::RelayState) {
            None | Some("auto") => RelayStateUse::Auto,
            Some("require") => RelayStateUse::Require,
            Some("off") => RelayStateUse::Off,
            Some(_) => {
                return Err(read.wrong(Setting::RelayState, "it should be auto, require or off"));
            }
        },
        clock_skew: read.clock_skew()?,
        timeout: read.wait(Setting::Timeout)?.unwrap_or(DEFAULT_TIMEOUT),
        connection: Connection::resolve(layers)?,
        browser: match (
            read.switch(Setting::NoBrowser)?,
            read.text(Setting::Browser)?,
        ) {
            (true, _) => BrowserChoice::None,
            (false, Some(command)) => BrowserChoice::Command(command),
            (false, None) => BrowserChoice::Default,
        },
        hand_out: HandOut {
            token_file: read.value(Setting::TokenFile).map(PathBuf::from),
            env: read.parsed(Setting::Env, |name| shell(name, &variable))?,
        },
        if_needed: read.switch(Setting::IfNeeded)?,
        platform,
    };
    config.check_relay_state(&read)?;
    Ok(config)
}

impl LoginConfig {
    /// Where the response must be addressed to: `Recipient` and `Destination` are held against it.
    pub fn recipient(&self) -> &str {
        match &self.capture {
            Capture::Loopback(listen) => listen.as_str(),
            Capture::Paste { recipient, .. } => recipient,
        }
    }

    /// A RelayState in the link already is the organization's own way, which ours would stand beside: two of one name.
    fn check_relay_state(&self, read: &Reader) -> Result<(), ConfigError> {
        let taken = |link: &WebAddress| link.query().iter().any(|(name, _)| name == "RelayState");
        if self.relay_state == RelayStateUse::Require
            && self.sign_in_link.as_ref().is_some_and(taken)
        {
            return Err(read.wrong(
                Setting::IdpUrl,
                "it has a RelayState of its own, so ours cannot be required; take it out, or use relay-state off",
            ));
        }
        Ok(())
    }
}

/// The shell that export lines are written for: the named one, or with `auto` the one of `$SHELL`.
///
/// # Errors
/// What is wrong with the name.
pub fn shell(name: &str, variable: impl Fn(&str) -> Option<OsString>) -> Result<Shell, String> {
    if name != "auto" {
        return Shell::from_name(name)
            .ok_or_else(|| "it should be bash, zsh, fish or powershell".into());
    }
    if cfg!(windows) {
        return Ok(Shell::PowerShell);
    }
    let path = variable("SHELL").unwrap_or_default();
    let name = Path::new(&path)
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    Shell::from_name(&name).ok_or_else(|| {
        "$SHELL names no shell that is known here; name bash, zsh, fish or powershell".into()
    })
}

fn metadata_source(text: &str) -> Result<MetadataSource, String> {
    // A drive letter is no scheme, and a file may have any other name.
    if text.contains("://") {
        WebAddress::parse(text)
            .map(MetadataSource::Url)
            .map_err(|error| error.to_string())
    } else {
        Ok(MetadataSource::File(text.into()))
    }
}

#[cfg(test)]
mod tests;
