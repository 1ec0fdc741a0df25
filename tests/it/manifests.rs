//! The manifests: every dependency is pinned, and says why it is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::support::root;

/// What `cargo metadata` says of the packages of the workspace.
pub fn packages() -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--no-deps", "--format-version", "1", "--offline"]);
    let output = command.current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// docs/decisions/2026-11-28-versions.md says why.
#[test]
fn every_direct_dependency_is_pinned_to_one_version() {
    let mut faults = Vec::new();
    for package in packages() {
        for dependency in package["dependencies"].as_array().unwrap() {
            let (name, wanted) = (dependency["name"].as_str(), dependency["req"].as_str().unwrap());
            let is_one = wanted.starts_with('=') && wanted.split('.').count() == 3;
            // A crate of ours is found by its path.
            if dependency["path"].is_null() && !is_one {
                faults.push(format!("{}: {} {wanted}", package["name"], name.unwrap()));
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

/// Where a version is given, a comment above it (or above the few lines it belongs to) says what the crate is for.
#[test]
fn every_direct_dependency_says_why_it_is_there() {
    let mut faults = Vec::new();
    for package in packages() {
        let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
        let mut has_reason = false;
        for line in fs::read_to_string(&manifest).unwrap().lines() {
            match line {
                _ if line.starts_with('#') => has_reason = true,
                _ if line.is_empty() || line.starts_with('[') => has_reason = false,
                _ if line.contains("\"=") && !has_reason => {
                    faults.push(format!("{}: {line}", manifest.display()));
                }
                _ => {}
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn the_minimum_version_of_rust_is_said_once() {
    let versions: Vec<String> =
        packages().iter().map(|package| package["rust_version"].to_string()).collect();
    assert!(versions.iter().all(|version| *version == versions[0]), "{versions:?}");
    assert_ne!(versions[0], "null");
}

/// What bare reqwest is measured with is what the program is built from, and CI builds it once; but serde_json, which is as
/// everybody has it, and hyper-util, of which reqwest uses more than we do.
#[test]
fn what_the_benches_share_with_the_program_has_the_same_features() {
    let libraries = |package: &str| -> BTreeSet<String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(["tree", "--offline", "--package", package, "--edges", "normal"]);
        command.args(["--prefix", "none", "--no-dedupe", "--format", "{p} {f}"]);
        let output = command.current_dir(root()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().filter(|line| !line.contains(" (/")).map(str::to_owned).collect()
    };
    let name = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let program = libraries("cardhost");
    let names: BTreeSet<String> = program.iter().map(|line| name(line)).collect();
    let benches = libraries("cardhost-benches");
    let other = benches.difference(&program).filter(|line| names.contains(&name(line)));
    let may_differ =
        |line: &str| ["serde_json ", "hyper-util "].iter().any(|n| line.starts_with(n));
    let other: Vec<&String> = other.filter(|line| !may_differ(line)).collect();
    assert_eq!(other, Vec::<&String>::new(), ".ci/features/Cargo.toml has what to add");
}
