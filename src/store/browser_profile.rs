//! Profiles for browsers that this program starts: the identity provider's session stays in them between logins, which
//! is worth as much as a password. So they stand where the tokens do, with the same care, and one login at a time has
//! one.

use super::file::{Directory, LOCK_PATIENCE};
use super::{Key, StoreError};
use crate::secret::nonce;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// How the names of directories begin that are removed with their login.
const FRESH: &str = "fresh-";

/// The browser's own directory inside ours, which holds the lock.
const DATA: &str = "data";

/// The browser's own lock, inside its directory.
const BROWSER_LOCK: &str = "SingletonLock";

/// How long a browser that has lost its login may take to end.
const BROWSER_PATIENCE: Duration = Duration::from_secs(5);

/// How long removing is tried again, since a process of the browser's may still write as it ends.
const REMOVAL_PATIENCE: Duration = Duration::from_secs(2);

/// Every profile there is.
#[derive(Clone, Debug)]
pub struct BrowserProfiles {
    directory: PathBuf,
}

/// A profile that nobody else uses as long as this lives.
#[derive(Debug)]
pub struct BrowserProfile {
    directory: PathBuf,
    is_fresh: bool,
    /// Held for as long as this lives, and as long as anybody shares it.
    lock: File,
}

impl BrowserProfiles {
    /// Those below the directory where this program keeps its state. Nothing is touched yet.
    pub(super) fn open(state_directory: &Path) -> Self {
        Self {
            directory: state_directory.join("browser"),
        }
    }

    /// The profile that belongs to a key, made where it is missing. A browser that is just ending is waited for.
    ///
    /// # Errors
    /// [`StoreError::BrowserBusy`] when another login or browser has it; else what keeps it from being used.
    pub fn take(&self, key: &Key) -> Result<BrowserProfile, StoreError> {
        let parent = Directory::create_own(&self.directory)?;
        self.sweep(&parent)?;
        let directory = self.path(key);
        self.lock(directory, false, LOCK_PATIENCE)
    }

    /// A new profile, which is removed when it is dropped. One whose program was killed is removed by the next call.
    ///
    /// # Errors
    /// [`StoreError`]: what keeps it from being made.
    pub fn take_fresh(&self) -> Result<BrowserProfile, StoreError> {
        let parent = Directory::create_own(&self.directory)?;
        self.sweep(&parent)?;
        let Some(nonce) = nonce() else {
            return Err(StoreError::Io {
                doing: "find a free name in",
                path: self.directory.clone(),
                error: io::ErrorKind::Other.into(),
            });
        };
        // Under the lock, so that nobody sweeps it between its making and its own lock.
        let _lock = parent.lock()?;
        let directory = self.directory.join(format!("{FRESH}{nonce}"));
        self.lock(directory, true, LOCK_PATIENCE)
    }

    /// Whether there is a profile of a key. It may be used, and no browser uses it just now.
    ///
    /// # Errors
    /// [`StoreError`]: what keeps [`BrowserProfiles::take`] from taking it, as far as that can be told without making
    /// anything.
    pub fn look(&self, key: &Key) -> Result<bool, StoreError> {
        Directory::look(&self.directory)?;
        let directory = self.path(key);
        let is_there = Directory::look(&directory)?.is_some();
        if has_browser(&directory.join(DATA)) {
            return Err(StoreError::BrowserBusy { path: directory });
        }
        Ok(is_there)
    }

    /// The directory of a key's profile.
    pub fn path(&self, key: &Key) -> PathBuf {
        self.directory.join(key.base_name())
    }

    /// Removes the profile of a key; says whether there was one.
    ///
    /// # Errors
    /// [`StoreError::BrowserBusy`] when a login has it; else what keeps it from being removed.
    pub fn forget(&self, key: &Key) -> Result<bool, StoreError> {
        let Some(parent) = Directory::open_own(&self.directory)? else {
            return Ok(false);
        };
        self.sweep(&parent)?;
        let directory = self.path(key);
        if Directory::open_own(&directory)?.is_none() {
            return Ok(false);
        }
        let profile = self.lock(directory, false, LOCK_PATIENCE)?;
        let data = profile.path();
        if fs::symlink_metadata(&data).is_err() {
            return Ok(false);
        }
        remove(&data).map_err(|error| StoreError::Io {
            doing: "remove",
            path: data,
            error,
        })?;
        Ok(true)
    }

    /// Removes what logins left behind that were killed. One that somebody uses is locked; how many those are.
    fn sweep(&self, parent: &Directory) -> Result<usize, StoreError> {
        let _lock = parent.lock()?;
        let mut in_use = 0;
        for name in parent.names()? {
            if name.starts_with(FRESH) {
                match self.lock(self.directory.join(name), true, Duration::ZERO) {
                    Ok(profile) => drop(profile),
                    Err(_) => in_use += 1,
                }
            }
        }
        Ok(in_use)
    }

