//! What is written for a shell or a program, read by that very shell or program.

use super::support::peer::{Peer, read_head};
use super::support::skip::skipped;
use super::support::{Browser, Scene};
use anyp_saml::export::{ExportError, Format, Shell, export, unset, write};
use std::io::Write as _;
use std::process::Command;
use std::sync::mpsc::channel;

/// Values that have broken quoting somewhere, and a few that nobody would think of.
const HOSTILE: [&str; 26] = [
    "8c4ba5b5-6e15-4a54-9d9c-000000000001",
    "",
    " ",
    "'",
    "''",
    "it's 'quoted' ''twice''",
    "\"",
    "$(touch /tmp/anyp-saml-was-here)",
    "`touch /tmp/anyp-saml-was-here`",
    "${HOME} $HOME $$ $! !! !$ !x",
    "\\",
    "\\'\\\\'",
    "trailing backslash\\",
    "a\nb\n\nc",
    "\n",
    "carriage\rreturn\r\n",
    "tab\there",
    "* ? [a-z] {a,b} ~ ~root",
    "; id & id | id > /dev/null < /dev/null #",
    "-n -e --help",
    "%s %n %PATH% ^ !PATH!",
    "\u{1b}[31m\u{7}\u{8}\u{7f}",
    "\u{9b}31m \u{85} \u{a0}",
    "\u{202e}\u{2028}\u{feff}\u{200b}",
    "‘a’ ‚b‛ “c” ä € 😀",
    "\u{f600}\u{f8ff}\u{fdd0}\u{e000}",
];

struct Reader {
    shell: Shell,
    program: &'static str,
    options: &'static [&'static str],
    /// How this shell runs the file it is given as its first argument.
    read: &'static str,
}

const EVAL: &str = "eval \"$(cat \"$1\")\"";

const READERS: [Reader; 7] = [
    Reader {
        shell: Shell::Bash,
        program: "bash",
        options: &["--norc"],
        read: EVAL,
    },
    Reader {
        shell: Shell::Bash,
        program: "bash",
        options: &["--norc", "-o", "posix"],
        read: EVAL,
    },
    Reader {
        shell: Shell::Bash,
        program: "dash",
        options: &[],
        read: EVAL,
    },
    Reader {
        shell: Shell::Bash,
        program: "zsh",
        options: &["--emulate", "sh", "-f"],
        read: EVAL,
    },
    Reader {
        shell: Shell::Zsh,
        program: "zsh",
        options: &["-f"],
        read: EVAL,
    },
    Reader {
        shell: Shell::Zsh,
        program: "zsh",
        options: &["-f", "-o", "rcquotes"],
        read: EVAL,
    },
    Reader {
        shell: Shell::Fish,
        program: "fish",
        options: &["--no-config"],
        read: "cat $argv[1] | source",
    },
];

impl Reader {
    /// Whether the shell is on this machine. In CI it must be.
    fn is_here(&self) -> bool {
        let here = Command::new(self.program)
            .arg("-c")
            .arg("exit 0")
            .status()
            .is_ok_and(|status| status.success());
        if !here {
            skipped(&format!("{} is not installed", self.program));
        }
        here
    }

    /// Runs the lines, then prints a variable as a child process sees it.
    fn sees(&self, lines: &str, locale: &str) -> Option<String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(lines.as_bytes()).unwrap();
        // Some shells make themselves at home there.
        let home = tempfile::tempdir().unwrap();
        let script = format!("{}\nexec printenv ANYPOINT_BEARER", self.read);
        let mut command = Command::new(self.program);
        command.args(self.options).arg("-c").arg(script);
        if self.shell != Shell::Fish {
            command.arg(self.program);
        }
        let output = command
            .arg(file.path())
            .env("ANYPOINT_BEARER", "the old one")
            .env("LC_ALL", locale)
            .env("HOME", home.path())
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            "",
            "{}",
            self.program
        );
        let seen = String::from_utf8(output.stdout).unwrap();
        output
            .status
            .success()
            .then(|| seen.strip_suffix('\n').unwrap().to_owned())
    }
}

#[test]
fn every_value_arrives_byte_for_byte() {
    for reader in READERS.iter().filter(|reader| reader.is_here()) {
        for value in HOSTILE {
            let lines = export(reader.shell, &[("ANYPOINT_BEARER", value)]).unwrap();
            for locale in ["C", "C.UTF-8"] {
                let seen = reader.sees(lines.expose(), locale);
                let shell = reader.program;
                assert_eq!(
                    seen.as_deref(),
                    Some(value),
                    "{shell} {:?} {locale}",
                    reader.options
                );
            }
        }
    }
    assert!(!std::path::Path::new("/tmp/anyp-saml-was-here").exists());
}

