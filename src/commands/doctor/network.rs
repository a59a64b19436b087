//! Whether the platform and the identity provider can be reached, and by which way.

use super::check::Check;
use crate::commands::error::{Words, http};
use crate::foreign::{brief, shown};
use crate::http::{HttpError, Proxy};
use crate::time::SignedDuration;
use std::path::Path;
use std::time::Duration;

/// What is said where nobody was asked.
pub(super) const NOT_ASKED: &str = "not asked (--offline)";

/// A server that answered, whatever it said.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    /// Its name, and port where it is not the scheme's own; fit to be shown.
    pub(super) host: String,
    pub(super) status: u16,
    /// The other host that it sends us to, where it does.
    pub(super) elsewhere: Option<String>,
    pub(super) took: Duration,
    /// How far its clock is ahead of this machine's, where it told.
    pub(super) ahead: Option<SignedDuration>,
}

/// What came of asking a server, or why it was not asked.
pub(super) type Asked = Result<Result<Answered, HttpError>, &'static str>;

/// How far a server's clock is ahead of this machine's, where it has told.
pub(super) fn ahead(asked: &Asked) -> Option<SignedDuration> {
    asked.as_ref().ok()?.as_ref().ok()?.ahead
}

/// Whom requests to other machines are believed by. `bundle` is the one of the configuration; `named` are the variables
/// that put others in the place of the system's own.
pub(super) fn authorities(
    read: Option<Result<(), Words>>,
    named: &[(&str, String)],
    bundle: Option<&Path>,
) -> Check {
    const NAME: &str = "authorities";
    let sources: Vec<_> = named
        .iter()
        .map(|(variable, value)| format!("{} ({variable})", shown(value, 300)))
        .collect();
    let systems = match sources.as_slice() {
        [] => "the system's".to_owned(),
        sources => sources.join(" and "),
    };
    match read {
        None => Check::skip(NAME, "nobody is asked over https"),
        Some(Err(words)) => Check::failed(
            NAME,
            words,
            "Give a file of certificates in PEM (-----BEGIN CERTIFICATE-----) that you may read.",
        ),
        Some(Ok(())) => Check::pass(
            NAME,
            match bundle {
                None => systems,
                Some(path) => format!(
                    "{systems}, and those of {}",
                    shown(&path.to_string_lossy(), 300)
                ),
            },
        ),
    }
}

/// The proxies on the ways out.
#[derive(Debug, Default)]
pub(super) struct Proxies {
    /// Each host that is asked, fit to be shown, and the proxy to it.
    pub(super) to: Vec<(String, Option<Proxy>)>,
    /// The variables that are set and name no proxy.
    pub(super) unusable: Vec<&'static str>,
    /// Whether a variable is set that names one.
    pub(super) is_named: bool,
}

/// Which proxy leads where.
pub(super) fn proxies(proxies: &Proxies) -> Check {
    const NAME: &str = "proxy";
    let mut found: Vec<String> = Vec::new();
    let mut hosts_by: Vec<(&Option<Proxy>, Vec<&str>)> = Vec::new();
    for (host, proxy) in &proxies.to {
        match hosts_by.iter_mut().find(|(known, _)| *known == proxy) {
            Some((_, hosts)) => hosts.push(host),
            None => hosts_by.push((proxy, vec![host])),
        }
    }
    for (proxy, hosts) in hosts_by {
        let hosts = hosts.join(" and ");
        found.push(match proxy {
            Some(Proxy { address, variable }) => {
                let address = address.as_deref().unwrap_or("one that cannot be made out");
                let by = variable.unwrap_or("the system's settings");
                format!("{address} ({by}) to {hosts}")
            }
            None if proxies.is_named => format!("none to {hosts} (this machine, or NO_PROXY)"),
            None => format!("none to {hosts}"),
        });
    }
    if !proxies.unusable.is_empty() {
        let names = proxies.unusable.join(", ");
        found.insert(
            0,
            format!("{names} is set, but not written as the address of a proxy"),
        );
        return Check::warn(
            NAME,
            found.join("; "),
            "Write it as http://HOST:PORT or http://NAME:PASSWORD@HOST:PORT, with % and two digits in place of what is \
             neither letter nor digit in name and password (%40 for @, %23 for #), or unset it.",
        );
    }
    match found.is_empty() {
        true => Check::skip(NAME, "nobody is known who could be asked"),
        false => Check::pass(NAME, found.join("; ")),
    }
}

