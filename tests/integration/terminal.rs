//! What is asked at a terminal: the questions of `init`, the response that is pasted unseen, and whether another user is
//! meant.

use super::support::scene::secrets_of_response;
use super::support::{Browser, Scene};
use anyp_saml::demo::PEOPLE;
use anyp_saml::demo::response::ResponseOptions;
use std::fs;

const PASTE: [&str; 2] = ["--capture", "paste"];
const PROMPT: &str = "Response (not shown):";

/// A response of about this many bytes more than usual, in base64.
fn response(scene: &Scene, more: usize) -> String {
    scene.response(&ResponseOptions {
        attributes: vec![("groups".to_owned(), "g".repeat(more))],
        ..ResponseOptions::default()
    })
}

#[test]
fn a_pasted_response_of_any_length_is_taken_and_not_shown() {
    let scene = Scene::set();
    let folded = |base64: String| {
        let lines = base64.as_bytes().chunks(76);
        lines
            .map(|line| String::from_utf8_lossy(line) + "\n")
            .collect()
    };
    // A terminal in its usual mode cuts a line after 4,095 bytes. The end of what is pasted is Enter, as one that
    // copied lines bring along, or Ctrl-D.
    let pasted: [String; 4] = [
        response(&scene, 0) + "\n",
        response(&scene, 300_000) + "\r",
        folded(response(&scene, 10_000)),
        response(&scene, 0) + "\u{4}",
    ];
    for pasted in pasted {
        assert!(pasted.len() > 4444, "{}", pasted.len());
        let (mut running, screen) = scene.world.start_at_a_terminal(&scene.arguments(&PASTE));
        running.hear(PROMPT);
        assert!(!screen.is_usual());
        running.type_in(&pasted);
        let secrets = secrets_of_response(&pasted.replace(['\n', '\r', '\u{4}'], ""));
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let ended = running.end().code(0).hides(&secrets);
        ended.says(&["Signed in as"]);
        assert!(screen.is_usual());
    }
    assert_eq!(scene.exchanges(), 4);
}

#[test]
fn something_else_may_be_pasted_first() {
    let scene = Scene::set();
    let (mut running, screen) = scene.world.start_at_a_terminal(&scene.arguments(&PASTE));
    running.hear(PROMPT);
    running.type_in("a password, by mistake\n");
    running.hear_times(PROMPT, 2);
    running.type_in(&(response(&scene, 0) + "\n"));
    let ended = running.end().code(0).hides(&["a password, by mistake"]);
    ended.says(&["this is no response", "Signed in as"]);
    assert!(screen.is_usual());
}

#[test]
fn a_prompt_ends_with_ctrl_c_or_the_end_of_input_and_leaves_the_terminal_as_it_was() {
    let scene = Scene::set();
    // Ctrl-\ and Ctrl-Z would end and stop the program there and then.
    let others = "\u{1c}\u{1a}half-a-response\u{3}";
    for (typed, code) in [(others, 130), ("\u{3}", 130), ("\u{4}", 4)] {
        let (mut running, screen) = scene.world.start_at_a_terminal(&scene.arguments(&PASTE));
        running.hear(PROMPT);
        running.type_in(typed);
        running.end().code(code).hides(&["half-a-response"]);
        assert!(screen.is_usual());
    }
    assert_eq!(scene.exchanges(), 0);
}

#[test]
fn a_prompt_that_is_ended_twice_in_a_moment_leaves_the_terminal_as_it_was_too() {
    let scene = Scene::set();
    let (mut running, screen) = scene.world.start_at_a_terminal(&scene.arguments(&PASTE));
    running.hear(PROMPT);
    // The second one ends the program at once, mostly before the prompt has noticed the first.
    running.signal("-INT");
    running.signal("-TERM");
    running.end().code(130);
    assert!(screen.is_usual());
}

#[test]
fn another_user_than_last_time_is_signed_in_after_a_yes() {
    let scene = Scene::set();
    let [first, second] = [PEOPLE[0].username, PEOPLE[1].username];
    scene.log_in(&Browser::of(first), &[]).0.code(0);
    for (answer, code, user) in [("n\n", 4, first), ("\n", 4, first), ("y\n", 0, second)] {
        let (mut running, _screen) = scene.world.start_at_a_terminal(&scene.arguments(&[]));
        let link = running.hear_word(&scene.demo.identity_provider.sign_in_link());
        running.hear("Ctrl-C");
        let browser = Browser::of(second);
        browser.deliver(&browser.sign_in(link.trim_end_matches("\u{1b}[0m")));
        running.hear("Go on?");
        running.type_in(answer);
        running.end().code(code).says(&[first, second]);
        let status = scene.world.run(&["status"]).code(0).stdout;
        assert!(status.contains(user), "{answer:?}: {status}");
    }
    assert_eq!(scene.exchanges(), 2);
}

#[test]
fn init_asks_for_each_thing_until_it_is_usable() {
    let scene = Scene::set();
    let flags = scene.demo.flags();
    let flag = |name: &str| {
        flags
            .iter()
            .find(|(flag, _)| *flag == name)
            .unwrap()
            .1
            .clone()
    };
    scene
        .world
        .file("metadata.xml", scene.demo.identity_provider.metadata_xml());
    scene.world.file("page.html", "<html/>");
    let listen = ["init", "--no-browser", "--listen", &flag("--listen")];
    let (mut running, _screen) = scene.world.start_at_a_terminal(&listen);
    for (question, wrong, right) in [
        (
            "ACS URL",
            vec![
                ("", "cannot do without it"),
                ("anypoint", "acs_url is not usable"),
            ],
            flag("--acs-url"),
        ),
        (
            "The link",
            vec![
                ("", "cannot do without it"),
                ("idp.example/app", "idp_url is not usable"),
            ],
            flag("--idp-url"),
        ),
        (
            "metadata, a file",
            vec![
                ("no-such-file.xml", "there is no file"),
                ("page.html", "page.html cannot be used"),
            ],
            "metadata.xml".to_owned(),
        ),
        ("audience", vec![], flag("--audience")),
    ] {
        // What is typed before its question does not count.
        let times = wrong.len() + 1;
        for (times, (answer, says)) in wrong.into_iter().enumerate() {
            running.hear_times(question, times + 1);
            running.type_in(&format!("{answer}\n"));
            running.hear(says);
        }
        running.hear_times(question, times);
        running.type_in(&format!("{right}\n"));
    }
    running.end().code(0).says(&["anyp-saml login"]);

    let mut login = scene.world.start(&["login"]);
    let link = login.hear_word(&scene.demo.identity_provider.sign_in_link());
    Browser::default().visit(&link);
    login.end().code(0);
}

#[test]
fn init_that_is_interrupted_writes_nothing() {
    let scene = Scene::set();
    let (mut running, _screen) = scene.world.start_at_a_terminal(&["init"]);
    running.hear("ACS URL");
    running.type_in(&format!("{}\n", scene.demo.platform.acs_url()));
    running.hear("The link");
    running.type_in("https://idp.exa\u{3}");
    running.end().code(130).says(&["interrupted"]);
    assert!(fs::read_dir(scene.world.home()).unwrap().next().is_none());
}
