//! cmd: between the quotes of `set "NAME=VALUE"` most characters stand for themselves, but `%`, `^`, `!` and a quote mean
//! something else in one mode or another, and nothing escapes them in all. So only what means nothing anywhere is
//! handed to it: tokens and host names are written in that.

use super::is_plain;

pub(super) fn export(name: &str, value: &str) -> Option<String> {
    is_plain(value).then(|| format!("set \"{name}={value}\"\n"))
}

/// A variable that is set to nothing is removed.
pub(super) fn unset(name: &str) -> String {
    format!("set \"{name}=\"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_means_nothing_to_it_is_written() {
        assert_eq!(
            export("A", "aZ09-._~+/=:").as_deref(),
            Some("set \"A=aZ09-._~+/=:\"\n")
        );
        for value in [
            "", "a b", "%PATH%", "a\"b", "a^b", "a!b!", "a&b", "a\nb", "ä",
        ] {
            assert_eq!(export("A", value), None, "{value:?}");
        }
    }
}
