//! A demo identity provider and a demo platform: real servers on the loopback. What users try is what tests use.
//!
//! Neither reads nor writes a file, both take a port that is free, and both end with the value that holds them.

pub mod identity_provider;
mod page;
pub mod platform;
pub mod response;
mod tls;
pub mod visitor;

use crate::loopback::{BindError, Limits, Server};
use identity_provider::{IdentityProvider, IdpSettings};
use platform::{Platform, PlatformSettings};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Mutex, MutexGuard, PoisonError};
use thiserror::Error;

/// Someone invented who can sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// The user's id on the platform.
    pub id: &'static str,
    /// What the identity provider calls the person (NameID) and the platform knows as username.
    pub username: &'static str,
    /// First name.
    pub first_name: &'static str,
    /// Last name.
    pub last_name: &'static str,
    /// What the person does.
    pub role: &'static str,
}

impl Person {
    /// First and last name.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    /// The address that mail reaches the person under.
    pub fn email(&self) -> String {
        format!("{}@harbour-hale.example", self.username)
    }
}

/// Everybody there is.
pub const PEOPLE: [Person; 3] = [
    Person {
        id: "0b8a5a52-5f0e-4c52-9c43-3d6f0d0a1c01",
        username: "mara.lindqvist",
        first_name: "Mara",
        last_name: "Lindqvist",
        role: "Integration developer",
    },
    Person {
        id: "0b8a5a52-5f0e-4c52-9c43-3d6f0d0a1c02",
        username: "tomas.okafor",
        first_name: "Tomás",
        last_name: "Okafor",
        role: "Platform operations",
    },
    Person {
        id: "0b8a5a52-5f0e-4c52-9c43-3d6f0d0a1c03",
        username: "aiko.brennan",
        first_name: "Aiko",
        last_name: "Brennan",
        role: "Release manager",
    },
];

/// The audience that the demo's identity provider writes and its platform asks for, unless told otherwise.
pub const AUDIENCE: &str = "harbour-hale.anypoint.mulesoft.com";

/// Why a demo server could not start.
#[derive(Debug, Error)]
pub enum DemoError {
    /// No port could be had on the loopback.
    #[error("no free port on the loopback")]
    Bind(#[source] BindError),
    /// The same, said by the system itself.
    #[error("no free port on the loopback")]
    Port(#[source] std::io::Error),
    /// The throw-away key or its certificate could not be made.
    #[error("the demo's key could not be made: {0}")]
    Key(String),
}

/// Both servers, which know each other.
pub struct Demo {
    /// The identity provider.
    pub identity_provider: IdentityProvider,
    /// The platform.
    pub platform: Platform,
}

impl Demo {
    /// Starts both. Responses are addressed to `acs`, which the platform takes as their recipient.
    ///
    /// # Errors
    /// [`DemoError`] says what could not be had.
    pub fn start(acs: &str) -> Result<Self, DemoError> {
        Self::start_with(acs, |_| ())
    }

    /// Starts both, the platform over https: the clients that are to believe it need its
    /// [`authority`](Platform::authority).
    ///
    /// # Errors
    /// [`DemoError`] says what could not be had.
    pub fn start_over_tls(acs: &str) -> Result<Self, DemoError> {
        Self::start_with(acs, |settings| settings.tls = true)
    }

    fn start_with(
        acs: &str,
        change: impl FnOnce(&mut PlatformSettings),
    ) -> Result<Self, DemoError> {
        let identity_provider = IdentityProvider::start(IdpSettings::posting_to(acs))?;
        let mut settings = PlatformSettings::trusting(&identity_provider);
        change(&mut settings);
        let platform = Platform::start(settings)?;
        Ok(Self {
            identity_provider,
            platform,
        })
    }

    /// The flags that point `login` at both, name by name with its value.
    pub fn flags(&self) -> [(&'static str, String); 6] {
        let provider = &self.identity_provider;
        [
            ("--acs-url", self.platform.acs_url()),
            ("--idp-url", provider.sign_in_link()),
            ("--idp-metadata", provider.metadata_url()),
            ("--issuer", provider.issuer().to_owned()),
            ("--audience", provider.audience().to_owned()),
            ("--listen", provider.acs().to_owned()),
        ]
    }
}

/// A port of 127.0.0.1 that was free and is held until this is dropped, right before a login takes it: while the demo
/// takes ports for itself, it must not be given this one.
#[derive(Debug)]
pub struct HeldPort {
    number: u16,
    _holder: TcpListener,
}

impl HeldPort {
    /// Takes one.
    ///
    /// # Errors
    /// [`DemoError::Port`] when the system has none to give.
    pub fn take() -> Result<Self, DemoError> {
        let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(DemoError::Port)?;
        let number = holder.local_addr().map_err(DemoError::Port)?.port();
        Ok(Self {
            number,
            _holder: holder,
        })
    }

    /// The address on it that a login listens at.
    pub fn acs(&self) -> String {
        format!("http://127.0.0.1:{}/saml/acs", self.number)
    }
}

/// Takes a free port of 127.0.0.1; the server, and `http://127.0.0.1:PORT`.
fn bind() -> Result<(Server, String), DemoError> {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::bind(&[any], Limits::default(), &HEADERS).map_err(DemoError::Bind)?;
    let address = server.addresses().first().copied().unwrap_or(any);
    Ok((server, format!("http://{address}")))
}

/// What both servers say with every answer.
const HEADERS: [(&str, &str); 2] = [
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
];

/// What a mutex holds, also after a panic elsewhere: everything in one here is whole at any time.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
