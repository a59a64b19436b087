//! Whether a token can be kept, what is kept, and what contradicts it.

use super::check::Check;
use crate::commands::error::store;
use crate::commands::handed_out::{holder, left};
use crate::foreign::shown;
use crate::store::{Kept, StoreError};
use crate::time::Timestamp;
use std::path::PathBuf;

/// Whether tokens can be kept: nobody else may read or exchange them, and the directory can be written to.
pub(super) fn state(looked: Option<&(PathBuf, Result<bool, StoreError>)>) -> Check {
    const NAME: &str = "state";
    let Some((directory, looked)) = looked else {
        return Check::skip(
            NAME,
            "there is no profile, or no home directory, to keep anything for",
        );
    };
    let directory = shown(&directory.to_string_lossy(), 300);
    match looked {
        Ok(true) => Check::pass(NAME, format!("{directory}, yours alone")),
        Ok(false) => Check::pass(NAME, format!("a login makes {directory}")),
        Err(error) => Check::failed(
            NAME,
            store(error),
            "Make it writable for yourself, or set XDG_STATE_HOME to a directory of your own.",
        ),
    }
}

/// Whether the token file of the configuration can be written. `None` where there is none.
pub(super) fn token_file(file: Option<&(PathBuf, Result<(), StoreError>)>) -> Check {
    const NAME: &str = "token-file";
    match file {
        None => Check::skip(NAME, "none is configured"),
        Some((path, Ok(()))) => Check::pass(NAME, shown(&path.to_string_lossy(), 300)),
        Some((_, Err(error))) => Check::failed(
            NAME,
            store(error),
            "Give --token-file a path in a directory that you may write to.",
        ),
    }
}

/// What is kept for the profile.
pub(super) fn token(kept: Option<&Result<Option<Kept>, StoreError>>, now: Timestamp) -> Check {
    const NAME: &str = "token";
    const LOGIN: &str = "anyp-saml login gets a new one.";
    match kept {
        None => Check::skip(NAME, "there is no profile to look for"),
        Some(Err(error)) => {
            let check = Check::failed(NAME, store(error), LOGIN);
            if error.is_replaceable() {
                check.at_most_warns()
            } else {
                check
            }
        }
        Some(Ok(None)) => Check::skip(NAME, "none is kept yet"),
        Some(Ok(Some(kept))) => {
            let about = &kept.about;
            let holder = holder(about).unwrap_or_else(|| "a user not known".into());
            let found = format!("of {holder}, {}", left(about, now));
            match about.has_ended(now) {
                true => Check::warn(NAME, found, LOGIN),
                false => Check::pass(NAME, found),
            }
        }
    }
}

/// Variables of the platform's other tools. None of their values is here.
#[derive(Debug, Default)]
pub(super) struct Environment {
    /// Those that name another way to sign in.
    pub(super) contradicting: Vec<&'static str>,
    /// Those that hold another token than the kept one.
    pub(super) other_tokens: Vec<&'static str>,
    /// The host of `ANYPOINT_HOST`, where it is another than the platform's, and the platform's; both fit to be shown.
    pub(super) other_host: Option<(String, String)>,
}

