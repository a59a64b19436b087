//! Proxies and certificates that the environment names.

use super::peers::{Authority, Peer, request};
use super::{TOKEN, exchange, grants, plain_origin, quick, tls_origin};
use anyp_saml::encoding::base64;
use anyp_saml::http::Settings;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

/// One exchange in a process of its own with this environment; what came of it, as text.
fn exchange_in_a_child(origin: &str, bundle: &str, environment: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([
        "--exact",
        "exchange::environment::child_that_exchanges",
        "--nocapture",
    ]);
    for name in [
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
        "ssl_cert_file",
        "ssl_cert_dir",
    ] {
        command
            .env_remove(name)
            .env_remove(name.to_ascii_uppercase());
    }
    command
        .env("ANYP_SAML_TEST_ORIGIN", origin)
        .env("ANYP_SAML_TEST_BUNDLE", bundle);
    // Were there a logger, it would say everything.
    let output = command
        .envs(environment.iter().copied())
        .env("RUST_LOG", "trace")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}"
    );
    said.into_owned()
}

#[test]
fn child_that_exchanges() {
    let Ok(origin) = std::env::var("ANYP_SAML_TEST_ORIGIN") else {
        return;
    };
    let bundle = std::env::var("ANYP_SAML_TEST_BUNDLE").unwrap();
    let settings = Settings {
        ca_bundle: (!bundle.is_empty()).then(|| bundle.into_bytes()),
        ..quick()
    };
    match exchange(&origin, &settings) {
        Ok(token) => eprintln!("outcome: {}", token.expose() == TOKEN),
        Err(error) => eprintln!("outcome: {error:?} {error}"),
    }
}

const TAKEN: &str = "outcome: true";

/// A proxy that says `says` to everybody and, when that is a 200, leads them to `target` whatever they asked for.
fn proxy(says: &'static str, target: Option<SocketAddr>) -> (Peer, Arc<Mutex<Vec<u8>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&heard);
    let peer = Peer::raw(move |mut client| {
        record
            .lock()
            .unwrap()
            .extend(request(&mut client).unwrap_or_default());
        let _ = client.write_all(says.as_bytes());
        if let Some(target) = target {
            relay(client, TcpStream::connect(target).unwrap(), &record);
        }
    });
    (peer, heard)
}

/// Passes bytes both ways until both sides have ended, and remembers the client's.
fn relay(mut client: TcpStream, mut server: TcpStream, record: &Mutex<Vec<u8>>) {
    let (mut from_server, mut to_client) =
        (server.try_clone().unwrap(), client.try_clone().unwrap());
    let back = thread::spawn(move || std::io::copy(&mut from_server, &mut to_client));
    let mut block = [0; 4096];
    while let Ok(size @ 1..) = client.read(&mut block) {
        record.lock().unwrap().extend_from_slice(&block[..size]);
        let _ = server.write_all(&block[..size]);
    }
    let _ = server.shutdown(std::net::Shutdown::Both);
    let _ = back.join();
}

#[test]
fn a_proxy_sees_where_to_and_nothing_else() {
    let authority = Authority::new();
    let peer = Peer::tls(authority.server("platform.example", |_| {}), grants);
    let (proxy, heard) = proxy(
        "HTTP/1.1 200 Connection established\r\n\r\n",
        Some(peer.address),
    );
    let address = format!("http://ada:hunter2@{}", proxy.address);
    let said = exchange_in_a_child(
        "https://platform.example",
        &authority.pem,
        &[("HTTPS_PROXY", &address)],
    );
    assert!(said.contains(TAKEN), "{said}");
    assert_eq!(peer.requests().len(), 1);
    let heard = heard.lock().unwrap();
    let (head, rest) = heard.split_at(heard.windows(4).position(|end| end == b"\r\n\r\n").unwrap());
    let head = String::from_utf8_lossy(head);
    assert!(
        head.starts_with("CONNECT platform.example:443 HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(
        head.contains(&format!("Basic {}", base64(b"ada:hunter2"))),
        "{head}"
    );
    assert!(!String::from_utf8_lossy(rest).contains("SAMLResponse"));
}

#[test]
fn a_proxy_that_leads_nowhere_is_called_so_and_its_password_is_not_shown() {
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (asks, _) = proxy(
        "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
        None,
    );
    let (refuses, _) = proxy("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", None);
    let (babbles, _) = proxy("what?\r\n\r\n", None);
    let (hangs_up, _) = proxy("", None);
    for (address, cause) in [
        (asks.address, "cause: Authentication"),
        (refuses.address, "cause: Refused"),
        (babbles.address, "cause: Refused"),
        (hangs_up.address, "cause: Refused"),
        (gone, "cause: Unreachable(\"Connection refused"),
    ] {
        let address = format!("http://ada:hunter2@{address}");
        let said =
            exchange_in_a_child("https://platform.example", "", &[("HTTPS_PROXY", &address)]);
        assert!(
            said.contains("NoAnswer(Proxy { host: \"platform.example\"") && said.contains(cause),
            "{said}"
        );
        assert!(
            !said.contains("hunter2") && !said.contains(&base64(b"ada:hunter2")),
            "{said}"
        );
    }
}

#[test]
fn a_socks_proxy_is_used_where_the_environment_names_one() {
    let authority = Authority::new();
    let peer = Peer::tls(authority.server("platform.example", |_| {}), grants);
    let target = peer.address;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&heard);
    let proxy = Peer::raw(move |mut client| {
        // RFC 1928: methods offered, one taken; then the request, with the name and the port.
        let mut greeting = [0; 2];
        client.read_exact(&mut greeting).unwrap();
        client.read_exact(&mut vec![0; greeting[1].into()]).unwrap();
        client.write_all(&[5, 0]).unwrap();
        let mut head = [0; 5];
        client.read_exact(&mut head).unwrap();
        let mut name = vec![0; usize::from(head[4]) + 2];
        client.read_exact(&mut name).unwrap();
        record.lock().unwrap().extend_from_slice(&name);
        client.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 1]).unwrap();
        relay(client, TcpStream::connect(target).unwrap(), &record);
    });
    let address = format!("socks5h://{}", proxy.address);
    let said = exchange_in_a_child(
        "https://platform.example",
        &authority.pem,
        &[("ALL_PROXY", &address)],
    );
    assert!(said.contains(TAKEN), "{said}");
    let heard = heard.lock().unwrap();
    assert!(heard.starts_with(b"platform.example\x01\xbb"));
    assert!(!String::from_utf8_lossy(&heard).contains("SAMLResponse"));
}

