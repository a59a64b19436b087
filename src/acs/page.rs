//! The pages that the browser shows, and the header fields of every answer.
//!
//! A page is made of constants and of what the login found out itself. Nothing of a request is ever in it. There is no
//! script, nothing is loaded, and the one style sheet is named in the policy by its digest.

use crate::foreign;
use crate::loopback::Response;

const TEMPLATE: &str = include_str!("../../templates/page.html");
const STYLE: &str = include_str!("../../templates/page.css");

/// The header fields of every answer, errors and the missing icon included: nothing may run, load,
/// frame, keep or pass on these pages. The digest is that of `templates/page.css`; a test says what it should be.
pub const HEADERS: &[(&str, &str)] = &[
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'sha256-M+TPZ9jr57FsFL5RwKUC/ATWHQnijF9owDuGRRFP0cQ='; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
];

/// What a page is about, which is also its colour and its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It went well.
    Good,
    /// It did not.
    Bad,
    /// It goes on.
    Busy,
    /// Nothing happens here.
    Quiet,
}

/// A page. Its texts are plain: they are escaped when the page is written, and the values, which may be words of
/// others, are made fit to be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The status code that it is sent with.
    pub status: u16,
    /// What it is about.
    pub tone: Tone,
    /// The heading, a few words.
    pub title: String,
    /// A sentence or two.
    pub text: String,
    /// Labels and values.
    pub details: Vec<(String, String)>,
    /// What to do next.
    pub next: String,
}

impl Page {
    /// The end of a login that went well: who signed in, and where. More details may be pushed.
    pub fn signed_in(user: &str, organization: &str) -> Self {
        Self {
            status: 200,
            tone: Tone::Good,
            title: "You are signed in".into(),
            text: "Your terminal has received the token.".into(),
            details: vec![
                ("Signed in as".into(), user.into()),
                ("Organization".into(), organization.into()),
            ],
            next: "Go back to your terminal. You can close this tab.".into(),
        }
    }

    /// The end of a login that did not go well: the rule in words, and what to do about it.
    pub fn failed(rule: &str, cure: &str) -> Self {
        Self {
            status: 200,
            tone: Tone::Bad,
            title: "The sign-in failed".into(),
            text: rule.into(),
            details: Vec::new(),
            next: format!("{cure} Your terminal says more; you can close this tab.")
                .trim_start()
                .into(),
        }
    }

    /// The answer to a post that is nobody's login: the rule in words. The wait goes on.
    pub fn refused(status: u16, rule: &str) -> Self {
        Self {
            status,
            tone: Tone::Bad,
            title: "This response was not accepted".into(),
            text: rule.into(),
            details: Vec::new(),
            next: "Your terminal says why, and is still waiting: start again from the page that it opened."
                .into(),
        }
    }

    /// Behind the post, until there is a verdict.
    pub(super) fn checking() -> Self {
        Self {
            status: 200,
            tone: Tone::Busy,
            title: "Finishing your sign-in".into(),
            text: "Your identity provider\u{2019}s response has arrived and is being checked. This takes a moment."
                .into(),
            details: Vec::new(),
            next: String::new(),
        }
    }

    /// The listener's address, opened by hand.
    pub(super) fn awaiting_post() -> Self {
        Self {
            status: 405,
            tone: Tone::Quiet,
            title: "Waiting for your sign-in".into(),
            text: "Your identity provider\u{2019}s page sends its response to this address. There is nothing to see here."
                .into(),
            details: Vec::new(),
            next: "Sign in on the page that your terminal opened.".into(),
        }
    }

    pub(super) fn nothing_here(status: u16) -> Self {
        Self {
            status,
            tone: Tone::Quiet,
            title: "Nothing here".into(),
            text: "A sign-in in your terminal uses this address; there is nothing to see here."
                .into(),
            details: Vec::new(),
            next: String::new(),
        }
    }

    /// For a post that came as the login ended for another reason.
    pub(super) fn ended() -> Self {
        Self {
            status: 503,
            tone: Tone::Bad,
            title: "The sign-in has ended".into(),
            text: "Your terminal no longer waits for a response.".into(),
            details: Vec::new(),
            next: "Start the sign-in again in your terminal.".into(),
        }
    }

