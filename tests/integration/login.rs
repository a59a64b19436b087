//! `login`, whole: from the link to a token that every command hands out, with a browser that is an HTTP client.

mod credentials;
mod encrypted;
mod handed_in;
mod hostile;
mod learned;
mod metadata;
mod platform_trouble;
mod refused;

use super::support::scene::secrets_of;
use super::support::{Browser, Scene, World};
use anyp_saml::demo::PEOPLE;
use anyp_saml::demo::identity_provider::RelayState;
use anyp_saml::demo::platform::{
    Answer, ORGANIZATION_DOMAIN, ORGANIZATION_ID, ORGANIZATION_NAME, Route,
};
use anyp_saml::demo::response::{ResponseOptions, Sign};
use std::path::Path;

/// Where tokens are kept.
fn is_store(path: &Path) -> bool {
    path.starts_with("home/.local/state/anyp-saml")
}

#[test]
fn a_login_ends_in_a_kept_token_that_the_commands_hand_out() {
    let scene = Scene::set();
    let login = scene.start(&["-v"]);
    let browser = Browser::of(PEOPLE[1].username);
    let form = browser.sign_in(&login.link);
    let page = browser.finish(&form);
    let ended = login.running.end().code(0);

    let token = scene.token();
    let mut secrets = secrets_of(&form);
    secrets.push(token.clone());
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    let ended = ended
        .says(&[
            PEOPLE[1].username,
            ORGANIZATION_NAME,
            ORGANIZATION_ID,
            "127.0.0.1",
            "in about",
        ])
        .hides(&secrets);
    assert_eq!(
        ended.stdout, "",
        "standard output is for what is handed out"
    );
    assert!(
        page.text().contains("Tomás Okafor") || page.text().contains(PEOPLE[1].username),
        "{}",
        page.text()
    );
    assert_eq!(scene.exchanges(), 1);

    let world = &scene.world;
    assert_eq!(world.run(&["token"]).code(0).stdout, format!("{token}\n"));
    let env = world.run(&["env", "bash"]).code(0).stdout;
    assert!(
        env.contains("ANYPOINT_BEARER") && env.contains(&token),
        "{env}"
    );
    let status = world.run(&["status"]).code(0).hides(&[&token]).stdout;
    assert!(
        status.contains(PEOPLE[1].username) && status.contains(ORGANIZATION_NAME),
        "{status}"
    );
    let whoami = world.run(&["whoami"]).code(0).hides(&[&token]).stdout;
    assert!(
        whoami.contains("Tomás Okafor") && whoami.contains(ORGANIZATION_ID),
        "{whoami}"
    );

    world.assert_no_file_holds(&secrets, is_store);
    world.assert_no_file_holds(&secrets[..1], |_| false);
    world.run(&["logout"]).code(0);
    world.run(&["token"]).code(3).says(&["anyp-saml login"]);
    world.assert_no_file_holds(&secrets, |_| false);
}

#[test]
fn nothing_is_written_outside_the_home_and_only_the_store_inside() {
    let scene = Scene::set();
    scene.log_in(&Browser::default(), &[]).0.code(0);
    for path in scene.world.files().keys() {
        assert!(is_store(path), "{}", path.display());
    }
}

#[cfg(unix)]
#[test]
fn the_lines_of_env_set_the_token_in_a_shell() {
    let scene = Scene::set();
    let (ended, _) = scene.log_in(&Browser::default(), &["--env", "bash"]);
    let lines = ended.code(0).stdout;
    let script = format!("{lines}\nprintf '%s %s' \"$ANYPOINT_BEARER\" \"$ANYPOINT_ACCESS_TOKEN\"");
    let shell = std::process::Command::new("bash")
        .args(["-c", &script])
        .output()
        .unwrap();
    let token = scene.token();
    assert_eq!(
        String::from_utf8_lossy(&shell.stdout),
        format!("{token} {token}")
    );
}

#[cfg(unix)]
#[test]
fn a_token_file_holds_the_token_alone_and_is_the_users_alone() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::set();
    let path = scene.world.home().join("token");
    scene
        .log_in(
            &Browser::default(),
            &["--token-file", path.to_str().unwrap()],
        )
        .0
        .code(0);
    let content = std::fs::read_to_string(&path).unwrap();
    assert_eq!(content.trim_end(), scene.token());
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_token_file_that_cannot_be_written_is_found_out_before_anybody_signs_in() {
    let scene = Scene::set();
    let folder = scene.world.here().join("folder");
    std::fs::create_dir(&folder).unwrap();
    let missing = folder.join("missing/token");
    for path in [&folder, &missing] {
        let path = path.to_str().unwrap();
        let ended = scene
            .world
            .run(&scene.arguments(&["--token-file", path]))
            .code(1)
            .says(&[path.trim_end_matches("/token")]);
        assert!(!ended.stderr.contains("Ctrl-C"), "{ended}");
    }
    assert_eq!(scene.exchanges(), 0);
    assert_eq!(scene.world.listing("here"), ["folder"], "nothing is left");
}

