//! The checks as JSON, for programs.

use super::Section;
use crate::commands::error::CommandError;
use crate::foreign;
use serde::Serialize;

/// The field names are the interface; nothing is removed from it.
#[derive(Serialize)]
struct Document<'c> {
    checks: Vec<Line<'c>>,
}

#[derive(Serialize)]
struct Line<'c> {
    name: &'static str,
    outcome: &'static str,
    found: &'c str,
    cure: Option<&'c str>,
}

/// The checks in one document, ended by a new line.
pub(super) fn of(sections: &[Section]) -> Result<String, CommandError> {
    let checks = sections.iter().flat_map(|section| &section.checks);
    let document = Document {
        checks: checks
            .map(|check| Line {
                name: check.name,
                outcome: check.outcome.name(),
                found: &check.found,
                cure: check.cure.as_deref(),
            })
            .collect(),
    };
    let json = serde_json::to_string_pretty(&document)
        .map_err(|error| CommandError::Other(error.to_string()))?;
    Ok(foreign::json_escaped(&json) + "\n")
}
