//! `doctor`: what a login would fail of, found before it does.

use super::support::peer::{Peer, read_head};
use super::support::world::Ended;
use super::support::{Scene, World, free_port};
use anyp_saml::demo::identity_provider::RelayState;
use anyp_saml::demo::platform::{Answer, Route};
use anyp_saml::demo::response::ResponseOptions;
use anyp_saml::encoding::base64;
use anyp_saml::loopback::Response;
use anyp_saml::time::{self, SignedDuration};
use serde_json::Value;
use std::fs::{self, Permissions};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Every check, in its order: what programs go by.
const NAMES: [&str; 20] = [
    "config-file",
    "profile",
    "settings",
    "capture",
    "port",
    "browser",
    "chromium",
    "browser-profile",
    "environment",
    "proxy",
    "authorities",
    "platform",
    "idp-link",
    "clock",
    "idp-metadata",
    "idp-keys",
    "idp-certificate",
    "state",
    "token-file",
    "token",
];

/// What a doctor has said.
struct Report {
    ended: Ended,
    checks: Vec<Value>,
}

impl Report {
    fn of(ended: Ended) -> Self {
        let json: Value =
            serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended}"));
        let checks = json["checks"].as_array().unwrap().clone();
        let names: Vec<_> = checks
            .iter()
            .map(|check| check["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, NAMES);
        for check in &checks {
            // Whatever is wrong has a cure, and nothing else has.
            let is_wrong = ["warn", "fail"].contains(&check["outcome"].as_str().unwrap());
            let cure = check["cure"].as_str();
            assert_eq!(
                cure.is_some_and(|cure| !cure.is_empty()),
                is_wrong,
                "{check}"
            );
            assert_ne!(check["found"], "", "{check}");
        }
        let fails = checks.iter().any(|check| check["outcome"] == "fail");
        assert_eq!(ended.code, Some(i32::from(fails)), "{ended}");
        Self { ended, checks }
    }

    /// A check has this outcome; what it found, and its cure.
    #[track_caller]
    fn is(&self, name: &str, outcome: &str) -> String {
        let check = self
            .checks
            .iter()
            .find(|check| check["name"] == name)
            .unwrap();
        assert_eq!(check["outcome"], outcome, "{check}\n{}", self.ended);
        let text = |field: &str| check[field].as_str().unwrap_or_default().to_owned();
        format!("{} | {}", text("found"), text("cure"))
    }

    /// The same, and both say all of this.
    #[track_caller]
    fn says(&self, name: &str, outcome: &str, texts: &[&str]) {
        let said = self.is(name, outcome);
        for text in texts {
            assert!(
                said.contains(text),
                "{text:?} is not said by {name}: {said}"
            );
        }
    }

    /// Nothing but these is wrong.
    #[track_caller]
    fn is_well_but_for(&self, names: &[&str]) {
        let wrong: Vec<_> = self
            .checks
            .iter()
            .filter(|check| ["warn", "fail"].contains(&check["outcome"].as_str().unwrap()))
            .map(|check| check["name"].as_str().unwrap())
            .collect();
        assert_eq!(wrong, names, "{}", self.ended);
    }
}

/// A scene where everything is as it should be.
fn scene() -> Scene {
    let mut scene = Scene::set();
    let browser = scene.world.script("browser", "exit 0");
    scene.world = scene.world.with("BROWSER", browser.to_str().unwrap());
    scene
}

fn arguments(scene: &Scene, more: &[&str]) -> Vec<String> {
    let own = scene.demo.flags();
    let own = own.iter().filter(|(flag, _)| !more.contains(flag));
    let own = own.flat_map(|(flag, value)| [*flag, value.as_str()]);
    ["doctor"]
        .into_iter()
        .chain(own)
        .chain(more.iter().copied())
        .map(str::to_owned)
        .collect()
}

fn doctor(scene: &Scene, more: &[&str]) -> Report {
    Report::of(
        scene
            .world
            .run(&arguments(scene, &[more, &["--json"]].concat())),
    )
}

#[test]
fn where_all_is_well_nothing_is_wrong_and_nothing_is_changed() {
    let scene = scene();
    let report = doctor(&scene, &[]);
    report.is_well_but_for(&[]);
    report.says(
        "settings",
        "pass",
        &[
            "harbour-hale",
            scene.demo.platform.address().trim_start_matches("http://"),
        ],
    );
    report.says("capture", "pass", &["loopback (--listen)"]);
    report.says("browser", "pass", &["/browser"]);
    report.says(
        "idp-metadata",
        "pass",
        &[scene.demo.identity_provider.issuer(), "1 key"],
    );
    report.says("clock", "pass", &["as the platform's"]);
    report.is("token", "skip");
    assert_eq!(report.ended.stderr, "");
    // Each was asked once, and nobody for a token.
    assert_eq!(scene.demo.platform.requests(Route::Other), 1);
    assert_eq!(scene.exchanges(), 0);
    assert!(scene.world.listing("home").is_empty());
}

#[test]
fn a_person_reads_the_same_in_a_table() {
    let scene = scene();
    let ended = scene.world.run(&arguments(&scene, &[])).code(0);
    for name in NAMES {
        assert!(
            ended.stdout.contains(&format!("  {name} ")),
            "{name}: {ended}"
        );
    }
    assert!(
        ended
            .stdout
            .ends_with("Nothing stands in the way of a login.\n"),
        "{ended}"
    );
    assert!(
        !ended.stdout.contains('\u{1b}'),
        "no colour but on a screen"
    );
    let away = ["--acs-url", "http://127.0.0.1:1/accounts/login/receive-id"];
    let ended = scene.world.run(&arguments(&scene, &away)).code(1);
    assert!(ended.stdout.contains("FAIL  platform "), "{ended}");
    assert!(ended.stdout.contains("cure: "), "{ended}");
    assert!(ended.stdout.contains("Failed: platform."), "{ended}");
}

#[test]
fn offline_nobody_is_asked() {
    let scene = scene();
    let report = doctor(&scene, &["--offline"]);
    report.is_well_but_for(&[]);
    for name in [
        "platform",
        "idp-link",
        "clock",
        "idp-metadata",
        "idp-certificate",
    ] {
        report.is(name, "skip");
    }
    assert_eq!(scene.demo.platform.requests(Route::Other), 0);
}

#[test]
fn a_port_that_is_taken_is_told_with_its_holder() {
    let scene = scene();
    let acs = scene.demo.identity_provider.acs();
    let authority = acs.trim_start_matches("http://").split('/').next().unwrap();
    let _holder = TcpListener::bind(authority).unwrap();
    let report = doctor(&scene, &[]);
    report.is_well_but_for(&["port"]);
    report.says("port", "fail", &[authority, "End the other program"]);
    if cfg!(target_os = "linux") {
        report.says(
            "port",
            "fail",
            &[&format!("process {}", std::process::id())],
        );
    }
}

#[test]
fn a_clock_that_is_off_fails() {
    let scene = scene();
    let date = |seconds| {
        let date = time::now() + SignedDuration::from_secs(seconds);
        let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        Some(Answer::Fixed(Response::empty(200).with("Date", &date)))
    };
    scene.demo.platform.say(Route::Other, date(650));
    let report = doctor(&scene, &[]);
    report.is_well_but_for(&["clock"]);
    report.says(
        "clock",
        "fail",
        &["10m ", "behind the platform's", "timedatectl"],
    );
    scene.demo.platform.say(Route::Other, date(-100));
    doctor(&scene, &[]).says("clock", "warn", &["ahead of the platform's", "allows 3m"]);
    doctor(&scene, &["--clock-skew", "1m"]).is("clock", "fail");
}

#[test]
fn a_platform_that_is_not_there_is_told_with_its_cause() {
    let scene = scene();
    let nowhere = format!("http://127.0.0.1:{}/accounts/login/receive-id", free_port());
    let report = doctor(&scene, &["--acs-url", &nowhere]);
    report.is_well_but_for(&["platform"]);
    report.says(
        "platform",
        "fail",
        &["refuses the connection", "HTTPS_PROXY"],
    );
    let unknown = "https://platform.invalid/accounts/login/receive-id";
    doctor(&scene, &["--acs-url", unknown]).is("platform", "fail");
    scene
        .demo
        .platform
        .say(Route::Other, Some(Answer::status(503)));
    doctor(&scene, &[]).says("platform", "warn", &["status 503", "own trouble"]);
    scene.demo.platform.say(
        Route::Other,
        Some(Answer::redirect(
            302,
            "https://portal.example/login?token=x",
        )),
    );
    doctor(&scene, &[]).says("platform", "warn", &["leads to portal.example |"]);
}

#[test]
fn whoever_says_nothing_is_not_waited_for_for_long() {
    let scene = scene();
    scene.demo.platform.say(Route::Other, Some(Answer::Hang));
    let silent = Peer::start(|mut stream| while read_head(&mut stream).is_some() {});
    let url = format!("http://{}/", silent.authority());
    let started = Instant::now();
    let report = doctor(&scene, &["--idp-url", &url, "--idp-metadata", &url]);
    assert!(
        started.elapsed() < Duration::from_secs(30),
        "{:?}",
        started.elapsed()
    );
    report.says("platform", "fail", &["did not answer in time"]);
    report.says(
        "idp-link",
        "warn",
        &["did not answer in time", "opens in your browser"],
    );
    report.is("idp-metadata", "fail");
}

#[test]
fn an_authority_that_is_not_known_is_told_and_one_that_is_given_is_used() {
    let mut scene = Scene::with(RelayState::Echoed, |settings| settings.tls = true);
    let browser = scene.world.script("browser", "exit 0");
    let missing = scene.world.here().join("none.pem");
    let missing = missing.to_str().unwrap();
    scene.world = scene
        .world
        .with("BROWSER", browser.to_str().unwrap())
        .with("SSL_CERT_FILE", missing);
    let report = doctor(&scene, &[]);
    report.is_well_but_for(&["authorities", "platform"]);
    report.says(
        "authorities",
        "fail",
        &["no certificate authority is known", "--ca-bundle FILE"],
    );
    let bundle = scene
        .world
        .file("ca.pem", scene.demo.platform.authority().unwrap());
    let bundle = bundle.to_str().unwrap();
    let report = doctor(&scene, &["--ca-bundle", bundle]);
    report.is_well_but_for(&[]);
    report.says("authorities", "pass", &[missing, "SSL_CERT_FILE", bundle]);
    // Another one, in the system's place.
    let other = Scene::with(RelayState::Echoed, |settings| settings.tls = true);
    let other = scene
        .world
        .file("other.pem", other.demo.platform.authority().unwrap());
    scene.world = scene.world.with("SSL_CERT_FILE", other.to_str().unwrap());
    let report = doctor(&scene, &[]);
    report.is_well_but_for(&["platform"]);
    report.says(
        "platform",
        "fail",
        &["not trusted here", "--ca-bundle FILE"],
    );
    let report = doctor(&scene, &["--ca-bundle", missing]);
    report.says("authorities", "fail", &[missing]);
    report.is("platform", "skip");
}

#[test]
fn a_proxy_that_wants_a_password_is_told_and_the_password_never() {
    let proxy = Peer::start(|mut stream| {
        read_head(&mut stream);
        let _ = stream
            .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    });
    let platform = "https://platform.example/accounts/login/receive-id";
    const PASSWORD: &str = "correct-horse-battery-staple";
    for (value, outcome, found) in [
        (
            format!("http://ada:{PASSWORD}@{}", proxy.authority()),
            "pass",
            format!("http://{}", proxy.authority()),
        ),
        // Written wrongly: each mark makes a piece of the password pass for the host, or nothing pass for one.
        (
            format!("http://ada:{PASSWORD}#1@{}", proxy.authority()),
            "warn",
            "HTTPS_PROXY is set, but not".into(),
        ),
        (
            format!("http://ada:{PASSWORD}/1@{}", proxy.authority()),
            "warn",
            "HTTPS_PROXY is set, but not".into(),
        ),
        (
            format!("http://ada:1@{PASSWORD}@{}", proxy.authority()),
            "warn",
            "HTTPS_PROXY is set, but not".into(),
        ),
        (
            format!("ftp://ada:{PASSWORD}@{}", proxy.authority()),
            "warn",
            "HTTPS_PROXY is set, but not".into(),
        ),
    ] {
        let mut scene = scene();
        scene.world = scene.world.with("HTTPS_PROXY", &value);
        let report = doctor(&scene, &["--acs-url", platform, "-v"]);
        report.says("proxy", outcome, &[&found, "platform.example"]);
        report.is("platform", "fail");
        if outcome == "pass" {
            report.says(
                "platform",
                "fail",
                &["asks for a user name and password", "NAME:PASSWORD"],
            );
        }
        let encoded = base64(format!("ada:{PASSWORD}").as_bytes());
        report.ended.hides(&[PASSWORD, &encoded]);
        let arguments = arguments(&scene, &["--acs-url", platform, "-v"]);
        scene
            .world
            .run(&arguments)
            .code(1)
            .hides(&[PASSWORD, &encoded]);
    }
}

/// Metadata of the scene's identity provider with another certificate in it, which ends so many days from now.
fn metadata_ending(scene: &Scene, days: i64) -> String {
    let pair = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::default();
    let end = std::time::SystemTime::now();
    let span = Duration::from_secs(days.unsigned_abs() * 24 * 3600 + 3600);
    parameters.not_after = if days < 0 { end - span } else { end + span }.into();
    let certificate = base64(parameters.self_signed(&pair).unwrap().der());
    let own = base64(scene.demo.identity_provider.certificate_der());
    scene
        .demo
        .identity_provider
        .metadata_xml()
        .replace(&own, &certificate)
}

#[test]
fn a_certificate_that_ended_last_week_is_warned_of_with_what_it_means() {
    let scene = scene();
    for (days, found) in [(-7, "it ended 7 days ago"), (20, "it ends in 20 days")] {
        let path = scene.world.file("idp.xml", metadata_ending(&scene, days));
        let report = doctor(&scene, &["--idp-metadata", path.to_str().unwrap()]);
        report.is_well_but_for(&["idp-certificate"]);
        report.says(
            "idp-certificate",
            "warn",
            &[found, "does not look at this date", "administrator"],
        );
    }
}

#[test]
fn metadata_that_is_gone_fails_until_a_login_has_kept_it() {
    let scene = scene();
    let xml = scene.demo.identity_provider.metadata_xml();
    let is_there = Arc::new(AtomicBool::new(false));
    let published = Arc::clone(&is_there);
    let publisher = Peer::start(move |mut stream| {
        read_head(&mut stream);
        let (status, body) = match published.load(Ordering::SeqCst) {
            true => ("200 OK", xml.as_str()),
            false => ("503 Service Unavailable", ""),
        };
        let length = body.len();
        let _ = write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
    });
    let url = format!("http://{}/metadata", publisher.authority());
    let own = ["--idp-metadata", &*url];
    let report = doctor(&scene, &own);
    report.is_well_but_for(&["idp-metadata"]);
    report.says(
        "idp-metadata",
        "fail",
        &["status 503", "--idp-metadata FILE"],
    );
    report.is("idp-keys", "skip");

    is_there.store(true, Ordering::SeqCst);
    doctor(&scene, &own).says("idp-metadata", "pass", &[&url]);
    let response = scene.response(&ResponseOptions::default());
    scene.hand_in(response.as_bytes(), &own).code(0);
    is_there.store(false, Ordering::SeqCst);
    let report = doctor(&scene, &own);
    report.is_well_but_for(&["idp-metadata"]);
    report.says("idp-metadata", "warn", &["status 503", "that of 20"]);
    report.is("idp-keys", "pass");
    let report = doctor(&scene, &[&own[..], &["--offline"]].concat());
    report.says("idp-metadata", "pass", &["as of 20"]);
}

#[test]
fn a_configuration_that_others_can_change_is_not_gone_by() {
    let scene = scene();
    let path = scene
        .world
        .file("config.toml", "[profile.work]\nacs_url = 'x'\n");
    let run = |mode, more: &[&str]| {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let mut command = scene.world.command(&[&["doctor", "--json"], more].concat());
        command.env("ANYP_SAML_CONFIG", &path);
        Report::of(super::support::world::Running::new(command).end())
    };
    let report = run(0o666, &[]);
    report.says(
        "config-file",
        "fail",
        &["others may write to it (mode 0666)", "chmod go-w"],
    );
    for name in ["profile", "settings", "capture", "platform", "state"] {
        report.is(name, "skip");
    }
    let report = run(0o644, &["--profile", "lab"]);
    report.says("config-file", "pass", &["ANYP_SAML_CONFIG", "nobody else"]);
    report.says(
        "profile",
        "fail",
        &["no profile \"lab\"", "The file has work"],
    );
    let report = run(0o644, &["--profile", "work"]);
    report.says("profile", "pass", &["work (--profile)"]);
    report.says(
        "settings",
        "fail",
        &["--idp-url", "acs_url is not usable", "anyp-saml init"],
    );
}

#[test]
fn without_a_configuration_what_is_missing_is_named_and_nothing_is_made() {
    let world = World::new();
    let report = Report::of(world.run(&["doctor", "--json"]));
    report.says("config-file", "skip", &[".config/anyp-saml/config.toml"]);
    report.says(
        "settings",
        "fail",
        &["--acs-url and --idp-url", "anyp-saml init", "tile"],
    );
    report.says("idp-keys", "warn", &["--idp-metadata"]);
    assert!(world.listing("home").is_empty());
    let missing = world.here().join("none.toml");
    let missing = missing.to_str().unwrap();
    let named = world.with("ANYP_SAML_CONFIG", missing);
    let report = Report::of(named.run(&["doctor", "--json"]));
    report.says("config-file", "fail", &[missing, "unset ANYP_SAML_CONFIG"]);
}

#[test]
fn a_browser_that_cannot_be_opened_is_told_with_another_way() {
    let scene = Scene::set();
    doctor(&scene, &[]).says("browser", "warn", &["no display", "--capture paste"]);
    doctor(&scene, &["--no-browser"]).is("browser", "skip");
    doctor(&scene, &["--browser", "no-such-browser"]).says(
        "browser",
        "warn",
        &["no-such-browser", "--browser"],
    );
    let world = |variables: &[(&str, &str)]| {
        let mut command = scene.world.command(&arguments(&scene, &["--json"]));
        command.envs(variables.iter().copied());
        Report::of(super::support::world::Running::new(command).end())
    };
    let empty = world(&[("DISPLAY", ":0"), ("PATH", "")]);
    empty.says(
        "browser",
        "warn",
        &["no program to open a web address", "xdg-utils"],
    );
    let ssh = world(&[
        ("SSH_CONNECTION", "10.0.0.9 50000 10.0.0.7 22"),
        ("USER", "ada"),
    ]);
    ssh.says(
        "browser",
        "warn",
        &["over SSH", "ssh -N -L ", "ada@10.0.0.7"],
    );
}

/// A doctor for the chromium capture with a script as the browser.
fn with_browser(script: &str) -> Report {
    let mut scene = Scene::set();
    let browser = scene.world.script("chromium", script);
    scene.world = scene
        .world
        .with("ANYP_SAML_CHROMIUM_NO_SANDBOX", "1")
        .with("DISPLAY", ":99")
        .with("ANYPOINT_PASSWORD", "a-secret-of-the-users");
    doctor(
        &scene,
        &[
            "--capture",
            "chromium",
            "--browser",
            browser.to_str().unwrap(),
        ],
    )
}

/// What is said of such a browser: as root, that it has no sandbox, too.
fn fitting() -> &'static str {
    if rustix::process::geteuid().is_root() {
        "warn"
    } else {
        "pass"
    }
}

