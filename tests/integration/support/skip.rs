//! Tests that cannot run here.

use std::env;
use std::io::{Write, stderr};
use std::thread;

/// Says why the running test is left out, where it can be seen: what a test prints by the macros is shown only when the
/// test fails. `tests/run` gathers these lines.
///
/// Panics with CI=true, where no test may be left out.
pub fn skipped(reason: &str) {
    assert_ne!(
        env::var("CI").as_deref(),
        Ok("true"),
        "{reason}, and with CI=true nothing may be left out"
    );
    let test = thread::current().name().unwrap_or_default().to_owned();
    let line = format!("skipped: {test}: {reason}\n");
    // In one piece, so that tests that run beside it do not get between.
    stderr().write_all(line.as_bytes()).unwrap();
}
