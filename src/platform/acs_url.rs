//! The platform's ACS URL: the one text to paste, since it tells plane, organization and identity provider.

use super::Plane;
use crate::address::{AddressError, WebAddress};
use crate::foreign::brief;
use thiserror::Error;

/// The address on the platform that responses are posted to and exchanged at, as Access Management shows it:
/// `{plane}/accounts/login/{org_domain}/providers/{provider_id}/receive-id`, or `{plane}/accounts/login/receive-id`
/// for identity providers set up before 31 October 2021.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformAcs {
    written: String,
    address: WebAddress,
    plane: Plane,
    provider: Option<Provider>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Provider {
    org_domain: String,
    provider_id: String,
}

/// Why a text is no ACS URL of the platform.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PlatformAddressError {
    /// No address that may be called.
    #[error("{0}")]
    Address(#[from] AddressError),
    /// The path is another one; the path found, fit to be shown.
    #[error(
        "its path is {0}, where /accounts/login/{{org domain}}/providers/{{provider id}}/receive-id is expected"
    )]
    Path(String),
    /// The address where a login at the platform starts (SP-initiated). What comes of it cannot be exchanged.
    #[error(
        "it is where a login at the platform starts, not where the identity provider's answer is received"
    )]
    StartsLogin,
    /// The organization's domain or the provider's id is not of letters, digits, `.`, `_` and `-`.
    #[error(
        "the {part} in it, {found}, is not of 1 to 128 letters, digits, dots, hyphens and underscores"
    )]
    Name {
        /// Which of the two.
        part: &'static str,
        /// What stands there, fit to be shown.
        found: String,
    },
    /// A port that none of the platform's public planes has.
    #[error("it names port {0}, but {1} answers at port 443 alone")]
    Port(u16, String),
    /// There is a `?` part.
    #[error("it has a query (the part after ?)")]
    Query,
    /// Written so that a browser would spell it another way.
    #[error("it is written unusually; as a browser understands it, it is {0}")]
    Spelling(String),
}

impl PlatformAcs {
    /// Reads an ACS URL. White space around it is dropped, since it comes from copying; white space in it is refused.
    ///
    /// # Errors
    /// [`PlatformAddressError`] says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, PlatformAddressError> {
        let written = text.trim();
        let address = WebAddress::parse(written)?;
        if address.has_query() {
            return Err(PlatformAddressError::Query);
        }
        // Identity providers and our own checks compare this address letter for letter, so it must not have a second
        // spelling: no `..`, no escapes that a parser resolves. (Scheme and host may be written in capitals.)
        if !written.ends_with(address.path()) {
            let usual = brief(address.as_str());
            return Err(PlatformAddressError::Spelling(usual));
        }
        let provider = provider(address.path())?;
        let plane = Plane::at(&address);
        let well_known = Plane::parse(&format!("https://{}/", address.host()))?.is_well_known();
        if well_known && address.port() != 443 {
            let host = address.host().to_owned();
            return Err(PlatformAddressError::Port(address.port(), host));
        }
        Ok(Self {
            written: written.to_owned(),
            address,
            plane,
            provider,
        })
    }

    /// The address letter for letter as it was given: what `Recipient` and `Destination` are held against.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The control plane.
    pub fn plane(&self) -> &Plane {
        &self.plane
    }

    /// The organization's domain; the old address form does not tell it.
    pub fn org_domain(&self) -> Option<&str> {
        self.provider.as_ref().map(|provider| &*provider.org_domain)
    }

    /// The identity provider's id at the platform; the old address form does not tell it.
    pub fn provider_id(&self) -> Option<&str> {
        self.provider
            .as_ref()
            .map(|provider| &*provider.provider_id)
    }

    /// Where a response is exchanged.
    pub fn receive_address(&self) -> &WebAddress {
        &self.address
    }
}

/// What the path tells; `None` for the old form, which names neither organization nor provider.
fn provider(path: &str) -> Result<Option<Provider>, PlatformAddressError> {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    match segments[..] {
        ["accounts", "login", "receive-id"] => Ok(None),
        [
            "accounts",
            "login",
            org_domain,
            "providers",
            provider_id,
            "receive-id",
        ] => Ok(Some(Provider {
            org_domain: name("org domain", org_domain)?,
            provider_id: name("provider id", provider_id)?,
        })),
        ["accounts", "login"]
        | ["accounts", "login", _]
        | ["accounts", "login", _, "providers", _]
        | ["login", ..] => Err(PlatformAddressError::StartsLogin),
        _ => Err(PlatformAddressError::Path(brief(path))),
    }
}