#[test]
fn a_browsers_version_is_found_and_its_words_steer_nothing() {
    let report = with_browser("test \"$*\" = --version && echo Chromium 156.0.1");
    report.says("chromium", fitting(), &["/here/chromium, Chromium 156.0.1"]);
    report.says("capture", "pass", &["chromium (--capture)"]);
    report.says("browser-profile", "pass", &["there is none yet"]);
    report.is("browser", "skip");
    report.is("port", "skip");
    let hostile = with_browser("printf 'Chromium \\033[2J\\033]0;x\\007\\233\\n\\nfake'");
    hostile.says(
        "chromium",
        fitting(),
        &["Chromium \\u{1b}[2J\\u{1b}]0;x\\u{7}"],
    );
    assert!(!hostile.ended.stdout.contains('\u{1b}'));
    let nosy = with_browser("echo Chromium $ANYPOINT_PASSWORD; env >&2");
    nosy.is("chromium", fitting());
    nosy.ended.hides(&["a-secret-of-the-users"]);
}

#[test]
fn a_browser_that_says_no_version_is_none() {
    for (script, found) in [
        ("exit 3", "exit status: 3"),
        ("head -c 1000000000 /dev/zero", "more than 1024 bytes"),
        ("sleep 600", "did not say its version within 8 seconds"),
    ] {
        let started = Instant::now();
        with_browser(script).says("chromium", "fail", &[found, "--browser names another one"]);
        assert!(started.elapsed() < Duration::from_secs(30), "{script}");
    }
    with_browser("echo Mozilla Firefox 140.0").says("chromium", "warn", &["Firefox"]);
}

