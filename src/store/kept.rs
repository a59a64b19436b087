//! What is kept of a login, and its form: one JSON object.

use crate::address::WebAddress;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::token::AccessToken;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The format written here. A reader refuses a higher one instead of guessing what it means.
const FORMAT: u64 = 1;

/// A token and what is known of it. `Debug` does not show the token.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The token.
    pub token: AccessToken,
    /// What is known of it.
    pub about: About,
}

/// What is known of a kept token. This much stands in the store's directory, wherever the token itself is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// How it was got.
    pub method: Method,
    /// Where it is kept.
    pub place: Place,
    /// The control plane it is for.
    pub plane: WebAddress,
    /// The platform's ACS URL that it was exchanged at, as configured: it tells the organization's identity provider.
    pub acs_url: Option<String>,
    /// Who signed in, in the words of the sign-in: the `NameID` of the response where that could be read, the user name
    /// that was typed, or the connected app's id.
    pub subject: Option<String>,
    /// The user of the last SAML response, where this token was got in another way since. See [`About::last_saml_user`].
    pub saml_user: Option<String>,
    /// The name the user signed in with, where the platform told it.
    pub username: Option<String>,
    /// The user's email address, where the platform told it.
    pub email: Option<String>,
    /// The user's id.
    pub user_id: Option<String>,
    /// The organization's id.
    pub organization_id: Option<String>,
    /// The organization's name.
    pub organization_name: Option<String>,
    /// When the token was given.
    pub signed_in_at: Timestamp,
    /// About when it ends; `None` when that is not known.
    pub ends_at: Option<Timestamp>,
}

/// How a token was got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// By exchanging a SAML response.
    Saml,
    /// With user name and password.
    Password,
    /// As a connected app.
    ConnectedApp,
}

impl Method {
    /// Its name, as it is configured.
    pub fn name(self) -> &'static str {
        match self {
            Self::Saml => "saml",
            Self::Password => "password",
            Self::ConnectedApp => "connected-app",
        }
    }
}

/// Where a token is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// In a file that is the user's alone.
    #[default]
    File,
    /// In the system's keychain.
    Keychain,
}

impl Place {
    /// Its name, as it is configured.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Keychain => "keychain",
        }
    }
}

/// Why what is kept cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Its format is a later one.
    Newer(u64),
    /// It is not what we write.
    Broken(&'static str),
}

#[derive(Serialize)]
struct Written<'a> {
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    method: Method,
    store: Place,
    plane: &'a str,
    acs_url: Option<&'a str>,
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    saml_user: Option<&'a str>,
    username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    user_id: Option<&'a str>,
    organization_id: Option<&'a str>,
    organization_name: Option<&'a str>,
    signed_in_at: Timestamp,
    ends_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Version {
    version: u64,
}

#[derive(Deserialize)]
struct Read {
    token: Option<String>,
    method: Method,
    #[serde(default)]
    store: Place,
    plane: String,
    acs_url: Option<String>,
    // What it was called while there was no other way to sign in.
    #[serde(alias = "name_id")]
    subject: Option<String>,
    saml_user: Option<String>,
    username: Option<String>,
    email: Option<String>,
    user_id: Option<String>,
    organization_id: Option<String>,
    organization_name: Option<String>,
    signed_in_at: Timestamp,
    ends_at: Option<Timestamp>,
}

impl About {
    /// A token that nothing more is known of.
    pub fn new(method: Method, plane: WebAddress, signed_in_at: Timestamp) -> Self {
        Self {
            method,
            place: Place::File,
            plane,
            acs_url: None,
            subject: None,
            saml_user: None,
            username: None,
            email: None,
            user_id: None,
            organization_id: None,
            organization_name: None,
            signed_in_at,
            ends_at: None,
        }
    }

    /// The user of the last SAML response that a login of this profile took, whatever way it went since: another one is
    /// asked about.
    pub fn last_saml_user(&self) -> Option<&str> {
        match self.method {
            Method::Saml => self.subject.as_deref(),
            Method::Password | Method::ConnectedApp => self.saml_user.as_deref(),
        }
    }

    /// Whether the token's time is known to be over.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.ends_at.is_some_and(|end| end <= now)
    }

    /// What stands in the directory where the token is in the keychain.
    pub(super) fn to_json(&self) -> Zeroizing<Vec<u8>> {
        self.written(None)
    }

    fn written(&self, token: Option<&str>) -> Zeroizing<Vec<u8>> {
        let written = Written {
            version: FORMAT,
            token,
            method: self.method,
            store: self.place,
            plane: self.plane.as_str(),
            acs_url: self.acs_url.as_deref(),
            subject: self.subject.as_deref(),
            saml_user: self.saml_user.as_deref(),
            username: self.username.as_deref(),
            email: self.email.as_deref(),
            user_id: self.user_id.as_deref(),
            organization_id: self.organization_id.as_deref(),
            organization_name: self.organization_name.as_deref(),
            signed_in_at: self.signed_in_at,
            ends_at: self.ends_at,
        };
        // Room for the whole, so that growing leaves no copy of the token behind.
        let mut json = Zeroizing::new(Vec::with_capacity(super::MAX_KEPT));
        // Texts, times and a list of fields always have a JSON form, and writing to memory does not fail.
        let _ = serde_json::to_writer_pretty(&mut *json, &written);
        json.push(b'\n');
        json
    }

    /// What is known of a token, and the token where it stands beside that.
    pub(super) fn from_json(json: &[u8]) -> Result<(Self, Option<AccessToken>), Unreadable> {
        // Causes are said without serde's words, which quote values.
        let Version { version } = serde_json::from_slice(json)
            .map_err(|_| Unreadable::Broken("it is not JSON with a version"))?;
        if version > FORMAT {
            return Err(Unreadable::Newer(version));
        }
        let read: Read = serde_json::from_slice(json)
            .map_err(|_| Unreadable::Broken("a field is missing or has another type"))?;
        let token = read
            .token
            .map(|token| AccessToken::parse(Secret::new(token)));
        let about = Self {
            method: read.method,
            place: read.store,
            plane: WebAddress::parse(&read.plane)
                .map_err(|_| Unreadable::Broken("the plane's address cannot be used"))?,
            acs_url: read.acs_url,
            subject: read.subject,
            saml_user: read.saml_user,
            username: read.username,
            email: read.email,
            user_id: read.user_id,
            organization_id: read.organization_id,
            organization_name: read.organization_name,
            signed_in_at: read.signed_in_at,
            ends_at: read.ends_at,
        };
        match (token.transpose(), about.place) {
            (Err(_), _) => Err(Unreadable::Broken("what it holds is not a token")),
            (Ok(None), Place::File) => Err(Unreadable::Broken("there is no token in it")),
            (Ok(token), _) => Ok((about, token)),
        }
    }
}

