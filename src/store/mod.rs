//! Where tokens are kept between commands: one file per profile, in a directory that is the user's alone; and beside
//! them the profiles of browsers that this program starts.
//!
//! Where the system's keychain keeps the tokens, the files say what is known of each and that it is there: whoever reads
//! one needs no configuration, and `status` unlocks nothing. What the keychain holds is whole in itself and counts; the
//! locks stay files.
//!
//! Three rules hold for every file written here. It is a new file with mode 0600, renamed into place, so a reader
//! sees the old content or the new one, and no old mode or link lives on. Its directory is reached by descriptors,
//! one component at a time, and none of them may be somebody else's to change. What stands at its place and is not a
//! file of the user's own is refused, not replaced.

mod browser_profile;
mod client_secret;
#[cfg(unix)]
mod file;
#[cfg(not(unix))]
#[path = "file_elsewhere.rs"]
mod file;
mod kept;
mod keychain;
mod known;
#[cfg(unix)]
mod others;
mod queue;
mod temporary;
mod token_file;
#[cfg(unix)]
mod walk;

pub use browser_profile::{BrowserProfile, BrowserProfiles};
pub use file::open_trusted;
pub use kept::{About, Kept, Method, Place};
pub use keychain::KeychainError;
pub use known::{KeptMetadata, Known, KnownStore};
pub use queue::LoginQueue;
pub use temporary::TemporaryStore;
pub use token_file::write_config_file;
pub use token_file::{prepare_token_file, write_token_file};

use crate::foreign::shown;
use crate::time::Timestamp;
use crate::token::AccessToken;
use file::Directory;
use kept::Unreadable;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;
use zeroize::Zeroizing;

/// The most bytes of a kept file that are read. Ours stay below 10 KiB.
const MAX_KEPT: usize = 64 * 1024;

/// What is written, and removed again, to learn that a file of ours has room.
const ROOM: [u8; 16 * 1024] = [0; 16 * 1024];

/// What is put into the keychain and taken out again, to see that it takes a secret.
const TRIAL: &str = "a trial";

/// The kept tokens.
#[derive(Clone, Debug)]
pub struct TokenStore {
    state: PathBuf,
    directory: PathBuf,
    /// Where tokens are kept from now on; where each one is that was kept before, its file says.
    place: Place,
}

/// What a token is kept under: the name of a profile, 1 to 64 of `A-Z a-z 0-9 . _ -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(String);

/// A text that is no profile's name.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a profile's name has 1 to 64 letters, digits, dots, hyphens and underscores")]
pub struct KeyError;

/// Why a token could not be kept, read or forgotten. A token is never part of it.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A file or directory that others could read, change or have put there, or that is something else than it should
    /// be.
    #[error("{} is not safe: {problem}", display(path))]
    Unsafe {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it.
        problem: Unsafe,
    },
    /// The system said no.
    #[error("cannot {doing} {}: {error}", display(path))]
    Io {
        /// What was tried, as a verb.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's words.
        #[source]
        error: io::Error,
    },
    /// A kept file that cannot be read as one. A new login replaces it.
    #[error("{} is damaged: {what}", display(path))]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A kept file that a newer version of this program has written. A new login replaces it.
    #[error(
        "{} was written by a newer version of anyp-saml (format {version})",
        display(path)
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        version: u64,
    },
    /// Another process has held the lock for too long.
    #[error("another anyp-saml has been writing to {} for more than {} seconds", display(path), file::LOCK_PATIENCE.as_secs())]
    Busy {
        /// The directory.
        path: PathBuf,
    },
    /// Another browser runs with the same profile.
    #[error("another browser runs with the profile {}", display(path))]
    BrowserBusy {
        /// The profile's directory.
        path: PathBuf,
    },
    /// What earlier logins have taught cannot be read.
    #[error(
        "{} is damaged, or was written by a newer version, and says whom this profile believes",
        display(path)
    )]
    Unknowable {
        /// The file.
        path: PathBuf,
    },
    /// The keychain did not do what it was asked for.
    #[error(transparent)]
    Keychain(#[from] KeychainError),
    /// A path for a token file that names no file.
    #[error("{} names no file", display(path))]
    NoFileName {
        /// The path.
        path: PathBuf,
    },
}

