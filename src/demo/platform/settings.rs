//! What the demo platform knows and whom it believes.

use crate::demo::AUDIENCE;
use crate::demo::identity_provider::IdentityProvider;

/// What the platform knows and whom it believes.
#[derive(Clone, Debug)]
pub struct PlatformSettings {
    /// The id of the identity provider in its ACS address.
    pub provider_id: String,
    /// The entity id that it takes responses of.
    pub issuer: String,
    /// The audience that it wants in them.
    pub audience: String,
    /// The certificate (DER) that must have signed them.
    pub certificate: Vec<u8>,
    /// The recipients it takes beside its own ACS. (What the real one does with a loopback address is not known.)
    pub recipients: Vec<String>,
    /// Minutes that a token lives; `None` when users have no right to read it.
    pub session_minutes: Option<u32>,
    /// Whether it takes an encrypted assertion that stands in a signed response. It cannot open one either and signs
    /// in the first of [`PEOPLE`](crate::demo::PEOPLE).
    pub takes_encrypted: bool,
    /// The password of every person.
    pub password: String,
    /// Whether a password is not enough.
    pub second_factor: bool,
    /// The id and the secret of a connected app.
    pub connected_app: (String, String),
    /// Whether it is asked over https.
    pub tls: bool,
}

impl PlatformSettings {
    /// The settings of a platform where this identity provider is set up.
    pub fn trusting(provider: &IdentityProvider) -> Self {
        Self {
            provider_id: "2f6b8c1d-04e7-4f3a-9d58-b7a1c0e3d422".into(),
            issuer: provider.issuer().to_owned(),
            audience: AUDIENCE.to_owned(),
            certificate: provider.certificate_der().to_vec(),
            recipients: vec![provider.acs().to_owned()],
            session_minutes: Some(60),
            takes_encrypted: false,
            password: "correct horse battery staple".into(),
            second_factor: false,
            connected_app: ("demo-app".into(), "demo-app-secret".into()),
            tls: false,
        }
    }
}
