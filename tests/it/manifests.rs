//! The manifests: every dependency is pinned, and says why it is there.

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
