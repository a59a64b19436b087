//! Anypoint Platform: the exchange of a response for a token, and the account behind a token.

mod acs_url;
mod plane;

pub use acs_url::{PlatformAcs, PlatformAddressError};
pub use plane::Plane;

/// Whether a text may stand as one segment of the platform's addresses: organizations' domains and ids, providers'
/// ids. Narrower than what a URL allows, so that nothing in it has a meaning to a URL.
fn is_plain_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(is_plain) && text != "." && text != ".."
}
