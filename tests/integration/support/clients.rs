//! Programs of others that take the token, where `tests/run` puts them.

use super::skip::skipped;
use std::path::Path;

/// A file below `target/clients`, which stands beside the directory for temporary files. Where it is not there, this
/// says so, and the test is left out.
pub fn client(path: &str) -> Option<String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let file = target.join("clients").join(path);
    if file.exists() {
        return Some(file.to_str().unwrap().to_owned());
    }
    skipped(&format!("there is no {path} (tests/run installs it)"));
    None
}