/// Whether the environment contradicts the token.
pub(super) fn environment(environment: &Environment) -> Check {
    const NAME: &str = "environment";
    let (mut found, mut cures) = (Vec::new(), Vec::new());
    let names = |names: &[&str]| {
        let verb = if names.len() == 1 { "is" } else { "are" };
        (names.join(", "), verb)
    };
    if !environment.contradicting.is_empty() {
        let (names, verb) = names(&environment.contradicting);
        found.push(format!(
            "{names} {verb} set: anypoint-cli refuses to run with a token beside"
        ));
        cures.push(format!(
            "Unset {names}, or run it by anyp-saml exec, which leaves {} out.",
            if environment.contradicting.len() == 1 {
                "it"
            } else {
                "them"
            }
        ));
    }
    if !environment.other_tokens.is_empty() {
        let (names, verb) = names(&environment.other_tokens);
        found.push(format!(
            "{names} {verb} set to another token than the kept one"
        ));
        cures.push(
            "eval \"$(anyp-saml env)\" sets the kept one, eval \"$(anyp-saml env --unset)\" none."
                .into(),
        );
    }
    if let Some((host, expected)) = &environment.other_host {
        found.push(format!("ANYPOINT_HOST names {host}, and not {expected}"));
        cures.push("Unset it: a token that is set beside it would be sent there.".into());
    }
    match found.is_empty() {
        true => Check::pass(NAME, "no ANYPOINT_* variable contradicts the token"),
        false => Check::warn(NAME, found.join("; "), cures.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::WebAddress;
    use crate::saml::Outcome::{Fail, Pass, Skip, Warn};
    use crate::secret::Secret;
    use crate::store::{About, Method, Unsafe};
    use crate::token::AccessToken;

    #[test]
    fn what_others_could_read_or_exchange_fails() {
        let looked = |looked| state(Some(&(PathBuf::from("/state/tokens"), looked)));
        assert_eq!(looked(Ok(true)).outcome, Pass);
        assert_eq!(looked(Ok(false)).outcome, Pass);
        for problem in [Unsafe::Writable(0o777), Unsafe::Owner(7), Unsafe::Symlink] {
            let path = "/state/tokens".into();
            let check = looked(Err(StoreError::Unsafe { path, problem }));
            assert_eq!(check.outcome, Fail);
            assert!(!check.cure.unwrap().is_empty());
        }
        let check = looked(Err(StoreError::Io {
            doing: "write to",
            path: "/state".into(),
            error: std::io::ErrorKind::PermissionDenied.into(),
        }));
        assert!(check.cure.unwrap().contains("XDG_STATE_HOME"));
        assert_eq!(state(None).outcome, Skip);
    }

    #[test]
    fn a_token_is_told_by_its_user_and_its_end() {
        let now: Timestamp = "2026-01-15T12:00:00Z".parse().unwrap();
        let kept = |end: &str| {
            let token = AccessToken::parse(Secret::new("8c4ba5b5-visible".into())).unwrap();
            let plane = WebAddress::parse("https://anypoint.mulesoft.com").unwrap();
            let mut about = About::new(Method::Saml, plane, now);
            about.ends_at = end.parse().ok();
            about.username = Some("ada\u{9b}".into());
            token_of(Ok(Some(Kept { token, about })), now)
        };
        let check = kept("2026-01-15T12:40:00Z");
        assert_eq!(
            check,
            Check::pass("token", "of ada\\u{9b}, about 40 min left")
        );
        let check = kept("2026-01-15T11:59:00Z");
        assert_eq!(check.outcome, Warn);
        assert_eq!(check.found, "of ada\\u{9b}, ended");
        assert_eq!(token_of(Ok(None), now).outcome, Skip);
        let path = || PathBuf::from("/token");
        let what = "it is not JSON with a version";
        assert_eq!(
            token_of(Err(StoreError::Broken { path: path(), what }), now).outcome,
            Warn
        );
        let problem = Unsafe::Readable(0o644);
        assert_eq!(
            token_of(
                Err(StoreError::Unsafe {
                    path: path(),
                    problem
                }),
                now
            )
            .outcome,
            Fail
        );
    }

    fn token_of(kept: Result<Option<Kept>, StoreError>, now: Timestamp) -> Check {
        token(Some(&kept), now)
    }

    #[test]
    fn variables_that_contradict_the_token_are_named_and_never_shown() {
        assert_eq!(environment(&Environment::default()).outcome, Pass);
        let check = environment(&Environment {
            contradicting: vec!["ANYPOINT_USERNAME", "ANYPOINT_PASSWORD"],
            other_tokens: vec!["ANYPOINT_BEARER"],
            other_host: Some((
                "eu1.anypoint.mulesoft.com".into(),
                "anypoint.mulesoft.com".into(),
            )),
        });
        assert_eq!(check.outcome, Warn);
        for found in [
            "ANYPOINT_USERNAME, ANYPOINT_PASSWORD are set",
            "ANYPOINT_BEARER is set to another",
            "names eu1.",
        ] {
            assert!(check.found.contains(found), "{check:?}");
        }
        let cure = check.cure.unwrap();
        assert!(
            cure.contains("anyp-saml exec, which leaves them out") && cure.contains("--unset"),
            "{cure}"
        );
    }
}
