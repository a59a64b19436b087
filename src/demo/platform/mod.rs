//! The demo platform: as strict as Anypoint Platform is documented to be, and as unhelpful as a test wants it.

mod answer;
mod documents;
mod settings;

pub use answer::{Answer, Route};
pub use documents::{ORGANIZATION_DOMAIN, ORGANIZATION_ID, ORGANIZATION_NAME};
pub use settings::PlatformSettings;

use super::tls::TlsFront;
use super::{DemoError, PEOPLE, Person, bind, locked};
use crate::address::form_pairs;
use crate::loopback::{Request, Response, Running};
use crate::saml::{self, Expected, PostedResponse, Trust, ValidResponse, Verdict};
use crate::secret::{Secret, nonce};
use crate::time::Timestamp;
use crate::xmldsig::TrustedKey;
use answer::json_response;
use documents::{environments, me, organization, user};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// A running platform. It ends when it is dropped.
pub struct Platform {
    inner: Arc<Inner>,
    tls: Option<TlsFront>,
    _running: Running,
}

impl Platform {
    /// Takes a free port and answers from now on.
    ///
    /// # Errors
    /// [`DemoError`] says what could not be had.
    pub fn start(settings: PlatformSettings) -> Result<Self, DemoError> {
        let (server, mut base) = bind()?;
        let tls = match (settings.tls, server.addresses().first()) {
            (true, Some(address)) => Some(TlsFront::start(*address)?),
            _ => None,
        };
        if let Some(tls) = &tls {
            base = tls.base();
        }
        let key = TrustedKey::from_certificate_der(&settings.certificate)
            .map_err(|error| DemoError::Key(error.to_string()))?;
        let acs = format!(
            "{base}/accounts/login/{ORGANIZATION_DOMAIN}/providers/{}/receive-id",
            settings.provider_id
        );
        let inner = Arc::new(Inner {
            trust: Trust {
                keys: vec![key],
                learn: false,
                allow_legacy_algorithms: false,
            },
            acs,
            base,
            settings,
            state: Mutex::new(State::default()),
            ended: Condvar::new(),
        });
        let answering = Arc::clone(&inner);
        let running = server
            .serve(move |request| answering.answer(&request))
            .map_err(DemoError::Bind)?;
        Ok(Self {
            inner,
            tls,
            _running: running,
        })
    }

    /// The ACS address of its identity provider: what a user copies from Access Management.
    pub fn acs_url(&self) -> String {
        self.inner.acs.clone()
    }

    /// The address where providers that were set up long ago also answer; it names none of them.
    pub fn legacy_acs_url(&self) -> String {
        format!("{}/accounts/login/receive-id", self.inner.base)
    }

    /// Its own address: the control plane.
    pub fn address(&self) -> &str {
        &self.inner.base
    }

    /// The password of every person.
    pub fn password(&self) -> &str {
        &self.inner.settings.password
    }

    /// The id and the secret of its connected app.
    pub fn connected_app(&self) -> (&str, &str) {
        let (id, secret) = &self.inner.settings.connected_app;
        (id, secret)
    }

    /// The certificate (PEM) of the authority that vouches for it, where it is asked over https.
    pub fn authority(&self) -> Option<&str> {
        self.tls.as_ref().map(TlsFront::authority)
    }

    /// How often a route was asked so far.
    pub fn requests(&self, route: Route) -> usize {
        let state = locked(&self.inner.state);
        state.requests.get(&route).copied().unwrap_or_default()
    }

    /// Why it refused the last response, in its own log.
    pub fn last_refusal(&self) -> Option<String> {
        locked(&self.inner.state).last_refusal.clone()
    }

    /// Every token that it has given out, oldest first.
    pub fn tokens(&self) -> Vec<String> {
        locked(&self.inner.state)
            .tokens
            .iter()
            .map(|(token, _)| token.clone())
            .collect()
    }

    /// Makes a route say `answer` from now on; with `None` it says what it should again.
    pub fn say(&self, route: Route, answer: Option<Answer>) {
        let mut state = locked(&self.inner.state);
        match answer {
            Some(answer) => state.answers.insert(route, answer),
            None => state.answers.remove(&route),
        };
    }

    /// Ends every token that was given out.
    pub fn end_sessions(&self) {
        locked(&self.inner.state).tokens.clear();
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        // Whoever hangs lets go, before the server waits for its threads.
        locked(&self.inner.state).over = true;
        self.inner.ended.notify_all();
    }
}

struct Inner {
    settings: PlatformSettings,
    trust: Trust,
    base: String,
    acs: String,
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    requests: HashMap<Route, usize>,
    answers: HashMap<Route, Answer>,
    tokens: Vec<(String, Holder)>,
    /// The assertions taken so far, each of which is good for one token (Profiles 4.1.4.5).
    taken: HashSet<String>,
    last_refusal: Option<String>,
    over: bool,
}

/// Whose a token is.
#[derive(Clone, Debug)]
enum Holder {
    /// A user: the username, and the person where it is one of ours.
    User(String, Option<Person>),
    /// The connected app.
    App,
}

