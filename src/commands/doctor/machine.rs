//! Whether this machine has what the capture needs: its port, its browser.

use super::check::Check;
use crate::acs::Warning;
use crate::address::LoopbackAddress;
use crate::browser::chromium::{
    ChromiumError, NO_SANDBOX_VARIABLE, Sandbox, VersionError, names_one_of_the_family,
};
use crate::browser::{Blocked, OpenError};
use crate::commands::error::{self, config, login, store};
use crate::config::{Capture, ConfigError};
use crate::foreign::shown;
use crate::login::{LoginError, tunnel};
use crate::loopback::BindError;
use crate::store::StoreError;
use std::path::{Path, PathBuf};

/// Which capture a login takes and why, and whether it could run here. `can_run` is what a login finds out of its own
/// browser before it begins.
pub(super) fn capture(
    capture: Option<Result<(&Capture, &str), &ConfigError>>,
    can_run: Option<&Result<Sandbox, ChromiumError>>,
) -> Check {
    const NAME: &str = "capture";
    let (capture, why) = match capture {
        None => {
            return Check::skip(
                NAME,
                "no response is awaited, as far as the configuration says",
            );
        }
        Some(Err(error)) => {
            let otherwise = "--capture loopback and --capture paste need no such browser.";
            return Check::failed(NAME, config(error), otherwise);
        }
        Some(Ok(capture)) => capture,
    };
    let found = format!("{} ({why})", capture.name());
    match (capture, can_run) {
        (_, Some(Err(error))) => {
            let words = error::chromium(error);
            let check = Check::failed(NAME, words, "--capture paste signs in without it.");
            Check {
                found: format!("{found}, but {}", check.found),
                ..check
            }
        }
        (Capture::Loopback(address), _) => Check::pass(
            NAME,
            format!("{found}; {address} must be registered with the identity provider"),
        ),
        _ => Check::pass(NAME, found),
    }
}

/// Whether the listener can have its port. `None` where nothing listens.
pub(super) fn port(bound: Option<Result<(LoopbackAddress, Option<Warning>), BindError>>) -> Check {
    const NAME: &str = "port";
    match bound {
        None => Check::skip(
            NAME,
            "this capture listens at no port that is known beforehand",
        ),
        Some(Ok((address, None))) => Check::pass(NAME, format!("{} is free", address.authority())),
        Some(Ok((_, Some(neighbour)))) => Check::warn(
            NAME,
            neighbour.to_string(),
            "A browser that is sent to localhost may end up there: end that program, or have the identity provider post \
             to the address of the listener itself.",
        ),
        Some(Err(error)) => Check::failed(
            NAME,
            login(&LoginError::Listen(error)),
            "Name another address with --listen.",
        ),
    }
}

/// How the identity provider's page is opened for the loopback capture.
#[derive(Debug)]
pub(super) enum Browser {
    /// The capture opens none of the user's browsers.
    OfNoUse,
    /// The user has said that none is to be opened.
    NotWanted,
    /// Nobody would see it.
    Blocked {
        why: Blocked,
        /// The listener, which a browser elsewhere has to be led to.
        listen: LoopbackAddress,
        user: Option<String>,
    },
    /// This program opens it.
    Opener(Result<PathBuf, OpenError>),
}

/// Whether the user's own browser can be opened.
pub(super) fn browser(browser: &Browser) -> Check {
    const NAME: &str = "browser";
    const BY_HAND: &str = "Open the address that login shows by hand";
    match browser {
        Browser::OfNoUse => Check::skip(NAME, "this capture opens none of yours"),
        Browser::NotWanted => {
            Check::skip(NAME, "none is wanted: login shows the address (no_browser)")
        }
        Browser::Opener(Ok(program)) => Check::pass(NAME, path(program)),
        Browser::Opener(Err(error)) => Check::warn(
            NAME,
            error.to_string(),
            format!("{BY_HAND}, install xdg-utils, or name a browser with --browser."),
        ),
        Browser::Blocked {
            why: Blocked::NoDisplay,
            ..
        } => Check::warn(
            NAME,
            "there is no display to show one on",
            format!("{BY_HAND} in a browser on this machine, or sign in with --capture paste."),
        ),
        Browser::Blocked {
            why: Blocked::Ssh { server },
            listen,
            user,
        } => Check::warn(
            NAME,
            "you are here over SSH, so that none is opened",
            format!(
                "{BY_HAND} in the browser of the machine you sit at, and run there first: {}",
                tunnel(listen, user.as_deref(), server)
            ),
        ),
    }
}

