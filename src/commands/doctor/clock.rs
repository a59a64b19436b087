//! Whether this machine agrees with the platform and the identity provider about the time.

use super::check::Check;
use super::network::NOT_ASKED;
use crate::time::{SignedDuration, Timestamp};

/// How far another clock is ahead of this machine's, at least: it wrote its date, which knows whole seconds, somewhen
/// between a question and its answer.
pub(super) fn ahead(date: Timestamp, asked: Timestamp, answered: Timestamp) -> SignedDuration {
    let least = date.duration_since(answered);
    let most = date.duration_since(asked) + SignedDuration::from_secs(1);
    if least.is_positive() {
        least
    } else if most.is_negative() {
        most
    } else {
        SignedDuration::ZERO
    }
}

/// How far this machine's clock may be off before somebody should know, though a login still goes.
const NOTEWORTHY: SignedDuration = SignedDuration::from_secs(30);

/// Whether this machine's clock agrees with those of the platform and the identity provider, by how far each is ahead.
/// `allowed` is what a login lets the identity provider's be apart from ours.
pub(super) fn check(
    platform: Option<SignedDuration>,
    identity_provider: Option<SignedDuration>,
    allowed: SignedDuration,
    is_offline: bool,
) -> Check {
    const NAME: &str = "clock";
    let others = [
        ("the platform's", platform),
        ("the identity provider's", identity_provider),
    ];
    let told: Vec<_> = others
        .iter()
        .filter_map(|(whose, ahead)| Some((*whose, (*ahead)?)))
        .collect();
    let Some(furthest) = told.iter().map(|(_, ahead)| ahead.abs()).max() else {
        let why = if is_offline {
            NOT_ASKED
        } else {
            "nobody has told the time"
        };
        return Check::skip(NAME, why);
    };
    let compared: Vec<_> = told
        .iter()
        .map(|(whose, ahead)| difference(whose, *ahead))
        .collect();
    let found = format!(
        "this machine's clock is {}; a login allows {allowed:#} (clock_skew)",
        compared.join(" and ")
    );
    if furthest <= NOTEWORTHY.min(allowed) {
        return Check::pass(NAME, found);
    }
    let agrees =
        |ahead: Option<SignedDuration>| ahead.is_some_and(|ahead| ahead.abs() <= NOTEWORTHY);
    let cure = if agrees(platform) {
        "The identity provider's clock is off: tell its administrator. Until then --clock-skew allows up to 10m."
    } else {
        "Set this machine's clock, and have the network keep it (on Linux: timedatectl set-ntp true). A container has the \
         clock of its machine, and a virtual one may have lost time while it slept."
    };
    if furthest <= allowed {
        Check::warn(NAME, found, cure)
    } else {
        Check::fail(NAME, found, cure)
    }
}

fn difference(whose: &str, ahead: SignedDuration) -> String {
    let apart = SignedDuration::from_secs(ahead.abs().as_secs());
    match ahead {
        _ if apart.is_zero() => format!("as {whose}"),
        ahead if ahead.is_positive() => format!("{apart:#} behind {whose}"),
        _ => format!("{apart:#} ahead of {whose}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saml::Outcome::{Fail, Pass, Skip, Warn};

    fn seconds(number: i64) -> Option<SignedDuration> {
        Some(SignedDuration::from_secs(number))
    }

    const ALLOWED: SignedDuration = SignedDuration::from_secs(180);

    #[test]
    fn a_clock_that_is_off_fails_and_says_whose_it_is() {
        for (platform, identity_provider, outcome, found, cure) in [
            (
                seconds(0),
                seconds(1),
                Pass,
                "as the platform's and 1s behind",
                None,
            ),
            (
                seconds(-30),
                None,
                Pass,
                "30s ahead of the platform's",
                None,
            ),
            (seconds(31), None, Warn, "31s behind", Some("timedatectl")),
            (
                seconds(612),
                seconds(611),
                Fail,
                "10m 12s behind",
                Some("timedatectl"),
            ),
            (
                seconds(-612),
                None,
                Fail,
                "10m 12s ahead of",
                Some("timedatectl"),
            ),
            (
                None,
                seconds(612),
                Fail,
                "the identity provider's",
                Some("timedatectl"),
            ),
            (
                seconds(1),
                seconds(612),
                Fail,
                "10m 12s behind the identity provider's",
                Some("administrator"),
            ),
            (
                seconds(1),
                seconds(90),
                Warn,
                "1m 30s",
                Some("administrator"),
            ),
        ] {
            let check = super::check(platform, identity_provider, ALLOWED, false);
            assert_eq!(check.outcome, outcome, "{check:?}");
            assert!(
                check.found.contains(found) && check.found.contains("allows 3m"),
                "{check:?}"
            );
            assert_eq!(check.cure.is_some(), cure.is_some(), "{check:?}");
            assert!(
                check
                    .cure
                    .unwrap_or_default()
                    .contains(cure.unwrap_or_default())
            );
        }
        // What is allowed is the configuration's to say.
        let strict = super::check(seconds(12), None, SignedDuration::from_secs(10), false);
        assert_eq!(strict.outcome, Fail);
        assert_eq!(super::check(None, None, ALLOWED, true).found, NOT_ASKED);
        assert_eq!(super::check(None, None, ALLOWED, false).outcome, Skip);
    }

    #[test]
    fn another_clock_is_as_far_ahead_as_its_answer_leaves_no_doubt_about() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (asked, answered) = (at("2026-01-15T12:00:00.9Z"), at("2026-01-15T12:00:04.1Z"));
        for (date, seconds) in [
            ("2026-01-15T12:00:00Z", 0.0),
            ("2026-01-15T12:00:04Z", 0.0),
            ("2026-01-15T12:00:05Z", 0.9),
            ("2026-01-15T11:59:58Z", -1.9),
            ("2026-01-15T12:10:04Z", 599.9),
        ] {
            let found = ahead(at(date), asked, answered).as_secs_f64();
            assert!((found - seconds).abs() < 0.001, "{date}: {found}");
        }
    }
}
