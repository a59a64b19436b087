//! The chromium capture, whole: `login` with a real Chromium of its own, at pages that post as identity providers do.
//!
//! Where a window would be shown, Chromium draws it nowhere (`--ozone-platform=headless`): for the program, and for the
//! page, that is a browser with a window.

mod stage;

use super::support::processes::{Processes, Witness, assert_ends, children};
use super::support::scene::secrets_of_response;
use super::support::secrets::assert_absent;
use anyp_saml::demo::platform::Route;
use stage::{Stage, post_form};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn a_response_that_is_addressed_to_the_platform_ends_in_a_kept_token() {
    let Some(stage) = Stage::set() else { return };
    let response = stage.response(&[]);
    stage.page("/start", &post_form(&stage.acs, &response));
    let login = stage.start(&["--headless-first"]);
    let witness = Witness::of(login.id());
    let ended = login.end().code(0);
    let token = stage.token();
    let mut secrets = secrets_of_response(&response);
    secrets.push(token.clone());
    let secrets: Vec<_> = secrets.iter().map(String::as_str).collect();
    let told = witness.told();
    assert!(
        told.iter()
            .any(|(_, text)| text.contains("--user-data-dir"))
    );
    for (_, text) in told {
        assert_absent("a process", text.as_bytes(), &secrets);
    }
    let ended = ended
        .hides(&secrets)
        .says(&["capture chromium (--capture)", "Signed in as"]);
    // Left out only where there is no other way.
    let is_told = ended.stderr.contains("without its sandbox");
    assert_eq!(is_told, stage::is_root(), "{ended}");
    assert_eq!(ended.stdout, "");
    assert_eq!(stage.world.run(&["token"]).stdout, format!("{token}\n"));
    assert_eq!(stage.platform.requests(Route::Exchange), 1);
    Processes::of(&stage.profile()).assert_ended();
    stage.world.assert_no_file_holds(&secrets[..1], |_| false);
}

#[test]
fn a_response_of_400_kb_arrives_whole() {
    let Some(stage) = Stage::set() else { return };
    let groups: Vec<_> = (0..3000)
        .map(|number| {
            let group =
                format!("cn=group-{number:05},ou=departments,ou=groups,dc=harbour-hale,dc=example");
            (format!("group-{number}"), group)
        })
        .collect();
    let response = stage.response(&groups);
    assert!(response.len() > 400_000, "{}", response.len());
    stage.page("/start", &post_form(&stage.acs, &response));
    stage.log_in(&["--headless-first"]).code(0);
    assert_eq!(stage.platform.requests(Route::Exchange), 1);
}

#[test]
fn the_post_of_a_new_tab_is_taken() {
    for opener in [
        "<script>window.open('/post')</script>",
        "<a id=tile href=/post target=_blank rel=noopener>Anypoint</a><script>tile.click()</script>",
    ] {
        let Some(stage) = Stage::set() else { return };
        stage.page("/start", opener);
        stage.page("/post", &post_form(&stage.acs, &stage.response(&[])));
        stage.log_in(&[]).code(0);
        assert_eq!(stage.platform.requests(Route::Exchange), 1);
    }
}

#[test]
fn the_post_of_a_redirect_that_keeps_it_is_taken() {
    let Some(stage) = Stage::set() else { return };
    stage.page("/start", &post_form("/broker", &stage.response(&[])));
    stage.redirect("/broker", 307, &stage.acs);
    stage.log_in(&["--headless-first"]).code(0);
    assert_eq!(stage.platform.requests(Route::Exchange), 1);
}

#[test]
fn what_only_looks_like_the_post_is_left_alone() {
    let Some(stage) = Stage::set() else { return };
    let acs = &stage.acs;
    let form = |name: &str, action: &str, target: &str| {
        format!(
            "<form id={name} method=post action='{action}' target={target}>\
             <input name=SAMLResponse value=QUJDRA></form><script>{name}.submit()</script>"
        )
    };
    let elsewhere = stage.acs_at_another_port();
    stage.page(
        "/start",
        &[
            "<iframe name=frame></iframe>".to_owned(),
            form("inside", acs, "frame"),
            form("path", &format!("{acs}/"), "one"),
            form("name", &acs.replace("receive-id", "receive-ids"), "two"),
            form("query", &format!("{acs}?x=1"), "three"),
            form("port", &elsewhere, "four"),
            format!("<a id=get href='{acs}' target=five></a><script>get.click()</script>"),
            format!(
                "<script>
                 const body = new URLSearchParams({{SAMLResponse: 'QUJDRA'}});
                 fetch('{acs}', {{method: 'POST', mode: 'no-cors', body}});
                 navigator.sendBeacon('{acs}', body);
                 setTimeout(() => location = '/post', 3000);
                 </script>"
            ),
        ]
        .concat(),
    );
    stage.page("/post", &post_form(acs, &stage.response(&[])));
    let ended = stage.log_in(&["-v"]).code(0);
    assert!(!ended.stderr.contains("was refused"), "{ended}");
    // Ours, and what went on as its page had meant it: from the frame, with a query, by GET, and by script twice.
    assert_eq!(stage.platform.requests(Route::Exchange), 6, "{ended}");
    assert_eq!(stage.asked(&elsewhere), 1);
}

