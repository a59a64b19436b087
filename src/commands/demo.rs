use super::error::CommandError;
use super::login::tell;
use super::whoami;
use crate::address::{LoopbackAddress, WebAddress};
use crate::config::{
    BrowserChoice, DEFAULT_LISTEN, Layer, Layers, LoginConfig, Machine, MethodConfig, Opener,
    Setting, resolve,
};
use crate::demo::{Demo, HeldPort, PEOPLE, visitor};
use crate::login::log_in;
use crate::secret::nonce;
use crate::store::{Key, TemporaryStore};
use crate::terminal::{Terminal, Watch};
use clap::Args;
use std::env::{self, var_os};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

/// Try the whole login on this machine, with a demo identity provider and a demo platform
///
/// Starts both as servers on free loopback ports and runs a real login against them. It reads no configuration and
/// leaves nothing behind. Where no browser could be seen (no display, SSH, CI), it signs in by itself.
#[derive(Debug, Args)]
pub(super) struct DemoCommand {
    /// Keep both servers running until Ctrl-C, and show the command that logs in with them
    #[arg(long)]
    serve: bool,
    /// With --serve, the address that the login will listen at [default: http://127.0.0.1:35417/saml/acs]
    #[arg(long, value_name = "URL", requires = "serve", value_parser = LoopbackAddress::parse)]
    listen: Option<LoopbackAddress>,
    /// With --serve, a platform over https, as anypoint-cli asks it; its authority is written to a temporary file
    #[arg(long, requires = "serve")]
    tls: bool,
    /// Sign in without a browser, as an HTTP client
    #[arg(long, conflicts_with = "serve")]
    no_browser: bool,
}

impl DemoCommand {
    pub(super) fn run(self, terminal: &Terminal) -> Result<ExitCode, CommandError> {
        // From here on Ctrl-C ends the demo in good order, with everything that it has made.
        let watch = Watch::start();
        if self.serve {
            let listen = self.listen.as_ref();
            let listen = listen.map_or(DEFAULT_LISTEN, |url| url.as_str());
            let demo = if self.tls {
                Demo::start_over_tls(listen)?
            } else {
                Demo::start(listen)?
            };
            serve(&demo, &watch, terminal)
        } else {
            play(self.no_browser, terminal)
        }
    }
}

/// How long the demo waits for itself. It takes milliseconds, unless something is wrong.
const ALONE: Duration = Duration::from_secs(30);

