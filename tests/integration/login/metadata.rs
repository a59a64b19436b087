//! Metadata by address: fetched once a day, kept, and believed as far as it says what it said before.

use super::super::support::Scene;
use super::super::support::world::Ended;
use anyp_saml::demo::response::{Key, ResponseOptions};
use anyp_saml::loopback::{Limits, Response, Running, Server};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A server that publishes metadata, or nothing.
struct Publisher {
    url: String,
    content: Arc<Mutex<Option<String>>>,
    asked: Arc<AtomicUsize>,
    _running: Running,
}

impl Publisher {
    fn of(scene: &Scene) -> Self {
        let content = Arc::new(Mutex::new(Some(
            scene.demo.identity_provider.metadata_xml(),
        )));
        let asked = Arc::new(AtomicUsize::new(0));
        let any = ([127, 0, 0, 1], 0).into();
        let server = Server::bind(&[any], Limits::DEFAULT, &[]).unwrap();
        let url = format!("http://{}/metadata", server.addresses()[0]);
        let (answer, count) = (Arc::clone(&content), Arc::clone(&asked));
        let running = server.serve(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            match &*answer.lock().unwrap() {
                Some(xml) => Response::new(200, "application/samlmetadata+xml", xml.clone()),
                None => Response::empty(503),
            }
        });
        Self {
            url,
            content,
            asked,
            _running: running.unwrap(),
        }
    }

    fn publish(&self, change: impl FnOnce(String) -> Option<String>) {
        let mut content = self.content.lock().unwrap();
        *content = content.take().and_then(change);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn log_in(&self, scene: &Scene) -> Ended {
        let response = scene.response(&ResponseOptions::default());
        scene.hand_in(response.as_bytes(), &["--idp-metadata", &self.url])
    }
}

fn kept_file(scene: &Scene) -> PathBuf {
    let known = scene.world.home().join(".local/state/anyp-saml/known");
    let mut files = std::fs::read_dir(known)
        .unwrap()
        .map(|file| file.unwrap().path());
    let is_metadata = |path: &PathBuf| path.to_str().unwrap().contains("/metadata-");
    files.find(is_metadata).unwrap()
}

/// What was kept, whenever it was.
fn kept_content(scene: &Scene) -> serde_json::Value {
    let kept = std::fs::read(kept_file(scene)).unwrap();
    let mut kept: serde_json::Value = serde_json::from_slice(&kept).unwrap();
    kept.as_object_mut().unwrap().remove("fetched_at").unwrap();
    kept
}

/// Makes what was kept as old as that.
fn age(scene: &Scene, days: i64) {
    let path = kept_file(scene);
    let mut kept: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let then = anyp_saml::time::now() - anyp_saml::time::SignedDuration::from_hours(24 * days);
    kept["fetched_at"] = then.to_string().into();
    std::fs::write(path, kept.to_string()).unwrap();
}

/// Another certificate beside the identity provider's own, or in its place.
fn with_another_key(xml: &str, keeps_own: bool) -> String {
    with_certificate(xml, &certificate("idp.pem"), keeps_own)
}

