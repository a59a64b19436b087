//! Identity providers that none of us wrote, started on this machine: Auth0's samlp (Node.js, xml-crypto) and
//! SimpleSAMLphp (PHP, xmlseclibs). `tests/run` installs them under `target/idps`; our settings for them are in
//! `tests/idps`.

use super::super::support::free_port;
use anyp_saml::demo::platform::PlatformSettings;
use base64::prelude::{BASE64_STANDARD, Engine};
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Who signs in, at every identity provider.
pub(super) const USER: &str = "tomas.okafor";
/// With which name, one that is not ASCII.
const FULL_NAME: &str = "Tomás Okafor";
/// With which password, where there is a form.
pub(super) const PASSWORD: &str = "correct horse \"battery\" & staple";

/// Which software.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Software {
    Samlp,
    SimpleSamlPhp,
}

/// How the browser reaches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    /// `http://localhost:PORT`: plain http is for loopback hosts alone, and another host name than the listener's
    /// keeps the identity provider's cookies away from it.
    Http,
    /// `https://idp.example:PORT`, a name that the browser is told to find here.
    Https,
}

/// What of a response is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signed {
    Assertion,
    Response,
    Both,
    None,
    /// The response, around an encrypted assertion.
    AroundEncrypted,
}

impl Signed {
    fn name(self) -> &'static str {
        match self {
            Self::Assertion => "assertion",
            Self::Response => "response",
            Self::Both => "both",
            Self::None => "none",
            Self::AroundEncrypted => "encrypted",
        }
    }
}

/// A running identity provider; dropped, its processes are ended.
pub(super) struct IdentityProvider {
    software: Software,
    base: String,
    port: u16,
    work: tempfile::TempDir,
    processes: Vec<Child>,
}

impl IdentityProvider {
    /// What `software` lacks on this machine, if it lacks something.
    pub(super) fn lacking(software: Software) -> Option<String> {
        let (program, files, package) = match software {
            Software::Samlp => ("node", samlp_modules(), "Node.js and samlp"),
            Software::SimpleSamlPhp => ("php", simplesamlphp_www(), "php and simplesamlphp"),
        };
        let runs = |program| {
            let mut command = Command::new(program);
            command
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        };
        // TLS before either is a Node.js program, too.
        let complete = runs(program) && runs("node") && files.is_dir();
        (!complete).then(|| {
            format!(
                "{package} (tests/run installs them; looked for {})",
                files.display()
            )
        })
    }

    /// Starts `software` and waits until it answers. It posts responses to `acs`, for `audience`.
    pub(super) fn start(
        software: Software,
        transport: Transport,
        acs: &str,
        audience: &str,
    ) -> Self {
        let work = tempfile::tempdir().unwrap();
        make_certificate(work.path(), "idp");
        make_certificate(work.path(), "reader");
        let port = free_port();
        let mut processes = Vec::new();
        let base = match transport {
            Transport::Http => format!("http://localhost:{port}"),
            Transport::Https => {
                make_certificate(work.path(), "tls");
                let outside = free_port();
                let settings = serde_json::json!({
                    "port": outside, "to": port,
                    "key": work.path().join("tls.key"), "certificate": work.path().join("tls.crt"),
                });
                let mut proxy = Command::new("node");
                processes.push(start(
                    proxy.arg(ours("tls.cjs")).arg(settings.to_string()),
                    work.path(),
                    "tls",
                ));
                wait_for(outside);
                format!("https://idp.example:{outside}")
            }
        };
        let settings = serde_json::json!({
            "port": port, "base": base, "acs": acs, "audience": audience, "user": USER, "fullName": FULL_NAME, "password": PASSWORD,
            "key": work.path().join("idp.key"), "certificate": work.path().join("idp.crt"), "reader": work.path().join("reader.crt"), "work": work.path(),
        })
        .to_string();
        let mut server;
        match software {
            Software::Samlp => {
                server = Command::new("node");
                server
                    .arg("--no-deprecation")
                    .arg(ours("samlp/server.cjs"))
                    .arg(settings)
                    .env("NODE_PATH", samlp_modules());
            }
            Software::SimpleSamlPhp => {
                server = Command::new("php");
                server
                    // It is older than the PHP of some machines, which has much to say about that.
                    .args([
                        "-d",
                        "display_errors=0",
                        "-d",
                        "error_reporting=0",
                        "-d",
                        "variables_order=EGPCS",
                    ])
                    .args(["-S", &format!("127.0.0.1:{port}"), "-t"])
                    .arg(simplesamlphp_www())
                    .env("SIMPLESAMLPHP_CONFIG_DIR", ours("simplesamlphp"))
                    .env("IDP_SETTINGS", settings);
            }
        }
        processes.push(start(&mut server, work.path(), "idp"));
        wait_for(port);
        Self {
            software,
            base,
            port,
            work,
            processes,
        }
    }