impl StoreError {
    /// Whether the next login puts this right by itself.
    pub fn is_replaceable(&self) -> bool {
        matches!(
            self,
            Self::Broken { .. } | Self::Newer { .. } | Self::Keychain(KeychainError::Gone)
        )
    }
}

/// What is not safe about a file or directory.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Unsafe {
    /// It belongs to neither the user nor root.
    #[error("it belongs to another user (uid {0})")]
    Owner(u32),
    /// Others may write to it.
    #[error("others may write to it (mode {0:04o})")]
    Writable(u32),
    /// Others may read it, and it holds a token.
    #[error("others may read it (mode {0:04o})")]
    Readable(u32),
    /// A symbolic link where a file or directory of our own is expected.
    #[error("it is a symbolic link")]
    Symlink,
    /// More symbolic links on the way than any sane path has.
    #[error("it leads through too many symbolic links")]
    SymlinkLoop,
    /// Something else where a directory is expected.
    #[error("it is not a directory")]
    NotDirectory,
    /// A directory where a file is expected.
    #[error("it is a directory")]
    Directory,
    /// A FIFO, socket or device where a file is expected.
    #[error("it is not a regular file")]
    NotRegular,
    /// More bytes than any kept file has.
    #[error("it has more than {MAX_KEPT} bytes")]
    TooLarge,
}

impl Key {
    /// The key of a profile.
    ///
    /// # Errors
    /// [`KeyError`]: the text is no profile's name.
    pub fn new(profile: &str) -> Result<Self, KeyError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if (1..=64).contains(&profile.len()) && profile.bytes().all(is_plain) {
            Ok(Self(profile.to_owned()))
        } else {
            Err(KeyError)
        }
    }

    /// The profile's name.
    pub fn profile(&self) -> &str {
        &self.0
    }

    /// The name of the file. Capitals are marked, since many systems take `Work` and `work` for the same file; the
    /// beginning keeps names like `..` and `con` from meaning anything.
    fn file_name(&self) -> String {
        self.base_name() + ".json"
    }

    /// The same for a directory.
    fn base_name(&self) -> String {
        let mut name = String::from("profile-");
        for letter in self.0.chars() {
            if letter.is_ascii_uppercase() {
                name.push('^');
            }
            name.push(letter.to_ascii_lowercase());
        }
        name
    }

    fn from_file_name(name: &str) -> Option<Self> {
        let marked = name.strip_prefix("profile-")?.strip_suffix(".json")?;
        let mut profile = String::with_capacity(marked.len());
        let mut letters = marked.chars();
        while let Some(letter) = letters.next() {
            profile.push(match letter {
                '^' => letters.next()?.to_ascii_uppercase(),
                letter => letter,
            });
        }
        let key = Self::new(&profile).ok()?;
        // Only the spelling that we write ourselves: a key has one file.
        (key.file_name() == name).then_some(key)
    }
}

impl TokenStore {
    /// The store below the directory where this program keeps its state. Nothing is touched yet.
    pub fn open(state_directory: &Path) -> Self {
        Self {
            state: state_directory.to_owned(),
            directory: state_directory.join("tokens"),
            place: Place::File,
        }
    }

    /// The same store, which keeps tokens in this place from now on.
    #[must_use]
    pub fn keeping_in(self, place: Place) -> Self {
        Self { place, ..self }
    }

    /// The browsers' profiles beside the tokens.
    pub fn browser_profiles(&self) -> BrowserProfiles {
        BrowserProfiles::open(&self.state)
    }

    /// Where beside the tokens it is kept what logins have taught.
    pub fn known(&self) -> KnownStore {
        KnownStore::below(&self.state)
    }

    /// The file that a token is kept in.
    pub fn path(&self, key: &Key) -> PathBuf {
        self.directory.join(key.file_name())
    }

    /// Whether [`TokenStore::prepare`] would do, and leaves everything as it is: a file can be put into the directory, or
    /// one that is missing can be made, and the keychain, where that is the place, answers. Says whether the directory is
    /// there.
    ///
    /// # Errors
    /// [`StoreError`]: what keeps a token from being kept.
    pub fn look(&self, key: &Key) -> Result<bool, StoreError> {
        if self.place == Place::Keychain {
            keychain::read(&self.keychain_name(TRIAL))?;
        }
        let Some(directory) = Directory::look(&self.directory)? else {
            return Ok(false);
        };
        directory.prepare(key.file_name()).map(|()| true)
    }

