//! Anypoint Platform: the exchange of a response for a token, the other ways to one, and whose a token is.
//!
//! Each call is one request. Nothing is asked twice, since an exchange cannot be, and nothing of a request or of a
//! token is ever part of an error.

mod account;
mod acs_url;
mod connected_app;
mod ending;
mod exchange;
mod form;
mod granted;
mod password;
mod plane;
mod wire;

pub use account::{Account, App, BusinessGroup, Holder, Organization};
pub use acs_url::{PlatformAcs, PlatformAddressError};
pub use granted::Granted;
pub use plane::Plane;
pub use wire::{AnswerProblem, Asked, PlatformError, Reason, Refusal};

use crate::http::{Client, HttpError, HttpRequest, Method};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The platform at one control plane.
pub struct Platform {
    client: Client,
    plane: Plane,
    last_warmed: Mutex<Option<Instant>>,
}

impl Platform {
    /// How long after [`Platform::warm`] another call does nothing: shorter than any connection is kept.
    const STAYS_WARM: Duration = Duration::from_secs(20);

    /// The platform at this plane, asked by this client.
    pub fn new(client: Client, plane: Plane) -> Self {
        Self {
            client,
            plane,
            last_warmed: Mutex::new(None),
        }
    }

    /// The control plane asked.
    pub fn plane(&self) -> &Plane {
        &self.plane
    }

    /// Opens the connection to the platform, so that the exchange costs one round trip, and tells early when the
    /// platform cannot be reached. Does nothing when that was done in the last 20 seconds, so it may be called as
    /// often as one likes while the user signs in.
    ///
    /// # Errors
    /// [`HttpError`]: the platform cannot be reached. Any answer at all is good.
    pub fn warm(&self) -> Result<(), HttpError> {
        // Held while asking: who comes second shares the connection that the first opens.
        let mut last = self
            .last_warmed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|at| at.elapsed() < Self::STAYS_WARM) {
            return Ok(());
        }
        self.client.send(HttpRequest {
            method: Method::Head,
            address: self.plane.address(),
            headers: &[],
            body: None,
            limit: 0,
        })?;
        *last = Some(Instant::now());
        Ok(())
    }
}

/// Whether a text may stand as one segment of the platform's addresses: organizations' domains and ids, providers'
/// ids. Narrower than what a URL allows, so that nothing in it has a meaning to a URL.
fn is_plain_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(is_plain) && text != "." && text != ".."
}
