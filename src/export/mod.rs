//! A token in the form that a shell or a program reads: one file per format, each with its own escaping.
//!
//! A value reaches the shell's variable byte for byte, or it is refused; names are constants of ours.

mod bash;
mod cmd;
mod curl;
mod dotenv;
mod fish;
mod github_actions;
mod json;
mod maven;
mod powershell;
mod zsh;

use crate::secret::Secret;
use thiserror::Error;
use zeroize::Zeroizing;

/// A shell that can be told to set environment variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// bash, and every other shell that reads the POSIX command language: sh, dash, ksh, yash.
    Bash,
    /// zsh.
    Zsh,
    /// fish.
    Fish,
    /// PowerShell, Windows' own and the one for all systems.
    PowerShell,
    /// Windows' old command line.
    Cmd,
}

/// Everything that a token can be written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lines that a shell evaluates.
    Shell(Shell),
    /// A file of `NAME=VALUE` lines, as Docker, systemd and many libraries read it.
    Dotenv,
    /// One JSON object: for programs, and for nushell's `load-env`.
    Json,
    /// Maven's `settings.xml`.
    Maven,
    /// A workflow of GitHub Actions.
    GitHubActions,
    /// A config file of curl.
    Curl,
}

/// A token written in a format.
#[derive(Debug)]
pub struct Written {
    /// What is handed out.
    pub text: Secret,
    /// What belongs into the file that `$GITHUB_ENV` names; in no other format is there any.
    pub github_env: Option<Secret>,
}

/// Why something cannot be said to a shell. The value itself is never part of it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ExportError {
    /// Not `[A-Z_][A-Z0-9_]*`.
    #[error("{0:?} cannot be the name of an environment variable here")]
    Name(String),
    /// A character in the value of a variable that this shell could not be given safely.
    #[error("the value of {name} has a character that {shell} cannot be given safely", shell = shell.name())]
    Value {
        /// The variable.
        name: String,
        /// The shell.
        shell: Shell,
    },
    /// A character that this format could not be given safely.
    #[error("a value has a character that {format} cannot be given safely", format = .0.name())]
    Format(Format),
}

impl Shell {
    /// Every shell there is an export for.
    pub const ALL: [Self; 5] = [
        Self::Bash,
        Self::Zsh,
        Self::Fish,
        Self::PowerShell,
        Self::Cmd,
    ];

    /// The shell of a name, as a person, `$SHELL` or a process list writes it: `zsh`, `/bin/zsh`, `-zsh`, `pwsh.exe`.
    pub fn from_name(name: &str) -> Option<Self> {
        let file = name.rsplit(['/', '\\']).next()?;
        let file = file.strip_prefix('-').unwrap_or(file).to_ascii_lowercase();
        match file.strip_suffix(".exe").unwrap_or(&file) {
            "bash" | "sh" | "dash" | "ash" | "ksh" | "mksh" | "yash" => Some(Self::Bash),
            "zsh" => Some(Self::Zsh),
            "fish" => Some(Self::Fish),
            "powershell" | "pwsh" => Some(Self::PowerShell),
            "cmd" => Some(Self::Cmd),
            _ => None,
        }
    }

    /// The shell's name as a person writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::PowerShell => "powershell",
            Self::Cmd => "cmd",
        }
    }
}

impl Format {
    /// The format of a name, or of a shell's name or path.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "dotenv" => Self::Dotenv,
            "json" | "nu" | "nushell" => Self::Json,
            "maven" => Self::Maven,
            "github" => Self::GitHubActions,
            "curl" => Self::Curl,
            shell => Self::Shell(Shell::from_name(shell)?),
        })
    }

    /// The format's name as a person writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shell(shell) => shell.name(),
            Self::Dotenv => "dotenv",
            Self::Json => "json",
            Self::Maven => "maven",
            Self::GitHubActions => "github",
            Self::Curl => "curl",
        }
    }
}

/// The token, and the variables that it stands in, in a format.
///
/// # Errors
/// [`ExportError`]
pub fn write(
    format: Format,
    token: &str,
    variables: &[(&str, &str)],
) -> Result<Written, ExportError> {
    for (name, _) in variables {
        check_name(name)?;
    }
    let lines = |line: fn(&str, &str) -> Option<String>| {
        let mut lines = Zeroizing::new(String::new());
        for (name, value) in variables {
            lines.push_str(&Zeroizing::new(line(name, value)?));
        }
        Some(std::mem::take(&mut *lines))
    };
    let text = match format {
        Format::Shell(shell) => {
            return export(shell, variables).map(|text| Written {
                text,
                github_env: None,
            });
        }
        Format::Dotenv => lines(dotenv::line),
        Format::Json => Some(json::object(variables)),
        Format::Maven => maven::settings(token),
        Format::GitHubActions => github_actions::mask(token),
        Format::Curl => curl::config(token),
    };
    let github_env = match format {
        Format::GitHubActions => {
            Some(lines(github_actions::line).ok_or(ExportError::Format(format))?)
        }
        _ => None,
    };
    Ok(Written {
        text: Secret::new(text.ok_or(ExportError::Format(format))?),
        github_env: github_env.map(Secret::new),
    })
}

