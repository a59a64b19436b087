//! A platform that refuses, hangs, lies or is not there: one request, the cause in words, no secret anywhere.

use super::super::support::hostile::HOSTILE;
use super::super::support::peer::{Peer, read_head};
use super::super::support::scene::secrets_of_response;
use super::super::support::world::Ended;
use super::super::support::{Browser, Scene, free_port};
use anyp_saml::demo::platform::{Answer, Route};
use anyp_saml::demo::response::ResponseOptions;
use anyp_saml::loopback::Response;
use serde_json::json;
use std::io::Write;

/// A login with a good response at the scene's platform, or at another address. Nothing of the response is shown, and
/// nothing is kept.
fn fails(scene: &Scene, more: &[&str], code: i32) -> Ended {
    let response = scene.response(&ResponseOptions::default());
    let secrets = secrets_of_response(&response);
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    let ended = scene
        .hand_in(response.as_bytes(), &[&["-v"], more].concat())
        .code(code)
        .hides(&secrets);
    assert_eq!(ended.stdout, "");
    scene.world.assert_no_file_holds(&secrets, |_| false);
    scene.world.run(&["token"]).code(3);
    ended
}

#[test]
fn a_status_is_shown_with_what_to_do() {
    for (status, says) in [
        (401, "letter for letter"),
        (403, "username and email"),
        (404, "Access Management"),
        (429, "Wait a minute"),
        (500, "own trouble"),
        (503, "own trouble"),
    ] {
        let scene = Scene::set();
        scene
            .demo
            .platform
            .say(Route::Exchange, Some(Answer::status(status)));
        fails(&scene, &[], 5).says(&[&status.to_string(), says, "a test wants this"]);
        assert_eq!(scene.exchanges(), 1, "{status}");
    }
}

#[test]
fn the_words_of_a_refusal_cannot_steer_the_terminal() {
    let scene = Scene::set();
    let message = "\u{1b}[2J\u{9b}31mgone\u{202e}\r\nfake line";
    scene.demo.platform.say(
        Route::Exchange,
        Some(Answer::json(401, &json!({ "message": message }))),
    );
    let ended = fails(&scene, &[], 5);
    for character in ['\u{1b}', '\u{9b}', '\u{202e}', '\r'] {
        assert!(!ended.stderr.contains(character), "{character:?}: {ended}");
    }
    assert!(
        !ended
            .stderr
            .lines()
            .any(|line| line.starts_with("fake line")),
        "{ended}"
    );
}

#[test]
fn a_redirect_is_an_error_and_nobody_is_asked_behind_it() {
    for status in [301, 302, 303, 307, 308] {
        let scene = Scene::set();
        let elsewhere = Peer::start(|_| ());
        let location = format!("http://{}/take", elsewhere.authority());
        scene
            .demo
            .platform
            .say(Route::Exchange, Some(Answer::redirect(status, &location)));
        fails(&scene, &[], 5).says(&["edirect"]);
        assert_eq!(scene.exchanges(), 1);
        assert_eq!(elsewhere.connections(), 0, "{status}");
    }
}

#[test]
fn a_platform_that_hangs_is_left_in_time_and_not_asked_again() {
    let scene = Scene::set();
    scene.demo.platform.say(Route::Exchange, Some(Answer::Hang));
    fails(&scene, &["--platform-timeout", "1s"], 6).says(&["sign in again"]);
    assert_eq!(scene.exchanges(), 1);
}

#[test]
fn a_token_that_is_none_is_neither_shown_nor_kept() {
    let scene = Scene::set();
    let long = "x".repeat(4097);
    let others = ["8c4b\0", "8c4b\nANYPOINT_HOST=evil", "8c4b=x", "=", &long];
    let texts = HOSTILE.iter().skip(1).chain(&others);
    let json = |token| json!({ "access_token": token, "token_type": "bearer" }).to_string();
    let not_utf8 = b"{\"access_token\": \"8c4b\xff\"}".to_vec();
    let bodies = texts
        .filter(|&&token| token != "-n")
        .map(|&token| (token, json(token).into_bytes()))
        .chain([("8c4b", not_utf8)]);
    for (token, body) in bodies {
        let answer = Answer::Fixed(Response::new(200, "application/json", body));
        scene.demo.platform.say(Route::Exchange, Some(answer));
        let ended = fails(&scene, &[], 5);
        let is_shown = token.len() > 3 && ended.stderr.contains(token);
        assert!(!is_shown, "{token:?}: {ended}");
    }
    assert!(!std::path::Path::new("/tmp/anyp-saml-was-here").exists());
}

