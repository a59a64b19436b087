//! PowerShell: between single quotes every character stands for itself, but a single quote, which is doubled.
//!
//! It reads a program's output line by line and in the console's code page, and takes four typographic quotes for
//! single ones, too. So only visible ASCII and spaces are handed to it, which no reading changes.

pub(super) fn export(name: &str, value: &str) -> Option<String> {
    let is_plain = |byte: u8| (b' '..=b'~').contains(&byte);
    if !value.bytes().all(is_plain) {
        return None;
    }
    Some(format!("$env:{name} = '{}'\n", value.replace('\'', "''")))
}

/// An environment variable that is set to nothing is removed.
pub(super) fn unset(name: &str) -> String {
    format!("$env:{name} = $null\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        let value = "it's $(id) `n \"x\" \\ ; & | %PATH% #";
        let line = "$env:A = 'it''s $(id) `n \"x\" \\ ; & | %PATH% #'\n";
        assert_eq!(export("A", value).as_deref(), Some(line));
        assert_eq!(unset("A"), "$env:A = $null\n");
    }

    #[test]
    fn what_its_reading_would_change_is_refused() {
        for value in [
            "a\nb", "a\rb", "a\tb", "\u{1b}", "\u{7f}", "‘", "’", "‚", "‛", "ä", "\u{85}",
            "\u{2028}",
        ] {
            assert_eq!(export("A", value), None, "{value:?}");
        }
    }
}