impl Inner {
    fn answer(&self, request: &Request) -> Response {
        let route = self.route(request.path());
        let instead = {
            let mut state = locked(&self.state);
            *state.requests.entry(route).or_default() += 1;
            state.answers.get(&route).cloned()
        };
        match instead {
            Some(Answer::Fixed(response)) => return response,
            Some(Answer::Hang) => {
                let state = locked(&self.state);
                drop(
                    self.ended
                        .wait_while(state, |state| !state.over)
                        .unwrap_or_else(PoisonError::into_inner),
                );
                return refuse(503, "the demo is over");
            }
            None => {}
        }
        let answer = match (route, request.method.as_str()) {
            (Route::Exchange, "POST") => self.exchange(request),
            (Route::Login, "POST") => self.login(request),
            (Route::ConnectedApp, "POST") => self.connected_app(request),
            (Route::Logout, "GET") => return self.log_out(request),
            (Route::Revoke, "POST") => self.revoke(request),
            (Route::Exchange | Route::Login | Route::ConnectedApp | Route::Revoke, _) => {
                Err((405, "Method Not Allowed".into()))
            }
            (Route::Me, "GET") => self
                .holder(request)
                .map(|holder| me(&holder, &self.settings)),
            (Route::UsersMe, "GET") => self.holder(request).and_then(|holder| match holder {
                Holder::User(name, person) => Ok(user(&name, person)),
                Holder::App => Err((403, "Forbidden".into())),
            }),
            (Route::Organization, "GET") => self.organization(request),
            (Route::Environments, "GET") => self.holder(request).map(|_| environments()),
            _ => Err((404, "Not Found".into())),
        };
        match answer {
            Ok(body) => json_response(200, &body),
            Err((status, message)) => refuse(status, &message),
        }
    }

    fn route(&self, path: &str) -> Route {
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        match segments.as_slice() {
            ["accounts", "login", "receive-id"] => Route::Exchange,
            [
                "accounts",
                "login",
                domain,
                "providers",
                provider,
                "receive-id",
            ] if *domain == ORGANIZATION_DOMAIN && *provider == self.settings.provider_id => {
                Route::Exchange
            }
            ["accounts", "login"] => Route::Login,
            ["accounts", "api", "v2", "oauth2", "token"] => Route::ConnectedApp,
            ["accounts", "api", "v2", "oauth2", "revoke"] => Route::Revoke,
            ["accounts", "api", "logout"] => Route::Logout,
            ["accounts", "api", "me"] => Route::Me,
            ["accounts", "api", "users", "me"] => Route::UsersMe,
            ["accounts", "api", "organizations", _] => Route::Organization,
            ["accounts", "api", "organizations", id, "environments"] if *id == ORGANIZATION_ID => {
                Route::Environments
            }
            _ => Route::Other,
        }
    }

    /// A response for a token, by the rules of the documentation of "SAML bearer tokens".
    fn exchange(&self, request: &Request) -> Answered {
        if request.header("X-Requested-With") != Some("XMLHttpRequest") {
            return Err((400, "X-Requested-With must be XMLHttpRequest".into()));
        }
        let body = json_body(request)?;
        let response = match body.as_object() {
            Some(fields) if fields.len() == 1 => fields.get("SAMLResponse"),
            _ => None,
        };
        let Some(response) = response.and_then(Value::as_str) else {
            return Err((400, "the body must be {\"SAMLResponse\": \"…\"}".into()));
        };
        let name = self.judge(response).map_err(|reason| {
            let message = format!("Unauthorized: {reason}");
            locked(&self.state).last_refusal = Some(reason);
            (401, message)
        })?;
        self.user_token(&name)
    }

    /// Who the response says signed in, or why it is refused: in the words of a rule's code, where it is a rule.
    fn judge(&self, response: &str) -> Result<String, String> {
        let posted = PostedResponse::new(Secret::new(response.to_owned()), None)
            .map_err(|error| error.to_string())?;
        let recipients = std::iter::once(&self.acs).chain(&self.settings.recipients);
        let mut refusal = String::new();
        for recipient in recipients {
            let expected = Expected {
                issuer: Some(self.settings.issuer.clone()),
                audience: Some(self.settings.audience.clone()),
                recipient: Some(recipient.clone()),
                user: None,
                clock_skew: Expected::CLOCK_SKEW,
            };
            match saml::validate(&posted, &self.trust, &expected, Timestamp::now()) {
                Ok(valid) => return self.subject(&valid),
                Err(refused) => refusal = refused.rule.code().to_owned(),
            }
        }
        Err(refusal)
    }

    fn subject(&self, valid: &ValidResponse) -> Result<String, String> {
        // An encrypted assertion has no ID that can be seen; the whole response then tells a second use.
        let mark = valid.assertion_id().unwrap_or(valid.posted().base64());
        if !locked(&self.state).taken.insert(mark.to_owned()) {
            return Err("this response was used before".into());
        }
        match (valid.verdict(), valid.subject()) {
            (Verdict::Accepted, Some(name)) => Ok(name.to_owned()),
            (Verdict::Accepted, None) => Err("it names no user".into()),
            _ if self.settings.takes_encrypted => Ok(PEOPLE[0].username.to_owned()),
            _ => Err("its assertion cannot be opened".into()),
        }
    }

