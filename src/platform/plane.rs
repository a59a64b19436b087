//! Control planes: where in the world an organization lives.

use crate::address::{AddressError, WebAddress};
use std::fmt;

/// The control planes that have a short name, and their hosts.
const NAMED: [(&str, &str); 3] = [
    ("us", "anypoint.mulesoft.com"),
    ("eu", "eu1.anypoint.mulesoft.com"),
    ("gov", "gov.anypoint.mulesoft.com"),
];

/// One control plane: its origin, and its short name where MuleSoft gave it one. Hyperforce planes and Private Cloud
/// Editions have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plane {
    address: WebAddress,
}

impl Plane {
    /// The plane of a short name: `us`, `eu` or `gov`.
    pub fn named(name: &str) -> Option<Self> {
        let (_, host) = NAMED.iter().find(|(known, _)| *known == name)?;
        let address = WebAddress::parse(&format!("https://{host}/")).ok()?;
        Some(Self { address })
    }

    /// The plane at an address, of which only the origin is kept.
    pub fn at(address: &WebAddress) -> Self {
        Self {
            address: address.at([]),
        }
    }

    /// The plane of a short name or of an address, as a person writes it.
    ///
    /// # Errors
    /// [`AddressError`]: neither a short name nor an address that may be called.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        match Self::named(text) {
            Some(plane) => Ok(plane),
            None => WebAddress::parse(text).map(|address| Self::at(&address)),
        }
    }

    /// `us`, `eu`, `gov`, or `other`.
    pub fn name(&self) -> &'static str {
        NAMED
            .iter()
            .find(|(_, host)| self.address.is_https() && self.address.authority() == *host)
            .map_or("other", |(name, _)| name)
    }

    /// Whether this is one of the planes that MuleSoft names in public. Another one is somewhere that only the user's
    /// own word vouches for.
    pub fn is_well_known(&self) -> bool {
        self.name() != "other"
    }

    /// The plane's origin with the path `/`.
    pub fn address(&self) -> &WebAddress {
        &self.address
    }

    /// Whether a login starts at this address of the plane (SP-initiated): its sign-in page, or the one of an
    /// organization or an identity provider. What comes of such a login cannot be exchanged.
    pub fn starts_login(&self, address: &WebAddress) -> bool {
        let is_here = Self::at(address) == *self || Self::at(address).is_well_known();
        let mut segments = address.path().split('/').skip(1);
        let start = (segments.next(), segments.next());
        is_here
            && matches!(
                start,
                (Some("login"), _) | (Some("accounts"), Some("login"))
            )
    }

    /// Host, and port where it is not the scheme's own: what `ANYPOINT_HOST` takes.
    pub fn host(&self) -> String {
        self.address.authority()
    }
}

impl Plane {
    /// The plane as a person may read it: its short name where it has one, and its host.
    pub fn described(&self) -> String {
        let host = crate::foreign::brief(&self.host());
        if self.is_well_known() {
            format!("{} ({host})", self.name())
        } else {
            host
        }
    }
}

/// The plane's origin, as `https://host`.
impl fmt::Display for Plane {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.address.origin())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_and_addresses_name_the_same_planes() {
        for (name, address) in [
            ("us", "https://anypoint.mulesoft.com"),
            ("eu", "https://EU1.anypoint.mulesoft.com:443/login/?x"),
            ("gov", "https://gov.anypoint.mulesoft.com/"),
        ] {
            let plane = Plane::parse(name).unwrap();
            assert_eq!(plane, Plane::parse(address).unwrap());
            assert_eq!(plane.name(), name);
            assert!(plane.is_well_known());
        }
        assert_eq!(
            Plane::named("us").unwrap().to_string(),
            "https://anypoint.mulesoft.com"
        );
    }

    #[test]
    fn where_a_login_starts_at_a_plane_is_known() {
        let ours = Plane::parse("https://pce.example:8443/").unwrap();
        for (address, starts) in [
            ("https://pce.example:8443/accounts/login/acme", true),
            (
                "https://pce.example:8443/accounts/login/acme/providers/1/login?x=1",
                true,
            ),
            ("https://pce.example:8443/login/domain/acme", true),
            ("https://anypoint.mulesoft.com/accounts/login/acme", true),
            ("https://eu1.anypoint.mulesoft.com/login/", true),
            ("https://pce.example:8443/", false),
            ("https://pce.example/accounts/login/acme", false),
            ("https://idp.example/accounts/login/acme", false),
            (
                "https://idp.example/?u=https://anypoint.mulesoft.com/login/",
                false,
            ),
            ("https://anypoint.mulesoft.com/accounts/api/me", false),
        ] {
            let address = WebAddress::parse(address).unwrap();
            assert_eq!(ours.starts_login(&address), starts, "{address}");
        }
    }

    #[test]
    fn a_look_alike_is_another_plane() {
        for address in [
            "https://anypoint.mulesoft.com.evil.example/",
            "https://anypoint.mulesoft.com:8443/",
            "https://ca1.platform.mulesoft.com/",
            "http://127.0.0.1:9000/",
        ] {
            let plane = Plane::parse(address).unwrap();
            assert_eq!(plane.name(), "other", "{address}");
            assert!(!plane.is_well_known());
        }
        assert_eq!(
            Plane::parse("http://127.0.0.1:9000/x").unwrap().host(),
            "127.0.0.1:9000"
        );
        assert!(Plane::parse("US").is_err());
        assert!(Plane::parse("http://anypoint.mulesoft.com").is_err());
    }
}