    /// The directory of the tokens.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Makes sure that a token can be kept under a key, before anybody signs in for one: missing directories are made,
    /// with mode 0700, a file of its size can be put where it belongs, and the keychain, where that is the place, takes a
    /// secret.
    ///
    /// # Errors
    /// [`StoreError`]: what keeps it from being kept.
    pub fn prepare(&self, key: &Key) -> Result<(), StoreError> {
        let directory = Directory::create_own(&self.directory)?;
        {
            let _lock = directory.lock()?;
            directory.prepare(key.file_name())?;
        }
        match self.place {
            Place::File => Ok(()),
            Place::Keychain => self.prepare_keychain(),
        }
    }

    /// Makes sure that the keychain takes a secret. One that is locked asks for its password now, and not after a
    /// sign-in.
    ///
    /// # Errors
    /// [`StoreError::Keychain`]
    pub fn prepare_keychain(&self) -> Result<(), StoreError> {
        let name = self.keychain_name(TRIAL);
        keychain::write(&name, &Zeroizing::new(TRIAL.as_bytes().to_vec()))?;
        keychain::delete(&name)?;
        Ok(())
    }

    /// What a secret is called in the keychain, which all stores of the user share.
    fn keychain_name(&self, what: &str) -> String {
        format!("{what} in {}", self.directory.to_string_lossy())
    }

    /// Keeps a token under a key, in place of the one that was there. Missing directories are made, with mode 0700.
    ///
    /// # Errors
    /// [`StoreError`]; what was kept before is then whole.
    pub fn save(&self, key: &Key, kept: &Kept) -> Result<(), StoreError> {
        let mut kept = kept.clone();
        kept.about.place = self.place;
        let directory = Directory::create_own(&self.directory)?;
        let name = self.keychain_name(&key.base_name());
        if self.place == Place::Keychain {
            // Before the lock, which is not held while the keychain may ask for its password.
            keychain::write(&name, &kept.to_json())?;
        }
        let _lock = directory.lock()?;
        directory.sweep()?;
        let before = self.stored(&directory, key);
        directory.replace(key.file_name(), &in_file(&kept))?;
        if self.place == Place::File
            && matches!(before, Ok(Some((about, _))) if about.place == Place::Keychain)
        {
            // Nobody looks for it there any more, so one that cannot be forgotten does no harm to this one.
            let _ = keychain::delete(&name);
        }
        Ok(())
    }

