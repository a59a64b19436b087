//! Reading files that say whom to believe.

use super::ConfigError;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Reads a file of at most `limit` bytes, if it is this user's (or root's) and nobody else may write to it: it names
/// hosts, keys or users to be believed.
///
/// # Errors
/// [`ConfigError::File`] says what is wrong with it.
pub fn read_trusted(path: &Path, limit: u64) -> Result<Vec<u8>, ConfigError> {
    let wrong = |problem: String| ConfigError::File {
        path: path.to_owned(),
        problem,
    };
    let mut file = open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => ConfigError::NoFile(path.to_owned()),
        _ => wrong(error.to_string()),
    })?;
    if let Some(problem) = distrust(&file).map_err(|error| wrong(error.to_string()))? {
        return Err(wrong(problem));
    }
    let mut bytes = Vec::new();
    (&mut file)
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| wrong(error.to_string()))?;
    if bytes.len() as u64 > limit {
        return Err(wrong(format!("it is larger than {limit} bytes")));
    }
    Ok(bytes)
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    // Without waiting: a FIFO in the file's place would hold the program for ever.
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    File::options()
        .read(true)
        .custom_flags(nonblocking)
        .open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Why this file should not be believed, if so.
#[cfg(unix)]
fn distrust(file: &File) -> io::Result<Option<String>> {
    use std::os::unix::fs::MetadataExt;
    let metadata = file.metadata()?;
    let me = rustix::process::geteuid().as_raw();
    Ok(if !metadata.is_file() {
        Some("it is not a regular file".into())
    } else if metadata.uid() != me && metadata.uid() != 0 {
        Some(format!(
            "it belongs to another user (uid {}), and says whom to believe",
            metadata.uid()
        ))
    } else if metadata.mode() & 0o022 != 0 {
        Some(format!(
            "others may write to it (mode {:04o}), and it says whom to believe; chmod go-w keeps it yours",
            metadata.mode() & 0o7777
        ))
    } else {
        None
    })
}

#[cfg(not(unix))]
fn distrust(file: &File) -> io::Result<Option<String>> {
    Ok((!file.metadata()?.is_file()).then(|| "it is not a regular file".into()))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_that_others_may_write_is_not_believed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("idp.xml");
        std::fs::write(&path, "x").unwrap();
        for (mode, believed) in [(0o600, true), (0o644, true), (0o664, false), (0o646, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(read_trusted(&path, 10).is_ok(), believed, "{mode:o}");
        }
    }

    #[test]
    fn only_a_regular_file_within_the_limit_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("idp.xml");
        std::fs::write(&path, "12345").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(read_trusted(&path, 5).unwrap(), b"12345");
        assert!(read_trusted(&path, 4).is_err());
        assert!(read_trusted(directory.path(), 4).is_err());
        let none = read_trusted(&directory.path().join("none"), 4);
        assert!(matches!(none, Err(ConfigError::NoFile(_))));
    }
}
