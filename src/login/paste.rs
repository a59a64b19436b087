//! The paste capture: a response that is already there.

use super::handed_in::read_copied;
use super::{LoginError, cure};
use crate::config::{PasteSource, SamlConfig};
use crate::saml::{DecodeError, PostedResponse};
use crate::terminal::{PromptError, Terminal};
use std::path::Path;
use zeroize::Zeroizing;

/// Reads and recognises the response.
pub(super) fn read(
    config: &SamlConfig,
    source: &PasteSource,
    terminal: &Terminal,
) -> Result<PostedResponse, LoginError> {
    let bytes = match source {
        PasteSource::Prompt => return ask(config, terminal),
        PasteSource::StandardInput => read_copied(Path::new("-")).map_err(LoginError::Unread)?,
        PasteSource::File(path) => read_copied(path).map_err(LoginError::Unread)?,
    };
    Ok(PostedResponse::recognise(&bytes)?)
}

/// Asks for it at the terminal, until it is one or there is nothing to read: what is copied first is easily something
/// else, and the sign-in that it came from is not to be lost for that.
fn ask(config: &SamlConfig, terminal: &Terminal) -> Result<PostedResponse, LoginError> {
    explain(config, terminal);
    loop {
        let pasted = terminal.ask_unseen(PostedResponse::MAX_POSTED);
        let pasted = pasted.map(Zeroizing::new).map_err(|error| match error {
            PromptError::Interrupted => LoginError::Interrupted,
            error => LoginError::Prompt(error),
        })?;
        match PostedResponse::recognise(&pasted) {
            Err(error) if error != DecodeError::Empty => terminal.warn(&format!(
                "this is no response: {error}. {} Paste it again; Ctrl-C ends this.",
                cure(error.rule())
            )),
            recognised => return Ok(recognised?),
        }
    }
}

/// Says what is to be pasted, and how to get at it.
fn explain(config: &SamlConfig, terminal: &Terminal) {
    if let Some(link) = &config.sign_in_link {
        terminal.say("Open this address in a browser, with its developer tools (F12) on the network tab, and sign in:");
        terminal.show(link.as_str());
    }
    terminal.say("Copy the value of SAMLResponse from the request to …/receive-id, paste it here, and press Enter.");
}
