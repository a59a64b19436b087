//! Which requests are taken for a posted response. Pure: a request and the rules go in, the response or the broken
//! rule comes out.
//!
//! The post of an identity provider's page is the only thing awaited here, and a browser marks it well: it is a
//! navigation of a whole tab, with a form, to the exact address. `Origin` is not the gate: from an https page to this
//! http address browsers write the literal `null`, so that is the genuine value, and only another page's real origin
//! speaks against a post.

mod form;

pub use form::FormError;

use crate::address::LoopbackAddress;
use crate::foreign;
use crate::loopback::Request;
use crate::saml::{DecodeError, PostedResponse};
use crate::secret::{self, Secret};
use thiserror::Error;

/// What a post must keep to be taken.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The exact `Host`, such as `127.0.0.1:35417`.
    pub authority: String,
    /// The exact path, such as `/saml/acs`.
    pub path: String,
    /// Real origins that may post, besides the `null` of an https page: those of the identity provider's own pages.
    pub allowed_origins: Vec<String>,
    /// What is asked of the RelayState.
    pub relay_state: RelayState,
}

impl Rules {
    /// The rules for a listener's address.
    pub fn new(
        address: &LoopbackAddress,
        allowed_origins: Vec<String>,
        relay_state: RelayState,
    ) -> Self {
        Self {
            authority: address.authority(),
            path: address.path().to_owned(),
            allowed_origins,
            relay_state,
        }
    }
}

/// What is asked of the RelayState, which identity providers echo from the link that started the login, replace by one
/// of their own, or do not send. [`nonce`] makes the value that is sent along.
#[derive(Clone, Debug)]
pub enum RelayState {
    /// None, and those of others, pass; a nonce of ours that is not this one was made for another login.
    Auto(Secret),
    /// It must be this one.
    Require(Secret),
    /// It is not looked at.
    Off,
}

/// What the nonces begin with, by which [`RelayState::Auto`] knows them.
const NONCE_PREFIX: &str = "anyp-saml-";

/// The longest RelayState that can be ours: Bindings 3.5.3 allows no more than 80 bytes. Identity providers send longer
/// ones of their own (the address of a page, mostly), which matter to nobody here.
const MAX_RELAY_STATE: usize = 80;

/// A RelayState for one login, or `None` when the system has no randomness to give.
pub fn nonce() -> Option<Secret> {
    secret::nonce().map(|random| Secret::new(format!("{NONCE_PREFIX}{random}")))
}