/// A browser that the chromium capture could start.
#[derive(Debug)]
pub(super) struct OwnBrowser {
    pub(super) program: PathBuf,
    /// What it says of itself.
    pub(super) version: Result<String, VersionError>,
}

/// Whether there is a browser for the chromium capture, which one, and whether it runs. `sandbox` is that of a login
/// that takes it, where one does.
pub(super) fn chromium(
    found: Option<&OwnBrowser>,
    snap: Option<&Path>,
    sandbox: Option<Sandbox>,
) -> Check {
    const NAME: &str = "chromium";
    const ANOTHER: &str =
        "--browser names another one: Chrome, Chromium, Edge or Brave, but no snap and no Flatpak.";
    if cfg!(not(unix)) {
        return Check::skip(NAME, "the chromium capture is not supported on this system");
    }
    let Some(browser) = found else {
        return match snap {
            Some(snap) => Check::skip(
                NAME,
                format!("there is only {}, a snap, which cannot be used", path(snap)),
            ),
            None => Check::skip(NAME, "no Chrome, Chromium, Edge or Brave was found"),
        };
    };
    let program = path(&browser.program);
    let check = match (&browser.version, sandbox) {
        (Err(error), _) => Check::fail(NAME, format!("{program}: {error}"), ANOTHER),
        (Ok(version), _) if !names_one_of_the_family(version) => Check::warn(
            NAME,
            format!("{program} does not call itself one of the known browsers: \"{version}\""),
            ANOTHER,
        ),
        (Ok(version), Some(Sandbox::Off)) => Check::warn(
            NAME,
            format!("{program}, {version}, without its sandbox ({NO_SANDBOX_VARIABLE})"),
            "A hostile page may take this machine over: sign in as another user than root where there is one.",
        ),
        (Ok(version), _) => Check::pass(NAME, format!("{program}, {version}")),
    };
    // What a login does not take cannot keep it from anything.
    if sandbox.is_some() {
        check
    } else {
        check.at_most_warns()
    }
}

/// Whether the profile of the browser of our own can be used. `None` where no such browser is started.
pub(super) fn browser_profile(profile: Option<&(PathBuf, Result<bool, StoreError>)>) -> Check {
    const NAME: &str = "browser-profile";
    match profile {
        None => Check::skip(NAME, "this capture keeps none"),
        Some((place, Ok(true))) => Check::pass(NAME, format!("{}, yours alone", path(place))),
        Some((place, Ok(false))) => Check::pass(
            NAME,
            format!("there is none yet; a login makes {}", path(place)),
        ),
        Some((_, Err(error))) => Check::failed(
            NAME,
            store(error),
            "Give that directory back to yourself, or set XDG_STATE_HOME to one of your own.",
        ),
    }
}

