//! A curl config file (`curl --config`): in double quotes, backslashes escape. The header that carries the token (RFC 6750,
//! section 2.1) is then on no command line.

pub(super) fn config(token: &str) -> Option<String> {
    // A new line in a header would begin another one.
    if token.chars().any(char::is_control) {
        return None;
    }
    let escaped = token.replace('\\', r"\\").replace('"', "\\\"");
    Some(format!("header = \"Authorization: Bearer {escaped}\"\n"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn quotes_and_backslashes_are_escaped_and_lines_refused() {
        let line = "header = \"Authorization: Bearer a\\\"b\\\\\"\n";
        assert_eq!(super::config("a\"b\\").as_deref(), Some(line));
        assert_eq!(super::config("a\nb"), None);
        assert_eq!(super::config("a\u{85}b"), None);
    }
}