    fn login(&self, request: &Request) -> Answered {
        let body = json_body(request)?;
        let name = body["username"].as_str().unwrap_or_default();
        let known = PEOPLE.iter().any(|person| person.username == name);
        if !known || body["password"].as_str() != Some(&self.settings.password) {
            return Err((401, "Unauthorized".into()));
        }
        if self.settings.second_factor {
            return Ok(json!({
                "url": format!("{}/accounts/login/second-factor", self.base),
                "body": { "username": name, "state": "second-factor-required" },
            }));
        }
        self.user_token(name)
    }

    fn connected_app(&self, request: &Request) -> Answered {
        let fields = if is_json(request) {
            let body = json_body(request)?;
            let fields = body.as_object().into_iter().flatten();
            fields
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect()
        } else {
            form_pairs(std::str::from_utf8(&request.body).unwrap_or_default())
        };
        let field = |name: &str| {
            let found = fields.iter().find(|(known, _)| known == name);
            found.map_or("", |(_, value)| value.as_str())
        };
        if field("grant_type") != "client_credentials" {
            return Err((400, "unsupported_grant_type".into()));
        }
        let (id, secret) = &self.settings.connected_app;
        if field("client_id") != id || field("client_secret") != secret {
            return Err((401, "invalid_client".into()));
        }
        let token = self.token(Holder::App)?;
        Ok(json!({ "access_token": token, "expires_in": 3600, "token_type": "bearer" }))
    }

    /// Ends a user's session. What asks as a script is spared the way to the sign-in page.
    fn log_out(&self, request: &Request) -> Response {
        match self.holder(request) {
            Ok(Holder::User(..)) => self.forget(bearer(request)),
            Ok(Holder::App) | Err(_) => return refuse(401, "Unauthorized"),
        }
        match request.header("X-Requested-With") {
            Some("XMLHttpRequest") => json_response(200, &json!({})),
            _ => Response::empty(302).with("Location", "/login/"),
        }
    }

    /// Revokes a connected app's token (RFC 7009).
    fn revoke(&self, request: &Request) -> Answered {
        let Holder::App = self.holder(request)? else {
            return Err((400, "unsupported_token_type".into()));
        };
        let fields = form_pairs(std::str::from_utf8(&request.body).unwrap_or_default());
        let token = fields.iter().find(|(name, _)| name == "token");
        let Some((_, token)) = token else {
            return Err((400, "invalid_request".into()));
        };
        self.forget(Some(token));
        Ok(json!({}))
    }

    fn forget(&self, ended: Option<&str>) {
        let tokens = &mut locked(&self.state).tokens;
        tokens.retain(|(token, _)| Some(token.as_str()) != ended);
    }

    fn organization(&self, request: &Request) -> Answered {
        self.holder(request)?;
        if !request.path().ends_with(ORGANIZATION_ID) {
            return Err((404, "Not Found".into()));
        }
        let Some(minutes) = self.settings.session_minutes else {
            return Err((403, "Forbidden".into()));
        };
        let mut organization = organization();
        organization["sessionTimeout"] = json!(minutes);
        Ok(organization)
    }

    fn user_token(&self, name: &str) -> Answered {
        let person = PEOPLE
            .iter()
            .find(|person| person.username == name)
            .copied();
        let token = self.token(Holder::User(name.to_owned(), person))?;
        Ok(json!({ "access_token": token, "token_type": "bearer", "redirectUrl": "/home/" }))
    }

    /// A new token, which looks like a UUID.
    fn token(&self, holder: Holder) -> Result<String, Refusal> {
        let Some(digits) = nonce() else {
            return Err((500, "no randomness".into()));
        };
        let parts = [0..8, 8..12, 12..16, 16..20, 20..32];
        let token = parts.map(|part| &digits[part]).join("-");
        locked(&self.state).tokens.push((token.clone(), holder));
        Ok(token)
    }

    /// Whose the request's bearer token is.
    fn holder(&self, request: &Request) -> Result<Holder, Refusal> {
        let bearer = bearer(request);
        let state = locked(&self.state);
        let known = state
            .tokens
            .iter()
            .find(|(token, _)| Some(token.as_str()) == bearer);
        known
            .map(|(_, holder)| holder.clone())
            .ok_or((401, "Unauthorized".into()))
    }
}

/// A status and the message beside it.
type Refusal = (u16, String);
type Answered = Result<Value, Refusal>;

fn bearer(request: &Request) -> Option<&str> {
    request.header("Authorization")?.strip_prefix("Bearer ")
}

fn is_json(request: &Request) -> bool {
    let kind = request.header("Content-Type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

fn json_body(request: &Request) -> Answered {
    if !is_json(request) {
        return Err((415, "Content-Type must be application/json".into()));
    }
    serde_json::from_slice(&request.body).map_err(|_| (400, "the body is not JSON".into()))
}

fn refuse(status: u16, message: &str) -> Response {
    json_response(status, &json!({ "status": status, "message": message }))
}
