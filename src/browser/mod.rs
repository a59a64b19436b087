//! Opening the identity provider's page.
//!
//! `system` starts the user's own browser, or the one that was named.

mod system;

pub use system::{Blocked, OpenError, open, why_not_here};
