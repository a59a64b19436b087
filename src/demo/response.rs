//! What the demo identity provider can say: the good response, and every way to say it wrongly that tests ask for.

use super::{DemoError, PEOPLE, Person};
use crate::time::{SignedDuration, Timestamp};
use crate::xml::{escape_attribute, escape_text};

/// What a response says and how it is signed. The default is a good one for the first of [`PEOPLE`].
#[derive(Clone, Debug)]
pub struct ResponseOptions {
    /// Who signed in.
    pub person: Person,
    /// The NameID instead of the person's username.
    pub name_id: Option<String>,
    /// What carries a signature.
    pub sign: Sign,
    /// Whose key signs.
    pub key: Key,
    /// `InResponseTo` on the response and in the confirmation: the mark of a flow that the service started.
    pub in_response_to: Option<String>,
    /// The audience instead of the service's own.
    pub audience: Option<String>,
    /// The issuer instead of the provider's own.
    pub issuer: Option<String>,
    /// The `Recipient` instead of the service's address.
    pub recipient: Option<String>,
    /// The `Destination` instead of the service's address.
    pub destination: Option<String>,
    /// How long ago the response was issued; below zero for one of the future.
    pub age: SignedDuration,
    /// A failure in place of an assertion.
    pub failure: Option<Failure>,
    /// More attributes, each a name and a value.
    pub attributes: Vec<(String, String)>,
    /// A forged assertion wrapped around, beside or before the signed one.
    pub wrapping: Option<Wrapping>,
    /// An `EncryptedAssertion` whose cipher text nobody can open.
    pub encrypted: bool,
}

/// What of a response carries a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The assertion alone.
    Assertion,
    /// The response around it alone.
    Response,
    /// First the assertion, then the response.
    Both,
    /// Neither.
    Nothing,
}

/// Whose key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The provider's own, which its metadata names.
    Own,
    /// One that nobody knows.
    Foreign,
}

/// A sign-in that failed (Core 3.2.2.2).
#[derive(Clone, Debug)]
pub struct Failure {
    /// The top status code.
    pub status: String,
    /// The status code below it.
    pub detail: Option<String>,
    /// The status message.
    pub message: Option<String>,
}

impl Failure {
    /// The person could not be authenticated.
    pub fn authentication(message: &str) -> Self {
        Self {
            status: status("Responder"),
            detail: Some(status("AuthnFailed")),
            message: Some(message.to_owned()),
        }
    }
}

/// Where a forged assertion stands and where the signed one went: signature wrapping in its known forms (the numbers
/// are those of the literature). The forged one names [`FORGED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapping {
    /// XSW1: a forged response; the signed response stands inside its own signature.
    ResponseInSignature,
    /// XSW3: the forged assertion before the signed one.
    ForgedFirst,
    /// XSW4: the signed assertion inside the forged one.
    ForgedAround,
    /// XSW5: the signature in the forged assertion, the one it covers after it.
    SignatureMoved,
    /// XSW7: the forged assertion in the response's extensions.
    ForgedInExtensions,
    /// XSW8: the covered assertion in an object of the signature, which the forged one carries.
    OriginalInObject,
}

impl Wrapping {
    /// Every form there is.
    pub const ALL: [Self; 6] = [
        Self::ResponseInSignature,
        Self::ForgedFirst,
        Self::ForgedAround,
        Self::SignatureMoved,
        Self::ForgedInExtensions,
        Self::OriginalInObject,
    ];
}

/// Whom a forged assertion names.
pub const FORGED: &str = "forged.administrator";

impl Default for ResponseOptions {
    fn default() -> Self {
        Self {
            person: PEOPLE[0],
            name_id: None,
            sign: Sign::Assertion,
            key: Key::Own,
            in_response_to: None,
            audience: None,
            issuer: None,
            recipient: None,
            destination: None,
            age: SignedDuration::ZERO,
            failure: None,
            attributes: Vec::new(),
            wrapping: None,
            encrypted: false,
        }
    }
}

/// How long a response may be used (Conditions and SubjectConfirmationData).
const LIFETIME: SignedDuration = SignedDuration::from_mins(5);

/// Puts a signature into the element of that ID.
pub(super) type Signer<'s> = &'s dyn Fn(String, &str) -> Result<String, DemoError>;

/// What a response says when its options do not say otherwise, and the two IDs it needs.
pub(super) struct Facts<'f> {
    pub(super) issuer: &'f str,
    pub(super) acs: &'f str,
    pub(super) audience: &'f str,
    pub(super) now: Timestamp,
    pub(super) response_id: String,
    pub(super) assertion_id: String,
}

