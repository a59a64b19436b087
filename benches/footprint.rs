//! What the program weighs: the release binary, and the most memory that a whole login takes, and that handing out its
//! token takes. Each has a limit, and the bench fails above it.
//!
//! `cargo bench --bench footprint` builds the program as it is released and runs a login of it against the demo, which
//! runs in this process and so is not counted. Memory is read from /proc, so elsewhere than on Linux only the size is
//! measured.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use anyp_saml::address::WebAddress;
use anyp_saml::demo::identity_provider::{IdentityProvider, IdpSettings};
use anyp_saml::demo::platform::{Platform, PlatformSettings};
use anyp_saml::demo::{HeldPort, visitor::visit};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

const PROGRAM: &str = env!("CARGO_BIN_EXE_anyp-saml");
const SIZE_LIMIT: u64 = 10 * MB;
const LOGIN_LIMIT: u64 = 32 * MB;
const TOKEN_LIMIT: u64 = 8 * MB;
const MB: u64 = 1_000_000;

fn main() -> ExitCode {
    let size = fs::metadata(PROGRAM).unwrap().len();
    let within = show("release binary", size, SIZE_LIMIT);
    let home = tempfile::tempdir().unwrap();
    let within = match peak_memory_of_a_login(home.path()) {
        Some(login) => {
            let token = peak_memory_of_token(home.path());
            let login = show("peak memory of a login", login, LOGIN_LIMIT);
            let token = show("peak memory of token", token, TOKEN_LIMIT);
            login && token && within
        }
        None => {
            println!("peak memory: not measured on this system");
            within
        }
    };
    if within {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Prints a figure beside its limit; whether it is within.
#[allow(clippy::cast_precision_loss)]
fn show(what: &str, found: u64, limit: u64) -> bool {
    let megabytes = |bytes: u64| bytes as f64 / MB as f64;
    println!(
        "{what}: {:.1} MB (limit {:.0} MB)",
        megabytes(found),
        megabytes(limit)
    );
    found <= limit
}

/// The most memory (bytes, resident) that a login takes, from its start to its end. Its token stays in this home.
fn peak_memory_of_a_login(home: &Path) -> Option<u64> {
    resident_peak(std::process::id())?;
    let port = HeldPort::take().unwrap();
    let acs = port.acs();
    let idp = IdentityProvider::start(IdpSettings::posting_to(&acs)).unwrap();
    let platform = Platform::start(PlatformSettings::trusting(&idp)).unwrap();
    let metadata = home.join("metadata.xml");
    fs::write(&metadata, idp.metadata_xml()).unwrap();

    drop(port);
    let mut login = Command::new(PROGRAM)
        .args([
            "login",
            "--capture",
            "loopback",
            "--no-browser",
            "--timeout",
            "1m",
        ])
        .args([
            "--acs-url",
            &platform.acs_url(),
            "--listen",
            &acs,
            "--idp-url",
            &idp.sign_in_link(),
        ])
        .args(["--audience", idp.audience(), "--idp-metadata"])
        .arg(&metadata)
        .env_clear()
        .env("HOME", home)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(login.stderr.take().unwrap());
    let peak = AtomicU64::new(0);
    let status = thread::scope(|scope| {
        // The system forgets the figure with the process, so it is read until then.
        let watched = login.id();
        scope.spawn({
            let peak = &peak;
            move || {
                while let Some(now) = resident_peak(watched) {
                    peak.store(now, Ordering::Relaxed);
                    thread::sleep(Duration::from_millis(1));
                }
            }
        });
        let mut lines = said.lines().map(Result::unwrap);
        let link = lines.find_map(|line| {
            line.split_whitespace()
                .find(|word| word.starts_with(&idp.sign_in_link()))
                .map(str::to_owned)
        });
        visit(&WebAddress::parse(&link.expect("login shows its link")).unwrap()).unwrap();
        lines.for_each(drop);
        login.wait().unwrap()
    });
    assert!(status.success(), "the login ended with {status}");
    Some(peak.into_inner())
}

/// The most memory (bytes, resident) that handing the kept token out takes. It ends too soon to be looked at on the way:
/// a pipe that takes nothing holds it up at its last step, the writing.
fn peak_memory_of_token(home: &Path) -> u64 {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let output = writer.try_clone().unwrap();
    let filler = thread::spawn(move || while writer.write_all(&[0; 4096]).is_ok() {});
    // Full by far.
    thread::sleep(Duration::from_millis(200));
    let mut token = Command::new(PROGRAM)
        .arg("token")
        .env_clear()
        .env("HOME", home)
        .stdin(Stdio::null())
        .stdout(output)
        .spawn()
        .unwrap();
    thread::sleep(Duration::from_millis(500));
    assert!(token.try_wait().unwrap().is_none(), "it was not held up");
    let peak = resident_peak(token.id()).unwrap();
    // A reader that has gone away is no error to it.
    drop(reader);
    assert!(token.wait().unwrap().success());
    filler.join().unwrap();
    peak
}

/// The most memory (bytes, resident) that a process has had so far; `None` once it has ended, or where the system does
/// not tell.
fn resident_peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}