fn path(path: &Path) -> String {
    shown(&path.to_string_lossy(), 300)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, PasteSource};
    use crate::loopback::Owner;
    use crate::saml::Outcome::{Fail, Pass, Skip, Warn};
    use crate::store::Unsafe;

    fn listen() -> LoopbackAddress {
        LoopbackAddress::parse("http://127.0.0.1:35417/saml/acs").unwrap()
    }

    #[test]
    fn a_capture_is_told_with_its_reason_and_what_is_in_its_way() {
        let why = "no Chrome was found";
        let loopback = Capture::Loopback(listen());
        let check = capture(Some(Ok((&loopback, why))), None);
        assert_eq!(check.outcome, Pass);
        assert!(
            check
                .found
                .starts_with("loopback (no Chrome was found); http://127.0.0.1:35417/"),
            "{check:?}"
        );
        let own = config::OwnBrowser {
            program: "/usr/bin/chromium".into(),
            is_fresh: false,
            headless_first: false,
        };
        let chromium = Capture::Chromium(own);
        assert_eq!(
            capture(Some(Ok((&chromium, why))), Some(&Ok(Sandbox::On))).outcome,
            Pass
        );
        for error in [
            ChromiumError::Root("/usr/bin/chromium".into()),
            ChromiumError::NoDisplay,
        ] {
            let check = capture(Some(Ok((&chromium, why))), Some(&Err(error)));
            assert_eq!(check.outcome, Fail);
            assert!(check.found.contains(", but "), "{check:?}");
            assert!(!check.cure.unwrap().is_empty());
        }
        let none = ConfigError::Value {
            name: "--capture".into(),
            problem: "no Chrome, Chromium, Edge or Brave was found".into(),
        };
        let check = capture(Some(Err(&none)), None);
        assert_eq!(check.outcome, Fail);
        assert!(check.cure.unwrap().contains("--capture paste"));
        let source = PasteSource::Prompt;
        let paste = Capture::Paste {
            source,
            listen: listen(),
        };
        assert_eq!(capture(Some(Ok((&paste, why))), None).outcome, Pass);
        assert_eq!(capture(None, None).outcome, Skip);
    }

    #[test]
    fn a_port_that_is_taken_is_told_with_its_owner() {
        assert_eq!(
            port(Some(Ok((listen(), None)))),
            Check::pass("port", "127.0.0.1:35417 is free")
        );
        let address = "127.0.0.1:35417".parse().unwrap();
        let owner = Some(Owner {
            user: 1000,
            process: None,
        });
        let check = port(Some(Err(BindError::InUse {
            address,
            owner: owner.clone(),
        })));
        assert_eq!(check.outcome, Fail);
        assert!(
            check
                .found
                .contains("is taken by another process (user 1000)"),
            "{check:?}"
        );
        assert!(check.cure.unwrap().contains("End the other program"));
        let address = "[::1]:35417".parse().unwrap();
        let neighbour = Some(Warning::Neighbour { address, owner });
        assert_eq!(port(Some(Ok((listen(), neighbour)))).outcome, Warn);
        assert_eq!(port(None).outcome, Skip);
    }

    #[test]
    fn whoever_cannot_see_a_browser_here_is_told_the_way() {
        let blocked = |why| {
            browser(&Browser::Blocked {
                why,
                listen: listen(),
                user: Some("ada".into()),
            })
        };
        let check = blocked(Blocked::Ssh {
            server: "10.0.0.7".into(),
        });
        assert_eq!(check.outcome, Warn);
        assert!(
            check
                .cure
                .unwrap()
                .ends_with("ssh -N -L 35417:127.0.0.1:35417 ada@10.0.0.7")
        );
        assert!(
            blocked(Blocked::NoDisplay)
                .cure
                .unwrap()
                .contains("--capture paste")
        );
        let check = browser(&Browser::Opener(Err(OpenError::NoLauncher)));
        assert_eq!(check.outcome, Warn);
        assert!(check.cure.unwrap().contains("xdg-utils"));
        assert_eq!(
            browser(&Browser::Opener(Ok("/usr/bin/xdg-open".into()))).outcome,
            Pass
        );
        assert_eq!(browser(&Browser::NotWanted).outcome, Skip);
        assert_eq!(browser(&Browser::OfNoUse).outcome, Skip);
    }

    #[test]
    #[cfg(unix)]
    fn a_browser_of_our_own_is_told_with_its_version_and_fails_only_where_it_is_taken() {
        let judged = |version: Result<&str, VersionError>, sandbox| {
            let browser = OwnBrowser {
                program: "/usr/bin/chromium".into(),
                version: version.map(str::to_owned),
            };
            chromium(Some(&browser), None, sandbox)
        };
        let check = judged(Ok("Chromium 156.0"), Some(Sandbox::On));
        assert_eq!(
            check,
            Check::pass("chromium", "/usr/bin/chromium, Chromium 156.0")
        );
        assert_eq!(
            judged(Ok("Chromium 156.0"), Some(Sandbox::Off)).outcome,
            Warn
        );
        assert_eq!(
            judged(Ok("Mozilla Firefox 140.0"), Some(Sandbox::On)).outcome,
            Warn
        );
        assert_eq!(
            judged(Err(VersionError::Silent), Some(Sandbox::On)).outcome,
            Fail
        );
        assert_eq!(judged(Err(VersionError::Silent), None).outcome, Warn);
        assert_eq!(chromium(None, None, None).outcome, Skip);
        let snap = chromium(None, Some(Path::new("/snap/bin/chromium")), None);
        assert!(
            snap.found.contains("/snap/bin/chromium, a snap"),
            "{snap:?}"
        );
    }

    #[test]
    fn a_browsers_profile_is_the_users_alone() {
        let looked =
            |looked| browser_profile(Some(&(PathBuf::from("/state/browser/profile-x"), looked)));
        assert_eq!(looked(Ok(true)).outcome, Pass);
        assert_eq!(looked(Ok(false)).outcome, Pass);
        let path = || PathBuf::from("/state/browser/profile-x");
        let problem = Unsafe::Writable(0o777);
        let check = looked(Err(StoreError::Unsafe {
            path: path(),
            problem,
        }));
        assert!(check.cure.unwrap().contains("chmod go-w"));
        assert_eq!(
            looked(Err(StoreError::BrowserBusy { path: path() })).outcome,
            Fail
        );
        assert_eq!(browser_profile(None).outcome, Skip);
    }
}
