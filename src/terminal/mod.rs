//! The person at the terminal: what is said, asked and handed out.
//!
//! Standard output carries only what is handed out (a token, an export line, a table that was asked for), so that it
//! can be piped and evaluated. Everything said to a person goes to standard error. This module and `main` are the only
//! ones that write to either; the lints of Cargo.toml hold that.

mod interrupt;
mod prompt;

pub use interrupt::{Watch, outlast_interruptions};
pub use prompt::PromptError;

use crate::token::AccessToken;
use anstyle::{AnsiColor, Style};
use std::io::{self, IsTerminal, Write};
use std::time::Duration;
use zeroize::Zeroizing;

/// The terminal, or what stands in its place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal {
    detailed: bool,
}

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();

/// What a word in a table stands out by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tint {
    /// As it should be.
    Good,
    /// To be looked at.
    Doubt,
    /// Wrong.
    Bad,
    /// Less than what stands around it.
    Quiet,
    /// More than what stands around it.
    Strong,
}

impl Tint {
    /// The text in this tint, for [`Terminal::hand_out_tinted`].
    pub fn on(self, text: &str) -> String {
        let style = match self {
            Self::Good => GREEN,
            Self::Doubt => YELLOW,
            Self::Bad => RED,
            Self::Quiet => DIM,
            Self::Strong => BOLD,
        };
        format!("{style}{text}{style:#}")
    }
}

impl Terminal {
    /// A terminal that says what a person wants to follow; when `detailed`, also where each value came from and what
    /// each check found. Never a secret.
    pub fn new(detailed: bool) -> Self {
        Self { detailed }
    }

    /// Says a line.
    pub fn say(&self, line: &str) {
        write_line(line);
    }

    /// Says a line that stands out: the address to open, the command to type.
    pub fn show(&self, line: &str) {
        self.say(&format!("  {BOLD}{line}{BOLD:#}"));
    }

    /// Says that a stage went well.
    pub fn done(&self, line: &str) {
        self.say(&format!("{GREEN}✓{GREEN:#} {line}"));
    }

    /// Says a label and its value, in a column.
    pub fn field(&self, label: &str, value: &str) {
        self.say(&format!("  {DIM}{label:<13}{DIM:#} {value}"));
    }

    /// Says what only a curious reader wants.
    pub fn detail(&self, line: &str) {
        if self.detailed {
            write_line(&format!("{DIM}{line}{DIM:#}"));
        }
    }

    /// Says what may be wrong; work goes on.
    pub fn warn(&self, line: &str) {
        write_line(&format!("{YELLOW}warning:{YELLOW:#} {line}"));
    }

    /// Says why a command failed, with the facts below it and what to do next.
    pub fn fail(&self, sentence: &str, facts: &[(&str, String)], hints: &[String]) {
        let mut text = format!("{RED}error:{RED:#} {sentence}");
        for (label, value) in facts {
            text += &format!("\n  {DIM}{label:<9}{DIM:#} {value}");
        }
        for hint in hints {
            text += &format!("\n{BOLD}hint:{BOLD:#} {hint}");
        }
        write_line(&text);
    }

    /// Hands a text out on standard output, as it is.
    ///
    /// # Errors
    /// When standard output does not take it. A reader that has gone away is no error: it has what it wanted.
    pub fn hand_out(&self, text: &str) -> io::Result<()> {
        let mut output = io::stdout().lock();
        match output
            .write_all(text.as_bytes())
            .and_then(|()| output.flush())
        {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }

    /// Hands a text with [`Tint`]s out on standard output; they are only to be seen where that is a screen.
    ///
    /// # Errors
    /// As [`Terminal::hand_out`].
    pub fn hand_out_tinted(&self, text: &str) -> io::Result<()> {
        let mut output = anstream::stdout().lock();
        match output
            .write_all(text.as_bytes())
            .and_then(|()| output.flush())
        {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }

    /// Hands a token out on standard output, with a new line after it. See [`Terminal::hand_out`].
    ///
    /// # Errors
    /// As [`Terminal::hand_out`].
    pub fn hand_out_token(&self, token: &AccessToken) -> io::Result<()> {
        let line = Zeroizing::new(format!("{}\n", token.expose()));
        self.hand_out(&line)
    }

    /// Asks for a line at the terminal; white space around it does not count.
    ///
    /// # Errors
    /// [`PromptError`], when there is no terminal to ask at, nothing comes in time, or it was interrupted.
    pub fn ask_line(&self, question: &str) -> Result<String, PromptError> {
        let ask = || write_line(&format!("{BOLD}{question}{BOLD:#}"));
        Ok(prompt::read_line(ask)?.trim().to_owned())
    }

    /// Whether what is handed out ends on a screen, where a secret would stay to be seen.
    pub fn hands_out_to_a_screen(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// How many characters a line has of what is handed out to a screen; `None` where it goes elsewhere.
    pub fn width(&self) -> Option<usize> {
        #[cfg(unix)]
        return rustix::termios::tcgetwinsize(io::stdout())
            .ok()
            .map(|size| usize::from(size.ws_col))
            .filter(|columns| *columns > 0);
        #[cfg(not(unix))]
        self.hands_out_to_a_screen().then_some(80)
    }

    /// Asks a question at the terminal; only a clear yes is one. Where there is no terminal, or Ctrl-C comes in place of
    /// an answer, it is no.
    pub fn confirm(&self, question: &str) -> bool {
        let ask = || write_line(&format!("{BOLD}{question}{BOLD:#} [y/N]"));
        self.can_ask()
            && prompt::read_line(ask).is_ok_and(|answer| {
                matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
            })
    }

    /// Whether somebody can be asked something: there is a terminal, and the question would be seen on it.
    pub fn can_ask(&self) -> bool {
        io::stderr().is_terminal() && prompt::is_there()
    }

    /// Whether what is said reaches a screen, where somebody may read it and act on it.
    pub fn is_watched(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// Asks for a secret, and reads the line that is typed, with its end, without showing it.
    ///
    /// # Errors
    /// [`PromptError`], when there is no terminal to ask at, nothing comes in time, or it was interrupted.
    pub fn ask_secret(
        &self,
        question: &str,
        patience: Duration,
    ) -> Result<Zeroizing<Vec<u8>>, PromptError> {
        let ask = || write_line(&format!("{BOLD}{question}{BOLD:#}"));
        prompt::read_secret(patience, ask)
    }

    /// Reads a long answer, such as a pasted response, without showing it.
    ///
    /// # Errors
    /// [`PromptError`], when there is no terminal to ask at, or the answer is too long, or it was interrupted.
    pub fn ask_unseen(&self, limit: usize) -> Result<Vec<u8>, PromptError> {
        prompt::read_unseen(limit, || write_line("Response (not shown):"))
    }
}

fn write_line(line: &str) {
    // Nobody is left to be told when standard error is gone, so the result is dropped.
    let _ = writeln!(anstream::stderr().lock(), "{line}");
}