fn name(part: &'static str, text: &str) -> Result<String, PlatformAddressError> {
    if super::is_plain_name(text) {
        Ok(text.to_owned())
    } else {
        let found = brief(text);
        Err(PlatformAddressError::Name { part, found })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACS: &str =
        "https://anypoint.mulesoft.com/accounts/login/acme/providers/0c3e-22/receive-id";

    #[test]
    fn one_pasted_address_tells_plane_organization_and_provider() {
        let acs = PlatformAcs::parse(&format!(" {ACS}\r\n")).unwrap();
        assert_eq!(acs.as_str(), ACS);
        assert_eq!(acs.receive_address().as_str(), ACS);
        assert_eq!(acs.plane().name(), "us");
        assert_eq!(acs.org_domain(), Some("acme"));
        assert_eq!(acs.provider_id(), Some("0c3e-22"));
    }

    #[test]
    fn the_address_of_before_2021_is_taken_as_well() {
        let acs = PlatformAcs::parse("https://eu1.anypoint.mulesoft.com/accounts/login/receive-id")
            .unwrap();
        assert_eq!(acs.plane().name(), "eu");
        assert_eq!((acs.org_domain(), acs.provider_id()), (None, None));
    }

    #[test]
    fn other_planes_and_ports_are_the_users_own_word() {
        let acs =
            PlatformAcs::parse("https://pce.example:8443/accounts/login/a/providers/b/receive-id")
                .unwrap();
        assert_eq!(acs.plane().to_string(), "https://pce.example:8443");
        assert!(
            PlatformAcs::parse("http://127.0.0.1:1/accounts/login/a/providers/b/receive-id")
                .is_ok()
        );
    }

    #[test]
    fn where_a_login_starts_is_not_where_it_ends() {
        for path in [
            "accounts/login",
            "accounts/login/acme",
            "accounts/login/acme/providers/1",
            "login/domain/acme",
        ] {
            let address = format!("https://anypoint.mulesoft.com/{path}");
            assert_eq!(
                PlatformAcs::parse(&address),
                Err(PlatformAddressError::StartsLogin),
                "{path}"
            );
        }
    }

    #[test]
    fn nothing_breaks_out_of_its_place() {
        for (org, provider) in [
            ("..", "p"),
            ("a", ".."),
            (".", "p"),
            ("", "p"),
            ("a/b", "p"),
            ("a%2fb", "p"),
            ("a%2e%2e", "p"),
            ("a%00", "p"),
            ("ä", "p"),
            ("a", "p?x"),
            ("a", "p#x"),
            ("a;b", "p"),
            ("a:b", "p"),
            ("a@b", "p"),
            ("a+b", "p"),
            ("a b", "p"),
            ("a", "p\n"),
            ("a\\b", "p"),
        ] {
            let address = format!(
                "https://anypoint.mulesoft.com/accounts/login/{org}/providers/{provider}/receive-id"
            );
            assert!(PlatformAcs::parse(&address).is_err(), "{address:?}");
        }
        let long = "a".repeat(129);
        let address =
            format!("https://anypoint.mulesoft.com/accounts/login/{long}/providers/p/receive-id");
        assert!(matches!(
            PlatformAcs::parse(&address),
            Err(PlatformAddressError::Name {
                part: "org domain",
                ..
            })
        ));
    }

    #[test]
    fn other_addresses_are_refused_with_their_reason() {
        use PlatformAddressError as E;
        let acs = |text: &str| PlatformAcs::parse(text).unwrap_err();
        assert_eq!(acs(&format!("{ACS}?x=1")), E::Query);
        assert_eq!(acs(&format!("{ACS}#x")), E::Address(AddressError::Fragment));
        assert_eq!(
            acs(&ACS.replace("https", "http")),
            E::Address(AddressError::PlainHttp)
        );
        assert_eq!(
            acs(&ACS.replace("https://", "https://u:p@")),
            E::Address(AddressError::UserInformation)
        );
        assert_eq!(
            acs(&ACS.replace(".com", ".com:8443")),
            E::Port(8443, "anypoint.mulesoft.com".into())
        );
        assert_eq!(
            acs(&ACS.replace("/login/", "/x/../login/")),
            E::Spelling(ACS.into())
        );
        assert!(matches!(acs(&format!("{ACS}/")), E::Path(_)));
        assert!(matches!(acs("https://idp.example/saml/acs"), E::Path(_)));
    }
}