#[test]
fn a_kept_token_is_told_without_being_shown_and_variables_that_contradict_it_are() {
    let mut scene = scene();
    let response = scene.response(&ResponseOptions::default());
    scene.hand_in(response.as_bytes(), &[]).code(0);
    let token = scene.token();
    let report = doctor(&scene, &[]);
    report.is_well_but_for(&[]);
    report.says("token", "pass", &["mara.lindqvist", "min left"]);
    report.says("state", "pass", &["tokens", "yours alone"]);
    for (name, value) in [
        ("ANYPOINT_USERNAME", "ada-of-another-organization"),
        ("ANYPOINT_BEARER", "00000000-0000-0000-0000-another-token"),
        ("ANYPOINT_ACCESS_TOKEN", &token),
        ("ANYPOINT_HOST", "eu1.anypoint.mulesoft.com"),
    ] {
        scene.world = scene.world.with(name, value);
    }
    let report = doctor(&scene, &["-v"]);
    report.is_well_but_for(&["environment"]);
    report.says(
        "environment",
        "warn",
        &[
            "ANYPOINT_USERNAME is set",
            "ANYPOINT_BEARER is set to another",
            "eu1.",
            "exec",
        ],
    );
    let ended = report
        .ended
        .hides(&[&token, "ada-of-another-organization", "another-token"]);
    assert!(!ended.stdout.contains("ANYPOINT_ACCESS_TOKEN"), "{ended}");

    let tokens = scene.world.home().join(".local/state/anyp-saml/tokens");
    let close = |mode| fs::set_permissions(&tokens, Permissions::from_mode(mode)).unwrap();
    close(0o777);
    doctor(&scene, &[]).says("state", "fail", &["mode 0777", "chmod go-w"]);
    close(0o700);
    let file = kept_file(&tokens);
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    doctor(&scene, &[]).says("token", "fail", &["others may read it", "sign in again"]);
}

