//! bash and the other shells of the POSIX command language (POSIX.1-2024, Shell Command Language, 2.2.2): between
//! single quotes every character stands for itself, but a single quote, which is written as `'\''`.

pub(super) fn export(name: &str, value: &str) -> Option<String> {
    // A variable ends at a NUL, so it cannot hold one.
    if value.contains('\0') {
        return None;
    }
    Some(format!(
        "export {name}='{}'\n",
        value.replace('\'', r"'\''")
    ))
}

pub(super) fn unset(name: &str) -> String {
    format!("unset {name}\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_single_quote_leaves_the_quotes_and_comes_back() {
        assert_eq!(
            super::export("A", "it's").as_deref(),
            Some("export A='it'\\''s'\n")
        );
    }
}
