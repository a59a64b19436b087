//! The demo identity provider: a sign-in page without passwords, and a signed response that nobody asked for.

use super::response::{Facts, Key, ResponseOptions, write};
use super::{AUDIENCE, DemoError, PEOPLE, bind, locked, page};
use crate::address::form_pairs;
use crate::encoding::base64;
use crate::loopback::{Request, Response, Running};
use crate::secret::nonce;
use crate::time::Timestamp;
use crate::xml::{escape_attribute, escape_text};
use crate::xmldsig::sign::{self, SigningKey};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};
use std::sync::{Arc, Mutex};

/// What an identity provider needs to know.
#[derive(Clone, Debug)]
pub struct IdpSettings {
    /// Where it posts responses: the service's ACS as registered with it.
    pub acs: String,
    /// The audience it writes.
    pub audience: String,
    /// Its entity id; where it is not given, the address of its metadata.
    pub issuer: Option<String>,
    /// What it does with a RelayState.
    pub relay_state: RelayState,
}

impl IdpSettings {
    /// The usual settings with responses posted to `acs`.
    pub fn posting_to(acs: &str) -> Self {
        Self {
            acs: acs.to_owned(),
            audience: AUDIENCE.to_owned(),
            issuer: None,
            relay_state: RelayState::Echoed,
        }
    }
}

/// What an identity provider does with the RelayState on its link. Real ones do all three.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RelayState {
    /// Posts it along with the response.
    Echoed,
    /// Forgets it.
    Dropped,
    /// Posts one of its own.
    Own(String),
}

/// A running identity provider. It ends when it is dropped.
pub struct IdentityProvider {
    inner: Arc<Inner>,
    _running: Running,
}

impl IdentityProvider {
    /// Makes a key and a certificate, takes a free port and answers from now on.
    ///
    /// # Errors
    /// [`DemoError`] says what could not be had.
    pub fn start(settings: IdpSettings) -> Result<Self, DemoError> {
        let (server, base) = bind()?;
        let metadata_url = format!("{base}/metadata");
        let inner = Arc::new(Inner {
            issuer: settings.issuer.clone().unwrap_or(metadata_url),
            own: Credential::new("anyp-saml demo identity provider")?,
            foreign: Credential::new("somebody else")?,
            options: Mutex::new(ResponseOptions::default()),
            settings,
            base,
        });
        let answering = Arc::clone(&inner);
        let running = server
            .serve(move |request| answering.answer(&request))
            .map_err(DemoError::Bind)?;
        Ok(Self {
            inner,
            _running: running,
        })
    }

    /// The link that starts a sign-in (IdP-initiated).
    pub fn sign_in_link(&self) -> String {
        format!("{}/sso", self.inner.base)
    }

    /// Where the metadata can be had.
    pub fn metadata_url(&self) -> String {
        format!("{}/metadata", self.inner.base)
    }

    /// The metadata (Metadata 2.4.3).
    pub fn metadata_xml(&self) -> String {
        self.inner.metadata()
    }

    /// The certificate whose key signs, as PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.inner.own.certificate_pem
    }

    /// The certificate whose key signs, as DER.
    pub fn certificate_der(&self) -> &[u8] {
        &self.inner.own.certificate
    }

    /// The entity id.
    pub fn issuer(&self) -> &str {
        &self.inner.issuer
    }

    /// The audience of its responses.
    pub fn audience(&self) -> &str {
        &self.inner.settings.audience
    }

    /// Where its responses are posted.
    pub fn acs(&self) -> &str {
        &self.inner.settings.acs
    }

    /// What the sign-in page hands out from now on. The person is still the one who is clicked.
    pub fn hand_out(&self, options: ResponseOptions) {
        *locked(&self.inner.options) = options;
    }

    /// A response of this moment, as XML.
    ///
    /// # Errors
    /// [`DemoError`] when it cannot be signed.
    pub fn issue(&self, options: &ResponseOptions) -> Result<String, DemoError> {
        self.inner.issue(options)
    }
}

struct Inner {
    settings: IdpSettings,
    base: String,
    issuer: String,
    own: Credential,
    foreign: Credential,
    options: Mutex<ResponseOptions>,
}

impl Inner {
    fn answer(&self, request: &Request) -> Response {
        match (request.method.as_str(), request.path()) {
            ("GET" | "HEAD", "/") => Response::empty(303).with("Location", "/sso"),
            ("GET" | "HEAD", "/sso") => self.ask_who(request.query().unwrap_or_default()),
            ("POST", "/sso") => self.sign_in(&request.body),
            ("GET" | "HEAD", "/metadata") => Response::new(
                200,
                "application/samlmetadata+xml; charset=utf-8",
                self.metadata(),
            ),
            (_, "/" | "/sso" | "/metadata") => plain(405, "this method is not known here\n"),
            _ => plain(404, "there is nothing here; the sign-in page is /sso\n"),
        }
    }