impl Kept {
    pub(super) fn to_json(&self) -> Zeroizing<Vec<u8>> {
        self.about.written(Some(self.token.expose()))
    }

    pub(super) fn from_json(json: &[u8]) -> Result<Self, Unreadable> {
        match About::from_json(json)? {
            (about, Some(token)) => Ok(Self { token, about }),
            (_, None) => Err(Unreadable::Broken("there is no token in it")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> Kept {
        let about = About {
            method: Method::Saml,
            place: Place::File,
            plane: WebAddress::parse("https://anypoint.mulesoft.com").unwrap(),
            acs_url: Some("https://eu1.anypoint.mulesoft.com/accounts/login/receive-id".into()),
            subject: Some("ada@example.com".into()),
            saml_user: Some("ada@example.com".into()),
            username: Some("ada\u{9b}\"\\\n".into()),
            email: Some("ada@example.com".into()),
            user_id: Some("u-1".into()),
            organization_id: None,
            organization_name: Some("Acme".into()),
            signed_in_at: "2026-01-15T12:00:00Z".parse().unwrap(),
            ends_at: Some("2026-01-15T13:00:00Z".parse().unwrap()),
        };
        Kept {
            token: AccessToken::parse(Secret::new("8c4ba5b5-visible".into())).unwrap(),
            about,
        }
    }

    #[test]
    fn a_method_is_written_as_it_is_configured() {
        for method in [Method::Saml, Method::Password, Method::ConnectedApp] {
            let about = About {
                method,
                ..kept().about
            };
            let json = about.to_json();
            let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
            assert_eq!(json["method"], method.name());
        }
    }

    #[test]
    fn what_is_kept_comes_back() {
        let json = kept().to_json();
        let back = Kept::from_json(&json).unwrap();
        assert_eq!(back.token.expose(), kept().token.expose());
        assert_eq!(back.to_json(), json);
        assert_eq!(back.about, kept().about);
    }

    #[test]
    fn what_stands_beside_the_keychain_holds_no_token() {
        let about = About {
            place: Place::Keychain,
            ..kept().about
        };
        let json = about.to_json();
        assert!(!String::from_utf8_lossy(&json).contains("visible"));
        let (back, token) = About::from_json(&json).unwrap();
        assert_eq!((back, token.is_none()), (about, true));
        let why = Kept::from_json(&json).unwrap_err();
        assert_eq!(why, Unreadable::Broken("there is no token in it"));
    }

    #[test]
    fn a_token_ends_when_that_is_known() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let about = kept().about;
        assert!(!about.has_ended(at("2026-01-15T12:59:59Z")));
        assert!(about.has_ended(at("2026-01-15T13:00:00Z")));
        let unknown = About {
            ends_at: None,
            ..about
        };
        assert!(!unknown.has_ended(at("2999-01-01T00:00:00Z")));
    }

    #[test]
    fn a_later_format_is_told_from_a_damaged_file() {
        assert_eq!(
            Kept::from_json(b"{\"version\":2}").unwrap_err(),
            Unreadable::Newer(2)
        );
        let json = String::from_utf8(kept().to_json().to_vec()).unwrap();
        let damages = [
            String::new(),
            "{}".into(),
            "[1]".into(),
            "\0".repeat(100),
            json[..json.len() / 2].into(),
            json.replace("8c4ba5b5-visible", "8c4b'"),
            json.replace("https", "http"),
            json.replace("\"saml\"", "\"telepathy\""),
            json.replace("2026-01-15T12:00:00Z", "today"),
            json.replace("\"token\"", "\"tokem\""),
        ];
        for damaged in damages {
            let why = Kept::from_json(damaged.as_bytes()).unwrap_err();
            assert!(matches!(why, Unreadable::Broken(_)), "{damaged}");
            assert!(!format!("{why:?}").contains("8c4b"));
        }
        // What an earlier version has written is read.
        let earlier = json.replace("\"subject\"", "\"name_id\"");
        let earlier = earlier.replace("  \"store\": \"file\",\n", "");
        let read = Kept::from_json(earlier.as_bytes()).unwrap();
        assert_eq!(read.about, kept().about);
        // A field that a later version of the same format adds does no harm.
        assert!(Kept::from_json(json.replacen('{', "{\"new\":1,", 1).as_bytes()).is_ok());
    }

    #[test]
    fn debug_does_not_show_the_token() {
        assert!(!format!("{:?}", kept()).contains("visible"));
    }
}