#[test]
fn a_socks_proxy_that_leads_nowhere_is_called_so() {
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    // Takes none of the methods offered; takes one, and refuses to connect.
    let asks = Peer::raw(|mut client| drop(client.write_all(&[5, 0xff])));
    let refuses =
        Peer::raw(|mut client| drop(client.write_all(&[5, 0, 5, 2, 0, 1, 0, 0, 0, 0, 0, 0])));
    for (address, cause) in [
        (gone, "cause: Unreachable("),
        (asks.address, "cause: Authentication"),
        (refuses.address, "cause: Refused"),
    ] {
        let address = format!("socks5h://ada:hunter2@{address}");
        let said = exchange_in_a_child("https://platform.example", "", &[("ALL_PROXY", &address)]);
        assert!(
            said.contains("NoAnswer(Proxy { host: \"platform.example\"") && said.contains(cause),
            "{said}"
        );
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn no_proxy_is_asked_for_hosts_that_the_environment_excepts_or_for_this_machine() {
    let authority = Authority::new();
    let (proxy, _) = proxy("HTTP/1.1 200 OK\r\n\r\n", None);
    let address = format!("http://{}", proxy.address);
    let names = [
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
    ];
    let mut environment = names.map(|name| (name, address.as_str())).to_vec();

    let plain = Peer::plain(grants);
    let said = exchange_in_a_child(&plain_origin(&plain), "", &environment);
    assert!(said.contains(TAKEN), "{said}");
    let tls = Peer::tls(authority.server("localhost", |_| {}), grants);
    let said = exchange_in_a_child(&tls_origin(&tls), &authority.pem, &environment);
    assert!(said.contains(TAKEN), "{said}");

    environment.push(("NO_PROXY", "platform.invalid"));
    let said = exchange_in_a_child("https://platform.invalid", "", &environment);
    assert!(said.contains("NoAnswer(Name"), "{said}");
    assert_eq!(proxy.connections(), 0);
}

#[test]
fn the_systems_certificates_are_those_that_the_environment_names_and_the_bundle_adds_to_them() {
    let (systems, ours) = (Authority::new(), Authority::new());
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    std::fs::write(&file, &systems.pem).unwrap();
    let named = [("SSL_CERT_FILE", file.to_str().unwrap())];
    let missing = [("SSL_CERT_FILE", "/nonexistent/ca.pem")];
    let of_systems = Peer::tls(systems.server("localhost", |_| {}), grants);
    let of_ours = Peer::tls(ours.server("localhost", |_| {}), grants);
    let plain = Peer::plain(grants);
    for (peer, bundle, environment, outcome) in [
        (&of_systems, "", &named, TAKEN),
        (&of_systems, &*ours.pem, &named, TAKEN),
        (&of_ours, &*ours.pem, &named, TAKEN),
        (&of_ours, "", &named, "UnknownIssuer"),
        (&of_ours, &*ours.pem, &missing, TAKEN),
        (&of_ours, "", &missing, "NoAnswer(NoRoots)"),
    ] {
        let said = exchange_in_a_child(&tls_origin(peer), bundle, environment);
        assert!(said.contains(outcome), "{said}");
    }
    // Who asks nobody over TLS needs no certificates.
    let said = exchange_in_a_child(&plain_origin(&plain), "", &missing);
    assert!(said.contains(TAKEN), "{said}");
}