    fn ask_who(&self, query: &str) -> Response {
        let parameters = form_pairs(query);
        if parameters.iter().any(|(name, _)| name == "SAMLRequest") {
            // A request would have to be answered with InResponseTo, which the platform does not exchange.
            return plain(
                400,
                "this demo knows only sign-ins that start here (IdP-initiated)\n",
            );
        }
        let relay_state = value(&parameters, "RelayState").unwrap_or_default();
        html(|nonce| page::sign_in(&PEOPLE, relay_state, &self.settings.acs, nonce))
    }

    fn sign_in(&self, body: &[u8]) -> Response {
        let Ok(body) = std::str::from_utf8(body) else {
            return plain(400, "the form is not text\n");
        };
        let fields = form_pairs(body);
        let user = value(&fields, "user").unwrap_or_default();
        let Some(person) = PEOPLE.iter().find(|person| person.username == user) else {
            return plain(400, "nobody here has this name\n");
        };
        let options = ResponseOptions {
            person: *person,
            ..locked(&self.options).clone()
        };
        let relay_state = match &self.settings.relay_state {
            RelayState::Echoed => value(&fields, "RelayState").filter(|text| !text.is_empty()),
            RelayState::Dropped => None,
            RelayState::Own(text) => Some(text.as_str()),
        };
        match self.issue(&options) {
            Ok(xml) => {
                let response = base64(xml.as_bytes());
                html(|nonce| page::post(person, &response, relay_state, &self.settings.acs, nonce))
            }
            Err(_) => plain(500, "the response could not be signed\n"),
        }
    }

    fn issue(&self, options: &ResponseOptions) -> Result<String, DemoError> {
        let credential = match options.key {
            Key::Own => &self.own,
            Key::Foreign => &self.foreign,
        };
        let facts = Facts {
            issuer: &self.issuer,
            acs: &self.settings.acs,
            audience: &self.settings.audience,
            now: Timestamp::now(),
            response_id: id()?,
            assertion_id: id()?,
        };
        write(&facts, options, &|xml, id| credential.sign(&xml, id))
    }

    fn metadata(&self) -> String {
        format!(
            "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{entity}\">\
             <md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
             <md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
             <ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
             </md:KeyDescriptor>\
             <md:NameIDFormat>{format}</md:NameIDFormat>\
             <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
             Location=\"{base}/sso\"/></md:IDPSSODescriptor></md:EntityDescriptor>\n",
            entity = escape_attribute(&self.issuer),
            certificate = base64(&self.own.certificate),
            format = escape_text("urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"),
            base = self.base,
        )
    }
}

/// A key pair of P-256 (rcgen cannot make RSA keys with ring) and a certificate of its own for it.
struct Credential {
    key: SigningKey,
    certificate: Vec<u8>,
    certificate_pem: String,
}

impl Credential {
    fn new(name: &str) -> Result<Self, DemoError> {
        let failed = |error: &dyn std::fmt::Display| DemoError::Key(error.to_string());
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|e| failed(&e))?;
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, name);
        let certificate = parameters.self_signed(&pair).map_err(|e| failed(&e))?;
        Ok(Self {
            key: SigningKey::from_pkcs8(pair.serialized_der()).map_err(|e| failed(&e))?,
            certificate: certificate.der().to_vec(),
            certificate_pem: certificate.pem(),
        })
    }

    fn sign(&self, xml: &str, id: &str) -> Result<String, DemoError> {
        sign::sign(xml, id, &self.key, &self.certificate)
            .map_err(|error| DemoError::Key(error.to_string()))
    }
}

/// A new ID of an element: a name that nobody can guess (Core 1.3.4), with a letter in front as `xs:ID` wants it.
fn id() -> Result<String, DemoError> {
    nonce()
        .map(|nonce| format!("_{nonce}"))
        .ok_or_else(|| DemoError::Key("the system has no randomness to give".into()))
}

fn value<'p>(pairs: &'p [(String, String)], name: &str) -> Option<&'p str> {
    pairs
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
}

fn html(write: impl FnOnce(&str) -> String) -> Response {
    let Some(nonce) = nonce() else {
        return plain(500, "the system has no randomness to give\n");
    };
    Response::new(200, "text/html; charset=utf-8", write(&nonce))
        .with("Content-Security-Policy", &page::policy(&nonce))
}

fn plain(status: u16, text: &str) -> Response {
    Response::new(status, "text/plain; charset=utf-8", text)
}
