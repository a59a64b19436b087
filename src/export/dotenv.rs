//! dotenv: there is no standard, and readers differ in what quotes, `#`, `$` and backslashes mean (Docker takes quotes for
//! a part of the value). So only values that every reader takes as they are, without quotes, are written.

use super::is_plain;

pub(super) fn line(name: &str, value: &str) -> Option<String> {
    is_plain(value).then(|| format!("{name}={value}\n"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_that_readers_differ_in_is_written() {
        assert_eq!(
            super::line("A", "8c4b-1/x=").as_deref(),
            Some("A=8c4b-1/x=\n")
        );
        for value in ["", "'a'", "\"a\"", "a#b", "a $b", "a\\b", "a\nb"] {
            assert_eq!(super::line("A", value), None, "{value:?}");
        }
    }
}