#[test]
fn a_response_that_names_the_loopback_address_is_refused_and_the_page_says_so() {
    let Some(stage) = Stage::set() else { return };
    let listen = "http://127.0.0.1:35417/saml/acs";
    let response = stage.response_to(listen, &[]);
    stage.page("/start", &post_form(&stage.acs, &response));
    stage.log_in(&["--headless-first"]).code(4).says(&[
        "it is addressed to another receiver",
        listen,
        &stage.acs,
    ]);
    assert_eq!(stage.platform.requests(Route::Exchange), 0);
}

#[test]
fn a_session_that_lasts_needs_no_window_and_one_that_does_not_gets_one() {
    let Some(stage) = Stage::set() else { return };
    // Asks for a password, which nobody types where there is no window. The cookie ends with the browser.
    let ask = "<script>
        if (!navigator.userAgent.includes('Headless')) {
            document.cookie = 'session=1; path=/';
            location = '/start';
        }
        </script>";
    let log_in = |more: &[&str]| {
        let post = post_form(&stage.acs, &stage.response(&[]));
        stage.page_for_cookie("/start", "session=1", &post, ask);
        stage.log_in(&[&["--headless-first"], more].concat())
    };
    log_in(&[]).code(0).says(&[
        "without a window",
        "asks for something",
        "in a window of its own",
    ]);
    let started = Instant::now();
    let second = log_in(&[]).code(0);
    assert!(!second.stderr.contains("asks for something"), "{second}");
    eprintln!("a second login without a window: {:?}", started.elapsed());

    log_in(&["--fresh-browser"])
        .code(0)
        .says(&["asks for something"]);
    let forget = || stage.world.run(&["logout", "--browser"]).code(0);
    forget().says(&["browser profile is forgotten"]);
    assert!(!stage.profile().exists());
    log_in(&[]).code(0).says(&["asks for something"]);
    forget();
    forget().says(&["No browser profile"]);
}

#[test]
fn the_browser_ends_soon_after_the_verdict_was_seen() {
    let Some(stage) = Stage::set() else { return };
    stage.page("/start", &post_form(&stage.acs, &stage.response(&[])));
    let mut login = stage.start(&[]);
    login.hear("Next: ");
    let told = Instant::now();
    let browser = Processes::of(&stage.profile());
    assert!(!browser.alive().is_empty(), "the page is still to be seen");
    login.end().code(0);
    assert!(told.elapsed() > Duration::from_millis(900));
    browser.assert_ended();
}

#[test]
fn a_browser_that_is_closed_ends_the_wait() {
    let Some(stage) = Stage::set() else { return };
    stage.page("/start", "sign in here");
    let mut login = stage.start(&[]);
    login.hear("Ctrl-C");
    stage.wait_for_visit("/start");
    let browser = Processes::of(&stage.profile());
    browser.terminate();
    login
        .end()
        .code(6)
        .says(&["the browser was closed before the sign-in ended"]);
    browser.assert_ended();
}

#[test]
fn ctrl_c_ends_the_browser_too() {
    let Some(stage) = Stage::set() else { return };
    stage.page("/start", "sign in here");
    for more in [&[][..], &["--fresh-browser"]] {
        let mut login = stage.start(more);
        login.hear("Ctrl-C");
        stage.wait_for_visit("/start");
        let browser = Processes::of(&stage.profiles());
        assert!(!browser.alive().is_empty());
        login.interrupt();
        login.end().code(130);
        browser.assert_ended();
        assert_eq!(stage.fresh_profiles(), Vec::<String>::new());
    }
}