    /// The same for whoever knows of a login that was killed just now, and may still look as if it used its profile.
    ///
    /// # Errors
    /// [`StoreError`]: what keeps anybody from looking.
    pub fn sweep_within(&self, patience: Duration) -> Result<(), StoreError> {
        let Some(parent) = Directory::open_own(&self.directory)? else {
            return Ok(());
        };
        let deadline = Instant::now() + patience;
        while self.sweep(&parent)? > 0 && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn lock(
        &self,
        directory: PathBuf,
        is_fresh: bool,
        patience: Duration,
    ) -> Result<BrowserProfile, StoreError> {
        let busy = || StoreError::BrowserBusy {
            path: directory.clone(),
        };
        let lock = Directory::create_own(&directory)?
            .lock_within(patience)?
            .ok_or_else(busy)?;
        let data = directory.join(DATA);
        // The browser outlives a login that was killed by a moment.
        let deadline = Instant::now() + BROWSER_PATIENCE.min(patience);
        while has_browser(&data) {
            if Instant::now() >= deadline {
                return Err(busy());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(BrowserProfile {
            directory,
            is_fresh,
            lock,
        })
    }
}

impl BrowserProfile {
    /// The lock, for a process that may use the profile for longer than this lives.
    ///
    /// # Errors
    /// [`StoreError`], when the system has no descriptor left.
    pub fn share_lock(&self) -> Result<File, StoreError> {
        self.lock.try_clone().map_err(|error| StoreError::Io {
            doing: "share the lock of",
            path: self.directory.clone(),
            error,
        })
    }

    /// The directory for the browser.
    pub fn path(&self) -> PathBuf {
        self.directory.join(DATA)
    }

    /// Makes the directory ready for a browser that starts now: with these preferences where it is new, and without
    /// the pages that were open last time, nor the lock of a browser that is gone. (One of another host, such as a
    /// container of yesterday with the same home, would keep the browser from starting.)
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn prepare(&self, preferences: &[u8]) -> Result<(), StoreError> {
        Directory::create_own(&self.path())?;
        let path = self.path().join("Default");
        let directory = Directory::create_own(&path)?;
        let name = "Preferences";
        if fs::symlink_metadata(path.join(name)).is_err() {
            directory.replace(name, preferences)?;
        }
        let (lock, pages) = (self.path().join(BROWSER_LOCK), path.join("Sessions"));
        removed(fs::remove_file(&lock), lock)?;
        removed(fs::remove_dir_all(&pages), pages)
    }
}

/// What is not there need not be removed.
fn removed(result: io::Result<()>, path: PathBuf) -> Result<(), StoreError> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::Io {
            doing: "remove",
            path,
            error,
        }),
        _ => Ok(()),
    }
}

impl Drop for BrowserProfile {
    fn drop(&mut self) {
        if self.is_fresh {
            // What cannot be removed now is swept by the next login.
            let _ = remove(&self.directory);
        }
    }
}

/// Removes a directory that a process may still write to while it ends.
fn remove(directory: &Path) -> io::Result<()> {
    let deadline = Instant::now() + REMOVAL_PATIENCE;
    loop {
        match fs::remove_dir_all(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(_) if Instant::now() < deadline => thread::sleep(Duration::from_millis(50)),
            result => return result,
        }
    }
}

/// Whether a browser of this machine runs with this directory: its lock is a link that names the host and the process.
#[cfg(unix)]
fn has_browser(data: &Path) -> bool {
    let Ok(owner) = fs::read_link(data.join(BROWSER_LOCK)) else {
        return false;
    };
    let process = owner
        .to_str()
        .and_then(|owner| owner.rsplit_once('-'))
        .filter(|(host, _)| *host == this_host())
        .and_then(|(_, process)| process.parse().ok())
        .and_then(rustix::process::Pid::from_raw);
    // Whoever is not there to be asked has left the link behind.
    process.is_some_and(|process| rustix::process::test_kill_process(process).is_ok())
}

