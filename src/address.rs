//! Web addresses that may be opened or called, and the loopback address that responses are posted to.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use thiserror::Error;
use url::{Host, Url};

/// An absolute `https` address, or `http` on a loopback host (a demo, a test platform), normalised: at most
/// [`WebAddress::MAX_LENGTH`] bytes, with a host, without user information, without a fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebAddress(Url);

/// Why an address is not taken.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AddressError {
    /// Longer than [`WebAddress::MAX_LENGTH`].
    #[error("it has {0} bytes, more than {max}", max = WebAddress::MAX_LENGTH)]
    TooLong(usize),
    /// White space, a control character, a quote, an angle bracket or a backslash.
    #[error("it holds white space, a control character, a quote, an angle bracket or a backslash")]
    Character,
    /// Not an absolute URL at all.
    #[error("it is not an absolute web address: {0}")]
    NotUrl(String),
    /// Another scheme than `https`.
    #[error("its scheme is {0:?}, where only https is allowed")]
    Scheme(String),
    /// `http` to a host that is not on this machine.
    #[error(
        "it is plain http to a host that is not this machine's loopback; only https is allowed there"
    )]
    PlainHttp,
    /// A user name or password inside the address.
    #[error("it holds a user name or password")]
    UserInformation,
    /// A `#` part.
    #[error("it has a fragment (the part after #)")]
    Fragment,
    /// A listener address that is not `http`.
    #[error(
        "the listener's address must start with http://, since no certificate can name this machine's loopback"
    )]
    ListenerScheme,
    /// A listener address on another host than the loopback ones.
    #[error(
        "the listener's host must be 127.0.0.1, [::1] or localhost, so that no other machine can reach it"
    )]
    ListenerHost,
    /// A listener address with no port, or port 0.
    #[error(
        "the listener's address must name its port, exactly as it is registered with the identity provider"
    )]
    ListenerPort,
    /// A listener address with a query.
    #[error("the listener's address must not have a query (the part after ?)")]
    ListenerQuery,
    /// A listener address that is not written the way a browser would send it.
    #[error("the listener's address is written unusually; as a browser understands it, it is {0}")]
    ListenerSpelling(String),
}

impl WebAddress {
    /// The longest address taken: identity providers' links stay below 2 KiB.
    pub const MAX_LENGTH: usize = 4096;

    /// Reads and normalises an address.
    ///
    /// # Errors
    /// [`AddressError`] says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.len() > Self::MAX_LENGTH {
            return Err(AddressError::TooLong(text.len()));
        }
        let forbidden = |c: char| {
            c.is_control() || c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '\\' | '`')
        };
        if text.chars().any(forbidden) {
            return Err(AddressError::Character);
        }
        let url = Url::parse(text).map_err(|error| AddressError::NotUrl(error.to_string()))?;
        match url.scheme() {
            "https" | "http" => {}
            other => return Err(AddressError::Scheme(other.chars().take(20).collect())),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::UserInformation);
        }
        if url.fragment().is_some() {
            return Err(AddressError::Fragment);
        }
        let address = Self(url);
        if address.0.scheme() == "http" && !address.is_loopback() {
            return Err(AddressError::PlainHttp);
        }
        if address.as_str().len() > Self::MAX_LENGTH {
            return Err(AddressError::TooLong(address.as_str().len()));
        }
        Ok(address)
    }

    /// The normalised address.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether the host is this machine: `localhost`, 127.0.0.0/8 or `[::1]`.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
    }

    /// Whether the address is `https`.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The host as it stands in the address (an IPv6 address in brackets).
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The port, the scheme's own where none is written.
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or_default()
    }

    /// The host, with the port where it is not the scheme's own: the `Host` header for this address.
    pub fn authority(&self) -> String {
        match self.0.port() {
            Some(port) => format!("{}:{port}", self.host()),
            None => self.host().to_owned(),
        }
    }

    /// Scheme, host and port as a browser writes them into `Origin` (RFC 6454 section 6.2).
    pub fn origin(&self) -> String {
        format!("{}://{}", self.0.scheme(), self.authority())
    }

    /// The path, `/` at least.
    pub fn path(&self) -> &str {
        self.0.path()
    }

    /// The decoded query parameters in their order.
    pub fn query(&self) -> Vec<(String, String)> {
        self.0
            .query_pairs()
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect()
    }

    /// Whether the address has a query at all.
    pub fn has_query(&self) -> bool {
        self.0.query().is_some()
    }

    /// The host that a `Location` found at this address leads to, when that is another origin.
    pub fn host_elsewhere(&self, location: &str) -> Option<String> {
        let target = self.0.join(location).ok()?;
        let stays = target.origin() == self.0.origin();
        target.host_str().filter(|_| !stays).map(str::to_owned)
    }

    /// The same address with one query parameter more.
    pub fn with_query(&self, name: &str, value: &str) -> Self {
        let mut url = self.0.clone();
        url.query_pairs_mut().append_pair(name, value);
        Self(url)
    }

    /// The address of another path of the same origin, made of segments that are percent-encoded here.
    pub fn at<'s>(&self, segments: impl IntoIterator<Item = &'s str>) -> Self {
        let mut url = self.0.clone();
        url.set_query(None);
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(segments);
        }
        Self(url)
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The values of a field in an `application/x-www-form-urlencoded` body, decoded as leniently as browsers do.
pub fn form_values(body: &[u8], name: &str) -> Vec<String> {
    let pairs = url::form_urlencoded::parse(body);
    pairs
        .filter(|(field, _)| field == name)
        .map(|(_, value)| value.into_owned())
        .collect()
}

