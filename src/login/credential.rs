//! The secret of a login without a browser: where it comes from, and what may be one.
//!
//! It comes from standard input where that is asked for, from a prompt that does not show it, or from where the
//! configuration says. Never from the command line, which every process of the machine can read.

use super::LoginError;
use crate::secret::Secret;
use crate::terminal::{PromptError, Terminal};
use std::io::{self, IsTerminal, Read};
use std::time::Duration;
use zeroize::Zeroizing;

/// The most bytes of a secret. The platform's passwords end at 64 characters, and its client secrets have 32.
const MAX: usize = 1024;

/// One kind of secret.
#[derive(Clone, Copy, Debug)]
pub(super) struct Credential {
    name: &'static str,
    question: &'static str,
}

/// A user's password.
pub(super) const PASSWORD: Credential = Credential {
    name: "password",
    question: "Password (not shown):",
};

/// A connected app's secret.
pub(super) const CLIENT_SECRET: Credential = Credential {
    name: "client secret",
    question: "Client secret (not shown):",
};

impl Credential {
    /// Reads it from standard input, to its end. Where that is a terminal, which would show it, it is asked for.
    ///
    /// # Errors
    /// [`LoginError::Unfit`], and those of [`Credential::ask`].
    pub(super) fn read(
        self,
        patience: Duration,
        terminal: &Terminal,
    ) -> Result<Secret, LoginError> {
        if io::stdin().is_terminal() {
            return self.ask(patience, terminal);
        }
        // Room for a line's end as well, and for a byte that makes it too long.
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX + 3));
        unbuffered_input()
            .and_then(|input| input.take(MAX as u64 + 3).read_to_end(&mut bytes))
            .map_err(|error| bad(self.name, error))?;
        self.from(&bytes)
    }

    /// Asks for it at the terminal, without showing it.
    ///
    /// # Errors
    /// [`LoginError::NobodyToAsk`] where there is no terminal, [`LoginError::Unfit`] for what cannot be one.
    pub(super) fn ask(self, patience: Duration, terminal: &Terminal) -> Result<Secret, LoginError> {
        if !terminal.can_ask() {
            return Err(LoginError::NobodyToAsk(self.name));
        }
        let line = terminal.ask_secret(self.question, patience);
        self.from(&line.map_err(|error| unasked(self.name, error))?)
    }

    /// The one that the configuration has brought along.
    ///
    /// # Errors
    /// [`LoginError::Unfit`]
    pub(super) fn given(self, secret: &Secret) -> Result<Secret, LoginError> {
        self.from(secret.expose().as_bytes())
    }

    /// The secret in what was read: all of it but the end of its line. `echo` and editors put one there, and no secret
    /// of the platform's holds one.
    fn from(self, bytes: &[u8]) -> Result<Secret, LoginError> {
        let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return Err(bad(self.name, "it is empty"));
        }
        if line.len() > MAX {
            return Err(bad(self.name, format!("it has more than {MAX} bytes")));
        }
        // Of the right size at once, so that no copy is left behind by one that grows.
        match Secret::from_utf8(line.to_vec()) {
            None => Err(bad(self.name, "it is not UTF-8")),
            Some(secret) if secret.expose().contains(['\n', '\r']) => {
                Err(bad(self.name, "it has more than one line"))
            }
            Some(secret) if secret.expose().chars().any(char::is_control) => {
                Err(bad(self.name, "it holds a control character"))
            }
            Some(secret) => Ok(secret),
        }
    }
}

/// Standard input without the library's buffer, in which a secret would stay.
#[cfg(unix)]
fn unbuffered_input() -> io::Result<impl Read> {
    use std::os::fd::AsFd;
    io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .map(std::fs::File::from)
}

#[cfg(not(unix))]
fn unbuffered_input() -> io::Result<impl Read> {
    Ok(io::stdin())
}

/// Asks for the name of the user whose password is asked for next.
///
/// # Errors
/// As of [`Credential::ask`].
pub(super) fn ask_user_name(terminal: &Terminal) -> Result<String, LoginError> {
    const NAME: &str = "user name";
    if !terminal.can_ask() {
        return Err(LoginError::NobodyToAsk(NAME));
    }
    match terminal.ask_line("User name:") {
        Ok(name) if name.is_empty() => Err(bad(NAME, "it is empty")),
        Ok(name) if name.chars().any(char::is_control) => {
            Err(bad(NAME, "it holds a control character"))
        }
        Ok(name) => Ok(name),
        Err(error) => Err(unasked(NAME, error)),
    }
}

/// Why there is no answer.
fn unasked(name: &'static str, error: PromptError) -> LoginError {
    match error {
        PromptError::Interrupted => LoginError::Interrupted,
        PromptError::NoTerminal => LoginError::NobodyToAsk(name),
        PromptError::Unanswered => LoginError::Unanswered(name),
        error => bad(name, error),
    }
}

fn bad(name: &'static str, problem: impl ToString) -> LoginError {
    LoginError::Unfit {
        name,
        problem: problem.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(bytes: &[u8]) -> Result<String, String> {
        match PASSWORD.from(bytes) {
            Ok(secret) => Ok(secret.expose().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn a_secret_is_one_line_without_its_end() {
        for (bytes, secret) in [
            (&b"hunter2"[..], "hunter2"),
            (b"hunter2\n", "hunter2"),
            (b"hunter2\r\n", "hunter2"),
            (b" two words \n", " two words "),
            ("pä\"ss\\wörd".as_bytes(), "pä\"ss\\wörd"),
        ] {
            assert_eq!(from(bytes).as_deref(), Ok(secret));
        }
        assert_eq!(from(&[b'x'; MAX]).unwrap().len(), MAX);
        let with_end = [&[b'x'; MAX][..], b"\r\n"].concat();
        assert_eq!(from(&with_end).unwrap().len(), MAX);
    }

    #[test]
    fn what_cannot_be_one_is_refused_and_not_shown() {
        let long = [b'x'; MAX + 1];
        for (bytes, why) in [
            (&b""[..], "empty"),
            (b"\n", "empty"),
            (b"\r\n", "empty"),
            (b"visible\nvisible\n", "more than one line"),
            (b"visible\n\n", "more than one line"),
            (b"visible\0", "control"),
            (b"visible\x1b[A", "control"),
            (b"visible\xff\xfe", "UTF-8"),
            (&long, "more than 1024 bytes"),
        ] {
            let refused = from(bytes).unwrap_err();
            assert!(refused.contains(why), "{refused}");
            assert!(!refused.contains("visible"), "{refused}");
        }
    }
}
