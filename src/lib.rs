//! **anyp-saml**: the browser sign-in for Anypoint Platform in a terminal.
//!
//! This page is the map of the code. Modules are declared from the top of the house to its foundation, and **a module
//! uses only modules declared below it**; `tests/integration/architecture.rs` holds that, and that every crate with an
//! owner is named by its owner alone.
//!
//! # What is absent
//!
//! - Nothing but a [`saml::ValidResponse`] can be exchanged, and only [`saml::validate`] makes one.
//! - After a signature nothing is read but the bytes that it covered ([`xmldsig`] hands them out).
//! - Which keys, addresses and users are believed comes from the configuration, never from the response; what a login
//!   learns, it learns by the platform's word (`login/vouch.rs`).
//! - No stranger's bytes reach tiny_http: the gate of [`loopback`] stands before it.
//! - No redirect is followed and no request sent twice ([`http`]).
//! - No browser that a login has started outlives it, however it ends ([`browser::chromium::keeper`]).
//! - A secret has no `Display` and a redacted `Debug` ([`secret`]); what others wrote is shown through [`foreign`] alone.
//! - The rules (`saml`, `xmldsig`, `xml`, `export`, `acs/request`) know no clock, no network and no file.
//! - Only `commands/error` turns an error into hints and an exit code; only [`terminal`] writes to the terminal.
//!
//! # Words
//!
//! | word | means |
//! |---|---|
//! | response, assertion | SAML's own: what the identity provider posts, and the statement about the user in it (Core 3.3.3, 2.3.3) |
//! | ACS | assertion consumer service: the address a response is posted to (Profiles 4.1); the platform's, or our listener |
//! | IdP-initiated, unsolicited | the response answers no request, so it has no `InResponseTo` (Profiles 4.1.5) |
//! | RelayState | what an identity provider may echo beside the response (Bindings 3.5.3); our nonce, where it does |
//! | verify, validate, check | a signature, a response, a machine |
//! | method | how a user signs in: through SAML, with user name and password, or as a connected app |
//! | exchange | a response for a bearer token, at the platform |
//! | plane | one of the platform's installations: `us`, `eu`, `gov`, or an address |
//! | capture | how the response gets here: loopback, chromium or paste |
//! | keeper | the process between a login and its browser, which ends the browser with the login |
//! | door | the listener of one login, with the link that leads to it |
//! | kept | a token in the store, with whose it is and until when |
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

// ---- The command line and the story -------------------------------------------------------------------------------

// One file per command, and the one place where errors become words and exit codes.
pub mod commands;

// What `login` does, in the order it does it.
pub mod login;

// A demo identity provider and a demo platform, as real servers.
pub mod demo;

// Flags, environment and profile, resolved into what a login needs to know.
pub mod config;

// ---- The edges: what touches the system, the network and the disk ------------------------------------------------

// Opens the identity provider's page.
pub mod browser;

// The assertion consumer service: takes the one posted response among everything else that knocks.
pub mod acs;

// The exchange, the other ways to a token, and whose it is.
pub mod platform;

// Where tokens are kept.
pub mod store;

// What a person reads and types.
pub mod terminal;

// HTTP on the loopback, behind our own gate.
pub mod loopback;

// HTTP to others.
pub mod http;

// ---- The rules: pure functions. No clock, no network, no file -----------------------------------------------------

// A token in the words of a shell.
pub mod export;

// A response decoded, and the rules it must keep.
pub mod saml;

// Signatures.
pub mod xmldsig;

// XML within limits.
pub mod xml;

// ---- The words: what everything above is said in ------------------------------------------------------------------

// Web addresses and the loopback address.
pub mod address;

// The bearer token.
pub mod token;

// Texts that must not be seen.
pub mod secret;

// Texts of others that will be seen.
pub mod foreign;

// Instants.
pub mod time;

// Base64, percent-encoding.
pub mod encoding;
