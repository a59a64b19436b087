//! A report as JSON, for programs.

use super::Inspected;
use crate::commands::error::CommandError;
use crate::foreign;
use crate::saml::{Check, Verdict};
use crate::time::to_the_second;
use serde::Serialize;

/// The field names are the interface; nothing is removed from it.
#[derive(Serialize)]
struct Document<'r> {
    verdict: &'static str,
    checks: Vec<Line<'r>>,
    /// Whether a key that is known signed it: what stands below is then the identity provider's word.
    signed: bool,
    issuer: Option<&'r str>,
    user: Option<&'r str>,
    user_format: Option<&'r str>,
    usable_until: Option<String>,
    session_ends: Option<String>,
    key: Option<Key<'r>>,
    /// The SHA-256 of the key that earlier logins have learned, where no other one is given: where `key` is another one,
    /// a login asks about it.
    learned_key: Option<&'r str>,
    attributes: Vec<Attribute<'r>>,
    /// The time that it was held against.
    at: String,
}

#[derive(Serialize)]
struct Line<'r> {
    code: &'static str,
    outcome: &'static str,
    found: &'r str,
    expected: &'r str,
    section: &'static str,
}

#[derive(Serialize)]
struct Key<'r> {
    known: bool,
    kind: String,
    sha256: &'r str,
    subject: &'r str,
    not_before: Option<String>,
    not_after: Option<String>,
}

#[derive(Serialize)]
struct Attribute<'r> {
    name: &'r str,
    friendly_name: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<&'r [String]>,
}

/// The report in one document, ended by a new line.
pub(super) fn of(inspected: &Inspected, values: bool) -> Result<String, CommandError> {
    let report = &inspected.report;
    let document = Document {
        verdict: match report.verdict {
            Verdict::Accepted => "accepted",
            Verdict::Refused => "refused",
            Verdict::Unverified => "unverified",
        },
        checks: report.checks.iter().map(line).collect(),
        signed: report.signed,
        issuer: report.issuer.as_deref(),
        user: report.subject.as_deref(),
        user_format: report.subject_format.as_deref(),
        usable_until: report.usable_until.map(to_the_second),
        session_ends: report.session_not_on_or_after.map(to_the_second),
        key: report.key.as_ref().map(|signing| Key {
            known: signing.known,
            kind: signing.key.description(),
            sha256: signing.key.fingerprint(),
            subject: signing.key.subject(),
            not_before: signing.key.not_before().map(to_the_second),
            not_after: signing.key.not_after().map(to_the_second),
        }),
        learned_key: inspected.learned.as_deref(),
        attributes: report
            .attributes
            .iter()
            .map(|attribute| Attribute {
                name: &attribute.name,
                friendly_name: attribute.friendly_name.as_deref(),
                values: values.then_some(attribute.values.as_slice()),
            })
            .collect(),
        at: to_the_second(inspected.now),
    };
    let json = serde_json::to_string_pretty(&document)
        .map_err(|error| CommandError::Other(error.to_string()))?;
    Ok(foreign::json_escaped(&json) + "\n")
}

fn line(check: &Check) -> Line<'_> {
    Line {
        code: check.rule.code(),
        outcome: check.outcome.name(),
        found: &check.found,
        expected: &check.expected,
        section: check.rule.section(),
    }
}
