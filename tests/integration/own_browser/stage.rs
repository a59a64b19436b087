//! Pages that post as identity providers do, a platform, and logins with a browser of their own between them.

use super::super::support::chromium;
use super::super::support::processes::until;
use super::super::support::world::{Ended, Running, World};
use anyp_saml::demo::identity_provider::{IdentityProvider, IdpSettings};
use anyp_saml::demo::platform::{Platform, PlatformSettings};
use anyp_saml::demo::response::ResponseOptions;
use anyp_saml::encoding::base64;
use anyp_saml::loopback::{Limits, Request, Response, Running as Serving, Server};
use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the pages' server has, and what it was asked for.
#[derive(Default)]
struct Site {
    answers: HashMap<String, Answer>,
    asked: HashMap<String, usize>,
}

#[derive(Clone)]
enum Answer {
    Page(String),
    /// One page with this cookie, another one without.
    ForCookie(String, String, String),
    Redirect(u16, String),
}

pub(super) struct Stage {
    pub(super) world: World,
    pub(super) platform: Platform,
    /// The platform's ACS.
    pub(super) acs: String,
    /// The origin of the pages.
    pub(super) pages: String,
    idp: IdentityProvider,
    site: Arc<Mutex<Site>>,
    certificate: PathBuf,
    browser: PathBuf,
    _serving: Serving,
}

/// A page that posts a response as soon as it is open.
pub(super) fn post_form(action: &str, response: &str) -> String {
    format!(
        "<form id=f method=post action='{action}'><input type=hidden name=SAMLResponse value='{response}'></form>\
         <script>f.submit()</script>"
    )
}

