//! How long the chromium capture takes where nobody has to type: from the command to the token, and from the page's POST
//! to the token over the platform's own time. A page's `submit()` takes the browser a while before anything is on its
//! way, whoever it posts to; so the same page posts a like response to a plain server before, and the last figure is
//! what catching it adds to that. It prints them beside what is hoped for; a busy machine takes longer, and is no
//! failure.
//!
//! `cargo bench --bench own_browser` runs logins of the program as it is released, with the installed Chromium without
//! a window, against pages that post at once and a platform that takes 50 ms for its answer. The first login, which
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

fn main() {
    if installed().is_none() {
        println!("own browser: not measured, since there is no Chromium");
        return;
    }
    let stage = Stage::set();
    let logins: Vec<_> = (0..=LOGINS).map(|_| stage.log_in()).skip(1).collect();
    let show = |what, figure: fn(&Login) -> f64, hope| {
        show(what, logins.iter().map(figure).collect(), hope);
    };
    show(
        "login without a window, command to token",
        |login| login.whole,
        "below 3000 ms",
    );
    show(
        "page's submit to a plain server",
        |login| login.plain,
        "the browser's own",
    );
    show(
        "page's submit to token, over the platform's own time",
        |login| login.caught,
        "the browser's and ours",
    );
    show(
        "what is ours of it",
        |login| login.caught - login.plain,
        "below 20 ms",
    );
}

/// Prints figures in milliseconds beside what is hoped for.
fn show(what: &str, mut figures: Vec<f64>, hope: &str) {
    figures.sort_by(f64::total_cmp);
    let median = figures[figures.len() / 2];
    println!(
        "{what}: median {median:.1} ms, {:.1} to {:.1} ms ({hope})",
        figures[0],
        figures[figures.len() - 1]
    );
}

/// The figures of one login, in milliseconds.
struct Login {
    /// From the command to the kept token.
    whole: f64,
    /// From a page's submit to the server it posts to.
    plain: f64,
    /// From the page's submit to the kept token, without the platform's time.
    caught: f64,
}

/// What a login tells of itself on its way, in milliseconds since 1970.
#[derive(Default)]
struct Times {
    /// A page posts to a plain server.
    plain: Option<f64>,
    /// The plain server has it.
    arrived: Option<f64>,
    /// A page posts to the platform's ACS.
    caught: Option<f64>,
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

    fn log_in(&self) -> Login {
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
        Login {
            whole,
            plain: times.arrived.unwrap() - times.plain.unwrap(),
            caught: kept.unwrap() - times.caught.unwrap() - times.exchange.as_secs_f64() * 1000.0,
        }
    }
}

/// The moment at which a file was there, seen within a fraction of a millisecond.
fn wait_for(file: &Path) -> Option<f64> {
    let deadline = Instant::now() + Duration::from_secs(60);
    while Instant::now() < deadline {
        if file.exists() {
            return Some(now());
        }
        thread::sleep(Duration::from_micros(100));
    }
    None
}

/// Everybody's clock here, in milliseconds since 1970.
fn now() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_secs_f64() * 1000.0
}

fn bind() -> (Server, String) {
    let server = Server::bind(&["127.0.0.1:0".parse().unwrap()], Limits::default(), &[]).unwrap();
    let address = format!("http://{}", server.addresses()[0]);
    (server, address)
}

/// The identity provider's pages: each posts to the next and says when, in the milliseconds of everybody's clock here.
/// The first finds the browser still busy with its start, so the second is what the third, to the platform's ACS, is
/// held against.
fn page(request: &Request, idp: &IdentityProvider, acs: &str, times: &Mutex<Times>) -> Response {
    let posting_page = |number: usize, to: &str| {
        let options = ResponseOptions {
            recipient: Some(acs.to_owned()),
            destination: Some(acs.to_owned()),
            ..ResponseOptions::default()
        };
        let response = base64(idp.issue(&options).unwrap().as_bytes());
        let html = format!(
            "<!doctype html><form id=f method=post action='{to}'>\
             <input type=hidden name=SAMLResponse value='{response}'></form><script>\
             navigator.sendBeacon('/posting/{number}', performance.timeOrigin + performance.now()); f.submit()</script>"
        );
        Response::new(200, "text/html; charset=utf-8", html)
    };
    match (request.method.as_str(), request.path()) {
        ("GET", "/start") => posting_page(0, "/first"),
        ("POST", "/first") => posting_page(1, "/plain"),
        ("POST", "/plain") => {
            times.lock().unwrap().arrived = Some(now());
            posting_page(2, acs)
        }
        ("POST", "/posting/1") => posting(request, &mut times.lock().unwrap().plain),
        ("POST", "/posting/2") => posting(request, &mut times.lock().unwrap().caught),
        ("POST", "/posting/0") => Response::empty(204),
        _ => Response::empty(404),
    }
}

fn posting(request: &Request, moment: &mut Option<f64>) -> Response {
    *moment = String::from_utf8_lossy(&request.body).parse().ok();
    Response::empty(204)
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