/// The login itself, from start to end.
fn play(no_browser: bool, terminal: &Terminal) -> Result<ExitCode, CommandError> {
    let port = HeldPort::take()?;
    let demo = Demo::start(&port.acs())?;
    let temporary = TemporaryStore::new()?;
    let key = Key::new("demo")?;
    let mut config = config(&demo)?;
    terminal.say(
        "A demo identity provider and a demo platform run on this machine until the demo ends. Nothing of yours is \
         read, and nothing is left behind.",
    );
    if let Some(reason) = why_alone(no_browser, |name| var_os(name)) {
        terminal.say(&format!(
            "{reason}, so the demo signs in by itself, as {}.",
            PEOPLE[0].full_name()
        ));
        let browser = BrowserChoice::Program(Opener::new(visit_in_background(*terminal)));
        if let MethodConfig::Saml(saml) = &mut config.method {
            saml.browser = browser;
        }
        config.timeout = ALONE;
    }
    drop(port);
    log_in(&config, temporary.store(), &key, terminal).tell(|result| {
        let kept = result?.kept;
        tell(&kept, terminal);
        let table = whoami::ask(&kept, &config.connection)?;
        terminal.hand_out(&table).map_err(CommandError::Output)?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Both servers, until the user ends them.
fn serve(demo: &Demo, watch: &Watch, terminal: &Terminal) -> Result<ExitCode, CommandError> {
    let authority = demo.platform.authority().map(PublicFile::write);
    let authority = authority.transpose().map_err(|error| {
        CommandError::Other(format!("the authority could not be written: {error}"))
    })?;
    terminal.say("A demo identity provider and a demo platform run on this machine:");
    terminal.field("sign-in page", &demo.identity_provider.sign_in_link());
    terminal.field("metadata", &demo.identity_provider.metadata_url());
    terminal.field("platform", demo.platform.address());
    terminal.say("This logs in with them, and keeps its token under the name demo:");
    match &authority {
        None => terminal.show(&command_line(demo)),
        Some(file) => {
            let path = file.path.display();
            terminal.show(&format!("{} --ca-bundle {path}", command_line(demo)));
            terminal.say("and then anypoint-cli asks the platform:");
            terminal.show(&format!(
                "NODE_EXTRA_CA_CERTS={path} anyp-saml exec --profile demo -- anypoint-cli-v4 account:user:describe"
            ));
        }
    }
    let plane = demo.platform.address();
    terminal.say("The platform takes a user name with a password, and a connected app, as well:");
    terminal.field("password", demo.platform.password());
    terminal.show(&format!(
        "anyp-saml login --profile demo --method password --plane {plane} --username {}",
        PEOPLE[0].username
    ));
    let (client_id, secret) = demo.platform.connected_app();
    terminal.field("client secret", secret);
    terminal.show(&format!(
        "anyp-saml login --profile demo --method connected-app --plane {plane} --client-id {client_id}"
    ));
    terminal.say("Ctrl-C ends them.");
    while !watch.interrupted() {
        thread::sleep(Duration::from_millis(50));
    }
    Ok(ExitCode::SUCCESS)
}

/// A temporary file that is no secret, under a name that nobody knew before. It is removed when this is dropped.
struct PublicFile {
    path: PathBuf,
}

impl PublicFile {
    fn write(content: &str) -> io::Result<Self> {
        let nonce = nonce().ok_or_else(|| io::Error::other("the system has no randomness"))?;
        let path = env::temp_dir().join(format!("anyp-saml-demo-{nonce}.pem"));
        let mut options = File::options();
        // A new file or none: what stands there already is not ours.
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path)?;
        let file_of_ours = Self { path };
        file.write_all(content.as_bytes())?;
        Ok(file_of_ours)
    }
}

impl Drop for PublicFile {
    fn drop(&mut self) {
        // What cannot be removed now is the system's to remove, as everything in its directory for such files.
        let _ = fs::remove_file(&self.path);
    }
}

/// The login that fits the demo, as it would be typed. Of its values only `[::1]` means something to a shell.
fn command_line(demo: &Demo) -> String {
    let flags = demo.flags().map(|(flag, value)| {
        let quote = if value.contains('[') { "'" } else { "" };
        format!(" {flag} {quote}{value}{quote}")
    });
    format!("anyp-saml login --profile demo{}", flags.concat())
}

/// The configuration of a login with the demo. Neither the environment nor a profile has a part in it.
fn config(demo: &Demo) -> Result<LoginConfig, CommandError> {
    let mut layer = Layer::default();
    for (flag, value) in demo.flags() {
        if let Some(setting) = Setting::ALL.iter().find(|setting| setting.flag() == flag) {
            layer.text(*setting, Some(value));
        }
    }
    let layers = Layers::new(layer, Layer::default(), Layer::default())?;
    Ok(resolve("demo".into(), &layers, &Machine::bare())?)
}

/// Why no browser is opened, if so.
fn why_alone(
    no_browser: bool,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Option<&'static str> {
    let has = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let needs_display = cfg!(unix) && !cfg!(target_os = "macos");
    if no_browser {
        Some("No browser is wanted")
    } else if has("CI") {
        Some("This is a CI job")
    } else if has("SSH_CONNECTION") || has("SSH_TTY") {
        // A display that SSH forwards would show a browser of this machine, slowly.
        Some("You are here over SSH")
    } else if needs_display && !has("DISPLAY") && !has("WAYLAND_DISPLAY") {
        Some("There is no display here")
    } else {
        None
    }
}

/// Signs in in the background, as a browser would after it was opened. What goes wrong is said, and leaves the link to
/// whoever opens it in time.
fn visit_in_background(terminal: Terminal) -> impl Fn(&WebAddress) {
    move |link| {
        let link = link.clone();
        thread::spawn(move || {
            if let Err(error) = visitor::visit(&link) {
                terminal.warn(&format!("the demo could not sign in by itself: {error}"));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Capture;

    #[test]
    fn a_browser_is_opened_only_where_it_would_be_seen() {
        let alone = |no_browser, variables: &[(&str, &str)]| {
            let value = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| OsString::from(value))
            };
            why_alone(no_browser, value).is_some()
        };
        let display = ("DISPLAY", ":0");
        assert!(!alone(false, &[display]));
        assert!(!alone(
            false,
            &[("WAYLAND_DISPLAY", "wayland-0"), ("CI", "")]
        ));
        assert!(alone(true, &[display]));
        assert!(alone(false, &[display, ("CI", "true")]));
        assert!(alone(false, &[display, ("SSH_CONNECTION", "a 1 b 2")]));
        if cfg!(target_os = "linux") {
            assert!(alone(false, &[]));
        }
    }

    #[test]
    fn the_login_goes_by_the_demo_alone() {
        let demo = Demo::start("http://127.0.0.1:35417/saml/acs").unwrap();
        let config = config(&demo).unwrap();
        assert_eq!(config.profile, "demo");
        let MethodConfig::Saml(saml) = config.method else {
            panic!("another method");
        };
        assert_eq!(saml.platform.as_str(), demo.platform.acs_url());
        assert!(matches!(saml.capture, Capture::Loopback(_)));
        assert_eq!(saml.recipient(), demo.identity_provider.acs());
        assert_eq!(
            saml.audience.as_deref(),
            Some(demo.identity_provider.audience())
        );
    }

    #[test]
    fn the_line_to_paste_means_nothing_else_to_a_shell() {
        let plain = |c: char| c.is_ascii_alphanumeric() || " -./:".contains(c);
        let demo = Demo::start("http://127.0.0.1:35417/saml/acs").unwrap();
        let line = command_line(&demo);
        assert!(line.chars().all(plain), "{line}");
        let demo = Demo::start("http://[::1]:35417/").unwrap();
        let line = command_line(&demo);
        assert!(line.ends_with(" --listen 'http://[::1]:35417/'"), "{line}");
    }
}
