//! The rules for when and for whom an assertion holds (`saml:Conditions`), and how long its session does
//! (`saml:AuthnStatement`).

use super::assertion::Conditions;
use super::case::Case;
use super::error::quoted;
use super::report::{Finding, Outcome};
use crate::foreign;

/// The one Conditions element; without exactly one, CONDITIONS has refused already.
fn first<'c>(case: &'c Case<'_>) -> Option<&'c Conditions> {
    case.assertion()?.conditions.first()
}

pub(super) fn conditions(case: &Case<'_>) -> Finding {
    match case.assertion().map(|assertion| assertion.conditions.len()) {
        None => case.unread(),
        Some(1) => Finding::pass("one"),
        Some(count) => Finding::fail(count.to_string(), "one Conditions"),
    }
}

pub(super) fn not_before(case: &Case<'_>) -> Finding {
    match first(case).map(|conditions| &conditions.not_before) {
        None => case.unread(),
        Some(None) => Finding::pass("none"),
        Some(Some(start)) => case.has_begun(start),
    }
}

pub(super) fn not_on_or_after(case: &Case<'_>) -> Finding {
    let Some(conditions) = first(case) else {
        return case.unread();
    };
    let Some(end) = &conditions.not_on_or_after else {
        return Finding::pass("none");
    };
    let finding = case.has_not_ended(end);
    // There must be a time in which it holds (Core 2.5.1): with the clocks' difference, none could look like one.
    let start = conditions.not_before.as_ref();
    let start = start.and_then(|start| start.instant);
    let never = start
        .zip(end.instant)
        .is_some_and(|(start, end)| end <= start);
    if never && finding.outcome == Outcome::Pass {
        return Finding::fail(quoted(Some(&end.text)), "a time after NotBefore");
    }
    finding
}

/// Every restriction must name us (Core 2.5.1.4: within one the audiences are alternatives, several restrictions all
/// hold), and there must be one (Profiles 4.1.4.2).
pub(super) fn audience(case: &Case<'_>) -> Finding {
    let Some(conditions) = first(case) else {
        return case.unread();
    };
    let restrictions = conditions.audience_restrictions.as_slice();
    let shown = |audiences: &[String]| match audiences {
        [] => "none".to_owned(),
        some => {
            let quoted: Vec<_> = some
                .iter()
                .take(5)
                .map(|audience| quoted(Some(audience)))
                .collect();
            quoted.join(", ")
        }
    };
    let Some(expected) = &case.expected.audience else {
        let all: Vec<_> = restrictions.iter().flatten().cloned().collect();
        return Finding::warn(shown(&all), "(no audience is configured)");
    };
    if restrictions.is_empty() {
        return Finding::fail("no AudienceRestriction", quoted(Some(expected)));
    }
    match restrictions
        .iter()
        .find(|audiences| !audiences.contains(expected))
    {
        Some(without) => Finding::fail(shown(without), quoted(Some(expected))),
        None => Finding::pass(quoted(Some(expected))),
    }
}

pub(super) fn condition_unknown(case: &Case<'_>) -> Finding {
    match first(case).map(|conditions| conditions.unknown.first()) {
        None => case.unread(),
        Some(None) => Finding::pass("none"),
        Some(Some(name)) => Finding::fail(quoted(Some(name)), "no condition of another kind"),
    }
}

pub(super) fn one_time_use(case: &Case<'_>) -> Finding {
    match first(case).map(|conditions| conditions.one_time_use) {
        None => case.unread(),
        Some(true) => Finding::pass("asked for, and kept: one exchange, no copy"),
        Some(false) => Finding::skip("not asked for"),
    }
}

pub(super) fn proxy_restriction(case: &Case<'_>) -> Finding {
    match first(case).map(|conditions| conditions.proxy_restriction) {
        None => case.unread(),
        Some(true) => Finding::skip("there is one, and nothing is issued here"),
        Some(false) => Finding::skip("none"),
    }
}

pub(super) fn authn_statement(case: &Case<'_>) -> Finding {
    let Some(assertion) = case.assertion() else {
        return case.unread();
    };
    let statements = &assertion.authn_statements;
    if statements.iter().any(|statement| statement.has_context) {
        Finding::pass("one")
    } else if statements.is_empty() {
        Finding::fail("none", "an AuthnStatement with an AuthnContext")
    } else {
        Finding::fail(
            "no AuthnContext in it",
            "an AuthnStatement with an AuthnContext",
        )
    }
}

pub(super) fn session_end(case: &Case<'_>) -> Finding {
    let Some(assertion) = case.assertion() else {
        return case.unread();
    };
    let ends = || {
        let statements = assertion.authn_statements.iter();
        statements.filter_map(|statement| statement.session_not_on_or_after.as_ref())
    };
    let ended = ends()
        .map(|end| case.has_not_ended(end))
        .find(|finding| finding.outcome == Outcome::Fail);
    match (ended, ends().next()) {
        (Some(ended), _) => ended,
        (None, Some(end)) => Finding::pass(format!(
            "the session may last until {}",
            foreign::brief(&end.text)
        )),
        (None, None) => Finding::pass("none: the session may last as long as the platform lets it"),
    }
}
