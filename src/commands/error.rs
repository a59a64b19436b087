//! Errors in words: what went wrong, the facts, what to do next, and the exit code.

use crate::browser::chromium::{ChromiumError, NO_SANDBOX_VARIABLE};
use crate::config::{ConfigError, Setting};
use crate::demo::DemoError;
use crate::foreign::brief;
use crate::http::{HttpError, ProxyFailure, TlsFailure};
use crate::login::{LoginError, cure, meaning};
use crate::platform::{Asked, PlatformError, Reason, Refusal};
use crate::saml::{Refused, Rule};
use crate::store::{KeyError, KeychainError, StoreError, Unsafe};
use crate::terminal::Terminal;
use std::io::ErrorKind;
use std::process::ExitCode;

/// The exit codes, as the help lists them.
pub(super) const FAILED: u8 = 1;
pub(super) const USAGE: u8 = 2;
pub(super) const NO_TOKEN: u8 = 3;
pub(super) const RESPONSE_REFUSED: u8 = 4;
pub(super) const PLATFORM_REFUSED: u8 = 5;
pub(super) const TIMED_OUT: u8 = 6;
pub(super) const INTERRUPTED: u8 = 130;
/// What shells say of a command that cannot be run, and of one that is not there.
const NOT_RUN: u8 = 126;
const NO_COMMAND: u8 = 127;

/// Why a command failed.
#[derive(Debug)]
pub(super) enum CommandError {
    /// The configuration is none.
    Config(ConfigError),
    /// There is no token from a login.
    Login(LoginError),
    /// The platform did not answer as hoped.
    Platform(PlatformError),
    /// The store or a token file cannot be used.
    Store(StoreError),
    /// Nothing is kept for this profile.
    NoToken {
        /// The profile asked for.
        profile: String,
        /// The profiles that have a token.
        others: Vec<String>,
    },
    /// What is kept has ended.
    TokenEnded,
    /// What is kept ends sooner than asked for.
    TokenEndsSoon,
    /// The platform does not know the kept token any more.
    TokenUnknown,
    /// A token that is forgotten here goes on at the platform.
    NotEnded(PlatformError),
    /// Standard output does not take what is handed out.
    Output(std::io::Error),
    /// A program could not be started.
    Start {
        /// Its name.
        program: String,
        /// Why.
        error: std::io::Error,
    },
    /// Anything else, in words.
    Other(String),
}

/// What is said about an error.
#[derive(Debug, Default)]
pub(super) struct Words {
    code: u8,
    /// What went wrong.
    pub(super) sentence: String,
    facts: Vec<(&'static str, String)>,
    /// What to do next.
    pub(super) hints: Vec<String>,
}

impl CommandError {
    /// Says the error and gives its exit code.
    pub(super) fn say(&self, terminal: &Terminal) -> ExitCode {
        let words = self.words();
        terminal.fail(&words.sentence, &words.facts, &words.hints);
        ExitCode::from(words.code)
    }

    /// What there is to say about it.
    pub(super) fn words(&self) -> Words {
        match self {
            Self::Config(error) => config(error),
            Self::Login(error) => login(error),
            Self::Platform(error) => platform(error),
            Self::Store(error) => store(error),
            Self::NoToken { profile, others } => no_token(profile, others),
            Self::TokenEnded => Words::new(NO_TOKEN, "the kept token has ended")
                .hint("anyp-saml login gets a new one."),
            Self::TokenEndsSoon => Words::new(
                NO_TOKEN,
                "the kept token ends sooner than --min-validity asks for",
            )
            .hint("anyp-saml login gets a new one; --login does so where one is needed."),
            Self::TokenUnknown => Words::new(
                NO_TOKEN,
                "the platform does not take the kept token any more",
            )
            .hint("anyp-saml login gets a new one."),
            Self::NotEnded(error) => platform(error).hint(
                "The token is forgotten here all the same. The platform ends it by itself with the session timeout.",
            ),
            Self::Output(error) => Words::new(
                FAILED,
                format!("standard output could not be written: {error}"),
            ),
            Self::Start { program, error } => {
                let (code, why) = match error.kind() {
                    ErrorKind::NotFound => (
                        NO_COMMAND,
                        "there is no such command, or not the interpreter that it names".to_owned(),
                    ),
                    _ => (NOT_RUN, error.to_string()),
                };
                Words::new(
                    code,
                    format!("{} could not be started: {why}", brief(program)),
                )
            }
            Self::Other(sentence) => Words::new(FAILED, sentence),
        }
    }
}

impl Words {
    fn new(code: u8, sentence: impl ToString) -> Self {
        Self {
            code,
            sentence: sentence.to_string(),
            ..Self::default()
        }
    }

