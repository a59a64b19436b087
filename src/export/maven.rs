//! Maven's `settings.xml`, in which Exchange takes a token as the password of the user `~~~Token~~~`.

use crate::xml::escape_text;

const TEMPLATE: &str = include_str!("../../templates/settings.xml");

/// A whole `settings.xml`.
pub(super) fn settings(token: &str) -> Option<String> {
    // Maven puts values of its own in the place of ${…}, and takes {…} for a password that it has encrypted itself.
    if token.contains(['$', '{']) || token.chars().any(char::is_control) {
        return None;
    }
    Some(TEMPLATE.replace("{{token}}", &escape_text(token)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_token_is_escaped_and_no_expression() {
        let settings = super::settings("a<b>&c").unwrap();
        assert!(
            settings.contains("<password>a&lt;b&gt;&amp;c</password>"),
            "{settings}"
        );
        assert!(!settings.contains("{{"));
        for token in ["${env.HOME}", "{8c4b=}", "a\nb"] {
            assert_eq!(super::settings(token), None, "{token:?}");
        }
    }
}