#[test]
fn a_killed_login_leaves_no_browser() {
    let Some(stage) = Stage::set() else { return };
    stage.page("/start", "sign in here");
    // From before there is a browser, over its own start, to a page that waits for somebody.
    for delay in [0, 30, 100, 300, 700, 1500, 4000] {
        for more in [&["--fresh-browser"][..], &[]] {
            let login = stage.start(more);
            thread::sleep(Duration::from_millis(delay));
            // Stopped first, so that it starts nothing between the look at what it has started and its end.
            login.signal("-STOP");
            let keepers = children(login.id());
            login.kill();
            keepers.into_iter().for_each(assert_ends);
            Processes::of(&stage.profiles()).assert_ended();
            assert_eq!(stage.fresh_profiles(), Vec::<String>::new(), "{delay} ms");
        }
    }
    // What is kept is as good as before.
    stage.page("/start", &post_form(&stage.acs, &stage.response(&[])));
    stage.log_in(&["--headless-first"]).code(0);
}

#[test]
fn the_browser_listens_nowhere_and_is_told_no_secret() {
    let Some(stage) = Stage::set() else { return };
    let stage = stage
        .with("ANYPOINT_BEARER", "a-bearer-token")
        .with("ANYPOINT_PASSWORD", "a-password");
    stage.page("/start", "sign in here");
    let mut login = stage.start(&[]);
    login.hear("Ctrl-C");
    stage.wait_for_visit("/start");
    let browser = Processes::of(&stage.profile());
    assert!(!browser.alive().is_empty());
    assert_eq!(browser.listening(), Vec::<String>::new());
    for text in browser
        .command_lines()
        .iter()
        .chain(&browser.environments())
    {
        for secret in [
            "a-bearer-token",
            "a-password",
            "RelayState",
            "anyp-saml-",
            "debugging-port",
        ] {
            assert!(!text.contains(secret), "{secret:?} in {text}");
        }
    }
    assert!(
        !browser.command_lines().concat().contains(&stage.pages),
        "the link is not told everybody"
    );
    login.interrupt();
    login.end().code(130);
}

#[test]
fn a_profile_is_one_logins_at_a_time_and_the_users_alone() {
    let Some(stage) = Stage::set() else { return };
    stage.page("/start", "sign in here");
    let mut login = stage.start(&[]);
    login.hear("Ctrl-C");
    stage.wait_for_visit("/start");
    stage
        .log_in(&[])
        .code(1)
        .says(&["another browser runs with the profile", "--fresh-browser"]);
    stage.world.run(&["logout", "--browser"]).code(1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for directory in [stage.profile(), stage.profiles()] {
            let mode = directory.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{}", directory.display());
        }
    }
    login.interrupt();
    login.end().code(130);
}

#[test]
fn a_page_that_cannot_be_opened_is_told() {
    let Some(stage) = Stage::set() else { return };
    stage
        .log_in(&[
            "--idp-url",
            "https://nowhere.invalid/start",
            "--timeout",
            "8s",
        ])
        .code(6)
        .says(&["could not be opened: net::ERR_", "no response came in time"]);
}

#[test]
fn a_program_that_is_no_chromium_is_told_apart() {
    let Some(stage) = Stage::set() else { return };
    stage
        .log_in(&["--browser", "/bin/true"])
        .code(1)
        .says(&["ended at once", "--browser names another one"]);
    stage
        .log_in(&["--browser", "no-such-browser"])
        .code(2)
        .says(&["there is no such program"]);
}

#[test]
fn root_has_to_say_it_in_words() {
    let Some(stage) = Stage::set() else { return };
    if !stage::is_root() {
        return;
    }
    let stage = stage.with("ANYP_SAML_CHROMIUM_NO_SANDBOX", "yes");
    stage
        .log_in(&[])
        .code(2)
        .says(&["does not run as root", "ANYP_SAML_CHROMIUM_NO_SANDBOX=1"]);
    assert!(!Path::new(&stage.profiles()).exists(), "nothing was begun");
}

#[test]
fn without_a_display_there_is_no_window() {
    let Some(stage) = Stage::set() else { return };
    let stage = stage.with("DISPLAY", "");
    stage
        .log_in(&[])
        .code(1)
        .says(&["no display", "--headless-first"]);
    stage.page("/start", "sign in here");
    stage
        .log_in(&["--headless-first"])
        .code(1)
        .says(&["asks for something", "no display"]);
}

#[test]
fn a_doctor_finds_the_browser_and_its_version() {
    let Some(stage) = Stage::set() else { return };
    let ended = stage.check();
    let line = ended
        .stdout
        .lines()
        .find(|line| line.contains("  chromium  "));
    let version = line
        .and_then(|line| line.split(", ").nth(1))
        .unwrap_or_default();
    let is_version = version
        .split([' ', '.'])
        .any(|word| word.parse::<u32>().is_ok_and(|number| number > 99));
    assert!(is_version, "{ended}");
    // It was asked, and not started.
    assert!(!stage.profiles().exists());
}
