//! The lines and files of the README, pasted as they stand there, with the programs that they are for.

use super::support::clients::client;
use super::support::peer::{Peer, read_head};
use super::support::skip::skipped;
use super::support::world::{Ended, Running};
use super::support::{Browser, Scene, World};
use anyp_saml::demo::PEOPLE;
use anyp_saml::demo::platform::Route;
use anyp_saml::encoding::base64;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::process::Command;
use std::sync::{Arc, Mutex};

const README: &str = include_str!("../../README.md");

/// A scene with a token, and the program on the PATH.
struct Desk {
    scene: Scene,
}

impl Desk {
    fn set() -> Self {
        let mut scene = Scene::set();
        scene.log_in(&Browser::default(), &[]).0.code(0);
        scene.world = with_the_program(scene.world);
        Self { scene }
    }

    fn token(&self) -> String {
        self.scene.token()
    }

    /// Runs a line of a shell; `None` where the shell is not installed.
    fn paste(&self, shell: &str, line: &str) -> Option<Ended> {
        if Command::new(shell).args(["-c", "exit 0"]).output().is_err() {
            skipped(&format!("there is no {shell}"));
            return None;
        }
        let mut command = self.scene.world.foreign_command(shell);
        command.args(["-c", line]);
        Some(Running::new(command).end().code(0))
    }
}

fn with_the_program(world: World) -> World {
    let programs = world.home().with_file_name("tmp");
    symlink(env!("CARGO_BIN_EXE_anyp-saml"), programs.join("anyp-saml")).unwrap();
    let path = format!("{}:/usr/bin:/bin", programs.display());
    world.with("PATH", &path)
}

/// A line that the README says.
#[track_caller]
fn said(line: &str) -> &str {
    let in_a_table = line.replace('|', "\\|");
    let is_said = README.contains(line) || README.contains(&in_a_table);
    assert!(is_said, "the README does not say {line:?}");
    line
}

/// The first block of the README in this language.
fn block(language: &str) -> &'static str {
    let (_, rest) = README.split_once(&format!("\n```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

#[test]
fn every_shell_takes_the_line_that_is_for_it() {
    let desk = Desk::set();
    let token = format!("{}\n", desk.token());
    let set = said("eval \"$(anyp-saml env)\"");
    for shell in ["bash", "dash", "zsh", "ksh", "mksh", "yash"] {
        let line = format!("{set}; printenv ANYPOINT_BEARER");
        let Some(ended) = desk.paste(shell, &line) else {
            continue;
        };
        assert_eq!(ended.stdout, token, "{shell}: {ended}");
        let unset = set.replace("env)", "env --unset)");
        let line = format!("{set}; {unset}; printenv ANYPOINT_BEARER || echo gone");
        let ended = desk.paste(shell, &line).unwrap();
        assert_eq!(ended.stdout, "gone\n", "{shell}: {ended}");
    }
    let line = said("anyp-saml env fish | source");
    if let Some(ended) = desk.paste("fish", &format!("{line}; printenv ANYPOINT_BEARER")) {
        assert_eq!(ended.stdout, token, "{ended}");
    }
    let line = said("anyp-saml env json | from json | load-env");
    if let Some(nu) = client("nushell/node_modules/.bin/nu") {
        let ended = desk.paste(&nu, &format!("{line}; ^printenv ANYPOINT_BEARER"));
        assert_eq!(ended.unwrap().stdout, token);
    }
}

#[test]
fn files_that_hold_the_token_are_the_users_alone() {
    let desk = Desk::set();
    for (line, name) in [
        ("(umask 077; anyp-saml env dotenv > .env)", ".env"),
        (
            "(umask 077; anyp-saml env maven > settings.xml)",
            "settings.xml",
        ),
    ] {
        desk.paste("sh", said(line));
        let file = desk.scene.world.here().join(name);
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        assert!(fs::read_to_string(&file).unwrap().contains(&desk.token()));
    }
}

#[test]
fn curl_asks_the_platform_with_the_token() {
    let desk = Desk::set();
    let line = said("anyp-saml env curl | curl --config - https://anypoint.mulesoft.com");
    let platform = desk.scene.demo.platform.address();
    let line = line.replace("https://anypoint.mulesoft.com", platform);
    let line = format!("{line}/accounts/api/me --silent --show-error --fail --noproxy '*'");
    let asked = desk.scene.demo.platform.requests(Route::Me);
    let Some(ended) = desk.paste("bash", &line) else {
        return;
    };
    assert!(ended.stdout.contains(PEOPLE[0].username), "{ended}");
    assert_eq!(desk.scene.demo.platform.requests(Route::Me), asked + 1);
}

/// A repository that wants to know who asks, as Exchange does, and then has the parent of a project. What it is told is
/// kept.
fn repository() -> (Peer, Arc<Mutex<Vec<String>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let peer = Peer::start(move |mut stream| {
        let head = read_head(&mut stream).unwrap_or_default();
        let header = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            let found = lines.find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_owned())
        };
        let pom = "<project><modelVersion>4.0.0</modelVersion><groupId>g</groupId>\
            <artifactId>parent</artifactId><version>1</version><packaging>pom</packaging></project>";
        let (status, body) = match header("Authorization") {
            None => (
                "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"",
                "",
            ),
            Some(who) => {
                heard.lock().unwrap().push(who);
                match head.contains("/parent-1.pom ") {
                    true => ("200 OK", pom),
                    false => ("404 Not Found", ""),
                }
            }
        };
        let length = body.len();
        let answer =
            format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        let _ = stream.write_all((answer + body).as_bytes());
    });
    (peer, told)
}

