use super::*;
use std::io::{Read, Write};
use std::net::TcpStream;

const COMMON: &[(&str, &str)] = &[("X-Common", "yes"), ("Cache-Control", "no-store")];

fn any_port() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

fn echo() -> Running {
    Server::bind(&[any_port()], Limits::DEFAULT, COMMON)
        .unwrap()
        .serve(|request| match request.path() {
            "/panic" => panic!("a handler that panics, on purpose"),
            "/split" => Response::empty(200).with("X-A", "b\r\nX-C: d"),
            "/own" => Response::empty(200).with("cache-control", "max-age=1"),
            _ => {
                let text = format!(
                    "{} {} {}",
                    request.method,
                    request.target,
                    request.body.len()
                );
                Response::new(200, "text/plain", text)
            }
        })
        .unwrap()
}

fn ask(address: SocketAddr, bytes: &[u8]) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(bytes).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_request_goes_through_and_its_answer_comes_back() {
    let server = echo();
    let body = "x".repeat(1_500_000);
    let request = format!(
        "POST /a?b HTTP/1.1\r\nHost: h\r\nTE: chunked\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = ask(server.addresses()[0], request.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    for field in ["X-Common: yes", "Connection: close", "Content-Length: 17"] {
        assert!(answer.contains(&format!("\r\n{field}\r\n")), "{answer}");
    }
    assert!(answer.ends_with("\r\n\r\nPOST /a?b 1500000"), "{answer}");
    assert!(!answer.contains("tiny"), "{answer}");
}

#[test]
fn a_field_of_the_answer_stands_in_place_of_the_common_one() {
    let server = echo();
    let answer = ask(
        server.addresses()[0],
        b"GET /own HTTP/1.1\r\nHost: h\r\n\r\n",
    );
    assert!(
        answer.contains("\r\ncache-control: max-age=1\r\n"),
        "{answer}"
    );
    assert!(!answer.contains("no-store"), "{answer}");
}

#[test]
fn a_handler_that_fails_is_answered_for() {
    let server = echo();
    for path in ["/panic", "/split"] {
        let answer = ask(
            server.addresses()[0],
            format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes(),
        );
        assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
        assert!(answer.contains("\r\nX-Common: yes\r\n"), "{answer}");
        assert!(!answer.contains("X-C:"), "{answer}");
    }
}

#[test]
fn a_taken_address_names_its_owner() {
    let holder = std::net::TcpListener::bind(any_port()).unwrap();
    let address = holder.local_addr().unwrap();
    let error = Server::bind(&[address], Limits::DEFAULT, COMMON).unwrap_err();
    let BindError::InUse { owner, .. } = &error else {
        panic!("{error}")
    };
    if cfg!(target_os = "linux") {
        let process = owner.as_ref().unwrap().process.as_ref().unwrap();
        assert_eq!(process.id, std::process::id());
        assert!(error.to_string().contains("taken by "), "{error}");
    }
}

#[test]
fn another_address_than_the_loopback_is_refused() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:10.0.0.1]:0"] {
        assert!(matches!(
            Server::bind(&[address.parse().unwrap()], Limits::DEFAULT, COMMON),
            Err(BindError::NotLoopback(_))
        ));
    }
}

#[test]
fn nothing_listens_when_the_guard_is_gone() {
    let server = echo();
    let address = server.addresses()[0];
    let idle = TcpStream::connect(address).unwrap();
    ask(address, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    drop(server);
    assert!(TcpStream::connect(address).is_err());
    drop(idle);
}

#[test]
fn debug_shows_no_body() {
    let request = Request {
        method: "POST".into(),
        target: "/a?secret".into(),
        headers: vec![("Cookie".into(), "secret".into())],
        body: Zeroizing::new(b"secret".to_vec()),
        peer: any_port(),
        local: any_port(),
    };
    let shown = format!("{request:?}");
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn when_all_places_are_being_served_the_next_is_told_to_come_again() {
    let (enter, entered) = std::sync::mpsc::channel();
    let (leave, left) = std::sync::mpsc::channel::<()>();
    let left = std::sync::Mutex::new(left);
    let limits = Limits {
        connections: 2,
        ..Limits::DEFAULT
    };
    let server = Server::bind(&[any_port()], limits, COMMON)
        .unwrap()
        .serve(move |_| {
            enter.send(()).unwrap();
            let _ = left.lock().unwrap().recv();
            Response::empty(204)
        })
        .unwrap();
    let address = server.addresses()[0];
    let request = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    let served: Vec<_> = (0..2)
        .map(|_| std::thread::spawn(move || ask(address, request)))
        .collect();
    entered.recv().unwrap();
    entered.recv().unwrap();
    let mut socket = TcpStream::connect(address).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("\r\nX-Common: yes\r\n"), "{answer}");
    drop(leave);
    for thread in served {
        assert!(thread.join().unwrap().starts_with("HTTP/1.1 204 "));
    }
}

#[test]
fn of_large_bodies_two_are_handled_at_once_and_the_others_keep_nobody_out() {
    let (enter, entered) = std::sync::mpsc::channel();
    let (leave, left) = std::sync::mpsc::channel::<()>();
    let left = std::sync::Mutex::new(left);
    let limits = Limits {
        connections: 4,
        ..Limits::DEFAULT
    };
    let server = Server::bind(&[any_port()], limits, COMMON)
        .unwrap()
        .serve(move |request| {
            if request.method == "POST" {
                enter.send(()).unwrap();
                let _ = left.lock().unwrap().recv();
            }
            Response::empty(204)
        })
        .unwrap();
    let address = server.addresses()[0];
    let request = format!(
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n{}",
        "x".repeat(100_000)
    );
    let sockets: Vec<TcpStream> = (0..4)
        .map(|_| {
            let mut socket = TcpStream::connect(address).unwrap();
            socket.write_all(request.as_bytes()).unwrap();
            socket
        })
        .collect();
    let moment = std::time::Duration::from_millis(300);
    let patience = std::time::Duration::from_secs(30);
    entered.recv_timeout(patience).unwrap();
    entered.recv_timeout(patience).unwrap();
    assert!(entered.recv_timeout(moment).is_err(), "a third is handled");
    // All places are taken; one of the two that queue gives way, and only that one.
    let small = ask(address, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(small.starts_with("HTTP/1.1 204 "), "{small}");
    drop(leave);
    entered.recv_timeout(patience).unwrap();
    let answered = sockets.into_iter().filter(|mut socket| {
        let mut answer = String::new();
        socket.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 204 ")
    });
    assert_eq!(answered.count(), 3);
}
