//! The keeper, on systems where no way to hand pipes to a browser was tried: there is none.

use super::ChromiumError;
use super::launch::{Kept, Started};
use crate::store::BrowserProfiles;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

pub(super) const END_PATIENCE: Duration = Duration::from_secs(3);

/// The keeper of a login's browsers.
#[derive(Debug)]
pub struct Keeper(std::convert::Infallible);

/// There is no keeper on this system.
#[derive(Clone, Copy, Debug, Error)]
#[error("there is nothing to keep on this system")]
pub struct NothingToKeep;

/// The file of this program.
///
/// # Errors
/// The system's own.
pub fn this_program() -> io::Result<PathBuf> {
    std::env::current_exe()
}

/// Keeps nothing.
///
/// # Errors
/// [`NothingToKeep`], always.
pub fn keep(_profiles: &BrowserProfiles) -> Result<(), NothingToKeep> {
    Err(NothingToKeep)
}

impl Keeper {
    /// Starts none.
    ///
    /// # Errors
    /// Always.
    pub fn start(_program: &Path) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn start_browser(
        &self,
        _program: &Path,
        _arguments: Vec<OsString>,
        _lock: File,
    ) -> Result<Started, ChromiumError> {
        match self.0 {}
    }

    pub(super) fn watch(&self, _patience: Duration) -> Kept {
        match self.0 {}
    }

    pub(super) fn end_browser(&self) {
        match self.0 {}
    }
}
