//! What is said about a login that failed, the browser that it started, and the response that it refused.

use super::{
    FAILED, INTERRUPTED, NO_TOKEN, RESPONSE_REFUSED, TIMED_OUT, USAGE, Words, config, http,
    platform, store,
};
use crate::browser::chromium::{ChromiumError, NO_SANDBOX_VARIABLE};
use crate::foreign::brief;
use crate::login::{LoginError, cure, meaning};
use crate::saml::{Refused, Rule};

/// The words for a login that failed.
pub(in crate::commands) fn login(error: &LoginError) -> Words {
    match error {
        LoginError::Refused(refused) => refusal(refused),
        LoginError::OnlyRefused { refused, too_many, .. } => {
            let sentence = error.to_string();
            match refused {
                _ if *too_many => Words::new(RESPONSE_REFUSED, sentence)
                    .hint("Some page or program keeps posting to this address. Close other pages, and sign in again."),
                Some(refused) => Words { sentence, ..refusal(refused) },
                None => Words::new(RESPONSE_REFUSED, sentence).hints(WAITED_IN_VAIN),
            }
        }
        LoginError::Undecodable(problem) => Words::new(RESPONSE_REFUSED, format!("what was given is no response: {problem}"))
            .fact("rule", problem.rule().code())
            .hint(cure(problem.rule())),
        LoginError::MetadataChanged { .. } => Words::new(RESPONSE_REFUSED, error)
            .fact("rule", Rule::KeyKnown.code())
            .hint(
                "Compare it with what your identity provider's administrator says, and sign in once at a terminal, \
                 which asks.",
            ),
        LoginError::OtherKey { .. } => Words::new(RESPONSE_REFUSED, error)
            .fact("rule", Rule::KeyKnown.code())
            .hint(
                "Compare the fingerprint with your identity provider's administrator. Sign in at a terminal, which \
                 asks, or name the new key with --idp-metadata or --idp-certificate.",
            ),
        LoginError::OtherUser { .. } => Words::new(RESPONSE_REFUSED, error)
            .fact("rule", Rule::User.code())
            .hint(
                "Sign in as the expected user (an identity provider may have to be signed out of first), or change \
                 --expect-user.",
            ),
        LoginError::UserChanged { found, .. } => Words::new(RESPONSE_REFUSED, error)
            .fact("rule", Rule::User.code())
            .hint(format!("If that is meant, say so with --expect-user {}, or anyp-saml logout first.", brief(found))),
        LoginError::TimedOut { own_browser: false } => {
            Words::new(TIMED_OUT, error).hints(WAITED_IN_VAIN)
        }
        LoginError::TimedOut { own_browser: true } => {
            Words::new(TIMED_OUT, error).hints(VISITED_IN_VAIN)
        }
        LoginError::BrowserClosed => Words::new(TIMED_OUT, error).hints(VISITED_IN_VAIN),
        LoginError::Chromium(problem) => chromium(problem),
        LoginError::Interrupted => Words::new(INTERRUPTED, error),
        LoginError::InterruptedExchange => Words::new(INTERRUPTED, error)
            .hint("The response may have been used up: sign in again for a new one."),
        LoginError::NobodyHere => Words::new(NO_TOKEN, error)
            .hint("Sign in with anyp-saml login where you can: whoever asks here then finds the kept token."),
        LoginError::NobodyToAsk(_) => Words::new(NO_TOKEN, error).hints([
            "--secret-stdin reads a password or a client secret from standard input, and --username names the user.",
            "A connected app's secret can also stand in the variable ANYPOINT_CLIENT_SECRET, or in the keychain, where \
             anyp-saml login --keep-secret puts it.",
        ]),
        LoginError::Unanswered(_) => Words::new(TIMED_OUT, error),
        LoginError::Unfit { .. } => Words::new(USAGE, error),
        LoginError::OthersFailed => Words::new(NO_TOKEN, error)
            .hint("Why was said where it ran. anyp-saml login tries again."),
        LoginError::OthersTookLong => {
            Words::new(TIMED_OUT, error).hint("Finish that one, or end it.")
        }
        LoginError::Exchange(error) => platform::exchange(error),
        LoginError::Platform(error) => platform::platform(error),
        LoginError::Config(problem) => config(problem),
        LoginError::Store(problem) => store(problem),
        LoginError::Listen(_) => Words::new(FAILED, error).hint(
            "No other port is taken in its place: the identity provider knows this one alone. End the other program; \
             if another login is waiting, finish that one.",
        ),
        LoginError::NoMetadata(problem) => Words {
            sentence: error.to_string(),
            ..http(problem)
        }
        .hint("A copy in a file does as well: --idp-metadata FILE."),
        LoginError::Metadata { .. } => Words::new(USAGE, error),
        LoginError::Prompt(_) => Words::new(FAILED, error)
            .hint("Give the response in a file with --response FILE, or on standard input with --response -."),
        LoginError::NoRandomness | LoginError::Unread(_) => Words::new(FAILED, error),
    }
}