/// Why a request is not taken. What was found is a word of others: [`std::fmt::Display`] shows it escaped and cut, for
/// a terminal; [`RequestError::rule`] is the same without it, for the page.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RequestError {
    /// Another `Host` than the listener's, so the page that asks is not who it says: DNS rebinding.
    #[error("the Host header is {}, expected {expected}", quoted(.found.as_deref()))]
    Host {
        /// The `Host` header, when there was one.
        found: Option<String>,
        /// The listener's authority.
        expected: String,
    },
    /// Another path than the listener's.
    #[error("there is nothing at this path")]
    Path,
    /// The listener's path with a query. The response is taken from the body alone: addresses end in histories.
    #[error("the address has a query, expected the response in the body of a POST")]
    Query,
    /// Another method than POST.
    #[error("the method is {}, expected POST", foreign::brief(.0))]
    Method(String),
    /// Sent by a script, into a frame, or as an image: `Sec-Fetch-Mode` or `-Dest` is there and says so.
    #[error("{header} is {}, expected {expected}: not the post of a whole page", quoted(Some(.found.as_str())))]
    Fetch {
        /// The header field.
        header: &'static str,
        /// Its value.
        found: String,
        /// The value of a form that a page posted.
        expected: &'static str,
    },
    /// The page that posted is not the identity provider's.
    #[error("the post came from a page of {}, expected {}", foreign::brief(.found), origins(.expected))]
    Origin {
        /// The `Origin` header.
        found: String,
        /// The real origins that may post.
        expected: Vec<String>,
    },
    /// Another form of body than a form.
    #[error("the body's type is {}, expected {FORM}", quoted(.0.as_deref()))]
    MediaType(Option<String>),
    /// A body that is compressed or otherwise wrapped.
    #[error("the body's Content-Encoding is {}, expected none", foreign::brief(.0))]
    Encoding(String),
    /// A form that is not well-formed or does not hold exactly one response.
    #[error(transparent)]
    Form(#[from] FormError),
    /// A field `SAMLResponse` that cannot be decoded.
    #[error(transparent)]
    Response(#[from] DecodeError),
    /// A RelayState that was made for another login, or none where this login's is required.
    #[error("the RelayState is {0}, expected the one of this login")]
    RelayState(&'static str),
}

impl RequestError {
    /// The status code of the answer.
    pub fn status(&self) -> u16 {
        match self {
            Self::Host { .. } => 421,
            Self::Path => 404,
            Self::Method(_) => 405,
            Self::Fetch { .. } | Self::Origin { .. } => 403,
            Self::MediaType(_) | Self::Encoding(_) => 415,
            Self::Query | Self::Form(_) | Self::Response(_) | Self::RelayState(_) => 400,
        }
    }

    /// The rule's short name, for people and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Host { .. } => "REQ-HOST",
            Self::Path => "REQ-PATH",
            Self::Query => "REQ-QUERY",
            Self::Method(_) => "REQ-METHOD",
            Self::Fetch { .. } => "REQ-FETCH",
            Self::Origin { .. } => "REQ-ORIGIN",
            Self::MediaType(_) => "REQ-TYPE",
            Self::Encoding(_) => "REQ-ENCODING",
            Self::Form(_) => "REQ-FORM",
            Self::Response(error) => error.rule().code(),
            Self::RelayState(_) => "REQ-RELAYSTATE",
        }
    }

    /// The rule in words that hold nothing of the request.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Host { .. } => "The request was meant for another host.",
            Self::Path => "There is nothing here.",
            Self::Query => "The response must be posted, not sent in the address.",
            Self::Method(_) => "Only a form that was posted is taken here.",
            Self::Fetch { .. } => {
                "The response must be posted by a whole page, not by a script or a frame."
            }
            Self::Origin { .. } => {
                "The page that posted the response is not the identity provider\u{2019}s."
            }
            Self::MediaType(_) | Self::Encoding(_) => "The response must come as a plain form.",
            Self::Form(_) => "The form does not hold exactly one readable SAML response.",
            Self::Response(_) => "The SAML response cannot be decoded.",
            Self::RelayState(_) => {
                "The response belongs to another login than the one that is waiting."
            }
        }
    }

    /// What such a request leaves behind.
    pub fn trace(&self) -> Trace {
        match self {
            Self::Host { .. } | Self::Path | Self::Method(_) => Trace::None,
            Self::Query | Self::Fetch { .. } | Self::Origin { .. } => Trace::Told,
            Self::MediaType(_)
            | Self::Encoding(_)
            | Self::Form(_)
            | Self::Response(_)
            | Self::RelayState(_) => Trace::Counted,
        }
    }
}

/// What a refused request leaves behind at the login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// Nothing: the noise of browsers.
    None,
    /// It is told, once for its kind. Any page can send any number of such requests unseen, so that they must neither
    /// end a login nor fill the terminal.
    Told,
    /// It is told and counted: a whole page was posted here, as the identity provider's is.
    Counted,
}

/// The media type of a posted form.
const FORM: &str = "application/x-www-form-urlencoded";

/// Holds the rules against a request.
///
/// # Errors
/// The first rule that it breaks.
pub fn check(request: &Request, rules: &Rules) -> Result<PostedResponse, RequestError> {
    check_host(request, rules)?;
    if request.path() != rules.path {
        return Err(RequestError::Path);
    }
    if request.query().is_some() {
        return Err(RequestError::Query);
    }
    if request.method != "POST" {
        return Err(RequestError::Method(request.method.clone()));
    }
    check_fetch(request)?;
    check_origin(request, &rules.allowed_origins)?;
    check_media_type(request)?;
    let form = form::parse(&request.body)?;
    check_relay_state(form.relay_state.as_deref(), &rules.relay_state)?;
    Ok(PostedResponse::new(form.saml_response, form.relay_state)?)
}

