//! How the platform is reached.

use super::{ConfigError, Layers, Setting, read_trusted, reader::Reader};
use crate::http::{Client, Settings};
use std::path::PathBuf;
use std::time::Duration;

/// How long one answer of the platform may take.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// How the platform is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Certificate authorities in PEM besides the system's.
    pub ca_bundle: Option<PathBuf>,
    /// How long to wait for each answer.
    pub timeout: Duration,
}

impl Connection {
    /// Reads the layers.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for what does not fit.
    pub fn resolve(layers: &Layers) -> Result<Self, ConfigError> {
        let read = Reader(layers);
        Ok(Self {
            ca_bundle: read.value(Setting::CaBundle).map(PathBuf::from),
            timeout: read
                .wait(Setting::PlatformTimeout)?
                .unwrap_or(DEFAULT_TIMEOUT),
        })
    }

    /// Makes the HTTP client.
    ///
    /// # Errors
    /// [`ConfigError`] when the CA bundle cannot be used.
    pub fn client(&self) -> Result<Client, ConfigError> {
        self.client_within(Settings::default().connect_timeout, self.timeout)
    }

    /// Makes an HTTP client for whoever waits only so long: for a connection, and for a whole answer.
    ///
    /// # Errors
    /// As [`Connection::client`].
    pub fn client_within(
        &self,
        connect_timeout: Duration,
        timeout: Duration,
    ) -> Result<Client, ConfigError> {
        let ca_bundle = match &self.ca_bundle {
            Some(path) => Some(read_trusted(path, Settings::MAX_CA_BUNDLE as u64)?),
            None => None,
        };
        let settings = Settings {
            ca_bundle,
            connect_timeout,
            timeout,
        };
        Client::new(&settings).map_err(|error| ConfigError::Client(error.to_string()))
    }
}
