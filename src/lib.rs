//! **anyp-saml**: the browser sign-in for Anypoint Platform in a terminal.
//!
//! This page is the map of the code. Modules are declared from the top of the house to its foundation, and **a module
//! uses only modules declared below it**; `tests/integration/architecture.rs` holds that, and that every crate with an
//! owner is named by its owner alone.
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

// The exchange, and whose token it is.
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

// Base64.
pub mod encoding;