#[cfg(unix)]
#[test]
fn a_home_of_another_users_is_refused_for_tokens_with_the_way_out() {
    let scene = Scene::set();
    let home = scene.world.home();
    if std::os::unix::fs::chown(&home, Some(54_321), None).is_err() {
        return super::support::skip::skipped("only root can give directories to another user");
    }
    // As in containers of CI services, whose command runs as root. No configuration file stands there, which is said
    // by nobody: the flags tell everything.
    let ended = scene.world.run(&scene.arguments(&[])).code(1);
    let ended = ended.says(&[home.to_str().unwrap(), "54321", "XDG_STATE_HOME"]);
    assert!(!ended.stderr.contains("Ctrl-C"), "{ended}");
    let state = scene.world.here().join("state");
    let state = state.to_str().unwrap().to_owned();
    let scene = Scene {
        world: scene.world.with("XDG_STATE_HOME", &state),
        ..scene
    };
    scene.log_in(&Browser::default(), &[]).0.code(0);
}

#[test]
fn a_login_only_if_needed_asks_nobody_while_the_token_holds() {
    let scene = Scene::set();
    scene.log_in(&Browser::default(), &[]).0.code(0);
    let again = scene.world.run(&scene.arguments(&["--if-needed"]));
    again.code(0).says(&["still holds"]);
    assert_eq!(scene.exchanges(), 1);
}

#[cfg(unix)]
#[test]
fn what_runs_under_exec_has_the_token_and_nothing_that_contradicts_it() {
    let scene = Scene::set();
    scene.log_in(&Browser::default(), &[]).0.code(0);
    let world = scene.world.with("ANYPOINT_USERNAME", "somebody");
    let show = "echo \"$ANYPOINT_BEARER ${ANYPOINT_USERNAME:-nobody}\"; exit 7";
    let ended = world.run(&["exec", "--", "sh", "-c", show]).code(7);
    let token = scene.demo.platform.tokens().pop().unwrap();
    assert_eq!(ended.stdout, format!("{token} nobody\n"));
}

#[cfg(unix)]
#[test]
fn an_exec_inside_of_another_is_noticed_and_names_are_told_from_files_that_do_not_run() {
    let scene = Scene::set();
    scene.log_in(&Browser::default(), &[]).0.code(0);
    let program = env!("CARGO_BIN_EXE_anyp-saml");
    let ended = scene
        .world
        .run(&[
            "exec",
            "--",
            program,
            "exec",
            "--",
            "printenv",
            "ANYPOINT_BEARER",
        ])
        .code(0)
        .says(&["inside another anyp-saml exec (profile default)"]);
    assert_eq!(ended.stdout, format!("{}\n", scene.token()));

    let missing = scene.world.run(&["exec", "--", "no-such-command-here"]);
    missing.code(127).says(&["no such command"]);
    let file = scene.world.file("data", "not a program");
    let file = file.to_str().unwrap();
    scene.world.run(&["exec", "--", file]).code(126);
    // A signal that ends the command ends this process, since it has become the command.
    let killed = scene
        .world
        .run(&["exec", "--", "sh", "-c", "kill -TERM $$"]);
    assert_eq!(killed.code, None);
}

#[test]
fn every_signed_form_of_a_response_signs_in() {
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        let scene = Scene::set();
        scene.demo.identity_provider.hand_out(ResponseOptions {
            sign,
            ..ResponseOptions::default()
        });
        scene.log_in(&Browser::default(), &[]).0.code(0);
    }
}

