//! The assertion consumer service (SAML Profiles 4.1): the loopback listener that a response is posted to.

mod form;
pub mod request;

pub use form::FormError;
pub use request::{RelayState, RequestError, Rules};
