//! How long the chromium capture takes where nobody has to type: from the command to the token, and from the page's POST
//! to the token over the platform's own time, most of which is the browser's. It prints both beside what is hoped for; a
//! busy machine takes longer, and is no failure.
//!
//! `cargo bench --bench own_browser` runs logins of the program as it is released, with the installed Chromium without
//! a window, against a page that posts at once and a platform that takes 50 ms for its answer. The first login, which
//! makes the profile, is not counted.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use anyp_saml::browser::chromium::{NO_SANDBOX_VARIABLE, installed};
use anyp_saml::demo::identity_provider::{IdentityProvider, IdpSettings};
use anyp_saml::demo::response::ResponseOptions;
use anyp_saml::encoding::base64;
use anyp_saml::loopback::{Limits, Request, Response, Running, Server};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const PROGRAM: &str = env!("CARGO_BIN_EXE_anyp-saml");
const LOGINS: usize = 11;
/// What the platform takes for the exchange.
const PLATFORM: Duration = Duration::from_millis(50);
const WHOLE_HOPE: f64 = 3000.0;
const POST_HOPE: f64 = 20.0;

fn main() {
    if installed().is_none() {
        println!("own browser: not measured, since there is no Chromium");
        return;
    }
    let (mut wholes, mut posts) = (Vec::new(), Vec::new());
    let stage = Stage::set();
    for login in 0..=LOGINS {
        let (whole, post) = stage.log_in();
        if login > 0 {
            wholes.push(whole);
            posts.push(post);
        }
    }
    show(
        "login without a window, command to token",
        wholes,
        WHOLE_HOPE,
    );
    show(
        "page's POST to token, over the platform's own time",
        posts,
        POST_HOPE,
    );
}

/// Prints figures in milliseconds beside what is hoped for.
fn show(what: &str, mut figures: Vec<f64>, hope: f64) {
    figures.sort_by(f64::total_cmp);
    let median = figures[figures.len() / 2];
    println!(
        "{what}: median {median:.1} ms, {:.1} to {:.1} ms (hoped for: below {hope:.0} ms)",
        figures[0],
        figures[figures.len() - 1]
    );
}

/// What a login tells of itself on its way, in milliseconds since 1970.
#[derive(Default)]
struct Times {
    /// The page posts.
    posting: Option<f64>,
    /// How long the platform had the response.
    exchange: Duration,
}

struct Stage {
    home: tempfile::TempDir,
    idp: Arc<IdentityProvider>,
    times: Arc<Mutex<Times>>,
    pages: String,
    acs: String,
    _serving: Vec<Running>,
}

impl Stage {
    fn set() -> Self {
        let idp = Arc::new(
            IdentityProvider::start(IdpSettings::posting_to("http://127.0.0.1:1/")).unwrap(),
        );
        let times = Arc::new(Mutex::new(Times::default()));
        let (platform, address) = bind();
        let acs = format!("{address}/accounts/login/acme/providers/1/receive-id");
        let asked = Arc::clone(&times);
        let platform = platform
            .serve(move |request| platform_answer(&request, &asked))
            .unwrap();
        let (pages, address) = bind();
        let (issuing, told, to) = (Arc::clone(&idp), Arc::clone(&times), acs.clone());
        let serving = pages
            .serve(move |request| page(&request, &issuing, &to, &told))
            .unwrap();
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("idp.pem"), idp.certificate_pem()).unwrap();
        Self {
            home,
            idp,
            times,
            pages: address,
            acs,
            _serving: vec![platform, serving],
        }
    }

    /// One login; the milliseconds of both figures.
    fn log_in(&self) -> (f64, f64) {
        let state = self.home.path().join(".local/state/anyp-saml/tokens");
        let _ = fs::remove_dir_all(&state);
        *self.times.lock().unwrap() = Times::default();
        let started = Instant::now();
        let mut login = Command::new(PROGRAM)
            .args([
                "login",
                "--capture",
                "chromium",
                "--headless-first",
                "--timeout",
                "1m",
            ])
            .args(["--acs-url", &self.acs])
            .args(["--idp-url", &format!("{}/start", self.pages)])
            .args(["--idp-certificate", "idp.pem"])
            .args(["--issuer", self.idp.issuer()])
            .args(["--audience", self.idp.audience()])
            .env_clear()
            .env("HOME", self.home.path())
            .env("PATH", "/usr/bin:/bin")
            .env(NO_SANDBOX_VARIABLE, "1")
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let kept = wait_for(&state.join("profile-default.json"));
        let whole = started.elapsed().as_secs_f64() * 1000.0;
        if !login.wait().unwrap().success() || kept.is_none() {
            let said = std::io::read_to_string(login.stderr.take().unwrap()).unwrap();
            panic!("the login failed:\n{said}");
        }
        let times = self.times.lock().unwrap();
        let post = kept.unwrap() - times.posting.unwrap() - times.exchange.as_secs_f64() * 1000.0;
        (whole, post)
    }
}

/// The moment at which a file was there, seen within a fraction of a millisecond.
fn wait_for(file: &Path) -> Option<f64> {
    let deadline = Instant::now() + Duration::from_secs(60);
    while Instant::now() < deadline {
        if file.exists() {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            return Some(now.as_secs_f64() * 1000.0);
        }
        thread::sleep(Duration::from_micros(100));
    }
    None
}

fn bind() -> (Server, String) {
    let server = Server::bind(&["127.0.0.1:0".parse().unwrap()], Limits::default(), &[]).unwrap();
    let address = format!("http://{}", server.addresses()[0]);
    (server, address)
}

/// The identity provider's page. It says when it posts: in the same milliseconds as everybody's clock here.
fn page(request: &Request, idp: &IdentityProvider, acs: &str, times: &Mutex<Times>) -> Response {
    match request.path() {
        "/start" => {
            let options = ResponseOptions {
                recipient: Some(acs.to_owned()),
                destination: Some(acs.to_owned()),
                ..ResponseOptions::default()
            };
            let response = base64(idp.issue(&options).unwrap().as_bytes());
            let html = format!(
                "<!doctype html><form id=f method=post action='{acs}'>\
                 <input type=hidden name=SAMLResponse value='{response}'></form><script>\
                 navigator.sendBeacon('/posting', performance.timeOrigin + performance.now()); f.submit()</script>"
            );
            Response::new(200, "text/html; charset=utf-8", html)
        }
        "/posting" => {
            let text = String::from_utf8_lossy(&request.body).into_owned();
            times.lock().unwrap().posting = text.parse().ok();
            Response::empty(204)
        }
        _ => Response::empty(404),
    }
}

fn platform_answer(request: &Request, times: &Mutex<Times>) -> Response {
    if !request.path().ends_with("/receive-id") || request.method != "POST" {
        return Response::empty(404);
    }
    let started = Instant::now();
    thread::sleep(PLATFORM);
    times.lock().unwrap().exchange = started.elapsed();
    Response::new(
        200,
        "application/json",
        r#"{"access_token":"0c5a8e1e-bench","token_type":"bearer","redirectUrl":"/"}"#,
    )
}
