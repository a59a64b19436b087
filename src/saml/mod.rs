//! SAML 2.0 responses: decoding, and the rules of an unsolicited response.
//!
//! The way of a response through this module, and the type that says how far it came:
//!
//! | step | type |
//! |---|---|
//! | posted by a browser or copied by a person, decoded from base64 | [`PostedResponse`] |
//! | every rule of [`Rule`] held against it, in order, by [`validate`] | [`ValidResponse`], or [`Refused`] |
//! | the same list of rules, shown whole whatever comes of them, by [`inspect`] | [`Report`] |
//!
//! Only [`validate`] makes a [`ValidResponse`], and only a [`ValidResponse`] can be exchanged. Which keys are trusted
//! and what is expected comes from the configuration ([`Trust`], [`Expected`]), never from the response. The time is an
//! argument: nothing here reads a clock, a file or the network.

mod binding;
mod error;
mod har;
mod report;
mod rule;

// What is read.
mod assertion;
mod names;
mod response;
mod status;

// The list of checks, and the rules on it by what they look at.
mod case;
mod conditions;
mod message;
mod signature;
mod structure;
mod subject;
mod validate;

/// An identity provider's metadata.
pub mod metadata;

pub use binding::PostedResponse;
pub use error::{DecodeError, Refused};
pub use report::{Attribute, Check, Outcome, Report, SigningKey, Verdict};
pub use rule::Rule;
pub use status::meaning as status_meaning;
pub use validate::{Expected, Trust, ValidResponse, inspect, validate};

#[cfg(test)]
mod tests;
