//! The rules for whose login it is: `saml:Subject` and the confirmation that its bearer may use it.

use super::assertion::{NameId, SubjectConfirmation, SubjectConfirmationData};
use super::case::{Case, Reading};
use super::error::quoted;
use super::report::{Finding, Outcome};

pub(super) const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

pub(super) fn encrypted(case: &Case<'_>) -> Finding {
    match case.reading {
        Reading::Encrypted => Finding::warn(
            "encrypted for the platform: who it names, and until when it holds, was not checked",
            "",
        ),
        _ => Finding::pass(""),
    }
}

pub(super) fn name_id(case: &Case<'_>) -> Finding {
    let Some(assertion) = case.assertion() else {
        return case.unread();
    };
    let [subject] = assertion.subjects.as_slice() else {
        // None at all is SC-NONE's to refuse, since nothing confirms it then.
        return match assertion.subjects.len() {
            0 => Finding::warn("no Subject", ""),
            count => Finding::fail(format!("{count} Subjects"), "one"),
        };
    };
    match (subject.name_ids.as_slice(), subject.encrypted_ids) {
        ([NameId { name, .. }], 0) if !name.is_empty() => Finding::pass(quoted(Some(name))),
        ([NameId { name, .. }], 0) => Finding::fail(quoted(Some(name)), "a name"),
        ([], 1) => Finding::pass("encrypted for the platform"),
        // AD FS sends none unless it is told to; the platform may read the user from an attribute.
        ([], 0) => Finding::warn("none", "a NameID"),
        (names, encrypted) => Finding::fail(format!("{} of them", names.len() + encrypted), "one"),
    }
}

pub(super) fn user(case: &Case<'_>) -> Finding {
    let Some(expected) = case.expected.user.as_deref() else {
        return Finding::skip("no user is expected");
    };
    let hidden = match case.assertion() {
        Some(assertion) => assertion
            .subjects
            .iter()
            .any(|subject| subject.encrypted_ids > 0),
        None => true,
    };
    match case.reading.name_id().map(|name_id| name_id.name.as_str()) {
        Some(name) if name == expected => Finding::pass(quoted(Some(name))),
        None if hidden => Finding::warn(
            "encrypted for the platform, so it cannot be compared here",
            quoted(Some(expected)),
        ),
        other => Finding::fail(quoted(other), quoted(Some(expected))),
    }
}

pub(super) fn confirmation_none(case: &Case<'_>) -> Finding {
    let Some(assertion) = case.assertion() else {
        return case.unread();
    };
    let confirmations = assertion
        .subjects
        .iter()
        .map(|subject| subject.confirmations.len());
    match confirmations.sum() {
        0_usize => Finding::fail("none", "a SubjectConfirmation"),
        count => Finding::pass(count.to_string()),
    }
}

pub(super) fn confirmation_method(case: &Case<'_>) -> Finding {
    let methods = || {
        let confirmations = case.confirmations();
        confirmations.filter_map(|confirmation| confirmation.method.as_deref())
    };
    if case.confirmations().next().is_none() {
        return case.unread();
    }
    match methods().find(|method| *method == BEARER) {
        Some(_) => Finding::pass("bearer"),
        None => Finding::fail(quoted(methods().next()), quoted(Some(BEARER))),
    }
}

pub(super) fn confirmation_data(case: &Case<'_>) -> Finding {
    let counts: Vec<_> = bearers(case).map(|bearer| bearer.data.len()).collect();
    match counts.first() {
        None => case.unread(),
        Some(_) if counts.contains(&1) => Finding::pass("one"),
        Some(count) => Finding::fail(count.to_string(), "one SubjectConfirmationData"),
    }
}

pub(super) fn confirmation_recipient(case: &Case<'_>) -> Finding {
    demanded(0, case)
}

pub(super) fn confirmation_end(case: &Case<'_>) -> Finding {
    demanded(1, case)
}

pub(super) fn confirmation_start(case: &Case<'_>) -> Finding {
    demanded(2, case)
}

pub(super) fn confirmation_request(case: &Case<'_>) -> Finding {
    demanded(3, case)
}

/// What a bearer's confirmation must say, one demand after the other. The standard wants *one* confirmation that meets
/// them all, so each demand is made of those alone that met the ones before it.
const DEMANDS: [Demand; 4] = [recipient, not_on_or_after, not_before, in_response_to];

type Demand = fn(&SubjectConfirmationData, &Case<'_>) -> Finding;

/// What the best confirmation comes to under one of the [`DEMANDS`].
fn demanded(number: usize, case: &Case<'_>) -> Finding {
    let mut left: Vec<_> = bearers(case)
        .filter(|bearer| bearer.data.len() == 1)
        .flat_map(|bearer| &bearer.data)
        .collect();
    for earlier in &DEMANDS[..number] {
        let meets = |data: &&SubjectConfirmationData| earlier(data, case).outcome != Outcome::Fail;
        // Where none meets a demand, that demand refuses; the later ones are still shown for what is there.
        if left.iter().any(meets) {
            left.retain(meets);
        }
    }
    let findings = left.iter().map(|data| DEMANDS[number](data, case));
    let best = findings.min_by_key(|finding| match finding.outcome {
        Outcome::Pass | Outcome::Skip => 0,
        Outcome::Warn => 1,
        Outcome::Fail => 2,
    });
    best.unwrap_or_else(|| case.unread())
}

fn bearers<'c>(case: &'c Case<'_>) -> impl Iterator<Item = &'c SubjectConfirmation> {
    case.confirmations()
        .filter(|confirmation| confirmation.method.as_deref() == Some(BEARER))
}

fn recipient(data: &SubjectConfirmationData, case: &Case<'_>) -> Finding {
    let expected = case.expected.recipient.as_deref();
    match data.recipient.as_deref() {
        found @ Some(_) if expected.is_none() => {
            Finding::warn(quoted(found), "(no recipient is configured)")
        }
        found @ Some(_) if found == expected => Finding::pass(quoted(found)),
        found => Finding::fail(
            quoted(found),
            expected.map_or("a Recipient".into(), |expected| quoted(Some(expected))),
        ),
    }
}

fn not_on_or_after(data: &SubjectConfirmationData, case: &Case<'_>) -> Finding {
    match &data.not_on_or_after {
        None => Finding::fail("none", "a NotOnOrAfter"),
        Some(end) => case.has_not_ended(end),
    }
}

/// A bearer's confirmation must not have one. Some real ones do (2017, Secureworks), so only one that has not come yet
/// refuses.
fn not_before(data: &SubjectConfirmationData, case: &Case<'_>) -> Finding {
    let Some(start) = &data.not_before else {
        return Finding::pass("none");
    };
    let finding = case.has_begun(start);
    match finding.outcome {
        Outcome::Fail => finding,
        _ => Finding::warn(quoted(Some(&start.text)), "none"),
    }
}

fn in_response_to(data: &SubjectConfirmationData, _: &Case<'_>) -> Finding {
    match data.in_response_to.as_deref() {
        None | Some("") => Finding::pass("none"),
        some => Finding::fail(quoted(some), "none"),
    }
}

pub(super) fn confirmation_address(case: &Case<'_>) -> Finding {
    let address = bearers(case)
        .flat_map(|bearer| &bearer.data)
        .find_map(|data| data.address.as_deref());
    match address {
        Some(_) => Finding::skip(format!("{}; ours is not known here", quoted(address))),
        None => Finding::skip("none"),
    }
}
