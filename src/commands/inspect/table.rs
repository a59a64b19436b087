//! A report as a person reads it: first what it comes to, then who, from where and until when, then every check.

use super::Inspected;
use crate::commands::outcome::tinted;
use crate::foreign::{brief, shown};
use crate::login::{self, meaning};
use crate::saml::{Check, Outcome, Report, Rule, Verdict};
use crate::terminal::Tint;
use crate::time::to_the_second;

/// The report, ended by a new line.
pub(super) fn of(inspected: &Inspected, values: bool) -> String {
    let mut table = Table(String::new());
    table.verdict(inspected);
    table.facts(inspected, values);
    table.line("");
    for check in &inspected.report.checks {
        table.check(check);
    }
    table.0
}

/// What was shown and not held against anything, since nothing is configured to hold it against.
fn not_held(report: &Report) -> String {
    let is_shown = |rules: &[Rule]| report.warnings().any(|check| rules.contains(&check.rule));
    let flags = [
        ("--issuer", &[Rule::Issuer][..]),
        ("--audience", &[Rule::Audience]),
        (
            "--recipient",
            &[Rule::Destination, Rule::ConfirmationRecipient],
        ),
    ];
    let flags = flags.into_iter().filter(|(_, rules)| is_shown(rules));
    let flags: Vec<_> = flags.map(|(flag, _)| flag).collect();
    if flags.is_empty() {
        return String::new();
    }
    format!(
        " (not held against anything, for want of: {})",
        flags.join(", ")
    )
}

/// What to do next: as of a login, but for what depends on where and when the response is looked at.
fn cure(rule: Rule) -> &'static str {
    match rule {
        Rule::Destination | Rule::ConfirmationRecipient => {
            "Give the address that it was posted to with --recipient. If a login refuses it as well, have exactly the \
             login's address registered as ACS URL (reply URL) at the identity provider."
        }
        Rule::ConfirmationNotOnOrAfter
        | Rule::ConfirmationNotBefore
        | Rule::NotOnOrAfter
        | Rule::NotBefore
        | Rule::SessionNotOnOrAfter => {
            "A response is good for minutes. Hold an old one against the time of its sign-in with --at; if a login \
             refuses a new one, set this machine's clock right, or allow for the difference with --clock-skew."
        }
        Rule::User => {
            "Give the user whom you expect with --expect-user; a login for one takes no response for another."
        }
        Rule::InResponseTo | Rule::ConfirmationInResponseTo => {
            "Sign in from the identity provider's own link (IdP-initiated), not from a page of Anypoint Platform, which \
             cannot exchange such a response. Some identity providers fill it in on their own: that setting must be off."
        }
        rule => login::cure(rule),
    }
}

struct Table(String);

impl Table {
    fn line(&mut self, line: &str) {
        self.0 += line;
        self.0.push('\n');
    }

    fn verdict(&mut self, inspected: &Inspected) {
        let report = &inspected.report;
        let (tint, word, because) = match report.verdict {
            Verdict::Accepted => (
                Tint::Good,
                "accepted",
                format!("no rule is broken{}", not_held(report)),
            ),
            Verdict::Unverified if report.key.is_some() && !report.signed => {
                let but = if inspected.key_so_far().is_some() {
                    "it is signed with another key than earlier logins have learned: a login asks about that, and \
                     refuses it where there is nobody to ask"
                } else {
                    "no key was given to know the signature by: the response is whole, and anybody may have made it"
                };
                let because = format!("no rule is broken{}, but {but}", not_held(report));
                (Tint::Doubt, "unverified", because)
            }
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

    fn facts(&mut self, inspected: &Inspected, values: bool) {
        let Inspected { report, now, .. } = inspected;
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
        if let Some(known) = inspected.key_so_far() {
            self.fact("key so far", &format!("SHA-256 {known}"));
        }
        if let Some(end) = report.usable_until {
            let has_ended = if end <= *now { " (past)" } else { "" };
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
        self.fact("held against", &format!("the time {}", to_the_second(*now)));
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
