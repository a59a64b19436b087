//! What shells and `man` are told of the command line, read by the shells themselves.

use super::support::skip::skipped;
use super::support::world::World;
use std::process::Command;

/// What a shell offers where `script` has been read from the file of `completions`.
fn offered(shell: &str, options: &[&str], script: &str) -> Option<String> {
    let world = World::new();
    let completions = world.run(&["completions", shell]).code(0).stdout;
    let file = world.file("completions", completions);
    let output = Command::new(shell)
        .args(options)
        .args(["-c", script])
        .env("HOME", world.home())
        .env("COMPLETIONS", file)
        .output();
    let Ok(output) = output else {
        skipped(&format!("{shell} is not installed"));
        return None;
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{shell}: {errors}");
    assert_eq!(errors, "", "{shell}");
    Some(String::from_utf8(output.stdout).unwrap())
}

fn assert_words(offered: Option<String>, expected: &[&str]) {
    if let Some(offered) = offered {
        let words: Vec<_> = offered.split_whitespace().collect();
        assert_eq!(words, expected);
    }
}

#[test]
fn bash_completes_commands_and_flags() {
    let script = r#"
        source "$COMPLETIONS"
        completer=$(complete -p anyp-saml | sed 's/.*-F \([^ ]*\).*/\1/')
        COMP_WORDS=(anyp-saml log) COMP_CWORD=1
        "$completer" anyp-saml log anyp-saml
        echo "${COMPREPLY[@]}"
        COMP_WORDS=(anyp-saml login --idp-) COMP_CWORD=2
        "$completer" anyp-saml --idp- login
        echo "${COMPREPLY[@]}""#;
    assert_words(
        offered("bash", &["--norc"], script),
        &[
            "login",
            "logout",
            "--idp-url",
            "--idp-metadata",
            "--idp-certificate",
        ],
    );
}

#[test]
fn zsh_takes_the_completions() {
    let script = r#"
        autoload -U compinit && compinit -D -u
        source "$COMPLETIONS"
        print -r -- "$_comps[anyp-saml]""#;
    assert_words(offered("zsh", &["-f"], script), &["_anyp-saml"]);
}

#[test]
fn fish_completes_commands_and_flags() {
    let script = r#"
        source "$COMPLETIONS"
        complete --do-complete "anyp-saml log" | string replace --regex "\t.*" ""
        complete --do-complete "anyp-saml login --idp-" | string replace --regex "\t.*" """#;
    assert_words(
        offered("fish", &["--no-config"], script),
        &[
            "login",
            "logout",
            "--idp-certificate",
            "--idp-metadata",
            "--idp-url",
        ],
    );
}

#[test]
fn a_manual_page_names_every_command_and_each_has_its_own() {
    let world = World::new();
    let page = world.run(&["man"]).code(0).stdout;
    let commands: Vec<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix(r"anyp\-saml\-")?.strip_suffix("(1)"))
        .filter(|command| *command != "help")
        .collect();
    assert!(commands.contains(&"login"), "{page}");
    for command in commands {
        let page = world.run(&["man", command]).code(0).stdout;
        assert!(
            page.contains(&format!(".TH anyp-saml-{command} 1")),
            "{command}"
        );
    }
    world
        .run(&["man", "nothing"])
        .code(2)
        .says(&["there is no command nothing"]);
}