#[test]
fn maven_shows_the_token_to_the_repository_of_that_id() {
    let mut desk = Desk::set();
    // Java asks the system for the user's home, and not $HOME.
    let home = format!("-Duser.home={}", desk.scene.world.home().display());
    desk.scene.world = desk.scene.world.with("MAVEN_OPTS", &home);
    let world = &desk.scene.world;
    let (repository, told) = repository();
    // The parent of a project is fetched before any plugin would be.
    let pom = format!(
        "<project><modelVersion>4.0.0</modelVersion><artifactId>child</artifactId><packaging>pom</packaging>\
         <parent><groupId>g</groupId><artifactId>parent</artifactId><version>1</version><relativePath/></parent>\
         <repositories><repository><id>anypoint-exchange-v3</id><url>http://{}/</url></repository></repositories>\
         </project>",
        repository.authority()
    );
    world.file("pom.xml", pom);
    let server = block("xml");
    let directory = world.home().join(".m2");
    fs::create_dir(&directory).unwrap();
    let settings = format!("<settings><servers>{server}</servers></settings>");
    fs::write(directory.join("settings.xml"), settings).unwrap();

    let maven = |line: &str, name: &str| {
        let line = said(line).replace("mvn ", "mvn --batch-mode --quiet ");
        let line = line.replace(" deploy", "");
        let ended = desk.paste(
            "bash",
            &format!("{line} -Dmaven.repo.local=repository-{name} validate"),
        );
        let told = std::mem::take(&mut *told.lock().unwrap());
        let expected = base64(format!("~~~Token~~~:{}", desk.token()).as_bytes());
        assert_eq!(
            told.first(),
            Some(&format!("Basic {expected}")),
            "{ended:?}"
        );
    };
    if Command::new("mvn").arg("--version").output().is_err() {
        return skipped("there is no mvn");
    }
    maven("anyp-saml exec -- mvn deploy", "1");
    // And with a file that holds the token.
    fs::remove_dir_all(directory).unwrap();
    desk.paste(
        "sh",
        said("(umask 077; anyp-saml env maven > settings.xml)"),
    );
    maven("mvn -s settings.xml", "2");
}

#[test]
fn make_runs_its_recipe_with_the_token() {
    let desk = Desk::set();
    let world = &desk.scene.world;
    world.file("Makefile", block("make"));
    // What stands in the place of Maven, whose plugins are not here.
    let maven = world.home().with_file_name("tmp").join("mvn");
    fs::write(&maven, "#!/bin/sh\necho \"$1 with $ANYPOINT_BEARER\"\n").unwrap();
    fs::set_permissions(&maven, fs::Permissions::from_mode(0o700)).unwrap();
    let Some(ended) = desk.paste("sh", "make deploy") else {
        return;
    };
    let token = desk.token();
    // The token is in what Maven has said, and not in the line that make shows before.
    let shown = format!("anyp-saml exec --login -- mvn deploy\ndeploy with {token}\n");
    assert_eq!(ended.stdout, shown);
}

/// The steps of the workflow, run one after the other as a runner does: each in a shell of its own, with the variables
/// of the step and those that earlier steps have written.
#[test]
fn a_workflow_signs_in_as_a_connected_app_and_hands_the_token_on() {
    let scene = Scene::set();
    let (id, secret) = scene.demo.platform.connected_app();
    let (id, secret) = (id.to_owned(), secret.to_owned());
    let plane = scene.demo.platform.address().to_owned();
    let mut world = with_the_program(scene.world).with("ANYP_SAML_PLANE", &plane);
    let written = world.file("github_env", "");
    world = world.with("GITHUB_ENV", written.to_str().unwrap());
    let mut said = String::new();
    for step in block("yaml").split("- run: ").skip(1) {
        let (line, variables) = step.split_once('\n').unwrap();
        let mut command = world.foreign_command("bash");
        // In the place of the last step stands one that shows what it would have.
        let line = match line.starts_with("anypoint-cli-v4 ") {
            true => "echo \"$ANYPOINT_BEARER $ANYPOINT_ACCESS_TOKEN\"",
            false => line,
        };
        command.args(["-e", "-c", line]);
        let earlier = fs::read_to_string(&written).unwrap();
        command.envs(earlier.lines().map(|line| line.split_once('=').unwrap()));
        for (name, value) in variables.lines().filter_map(|line| line.split_once(": ")) {
            let value = match value {
                "${{ vars.ANYPOINT_CLIENT_ID }}" => &id,
                "${{ secrets.ANYPOINT_CLIENT_SECRET }}" => &secret,
                other => panic!("a value that this test does not know: {other}"),
            };
            command.env(name.trim(), value);
        }
        said += &Running::new(command).end().code(0).hides(&[&secret]).stdout;
    }
    let token = scene.demo.platform.tokens().pop().unwrap();
    assert_eq!(said, format!("::add-mask::{token}\n{token} {token}\n"));
}
