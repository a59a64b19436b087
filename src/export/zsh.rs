//! zsh: single quotes as in POSIX, but under the option `RC_QUOTES` two of them in a row mean one. So a single quote is
//! written outside the quotes, as `\'`, and an empty pair of quotes appears only where the whole value is empty.

pub(super) fn export(name: &str, value: &str) -> Option<String> {
    // A variable ends at a NUL, so it cannot hold one.
    if value.contains('\0') {
        return None;
    }
    let mut line = format!("export {name}=");
    if value.is_empty() {
        line.push_str("''");
    }
    for (count, part) in value.split('\'').enumerate() {
        if count > 0 {
            line.push_str(r"\'");
        }
        if !part.is_empty() {
            line.push('\'');
            line.push_str(part);
            line.push('\'');
        }
    }
    line.push('\n');
    Some(line)
}

pub(super) fn unset(name: &str) -> String {
    format!("unset {name}\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_single_quote_stands_outside_the_quotes() {
        let line = |value| super::export("A", value).unwrap();
        assert_eq!(line("it's"), "export A='it'\\''s'\n");
        assert_eq!(line("''"), "export A=\\'\\'\n");
        assert_eq!(line(""), "export A=''\n");
    }
}
