use super::*;
use crate::address::LoopbackAddress;
use crate::config::{
    BrowserChoice, Capture, DEFAULT_LISTEN, Layer, MetadataSource, OwnBrowser, PasteSource,
    RelayStateUse, SecretSource,
};
use crate::time::SignedDuration;
use std::ffi::OsString;

const ACS: &str =
    "https://anypoint.mulesoft.com/accounts/login/example-org/providers/0a1b-2c/receive-id";

fn with(values: &[(Setting, &str)]) -> Result<LoginConfig, ConfigError> {
    on(None, &[], values)
}

/// On a machine with this browser and these variables.
fn on(
    chromium: Option<&str>,
    variables: &[(&str, &str)],
    values: &[(Setting, &str)],
) -> Result<LoginConfig, ConfigError> {
    let mut flags = Layer::default();
    for (setting, value) in values {
        flags.text(*setting, Some((*value).to_owned()));
    }
    let layers = Layers::new(flags, Layer::default(), Layer::default()).unwrap();
    let variable = |name: &str| {
        let mut all = variables.iter().chain(&[("SHELL", "/usr/bin/fish")]);
        let found = all.find(|(known, _)| *known == name);
        found.map(|(_, value)| OsString::from(value))
    };
    let machine = Machine {
        variable: &variable,
        chromium: chromium.map(PathBuf::from),
    };
    resolve("default".into(), &layers, &machine)
}

/// What a login through SAML goes by alone.
fn saml(config: LoginConfig) -> SamlConfig {
    match config.method {
        MethodConfig::Saml(saml) => *saml,
        other => panic!("{other:?}"),
    }
}

/// What every login needs, and the values of one test.
fn complete(values: &[(Setting, &str)]) -> Result<LoginConfig, ConfigError> {
    let mut all = vec![
        (Setting::AcsUrl, ACS),
        (Setting::IdpUrl, "https://idp.example/start"),
        (Setting::IdpMetadata, "idp.xml"),
    ];
    all.retain(|(setting, _)| !values.iter().any(|(given, _)| given == setting));
    all.extend_from_slice(values);
    with(&all)
}

#[test]
fn the_flags_alone_do() {
    let config = complete(&[]).unwrap();
    assert_eq!(config.timeout, Duration::from_secs(300));
    let config = saml(config);
    assert_eq!(
        config.capture,
        Capture::Loopback(LoopbackAddress::parse(DEFAULT_LISTEN).unwrap())
    );
    assert_eq!(config.recipient(), DEFAULT_LISTEN);
    assert_eq!(config.clock_skew, SignedDuration::from_secs(180));
    assert_eq!(config.relay_state, RelayStateUse::Auto);
    assert_eq!(config.browser, BrowserChoice::Default);
    assert_eq!(
        config.trust.metadata,
        Some(MetadataSource::File("idp.xml".into()))
    );
}

#[test]
fn all_that_is_missing_is_named_at_once() {
    let missing = |values: &[(Setting, &str)]| match with(values) {
        Err(ConfigError::Missing(settings)) => settings,
        other => panic!("{other:?}"),
    };
    let (acs, link) = (Setting::AcsUrl, Setting::IdpUrl);
    assert_eq!(missing(&[]), [acs, link]);
    assert_eq!(missing(&[(acs, ACS)]), [link]);
    assert_eq!(missing(&[(Setting::Response, "-")]), [acs]);
    let sentence = with(&[]).unwrap_err().to_string();
    assert_eq!(sentence, "a login needs --acs-url and --idp-url");
}

