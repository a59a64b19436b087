//! Reading a response that a person has in a file, or gives on standard input.

use crate::saml::PostedResponse;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use zeroize::Zeroizing;

/// Reads a copied response, or a HAR export with one in it, from a file or from standard input (`-`).
///
/// # Errors
/// What keeps it from being read, in words.
pub fn read_copied(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    if path == Path::new("-") {
        bounded(io::stdin().lock())
    } else {
        File::open(path)
            .map_err(|error| error.to_string())
            .and_then(bounded)
    }
}

fn bounded(mut reader: impl Read) -> Result<Zeroizing<Vec<u8>>, String> {
    let response = PostedResponse::MAX_POSTED;
    let mut bytes = read_up_to(&mut reader, Vec::new(), response)?;
    if bytes.len() > response && PostedResponse::may_be_archive(&bytes) {
        bytes = read_up_to(
            &mut reader,
            std::mem::take(&mut *bytes),
            PostedResponse::MAX_COPIED,
        )?;
    } else if bytes.len() > response {
        return Err(format!("it has more than {response} bytes"));
    }
    if bytes.len() > PostedResponse::MAX_COPIED {
        return Err(format!(
            "it has more than {} bytes",
            PostedResponse::MAX_COPIED
        ));
    }
    Ok(bytes)
}

/// Goes on reading until there are more than `limit` bytes, or no more come.
fn read_up_to(
    reader: &mut impl Read,
    start: Vec<u8>,
    limit: usize,
) -> Result<Zeroizing<Vec<u8>>, String> {
    // Room for all of it at once: a buffer that grows leaves copies of a secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit + 1));
    let start = Zeroizing::new(start);
    bytes.extend_from_slice(&start);
    let left = (limit + 1).saturating_sub(start.len());
    reader
        .take(left as u64)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_export_may_be_larger_than_a_response() {
        let size = PostedResponse::MAX_POSTED + 5;
        let read = |byte: u8, size| bounded(io::repeat(byte).take(size)).map(|bytes| bytes.len());
        assert_eq!(read(b'A', 5), Ok(5));
        assert!(read(b'A', size as u64).is_err());
        let export = io::Cursor::new(b" {").chain(io::repeat(b'x').take(size as u64));
        assert_eq!(bounded(export).map(|bytes| bytes.len()), Ok(size + 2));
        let endless = io::Cursor::new(b"{").chain(io::repeat(b'x'));
        assert!(bounded(endless).is_err());
    }
}
