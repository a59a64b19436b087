//! The chromium capture: a browser of our own on its way to the identity provider and back.

use super::LoginError;
use crate::browser::chromium::keeper::{self, Keeper};
use crate::browser::chromium::{self, Chromium, ChromiumError, Errand, Sandbox, Stage, Window};
use crate::config::OwnBrowser;
use crate::foreign::{brief, shown};
use crate::store::{BrowserProfile, Key, TokenStore};
use crate::terminal::Terminal;
use std::env;
use std::io;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

/// How long a browser without a window may take in all before it gets one. It has a session or it has not: nobody is
/// there to type.
const HEADLESS_PATIENCE: Duration = Duration::from_secs(20);

/// How long the page with the verdict stays to be seen.
const VERDICT_SEEN: Duration = Duration::from_secs(1);

/// A browser on its way. Dropping it ends the browser.
#[derive(Debug)]
pub(super) struct Visit {
    own: OwnBrowser,
    sandbox: Sandbox,
    errand: Errand,
    terminal: Terminal,
    window: Window,
    /// None only while one is exchanged for another.
    browser: Option<Chromium>,
    /// Declared, and so dropped, after the browser that uses it.
    profile: BrowserProfile,
    /// Ends the browser and removes a fresh profile if we are killed: so it comes before both, and goes last.
    keeper: Rc<Keeper>,
}

/// Whether the browser could run here at all: found out before anything else is begun.
///
/// # Errors
/// [`ChromiumError`] says what is in its way.
pub fn check(own: &OwnBrowser) -> Result<Sandbox, ChromiumError> {
    let variable = |name: &str| env::var_os(name);
    let sandbox = chromium::sandbox(&own.program, variable)?;
    if own.headless_first || chromium::has_display(variable) {
        Ok(sandbox)
    } else {
        Err(ChromiumError::NoDisplay)
    }
}

fn start_keeper() -> io::Result<Keeper> {
    Keeper::start(&keeper::this_program()?)
}

impl Visit {
    /// Starts the browser. It opens the link as soon as it catches what its pages post.
    pub(super) fn start(
        own: &OwnBrowser,
        store: &TokenStore,
        key: &Key,
        errand: Errand,
        terminal: &Terminal,
    ) -> Result<Self, LoginError> {
        let sandbox = check(own)?;
        if sandbox == Sandbox::Off {
            terminal.warn(&format!(
                "{} is set: the browser runs without its sandbox, so that a hostile page may take this machine over.",
                chromium::NO_SANDBOX_VARIABLE
            ));
        }
        let keeper = start_keeper().map_err(ChromiumError::Keeper)?;
        let profiles = store.browser_profiles();
        let profile = if own.is_fresh {
            profiles.take_fresh()?
        } else {
            profiles.take(key)?
        };
        let mut visit = Self {
            own: own.clone(),
            sandbox,
            errand,
            terminal: *terminal,
            window: if own.headless_first {
                Window::Hidden
            } else {
                Window::Shown
            },
            browser: None,
            profile,
            keeper: Rc::new(keeper),
        };
        visit.begin()?;
        Ok(visit)
    }

    fn begin(&mut self) -> Result<(), LoginError> {
        let program = shown(&self.own.program.to_string_lossy(), 300);
        self.terminal.say(&match self.window {
            Window::Hidden => format!("{program} tries to sign in without a window."),
            Window::Shown => format!(
                "{program} opens the identity provider's page in a window of its own. Sign in there."
            ),
        });
        self.browser = Some(Chromium::start(
            Rc::clone(&self.keeper),
            &self.own.program,
            &self.profile,
            self.window,
            self.sandbox,
            self.errand.clone(),
        )?);
        Ok(())
    }

    /// Looks how the browser is doing, and does what is to be done about it.
    ///
    /// # Errors
    /// [`LoginError`] when nothing more can come of it.
    pub(super) fn look(&mut self) -> Result<(), LoginError> {
        let Some(browser) = &mut self.browser else {
            return Err(LoginError::BrowserClosed);
        };
        let stage = browser.stage()?;
        if browser.has_missed_something() {
            self.terminal.warn(
                "the browser sent a message of more than 4 MiB, which was passed over: a page that posts that much \
                 waits in vain.",
            );
        }
        let trouble = browser.take_trouble();
        if let Some(trouble) = &trouble {
            self.terminal.warn(&format!(
                "the identity provider's page could not be opened: {}",
                brief(trouble)
            ));
        }
        match (self.window, stage) {
            (_, Stage::Closed) => Err(LoginError::BrowserClosed),
            (Window::Hidden, stage) => {
                let is_over = stage == Stage::AtRest
                    || trouble.is_some()
                    || browser.age() > HEADLESS_PATIENCE;
                if is_over { self.show() } else { Ok(()) }
            }
            (Window::Shown, _) => Ok(()),
        }
    }

    /// Exchanges the browser for one with a window, which starts anew with what the profile has learned.
    fn show(&mut self) -> Result<(), LoginError> {
        self.terminal
            .say("The identity provider asks for something.");
        if !chromium::has_display(|name| env::var_os(name)) {
            return Err(ChromiumError::NoDisplay.into());
        }
        self.browser = None;
        self.window = Window::Shown;
        self.begin()
    }

    /// Ends the browser when the page with the verdict has been seen.
    pub(super) fn end(mut self) {
        let is_seen = |browser: &mut Chromium| matches!(browser.stage(), Ok(Stage::Open));
        if self.window == Window::Shown && self.browser.as_mut().is_some_and(is_seen) {
            thread::sleep(VERDICT_SEEN);
        }
    }
}