#[test]
fn a_response_that_is_there_needs_no_link_and_names_the_platform_or_the_listener() {
    let pasted = |values: &[(Setting, &str)]| {
        let mut all = vec![(Setting::AcsUrl, ACS), (Setting::IdpCertificate, "idp.pem")];
        all.extend_from_slice(values);
        saml(with(&all).unwrap())
    };
    let config = pasted(&[(Setting::Response, "-")]);
    assert!(matches!(
        &config.capture,
        Capture::Paste {
            source: PasteSource::StandardInput,
            ..
        }
    ));
    assert_eq!(
        (config.recipient(), config.other_recipient()),
        (ACS, Some(DEFAULT_LISTEN))
    );
    let config = pasted(&[
        (Setting::Response, "r.txt"),
        (Setting::Listen, "http://127.0.0.1:9/acs"),
    ]);
    assert_eq!(config.other_recipient(), Some("http://127.0.0.1:9/acs"));
    let config = pasted(&[(Setting::Capture, "paste")]);
    assert!(matches!(
        &config.capture,
        Capture::Paste {
            source: PasteSource::Prompt,
            ..
        }
    ));
}

#[test]
fn values_that_do_not_fit_are_refused_by_their_name() {
    for (setting, value) in [
        (
            Setting::AcsUrl,
            "http://anypoint.mulesoft.com/accounts/login/o/providers/p/receive-id",
        ),
        (Setting::IdpUrl, "javascript:alert(1)"),
        (Setting::IdpMetadata, "http://idp.example/metadata"),
        (Setting::Listen, "http://0.0.0.0:35417/saml/acs"),
        (Setting::Method, "telepathy"),
        (Setting::Store, "cloud"),
        (Setting::Capture, "telepathy"),
        (Setting::RelayState, "maybe"),
        (Setting::Timeout, "soon"),
        (Setting::Timeout, "0"),
        (Setting::Timeout, "25h"),
        (Setting::ClockSkew, "11m"),
        (Setting::ClockSkew, "-1s"),
        (Setting::NoBrowser, "maybe"),
        (Setting::Env, "tcsh"),
        (Setting::Audience, " "),
        (Setting::ExpectUser, "a\nb"),
    ] {
        let refused = complete(&[(setting, value)]);
        assert!(
            matches!(&refused, Err(ConfigError::Value { name, .. }) if *name == setting.flag()),
            "{value}: {refused:?}"
        );
    }
}

#[test]
fn times_have_units() {
    let timeout = |text| {
        complete(&[(Setting::Timeout, text)])
            .unwrap()
            .timeout
            .as_secs()
    };
    assert_eq!(
        (timeout("90"), timeout("90s"), timeout("5m"), timeout("1h")),
        (90, 90, 300, 3600)
    );
}

#[test]
fn the_shell_is_the_named_one() {
    let shell = |text| complete(&[(Setting::Env, text)]).unwrap().hand_out.env;
    assert_eq!(shell("bash"), Some(Shell::Bash));
    assert!(complete(&[(Setting::Env, "tcsh")]).is_err());
}

#[test]
fn a_relay_state_of_the_link_itself_cannot_be_required() {
    let link = (Setting::IdpUrl, "https://idp.example/start?RelayState=x");
    assert!(complete(&[link]).is_ok());
    assert!(matches!(
        complete(&[link, (Setting::RelayState, "require")]),
        Err(ConfigError::Value { .. })
    ));
}

/// What every machine needs to show a browser, whoever runs these tests.
const SEEN: [(&str, &str); 2] = [("DISPLAY", ":0"), ("ANYP_SAML_CHROMIUM_NO_SANDBOX", "1")];

/// The capture chosen on a machine, and why.
fn chosen(
    chromium: Option<&str>,
    variables: &[(&str, &str)],
    values: &[(Setting, &str)],
) -> (&'static str, String) {
    let mut all = vec![
        (Setting::AcsUrl, ACS),
        (Setting::IdpUrl, "https://idp.example/start"),
        (Setting::IdpMetadata, "idp.xml"),
    ];
    all.extend_from_slice(values);
    let config = saml(on(chromium, variables, &all).unwrap());
    (config.capture.name(), config.why_capture)
}

