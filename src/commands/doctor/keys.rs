//! Whether it is known by which keys the identity provider signs, and for how long that will do.

use super::check::Check;
use crate::commands::error::{login, store};
use crate::foreign::brief;
use crate::login::LoginError;
use crate::store::StoreError;
use crate::time::{SignedDuration, Timestamp, to_the_second};
use crate::xmldsig::TrustedKey;

/// How long before its end a certificate, or metadata in a file, is worth a word.
pub(super) const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The keys that a login would go by.
#[derive(Debug)]
pub(super) struct Keys {
    /// Those of the configuration.
    pub(super) configured: Vec<TrustedKey>,
    /// Files of certificates that cannot be used.
    pub(super) unread: Vec<LoginError>,
    /// The one that earlier logins have learned, looked for where the configuration names none.
    pub(super) learned: Result<Option<TrustedKey>, StoreError>,
    /// Whether the configuration names keys at all.
    pub(super) is_configured: bool,
    /// Whether short keys are taken.
    pub(super) allows_legacy: bool,
}

impl Keys {
    fn all(&self) -> impl Iterator<Item = &TrustedKey> {
        self.configured.iter().chain(self.learned.iter().flatten())
    }
}

/// Whether there is a key to know responses by.
pub(super) fn check(keys: Option<&Keys>) -> Check {
    const NAME: &str = "idp-keys";
    let Some(keys) = keys else {
        return Check::skip(NAME, "the configuration does not say whom to believe");
    };
    if let Some(error) = keys.unread.first() {
        return Check::failed(
            NAME,
            login(error),
            "Correct it with --idp-certificate FILE.",
        );
    }
    if let Err(error) = &keys.learned {
        return Check::failed(NAME, store(error), "anyp-saml login says what it needs.");
    }
    let listed: Vec<_> = keys.all().map(described_key).collect();
    let learned = if keys.is_configured {
        ""
    } else {
        ", learned by an earlier login"
    };
    let found = format!("{}{learned}", listed.join("; "));
    let unsuitable = keys
        .all()
        .filter(|key| !key.is_suitable(keys.allows_legacy))
        .count();
    match (listed.len(), unsuitable) {
        (0, _) if keys.is_configured => {
            Check::skip(NAME, "the identity provider's metadata gives none")
        }
        (0, _) => Check::warn(
            NAME,
            "the configuration names none, and no login has learned one yet",
            "The first login shows the key and learns it. Safer: name the identity provider's metadata with \
             --idp-metadata FILE or URL.",
        ),
        (_, 0) => Check::pass(NAME, found),
        (all, unsuitable) => {
            let check = Check::fail(
                NAME,
                format!(
                    "{found}; what is signed with a key of less than 2048 or more than 8192 bits is refused"
                ),
                "Have the identity provider sign with RSA-2048 or better; until then --allow-legacy-algorithms takes \
                 RSA-1024.",
            );
            // Another key may be the one in use.
            if unsuitable < all {
                check.at_most_warns()
            } else {
                check
            }
        }
    }
}

fn described_key(key: &TrustedKey) -> String {
    format!(
        "{} of {} (SHA-256 {})",
        key.description(),
        brief(key.subject()),
        key.fingerprint()
    )
}

/// When the certificates of these keys end. A login does not go by that, since it was told to believe the keys
/// themselves; but who runs an identity provider exchanges its key about then.
pub(super) fn certificates(keys: Option<&Keys>, now: Timestamp) -> Check {
    const NAME: &str = "idp-certificate";
    const MEANS: &str = "A login does not look at this date, but the identity provider exchanges its key about then, and \
                         responses signed with a new key are refused until it is known here.";
    let dates = keys
        .into_iter()
        .flat_map(Keys::all)
        .filter_map(TrustedKey::not_after);
    let Some(end) = dates.max() else {
        return Check::skip(NAME, "no certificate is known whose end could be told");
    };
    let left = end.duration_since(now);
    let date = to_the_second(end);
    let cure = format!(
        "{MEANS} Ask its administrator for new metadata; with --idp-metadata URL it is fetched every day."
    );
    match left {
        left if left.is_negative() => {
            Check::warn(NAME, format!("it ended {} ago ({date})", days(left)), cure)
        }
        left if left < SOON => {
            Check::warn(NAME, format!("it ends in {} ({date})", days(left)), cure)
        }
        left => Check::pass(NAME, format!("it ends in {} ({date})", days(left))),
    }
}

