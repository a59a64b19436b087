//! Metadata by address: fetched once a day, kept with its date, and believed only as far as it says what it said before.

use super::LoginError;
use crate::address::WebAddress;
use crate::foreign::shown;
use crate::http::{Client, HttpRequest, Method};
use crate::saml::metadata::{self, IdentityProvider};
use crate::store::{KeptMetadata, KnownStore};
use crate::terminal::Terminal;
use crate::time::{self, SignedDuration, Timestamp, to_the_second};
use crate::xmldsig::TrustedKey;

/// The largest metadata read: an identity provider's own has a few kB, a federation's list does not belong here.
pub(super) const LIMIT: usize = KnownStore::MAX_METADATA;
/// How long it is used without asking again, unless it wants to be asked sooner (`cacheDuration`).
const FRESH: SignedDuration = SignedDuration::from_hours(24);
/// How long it is used when nobody answers: a key that was withdrawn must not live on by keeping us from hearing of it.
const OUT_OF_REACH: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How metadata is had.
#[derive(Clone, Copy)]
pub struct Fetching<'f> {
    /// The way to others.
    pub client: &'f Client,
    /// Where it is kept.
    pub store: &'f KnownStore,
    /// Who is asked about a change.
    pub terminal: &'f Terminal,
    /// Whether what is new is kept, and asked about: a login does, a mere look at a response does not.
    pub keeps: bool,
}

impl Fetching<'_> {
    /// The identity provider that the metadata at this address describes.
    pub(super) fn fetch(
        &self,
        address: &WebAddress,
        issuer: Option<&str>,
    ) -> Result<IdentityProvider, LoginError> {
        let now = time::now();
        let before = kept(self.store, address, issuer)?;
        if let Some((kept, provider)) = &before
            && is_within(
                kept,
                provider.cache_duration.unwrap_or(FRESH).min(FRESH),
                now,
            )
            && holds(kept, issuer, now)
        {
            return Ok(provider.clone());
        }
        match ask(self.client, address, issuer, now) {
            Ok((xml, provider)) => {
                self.compare(
                    address,
                    before.as_ref().map(|(_, provider)| provider),
                    &provider,
                )?;
                if self.keeps {
                    self.keep(address, xml, now);
                }
                Ok(provider)
            }
            Err(error) => match before {
                Some((kept, provider)) if does_without_answer(&kept, issuer, now) => {
                    self.terminal.warn(&format!(
                        "{error}. That of {} is used.",
                        to_the_second(kept.fetched_at)
                    ));
                    Ok(provider)
                }
                _ => Err(error),
            },
        }
    }

    /// A key more, or another name, is somebody more to believe: that is the user's to say. A key less is not.
    fn compare(
        &self,
        address: &WebAddress,
        before: Option<&IdentityProvider>,
        now: &IdentityProvider,
    ) -> Result<(), LoginError> {
        let Some(before) = before else {
            if self.keeps {
                self.terminal.say("The identity provider's metadata is fetched for the first time. Its signing keys:");
                for key in &now.keys {
                    self.terminal.field(
                        &key.description(),
                        &format!("SHA-256 {}", key.fingerprint()),
                    );
                }
            }
            return Ok(());
        };
        let news = news(before, now);
        if news.is_empty() {
            return Ok(());
        }
        self.terminal.warn(&format!(
            "the identity provider's metadata at {} names somebody that it did not name before:",
            shown(address.as_str(), 300)
        ));
        for new in &news {
            self.terminal.say(&format!("  {new}"));
        }
        if !self.keeps {
            self.terminal
                .say("It is believed for this look alone; the next login asks about it.");
            return Ok(());
        }
        if self.terminal.confirm("Believe it from now on?") {
            return Ok(());
        }
        Err(LoginError::MetadataChanged {
            source_name: shown(address.as_str(), 300),
            news: news.join(", "),
        })
    }

    fn keep(&self, address: &WebAddress, xml: String, now: Timestamp) {
        let kept = KeptMetadata {
            address: address.as_str().to_owned(),
            fetched_at: now,
            xml,
        };
        if let Err(error) = self.store.keep_metadata(&kept) {
            self.terminal.warn(&format!(
                "the identity provider's metadata is not kept: {error}"
            ));
        }
    }
}

