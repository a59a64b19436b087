//! What a login through SAML goes by.

use super::credentials::plane;
use super::reader::Reader;
use super::{Capture, ConfigError, Machine, Setting};
use crate::address::WebAddress;
use crate::platform::PlatformAcs;
use crate::time::SignedDuration;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// The loopback address that responses are posted to unless another one is registered with the identity provider.
pub const DEFAULT_LISTEN: &str = "http://127.0.0.1:35417/saml/acs";

/// What a login through SAML goes by.
#[derive(Clone, Debug)]
pub struct SamlConfig {
    /// The platform's ACS.
    pub platform: PlatformAcs,
    /// How the response is caught.
    pub capture: Capture,
    /// Why so, as the end of a sentence.
    pub why_capture: String,
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
    /// Which browser is opened.
    pub browser: BrowserChoice,
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

impl SamlConfig {
    pub(super) fn resolve(read: &Reader, machine: &Machine) -> Result<Self, ConfigError> {
        let trust = TrustSources::resolve(read)?;
        plane(read)?;
        let platform = read.parsed(Setting::AcsUrl, PlatformAcs::parse)?;
        let sign_in_link = read.parsed(Setting::IdpUrl, WebAddress::parse)?;
        let missing = missing(read);
        let Some(platform) = platform.filter(|_| missing.is_empty()) else {
            return Err(ConfigError::Missing(missing));
        };
        if sign_in_link
            .as_ref()
            .is_some_and(|link| platform.plane().starts_login(link))
        {
            return Err(ConfigError::StartsAtPlatform);
        }
        let (capture, why_capture) = Capture::resolve(read, machine)?;
        let config = Self {
            capture,
            why_capture,
            platform,
            sign_in_link,
            trust,
            issuer: read.text(Setting::Issuer)?,
            audience: read.text(Setting::Audience)?,
            expect_user: read.text(Setting::ExpectUser)?,
            relay_state: RelayStateUse::resolve(read)?,
            clock_skew: read.clock_skew()?,
            browser: BrowserChoice::resolve(read)?,
        };
        config.check_relay_state(read)?;
        Ok(config)
    }

    /// Where the response must be addressed to: `Recipient` and `Destination` are held against it.
    pub fn recipient(&self) -> &str {
        match &self.capture {
            Capture::Loopback(listen) => listen.as_str(),
            Capture::Chromium(_) | Capture::Paste { .. } => self.platform.as_str(),
        }
    }

    /// Where it may be addressed to instead: nobody can know on which of the two ways a response was copied.
    pub fn other_recipient(&self) -> Option<&str> {
        match &self.capture {
            Capture::Paste { listen, .. } => Some(listen.as_str()),
            Capture::Loopback(_) | Capture::Chromium(_) => None,
        }
    }

    /// Whether the link has a RelayState already: the organization's own way of telling its applications apart, beside
    /// which ours would be a second one of that name.
    pub fn link_has_relay_state(&self) -> bool {
        let has = |link: &WebAddress| link.query().iter().any(|(name, _)| name == "RelayState");
        self.sign_in_link.as_ref().is_some_and(has)
    }

    fn check_relay_state(&self, read: &Reader) -> Result<(), ConfigError> {
        if self.relay_state == RelayStateUse::Require && self.link_has_relay_state() {
            return Err(read.wrong(
                Setting::IdpUrl,
                "it has a RelayState of its own, so ours cannot be required; take it out, or use relay-state off",
            ));
        }
        Ok(())
    }
}

/// What a login through SAML cannot do without, and nobody has said.
pub(super) fn missing(read: &Reader) -> Vec<Setting> {
    let is_paste =
        read.value(Setting::Response).is_some() || read.value(Setting::Capture) == Some("paste");
    [Setting::AcsUrl, Setting::IdpUrl]
        .into_iter()
        .filter(|setting| read.value(*setting).is_none())
        .filter(|setting| *setting != Setting::IdpUrl || !is_paste)
        .collect()
}

impl TrustSources {
    pub(super) fn resolve(read: &Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            metadata: read.parsed(Setting::IdpMetadata, metadata_source)?,
            certificates: read
                .values(Setting::IdpCertificate)
                .iter()
                .map(PathBuf::from)
                .collect(),
            allow_legacy_algorithms: read.switch(Setting::AllowLegacyAlgorithms)?,
        })
    }
}

impl RelayStateUse {
    fn resolve(read: &Reader) -> Result<Self, ConfigError> {
        match read.value(Setting::RelayState) {
            None | Some("auto") => Ok(Self::Auto),
            Some("require") => Ok(Self::Require),
            Some("off") => Ok(Self::Off),
            Some(_) => Err(read.wrong(Setting::RelayState, "it should be auto, require or off")),
        }
    }
}

impl BrowserChoice {
    pub(super) fn resolve(read: &Reader) -> Result<Self, ConfigError> {
        let command = read.text(Setting::Browser)?;
        Ok(match (read.switch(Setting::NoBrowser)?, command) {
            (true, _) => Self::None,
            (false, Some(command)) => Self::Command(command),
            (false, None) => Self::Default,
        })
    }
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
