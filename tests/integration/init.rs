//! `init`: a profile written once, so that `login` is one word on later days.
#![cfg(unix)]

use super::support::{Browser, Scene};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_profile_is_written_once_and_logs_in_with_one_word() {
    let scene = Scene::set();
    let world = &scene.world;
    world.file("metadata.xml", scene.demo.identity_provider.metadata_xml());
    let mut arguments = vec!["init".to_owned(), "--no-browser".to_owned()];
    arguments.extend(["--profile".to_owned(), "work".to_owned()]);
    for (flag, value) in scene.demo.flags() {
        // A file that is named from the current directory is found from any other later.
        let value = match flag {
            "--idp-metadata" => "metadata.xml".to_owned(),
            _ => value,
        };
        arguments.extend([flag.to_owned(), value]);
    }
    world.run(&arguments).code(0).says(&["anyp-saml login"]);
    let path = world.home().join(".config/anyp-saml/config.toml");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);

    let mut login = world.command(&["login"]);
    login.current_dir("/");
    let mut login = super::support::world::Running::new(login);
    let link = login.hear_word(&scene.demo.identity_provider.sign_in_link());
    Browser::default().visit(&link);
    login.end().code(0);
    assert_eq!(
        world.run(&["token"]).code(0).stdout.trim_end(),
        scene.token()
    );

    // What is there stays as it is, beside a second one.
    let before = fs::read_to_string(&path).unwrap();
    world.run(&arguments).code(2).says(&["already"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
    arguments[3] = "other".to_owned();
    world.run(&arguments).code(0).says(&["--profile other"]);
    assert!(fs::read_to_string(&path).unwrap().starts_with(&before));
}

#[test]
fn nothing_is_written_that_no_login_could_go_by() {
    let scene = Scene::set();
    let world = &scene.world;
    world.run(&["init"]).code(2).says(&["--acs-url"]);
    let some = [
        "init",
        "--acs-url",
        "ftp://x",
        "--idp-url",
        "https://idp.example/",
    ];
    world.run(&some).code(2);
    assert!(world.listing("home").is_empty());
}