/// Writes the response and signs what is to be signed.
pub(super) fn write(
    facts: &Facts<'_>,
    options: &ResponseOptions,
    sign: Signer<'_>,
) -> Result<String, DemoError> {
    let draft = Draft::new(facts, options);
    let name_id = draft.name_id();
    let assertion = draft.assertion(&facts.assertion_id, name_id, "", "");
    let signs_assertion = matches!(options.sign, Sign::Assertion | Sign::Both);
    let content = if options.failure.is_some() {
        String::new()
    } else if options.encrypted {
        encrypted(&facts.assertion_id)
    } else if signs_assertion {
        let signed = sign(assertion.clone(), &facts.assertion_id)?;
        match options.wrapping {
            Some(wrapping) => draft.wrap_assertion(wrapping, &assertion, &signed),
            None => signed,
        }
    } else {
        assertion
    };
    let response = draft.response(&facts.response_id, "", &content);
    if !matches!(options.sign, Sign::Response | Sign::Both) {
        return Ok(response);
    }
    let signed = sign(response.clone(), &facts.response_id)?;
    match options.wrapping {
        Some(Wrapping::ResponseInSignature) => Ok(draft.wrap_response(&response, &signed)),
        _ => Ok(signed),
    }
}

/// The texts of a response, options and facts put together.
struct Draft<'d> {
    facts: &'d Facts<'d>,
    options: &'d ResponseOptions,
    issued: Timestamp,
    issuer: String,
}

impl<'d> Draft<'d> {
    fn new(facts: &'d Facts<'d>, options: &'d ResponseOptions) -> Self {
        let issuer = options.issuer.as_deref().unwrap_or(facts.issuer);
        Self {
            facts,
            options,
            // An age beyond what instants can hold is a test's mistake; it then says "now".
            issued: facts.now.checked_sub(options.age).unwrap_or(facts.now),
            issuer: format!("<saml:Issuer>{}</saml:Issuer>", escape_text(issuer)),
        }
    }

    fn name_id(&self) -> &str {
        let own = self.options.person.username;
        self.options.name_id.as_deref().unwrap_or(own)
    }

    /// The response; `signature` comes after its issuer, `content` after its status.
    fn response(&self, id: &str, signature: &str, content: &str) -> String {
        let destination = or(&self.options.destination, self.facts.acs);
        format!(
            "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
             xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{id}\" Version=\"2.0\" \
             IssueInstant=\"{issued}\" Destination=\"{destination}\"{in_response_to}>\
             {issuer}{signature}{status}{content}</samlp:Response>",
            issued = seconds(self.issued),
            destination = escape_attribute(destination),
            in_response_to = self.in_response_to(),
            issuer = self.issuer,
            status = self.status(),
        )
    }

    /// The assertion; `signature` comes after its issuer, `tail` at its end.
    fn assertion(&self, id: &str, name_id: &str, signature: &str, tail: &str) -> String {
        let end = self.issued.checked_add(LIFETIME).unwrap_or(self.issued);
        let recipient = or(&self.options.recipient, self.facts.acs);
        let audience = or(&self.options.audience, self.facts.audience);
        format!(
            "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{id}\" \
             Version=\"2.0\" IssueInstant=\"{issued}\">{issuer}{signature}\
             <saml:Subject>\
             <saml:NameID Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified\">{name_id}</saml:NameID>\
             <saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
             <saml:SubjectConfirmationData NotOnOrAfter=\"{end}\" Recipient=\"{recipient}\"{in_response_to}/>\
             </saml:SubjectConfirmation></saml:Subject>\
             <saml:Conditions NotBefore=\"{issued}\" NotOnOrAfter=\"{end}\">\
             <saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction>\
             </saml:Conditions>\
             <saml:AuthnStatement AuthnInstant=\"{issued}\" SessionIndex=\"{id}\"><saml:AuthnContext>\
             <saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport\
             </saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>\
             {attributes}{tail}</saml:Assertion>",
            issued = seconds(self.issued),
            issuer = self.issuer,
            name_id = escape_text(name_id),
            end = seconds(end),
            recipient = escape_attribute(recipient),
            in_response_to = self.in_response_to(),
            audience = escape_text(audience),
            attributes = self.attributes(),
        )
    }

