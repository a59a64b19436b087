//! A real Firefox without a window, driven over Marionette: JSON messages on a socket of the loopback, each behind its
//! length and a colon. Only what the tests need.

use super::window::{self, Certificates, PATIENCE, Window};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A browser with one page and a profile of its own. Dropped, it is closed and its profile removed.
pub struct Firefox {
    process: Child,
    connection: BufReader<TcpStream>,
    last_id: u64,
    _profile: tempfile::TempDir,
}

impl Firefox {
    /// Starts `program`. `idp.example` is this machine.
    fn start(program: &Path, certificates: Certificates) -> Self {
        let profile = tempfile::tempdir().unwrap();
        fs::write(
            profile.path().join("user.js"),
            "user_pref(\"marionette.port\", 0);\n\
             user_pref(\"network.dns.localDomains\", \"idp.example\");\n\
             user_pref(\"network.proxy.type\", 0);\n",
        )
        .unwrap();
        let process = Command::new(program)
            .args(["--headless", "--marionette", "--no-remote", "--profile"])
            .arg(profile.path())
            // What it keeps outside its profile stays in it as well.
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let port = port(&profile.path().join("MarionetteActivePort"));
        let connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut browser = Self {
            process,
            connection: BufReader::new(connection),
            last_id: 0,
            _profile: profile,
        };
        browser.message();
        let any = certificates == Certificates::Any;
        browser
            .call(
                "WebDriver:NewSession",
                json!({"acceptInsecureCerts": any, "pageLoadStrategy": "none"}),
            )
            .unwrap();
        browser
    }

    fn navigate(&mut self, address: &str) {
        self.call("WebDriver:Navigate", json!({"url": address}))
            .unwrap();
    }

    fn call(&mut self, command: &str, parameters: Value) -> Result<Value, String> {
        self.last_id += 1;
        let message = json!([0, self.last_id, command, parameters]).to_string();
        let framed = format!("{}:{message}", message.len());
        self.connection
            .get_mut()
            .write_all(framed.as_bytes())
            .unwrap();
        loop {
            let mut answer = self.message();
            if answer[1] == self.last_id {
                return match answer[2].take() {
                    Value::Null => Ok(answer[3].take()),
                    error => Err(error.to_string()),
                };
            }
        }
    }

    fn message(&mut self) -> Value {
        let mut length = Vec::new();
        self.connection.read_until(b':', &mut length).unwrap();
        let length = String::from_utf8(length).unwrap();
        let length: usize = length.trim_end_matches(':').parse().unwrap();
        let mut message = vec![0; length];
        self.connection.read_exact(&mut message).unwrap();
        serde_json::from_slice(&message).unwrap()
    }
}

impl Window for Firefox {
    fn here(certificates: Certificates) -> Option<Self> {
        window::program("Firefox", "FIREFOX", &["firefox-esr", "firefox"])
            .map(|program| Self::start(&program, certificates))
    }

    fn open(&mut self, address: &str) {
        // It answers before it leaves the page that it shows, which must not be taken for the one to come.
        self.navigate("about:blank");
        self.until("location.href === 'about:blank'");
        self.navigate(address);
    }

    fn reload(&mut self) {
        self.call("WebDriver:Refresh", json!({})).unwrap();
    }

    fn evaluate(&mut self, expression: &str) -> Result<Value, String> {
        let script = format!("return {expression}");
        let mut answer = self.call(
            "WebDriver:ExecuteScript",
            json!({"script": script, "args": []}),
        )?;
        Ok(answer["value"].take())
    }
}

impl Drop for Firefox {
    fn drop(&mut self) {
        let _ = self.call("Marionette:Quit", json!({"flags": ["eForceQuit"]}));
        window::end(&mut self.process);
    }
}

/// The port that the browser writes down once it listens.
fn port(file: &Path) -> u16 {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let written = fs::read_to_string(file).unwrap_or_default();
        if let Ok(port) = written.trim().parse() {
            return port;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("Firefox never said its port");
}
