//! The words of the Chrome DevTools Protocol that are needed here: a command out, an event in.
//!
//! Of a message only these fields are looked at. What a page put into it (its title, the body of a post) is passed over
//! without being copied.

use super::intercept::Paused;
use serde::Deserialize;
use serde_json::{Value, json};

/// What the browser is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command<'c> {
    /// Say who you are: the first sign of life.
    Introduce,
    /// Announce every page, those that are there and each new one before it runs.
    AnnouncePages,
    /// Pause a page's requests for this address.
    Pause {
        /// The address, letter for letter.
        address: &'c str,
    },
    /// Say when the page loads and when it has loaded.
    WatchLoading,
    /// Let a page that waits for us run.
    Run,
    /// Go to an address.
    Open {
        /// The address.
        address: &'c str,
    },
    /// Answer a paused request with 307, which keeps its method and body.
    Redirect {
        /// The browser's name for the request.
        request: &'c str,
        /// Where to.
        address: &'c str,
    },
    /// Let a paused request go on.
    LetGo {
        /// The browser's name for the request.
        request: &'c str,
    },
    /// End.
    Close,
}

impl Command<'_> {
    /// The command as the browser reads it, for the page of a session or the browser itself.
    pub(super) fn written(self, id: u64, session: Option<&str>) -> Vec<u8> {
        let (method, parameters) = self.parts();
        let mut message = json!({"id": id, "method": method, "params": parameters});
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        bytes
    }

    fn parts(self) -> (&'static str, Value) {
        match self {
            Self::Introduce => ("Browser.getVersion", json!({})),
            Self::AnnouncePages => (
                "Target.setAutoAttach",
                json!({
                    "autoAttach": true,
                    "waitForDebuggerOnStart": true,
                    "flatten": true,
                    "filter": [{"type": "page"}],
                }),
            ),
            Self::Pause { address } => {
                let pattern = json!({
                    "urlPattern": literal(address),
                    "resourceType": "Document",
                    "requestStage": "Request",
                });
                ("Fetch.enable", json!({"patterns": [pattern]}))
            }
            Self::WatchLoading => ("Page.enable", json!({})),
            Self::Run => ("Runtime.runIfWaitingForDebugger", json!({})),
            Self::Open { address } => ("Page.navigate", json!({"url": address})),
            Self::Redirect { request, address } => (
                "Fetch.fulfillRequest",
                json!({
                    "requestId": request,
                    "responseCode": 307,
                    "responseHeaders": [
                        {"name": "Location", "value": address},
                        {"name": "Cache-Control", "value": "no-store"},
                    ],
                }),
            ),
            Self::LetGo { request } => ("Fetch.continueRequest", json!({"requestId": request})),
            Self::Close => ("Browser.close", json!({})),
        }
    }
}

/// An address as a pattern that it alone fits: `*`, `?` and `\` mean something there.
fn literal(address: &str) -> String {
    address.chars().fold(String::new(), |mut pattern, c| {
        if matches!(c, '*' | '?' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
        pattern
    })
}

/// What the browser says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The answer to a command.
    Answered {
        /// The command's number.
        id: u64,
        /// What went wrong, if so.
        problem: Option<String>,
    },
    /// There is a page.
    Attached {
        /// The session to talk to it in.
        session: String,
        /// The page, which is also the name of its main frame.
        page: String,
    },
    /// A page is gone.
    Detached {
        /// Its session.
        session: String,
    },
    /// A page's request waits.
    Paused {
        /// The page's session.
        session: String,
        /// The request.
        paused: Paused,
    },
    /// A frame begins to load, or has loaded.
    Loading {
        /// The page's session.
        session: String,
        /// The frame.
        frame: String,
        /// Which of the two.
        begins: bool,
    },
    /// Anything else.
    Other,
}

