//! The logins without a browser: user name and password, and connected apps.

use super::super::support::peer::{Peer, read_head};
use super::super::support::world::{Ended, Running};
use super::super::support::{Scene, World, free_port};
#[cfg(unix)]
use super::{ORGANIZATION_ID, ORGANIZATION_NAME, is_store};
use anyp_saml::demo::PEOPLE;
use anyp_saml::demo::identity_provider::RelayState;
use anyp_saml::demo::platform::{Answer, Route};
use anyp_saml::demo::response::ResponseOptions;
use anyp_saml::loopback::Response;
use serde_json::json;
use std::io::Write;

/// One of the two ways, with what it needs at a scene's platform.
#[derive(Clone, Copy, Debug)]
enum Way {
    Password,
    App,
}

const BOTH: [Way; 2] = [Way::Password, Way::App];

impl Way {
    fn route(self) -> Route {
        match self {
            Self::Password => Route::Login,
            Self::App => Route::ConnectedApp,
        }
    }

    fn secret(self, scene: &Scene) -> String {
        match self {
            Self::Password => scene.demo.platform.password().to_owned(),
            Self::App => scene.demo.platform.connected_app().1.to_owned(),
        }
    }

    /// A login at this plane, and these arguments.
    fn arguments(self, plane: &str, more: &[&str]) -> Vec<String> {
        let own: &[&str] = match self {
            Self::Password => &["password", "--username", PEOPLE[0].username],
            Self::App => &["connected-app", "--client-id", "demo-app"],
        };
        let method = ["login", "--plane", plane, "--method"];
        let all = [&method[..], own, more].concat();
        all.into_iter().map(str::to_owned).collect()
    }

    /// A login with this on its standard input.
    fn log_in(self, scene: &Scene, input: &[u8], more: &[&str]) -> Ended {
        let more = [&["--secret-stdin", "-v"], more].concat();
        let arguments = self.arguments(scene.demo.platform.address(), &more);
        scene.world.run_with_input(&arguments, input)
    }

    /// One that fails: with a good secret unless the platform is told otherwise. Nothing is shown and nothing is kept.
    fn fails(self, scene: &Scene, more: &[&str], code: i32) -> Ended {
        let secret = self.secret(scene);
        let ended = self.log_in(scene, secret.as_bytes(), more).code(code);
        let ended = ended.hides(&[&secret]);
        assert_eq!(ended.stdout, "");
        scene.world.assert_no_file_holds(&[&secret], |_| false);
        scene.world.run(&["token"]).code(3);
        ended
    }
}

#[test]
fn each_ends_in_a_kept_token_that_the_commands_hand_out() {
    for way in BOTH {
        let scene = Scene::set();
        let world = &scene.world;
        let secret = way.secret(&scene);
        let file = world.home().join("token");
        let more = ["--env", "bash", "--token-file", file.to_str().unwrap()];
        let ended = way.log_in(&scene, secret.as_bytes(), &more).code(0);
        let token = scene.token();
        let ended = ended.hides(&[&secret]).says(&["127.0.0.1"]);
        assert!(ended.stdout.contains(&token), "{ended}");
        assert_eq!(std::fs::read_to_string(&file).unwrap().trim_end(), token);
        assert_eq!(world.run(&["token"]).code(0).stdout, format!("{token}\n"));
        let child = ["exec", "--", "printenv", "ANYPOINT_BEARER"];
        assert_eq!(world.run(&child).code(0).stdout, format!("{token}\n"));
        world.assert_no_file_holds(&[&secret], |_| false);
        let may = |path: &std::path::Path| is_store(path) || path.ends_with("token");
        world.assert_no_file_holds(&[&token], may);
        assert_eq!(scene.demo.platform.requests(way.route()), 1);

        let whoami = world.run(&["whoami"]).code(0).stdout;
        let status = world.run(&["status"]).code(0).hides(&[&token]).stdout;
        let json = world.run(&["status", "--json"]).code(0).stdout;
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let left = json[0]["seconds_left"].as_i64().unwrap();
        assert!((3500..=3600).contains(&left), "{left}");
        match way {
            Way::Password => {
                assert!(whoami.contains(ORGANIZATION_NAME), "{whoami}");
                assert!(status.contains(PEOPLE[0].username), "{status}");
                assert!(status.contains("by password, about 60 min"), "{status}");
                assert_eq!(json[0]["user"], PEOPLE[0].username);
                assert_eq!(json[0]["client_id"], json!(null));
            }
            Way::App => {
                assert!(whoami.contains("Demo app (demo-app)"), "{whoami}");
                assert!(whoami.contains(ORGANIZATION_ID), "{whoami}");
                assert!(status.contains("the connected app demo-app"), "{status}");
                assert!(
                    status.contains("by connected-app, about 60 min"),
                    "{status}"
                );
                assert_eq!(json[0]["client_id"], "demo-app");
            }
        }
    }
}

