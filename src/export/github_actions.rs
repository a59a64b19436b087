//! GitHub Actions: a line that has a value masked in the log, and the lines of the file `$GITHUB_ENV`, which sets
//! variables for the steps that follow. In both a new line would begin another command or variable, and `%` begins an
//! escape in the first.

use super::is_plain;

/// The command, on standard output, that masks a value.
pub(super) fn mask(value: &str) -> Option<String> {
    is_plain(value).then(|| format!("::add-mask::{value}\n"))
}

/// A line of `$GITHUB_ENV`.
pub(super) fn line(name: &str, value: &str) -> Option<String> {
    is_plain(value).then(|| format!("{name}={value}\n"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_value_begins_another_line() {
        assert_eq!(super::mask("8c4b").as_deref(), Some("::add-mask::8c4b\n"));
        assert_eq!(super::line("A", "8c4b").as_deref(), Some("A=8c4b\n"));
        for value in ["", "a\nPATH=/tmp", "a\r", "a%0Ab"] {
            assert_eq!((super::mask(value), super::line("A", value)), (None, None));
        }
    }
}
