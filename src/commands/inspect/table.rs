//! A report as a person reads it: first what it comes to, then who, from where and until when, then every check.

use crate::commands::outcome::tinted;
use crate::foreign::{brief, shown};
use crate::login::{cure, meaning};
use crate::saml::{Check, Outcome, Report, Verdict};
use crate::terminal::Tint;
use crate::time::{Timestamp, to_the_second};

/// The report, ended by a new line.
pub(super) fn of(report: &Report, now: Timestamp, values: bool) -> String {
    let mut table = Table(String::new());
    table.verdict(report);
    table.facts(report, now, values);
    table.line("");
    for check in &report.checks {
        table.check(check);
    }
    table.0
}

struct Table(String);

impl Table {
    fn line(&mut self, line: &str) {
        self.0 += line;
        self.0.push('\n');
    }

    fn verdict(&mut self, report: &Report) {
        let (tint, word, because) = match report.verdict {
            Verdict::Accepted => (Tint::Good, "accepted", "every rule holds".to_owned()),
            Verdict::Unverified if report.key.is_some() && !report.signed => (
                Tint::Doubt,
                "unverified",
                "every rule holds, but no key was given to know the signature by: the response is whole, and anybody \
                 may have made it"
                    .to_owned(),
            ),
            Verdict::Unverified => (
                Tint::Doubt,
                "unverified",
                "the assertion is encrypted, so nothing in it could be checked; the platform can read it".to_owned(),
            ),
            Verdict::Refused => {
                let rule = report.refusal().map(|check| check.rule);
                let because = rule.map_or_else(String::new, |rule| {
                    format!("{} ({})", meaning(rule), rule.code())
                });
                (Tint::Bad, "refused", because)
            }
        };
        self.line(&format!("{}: {because}", tint.on(word)));
        if let Some(check) = report.refusal() {
            self.line(&format!(
                "{} {}",
                Tint::Strong.on("hint:"),
                cure(check.rule)
            ));
        }
        self.line("");
    }

    fn fact(&mut self, label: &str, value: &str) {
        self.line(&format!(
            "{} {value}",
            Tint::Quiet.on(&format!("{label:<13}"))
        ));
    }

    fn facts(&mut self, report: &Report, now: Timestamp, values: bool) {
        let absent = || "not to be read".to_owned();
        self.fact(
            "user",
            &report.subject.as_deref().map_or_else(absent, brief),
        );
        self.fact(
            "issuer",
            &report.issuer.as_deref().map_or_else(absent, brief),
        );
        let signed = match &report.key {
            None => "nobody whose signature holds".to_owned(),
            Some(signing) => format!(
                "{} {}, SHA-256 {}{}",
                signing.key.description(),
                brief(signing.key.subject()),
                signing.key.fingerprint(),
                if signing.known { "" } else { " (not known)" }
            ),
        };
        self.fact("signed by", &signed);
        if let Some(end) = report.usable_until {
            let has_ended = if end <= now { " (past)" } else { "" };
            self.fact(
                "usable until",
                &format!("{}{has_ended}", to_the_second(end)),
            );
        }
        if let Some(end) = report.session_not_on_or_after {
            self.fact("session ends", &to_the_second(end));
        }
        for attribute in &report.attributes {
            let friendly = attribute.friendly_name.as_deref().map(brief);
            let name = brief(&attribute.name);
            let name = friendly.map_or(name.clone(), |friendly| format!("{name} ({friendly})"));
            let value = if values {
                let values: Vec<_> = attribute
                    .values
                    .iter()
                    .map(|value| shown(value, 500))
                    .collect();
                format!("{name} = {}", values.join(", "))
            } else {
                name
            };
            self.fact("attribute", &value);
        }
        self.fact("held against", &format!("the time {}", to_the_second(now)));
        if !report.signed {
            self.line(
                &Tint::Quiet.on(
                    "              (as the response says of itself: nobody known has signed it)",
                ),
            );
        }
    }

    /// A rule with what was found.
    fn check(&mut self, check: &Check) {
        let outcome = tinted(check.outcome);
        let section = Tint::Quiet.on(&format!("[{}]", check.rule.section()));
        // What is as it should be takes one line.
        let in_line = matches!(check.outcome, Outcome::Pass | Outcome::Skip);
        let found = match check.found.as_str() {
            found if in_line && !found.is_empty() => format!(": {found}"),
            _ => String::new(),
        };
        self.line(&format!(
            "{outcome}  {:<18} {}{found}  {section}",
            check.rule.code(),
            check.rule.says(),
        ));
        if !in_line {
            self.detail("found", &check.found);
            self.detail("expected", &check.expected);
        }
    }

    fn detail(&mut self, label: &str, value: &str) {
        let label = Tint::Quiet.on(&format!("{label:<9}"));
        self.line(&format!("      {:<18} {label} {value}", ""));
    }
}