/// The metadata that was kept from this address, and whom it describes.
///
/// # Errors
/// [`LoginError::Store`]
fn kept(
    store: &KnownStore,
    address: &WebAddress,
    issuer: Option<&str>,
) -> Result<Option<(KeptMetadata, IdentityProvider)>, LoginError> {
    // As it was when it came: it may have ended meanwhile, and tells which keys were known all the same.
    Ok(store.metadata(address.as_str())?.and_then(|kept| {
        let provider = metadata::parse(kept.xml.as_bytes(), issuer, kept.fetched_at).ok()?;
        Some((kept, provider))
    }))
}

/// Asks for metadata.
fn ask(
    client: &Client,
    address: &WebAddress,
    issuer: Option<&str>,
    now: Timestamp,
) -> Result<(String, IdentityProvider), LoginError> {
    const ACCEPT: &str = "application/samlmetadata+xml, application/xml, text/xml";
    let request = HttpRequest {
        method: Method::Get,
        address,
        headers: &[("Accept", ACCEPT)],
        body: None,
        limit: LIMIT,
    };
    let answer = client.send(request).map_err(LoginError::NoMetadata)?;
    let wrong = |problem: String| LoginError::Metadata {
        source_name: shown(address.as_str(), 300),
        problem,
    };
    if answer.status != 200 {
        return Err(wrong(format!(
            "the server answered with status {}",
            answer.status
        )));
    }
    let provider =
        metadata::parse(&answer.body, issuer, now).map_err(|error| wrong(error.to_string()))?;
    // The parser takes UTF-8 alone, so nothing is lost.
    let xml = String::from_utf8_lossy(&answer.body).into_owned();
    Ok((xml, provider))
}

/// Whom the metadata names that it did not name before, fit to be shown.
fn news(before: &IdentityProvider, now: &IdentityProvider) -> Vec<String> {
    let is_new = |key: &&TrustedKey| {
        let same = |known: &TrustedKey| known.fingerprint() == key.fingerprint();
        !before.keys.iter().any(same)
    };
    let mut news: Vec<_> = now
        .keys
        .iter()
        .filter(is_new)
        .map(|key| {
            format!(
                "the key {}, SHA-256 {}",
                key.description(),
                key.fingerprint()
            )
        })
        .collect();
    if before.entity_id != now.entity_id {
        news.push(format!("the name {}", shown(&now.entity_id, 300)));
    }
    news
}

/// What there is to see of metadata by address.
#[derive(Debug)]
pub struct Seen {
    /// What is there now; `None` where nobody was asked.
    pub asked: Option<Result<IdentityProvider, LoginError>>,
    /// What an earlier login has kept, with its date, where a login would still go by it.
    pub kept: Option<(Timestamp, IdentityProvider)>,
    /// Whom it names now that the kept one did not, fit to be shown: a login asks about them.
    pub news: Vec<String>,
}

/// Looks at metadata by address without keeping it, believing it or saying anything. Without a client nobody is asked.
///
/// # Errors
/// [`LoginError::Store`]
pub fn look(
    client: Option<&Client>,
    store: &KnownStore,
    address: &WebAddress,
    issuer: Option<&str>,
) -> Result<Seen, LoginError> {
    let now = time::now();
    let before = kept(store, address, issuer)?;
    let asked =
        client.map(|client| ask(client, address, issuer, now).map(|(_, provider)| provider));
    let news = match (&before, &asked) {
        (Some((_, before)), Some(Ok(now))) => news(before, now),
        _ => Vec::new(),
    };
    let kept = before
        .filter(|(kept, _)| does_without_answer(kept, issuer, now))
        .map(|(kept, provider)| (kept.fetched_at, provider));
    Ok(Seen { asked, kept, news })
}

/// Whether a login goes by it where nobody answers.
fn does_without_answer(kept: &KeptMetadata, issuer: Option<&str>, now: Timestamp) -> bool {
    is_within(kept, OUT_OF_REACH, now) && holds(kept, issuer, now)
}

/// Whether it came so recently. What came in the future came by another clock.
fn is_within(kept: &KeptMetadata, age: SignedDuration, now: Timestamp) -> bool {
    let passed = now.duration_since(kept.fetched_at);
    !passed.is_negative() && passed < age
}

/// Whether it is still what the identity provider says of itself (`validUntil`).
fn holds(kept: &KeptMetadata, issuer: Option<&str>, now: Timestamp) -> bool {
    metadata::parse(kept.xml.as_bytes(), issuer, now).is_ok()
}