fn certificate(name: &str) -> String {
    let pem = std::fs::read_to_string(format!("tests/fixtures/{name}")).unwrap();
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

fn with_certificate(xml: &str, other: &str, keeps_own: bool) -> String {
    let (start, rest) = xml.split_once("<md:KeyDescriptor").unwrap();
    let (key, end) = rest.split_once("</md:KeyDescriptor>").unwrap();
    let own = format!("<md:KeyDescriptor{key}</md:KeyDescriptor>");
    let (before, certificate) = own.split_once("X509Certificate>").unwrap();
    let (_, after) = certificate.split_once("</").unwrap();
    let new = format!("{before}X509Certificate>{other}</{after}");
    let own = if keeps_own { own.as_str() } else { "" };
    format!("{start}{own}{new}{end}")
}

#[test]
fn it_is_fetched_once_a_day() {
    let scene = Scene::set();
    let publisher = Publisher::of(&scene);
    publisher
        .log_in(&scene)
        .code(0)
        .says(&["first time", "SHA-256"]);
    let again = publisher.log_in(&scene).code(0);
    assert!(!again.stderr.contains("first time"), "{again}");
    assert_eq!(publisher.asked(), 1);
    age(&scene, 2);
    publisher.log_in(&scene).code(0);
    publisher.log_in(&scene).code(0);
    assert_eq!(publisher.asked(), 2);
    // What came in the future came by another clock.
    age(&scene, -2);
    publisher.log_in(&scene).code(0);
    assert_eq!(publisher.asked(), 3);
}

#[test]
fn it_is_fetched_as_often_as_it_wants() {
    let scene = Scene::set();
    let publisher = Publisher::of(&scene);
    publisher
        .publish(|xml| Some(xml.replacen(" entityID=", " cacheDuration=\"PT0S\" entityID=", 1)));
    publisher.log_in(&scene).code(0);
    publisher.log_in(&scene).code(0);
    assert_eq!(publisher.asked(), 2);
}

#[test]
fn what_was_kept_is_used_while_it_holds_where_nobody_answers() {
    let scene = Scene::set();
    let publisher = Publisher::of(&scene);
    publisher.log_in(&scene).code(0);
    publisher.publish(|_| None);
    age(&scene, 2);
    publisher.log_in(&scene).code(0).says(&["503", "is used"]);
    age(&scene, 31);
    publisher.log_in(&scene).code(2).says(&["503"]);
    age(&scene, 2);
    let path = kept_file(&scene);
    let kept = std::fs::read_to_string(&path).unwrap();
    let ended = kept.replacen(
        " entityID=",
        " validUntil=\\\"2026-01-01T00:00:00Z\\\" entityID=",
        1,
    );
    assert_ne!(kept, ended);
    std::fs::write(&path, ended).unwrap();
    publisher.log_in(&scene).code(2).says(&["503"]);
    assert_eq!(scene.exchanges(), 2);
}

#[test]
fn another_key_or_name_is_refused_where_nobody_can_be_asked() {
    let scene = Scene::set();
    let publisher = Publisher::of(&scene);
    publisher.log_in(&scene).code(0);
    let original = publisher.content.lock().unwrap().clone().unwrap();
    let kept = kept_content(&scene);
    for keeps_own in [true, false] {
        publisher.publish(|_| Some(with_another_key(&original, keeps_own)));
        age(&scene, 2);
        let ended = publisher.log_in(&scene).code(4);
        ended.says(&["d483fb834d1865e7", "KEY-KNOWN", "at a terminal"]);
    }
    assert_eq!(scene.exchanges(), 1);
    // Nothing of it is kept, so that the next login asks again.
    publisher.publish(|_| Some(original));
    publisher.log_in(&scene).code(0);
    assert_eq!(kept_content(&scene), kept);
}

#[test]
fn a_key_that_cannot_be_used_is_told_of_and_does_not_hide_a_good_one() {
    let scene = Scene::set();
    let publisher = Publisher::of(&scene);
    publisher.publish(|xml| {
        let weak = with_certificate(&xml, &certificate("weak.pem"), true);
        Some(with_certificate(&weak, "AAAA", true))
    });
    let told = ["passed over", "RSA-1024", "2048 to 8192 bits"];
    publisher.log_in(&scene).code(0).says(&told);
    // A stranger's signature is not taken for one of the weak key.
    let response = scene.response(&ResponseOptions {
        key: Key::Foreign,
        ..ResponseOptions::default()
    });
    let file = scene.world.file("response", response);
    let arguments = [
        "inspect",
        file.to_str().unwrap(),
        "--idp-metadata",
        &publisher.url,
    ];
    let ended = scene.world.run(&arguments).code(4).says(&told);
    assert!(ended.stdout.contains("(SIG-VALUE)"), "{ended}");
}

#[test]
fn a_look_at_a_response_keeps_nothing_of_what_is_new() {
    let scene = Scene::set();
    let publisher = Publisher::of(&scene);
    publisher.log_in(&scene).code(0);
    let kept = kept_content(&scene);
    publisher.publish(|xml| Some(with_another_key(&xml, true)));
    age(&scene, 2);
    let response = scene.response(&ResponseOptions::default());
    let arguments = ["inspect", "-", "--idp-metadata", &publisher.url];
    let ended = scene.world.run_with_input(&arguments, response.as_bytes());
    ended.says(&["d483fb834d1865e7", "this look alone"]);
    assert_eq!(kept_content(&scene), kept);
}

#[test]
fn a_key_less_is_nobody_more_to_believe() {
    let scene = Scene::set();
    let publisher = Publisher::of(&scene);
    let original = publisher.content.lock().unwrap().clone().unwrap();
    publisher.publish(|xml| Some(with_another_key(&xml, true)));
    publisher.log_in(&scene).code(0);
    publisher.publish(|_| Some(original));
    age(&scene, 2);
    publisher.log_in(&scene).code(0);
}

#[cfg(unix)]
#[test]
fn at_a_terminal_another_key_is_asked_about_once() {
    let scene = Scene::set();
    let publisher = Publisher::of(&scene);
    publisher.log_in(&scene).code(0);
    publisher.publish(|xml| Some(with_another_key(&xml, true)));
    let file = scene
        .world
        .file("response", scene.response(&ResponseOptions::default()));
    let flags = [
        "--response",
        file.to_str().unwrap(),
        "--idp-metadata",
        &publisher.url,
    ];
    let arguments = scene.arguments(&flags);
    for (answer, code) in [("n\n", 4), ("y\n", 0)] {
        age(&scene, 2);
        let (mut running, _screen) = scene.world.start_at_a_terminal(&arguments);
        running.hear("Believe it from now on?");
        running.type_in(answer);
        running.end().code(code);
    }
    publisher.log_in(&scene).code(0);
}
