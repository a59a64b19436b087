//! Where this system keeps a user's configuration and state.

use super::ConfigError;
use etcetera::base_strategy::{BaseStrategy, choose_base_strategy};
use std::ffi::OsString;
use std::path::PathBuf;

/// The directory of our own below the system's, and the configuration file in it.
const NAME: &str = "anyp-saml";
const FILE: &str = "config.toml";

/// The variable that names another configuration file.
pub const CONFIG_VARIABLE: &str = "ANYP_SAML_CONFIG";

/// The configuration file: the one that `ANYP_SAML_CONFIG` names, else `anyp-saml/config.toml` in the system's
/// configuration directory. The second value says whether it was named, in which case it must exist.
///
/// # Errors
/// [`ConfigError::Home`] when there is no home directory to look in.
pub fn config_file(
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<(PathBuf, bool), ConfigError> {
    match variable(CONFIG_VARIABLE).filter(|path| !path.is_empty()) {
        Some(path) => Ok((path.into(), true)),
        None => Ok((strategy()?.config_dir().join(NAME).join(FILE), false)),
    }
}

/// The directory that kept tokens stand in: `$XDG_STATE_HOME/anyp-saml` (`~/.local/state/anyp-saml`) on Unix, the local
/// application data on Windows.
///
/// # Errors
/// [`ConfigError::Home`] when there is no home directory to look in.
pub fn state_directory() -> Result<PathBuf, ConfigError> {
    let strategy = strategy()?;
    Ok(strategy
        .state_dir()
        .unwrap_or_else(|| strategy.cache_dir())
        .join(NAME))
}

fn strategy() -> Result<impl BaseStrategy, ConfigError> {
    let strategy = choose_base_strategy().map_err(|_| ConfigError::Home("it is not known"))?;
    // A relative one would put a token wherever the command happens to be called.
    if strategy.home_dir().is_absolute() {
        Ok(strategy)
    } else {
        Err(ConfigError::Home("it is not an absolute path"))
    }
}