    fn fact(mut self, label: &'static str, value: impl ToString) -> Self {
        self.facts.push((label, value.to_string()));
        self
    }

    fn hint(mut self, hint: impl ToString) -> Self {
        self.hints.push(hint.to_string());
        self
    }

    fn hints<'h>(self, hints: impl IntoIterator<Item = &'h str>) -> Self {
        hints.into_iter().fold(self, Self::hint)
    }
}

fn no_token(profile: &str, others: &[String]) -> Words {
    let words = Words::new(
        NO_TOKEN,
        format!("no token is kept for the profile {profile}"),
    );
    match others {
        [] => words.hint("anyp-saml login gets one."),
        others => words.hint(format!(
            "There is one for {}: add --profile.",
            others.join(", ")
        )),
    }
}

/// The words for a configuration that is none.
pub(super) fn config(error: &ConfigError) -> Words {
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

/// The words for a login that failed.
pub(super) fn login(error: &LoginError) -> Words {
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
        LoginError::Exchange(error) => exchange(error),
        LoginError::Platform(error) => platform(error),
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
pub(super) fn chromium(error: &ChromiumError) -> Words {
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

/// As [`platform`], where a response was at stake.
fn exchange(error: &PlatformError) -> Words {
    let words = platform(error);
    match error {
        PlatformError::NoAnswer(
            HttpError::TimedOut {
                connecting: false, ..
            }
            | HttpError::ClosedEarly { .. },
        ) => words.hint(
            "The response may have been used up, and it is never sent twice: sign in again for a new one.",
        ),
        _ => words,
    }
}

fn platform(error: &PlatformError) -> Words {
    match error {
        PlatformError::NoAnswer(problem @ (HttpError::TimedOut { connecting: false, .. } | HttpError::ClosedEarly { .. })) => {
            http(problem)
        }
        PlatformError::NoAnswer(problem) => {
            http(problem).hint("anyp-saml doctor looks at proxy, authorities and clock.")
        }
        PlatformError::Refused(refusal) => Words::new(PLATFORM_REFUSED, error).hints(refusal_hint(refusal)),
        PlatformError::SecondFactor => Words::new(PLATFORM_REFUSED, error)
            .hint(
                "A password alone is enough for accounts that an administrator has exempted from MFA (Access Management). \
                 Others sign in in the browser, with the second factor of the organization's identity provider: \
                 anyp-saml login --method saml.",
            )
            .hint("For a machine, a connected app does without both: anyp-saml login --method connected-app."),
        PlatformError::Redirected { asked, .. } => Words::new(PLATFORM_REFUSED, error)
            .hint("Redirects are not followed, since they would carry along what was sent.")
            .hint(format!("{}, and ask whether a proxy stands in between.", compare(*asked))),
        PlatformError::Answer { asked, .. } => {
            Words::new(PLATFORM_REFUSED, error).hint(format!("{}: is this the platform?", compare(*asked)))
        }
    }
}

/// Where it says what was asked.
fn compare(asked: Asked) -> &'static str {
    match asked {
        Asked::Password | Asked::ConnectedApp | Asked::End => {
            "Compare --plane with the address at which you use Anypoint Platform in the browser"
        }
        Asked::Exchange | Asked::Account | Asked::Organization => {
            "Compare --acs-url with the one that Access Management shows"
        }
    }
}

fn refusal_hint(refusal: &Refusal) -> Option<&'static str> {
    let of_exchange = refusal.asked == Asked::Exchange;
    Some(match refusal.reason {
        Reason::Unauthorized if refusal.asked == Asked::Password => {
            "User name or password is wrong, or the account signs in through the organization's SSO, as anyp-saml login \
             --method saml does. It was tried once; several wrong attempts may lock the account."
        }
        Reason::Forbidden if refusal.asked == Asked::Password => {
            "The user is disabled: ask an administrator of the organization (Access Management > Users)."
        }
        Reason::Unauthorized | Reason::Forbidden | Reason::Other
            if refusal.asked == Asked::ConnectedApp =>
        {
            "Client id or client secret is wrong, or the app may not act on its own behalf (grant type client credentials): \
             see Access Management > Connected Apps. A secret in the keychain is replaced by --keep-secret."
        }
        Reason::Unauthorized if of_exchange => {
            "Issuer, audience and signing key must be configured at the platform letter for letter as the identity \
             provider sends them, and the login must start at the identity provider (IdP-initiated). The platform may \
             also refuse a response that is addressed to this machine: nobody has published whether it does."
        }
        Reason::Forbidden if of_exchange => {
            "The platform maps no user from this response: username and email must come from attributes that the \
             identity provider sends (Access Management > Identity Providers > Advanced settings)."
        }
        Reason::ServiceProviderOnly => {
            "The identity provider is set to \"Service Provider Only\" at the platform: an administrator must allow \
             IdP-initiated logins (Access Management > Identity Providers)."
        }
        Reason::NotFound if of_exchange => {
            "Compare --acs-url with the one that Access Management shows: plane, organization domain and provider id."
        }
        Reason::Unauthorized => {
            "The token has ended, or you have no right to this: anyp-saml login gets a new one."
        }
        Reason::TooManyRequests => "Wait a minute, then sign in again.",
        Reason::ServerError => {
            "This is the platform's own trouble: try again later (status.mulesoft.com)."
        }
        Reason::Forbidden | Reason::NotFound | Reason::Other => return None,
    })
}

/// The words for a server that was asked and gave no answer.
pub(super) fn http(error: &HttpError) -> Words {
    let (code, hint) = match error {
        HttpError::TimedOut { .. } => (
            TIMED_OUT,
            Some("Check the network and the proxy (HTTPS_PROXY); --platform-timeout waits longer."),
        ),
        HttpError::CaBundle(_) => (USAGE, None),
        HttpError::NoRoots => (
            FAILED,
            Some("Install the system's ca-certificates, or give a bundle with --ca-bundle FILE."),
        ),
        HttpError::NotAFile(_) => (
            USAGE,
            Some("Name a file of certificates in PEM there, or unset the variable."),
        ),
        HttpError::Setup(_) | HttpError::Header(_) => (FAILED, None),
        HttpError::Tls {
            cause: TlsFailure::UnknownIssuer,
            ..
        } => (
            PLATFORM_REFUSED,
            Some(
                "If your organization inspects TLS, give its authority's certificate with --ca-bundle FILE.",
            ),
        ),
        HttpError::Tls {
            cause: TlsFailure::Expired | TlsFailure::NotValidYet,
            ..
        } => (PLATFORM_REFUSED, Some("Is this machine's clock right?")),
        HttpError::Tls { .. } | HttpError::NotHttp { .. } | HttpError::TooLarge { .. } => (
            PLATFORM_REFUSED,
            Some(
                "Is this the host that was meant? A proxy, a filter or a sign-in page of the network may answer in its \
                 place.",
            ),
        ),
        HttpError::Proxy {
            cause: ProxyFailure::Authentication,
            ..
        } => (
            PLATFORM_REFUSED,
            Some(
                "Give it them in HTTPS_PROXY, as http://NAME:PASSWORD@HOST:PORT, with %40 for @ and the like. A proxy \
                 that asks for Kerberos or NTLM takes a relay on this machine, such as cntlm or px.",
            ),
        ),
        HttpError::Proxy { .. } => (PLATFORM_REFUSED, Some("Check HTTPS_PROXY and NO_PROXY.")),
        HttpError::Name { .. } | HttpError::Refused { .. } | HttpError::Connect { .. } => (
            PLATFORM_REFUSED,
            Some("Check the network, and HTTPS_PROXY if a proxy leads out of it."),
        ),
        HttpError::ClosedEarly { .. } | HttpError::Other { .. } => (PLATFORM_REFUSED, None),
    };
    Words::new(code, error).hints(hint)
}

/// The words for a file or directory that cannot be used.
pub(super) fn store(error: &StoreError) -> Words {
    Words::new(FAILED, error).hints(match error {
        StoreError::Broken { .. } | StoreError::Newer { .. } => {
            Some("anyp-saml login replaces it.")
        }
        StoreError::Unknowable { .. } => {
            Some("Remove it to begin anew: the next login then shows the key and the user again.")
        }
        StoreError::Unsafe { problem, .. } => match problem {
            Unsafe::Owner(_) => {
                // In a container the home directory is often another user's than the one that the command runs as.
                Some(
                    "Its owner can exchange what is kept there. Set XDG_STATE_HOME to a directory of your own for the \
                     kept tokens, and give --token-file another path.",
                )
            }
            Unsafe::Writable(_) => Some("chmod go-w keeps it yours."),
            Unsafe::Readable(_) => {
                Some("Whoever could read it may have the token: chmod go-rwx, and sign in again.")
            }
            Unsafe::Symlink | Unsafe::SymlinkLoop => {
                Some("Name the place it leads to, or move it away.")
            }
            Unsafe::NotDirectory | Unsafe::Directory | Unsafe::NotRegular | Unsafe::TooLarge => {
                Some("Move it away.")
            }
        },
        StoreError::Keychain(problem) => return keychain(problem),
        StoreError::BrowserBusy { .. } => Some(
            "Finish the other login, or close its browser; --fresh-browser signs in with a browser of its own.",
        ),
        StoreError::Busy { .. } => Some("End the other program, or try again."),
        StoreError::NoFileName { .. } => Some("Give a path that ends in a file's name."),
        StoreError::Io { error, .. } => match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Some(
                "Make room there. XDG_STATE_HOME names another place for the kept tokens, --token-file for a token's file.",
            ),
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Some(
                "XDG_STATE_HOME names another place for the kept tokens, --token-file for a token's file: it must be one \
                 that you may write to.",
            ),
            ErrorKind::NotFound => Some("Make the directory first."),
            _ => None,
        },
    })
}