pub(super) fn is_root() -> bool {
    let id = std::process::Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

impl Stage {
    /// `None`, with the reason on standard error, where there is no Chromium.
    pub(super) fn set() -> Option<Self> {
        let program = chromium::find()?;
        let world = World::new()
            .with("ANYP_SAML_CHROMIUM_NO_SANDBOX", "1")
            .with("DISPLAY", ":99");
        let idp =
            IdentityProvider::start(IdpSettings::posting_to("http://127.0.0.1:1/unused")).unwrap();
        let platform = Platform::start(PlatformSettings::trusting(&idp)).unwrap();
        let certificate = world.file("idp.pem", idp.certificate_pem());
        let browser = world.file(
            "chromium-that-draws-nowhere",
            format!(
                "#!/bin/sh\nexec '{}' \"$@\" --ozone-platform=headless --disable-gpu --disable-popup-blocking\n",
                program.display()
            ),
        );
        std::fs::set_permissions(&browser, std::fs::Permissions::from_mode(0o755)).unwrap();

        let site = Arc::new(Mutex::new(Site::default()));
        let server =
            Server::bind(&["127.0.0.1:0".parse().unwrap()], Limits::default(), &[]).unwrap();
        let pages = format!("http://{}", server.addresses()[0]);
        let asked = Arc::clone(&site);
        let serving = server
            .serve(move |request| answer(&asked, &request))
            .unwrap();
        Some(Self {
            acs: platform.acs_url(),
            world,
            platform,
            pages,
            idp,
            site,
            certificate,
            browser,
            _serving: serving,
        })
    }

    /// The same with a variable more.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.world = self.world.with(name, value);
        self
    }

    fn put(&self, path: &str, answer: Answer) {
        let mut site = self.site.lock().unwrap();
        site.answers.insert(path.to_owned(), answer);
    }

    pub(super) fn page(&self, path: &str, body: &str) {
        self.put(path, Answer::Page(body.to_owned()));
    }

    pub(super) fn page_for_cookie(&self, path: &str, cookie: &str, with: &str, without: &str) {
        let [cookie, with, without] = [cookie, with, without].map(str::to_owned);
        self.put(path, Answer::ForCookie(cookie, with, without));
    }

    pub(super) fn redirect(&self, path: &str, status: u16, location: &str) {
        self.put(path, Answer::Redirect(status, location.to_owned()));
    }

    /// The ACS's path at another port: that of the pages.
    pub(super) fn acs_at_another_port(&self) -> String {
        self.acs.replace(self.platform.address(), &self.pages)
    }

    /// How often an address of the pages was asked for.
    pub(super) fn asked(&self, address: &str) -> usize {
        let path = address.strip_prefix(&self.pages).unwrap_or(address);
        let site = self.site.lock().unwrap();
        site.asked.get(path).copied().unwrap_or_default()
    }

    /// Waits until the browser has come to this page, and forgets that it has.
    pub(super) fn wait_for_visit(&self, path: &str) {
        assert!(
            until(Duration::from_secs(30), || self.asked(path) > 0),
            "nobody came to {path}"
        );
        self.site.lock().unwrap().asked.remove(path);
    }

    /// A response to the platform, in base64.
    pub(super) fn response(&self, attributes: &[(String, String)]) -> String {
        self.response_to(&self.acs, attributes)
    }

    pub(super) fn response_to(&self, acs: &str, attributes: &[(String, String)]) -> String {
        let options = ResponseOptions {
            recipient: Some(acs.to_owned()),
            destination: Some(acs.to_owned()),
            attributes: attributes.to_vec(),
            ..ResponseOptions::default()
        };
        base64(self.idp.issue(&options).unwrap().as_bytes())
    }

    /// Starts a login; a flag given here comes in place of the stage's own.
    pub(super) fn start(&self, more: &[&str]) -> Running {
        self.world.start(&self.arguments("login", more))
    }

    /// The doctor's word on such a login.
    pub(super) fn check(&self) -> Ended {
        self.world.run(&self.arguments("doctor", &[]))
    }

    fn arguments(&self, command: &str, more: &[&str]) -> Vec<String> {
        let own = [
            ("--capture", "chromium".to_owned()),
            ("--browser", self.browser.to_str().unwrap().to_owned()),
            ("--acs-url", self.acs.clone()),
            ("--idp-url", format!("{}/start", self.pages)),
            (
                "--idp-certificate",
                self.certificate.to_str().unwrap().to_owned(),
            ),
            ("--issuer", self.idp.issuer().to_owned()),
            ("--audience", self.idp.audience().to_owned()),
            ("--timeout", "50s".to_owned()),
        ];
        let mut arguments = vec![command.to_owned()];
        for (flag, value) in own.iter().filter(|(flag, _)| !more.contains(flag)) {
            arguments.extend([(*flag).to_owned(), value.clone()]);
        }
        arguments.extend(more.iter().map(|&text| text.to_owned()));
        arguments
    }

    pub(super) fn log_in(&self, more: &[&str]) -> Ended {
        self.start(more).end()
    }

    /// The token given out last.
    pub(super) fn token(&self) -> String {
        self.platform.tokens().pop().unwrap()
    }

    /// The directory of every profile.
    pub(super) fn profiles(&self) -> PathBuf {
        self.world.home().join(".local/state/anyp-saml/browser")
    }

    /// The kept profile's.
    pub(super) fn profile(&self) -> PathBuf {
        self.profiles().join("profile-default/data")
    }

    /// What is left of profiles that should have been thrown away.
    pub(super) fn fresh_profiles(&self) -> Vec<String> {
        // Where no login has come that far, there is no directory of them.
        let entries = std::fs::read_dir(self.profiles()).into_iter().flatten();
        entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| name.starts_with("fresh"))
            .collect()
    }
}

fn answer(site: &Mutex<Site>, request: &Request) -> Response {
    let mut site = site.lock().unwrap();
    *site.asked.entry(request.path().to_owned()).or_default() += 1;
    let html = |body: &str| {
        Response::new(
            200,
            "text/html; charset=utf-8",
            format!("<!doctype html><title>IdP</title>{body}"),
        )
    };
    match site.answers.get(request.path()) {
        Some(Answer::Page(body)) => html(body),
        Some(Answer::ForCookie(cookie, with, without)) => {
            let has = request
                .header("Cookie")
                .is_some_and(|sent| sent.contains(cookie.as_str()));
            html(if has { with } else { without })
        }
        Some(Answer::Redirect(status, location)) => {
            Response::empty(*status).with("Location", location)
        }
        None => Response::empty(404),
    }
}
