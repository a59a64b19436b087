//! A world with the demo in it, and logins that point at the demo.

use super::browser::{Browser, Page, ResponseForm};
use super::port::free_port;
use super::world::{Ended, Running, World};
use anyp_saml::demo::Demo;
use anyp_saml::demo::identity_provider::{IdentityProvider, IdpSettings, RelayState};
use anyp_saml::demo::platform::{Platform, PlatformSettings, Route};
use anyp_saml::demo::response::ResponseOptions;
use anyp_saml::encoding::{base64, decode_base64};

pub struct Scene {
    pub world: World,
    pub demo: Demo,
}

impl Scene {
    pub fn set() -> Self {
        Self::with(RelayState::Echoed, |_| ())
    }

    /// A scene whose identity provider treats RelayState so, and whose platform's settings are changed first.
    pub fn with(relay_state: RelayState, change: impl FnOnce(&mut PlatformSettings)) -> Self {
        let acs = format!("http://127.0.0.1:{}/saml/acs", free_port());
        let settings = IdpSettings {
            relay_state,
            ..IdpSettings::posting_to(&acs)
        };
        let identity_provider = IdentityProvider::start(settings).unwrap();
        let mut settings = PlatformSettings::trusting(&identity_provider);
        change(&mut settings);
        let platform = Platform::start(settings).unwrap();
        Self {
            world: World::new(),
            demo: Demo {
                identity_provider,
                platform,
            },
        }
    }

    /// The arguments of a login, and these. A flag given here comes in place of the scene's own, among which no
    /// browser is opened.
    pub fn arguments(&self, more: &[&str]) -> Vec<String> {
        let timeout = [("--timeout", "30s".to_owned())];
        let own = self.demo.flags().into_iter().chain(timeout);
        let own = own.filter(|(flag, _)| !more.contains(flag));
        let no_browser = (!more.contains(&"--browser")).then_some("--no-browser");
        ["login"]
            .into_iter()
            .chain(no_browser)
            .map(str::to_owned)
            .chain(own.flat_map(|(flag, value)| [flag.to_owned(), value]))
            .chain(more.iter().map(|&text| text.to_owned()))
            .collect()
    }

    /// Starts a login and waits until it waits.
    pub fn start(&self, more: &[&str]) -> Login {
        let mut running = self.world.start(&self.arguments(more));
        let heard = running.hear("Ctrl-C");
        let start = self.demo.identity_provider.sign_in_link();
        let mut lines = heard.lines().map(str::trim);
        let link = lines.find(|line| line.starts_with(&start)).unwrap();
        Login {
            running,
            link: link.to_owned(),
        }
    }

    /// A login from its link to its end, with this browser.
    pub fn log_in(&self, browser: &Browser, more: &[&str]) -> (Ended, Page) {
        let login = self.start(more);
        let page = browser.visit(&login.link);
        (login.running.end(), page)
    }

    /// A login with a response that is handed in: its file or standard input.
    pub fn hand_in(&self, response: &[u8], more: &[&str]) -> Ended {
        let more = [&["--response", "-"], more].concat();
        self.world.run_with_input(&self.arguments(&more), response)
    }

    /// A response of the identity provider, in base64.
    pub fn response(&self, options: &ResponseOptions) -> String {
        base64(
            self.demo
                .identity_provider
                .issue(options)
                .unwrap()
                .as_bytes(),
        )
    }

    pub fn exchanges(&self) -> usize {
        self.demo.platform.requests(Route::Exchange)
    }

    /// The token given out last.
    pub fn token(&self) -> String {
        self.demo.platform.tokens().pop().unwrap()
    }
}

/// A login that waits for its response.
pub struct Login {
    pub running: Running,
    /// The link that it shows, with its RelayState.
    pub link: String,
}

/// What of a response must not be seen anywhere: its base64, and the values of its signatures. (Its XML holds what may
/// be shown as well: names, addresses, times.)
pub fn secrets_of(form: &ResponseForm) -> Vec<String> {
    let posted = form.field("SAMLResponse").unwrap();
    secrets_of_response(posted)
}

/// As [`secrets_of`], of the base64 itself.
pub fn secrets_of_response(posted: &str) -> Vec<String> {
    let xml = String::from_utf8(decode_base64(posted).unwrap()).unwrap();
    let values = ["SignatureValue>", "DigestValue>"].iter().flat_map(|end| {
        // Opening tag, value, closing tag: every second piece is a value.
        xml.split(end)
            .skip(1)
            .step_by(2)
            .map(|text| text.split('<').next().unwrap().to_owned())
    });
    let values: Vec<String> = values.filter(|value| value.len() > 12).collect();
    [vec![posted.to_owned()], values].concat()
}
