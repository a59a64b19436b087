//! An empty world: a home, a directory for temporary files and a current directory that are all new, and an
//! environment with nothing else in it.

use super::secrets;
use std::collections::BTreeMap;
use std::ffi::OsStr;
#[cfg(unix)]
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up on it. Never waited for in full unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct World {
    root: tempfile::TempDir,
    variables: BTreeMap<String, String>,
}

impl World {
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for name in ["home", "tmp", "here"] {
            std::fs::create_dir(root.path().join(name)).unwrap();
        }
        let directory = |name: &str| root.path().join(name).to_str().unwrap().to_owned();
        let mut variables = BTreeMap::from([
            ("HOME".to_owned(), directory("home")),
            ("TMPDIR".to_owned(), directory("tmp")),
            ("PATH".to_owned(), "/usr/bin:/bin".to_owned()),
            // Whatever any crate would log should be said, so that no secret hides in it.
            ("RUST_LOG".to_owned(), "trace".to_owned()),
        ]);
        if cfg!(windows) {
            for name in ["APPDATA", "LOCALAPPDATA", "USERPROFILE"] {
                variables.insert(name.to_owned(), directory("home"));
            }
            // Without it Windows has no sockets.
            let system = std::env::var("SystemRoot").unwrap_or_default();
            variables.insert("SystemRoot".to_owned(), system);
        }
        Self { root, variables }
    }

    /// The same world with a variable more.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// The current directory of what runs here.
    pub fn here(&self) -> PathBuf {
        self.root.path().join("here")
    }

    /// Writes a file into the current directory.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.here().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Writes a program for the shell. A process of its own writes it: were the file open in this one while another test
    /// starts a program, nobody could run it for a moment.
    #[cfg(unix)]
    pub fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.here().join(name);
        let written = Command::new("sh")
            .args([
                "-c",
                "printf '#!/bin/sh\n%s\n' \"$1\" >\"$0\" && chmod 755 \"$0\"",
            ])
            .args([path.as_os_str(), OsStr::new(text)])
            .status()
            .unwrap();
        assert!(written.success());
        path
    }

    /// Every file there is, by its path inside the world.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut directories = vec![self.root.path().to_owned()];
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                } else {
                    let name = path.strip_prefix(self.root.path()).unwrap();
                    files.insert(name.to_owned(), std::fs::read(&path).unwrap_or_default());
                }
            }
        }
        files
    }

    /// What stands directly in one of the world's directories: `home`, `tmp` or `here`.
    pub fn listing(&self, directory: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.root.path().join(directory)).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The program with these arguments, not yet started.
    pub fn command(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = self.foreign_command(env!("CARGO_BIN_EXE_anyp-saml"));
        command.args(arguments);
        command
    }

    /// Another program in this world, not yet started.
    pub fn foreign_command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(&self.variables)
            .current_dir(self.here())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts the program.
    pub fn start(&self, arguments: &[impl AsRef<OsStr>]) -> Running {
        Running::new(self.command(arguments))
    }

    /// Starts the program at a terminal of its own.
    #[cfg(unix)]
    pub fn start_at_a_terminal(&self, arguments: &[impl AsRef<OsStr>]) -> (Running, Screen) {
        Running::at_a_terminal(self.command(arguments))
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[impl AsRef<OsStr>]) -> Ended {
        self.start(arguments).end()
    }

    /// Runs the program to its end with this on its standard input.
    pub fn run_with_input(&self, arguments: &[impl AsRef<OsStr>], input: &[u8]) -> Ended {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped());
        let mut running = Running::new(command);
        let mut keyboard = running.keyboard.take().unwrap();
        // The program may end before it has read everything.
        let _ = keyboard.write_all(input);
        drop(keyboard);
        running.end()
    }

    /// No file of this world holds any part of these secrets, but for the paths that `may` allows.
    pub fn assert_no_file_holds(&self, secrets: &[&str], may: impl Fn(&Path) -> bool) {
        for (path, content) in self.files() {
            if !may(&path) {
                secrets::assert_absent(&path.display().to_string(), &content, secrets);
            }
        }
    }
}

/// A program that runs.
pub struct Running {
    child: Child,
    started: Instant,
    keyboard: Option<Box<dyn Write>>,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Receiver<Vec<u8>>,
    heard: Vec<u8>,
}

impl Running {
    /// Starts it.
    pub fn new(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let stdout = thread::spawn(move || {
            let mut all = Vec::new();
            stdout.read_to_end(&mut all).unwrap();
            all
        });
        let stdin = child.stdin.take();
        let stderr = child.stderr.take().unwrap();
        let mut running = Self::of(child, stderr);
        running.keyboard = stdin.map(|stdin| Box::new(stdin) as Box<dyn Write>);
        running.stdout = Some(stdout);
        running
    }

