//! The shipped connectors as they are inside the library: whole for those who show them, shorter for a run.

use std::fs;

use cardhost::catalog::CardSource as _;
use cardhost::{Embedded, Host};
use serde_json::{Map, Value};

use crate::support::path;

/// Each file's connector and name.
fn files() -> Vec<(String, String)> {
    let of = |connector: String| {
        let cards = Embedded.cards(&connector).into_iter();
        cards
            .chain(["connector".to_owned()])
            .map(|file| (connector.clone(), file))
            .collect::<Vec<_>>()
    };
    Embedded.connectors().into_iter().flat_map(of).collect()
}

#[test]
fn a_file_is_inside_as_it_stands_in_its_folder() {
    assert!(files().len() >= 8, "{:?}", files());
    for (connector, file) in files() {
        let text = Embedded.text(&connector, &file).unwrap().unwrap();
        let there = fs::read_to_string(path(&format!("cards/{connector}/{file}.json"))).unwrap();
        assert_eq!(text, there, "{connector}/{file}");
    }
}

#[test]
fn a_run_reads_the_same_without_samples_and_spaces() {
    for (connector, file) in files() {
        let text = Embedded.text(&connector, &file).unwrap().unwrap();
        let mut expected: Map<String, Value> = serde_json::from_str(&text).unwrap();
        expected.shift_remove("examples");
        expected.shift_remove("antiExamples");
        // As text, so that the order of keys and the digits of numbers count.
        let expected = serde_json::to_string(&expected).unwrap();
        let to_run = Embedded.text_to_run(&connector, &file).unwrap().unwrap();
        assert_eq!(to_run, expected, "{connector}/{file}");
    }
}

#[test]
fn who_asks_the_catalog_sees_the_samples() {
    let host = Host::builder().cards(Embedded).build();
    for (connector, file) in files().into_iter().filter(|(_, file)| file != "connector") {
        let definition = host.catalog().definition(&format!("{connector}/{file}")).unwrap();
        assert!(!definition.card.examples().unwrap().is_empty(), "{connector}/{file}");
    }
}