#[test]
fn a_profile_and_variables_do_what_flags_do() {
    let scene = Scene::set();
    let flags = scene.demo.flags();
    let value = |flag: &str| {
        flags
            .iter()
            .find(|(known, _)| *known == flag)
            .unwrap()
            .1
            .clone()
    };
    let config = format!(
        "[profile.work]\nacs_url = \"{}\"\nidp_url = \"{}\"\nidp_metadata = \"{}\"\nlisten = \"{}\"\n",
        value("--acs-url"),
        value("--idp-url"),
        value("--idp-metadata"),
        value("--listen"),
    );
    let directory = scene.world.home().join(".config/anyp-saml");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("config.toml"), config).unwrap();
    let Scene { world, demo } = scene;
    let world = world.with("ANYP_SAML_NO_BROWSER", "true");
    let mut running = world.start(&[
        "login",
        "--profile",
        "work",
        "--audience",
        &value("--audience"),
    ]);
    let link = running.hear_word(&demo.identity_provider.sign_in_link());
    running.hear("Ctrl-C");
    Browser::default().visit(&link);
    running.end().code(0);
    let token = demo.platform.tokens().pop().unwrap();
    assert_eq!(
        world.run(&["token", "--profile", "work"]).code(0).stdout,
        format!("{token}\n")
    );
    world.run(&["token", "--profile", "play"]).code(3);
}

#[cfg(unix)]
#[test]
fn a_browser_is_opened_with_the_link_and_nothing_else() {
    let scene = Scene::set();
    let browser = recorder(&scene.world);
    let arguments = scene.arguments(&["--browser", &browser]);
    let mut running = scene.world.start(&arguments);
    let link = running.hear_word(&scene.demo.identity_provider.sign_in_link());
    Browser::default().visit(&link);
    running.end().code(0);
    assert_eq!(
        recorded(&browser).as_deref(),
        Some(format!("{link}\n").as_str())
    );
}

/// A program that writes its arguments, a line each, beside itself.
#[cfg(unix)]
fn recorder(world: &World) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = world.file(
        "browser",
        "#!/bin/sh\nprintf '%s\\n' \"$@\" >\"$0.arguments\"\n",
    );
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[cfg(unix)]
fn recorded(program: &str) -> Option<String> {
    std::fs::read_to_string(format!("{program}.arguments")).ok()
}

