//! What is written for a shell, read by that very shell.

use super::support::hostile::{HOSTILE, long};
use super::support::skip::skipped;
use super::support::{Browser, Scene};
use anyp_saml::export::{ExportError, Shell, export, unset};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::Command;

struct Reader {
    shell: Shell,
    program: &'static str,
    options: &'static [&'static str],
    /// How this shell runs the file it is given as its first argument.
    read: &'static str,
}

const EVAL: &str = "eval \"$(cat \"$1\")\"";

const READERS: [Reader; 11] = [
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
        program: "busybox",
        options: &["ash"],
        read: EVAL,
    },
    Reader {
        shell: Shell::Bash,
        program: "mksh",
        options: &[],
        read: EVAL,
    },
    Reader {
        shell: Shell::Bash,
        program: "ksh",
        options: &[],
        read: EVAL,
    },
    Reader {
        shell: Shell::Bash,
        program: "yash",
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
            .args(self.options)
            .arg("-c")
            .arg("exit 0")
            .status()
            .is_ok_and(|status| status.success());
        if !here {
            skipped(&format!("{} is not installed", self.program));
        }
        here
    }

    fn locales(&self) -> &[&str] {
        match self.program {
            // In the C locale it takes nothing but ASCII, from anywhere.
            "yash" => &["C.UTF-8"],
            _ => &["C", "C.UTF-8"],
        }
    }

    /// Runs the lines in a file, and gives the variables as a child process sees them.
    fn sees(&self, lines: &str, locale: &str) -> BTreeMap<String, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(lines.as_bytes()).unwrap();
        // Some shells make themselves at home there.
        let home = tempfile::tempdir().unwrap();
        let script = format!("{}\nexec env -0", self.read);
        let mut command = Command::new(self.program);
        command.args(self.options).arg("-c").arg(script);
        if self.shell != Shell::Fish {
            command.arg(self.program);
        }
        let output = command
            .arg(file.path())
            .env("V0", "the old one")
            .env("LC_ALL", locale)
            .env("HOME", home.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said, "", "{} {:?}", self.program, self.options);
        let seen = String::from_utf8(output.stdout).unwrap();
        let pairs = seen
            .split_terminator('\0')
            .filter_map(|pair| pair.split_once('='));
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }
}

#[test]
fn every_value_arrives_byte_for_byte() {
    let long = long();
    let values: Vec<&str> = HOSTILE.into_iter().chain([long.as_str()]).collect();
    let names: Vec<String> = (0..values.len()).map(|count| format!("V{count}")).collect();
    let variables: Vec<_> = names.iter().map(String::as_str).zip(values).collect();
    for reader in READERS.iter().filter(|reader| reader.is_here()) {
        let lines = export(reader.shell, &variables).unwrap();
        for locale in reader.locales() {
            let seen = reader.sees(lines.expose(), locale);
            for (name, value) in &variables {
                let seen = seen.get(*name).map(String::as_str);
                let (shell, options) = (reader.program, reader.options);
                assert_eq!(seen, Some(*value), "{shell} {options:?} {locale}");
            }
        }
    }
    assert!(!std::path::Path::new("/tmp/anyp-saml-was-here").exists());
}

#[test]
fn what_is_unset_is_gone_whether_it_was_there_or_not() {
    for reader in READERS.iter().filter(|reader| reader.is_here()) {
        let lines = unset(reader.shell, &["V0", "ANYP_SAML_NEVER_SET"]).unwrap();
        let seen = reader.sees(&lines, "C.UTF-8");
        assert_eq!(seen.get("V0"), None, "{}", reader.program);
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
                    .contains("ANYPOINT_CPLANE")
            );
        }
    }
    world.run(&["env"]).code(2).says(&["$SHELL names no shell"]);
    world.run(&["env", "json", "--unset"]).code(2);
}
