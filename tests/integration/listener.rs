//! The listener against strangers: what the gate refuses, what it withstands, and that a good post still gets through.
//!
//! Everything goes over raw sockets, so that no client library repairs a request before it is sent.

use super::support::skip::skipped;
use anyp_saml::acs::{Listener, MOST_BAD_POSTS, Page, ReceiveError, RelayState, Rules, Warning};
use anyp_saml::address::LoopbackAddress;
use anyp_saml::loopback::BindError;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Generous: a busy machine is no failure, only a hang is.
const PATIENCE: Duration = Duration::from_secs(30);

const BODY: &str = "SAMLResponse=PGEvPg%3D%3D";

struct Answer {
    head: String,
    body: String,
}

impl Answer {
    fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.head.lines().filter_map(|line| {
            let (field, value) = line.split_once(": ")?;
            field.eq_ignore_ascii_case(name).then_some(value)
        });
        let value = values.next();
        assert!(values.next().is_none(), "{name} twice in {}", self.head);
        value
    }
}

/// A listener on a free port with no demands on the RelayState.
fn listener() -> (Listener, SocketAddr) {
    for _ in 0..20 {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        if let Ok(listener) = listener_at(&format!("http://127.0.0.1:{port}/saml/acs")) {
            return (listener, SocketAddr::from(([127, 0, 0, 1], port)));
        }
    }
    panic!("no free port");
}

fn listener_at(address: &str) -> Result<Listener, BindError> {
    let address = LoopbackAddress::parse(address).unwrap();
    let rules = Rules::new(&address, Vec::new(), RelayState::Off);
    Listener::bind(&address, rules)
}

