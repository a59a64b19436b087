//! How the response is caught, and why so.

use super::reader::Reader;
use super::{ConfigError, DEFAULT_LISTEN, Origin, Setting};
use crate::address::LoopbackAddress;
use crate::browser::{self, chromium};
use crate::foreign;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What of this machine a configuration depends on.
pub struct Machine<'m> {
    /// The environment.
    pub variable: &'m dyn Fn(&str) -> Option<OsString>,
    /// The installed browser that could be started with a profile of its own.
    pub chromium: Option<PathBuf>,
}

impl Machine<'static> {
    /// This one.
    pub fn this() -> Self {
        Self {
            variable: &|name| std::env::var_os(name),
            chromium: chromium::installed(),
        }
    }

    /// One with nothing on it.
    pub fn bare() -> Self {
        Self {
            variable: &|_| None,
            chromium: None,
        }
    }
}

/// How the response is caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Capture {
    /// The identity provider's page posts it to this address.
    Loopback(LoopbackAddress),
    /// The page posts it to the platform, and a browser of our own leads it here.
    Chromium(OwnBrowser),
    /// It is handed in: copied on its way to the platform, or on its way to the loopback address.
    Paste {
        /// Where it is read from.
        source: PasteSource,
        /// The loopback address, where it may be addressed to as well as to the platform's ACS.
        listen: LoopbackAddress,
    },
}

/// The browser of our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnBrowser {
    /// The program.
    pub program: PathBuf,
    /// Whether its profile is thrown away afterwards.
    pub is_fresh: bool,
    /// Whether it is tried without a window first.
    pub headless_first: bool,
}

/// Where a response is read from that is already there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasteSource {
    /// Pasted at a prompt, unseen.
    Prompt,
    /// Standard input.
    StandardInput,
    /// A file.
    File(PathBuf),
}

impl Capture {
    /// Its name, as it is configured.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Loopback(_) => "loopback",
            Self::Chromium(_) => "chromium",
            Self::Paste { .. } => "paste",
        }
    }

    /// What was asked for; else the loopback address that was given, which somebody must have registered; else a browser
    /// of our own, which needs nobody's help, where there is one; else the loopback address of custom. With the reason,
    /// as the end of a sentence.
    pub(super) fn resolve(read: &Reader, machine: &Machine) -> Result<(Self, String), ConfigError> {
        let listen = read.parsed(Setting::Listen, LoopbackAddress::parse)?;
        let source = read.value(Setting::Response).map(|text| match text {
            "-" => PasteSource::StandardInput,
            path => PasteSource::File(path.into()),
        });
        let paste = |source| {
            let listen = loopback_address(read, listen.clone())?;
            Ok(Self::Paste { source, listen })
        };
        let said = || said_by(read, Setting::Capture);
        match (read.value(Setting::Capture), source) {
            (Some("paste"), source) => {
                let source = source.unwrap_or(PasteSource::Prompt);
                Ok((paste(source)?, said()))
            }
            (None, Some(source)) => Ok((paste(source)?, said_by(read, Setting::Response))),
            (Some("loopback" | "chromium"), Some(_)) => Err(read.wrong(
                Setting::Capture,
                "a response that is already there is not caught in a browser",
            )),
            (Some("loopback"), None) => Ok((loopback(read, listen)?, said())),
            (Some("chromium"), None) => Ok((
                OwnBrowser::asked_for(read, machine).map(Self::Chromium)?,
                said(),
            )),
            (Some(_), _) => {
                Err(read.wrong(Setting::Capture, "it should be loopback, chromium or paste"))
            }
            (None, None) if listen.is_some() => {
                Ok((loopback(read, listen)?, said_by(read, Setting::Listen)))
            }
            (None, None) => match OwnBrowser::at_hand(read, machine)? {
                Ok((browser, why)) => Ok((Self::Chromium(browser), why)),
                Err(why) => Ok((loopback(read, None)?, why)),
            },
        }
    }
}

impl OwnBrowser {
    /// The browser of a capture that was asked for by name.
    fn asked_for(read: &Reader, machine: &Machine) -> Result<Self, ConfigError> {
        if read.switch(Setting::NoBrowser)? {
            return Err(read.wrong(
                Setting::NoBrowser,
                "the chromium capture catches the response in the browser that it starts",
            ));
        }
        let named = match read.text(Setting::Browser)? {
            Some(name) => match browser::find(OsStr::new(&name)) {
                Some(program) => Some(program),
                None => return Err(read.wrong(Setting::Browser, "there is no such program")),
            },
            None => machine.chromium.clone(),
        };
        match named {
            Some(program) => Self::with(program, read),
            None => Err(read.wrong(
                Setting::Capture,
                if cfg!(unix) {
                    "no Chrome, Chromium, Edge or Brave was found (a snap cannot be used); name one with --browser"
                } else {
                    "the chromium capture is not supported on this system"
                },
            )),
        }
    }

    /// The browser that could be used where nobody has said anything, and why it is; or why there is none.
    fn at_hand(
        read: &Reader,
        machine: &Machine,
    ) -> Result<Result<(Self, String), String>, ConfigError> {
        if read.switch(Setting::NoBrowser)? {
            return Ok(Err(said_by(read, Setting::NoBrowser)));
        }
        let is_named = read.text(Setting::Browser)?;
        let program = match &is_named {
            Some(name) => browser::find(OsStr::new(name))
                .filter(|program| cfg!(unix) && chromium::is_of_the_family(program)),
            None => machine.chromium.clone(),
        };
        let Some(program) = program else {
            return Ok(Err(match is_named {
                Some(_) => said_by(read, Setting::Browser),
                None => "no Chrome, Chromium, Edge or Brave was found".into(),
            }));
        };
        let shown = foreign::shown(&program.to_string_lossy(), 300);
        let browser = Self::with(program, read)?;
        Ok(match browser.obstacle(machine) {
            Some(obstacle) => Err(format!("{shown} is there, but {obstacle}")),
            None => Ok((
                browser,
                format!("{shown} is there, and no loopback address was given"),
            )),
        })
    }

    fn with(program: PathBuf, read: &Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            program,
            is_fresh: read.switch(Setting::FreshBrowser)?,
            headless_first: read.switch(Setting::HeadlessFirst)?,
        })
    }

    /// What keeps the browser from being of use here.
    fn obstacle(&self, machine: &Machine) -> Option<&'static str> {
        if chromium::sandbox(Path::new(&self.program), machine.variable).is_err() {
            Some("does not run as root")
        } else if !self.headless_first && !chromium::has_display(machine.variable) {
            Some("there is no display to show its window on")
        } else {
            None
        }
    }
}

fn loopback(read: &Reader, listen: Option<LoopbackAddress>) -> Result<Capture, ConfigError> {
    loopback_address(read, listen).map(Capture::Loopback)
}

/// The address that was given, or the one of custom.
fn loopback_address(
    read: &Reader,
    listen: Option<LoopbackAddress>,
) -> Result<LoopbackAddress, ConfigError> {
    match listen {
        Some(listen) => Ok(listen),
        None => LoopbackAddress::parse(DEFAULT_LISTEN)
            .map_err(|error| read.wrong(Setting::Listen, error)),
    }
}

/// Who gave a setting, as the reason for what follows from it.
fn said_by(read: &Reader, setting: Setting) -> String {
    match read.origin(setting) {
        Origin::Default => "by default".into(),
        Origin::Profile => format!("{} in the profile", setting.key()),
        Origin::Environment => setting.variable(),
        Origin::Flag => setting.flag(),
    }
}
