//! The way to a directory or a file, one component at a time, each held by its descriptor while the next is opened in it:
//! nobody can exchange what has been checked already.

use super::{StoreError, Unsafe, others};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Component, Path, PathBuf};

/// As many symbolic links as Linux itself follows on one path.
const MAX_LINKS: usize = 40;

/// Opens a directory only to go on from it, which needs no right to read it. Not every system can.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
const PASSAGE: OFlags = OFlags::PATH;
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
const PASSAGE: OFlags = OFlags::RDONLY;

/// What to do where a directory is missing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// Make it, with mode 0700.
    Make,
    /// Leave it: there is no such directory.
    Leave,
}

/// Opens a directory by walking to it from the root. Every directory on the way, itself included, and every symbolic
/// link must belong to the user or to root, and no directory may be writable for others, unless it is sticky as `/tmp`
/// is. `None` when it is missing and shall not be made.
pub(super) fn open_directory(path: &Path, missing: Missing) -> Result<Option<OwnedFd>, StoreError> {
    walk(path, Goal::Directory(missing))
}

/// Opens a regular file for reading, by the same way. The file, too, must belong to the user or to root, and others
/// must not be able to write to it.
pub(super) fn open_file(path: &Path) -> Result<OwnedFd, StoreError> {
    walk(path, Goal::File)?.ok_or_else(|| io(path, "open", std::io::ErrorKind::NotFound))
}

/// What stands at the end of the way.
#[derive(Clone, Copy)]
enum Goal {
    Directory(Missing),
    File,
}

fn walk(path: &Path, goal: Goal) -> Result<Option<OwnedFd>, StoreError> {
    let path = std::path::absolute(path).map_err(|error| io(path, "find", error))?;
    let mut ahead: VecDeque<OsString> = components(&path).collect();
    let mut here = root()?;
    let mut behind = PathBuf::from("/");
    let mut links = 0;
    while let Some(name) = ahead.pop_front() {
        // What is behind has no links in it any more, so that `..` is what it looks like.
        let next = if name == ".." {
            behind.parent().unwrap_or(&behind).to_owned()
        } else {
            behind.join(&name)
        };
        let step = match goal {
            Goal::File if ahead.is_empty() => last_step(&here, &name, &next)?,
            Goal::File => step(&here, &name, &next, Missing::Leave)?,
            Goal::Directory(missing) => step(&here, &name, &next, missing)?,
        };
        match step {
            Step::File(file) => {
                check_file(&file, &next)?;
                return Ok(Some(file));
            }
            Step::Directory(directory) => {
                check_passage(&directory, &next)?;
                here = directory;
                behind = next;
            }
            Step::Link(target) => {
                links += 1;
                if links > MAX_LINKS {
                    let problem = Unsafe::SymlinkLoop;
                    return Err(StoreError::Unsafe {
                        path: next,
                        problem,
                    });
                }
                if target.is_absolute() {
                    here = root()?;
                    behind = PathBuf::from("/");
                }
                for component in components(&target).collect::<Vec<_>>().into_iter().rev() {
                    ahead.push_front(component);
                }
            }
            Step::Missing => return Ok(None),
        }
    }
    match goal {
        Goal::Directory(_) => Ok(Some(here)),
        // The root, which has no last step.
        Goal::File => Err(StoreError::Unsafe {
            path: behind,
            problem: Unsafe::Directory,
        }),
    }
}

/// Opens the directory `name` in `parent`, for reading, without following a link; makes it where that is asked for.
pub(super) fn open_in(
    parent: &OwnedFd,
    name: &OsStr,
    path: &Path,
    missing: Missing,
) -> Result<Option<OwnedFd>, StoreError> {
    loop {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::openat(parent, name, flags, Mode::empty()) {
            Ok(directory) => return Ok(Some(directory)),
            Err(Errno::NOENT) if missing == Missing::Make => make(parent, name, path)?,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP | Errno::NOTDIR | Errno::MLINK) => {
                let problem = match kind_of(parent, name, path)? {
                    FileType::Symlink => Unsafe::Symlink,
                    _ => Unsafe::NotDirectory,
                };
                return Err(StoreError::Unsafe {
                    path: path.to_owned(),
                    problem,
                });
            }
            Err(error) => return Err(io(path, "open", error)),
        }
    }
}

pub(super) fn stat(file: &OwnedFd, path: &Path) -> Result<Stat, StoreError> {
    rustix::fs::fstat(file).map_err(|error| io(path, "look at", error))
}

/// The permission bits, with set-user-id, set-group-id and sticky.
pub(super) fn mode(stat: &Stat) -> Mode {
    Mode::from_raw_mode(stat.st_mode)
}

/// The bits as a person writes them.
pub(super) fn bits(mode: Mode) -> u32 {
    // `mode_t` has 16 bits on some systems.
    #[allow(clippy::useless_conversion)]
    u32::from(mode.as_raw_mode())
}

pub(super) fn io(path: &Path, doing: &'static str, error: impl Into<std::io::Error>) -> StoreError {
    StoreError::Io {
        doing,
        path: path.to_owned(),
        error: error.into(),
    }
}

