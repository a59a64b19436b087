//! Where tiny_http listens on Unix: a socket that nobody else can reach.

use crate::secret;
use std::fs::{DirBuilder, DirEntry};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) type Stream = UnixStream;

/// What the directories' names begin with, and the socket's name in each.
const PREFIX: &str = "anyp-saml-";
const SOCKET: &str = "http";
/// Longer than any process takes from the directory to the socket in it.
const STARTING: Duration = Duration::from_secs(60);

/// A socket in a directory of this user's alone; both go when it is dropped.
pub(super) struct Door {
    directory: PathBuf,
}

impl Door {
    pub(super) fn open() -> io::Result<(Self, UnixListener)> {
        // A socket's path holds about a hundred bytes, which some TMPDIR are too long for.
        Self::open_in(&std::env::temp_dir()).or_else(|_| Self::open_in(Path::new("/tmp")))
    }

    fn open_in(parent: &Path) -> io::Result<(Self, UnixListener)> {
        sweep(parent);
        let nonce = secret::nonce().ok_or_else(|| io::Error::other("no randomness"))?;
        let directory = parent.join(format!("{PREFIX}{}", &nonce[..16]));
        // Fails when anything of that name is there, a link included.
        DirBuilder::new().mode(0o700).create(&directory)?;
        let door = Self { directory };
        let listener = UnixListener::bind(door.path())?;
        Ok((door, listener))
    }

    pub(super) fn path(&self) -> PathBuf {
        self.directory.join(SOCKET)
    }

    pub(super) fn connect(&self) -> io::Result<Stream> {
        UnixStream::connect(self.path())
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.path());
        let _ = std::fs::remove_dir(&self.directory);
    }
}

/// Removes what processes that were killed have left behind: directories of ours, of an age at which no process is
/// still about to listen, at whose socket nobody does. What cannot be read or removed stays.
pub(super) fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return;
    };
    let of_ours = |entry: &DirEntry| {
        entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(PREFIX.as_bytes())
    };
    for entry in entries.flatten().filter(of_ours) {
        if is_left_behind(&entry).unwrap_or(false) {
            drop(Door {
                directory: entry.path(),
            });
        }
    }
}

fn is_left_behind(entry: &DirEntry) -> io::Result<bool> {
    // Of the entry itself, where it is a link.
    let metadata = entry.metadata()?;
    let is_mine = metadata.is_dir() && metadata.uid() == rustix::process::geteuid().as_raw();
    let is_old = metadata
        .modified()?
        .elapsed()
        .is_ok_and(|age| age > STARTING);
    let answer = UnixStream::connect(entry.path().join(SOCKET));
    Ok(is_mine
        && is_old
        && answer.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused))
}
