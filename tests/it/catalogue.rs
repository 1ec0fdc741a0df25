//! The shipped connectors: what each of them has to be, besides passing `check` (tests/it/in_the_program.rs).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use cardhost::author::check::{File, check_connector};
use cardhost::author::reference::{CardPage, markdown};
use cardhost::catalog::MemorySource;
use cardhost::core::plan::BaseOverride;
use cardhost::{Host, Invocation};
use serde_json::{Value, json};

use crate::schemes::block_on;
use crate::support::{Answer, RawServer, path, reply};

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

/// What a card of a page of Slack's reference takes: its pages, and failures that its connector says once.
#[test]
fn a_list_of_pages_takes_nine_hundred_bytes() {
    let card = fs::read_to_string(path("tests/data/slack/list-channels.json")).unwrap();
    assert!(card.len() <= 900, "{} bytes", card.len());
    let connector = fs::read_to_string(path("cards/slack/connector.json")).unwrap();
    let checked = check_connector(
        File { path: "cards/slack/connector.json", text: &connector },
        &[File { path: "cards/slack/list-channels.json", text: &card }],
    );
    let found: Vec<String> = checked.findings.iter().map(ToString::to_string).collect();
    assert_eq!(found, ["the card has no example"]);

    let server = RawServer::start(|number, _| {
        let body = match number {
            0 => {
                r#"{"ok":true,"channels":[{"id":"C1"},{"id":"C2"}],"response_metadata":{"next_cursor":"dGVh"}}"#
            }
            1 => r#"{"ok":true,"channels":[{"id":"C3"}],"response_metadata":{"next_cursor":""}}"#,
            _ => r#"{"ok":false,"error":"invalid_auth"}"#,
        };
        Answer::Bytes(reply("200 OK", "application/json", body.as_bytes()))
    });
    let cards =
        MemorySource::new().with("slack/connector", connector).with("slack/list-channels", card);
    let host = Host::builder().cards(cards).base(BaseOverride::parse(&server.url).unwrap()).build();
    let run = || {
        let invocation = json!({
            "connection": { "fields": { "Bot Token": "xoxb-made-up-token" } },
            "input": { "Search": { "Types": ["im", "mpim"], "Page Size": 2 } },
            "pages": { "all": true },
        });
        let invocation = Invocation::from_value(invocation).unwrap();
        block_on(host.run(Some("slack/list-channels"), invocation))
    };
    let output = run().unwrap().output.to_value().unwrap();
    assert_eq!(
        output["Channels"]["Channels"],
        json!([{ "id": "C1" }, { "id": "C2" }, { "id": "C3" }])
    );
    assert_eq!(output["pages"]["ended"], "no_next");
    assert_eq!(run().unwrap_err().code().as_str(), "auth.refused");
    let requests = server.requests();
    let targets: Vec<&str> = requests.iter().filter_map(|sent| sent.split(' ').nth(1)).collect();
    let first = "/conversations.list?types=im%2Cmpim&limit=2";
    assert_eq!(targets, [first, &format!("{first}&cursor=dGVh"), first]);
}

/// Cards that list something lead from a reply of their own examples to the next page.
#[test]
fn every_card_with_pages_has_an_example_that_leads_on() {
    let mut leading = BTreeMap::new();
    for (connector, Shipped { cards, .. }) in shipped() {
        for (name, card) in cards.iter().filter(|(_, card)| card["pages"]["next"].is_object()) {
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
