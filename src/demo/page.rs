//! The demo identity provider's two pages: who signs in, and the form that carries the response away.
//!
//! The pages are well-formed XML after their first line, so that whoever plays the browser (see [`super::visitor`])
//! reads their forms with the parser that is here anyway.

use super::Person;
use crate::xml::escape_attribute;

const STYLE: &str = include_str!("../../templates/demo.css");
const SIGN_IN: &str = include_str!("../../templates/demo_sign_in.html");
const PERSON: &str = include_str!("../../templates/demo_person.html");
const POST: &str = include_str!("../../templates/demo_post.html");

/// The page that asks who signs in. `nonce` marks what its content security policy lets run.
pub(super) fn sign_in(people: &[Person], relay_state: &str, acs: &str, nonce: &str) -> String {
    let buttons: String = people.iter().map(button).collect();
    fill(
        SIGN_IN,
        &[
            ("nonce", nonce),
            ("style", STYLE),
            ("relay_state", &escape_attribute(relay_state)),
            ("people", &buttons),
            ("acs", &escape_attribute(acs)),
        ],
    )
}

/// The page whose form posts `response` (base64) to the service; it needs no click where scripts run.
pub(super) fn post(
    person: &Person,
    response: &str,
    relay_state: Option<&str>,
    acs: &str,
    nonce: &str,
) -> String {
    let relay_state = relay_state.map_or_else(String::new, |text| {
        format!(
            r#"<input type="hidden" name="RelayState" value="{}"/>"#,
            escape_attribute(text)
        )
    });
    fill(
        POST,
        &[
            ("nonce", nonce),
            ("style", STYLE),
            ("name", &escape_attribute(&person.full_name())),
            ("acs", &escape_attribute(acs)),
            ("response", response),
            ("relay_state", &relay_state),
        ],
    )
}

/// What the two pages may do: their own style, their own script, and a form.
///
/// `form-action` is left out on purpose: browsers hold it against every redirect of the post as well, and a capture
/// may redirect it.
pub(super) fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; \
         base-uri 'none'; frame-ancestors 'none'"
    )
}

fn button(person: &Person) -> String {
    let initials: String = [person.first_name, person.last_name]
        .iter()
        .filter_map(|name| name.chars().next())
        .collect();
    fill(
        PERSON,
        &[
            ("username", &escape_attribute(person.username)),
            ("initials", &escape_attribute(&initials)),
            ("name", &escape_attribute(&person.full_name())),
            ("role", &escape_attribute(person.role)),
        ],
    )
}

/// Puts values in the places of their names, in one pass: what a value says is never read as a place.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut page = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            break;
        };
        let value = values.iter().find(|(known, _)| *known == name);
        page.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    page.push_str(rest);
    page
}

#[cfg(test)]
mod tests {
    use super::super::PEOPLE;
    use super::*;
    use crate::xml::{Limits, parse};

    fn parses(page: &str) {
        let (first, rest) = page.split_once('\n').unwrap();
        assert_eq!(first, "<!doctype html>");
        parse(rest.as_bytes(), &Limits::RESPONSE).unwrap();
    }

    #[test]
    fn both_pages_are_well_formed_whatever_is_put_into_them() {
        let hostile = "\"><script>alert(1)</script>{{style}}&";
        let asked = sign_in(&PEOPLE, hostile, hostile, "n0");
        let posted = post(&PEOPLE[0], "PHg+", Some(hostile), hostile, "n0");
        for page in [&asked, &posted] {
            parses(page);
            assert!(!page.contains("<script>alert"), "{page}");
            assert_eq!(page.matches(STYLE).count(), 1);
        }
        assert!(!posted.contains("name=\"user\""));
        assert_eq!(asked.matches("name=\"user\"").count(), PEOPLE.len());
    }

    #[test]
    fn a_relay_state_is_sent_only_where_there_is_one() {
        let page = |relay_state| post(&PEOPLE[0], "PHg+", relay_state, "http://127.0.0.1:1/", "n0");
        assert!(!page(None).contains("RelayState"));
        assert!(page(Some("x")).contains(r#"name="RelayState" value="x""#));
    }
}