impl Event {
    /// Reads a message; `None` when it is none of the protocol.
    pub(super) fn read(message: &[u8]) -> Option<Self> {
        let message: Message = serde_json::from_slice(message).ok()?;
        if let Some(id) = message.id {
            let refused = message.error.map(|error| error.message);
            let failed = message.result.and_then(|result| result.error_text);
            let problem = refused.or(failed).filter(|problem| !problem.is_empty());
            return Some(Self::Answered { id, problem });
        }
        let parameters = message.params;
        Some(match message.method?.as_str() {
            "Target.attachedToTarget" => Self::Attached {
                session: parameters.session_id?,
                page: parameters.target_info?.target_id,
            },
            "Target.detachedFromTarget" => Self::Detached {
                session: parameters.session_id?,
            },
            "Fetch.requestPaused" => {
                let request = parameters.request?;
                Self::Paused {
                    session: message.session_id?,
                    paused: Paused {
                        request: parameters.request_id?,
                        frame: parameters.frame_id?,
                        resource: parameters.resource_type?,
                        method: request.method,
                        address: request.url,
                    },
                }
            }
            method @ ("Page.frameStartedLoading" | "Page.frameStoppedLoading") => Self::Loading {
                begins: method == "Page.frameStartedLoading",
                session: message.session_id?,
                frame: parameters.frame_id?,
            },
            _ => Self::Other,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    id: Option<u64>,
    method: Option<String>,
    session_id: Option<String>,
    #[serde(default)]
    params: Parameters,
    result: Option<Outcome>,
    error: Option<Failure>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Parameters {
    session_id: Option<String>,
    target_info: Option<TargetInfo>,
    request_id: Option<String>,
    frame_id: Option<String>,
    resource_type: Option<String>,
    request: Option<Request>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TargetInfo {
    target_id: String,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    error_text: Option<String>,
}

#[derive(Deserialize)]
struct Failure {
    message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_a_line_of_json_that_ends_with_a_nul() {
        let bytes = Command::Open {
            address: "https://idp.example/?a=\"b\"",
        }
        .written(7, Some("S"));
        let text = String::from_utf8(bytes).unwrap();
        let message: Value = serde_json::from_str(text.strip_suffix('\0').unwrap()).unwrap();
        assert_eq!(
            message,
            json!({
                "id": 7,
                "method": "Page.navigate",
                "params": {"url": "https://idp.example/?a=\"b\""},
                "sessionId": "S",
            })
        );
        let text = String::from_utf8(Command::Introduce.written(1, None)).unwrap();
        assert!(!text.contains("sessionId"), "{text}");
    }

    #[test]
    fn the_address_to_pause_at_is_no_pattern() {
        assert_eq!(literal("https://a/b*c?d\\e"), "https://a/b\\*c\\?d\\\\e");
    }

    #[test]
    fn a_paused_request_is_read_without_what_it_carries() {
        let message = br#"{"method":"Fetch.requestPaused","params":{"requestId":"R","request":{"url":"https://p/acs",
            "method":"POST","headers":{"A":"b"},"postData":"SAMLResponse=\ud800x","hasPostData":true,
            "postDataEntries":[{"bytes":"eA=="}]},"frameId":"F","resourceType":"Document"},"sessionId":"S"}"#;
        let expected = Event::Paused {
            session: "S".into(),
            paused: Paused {
                request: "R".into(),
                frame: "F".into(),
                resource: "Document".into(),
                method: "POST".into(),
                address: "https://p/acs".into(),
            },
        };
        assert_eq!(Event::read(message), Some(expected));
    }

    #[test]
    fn answers_tell_what_went_wrong() {
        let read = |text: &str| Event::read(text.as_bytes());
        let answered = |problem: Option<&str>| {
            Some(Event::Answered {
                id: 3,
                problem: problem.map(str::to_owned),
            })
        };
        assert_eq!(read(r#"{"id":3,"result":{}}"#), answered(None));
        assert_eq!(
            read(r#"{"id":3,"error":{"code":-1,"message":"no"}}"#),
            answered(Some("no"))
        );
        assert_eq!(
            read(r#"{"id":3,"result":{"frameId":"F","errorText":"net::ERR_X"}}"#),
            answered(Some("net::ERR_X"))
        );
    }

    #[test]
    fn what_is_not_of_the_protocol_is_nothing() {
        for text in [
            "",
            "{",
            "null",
            "[]",
            "3",
            "{}",
            "\u{0}",
            "{\"id\":-1}",
            "{\"id\":\"x\"}",
            "{\"method\":5}",
            "{\"method\":\"Fetch.requestPaused\"}",
            "{\"method\":\"Fetch.requestPaused\",\"params\":{\"requestId\":5}}",
            "{\"method\":\"Target.attachedToTarget\",\"params\":{\"sessionId\":\"S\"}}",
            "{\"method\":\"Target.attachedToTarget\",\"params\":[]}",
        ] {
            assert_eq!(Event::read(text.as_bytes()), None, "{text}");
        }
        assert_eq!(Event::read(b"\xff\xfe"), None);
        let deep = "[".repeat(100_000);
        assert_eq!(Event::read(deep.as_bytes()), None);
        assert_eq!(
            Event::read(br#"{"method":"Some.event","params":{"x":1}}"#),
            Some(Event::Other)
        );
    }

    proptest::proptest! {
        #[test]
        fn no_message_is_a_reason_to_panic(bytes: Vec<u8>) {
            let _ = Event::read(&bytes);
        }
    }
}
