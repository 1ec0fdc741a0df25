//! Pages of services that we did not write: Kinto, whose header `Next-Page` is a whole URL, and the registry of Docker images, whose `Link` is
//! a relative one.

use std::path::Path;

use serde_json::{Value, json};

use crate::peers;
use crate::support::{Ran, cardhost};

/// A connector `demo` of a server with one card that lists.
fn cards(base: &str, request: &Value, pages: &Value) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let demo = folder.path().join("demo");
    std::fs::create_dir(&demo).unwrap();
    let connector = json!({
        "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo", "connection": { "fields": {} },
        "auth": { "none": { "scheme": "none" } }, "targets": { "api": { "auth": ["none"], "base": base } },
    });
    let card = json!({
        "input": { "Search": { "Name": {}, "Sort": {}, "Size": { "format": "integer" } } },
        "request": request, "pages": pages,
        "output": { "List": { "Items": { "type": "list", "value": "<<items>>" } } },
    });
    std::fs::write(demo.join("connector.json"), connector.to_string()).unwrap();
    std::fs::write(demo.join("list.json"), card.to_string()).unwrap();
    folder
}

fn run(cards: &Path, input: &Value, more: &[&str]) -> Ran {
    let cards = cards.to_str().unwrap();
    let args = ["run", "demo/list", "--errors", "json", "--cards", cards];
    cardhost(&[&args[..], more].concat(), &json!({ "input": { "Search": input } }).to_string())
}

fn records(ran: &Ran) -> Vec<Value> {
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What a run of all pages gives: its records and its group `pages`.
fn all(ran: &Ran) -> (Vec<Value>, Value) {
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let mut output: Value = serde_json::from_str(&ran.stdout).unwrap();
    let Value::Array(items) = output["List"]["Items"].take() else { panic!("no list") };
    (items, output["pages"].take())
}

#[test]
fn every_record_of_kinto_comes_once_and_in_its_order() {
    const COUNT: usize = 10_000;
    let Some(kinto) = peers::kinto(COUNT) else { return };
    let request = json!({
        "path": "/buckets/shelf/collections/teas/records",
        "query": { "_sort": "<<input.Search.Sort?>>", "_limit": "<<input.Search.Size?>>" },
    });
    let pages = json!({ "items": "<<response.body.data>>", "next": { "url": "<<response.headers.next-page?>>" } });
    let folder = cards(&format!("{}/v1", kinto.base_url), &request, &pages);
    let numbers = |records: &[Value]| -> Vec<u64> {
        records.iter().map(|record| record["n"].as_u64().unwrap()).collect()
    };
    let in_order: Vec<u64> = (0..COUNT as u64).collect();
    let sorted = json!({ "Sort": "n" });
    let ran = run(folder.path(), &sorted, &["--records"]);
    assert_eq!(numbers(&records(&ran)), in_order);
    // Fifteen pages of what Kinto gives at once; by its own order, which is the newest first.
    let (items, told) = all(&run(folder.path(), &json!({}), &["--all"]));
    let newest_first: Vec<u64> = in_order.iter().rev().copied().collect();
    assert_eq!(numbers(&items), newest_first);
    assert_eq!(told, json!({ "pages": 15, "records": COUNT, "ended": "no_next" }));
    // Stopped in the middle of a page, and gone on from there.
    let (mut begun, told) = all(&run(folder.path(), &sorted, &["--limit", "1000"]));
    assert_eq!(told["ended"], "limit");
    let cursor = told["next"].to_string();
    let (rest, told) = all(&run(folder.path(), &sorted, &["--all", "--from", &cursor]));
    assert_eq!(told["ended"], "no_next");
    begun.extend(rest);
    assert_eq!(numbers(&begun), in_order);
}

#[test]
fn every_repository_of_a_registry_comes_once_and_in_its_order() {
    const COUNT: usize = 3_000;
    let folder = tempfile::tempdir().unwrap();
    let mut names: Vec<String> =
        (0..COUNT).map(|number| format!("team-{}/app-{number:04}", number % 7)).collect();
    let root = folder.path().join("docker/registry/v2/repositories");
    for name in &names {
        std::fs::create_dir_all(root.join(name).join("_layers")).unwrap();
    }
    let tags: Vec<String> = (0..40).map(|number| format!("v{number:02}")).collect();
    for tag in &tags {
        let current = root.join("team-0/app-0000/_manifests/tags").join(tag).join("current");
        std::fs::create_dir_all(&current).unwrap();
        let link = format!("sha256:{}", "0".repeat(64));
        std::fs::write(current.join("link"), link).unwrap();
    }
    names.sort();
    let Some(registry) = peers::registry(folder.path()) else { return };
    let request = json!({ "path": "/_catalog", "query": { "n": "<<input.Search.Size>>" } });
    let pages = json!({ "items": "<<response.body.repositories>>", "next": { "link": "next" } });
    let catalog = cards(&format!("{}/v2", registry.base_url), &request, &pages);
    let ran = run(catalog.path(), &json!({ "Size": 250 }), &["--records"]);
    assert_eq!(records(&ran), names.iter().map(|name| json!(name)).collect::<Vec<_>>());
    let (items, told) = all(&run(catalog.path(), &json!({ "Size": 999 }), &["--all"]));
    assert_eq!(items.len(), COUNT);
    assert_eq!((&told["pages"], &told["ended"]), (&json!(4), &json!("no_next")));

    let request = json!({ "path": "/<<input.Search.Name>>/tags/list", "query": { "n": "<<input.Search.Size>>" } });
    let pages = json!({ "items": "<<response.body.tags>>", "next": { "link": "next" } });
    let listed = cards(&format!("{}/v2/team-0", registry.base_url), &request, &pages);
    let ran = run(listed.path(), &json!({ "Name": "app-0000", "Size": 15 }), &["--records"]);
    // This one gives all tags at once, in the order of its map.
    let mut listed: Vec<String> =
        records(&ran).iter().map(|tag| tag.as_str().unwrap().to_owned()).collect();
    listed.sort();
    assert_eq!(listed, tags);
}
