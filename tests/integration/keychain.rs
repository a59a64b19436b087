//! `store = "keychain"`, where there is none.
#![cfg(target_os = "linux")]

#[cfg(feature = "keychain")]
mod gnome_keyring;

use super::support::{Scene, World};
use anyp_saml::demo::platform::Route;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// A login as the scene's connected app, with this store.
fn login(scene: &Scene, store: &str, more: &[&str]) -> Vec<String> {
    let (client_id, _) = scene.demo.platform.connected_app();
    let plane = scene.demo.platform.address();
    let login = ["login", "--method", "connected-app", "--store", store];
    let app = ["--client-id", client_id, "--plane", plane];
    let all = [&login[..], &app, more].concat();
    all.into_iter().map(str::to_owned).collect()
}

#[test]
fn where_there_is_none_it_is_said_before_anybody_signs_in_and_the_file_named() {
    let scene = Scene::set();
    let secret = scene.demo.platform.connected_app().1;
    for (store, more) in [
        ("keychain", &["--secret-stdin"][..]),
        ("file", &["--secret-stdin", "--keep-secret"]),
    ] {
        let arguments = login(&scene, store, more);
        let ended = scene.world.run_with_input(&arguments, secret.as_bytes());
        let ended = ended.code(1).hides(&[secret]);
        ended.says(&["no keychain", "--store file", "store = \"file\""]);
    }
    assert_eq!(scene.demo.platform.requests(Route::ConnectedApp), 0);
    let doctor = ["doctor", "--offline", "--method", "password", "--store"];
    for (store, found) in [("keychain", true), ("file", false)] {
        let said = scene.world.run(&[&doctor[..], &[store]].concat()).stdout;
        assert_eq!(said.contains("no keychain"), found, "{said}");
    }
    scene.world.run(&["token"]).code(3);
    scene.world.run(&["logout"]).code(0);
}

#[test]
fn a_token_whose_keychain_is_away_is_not_made_up() {
    let world = World::new();
    let directory = world.home().join(".local/state/anyp-saml/tokens");
    fs::create_dir_all(&directory).unwrap();
    let file = directory.join("profile-default.json");
    let about = r#"{"version":1,"method":"password","store":"keychain","plane":"https://anypoint.mulesoft.com/",
        "username":"ada","signed_in_at":"2026-01-15T12:00:00Z"}"#;
    fs::write(&file, about).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    world.run(&["token"]).code(1).says(&["no keychain"]);
    // Asking nobody, and so without it.
    let status = world.run(&["status"]).code(0).stdout;
    assert!(
        status.contains("ada") && status.contains("keychain"),
        "{status}"
    );
    // Forgotten is only what is gone.
    world.run(&["logout"]).code(1).says(&["no keychain"]);
    assert!(file.exists());
}