/// The rule for every request, whatever it asks for: `Host` is there once, letter for letter. A page of a name that
/// was turned to 127.0.0.1 (DNS rebinding) still sends that name, and no browser writes our address in another way.
///
/// # Errors
/// [`RequestError::Host`].
pub fn check_host(request: &Request, rules: &Rules) -> Result<(), RequestError> {
    let mut hosts = request.headers_named("Host");
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if host == rules.authority => Ok(()),
        (first, second) => Err(RequestError::Host {
            found: second.or(first).map(str::to_owned),
            expected: rules.authority.clone(),
        }),
    }
}

/// Fetch Metadata: where the browser says what the request is for, it must be a page that goes on to us. Older
/// browsers say nothing. `Sec-Fetch-Site` is any: the identity provider's page is another site.
///
/// # Errors
/// [`RequestError::Fetch`].
pub fn check_fetch(request: &Request) -> Result<(), RequestError> {
    for (header, expected) in [
        ("Sec-Fetch-Mode", "navigate"),
        ("Sec-Fetch-Dest", "document"),
    ] {
        if let Some(found) = request
            .headers_named(header)
            .find(|value| *value != expected)
        {
            return Err(RequestError::Fetch {
                header,
                found: found.to_owned(),
                expected,
            });
        }
    }
    Ok(())
}

fn check_origin(request: &Request, allowed: &[String]) -> Result<(), RequestError> {
    let foreign = |origin: &&str| *origin != "null" && !allowed.iter().any(|one| one == origin);
    match request.headers_named("Origin").find(foreign) {
        None => Ok(()),
        Some(found) => Err(RequestError::Origin {
            found: found.to_owned(),
            expected: allowed.to_vec(),
        }),
    }
}

fn check_media_type(request: &Request) -> Result<(), RequestError> {
    let mut types = request.headers_named("Content-Type");
    let found = types.next();
    let is_form = |value: &str| {
        let (media_type, parameter) = value.split_once(';').unwrap_or((value, ""));
        // Forms are ASCII on the wire; a parameter that says otherwise would have two readers read two forms.
        let parameter = parameter.trim_matches([' ', '\t']);
        media_type
            .trim_end_matches([' ', '\t'])
            .eq_ignore_ascii_case(FORM)
            && (parameter.is_empty() || parameter.eq_ignore_ascii_case("charset=utf-8"))
    };
    if !found.is_some_and(is_form) || types.next().is_some() {
        return Err(RequestError::MediaType(found.map(str::to_owned)));
    }
    match request.header("Content-Encoding") {
        None => Ok(()),
        Some(found) => Err(RequestError::Encoding(found.to_owned())),
    }
}

fn check_relay_state(found: Option<&str>, rule: &RelayState) -> Result<(), RequestError> {
    let is = |nonce: &Secret| {
        found.is_some_and(|found| found.len() <= MAX_RELAY_STATE && nonce.equals(found))
    };
    match rule {
        RelayState::Off => Ok(()),
        RelayState::Auto(nonce) | RelayState::Require(nonce) if is(nonce) => Ok(()),
        RelayState::Auto(_) if found.is_some_and(is_nonce) => {
            Err(RequestError::RelayState("that of another login"))
        }
        RelayState::Auto(_) => Ok(()),
        RelayState::Require(_) if found.is_none() => Err(RequestError::RelayState("missing")),
        RelayState::Require(_) => Err(RequestError::RelayState("another")),
    }
}

/// Whether a text has the form of our nonces.
fn is_nonce(text: &str) -> bool {
    text.strip_prefix(NONCE_PREFIX).is_some_and(|random| {
        random.len() == 32 && random.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

fn quoted(found: Option<&str>) -> String {
    found.map_or_else(
        || "missing".to_owned(),
        |found| format!("\u{201c}{}\u{201d}", foreign::brief(found)),
    )
}

fn origins(expected: &[String]) -> String {
    match expected {
        [] => "an https page, which names none".to_owned(),
        some => format!("{} or an https page, which names none", some.join(", ")),
    }
}

#[cfg(test)]
mod tests;
