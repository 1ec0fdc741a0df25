//! A crate is a layer: it uses those of ours that it is written behind, and no others.

use std::collections::BTreeSet;

use super::source::crates;
use crate::manifests::packages;

/// Each crate with those that it may use, lowest first.
const LAYERS: &[(&str, &[&str])] = &[
    ("cardhost-schema", &[]),
    ("cardhost-core", &["cardhost-schema"]),
    ("cardhost-document", &["cardhost-core"]),
    ("cardhost-author", &["cardhost-core", "cardhost-document"]),
    ("cardhost-flow", &["cardhost-core", "cardhost-document"]),
    ("cardhost-store", &["cardhost-core"]),
    ("cardhost-cassette", &["cardhost-core"]),
    ("cardhost-runtime", &["cardhost-core", "cardhost-flow", "cardhost-store"]),
    (
        "cardhost-testkit",
        &[
            "cardhost-core",
            "cardhost-document",
            "cardhost-author",
            "cardhost-flow",
            "cardhost-cassette",
            "cardhost-runtime",
        ],
    ),
    (
        "cardhost",
        &[
            "cardhost-core",
            "cardhost-document",
            "cardhost-author",
            "cardhost-flow",
            "cardhost-store",
            "cardhost-cassette",
            "cardhost-runtime",
            "cardhost-testkit",
        ],
    ),
    ("cardhost-features", &[]),
    ("cardhost-benches", &["cardhost", "cardhost-store", "cardhost-features"]),
];

fn may_use(name: &str) -> &'static [&'static str] {
    let row = LAYERS.iter().find(|(known, _)| *known == name);
    row.unwrap_or_else(|| panic!("`{name}` has no row in LAYERS ({})", file!())).1
}

#[test]
fn the_table_of_layers_goes_upwards() {
    for (at, (name, used)) in LAYERS.iter().enumerate() {
        for used in *used {
            let place = LAYERS.iter().position(|(known, _)| known == used).unwrap();
            assert!(place < at, "`{name}` uses `{used}`, which comes after it");
        }
    }
}

/// What a manifest says; tests may use anything.
#[test]
fn a_crate_depends_only_on_those_it_is_written_behind() {
    let packages = packages();
    let ours: BTreeSet<&str> = packages.iter().map(|one| one["name"].as_str().unwrap()).collect();
    let mut faults = Vec::new();
    for package in &packages {
        let name = package["name"].as_str().unwrap();
        for dependency in package["dependencies"].as_array().unwrap() {
            let used = dependency["name"].as_str().unwrap();
            let is_for_tests = dependency["kind"] == "dev";
            if ours.contains(used) && !is_for_tests && !may_use(name).contains(&used) {
                faults.push(format!("`{name}` depends on `{used}`"));
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

/// What the code says: nothing reaches a lower crate through one that hands it on where it may not be used.
#[test]
fn a_crate_names_only_those_it_is_written_behind() {
    let ours: BTreeSet<String> = LAYERS.iter().map(|(name, _)| name.replace('-', "_")).collect();
    let mut faults = Vec::new();
    for one in crates() {
        let own = one.name.split(' ').next().unwrap().to_owned();
        let allowed: BTreeSet<String> =
            may_use(&own.replace('_', "-")).iter().map(|name| name.replace('-', "_")).collect();
        for (index, module) in one.modules.iter().enumerate() {
            for path in module.paths.iter().filter(|path| path.len() > 1) {
                let full = one.full(index, path);
                let first = &full[0];
                if ours.contains(first) && *first != own && !allowed.contains(first) {
                    faults.push(format!("{} names {}", one.named(index), full.join("::")));
                }
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}
