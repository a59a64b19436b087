//! `login` with identity providers and a browser that none of us wrote: Auth0's samlp and SimpleSAMLphp, in Chromium and in
//! Firefox.
//!
//! What they need is installed by `tests/run`. Where it is not there, these tests say so and are left out; with CI=true
//! they fail instead.

#[cfg(target_os = "linux")]
mod own_browser;
mod peers;

use super::support::chromium::Chromium;
use super::support::firefox::Firefox;
use super::support::free_port;
use super::support::skip::skipped;
use super::support::window::{Certificates, Window};
use super::support::world::{Running, World};
use anyp_saml::demo::PEOPLE;
use anyp_saml::demo::platform::{Platform, Route};
use peers::{IdentityProvider, Signed, Software, Transport};
use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;

/// The audience that the identity provider writes and the platform wants.
const AUDIENCE: &str = "harbour-hale.anypoint.mulesoft.com";

/// An identity provider of others, a browser of others, and our demo platform, which trusts that identity provider.
struct Stage<Browser> {
    idp: IdentityProvider,
    browser: Browser,
    platform: Platform,
    /// The loopback ACS that is registered at the identity provider.
    acs: String,
}

/// A login that has shown its link, in a world of its own.
struct Login {
    world: World,
    running: Running,
    link: String,
}

impl<Browser: Window> Stage<Browser> {
    /// `None`, and the reason on standard error, where this machine has not what it takes.
    fn set(software: Software, transport: Transport) -> Option<Self> {
        Self::set_at("127.0.0.1", software, transport)
    }

    /// The same, with the listener at `host`.
    fn set_at(host: &str, software: Software, transport: Transport) -> Option<Self> {
        if let Some(lacking) = IdentityProvider::lacking(software) {
            skipped(&format!("there is no {lacking}"));
            return None;
        }
        let certificates = match transport {
            Transport::Http => Certificates::Known,
            Transport::Https => Certificates::Any,
        };
        let browser = Browser::here(certificates)?;
        let acs = format!("http://{host}:{}/saml/acs", free_port());
        let idp = IdentityProvider::start(software, transport, &acs, AUDIENCE);
        let platform = Platform::start(idp.settings_at_the_platform(&acs, AUDIENCE)).unwrap();
        Some(Self {
            idp,
            browser,
            platform,
            acs,
        })
    }

    /// Starts `login` for responses that are signed as said.
    fn login(&self, signed: Signed) -> Login {
        let metadata = self.idp.metadata();
        self.login_with(signed, &["--idp-metadata", metadata.to_str().unwrap()])
    }

    fn login_with(&self, signed: Signed, more: &[&str]) -> Login {
        let link = self.idp.sign_in_link(signed);
        let acs_url = self.platform.acs_url();
        let mut arguments = vec![
            "login",
            "--capture",
            "loopback",
            "--no-browser",
            "--timeout",
            "2m",
        ];
        arguments.extend([
            "--acs-url",
            &acs_url,
            "--listen",
            &self.acs,
            "--idp-url",
            &link,
        ]);
        arguments.extend(["--audience", AUDIENCE]);
        arguments.extend(more);
        let world = World::new();
        let mut running = world.start(&arguments);
        let link = running.hear_word(&link);
        Login {
            world,
            running,
            link,
        }
    }

    /// Opens a link to the identity provider, and does there what a person does.
    fn sign_in(&mut self, link: &str) {
        self.browser.open(link);
        if self.idp.has_form() {
            self.browser.fill("#username", peers::USER);
            self.browser.fill("#password", peers::PASSWORD);
            self.browser
                .click("form[name=f] [type=submit], form[name=f] button");
        }
    }

    /// Lets the identity provider post a response without any signature.
    fn sign_in_unsigned(&mut self, login: &Login) {
        let (signed, unsigned) = (
            self.idp.sign_in_link(Signed::Both),
            self.idp.sign_in_link(Signed::None),
        );
        self.sign_in(&login.link.replace(&signed, &unsigned));
    }

