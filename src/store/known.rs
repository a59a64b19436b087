//! What logins have taught: the identity provider's key, where nothing else names one. One file per profile, with an entry
//! for each platform address that the profile has signed in at. And its metadata, where that comes from an address: one
//! file for each.

use super::file::Directory;
use super::{Key, MAX_KEPT, StoreError};
use crate::encoding::{base64, decode_base64};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The format written here. A reader refuses a higher one instead of guessing what it means.
const FORMAT: u64 = 1;

/// Where it is kept.
#[derive(Clone, Debug)]
pub struct KnownStore {
    directory: PathBuf,
}

/// What the last login of a profile at a platform has taught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The certificate of the key that signed, in DER.
    pub certificate: Vec<u8>,
    /// The identity provider's entity ID.
    pub issuer: Option<String>,
}

/// Metadata as it was fetched.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct KeptMetadata {
    /// Where from.
    pub address: String,
    /// When.
    pub fetched_at: Timestamp,
    /// The document.
    pub xml: String,
}

#[derive(Deserialize, Serialize)]
struct File {
    version: u64,
    platforms: BTreeMap<String, Entry>,
}

#[derive(Deserialize, Serialize)]
struct Entry {
    certificate: String,
    issuer: Option<String>,
}

impl KnownStore {
    pub(super) fn below(state_directory: &Path) -> Self {
        Self {
            directory: state_directory.join("known"),
        }
    }

    /// The file of a profile.
    pub fn path(&self, key: &Key) -> PathBuf {
        self.directory.join(key.file_name())
    }

    /// What is known of a profile at a platform's address; nothing, where no login has been yet.
    ///
    /// # Errors
    /// [`StoreError`]. A file that cannot be read is never taken for one that is not there: then anybody's key would be
    /// the first one.
    pub fn load(&self, key: &Key, platform: &str) -> Result<Option<Known>, StoreError> {
        let Some(directory) = Directory::open_own(&self.directory)? else {
            return Ok(None);
        };
        let Some(entry) = self.read(&directory, key)?.platforms.remove(platform) else {
            return Ok(None);
        };
        Ok(Some(Known {
            certificate: decode_base64(&entry.certificate).ok_or_else(|| self.broken(key))?,
            issuer: entry.issuer,
        }))
    }

    /// Keeps what a login has taught, in place of what was known before of this profile at this address.
    ///
    /// # Errors
    /// [`StoreError`]; what was kept before is then whole.
    pub fn save(&self, key: &Key, platform: &str, known: &Known) -> Result<(), StoreError> {
        let directory = Directory::create_own(&self.directory)?;
        let _lock = directory.lock()?;
        directory.sweep()?;
        let mut file = self.read(&directory, key)?;
        let entry = Entry {
            certificate: base64(&known.certificate),
            issuer: known.issuer.clone(),
        };
        file.platforms.insert(platform.to_owned(), entry);
        // Texts and a list of fields always have a JSON form.
        let mut json = serde_json::to_vec_pretty(&file).unwrap_or_default();
        json.push(b'\n');
        directory.replace(key.file_name(), &json)
    }

