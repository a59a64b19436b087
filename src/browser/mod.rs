//! Opening the identity provider's page.
//!
//! `system` starts the user's own browser, or the one that was named. `chromium` starts a browser of this program's own,
//! and catches what its page posts to the platform.

pub mod chromium;
mod system;

pub use system::{Blocked, OpenError, find, open, opener, why_not_here};

/// Variables that hold secrets of the platform's other tools: a browser has no use for them.
const SECRETS: [&str; 4] = [
    "ANYPOINT_BEARER",
    "ANYPOINT_ACCESS_TOKEN",
    "ANYPOINT_PASSWORD",
    "ANYPOINT_CLIENT_SECRET",
];

/// Keeps every descriptor that is open from the programs that this one starts, also those that it was itself started
/// with: a browser would hold a script's lock, or the end of somebody's pipe, for as long as it is open.
pub fn keep_descriptors() {
    #[cfg(unix)]
    close_fds::set_fds_cloexec(3, &[]);
}