/// What does without a keychain.
const IN_A_FILE: &str = "A file of mode 0600 keeps tokens without it: store = \"file\" in the profile, or --store file.";

fn keychain(error: &KeychainError) -> Words {
    match error {
        KeychainError::Gone => Words::new(NO_TOKEN, error).hint("anyp-saml login gets a new one."),
        KeychainError::Denied(_) | KeychainError::NoAnswer => Words::new(FAILED, error)
            .hint("Unlock it, in a session of the desktop.")
            .hint(IN_A_FILE),
        KeychainError::Absent(_) | KeychainError::TooLong(_) | KeychainError::Failed(_) => {
            Words::new(FAILED, error).hint(IN_A_FILE)
        }
    }
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<DemoError> for CommandError {
    fn from(error: DemoError) -> Self {
        Self::Other(with_causes(&error))
    }
}

/// An error with its causes, in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}

impl From<LoginError> for CommandError {
    fn from(error: LoginError) -> Self {
        Self::Login(error)
    }
}

impl From<PlatformError> for CommandError {
    fn from(error: PlatformError) -> Self {
        Self::Platform(error)
    }
}

impl From<KeyError> for CommandError {
    fn from(error: KeyError) -> Self {
        Self::Config(ConfigError::Value {
            name: "--profile".into(),
            problem: error.to_string(),
        })
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