/// The likely causes when nothing, or nothing good, was posted.
const WAITED_IN_VAIN: [&str; 4] = [
    "If the browser ended on a page of Anypoint Platform, the identity provider does not know this address: have it \
     registered as an ACS URL (reply URL), exactly as shown above, or sign in with --capture chromium, which needs no \
     registration.",
    "If the browser showed an error of the identity provider, check --idp-url: it must be the IdP-initiated link.",
    "If the browser stayed on the identity provider's page, its policy (form-action) or the browser's rules for local \
     addresses keep it from posting here: sign in with --capture chromium or paste.",
    "If the browser runs on another machine, lead its port here: ssh -L.",
];

/// The same where a browser of our own should have caught it.
const VISITED_IN_VAIN: [&str; 3] = [
    "If the browser ended on a page of Anypoint Platform, --acs-url is not the address that the identity provider posts \
     to: compare it with the one that Access Management shows, letter for letter.",
    "If the browser showed an error of the identity provider, check --idp-url: it must be the IdP-initiated link.",
    "If the identity provider turns this browser away (it can be seen to be automated, which some do not take): sign in \
     with --capture loopback or paste.",
];

/// The words for a browser of our own that cannot be used.
pub(in crate::commands) fn chromium(error: &ChromiumError) -> Words {
    let elsewhere = "--capture loopback and --capture paste sign in without it.";
    let doctor = "anyp-saml doctor tells which browser there is, and its version.";
    match error {
        ChromiumError::Root(_) => Words::new(USAGE, error)
            .hint("Sign in as a user of your own: the sandbox keeps a hostile page from the machine.")
            .hint(format!(
                "In a container or a CI job without other users, {NO_SANDBOX_VARIABLE}=1 leaves the sandbox out."
            )),
        ChromiumError::NoDisplay => Words::new(FAILED, error)
            .hint("--headless-first signs in without a window for as long as a session at the identity provider lasts.")
            .hint(elsewhere),
        ChromiumError::Profile(problem) => store(problem),
        ChromiumError::Start { .. } | ChromiumError::Keeper(_) => {
            Words::new(FAILED, error).hint(elsewhere).hint(doctor)
        }
        ChromiumError::KeeperLost => Words::new(FAILED, error).hint("Sign in again."),
        ChromiumError::EndedEarly { words, .. } | ChromiumError::NoAnswer { words, .. } => {
            let said = words.iter().fold(Words::new(FAILED, error), |all, line| {
                all.fact("it said", line)
            });
            said.hint("--browser names another one: Chrome, Chromium, Edge or Brave, but no snap and no Flatpak.")
                .hint(elsewhere)
                .hint(doctor)
        }
        ChromiumError::NotCaught(_) => Words::new(FAILED, error).hint(elsewhere),
    }
}

fn refusal(refused: &Refused) -> Words {
    Words::new(
        RESPONSE_REFUSED,
        format!("the response was refused: {}", meaning(refused.rule)),
    )
    .fact(
        "rule",
        format!("{} ({})", refused.rule.code(), refused.rule.section()),
    )
    .fact("found", &refused.found)
    .fact("expected", &refused.expected)
    .hint(cure(refused.rule))
}