#[test]
fn what_is_unset_is_gone_whether_it_was_there_or_not() {
    for reader in READERS.iter().filter(|reader| reader.is_here()) {
        let lines = unset(reader.shell, &["ANYPOINT_BEARER", "ANYP_SAML_NEVER_SET"]).unwrap();
        assert_eq!(reader.sees(&lines, "C.UTF-8"), None, "{}", reader.program);
    }
}

#[test]
fn powershell_gets_what_it_reads_unchanged_and_nothing_else() {
    for value in HOSTILE {
        let plain = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        match export(Shell::PowerShell, &[("ANYPOINT_BEARER", value)]) {
            Ok(lines) => assert!(plain && lines.expose().lines().count() == 1, "{value:?}"),
            Err(error) => {
                assert!(!plain, "{value:?}");
                assert!(matches!(error, ExportError::Value { .. }));
            }
        }
    }
}

/// A file with this text.
fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// What a Python program prints that is given this file.
fn python(program: &str, text: &str) -> Option<String> {
    let file = file(text);
    let output = Command::new("python3")
        .args(["-c", program])
        .arg(file.path())
        .env("PYTHONIOENCODING", "utf-8")
        .output()
        .ok()?;
    assert!(output.status.success(), "{output:?}");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn python_reads_every_value_from_json_unchanged() {
    let program = "import json, sys; print(json.load(open(sys.argv[1]))['A'], end='')";
    for value in HOSTILE {
        let written = write(Format::Json, "unused", &[("A", value), ("B", "b")]).unwrap();
        match python(program, written.text.expose()) {
            Some(read) => assert_eq!(read, value),
            None => return skipped("there is no python3"),
        }
    }
}

#[test]
fn the_settings_of_maven_are_xml_that_holds_the_token_or_are_refused() {
    let program = "import sys, xml.etree.ElementTree as t\n\
        n = '{http://maven.apache.org/SETTINGS/1.2.0}'\n\
        s = t.parse(sys.argv[1]).find(f'{n}servers/{n}server')\n\
        print(s.find(n + 'username').text + s.find(n + 'password').text, end='')";
    for token in HOSTILE.iter().filter(|token| !token.is_empty()) {
        let Ok(written) = write(Format::Maven, token, &[]) else {
            assert!(token.contains('$') || token.chars().any(char::is_control));
            continue;
        };
        match python(program, written.text.expose()) {
            Some(read) => assert_eq!(read, format!("~~~Token~~~{token}")),
            None => return skipped("there is no python3"),
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
fn a_shell_reads_dotenv_as_it_stands() {
    for value in HOSTILE {
        let Ok(written) = write(Format::Dotenv, "unused", &[("ANYPOINT_BEARER", value)]) else {
            continue;
        };
        let file = file(written.text.expose());
        let output = Command::new("sh")
            .args(["-c", "set -a; . \"$1\"; printenv ANYPOINT_BEARER", "sh"])
            .arg(file.path())
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            format!("{value}\n")
        );
    }
    assert!(write(Format::Dotenv, "unused", &[("A", HOSTILE[0])]).is_ok());
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

/// The program is told the shell by the process that has started it, whatever `$SHELL` says.
#[cfg(target_os = "linux")]
#[test]
fn the_shell_that_asks_gets_its_own_lines() {
    let scene = Scene::set();
    scene.log_in(&Browser::default(), &[]).0.code(0);
    let world = scene.world.with("SHELL", "/bin/tcsh");
    let program = env!("CARGO_BIN_EXE_anyp-saml");
    for (shell, begins) in [
        ("bash", "export A"),
        ("zsh", "export A"),
        ("fish", "set -g -x A"),
    ] {
        let reader = READERS.iter().find(|reader| reader.program == shell);
        if reader.is_some_and(Reader::is_here) {
            let mut command = world.foreign_command(shell);
            command.args(["-c", &format!("{program} env; {program} env --unset; true")]);
            let ended = super::support::world::Running::new(command).end().code(0);
            assert!(ended.stdout.starts_with(begins), "{shell}: {ended}");
            assert!(
                ended
                    .stdout
                    .lines()
                    .last()
                    .unwrap()
                    .contains("ANYPOINT_HOST")
            );
        }
    }
    world.run(&["env"]).code(2).says(&["$SHELL names no shell"]);
    world.run(&["env", "json", "--unset"]).code(2);
}
