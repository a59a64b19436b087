//! `saml:Assertion` (Core 2.3.3), as far as a login reads it.
//!
//! What the schema allows once is read as a list here: a second one is for the rules to see, not for a reader to
//! overlook.

use super::names::{ASSERTION, DateTime, attribute, children, plain_text};
use super::report::Attribute;
use super::response::Issuer;
use crate::xml::Element;

/// Who was signed in, by whom, for whom and until when.
#[derive(Clone, Debug)]
pub(super) struct Assertion {
    pub(super) id: Option<String>,
    pub(super) issue_instant: Option<DateTime>,
    pub(super) issuers: Vec<Issuer>,
    pub(super) subjects: Vec<Subject>,
    pub(super) conditions: Vec<Conditions>,
    pub(super) authn_statements: Vec<AuthnStatement>,
    pub(super) attributes: Vec<Attribute>,
}

/// `saml:NameID` (Core 2.2.3).
#[derive(Clone, Debug)]
pub(super) struct NameId {
    pub(super) name: String,
    pub(super) format: Option<String>,
}

/// `saml:Subject` (Core 2.4.1).
#[derive(Clone, Debug)]
pub(super) struct Subject {
    /// Without the white space around it, which some identity providers write for the eye.
    pub(super) name_ids: Vec<NameId>,
    /// `saml:EncryptedID`: a user whom only the platform can read.
    pub(super) encrypted_ids: usize,
    pub(super) confirmations: Vec<SubjectConfirmation>,
}

/// `saml:SubjectConfirmation` (Core 2.4.1.1).
#[derive(Clone, Debug)]
pub(super) struct SubjectConfirmation {
    pub(super) method: Option<String>,
    pub(super) data: Vec<SubjectConfirmationData>,
}

/// `saml:SubjectConfirmationData` (Core 2.4.1.2).
#[derive(Clone, Debug)]
pub(super) struct SubjectConfirmationData {
    pub(super) recipient: Option<String>,
    pub(super) not_before: Option<DateTime>,
    pub(super) not_on_or_after: Option<DateTime>,
    pub(super) in_response_to: Option<String>,
    pub(super) address: Option<String>,
}

/// `saml:Conditions` (Core 2.5.1).
#[derive(Clone, Debug)]
pub(super) struct Conditions {
    pub(super) not_before: Option<DateTime>,
    pub(super) not_on_or_after: Option<DateTime>,
    /// The audiences of each restriction: one of each must be ours.
    pub(super) audience_restrictions: Vec<Vec<String>>,
    pub(super) one_time_use: bool,
    pub(super) proxy_restriction: bool,
    /// The names of conditions that are none of these.
    pub(super) unknown: Vec<String>,
}

/// `saml:AuthnStatement` (Core 2.7.2).
#[derive(Clone, Debug)]
pub(super) struct AuthnStatement {
    pub(super) has_context: bool,
    pub(super) session_not_on_or_after: Option<DateTime>,
}

impl Assertion {
    pub(super) fn read(element: Element<'_>) -> Self {
        Self {
            id: attribute(element, "ID"),
            issue_instant: DateTime::read(element, "IssueInstant"),
            issuers: Issuer::read_all(element),
            subjects: children(element, ASSERTION, "Subject")
                .map(Subject::read)
                .collect(),
            conditions: children(element, ASSERTION, "Conditions")
                .map(Conditions::read)
                .collect(),
            authn_statements: children(element, ASSERTION, "AuthnStatement")
                .map(AuthnStatement::read)
                .collect(),
            attributes: children(element, ASSERTION, "AttributeStatement")
                .flat_map(|statement| children(statement, ASSERTION, "Attribute"))
                .map(read_attribute)
                .collect(),
        }
    }
}

fn read_attribute(element: Element<'_>) -> Attribute {
    Attribute {
        name: attribute(element, "Name").unwrap_or_default(),
        friendly_name: attribute(element, "FriendlyName"),
        values: children(element, ASSERTION, "AttributeValue")
            .map(|value| value.text().into_owned())
            .collect(),
    }
}

impl Subject {
    fn read(element: Element<'_>) -> Self {
        let name_id = |name_id: Element<'_>| {
            let white_space = [' ', '\t', '\r', '\n'];
            NameId {
                name: plain_text(name_id).trim_matches(white_space).to_owned(),
                format: attribute(name_id, "Format"),
            }
        };
        Self {
            name_ids: children(element, ASSERTION, "NameID")
                .map(name_id)
                .collect(),
            encrypted_ids: children(element, ASSERTION, "EncryptedID").count(),
            confirmations: children(element, ASSERTION, "SubjectConfirmation")
                .map(SubjectConfirmation::read)
                .collect(),
        }
    }
}

impl SubjectConfirmation {
    fn read(element: Element<'_>) -> Self {
        let data = |data: Element<'_>| SubjectConfirmationData {
            recipient: attribute(data, "Recipient"),
            not_before: DateTime::read(data, "NotBefore"),
            not_on_or_after: DateTime::read(data, "NotOnOrAfter"),
            in_response_to: attribute(data, "InResponseTo"),
            address: attribute(data, "Address"),
        };
        Self {
            method: attribute(element, "Method"),
            data: children(element, ASSERTION, "SubjectConfirmationData")
                .map(data)
                .collect(),
        }
    }
}

impl Conditions {
    fn read(element: Element<'_>) -> Self {
        let has = |name| children(element, ASSERTION, name).next().is_some();
        let audiences = |restriction| {
            children(restriction, ASSERTION, "Audience")
                .map(|audience| plain_text(audience).into_owned())
                .collect()
        };
        let known = |condition: &Element<'_>| {
            ["AudienceRestriction", "OneTimeUse", "ProxyRestriction"]
                .iter()
                .any(|name| condition.is(ASSERTION, name))
        };
        Self {
            not_before: DateTime::read(element, "NotBefore"),
            not_on_or_after: DateTime::read(element, "NotOnOrAfter"),
            audience_restrictions: children(element, ASSERTION, "AudienceRestriction")
                .map(audiences)
                .collect(),
            one_time_use: has("OneTimeUse"),
            proxy_restriction: has("ProxyRestriction"),
            unknown: element
                .elements()
                .filter(|condition| !known(condition))
                .map(|condition| condition.local_name().to_owned())
                .collect(),
        }
    }
}

impl AuthnStatement {
    fn read(element: Element<'_>) -> Self {
        Self {
            has_context: children(element, ASSERTION, "AuthnContext")
                .next()
                .is_some(),
            session_not_on_or_after: DateTime::read(element, "SessionNotOnOrAfter"),
        }
    }
}