#[test]
#[cfg(unix)]
fn the_capture_is_the_one_asked_for_else_the_one_that_can_be_and_says_why() {
    let chromium = Some("/usr/bin/chromium");
    let listen = (Setting::Listen, "http://127.0.0.1:9/acs");
    for (installed, variables, values, capture, why) in [
        (
            chromium,
            &SEEN[..],
            &[(Setting::Capture, "loopback")][..],
            "loopback",
            "--capture",
        ),
        (
            chromium,
            &[],
            &[(Setting::Capture, "chromium")],
            "chromium",
            "--capture",
        ),
        (chromium, &SEEN, &[listen], "loopback", "--listen"),
        (
            chromium,
            &SEEN,
            &[listen, (Setting::Capture, "chromium")],
            "chromium",
            "--capture",
        ),
        (
            chromium,
            &SEEN,
            &[],
            "chromium",
            "/usr/bin/chromium is there",
        ),
        (None, &SEEN, &[], "loopback", "no Chrome"),
        (chromium, &SEEN[1..], &[], "loopback", "no display"),
        (
            chromium,
            &SEEN[1..],
            &[(Setting::HeadlessFirst, "true")],
            "chromium",
            "is there",
        ),
        (
            chromium,
            &SEEN,
            &[(Setting::NoBrowser, "true")],
            "loopback",
            "--no-browser",
        ),
        (
            chromium,
            &SEEN,
            &[(Setting::Browser, "no-such-browser")],
            "loopback",
            "--browser",
        ),
        (
            chromium,
            &SEEN,
            &[(Setting::Response, "r.txt")],
            "paste",
            "--response",
        ),
    ] {
        let (found, reason) = chosen(installed, variables, values);
        assert_eq!(found, capture, "{values:?}");
        assert!(reason.contains(why), "{values:?}: {reason}");
    }
}

#[test]
#[cfg(unix)]
fn a_browser_of_our_own_is_sent_what_the_platform_expects() {
    let config = on(
        Some("/usr/bin/chromium"),
        &SEEN,
        &[
            (Setting::AcsUrl, ACS),
            (Setting::IdpUrl, "https://idp.example/start"),
            (Setting::IdpMetadata, "idp.xml"),
            (Setting::FreshBrowser, "true"),
        ],
    );
    let config = saml(config.unwrap());
    assert_eq!(config.recipient(), ACS);
    let own = OwnBrowser {
        program: "/usr/bin/chromium".into(),
        is_fresh: true,
        headless_first: false,
    };
    assert_eq!(config.capture, Capture::Chromium(own));
}

#[test]
fn a_browser_of_our_own_must_be_there_and_may_be_used() {
    for values in [
        &[(Setting::Capture, "chromium")][..],
        &[
            (Setting::Capture, "chromium"),
            (Setting::Browser, "no-such-browser"),
        ],
        &[(Setting::Capture, "chromium"), (Setting::NoBrowser, "true")],
        &[(Setting::Capture, "chromium"), (Setting::Response, "-")],
    ] {
        let refused = complete(values);
        assert!(
            matches!(refused, Err(ConfigError::Value { .. })),
            "{values:?}: {refused:?}"
        );
    }
}

#[test]
fn a_login_that_starts_at_the_platform_is_recognised_in_every_capture() {
    let start = "https://anypoint.mulesoft.com/accounts/login/example-org";
    for capture in [
        &[(Setting::Capture, "loopback")][..],
        &[(Setting::Capture, "paste")],
        &[(Setting::Capture, "chromium")],
        &[(Setting::Response, "-")],
    ] {
        let values = [&[(Setting::IdpUrl, start)], capture].concat();
        let refused = complete(&values);
        assert!(
            matches!(refused, Err(ConfigError::StartsAtPlatform)),
            "{refused:?}"
        );
    }
}

/// A login as a connected app, with these variables.
fn app(
    variables: &[(&str, &str)],
    values: &[(Setting, &str)],
) -> Result<ConnectedAppConfig, ConfigError> {
    let values = [&[(Setting::Method, "connected-app")], values].concat();
    match on(None, variables, &values)?.method {
        MethodConfig::ConnectedApp(app) => Ok(app),
        other => panic!("{other:?}"),
    }
}