    fn status(&self) -> String {
        let Some(failure) = &self.options.failure else {
            return format!(
                "<samlp:Status><samlp:StatusCode Value=\"{}\"/></samlp:Status>",
                status("Success")
            );
        };
        let detail = failure.detail.as_ref().map_or_else(String::new, |code| {
            format!("<samlp:StatusCode Value=\"{}\"/>", escape_attribute(code))
        });
        let message = failure.message.as_ref().map_or_else(String::new, |text| {
            format!(
                "<samlp:StatusMessage>{}</samlp:StatusMessage>",
                escape_text(text)
            )
        });
        format!(
            "<samlp:Status><samlp:StatusCode Value=\"{}\">{detail}</samlp:StatusCode>{message}</samlp:Status>",
            escape_attribute(&failure.status)
        )
    }

    fn in_response_to(&self) -> String {
        self.options
            .in_response_to
            .as_ref()
            .map_or_else(String::new, |id| {
                format!(" InResponseTo=\"{}\"", escape_attribute(id))
            })
    }

    fn attributes(&self) -> String {
        let person = &self.options.person;
        let own = [
            ("username".to_owned(), self.name_id().to_owned()),
            ("email".to_owned(), person.email()),
            ("firstname".to_owned(), person.first_name.to_owned()),
            ("lastname".to_owned(), person.last_name.to_owned()),
        ];
        let attributes: String = own
            .iter()
            .chain(&self.options.attributes)
            .map(|(name, value)| {
                format!(
                    "<saml:Attribute Name=\"{}\"><saml:AttributeValue>{}</saml:AttributeValue></saml:Attribute>",
                    escape_attribute(name),
                    escape_text(value)
                )
            })
            .collect();
        format!("<saml:AttributeStatement>{attributes}</saml:AttributeStatement>")
    }

    /// What stands in the response in place of the signed assertion.
    fn wrap_assertion(&self, wrapping: Wrapping, unsigned: &str, signed: &str) -> String {
        let forged =
            |signature: &str, tail: &str| self.assertion("_forged", FORGED, signature, tail);
        let signature = inserted(unsigned, signed, &self.issuer);
        match wrapping {
            // The response is what is forged there; see `wrap_response`.
            Wrapping::ResponseInSignature => signed.to_owned(),
            Wrapping::ForgedFirst => forged("", "") + signed,
            Wrapping::ForgedAround => forged("", signed),
            Wrapping::SignatureMoved => forged(signature, "") + unsigned,
            Wrapping::ForgedInExtensions => {
                // Extensions belong before the status, which no reader that could be fooled asks about.
                format!(
                    "<samlp:Extensions>{}</samlp:Extensions>{signed}",
                    forged("", "")
                )
            }
            Wrapping::OriginalInObject => forged(&with_object(signature, unsigned), ""),
        }
    }

    /// A forged response whose signature holds the response that it covers.
    fn wrap_response(&self, unsigned: &str, signed: &str) -> String {
        let signature = inserted(unsigned, signed, &self.issuer);
        let forged = self.assertion("_forged", FORGED, "", "");
        self.response("_wrapped", &with_object(signature, unsigned), &forged)
    }
}

/// The cipher text of an assertion, for a key that nobody has (XML Encryption 3.1).
fn encrypted(id: &str) -> String {
    // Any bytes will do; those of the ID are at hand.
    let cipher = crate::encoding::base64(id.repeat(12).as_bytes());
    format!(
        "<saml:EncryptedAssertion><xenc:EncryptedData xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\" \
         Type=\"http://www.w3.org/2001/04/xmlenc#Element\">\
         <xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes256-gcm\"/>\
         <xenc:CipherData><xenc:CipherValue>{cipher}</xenc:CipherValue></xenc:CipherData>\
         </xenc:EncryptedData></saml:EncryptedAssertion>"
    )
}

/// What the signer put right after the issuer.
fn inserted<'s>(unsigned: &str, signed: &'s str, issuer: &str) -> &'s str {
    let start = signed.find(issuer).map_or(0, |at| at + issuer.len());
    let length = signed.len().saturating_sub(unsigned.len());
    signed.get(start..start + length).unwrap_or_default()
}

/// The signature with an object at its end that holds `content`.
fn with_object(signature: &str, content: &str) -> String {
    let end = signature.rfind("</").unwrap_or(signature.len());
    let (open, close) = signature.split_at(end);
    format!(
        "{open}<ds:Object xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{content}</ds:Object>{close}"
    )
}

fn status(name: &str) -> String {
    format!("urn:oasis:names:tc:SAML:2.0:status:{name}")
}

fn or<'t>(option: &'t Option<String>, own: &'t str) -> &'t str {
    option.as_deref().unwrap_or(own)
}

/// `xs:dateTime` in UTC to the second.
fn seconds(instant: Timestamp) -> String {
    Timestamp::from_second(instant.as_second())
        .unwrap_or(instant)
        .to_string()
}
