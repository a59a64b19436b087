//! Reading the configuration, as far as it goes.

use super::configuration::{ConfigurationFile, NamedProfile};
use crate::address::{LoopbackAddress, WebAddress};
use crate::commands::args::{LoginArgs, ProfileArgs};
use crate::commands::error::CommandError;
use crate::config::{
    BrowserChoice, Capture, ConfigError, ConfigFile, Connection, Layers, Machine, MetadataSource,
    OwnBrowser, Parts, Profile, SamlParts, TrustSources, config_file,
};
use crate::platform::{Plane, PlatformAcs};
use crate::store::Key;
use crate::time::SignedDuration;
use std::env::var_os;
use std::path::PathBuf;

/// What a login would read before anything else. What comes after an error is absent.
pub(super) struct Configuration {
    pub(super) file: Result<ConfigurationFile, CommandError>,
    pub(super) profile: Option<Result<NamedProfile, CommandError>>,
    pub(super) settings: Option<Result<(Layers, Parts), CommandError>>,
    /// The installed browser that the chromium capture would take.
    pub(super) chromium: Option<PathBuf>,
}

impl Configuration {
    /// Reads the file, the profile, the variables and the flags.
    pub(super) fn read(profile: &ProfileArgs, settings: &LoginArgs) -> Self {
        let machine = Machine::this();
        let (file, content) = parted(read_file());
        let named = content.map(|content| name(profile, settings, content));
        let (profile, table) = match named.map(parted) {
            None => (None, None),
            Some((profile, table)) => (Some(profile), table),
        };
        let settings = table.map(|table| {
            let layers = settings.layers(&table)?;
            let parts = Parts::read(&layers, &machine);
            Ok((layers, parts))
        });
        Self {
            file,
            profile,
            settings,
            chromium: machine.chromium,
        }
    }

    /// The settings, where they could be read.
    pub(super) fn layers(&self) -> Option<&Layers> {
        Some(&self.settings.as_ref()?.as_ref().ok()?.0)
    }

    /// What could be made out of them.
    pub(super) fn parts(&self) -> Option<&Parts> {
        Some(&self.settings.as_ref()?.as_ref().ok()?.1)
    }

    /// What a token is kept under.
    pub(super) fn key(&self) -> Option<Key> {
        Key::new(&self.profile.as_ref()?.as_ref().ok()?.name).ok()
    }

    fn saml(&self) -> Option<&SamlParts> {
        self.parts()?.saml.as_ref()
    }

    pub(super) fn plane(&self) -> Option<&Plane> {
        self.parts()?.plane.as_ref()
    }

    pub(super) fn acs(&self) -> Option<&PlatformAcs> {
        self.saml()?.platform.as_ref()
    }

    pub(super) fn link(&self) -> Option<&WebAddress> {
        self.saml()?.sign_in_link.as_ref()
    }

    pub(super) fn trust(&self) -> Option<&TrustSources> {
        self.saml()?.trust.as_ref()
    }

    pub(super) fn metadata(&self) -> Option<&MetadataSource> {
        self.trust()?.metadata.as_ref()
    }

    pub(super) fn issuer(&self) -> Option<&str> {
        self.saml()?.issuer.as_deref()
    }

    pub(super) fn clock_skew(&self) -> Option<SignedDuration> {
        self.saml()?.clock_skew
    }

    pub(super) fn browser(&self) -> Option<&BrowserChoice> {
        self.saml()?.browser.as_ref()
    }

    pub(super) fn connection(&self) -> Option<&Connection> {
        self.parts()?.connection.as_ref()
    }

    /// How the response is caught, and why so; or why it is not.
    pub(super) fn capture(&self) -> Option<Result<(&Capture, &str), &ConfigError>> {
        let capture = self.saml()?.capture.as_ref();
        Some(capture.map(|(capture, why)| (capture, why.as_str())))
    }

    /// The address of the loopback capture, where that is it.
    pub(super) fn listen(&self) -> Option<&LoopbackAddress> {
        match self.capture()?.ok()?.0 {
            Capture::Loopback(address) => Some(address),
            Capture::Chromium(_) | Capture::Paste { .. } => None,
        }
    }

    /// The browser of our own, where a login takes one.
    pub(super) fn own_browser(&self) -> Option<&OwnBrowser> {
        match self.capture()?.ok()?.0 {
            Capture::Chromium(own) => Some(own),
            Capture::Loopback(_) | Capture::Paste { .. } => None,
        }
    }

    /// The addresses that there are to ask: one for each server.
    pub(super) fn addresses(&self) -> Vec<&WebAddress> {
        let metadata = match self.metadata() {
            Some(MetadataSource::Url(address)) => Some(address),
            Some(MetadataSource::File(_)) | None => None,
        };
        let platform = self.plane().map(Plane::address);
        let mut addresses: Vec<&WebAddress> = Vec::new();
        for address in [platform, self.link(), metadata].into_iter().flatten() {
            let is_known = |known: &&WebAddress| known.origin() == address.origin();
            if !addresses.iter().any(is_known) {
                addresses.push(address);
            }
        }
        addresses
    }
}

fn read_file() -> Result<(ConfigurationFile, ConfigFile), CommandError> {
    let (path, is_named) = config_file(|name| var_os(name))?;
    let content = ConfigFile::read(&path, is_named)?;
    let is_there = path.exists();
    let file = ConfigurationFile {
        path,
        is_named,
        is_there,
    };
    Ok((file, content))
}

fn name(
    profile: &ProfileArgs,
    settings: &LoginArgs,
    content: ConfigFile,
) -> Result<(NamedProfile, Profile), CommandError> {
    let default = content.default_profile().map(|_| "default_profile");
    let (name, table) = settings.profile(profile, content)?;
    Key::new(&name)?;
    let by = profile.named_by().or(default);
    Ok((NamedProfile { name, by }, table))
}

/// What is judged, and what one goes on with where there is no error.
fn parted<A, B, E>(read: Result<(A, B), E>) -> (Result<A, E>, Option<B>) {
    match read {
        Ok((judged, next)) => (Ok(judged), Some(next)),
        Err(error) => (Err(error), None),
    }
}
