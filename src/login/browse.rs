//! Leading the user to the identity provider's page.

use crate::address::{LoopbackAddress, WebAddress};
use crate::browser::{self, Blocked, chromium};
use crate::config::{BrowserChoice, Capture, PasteSource, SamlConfig};
use crate::terminal::Terminal;
use std::env;
use std::time::Duration;

/// Opens the browser where it would be seen, shows the address in any case, and says what is waited for.
pub(super) fn open(
    config: &SamlConfig,
    address: &LoopbackAddress,
    link: Option<&WebAddress>,
    timeout: Duration,
    terminal: &Terminal,
) {
    if let Some(link) = link {
        lead_to(config, address, link, terminal);
    }
    let wait = in_words(timeout);
    terminal.say(&format!(
        "Waiting {wait} for the response at {address}. Ctrl-C ends it."
    ));
}

/// Says what is waited for where a browser of our own brings it.
pub(super) fn say_wait(timeout: Duration, terminal: &Terminal) {
    let wait = in_words(timeout);
    terminal.say(&format!(
        "Waiting {wait} for the response. Closing the browser or Ctrl-C ends it."
    ));
}

/// Whether anybody would notice that a sign-in is wanted: by a browser that opens, or at the terminal.
pub(super) fn is_somebody_here(config: &SamlConfig, terminal: &Terminal) -> bool {
    let reads_response = |source: &PasteSource| *source != PasteSource::Prompt;
    let opens = || match &config.browser {
        BrowserChoice::Command(_) | BrowserChoice::Program(_) => true,
        BrowserChoice::Default => browser::why_not_here(|name| env::var_os(name)).is_none(),
        BrowserChoice::None => false,
    };
    terminal.is_watched()
        || match &config.capture {
            Capture::Paste { source, .. } => reads_response(source),
            // A window of its own, or none: then it may do without anybody.
            Capture::Chromium(own) => {
                own.headless_first || chromium::has_display(|name| env::var_os(name))
            }
            Capture::Loopback(_) => opens(),
        }
}

fn lead_to(config: &SamlConfig, address: &LoopbackAddress, link: &WebAddress, terminal: &Terminal) {
    if let BrowserChoice::Program(opener) = &config.browser {
        terminal.say("The identity provider's page, which it opens:");
        terminal.show(link.as_str());
        opener.open(link);
        return;
    }
    let blocked = browser::why_not_here(|name| env::var_os(name));
    let opened = match (&config.browser, &blocked) {
        (BrowserChoice::Command(command), _) => Some(browser::open(Some(command), link)),
        (BrowserChoice::Default, None) => Some(browser::open(None, link)),
        (BrowserChoice::Default, Some(_))
        | (BrowserChoice::None | BrowserChoice::Program(_), _) => None,
    };
    if let Some(Ok(())) = opened {
        terminal.say("Your browser opens the identity provider's page. If it does not, open:");
    } else {
        if let Some(Err(error)) = opened {
            terminal.warn(&format!("no browser was opened: {error}"));
        }
        terminal.say("Open this address in a browser on this machine:");
    }
    terminal.show(link.as_str());
    if let Some(Blocked::Ssh { server }) = blocked {
        terminal.say(
            "You are here over SSH. To use the browser of the machine you sit at, run there first:",
        );
        let user = env::var("USER").ok();
        terminal.show(&tunnel(address, user.as_deref(), &server));
    }
}

/// The line that leads the other machine's loopback port to this one's.
pub fn tunnel(address: &LoopbackAddress, user: Option<&str>, server: &str) -> String {
    let is_plain = |name: &&str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    let host = if server.is_empty() {
        "THIS-HOST"
    } else {
        server
    };
    let login = user
        .filter(is_plain)
        .map_or_else(|| host.to_owned(), |user| format!("{user}@{host}"));
    let port = address.port();
    // The literal of the listener, since `localhost` may lead to another address over there.
    let target = address
        .sockets()
        .first()
        .map_or_else(String::new, ToString::to_string);
    format!("ssh -N -L {port}:{target} {login}")
}

/// A time to wait, in the unit that fits.
fn in_words(wait: Duration) -> String {
    match wait.as_secs() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tunnel_leads_to_the_listener_and_takes_nothing_odd_along() {
        let tunnel =
            |address, user, server| tunnel(&LoopbackAddress::parse(address).unwrap(), user, server);
        assert_eq!(
            tunnel("http://127.0.0.1:35417/saml/acs", Some("ada"), "10.0.0.7"),
            "ssh -N -L 35417:127.0.0.1:35417 ada@10.0.0.7"
        );
        assert_eq!(
            tunnel("http://[::1]:9/", Some("a;b"), ""),
            "ssh -N -L 9:[::1]:9 THIS-HOST"
        );
    }

    #[test]
    fn waits_are_said_in_the_unit_that_fits() {
        let said = |seconds| in_words(Duration::from_secs(seconds));
        assert_eq!((said(90).as_str(), said(300).as_str()), ("90 s", "5 min"));
    }
}
