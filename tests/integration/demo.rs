//! `demo`: the whole login on this machine, for somebody who has just built it.

use super::support::World;
#[cfg(unix)]
use super::support::chromium::Chromium;
#[cfg(unix)]
use super::support::window::{Certificates, Window};
#[cfg(unix)]
use super::support::world::Running;
#[cfg(unix)]
use super::support::{Browser, free_port};
use anyp_saml::demo::PEOPLE;
use anyp_saml::demo::platform::{ORGANIZATION_ID, ORGANIZATION_NAME};

/// The world is as it was: no file, and no directory but its own three, empty.
fn assert_untouched(world: &World) {
    for directory in ["home", "tmp", "here"] {
        assert_eq!(
            world.listing(directory),
            Vec::<String>::new(),
            "{directory}"
        );
    }
}

#[test]
fn without_a_display_it_signs_in_by_itself_and_says_so() {
    let world = World::new();
    let ended =
        world
            .run(&["demo"])
            .code(0)
            .says(&["no display", "signs in by itself", "Signed in as"]);
    for part in [
        PEOPLE[0].username,
        "Mara Lindqvist",
        ORGANIZATION_NAME,
        ORGANIZATION_ID,
    ] {
        assert!(ended.stdout.contains(part), "{part}: {ended}");
    }
    assert_untouched(&world);
}

#[test]
fn the_environment_of_a_real_profile_does_not_change_it() {
    let world = World::new()
        .with(
            "ANYP_SAML_ACS_URL",
            "https://anypoint.mulesoft.com/accounts/login/real/providers/1/receive-id",
        )
        .with("ANYP_SAML_PROFILE", "work")
        .with("ANYP_SAML_CONFIG", "/nonexistent/config.toml")
        .with("HTTPS_PROXY", "http://127.0.0.1:9")
        .with("HTTP_PROXY", "http://127.0.0.1:9");
    world.run(&["demo", "--no-browser"]).code(0);
    assert_untouched(&world);
}

#[test]
fn over_ssh_and_in_ci_it_signs_in_by_itself_even_with_a_display() {
    for (name, value, says) in [
        ("SSH_CONNECTION", "10.0.0.9 50000 10.0.0.7 22", "SSH"),
        ("CI", "true", "CI"),
    ] {
        let world = World::new()
            .with("DISPLAY", ":0")
            .with("BROWSER", "/nonexistent/browser")
            .with(name, value);
        world
            .run(&["demo"])
            .code(0)
            .says(&[says, "signs in by itself"]);
    }
}

#[cfg(unix)]
#[test]
fn with_a_display_it_opens_the_browser() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let browser = world.home().join("browser");
    std::fs::write(&browser, "#!/bin/sh\nprintf '%s\\n' \"$1\" >\"$0.link\"\n").unwrap();
    std::fs::set_permissions(&browser, std::fs::Permissions::from_mode(0o700)).unwrap();
    let world = world
        .with("DISPLAY", ":0")
        .with("BROWSER", browser.to_str().unwrap());
    let mut running = world.start(&["demo"]);
    running.hear("Ctrl-C");
    let link = std::fs::read_to_string(format!("{}.link", browser.display())).unwrap();
    let page = Browser::of(PEOPLE[2].username).visit(link.trim());
    let ended = running.end().code(0);
    assert!(ended.stdout.contains("Aiko Brennan"), "{ended}");
    assert!(
        page.text().contains("Aiko Brennan") || page.text().contains(PEOPLE[2].username),
        "{}",
        page.text()
    );
    assert_eq!(world.listing("home"), ["browser", "browser.link"]);
}

#[cfg(unix)]
#[test]
fn an_interrupted_demo_leaves_nothing_behind() {
    let world = World::new().with("DISPLAY", ":0").with("BROWSER", "true");
    let mut running = world.start(&["demo"]);
    running.hear("Ctrl-C");
    running.interrupt();
    running.end().code(130);
    assert_untouched(&world);
}

#[cfg(unix)]
#[test]
fn served_it_runs_until_ctrl_c_and_its_line_logs_in() {
    let world = World::new();
    let listen = format!("http://127.0.0.1:{}/saml/acs", free_port());
    let mut running = world.start(&["demo", "--serve", "--listen", &listen]);
    let heard = running.hear("Ctrl-C");
    let line = heard
        .lines()
        .find(|line| line.contains("--acs-url"))
        .unwrap()
        .trim();
    // A shell reads the line as a person would paste it.
    let program = env!("CARGO_BIN_EXE_anyp-saml");
    let line = line.replacen("anyp-saml", &format!("'{program}'"), 1);
    let mut shell = world.foreign_command("sh");
    shell.args(["-c", &format!("exec {line} --no-browser")]);
    let mut login = Running::new(shell);
    let link = login.hear_word("http://127.0.0.1:");
    assert!(link.contains("/sso"), "{link}");
    Browser::default().visit(&link);
    login.end().code(0);
    assert_eq!(
        world
            .run(&["token", "--profile", "demo"])
            .code(0)
            .stdout
            .trim()
            .len(),
        36
    );

    assert!(running.is_running());
    running.interrupt();
    running.end().code(0);
}

/// The pages need no more of a real browser than they were made for, under the policy that they come with.
#[cfg(unix)]
#[test]
fn in_a_real_browser_one_click_signs_in() {
    let Some(mut browser) = Chromium::here(Certificates::Known) else {
        return;
    };
    let world = World::new().with("DISPLAY", ":0").with("BROWSER", "true");
    let mut running = world.start(&["demo"]);
    let heard = running.hear("Ctrl-C");
    let mut lines = heard.lines().map(str::trim);
    let link = lines.find(|line| line.starts_with("http://")).unwrap();
    browser.open(link);
    browser.until_text("Who is signing in?");
    let pictures = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&pictures).unwrap();
    browser.pictures(&pictures, "demo-sign-in");
    browser.click("button[value='aiko.brennan']");
    browser.until_text("You are signed in");
    let ended = running.end().code(0);
    assert!(ended.stdout.contains("Aiko Brennan"), "{ended}");
}

#[cfg(unix)]
#[test]
fn served_over_https_it_shows_whom_to_believe_and_takes_the_file_away_again() {
    let world = World::new();
    let listen = format!("http://127.0.0.1:{}/saml/acs", free_port());
    let mut demo = world.start(&["demo", "--serve", "--tls", "--listen", &listen]);
    let heard = demo.hear("Ctrl-C");
    let line = heard.lines().find(|line| line.contains("anyp-saml login"));
    let mut login: Vec<&str> = line.unwrap().split_whitespace().skip(1).collect();
    assert!(
        login
            .iter()
            .any(|word| word.starts_with("https://127.0.0.1:"))
    );
    assert!(heard.contains("NODE_EXTRA_CA_CERTS="), "{heard}");

    login.push("--no-browser");
    let mut login = world.start(&login);
    let page = heard.split_whitespace().find(|word| word.ends_with("/sso"));
    let link = login.hear_word(page.unwrap());
    Browser::default().visit(&link);
    login.end().code(0);

    demo.interrupt();
    demo.end().code(0);
    assert_eq!(world.listing("tmp"), Vec::<String>::new());
}
