//! The browser's part is played by scripts: what it says is what a test wants, whole or not.

use super::*;
use crate::address::{LoopbackAddress, WebAddress};
use crate::store::{Key, TokenStore};
use std::fs;
use std::os::unix::fs::PermissionsExt;

const ATTACHED: &str = r#"{"method":"Target.attachedToTarget","params":{"sessionId":"S","targetInfo":{"targetId":"T","type":"page"},"waitingForDebugger":false}}"#;

struct Peer {
    directory: tempfile::TempDir,
    browser: Chromium,
    _profile: BrowserProfile,
}

impl Peer {
    /// Starts a script as the browser.
    fn play(script: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("browser");
        fs::write(&program, format!("#!/bin/bash\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        let profiles = TokenStore::open(&directory.path().join("state")).browser_profiles();
        let profile = profiles.take(&Key::new("work").unwrap()).unwrap();
        let errand = Errand {
            link: WebAddress::parse("https://idp.example/start?secret=1").unwrap(),
            acs: WebAddress::parse("https://platform.example/acs").unwrap(),
            listener: LoopbackAddress::parse("http://127.0.0.1:9/secret").unwrap(),
        };
        let browser =
            Chromium::start(&program, &profile, Window::Shown, Sandbox::On, errand).unwrap();
        Self {
            directory,
            browser,
            _profile: profile,
        }
    }

    /// The first stage that is not the one before it, or the error.
    fn after(&mut self, before: Stage) -> Result<Stage, ChromiumError> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            match self.browser.stage() {
                Ok(stage) if stage == before && Instant::now() < deadline => {
                    thread::sleep(Duration::from_millis(5));
                }
                result => return result,
            }
        }
    }
}

/// A script that answers the command that pauses requests, with `before` and `after` said around it.
fn well_behaved(before: &str, after: &str) -> String {
    format!(
        r#"say() {{ printf '%s\0' "$1" >&4; }}
{before}
say '{ATTACHED}'
while IFS= read -r -d '' -u 3 command; do
    printf '%s\n' "$command" >>"$0.heard"
    case $command in
        *Fetch.enable*) say '{{"id":3,"result":{{}}}}' ;;
        *Page.navigate*) {after} ;;
        *Browser.close*) exit 0 ;;
    esac
done"#
    )
}

#[test]
fn the_browser_is_sent_on_its_errand_and_ends_when_it_is_dropped() {
    let mut peer = Peer::play(&well_behaved("", ":"));
    assert_eq!(peer.after(Stage::Starting).unwrap(), Stage::Open);
    let process = peer.browser.process.id();
    drop(peer.browser);
    assert!(!Path::new(&format!("/proc/{process}")).exists());
    let heard = fs::read_to_string(peer.directory.path().join("browser.heard")).unwrap();
    assert!(
        heard.contains("https://idp.example/start?secret=1"),
        "{heard}"
    );
    assert!(heard.contains("Browser.close"), "{heard}");
}

#[test]
fn garbage_and_long_messages_are_passed_over() {
    let garbage = r#"say garbage; say '{"id":'; say ''; printf '\xff\xfe\0' >&4; say '[[[[['
head -c 9000000 /dev/zero | tr '\0' x >&4; printf '\0' >&4"#;
    let mut peer = Peer::play(&well_behaved(garbage, ":"));
    assert_eq!(peer.after(Stage::Starting).unwrap(), Stage::Open);
    assert!(peer.browser.has_missed_something());
    assert!(!peer.browser.has_missed_something(), "it is told once");
}

#[test]
fn a_browser_that_ends_is_closed_also_in_the_middle_of_a_message() {
    for end in ["exit 0", r#"printf '{"method":' >&4; exit 1"#] {
        let mut peer = Peer::play(&well_behaved("", end));
        // It may have ended before anybody has looked.
        assert_ne!(peer.after(Stage::Starting).unwrap(), Stage::Starting);
        assert_eq!(peer.after(Stage::Open).unwrap(), Stage::Closed, "{end}");
    }
}

#[test]
fn one_that_ends_without_a_word_is_quoted() {
    let mut peer = Peer::play("echo 'cannot open display' >&2; exit 3");
    match peer.after(Stage::Starting) {
        Err(ChromiumError::EndedEarly { status, words, .. }) => {
            assert_eq!(status.unwrap().code(), Some(3));
            assert_eq!(words, ["cannot open display"]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_that_does_not_pause_requests_is_not_used() {
    let refusing = well_behaved("", ":").replace(
        r#"{"id":3,"result":{}}"#,
        r#"{"id":3,"error":{"code":-32601,"message":"not found"}}"#,
    );
    let mut peer = Peer::play(&refusing);
    assert!(matches!(
        peer.after(Stage::Starting),
        Err(ChromiumError::NotCaught(_))
    ));
}

#[test]
fn one_that_does_not_listen_is_ended_with_what_it_has_started() {
    let peer = Peer::play("trap '' TERM INT; sleep 300 & echo $! >\"$0.child\"; wait; sleep 300");
    let path = peer.directory.path().join("browser.child");
    let deadline = Instant::now() + Duration::from_secs(20);
    let child = loop {
        match fs::read_to_string(&path) {
            Ok(text) if text.ends_with('\n') => break text,
            _ if Instant::now() > deadline => panic!("it did not start"),
            _ => thread::sleep(Duration::from_millis(5)),
        }
    };
    drop(peer.browser);
    // Killed; whether the system and its new parent have noticed is another matter.
    let is_gone = || {
        let status = fs::read_to_string(format!("/proc/{}/status", child.trim()));
        status.map_or(true, |status| status.contains("State:\tZ"))
    };
    while !is_gone() {
        assert!(Instant::now() < deadline, "it still runs");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn as_root_the_sandbox_is_left_out_only_in_words() {
    let program = Path::new("/usr/bin/chromium");
    let sandbox = |value: Option<&str>| {
        sandbox(program, |name| {
            assert_eq!(name, NO_SANDBOX_VARIABLE);
            value.map(OsString::from)
        })
    };
    if is_root() {
        assert_eq!(sandbox(Some("1")).unwrap(), Sandbox::Off);
        for value in [None, Some(""), Some("true"), Some("0")] {
            assert!(matches!(sandbox(value), Err(ChromiumError::Root(_))));
        }
    } else {
        assert_eq!(sandbox(Some("1")).unwrap(), Sandbox::On);
        assert_eq!(sandbox(None).unwrap(), Sandbox::On);
    }
}
