//! The token in the hands of the real anypoint-cli, which asks the demo platform over https.
#![cfg(unix)]

use super::support::clients::client;
use super::support::{Browser, Scene};
use anyp_saml::demo::PEOPLE;
use anyp_saml::demo::identity_provider::RelayState;
use anyp_saml::demo::platform::Route;

#[test]
fn anypoint_cli_asks_the_platform_with_the_token_of_exec() {
    let Some(program) = client("anypoint-cli/node_modules/.bin/anypoint-cli-v4") else {
        return;
    };
    let mut scene = Scene::with(RelayState::Echoed, |settings| settings.tls = true);
    let authority = scene.demo.platform.authority().unwrap();
    let bundle = scene.world.file("authority.pem", authority);
    let bundle = bundle.to_str().unwrap();
    let browser = Browser::of(PEOPLE[2].username);
    let (ended, _) = scene.log_in(&browser, &["--ca-bundle", bundle]);
    ended.code(0);

    scene.world = scene
        .world
        .with("NODE_EXTRA_CA_CERTS", bundle)
        // What contradicts the token, and would make it refuse to run.
        .with("ANYPOINT_USERNAME", "somebody")
        .with("ANYPOINT_PASSWORD", "a password of somebody")
        .with("ANYPOINT_HOST", "anypoint.mulesoft.com");
    let asked = ["exec", "--", &program, "account:user:describe"];
    let ended = scene.world.run(&asked).code(0);
    let ended = ended.says(&["ANYPOINT_USERNAME", "ANYPOINT_PASSWORD"]);
    assert!(ended.stdout.contains(PEOPLE[2].username), "{ended}");
    assert!(scene.demo.platform.requests(Route::UsersMe) > 0);
    ended.hides(&[&scene.token()]);

    // Its own exit code for a token that has ended is ours.
    scene.demo.platform.end_sessions();
    let ended = scene.world.run(&asked);
    assert!(!matches!(ended.code, Some(0) | None), "{ended}");
}
