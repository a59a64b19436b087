//! `logout`: forgotten here first, and then ended at the platform, or said not to be.
#![cfg(unix)]

use super::support::{Scene, free_port};
use anyp_saml::demo::platform::{Answer, Route};
use anyp_saml::demo::response::ResponseOptions;
use std::path::Path;

/// A scene in which somebody has signed in through SAML.
fn signed_in() -> Scene {
    let scene = Scene::set();
    let response = scene.response(&ResponseOptions::default());
    scene.hand_in(response.as_bytes(), &[]).code(0);
    scene
}

/// Nothing is kept any more.
#[track_caller]
fn is_forgotten(scene: &Scene, token: &str) {
    scene.world.run(&["token"]).code(3);
    scene.world.assert_no_file_holds(&[token], |_: &Path| false);
}

#[test]
fn a_users_session_and_an_apps_token_are_ended_at_the_platform() {
    let scene = signed_in();
    let token = scene.token();
    let ended = scene.world.run(&["logout"]).code(0).hides(&[&token]);
    ended.says(&["forgotten", "The platform has ended it"]);
    is_forgotten(&scene, &token);
    assert!(scene.demo.platform.tokens().is_empty());
    assert_eq!(scene.demo.platform.requests(Route::Logout), 1);

    let (client_id, secret) = scene.demo.platform.connected_app();
    let plane = scene.demo.platform.address();
    let login = ["login", "--method", "connected-app", "--secret-stdin"];
    let login = [&login[..], &["--client-id", client_id, "--plane", plane]].concat();
    scene
        .world
        .run_with_input(&login, secret.as_bytes())
        .code(0);
    let ended = scene.world.run(&["logout"]).code(0);
    ended.says(&["The platform has ended it"]);
    assert!(scene.demo.platform.tokens().is_empty());
    assert_eq!(scene.demo.platform.requests(Route::Revoke), 1);

    scene.world.run(&["logout"]).code(0).says(&["No token"]);
    assert_eq!(scene.demo.platform.requests(Route::Logout), 1);
}

#[test]
fn what_the_platform_does_not_end_is_forgotten_and_said() {
    for (answer, code, says) in [
        (Answer::status(500), 5, "session timeout"),
        (Answer::status(404), 5, "session timeout"),
        (Answer::redirect(307, "http://127.0.0.1:9/"), 5, "edirect"),
        // Documented, and yet the token is taken afterwards.
        (Answer::redirect(302, "/login/"), 0, "takes it still"),
        (Answer::status(401), 0, "had ended"),
        (Answer::Hang, 6, "session timeout"),
    ] {
        let scene = signed_in();
        let token = scene.token();
        scene.demo.platform.say(Route::Logout, Some(answer));
        let logout = ["logout", "--platform-timeout", "1s"];
        let ended = scene.world.run(&logout).code(code).hides(&[&token]);
        ended.says(&["forgotten", says]);
        is_forgotten(&scene, &token);
        assert_eq!(scene.demo.platform.requests(Route::Logout), 1);
    }
}

#[test]
fn a_token_is_forgotten_where_nobody_can_be_asked_about_it() {
    let Scene { world, demo } = signed_in();
    let store = world
        .home()
        .join(".local/state/anyp-saml/tokens/profile-default.json");
    let kept = std::fs::read_to_string(&store).unwrap();
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let lost = kept.replace(demo.platform.address(), &nobody);
    assert_ne!(lost, kept);
    std::fs::write(&store, lost).unwrap();
    world.run(&["logout"]).code(5).says(&["forgotten here"]);
    world.run(&["token"]).code(3);
    // A file that is damaged, and a token that has ended, are nothing to ask about.
    let over = kept.replace("\"ends_at\": \"20", "\"ends_at\": \"10");
    assert_ne!(over, kept);
    for content in ["{", &over] {
        std::fs::write(&store, content).unwrap();
        world.run(&["logout"]).code(0).says(&["forgotten"]);
    }
    assert_eq!(demo.platform.requests(Route::Logout), 0);
}
