//! Licences, bans and sources of everything that is linked, by `deny.toml`: what `cargo deny check licenses bans sources` judges, from
//! what cargo itself says. cargo-deny takes longer to build than this project; `.ci/run` asks it too where it is installed.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::{path, root};

/// The texts in the list behind a key of `deny.toml`.
fn listed(key: &str) -> Vec<String> {
    let text = fs::read_to_string(path("deny.toml")).unwrap();
    let list = text.split_once(&format!("\n{key} = [")).unwrap().1.split_once("\n").unwrap();
    let line = list.0.strip_suffix(']').unwrap_or_else(|| list.1.split_once("\n]").unwrap().0);
    line.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Every package that cargo may build for any feature.
fn packages() -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let said = Command::new("rustc").arg("-vV").output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    let host = said.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let mut command = Command::new(cargo);
    command.args(["metadata", "--all-features", "--format-version", "1", "--offline"]);
    // What other systems need was not fetched for a build of this one.
    command.args(["--filter-platform", host]);
    let output = command.current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Whether an SPDX expression can be kept with the licences that are allowed: `AND` binds before `OR`, which old manifests write `/`.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    any(&mut words, allowed)
}

type Words<'w> = std::iter::Peekable<std::str::SplitWhitespace<'w>>;

fn any(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut holds = all(words, allowed);
    while words.next_if(|word| *word == "OR").is_some() {
        holds |= all(words, allowed);
    }
    holds
}

fn all(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut holds = one(words, allowed);
    while words.next_if(|word| *word == "AND").is_some() {
        holds &= one(words, allowed);
    }
    holds
}

fn one(words: &mut Words<'_>, allowed: &[String]) -> bool {
    match words.next() {
        Some("(") => {
            let holds = any(words, allowed);
            assert_eq!(words.next(), Some(")"));
            holds
        }
        Some(name) => {
            let exception = words.next_if(|word| *word == "WITH").and_then(|_| words.next());
            let whole = exception.map_or(name.to_owned(), |more| format!("{name} WITH {more}"));
            allowed.contains(&whole)
        }
        None => false,
    }
}

#[test]
fn everything_linked_is_allowed_by_its_licence_and_name_and_comes_from_a_registry() {
    let (allowed, banned) = (listed("allow"), listed("deny"));
    assert!(allowed.len() > 5 && banned.contains(&"openssl-sys".to_owned()), "{banned:?}");
    let mut faults = Vec::new();
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages() {
        let name = package["name"].as_str().unwrap().to_owned();
        // Our own crates come from here.
        let Some(source) = package["source"].as_str() else { continue };
        let licence = package["license"].as_str().unwrap_or_default();
        if !is_allowed(licence, &allowed) {
            faults.push(format!("{name}: licence `{licence}`"));
        }
        if banned.contains(&name) {
            faults.push(format!("{name} is banned"));
        }
        if !source.starts_with("registry+") && !source.starts_with("sparse+") {
            faults.push(format!("{name} comes from `{source}`"));
        }
        versions.entry(name).or_default().push(package["version"].as_str().unwrap().to_owned());
    }
    for (name, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
        println!("{name} is there {} times: {}", versions.len(), versions.join(", "));
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn expressions_of_licences_are_read_as_spdx_says() {
    let allowed = ["MIT".to_owned(), "Apache-2.0 WITH LLVM-exception".to_owned()];
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("", false),
        ("MIT OR GPL-3.0", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("GPL-3.0 AND Zlib OR MIT", true),
        ("GPL-3.0 AND (Zlib OR MIT)", false),
        ("(MIT OR Zlib) AND Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
    }
}