#[cfg(unix)]
fn this_host() -> String {
    let system = rustix::system::uname();
    system.nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn has_browser(_data: &Path) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn profiles() -> (tempfile::TempDir, BrowserProfiles) {
        let state = tempfile::tempdir().unwrap();
        let profiles = BrowserProfiles::open(state.path());
        (state, profiles)
    }

    fn work() -> Key {
        Key::new("Work").unwrap()
    }

    #[test]
    fn a_profile_is_the_users_alone_and_stays() {
        let (_state, profiles) = profiles();
        let profile = profiles.take(&work()).unwrap();
        profile.prepare(b"{}").unwrap();
        let path = profile.path();
        for directory in [&path, &profile.directory, &profiles.directory] {
            let mode = directory.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{}", directory.display());
        }
        drop(profile);
        assert_eq!(fs::read(path.join("Default/Preferences")).unwrap(), b"{}");
    }

    #[test]
    fn what_the_browser_made_of_its_preferences_stays_and_its_pages_do_not() {
        let (_state, profiles) = profiles();
        let profile = profiles.take(&work()).unwrap();
        profile.prepare(b"{}").unwrap();
        let default = profile.path().join("Default");
        fs::write(default.join("Preferences"), "changed").unwrap();
        fs::create_dir(default.join("Sessions")).unwrap();
        profile.prepare(b"{}").unwrap();
        assert_eq!(fs::read(default.join("Preferences")).unwrap(), b"changed");
        assert!(!default.join("Sessions").exists());
    }

    #[test]
    fn a_profile_in_use_is_not_taken_again() {
        let (_state, profiles) = profiles();
        let directory = profiles.directory.join("profile-x");
        Directory::create_own(&profiles.directory).unwrap();
        let _first = profiles
            .lock(directory.clone(), false, Duration::ZERO)
            .unwrap();
        let second = profiles.lock(directory, false, Duration::ZERO);
        assert!(matches!(second, Err(StoreError::BrowserBusy { .. })));
    }

    #[test]
    fn a_browser_that_still_runs_keeps_its_profile() {
        let (_state, profiles) = profiles();
        let profile = profiles.take(&work()).unwrap();
        profile.prepare(b"{}").unwrap();
        let (directory, lock) = (
            profile.directory.clone(),
            profile.path().join("SingletonLock"),
        );
        drop(profile);
        let take = || profiles.lock(directory.clone(), false, Duration::ZERO);
        let (here, us) = (this_host(), std::process::id());
        symlink(format!("{here}-{us}"), &lock).unwrap();
        assert!(matches!(take(), Err(StoreError::BrowserBusy { .. })));
        // No process has this number, and this host does not know that one's.
        for gone in [format!("{here}-2147483646"), format!("not-{here}-{us}")] {
            fs::remove_file(&lock).unwrap();
            symlink(gone, &lock).unwrap();
            take().unwrap().prepare(b"{}").unwrap();
            assert!(fs::symlink_metadata(&lock).is_err());
            symlink("x", &lock).unwrap();
        }
    }

    #[test]
    fn a_look_makes_nothing_and_sees_a_browser_that_runs() {
        let (state, profiles) = profiles();
        assert!(!profiles.look(&work()).unwrap());
        assert_eq!(fs::read_dir(state.path()).unwrap().count(), 0);
        let profile = profiles.take(&work()).unwrap();
        profile.prepare(b"{}").unwrap();
        let lock = profile.path().join("SingletonLock");
        drop(profile);
        assert!(profiles.look(&work()).unwrap());
        symlink(format!("{}-{}", this_host(), std::process::id()), &lock).unwrap();
        assert!(matches!(
            profiles.look(&work()),
            Err(StoreError::BrowserBusy { .. })
        ));
    }

    #[test]
    fn a_fresh_profile_is_removed_and_one_that_was_left_is_swept() {
        let (_state, profiles) = profiles();
        let first = profiles.take_fresh().unwrap();
        first.prepare(b"{}").unwrap();
        let path = first.directory.clone();
        let left = profiles.directory.join("fresh-left");
        fs::create_dir_all(left.join("data/Default")).unwrap();
        fs::set_permissions(&left, fs::Permissions::from_mode(0o700)).unwrap();
        let second = profiles.take_fresh().unwrap();
        assert!(!left.exists());
        assert!(path.exists(), "one in use is not swept");
        drop((first, second));
        let names = fs::read_dir(&profiles.directory).unwrap();
        let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [".lock"]);
    }

    #[test]
    fn forgetting_removes_what_the_browser_kept() {
        let (_state, profiles) = profiles();
        assert!(!profiles.forget(&work()).unwrap());
        let profile = profiles.take(&work()).unwrap();
        profile.prepare(b"{}").unwrap();
        let path = profile.path();
        drop(profile);
        assert!(profiles.forget(&work()).unwrap());
        assert!(!path.exists());
        assert!(!profiles.forget(&work()).unwrap());
    }

    #[test]
    fn a_link_in_the_profiles_place_is_refused() {
        let (state, profiles) = profiles();
        let elsewhere = state.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        Directory::create_own(&profiles.directory).unwrap();
        symlink(&elsewhere, profiles.directory.join("profile-^work")).unwrap();
        assert!(matches!(
            profiles.take(&work()),
            Err(StoreError::Unsafe { .. })
        ));
    }
}