#[test]
fn a_secret_is_taken_with_and_without_the_end_of_its_line() {
    for way in BOTH {
        for end in ["", "\n", "\r\n"] {
            let scene = Scene::set();
            let input = way.secret(&scene) + end;
            way.log_in(&scene, input.as_bytes(), &[]).code(0);
        }
    }
    // Docker's name for the same.
    let scene = Scene::set();
    let arguments = Way::Password.arguments(scene.demo.platform.address(), &["--password-stdin"]);
    let password = scene.demo.platform.password();
    let ended = scene.world.run_with_input(&arguments, password.as_bytes());
    ended.code(0);
}

#[test]
fn what_cannot_be_a_secret_is_refused_before_anybody_is_asked() {
    let long = vec![b'x'; 4 << 20];
    for (input, why) in [
        (&b""[..], "empty"),
        (b"\r\n", "empty"),
        (b"first-visible-line\nsecond-visible-line\n", "one line"),
        (b"binary-\0-visible-secret", "control character"),
        (b"binary-\xff\xfe-visible-secret", "UTF-8"),
        (&long, "1024 bytes"),
    ] {
        for way in BOTH {
            let scene = Scene::set();
            let ended = way.log_in(&scene, input, &[]).code(2).says(&[why]);
            assert!(!ended.stderr.contains("visible"), "{ended}");
            assert_eq!(scene.demo.platform.requests(way.route()), 0);
        }
    }
}

#[test]
fn a_wrong_secret_is_said_to_be_and_tried_once() {
    for (way, says) in [
        (Way::Password, "User name or password is wrong"),
        (Way::App, "Client id or client secret is wrong"),
    ] {
        let scene = Scene::set();
        let wrong = "wrong-but-secret-all-the-same";
        let ended = way.log_in(&scene, wrong.as_bytes(), &[]).code(5);
        ended.says(&["401", says]).hides(&[wrong]);
        assert_eq!(scene.demo.platform.requests(way.route()), 1);
        scene.world.run(&["token"]).code(3);
    }
}

#[test]
fn a_second_factor_is_explained_and_the_browser_login_named() {
    let scene = Scene::with(RelayState::Echoed, |settings| settings.second_factor = true);
    let ended = Way::Password.fails(&scene, &[], 5);
    ended.says(&["second factor", "MFA", "--method saml"]);
    assert_eq!(scene.demo.platform.requests(Route::Login), 1);
}

