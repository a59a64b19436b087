//! Whether the identity provider's metadata can be had and used.

use super::check::Check;
use super::keys::SOON;
use super::network::NOT_ASKED;
use crate::commands::error::login;
use crate::foreign::{brief, shown};
use crate::login::{LoginError, Seen};
use crate::saml::metadata::IdentityProvider;
use crate::time::{Timestamp, to_the_second};

/// The identity provider's metadata, as far as it was looked at.
#[derive(Debug)]
pub(super) enum Metadata {
    /// None is configured.
    None,
    /// A file.
    File {
        path: String,
        read: Result<IdentityProvider, LoginError>,
    },
    /// An address.
    Address { address: String, seen: Seen },
    /// What is kept of it cannot be used.
    Unusable(LoginError),
}

impl Metadata {
    /// Whom a login would believe by it.
    pub(super) fn provider(&self) -> Option<&IdentityProvider> {
        match self {
            Self::File { read, .. } => read.as_ref().ok(),
            Self::Address { seen, .. } => match &seen.asked {
                Some(Ok(provider)) => Some(provider),
                _ => seen.kept.as_ref().map(|(_, provider)| provider),
            },
            Self::None | Self::Unusable(_) => None,
        }
    }
}

/// Whether the metadata can be had and used.
pub(super) fn check(metadata: &Metadata, now: Timestamp) -> Check {
    const NAME: &str = "idp-metadata";
    const ANEW: &str =
        "Fetch it anew from the identity provider, or name its address: --idp-metadata URL.";
    match metadata {
        Metadata::None => Check::skip(NAME, "none is configured"),
        Metadata::Unusable(error) => Check::failed(NAME, login(error), ANEW),
        Metadata::File {
            read: Err(error), ..
        } => Check::failed(NAME, login(error), ANEW),
        Metadata::File {
            path,
            read: Ok(provider),
        } => {
            let check = described(NAME, path, provider);
            match provider.valid_until {
                Some(until) if until.duration_since(now) < SOON => Check::warn(
                    NAME,
                    format!("{}; it holds until {}", check.found, to_the_second(until)),
                    ANEW,
                ),
                _ => check,
            }
        }
        Metadata::Address { address, seen } => by_address(NAME, address, seen),
    }
}

fn by_address(name: &'static str, address: &str, seen: &Seen) -> Check {
    let kept = seen.kept.as_ref();
    match (&seen.asked, kept) {
        (None, None) => Check::skip(
            name,
            format!("{address}: {NOT_ASKED}, and nothing is kept of it"),
        ),
        (None, Some((date, provider))) => described(
            name,
            &format!("{address}, as of {},", to_the_second(*date)),
            provider,
        ),
        (Some(Err(error)), kept) => {
            let copy = "A copy in a file does as well: --idp-metadata FILE.";
            let check = Check::failed(name, login(error), copy);
            match kept {
                None => check,
                Some((date, _)) => Check {
                    found: format!("{}; that of {} is used", check.found, to_the_second(*date)),
                    ..check.at_most_warns()
                },
            }
        }
        (Some(Ok(provider)), _) if !seen.news.is_empty() => Check::warn(
            name,
            format!(
                "{}; new in it: {}",
                described(name, address, provider).found,
                seen.news.join(", ")
            ),
            "Compare that with what the identity provider's administrator says: the next login asks about it, at a \
             terminal.",
        ),
        (Some(Ok(provider)), _) => described(name, address, provider),
    }
}

fn described(name: &'static str, source: &str, provider: &IdentityProvider) -> Check {
    let keys = match provider.keys.len() {
        1 => "1 key".to_owned(),
        number => format!("{number} keys"),
    };
    let found = format!(
        "{source} describes {}, with {keys}",
        shown(&provider.entity_id, 300)
    );
    match provider.unusable.as_slice() {
        [] => Check::pass(name, found),
        unusable => {
            let reasons: Vec<_> = unusable
                .iter()
                .map(|error| brief(&error.to_string()))
                .collect();
            Check::warn(
                name,
                format!(
                    "{found} and {} that cannot be used: {}",
                    unusable.len(),
                    reasons.join("; ")
                ),
                "Responses that are signed with such a key are refused: the identity provider must sign with RSA, P-256 \
                 or P-384.",
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HttpError;
    use crate::saml::Outcome::{Fail, Pass, Skip, Warn};
    use crate::time::SignedDuration;
    use crate::xmldsig::{KeyError, TrustedKey};

    fn now() -> Timestamp {
        "2026-01-15T12:00:00Z".parse().unwrap()
    }

    fn provider() -> IdentityProvider {
        IdentityProvider {
            entity_id: "https://idp.example/\u{9b}".into(),
            keys: TrustedKey::from_pem(include_bytes!("../../../tests/fixtures/idp.pem")).unwrap(),
            cache_duration: None,
            valid_until: None,
            unusable: Vec::new(),
            single_sign_on: Vec::new(),
        }
    }

    #[test]
    fn metadata_in_a_file_is_doubted_before_it_ends() {
        let read = |days: Option<i64>| {
            let valid_until = days.map(|days| now() + SignedDuration::from_hours(24 * days));
            let read = Ok(IdentityProvider {
                valid_until,
                ..provider()
            });
            super::check(
                &Metadata::File {
                    path: "idp.xml".into(),
                    read,
                },
                now(),
            )
        };
        let check = read(None);
        assert_eq!(check.outcome, Pass);
        assert_eq!(
            check.found,
            "idp.xml describes https://idp.example/\\u{9b}, with 1 key"
        );
        assert_eq!(read(Some(31)).outcome, Pass);
        let check = read(Some(3));
        assert_eq!(check.outcome, Warn);
        assert!(check.cure.unwrap().contains("anew"));
    }

    #[test]
    fn keys_that_cannot_be_used_are_told() {
        let found = "a P-521 key".to_owned();
        let read = Ok(IdentityProvider {
            unusable: vec![KeyError::UnknownKind { found }],
            ..provider()
        });
        let check = super::check(
            &Metadata::File {
                path: "idp.xml".into(),
                read,
            },
            now(),
        );
        assert_eq!(check.outcome, Warn);
        assert!(check.found.contains("P-521"), "{check:?}");
    }

    #[test]
    fn metadata_by_address_fails_only_where_a_login_would() {
        let seen = |asked, kept, news: &[&str]| {
            let seen = Seen {
                asked,
                kept,
                news: news.iter().map(|new| (*new).to_owned()).collect(),
            };
            let address = "https://idp.example/metadata".into();
            super::check(&Metadata::Address { address, seen }, now())
        };
        let gone = || {
            let host = "idp.example".into();
            Some(Err(LoginError::NoMetadata(HttpError::Refused { host })))
        };
        let kept = || Some((now(), provider()));
        assert_eq!(seen(Some(Ok(provider())), None, &[]).outcome, Pass);
        assert_eq!(seen(gone(), None, &[]).outcome, Fail);
        let check = seen(gone(), kept(), &[]);
        assert_eq!(check.outcome, Warn);
        assert!(
            check.found.contains("that of 2026-01-15T12:00:00Z is used"),
            "{check:?}"
        );
        let check = seen(Some(Ok(provider())), kept(), &["the key P-256"]);
        assert_eq!(check.outcome, Warn);
        assert!(
            check.found.contains("new in it: the key P-256"),
            "{check:?}"
        );
        assert_eq!(seen(None, kept(), &[]).outcome, Pass);
        assert_eq!(seen(None, None, &[]).outcome, Skip);
        assert_eq!(super::check(&Metadata::None, now()).outcome, Skip);
    }
}
