//! A real Chromium without a window, driven over `--remote-debugging-pipe` (the Chrome DevTools Protocol, JSON messages
//! that end with a NUL byte). Only what the tests need: open a page, ask it something, wait for it, picture it.

use super::window::{self, Certificates, PATIENCE, Window};
use base64::prelude::{BASE64_STANDARD, Engine};
use command_fds::{CommandFdExt, FdMapping};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

/// A browser with one page and a profile of its own. Dropped, it is closed and its profile removed.
pub struct Chromium {
    process: Child,
    commands: Option<PipeWriter>,
    messages: Receiver<Value>,
    last_id: u64,
    session: String,
    _profile: tempfile::TempDir,
}

/// The Chromium of this machine: `$CHROMIUM`, else the first of the usual names on the path.
pub fn find() -> Option<PathBuf> {
    let names = [
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    ];
    window::program("Chromium", "CHROMIUM", &names)
}

impl Chromium {
    /// Starts `program`. Every host of `.example` is this machine; no other host is asked for by the browser itself.
    fn start(program: &Path, certificates: Certificates) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let (commands_out, commands) = std::io::pipe().unwrap();
        let (messages, messages_in) = std::io::pipe().unwrap();
        let mut command = Command::new(program);
        command
            .args([
                "--headless",
                "--remote-debugging-pipe",
                // The tests run as root in CI, where the sandbox cannot; the pages are our own.
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--no-default-browser-check",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--host-resolver-rules=MAP *.example 127.0.0.1",
                "--no-proxy-server",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .fd_mappings(vec![
                FdMapping {
                    parent_fd: commands_out.into(),
                    child_fd: 3,
                },
                FdMapping {
                    parent_fd: messages_in.into(),
                    child_fd: 4,
                },
            ])
            .unwrap();
        if certificates == Certificates::Any {
            command.arg("--ignore-certificate-errors");
        }
        let process = command
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        // The command holds the browser's ends of the pipes; only without it does the browser's end reach us as such.
        drop(command);

        let mut browser = Self {
            process,
            commands: Some(commands),
            messages: read_messages(messages),
            last_id: 0,
            session: String::new(),
            _profile: profile,
        };
        let page = browser
            .call("Target.createTarget", json!({"url": "about:blank"}))
            .unwrap();
        let attach = json!({"targetId": page["targetId"], "flatten": true});
        let attached = browser.call("Target.attachToTarget", attach).unwrap();
        browser.session = attached["sessionId"].as_str().unwrap().to_owned();
        browser
    }

    /// Keeps two pictures of the page (PNG), for people: as it is in the light and in the dark.
    pub fn pictures(&mut self, directory: &Path, name: &str) {
        for scheme in ["light", "dark"] {
            let feature = json!([{"name": "prefers-color-scheme", "value": scheme}]);
            self.call("Emulation.setEmulatedMedia", json!({"features": feature}))
                .unwrap();
            let answer = self
                .call("Page.captureScreenshot", json!({"format": "png"}))
                .unwrap();
            let picture = BASE64_STANDARD
                .decode(answer["data"].as_str().unwrap())
                .unwrap();
            fs::write(directory.join(format!("{name}-{scheme}.png")), picture).unwrap();
        }
    }

    /// Sends a command and waits for its answer; events and answers to others are passed over.
    fn call(&mut self, method: &str, parameters: Value) -> Result<Value, String> {
        self.last_id += 1;
        let id = self.last_id;
        let mut message = json!({"id": id, "method": method, "params": parameters});
        if !self.session.is_empty() {
            message["sessionId"] = Value::from(self.session.as_str());
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.commands.as_mut().unwrap().write_all(&bytes).unwrap();

        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let mut answer = match self.messages.recv_timeout(left) {
                Ok(answer) => answer,
                Err(error) => panic!("Chromium did not answer {method}: {error}"),
            };
            if answer["id"] != id {
                continue;
            }
            return match answer.get("error") {
                Some(error) => Err(error.to_string()),
                None => Ok(answer["result"].take()),
            };
        }
    }
}

impl Window for Chromium {
    fn here(certificates: Certificates) -> Option<Self> {
        find().map(|program| Self::start(&program, certificates))
    }

    fn open(&mut self, address: &str) {
        let answer = self.call("Page.navigate", json!({"url": address})).unwrap();
        // A navigation that another one overtakes (a form posted at once) is "aborted", and well.
        let error = answer["errorText"].as_str().unwrap_or_default();
        assert!(
            matches!(error, "" | "net::ERR_ABORTED"),
            "{address} could not be opened: {error}"
        );
    }

    fn reload(&mut self) {
        self.call("Page.reload", json!({})).unwrap();
    }

    fn evaluate(&mut self, expression: &str) -> Result<Value, String> {
        let ask = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut answer = self.call("Runtime.evaluate", ask)?;
        match answer.get("exceptionDetails") {
            Some(details) => Err(details.to_string()),
            None => Ok(answer["result"]["value"].take()),
        }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Chromium ends when its pipe does.
        drop(self.commands.take());
        window::end(&mut self.process);
    }
}

/// Reads messages on a thread of its own, so that waiting for one can have an end.
fn read_messages(pipe: PipeReader) -> Receiver<Value> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for message in BufReader::new(pipe).split(0) {
            let Ok(message) = message else { return };
            let Ok(message) = serde_json::from_slice(&message) else {
                return;
            };
            if sender.send(message).is_err() {
                return;
            }
        }
    });
    receiver
}