    /// The IdP-initiated sign-in link that leads to a response signed as said.
    pub(super) fn sign_in_link(&self, signed: Signed) -> String {
        let (base, form) = (&self.base, signed.name());
        match self.software {
            Software::Samlp => format!("{base}/sso?sign={form}"),
            Software::SimpleSamlPhp => {
                format!("{base}/saml2/idp/SSOService.php?spentityid=https://sp.example/{form}")
            }
        }
    }

    /// Puts TLS before another server of the test's, with the certificate of this one; the port outside.
    pub(super) fn put_tls_before(&mut self, port: u16) -> u16 {
        make_certificate(self.work.path(), "tls");
        let outside = free_port();
        let settings = serde_json::json!({
            "port": outside, "to": port,
            "key": self.work.path().join("tls.key"), "certificate": self.tls_certificate(),
        });
        let mut proxy = Command::new("node");
        proxy.arg(ours("tls.cjs")).arg(settings.to_string());
        self.processes
            .push(start(&mut proxy, self.work.path(), "platform-tls"));
        wait_for(outside);
        outside
    }

    /// A file with the metadata that the identity provider gives about itself.
    pub(super) fn metadata(&self) -> PathBuf {
        let file = self.work.path().join("metadata.xml");
        fs::write(&file, get(self.port, self.metadata_path())).unwrap();
        file
    }

    /// Where this machine's programs find the same: on https by a name that the certificate has and DNS knows.
    pub(super) fn metadata_address(&self) -> String {
        format!(
            "{}{}",
            self.base.replace("idp.example", "localhost"),
            self.metadata_path()
        )
    }

    /// The certificate of its https, for those who are to trust it.
    pub(super) fn tls_certificate(&self) -> PathBuf {
        self.work.path().join("tls.crt")
    }

    /// Whether it asks for a name and a password.
    pub(super) fn has_form(&self) -> bool {
        self.software == Software::SimpleSamlPhp
    }

    /// What a platform's administrator enters about it. The platform takes responses to our listener.
    pub(super) fn settings_at_the_platform(&self, acs: &str, audience: &str) -> PlatformSettings {
        let issuer = match self.software {
            Software::Samlp => "https://idp.example/samlp",
            Software::SimpleSamlPhp => "https://idp.example/simplesamlphp",
        };
        let pem = fs::read_to_string(self.work.path().join("idp.crt")).unwrap();
        let base64: String = pem
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .collect();
        PlatformSettings {
            provider_id: "2f6b8c1d-04e7-4f3a-9d58-b7a1c0e3d422".into(),
            issuer: issuer.into(),
            audience: audience.into(),
            certificate: BASE64_STANDARD.decode(base64).unwrap(),
            recipients: vec![acs.into()],
            session_minutes: Some(60),
            takes_encrypted: true,
            password: String::new(),
            second_factor: false,
            connected_app: Default::default(),
            tls: false,
        }
    }

    fn metadata_path(&self) -> &'static str {
        match self.software {
            Software::Samlp => "/metadata",
            Software::SimpleSamlPhp => "/saml2/idp/metadata.php",
        }
    }
}

impl Drop for IdentityProvider {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
        if thread::panicking() {
            for log in ["idp.log", "tls.log", "simplesamlphp.log"] {
                let text = fs::read_to_string(self.work.path().join(log)).unwrap_or_default();
                eprintln!("---- {log}\n{text}");
            }
        }
    }
}

/// A file of ours under `tests/idps`.
pub(super) fn ours(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/idps")
        .join(file)
}

/// Where `tests/run` installs what is not ours.
fn installed() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("../idps")
}

fn samlp_modules() -> PathBuf {
    installed().join("samlp/node_modules")
}

fn simplesamlphp_www() -> PathBuf {
    installed().join("simplesamlphp/usr/share/simplesamlphp/www")
}

/// A throw-away RSA key and its certificate, `NAME.key` and `NAME.crt` in `directory`.
fn make_certificate(directory: &Path, name: &str) {
    let output = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-sha256",
            "-days",
            "2",
            "-subj",
            "/CN=idp.example",
        ])
        .args([
            "-addext",
            "subjectAltName=DNS:idp.example,DNS:localhost,DNS:platform.example",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .arg("-keyout")
        .arg(directory.join(format!("{name}.key")))
        .arg("-out")
        .arg(directory.join(format!("{name}.crt")))
        .output()
        .expect("openssl makes the identity providers' keys");
    assert!(
        output.status.success(),
        "openssl: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Starts a server with its output in a file.
fn start(command: &mut Command, work: &Path, name: &str) -> Child {
    let log = fs::File::create(work.join(format!("{name}.log"))).unwrap();
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// Waits until something listens on `port`.
fn wait_for(port: u16) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(Instant::now() < deadline, "nothing listens on port {port}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The body of a page on this machine.
fn get(port: u16, path: &str) -> String {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    // In one piece: PHP's server calls a request that comes in several malformed.
    let request = format!("GET {path} HTTP/1.0\r\nHost: localhost:{port}\r\n\r\n");
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(" 200 "), "{path}: {answer}");
    body.to_owned()
}
