//! A window of a real browser, and what a person does there: opens a link, fills in a form, reads what is shown.

use super::skip::skipped;
use serde_json::Value;
use std::env;
use std::path::PathBuf;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

/// How long a page may take to become what a test waits for. Long, since a test machine may be busy; a test that
/// passes does not wait.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The certificates that the browser takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Certificates {
    /// Those of the public authorities.
    Known,
    /// Any: for identity providers of ours on https.
    Any,
}

/// One page of a real browser.
pub trait Window: Sized {
    /// Starts the browser of this machine; `None`, and the reason on standard error, where there is none.
    fn here(certificates: Certificates) -> Option<Self>;

    /// Opens an address, and does not wait for what it leads to.
    fn open(&mut self, address: &str);

    /// Loads the page again, as the reload key does.
    fn reload(&mut self);

    /// The value of a JavaScript expression in the page; the error is the page's, or that it was just replaced.
    fn evaluate(&mut self, expression: &str) -> Result<Value, String>;

    /// Waits until a JavaScript expression is true in whatever page is open then, and gives its value.
    fn until(&mut self, expression: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.evaluate(expression);
            match answer {
                Ok(Value::Null | Value::Bool(false)) | Err(_) => {}
                Ok(Value::String(text)) if text.is_empty() => {}
                Ok(value) => return value,
            }
            if Instant::now() > deadline {
                let page = self.evaluate(
                    "location.href + '\\n' + document.documentElement.outerHTML.slice(0, 4000)",
                );
                panic!("the page never came to {expression:?}; it is {page:#?}");
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until the page shows `text`, and gives all the text it shows.
    fn until_text(&mut self, text: &str) -> String {
        let wanted = Value::from(text);
        let shown = self.until(&format!(
            "document.body?.innerText.includes({wanted}) && document.body.innerText"
        ));
        shown.as_str().unwrap().to_owned()
    }

    /// Types a value into the field that a CSS selector names, once the page has it.
    fn fill(&mut self, selector: &str, value: &str) {
        let (selector, value) = (Value::from(selector), Value::from(value));
        self.until(&format!(
            "document.readyState === 'complete' && !!document.querySelector({selector})"
        ));
        self.evaluate(&format!(
            "document.querySelector({selector}).value = {value}"
        ))
        .unwrap();
    }

    /// Clicks what a CSS selector names.
    fn click(&mut self, selector: &str) {
        let selector = Value::from(selector);
        self.until(&format!(
            "document.readyState === 'complete' && !!document.querySelector({selector})"
        ));
        // The click may replace the page before the answer is out.
        let _ = self.evaluate(&format!("document.querySelector({selector}).click()"));
    }

    /// The page's address.
    fn address(&mut self) -> String {
        self.until("location.href").as_str().unwrap().to_owned()
    }
}

/// The program of a browser: what the variable names, else the first of these names that is on the path. `None`, and the
/// reason on standard error, where there is none.
pub fn program(browser: &str, variable: &str, names: &[&str]) -> Option<PathBuf> {
    let named = env::var_os(variable).map(PathBuf::from);
    let found = named.or_else(|| on_the_path(names));
    if found.is_none() {
        skipped(&format!(
            "there is no {browser} (tests/run installs it, or ${variable} names it)"
        ));
    }
    found
}

fn on_the_path(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let directories: Vec<_> = env::split_paths(&path).collect();
    names
        .iter()
        .flat_map(|name| {
            directories
                .iter()
                .map(move |directory| directory.join(name))
        })
        .find(|file| file.is_file())
}

/// Waits for a browser that was told to end, and ends it where it does not.
pub fn end(process: &mut Child) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while Instant::now() < deadline {
        if let Ok(Some(_)) = process.try_wait() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    let _ = process.kill();
    let _ = process.wait();
}
