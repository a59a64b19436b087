//! The rules of the house, as `src/lib.rs` states them: what is absent stays absent.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Which modules may name a crate. The reason for each crate stands in Cargo.toml.
const OWNERS: &[(&str, &[&str])] = &[
    ("clap", &["commands"]),
    ("clap_complete", &["commands"]),
    ("clap_mangen", &["commands"]),
    ("reqwest", &["http"]),
    ("rustls", &["demo", "http"]),
    ("hyper", &["http"]),
    ("hyper_util", &["http"]),
    ("bytes", &["http"]),
    ("tiny_http", &["loopback"]),
    ("quick_xml", &["xml"]),
    ("ring", &["xmldsig", "secret"]),
    ("x509_cert", &["xmldsig"]),
    ("rcgen", &["demo"]),
    ("base64", &["encoding"]),
    ("open", &["browser"]),
    ("command_fds", &["browser"]),
    ("close_fds", &["browser"]),
    (
        "serde",
        &["browser", "commands", "config", "platform", "saml", "store"],
    ),
    (
        "serde_json",
        &["browser", "commands", "demo", "platform", "saml", "store"],
    ),
    ("keyring", &["store"]),
    ("toml", &["config"]),
    ("secrecy", &["secret"]),
    ("zeroize", ANY),
    ("tempfile", &["store"]),
    ("etcetera", &["config"]),
    ("jiff", &["time"]),
    ("thiserror", ANY),
    ("anstream", &["terminal"]),
    ("anstyle", &["terminal"]),
    ("url", &["address"]),
    ("ctrlc", &["terminal"]),
    (
        "rustix",
        &["browser", "commands", "loopback", "store", "terminal"],
    ),
];
const ANY: &[&str] = &["*"];

/// Modules (or files) that know no clock, no network and no file.
const PURE: &[&str] = &[
    "saml/",
    "xmldsig/",
    "xml",
    "export/",
    "acs/request",
    "foreign.rs",
    "encoding.rs",
    "address.rs",
    "browser/chromium/intercept.rs",
    "commands/doctor/check",
    "commands/doctor/clock",
    "commands/doctor/configuration",
    "commands/doctor/kept",
    "commands/doctor/keys",
    "commands/doctor/machine",
    "commands/doctor/metadata",
    "commands/doctor/network",
];
const IMPURE: &[&str] = &[
    "std::fs",
    "std::env",
    "std::process",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "time::now",
    "std::io::stdin",
    "std::thread",
];

struct Source {
    /// The path below `src`, with `/`.
    path: String,
    /// The module right below the crate.
    module: String,
    /// The code without its comments and without its tests.
    code: String,
}

