//! Files of the user's choice: a token alone, and the configuration.

use super::StoreError;
use super::file::Directory;
use crate::token::AccessToken;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;
use zeroize::Zeroizing;

/// Makes sure that a token file can be written, before anybody signs in for it: its directory can be reached safely,
/// what stands at its place may be replaced, and a new file can be made there. Nothing is changed.
///
/// # Errors
/// [`StoreError`]: what keeps it from being written.
pub fn prepare_token_file(path: &Path) -> Result<(), StoreError> {
    let (parent, name) = place(path)?;
    Directory::open_users(parent)?.prepare(name)
}

/// Writes a token alone, followed by a new line as text files have it, to a file of the user's choice, with the same
/// care as the store. The file's directory must exist.
///
/// # Errors
/// [`StoreError`]; what stood there before is then whole.
pub fn write_token_file(path: &Path, token: &AccessToken) -> Result<(), StoreError> {
    let (parent, name) = place(path)?;
    let mut text = Zeroizing::new(Vec::with_capacity(token.expose().len() + 1));
    text.extend_from_slice(token.expose().as_bytes());
    text.push(b'\n');
    Directory::open_users(parent)?.replace(name, &text)
}

/// Writes a configuration file with the same care. Its directory is made where it is missing, with mode 0700.
///
/// # Errors
/// [`StoreError`]; what stood there before is then whole.
pub fn write_config_file(path: &Path, text: &[u8]) -> Result<(), StoreError> {
    let (parent, name) = place(path)?;
    let directory = match Directory::open_users(parent) {
        Err(StoreError::Io { error, .. }) if error.kind() == ErrorKind::NotFound => {
            Directory::create_own(parent)?
        }
        opened => opened?,
    };
    directory.replace(name, text)
}

/// The directory and the name.
fn place(path: &Path) -> Result<(&Path, &OsStr), StoreError> {
    // A path that ends in `/` or `/.` means a directory, though `file_name` would name its last component.
    let bytes = path.as_os_str().as_encoded_bytes();
    let ends_in_name = !bytes.ends_with(b"/") && !bytes.ends_with(b"/.");
    let name = path
        .file_name()
        .filter(|_| ends_in_name)
        .ok_or_else(|| StoreError::NoFileName {
            path: path.to_owned(),
        })?;
    let parent = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    Ok((parent, name))
}