    /// The token kept under a key, ended or not; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn load(&self, key: &Key) -> Result<Option<Kept>, StoreError> {
        match Directory::open_own(&self.directory)? {
            Some(directory) => self.load_from(&directory, key),
            None => Ok(None),
        }
    }

    /// What is known of the token kept under a key, asking no keychain.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn about(&self, key: &Key) -> Result<Option<About>, StoreError> {
        let Some(directory) = Directory::open_own(&self.directory)? else {
            return Ok(None);
        };
        Ok(self.stored(&directory, key)?.map(|(about, _)| about))
    }

    fn load_from(&self, directory: &Directory, key: &Key) -> Result<Option<Kept>, StoreError> {
        match self.stored(directory, key)? {
            None => Ok(None),
            Some((about, Some(token))) => Ok(Some(Kept { token, about })),
            Some((_, None)) => {
                let secret = keychain::read(&self.keychain_name(&key.base_name()))?;
                let kept = Kept::from_json(&secret.ok_or(KeychainError::Gone)?);
                kept.map(Some).map_err(|why| self.unreadable(key, why))
            }
        }
    }

    /// What the file of a key says, with the token unless the keychain has it.
    fn stored(
        &self,
        directory: &Directory,
        key: &Key,
    ) -> Result<Option<(About, Option<AccessToken>)>, StoreError> {
        let Some(json) = directory.read(&key.file_name(), MAX_KEPT)? else {
            return Ok(None);
        };
        let stored = About::from_json(&json);
        stored.map(Some).map_err(|why| self.unreadable(key, why))
    }

    fn unreadable(&self, key: &Key, why: Unreadable) -> StoreError {
        let path = self.path(key);
        match why {
            Unreadable::Newer(version) => StoreError::Newer { path, version },
            Unreadable::Broken(what) => StoreError::Broken { path, what },
        }
    }

    /// Notes that a token has ended before its time, if it is still the one that is kept; says whether it was.
    ///
    /// # Errors
    /// [`StoreError`]; what was kept before is then whole.
    pub fn mark_ended(
        &self,
        key: &Key,
        token: &AccessToken,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(directory) = Directory::open_own(&self.directory)? else {
            return Ok(false);
        };
        let Some(mut kept) = self.load_from(&directory, key)? else {
            return Ok(false);
        };
        let _lock = directory.lock()?;
        // The lock says that this is so until it has been written.
        let is_still_there = self
            .stored(&directory, key)?
            .is_some_and(|(about, _)| about == kept.about);
        if !is_still_there || kept.token.expose() != token.expose() {
            return Ok(false);
        }
        kept.about.ends_at = Some(at);
        if kept.about.place == Place::Keychain {
            keychain::write(&self.keychain_name(&key.base_name()), &kept.to_json())?;
        }
        directory.replace(key.file_name(), &in_file(&kept))?;
        Ok(true)
    }

    /// Forgets the token of a key, whatever state its file is in; says whether there was one.
    ///
    /// The file is unlinked and not written over: on today's file systems and disks writing over reaches other blocks.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn remove(&self, key: &Key) -> Result<bool, StoreError> {
        let Some(directory) = Directory::open_own(&self.directory)? else {
            return Ok(false);
        };
        if let Ok(Some((about, _))) = self.stored(&directory, key)
            && about.place == Place::Keychain
        {
            // First, so that the file still tells where the token is when the keychain keeps it.
            keychain::delete(&self.keychain_name(&key.base_name()))?;
        }
        let _lock = directory.lock()?;
        directory.sweep()?;
        directory.remove(&key.file_name())
    }

    /// What is known of everything kept, by profile, asking no keychain. A file that cannot be read does not hide the
    /// others.
    ///
    /// # Errors
    /// [`StoreError`]: the directory itself cannot be read.
    #[allow(clippy::type_complexity)]
    pub fn list(&self) -> Result<Vec<(Key, Result<About, StoreError>)>, StoreError> {
        let Some(directory) = Directory::open_own(&self.directory)? else {
            return Ok(Vec::new());
        };
        let names = directory.names()?;
        let mut keys: Vec<Key> = names
            .iter()
            .filter_map(|name| Key::from_file_name(name))
            .collect();
        keys.sort();
        let load = |key: Key| {
            // `None`: forgotten by somebody else since the names were read.
            let stored = self.stored(&directory, &key).transpose()?;
            Some((key, stored.map(|(about, _)| about)))
        };
        Ok(keys.into_iter().filter_map(load).collect())
    }
}

/// What the file of a token holds.
fn in_file(kept: &Kept) -> Zeroizing<Vec<u8>> {
    match kept.about.place {
        Place::File => kept.to_json(),
        Place::Keychain => kept.about.to_json(),
    }
}

/// A path as it may be shown.
fn display(path: &Path) -> String {
    shown(&path.to_string_lossy(), 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_profiles_name_and_has_one_file() {
        for (profile, file) in [
            ("default", "profile-default.json"),
            ("Work.EU_1-b", "profile-^work.^e^u_1-b.json"),
            ("..", "profile-...json"),
            ("con", "profile-con.json"),
        ] {
            let key = Key::new(profile).unwrap();
            assert_eq!(key.file_name(), file);
            assert_eq!(Key::from_file_name(file), Some(key));
        }
    }

    #[test]
    fn other_names_are_no_keys() {
        for profile in [
            "",
            "a/b",
            "a\\b",
            "a b",
            "a\0",
            "ä",
            "a:b",
            "^a",
            "a\n",
            &"a".repeat(65),
        ] {
            assert_eq!(Key::new(profile), Err(KeyError), "{profile:?}");
        }
        for file in [
            "profile-.json",
            "profile-A.json",
            "profile-^.json",
            "profile-^1.json",
            "profile-a.json~",
            ".lock",
            "profile-a/b.json",
        ] {
            assert_eq!(Key::from_file_name(file), None, "{file}");
        }
    }
}