#[test]
fn a_platform_that_refuses_is_quoted_without_what_was_sent() {
    for way in BOTH {
        for (status, says) in [
            (429, "Wait a minute"),
            (500, "own trouble"),
            (503, "own trouble"),
            (418, "418"),
        ] {
            let scene = Scene::set();
            let secret = way.secret(&scene);
            let words = json!({ "message": format!("no \u{1b}[2J {secret}, wait") });
            let answer = Answer::json(status, &words);
            scene.demo.platform.say(way.route(), Some(answer));
            let ended = way.fails(&scene, &[], 5).says(&[says]);
            assert!(!ended.stderr.contains('\u{1b}'), "{ended}");
            assert_eq!(scene.demo.platform.requests(way.route()), 1, "{status}");
        }
        for status in [301, 302, 307, 308] {
            let scene = Scene::set();
            let elsewhere = Peer::start(|_| ());
            let location = format!("http://{}/take", elsewhere.authority());
            let answer = Answer::redirect(status, &location);
            scene.demo.platform.say(way.route(), Some(answer));
            way.fails(&scene, &[], 5).says(&["edirect", "--plane"]);
            assert_eq!(elsewhere.connections(), 0, "{status}");
        }
    }
    let scene = Scene::set();
    let answer = Answer::status(403);
    scene.demo.platform.say(Route::Login, Some(answer));
    Way::Password.fails(&scene, &[], 5).says(&["disabled"]);
}

#[test]
fn an_answer_without_a_token_is_said_to_have_none() {
    for way in BOTH {
        for answer in [
            Answer::json(200, &json!({ "redirectUrl": "/home/" })),
            Answer::json(200, &json!({ "access_token": "it's a trap" })),
            Answer::Fixed(Response::new(200, "text/html", "<title>Log in</title>")),
            Answer::Fixed(Response::new(200, "application/json", vec![b' '; 1 << 20])),
        ] {
            let scene = Scene::set();
            scene.demo.platform.say(way.route(), Some(answer));
            way.fails(&scene, &[], 5);
        }
        // No second factor is meant where no password was given.
        let scene = Scene::set();
        let answer = Answer::json(200, &json!({ "url": "/x", "body": {} }));
        scene.demo.platform.say(Route::ConnectedApp, Some(answer));
        Way::App.fails(&scene, &[], 5).says(&["access_token"]);
    }
}

#[test]
fn a_platform_that_hangs_breaks_off_or_is_not_there_is_left() {
    for way in BOTH {
        let scene = Scene::set();
        scene.demo.platform.say(way.route(), Some(Answer::Hang));
        let ended = way.fails(&scene, &["--platform-timeout", "1s"], 6);
        assert!(!ended.stderr.contains("response"), "{ended}");
        assert_eq!(scene.demo.platform.requests(way.route()), 1);

        let peer = Peer::start(|mut stream| {
            read_head(&mut stream);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
        });
        let plane = format!("http://{}", peer.authority());
        let nobody = World::new();
        let nowhere = format!("http://127.0.0.1:{}", free_port());
        for (plane, code) in [
            (plane.as_str(), 5),
            (&nowhere, 5),
            ("http://anypoint.mulesoft.com", 2),
        ] {
            let arguments = way.arguments(plane, &["--secret-stdin"]);
            let secret = way.secret(&scene);
            let ended = nobody.run_with_input(&arguments, secret.as_bytes());
            ended.code(code).hides(&[&secret]);
        }
        assert_eq!(peer.connections(), 1);
    }
}

#[test]
fn a_login_is_not_repeated_while_its_token_holds_and_tokens_are_not_mixed() {
    let scene = Scene::set();
    let plane = scene.demo.platform.address();
    let needed = |way: Way, more: &[&str]| {
        let more = [&["--if-needed"], more].concat();
        way.log_in(&scene, way.secret(&scene).as_bytes(), &more)
            .code(0)
    };
    let tokens = || scene.demo.platform.tokens().len();
    needed(Way::Password, &[]);
    needed(Way::Password, &[]).says(&["still holds"]);
    assert_eq!(tokens(), 1);
    // Neither another user, nor an app, nor the organization's SSO is content with it.
    let other = ["--method", "password", "--plane", plane, "--if-needed"];
    let other = [&["login", "--secret-stdin"], &other[..]].concat();
    let other = [&other[..], &["--username", PEOPLE[1].username]].concat();
    let password = scene.demo.platform.password().as_bytes();
    scene.world.run_with_input(&other, password).code(0);
    assert_eq!(tokens(), 2);
    needed(Way::App, &[]);
    needed(Way::App, &[]).says(&["still holds"]);
    assert_eq!(tokens(), 3);
    let response = scene.response(&ResponseOptions::default());
    let ended = scene.hand_in(response.as_bytes(), &["--if-needed"]);
    ended.code(0);
    assert_eq!(tokens(), 4);
    needed(Way::Password, &[]);
    assert_eq!(tokens(), 5);
}