    /// Sees a login of the user to its good end.
    fn see_it_end_well(&mut self, login: Login) {
        self.see_it_end_well_for(peers::USER, login);
    }

    /// Sees a login to its good end: the page, the exit code, the token.
    fn see_it_end_well_for(&mut self, user: &str, login: Login) {
        let shown = self.browser.until_text(user);
        assert_eq!(
            self.browser.address(),
            self.acs.replace("/saml/acs", "/done"),
            "{shown}"
        );
        let ended = login.running.end().code(0).says(&[user]);
        assert_eq!(
            ended.stdout, "",
            "standard output is for what is handed out"
        );
        let tokens = self.platform.tokens();
        let token = tokens.last().unwrap();
        let printed = login.world.run(&["token"]).code(0);
        assert_eq!(printed.stdout, format!("{token}\n"));
        ended.hides(&[token]);
    }
}

/// One login per form of signature that is one, with one identity provider and one browser: from the second login on,
/// the browser's session at the identity provider answers in the person's place.
fn every_signed_form_signs_in<Browser: Window>(software: Software, transport: Transport) {
    let Some(mut stage) = Stage::<Browser>::set(software, transport) else {
        return;
    };
    for (logins, signed) in [Signed::Assertion, Signed::Response, Signed::Both]
        .into_iter()
        .enumerate()
    {
        let login = stage.login(signed);
        if logins == 0 {
            stage.sign_in(&login.link);
        } else {
            stage.browser.open(&login.link);
        }
        stage.see_it_end_well(login);
        assert_eq!(
            stage.platform.requests(Route::Exchange),
            logins + 1,
            "{signed:?}"
        );
    }
}

#[test]
fn samlp_over_http_signs_in_with_every_form_of_signature() {
    every_signed_form_signs_in::<Chromium>(Software::Samlp, Transport::Http);
}

#[test]
fn samlp_over_https_signs_in_with_every_form_of_signature() {
    every_signed_form_signs_in::<Chromium>(Software::Samlp, Transport::Https);
}

#[test]
fn simplesamlphp_over_http_signs_in_with_every_form_of_signature() {
    every_signed_form_signs_in::<Chromium>(Software::SimpleSamlPhp, Transport::Http);
}

#[test]
fn simplesamlphp_over_https_signs_in_with_every_form_of_signature() {
    every_signed_form_signs_in::<Chromium>(Software::SimpleSamlPhp, Transport::Https);
}

/// Firefox leaves pages and asks for names in ways of its own.
#[test]
fn samlp_over_https_signs_in_with_every_form_of_signature_in_firefox() {
    every_signed_form_signs_in::<Firefox>(Software::Samlp, Transport::Https);
}

#[test]
fn simplesamlphp_over_https_signs_in_with_every_form_of_signature_in_firefox() {
    every_signed_form_signs_in::<Firefox>(Software::SimpleSamlPhp, Transport::Https);
}

/// An unsigned response is nobody's: the page says so, and the signed one after it is still taken.
fn an_unsigned_response_is_refused_and_waited_on(software: Software) {
    let Some(mut stage) = Stage::<Chromium>::set(software, Transport::Https) else {
        return;
    };
    let login = stage.login(Signed::Both);
    stage.sign_in_unsigned(&login);
    let shown = stage.browser.until_text("SIG-NONE");
    assert_eq!(stage.browser.address(), stage.acs, "{shown}");
    assert_eq!(stage.platform.requests(Route::Exchange), 0);

    stage.browser.open(&login.link);
    stage.see_it_end_well(login);
    assert_eq!(stage.platform.requests(Route::Exchange), 1);
}

#[test]
fn an_unsigned_response_of_samlp_is_refused_and_waited_on() {
    an_unsigned_response_is_refused_and_waited_on(Software::Samlp);
}

#[test]
fn an_unsigned_response_of_simplesamlphp_is_refused_and_waited_on() {
    an_unsigned_response_is_refused_and_waited_on(Software::SimpleSamlPhp);
}