/// The lines that set and export these variables in a shell.
///
/// # Errors
/// [`ExportError`]
pub fn export(shell: Shell, variables: &[(&str, &str)]) -> Result<Secret, ExportError> {
    let mut lines = Zeroizing::new(String::new());
    for (name, value) in variables {
        check_name(name)?;
        let line = match shell {
            Shell::Bash => bash::export(name, value),
            Shell::Zsh => zsh::export(name, value),
            Shell::Fish => fish::export(name, value),
            Shell::PowerShell => powershell::export(name, value),
            Shell::Cmd => cmd::export(name, value),
        };
        let refused = || ExportError::Value {
            name: (*name).to_owned(),
            shell,
        };
        lines.push_str(&Zeroizing::new(line.ok_or_else(refused)?));
    }
    Ok(Secret::new(std::mem::take(&mut *lines)))
}

/// The lines that remove these variables from a shell, whether they are set or not.
///
/// # Errors
/// [`ExportError::Name`]
pub fn unset(shell: Shell, names: &[&str]) -> Result<String, ExportError> {
    let mut lines = String::new();
    for name in names {
        check_name(name)?;
        lines += &match shell {
            Shell::Bash => bash::unset(name),
            Shell::Zsh => zsh::unset(name),
            Shell::Fish => fish::unset(name),
            Shell::PowerShell => powershell::unset(name),
            Shell::Cmd => cmd::unset(name),
        };
    }
    Ok(lines)
}

/// Whether a value has nothing but characters that no format gives a meaning to. Tokens (RFC 6750) and hosts with their
/// ports are written in these.
fn is_plain(value: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=:[]".contains(&byte);
    !value.is_empty() && value.bytes().all(plain)
}

fn check_name(name: &str) -> Result<(), ExportError> {
    let is_letter = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
    let mut bytes = name.bytes();
    let begins_well = bytes.next().is_some_and(is_letter);
    if begins_well && bytes.all(|byte| is_letter(byte) || byte.is_ascii_digit()) {
        Ok(())
    } else {
        Err(ExportError::Name(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_are_known_by_name_and_path() {
        for (name, shell) in [
            ("bash", Some(Shell::Bash)),
            ("/usr/local/bin/zsh", Some(Shell::Zsh)),
            ("-fish", Some(Shell::Fish)),
            (
                "C:\\Program Files\\PowerShell\\7\\pwsh.EXE",
                Some(Shell::PowerShell),
            ),
            ("dash", Some(Shell::Bash)),
            ("", None),
            ("tcsh", None),
            ("C:\\Windows\\system32\\cmd.exe", Some(Shell::Cmd)),
        ] {
            assert_eq!(Shell::from_name(name), shell, "{name}");
        }
        for shell in Shell::ALL {
            assert_eq!(Shell::from_name(shell.name()), Some(shell));
        }
        for name in ["dotenv", "json", "maven", "github", "curl", "bash", "cmd"] {
            assert_eq!(Format::from_name(name).unwrap().name(), name);
        }
        assert_eq!(Format::from_name("nushell"), Some(Format::Json));
        assert_eq!(Format::from_name("tcsh"), None);
    }

    #[test]
    fn names_are_plain() {
        for shell in Shell::ALL {
            for name in [
                "", "a", "1A", "A-B", "A B", "A\n", "A=B", "A;id", "Ä", "PATH\0",
            ] {
                assert_eq!(
                    export(shell, &[(name, "x")]).unwrap_err(),
                    ExportError::Name(name.into())
                );
                assert_eq!(unset(shell, &[name]), Err(ExportError::Name(name.into())));
            }
            assert!(export(shell, &[("_A1", "x")]).is_ok());
        }
    }

    #[test]
    fn several_variables_are_several_lines() {
        let lines = export(Shell::Bash, &[("A", "1"), ("B", "2")]).unwrap();
        assert_eq!(lines.expose(), "export A='1'\nexport B='2'\n");
        assert_eq!(
            unset(Shell::Fish, &["A", "B"]).unwrap(),
            "set -e -g A\nset -e -g B\n"
        );
    }

    #[test]
    fn no_shell_is_given_a_nul() {
        for shell in Shell::ALL {
            let error = export(shell, &[("A", "visible\0")]).unwrap_err();
            assert_eq!(
                error,
                ExportError::Value {
                    name: "A".into(),
                    shell
                }
            );
            assert!(!error.to_string().contains("visible"));
        }
    }
}
