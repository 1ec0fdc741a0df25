//! Tests over the shipped cards, and what they share.

#![allow(clippy::disallowed_methods, reason = "tests read the shipped cards")]

mod agreement;
mod pages;
mod schemas;
mod seed_page;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cardhost_core::definition::Definition;
use cardhost_core::load::{load_card, load_connector};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every shipped card, in the order of their names.
fn shipped() -> Vec<Definition> {
    let folder = repository().join("cards/mixpanel");
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let connector =
        Arc::new(load_connector("connector.json", &read(&folder.join("connector.json"))).unwrap());
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter(|path| !path.ends_with("connector.json"))
        .map(|path| {
            load_card(Arc::clone(&connector), &path.display().to_string(), &read(path)).unwrap()
        })
        .collect()
}

fn shipped_card(name: &str) -> Definition {
    shipped().into_iter().find(|definition| definition.full_name() == name).unwrap()
}

/// A connector and a card that are made up for a test.
fn made_up(connector: &serde_json::Value, card: &serde_json::Value) -> Definition {
    let connector = Arc::new(load_connector("connector.json", &connector.to_string()).unwrap());
    load_card(connector, "card.json", &card.to_string()).unwrap()
}
