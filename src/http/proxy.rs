//! Which proxy leads to an address, by the same rules as a request's: for whoever checks the machine.

use super::Route;
use crate::address::WebAddress;
use crate::foreign::brief;
use hyper::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use std::ffi::OsString;

/// The variables that may name a proxy to https addresses, the weightiest first. Of each pair, one that is set hides
/// the other, even when it is empty.
pub const PROXY_VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// A proxy that requests are led through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Its address, without the user name and the password that go with it, fit to be shown; `None` where it is written
    /// so that a part of the password may pass for the host.
    pub address: Option<String>,
    /// The variable that names it; none where the system's own settings do.
    pub variable: Option<&'static str>,
}

/// Whether a variable's value names a proxy, and the user name and the password with it are written as they should be.
pub fn names_a_proxy(value: &str) -> bool {
    let somewhere = Uri::from_static("https://platform.example/");
    intercept(value, &somewhere).is_some_and(|proxy| is_whole(&proxy, value))
}

/// The proxy to this address, where there is one. `variable` gives the environment.
pub fn proxy_to(
    address: &WebAddress,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Option<Proxy> {
    match Route::to(address) {
        Route::Remote => proxy_by(&Matcher::from_system(), address, variable),
        Route::LoopbackTls | Route::LoopbackPlain => None,
    }
}

fn proxy_by(
    matcher: &Matcher,
    address: &WebAddress,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Option<Proxy> {
    let target = address.origin().parse().ok()?;
    let proxy = matcher.intercept(&target)?;
    let named = PROXY_VARIABLES.into_iter().find_map(|name| {
        let value = variable(name)?.into_string().ok()?;
        let is_it = intercept(&value, &target)?.uri() == proxy.uri();
        is_it.then_some((name, value))
    });
    let is_whole = named
        .as_ref()
        .is_none_or(|(_, value)| is_whole(&proxy, value));
    Some(Proxy {
        address: is_whole.then(|| brief(proxy.uri().to_string().trim_end_matches('/'))),
        variable: named.map(|(name, _)| name),
    })
}

/// The proxy that a value names for an address.
fn intercept(value: &str, target: &Uri) -> Option<Intercept> {
    Matcher::builder().all(value).build().intercept(target)
}

/// Whether the user information of a value was all taken for that. A `#`, `/`, `?` or `@` in a password that is not
/// percent-encoded ends the host, or begins it: what then passes for the host is a piece of the password.
fn is_whole(proxy: &Intercept, value: &str) -> bool {
    let is_taken = proxy.basic_auth().is_some() || proxy.raw_auth().is_some();
    let rest = proxy
        .uri()
        .authority()
        .map_or("", |authority| authority.as_str());
    value.contains('@') == is_taken && !rest.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The proxy to a platform where these variables are set.
    fn proxy(variables: &[(&str, &str)]) -> Option<Proxy> {
        let value = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| *value)
        };
        let matcher = Matcher::builder()
            .all(value("ALL_PROXY").unwrap_or_default())
            .https(value("HTTPS_PROXY").unwrap_or_default())
            .no(value("NO_PROXY").unwrap_or_default())
            .build();
        let platform = WebAddress::parse("https://anypoint.mulesoft.com/x?y").unwrap();
        proxy_by(&matcher, &platform, |name| value(name).map(OsString::from))
    }

    fn named(address: &str, variable: &'static str) -> Option<Proxy> {
        Some(Proxy {
            address: Some(address.into()),
            variable: Some(variable),
        })
    }

    #[test]
    fn a_proxy_is_shown_with_its_variable_and_without_its_password() {
        let https = ("HTTPS_PROXY", "http://ada:hunter2@proxy.example:8080/");
        let all = ("ALL_PROXY", "socks5h://ada:hunter2@socks.example:1080");
        assert_eq!(
            proxy(&[https, all]),
            named("http://proxy.example:8080", "HTTPS_PROXY")
        );
        assert_eq!(
            proxy(&[all]),
            named("socks5h://socks.example:1080", "ALL_PROXY")
        );
        assert_eq!(
            proxy(&[("HTTPS_PROXY", "proxy.example:8080")]),
            named("http://proxy.example:8080", "HTTPS_PROXY")
        );
        for (_, value) in [https, all] {
            assert!(names_a_proxy(value));
        }
    }

    #[test]
    fn a_password_that_is_not_encoded_never_passes_for_the_host() {
        for mark in ['#', '/', '?', '@', ':', '%', '\\', '[', ' ', '"'] {
            for password in [
                format!("hunter{mark}2"),
                format!("{mark}hunter"),
                format!("hunter{mark}"),
            ] {
                let value = format!("http://ada:{password}@proxy.example:8080");
                let shown = proxy(&[("HTTPS_PROXY", &value)]).and_then(|proxy| proxy.address);
                let is_right = shown.as_deref() == Some("http://proxy.example:8080");
                assert!(shown.is_none() || is_right, "{value}: {shown:?}");
                assert_eq!(names_a_proxy(&value), is_right, "{value}");
            }
        }
    }

    #[test]
    fn there_is_none_where_nobody_names_one_or_it_is_excepted() {
        let https = ("HTTPS_PROXY", "http://proxy.example:8080");
        assert_eq!(proxy(&[]), None);
        assert_eq!(proxy(&[https, ("NO_PROXY", "mulesoft.com")]), None);
        for wrong in ["", "ftp://proxy.example", "//"] {
            assert_eq!(proxy(&[("HTTPS_PROXY", wrong)]), None, "{wrong}");
            assert!(!names_a_proxy(wrong), "{wrong}");
        }
    }

    #[test]
    fn no_proxy_leads_to_this_machine() {
        for address in ["http://127.0.0.1:9/", "https://localhost:9/"] {
            let address = WebAddress::parse(address).unwrap();
            let somewhere = |_: &str| Some("http://proxy.example:1".into());
            assert_eq!(proxy_to(&address, somewhere), None);
        }
    }
}
