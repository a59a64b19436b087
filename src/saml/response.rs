//! `samlp:Response` (Core 3.3.3), as far as a login reads it.

use super::names::{ASSERTION, DateTime, PROTOCOL, attribute, children, plain_text};
use crate::xml::Element;

/// What is written on the outside of an assertion.
#[derive(Clone, Debug)]
pub(super) struct Response {
    pub(super) issue_instant: Option<DateTime>,
    pub(super) destination: Option<String>,
    pub(super) in_response_to: Option<String>,
    /// One at most, says the schema.
    pub(super) issuers: Vec<Issuer>,
    /// Exactly one, says the schema.
    pub(super) statuses: Vec<Status>,
}

/// `saml:Issuer` (Core 2.2.5).
#[derive(Clone, Debug)]
pub(super) struct Issuer {
    pub(super) name: String,
    pub(super) format: Option<String>,
}

/// `samlp:Status` (Core 3.2.2.1).
#[derive(Clone, Debug)]
pub(super) struct Status {
    /// Exactly one, says the schema.
    pub(super) codes: Vec<StatusCode>,
    pub(super) message: Option<String>,
}

/// A top-level `samlp:StatusCode` with the codes inside it, of whatever depth (Core 3.2.2.2).
#[derive(Clone, Debug)]
pub(super) struct StatusCode {
    pub(super) value: Option<String>,
    pub(super) nested: Vec<Option<String>>,
}

impl Response {
    pub(super) fn read(element: Element<'_>) -> Self {
        Self {
            issue_instant: DateTime::read(element, "IssueInstant"),
            destination: attribute(element, "Destination"),
            in_response_to: attribute(element, "InResponseTo"),
            issuers: Issuer::read_all(element),
            statuses: Status::read_all(element),
        }
    }
}

impl Issuer {
    pub(super) fn read_all(parent: Element<'_>) -> Vec<Self> {
        children(parent, ASSERTION, "Issuer")
            .map(|issuer| Self {
                name: plain_text(issuer).into_owned(),
                format: attribute(issuer, "Format"),
            })
            .collect()
    }
}

impl Status {
    pub(super) fn read_all(response: Element<'_>) -> Vec<Self> {
        children(response, PROTOCOL, "Status")
            .map(Self::read)
            .collect()
    }

    fn read(status: Element<'_>) -> Self {
        let code = |code: Element<'_>| StatusCode {
            value: attribute(code, "Value"),
            nested: code
                .descendants()
                .filter(|inner| inner.is(PROTOCOL, "StatusCode"))
                .map(|inner| attribute(inner, "Value"))
                .collect(),
        };
        Self {
            codes: children(status, PROTOCOL, "StatusCode").map(code).collect(),
            message: children(status, PROTOCOL, "StatusMessage")
                .map(|message| message.text().into_owned())
                .next(),
        }
    }
}
