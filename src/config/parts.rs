//! A configuration looked at: each part that can be read, also where no login could go by the whole.

use super::credentials::plane;
use super::login::place;
use super::reader::Reader;
use super::saml::missing;
use super::{
    BrowserChoice, Capture, ConfigError, Connection, Layers, Machine, Setting, TrustSources,
    resolve,
};
use crate::address::WebAddress;
use crate::platform::{Plane, PlatformAcs};
use crate::store::Place;
use crate::time::SignedDuration;
use std::path::PathBuf;

/// The parts of a login's configuration. What cannot be read is absent here, and among the problems.
#[derive(Debug)]
pub struct Parts {
    /// How the user signs in, as it is configured.
    pub method: String,
    /// What a login through SAML goes by, where it is one.
    pub saml: Option<SamlParts>,
    /// The platform's plane.
    pub plane: Option<Plane>,
    /// How the platform is reached.
    pub connection: Option<Connection>,
    /// Where the token is to be kept.
    pub store: Option<Place>,
    /// A file that is to hold the token alone.
    pub token_file: Option<PathBuf>,
    /// What keeps a login from going by it, beside the capture.
    pub problems: Vec<ConfigError>,
}

/// The parts of a login through SAML.
#[derive(Debug)]
pub struct SamlParts {
    /// The platform's ACS.
    pub platform: Option<PlatformAcs>,
    /// Where the user signs in.
    pub sign_in_link: Option<WebAddress>,
    /// How the response is caught, and why so; or why it is not.
    pub capture: Result<(Capture, String), ConfigError>,
    /// Which keys are believed.
    pub trust: Option<TrustSources>,
    /// The identity provider's entity ID.
    pub issuer: Option<String>,
    /// How far the identity provider's clock may be off.
    pub clock_skew: Option<SignedDuration>,
    /// Which browser is opened.
    pub browser: Option<BrowserChoice>,
}

impl Parts {
    /// Reads the layers on this machine.
    pub fn read(layers: &Layers, machine: &Machine) -> Self {
        let read = Reader(layers);
        let method = read.value(Setting::Method).unwrap_or("saml");
        let mut problems = Problems::default();
        let saml = match method {
            "saml" => Some(SamlParts::read(&read, machine, &mut problems)),
            _ => None,
        };
        // Whatever else a login would say.
        problems.note(resolve(String::new(), layers, machine));
        let plane = match &saml {
            // Where no ACS URL tells it, nobody has named the plane of custom either.
            Some(saml) => saml.platform.as_ref().map(|acs| acs.plane().clone()),
            None => problems.note(plane(&read)),
        };
        Self {
            method: method.to_owned(),
            saml,
            plane,
            connection: problems.note(Connection::resolve(layers)),
            store: problems.note(place(&read)),
            token_file: read.value(Setting::TokenFile).map(PathBuf::from),
            problems: problems.found,
        }
    }
}

impl SamlParts {
    fn read(read: &Reader, machine: &Machine, problems: &mut Problems) -> Self {
        let missing = missing(read);
        if !missing.is_empty() {
            problems.note(Err::<(), _>(ConfigError::Missing(missing)));
        }
        let platform = problems.note(read.parsed(Setting::AcsUrl, PlatformAcs::parse));
        let sign_in_link = problems.note(read.parsed(Setting::IdpUrl, WebAddress::parse));
        let capture = Capture::resolve(read, machine);
        problems.of_capture = capture.as_ref().err().map(ToString::to_string);
        Self {
            platform: platform.flatten(),
            sign_in_link: sign_in_link.flatten(),
            capture,
            trust: problems.note(TrustSources::resolve(read)),
            issuer: problems.note(read.text(Setting::Issuer)).flatten(),
            clock_skew: problems.note(read.clock_skew()),
            browser: problems.note(BrowserChoice::resolve(read)),
        }
    }
}

/// Gathers each problem once.
#[derive(Default)]
struct Problems {
    /// The one that is told with the capture.
    of_capture: Option<String>,
    found: Vec<ConfigError>,
}

impl Problems {
    fn note<T>(&mut self, read: Result<T, ConfigError>) -> Option<T> {
        let error = match read {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let text = error.to_string();
        let known = self.found.iter().map(ToString::to_string);
        if !known
            .chain(self.of_capture.clone())
            .any(|known| known == text)
        {
            self.found.push(error);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layer;

    const ACS: &str = "https://anypoint.mulesoft.com/accounts/login/receive-id";
    const LINK: &str = "https://idp.example/sso";

    fn layers(values: &[(Setting, &str)]) -> Layers {
        let mut flags = Layer::default();
        for (setting, value) in values {
            flags.text(*setting, Some((*value).to_owned()));
        }
        Layers::new(flags, Layer::default(), Layer::default()).unwrap()
    }

    fn parts(values: &[(Setting, &str)]) -> Parts {
        Parts::read(&layers(values), &Machine::bare())
    }

    #[test]
    fn there_is_a_problem_wherever_no_login_could_go_by_it_and_nowhere_else() {
        use Setting as S;
        let (acs, link) = ((S::AcsUrl, ACS), (S::IdpUrl, LINK));
        for values in [
            vec![],
            vec![acs],
            vec![acs, link],
            vec![acs, (S::Capture, "paste")],
            vec![acs, (S::IdpUrl, "https://anypoint.mulesoft.com/login/")],
            vec![acs, link, (S::Capture, "telepathy")],
            vec![acs, link, (S::Capture, "chromium")],
            vec![acs, link, (S::Timeout, "soon")],
            vec![(S::Method, "password")],
            vec![(S::Method, "password"), (S::Capture, "telepathy")],
            vec![(S::Method, "connected-app")],
            vec![(S::Method, "connected-app"), (S::ClientId, "0a1b")],
            vec![(S::Method, "charm")],
            vec![
                acs,
                (S::IdpUrl, "https://idp.example/?RelayState=x"),
                (S::RelayState, "require"),
            ],
        ] {
            let goes = resolve(String::new(), &layers(&values), &Machine::bare()).is_ok();
            let parts = parts(&values);
            let is_caught = parts.saml.as_ref().is_none_or(|saml| saml.capture.is_ok());
            let is_whole = parts.problems.is_empty() && is_caught;
            assert_eq!(is_whole, goes, "{values:?}: {parts:?}");
        }
    }

    #[test]
    fn what_is_missing_is_found_beside_what_is_wrong() {
        let problems = parts(&[(Setting::AcsUrl, "ftp://x")]).problems;
        let missing = |problem: &ConfigError| matches!(problem, ConfigError::Missing(_));
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert_eq!(
            problems.iter().filter(|problem| missing(problem)).count(),
            1
        );
    }

    #[test]
    fn every_problem_is_found_once_and_hides_nothing() {
        let parts = parts(&[
            (Setting::IdpUrl, LINK),
            (Setting::AcsUrl, "ftp://x"),
            (Setting::ClockSkew, "1h"),
            (Setting::Capture, "telepathy"),
        ]);
        let problems: Vec<_> = parts.problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].starts_with("--acs-url"), "{problems:?}");
        assert!(problems[1].starts_with("--clock-skew"), "{problems:?}");
        let saml = parts.saml.unwrap();
        assert!(saml.capture.is_err());
        assert_eq!(saml.sign_in_link, WebAddress::parse(LINK).ok());
    }
}