fn days(time: SignedDuration) -> String {
    match time.abs().as_hours() / 24 {
        0 => "less than a day".into(),
        1 => "1 day".into(),
        days @ 2..730 => format!("{days} days"),
        days => format!("{} years", days / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saml::Outcome::{Fail, Pass, Skip, Warn};

    fn now() -> Timestamp {
        "2026-01-15T12:00:00Z".parse().unwrap()
    }

    /// A key in a certificate that ends so many days from now.
    fn key(days: i64) -> TrustedKey {
        let end = now() + SignedDuration::from_hours(24 * days + 1);
        let pair = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec!["idp.example".into()]).unwrap();
        parameters.not_after =
            (std::time::UNIX_EPOCH + std::time::Duration::from_secs(end.as_second() as u64)).into();
        let certificate = parameters.self_signed(&pair).unwrap();
        TrustedKey::from_certificate_der(certificate.der()).unwrap()
    }

    fn short_key() -> TrustedKey {
        let pem = include_bytes!("../../../tests/fixtures/weak.pem");
        TrustedKey::from_pem(pem).unwrap().remove(0)
    }

    fn configured(keys: Vec<TrustedKey>) -> Keys {
        Keys {
            configured: keys,
            unread: Vec::new(),
            learned: Ok(None),
            is_configured: true,
            allows_legacy: false,
        }
    }

    #[test]
    fn a_certificate_that_ended_or_ends_soon_is_warned_of() {
        for (days, outcome, found) in [
            (vec![400], Pass, "it ends in 400 days"),
            (vec![30], Pass, "it ends in 30 days"),
            (vec![20], Warn, "it ends in 20 days (2026-02-04T13:00:00Z)"),
            (vec![0], Warn, "less than a day"),
            (vec![-8], Warn, "it ended 7 days ago"),
            // The next key is there already.
            (vec![-8, 400], Pass, "it ends in 400 days"),
            (vec![4000], Pass, "it ends in 10 years"),
        ] {
            let keys = configured(days.iter().map(|days| key(*days)).collect());
            let check = certificates(Some(&keys), now());
            assert_eq!(check.outcome, outcome, "{days:?}: {check:?}");
            assert!(check.found.contains(found), "{days:?}: {check:?}");
            let cure = check.cure.unwrap_or_default();
            assert_eq!(cure.contains("does not look at this date"), outcome == Warn);
        }
        assert_eq!(certificates(Some(&configured(vec![])), now()).outcome, Skip);
        assert_eq!(certificates(None, now()).outcome, Skip);
    }

    #[test]
    fn keys_are_named_and_those_of_no_use_are_told() {
        let of = |keys: Vec<TrustedKey>| super::check(Some(&configured(keys)));
        let good = key(400);
        let check = of(vec![good.clone()]);
        assert_eq!(check.outcome, Pass);
        assert!(check.found.contains(good.fingerprint()) && check.found.contains("P-256"));
        let check = of(vec![short_key()]);
        assert_eq!(check.outcome, Fail);
        assert!(check.cure.unwrap().contains("--allow-legacy-algorithms"));
        assert_eq!(of(vec![short_key(), good]).outcome, Warn);
        let allowed = Keys {
            allows_legacy: true,
            ..configured(vec![short_key()])
        };
        assert_eq!(super::check(Some(&allowed)).outcome, Pass);
    }

    #[test]
    fn where_no_key_is_named_it_is_learned_or_still_to_be() {
        let learning = |learned| Keys {
            learned,
            is_configured: false,
            ..configured(vec![])
        };
        let check = super::check(Some(&learning(Ok(None))));
        assert_eq!(check.outcome, Warn);
        assert!(check.cure.unwrap().contains("--idp-metadata"));
        let check = super::check(Some(&learning(Ok(Some(key(400))))));
        assert_eq!(check.outcome, Pass);
        assert!(
            check.found.ends_with("learned by an earlier login"),
            "{check:?}"
        );
        let damaged = StoreError::Unknowable {
            path: "/known".into(),
        };
        assert_eq!(super::check(Some(&learning(Err(damaged)))).outcome, Fail);
        assert_eq!(super::check(None).outcome, Skip);
    }
}
