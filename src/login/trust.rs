//! Whom to believe: the identity provider's keys and its name, gathered before anything is opened.

use super::LoginError;
use super::metadata::{Fetching, LIMIT};
use crate::address::WebAddress;
use crate::config::{ConfigError, MetadataSource, TrustSources, read_trusted};
use crate::foreign::shown;
use crate::saml::Trust;
use crate::saml::metadata::{self, IdentityProvider};
use crate::store::Known;
use crate::time;
use crate::xmldsig::{KeyError, TrustedKey};
use std::path::Path;

/// The largest certificate file read.
const CERTIFICATE_LIMIT: u64 = 256 * 1024;

/// What the configuration says about the identity provider.
#[derive(Debug)]
pub struct Believed {
    /// The keys.
    pub trust: Trust,
    /// Its entity ID, where it is known.
    pub issuer: Option<String>,
    /// The key that an earlier login has learned; it is among those of `trust`.
    pub learned: Option<TrustedKey>,
    /// Where its pages may post from, as browsers write it into `Origin`.
    pub origins: Vec<String>,
}

/// Reads metadata and certificates; `issuer` is the entity ID that the configuration names.
///
/// # Errors
/// [`LoginError`] says which of them cannot be had or used.
pub fn gather(
    sources: &TrustSources,
    issuer: Option<&str>,
    fetching: Fetching<'_>,
) -> Result<Believed, LoginError> {
    let mut keys = Vec::new();
    let mut origins = Vec::new();
    let mut issuer = issuer.map(str::to_owned);
    if let Some(source) = &sources.metadata {
        let provider = read_metadata(source, issuer.as_deref(), fetching)?;
        for error in &provider.unusable {
            fetching.terminal.warn(&format!(
                "a signing certificate in the identity provider's metadata is passed over: {error}"
            ));
        }
        keys.extend(provider.keys);
        let services = provider
            .single_sign_on
            .iter()
            .filter_map(|(_, location)| WebAddress::parse(location).ok());
        origins.extend(services.map(|service| service.origin()));
        issuer.get_or_insert(provider.entity_id);
    }
    for path in &sources.certificates {
        keys.extend(read_certificates(path)?);
    }
    let suits = |key: &&TrustedKey| key.is_suitable(sources.allow_legacy_algorithms);
    for key in keys.iter().filter(|key| !suits(key)) {
        fetching.terminal.warn(&format!(
            "what the identity provider signs with its key {}, SHA-256 {}, is refused: a key of 2048 to 8192 bits is asked for",
            key.description(),
            key.fingerprint()
        ));
    }
    Ok(Believed {
        trust: Trust {
            keys,
            learn: false,
            allow_legacy_algorithms: sources.allow_legacy_algorithms,
        },
        issuer,
        learned: None,
        origins,
    })
}

/// Makes sure that the files among them can be read and used. What is to be fetched is left to the login.
///
/// # Errors
/// As of [`gather`].
pub fn check_files(sources: &TrustSources, issuer: Option<&str>) -> Result<(), LoginError> {
    if let Some(MetadataSource::File(path)) = &sources.metadata {
        read_metadata_file(path, issuer)?;
    }
    for path in &sources.certificates {
        read_certificates(path)?;
    }
    Ok(())
}

impl Believed {
    /// Adds what earlier logins have taught: where the configuration names no key, the learned one and its issuer.
    ///
    /// # Errors
    /// The certificate that was kept is none.
    pub fn remember(&mut self, known: Option<Known>) -> Result<(), LoginError> {
        if !self.trust.keys.is_empty() {
            return Ok(());
        }
        self.trust.learn = true;
        if let Some(known) = known {
            let wrong = |error: KeyError| LoginError::Metadata {
                source_name: "an earlier login".into(),
                problem: error.to_string(),
            };
            let key = TrustedKey::from_certificate_der(&known.certificate).map_err(wrong)?;
            self.trust.keys.push(key.clone());
            self.learned = Some(key);
            self.issuer = self.issuer.take().or(known.issuer);
        }
        Ok(())
    }
}

fn read_metadata(
    source: &MetadataSource,
    issuer: Option<&str>,
    fetching: Fetching<'_>,
) -> Result<IdentityProvider, LoginError> {
    match source {
        MetadataSource::Url(address) => fetching.fetch(address, issuer),
        MetadataSource::File(path) => read_metadata_file(path, issuer),
    }
}

/// The identity provider that the metadata in a file describes.
///
/// # Errors
/// [`LoginError`]
pub fn read_metadata_file(
    path: &Path,
    issuer: Option<&str>,
) -> Result<IdentityProvider, LoginError> {
    let bytes = read_trusted(path, LIMIT as u64)?;
    metadata::parse(&bytes, issuer, time::now()).map_err(|error| LoginError::Metadata {
        source_name: shown(&path.to_string_lossy(), 300),
        problem: error.to_string(),
    })
}

/// The certificates of a file: any number in PEM, or one in DER.
///
/// # Errors
/// [`LoginError`]
pub fn read_certificates(path: &Path) -> Result<Vec<TrustedKey>, LoginError> {
    let bytes = read_trusted(path, CERTIFICATE_LIMIT)?;
    let keys = TrustedKey::from_pem_or_der(&bytes);
    keys.map_err(|error| {
        ConfigError::File {
            path: path.to_owned(),
            problem: error.to_string(),
        }
        .into()
    })
}