#[test]
fn a_module_uses_only_modules_declared_below_it() {
    let order = declared_modules();
    let place = |module: &str| order.iter().position(|known| known == module);
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(own) = place(&source.module) else {
            continue;
        };
        for used in used_modules(&source.code) {
            if place(&used).is_some_and(|other| other < own) {
                wrong.push(format!(
                    "{} uses {used}, which is declared above {}",
                    source.path, source.module
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_is_declared_in_the_map() {
    let order = declared_modules();
    for source in sources() {
        let known =
            order.contains(&source.module) || ["lib", "main"].contains(&source.module.as_str());
        assert!(known, "{} is not declared in lib.rs", source.path);
    }
}

#[test]
fn a_crate_is_named_by_its_owner_alone() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (name, owners) in OWNERS {
            let named = mentions(&source.code, &format!("{name}::"));
            if named && !owners.contains(&"*") && !owners.contains(&source.module.as_str()) {
                wrong.push(format!(
                    "{} names {name}, which belongs to {owners:?}",
                    source.path
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_crate_has_an_owner_that_names_it() {
    let manifest: toml::Table = read(&root().join("Cargo.toml")).parse().unwrap();
    let mut dependencies: BTreeSet<String> = names(&manifest["dependencies"]);
    for (_, target) in manifest["target"].as_table().unwrap() {
        dependencies.extend(target.get("dependencies").map(names).unwrap_or_default());
    }
    let owned: BTreeSet<String> = OWNERS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(
        dependencies, owned,
        "the table of owners and Cargo.toml differ"
    );

    let mut namers: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for source in sources() {
        for (name, _) in OWNERS {
            if mentions(&source.code, &format!("{name}::")) {
                namers
                    .entry(name)
                    .or_default()
                    .insert(source.module.clone());
            }
        }
    }
    let mut idle = Vec::new();
    for (name, owners) in OWNERS {
        let found = namers.remove(name).unwrap_or_default();
        if found.is_empty() {
            idle.push(format!("nobody names {name}: it can go"));
        }
        let owners = owners
            .iter()
            .filter(|owner| **owner != "*" && !found.contains(**owner));
        idle.extend(
            owners.map(|owner| format!("{owner} does not name {name}: it can leave the table")),
        );
    }
    assert!(idle.is_empty(), "{}", idle.join("\n"));
}

#[test]
fn the_rules_know_no_clock_no_network_and_no_file() {
    let mut wrong = Vec::new();
    for source in sources() {
        if PURE.iter().any(|pure| source.path.starts_with(pure)) {
            wrong.extend(
                IMPURE
                    .iter()
                    .filter(|word| source.code.contains(**word))
                    .map(|word| (source.path.clone(), word)),
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn every_test_file_is_listed() {
    let directory = root().join("tests/integration");
    let main = read(&directory.join("main.rs"));
    for entry in fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let is_module =
            path.extension().is_some_and(|end| end == "rs") || path.join("mod.rs").exists();
        if is_module && name != "main" {
            assert!(
                main.contains(&format!("mod {name};")),
                "tests/integration/{name} is not listed in main.rs"
            );
        }
    }
}

/// The modules of the crate in the order of `src/lib.rs`.
fn declared_modules() -> Vec<String> {
    let map = read(&root().join("src/lib.rs"));
    let name = |line: &str| Some(line.strip_prefix("pub mod ")?.strip_suffix(';')?.to_owned());
    map.lines().filter_map(name).collect()
}

fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    collect(&root().join("src"), &mut files);
    files.iter().map(|path| source(path)).collect()
}

fn source(path: &Path) -> Source {
    let relative = path.strip_prefix(root().join("src")).unwrap();
    let path_below = relative.to_string_lossy().replace('\\', "/");
    let module = path_below
        .split('/')
        .next()
        .unwrap()
        .trim_end_matches(".rs")
        .to_owned();
    let is_test = path_below.ends_with("/tests.rs") || path_below.contains("/tests/");
    Source {
        code: if is_test {
            String::new()
        } else {
            code(&read(path))
        },
        path: path_below,
        module,
    }
}

/// The lines of a file that are neither comments nor its unit tests, which stand last.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let text = text.split("\nmod tests {").next().unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines
        .map(|line| line.split(" // ").next().unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The modules of the crate that the code names, by `crate::name` or inside `use crate::{…}`.
fn used_modules(code: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => used.extend([identifier(rest)]),
            Some(group) => {
                let mut depth = 0;
                let mut item = String::new();
                for character in group.chars() {
                    match character {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => {
                            used.extend([identifier(std::mem::take(&mut item).trim())])
                        }
                        _ if depth == 0 => item.push(character),
                        _ => {}
                    }
                }
                used.extend([identifier(item.trim())]);
            }
        }
    }
    used
}

fn identifier(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// Whether the path stands in the code on its own, not as the end of a longer name or below `crate::`.
fn mentions(code: &str, path: &str) -> bool {
    code.match_indices(path).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    })
}

fn names(table: &toml::Value) -> BTreeSet<String> {
    table
        .as_table()
        .unwrap()
        .keys()
        .map(|name| name.replace('-', "_"))
        .collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
