//! The whole program, tested from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::print_stderr)] // A test that is skipped says so.
#![allow(unreachable_pub)] // Nobody is outside: `pub` is for the files beside.

mod anypoint_cli;
mod architecture;
mod attacks;
mod completions;
mod corpora;
mod demo;
#[cfg(unix)]
mod doctor;
mod exchange;
#[cfg(target_os = "linux")]
mod floods;
mod formats;
mod init;
mod inspect;
#[cfg(target_os = "linux")]
mod keeper;
mod keychain;
mod listener;
mod login;
mod logout;
#[cfg(target_os = "linux")]
mod own_browser;
#[cfg(unix)]
mod places;
#[cfg(unix)]
mod real_idps;
#[cfg(unix)]
mod recipes;
mod reports;
#[cfg(target_os = "linux")]
mod secrecy;
mod session;
mod shells;
mod signature_vectors;
mod store_files;
mod support;
#[cfg(unix)]
mod terminal;