fn kept_file(tokens: &Path) -> std::path::PathBuf {
    let mut files = fs::read_dir(tokens)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .find(|path| path.extension().is_some_and(|end| end == "json"))
        .unwrap()
}

#[test]
fn other_ways_in_are_checked_without_an_identity_provider() {
    let mut scene = scene();
    scene.world = scene
        .world
        .with("ANYPOINT_CLIENT_ID", "0a1b")
        .with("ANYPOINT_CLIENT_SECRET", "a-secret-of-the-apps");
    let doctor = |method: &str, more: &[&str]| {
        let plane = scene.demo.platform.address();
        let own = ["doctor", "--json", "--plane", plane, "--method", method];
        Report::of(scene.world.run(&[&own[..], more].concat()))
    };
    let report = doctor("connected-app", &[]);
    report.is_well_but_for(&[]);
    report.says(
        "settings",
        "pass",
        &["method (flag): connected-app", "plane (flag): 127.0.0.1"],
    );
    report.is("platform", "pass");
    for name in [
        "capture",
        "port",
        "browser",
        "idp-link",
        "idp-metadata",
        "idp-keys",
    ] {
        report.is(name, "skip");
    }
    report.ended.hides(&["a-secret-of-the-apps"]);
    // Of a password's login the app is none.
    let report = doctor("password", &["--username", "ada"]);
    report.is_well_but_for(&["environment"]);
    report.says(
        "environment",
        "warn",
        &["ANYPOINT_CLIENT_ID, ANYPOINT_CLIENT_SECRET"],
    );
    doctor("charm", &[]).says("settings", "fail", &["--method", "connected-app"]);
}