    /// Forgets what the logins of a profile have taught, at every platform and whatever state its file is in; says
    /// whether there was anything.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn forget(&self, key: &Key) -> Result<bool, StoreError> {
        let Some(directory) = Directory::open_own(&self.directory)? else {
            return Ok(false);
        };
        let _lock = directory.lock()?;
        directory.remove(&key.file_name())
    }

    /// The most bytes of metadata that are kept.
    pub const MAX_METADATA: usize = 2 << 20;

    /// The metadata that was fetched from an address the last time.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn metadata(&self, address: &str) -> Result<Option<KeptMetadata>, StoreError> {
        let Some(directory) = Directory::open_own(&self.directory)? else {
            return Ok(None);
        };
        let name = metadata_file(address);
        // In JSON a character may take six bytes, though few do.
        let Some(json) = directory.read(&name, 2 * Self::MAX_METADATA)? else {
            return Ok(None);
        };
        let kept: KeptMetadata =
            serde_json::from_slice(&json).map_err(|_| StoreError::Unknowable {
                path: self.directory.join(&name),
            })?;
        Ok(Some(kept).filter(|kept| kept.address == address))
    }

    /// Keeps metadata in place of what came from that address before.
    ///
    /// # Errors
    /// [`StoreError`]; what was kept before is then whole.
    pub fn keep_metadata(&self, kept: &KeptMetadata) -> Result<(), StoreError> {
        let directory = Directory::create_own(&self.directory)?;
        let _lock = directory.lock()?;
        directory.sweep()?;
        let mut json = serde_json::to_vec(kept).unwrap_or_default();
        json.push(b'\n');
        directory.replace(metadata_file(&kept.address), &json)
    }

    fn read(&self, directory: &Directory, key: &Key) -> Result<File, StoreError> {
        let Some(json) = directory.read(&key.file_name(), MAX_KEPT)? else {
            return Ok(File {
                version: FORMAT,
                platforms: BTreeMap::new(),
            });
        };
        let file: File = serde_json::from_slice(&json).map_err(|_| self.broken(key))?;
        if file.version > FORMAT {
            return Err(self.broken(key));
        }
        Ok(file)
    }

    fn broken(&self, key: &Key) -> StoreError {
        StoreError::Unknowable {
            path: self.path(key),
        }
    }
}

/// The name of an address's file. The file itself tells which address it is of.
fn metadata_file(address: &str) -> String {
    // FNV-1a: a short name is all that is asked for.
    let hash = address
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
    format!("metadata-{hash:016x}.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(issuer: &str) -> Known {
        Known {
            certificate: vec![0x30, 1, 2],
            issuer: Some(issuer.into()),
        }
    }

    #[test]
    fn each_profile_knows_its_own_at_each_platform() {
        let directory = tempfile::tempdir().unwrap();
        let store = KnownStore::below(directory.path());
        let (work, play) = (Key::new("work").unwrap(), Key::new("play").unwrap());
        let load = |key, platform| store.load(key, platform).unwrap();
        assert_eq!(load(&work, "https://a/"), None);
        store.save(&work, "https://a/", &known("one")).unwrap();
        store.save(&work, "https://b/", &known("two")).unwrap();
        assert_eq!(load(&work, "https://a/"), Some(known("one")));
        assert_eq!(load(&work, "https://b/"), Some(known("two")));
        assert_eq!(load(&work, "https://c/"), None);
        assert_eq!(load(&play, "https://a/"), None);
        store.save(&work, "https://a/", &known("three")).unwrap();
        assert_eq!(load(&work, "https://a/"), Some(known("three")));
    }

    #[test]
    fn what_is_forgotten_is_one_profiles_and_need_not_be_readable() {
        let directory = tempfile::tempdir().unwrap();
        let store = KnownStore::below(directory.path());
        let (work, play) = (Key::new("work").unwrap(), Key::new("play").unwrap());
        assert!(!store.forget(&work).unwrap());
        store.save(&work, "https://a/", &known("one")).unwrap();
        store.save(&play, "https://a/", &known("two")).unwrap();
        std::fs::write(store.path(&work), "damaged").unwrap();
        assert!(store.forget(&work).unwrap());
        assert!(!store.forget(&work).unwrap());
        assert_eq!(store.load(&work, "https://a/").unwrap(), None);
        assert_eq!(store.load(&play, "https://a/").unwrap(), Some(known("two")));
    }

    #[test]
    fn what_cannot_be_read_is_not_taken_for_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let store = KnownStore::below(directory.path());
        let key = Key::new("work").unwrap();
        store.save(&key, "https://a/", &known("one")).unwrap();
        for content in [
            "",
            "{}",
            r#"{"version":2,"platforms":{}}"#,
            r#"{"version":1,"platforms":{"https://a/":{"certificate":"?"}}}"#,
        ] {
            std::fs::write(store.path(&key), content).unwrap();
            let error = store.load(&key, "https://a/").unwrap_err();
            assert!(matches!(error, StoreError::Unknowable { .. }), "{content}");
        }
    }
}