#[test]
fn an_app_signs_in_with_what_the_environment_of_the_platforms_tools_holds() {
    let mut scene = Scene::set();
    let (id, secret) = scene.demo.platform.connected_app();
    let (id, secret) = (id.to_owned(), secret.to_owned());
    let plane = scene.demo.platform.address().to_owned();
    scene.world = std::mem::replace(&mut scene.world, World::new())
        .with("ANYPOINT_CLIENT_ID", &id)
        .with("ANYPOINT_CLIENT_SECRET", &secret)
        .with("ANYP_SAML_METHOD", "connected-app")
        .with("ANYP_SAML_PLANE", &plane);
    let world = &scene.world;
    let login = world.run(&["token", "--login"]).code(0).hides(&[&secret]);
    assert_eq!(login.stdout, format!("{}\n", scene.token()));
    // What runs with the token does not see what gave it.
    let child = ["exec", "--", "printenv", "ANYPOINT_CLIENT_SECRET"];
    world.run(&child).code(1);
    // Another app's secret is not sent with the id that was asked for.
    let arguments = ["login", "--client-id", "another"];
    world.run(&arguments).code(3).says(&["client secret"]);
    assert_eq!(scene.demo.platform.requests(Route::ConnectedApp), 1);
}

#[test]
fn an_app_that_is_asked_for_often_signs_in_once() {
    let scene = Scene::set();
    let (client_id, secret) = scene.demo.platform.connected_app();
    let config = scene.world.home().join(".config/anyp-saml");
    let plane = scene.demo.platform.address();
    let profile = format!(
        "default_profile = 'ci'\n[profile.ci]\nmethod = 'connected-app'\nclient_id = '{client_id}'\nplane = '{plane}'\n"
    );
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("config.toml"), profile).unwrap();
    let asking: Vec<_> = (0..16)
        .map(|_| {
            let mut token = scene.world.command(&["token", "--login"]);
            token.env("ANYPOINT_CLIENT_SECRET", secret);
            Running::new(token)
        })
        .collect();
    for each in asking {
        let token = each.end().code(0).stdout;
        assert_eq!(token.trim_end(), scene.token());
    }
    assert_eq!(scene.demo.platform.requests(Route::ConnectedApp), 1);
}

#[test]
fn where_nobody_can_be_asked_it_is_said_at_once() {
    for way in BOTH {
        let scene = Scene::set();
        let arguments = way.arguments(scene.demo.platform.address(), &[]);
        let ended = scene.world.run(&arguments).code(3);
        ended.says(&["no terminal", "--secret-stdin"]);
    }
    World::new()
        .run(&["login", "--method", "password", "--secret-stdin"])
        .code(3)
        .says(&["user name", "--username"]);
    World::new()
        .run(&["login", "--method", "connected-app"])
        .code(2)
        .says(&["--client-id"]);
}

#[test]
fn another_user_than_the_expected_one_is_not_kept() {
    let scene = Scene::set();
    let ended = Way::Password.fails(&scene, &["--expect-user", PEOPLE[1].username], 4);
    ended.says(&["expected", PEOPLE[1].username]);
    assert_eq!(scene.demo.platform.requests(Route::Logout), 1);
    assert!(
        scene.demo.platform.tokens().is_empty(),
        "a token that nobody will use goes on"
    );
}

#[test]
fn the_user_of_the_last_response_is_remembered_through_a_login_of_another_way() {
    let scene = Scene::set();
    let response = scene.response(&ResponseOptions::default());
    scene.hand_in(response.as_bytes(), &[]).code(0);
    for way in BOTH {
        let secret = way.secret(&scene);
        way.log_in(&scene, secret.as_bytes(), &[]).code(0);
        let another = ResponseOptions {
            person: PEOPLE[1],
            ..ResponseOptions::default()
        };
        scene
            .hand_in(scene.response(&another).as_bytes(), &[])
            .code(4)
            .says(&["last time it was"]);
    }
}