/// The address on this machine that responses are posted to: `http`, a loopback host, a port, a path.
///
/// It is compared letter for letter by identity providers (the registered ACS) and by our own checks (`Recipient`,
/// `Destination`), so it is kept exactly as written and refused when a browser would spell it another way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopbackAddress(WebAddress);

impl LoopbackAddress {
    /// Reads a listener's address.
    ///
    /// # Errors
    /// [`AddressError`] says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let url = Url::parse(text).map_err(|error| AddressError::NotUrl(error.to_string()))?;
        if url.scheme() != "http" {
            return Err(AddressError::ListenerScheme);
        }
        let host_is_known = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip == Ipv4Addr::LOCALHOST,
            Some(Host::Ipv6(ip)) => ip == Ipv6Addr::LOCALHOST,
            None => false,
        };
        if !host_is_known {
            return Err(AddressError::ListenerHost);
        }
        let address = WebAddress::parse(text)?;
        if address.0.port().is_none_or(|port| port == 0) {
            return Err(AddressError::ListenerPort);
        }
        if address.has_query() {
            return Err(AddressError::ListenerQuery);
        }
        if address.as_str() != text {
            return Err(AddressError::ListenerSpelling(address.as_str().to_owned()));
        }
        Ok(Self(address))
    }

    /// The address of a port of 127.0.0.1, at a path that starts with `/`.
    ///
    /// # Errors
    /// As [`LoopbackAddress::parse`], for a path that a browser would spell another way.
    pub fn on(port: u16, path: &str) -> Result<Self, AddressError> {
        Self::parse(&format!("http://{}:{port}{path}", Ipv4Addr::LOCALHOST))
    }

    /// The address, letter for letter as it was given.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The exact `Host` header that a browser sends to it.
    pub fn authority(&self) -> String {
        self.0.authority()
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.0.port()
    }

    /// The path, `/` at least.
    pub fn path(&self) -> &str {
        self.0.path()
    }

    /// Where to bind so that a browser's connection can reach nobody else. Browsers try both addresses of
    /// `localhost`, so both are taken.
    pub fn sockets(&self) -> Vec<SocketAddr> {
        let v4 = IpAddr::from(Ipv4Addr::LOCALHOST);
        let v6 = IpAddr::from(Ipv6Addr::LOCALHOST);
        let hosts = match self.0.0.host() {
            Some(Host::Ipv4(_)) => vec![v4],
            Some(Host::Ipv6(_)) => vec![v6],
            _ => vec![v4, v6],
        };
        hosts
            .into_iter()
            .map(|host| SocketAddr::new(host, self.port()))
            .collect()
    }
}

impl fmt::Display for LoopbackAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The decoded fields of a query or of a form's body (`application/x-www-form-urlencoded`), in their order.
///
/// Lenient, as browsers and servers are; what is posted to our own listener is read more strictly.
pub fn form_pairs(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes())
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

