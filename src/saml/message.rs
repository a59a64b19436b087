//! The rules for what is written on the outside: `samlp:Response`.

use super::case::{Case, clocks};
use super::error::quoted;
use super::names::DateTime;
use super::report::Finding;
use super::response::{Issuer, Status};
use super::status;
use crate::foreign;
use crate::time::SignedDuration;

/// Beyond this, one of the two clocks is wrong, or the response is a kept one.
const FAR: SignedDuration = SignedDuration::from_mins(10);

/// The names and times of issue of all that has one.
fn issue_instants<'c>(case: &'c Case<'_>) -> Vec<(&'static str, Option<&'c DateTime>)> {
    let mut instants = vec![("Response", case.response.issue_instant.as_ref())];
    if let Some(assertion) = case.assertion() {
        instants.push(("Assertion", assertion.issue_instant.as_ref()));
    }
    instants
}

pub(super) fn issue_instant(case: &Case<'_>) -> Finding {
    for (name, written) in issue_instants(case) {
        if written.is_none_or(|written| written.instant.is_none()) {
            let text = written.map(|written| written.text.as_str());
            return Finding::fail(format!("{} at the {name}", quoted(text)), "a time in UTC");
        }
    }
    Finding::pass("")
}

pub(super) fn issue_instant_far(case: &Case<'_>) -> Finding {
    let instants = issue_instants(case);
    let far = instants.iter().find_map(|(name, written)| {
        let instant = written.as_ref()?.instant?;
        let distance = case.now.duration_since(instant).abs();
        (distance > FAR).then(|| format!("{name}: {}", clocks(instant, case.now)))
    });
    match far {
        Some(found) => Finding::warn(found, ""),
        None => Finding::pass(""),
    }
}

pub(super) fn status(case: &Case<'_>) -> Finding {
    const EXPECTED: &str = "Success";
    let [status] = case.response.statuses.as_slice() else {
        let count = case.response.statuses.len();
        return Finding::fail(format!("{count} Status elements"), EXPECTED);
    };
    let [code] = status.codes.as_slice() else {
        let count = status.codes.len();
        return Finding::fail(format!("{count} top-level StatusCodes"), EXPECTED);
    };
    if code.value.as_deref() == Some(status::SUCCESS) && code.nested.is_empty() {
        Finding::pass(EXPECTED)
    } else {
        Finding::fail(told(status), EXPECTED)
    }
}

/// A status as it is told to a person: its codes, what the most exact one of them means, and the identity provider's own
/// words.
pub(super) fn told(status: &Status) -> String {
    let values: Vec<&str> = status
        .codes
        .iter()
        .flat_map(|code| {
            let values = std::iter::once(&code.value).chain(&code.nested);
            values.map(|value| value.as_deref().unwrap_or("(none)"))
        })
        // More than the standard ever nests, and few enough to read.
        .take(4)
        .collect();
    let codes: Vec<_> = values
        .iter()
        .map(|value| foreign::brief(status::short(value)))
        .collect();
    let mut told = codes.join(" / ");
    // What is told is a refusal, which the word of a success would deny.
    let mut causes = values
        .iter()
        .rev()
        .filter(|value| **value != status::SUCCESS);
    if let Some(meaning) = causes.find_map(|value| status::meaning(value)) {
        told = format!("{told} ({meaning})");
    }
    if let Some(message) = status
        .message
        .as_deref()
        .filter(|message| !message.trim().is_empty())
    {
        told = format!("{told}, with the message {}", quoted(Some(message)));
    }
    told
}

pub(super) fn destination(case: &Case<'_>) -> Finding {
    let expected = case.expected.recipient.as_deref();
    match case.response.destination.as_deref() {
        found @ Some(_) if expected.is_none() => {
            Finding::warn(quoted(found), "(no recipient is configured)")
        }
        found @ Some(_) if found == expected => Finding::pass(quoted(found)),
        None if !case.response_signed => {
            Finding::pass("none, and the response itself is not signed")
        }
        other => Finding::fail(
            quoted(other),
            expected.map_or("a Destination".into(), |expected| quoted(Some(expected))),
        ),
    }
}

/// An identity provider that answers a request says so with the request's ID. We made none, and the platform takes no
/// such response.
pub(super) fn in_response_to(case: &Case<'_>) -> Finding {
    match case.response.in_response_to.as_deref() {
        None | Some("") => Finding::pass("none"),
        some => Finding::fail(quoted(some), "none"),
    }
}

pub(super) fn issuer(case: &Case<'_>) -> Finding {
    let outside = case.response.issuers.as_slice();
    let inside = case
        .assertion()
        .map(|assertion| assertion.issuers.as_slice());
    // Outside it may be left away, unless a signature or an encryption is around all that says it.
    let fewest = usize::from(case.response_signed || inside.is_none());
    if !(fewest..=1).contains(&outside.len()) {
        return Finding::fail(format!("{} at the Response", outside.len()), "one Issuer");
    }
    if let Some(count) = inside.map(<[Issuer]>::len).filter(|count| *count != 1) {
        return Finding::fail(format!("{count} at the Assertion"), "one Issuer");
    }
    let issuers = outside.iter().chain(inside.unwrap_or_default());
    let names: Vec<_> = issuers.map(|issuer| issuer.name.as_str()).collect();
    // Where the configuration names none, they are held against each other.
    let own = names.last().copied().unwrap_or_default();
    let expected = case.expected.issuer.as_deref().unwrap_or(own);
    let other = names
        .iter()
        .find(|name| **name != expected || name.is_empty());
    if let Some(other) = other {
        return Finding::fail(quoted(Some(other)), quoted(Some(expected)));
    }
    match case.expected.issuer {
        Some(_) => Finding::pass(quoted(Some(expected))),
        None => Finding::warn(quoted(Some(expected)), "(no issuer is configured)"),
    }
}

pub(super) fn issuer_format(case: &Case<'_>) -> Finding {
    const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
    let inside = case
        .assertion()
        .map_or(&[][..], |assertion| &assertion.issuers);
    let odd = case
        .response
        .issuers
        .iter()
        .chain(inside)
        .filter_map(|issuer: &Issuer| issuer.format.as_deref())
        .find(|format| *format != ENTITY);
    match odd {
        Some(format) => Finding::warn(quoted(Some(format)), format!("none, or \"{ENTITY}\"")),
        None => Finding::pass(""),
    }
}
