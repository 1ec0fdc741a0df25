//! The shipped connectors: what each of them has to be, besides passing `check` (tests/it/in_the_program.rs).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use cardhost::Host;
use cardhost::author::reference::{CardPage, markdown};
use serde_json::Value;

use crate::support::path;

/// A connector's file and its cards, by name.
struct Shipped {
    connector: Value,
    cards: BTreeMap<String, Value>,
}

/// Every connector in `cards/`, by name.
fn shipped() -> BTreeMap<String, Shipped> {
    let read =
        |file: &std::path::Path| serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let mut all = BTreeMap::new();
    for folder in fs::read_dir(path("cards")).unwrap().map(|entry| entry.unwrap().path()) {
        if !folder.is_dir() {
            continue;
        }
        let mut cards = BTreeMap::new();
        for file in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            if file.extension().is_some_and(|kind| kind == "json") && name != "connector" {
                cards.insert(name, read(&file));
            }
        }
        let connector = read(&folder.join("connector.json"));
        all.insert(
            folder.file_name().unwrap().to_string_lossy().into_owned(),
            Shipped { connector, cards },
        );
    }
    all
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// The labels of fields without a description, those inside of objects too.
fn undescribed(fields: &Value, place: &str, found: &mut Vec<String>) {
    for (label, field) in object(fields) {
        let place = format!("{place}/{label}");
        if field["description"].as_str().is_none_or(|text| !text.ends_with(['.', ')', '`'])) {
            found.push(place.clone());
        }
        undescribed(&field["fields"], &place, found);
    }
}

#[test]
fn there_are_twelve_connectors_and_as_many_custom_api_actions() {
    let all = shipped();
    let host = Host::builder().cards(cardhost::Embedded).build();
    let cards: usize = all.values().map(|shipped| shipped.cards.len()).sum();
    assert!(all.len() >= 12 && cards >= 102, "{} connectors, {cards} cards", all.len());
    for (name, Shipped { cards, .. }) in &all {
        assert!(cards.contains_key("custom-api-action"), "{name}");
        let mut effects = BTreeSet::new();
        for card in cards.keys().filter(|card| *card != "custom-api-action") {
            let definition = host.catalog().definition(&format!("{name}/{card}")).unwrap();
            definition.card.effect.each("", &mut |effect, _| {
                effects.insert(effect.as_str());
            });
        }
        let changes = effects.contains("idempotent") || effects.contains("destructive");
        assert!(effects.contains("read") && effects.contains("write") && changes, "{name}");
    }
}

#[test]
fn each_connector_says_what_it_covers_and_how_its_credentials_are_got() {
    for (name, Shipped { connector, .. }) in shipped() {
        let folder = path(&format!("cards/{name}"));
        let icon = fs::read_to_string(folder.join("icon.svg")).unwrap();
        assert!(icon.starts_with("<svg ") && icon.len() < 1024 && !icon.contains("href"), "{name}");
        assert!(
            connector["connection"]["test"]["path"].is_string(),
            "{name}: no test of a connection"
        );
        if name != "mixpanel" {
            let readme = fs::read_to_string(folder.join("README.md")).unwrap();
            let readme = readme.split_whitespace().collect::<Vec<_>>().join(" ");
            for part in [
                "**Covers**",
                "**Leaves out**",
                "**Credentials.**",
                "not tried against the service",
            ] {
                assert!(readme.contains(part), "{name}: README.md lacks {part}");
            }
            let codes: Vec<&str> = connector["errors"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|rule| rule["code"].as_str())
                .collect();
            assert!(codes.contains(&"http.rate_limited"), "{name}: {codes:?}");
        }
    }
}

#[test]
fn each_card_has_its_page_words_and_samples() {
    let host = Host::builder().cards(cardhost::Embedded).build();
    for (name, Shipped { connector, cards }) in shipped() {
        let mut found = Vec::new();
        undescribed(&connector["connection"]["fields"], "connection", &mut found);
        for (card_name, card) in cards {
            let place = format!("{name}/{card_name}");
            undescribed(&card["options"], &format!("{place}: options"), &mut found);
            for part in ["input", "output"] {
                object(&card[part]).for_each(|(group, fields)| {
                    undescribed(fields, &format!("{place}: {part}/{group}"), &mut found);
                });
            }
            for key in ["description", "documentation"] {
                assert!(card[key].is_string(), "{place} has no {key}");
            }
            let examples =
                card["examples"].as_array().unwrap_or_else(|| panic!("{place} has no example"));
            for example in examples {
                let is_whole = example["request"].is_object() && example["reply"].is_object();
                assert!(is_whole, "{place}: {}", example["name"]);
            }
            assert!(card["antiExamples"].as_array().is_some_and(|all| !all.is_empty()), "{place}");
            let definition = host.catalog().definition(&place).unwrap();
            let page = markdown(&CardPage::of(&definition));
            assert!(page.contains(&definition.card.title) && page.len() > 1_000, "{place}");
        }
        assert_eq!(found, Vec::<String>::new(), "fields without a description");
    }
}

/// Cards that list something lead from a reply of their own examples to the next page.
#[test]
fn every_card_with_pages_has_an_example_that_leads_on() {
    let mut leading = BTreeMap::new();
    for (connector, Shipped { cards, .. }) in shipped() {
        for (name, card) in cards.iter().filter(|(_, card)| card["pages"].is_object()) {
            let full_name = format!("{connector}/{name}");
            let next = card["examples"].as_array().unwrap().iter().find_map(|example| {
                let given = serde_json::json!({ "options": example.get("options"), "input": example.get("input") });
                let ran = crate::support::cardhost(&["run", &full_name, "--mock"], &given.to_string());
                let output: Value = serde_json::from_str(&ran.stdout).ok()?;
                output["pages"].get("next").cloned()
            });
            leading.insert(
                full_name,
                next.map(|next| {
                    next.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
                }),
            );
        }
    }
    let shown = leading
        .iter()
        .map(|(card, next)| format!("{card}: {}\n", next.as_deref().unwrap_or("NOTHING")));
    insta::assert_snapshot!(shown.collect::<String>());
    assert!(leading.len() >= 13 && leading.values().all(Option::is_some));
}
