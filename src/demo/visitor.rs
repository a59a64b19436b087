//! A browser without a screen: signs in at the demo identity provider as a person's browser would, step by step.
//!
//! For machines that have no display. It keeps to what a browser sends and follows, and knows nothing of the demo but
//! the pages that it is shown.

use crate::address::{AddressError, WebAddress, form_encoded};
use crate::http::{Answer, Client, HttpError, HttpRequest, Method, Settings};
use crate::xml::{Document, Element, Limits, XmlError, parse};
use std::time::Duration;
use thiserror::Error;
use zeroize::Zeroizing;

/// Why a visit came to no end.
#[derive(Debug, Error)]
pub enum VisitError {
    /// A request went unanswered.
    #[error("{address} did not answer")]
    Http {
        /// Where the request went.
        address: String,
        /// Why.
        #[source]
        cause: HttpError,
    },
    /// An answer of another status than the step needs.
    #[error("{address} answered {found}, where {expected} was expected")]
    Status {
        /// Where the request went.
        address: String,
        /// What came.
        found: u16,
        /// What should have come.
        expected: &'static str,
    },
    /// A page that cannot be read.
    #[error("the page at {0} cannot be read")]
    Page(String, #[source] XmlError),
    /// A page without the form that the step needs.
    #[error("the page at {0} has no form to go on with")]
    NoForm(String),
    /// An address that leads nowhere.
    #[error("the page leads to an address that cannot be used")]
    Address(#[source] AddressError),
}

/// A form of a page, as a browser would send it after a click on its first named button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// The address it goes to, as written.
    pub action: String,
    /// The fields that have a name; of several buttons only the one that is pressed.
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// The first form of a page. A button is pressed that has this value, or the first one that has a name.
    ///
    /// # Errors
    /// The page is not well-formed (this is no reader for the pages of others), or has no form.
    pub fn of(page: &[u8], pressed: Option<&str>) -> Result<Option<Self>, XmlError> {
        let page = page.strip_prefix(b"<!doctype html>").unwrap_or(page);
        let document = parse(page.trim_ascii_start(), &Limits::RESPONSE)?;
        Ok(Self::find(&document, pressed))
    }

    fn find(document: &Document, pressed: Option<&str>) -> Option<Self> {
        let form = document
            .elements()
            .find(|element| element.local_name() == "form")?;
        let named = |element: Element<'_>| {
            let value = element.attribute("value").unwrap_or_default();
            Some((element.attribute("name")?.to_owned(), value.to_owned()))
        };
        let of_kind = |kind: &'static str| {
            form.descendants()
                .filter(move |element| element.local_name() == kind)
        };
        let mut fields: Vec<_> = of_kind("input").filter_map(named).collect();
        let mut buttons = of_kind("button").filter_map(named);
        fields.extend(match pressed {
            Some(wanted) => buttons.find(|(_, value)| value == wanted),
            None => buttons.next(),
        });
        Some(Self {
            action: form.attribute("action").unwrap_or_default().to_owned(),
            fields,
        })
    }
}

/// Opens the link, lets the first person there sign in, posts the response where the page says, and stays on the page
/// that follows until it shows its verdict.
///
/// # Errors
/// [`VisitError`] names the step that led nowhere.
pub fn visit(link: &WebAddress) -> Result<(), VisitError> {
    let visitor = Visitor::new(link)?;
    let sign_in_page = visitor.get(link, None)?;
    let (sign_in, fields) = visitor.form(link, &sign_in_page)?;
    let response_page = visitor.post(&sign_in, &fields, link, "200")?;
    let (service, fields) = visitor.form(&sign_in, &response_page)?;
    let received = visitor.post(&service, &fields, link, "303")?;
    let location = received.header("Location").unwrap_or_default();
    visitor.stay(&resolve(&service, location)?)
}

/// The most bytes of a page.
const PAGE_LIMIT: usize = 2 << 20;

/// A page that waits answers within three seconds or so; this is far more.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often the page behind the post is asked again, at most.
const REFRESHES: usize = 20;

struct Visitor {
    client: Client,
}

impl Visitor {
    fn new(link: &WebAddress) -> Result<Self, VisitError> {
        let settings = Settings {
            timeout: PATIENCE,
            ..Settings::default()
        };
        let client = Client::new(&settings).map_err(|cause| VisitError::Http {
            address: link.to_string(),
            cause,
        })?;
        Ok(Self { client })
    }

    /// A page that was typed, clicked or, with `from`, reached by a redirect of another site's post.
    fn get(&self, address: &WebAddress, from: Option<&str>) -> Result<Answer, VisitError> {
        let site = from.unwrap_or("none");
        let headers = NAVIGATION.map(|(name, value)| (name, value));
        let headers = [headers.as_slice(), &[("sec-fetch-site", site)]].concat();
        self.send(Method::Get, address, &headers, None, "200")
    }

    /// A form, sent from a page of `page`'s origin.
    fn post(
        &self,
        address: &WebAddress,
        fields: &[(String, String)],
        page: &WebAddress,
        expected: &'static str,
    ) -> Result<Answer, VisitError> {
        // Two ports of one host are one site, but two origins.
        let site = if address.origin() == page.origin() {
            "same-origin"
        } else {
            "same-site"
        };
        let origin = page.origin();
        let own = [
            ("sec-fetch-site", site),
            ("origin", origin.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let headers = [NAVIGATION.as_slice(), &own].concat();
        let body = Zeroizing::new(form_encoded(fields).into_bytes());
        self.send(Method::Post, address, &headers, Some(body), expected)
    }

    /// Reads the page again as often as it asks for that.
    fn stay(&self, address: &WebAddress) -> Result<(), VisitError> {
        for _ in 0..REFRESHES {
            if self
                .get(address, Some("same-site"))?
                .header("Refresh")
                .is_none()
            {
                break;
            }
        }
        Ok(())
    }

    fn send(
        &self,
        method: Method,
        address: &WebAddress,
        headers: &[(&'static str, &str)],
        body: Option<Zeroizing<Vec<u8>>>,
        expected: &'static str,
    ) -> Result<Answer, VisitError> {
        let request = HttpRequest {
            method,
            address,
            headers,
            body,
            limit: PAGE_LIMIT,
        };
        let answer = self
            .client
            .send(request)
            .map_err(|cause| VisitError::Http {
                address: address.to_string(),
                cause,
            })?;
        if answer.status.to_string() == expected {
            Ok(answer)
        } else {
            Err(VisitError::Status {
                address: address.to_string(),
                found: answer.status,
                expected,
            })
        }
    }

    /// The form of a page that came from `address`, with the address that it goes to.
    fn form(
        &self,
        address: &WebAddress,
        page: &Answer,
    ) -> Result<(WebAddress, Vec<(String, String)>), VisitError> {
        let form = Form::of(&page.body, None)
            .map_err(|error| VisitError::Page(address.to_string(), error))?
            .ok_or_else(|| VisitError::NoForm(address.to_string()))?;
        Ok((resolve(address, &form.action)?, form.fields))
    }
}

/// What a browser says of itself when it goes to a page.
const NAVIGATION: [(&str, &str); 3] = [
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
    ("upgrade-insecure-requests", "1"),
];

/// An address as a page of `base` writes it: a whole one, or a path.
fn resolve(base: &WebAddress, written: &str) -> Result<WebAddress, VisitError> {
    let whole = if written.starts_with('/') {
        format!("{}{written}", base.origin())
    } else {
        written.to_owned()
    };
    WebAddress::parse(&whole).map_err(VisitError::Address)
}