/// Whether the platform answers.
pub(super) fn platform(asked: &Asked) -> Check {
    const NAME: &str = "platform";
    const INTERFERES: &str = "Does a proxy, a filter or a sign-in page of the network stand in between? Ask whoever runs it.";
    let answered = match asked {
        Err(why) => return Check::skip(NAME, *why),
        Ok(Err(error)) => {
            return Check::failed(NAME, http(error), "Check the network, and HTTPS_PROXY.");
        }
        Ok(Ok(answered)) => answered,
    };
    let found = answered.to_string();
    match answered.status {
        _ if answered.elsewhere.is_some() => Check::warn(NAME, found, INTERFERES),
        403 | 407 | 451 => Check::warn(NAME, found, INTERFERES),
        500..=599 => Check::warn(
            NAME,
            found,
            "This is the platform's own trouble, or a proxy's: try again later (status.mulesoft.com).",
        ),
        _ => Check::pass(NAME, found),
    }
}

/// Whether the identity provider's link leads anywhere. The browser asks it, by its own way: what goes wrong here need
/// not go wrong there.
pub(super) fn link(asked: &Asked) -> Check {
    const NAME: &str = "idp-link";
    const BROWSER: &str = "If the link opens in your browser, all is well.";
    let answered = match asked {
        Err(why) => return Check::skip(NAME, *why),
        Ok(Err(error)) => {
            let hints = http(error).hints;
            let cure = [BROWSER.to_owned()].into_iter().chain(hints);
            return Check::warn(NAME, error.to_string(), cure.collect::<Vec<_>>().join(" "));
        }
        Ok(Ok(answered)) => answered,
    };
    let found = answered.to_string();
    match answered.status {
        404 | 410 => Check::warn(
            NAME,
            found,
            format!("{BROWSER} Else copy the link of the Anypoint tile in your app portal again."),
        ),
        500..=599 => Check::warn(
            NAME,
            found,
            format!("{BROWSER} Else it is the identity provider's own trouble."),
        ),
        _ => Check::pass(NAME, found),
    }
}

