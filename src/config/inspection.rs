//! What a response is held against that somebody looks at, without signing in with it.

use super::reader::Reader;
use super::{ConfigError, Connection, Layers, Setting, TrustSources};
use crate::address::LoopbackAddress;
use crate::platform::PlatformAcs;
use crate::time::SignedDuration;

/// What `inspect` goes by. Everything that is not configured is shown instead of compared.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// Which keys are believed.
    pub trust: TrustSources,
    /// The identity provider's entity ID, where it is not taken from its metadata.
    pub issuer: Option<String>,
    /// The audience the platform expects.
    pub audience: Option<String>,
    /// The only user who may be signed in (the `NameID`).
    pub expect_user: Option<String>,
    /// How far the two clocks may be apart.
    pub clock_skew: SignedDuration,
    /// Where a response is addressed to that is handed in: the loopback address where one is configured, else the
    /// platform's.
    pub recipient: Option<String>,
    /// The platform's address that logins of this profile use, by which it is known what they have learned.
    pub acs_url: Option<String>,
    /// How metadata is fetched.
    pub connection: Connection,
}

impl Inspection {
    /// Reads the layers.
    ///
    /// # Errors
    /// [`ConfigError`] for what does not fit.
    pub fn resolve(layers: &Layers) -> Result<Self, ConfigError> {
        let read = Reader(layers);
        let listen = read.parsed(Setting::Listen, LoopbackAddress::parse)?;
        let platform = read.parsed(Setting::AcsUrl, PlatformAcs::parse)?;
        let recipient = match (&listen, &platform) {
            (Some(listen), _) => Some(listen.as_str()),
            (None, platform) => platform.as_ref().map(PlatformAcs::as_str),
        };
        Ok(Self {
            trust: TrustSources::resolve(&read)?,
            issuer: read.text(Setting::Issuer)?,
            audience: read.text(Setting::Audience)?,
            expect_user: read.text(Setting::ExpectUser)?,
            clock_skew: read.clock_skew()?,
            recipient: recipient.map(str::to_owned),
            acs_url: platform
                .as_ref()
                .map(|platform| platform.as_str().to_owned()),
            connection: Connection::resolve(layers)?,
        })
    }
}