    /// One that has been started, and is heard there. What is typed goes nowhere.
    fn of(child: Child, mut heard: impl Read + Send + 'static) -> Self {
        let (sender, stderr) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = heard.read(&mut buffer) {
                if sender.send(buffer[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            started: Instant::now(),
            keyboard: None,
            stdout: None,
            stderr,
            heard: Vec::new(),
        }
    }

    /// Starts it at a terminal of its own: what it says there, on whichever output, is heard as on standard error.
    #[cfg(unix)]
    pub fn at_a_terminal(command: Command) -> (Self, Screen) {
        use std::os::fd::OwnedFd;
        let (terminal, seat) = pty_process::blocking::open().unwrap();
        let command = pty_process::blocking::Command::from(command);
        let child = command.spawn(seat).unwrap();
        let screen = File::from(OwnedFd::from(terminal));
        let mut running = Self::of(child, screen.try_clone().unwrap());
        running.keyboard = Some(Box::new(screen.try_clone().unwrap()));
        (running, Screen(screen))
    }

    /// Types on its standard input, which must be piped or a terminal.
    pub fn type_in(&mut self, text: &str) {
        let keyboard = self.keyboard.as_mut().unwrap();
        keyboard.write_all(text.as_bytes()).unwrap();
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until standard error says `text`; everything it has said so far.
    pub fn hear(&mut self, text: &str) -> String {
        self.hear_times(text, 1)
    }

    /// Waits until it has said `text` so many times.
    pub fn hear_times(&mut self, text: &str, times: usize) -> String {
        loop {
            let heard = String::from_utf8_lossy(&self.heard).into_owned();
            if heard.matches(text).count() >= times {
                return heard;
            }
            match self.stderr.recv_timeout(PATIENCE) {
                Ok(more) => self.heard.extend(more),
                Err(error) => panic!("never heard {text:?} ({error}), only:\n{heard}"),
            }
        }
    }

    /// The first word on standard error that starts so, once its line is complete.
    pub fn hear_word(&mut self, start: &str) -> String {
        loop {
            let heard = self.hear(start);
            let (line, complete) = match heard.split_once(start) {
                Some((_, rest)) => (rest, rest.contains('\n')),
                None => unreachable!("`hear` has just heard it"),
            };
            if complete {
                return format!(
                    "{start}{}",
                    line.split_whitespace().next().unwrap_or_default()
                );
            }
            self.heard
                .extend(self.stderr.recv_timeout(PATIENCE).unwrap());
        }
    }

    /// Ctrl-C.
    #[cfg(unix)]
    pub fn interrupt(&self) {
        self.signal("-INT");
    }

    /// Any signal.
    #[cfg(unix)]
    pub fn signal(&self, name: &str) {
        let kill = Command::new("kill")
            .args([name, &self.id().to_string()])
            .status()
            .unwrap();
        assert!(kill.success());
    }

    /// Kills it, without a chance to do anything about it.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Whether it is still running.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end, which soon comes; how it was.
    pub fn status(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ended {
        let code = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.code();
            }
            if self.started.elapsed() > PATIENCE {
                let _ = self.child.kill();
                panic!("still running after {PATIENCE:?}:\n{}", self.rest());
            }
            thread::sleep(Duration::from_millis(2));
        };
        let stdout = self.stdout.take().map(|all| all.join().unwrap());
        let stderr = self.rest();
        Ended {
            code,
            stdout: String::from_utf8(stdout.unwrap_or_default()).unwrap(),
            stderr,
        }
    }

    fn rest(&mut self) -> String {
        while let Ok(more) = self.stderr.recv_timeout(Duration::from_secs(5)) {
            self.heard.extend(more);
        }
        String::from_utf8_lossy(&self.heard).into_owned()
    }
}

/// The terminal that a program runs at, as whoever sits there has it.
#[cfg(unix)]
pub struct Screen(File);

#[cfg(unix)]
impl Screen {
    /// Whether it is in its usual mode: shows what is typed, and takes lines.
    pub fn is_usual(&self) -> bool {
        use rustix::termios::{LocalModes, tcgetattr};
        let modes = tcgetattr(&self.0).unwrap().local_modes;
        modes.contains(LocalModes::ECHO | LocalModes::ICANON)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that fails leaves nothing running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program that ran.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// The exit code is this one.
    #[track_caller]
    pub fn code(self, expected: i32) -> Self {
        assert_eq!(self.code, Some(expected), "{self}");
        self
    }

    /// Standard error says all of this.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.stderr.contains(text), "{text:?} is not said:\n{self}");
        }
        self
    }

    /// Neither output holds any part of these secrets.
    #[track_caller]
    pub fn hides(self, secrets: &[&str]) -> Self {
        secrets::assert_absent("standard output", self.stdout.as_bytes(), secrets);
        secrets::assert_absent("standard error", self.stderr.as_bytes(), secrets);
        self
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "exit {:?}\n-- standard output\n{}\n-- standard error\n{}",
            self.code, self.stdout, self.stderr
        )
    }
}