/// The fields as a form's body (`application/x-www-form-urlencoded`).
pub fn form_encoded(fields: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// A text as a form's body writes it (`application/x-www-form-urlencoded`), in pieces: whoever puts those of a secret
/// together decides where it comes to lie.
pub fn form_pieces(text: &str) -> impl Iterator<Item = &str> {
    url::form_urlencoded::byte_serialize(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_and_normalises_web_addresses() {
        for (text, normal) in [
            ("https://idp.example/sso?x=1", "https://idp.example/sso?x=1"),
            ("HTTPS://IdP.Example:443", "https://idp.example/"),
            ("http://127.0.0.1:8080/a", "http://127.0.0.1:8080/a"),
            ("http://localhost/", "http://localhost/"),
            ("http://[::1]:9/", "http://[::1]:9/"),
            ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ] {
            assert_eq!(WebAddress::parse(text).unwrap().as_str(), normal);
        }
    }

    #[test]
    fn refuses_what_a_browser_or_a_shell_could_misread() {
        for text in [
            "",
            "idp.example/sso",
            "//idp.example/",
            "/sso",
            "-https://idp.example",
            "--version",
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "file:///etc/passwd",
            "data:text/html,x",
            "ms-msdt:/id",
            "vbscript:x",
            "ftp://idp.example/",
            "mailto:a@b",
            "https:",
            "https://",
            "https://user@idp.example/",
            "https://user:pw@idp.example/",
            "https://idp.example/#f",
            "https://idp.example/a b",
            "https://idp.example/\n",
            " https://idp.example/",
            "https://idp.example/\"&calc",
            "https://idp.example/'x",
            "https://idp.example/<x>",
            "https://idp.example/`id`",
            "https:\\\\idp.example\\",
            "https://idp.example/\u{0}",
            "https://idp.example/\u{85}",
            "https://idp.example:99999/",
            "https://[::1/",
            "http://idp.example/",
            "http://127.0.0.1.evil.example/",
            "http://localhost.evil.example/",
            "http://0.0.0.0/",
            "http://[::ffff:127.0.0.1]/",
            "http://10.0.0.1/",
            "https://idp.exa mple/",
        ] {
            assert!(WebAddress::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_length_of_an_address_is_bounded_as_it_was_given_and_as_it_is_used() {
        let long = |letters: usize, letter: &str| {
            let start = "https://idp.example/";
            WebAddress::parse(&format!("{start}{}", letter.repeat(letters - start.len())))
        };
        assert!(long(WebAddress::MAX_LENGTH, "a").is_ok());
        assert_eq!(
            long(WebAddress::MAX_LENGTH + 1, "a"),
            Err(AddressError::TooLong(WebAddress::MAX_LENGTH + 1))
        );
        // In the address that is opened each of these takes three bytes.
        let twenty = 20 + (WebAddress::MAX_LENGTH - 20) / 3;
        assert!(long(twenty, "{").is_ok_and(|address| address.as_str().len() > 4090));
        assert!(matches!(
            long(twenty + 1, "{"),
            Err(AddressError::TooLong(4097..))
        ));
    }

    #[test]
    fn an_address_has_its_parts() {
        let address = WebAddress::parse("https://idp.example/sso?a=1&b=%C3%A9+x").unwrap();
        assert!(address.is_https() && address.has_query());
        let query = [("a", "1"), ("b", "é x")];
        assert_eq!(
            address.query(),
            query.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert_eq!(address.to_string(), address.as_str());
        let plain = WebAddress::parse("http://localhost:81/").unwrap();
        assert!(!plain.is_https() && !plain.has_query());
        let listener = LoopbackAddress::parse("http://[::1]:81/a").unwrap();
        assert_eq!(listener.as_str(), "http://[::1]:81/a");
        assert_eq!(listener.to_string(), listener.as_str());
        assert_eq!(listener.sockets(), ["[::1]:81".parse().unwrap()]);
    }

    #[test]
    fn origin_is_what_a_browser_sends() {
        let origin = |text| WebAddress::parse(text).unwrap().origin();
        assert_eq!(origin("https://idp.example:443/a?b"), "https://idp.example");
        assert_eq!(origin("http://127.0.0.1:8080/"), "http://127.0.0.1:8080");
        assert_eq!(origin("http://[::1]:8080/"), "http://[::1]:8080");
    }

    #[test]
    fn a_location_leads_elsewhere_only_when_its_origin_differs() {
        let at = WebAddress::parse("https://anypoint.mulesoft.com/a").unwrap();
        assert_eq!(
            at.host_elsewhere("https://evil.example/x").as_deref(),
            Some("evil.example")
        );
        assert_eq!(
            at.host_elsewhere("//evil.example").as_deref(),
            Some("evil.example")
        );
        assert_eq!(
            at.host_elsewhere("http://anypoint.mulesoft.com/")
                .as_deref(),
            Some("anypoint.mulesoft.com")
        );
        assert_eq!(at.host_elsewhere("/login"), None);
        assert_eq!(
            at.host_elsewhere("https://anypoint.mulesoft.com:443/b"),
            None
        );
    }

    #[test]
    fn path_segments_cannot_break_out() {
        let base = WebAddress::parse("https://anypoint.mulesoft.com/x?y").unwrap();
        assert_eq!(
            base.at(["a", "b/../c?d#e%2f"]).as_str(),
            "https://anypoint.mulesoft.com/a/b%2F..%2Fc%3Fd%23e%252f"
        );
    }

    #[test]
    fn a_listener_is_on_the_loopback_and_spelled_as_registered() {
        let one = LoopbackAddress::parse("http://127.0.0.1:35417/saml/acs").unwrap();
        assert_eq!(
            (one.authority().as_str(), one.path()),
            ("127.0.0.1:35417", "/saml/acs")
        );
        assert_eq!(one.sockets(), ["127.0.0.1:35417".parse().unwrap()]);
        let both = LoopbackAddress::parse("http://localhost:35417/saml/acs").unwrap();
        assert_eq!(
            both.sockets(),
            [
                "127.0.0.1:35417".parse().unwrap(),
                "[::1]:35417".parse().unwrap()
            ]
        );
        assert_eq!(
            LoopbackAddress::parse("http://[::1]:1/")
                .unwrap()
                .authority(),
            "[::1]:1"
        );
    }

    #[test]
    fn a_listener_elsewhere_or_spelled_oddly_is_refused() {
        for (text, error) in [
            ("https://127.0.0.1:1/", AddressError::ListenerScheme),
            ("http://0.0.0.0:1/", AddressError::ListenerHost),
            ("http://192.168.0.1:1/", AddressError::ListenerHost),
            ("http://127.0.0.2:1/", AddressError::ListenerHost),
            ("http://localhost.example:1/", AddressError::ListenerHost),
            ("http://127.0.0.1/saml", AddressError::ListenerPort),
            ("http://127.0.0.1:0/", AddressError::ListenerPort),
            ("http://127.0.0.1:1/?a", AddressError::ListenerQuery),
            ("http://127.0.0.1:1/#a", AddressError::Fragment),
            ("http://u@127.0.0.1:1/", AddressError::UserInformation),
            (
                "http://127.0.0.1:1",
                AddressError::ListenerSpelling("http://127.0.0.1:1/".into()),
            ),
            (
                "http://127.1:1/",
                AddressError::ListenerSpelling("http://127.0.0.1:1/".into()),
            ),
            (
                "http://LOCALHOST:1/",
                AddressError::ListenerSpelling("http://localhost:1/".into()),
            ),
        ] {
            assert_eq!(LoopbackAddress::parse(text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn forms_go_both_ways() {
        let fields = vec![
            ("SAMLResponse".to_owned(), "PHg+/==".to_owned()),
            ("RelayState".to_owned(), "a b&c=\u{e9}".to_owned()),
        ];
        let text = form_encoded(&fields);
        assert_eq!(
            text,
            "SAMLResponse=PHg%2B%2F%3D%3D&RelayState=a+b%26c%3D%C3%A9"
        );
        assert_eq!(form_pairs(&text), fields);
        assert_eq!(form_values(text.as_bytes(), "RelayState"), ["a b&c=é"]);
        assert_eq!(form_values(b"a=1&b=2&a=3", "a"), ["1", "3"]);
        let pieces: String = form_pieces("a b&c=é").collect();
        assert_eq!(pieces, "a+b%26c%3D%C3%A9");
    }
}