#[test]
fn authorities_that_would_never_end_are_refused_before_anybody_is_asked() {
    let world = World::new()
        .with("ANYPOINT_CLIENT_SECRET", "s3cret")
        .with("SSL_CERT_FILE", "/dev/zero");
    let login = ["login", "--method", "connected-app", "--client-id", "app"];
    world
        .run(&[&login[..], &["--plane", "https://127.0.0.1:9"]].concat())
        .code(2)
        .says(&["SSL_CERT_FILE", "/dev/zero", "unset"]);
}

#[test]
fn a_profile_is_written_for_each_and_logs_in() {
    let scene = Scene::set();
    let world = &scene.world;
    let plane = scene.demo.platform.address();
    for way in BOTH {
        let name = format!("{way:?}");
        let mut init = way.arguments(plane, &["--profile", &name]);
        init[0] = "init".to_owned();
        world.run(&init).code(0);
        let login = ["login", "--profile", &name, "--secret-stdin"];
        let secret = way.secret(&scene);
        world.run_with_input(&login, secret.as_bytes()).code(0);
        let token = world.run(&["token", "--profile", &name]).code(0);
        assert_eq!(token.stdout, format!("{}\n", scene.token()));
    }
    let init = ["init", "--method", "connected-app", "--profile", "x"];
    world.run(&init).code(2).says(&["--client-id"]);
    let config = world.home().join(".config/anyp-saml/config.toml");
    let config = std::fs::read_to_string(config).unwrap();
    assert!(config.contains("method = \"connected-app\""), "{config}");
    assert!(!config.contains("[profile.x]"), "{config}");
}

#[cfg(unix)]
#[test]
fn at_a_terminal_the_secret_is_asked_for_and_not_shown() {
    let scene = Scene::set();
    let plane = scene.demo.platform.address();
    let password = scene.demo.platform.password();
    let arguments = ["login", "--method", "password", "--plane", plane].map(str::to_owned);
    let (mut running, _screen) = scene.world.start_at_a_terminal(&arguments);
    running.hear("User name:");
    running.type_in(&format!("{}\n", PEOPLE[2].username));
    running.hear("Password (not shown):");
    // A slip is taken back, as in any other line.
    running.type_in(&format!("{password}x\u{7f}\n"));
    let ended = running.end().code(0).hides(&[password]);
    let name = PEOPLE[2].username;
    ended.says(&[name, &format!("Signed in as {name}")]);

    let arguments = Way::App.arguments(plane, &["--profile", "app"]);
    let secret = scene.demo.platform.connected_app().1;
    let (mut running, _screen) = scene.world.start_at_a_terminal(&arguments);
    running.hear("Client secret (not shown):");
    running.type_in(&format!("{secret}\n"));
    running.end().code(0).hides(&[secret]);
}

#[cfg(unix)]
#[test]
fn a_prompt_that_nobody_answers_ends_in_time_and_by_interruption() {
    let scene = Scene::set();
    let plane = scene.demo.platform.address();
    let arguments = Way::App.arguments(plane, &["--timeout", "1s"]);
    let (running, _screen) = scene.world.start_at_a_terminal(&arguments);
    running.end().code(6).says(&["nobody typed"]);
    // Ctrl-C as a terminal sends it; afterwards that shows again what is typed.
    let arguments = Way::App.arguments(plane, &[]);
    let (mut running, screen) = scene.world.start_at_a_terminal(&arguments);
    running.hear("Client secret (not shown):");
    assert!(!screen.is_usual());
    running.type_in("half-of-a-secret\u{3}");
    running.end().code(130).hides(&["half-of-a-secret"]);
    assert!(screen.is_usual());
    assert_eq!(scene.demo.platform.requests(Route::ConnectedApp), 0);
}
