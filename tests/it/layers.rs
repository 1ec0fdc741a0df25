//! The architecture's invariants, read off the sources.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{path, root};

/// The modules of the core, lowest first: each may use those before it.
const CORE: [&str; 33] = [
    "text",
    "error",
    "moment",
    "span",
    "http_date",
    "value",
    "encoding",
    "decoder",
    "secret",
    "template",
    "inject",
    "schema",
    "field",
    "decision",
    "settle",
    "request",
    "base_url",
    "auth",
    "connector",
    "card",
    "connection",
    "definition",
    "invocation",
    "transport_fault",
    "response",
    "token",
    "retry",
    "plan",
    "failure",
    "load",
    "call",
    "connection_test",
    "lib",
];

/// The folders of our code.
pub const ALL: [&str; 7] = [
    "crates/core/src",
    "crates/author/src",
    "crates/flow/src",
    "crates/cassette/src",
    "crates/runtime/src",
    "crates/testkit/src",
    "src",
];

pub fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap().path();
        if entry.ends_with("tests") || entry.ends_with("tests.rs") {
            // A module's own tests may use anything.
            continue;
        }
        if entry.is_dir() {
            found.extend(sources(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            found.push(entry);
        }
    }
    found.sort();
    found
}

/// The code of a file without its tests and comments.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The top-level module a file of the core belongs to.
fn module(file: &Path) -> String {
    let below = file.strip_prefix(path("crates/core/src")).unwrap();
    below
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_str()
        .unwrap()
        .trim_end_matches(".rs")
        .to_owned()
}

#[test]
fn a_module_of_the_core_uses_only_those_below_it() {
    let rank: HashMap<&str, usize> =
        CORE.iter().enumerate().map(|(rank, name)| (*name, rank)).collect();
    let mut faults = Vec::new();
    for file in sources(&path("crates/core/src")) {
        let own = module(&file);
        let Some(own_rank) = rank.get(own.as_str()) else {
            faults.push(format!("`{own}` is not in the table of layers"));
            continue;
        };
        for used in code(&file).split("crate::").skip(1) {
            let used: String =
                used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            match rank.get(used.as_str()) {
                Some(used_rank) if used_rank > own_rank => {
                    faults.push(format!("`{own}` uses `{used}`"))
                }
                _ => {}
            }
        }
    }
    faults.sort();
    faults.dedup();
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn pure_crates_have_no_files_network_environment_clock_or_threads() {
    let mut faults = Vec::new();
    let pure = ["core", "author", "flow", "cassette"];
    let folders = pure.map(|name| path(&format!("crates/{name}/src")));
    for file in folders.iter().flat_map(|folder| sources(folder)) {
        let code = code(&file);
        for word in [
            "std::fs",
            "std::net",
            "std::env",
            "std::process",
            "std::thread",
            "SystemTime",
            "Instant::now",
            "Timestamp::now",
            "Zoned::now",
            "tokio::",
            "reqwest::",
            "std::io::std",
        ] {
            if code.contains(word) {
                faults.push(format!("{}: {word}", file.display()));
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn only_the_command_prints_and_only_the_transport_sends() {
    let mut faults = Vec::new();
    for folder in ALL {
        for file in sources(&path(folder)) {
            let shown = file.strip_prefix(root()).unwrap().display().to_string();
            let code = code(&file);
            let prints = ["println!", "print!(", "io::stdout", "io::stderr"];
            if !shown.starts_with("src/cli") && prints.iter().any(|word| code.contains(word)) {
                faults.push(format!("{shown} prints"));
            }
            if !shown.starts_with("crates/runtime/src/transport") && code.contains("reqwest::") {
                faults.push(format!("{shown} sends"));
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn key_material_is_used_only_by_the_cipher_of_the_store() {
    let mut faults = Vec::new();
    for file in sources(&path("crates/runtime/src")).into_iter().chain(sources(&path("src"))) {
        let shown = file.strip_prefix(root()).unwrap().display().to_string();
        let code = code(&file);
        let may = |names: &[&str]| names.iter().any(|name| shown.ends_with(name));
        if code.contains("ring::aead") && !may(&["store/cipher.rs", "store/export.rs"]) {
            faults.push(format!("{shown} encrypts"));
        }
        if code.contains("expose_secret") && !may(&["store/key.rs"]) {
            faults.push(format!("{shown} opens a key"));
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn a_secret_is_opened_only_where_it_goes_into_a_request() {
    let may = ["secret", "auth", "template", "connection", "token"];
    let mut faults = Vec::new();
    for file in sources(&path("crates/core/src")) {
        if code(&file).contains(".expose()") && !may.contains(&module(&file).as_str()) {
            faults.push(file.display().to_string());
        }
    }
    let others = ALL.iter().filter(|folder| **folder != "crates/core/src");
    for file in others.flat_map(|folder| sources(&path(folder))) {
        // A client's private key is read where its TLS is set up.
        let is_tls = file.ends_with("runtime/src/transport/tls.rs");
        if code(&file).contains(".expose()") && !is_tls {
            faults.push(file.display().to_string());
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}