/// Where its secret comes from.
fn source(app: &ConnectedAppConfig) -> &str {
    match &app.secret {
        SecretSource::StandardInput => "standard input",
        SecretSource::Given(secret) => secret.expose(),
        SecretSource::Kept => "kept",
    }
}

#[test]
fn a_password_login_needs_nothing_but_the_method() {
    let password = |values: &[(Setting, &str)]| {
        let values = [&[(Setting::Method, "password")], values].concat();
        match with(&values).unwrap().method {
            MethodConfig::Password(password) => password,
            other => panic!("{other:?}"),
        }
    };
    let bare = password(&[]);
    assert_eq!(
        (bare.plane.name(), bare.username, bare.from_stdin),
        ("us", None, false)
    );
    let all = password(&[
        (Setting::Plane, "eu"),
        (Setting::Username, "ada"),
        (Setting::SecretStdin, "true"),
    ]);
    assert_eq!((all.plane.name(), all.from_stdin), ("eu", true));
    assert_eq!(all.username.as_deref(), Some("ada"));
    // The ACS URL of a profile tells the plane for every method.
    let acs = ACS.replace("anypoint.", "gov.anypoint.");
    assert_eq!(password(&[(Setting::AcsUrl, &acs)]).plane.name(), "gov");
}

#[test]
fn a_plane_that_the_acs_url_contradicts_is_refused_by_every_method() {
    for method in ["saml", "password", "connected-app"] {
        let values = [
            (Setting::Method, method),
            (Setting::Plane, "eu"),
            (Setting::ClientId, "app"),
        ];
        let refused = complete(&values);
        assert!(
            matches!(&refused, Err(ConfigError::Value { name, .. }) if name == "--plane"),
            "{refused:?}"
        );
    }
}

#[test]
fn an_apps_secret_is_the_one_that_goes_with_its_id() {
    let id = ("ANYPOINT_CLIENT_ID", "app");
    let secret = ("ANYPOINT_CLIENT_SECRET", "s");
    let named = [(Setting::ClientId, "app")];
    let found = |variables: &[(&str, &str)], values: &[(Setting, &str)]| {
        let app = app(variables, values).unwrap();
        (app.client_id.clone(), source(&app).to_owned())
    };
    let expect = |source: &str| ("app".to_owned(), source.to_owned());
    assert_eq!(found(&[id, secret], &[]), expect("s"));
    assert_eq!(found(&[id, secret], &named), expect("s"));
    assert_eq!(found(&[secret], &named), expect("s"));
    assert_eq!(found(&[], &named), expect("kept"));
    assert_eq!(
        found(&[id, ("ANYPOINT_CLIENT_SECRET", "")], &[]),
        expect("kept")
    );
    let other = ("ANYPOINT_CLIENT_ID", "other");
    assert_eq!(found(&[other, secret], &named), expect("kept"));
    let stdin = [named[0], (Setting::SecretStdin, "true")];
    assert_eq!(found(&[id, secret], &stdin), expect("standard input"));
    let missing = app(&[secret], &[]);
    assert!(matches!(missing, Err(ConfigError::Missing(all)) if all == [Setting::ClientId]));
    let user = app(&[], &[named[0], (Setting::ExpectUser, "ada")]);
    assert!(matches!(user, Err(ConfigError::Value { name, .. }) if name == "--expect-user"));
}

#[test]
fn the_environment_names_no_app_where_a_profile_says_who_signs_in() {
    let variable = |name: &str| (name == "ANYPOINT_CLIENT_ID").then(|| OsString::from("stranger"));
    let machine = Machine {
        variable: &variable,
        chromium: None,
    };
    let mut profile = Layer::default();
    profile.text(Setting::Method, Some("connected-app".into()));
    let layers = Layers::new(Layer::default(), Layer::default(), profile).unwrap();
    let refused = resolve("ci".into(), &layers, &machine);
    assert!(matches!(refused, Err(ConfigError::Missing(all)) if all == [Setting::ClientId]));
}
