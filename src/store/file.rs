//! Files in a directory that is held open.

use super::walk::{self, Missing, bits, io, mode};
use super::{ROOM, StoreError, Unsafe, others};
use rustix::fs::{Access, AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long a writer waits for another one. A write takes milliseconds: who holds the lock longer is stopped.
pub(super) const LOCK_PATIENCE: Duration = Duration::from_secs(5);

const LOCK: &str = ".lock";

/// How the names of files begin that are not yet renamed into place.
const NEW: &str = ".anyp-saml-new-";

/// Opens a file that says whom to believe, if nobody but the user and root can have written or exchanged it: the file,
/// every directory on the way to it and every symbolic link belong to one of the two, and others may write to none of
/// them (sticky directories excepted).
///
/// # Errors
/// [`StoreError::Unsafe`] names what is not so; [`StoreError::Io`] is everything else, a missing file among it.
pub fn open_trusted(path: &Path) -> Result<File, StoreError> {
    walk::open_file(path).map(File::from)
}

/// A directory, held by its descriptor.
pub(super) struct Directory {
    descriptor: OwnedFd,
    path: PathBuf,
}

impl Directory {
    /// A directory of our own, made where it is missing.
    pub(super) fn create_own(path: &Path) -> Result<Self, StoreError> {
        match Self::own(path, Missing::Make)? {
            Some(directory) => Ok(directory),
            // Made and removed again meanwhile.
            None => Err(io(path, "open", std::io::ErrorKind::NotFound)),
        }
    }

    /// A directory of our own; `None` when it is missing.
    pub(super) fn open_own(path: &Path) -> Result<Option<Self>, StoreError> {
        Self::own(path, Missing::Leave)
    }

    fn own(path: &Path, missing: Missing) -> Result<Option<Self>, StoreError> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(StoreError::NoFileName {
                path: path.to_owned(),
            });
        };
        let Some(parent) = walk::open_directory(parent, missing)? else {
            return Ok(None);
        };
        let Some(descriptor) = walk::open_in(&parent, name, path, missing)? else {
            return Ok(None);
        };
        let stat = walk::stat(&descriptor, path)?;
        let of = |problem| StoreError::Unsafe {
            path: path.to_owned(),
            problem,
        };
        if stat.st_uid != rustix::process::geteuid().as_raw() {
            return Err(of(Unsafe::Owner(stat.st_uid)));
        }
        let mode = mode(&stat);
        if others::may_write(&descriptor, &stat) {
            return Err(of(Unsafe::Writable(bits(mode))));
        }
        if mode.intersects(Mode::RWXG | Mode::RWXO) {
            // Others could see which profiles there are. That is ours to close, not worth a question.
            rustix::fs::fchmod(&descriptor, Mode::RWXU)
                .map_err(|error| io(path, "set the mode of", error))?;
        }
        let path = path.to_owned();
        Ok(Some(Self { descriptor, path }))
    }

    /// A directory of our own that may be written to; `None` when it is missing, and can be made.
    pub(super) fn look(path: &Path) -> Result<Option<Self>, StoreError> {
        let access = |directory: &OwnedFd, path: &Path| {
            let rights = Access::WRITE_OK | Access::EXEC_OK;
            rustix::fs::accessat(directory, ".", rights, AtFlags::empty())
                .map_err(|error| io(path, "write to", error))
        };
        if let Some(own) = Self::open_own(path)? {
            access(&own.descriptor, path)?;
            return Ok(Some(own));
        }
        for above in path.ancestors().skip(1) {
            if let Some(directory) = walk::open_directory(above, Missing::Leave)? {
                access(&directory, above)?;
                break;
            }
        }
        Ok(None)
    }

    /// A directory that the user named for a file.
    pub(super) fn open_users(path: &Path) -> Result<Self, StoreError> {
        let passage = walk::open_directory(path, Missing::Leave)?
            .ok_or_else(|| io(path, "open", std::io::ErrorKind::NotFound))?;
        // Opened once more, since a passage cannot be synchronized; it is the same directory whatever its name is now.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let descriptor = rustix::fs::openat(&passage, ".", flags, Mode::empty())
            .map_err(|error| io(path, "open", error))?;
        let path = path.to_owned();
        Ok(Self { descriptor, path })
    }

    /// Opens a file that is there to be locked, and makes it where it is missing.
    pub(super) fn open_lock(&self, name: &str) -> Result<File, StoreError> {
        let path = self.path.join(name);
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let descriptor = rustix::fs::openat(&self.descriptor, name, flags, Mode::RUSR | Mode::WUSR)
            .map_err(|error| io(&path, "open", error))?;
        // A umask may have taken away what the next one needs to open it.
        rustix::fs::fchmod(&descriptor, Mode::RUSR | Mode::WUSR)
            .map_err(|error| io(&path, "set the mode of", error))?;
        Ok(File::from(descriptor))
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

    /// Puts a new file with mode 0600 in the place of whatever regular file of the user's is there.
    pub(super) fn replace(
        &self,
        name: impl AsRef<OsStr>,
        content: &[u8],
    ) -> Result<(), StoreError> {
        let name = name.as_ref();
        let path = self.path.join(name);
        self.check_place(name, &path)?;
        let new = new_name(&path)?;
        let written = self.write_new(&new, content).and_then(|()| {
            // Replaces a link that was put there since the check, and does not follow it.
            rustix::fs::renameat(&self.descriptor, &new, &self.descriptor, name).map_err(Into::into)
        });
        if let Err(error) = written {
            // The first error is the one to report.
            let _ = rustix::fs::unlinkat(&self.descriptor, &new, AtFlags::empty());
            return Err(io(&path, "write", error));
        }
        self.synchronize()
    }

    /// Makes sure that [`Directory::replace`] would do: what stands there may be replaced, and a new file can be made and
    /// filled.
    pub(super) fn prepare(&self, name: impl AsRef<OsStr>) -> Result<(), StoreError> {
        let name = name.as_ref();
        let path = self.path.join(name);
        self.check_place(name, &path)?;
        let new = new_name(&path)?;
        let written = self.write_new(&new, &ROOM);
        // Whatever came of it, nothing is left.
        let removed = self.remove(&new);
        written.map_err(|error| io(&path, "write", error))?;
        removed.map(drop)
    }

    fn write_new(&self, name: &str, content: &[u8]) -> std::io::Result<()> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let private = Mode::RUSR | Mode::WUSR;
        let descriptor = rustix::fs::openat(&self.descriptor, name, flags, private)?;
        // A umask may have taken rights away; it can add none.
        rustix::fs::fchmod(&descriptor, private)?;
        let mut file = File::from(descriptor);
        file.write_all(content)?;
        file.sync_all()
    }

    /// Reads a file of the user's that nobody else can read, up to a limit; `None` when it is missing.
    pub(super) fn read(
        &self,
        name: &str,
        limit: usize,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let path = self.path.join(name);
        let of = |problem| StoreError::Unsafe {
            path: path.clone(),
            problem,
        };
        // Without NONBLOCK, opening a FIFO would wait for somebody to write to it.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let descriptor = match rustix::fs::openat(&self.descriptor, name, flags, Mode::empty()) {
            Ok(descriptor) => descriptor,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP | Errno::MLINK) => return Err(of(Unsafe::Symlink)),
            // Sockets and devices without a driver cannot be opened at all.
            Err(Errno::NXIO | Errno::NODEV) => return Err(of(Unsafe::NotRegular)),
            Err(error) => return Err(io(&path, "open", error)),
        };
        let stat = walk::stat(&descriptor, &path)?;
        check_file(FileType::from_raw_mode(stat.st_mode), stat.st_uid).map_err(of)?;
        let mode = mode(&stat);
        if mode.intersects(Mode::RWXG | Mode::RWXO) {
            return Err(of(Unsafe::Readable(bits(mode))));
        }
        // Its size and one byte more, so that nothing is copied while it is read, nor more wiped than there is.
        let size = usize::try_from(stat.st_size).unwrap_or(limit).min(limit);
        let mut content = Zeroizing::new(Vec::with_capacity(size + 1));
        let limited = File::from(descriptor)
            .take(limit as u64 + 1)
            .read_to_end(&mut content);
        limited.map_err(|error| io(&path, "read", error))?;
        if content.len() > limit {
            return Err(of(Unsafe::TooLarge));
        }
        Ok(Some(content))
    }

    /// Removes a file or a link; says whether it was there.
    pub(super) fn remove(&self, name: &str) -> Result<bool, StoreError> {
        match rustix::fs::unlinkat(&self.descriptor, name, AtFlags::empty()) {
            Ok(()) => self.synchronize().map(|()| true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(io(&self.path.join(name), "remove", error)),
        }
    }

    /// The names in the directory that are text, as ours are.
    pub(super) fn names(&self) -> Result<Vec<String>, StoreError> {
        let failed = |error| io(&self.path, "read", error);
        let entries = rustix::fs::Dir::read_from(&self.descriptor).map_err(failed)?;
        let mut names = Vec::new();
        for entry in entries {
            if let Ok(name) = entry.map_err(failed)?.file_name().to_str() {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// Refuses a place where something stands that is not a file of the user's own.
    fn check_place(&self, name: &OsStr, path: &Path) -> Result<(), StoreError> {
        match rustix::fs::statat(&self.descriptor, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => {
                check_file(FileType::from_raw_mode(stat.st_mode), stat.st_uid).map_err(|problem| {
                    StoreError::Unsafe {
                        path: path.to_owned(),
                        problem,
                    }
                })
            }
            Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(io(path, "look at", error)),
        }
    }

    /// Makes renamed and removed names last.
    fn synchronize(&self) -> Result<(), StoreError> {
        match rustix::fs::fsync(&self.descriptor) {
            // Some network and FUSE file systems know no such thing for a directory.
            Ok(()) | Err(Errno::INVAL | Errno::NOTSUP | Errno::NOSYS) => Ok(()),
            Err(error) => Err(io(&self.path, "synchronize", error)),
        }
    }
}

/// A name that nobody has yet, for a file that is to be renamed to a path.
fn new_name(path: &Path) -> Result<String, StoreError> {
    let nonce = crate::secret::nonce()
        .ok_or_else(|| io(path, "find a free name for", std::io::ErrorKind::Other))?;
    Ok(format!("{NEW}{nonce}"))
}

fn check_file(kind: FileType, owner: u32) -> Result<(), Unsafe> {
    match kind {
        // Root's file in a directory of the user's is the user's to replace, but who put it there?
        FileType::RegularFile if owner != rustix::process::geteuid().as_raw() => {
            Err(Unsafe::Owner(owner))
        }
        FileType::RegularFile => Ok(()),
        FileType::Symlink => Err(Unsafe::Symlink),
        FileType::Directory => Err(Unsafe::Directory),
        _ => Err(Unsafe::NotRegular),
    }
}
