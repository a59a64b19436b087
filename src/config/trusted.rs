//! Reading files that say whom to believe.

use super::ConfigError;
use crate::store::{StoreError, open_trusted};
use std::io::{ErrorKind, Read};
use std::path::Path;

/// Reads a file of at most `limit` bytes, if nobody but this user and root can have written it or put it there: it
/// names hosts, keys or users to be believed.
///
/// # Errors
/// [`ConfigError::NoFile`], [`ConfigError::Untrusted`], or [`ConfigError::File`], which says what else is wrong with it.
pub fn read_trusted(path: &Path, limit: u64) -> Result<Vec<u8>, ConfigError> {
    let wrong = |problem: String| ConfigError::File {
        path: path.to_owned(),
        problem,
    };
    // Told before the way to it is judged: a file that is not there makes nobody believe anything, and a home directory
    // of somebody else's, as in many containers, must not keep a login from its flags.
    match path.metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(ConfigError::NoFile(path.to_owned()));
        }
        _ => {}
    }
    let mut file = open_trusted(path).map_err(|error| match error {
        StoreError::Unsafe { .. } => ConfigError::Untrusted {
            path: path.to_owned(),
            error,
        },
        // It is there, but has no name of its own: a pipe below /dev/fd.
        StoreError::Io { error, .. } if error.kind() == ErrorKind::NotFound => {
            wrong("it is not a regular file".into())
        }
        error => wrong(error.to_string()),
    })?;
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::store::Unsafe;
    use std::fs::{create_dir, set_permissions, write};
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn set_mode(path: &Path, mode: u32) {
        set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Where something is unsafe, and what.
    #[track_caller]
    fn untrusted(path: &Path) -> (std::path::PathBuf, Unsafe) {
        match read_trusted(path, 10).unwrap_err() {
            ConfigError::Untrusted {
                path: asked,
                error:
                    StoreError::Unsafe {
                        path: found,
                        problem,
                    },
            } => {
                assert_eq!(asked, path);
                (found, problem)
            }
            error => panic!("another error: {error}"),
        }
    }

    #[test]
    fn a_file_that_others_may_write_is_not_believed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("idp.xml");
        write(&path, "x").unwrap();
        for (mode, believed) in [(0o600, true), (0o644, true), (0o646, false)] {
            set_mode(&path, mode);
            assert_eq!(read_trusted(&path, 10).is_ok(), believed, "{mode:o}");
        }
        assert_eq!(untrusted(&path), (path.clone(), Unsafe::Writable(0o646)));
    }

    #[test]
    fn a_file_in_a_directory_that_others_may_write_to_is_not_believed() {
        let directory = tempfile::tempdir().unwrap();
        let shared = directory.path().join("shared");
        create_dir(&shared).unwrap();
        create_dir(shared.join("own")).unwrap();
        let path = shared.join("own/idp.xml");
        write(&path, "x").unwrap();
        set_mode(&path, 0o600);
        set_mode(&shared, 0o755);
        assert!(read_trusted(&path, 10).is_ok());
        set_mode(&shared, 0o1777);
        assert!(read_trusted(&path, 10).is_ok(), "sticky, as /tmp is");
        set_mode(&shared, 0o757);
        assert_eq!(untrusted(&path), (shared.clone(), Unsafe::Writable(0o757)));
        let said = read_trusted(&path, 10).unwrap_err().to_string();
        for part in [&path, &shared] {
            assert!(said.contains(part.to_str().unwrap()), "{said}");
        }
        // Where there is no file, there is nothing to believe.
        let none = read_trusted(&shared.join("none"), 10);
        assert!(matches!(none, Err(ConfigError::NoFile(_))));
    }

    #[test]
    fn a_link_is_believed_where_both_of_its_ends_are_safe() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        for name in ["links", "real"] {
            create_dir(path(name)).unwrap();
            set_mode(&path(name), 0o755);
        }
        write(path("real/idp.xml"), "x").unwrap();
        set_mode(&path("real/idp.xml"), 0o644);
        symlink("../real/idp.xml", path("links/relative")).unwrap();
        symlink(path("links/relative"), path("links/absolute")).unwrap();
        symlink(path("real"), path("through")).unwrap();
        let links = ["links/relative", "links/absolute", "through/idp.xml"].map(path);
        for link in &links {
            assert_eq!(read_trusted(link, 10).unwrap(), b"x", "{}", link.display());
        }
        set_mode(&path("real"), 0o757);
        for link in &links {
            assert_eq!(untrusted(link), (path("real"), Unsafe::Writable(0o757)));
        }
        set_mode(&path("real"), 0o755);
        set_mode(&path("links"), 0o757);
        for link in &links[..2] {
            assert_eq!(untrusted(link), (path("links"), Unsafe::Writable(0o757)));
        }
    }

    #[test]
    fn only_a_regular_file_within_the_limit_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("idp.xml");
        write(&path, "12345").unwrap();
        set_mode(&path, 0o600);
        assert_eq!(read_trusted(&path, 5).unwrap(), b"12345");
        assert!(read_trusted(&path, 4).is_err());
        assert_eq!(untrusted(directory.path()).1, Unsafe::Directory);
        assert_eq!(untrusted(Path::new("/")).1, Unsafe::Directory);
        assert_eq!(untrusted(Path::new("/dev/null")).1, Unsafe::NotRegular);
        let none = read_trusted(&directory.path().join("none"), 4);
        assert!(matches!(none, Err(ConfigError::NoFile(_))));
    }
}
