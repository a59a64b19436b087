//! The facts about this machine: here it is looked at, and those are asked who can be asked.

use super::asking::{Answers, host};
use super::kept::Environment;
use super::keys::Keys;
use super::machine::{Browser, OwnBrowser};
use super::metadata::Metadata;
use super::network::{Asked, Proxies};
use super::reading::Configuration;
use crate::acs::{Warning, neighbour};
use crate::address::{LoopbackAddress, WebAddress};
use crate::browser::chromium::{self, ChromiumError, Sandbox};
use crate::browser::{opener, why_not_here};
use crate::commands::args::open_store;
use crate::commands::error::Words;
use crate::commands::exec::CONTRADICTING;
use crate::config::BrowserChoice;
use crate::foreign::brief;
use crate::http::{PROXY_VARIABLES, names_a_proxy, proxy_to};
use crate::login::{check_browser, read_certificates};
use crate::loopback::{BindError, Limits, Server};
use crate::platform::Plane;
use crate::saml::Expected;
use crate::store::{Kept, Key, StoreError, TokenStore, prepare_token_file};
use crate::terminal::Terminal;
use crate::time::{self, SignedDuration, Timestamp};
use crate::xmldsig::TrustedKey;
use std::env::{self, var_os};
use std::ffi::OsString;
use std::path::PathBuf;

