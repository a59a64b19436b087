//! The paste capture: a response that is already there.

use super::LoginError;
use crate::config::{LoginConfig, PasteSource};
use crate::saml::PostedResponse;
use crate::terminal::{PromptError, Terminal};
use std::fs::File;
use std::io::{self, Read};
use zeroize::Zeroizing;

/// Reads and recognises the response.
pub(super) fn read(
    config: &LoginConfig,
    source: &PasteSource,
    terminal: &Terminal,
) -> Result<PostedResponse, LoginError> {
    let bytes = Zeroizing::new(match source {
        PasteSource::Prompt => {
            explain(config, terminal);
            terminal
                .ask_unseen(PostedResponse::MAX_POSTED)
                .map_err(|error| match error {
                    PromptError::Interrupted => LoginError::Interrupted,
                    error => LoginError::Prompt(error),
                })?
        }
        PasteSource::StandardInput => bounded(io::stdin().lock()).map_err(LoginError::Unread)?,
        PasteSource::File(path) => File::open(path)
            .map_err(|error| error.to_string())
            .and_then(bounded)
            .map_err(LoginError::Unread)?,
    });
    Ok(PostedResponse::recognise(&bytes)?)
}

fn bounded(reader: impl Read) -> Result<Vec<u8>, String> {
    let limit = PostedResponse::MAX_POSTED;
    // Room for all of it at once: a buffer that grows leaves copies of a secret behind.
    let mut bytes = Vec::with_capacity(limit + 1);
    reader
        .take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    if bytes.len() > limit {
        return Err(format!("it has more than {limit} bytes"));
    }
    Ok(bytes)
}

/// Says what is to be pasted, and how to get at it.
fn explain(config: &LoginConfig, terminal: &Terminal) {
    if let Some(link) = &config.sign_in_link {
        terminal.say("Open this address in a browser, with its developer tools (F12) on the network tab, and sign in:");
        terminal.show(link.as_str());
    }
    terminal.say("Copy the value of SAMLResponse from the request to …/receive-id, paste it here, and press Enter.");
}
