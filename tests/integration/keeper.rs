//! The keeper of a login's browser, and what a login makes of what its browser says. The browser's part is played by
//! scripts, which say and do what a test wants.

use super::support::Scene;
use super::support::processes::{assert_ends, until};
use super::support::world::{Running, World};
use anyp_saml::address::{LoopbackAddress, WebAddress};
use anyp_saml::browser::chromium::keeper::{COMMAND, Keeper};
use anyp_saml::browser::chromium::{Chromium, ChromiumError, Errand, Sandbox, Stage, Window};
use anyp_saml::store::{BrowserProfile, Key, TokenStore};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

const ATTACHED: &str = r#"{"method":"Target.attachedToTarget","params":{"sessionId":"S","targetInfo":{"targetId":"T","type":"page"},"waitingForDebugger":false}}"#;

/// A browser that hears nothing, and has started another process that hears nothing. It writes down their numbers and
/// that of its keeper.
const DEAF: &str = "trap '' TERM INT HUP
(trap '' TERM INT HUP; exec sleep 300) &
echo $$ $! $PPID >\"$0.new\"; mv \"$0.new\" \"$0.numbers\"
for _ in {1..300}; do sleep 1; done";

/// Writes a script that can be started as a browser.
fn browser(directory: &Path, script: &str) -> PathBuf {
    let program = directory.join("browser");
    fs::write(&program, format!("#!/bin/bash\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    program
}

/// What a browser has written into a file of its own, once it is there.
fn written(program: &Path, name: &str) -> String {
    let path = program.with_extension(name);
    assert!(
        until(Duration::from_secs(30), || path.exists()),
        "{name} was never written"
    );
    fs::read_to_string(path).unwrap()
}

/// The numbers that [`DEAF`] has written down: its own, its child's and its keeper's.
fn numbers(program: &Path) -> [u32; 3] {
    let written = written(program, "numbers");
    let numbers: Vec<u32> = written
        .split_whitespace()
        .map(|number| number.parse().unwrap())
        .collect();
    numbers.try_into().unwrap()
}

fn signal(process: u32, name: &str) {
    let status = Command::new("kill")
        .args([name, &process.to_string()])
        .status();
    assert!(status.unwrap().success());
}

/// A login as the browser's code sees it.
struct Peer {
    browser: Chromium,
    program: PathBuf,
    _profile: BrowserProfile,
    _directory: tempfile::TempDir,
}

impl Peer {
    /// Starts a script as the browser.
    fn play(script: &str) -> Self {
        Self::try_play(|directory| browser(directory, script)).unwrap()
    }

    fn try_play(program: impl FnOnce(&Path) -> PathBuf) -> Result<Self, ChromiumError> {
        let directory = tempfile::tempdir().unwrap();
        let program = program(directory.path());
        let profiles = TokenStore::open(&directory.path().join("state")).browser_profiles();
        let profile = profiles.take(&Key::new("work").unwrap()).unwrap();
        let errand = Errand {
            link: WebAddress::parse("https://idp.example/start?secret=1").unwrap(),
            acs: WebAddress::parse("https://platform.example/acs").unwrap(),
            listener: LoopbackAddress::parse("http://127.0.0.1:9/secret").unwrap(),
        };
        let keeper = Keeper::start(Path::new(env!("CARGO_BIN_EXE_anyp-saml"))).unwrap();
        let (window, sandbox) = (Window::Shown, Sandbox::On);
        let browser =
            Chromium::start(Rc::new(keeper), &program, &profile, window, sandbox, errand)?;
        Ok(Self {
            browser,
            program,
            _profile: profile,
            _directory: directory,
        })
    }

    /// The first stage that is not the one before it, or the error.
    fn after(&mut self, before: Stage) -> Result<Stage, ChromiumError> {
        let deadline = Instant::now() + Duration::from_secs(40);
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
    let mut peer = Peer::play(&well_behaved(r#"echo $$ 0 $PPID >"$0.numbers""#, ":"));
    assert_eq!(peer.after(Stage::Starting).unwrap(), Stage::Open);
    let [process, _, keeper] = numbers(&peer.program);
    drop(peer.browser);
    for ended in [process, keeper] {
        assert!(!Path::new(&format!("/proc/{ended}")).exists());
    }
    let heard = written(&peer.program, "heard");
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
    let said = |script: &str| match Peer::play(script).after(Stage::Starting) {
        Err(ChromiumError::EndedEarly { status, words, .. }) => (status.unwrap(), words),
        other => panic!("{other:?}"),
    };
    let (status, words) = said("echo 'cannot open display' >&2; exit 3");
    assert_eq!(status.code(), Some(3));
    assert_eq!(words, ["cannot open display"]);
    assert_eq!(said("kill -9 $$").0.signal(), Some(9));
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
fn one_that_cannot_be_started_is_told_apart_from_its_keeper() {
    let missing = Peer::try_play(|directory| directory.join("no-browser"));
    match missing.map(|peer| peer.program) {
        Err(ChromiumError::Start { error, .. }) => assert_eq!(error.kind(), ErrorKind::NotFound),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_that_does_not_listen_is_ended_with_what_it_has_started() {
    let peer = Peer::play(DEAF);
    let numbers = numbers(&peer.program);
    drop(peer.browser);
    numbers.into_iter().for_each(assert_ends);
}

#[test]
fn a_keeper_that_is_killed_is_noticed_and_its_browser_ended() {
    let mut peer = Peer::play(DEAF);
    let [process, child, keeper] = numbers(&peer.program);
    signal(keeper, "-KILL");
    assert!(matches!(
        peer.after(Stage::Starting),
        Err(ChromiumError::KeeperLost)
    ));
    drop(peer.browser);
    assert_ends(process);
    assert_ends(child);
}

/// A login with a script for its browser, of the whole program in a world of its own.
struct Login {
    running: Running,
    program: PathBuf,
    scene: Scene,
}

impl Login {
    /// Started by a shell that does this before.
    fn start(before: &str, script: &str) -> Self {
        let mut scene = Scene::set();
        scene.world = World::new()
            .with("ANYP_SAML_CHROMIUM_NO_SANDBOX", "1")
            .with("ANYPOINT_BEARER", "a-bearer-token")
            .with("ANYPOINT_CLIENT_SECRET", "a-client-secret")
            .with("DISPLAY", ":99");
        let program = browser(&scene.world.here(), script);
        let mut shell = scene.world.foreign_command("/bin/bash");
        shell
            .args(["-c", &format!("{before}\nexec \"$0\" \"$@\"")])
            .arg(env!("CARGO_BIN_EXE_anyp-saml"))
            .args(["login", "--capture", "chromium", "--fresh-browser"])
            .args(["--timeout", "50s", "--browser"])
            .arg(&program);
        for (flag, value) in scene.demo.flags() {
            if flag != "--listen" {
                shell.args([flag, &value]);
            }
        }
        let running = Running::new(shell);
        Self {
            running,
            program,
            scene,
        }
    }

    /// The profiles that are thrown away.
    fn fresh_profiles(&self) -> Vec<String> {
        let directory = self
            .scene
            .world
            .home()
            .join(".local/state/anyp-saml/browser");
        let entries = fs::read_dir(directory).unwrap().flatten();
        let names = entries.map(|entry| entry.file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("fresh")).collect()
    }
}

#[test]
fn a_login_that_is_killed_takes_a_browser_along_that_hears_nothing_and_its_profile() {
    let login = Login::start("", DEAF);
    let numbers = numbers(&login.program);
    assert_eq!(login.fresh_profiles().len(), 1);
    let [_, _, keeper] = numbers;
    // Meant for the login, or for everybody: no reason to leave the browser alone, however often it is said.
    for name in ["-TERM", "-INT", "-HUP", "-TERM"] {
        signal(keeper, name);
    }
    login.running.signal("-KILL");
    numbers.into_iter().for_each(assert_ends);
    assert_eq!(login.fresh_profiles(), Vec::<String>::new());
}

#[test]
fn the_browser_inherits_two_pipes_and_nothing_else() {
    let lists =
        r#"ls -l /proc/$$/fd >"$0.new"; env >>"$0.new"; mv "$0.new" "$0.list"; exec sleep 300"#;
    // Open for everybody who is started from here on, as a script's lock is.
    let login = Login::start("exec 7<>/dev/null 9</", lists);
    let list = written(&login.program, "list");
    let numbers: Vec<_> = list
        .lines()
        .filter_map(|line| line.split_once(" -> "))
        // The script itself, which the shell keeps open.
        .filter(|(_, target)| !target.ends_with("/browser"))
        .filter_map(|(entry, _)| entry.rsplit(' ').next())
        .collect();
    assert_eq!(numbers, ["0", "1", "2", "3", "4"], "{list}");
    assert!(list.contains("HOME="), "{list}");
    assert!(!list.contains("a-bearer-token"), "{list}");
    assert!(!list.contains("a-client-secret"), "{list}");
    login.running.interrupt();
    login.running.end().code(130);
}

#[test]
fn a_keeper_that_nobody_has_started_does_nothing() {
    let world = World::new();
    let alone = world.run(&[COMMAND]).code(1);
    assert_eq!(alone.says(&["a login starts this"]).stdout, "");
    assert!(world.files().is_empty());
    for arguments in [&["--help"][..], &["completions", "zsh"], &["man"]] {
        let offered = world.run(arguments).code(0).stdout;
        assert!(!offered.contains(COMMAND), "{arguments:?}");
    }
}