    /// The page as an answer.
    pub fn response(&self) -> Response {
        Response::new(self.status, "text/html; charset=utf-8", self.html())
    }

    /// The page as HTML.
    pub fn html(&self) -> String {
        let rows: String = self
            .details
            .iter()
            .map(|(label, value)| {
                let (label, value) = (escape(label), escape(&foreign::brief(value)));
                format!("<div><dt>{label}</dt><dd><bdi>{value}</bdi></dd></div>\n")
            })
            .collect();
        let details = match rows.as_str() {
            "" => rows,
            rows => format!("<dl>\n{rows}</dl>\n"),
        };
        let (tone, mark) = match self.tone {
            Tone::Good => ("good", TICK),
            Tone::Bad => ("bad", CROSS),
            Tone::Busy => ("busy", RING),
            Tone::Quiet => ("quiet", DOTS),
        };
        fill(
            TEMPLATE,
            &[
                ("style", STYLE),
                ("tone", tone),
                ("mark", mark),
                ("title", &escape(&self.title)),
                ("text", &escape(&self.text)),
                ("details", &details),
                ("next", &escape(&self.next)),
            ],
        )
    }
}

const TICK: &str =
    r#"<circle class="disc" cx="32" cy="32" r="30"/><path class="line" d="M20 33.5l8 8 16-18"/>"#;
const CROSS: &str = r#"<circle class="disc" cx="32" cy="32" r="30"/><path class="line" d="M23 23l18 18M41 23L23 41"/>"#;
const RING: &str = r#"<circle class="track" cx="32" cy="32" r="26"/><path class="line turn" d="M32 6a26 26 0 0 1 26 26"/>"#;
const DOTS: &str = r#"<circle class="disc" cx="32" cy="32" r="30"/><circle class="dot" cx="20" cy="32" r="3"/><circle class="dot" cx="32" cy="32" r="3"/><circle class="dot" cx="44" cy="32" r="3"/>"#;

/// Puts values, which are HTML already, in the places `{{name}}` of a template. What is put in is not looked at again,
/// so that no value can name a place.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut parts = template.split("{{");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}").unwrap_or(("", part));
        let value = values.iter().find(|(known, _)| *known == name);
        filled.extend([value.map_or("", |(_, value)| value), rest]);
    }
    filled
}

/// A text as HTML, for the content of elements and for attribute values in double or single quotes.
pub fn escape(text: &str) -> String {
    text.chars().fold(
        String::with_capacity(text.len()),
        |mut escaped, character| {
            match character {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '"' => escaped.push_str("&quot;"),
                '\'' => escaped.push_str("&#39;"),
                other => escaped.push(other),
            }
            escaped
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_others_cannot_leave_their_place() {
        let evil = "</dd><script>alert('1')</script>{{style}}\u{202e}\"";
        let html = Page::signed_in(evil, "Acme").html();
        assert!(!html.contains("<script"), "{html}");
        assert!(!html.contains('\u{202e}'), "{html}");
        assert!(
            html.contains(
                "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;{{style}}\\u{202e}&quot;"
            )
        );
        assert!(!Page::failed(evil, evil).html().contains("<script"));
    }

    #[test]
    fn a_page_is_whole_and_loads_nothing() {
        for page in [
            Page::signed_in("max", "Acme"),
            Page::failed("The rule.", "The cure."),
            Page::refused(400, "The rule."),
            Page::checking(),
            Page::awaiting_post(),
            Page::nothing_here(404),
            Page::ended(),
        ] {
            let html = page.html();
            assert!(!html.contains("{{") && !html.contains("}}"), "{html}");
            for other in [
                "http", "src=", "url(", "@import", " style=", "<script", "onload",
            ] {
                assert!(!html.contains(other), "{other:?} in {html}");
            }
        }
    }

    #[test]
    fn a_page_without_details_has_no_empty_list() {
        assert!(!Page::checking().html().contains("<dl>"));
    }
}
