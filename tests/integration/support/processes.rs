//! Processes, as the system tells of them: those of a browser, known by its profile on their command lines, and others by
//! their number.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long processes may take to end: more than ten times what they need where nothing else runs.
pub const PATIENCE: Duration = Duration::from_secs(40);

#[derive(Debug)]
pub struct Processes {
    profile: PathBuf,
}

/// Whether something comes true within this time.
pub fn until(patience: Duration, is_true: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    loop {
        if is_true() {
            return true;
        }
        if Instant::now() > deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Asserts that a process ends soon.
#[track_caller]
pub fn assert_ends(process: u32) {
    let ended = until(PATIENCE, || !is_alive(process));
    assert!(ended, "{process} runs: {}", read(process, "cmdline"));
}

/// Whether a process is there, and not only to be waited for.
pub fn is_alive(process: u32) -> bool {
    state(process).is_some_and(|(state, _)| state != 'Z')
}

/// The processes that this one has started and that run.
pub fn children(parent: u32) -> Vec<u32> {
    let is_child = |process: &u32| state(*process).is_some_and(|(_, its)| its == parent);
    let mut all = all();
    all.retain(|process| is_child(process) && is_alive(*process));
    all
}

/// The state of a process, and who has started it.
fn state(process: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // Behind the name, which may hold anything.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

fn all() -> Vec<u32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let number = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    entries.filter_map(number).collect()
}

/// Watches what a process, and every one that comes of it, shows to others: its command line and its environment.
pub struct Witness {
    is_over: Arc<AtomicBool>,
    watching: JoinHandle<BTreeSet<(u32, String)>>,
}

impl Witness {
    pub fn of(process: u32) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let watching = thread::spawn({
            let is_over = Arc::clone(&is_over);
            move || watch(process, &is_over)
        });
        Self { is_over, watching }
    }

    /// Everything that was to be seen, and of which process.
    pub fn told(self) -> BTreeSet<(u32, String)> {
        self.is_over.store(true, Ordering::SeqCst);
        self.watching.join().unwrap()
    }
}

fn watch(process: u32, is_over: &AtomicBool) -> BTreeSet<(u32, String)> {
    let own = read(process, "cmdline");
    let mut told = BTreeSet::from([(process, own.clone()), (process, read(process, "environ"))]);
    while !is_over.load(Ordering::SeqCst) {
        let mut looked_at = vec![process];
        while let Some(parent) = looked_at.pop() {
            for child in children(parent) {
                looked_at.push(child);
                // One that has not become another program yet shows what its parent does. In this order, since it
                // becomes one between the two.
                let command_line = read(child, "cmdline");
                if command_line != own {
                    told.extend([(child, command_line), (child, read(child, "environ"))]);
                }
            }
        }
        thread::sleep(Duration::from_millis(1));
    }
    told
}

impl Processes {
    /// Those with this directory, or one below it, on their command line.
    pub fn of(profile: &Path) -> Self {
        Self {
            profile: profile.to_owned(),
        }
    }

    /// Their numbers.
    pub fn alive(&self) -> Vec<u32> {
        let profile = self.profile.to_str().unwrap();
        let mut all = all();
        // One that has ended and was not waited for has no command line any more.
        all.retain(|process| read(*process, "cmdline").contains(profile));
        all
    }

    /// Asserts that none is left. Those that the browser has started end a moment after it, when their pipes to it break.
    pub fn assert_ended(&self) {
        until(PATIENCE, || self.alive().is_empty());
        assert_eq!(self.alive(), Vec::<u32>::new());
    }

    /// The browser itself, which has started the others.
    fn main(&self) -> u32 {
        let alive = self.alive();
        let is_main = |process: &&u32| !read(**process, "cmdline").contains("--type=");
        *alive.iter().find(is_main).unwrap()
    }

    /// Asks the browser to end, as a session that is logged out of does.
    pub fn terminate(&self) {
        let status = Command::new("kill").arg(self.main().to_string()).status();
        assert!(status.unwrap().success());
    }

    pub fn command_lines(&self) -> Vec<String> {
        self.texts("cmdline")
    }

    pub fn environments(&self) -> Vec<String> {
        self.texts("environ")
    }

    fn texts(&self, file: &str) -> Vec<String> {
        let alive = self.alive();
        alive.iter().map(|process| read(*process, file)).collect()
    }

    /// Every TCP socket that one of them listens at.
    pub fn listening(&self) -> Vec<String> {
        let sockets: HashSet<String> = self
            .alive()
            .iter()
            .flat_map(|process| {
                fs::read_dir(format!("/proc/{process}/fd"))
                    .unwrap()
                    .flatten()
            })
            .filter_map(|entry| {
                fs::read_link(entry.path())
                    .ok()?
                    .into_os_string()
                    .into_string()
                    .ok()
            })
            .collect();
        let mut listening = Vec::new();
        for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
            for line in fs::read_to_string(table)
                .unwrap_or_default()
                .lines()
                .skip(1)
            {
                let fields: Vec<_> = line.split_whitespace().collect();
                let is_theirs = sockets.contains(&format!("socket:[{}]", fields[9]));
                if fields[3] == "0A" && is_theirs {
                    listening.push(fields[1].to_owned());
                }
            }
        }
        listening
    }
}

fn read(process: u32, file: &str) -> String {
    let bytes = fs::read(format!("/proc/{process}/{file}")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}
