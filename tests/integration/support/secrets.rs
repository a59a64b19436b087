//! What must not be seen: no twelve bytes in a row of a secret.

use std::collections::HashSet;

const WINDOW: usize = 12;

/// `text` holds no part of any of the secrets.
#[track_caller]
pub fn assert_absent(place: &str, text: &[u8], secrets: &[&str]) {
    let windows: HashSet<&[u8]> = text.windows(WINDOW).collect();
    for secret in secrets {
        assert!(
            secret.len() >= WINDOW,
            "{secret:?} is too short to be looked for"
        );
        if let Some(part) = secret
            .as_bytes()
            .windows(WINDOW)
            .find(|part| windows.contains(part))
        {
            panic!(
                "{place} holds {:?} of a secret:\n{}",
                String::from_utf8_lossy(part),
                String::from_utf8_lossy(text)
            );
        }
    }
}
