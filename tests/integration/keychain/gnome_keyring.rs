//! The keychain that a desktop has: GNOME Keyring, which `tests/run` installs, in a session of its own for each script.

use super::super::support::skip::skipped;
use super::super::support::world::{Ended, Running};
use super::super::support::{Scene, World};
use super::login;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A world whose session has a keychain, for the commands of one script.
struct Session {
    scene: Scene,
}

impl Session {
    fn start() -> Option<Self> {
        for program in ["dbus-run-session", "gnome-keyring-daemon"] {
            if !Path::new("/usr/bin").join(program).exists() {
                skipped(&format!("there is no {program} (tests/run installs it)"));
                return None;
            }
        }
        let mut scene = Scene::set();
        let runtime = scene.world.here().join("runtime");
        fs::create_dir(&runtime).unwrap();
        fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).unwrap();
        scene.world = std::mem::replace(&mut scene.world, World::new())
            .with("XDG_RUNTIME_DIR", runtime.to_str().unwrap());
        Some(Self { scene })
    }

    /// Runs a shell script in a session of its own, whose keychain is unlocked and whose program is called `$A`. What is
    /// kept stays from one session to the next.
    fn run(&self, script: &str) -> Ended {
        let unlock = "printf keyring | gnome-keyring-daemon --unlock --components=secrets";
        self.run_after(unlock, script)
    }

    /// The same with a keychain that is locked, and that has no desktop on which to ask for its password.
    fn run_locked(&self, script: &str) -> Ended {
        self.run_after("gnome-keyring-daemon --start --components=secrets", script)
    }

    fn run_after(&self, start: &str, script: &str) -> Ended {
        let program = env!("CARGO_BIN_EXE_anyp-saml");
        let script = format!("A={program}\n{start} >/dev/null 2>&1\n{script}");
        let script = self.scene.world.file("script", script);
        let mut command = self.scene.world.foreign_command("dbus-run-session");
        command.args(["--", "sh", "-e", script.to_str().unwrap()]);
        Running::new(command).end()
    }

    /// The login as it would be typed, with the secret on standard input.
    fn login(&self, more: &[&str]) -> String {
        let secret = self.scene.demo.platform.connected_app().1;
        let more = [&["--secret-stdin"], more].concat();
        let login = login(&self.scene, "keychain", &more).join(" ");
        format!("printf %s {secret} | $A {login}")
    }
}

/// The tests' own scripts hold what is typed in them.
fn is_script(path: &Path) -> bool {
    path.ends_with("here/script")
}

/// How the files of the store begin.
const STORE: &str = "home/.local/state/anyp-saml";

#[test]
fn a_token_in_the_keychain_serves_every_command_and_stands_in_no_file() {
    let Some(session) = Session::start() else {
        return;
    };
    let login = session.login(&[]);
    let script =
        format!("{login}\n$A token\n$A exec -- printenv ANYPOINT_BEARER\n$A status\n$A whoami");
    let ended = session.run(&script).code(0);
    let token = session.scene.token();
    let secret = session.scene.demo.platform.connected_app().1;
    assert_eq!(ended.stdout.matches(&token).count(), 2, "{ended}");
    assert!(ended.stdout.contains("(in the keychain)"), "{ended}");
    assert!(ended.stdout.contains("Demo app"), "{ended}");
    // The keychain's own files are encrypted.
    session
        .scene
        .world
        .assert_no_file_holds(&[&token, secret], is_script);
    let files = session.scene.world.files();
    assert!(files.keys().any(|path| path.starts_with(STORE)));

    // A session later it is still there, and a refused one is marked as ended.
    let again = session.run("$A token").code(0);
    assert_eq!(again.stdout.trim_end(), token);
    session.scene.demo.platform.end_sessions();
    let marked = session.run("$A whoami || test $? = 3\n$A token || test $? = 3");
    marked.code(0).says(&["marked as ended", "has ended"]);
}

#[test]
fn who_moves_from_one_store_to_the_other_leaves_nothing_behind() {
    let Some(session) = Session::start() else {
        return;
    };
    let to_keychain = session.login(&[]);
    let to_file = to_keychain.replace("--store keychain", "--store file");
    session.run(&to_file).code(0);
    let first = session.scene.token();
    session.run(&to_keychain).code(0);
    session
        .scene
        .world
        .assert_no_file_holds(&[&first], |_| false);
    let kept = session.run("$A token").code(0).stdout;
    assert_eq!(kept.trim_end(), session.scene.token());
    session.run(&to_file).code(0);
    // In a session without a keychain it is found all the same.
    let alone = session.scene.world.run(&["token"]).code(0).stdout;
    assert_eq!(alone.trim_end(), session.scene.token());
}

#[test]
fn logout_forgets_it_in_the_keychain_and_ends_it_at_the_platform() {
    let Some(session) = Session::start() else {
        return;
    };
    let login = session.login(&[]);
    let script = format!("{login}\n$A logout\n$A token || test $? = 3\n$A logout");
    let ended = session.run(&script).code(0);
    ended.says(&[
        "is forgotten",
        "The platform has ended it",
        "No token was kept",
    ]);
    assert!(session.scene.demo.platform.tokens().is_empty());
    // A token that somebody else has taken out of it is gone, and a login replaces it.
    session.run(&session.login(&[])).code(0);
    let keyrings = session.scene.world.home().join(".local/share/keyrings");
    fs::remove_dir_all(keyrings).unwrap();
    session
        .run("$A token")
        .code(3)
        .says(&["not in the keychain"]);
    session.run(&session.login(&["--if-needed"])).code(0);
}

#[test]
fn a_kept_client_secret_signs_in_until_it_is_forgotten() {
    let Some(session) = Session::start() else {
        return;
    };
    let (_, secret) = session.scene.demo.platform.connected_app();
    let keeps = session.login(&["--keep-secret"]);
    session
        .run(&keeps)
        .code(0)
        .says(&["is kept"])
        .hides(&[secret]);
    session
        .scene
        .world
        .assert_no_file_holds(&[secret], is_script);
    let alone = format!("$A {}", login(&session.scene, "keychain", &[]).join(" "));
    session.run(&alone).code(0).hides(&[secret]);
    assert_eq!(session.scene.demo.platform.tokens().len(), 2);
    // A wrong one is not kept in place of the right one.
    let wrong = keeps.replace(secret, "wrong-but-secret-all-the-same");
    session.run(&wrong).code(5);
    session.run(&alone).code(0);
    let ended = session.run("$A logout --secret").code(0);
    ended.says(&["client secret is forgotten"]);
    session.run(&alone).code(3).says(&["--keep-secret"]);
}

#[test]
fn a_locked_keychain_is_said_to_be_and_what_it_holds_stays() {
    let Some(session) = Session::start() else {
        return;
    };
    session.run(&session.login(&[])).code(0);
    let token = session.scene.token();
    for script in ["$A token", "$A logout", &session.login(&[])] {
        let ended = session.run_locked(script).code(1);
        ended.says(&["locked", "Unlock it", "--store file"]);
    }
    // Nobody signed in for a token that could not be kept.
    assert_eq!(session.scene.demo.platform.tokens(), [token.as_str()]);
    session.run_locked("$A status").code(0);
    let kept = session.run("$A token").code(0).stdout;
    assert_eq!(kept.trim_end(), token);
}
