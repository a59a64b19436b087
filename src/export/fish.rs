//! fish: between single quotes only `\\` and `\'` mean something else than themselves.

pub(super) fn export(name: &str, value: &str) -> Option<String> {
    // A variable ends at a NUL, so it cannot hold one.
    if value.contains('\0') {
        return None;
    }
    let escaped = value.replace('\\', r"\\").replace('\'', r"\'");
    Some(format!("set -g -x {name} '{escaped}'\n"))
}

pub(super) fn unset(name: &str) -> String {
    format!("set -e -g {name}\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn backslashes_and_quotes_are_escaped() {
        assert_eq!(
            super::export("A", r"a\'b\").as_deref(),
            Some("set -g -x A 'a\\\\\\'b\\\\'\n")
        );
    }
}