/// The listener's port is anybody's once the login is over. Whoever takes it then gets no response by a reload.
fn a_reload_posts_nothing_to_the_ports_next_owner<Browser: Window>() {
    let Some(mut stage) = Stage::<Browser>::set(Software::Samlp, Transport::Https) else {
        return;
    };
    let login = stage.login(Signed::Both);
    stage.sign_in(&login.link);
    stage.see_it_end_well(login);

    let address = stage
        .acs
        .trim_start_matches("http://")
        .trim_end_matches("/saml/acs");
    let next_owner = TcpListener::bind(address).unwrap();
    stage.browser.reload();
    let (mut connection, _) = next_owner.accept().unwrap();
    let mut start = [0; 16];
    connection.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"GET /done HTTP/1");
}

#[test]
fn a_reload_after_the_login_posts_nothing_to_the_ports_next_owner() {
    a_reload_posts_nothing_to_the_ports_next_owner::<Chromium>();
}

#[test]
fn a_reload_after_the_login_posts_nothing_to_the_ports_next_owner_in_firefox() {
    a_reload_posts_nothing_to_the_ports_next_owner::<Firefox>();
}

/// The metadata may also be read where the identity provider itself serves it.
#[test]
fn the_metadata_is_read_from_the_identity_provider_itself() {
    let Some(mut stage) = Stage::<Chromium>::set(Software::SimpleSamlPhp, Transport::Https) else {
        return;
    };
    let authority = stage.idp.tls_certificate();
    let metadata = stage.idp.metadata_address();
    let more = [
        "--idp-metadata",
        &metadata,
        "--ca-bundle",
        authority.to_str().unwrap(),
    ];
    let login = stage.login_with(Signed::Assertion, &more);
    stage.sign_in(&login.link);
    stage.see_it_end_well(login);
}

/// Nobody here can open it, so it is exchanged with a word of warning; the platform says whose it was.
fn an_encrypted_assertion_is_exchanged_unread(software: Software) {
    let Some(mut stage) = Stage::<Chromium>::set(software, Transport::Https) else {
        return;
    };
    let login = stage.login(Signed::AroundEncrypted);
    stage.sign_in(&login.link);
    // The demo platform cannot open it either, and takes it for the first person it knows.
    stage.see_it_end_well_for(PEOPLE[0].username, login);
    assert_eq!(stage.platform.requests(Route::Exchange), 1);
}

#[test]
fn an_encrypted_assertion_of_samlp_is_exchanged_unread() {
    an_encrypted_assertion_is_exchanged_unread(Software::Samlp);
}

#[test]
fn an_encrypted_assertion_of_simplesamlphp_is_exchanged_unread() {
    an_encrypted_assertion_is_exchanged_unread(Software::SimpleSamlPhp);
}

/// Chromium goes to `[::1]` first when an address says `localhost`.
#[test]
fn a_listener_that_is_registered_as_localhost_is_reached() {
    let Some(mut stage) = Stage::<Chromium>::set_at("localhost", Software::Samlp, Transport::Https)
    else {
        return;
    };
    let login = stage.login(Signed::Both);
    stage.sign_in(&login.link);
    stage.see_it_end_well(login);
}

/// Pictures of the pages that a real browser shows, under `target/tmp/pages`, in the light and in the dark.
#[test]
fn the_pages_can_be_looked_at() {
    let Some(mut stage) = Stage::<Chromium>::set(Software::Samlp, Transport::Http) else {
        return;
    };
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    fs::create_dir_all(&pictures).unwrap();
    let login = stage.login(Signed::Both);
    stage.sign_in_unsigned(&login);
    stage.browser.until_text("SIG-NONE");
    stage.browser.pictures(&pictures, "refused");
    stage.sign_in(&login.link);
    stage.browser.until_text(peers::USER);
    stage.browser.pictures(&pictures, "signed-in");
    login.running.end().code(0);
}