#[test]
fn an_answer_without_a_token_is_said_to_have_none() {
    let page = || Response::new(200, "text/html", "<title>Log in</title>");
    for answer in [
        Answer::json(200, &json!({ "redirectUrl": "/home/" })),
        Answer::json(200, &json!({ "access_token": 7 })),
        Answer::json(200, &json!([])),
        Answer::Fixed(page()),
        Answer::Fixed(Response::empty(204)),
        Answer::Fixed(Response::new(200, "application/json", vec![b' '; 1 << 20])),
    ] {
        let scene = Scene::set();
        scene.demo.platform.say(Route::Exchange, Some(answer));
        fails(&scene, &[], 5);
        assert_eq!(scene.exchanges(), 1);
    }
}

/// The ACS address of a platform at this authority.
fn acs_url(scheme: &str, authority: &str) -> String {
    format!("{scheme}://{authority}/accounts/login/harbour-hale/providers/1/receive-id")
}

#[test]
fn a_body_or_head_without_end_is_left() {
    let declared =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10737418240\r\n\r\n";
    for head in [
        declared,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: ",
    ] {
        let scene = Scene::set();
        let peer = Peer::endless(head, b'a');
        fails(
            &scene,
            &["--acs-url", &acs_url("http", peer.authority())],
            5,
        );
        assert_eq!(peer.connections(), 1, "{head}");
    }
}

#[test]
fn a_connection_that_breaks_is_said_to_and_not_tried_again() {
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        "SSH-2.0-OpenSSH_9.9\r\n",
    ] {
        let scene = Scene::set();
        let peer = Peer::start(move |mut stream| {
            read_head(&mut stream);
            let _ = stream.write_all(answer.as_bytes());
        });
        fails(
            &scene,
            &["--acs-url", &acs_url("http", peer.authority())],
            5,
        );
        assert_eq!(peer.connections(), 1, "{answer:?}");
    }
}

#[test]
fn a_platform_that_is_not_there_is_said_not_to_be() {
    let scene = Scene::set();
    let nobody = format!("127.0.0.1:{}", free_port());
    fails(&scene, &["--acs-url", &acs_url("http", &nobody)], 5).says(&[&nobody]);
}

#[test]
fn a_platform_without_tls_where_https_is_asked_for_gets_nothing() {
    let scene = Scene::set();
    let peer = Peer::start(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    });
    // An authority of our own, so that a machine without any shows the same.
    let bundle = scene.world.file(
        "authority.pem",
        scene.demo.identity_provider.certificate_pem(),
    );
    let more = [
        "--acs-url",
        &acs_url("https", peer.authority()),
        "--ca-bundle",
        bundle.to_str().unwrap(),
    ];
    fails(&scene, &more, 5).says(&["TLS"]);
    assert_eq!(peer.connections(), 1);
}

#[test]
fn plain_http_to_another_machine_is_no_configuration() {
    let scene = Scene::set();
    fails(
        &scene,
        &["--acs-url", &acs_url("http", "anypoint.mulesoft.com")],
        2,
    )
    .says(&["https"]);
}

#[test]
fn the_page_in_the_browser_tells_that_the_platform_refused() {
    let scene = Scene::set();
    scene
        .demo
        .platform
        .say(Route::Exchange, Some(Answer::status(403)));
    let (ended, page) = scene.log_in(&Browser::default(), &[]);
    ended.code(5);
    let text = page.text();
    assert!(text.contains("The sign-in failed"), "{text}");
    assert!(text.contains("the platform gave no token"), "{text}");
    assert_eq!(scene.exchanges(), 1);
}

#[test]
fn an_interruption_ends_the_wait_for_the_platform_in_good_order() {
    let scene = Scene::set();
    scene.demo.platform.say(Route::Exchange, Some(Answer::Hang));
    let login = scene.start(&[]);
    let browser = Browser::default();
    let form = browser.sign_in(&login.link);
    assert_eq!(browser.deliver(&form).status, 303);
    while scene.exchanges() == 0 {
        std::thread::yield_now();
    }
    login.running.interrupt();
    login
        .running
        .end()
        .code(130)
        .says(&["interrupted", "used up"]);
    assert_eq!(scene.exchanges(), 1);
}

#[test]
fn metadata_that_cannot_be_fetched_is_trouble_of_the_network() {
    let scene = Scene::set();
    let nobody = format!("http://127.0.0.1:{}/metadata", free_port());
    let arguments = scene.arguments(&["--idp-metadata", &nobody]);
    scene
        .world
        .run(&arguments)
        .code(5)
        .says(&["metadata", "refuses the connection", "FILE"]);
}
