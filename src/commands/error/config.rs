//! What is said about a configuration that is none.

use super::{USAGE, Words};
use crate::config::{ConfigError, Setting};
use crate::store::{StoreError, Unsafe};

/// The words for a configuration that is none.
pub(in crate::commands) fn config(error: &ConfigError) -> Words {
    let words = Words::new(USAGE, error);
    match error {
        ConfigError::Missing(settings) => settings
            .iter()
            .filter_map(|setting| {
                Some(match setting {
                    Setting::AcsUrl => {
                        "--acs-url is the platform's ACS URL, shown at Anypoint Platform under Access Management > \
                         Identity Providers."
                    }
                    Setting::ClientId => {
                        "--client-id is the connected app's id (Access Management > Connected Apps)."
                    }
                    Setting::IdpUrl => {
                        "--idp-url is the link that opens Anypoint Platform from your organization's app portal: copy \
                         the link of its tile."
                    }
                    _ => return None,
                })
            })
            .fold(words, Words::hint)
            .hint("Each can also stand in a profile: see anyp-saml login --help."),
        ConfigError::TrustFromEnvironment(_) => words.hint("Remove the variable, or say it with the flag."),
        ConfigError::StartsAtPlatform => words
            .hint(
                "What comes of it answers a request of the platform's (InResponseTo) and ends as a cookie in the browser; \
                 the platform exchanges responses for tokens that the identity provider sends by itself (IdP-initiated).",
            )
            .hint("Copy the link of the Anypoint tile in your organization's app portal; the README lists its form for each \
                   identity provider."),
        ConfigError::UnknownKey(_) => {
            words.hint("Keys are the flags of anyp-saml login with underscores: acs_url, idp_url, idp_metadata, …")
        }
        ConfigError::NoProfile { known, .. } if known.is_empty() => {
            words.hint("The file has no profile. ANYP_SAML_CONFIG names another file.")
        }
        ConfigError::NoProfile { known, .. } => words.hint(format!("The file has {}.", known.join(", "))),
        ConfigError::ProfileExists { .. } => {
            words.hint("It is left as it is: change it there, or name another with --profile.")
        }
        ConfigError::Home(_) => words.hint("Set HOME to your home directory."),
        ConfigError::Untrusted { error: StoreError::Unsafe { problem, .. }, .. } => words.hint(match problem {
            Unsafe::Writable(_) => "chmod go-w on it, or copy the file to a directory that is yours alone.",
            Unsafe::Owner(_) => "Its owner can exchange what it says: copy the file to a directory of your own.",
            _ => "Name a regular file.",
        }),
        ConfigError::Untrusted { .. } => words,
        ConfigError::Value { .. } | ConfigError::File { .. } | ConfigError::NoFile(_) | ConfigError::Client(_) => words,
    }
}
