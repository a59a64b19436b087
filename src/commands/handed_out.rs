//! What several commands say and print of a kept token.

use super::error::CommandError;
use crate::export::{self, Format, Shell, Written};
use crate::foreign::brief;
use crate::platform::Plane;
use crate::store::{About, Kept, Method};
use crate::terminal::Terminal;
use crate::time::{SignedDuration, Timestamp};

/// The variables that a token stands in: anypoint-cli reads the first, Terraform's provider the second. Where it holds is
/// named for both, since a name that was set for another plane would send the token there: the host for the one, and for
/// the other, which knows no other planes, the short name of a public one.
pub(super) fn variables(kept: &Kept) -> Vec<(&'static str, String)> {
    let token = kept.token.expose();
    let plane = Plane::at(&kept.about.plane);
    let mut variables = vec![
        ("ANYPOINT_BEARER", token.to_owned()),
        ("ANYPOINT_ACCESS_TOKEN", token.to_owned()),
        ("ANYPOINT_HOST", plane.host()),
    ];
    if plane.is_well_known() {
        variables.push(("ANYPOINT_CPLANE", plane.name().to_owned()));
    }
    variables
}

/// The names of all variables that a token stands in.
pub(super) const VARIABLES: [&str; 4] = [
    "ANYPOINT_BEARER",
    "ANYPOINT_ACCESS_TOKEN",
    "ANYPOINT_HOST",
    "ANYPOINT_CPLANE",
];

/// The token in a format.
pub(super) fn written(kept: &Kept, format: Format) -> Result<Written, CommandError> {
    let variables = variables(kept);
    let pairs: Vec<_> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    export::write(format, kept.token.expose(), &pairs)
        .map_err(|error| CommandError::Other(error.to_string()))
}

/// Warns where a token is about to be seen.
pub(super) fn warn_of_a_screen(terminal: &Terminal) {
    if terminal.hands_out_to_a_screen() {
        terminal.warn(
            "your token follows, and stays on the screen; \"$(…)\" or a pipe takes it unseen.",
        );
    }
}

/// Prints what holds a token.
pub(super) fn print(written: &Written, terminal: &Terminal) -> Result<(), CommandError> {
    warn_of_a_screen(terminal);
    terminal
        .hand_out(written.text.expose())
        .map_err(CommandError::Output)
}

/// Prints export lines for a shell.
pub(super) fn print_exports(
    kept: &Kept,
    shell: Shell,
    terminal: &Terminal,
) -> Result<(), CommandError> {
    print(&written(kept, Format::Shell(shell))?, terminal)
}

/// Whose token it is, as far as that is known.
pub(super) fn holder(about: &About) -> Option<String> {
    match about.method {
        Method::ConnectedApp => {
            let id = about.subject.as_deref()?;
            Some(format!("the connected app {}", brief(id)))
        }
        Method::Saml | Method::Password => about.username.as_deref().map(brief),
    }
}

/// The organization's name and id, as far as they are known.
pub(super) fn organization(about: &About) -> Option<String> {
    named(
        about.organization_name.as_deref(),
        about.organization_id.as_deref()?,
    )
    .into()
}

/// A name with its id, or the id alone.
pub(super) fn named(name: Option<&str>, id: &str) -> String {
    match name {
        Some(name) => format!("{} ({})", brief(name), brief(id)),
        None => brief(id),
    }
}

/// About when a token ends, in words.
pub(super) fn end(about: &About, now: Timestamp) -> String {
    match about.ends_at {
        None => "not known (the platform ends it with the organization's session timeout, 60 min unless changed)".into(),
        Some(end) if end <= now => "it has ended".into(),
        // The platform's own word, not a guess from the session timeout.
        Some(end) if about.method == Method::ConnectedApp => format!("in {}", rounded(end.duration_since(now))),
        Some(end) => format!("in about {}", rounded(end.duration_since(now))),
    }
}

/// How much of a token's time is left, in words.
pub(super) fn left(about: &About, now: Timestamp) -> String {
    match about.ends_at {
        None => "end not known".into(),
        Some(end) if end <= now => "ended".into(),
        Some(end) => format!("about {} left", rounded(end.duration_since(now))),
    }
}

/// A duration in the unit that a person would choose.
fn rounded(duration: SignedDuration) -> String {
    // To the nearest minute: a token of an hour has not 59 minutes when it has just been given.
    match (duration.as_secs() + 30) / 60 {
        ..1 => "a minute".into(),
        minutes @ 1..120 => format!("{minutes} min"),
        minutes @ 120..2880 => format!("{} h", minutes / 60),
        minutes => format!("{} days", minutes / 1440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_in_the_unit_a_person_would_choose() {
        let shown = |minutes| rounded(SignedDuration::from_mins(minutes));
        assert_eq!(shown(0), "a minute");
        assert_eq!(shown(59), "59 min");
        assert_eq!(shown(119), "119 min");
        assert_eq!(shown(121), "2 h");
        assert_eq!(shown(5000), "3 days");
        assert_eq!(rounded(SignedDuration::from_secs(3599)), "60 min");
    }
}
