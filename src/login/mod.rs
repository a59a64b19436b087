//! The story of a login.