/// Everything that is judged, beside the configuration itself.
pub(super) struct Facts {
    pub(super) now: Timestamp,
    pub(super) is_offline: bool,
    /// What a login finds out of the browser of its own before it begins, where it takes one.
    pub(super) can_run: Option<Result<Sandbox, ChromiumError>>,
    pub(super) port: Option<Result<(LoopbackAddress, Option<Warning>), BindError>>,
    pub(super) browser: Browser,
    pub(super) own_browser: Option<OwnBrowser>,
    pub(super) snap: Option<PathBuf>,
    pub(super) browser_profile: Option<(PathBuf, Result<bool, StoreError>)>,
    pub(super) environment: Environment,
    pub(super) proxies: Proxies,
    pub(super) authorities: Option<Result<(), Words>>,
    /// The variables that name authorities in place of the system's own.
    pub(super) named_authorities: Vec<(&'static str, String)>,
    pub(super) bundle: Option<PathBuf>,
    pub(super) platform: Asked,
    pub(super) link: Asked,
    pub(super) clock_skew: SignedDuration,
    pub(super) metadata: Metadata,
    pub(super) keys: Option<Keys>,
    pub(super) state: Option<(PathBuf, Result<bool, StoreError>)>,
    pub(super) token_file: Option<(PathBuf, Result<(), StoreError>)>,
    pub(super) token: Option<Result<Option<Kept>, StoreError>>,
}

impl Facts {
    /// Looks at the machine, and asks whom the configuration names unless it is to be done offline.
    pub(super) fn gather(
        configuration: &Configuration,
        is_offline: bool,
        terminal: &Terminal,
    ) -> Self {
        let addresses = configuration.addresses();
        if !is_offline && !addresses.is_empty() && terminal.is_watched() {
            let hosts: Vec<_> = addresses.iter().map(|address| host(address)).collect();
            terminal.say(&format!("Asking {}.", hosts.join(", ")));
        }
        let parts = configuration.parts();
        let own = configuration.own_browser();
        let place = parts.and_then(|parts| parts.store).unwrap_or_default();
        let store = open_store().ok().map(|store| store.keeping_in(place));
        let key = configuration.key();
        let answers = Answers::gather(configuration, store.as_ref(), is_offline);
        let place = store.as_ref().zip(key.as_ref());
        let token = place.map(|(store, key)| store.load(key));
        Self {
            now: time::now(),
            is_offline,
            can_run: own.map(check_browser),
            port: configuration.listen().map(port),
            browser: browser(configuration),
            own_browser: answers.own_browser,
            snap: chromium::installed_as_snap(),
            browser_profile: place.filter(|_| own.is_some_and(|own| !own.is_fresh)).map(
                |(store, key)| {
                    let profiles = store.browser_profiles();
                    (profiles.path(key), profiles.look(key))
                },
            ),
            environment: environment(configuration, token.as_ref()),
            proxies: proxies(&addresses),
            authorities: answers.authorities,
            named_authorities: named_authorities(),
            bundle: configuration
                .connection()
                .and_then(|connection| connection.ca_bundle.clone()),
            platform: answers.platform,
            link: answers.link,
            clock_skew: configuration.clock_skew().unwrap_or(Expected::CLOCK_SKEW),
            keys: keys(configuration, &answers.metadata, place),
            metadata: answers.metadata,
            state: place.map(|(store, key)| (store.directory().to_owned(), store.look(key))),
            token_file: parts
                .and_then(|parts| parts.token_file.clone())
                .map(|path| {
                    let prepared = prepare_token_file(&path);
                    (path, prepared)
                }),
            token,
        }
    }
}

fn keys(
    configuration: &Configuration,
    metadata: &Metadata,
    place: Option<(&TokenStore, &Key)>,
) -> Option<Keys> {
    let trust = configuration.trust()?;
    let mut configured: Vec<TrustedKey> = metadata
        .provider()
        .map(|provider| provider.keys.clone())
        .unwrap_or_default();
    let mut unread = Vec::new();
    for path in &trust.certificates {
        match read_certificates(path) {
            Ok(keys) => configured.extend(keys),
            Err(error) => unread.push(error),
        }
    }
    let is_configured = trust.metadata.is_some() || !trust.certificates.is_empty();
    let learned = match (place, configuration.acs()) {
        (Some((store, key)), Some(platform)) if !is_configured => {
            learned(store, key, platform.as_str())
        }
        _ => Ok(None),
    };
    Some(Keys {
        configured,
        unread,
        learned,
        is_configured,
        allows_legacy: trust.allow_legacy_algorithms,
    })
}

/// The key that earlier logins have learned.
fn learned(
    store: &TokenStore,
    key: &Key,
    platform: &str,
) -> Result<Option<TrustedKey>, StoreError> {
    let known = store.known();
    let Some(learned) = known.load(key, platform)? else {
        return Ok(None);
    };
    TrustedKey::from_certificate_der(&learned.certificate)
        .map(Some)
        .map_err(|_| StoreError::Unknowable {
            path: known.path(key),
        })
}

/// Takes the listener's port, and gives it back.
fn port(address: &LoopbackAddress) -> Result<(LoopbackAddress, Option<Warning>), BindError> {
    let bound = Server::bind(&address.sockets(), Limits::DEFAULT, &[]);
    bound.map(|_server| (address.clone(), neighbour(address)))
}

fn browser(configuration: &Configuration) -> Browser {
    let Some(listen) = configuration.listen() else {
        return Browser::OfNoUse;
    };
    let blocked = why_not_here(|name| var_os(name));
    match (configuration.browser(), blocked) {
        (Some(BrowserChoice::Command(command)), _) => Browser::Opener(opener(Some(command))),
        (Some(BrowserChoice::Default), None) => Browser::Opener(opener(None)),
        (Some(BrowserChoice::Default), Some(why)) => Browser::Blocked {
            why,
            listen: listen.clone(),
            user: env::var("USER").ok(),
        },
        (None | Some(BrowserChoice::None | BrowserChoice::Program(_)), _) => Browser::NotWanted,
    }
}

/// A variable's value; an empty one counts as absent.
fn set(name: &str) -> Option<OsString> {
    var_os(name).filter(|value| !value.is_empty())
}

fn environment(
    configuration: &Configuration,
    token: Option<&Result<Option<Kept>, StoreError>>,
) -> Environment {
    let kept = token.and_then(|kept| kept.as_ref().ok()?.as_ref());
    let is_other = |name: &&str| {
        let both = set(name).zip(kept);
        both.is_some_and(|(value, kept)| value != kept.token.expose())
    };
    // A connected app's own id and secret are what it signs in with.
    let is_app = configuration
        .parts()
        .is_some_and(|parts| parts.method == "connected-app");
    let is_meant = |name: &str| is_app && name.starts_with("ANYPOINT_CLIENT_");
    let hosts = set("ANYPOINT_HOST").zip(configuration.plane().map(Plane::host));
    Environment {
        contradicting: CONTRADICTING
            .into_iter()
            .filter(|name| set(name).is_some() && !is_meant(name))
            .collect(),
        other_tokens: ["ANYPOINT_BEARER", "ANYPOINT_ACCESS_TOKEN"]
            .into_iter()
            .filter(is_other)
            .collect(),
        other_host: hosts
            .filter(|(host, expected)| host != expected.as_str())
            .map(|(host, expected)| (brief(&host.to_string_lossy()), brief(&expected))),
    }
}

fn proxies(addresses: &[&WebAddress]) -> Proxies {
    let named = PROXY_VARIABLES
        .into_iter()
        .filter_map(|name| Some((name, set(name)?.to_string_lossy().into_owned())));
    let (usable, unusable): (Vec<_>, Vec<_>) = named.partition(|(_, value)| names_a_proxy(value));
    Proxies {
        to: addresses
            .iter()
            .map(|address| (host(address), proxy_to(address, |name| var_os(name))))
            .collect(),
        unusable: unusable.into_iter().map(|(name, _)| name).collect(),
        is_named: !usable.is_empty(),
    }
}

/// The variables that Unix systems read in place of their own list.
fn named_authorities() -> Vec<(&'static str, String)> {
    let are_read = cfg!(all(unix, not(target_os = "macos")));
    ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        .into_iter()
        .filter(|_| are_read)
        .filter_map(|name| Some((name, set(name)?.to_string_lossy().into_owned())))
        .collect()
}
