//! The whole program, tested from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::print_stderr)] // A test that is skipped says so.

mod attacks;
mod exchange;
mod listener;
mod shells;
mod signature_vectors;
mod store_files;
