//! The hour after a login: one login for everybody who asks, a token that is there while it holds, and what is said of
//! it.
#![cfg(unix)]

use super::support::world::Running;
use super::support::{Browser, Scene};
use anyp_saml::demo::platform::Route;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// A scene with a profile that is the default one, and a browser that only writes down what it was opened with.
struct Desk {
    scene: Scene,
    links: PathBuf,
}

impl Desk {
    fn set() -> Self {
        let scene = Scene::set();
        let recorder = scene
            .world
            .file("recorder", "#!/bin/sh\necho \"$1\" >>\"$0.links\"\n");
        fs::set_permissions(&recorder, fs::Permissions::from_mode(0o700)).unwrap();
        let links = recorder.with_extension("links");
        let desk = Self { scene, links };
        desk.profile(&format!("browser = '{}'\n", recorder.display()));
        desk
    }

    /// Writes the profile, with these lines in it.
    fn profile(&self, more: &str) {
        let mut profile =
            format!("default_profile = 'work'\n[profile.work]\ntimeout = '40s'\n{more}");
        for (flag, value) in self.scene.demo.flags() {
            let key = flag.trim_start_matches("--").replace('-', "_");
            profile += &format!("{key} = '{value}'\n");
        }
        let directory = self.scene.world.home().join(".config/anyp-saml");
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("config.toml"), profile).unwrap();
    }

    fn start(&self, arguments: &[&str]) -> Running {
        self.scene.world.start(arguments)
    }

    /// The links that browsers were opened with so far.
    fn opened(&self) -> Vec<String> {
        let links = fs::read_to_string(&self.links).unwrap_or_default();
        links.lines().map(str::to_owned).collect()
    }

    /// Waits until browsers were opened this often; the last link.
    fn until_opened(&self, times: usize) -> String {
        let started = Instant::now();
        while self.opened().len() < times {
            assert!(started.elapsed() < Duration::from_secs(60), "never opened");
            std::thread::sleep(Duration::from_millis(5));
        }
        self.opened().pop().unwrap()
    }
}

#[test]
fn fifty_who_ask_at_once_get_the_token_of_one_login() {
    let desk = Desk::set();
    let asking: Vec<_> = (0..50)
        .map(|number| match number % 3 {
            0 => desk.start(&["exec", "--login", "--", "printenv", "ANYPOINT_BEARER"]),
            _ => desk.start(&["token", "--login"]),
        })
        .collect();
    Browser::default().visit(&desk.until_opened(1));
    let token = format!("{}\n", {
        let ended: Vec<_> = asking.into_iter().map(Running::end).collect();
        let token = desk.scene.token();
        for ended in ended {
            assert_eq!(ended.code(0).stdout.trim_end(), token);
        }
        token
    });
    assert_eq!(desk.opened().len(), 1);
    assert_eq!(desk.scene.exchanges(), 1);
    // Whoever comes later asks nobody.
    let asked = desk.scene.demo.platform.requests(Route::Me);
    let later = desk.scene.world.run(&["token", "--login"]).code(0);
    assert_eq!((later.stdout, later.stderr), (token, String::new()));
    assert_eq!(desk.scene.demo.platform.requests(Route::Me), asked);
}

