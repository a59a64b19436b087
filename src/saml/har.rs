//! The response in a HAR export (HTTP Archive 1.2): what the developer tools of a browser save of a session.
//!
//! An export holds everything that the browser saw, cookies and passwords included, in tens of megabytes. Only the
//! bodies of posts are read from it.

use super::error::DecodeError;
use serde::Deserialize;

#[derive(Deserialize)]
struct Archive {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    request: Request,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    #[serde(rename = "postData")]
    body: Option<Body>,
}

/// What was posted: as it was sent, or field by field, or both; browsers differ.
#[derive(Deserialize)]
struct Body {
    text: Option<String>,
    params: Option<Vec<Field>>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    value: Option<String>,
}

impl Body {
    /// The form as it was sent, where it has the field at all.
    fn form(self) -> Option<Vec<u8>> {
        let is_field = |field: &str| field.starts_with("SAMLResponse=");
        let text = self.text.as_deref().unwrap_or_default().trim();
        if text.split('&').any(is_field) {
            return Some(text.as_bytes().to_vec());
        }
        // Some give the fields alone, with their values decoded or as they were sent; `Form` tells which.
        let fields: Vec<_> = self
            .params
            .iter()
            .flatten()
            .filter(|field| field.name == "SAMLResponse")
            .map(|field| {
                format!(
                    "SAMLResponse={}",
                    field.value.as_deref().unwrap_or_default()
                )
            })
            .collect();
        (!fields.is_empty()).then(|| fields.join("&").into_bytes())
    }
}

/// The body of the last post of a response: an earlier one was another sign-in, or the way to this one.
pub(super) fn last_form(export: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let archive: Archive = serde_json::from_slice(export).map_err(|_| DecodeError::Archive)?;
    let posts = archive
        .log
        .entries
        .into_iter()
        .map(|entry| entry.request)
        .filter(|request| request.method.eq_ignore_ascii_case("POST"));
    posts
        .rev()
        .find_map(|request| request.body?.form())
        .ok_or(DecodeError::NoPost)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn export(posts: &[&str]) -> String {
        let entries: Vec<_> = posts
            .iter()
            .map(|post| {
                format!(
                    r#"{{"startedDateTime":"2026-01-15T12:00:00Z","request":{{"url":"https://x/","cookies":[{{"name":"c"}}],{post}}},"response":{{"status":200}}}}"#
                )
            })
            .collect();
        format!(
            "\u{feff}{{\"log\":{{\"version\":\"1.2\",\"entries\":[{}]}}}}",
            entries.join(",")
        )
        .trim_start_matches('\u{feff}')
        .to_owned()
    }

    fn form(posts: &[&str]) -> Result<String, DecodeError> {
        last_form(export(posts).as_bytes()).map(|form| String::from_utf8(form).unwrap())
    }

    #[test]
    fn the_last_post_of_a_response_is_taken() {
        let posts = [
            r#""method":"GET""#,
            r#""method":"POST","postData":{"mimeType":"x","text":"SAMLResponse=AAAA"}"#,
            r#""method":"POST","postData":{"mimeType":"x","text":"RelayState=r&SAMLResponse=BBBB"}"#,
            r#""method":"POST","postData":{"mimeType":"x","text":"NotSAMLResponse=CCCC"}"#,
            r#""method":"PUT","postData":{"mimeType":"x","text":"SAMLResponse=DDDD"}"#,
            r#""method":"POST""#,
        ];
        assert_eq!(form(&posts).unwrap(), "RelayState=r&SAMLResponse=BBBB");
    }

    #[test]
    fn fields_are_taken_decoded_or_as_they_were_sent() {
        for value in ["a+b=", "a%2Bb%3D"] {
            let post = format!(
                r#""method":"POST","postData":{{"params":[{{"name":"RelayState"}},{{"name":"SAMLResponse","value":"{value}"}}]}}"#
            );
            assert_eq!(form(&[&post]).unwrap(), format!("SAMLResponse={value}"));
        }
    }

    #[test]
    fn what_is_null_is_not_there() {
        let field =
            r#"[{"name":"RelayState","value":null},{"name":"SAMLResponse","value":"AAAA"}]"#;
        for body in [
            format!(r#"{{"text":null,"params":{field}}}"#),
            r#"{"text":"SAMLResponse=AAAA","params":null}"#.to_owned(),
        ] {
            let posts = [
                &format!(r#""method":"POST","postData":{body}"#),
                r#""method":"POST","postData":null"#,
            ];
            assert_eq!(form(&posts).unwrap(), "SAMLResponse=AAAA");
        }
    }

    #[test]
    fn an_export_without_one_and_other_json_say_so() {
        assert_eq!(form(&[r#""method":"GET""#]), Err(DecodeError::NoPost));
        assert_eq!(form(&[]), Err(DecodeError::NoPost));
        for other in ["{}", "{\"log\":[]}", "{\"log\":{\"entries\":[1]}}", "{"] {
            assert_eq!(last_form(other.as_bytes()), Err(DecodeError::Archive));
        }
        let deep = "[".repeat(100_000);
        let deep = format!("{{\"log\":{{\"x\":{deep}");
        assert_eq!(last_form(deep.as_bytes()), Err(DecodeError::Archive));
    }
}
