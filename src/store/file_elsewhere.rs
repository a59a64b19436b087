//! Files in a directory, on systems without Unix permissions.
//!
//! On Windows a file inherits the access rights of its directory; the user's local application data, where the state
//! lives by default, is open to the user, SYSTEM and administrators alone. Links and other files than regular ones are
//! refused by name, and a new file is renamed into place.

use super::{ROOM, StoreError, Unsafe};
use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::{self as std_io, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long a writer waits for another one. A write takes milliseconds: who holds the lock longer is stopped.
pub(super) const LOCK_PATIENCE: Duration = Duration::from_secs(5);

const LOCK: &str = ".lock";

/// How the names of files begin that are not yet renamed into place.
const NEW: &str = ".anyp-saml-new-";

/// Opens a regular file that says whom to believe. Who may write to it is the system's to say.
///
/// # Errors
/// [`StoreError::Unsafe`]: something else than a regular file; [`StoreError::Io`]: everything else, a missing file among
/// it.
pub fn open_trusted(path: &Path) -> Result<File, StoreError> {
    let file = File::open(path).map_err(|error| io(path, "open", error))?;
    let metadata = file
        .metadata()
        .map_err(|error| io(path, "look at", error))?;
    if metadata.is_file() {
        Ok(file)
    } else {
        Err(StoreError::Unsafe {
            path: path.to_owned(),
            problem: Unsafe::NotRegular,
        })
    }
}

/// A directory, held by its path.
pub(super) struct Directory {
    path: PathBuf,
}

impl Directory {
    /// A directory of our own, made where it is missing.
    pub(super) fn create_own(path: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(path).map_err(|error| io(path, "make the directory", error))?;
        Self::open_users(path)
    }

    /// A directory of our own; `None` when it is missing.
    pub(super) fn open_own(path: &Path) -> Result<Option<Self>, StoreError> {
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == std_io::ErrorKind::NotFound => Ok(None),
            _ => Self::open_users(path).map(Some),
        }
    }

    /// A directory of our own; `None` when it is missing. Who may write to it is the system's to say.
    pub(super) fn look(path: &Path) -> Result<Option<Self>, StoreError> {
        Self::open_own(path)
    }

    /// A directory that the user named for a file.
    pub(super) fn open_users(path: &Path) -> Result<Self, StoreError> {
        let path = std::path::absolute(path).map_err(|error| io(path, "find", error))?;
        let metadata = fs::metadata(&path).map_err(|error| io(&path, "open", error))?;
        if !metadata.is_dir() {
            let problem = Unsafe::NotDirectory;
            return Err(StoreError::Unsafe { path, problem });
        }
        Ok(Self { path })
    }

    /// Opens a file that is there to be locked, and makes it where it is missing.
    pub(super) fn open_lock(&self, name: &str) -> Result<File, StoreError> {
        let path = self.path.join(name);
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        options
            .open(&path)
            .map_err(|error| io(&path, "open", error))
    }

    /// Takes the writers' lock, which ends with the value returned, or with the process.
    pub(super) fn lock(&self) -> Result<File, StoreError> {
        self.lock_within(LOCK_PATIENCE)?
            .ok_or_else(|| StoreError::Busy {
                path: self.path.clone(),
            })
    }

    /// The same for whoever waits as long as this; `None` when another process still holds the lock then.
    pub(super) fn lock_within(&self, patience: Duration) -> Result<Option<File>, StoreError> {
        let path = self.path.join(LOCK);
        let file = self.open_lock(LOCK)?;
        let deadline = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(file)),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    thread::sleep(Duration::from_millis(10))
                }
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(io(&path, "lock", error)),
            }
        }
    }

    /// Removes what writers left behind that were killed before they could rename it. Only under the lock, which
    /// says that nobody is writing.
    pub(super) fn sweep(&self) -> Result<(), StoreError> {
        for name in self.names()?.iter().filter(|name| name.starts_with(NEW)) {
            self.remove(name)?;
        }
        Ok(())
    }

    /// Puts a new file in the place of whatever regular file is there.
    pub(super) fn replace(
        &self,
        name: impl AsRef<OsStr>,
        content: &[u8],
    ) -> Result<(), StoreError> {
        let path = self.path.join(name.as_ref());
        self.check_place(&path)?;
        let write = || {
            let mut new = tempfile::Builder::new()
                .prefix(NEW)
                .tempfile_in(&self.path)?;
            new.write_all(content)?;
            new.as_file().sync_all()?;
            new.persist(&path).map_err(|error| error.error)
        };
        write().map(drop).map_err(|error| io(&path, "write", error))
    }

    /// Makes sure that [`Directory::replace`] would do: what stands there may be replaced, and a new file can be made and
    /// filled.
    pub(super) fn prepare(&self, name: impl AsRef<OsStr>) -> Result<(), StoreError> {
        let path = self.path.join(name.as_ref());
        self.check_place(&path)?;
        // Removed as soon as it is written.
        let new = tempfile::Builder::new().prefix(NEW).tempfile_in(&self.path);
        new.and_then(|mut new| new.write_all(&ROOM))
            .map_err(|error| io(&path, "write", error))
    }

    /// Reads a regular file up to a limit; `None` when it is missing.
    pub(super) fn read(
        &self,
        name: &str,
        limit: usize,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let path = self.path.join(name);
        self.check_place(&path)?;
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std_io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(&path, "open", error)),
        };
        let mut content = Zeroizing::new(Vec::with_capacity(limit + 1));
        let limited = file.take(limit as u64 + 1).read_to_end(&mut content);
        limited.map_err(|error| io(&path, "read", error))?;
        if content.len() > limit {
            let problem = Unsafe::TooLarge;
            return Err(StoreError::Unsafe { path, problem });
        }
        Ok(Some(content))
    }

    /// Removes a file; says whether it was there.
    pub(super) fn remove(&self, name: &str) -> Result<bool, StoreError> {
        let path = self.path.join(name);
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std_io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(io(&path, "remove", error)),
        }
    }

    /// The names in the directory that are text, as ours are.
    pub(super) fn names(&self) -> Result<Vec<String>, StoreError> {
        let failed = |error| io(&self.path, "read", error);
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            names.extend(entry.map_err(failed)?.file_name().into_string());
        }
        Ok(names)
    }

    /// Refuses a place where something else than a regular file stands.
    fn check_place(&self, path: &Path) -> Result<(), StoreError> {
        let kind = match fs::symlink_metadata(path) {
            Ok(metadata) => metadata.file_type(),
            Err(error) if error.kind() == std_io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(io(path, "look at", error)),
        };
        let problem = match kind {
            kind if kind.is_symlink() => Unsafe::Symlink,
            kind if kind.is_dir() => Unsafe::Directory,
            kind if kind.is_file() => return Ok(()),
            _ => Unsafe::NotRegular,
        };
        Err(StoreError::Unsafe {
            path: path.to_owned(),
            problem,
        })
    }
}

fn io(path: &Path, doing: &'static str, error: std_io::Error) -> StoreError {
    StoreError::Io {
        doing,
        path: path.to_owned(),
        error,
    }
}
