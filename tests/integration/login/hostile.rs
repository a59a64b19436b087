//! Everything else that knocks at the listener: a login survives it, and the platform hears of the one good post alone.

use super::super::support::browser::{ResponseForm, raw};
use super::super::support::{Browser, Scene};
use anyp_saml::encoding::base64;
use std::io::Write;
use std::net::TcpStream;
use std::thread;

/// One request, byte for byte, with a word on what it tries.
type Attempt = (&'static str, Vec<u8>);

/// A request's head and body with the length between them.
fn posted(head: &str, body: &str) -> Vec<u8> {
    format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

/// More than fifty requests that are no answer of an identity provider, most of which carry its good response.
fn attempts(authority: &str, form: &ResponseForm) -> Vec<Attempt> {
    let good = form.body();
    let port = authority.rsplit(':').next().unwrap();
    let post = |host: &str, fields: &str, body: &str| {
        posted(
            &format!("POST /saml/acs HTTP/1.1\r\nHost: {host}\r\n{fields}"),
            body,
        )
    };
    let mut attempts: Vec<Attempt> = Vec::new();

    for host in [
        "evil.example",
        "127a0.0.1",
        "localhost",
        "notlocalhost",
        "127.1",
        "0x7f.1",
        "2130706433",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
        "127.0.0.1.",
        "127.0.0.1.example.com",
        "username@127.0.0.1",
    ] {
        attempts.push((
            "Host of another",
            post(&format!("{host}:{port}"), FORM, &good),
        ));
    }
    attempts.push(("Host without a port", post("127.0.0.1", FORM, &good)));
    let list = format!("{authority}, {authority}");
    attempts.push(("Host as a list", post(&list, FORM, &good)));
    attempts.push((
        "two Hosts",
        post(authority, &format!("Host: {authority}\r\n{FORM}"), &good),
    ));
    attempts.push((
        "no Host",
        posted(&format!("POST /saml/acs HTTP/1.1\r\n{FORM}"), &good),
    ));
    let absolute =
        format!("POST http://evil.example/saml/acs HTTP/1.1\r\nHost: {authority}\r\n{FORM}");
    attempts.push(("absolute form", posted(&absolute, &good)));

    for (what, fields) in [
        (
            "script without cors",
            "Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: empty\r\n",
        ),
        (
            "script with cors",
            "Sec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n",
        ),
        (
            "frame",
            "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n",
        ),
        (
            "embedded object",
            "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: object\r\n",
        ),
        ("origin of another", "Origin: https://evil.example\r\n"),
        ("origin of another port", "Origin: http://127.0.0.1:1\r\n"),
    ] {
        attempts.push((what, post(authority, &format!("{fields}{FORM}"), &good)));
    }

    for kind in [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/json",
        "",
        "application/xml",
    ] {
        attempts.push((
            "another content type",
            post(authority, &format!("Content-Type: {kind}\r\n"), &good),
        ));
    }
    attempts.push(("no content type", post(authority, "", &good)));

    for method in [
        "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "post",
    ] {
        let head = format!("{method} /saml/acs HTTP/1.1\r\nHost: {authority}\r\n{FORM}");
        attempts.push(("another method", posted(&head, &good)));
    }
    for path in [
        "/",
        "/saml/acs/",
        "/saml/ACS",
        "/saml/../saml/acs",
        "/saml/acs%2f",
        "//saml/acs",
        "/done",
    ] {
        let head = format!("POST {path} HTTP/1.1\r\nHost: {authority}\r\n{FORM}");
        attempts.push(("another path", posted(&head, &good)));
    }
    let in_query = format!("GET /saml/acs?{good} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
    attempts.push(("response in the query", in_query.into_bytes()));

    for (what, body) in [
        ("nothing", String::new()),
        ("response twice", format!("{good}&{good}")),
        ("no response", "RelayState=x".to_owned()),
        ("artifact", "SAMLart=AAQAAMh48".to_owned()),
        ("request", "SAMLRequest=PHg%2BPC94Pg%3D%3D".to_owned()),
        ("bad percent", "SAMLResponse=%zz".to_owned()),
        ("no base64", "SAMLResponse=hello%20there".to_owned()),
        ("encoded twice", good.replace('%', "%25")),
        ("no XML", "SAMLResponse=aGVsbG8%3D".to_owned()),
        ("another root", "SAMLResponse=PHg%2BPC94Pg%3D%3D".to_owned()),
        ("many fields", format!("{}{good}", "a=b&".repeat(50))),
    ] {
        attempts.push((what, post(authority, FORM, &body)));
    }

    let head = format!("POST /saml/acs HTTP/1.1\r\nHost: {authority}\r\n{FORM}");
    let chunked = format!(
        "{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{good}\r\n0\r\n\r\n",
        good.len()
    );
    attempts.push(("chunked", chunked.into_bytes()));
    attempts.push((
        "length and chunked",
        posted(&format!("{head}Transfer-Encoding: chunked\r\n"), &good),
    ));
    attempts.push((
        "two lengths",
        posted(&format!("{head}Content-Length: 1\r\n"), &good),
    ));
    attempts.push((
        "a huge length",
        format!("{head}Content-Length: 2147483648\r\n\r\n").into_bytes(),
    ));
    attempts.push((
        "a negative length",
        format!("{head}Content-Length: -1\r\n\r\n{good}").into_bytes(),
    ));
    attempts.push(("no length", format!("{head}\r\n").into_bytes()));
    attempts.push((
        "bare line feeds",
        String::from_utf8(post(authority, FORM, &good))
            .unwrap()
            .replace("\r\n", "\n")
            .into(),
    ));
    attempts.push((
        "a folded field",
        posted(&format!("{head}X: a\r\n b\r\n"), &good),
    ));
    attempts.push(("a NUL", posted(&format!("{head}X: a\0b\r\n"), &good)));
    attempts.push((
        "a long field",
        posted(&format!("{head}X: {}\r\n", "a".repeat(20_000)), &good),
    ));
    attempts.push((
        "many fields in the head",
        posted(&format!("{head}{}", "X: a\r\n".repeat(100)), &good),
    ));
    let long = format!(
        "GET /{} HTTP/1.1\r\nHost: {authority}\r\n\r\n",
        "a".repeat(5000)
    );
    attempts.push(("a long target", long.into_bytes()));
    attempts.push(("HTTP/0.9", b"GET /saml/acs\r\n\r\n".to_vec()));
    attempts.push(("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()));
    attempts.push((
        "TLS",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(),
    ));
    attempts
}

#[test]
fn more_than_fifty_hostile_requests_before_the_good_one_change_nothing() {
    let scene = Scene::set();
    let login = scene.start(&[]);
    let browser = Browser::default();
    let form = browser.sign_in(&login.link);
    let authority = authority(&form);
    let attempts = attempts(&authority, &form);
    assert!(attempts.len() > 50, "{}", attempts.len());
    for (what, bytes) in &attempts {
        let answer = String::from_utf8_lossy(&raw(&authority, bytes)).into_owned();
        // HTTP/0.9 and the like need no answer; what is answered is refused.
        let status = answer.split(' ').nth(1).unwrap_or("400");
        assert!(status.starts_with(['4', '5']), "{what}: {answer}");
        assert!(
            !answer.to_ascii_lowercase().contains("access-control-"),
            "{what}: {answer}"
        );
        if !answer.is_empty() {
            let lower = answer.to_ascii_lowercase();
            for header in [
                "content-security-policy:",
                "x-content-type-options: nosniff",
                "cache-control: no-store",
            ] {
                assert!(lower.contains(header), "{what} lacks {header}: {answer}");
            }
        }
    }
    assert_eq!(scene.exchanges(), 0);
    browser.finish(&form);
    login.running.end().code(0);
    assert_eq!(scene.exchanges(), 1);
}

#[test]
fn slow_connections_do_not_keep_the_good_one_out() {
    let scene = Scene::set();
    let login = scene.start(&[]);
    let browser = Browser::default();
    let form = browser.sign_in(&login.link);
    let authority = authority(&form);
    let slow: Vec<TcpStream> = (0..16)
        .map(|_| {
            let mut stream = TcpStream::connect(&authority).unwrap();
            stream
                .write_all(b"POST /saml/acs HTTP/1.1\r\nHost: 127")
                .unwrap();
            stream
        })
        .collect();
    browser.finish(&form);
    login.running.end().code(0);
    drop(slow);
    assert_eq!(scene.exchanges(), 1);
}

#[test]
fn too_many_bad_posts_end_the_wait() {
    let scene = Scene::set();
    let login = scene.start(&[]);
    let browser = Browser::default();
    let form = browser
        .sign_in(&login.link)
        .with("SAMLResponse", Some("PHg+PC94Pg=="));
    for post in 1..=51 {
        let page = browser.deliver(&form);
        assert_eq!(page.status, 400, "{post}: {}", page.text());
    }
    login.running.end().code(4).says(&["too many"]);
    assert_eq!(scene.exchanges(), 0);
}

#[test]
fn what_scripts_send_never_ends_the_wait_and_is_told_once_per_kind() {
    let scene = Scene::set();
    let login = scene.start(&[]);
    let browser = Browser::default();
    let form = browser.sign_in(&login.link);
    let authority = authority(&form);
    let post = |fields: &str| {
        let head = format!("POST /saml/acs HTTP/1.1\r\nHost: {authority}\r\n{FORM}{fields}");
        posted(&head, &form.body())
    };
    let in_query = format!("GET /saml/acs?x HTTP/1.1\r\nHost: {authority}\r\n\r\n");
    for (status, request, what) in [
        (
            "403",
            post("Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: empty\r\n"),
            "no-cors",
        ),
        (
            "403",
            post("Origin: https://evil.example\r\n"),
            "evil.example",
        ),
        ("400", in_query.into_bytes(), "query"),
    ] {
        for attempt in 1..=60 {
            let answer = String::from_utf8_lossy(&raw(&authority, &request)).into_owned();
            let expected = format!("HTTP/1.1 {status} ");
            assert!(answer.starts_with(&expected), "{what} {attempt}: {answer}");
        }
    }
    browser.finish(&form);
    let ended = login.running.end().code(0);
    for code in ["REQ-FETCH", "REQ-ORIGIN", "REQ-QUERY"] {
        assert_eq!(ended.stderr.matches(code).count(), 1, "{code}:\n{ended}");
    }
    assert_eq!(scene.exchanges(), 1);
}

#[test]
#[cfg(target_os = "linux")]
fn sixteen_large_posts_at_once_take_little_memory_and_the_good_one_goes_through() {
    let scene = Scene::set();
    let login = scene.start(&[]);
    let browser = Browser::default();
    let form = browser.sign_in(&login.link);
    let xml = format!(
        "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\">{}</samlp:Response>",
        "a".repeat(1_040_000)
    );
    let large = form.with("SAMLResponse", Some(&base64(xml.as_bytes())));
    assert!(large.body().len() > 1_380_000);
    // What the first ones leave behind counts as well.
    for _ in 0..2 {
        let senders: Vec<_> = (0..16)
            .map(|_| {
                let large = large.clone();
                thread::spawn(move || Browser::default().deliver(&large).status)
            })
            .collect();
        for sender in senders {
            assert_eq!(sender.join().unwrap(), 400);
        }
    }
    let peak = peak_kilobytes(login.running.id());
    assert!(peak < 64 * 1024, "{peak} kB");
    browser.finish(&form);
    login.running.end().code(0);
    assert_eq!(scene.exchanges(), 1);
}

/// The most memory that a process has had at any time.
#[cfg(target_os = "linux")]
fn peak_kilobytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn authority(form: &ResponseForm) -> String {
    let rest = form.action.strip_prefix("http://").unwrap();
    rest.split('/').next().unwrap().to_owned()
}
