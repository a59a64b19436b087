//! What is written for programs, read by those very programs.

use super::support::clients::client;
use super::support::hostile::{HOSTILE, long};
use super::support::peer::{Peer, read_head};
use super::support::skip::skipped;
use super::support::{Browser, Scene, World};
use anyp_saml::address::WebAddress;
use anyp_saml::export::{Format, write};
use anyp_saml::secret::Secret;
use anyp_saml::store::{About, Kept, Key, Method, TokenStore};
use anyp_saml::time;
use anyp_saml::token::AccessToken;
use std::io::Write as _;
use std::process::Command;
use std::sync::mpsc::channel;

/// A file with this text.
fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// What a program prints that finds this text in the file `$FILE`; `None` where it is not installed.
fn reads(program: &str, arguments: &[&str], text: &str) -> Option<String> {
    let file = file(text);
    let output = Command::new(program)
        .args(arguments)
        .env("FILE", file.path())
        .env("PYTHONIOENCODING", "utf-8")
        .output();
    // A shell says by 127 that there is no such program.
    let output = output
        .ok()
        .filter(|output| output.status.code() != Some(127));
    let Some(output) = output else {
        skipped(&format!("there is no {}", arguments.concat()));
        return None;
    };
    assert!(output.status.success(), "{program}: {output:?}");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn json_holds_every_value_unchanged() {
    let long = long();
    let values: Vec<&str> = HOSTILE.into_iter().chain([long.as_str()]).collect();
    let names: Vec<String> = (0..values.len()).map(|count| format!("V{count}")).collect();
    let variables: Vec<_> = names.iter().map(String::as_str).zip(values).collect();
    let written = write(Format::Json, "unused", &variables).unwrap();
    // Each prints what it has read as pairs that end with a NUL. Of nushell the environment is seen, which it loads.
    let python = "import json, os\n\
        for pair in json.load(open(os.environ['FILE'])).items(): print(*pair, sep='=', end='\\0')";
    let jq = "to_entries[] | .key + \"=\" + .value + \"\\u0000\"";
    let node = "for (const pair of Object.entries(JSON.parse(require('fs').readFileSync(process.env.FILE))))\n\
        process.stdout.write(pair.join('=') + '\\0')";
    let nu = client("nushell/node_modules/.bin/nu");
    let nu = nu.as_deref();
    let load = "open --raw $env.FILE | from json | load-env; ^env -0";
    let jq = format!("jq -j '{jq}' \"$FILE\"");
    for (program, arguments) in [
        (Some("python3"), &["-c", python][..]),
        (Some("sh"), &["-c", &jq]),
        (Some("node"), &["-e", node]),
        (nu, &["--no-config-file", "-c", load]),
    ] {
        let read = program.and_then(|program| reads(program, arguments, written.text.expose()));
        let Some(read) = read else { continue };
        let read: Vec<&str> = read.split_terminator('\0').collect();
        for (name, value) in &variables {
            let pair = format!("{name}={value}");
            assert!(read.contains(&pair.as_str()), "{program:?}: {pair:?}");
        }
    }
}

#[test]
fn dotenv_is_read_alike_by_every_reader() {
    let token = "aZ09-._~+/=".repeat(300);
    let variables = [("A", HOSTILE[0]), ("B", &token), ("C", "[::1]:8443")];
    let written = write(Format::Dotenv, "unused", &variables).unwrap();
    let python = client("python").map(|path| {
        format!(
            "import os, sys; sys.path.insert(0, '{path}'); import dotenv\n\
             for pair in dotenv.dotenv_values(os.environ['FILE']).items(): print(*pair, sep='=')"
        )
    });
    let node = client("dotenv/node_modules/dotenv").map(|path| {
        format!(
            "const all = require('{path}').parse(require('fs').readFileSync(process.env.FILE))\n\
             for (const pair of Object.entries(all)) console.log(pair.join('='))"
        )
    });
    let shell = "set -a; . \"$FILE\"; for name in A B C; do echo \"$name=$(printenv $name)\"; done";
    for (program, option, script) in [
        ("sh", "-c", Some(shell)),
        ("python3", "-c", python.as_deref()),
        ("node", "-e", node.as_deref()),
    ] {
        let text = written.text.expose();
        let read = script.and_then(|script| reads(program, &[option, script], text));
        if let Some(read) = read {
            assert_eq!(read, text, "{program}");
        }
    }
}

#[test]
fn a_settings_file_of_maven_is_xml_that_holds_the_token_or_is_refused() {
    let program = "import os, xml.etree.ElementTree as t\n\
        n = '{http://maven.apache.org/SETTINGS/1.2.0}'\n\
        s = t.parse(os.environ['FILE']).find(f'{n}servers/{n}server')\n\
        print(s.find(n + 'username').text + s.find(n + 'password').text, end='')";
    for token in HOSTILE.iter().filter(|token| !token.is_empty()) {
        let Ok(written) = write(Format::Maven, token, &[]) else {
            let has_meaning = |c: char| c == '$' || c == '{' || c.is_control();
            assert!(token.contains(has_meaning), "{token:?}");
            continue;
        };
        if let Some(read) = reads("python3", &["-c", program], written.text.expose()) {
            assert_eq!(read, format!("~~~Token~~~{token}"));
        }
    }
}

#[test]
fn curl_sends_the_token_of_its_config_file_unchanged() {
    let tokens = HOSTILE
        .iter()
        .filter(|token| token.is_ascii() && **token == token.trim());
    for token in tokens {
        let Ok(written) = write(Format::Curl, token, &[]) else {
            assert!(token.chars().any(char::is_control));
            continue;
        };
        if token.is_empty() {
            continue;
        }
        let (sender, heads) = channel();
        let peer = Peer::start(move |mut stream| {
            let _ = sender.send(read_head(&mut stream));
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        });
        let file = file(written.text.expose());
        let curl = Command::new("curl")
            .args(["--silent", "--show-error", "--noproxy", "*", "--config"])
            .arg(file.path())
            .arg(format!("http://{}/", peer.authority()))
            .output();
        let Ok(curl) = curl else {
            return skipped("there is no curl");
        };
        assert!(curl.status.success(), "{curl:?}");
        let head = heads.recv().unwrap().unwrap();
        let line = format!("\r\nAuthorization: Bearer {token}\r\n");
        assert!(head.contains(&line), "{token:?}: {head}");
    }
}

#[test]
fn a_workflow_gets_the_mask_before_the_variables() {
    let scene = Scene::set();
    scene.log_in(&Browser::default(), &[]).0.code(0);
    let token = scene.token();
    scene
        .world
        .run(&["env", "github"])
        .code(2)
        .says(&["GITHUB_ENV"]);
    let file = scene.world.file("github_env", "EARLIER=1\n");
    let world = scene.world.with("GITHUB_ENV", file.to_str().unwrap());
    let ended = world.run(&["env", "github"]).code(0);
    assert_eq!(ended.stdout, format!("::add-mask::{token}\n"));
    let host = scene.demo.platform.address().replace("http://", "");
    assert_eq!(
        std::fs::read_to_string(file).unwrap(),
        format!(
            "EARLIER=1\nANYPOINT_BEARER={token}\nANYPOINT_ACCESS_TOKEN={token}\nANYPOINT_HOST={host}\n"
        )
    );
}

#[test]
fn names_of_others_reach_no_line_and_steer_no_terminal() {
    let world = World::new();
    let store = TokenStore::open(&world.home().join(".local/state/anyp-saml"));
    let token = AccessToken::parse(Secret::new(HOSTILE[0].to_owned())).unwrap();
    let plane = WebAddress::parse("https://eu1.anypoint.mulesoft.com").unwrap();
    let harmless = About::new(Method::Saml, plane, time::now());
    let key = Key::new("default").unwrap();
    let long = long();
    let mut lines = None;
    for name in HOSTILE.into_iter().chain([&long[..1000]]) {
        let about = About {
            username: Some(name.to_owned()),
            email: None,
            organization_name: Some(name.to_owned()),
            organization_id: Some(name.to_owned()),
            ..harmless.clone()
        };
        let token = token.clone();
        let kept = Kept { token, about };
        store.save(&key, &kept).unwrap();
        let env = world.run(&["env", "bash"]).code(0);
        assert_eq!(*lines.get_or_insert(env.stdout.clone()), env.stdout);
        let status = world.run(&["status"]).code(0).stdout;
        let line = status.strip_suffix('\n').unwrap();
        assert!(!line.contains(char::is_control), "{name:?}: {line:?}");
        assert!(
            !line.contains(['\u{202e}', '\u{2028}', '\u{200b}']),
            "{line:?}"
        );
        let status = world.run(&["status", "--json"]).code(0).stdout;
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        let user = status[0]["user"].as_str().unwrap();
        assert!(!user.contains(char::is_control), "{name:?}: {user:?}");
    }
}

#[test]
fn a_profile_of_another_name_than_profiles_have_is_refused_and_leaves_nothing() {
    let world = World::new();
    let long = "x".repeat(65);
    let others = ["../../../etc/passwd", "a/b", "/", "ä", &long];
    for name in HOSTILE.iter().chain(&others) {
        if Key::new(name).is_ok() {
            continue;
        }
        let profile = format!("--profile={name}");
        for arguments in [
            &["token", &profile][..],
            &["env", "bash", &profile],
            &["exec", &profile, "--", "touch", "ran"],
            &["logout", &profile],
            &[
                "init",
                &profile,
                "--acs-url",
                "https://eu1.anypoint.mulesoft.com/",
            ],
        ] {
            let ended = world
                .run(arguments)
                .code(2)
                .says(&["--profile is not usable"]);
            assert_eq!(ended.stdout, "");
        }
    }
    assert!(world.listing("home").is_empty() && world.listing("here").is_empty());
}
