//! The settings of a login: one table for flags, variables and profile keys.

/// A setting. Its three spellings follow from one name: the flag `--acs-url`, the variable `ANYP_SAML_ACS_URL` and the
/// profile key `acs_url`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Setting {
    /// How the user signs in.
    Method,
    /// The control plane, where no ACS URL tells it.
    Plane,
    /// The name of the user who signs in with a password.
    Username,
    /// The id of a connected app.
    ClientId,
    /// Whether the password or the client secret stands on standard input.
    SecretStdin,
    /// Whether the client secret is kept in the keychain.
    KeepSecret,
    /// The platform's ACS URL: plane, organization domain and provider.
    AcsUrl,
    /// The identity provider's IdP-initiated link.
    IdpUrl,
    /// The identity provider's metadata: a file or an address.
    IdpMetadata,
    /// Certificates of the identity provider, in files.
    IdpCertificate,
    /// The identity provider's entity ID.
    Issuer,
    /// The audience that the platform expects.
    Audience,
    /// How the response is caught.
    Capture,
    /// The loopback address that the response is posted to.
    Listen,
    /// A response that is already there: a file, or `-`.
    Response,
    /// Only show the address.
    NoBrowser,
    /// The browser to start.
    Browser,
    /// Try to sign in without a window first.
    HeadlessFirst,
    /// Start the browser with a profile that is thrown away.
    FreshBrowser,
    /// How long to wait for the response.
    Timeout,
    /// How long to wait for each answer of the platform.
    PlatformTimeout,
    /// Whether the identity provider must echo our RelayState.
    RelayState,
    /// The only user who may be signed in.
    ExpectUser,
    /// How far the two clocks may be apart.
    ClockSkew,
    /// Further certificate authorities for TLS.
    CaBundle,
    /// Whether SHA-1 signatures and RSA-1024 keys pass.
    AllowLegacyAlgorithms,
    /// Where the token is kept: in a file or in the keychain.
    Store,
    /// A file that the token is written to.
    TokenFile,
    /// The shell whose export lines are printed.
    Env,
    /// Do nothing while a kept token still holds.
    IfNeeded,
}

/// What a setting's value is in a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One text.
    Text,
    /// Several texts.
    Texts,
    /// Yes or no.
    Switch,
}

impl Setting {
    /// Every setting.
    pub const ALL: [Self; 30] = [
        Self::Method,
        Self::Plane,
        Self::Username,
        Self::ClientId,
        Self::SecretStdin,
        Self::KeepSecret,
        Self::AcsUrl,
        Self::IdpUrl,
        Self::IdpMetadata,
        Self::IdpCertificate,
        Self::Issuer,
        Self::Audience,
        Self::Capture,
        Self::Listen,
        Self::Response,
        Self::NoBrowser,
        Self::Browser,
        Self::HeadlessFirst,
        Self::FreshBrowser,
        Self::Timeout,
        Self::PlatformTimeout,
        Self::RelayState,
        Self::ExpectUser,
        Self::ClockSkew,
        Self::CaBundle,
        Self::AllowLegacyAlgorithms,
        Self::Store,
        Self::TokenFile,
        Self::Env,
        Self::IfNeeded,
    ];

    /// The key in a profile.
    pub fn key(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Plane => "plane",
            Self::Username => "username",
            Self::ClientId => "client_id",
            Self::SecretStdin => "secret_stdin",
            Self::KeepSecret => "keep_secret",
            Self::AcsUrl => "acs_url",
            Self::IdpUrl => "idp_url",
            Self::IdpMetadata => "idp_metadata",
            Self::IdpCertificate => "idp_certificate",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Capture => "capture",
            Self::Listen => "listen",
            Self::Response => "response",
            Self::NoBrowser => "no_browser",
            Self::Browser => "browser",
            Self::HeadlessFirst => "headless_first",
            Self::FreshBrowser => "fresh_browser",
            Self::Timeout => "timeout",
            Self::PlatformTimeout => "platform_timeout",
            Self::RelayState => "relay_state",
            Self::ExpectUser => "expect_user",
            Self::ClockSkew => "clock_skew",
            Self::CaBundle => "ca_bundle",
            Self::AllowLegacyAlgorithms => "allow_legacy_algorithms",
            Self::Store => "store",
            Self::TokenFile => "token_file",
            Self::Env => "env",
            Self::IfNeeded => "if_needed",
        }
    }

    /// The flag.
    pub fn flag(self) -> String {
        format!("--{}", self.key().replace('_', "-"))
    }

    /// The environment variable.
    pub fn variable(self) -> String {
        format!("ANYP_SAML_{}", self.key().to_ascii_uppercase())
    }

    /// What its value is.
    pub fn kind(self) -> Kind {
        match self {
            Self::SecretStdin
            | Self::KeepSecret
            | Self::NoBrowser
            | Self::HeadlessFirst
            | Self::FreshBrowser
            | Self::AllowLegacyAlgorithms
            | Self::IfNeeded => Kind::Switch,
            Self::IdpCertificate => Kind::Texts,
            _ => Kind::Text,
        }
    }

    /// Whether its value may name a file.
    pub fn is_file(self) -> bool {
        matches!(
            self,
            Self::IdpMetadata
                | Self::IdpCertificate
                | Self::Response
                | Self::CaBundle
                | Self::TokenFile
        )
    }

    /// Whether the setting decides who is believed, and for whom. A profile's word on these is not overruled by the
    /// environment, which every parent process can set.
    pub fn is_trust_anchor(self) -> bool {
        matches!(
            self,
            Self::Method
                | Self::Plane
                | Self::Username
                | Self::ClientId
                | Self::AcsUrl
                | Self::IdpUrl
                | Self::IdpMetadata
                | Self::IdpCertificate
                | Self::Issuer
                | Self::Audience
                | Self::RelayState
                | Self::ExpectUser
                | Self::ClockSkew
                | Self::CaBundle
                | Self::AllowLegacyAlgorithms
        )
    }
}
