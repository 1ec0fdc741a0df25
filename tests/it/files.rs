//! Files that must be true: error pages, the README's commands, what is in the repository.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use cardhost::Code;
use cardhost::author::check::{File, check_connector};
use serde_json::Value;

use crate::schemes::demo_connector;
use crate::support::{cardhost, path, root};

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let mut known: BTreeSet<String> =
        Code::all().iter().map(|code| code.as_str().to_owned()).collect();
    known.extend(
        [
            "input.not_applicable",
            "query.null_left_out",
            "redirect.not_followed",
            "store.exposed",
            "target.hint",
            "url.fragment_dropped",
        ]
        .map(str::to_owned),
    );
    let pages: BTreeSet<String> = fs::read_dir(path("docs/errors"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".md").map(str::to_owned))
        .filter(|name| name != "README")
        .collect();
    assert_eq!(
        known.difference(&pages).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "codes without a page"
    );
    assert_eq!(
        pages.difference(&known).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "pages without a code"
    );
}

#[test]
fn the_shipped_cards_have_no_fault() {
    let ran = cardhost(&["check", "cards"], "");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.starts_with("12 connectors, 109 cards, "), "{}", ran.stdout);
    assert!(ran.stdout.ends_with(": no fault\n"), "{}", ran.stdout);
}

/// The commands of the README's code blocks that run `cardhost`, run as written with the built binary.
#[test]
fn the_commands_of_the_readme_run() {
    let readme = fs::read_to_string(path("README.md")).unwrap();
    let binary = env!("CARGO_BIN_EXE_cardhost");
    // Nothing of whoever runs the tests is touched.
    let home = tempfile::tempdir().unwrap();
    let mut ran = 0;
    for block in readme.split("```sh\n").skip(1) {
        let block = block.split("```").next().unwrap();
        if !block.contains("cargo run --release -- ") {
            continue;
        }
        let script = block.replace("cargo run --release -- ", &format!("{binary} "));
        let mut command = Command::new("sh");
        command.args(["-ec", &script]).current_dir(root());
        for name in std::env::vars_os().map(|(name, _)| name) {
            let text = name.to_string_lossy();
            if text.starts_with("CARDHOST_") || text.starts_with("XDG_") {
                command.env_remove(&name);
            }
        }
        let output = command.env("HOME", home.path()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{block}\n{stderr}");
        assert!(!output.stdout.is_empty(), "{block}");
        ran += 1;
    }
    assert!(ran >= 5, "the README shows at least five commands, found {ran}");
}

#[test]
fn the_first_command_prints_status_headers_and_body() {
    let readme = fs::read_to_string(path("README.md")).unwrap();
    let block = readme.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let script =
        block.replace("cargo run --release -- ", &format!("{} ", env!("CARGO_BIN_EXE_cardhost")));
    let output = Command::new("sh").args(["-ec", &script]).current_dir(root()).output().unwrap();
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed["Response"]["Status Code"], 200);
    assert_eq!(printed["Response"]["Headers"]["content-type"], "application/json");
    assert!(printed["Response"]["Body"].is_object());
}

#[test]
fn nothing_of_this_machine_or_of_a_registry_is_in_the_repository() {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().unwrap();
    let names = String::from_utf8(listed.stdout).unwrap();
    let mut faults = Vec::new();
    for name in names.split('\0').filter(|name| !name.is_empty()) {
        let Ok(text) = fs::read_to_string(path(name)) else { continue };
        for line in text.lines() {
            let machine = ["/ho", "/ro", "/wo"].iter().zip(["me/", "ot/", "rk/"]).any(|(a, b)| {
                line.match_indices(&format!("{a}{b}")).any(|(at, _)| {
                    let before = line[..at].chars().last();
                    before
                        .is_none_or(|c| !(c.is_alphanumeric() || c == '.' || c == '}' || c == '/'))
                })
            });
            let registry = line.contains(&["\"resolved\"", ": \"http"].concat());
            if machine || registry {
                faults.push(format!("{name}: {line}"));
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

/// Whole connectors as they stand; single auth methods inside a connector with the fields that they refer to.
#[test]
fn check_accepts_every_connector_and_auth_method_of_the_docs() {
    let text = fs::read_to_string(path("docs/auth.md")).unwrap();
    let mut schemes = BTreeSet::new();
    let mut grants = BTreeSet::new();
    for block in text.split("```json\n").skip(1) {
        let block = block.split("```").next().unwrap();
        let value: Value = serde_json::from_str(block).unwrap_or_else(|e| panic!("{e}: {block}"));
        let connector = match value.get("format") {
            Some(_) => value,
            None => demo_connector("https://api.acme.example", &value),
        };
        let methods: Vec<&Value> = connector["auth"].as_object().unwrap().values().collect();
        let of_all = methods.iter().filter_map(|method| method["of"].as_array()).flatten();
        for method in methods.iter().copied().chain(of_all) {
            schemes.insert(method["scheme"].as_str().unwrap().to_owned());
            grants.extend(method["grant"].as_str().map(str::to_owned));
        }
        let file = format!("cards/{}/connector.json", connector["name"].as_str().unwrap());
        let checked = check_connector(File { path: &file, text: &connector.to_string() }, &[]);
        let found: Vec<String> = checked
            .findings
            .iter()
            .map(|finding| format!("{} {}", finding.place.pointer, finding.message()))
            .collect();
        assert_eq!(found, Vec::<String>::new(), "{block}");
    }
    let expected = [
        "all",
        "api_key",
        "aws_sigv4",
        "basic",
        "bearer",
        "custom",
        "digest",
        "hmac",
        "jwt",
        "none",
        "oauth1",
        "oauth2",
        "session",
        "tls",
    ];
    assert_eq!(schemes, expected.map(str::to_owned).into());
    let expected = [
        "authorization_code",
        "client_credentials",
        "device_code",
        "jwt_bearer",
        "password",
        "refresh_token",
    ];
    assert_eq!(grants, expected.map(str::to_owned).into());
}
