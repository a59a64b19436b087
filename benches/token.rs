//! How long `token` takes with a kept token, from its start to its end, beside what starts fastest of all (`true`)
//! and what does the same for another platform (`gh auth token`, where it is installed). It prints the figures beside
//! what is hoped for; a busy machine takes longer, and is no failure.
//!
//! `cargo bench --bench token` runs each in turns, so that all of them meet the same machine.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use anyp_saml::address::WebAddress;
use anyp_saml::secret::Secret;
use anyp_saml::store::{About, Kept, Key, Method, TokenStore};
use anyp_saml::time;
use anyp_saml::token::AccessToken;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const PROGRAM: &str = env!("CARGO_BIN_EXE_anyp-saml");
const TOKEN: &str = "8c4ba5b5-6e15-4a54-9d9c-000000000001";
const RUNS: usize = 200;

fn main() {
    let home = tempfile::tempdir().unwrap();
    keep_a_token(home.path());
    let line = |words: &[&str]| Line::of(words, home.path());
    let mut nothing = line(&["true"]);
    let mut own = line(&[PROGRAM, "token"]);
    assert!(own.hands_out());
    let mut gh = Some(line(&["gh", "auth", "token"])).filter(Line::hands_out);
    for _ in 0..RUNS {
        nothing.run();
        own.run();
        gh.iter_mut().for_each(Line::run);
    }
    let nothing = nothing.median();
    println!("true: {nothing:.2} ms (medians of {RUNS} runs)");
    let show = |what: &str, line: Line, hope: &str| {
        let median = line.median();
        let times = median / nothing;
        println!("{what}: {median:.2} ms, {times:.1} times that{hope}");
    };
    show("anyp-saml token", own, " (hoped for: 3 times)");
    match gh {
        Some(gh) => show("gh auth token", gh, ""),
        None => println!("gh auth token: not measured, since there is no gh that does it"),
    }
}

/// A token of ours, and one of gh's, where both programs look below this home.
fn keep_a_token(home: &Path) {
    let token = AccessToken::parse(Secret::new(TOKEN.to_owned())).unwrap();
    let plane = WebAddress::parse("https://anypoint.mulesoft.com").unwrap();
    let about = About::new(Method::Saml, plane, time::now());
    let kept = Kept { token, about };
    let store = TokenStore::open(&home.join(".local/state/anyp-saml"));
    store.save(&Key::new("default").unwrap(), &kept).unwrap();
    let directory = home.join(".config/gh");
    fs::create_dir_all(&directory).unwrap();
    let hosts = format!("github.com:\n    oauth_token: {TOKEN}\n    user: ada\n");
    fs::write(directory.join("hosts.yml"), hosts).unwrap();
}

/// A command line, and how long each of its runs took, in milliseconds.
struct Line {
    words: Vec<String>,
    home: PathBuf,
    times: Vec<f64>,
}

impl Line {
    fn of(words: &[&str], home: &Path) -> Self {
        Self {
            words: words.iter().map(|&word| word.to_owned()).collect(),
            home: home.to_owned(),
            times: Vec::new(),
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).env_clear();
        command
            .env("HOME", &self.home)
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::null());
        command
    }

    /// Whether it prints the token, as it does not where it is missing or too old to know the command.
    fn hands_out(&self) -> bool {
        let output = self.command().output();
        output.is_ok_and(|output| output.stdout == format!("{TOKEN}\n").as_bytes())
    }

    fn run(&mut self) {
        let mut command = self.command();
        command.stdout(Stdio::null());
        let start = Instant::now();
        let status = command.status().unwrap();
        self.times.push(start.elapsed().as_secs_f64() * 1000.0);
        assert!(status.success());
    }

    fn median(mut self) -> f64 {
        self.times.sort_by(f64::total_cmp);
        self.times[RUNS / 2]
    }
}