fn connect(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.set_write_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// Reads to the end, which every answer is followed by.
fn read(mut socket: &TcpStream) -> Option<Answer> {
    let mut bytes = Vec::new();
    let result = socket.read_to_end(&mut bytes);
    if bytes.is_empty() {
        return None;
    }
    result.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    Some(Answer {
        head: head.to_owned(),
        body: body.to_owned(),
    })
}

fn ask(address: SocketAddr, request: impl AsRef<[u8]>) -> Answer {
    let mut socket = connect(address);
    socket.write_all(request.as_ref()).unwrap();
    read(&socket).expect("an answer")
}

fn get(address: SocketAddr, path: &str) -> Answer {
    ask(
        address,
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n"),
    )
}

fn post(address: SocketAddr, more: &str, body: &str) -> String {
    format!(
        "POST /saml/acs HTTP/1.1\r\nHost: {address}\r\nOrigin: null\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n{more}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Runs a whole good login against the listener and gives what the browser saw: the status of the post, the page.
fn log_in(listener: Listener, address: SocketAddr) -> (u16, Answer) {
    let browser = thread::spawn(move || {
        let posted = ask(address, post(address, "", BODY));
        assert_eq!(posted.header("Location"), Some("/done"));
        (posted.status(), get(address, "/done"))
    });
    let delivery = receive(&listener).unwrap();
    assert_eq!(delivery.posted().base64(), "PGEvPg==");
    delivery.take();
    listener.conclude(Page::signed_in("max", "Acme"));
    listener.finish(PATIENCE);
    browser.join().unwrap()
}

fn receive(listener: &Listener) -> Result<anyp_saml::acs::Delivery, ReceiveError> {
    listener.receive(Instant::now() + PATIENCE, &mut || false, &mut |_| {})
}

fn assert_headers(answer: &Answer) {
    let policy = answer.header("Content-Security-Policy").unwrap();
    for part in [
        "default-src 'none'",
        "style-src 'sha256-",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    for (name, value) in [
        ("X-Frame-Options", "DENY"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Connection", "close"),
    ] {
        assert_eq!(
            answer.header(name),
            Some(value),
            "{name} in {}",
            answer.head
        );
    }
    assert!(answer.header("Date").is_some(), "{}", answer.head);
    let head = answer.head.to_ascii_lowercase();
    assert!(!head.contains("access-control-"), "{head}");
    assert!(!head.contains("tiny"), "{head}");
}

#[test]
fn the_gate_refuses_what_is_not_plain_http_and_every_refusal_has_all_headers() {
    let (listener, address) = listener();
    let head = |rest: &str| format!("POST /saml/acs HTTP/1.1\r\nHost: {address}\r\n{rest}\r\n");
    let long = |bytes: usize| "a".repeat(bytes);
    for (name, request, status) in [
        ("http/0.9", "GET /\r\n\r\n".to_owned(), 400),
        (
            "http/1.0",
            format!("GET / HTTP/1.0\r\nHost: {address}\r\n\r\n"),
            505,
        ),
        ("http/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 505),
        ("tls", "\u{16}\u{3}\u{1}\u{2}\0\u{1}".to_owned(), 400),
        (
            "nothing before the first line's end",
            "\r\n\r\n".to_owned(),
            400,
        ),
        (
            "bare line feeds",
            format!("GET / HTTP/1.1\nHost: {address}\n\n"),
            400,
        ),
        (
            "a bare carriage return",
            head("X: a\rb\r\nContent-Length: 0\r\n"),
            400,
        ),
        ("nul", head("X: a\0b\r\nContent-Length: 0\r\n"), 400),
        (
            "escape",
            head("X: a\u{1b}[2J\r\nContent-Length: 0\r\n"),
            400,
        ),
        (
            "a byte outside ascii",
            head("X: \u{e9}\r\nContent-Length: 0\r\n"),
            400,
        ),
        (
            "a folded field",
            head("X: a\r\n b\r\nContent-Length: 0\r\n"),
            400,
        ),
        (
            "a space before the colon",
            head("X : a\r\nContent-Length: 0\r\n"),
            400,
        ),
        (
            "an absolute target",
            format!("GET http://{address}/ HTTP/1.1\r\nHost: {address}\r\n\r\n"),
            400,
        ),
        (
            "connect",
            format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n\r\n"),
            400,
        ),
        ("no host", "GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        (
            "two hosts",
            format!("GET / HTTP/1.1\r\nHost: {address}\r\nHost: {address}\r\n\r\n"),
            400,
        ),
        ("chunked", head("Transfer-Encoding: chunked\r\n"), 501),
        (
            "both lengths",
            head("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
            400,
        ),
        ("no length", head(""), 411),
        (
            "two lengths",
            head("Content-Length: 5\r\nContent-Length: 6\r\n"),
            400,
        ),
        ("a list of lengths", head("Content-Length: 5, 5\r\n"), 400),
        ("a signed length", head("Content-Length: +5\r\n"), 400),
        ("too long a body", head("Content-Length: 1572865\r\n"), 413),
        ("2 GiB", head("Content-Length: 2147483648\r\n"), 413),
        (
            "more than a machine can count",
            head("Content-Length: 340282366920938463463374607431768211456\r\n"),
            413,
        ),
        (
            "too long an address",
            format!("GET /{} HTTP/1.1\r\nHost: {address}\r\n\r\n", long(2048)),
            414,
        ),
        ("too many fields", head(&"X: a\r\n".repeat(64)), 431),
        (
            "too large a head",
            head(&format!("X: {}\r\n", long(16_384))),
            431,
        ),
        (
            "upgrade",
            head("Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n"),
            400,
        ),
        (
            "another expectation",
            head("Expect: 200-ok\r\nContent-Length: 0\r\n"),
            417,
        ),
    ] {
        let answer = ask(address, request);
        assert_eq!(answer.status(), status, "{name}: {}", answer.head);
        assert_headers(&answer);
    }
    assert_eq!(log_in(listener, address).0, 303);
}

#[test]
fn every_other_answer_has_all_headers_and_echoes_nothing() {
    let (listener, address) = listener();
    let bad = "RelayState=%3Cscript%3E%2F%2Fevil.example%0D%0AX-Evil%3A1&SAMLResponse=evil%21";
    for (request, status) in [
        (
            format!("GET /evil HTTP/1.1\r\nHost: {address}\r\n\r\n"),
            404,
        ),
        (
            format!("HEAD /evil HTTP/1.1\r\nHost: {address}\r\n\r\n"),
            404,
        ),
        (
            format!("GET /saml/acs HTTP/1.1\r\nHost: {address}\r\n\r\n"),
            405,
        ),
        (
            format!(
                "OPTIONS /saml/acs HTTP/1.1\r\nHost: {address}\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Private-Network: true\r\n\r\n"
            ),
            405,
        ),
        (
            format!("GET /saml/acs?SAMLResponse=evil HTTP/1.1\r\nHost: {address}\r\n\r\n"),
            400,
        ),
        (
            format!("GET /favicon.ico HTTP/1.1\r\nHost: {address}\r\n\r\n"),
            204,
        ),
        (
            format!("GET /done HTTP/1.1\r\nHost: {address}\r\n\r\n"),
            404,
        ),
        (
            format!(
                "GET /done HTTP/1.1\r\nHost: evil.example:{}\r\n\r\n",
                address.port()
            ),
            421,
        ),
        (post(address, "", bad), 400),
        (post(address, "Origin: https://evil.example\r\n", BODY), 403),
        (post(address, "", BODY).replace("document", "iframe"), 403),
        (
            post(address, "", BODY).replace("x-www-form-urlencoded", "evil"),
            415,
        ),
    ] {
        let answer = ask(address, &request);
        assert_eq!(answer.status(), status, "{request}");
        assert_headers(&answer);
        assert!(
            !answer.body.contains("evil") && !answer.head.contains("evil"),
            "{}",
            answer.head
        );
        assert_eq!(answer.header("Allow"), (status == 405).then_some("POST"));
        if status == 421 || request.starts_with("HEAD") {
            assert_eq!(answer.body, "");
        }
    }
    let (status, page) = log_in(listener, address);
    assert_eq!(status, 303);
    assert_eq!(page.status(), 200);
    assert_headers(&page);
}

#[test]
fn the_policy_names_the_style_sheet_by_its_digest() {
    let page = Page::signed_in("max", "Acme").html();
    let (_, rest) = page.split_once("<style>").unwrap();
    let (style, _) = rest.split_once("</style>").unwrap();
    let digest = ring::digest::digest(&ring::digest::SHA256, style.as_bytes());
    let named = format!("'sha256-{}'", anyp_saml::encoding::base64(digest.as_ref()));
    let (_, policy) = anyp_saml::acs::page::HEADERS[0];
    assert!(
        policy.contains(&named),
        "page.rs must name {named}, not {policy}"
    );
}

#[test]
fn a_stranger_who_ends_early_is_answered_and_one_who_says_nothing_is_not() {
    let (listener, address) = listener();
    for half in [
        "POST /saml/acs HT",
        &post(address, "", BODY)[..post(address, "", BODY).len() - 1],
    ] {
        let mut socket = connect(address);
        socket.write_all(half.as_bytes()).unwrap();
        socket.shutdown(Shutdown::Write).unwrap();
        let answer = read(&socket).unwrap();
        assert_eq!(answer.status(), 400);
        assert_headers(&answer);
    }
    let silent = connect(address);
    silent.shutdown(Shutdown::Write).unwrap();
    assert!(read(&silent).is_none());
    assert_eq!(log_in(listener, address).0, 303);
}

#[test]
fn a_slow_head_is_answered_408_when_its_time_is_over() {
    let (_listener, address) = listener();
    let mut socket = connect(address);
    socket.write_all(b"POST /saml/acs HTTP/1.1\r\n").unwrap();
    let answer = read(&socket).unwrap();
    assert_eq!(answer.status(), 408);
    assert_headers(&answer);
}

#[test]
fn who_asks_whether_to_continue_is_told_so() {
    let (listener, address) = listener();
    let browser = thread::spawn(move || {
        let request = post(address, "Expect: 100-continue\r\n", BODY);
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let mut socket = connect(address);
        socket
            .write_all(format!("{head}\r\n\r\n").as_bytes())
            .unwrap();
        let mut interim = [0; 25];
        socket.read_exact(&mut interim).unwrap();
        assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
        socket.write_all(body.as_bytes()).unwrap();
        read(&socket).unwrap().status()
    });
    receive(&listener).unwrap().take();
    assert_eq!(browser.join().unwrap(), 303);
    // A body that would not be taken is refused before it is sent.
    let refused = format!(
        "POST / HTTP/1.1\r\nHost: {address}\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n"
    );
    assert_eq!(ask(address, refused).status(), 413);
}

#[test]
fn a_client_that_is_refused_while_it_sends_still_reads_why() {
    let (_listener, address) = listener();
    let mut socket = connect(address);
    let megabyte = vec![b'x'; 1 << 20];
    socket
        .write_all(
            format!(
                "POST /saml/acs HTTP/1.1\r\nHost: {address}\r\nContent-Length: 20971520\r\n\r\n"
            )
            .as_bytes(),
        )
        .unwrap();
    for _ in 0..20 {
        socket.write_all(&megabyte).unwrap();
    }
    assert_eq!(read(&socket).unwrap().status(), 413);
}

#[test]
fn sixteen_slow_readers_do_not_keep_the_good_post_out() {
    let (listener, address) = listener();
    let (stop, stopped) = mpsc::channel::<()>();
    let slow: Vec<TcpStream> = (0..16).map(|_| connect(address)).collect();
    let trickle = thread::spawn(move || {
        let mut bytes = b"POST /saml/acs HTTP/1.1\r\nHost: x\r\nX: "
            .iter()
            .chain(std::iter::repeat(&b'a'));
        while stopped.recv_timeout(Duration::from_millis(100))
            == Err(mpsc::RecvTimeoutError::Timeout)
        {
            let byte = [*bytes.next().unwrap()];
            for mut socket in &slow {
                // Those that gave way cannot be written to any more.
                let _ = socket.write_all(&byte);
            }
        }
    });
    // Let them all be seated first.
    thread::sleep(Duration::from_millis(300));
    assert_eq!(log_in(listener, address).0, 303);
    drop(stop);
    trickle.join().unwrap();
}

#[test]
fn slow_bodies_and_held_pages_do_not_keep_the_good_post_out_either() {
    let (listener, address) = listener();
    let head =
        format!("POST /saml/acs HTTP/1.1\r\nHost: {address}\r\nContent-Length: 1000\r\n\r\nSAML");
    let slow: Vec<TcpStream> = (0..16)
        .map(|_| {
            let mut socket = connect(address);
            socket.write_all(head.as_bytes()).unwrap();
            socket
        })
        .collect();
    thread::sleep(Duration::from_millis(300));
    assert_eq!(log_in(listener, address).0, 303);
    drop(slow);
}

#[test]
#[cfg(target_os = "linux")]
fn hostile_sizes_take_little_memory() {
    let (listener, address) = listener();
    let before = resident_kilobytes();
    // 2 GiB announced and sent as long as anybody listens; a head without an end; and all places full of bodies.
    let senders: Vec<_> = [
        format!("POST /saml/acs HTTP/1.1\r\nHost: {address}\r\nContent-Length: 2147483648\r\n\r\n"),
        format!("POST /saml/acs HTTP/1.1\r\nHost: {address}\r\nTransfer-Encoding: chunked\r\n\r\n"),
        format!("GET /{}", "a".repeat(1000)),
        format!("GET / HTTP/1.1\r\nHost: {address}\r\nX: "),
    ]
    .into_iter()
    .map(|head| {
        thread::spawn(move || {
            let mut socket = connect(address);
            let _ = socket.write_all(head.as_bytes());
            let megabyte = vec![b'a'; 1 << 20];
            for _ in 0..2048 {
                if socket.write_all(&megabyte).is_err() {
                    return;
                }
            }
        })
    })
    .collect();
    let bodies: Vec<TcpStream> = (0..16)
        .map(|_| {
            let mut socket = connect(address);
            let head =
                format!("POST /x HTTP/1.1\r\nHost: {address}\r\nContent-Length: 1572864\r\n\r\n");
            let _ = socket.write_all(head.as_bytes());
            let _ = socket.write_all(&vec![b'a'; 1_500_000]);
            socket
        })
        .collect();
    let most = (0..20)
        .map(|_| {
            thread::sleep(Duration::from_millis(50));
            resident_kilobytes()
        })
        .max()
        .unwrap();
    for sender in senders {
        sender.join().unwrap();
    }
    drop(bodies);
    // Other tests of this binary run beside this one and count in, as do the four megabytes of the senders here.
    let grown = most.saturating_sub(before);
    assert!(grown < 64 * 1024, "{grown} kB more than before");
    assert_eq!(log_in(listener, address).0, 303);
}

#[cfg(target_os = "linux")]
fn resident_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn fifty_bad_posts_do_not_end_the_wait_and_are_told() {
    let (listener, address) = listener();
    let browser = thread::spawn(move || {
        for _ in 0..MOST_BAD_POSTS {
            assert_eq!(
                ask(address, post(address, "", "SAMLResponse=%")).status(),
                400
            );
        }
        // The noise of browsers is not counted.
        for path in ["/favicon.ico", "/", "/saml/acs"] {
            get(address, path);
        }
        ask(address, post(address, "", BODY)).status()
    });
    let mut told = Vec::new();
    let delivery = listener
        .receive(Instant::now() + PATIENCE, &mut || false, &mut |error| {
            told.push(error.code())
        })
        .unwrap();
    delivery.take();
    assert_eq!(browser.join().unwrap(), 303);
    assert_eq!(told, ["REQ-FORM"; MOST_BAD_POSTS]);
}

#[test]
fn the_fifty_first_bad_post_ends_the_wait() {
    let (listener, address) = listener();
    // One of each kind counts: those refused by the rules for requests, and those that the login refuses.
    let browser = thread::spawn(move || {
        for _ in 0..MOST_BAD_POSTS {
            ask(address, post(address, "", "SAMLResponse=%"));
        }
        assert_eq!(ask(address, post(address, "", BODY)).status(), 400);
    });
    let page = Page::refused(400, "The response is not signed by a known key.");
    receive(&listener).unwrap().refuse(page);
    assert_eq!(
        receive(&listener).unwrap_err(),
        ReceiveError::TooManyBadPosts
    );
    browser.join().unwrap();
}

#[test]
fn a_post_that_the_login_refuses_is_shown_why_and_the_next_one_is_taken() {
    let (listener, address) = listener();
    let browser = thread::spawn(move || ask(address, post(address, "", BODY)));
    let delivery = receive(&listener).unwrap();
    assert_eq!(delivery.other_user(), None);
    delivery.refuse(Page::refused(
        400,
        "The response is not signed by a known key.",
    ));
    let answer = browser.join().unwrap();
    assert_eq!(answer.status(), 400);
    assert!(
        answer.body.contains("not signed by a known key"),
        "{}",
        answer.body
    );
    assert_headers(&answer);
    assert_eq!(log_in(listener, address).0, 303);
}

#[test]
#[cfg(target_os = "linux")]
fn a_post_of_another_user_of_the_machine_is_told() {
    let (listener, address) = listener();
    let Some(nobody) = as_nobody(address, &post(address, "", BODY)) else {
        return;
    };
    let delivery = receive(&listener).unwrap();
    assert_eq!(delivery.other_user(), Some(65534));
    delivery.take();
    let answer = nobody.wait_with_output().unwrap().stdout;
    assert!(answer.starts_with(b"HTTP/1.1 303 "));
}

#[test]
#[cfg(target_os = "linux")]
fn only_a_page_of_our_own_user_ends_the_wait_for_the_verdict_to_be_shown() {
    let (listener, address) = listener();
    let browser = thread::spawn(move || ask(address, post(address, "", BODY)));
    receive(&listener).unwrap().take();
    browser.join().unwrap();
    listener.conclude(Page::failed("The response is too old.", "Sign in again."));
    let request = |fields: &str| format!("GET /done HTTP/1.1\r\nHost: {address}\r\n{fields}\r\n");
    // A script of some page may ask as well, and show it to nobody.
    ask(address, request("Sec-Fetch-Mode: no-cors\r\n"));
    if let Some(nobody) = as_nobody(address, &request("")) {
        nobody.wait_with_output().unwrap();
    }
    let (finished, end) = mpsc::channel();
    let finishing = thread::spawn(move || {
        listener.finish(PATIENCE);
        finished.send(()).unwrap();
    });
    assert!(
        end.recv_timeout(Duration::from_millis(200)).is_err(),
        "closed before the browser asked"
    );
    let verdict = get(address, "/done");
    assert!(verdict.body.contains("The response is too old."));
    end.recv_timeout(PATIENCE / 2).unwrap();
    finishing.join().unwrap();
}

/// Sends a request as another user of the machine; `None` where that is not allowed.
#[cfg(target_os = "linux")]
fn as_nobody(address: SocketAddr, request: &str) -> Option<std::process::Child> {
    use std::os::unix::process::CommandExt;
    let script = "exec 3<>/dev/tcp/127.0.0.1/$0 && printf %s \"$1\" >&3 && cat <&3";
    let nobody = std::process::Command::new("bash")
        .args(["-c", script, &address.port().to_string(), request])
        .uid(65534)
        .stdout(std::process::Stdio::piped())
        .spawn();
    if nobody.is_err() {
        skipped("only root can ask as another user");
    }
    nobody.ok()
}

#[test]
fn after_the_post_was_taken_reloads_only_get_the_verdict() {
    let (listener, address) = listener();
    let browser = thread::spawn(move || ask(address, post(address, "", BODY)));
    receive(&listener).unwrap().take();
    let posted = browser.join().unwrap();
    assert_eq!(
        (
            posted.status(),
            posted.header("Location"),
            posted.body.as_str()
        ),
        (303, Some("/done"), "")
    );
    // The page waits, and asks again when there is no verdict yet.
    let waiting = get(address, "/done");
    assert_eq!(
        (waiting.status(), waiting.header("Refresh")),
        (200, Some("1"))
    );
    assert_headers(&waiting);
    // Posting again, by a double click, leads to the same page and is not judged.
    let again = ask(address, post(address, "", BODY));
    assert_eq!(
        (again.status(), again.header("Location")),
        (303, Some("/done"))
    );
    let held = thread::spawn(move || get(address, "/done"));
    listener.conclude(Page::failed("The response is too old.", "Sign in again."));
    let verdict = held.join().unwrap();
    assert_eq!((verdict.status(), verdict.header("Refresh")), (200, None));
    assert!(verdict.body.contains("The response is too old."));
    assert!(
        get(address, "/done")
            .body
            .contains("The response is too old.")
    );
    listener.finish(PATIENCE);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn many_waiting_pages_do_not_take_all_places() {
    let (listener, address) = listener();
    let browser = thread::spawn(move || ask(address, post(address, "", BODY)));
    receive(&listener).unwrap().take();
    browser.join().unwrap();
    let pages: Vec<_> = (0..16)
        .map(|_| thread::spawn(move || get(address, "/done")))
        .collect();
    for page in pages {
        assert_eq!(page.join().unwrap().header("Refresh"), Some("1"));
    }
}

#[test]
fn a_login_that_ends_while_a_post_waits_tells_the_browser() {
    let (listener, address) = listener();
    let browser = thread::spawn(move || ask(address, post(address, "", BODY)));
    let delivery = receive(&listener).unwrap();
    drop(delivery);
    let answer = browser.join().unwrap();
    assert_eq!(answer.status(), 503);
    assert!(answer.body.contains("has ended"));
}

#[test]
fn the_wait_ends_when_its_time_is_over_or_it_is_cancelled() {
    let (listener, _) = listener();
    let soon = Instant::now() + Duration::from_millis(50);
    assert_eq!(
        listener
            .receive(soon, &mut || false, &mut |_| {})
            .unwrap_err(),
        ReceiveError::TimedOut
    );
    let later = Instant::now() + PATIENCE;
    assert_eq!(
        listener
            .receive(later, &mut || true, &mut |_| {})
            .unwrap_err(),
        ReceiveError::Cancelled
    );
    assert!(Instant::now() < later);
}

#[test]
fn a_port_that_another_holds_is_not_taken_and_its_holder_is_named() {
    for held in ["127.0.0.1:0", "0.0.0.0:0", "[::]:0"] {
        // Without IPv6 there is nothing to hold.
        let Ok(holder) = TcpListener::bind(held) else {
            continue;
        };
        let port = holder.local_addr().unwrap().port();
        let error = listener_at(&format!("http://127.0.0.1:{port}/saml/acs")).unwrap_err();
        let BindError::InUse { address, owner } = error else {
            panic!("{held}: {error}");
        };
        assert_eq!(address.port(), port, "no other port is ever tried");
        if cfg!(target_os = "linux") {
            assert_eq!(
                owner.unwrap().process.unwrap().id,
                std::process::id(),
                "{held}"
            );
        }
    }
}

#[test]
fn localhost_is_both_addresses_or_none_and_a_neighbour_is_told() {
    let Ok(neighbour) = TcpListener::bind("[::1]:0") else {
        return;
    };
    let port = neighbour.local_addr().unwrap().port();
    let error = listener_at(&format!("http://localhost:{port}/saml/acs")).unwrap_err();
    assert!(
        matches!(error, BindError::InUse { address, .. } if address.is_ipv6()),
        "{error}"
    );
    assert!(
        TcpStream::connect(("127.0.0.1", port)).is_err(),
        "what was taken until then is free again"
    );
    let listener = listener_at(&format!("http://127.0.0.1:{port}/saml/acs")).unwrap();
    let [Warning::Neighbour { address, owner }] = listener.warnings() else {
        panic!("{:?}", listener.warnings());
    };
    assert_eq!(*address, neighbour.local_addr().unwrap());
    assert_eq!(owner.is_some(), cfg!(target_os = "linux"));
}

#[test]
#[cfg(target_os = "linux")]
fn only_the_given_address_listens_and_nothing_afterwards() {
    let (listener, address) = listener();
    assert_eq!(
        listening(address.port()),
        [format!("0100007F:{:04X}", address.port())]
    );
    assert!(listener.warnings().is_empty());
    // Connections of all kinds are open when the listener goes.
    let silent = connect(address);
    let mut half = connect(address);
    half.write_all(b"POST ").unwrap();
    drop(listener);
    assert!(listening(address.port()).is_empty());
    assert!(read(&silent).is_none());
    // The port can be had again at once.
    let again = listener_at(&format!("http://{address}/saml/acs")).unwrap();
    drop(again);
}

/// The local addresses in state LISTEN on a port, as `ss -ltn` would show them.
#[cfg(target_os = "linux")]
fn listening(port: u16) -> Vec<String> {
    let port = format!(":{port:04X}");
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .flat_map(|text| {
            text.lines()
                .map(|line| {
                    line.split_ascii_whitespace()
                        .take(4)
                        .map(str::to_owned)
                        .collect::<Vec<_>>()
                })
                .filter(|columns| columns[3] == "0A" && columns[1].ends_with(&port))
                .map(|mut columns| columns.swap_remove(1))
                .collect::<Vec<_>>()
        })
        .collect()
}
