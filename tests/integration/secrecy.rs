//! What others on the machine, and whoever looks over the user's shoulder, get to see of a login: nothing.

use super::support::processes::{Witness, until};
use super::support::scene::secrets_of;
use super::support::secrets::assert_absent;
use super::support::skip::skipped;
use super::support::world::Running;
use super::support::{Browser, Scene};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Secrets that the user's environment holds for other tools.
const OTHERS: [(&str, &str); 4] = [
    ("ANYPOINT_BEARER", "an-old-bearer-token"),
    ("ANYPOINT_ACCESS_TOKEN", "an-old-access-token"),
    ("ANYPOINT_PASSWORD", "an-old-password"),
    ("ANYPOINT_CLIENT_SECRET", "an-old-client-secret"),
];

/// A scene, and a browser for it that writes down its descriptors, its environment and its link, and stays for a while.
fn scene_with_a_browser() -> (Scene, PathBuf) {
    let mut scene = Scene::set();
    for (name, value) in OTHERS {
        scene.world = scene.world.with(name, value);
    }
    let program = scene.world.file(
        "browser",
        "#!/bin/bash\n(ls -l /proc/$$/fd; env; echo \"$1\") >\"$0.new\"; mv \"$0.new\" \"$0.seen\"\n\
         for _ in {1..300}; do [ -e \"$0.end\" ] && exit; sleep 0.1; done\n",
    );
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    (scene, program)
}

/// What the browser has written down.
fn seen(browser: &Path) -> String {
    let path = browser.with_extension("seen");
    assert!(until(Duration::from_secs(30), || path.exists()));
    fs::read_to_string(path).unwrap()
}

#[test]
fn no_process_of_a_login_shows_a_secret() {
    let (scene, browser) = scene_with_a_browser();
    let token_file = scene.world.home().join("token");
    let login = scene.start(&[
        "-v",
        "--browser",
        browser.to_str().unwrap(),
        "--token-file",
        token_file.to_str().unwrap(),
    ]);
    let id = login.running.id();
    let witness = Witness::of(id);
    seen(&browser);
    let person = Browser::default();
    let form = person.sign_in(&login.link);
    person.finish(&form);
    login.running.end().code(0);
    let told = witness.told();
    fs::write(browser.with_extension("end"), "").unwrap();

    let (own, others): (Vec<_>, Vec<_>) = told.iter().partition(|(process, _)| *process == id);
    // The program's command line and the browser's environment were seen.
    assert!(own.iter().any(|(_, text)| text.contains("--token-file")));
    assert!(others.iter().any(|(_, text)| text.contains("HOME=")));
    let mut secrets = secrets_of(&form);
    secrets.push(scene.token());
    let mut secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    for (_, text) in own {
        assert_absent("the program", text.as_bytes(), &secrets);
    }
    // What the user's environment holds is the program's, and goes no further.
    secrets.extend(OTHERS.map(|(_, value)| value));
    for (_, text) in others {
        assert_absent("another process", text.as_bytes(), &secrets);
    }
}

#[test]
fn the_users_browser_is_given_a_link_and_nothing_else() {
    let (scene, browser) = scene_with_a_browser();
    let mut login = scene.world.foreign_command("/bin/bash");
    login
        // Open for everybody who is started from here on, as a script's lock is.
        .args(["-c", "exec 7<>/dev/null 9</; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_anyp-saml"))
        .args(scene.arguments(&["--browser", browser.to_str().unwrap()]));
    let login = Running::new(login);
    let seen = seen(&browser);
    let numbers: Vec<_> = seen
        .lines()
        .filter_map(|line| line.split_once(" -> "))
        // The script itself, which the shell keeps open.
        .filter(|(_, target)| !target.ends_with("/browser"))
        .filter_map(|(entry, _)| entry.rsplit(' ').next())
        .collect();
    assert_eq!(numbers, ["0", "1", "2"], "{seen}");
    let link = scene.demo.identity_provider.sign_in_link();
    assert!(seen.contains("HOME=") && seen.contains(&link), "{seen}");
    assert_absent(
        "the browser",
        seen.as_bytes(),
        &OTHERS.map(|(_, value)| value),
    );
    fs::write(browser.with_extension("end"), "").unwrap();
    login.interrupt();
    login.end().code(130);
}

#[test]
fn the_command_of_exec_is_given_what_the_shell_has_opened_for_it() {
    let scene = Scene::set();
    scene.log_in(&Browser::default(), &[]).0.code(0);
    scene.world.file("settings", "what it is to do");
    let mut shell = scene.world.foreign_command("/bin/bash");
    shell
        .args(["-c", "exec \"$0\" exec -- cat /dev/fd/9 9<settings"])
        .arg(env!("CARGO_BIN_EXE_anyp-saml"));
    let ended = Running::new(shell).end().code(0);
    assert_eq!(ended.stdout, "what it is to do");
}

#[test]
fn a_token_on_a_screen_is_warned_of() {
    const WARNING: &str = "stays on the screen";
    let scene = Scene::set();
    scene.log_in(&Browser::default(), &[]).0.code(0);
    let token = scene.token();
    let login = scene.arguments(&["--if-needed", "--env", "bash"]);
    let login: Vec<&str> = login.iter().map(String::as_str).collect();
    for arguments in [
        &["token"][..],
        &["env", "bash"],
        &["env", "json"],
        &["env", "maven"],
        &login,
    ] {
        let screen = scene.world.start_at_a_terminal(arguments).0.end().code(0);
        screen.says(&[&token, "warning:", WARNING]);
        let piped = scene.world.run(arguments).code(0);
        assert!(piped.stdout.contains(&token), "{piped}");
        assert!(!piped.stderr.contains(WARNING), "{piped}");
    }
    let unset = ["env", "bash", "--unset"];
    let screen = scene.world.start_at_a_terminal(&unset).0.end().code(0);
    assert!(!screen.stderr.contains(WARNING), "{screen}");
}

#[test]
fn a_crash_leaves_no_core() {
    // Also where the limit is none.
    let with_cores = |mut command: Command, program: &str, arguments: &[String]| {
        command
            .args(["-c", "ulimit -c unlimited; exec \"$0\" \"$@\"", program])
            .args(arguments);
        Running::new(command)
    };
    let crash = |running: Running| {
        running.signal("-ABRT");
        let status = running.status();
        assert_eq!(status.signal(), Some(6));
        status.core_dumped()
    };
    let scene = Scene::set();
    let shell = || scene.world.foreign_command("/bin/bash");

    let mut other = with_cores(
        shell(),
        "/bin/bash",
        &["-c".into(), "echo up >&2; sleep 60".into()],
    );
    other.hear("up");
    if !crash(other) {
        skipped("crashes leave no core here, whoever crashes");
        return;
    }
    let program = env!("CARGO_BIN_EXE_anyp-saml");
    let mut login = with_cores(shell(), program, &scene.arguments(&[]));
    login.hear("Ctrl-C");
    assert!(!crash(login));
}