#[test]
fn who_waits_for_somebody_who_is_killed_signs_in_itself() {
    let desk = Desk::set();
    let first = desk.start(&["token", "--login"]);
    desk.until_opened(1);
    let mut second = desk.start(&["login", "--if-needed"]);
    second.hear("already");
    let killed = Command::new("kill")
        .args(["-9", &first.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    drop(first);
    Browser::default().visit(&desk.until_opened(2));
    second.end().code(0);
    assert_eq!(desk.scene.exchanges(), 1);
}

#[test]
fn who_waits_for_a_login_that_fails_does_not_ask_again() {
    let desk = Desk::set();
    let first = desk.start(&["login"]);
    desk.until_opened(1);
    let mut waiting = [
        desk.start(&["token", "--login"]),
        desk.start(&["env", "bash", "--login"]),
    ];
    for each in &mut waiting {
        each.hear("already");
    }
    first.interrupt();
    first.end().code(130);
    for each in waiting {
        let ended = each.end().code(3).says(&["ended without a token"]);
        assert_eq!(ended.stdout, "");
    }
    assert_eq!(desk.opened().len(), 1);
    // That was then: the next one asks.
    let next = desk.start(&["token", "--login"]);
    Browser::default().visit(&desk.until_opened(2));
    next.end().code(0);
}

#[test]
fn where_nobody_could_sign_in_it_fails_at_once_and_says_the_cure() {
    let desk = Desk::set();
    desk.profile("");
    for arguments in [
        &["token", "--login"][..],
        &["exec", "--login", "--", "true"],
        &["login", "--if-needed"],
        &["login", "--if-needed", "--no-browser"],
        &["login", "--if-needed", "--capture", "paste"],
    ] {
        let ended = desk.scene.world.run(arguments).code(3);
        ended.says(&["neither a display", "anyp-saml login"]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn who_hands_a_kept_token_out_opens_no_socket_and_starts_nothing() {
    use super::support::skip::skipped;
    if Command::new("strace").arg("-V").output().is_err() {
        return skipped("there is no strace");
    }
    let scene = Scene::set();
    scene.log_in(&Browser::default(), &[]).0.code(0);
    // Some of these calls do not exist everywhere.
    let calls = "trace=%network,?fork,?vfork,clone,?clone3";
    for arguments in [
        &["token"][..],
        &["env", "bash"],
        &["status"],
        &["exec", "--", "true"],
    ] {
        let mut command = scene.world.foreign_command("strace");
        command.args(["-f", "-qq", "-e", calls, "-e", "signal=none", "-o", "seen"]);
        command.arg(env!("CARGO_BIN_EXE_anyp-saml")).args(arguments);
        Running::new(command).end().code(0);
        let seen = fs::read_to_string(scene.world.here().join("seen")).unwrap();
        assert_eq!(seen, "", "{arguments:?}");
    }
}

#[test]
fn a_token_that_ends_too_soon_is_not_handed_out() {
    let desk = Desk::set();
    let world = &desk.scene.world;
    let login = desk.start(&["login"]);
    Browser::default().visit(&desk.until_opened(1));
    login.end().code(0);
    let token = format!("{}\n", desk.scene.token());
    let handed = world.run(&["token", "--min-validity", "10m"]).code(0);
    assert_eq!(handed.stdout, token);
    let refused = world.run(&["token", "--min-validity", "2h"]).code(3);
    assert_eq!(refused.says(&["--min-validity"]).stdout, "");
    world.run(&["token", "--min-validity", "soon"]).code(2);

    let renewed = desk.start(&["token", "--login", "--min-validity", "2h"]);
    Browser::default().visit(&desk.until_opened(2));
    let renewed = renewed.end().code(0).stdout;
    assert_ne!(renewed, token);
    assert_eq!(renewed, format!("{}\n", desk.scene.token()));
}

#[test]
fn a_token_that_the_platform_does_not_take_any_more_is_marked_as_ended() {
    let desk = Desk::set();
    let world = &desk.scene.world;
    let login = desk.start(&["login"]);
    Browser::default().visit(&desk.until_opened(1));
    login.end().code(0);
    let status = world.run(&["status"]).code(0).stdout;
    assert!(status.contains("about 60 min left"), "{status}");

    desk.scene.demo.platform.end_sessions();
    world.run(&["token"]).code(0);
    world.run(&["whoami"]).code(3).says(&["marked as ended"]);
    world.run(&["token"]).code(3).says(&["has ended"]);
    let status = world.run(&["status"]).code(0).stdout;
    assert!(status.ends_with(", ended\n"), "{status}");
}

#[test]
fn the_status_is_json_for_programs() {
    let desk = Desk::set();
    let world = &desk.scene.world;
    assert_eq!(world.run(&["status", "--json"]).code(0).stdout, "[]\n");
    let login = desk.start(&["login"]);
    Browser::default().visit(&desk.until_opened(1));
    login.end().code(0);
    let token = desk.scene.token();
    let status = world.run(&["status", "--json"]).code(0).hides(&[&token]);
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    let work = &status[0];
    assert_eq!(work["profile"], "work");
    assert_eq!(work["user"], anyp_saml::demo::PEOPLE[0].username);
    assert_eq!(work["plane"], desk.scene.demo.platform.address());
    assert_eq!(work["ended"], false);
    assert!((3500..=3600).contains(&work["seconds_left"].as_i64().unwrap()));
}