enum Step {
    Directory(OwnedFd),
    File(OwnedFd),
    Link(PathBuf),
    Missing,
}

fn step(here: &OwnedFd, name: &OsStr, next: &Path, missing: Missing) -> Result<Step, StoreError> {
    loop {
        let flags = PASSAGE | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::openat(here, name, flags, Mode::empty()) {
            Ok(directory) => return Ok(Step::Directory(directory)),
            Err(Errno::NOENT) if missing == Missing::Make => make(here, name, next)?,
            Err(Errno::NOENT) => return Ok(Step::Missing),
            Err(Errno::LOOP | Errno::NOTDIR | Errno::MLINK) => return link(here, name, next),
            Err(error) => return Err(io(next, "open", error)),
        }
    }
}

/// Opens whatever stands at the end but a link.
fn last_step(here: &OwnedFd, name: &OsStr, next: &Path) -> Result<Step, StoreError> {
    // Without NONBLOCK, opening a FIFO would wait for somebody to write to it.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match rustix::fs::openat(here, name, flags, Mode::empty()) {
        Ok(file) => Ok(Step::File(file)),
        Err(Errno::NOENT) => Ok(Step::Missing),
        Err(Errno::LOOP | Errno::MLINK) => link(here, name, next),
        // Sockets and devices without a driver cannot be opened at all.
        Err(Errno::NXIO | Errno::NODEV) => Err(StoreError::Unsafe {
            path: next.to_owned(),
            problem: Unsafe::NotRegular,
        }),
        Err(error) => Err(io(next, "open", error)),
    }
}

fn link(here: &OwnedFd, name: &OsStr, next: &Path) -> Result<Step, StoreError> {
    let of = |problem| StoreError::Unsafe {
        path: next.to_owned(),
        problem,
    };
    let stat = rustix::fs::statat(here, name, AtFlags::SYMLINK_NOFOLLOW)
        .map_err(|error| io(next, "look at", error))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::Symlink {
        return Err(of(Unsafe::NotDirectory));
    }
    if !is_trusted(stat.st_uid) {
        return Err(of(Unsafe::Owner(stat.st_uid)));
    }
    let target =
        rustix::fs::readlinkat(here, name, Vec::new()).map_err(|error| io(next, "read", error))?;
    Ok(Step::Link(PathBuf::from(OsString::from_vec(
        target.into_bytes(),
    ))))
}

/// Makes a directory. Its mode is set again, since the umask may have taken away what we need ourselves.
fn make(parent: &OwnedFd, name: &OsStr, path: &Path) -> Result<(), StoreError> {
    match rustix::fs::mkdirat(parent, name, Mode::RWXU) {
        Ok(()) => rustix::fs::chmodat(parent, name, Mode::RWXU, AtFlags::empty())
            .map_err(|error| io(path, "set the mode of", error)),
        // Somebody was faster; the next look tells what it is.
        Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(io(path, "make the directory", error)),
    }
}

fn root() -> Result<OwnedFd, StoreError> {
    let path = Path::new("/");
    let flags = PASSAGE | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root =
        rustix::fs::open(path, flags, Mode::empty()).map_err(|error| io(path, "open", error))?;
    check_passage(&root, path)?;
    Ok(root)
}

/// The user's own id, or root's: the two who may own what we go through.
fn is_trusted(uid: u32) -> bool {
    uid == 0 || uid == rustix::process::geteuid().as_raw()
}

fn check_passage(directory: &OwnedFd, path: &Path) -> Result<(), StoreError> {
    let stat = stat(directory, path)?;
    let of = |problem| StoreError::Unsafe {
        path: path.to_owned(),
        problem,
    };
    if !is_trusted(stat.st_uid) {
        return Err(of(Unsafe::Owner(stat.st_uid)));
    }
    let mode = mode(&stat);
    // In a sticky directory nobody can rename or remove what belongs to somebody else.
    if !mode.contains(Mode::SVTX) && others::may_write(directory, &stat) {
        return Err(of(Unsafe::Writable(bits(mode))));
    }
    Ok(())
}

/// Refuses what is not a regular file of the user's or root's, or can be written to by others.
fn check_file(file: &OwnedFd, path: &Path) -> Result<(), StoreError> {
    let stat = stat(file, path)?;
    let problem = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile if !is_trusted(stat.st_uid) => Unsafe::Owner(stat.st_uid),
        FileType::RegularFile if others::may_write(file, &stat) => {
            Unsafe::Writable(bits(mode(&stat)))
        }
        FileType::RegularFile => return Ok(()),
        FileType::Directory => Unsafe::Directory,
        _ => Unsafe::NotRegular,
    };
    Err(StoreError::Unsafe {
        path: path.to_owned(),
        problem,
    })
}

fn kind_of(parent: &OwnedFd, name: &OsStr, path: &Path) -> Result<FileType, StoreError> {
    rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)
        .map(|stat| FileType::from_raw_mode(stat.st_mode))
        .map_err(|error| io(path, "look at", error))
}

fn components(path: &Path) -> impl Iterator<Item = OsString> {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    })
}
