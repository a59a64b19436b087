//! The checks as a person reads them: each with its cure, and what it comes to at the end, where the eye is.

use super::Section;
use super::check::Check;
use crate::commands::outcome::tinted;
use crate::saml::Outcome;
use crate::terminal::Tint;

/// Where a check's words begin: behind its outcome and its name.
const MARGIN: usize = 23;

/// The narrowest that the words may become.
const NARROWEST: usize = 30;

/// The widest that is pleasant to read.
const WIDEST: usize = 100;

/// The table, ended by a new line. On a screen of this width its lines are broken between words.
pub(super) fn of(sections: &[Section], width: Option<usize>) -> String {
    let room = width.map(|width| width.min(WIDEST).saturating_sub(MARGIN).max(NARROWEST));
    let mut table = String::new();
    for section in sections {
        table += &format!("{}\n", Tint::Strong.on(section.subject));
        for check in &section.checks {
            add(&mut table, check, room);
        }
        table.push('\n');
    }
    table + &summary(sections) + "\n"
}

fn add(table: &mut String, check: &Check, room: Option<usize>) {
    let mut start = format!("{}  {:<15}  ", tinted(check.outcome), check.name);
    let is_quiet = check.outcome == Outcome::Skip;
    for line in broken(&check.found, room) {
        let line = if is_quiet {
            Tint::Quiet.on(&line)
        } else {
            line
        };
        *table += &format!("{start}{line}\n");
        start = " ".repeat(MARGIN);
    }
    if let Some(cure) = &check.cure {
        // The first line has the label in it, and so less room for its words.
        for (number, line) in broken(&format!("cure: {cure}"), room).iter().enumerate() {
            let line = match line.strip_prefix("cure:") {
                Some(rest) if number == 0 => format!("{}{rest}", Tint::Strong.on("cure:")),
                _ => line.clone(),
            };
            *table += &format!("{:MARGIN$}{line}\n", "");
        }
    }
}

/// What it comes to.
fn summary(sections: &[Section]) -> String {
    let names = |outcome| {
        let checks = sections.iter().flat_map(|section| &section.checks);
        let named = checks.filter(|check| check.outcome == outcome);
        named.map(|check| check.name).collect::<Vec<_>>().join(", ")
    };
    let (failed, warned) = (names(Outcome::Fail), names(Outcome::Warn));
    let verdict = match failed.is_empty() {
        true => Tint::Good.on("Nothing stands in the way of a login."),
        false => format!("{} {failed}.", Tint::Bad.on("Failed:")),
    };
    match warned.is_empty() {
        true => verdict,
        false => format!("{verdict} {} {warned}.", Tint::Doubt.on("Warnings:")),
    }
}

/// The text in lines of at most so many characters, where its words are short enough for that.
fn broken(text: &str, room: Option<usize>) -> Vec<String> {
    let Some(room) = room else {
        return vec![text.to_owned()];
    };
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += word;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_nothing_is_lost() {
        let text = "one two three four/five/six/seven eight";
        let lines = broken(text, Some(13));
        assert_eq!(lines, ["one two three", "four/five/six/seven", "eight"]);
        assert_eq!(lines.join(" "), text);
        assert_eq!(broken(text, None), [text]);
        assert_eq!(broken("", Some(13)), [""]);
    }

    #[test]
    fn every_line_stays_on_the_screen() {
        let sections = [Section {
            subject: "Network",
            checks: vec![
                Check::pass("platform", "word ".repeat(40).trim()),
                Check::fail(
                    "browser-profile",
                    "word ".repeat(40).trim(),
                    "cure ".repeat(40),
                ),
            ],
        }];
        for width in [60, 80, 100, 200] {
            let table = anstream::adapter::strip_str(&of(&sections, Some(width))).to_string();
            let longest = table.lines().map(|line| line.chars().count()).max();
            assert!(longest <= Some(width.min(WIDEST)), "{width}:\n{table}");
        }
    }
}
