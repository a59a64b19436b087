//! What is written for a shell, read by that very shell.

use super::support::skip::skipped;
use anyp_saml::export::{ExportError, Shell, export, unset};
use std::io::Write as _;
use std::process::Command;

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
