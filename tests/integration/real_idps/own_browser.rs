//! The chromium capture with identity providers of others, which know the platform's own ACS and nothing else: an https
//! address at a host that nobody has.

use super::super::support::chromium;
use super::super::support::peer::{Peer, read_head};
use super::super::support::skip::skipped;
use super::super::support::world::{Ended, World};
use super::AUDIENCE;
use super::peers::{self, IdentityProvider, Signed, Software, Transport};
use anyp_saml::demo::platform::{ORGANIZATION_DOMAIN, Platform, Route};
use std::fs;
use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// The platform's host, which has no address.
const HOST: &str = "platform.example";

struct Stage {
    world: World,
    idp: IdentityProvider,
    platform: Platform,
    acs: String,
    /// What was asked of the proxy that the program reaches the platform by.
    asked: Arc<Mutex<Vec<String>>>,
    browser: PathBuf,
    netlog: PathBuf,
}

impl Stage {
    fn set(software: Software) -> Option<Self> {
        let program = chromium::find()?;
        if let Some(lacking) = IdentityProvider::lacking(software) {
            skipped(&format!("there is no {lacking}"));
            return None;
        }
        let acs = format!(
            "https://{HOST}/accounts/login/{ORGANIZATION_DOMAIN}/providers/2f6b8c1d-04e7-4f3a-9d58-b7a1c0e3d422/receive-id"
        );
        let mut idp = IdentityProvider::start(software, Transport::Https, &acs, AUDIENCE);
        let platform = Platform::start(idp.settings_at_the_platform(&acs, AUDIENCE)).unwrap();
        let port = platform.address().rsplit(':').next().unwrap();
        let tls = idp.put_tls_before(port.parse().unwrap());
        let asked = Arc::default();
        let proxy = proxy(&asked, tls);
        let world = World::new()
            .with("ANYP_SAML_CHROMIUM_NO_SANDBOX", "1")
            .with("DISPLAY", ":99")
            .with("HTTPS_PROXY", &format!("http://{}", proxy.authority()));
        let netlog = world.here().join("netlog.json");
        let settings = serde_json::json!({
            "browser": program,
            "user": peers::USER,
            "password": peers::PASSWORD,
            "flags": [
                "--ozone-platform=headless",
                "--disable-gpu",
                "--ignore-certificate-errors",
                "--no-proxy-server",
                "--host-resolver-rules=MAP idp.example 127.0.0.1",
                format!("--log-net-log={}", netlog.display()),
            ],
        });
        let quoted = settings.to_string().replace('\'', r"'\''");
        let person = peers::ours("person.cjs");
        let browser = world.file(
            "chromium-with-a-person",
            format!(
                "#!/bin/sh\nexec node '{}' '{quoted}' \"$@\"\n",
                person.display()
            ),
        );
        fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
        Some(Self {
            world,
            idp,
            platform,
            acs,
            asked,
            browser,
            netlog,
        })
    }

    fn log_in(&self) -> Ended {
        let (metadata, ca) = (self.idp.metadata(), self.idp.tls_certificate());
        let path = |path: &PathBuf| path.to_str().unwrap().to_owned();
        self.world
            .start(&[
                "login".to_owned(),
                "--headless-first".into(),
                "--capture=chromium".into(),
                format!("--browser={}", path(&self.browser)),
                format!("--acs-url={}", self.acs),
                format!("--idp-url={}", self.idp.sign_in_link(Signed::Both)),
                format!("--idp-metadata={}", path(&metadata)),
                format!("--audience={AUDIENCE}"),
                format!("--ca-bundle={}", path(&ca)),
                "--timeout=50s".into(),
            ])
            .end()
            .code(0)
            .says(&[peers::USER])
    }

    /// The browser has told of everything that it did on the network, and the platform's host is not in it; nor has
    /// anybody asked the proxy for it in a browser's name.
    fn assert_the_browser_never_asked_for_the_platform(&self) {
        let log = fs::read_to_string(&self.netlog).unwrap();
        assert!(log.contains("idp.example"), "the log tells what was asked");
        assert!(!log.contains(HOST));
        let asked = self.asked.lock().unwrap();
        assert!(asked.iter().any(|head| head.contains(HOST)));
        assert!(
            !asked.iter().any(|head| head.contains("Mozilla")),
            "{asked:?}"
        );
    }

    fn assert_the_token_is_kept(&self) {
        let token = self.platform.tokens().pop().unwrap();
        assert_eq!(
            self.world.run(&["token"]).code(0).stdout,
            format!("{token}\n")
        );
    }
}

/// A proxy that leads everybody to one port, and remembers what it was asked.
fn proxy(asked: &Arc<Mutex<Vec<String>>>, port: u16) -> Peer {
    let asked = Arc::clone(asked);
    Peer::start(move |mut client| {
        let Some(head) = read_head(&mut client) else {
            return;
        };
        asked.lock().unwrap().push(head);
        let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
            return;
        };
        let _ = client.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        let _ = client.set_read_timeout(None);
        let (from_client, to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || relay(from_client, to_server));
        relay(server, client);
    })
}

fn relay(mut from: TcpStream, mut to: TcpStream) {
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

#[test]
fn samlp_signs_in_to_a_platform_that_the_browser_never_asks_for() {
    let Some(stage) = Stage::set(Software::Samlp) else {
        return;
    };
    stage.log_in();
    stage.assert_the_token_is_kept();
    assert_eq!(stage.platform.requests(Route::Exchange), 1);
    stage.assert_the_browser_never_asked_for_the_platform();
}

#[test]
fn simplesamlphp_asks_for_the_password_once_and_the_second_login_needs_no_window() {
    let Some(stage) = Stage::set(Software::SimpleSamlPhp) else {
        return;
    };
    stage
        .log_in()
        .says(&["asks for something", "in a window of its own"]);
    stage.assert_the_browser_never_asked_for_the_platform();
    let started = Instant::now();
    let second = stage.log_in();
    assert!(!second.stderr.contains("asks for something"), "{second}");
    assert!(started.elapsed() < Duration::from_secs(60));
    stage.assert_the_token_is_kept();
    assert_eq!(stage.platform.requests(Route::Exchange), 2);
    stage.assert_the_browser_never_asked_for_the_platform();
}