impl std::fmt::Display for Answered {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            host, status, took, ..
        } = self;
        write!(
            formatter,
            "{host} answers (status {status}, {} ms)",
            took.as_millis()
        )?;
        match &self.elsewhere {
            Some(elsewhere) => write!(formatter, " and leads to {}", brief(elsewhere)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{ProxyFailure, TlsFailure};
    use crate::saml::Outcome::{self, Fail, Pass, Skip, Warn};

    fn answered(status: u16, elsewhere: Option<&str>) -> Asked {
        Ok(Ok(Answered {
            host: "idp.example".into(),
            status,
            elsewhere: elsewhere.map(str::to_owned),
            took: Duration::from_millis(12),
            ahead: None,
        }))
    }

    #[test]
    fn whatever_the_platform_answers_it_answers_unless_somebody_else_does() {
        let outcome = |asked: &Asked| platform(asked).outcome;
        for (status, outcome_of_it) in [
            (200, Pass),
            (404, Pass),
            (401, Pass),
            (403, Warn),
            (503, Warn),
        ] {
            assert_eq!(outcome(&answered(status, None)), outcome_of_it, "{status}");
        }
        assert_eq!(outcome(&answered(302, None)), Pass);
        let portal = platform(&answered(302, Some("portal\u{1b}.example")));
        assert_eq!(portal.outcome, Warn);
        assert!(
            portal.found.ends_with("leads to portal\\u{1b}.example"),
            "{portal:?}"
        );
        assert_eq!(
            platform(&Err(NOT_ASKED)),
            Check::skip("platform", NOT_ASKED)
        );
    }

    #[test]
    fn every_way_of_not_reaching_the_platform_has_its_own_words_and_its_cure() {
        let host = || "platform.example".to_owned();
        let cause = || "no such host".to_owned();
        let all = [
            (HttpError::NoRoots, "ca-certificates"),
            (HttpError::Setup(cause()), ""),
            (
                HttpError::Name {
                    host: host(),
                    cause: cause(),
                },
                "network",
            ),
            (HttpError::Refused { host: host() }, "network"),
            (
                HttpError::Connect {
                    host: host(),
                    cause: cause(),
                },
                "network",
            ),
            (
                HttpError::Tls {
                    host: host(),
                    cause: TlsFailure::UnknownIssuer,
                },
                "--ca-bundle",
            ),
            (
                HttpError::Tls {
                    host: host(),
                    cause: TlsFailure::Expired,
                },
                "clock",
            ),
            (
                HttpError::Tls {
                    host: host(),
                    cause: TlsFailure::NotTls,
                },
                "",
            ),
            (
                HttpError::Proxy {
                    host: host(),
                    cause: ProxyFailure::Authentication,
                },
                "NAME:PASSWORD",
            ),
            (
                HttpError::Proxy {
                    host: host(),
                    cause: ProxyFailure::Refused,
                },
                "NO_PROXY",
            ),
            (
                HttpError::TimedOut {
                    host: host(),
                    connecting: true,
                },
                "proxy",
            ),
            (HttpError::ClosedEarly { host: host() }, ""),
            (
                HttpError::Other {
                    host: host(),
                    cause: cause(),
                },
                "",
            ),
        ];
        let mut said = std::collections::HashSet::new();
        for (error, cure) in all {
            let check = platform(&Ok(Err(error.clone())));
            assert_eq!(check.outcome, Fail);
            let words = check.cure.unwrap();
            assert!(
                !words.is_empty() && words.contains(cure),
                "{error}: {words}"
            );
            assert!(said.insert(check.found.clone()), "{error}");
            // The browser has its own way there.
            let check = link(&Ok(Err(error)));
            assert_eq!(check.outcome, Warn);
            let cure = check.cure.unwrap();
            assert!(cure.contains("If the link opens in your browser"));
            // It is the identity provider's host, of which the platform's pages say nothing.
            assert!(!cure.contains("Access Management"), "{cure}");
        }
    }

    #[test]
    fn a_link_that_leads_nowhere_is_only_doubted() {
        let outcome = |status| link(&answered(status, Some("login.example"))).outcome;
        let all: [(u16, Outcome); 5] = [
            (200, Pass),
            (302, Pass),
            (405, Pass),
            (404, Warn),
            (502, Warn),
        ];
        for (status, expected) in all {
            assert_eq!(outcome(status), expected, "{status}");
        }
    }

    #[test]
    fn authorities_are_called_by_their_sources() {
        let found =
            |named: &[(&str, String)], bundle| authorities(Some(Ok(())), named, bundle).found;
        assert_eq!(found(&[], None), "the system's");
        let file = [("SSL_CERT_FILE", "/etc/bank.pem".to_owned())];
        assert_eq!(
            found(&file, Some(Path::new("/home/ada/ca.pem"))),
            "/etc/bank.pem (SSL_CERT_FILE), and those of /home/ada/ca.pem"
        );
        let none = authorities(Some(Err(http(&HttpError::NoRoots))), &file, None);
        assert_eq!(none.outcome, Fail);
        assert!(none.cure.unwrap().contains("--ca-bundle"));
        assert_eq!(authorities(None, &[], None).outcome, Skip);
    }

    #[test]
    fn a_proxy_is_named_for_each_host_and_one_that_is_none_is_warned_of() {
        let proxy = |address: Option<&str>| {
            let address = address.map(str::to_owned);
            Some(Proxy {
                address,
                variable: Some("HTTPS_PROXY"),
            })
        };
        let to = vec![
            (
                "anypoint.mulesoft.com".to_owned(),
                proxy(Some("http://proxy.example:8080")),
            ),
            ("idp.example".to_owned(), None),
            (
                "sts.example".to_owned(),
                proxy(Some("http://proxy.example:8080")),
            ),
        ];
        let sound = Proxies {
            to,
            unusable: vec![],
            is_named: true,
        };
        assert_eq!(
            proxies(&sound),
            Check::pass(
                "proxy",
                "http://proxy.example:8080 (HTTPS_PROXY) to anypoint.mulesoft.com and sts.example; none to idp.example (this \
                 machine, or NO_PROXY)"
            )
        );
        let check = proxies(&Proxies {
            to: vec![("idp.example".to_owned(), proxy(None))],
            unusable: vec!["HTTPS_PROXY"],
            is_named: false,
        });
        assert_eq!(check.outcome, Warn);
        assert!(
            check
                .found
                .starts_with("HTTPS_PROXY is set, but not written"),
            "{check:?}"
        );
        assert!(check.cure.unwrap().contains("%40 for @"));
        assert_eq!(proxies(&Proxies::default()).outcome, Skip);
    }
}