#[cfg(unix)]
#[test]
fn a_port_that_is_taken_is_said_and_opens_no_browser() {
    let scene = Scene::set();
    let authority = scene
        .demo
        .identity_provider
        .acs()
        .strip_prefix("http://")
        .unwrap();
    let _taken = std::net::TcpListener::bind(authority.split('/').next().unwrap()).unwrap();
    let browser = recorder(&scene.world);
    let arguments = scene.arguments(&["--browser", &browser]);
    scene
        .world
        .run(&arguments)
        .code(1)
        .says(&["is taken", "No other port"]);
    assert_eq!(recorded(&browser), None);
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_wait() {
    let scene = Scene::set();
    let login = scene.start(&[]);
    login.running.interrupt();
    login.running.end().code(130).says(&["interrupted"]);
    assert_eq!(scene.exchanges(), 0);
}

#[test]
fn a_wait_in_vain_ends_with_its_likely_causes() {
    let scene = Scene::set();
    let login = scene.start(&["--timeout", "1s"]);
    login
        .running
        .end()
        .code(6)
        .says(&["--idp-url", "registered", "form-action"]);
}

#[test]
fn an_identity_provider_that_echoes_no_relay_state_is_enough_unless_it_is_required() {
    let scene = Scene::with(RelayState::Dropped, |_| ());
    scene.log_in(&Browser::default(), &[]).0.code(0);

    let login = scene.start(&["--relay-state", "require", "--timeout", "2s"]);
    let browser = Browser::default();
    let page = browser.deliver(&browser.sign_in(&login.link));
    assert_eq!(page.status, 400, "{}", page.text());
    login.running.end().code(4).says(&["RelayState"]);
    assert_eq!(scene.exchanges(), 1);
}

#[test]
fn the_relay_state_of_another_login_is_not_ours() {
    let scene = Scene::set();
    let login = scene.start(&[]);
    let browser = Browser::default();
    let good = browser.sign_in(&login.link);
    let ours = good.field("RelayState").unwrap().to_owned();
    let theirs = ours.chars().rev().take(32).collect::<String>();
    let theirs = format!("{}{theirs}", &ours[..ours.len() - 32]);
    assert_ne!(ours, theirs, "a nonce that is a palindrome");
    let page = browser.deliver(&good.with("RelayState", Some(&theirs)));
    assert_eq!(page.status, 400, "{}", page.text());
    browser.finish(&good);
    login.running.end().code(0);
    assert_eq!(scene.exchanges(), 1);
}

#[test]
fn a_token_whose_owner_is_not_told_is_kept_all_the_same() {
    let scene = Scene::set();
    scene
        .demo
        .platform
        .say(Route::Me, Some(Answer::status(500)));
    let (ended, _) = scene.log_in(&Browser::default(), &[]);
    ended.code(0).says(&["does not say whose"]);
    assert_eq!(
        scene.world.run(&["token"]).code(0).stdout,
        format!("{}\n", scene.token())
    );
}

#[test]
fn the_end_of_a_token_is_not_invented_where_it_may_not_be_read() {
    let scene = Scene::with(RelayState::Echoed, |platform| {
        platform.session_minutes = None
    });
    scene
        .log_in(&Browser::default(), &[])
        .0
        .code(0)
        .says(&["not known"]);
}

#[test]
fn a_token_that_the_platform_has_ended_is_said_to_be() {
    let scene = Scene::set();
    scene.log_in(&Browser::default(), &[]).0.code(0);
    scene.demo.platform.end_sessions();
    scene
        .world
        .run(&["whoami"])
        .code(3)
        .says(&["anyp-saml login"]);
}

#[test]
fn a_missing_token_is_looked_for_under_other_profiles() {
    let scene = Scene::set();
    let (ended, _) = scene.log_in(&Browser::default(), &["--profile", "lab"]);
    ended.code(0).says(&["anyp-saml token --profile lab"]);
    let world = &scene.world;
    world
        .run(&["token"])
        .code(3)
        .says(&["profile default", "one for lab", "--profile"]);
    world.run(&["token", "--profile", "lab"]).code(0);
}

#[test]
fn another_user_than_last_time_is_not_signed_in_unasked() {
    let scene = Scene::set();
    scene
        .log_in(&Browser::of(PEOPLE[0].username), &[])
        .0
        .code(0);
    let token = scene.token();

    // There is no terminal to ask at here.
    let (ended, page) = scene.log_in(&Browser::of(PEOPLE[1].username), &[]);
    ended.code(4).says(&[
        "USER",
        PEOPLE[0].username,
        PEOPLE[1].username,
        "--expect-user",
    ]);
    assert!(page.text().contains("another user"), "{}", page.text());
    assert_eq!(
        scene.exchanges(),
        1,
        "nothing was exchanged for the other user"
    );
    assert_eq!(
        scene.world.run(&["token"]).code(0).stdout,
        format!("{token}\n")
    );

    let named = ["--expect-user", PEOPLE[1].username];
    scene
        .log_in(&Browser::of(PEOPLE[1].username), &named)
        .0
        .code(0);
    scene.world.run(&["logout"]).code(0);
    scene
        .log_in(&Browser::of(PEOPLE[0].username), &[])
        .0
        .code(0);
}

#[test]
fn if_needed_takes_only_a_token_that_the_login_would_have_got() {
    let scene = Scene::set();
    scene
        .log_in(&Browser::of(PEOPLE[0].username), &[])
        .0
        .code(0);
    let again = |more: &[&str]| {
        scene
            .world
            .run(&scene.arguments(&[&["--if-needed"], more].concat()))
    };
    again(&[]).code(0).says(&["still holds"]);
    for user in [PEOPLE[0].username, &PEOPLE[0].email()] {
        again(&["--expect-user", user])
            .code(0)
            .says(&["still holds"]);
    }
    // A login is needed, and nobody is there to see that.
    let needed = ["a login is needed"];
    again(&["--expect-user", PEOPLE[1].username])
        .code(3)
        .says(&needed);
    let acs = scene
        .demo
        .platform
        .acs_url()
        .replace("harbour-hale", "other-org");
    again(&["--acs-url", &acs]).code(3).says(&needed);

    let kept = scene
        .world
        .home()
        .join(".local/state/anyp-saml/tokens/profile-default.json");
    std::fs::write(kept, "damaged").unwrap();
    again(&[]).code(3).says(&needed);
}

#[test]
fn the_host_is_always_named_so_that_no_token_goes_to_another_plane() {
    let scene = Scene::set();
    scene.log_in(&Browser::default(), &[]).0.code(0);
    let host = scene
        .demo
        .platform
        .address()
        .trim_start_matches("http://")
        .to_owned();
    let line = format!("ANYPOINT_HOST='{host}'");
    let exports = scene.world.run(&["env", "bash"]).code(0).stdout;
    assert!(exports.contains(&line), "{exports}");
}

#[test]
fn a_link_that_starts_at_the_platform_is_explained_before_anything_is_opened() {
    let scene = Scene::set();
    let start = format!(
        "{}/accounts/login/{ORGANIZATION_DOMAIN}",
        scene.demo.platform.address()
    );
    for capture in ["loopback", "chromium", "paste"] {
        let arguments = scene.arguments(&["--idp-url", &start, "--capture", capture]);
        scene.world.run(&arguments).code(2).says(&[
            "SP-initiated",
            "InResponseTo",
            "IdP-initiated",
        ]);
    }
}
