//! One mutation of a small valid connector and card for each check.

#![allow(clippy::disallowed_methods, reason = "tests read the shipped cards")]

use super::*;

/// One test for each mutation: the findings that it must lead to.
macro_rules! mutations {
    ($($name:ident: $of:ident($from:expr, $to:expr) => [$($line:expr),*];)*) => {
        $(#[test]
        fn $name() {
            assert_eq!($of($from, $to), Vec::<&str>::from([$($line),*]));
        })*
    };
}

mod auth;
mod base_urls;
mod calls;
mod examples;
mod fields;
mod references;
mod request;
mod rounds;
mod shape;
mod suggestions;
mod tables;
mod uses;

const CONNECTOR: &str = r#"{
  "format": 1,
  "name": "acme",
  "version": "1.0.0",
  "title": "Acme",
  "connection": {
    "fields": {
      "Region": {
        "type": "dropdown",
        "required": true,
        "default": "US",
        "choices": [
          "US",
          { "value": "EU" },
          { "value": "India", "visibleWhen": { "connection.Edition": ["New"] } }
        ]
      },
      "Edition": { "type": "dropdown", "choices": ["Old", "New"] },
      "Token": { "type": "secret" }
    },
    "test": { "target": "Main API", "method": "GET", "path": "/me", "expect": [200] }
  },
  "auth": {
    "token": { "scheme": "bearer", "token": "<<connection.Token>>" },
    "key": { "scheme": "api_key", "in": "header", "name": "x-key", "value": "<<connection.Token>>" }
  },
  "targets": {
    "Main API": {
      "auth": ["token", "key"],
      "base": {
        "by": "connection.Edition",
        "New": {
          "by": "connection.Region",
          "US": "https://us.acme.example/new",
          "EU": "https://eu.acme.example/new",
          "India": "https://in.acme.example/new"
        },
        "else": { "by": "connection.Region", "US": "https://us.acme.example", "EU": "https://eu.acme.example" }
      },
      "hints": [{ "when": { "connection.Edition": ["Old"] }, "hint": "use the new one" }]
    }
  },
  "errors": [{ "status": [401], "code": "auth.refused", "message": "<<response.body.error?>>" }]
}"#;

const CARD: &str = r#"{
  "format": 1,
  "name": "save",
  "version": "1.0.0",
  "title": "Save",
  "options": {
    "Verb": { "type": "dropdown", "required": true, "choices": ["POST", "PUT", "GET"] },
    "Strict": { "type": "true-false" }
  },
  "input": {
    "Item": {
      "Id": { "type": "text", "required": true },
      "Tags": { "type": "list", "of": "object", "fields": { "Name": { "type": "text" } } },
      "Data": {
        "type": "object",
        "fields": { "Size": { "type": "number", "required": true } },
        "visibleWhen": { "options.Verb": ["POST", "PUT"] }
      },
      "Count": { "type": "number", "format": "integer", "default": 1, "min": 0 }
    }
  },
  "request": {
    "target": "Main API",
    "method": "<<options.Verb>>",
    "path": "/items/<<input.Item.Id>>",
    "query": { "count": "<<input.Item.Count>>", "strict": "<<options.Strict?>>" },
    "headers": { "x-id": "<<lower input.[Item].[Id]>>" },
    "body": { "json": "<<input.Item.Data>>" },
    "auth": ["token"]
  },
  "effect": { "by": "options.Verb", "GET": "read", "PUT": "idempotent", "else": "write" },
  "response": { "failures": [{ "when": { "response.body.ok": [false] }, "code": "service.refused", "message": "no {{input.Item.Tags.0.Name?}} {{options.Strict?}} {{input.Item.Count}}" }] },
  "output": {
    "Result": {
      "Status": { "type": "number", "value": "<<response.status>>" },
      "Id": { "type": "text", "value": "<<response.body.id?>>" }
    }
  },
  "examples": [
    {
      "name": "save one",
      "connection": { "Token": "canary-secret" },
      "options": { "Verb": "POST" },
      "input": { "Item": { "Id": "A b", "Data": { "Size": 1.10 } } },
      "request": {
        "method": "POST",
        "url": "https://us.acme.example/items/A%20b?count=1",
        "headers": { "x-id": "a b", "Authorization": "Bearer canary-secret" },
        "body": { "Size": 1.10 }
      },
      "reply": { "status": 200, "body": { "ok": true, "id": "7" } },
      "output": { "Result": { "Status": 200, "Id": "7" } }
    }
  ],
  "antiExamples": [
    { "name": "no id", "input": {}, "error": "input.required" },
    { "name": "refused", "reply": { "status": 200, "body": { "ok": false } }, "error": "service.refused" }
  ]
}"#;

fn run(connector: &str, card: &str) -> Checked {
    let connector = File { path: "cards/acme/connector.json", text: connector };
    check_connector(connector, &[File { path: "cards/acme/save.json", text: card }])
}

/// `code pointer line:column message (hint)` for each finding.
fn lines(checked: &Checked) -> Vec<String> {
    checked
        .findings
        .iter()
        .map(|finding| {
            let (line, column) = finding.place.line_column.unwrap();
            let hint = finding.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
            let pointer = &finding.place.pointer;
            format!("{} {pointer} {line}:{column} {}{hint}", finding.code, finding.message())
        })
        .collect()
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "`{from}` must be there once");
    text.replace(from, to)
}

/// The findings after one mutation of the connector.
fn connector(from: &str, to: &str) -> Vec<String> {
    lines(&run(&replaced(CONNECTOR, from, to), CARD))
}

/// The findings after one mutation of the card.
fn card(from: &str, to: &str) -> Vec<String> {
    lines(&run(CONNECTOR, &replaced(CARD, from, to)))
}

#[test]
fn the_base_has_no_findings_and_every_sample_is_run() {
    let checked = run(CONNECTOR, CARD);
    assert_eq!(lines(&checked), Vec::<String>::new());
    assert_eq!(checked.tally, Tally { examples: 1, anti_examples: 2 });
}

#[test]
fn the_shipped_cards_have_no_findings() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../cards/mixpanel");
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| (path.to_str().unwrap().to_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    let files: Vec<File<'_>> = files.iter().map(|(path, text)| File { path, text }).collect();
    let (connector, cards): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| file.path.ends_with("/connector.json"));
    let checked = check_connector(connector[0], &cards);
    assert_eq!(lines(&checked), Vec::<String>::new());
    assert!(checked.tally.examples >= cards.len());
}

#[test]
fn a_card_without_examples_is_warned_about() {
    let end = CARD.find(",\n  \"examples\"").unwrap();
    let checked = run(CONNECTOR, &format!("{}}}", &CARD[..end]));
    assert_eq!(
        lines(&checked),
        [
            "definition.missing_key  1:1 the card has no example (an example is its test, its documentation and the mock's reply)"
        ]
    );
    assert_eq!(checked.findings[0].severity, Severity::Warning);
}

#[test]
fn a_card_is_checked_for_its_shape_though_its_connector_cannot_be_read() {
    let checked = run("{", &replaced(CARD, "\"title\"", "\"titel\""));
    assert_eq!(
        lines(&checked),
        [
            "definition.syntax  1:2 this is not JSON: EOF while parsing an object",
            "definition.unknown_key /titel 5:3 unknown key `titel` (did you mean `title`?)",
        ]
    );
    assert_eq!(checked.findings[0].place.file, "cards/acme/connector.json");
    assert_eq!(checked.findings[1].span, 59..66);
    assert_eq!(checked.tally, Tally::default());
}

#[test]
fn examples_are_not_run_where_the_connector_has_an_error() {
    let connector = replaced(CONNECTOR, "\"name\": \"acme\"", "\"name\": \"acne\"");
    let card = replaced(CARD, "A%20b?count=1", "A%20b?count=2");
    let checked = run(&connector, &card);
    assert_eq!(checked.findings.len(), 1);
    assert_eq!(checked.tally, Tally::default());
}

#[test]
fn a_table_with_too_many_combinations_is_warned_about() {
    let choices: Vec<String> = (0..400).map(|n| format!("\"c{n}\"")).collect();
    let dropdown = format!(
        "{{ \"type\": \"dropdown\", \"required\": true, \"choices\": [{}] }}",
        choices.join(",")
    );
    let options = format!("\"A\": {dropdown}, \"B\": {dropdown}, \"Verb\": {{ \"type\"");
    let card = replaced(CARD, "\"Verb\": { \"type\"", &options);
    let card = replaced(
        &card,
        "\"effect\": {",
        "\"effect\": { \"by\": \"options.A\", \"else\": { \"by\": \"options.B\", \"else\": \"read\" } }, \"x\": {",
    );
    let card = card.replace(
        ", \"x\": { \"by\": \"options.Verb\", \"GET\": \"read\", \"PUT\": \"idempotent\", \"else\": \"write\" }",
        "",
    );
    let checked = run(CONNECTOR, &card);
    let found = checked.findings.iter().find(|f| f.place.pointer == "/effect").unwrap();
    assert_eq!(
        (found.severity, found.message()),
        (Severity::Warning, "the table has more than 100000 combinations; the rest was not tried")
    );
}

#[test]
fn a_reply_that_is_a_redirect_fails_the_example() {
    let from = r#""reply": { "status": 200, "body": { "ok": true, "id": "7" } }"#;
    let to = r#""reply": { "status": 302, "headers": { "location": "/new" } }"#;
    let options =
        replaced(CARD, r#""options": { "Verb": "POST" }"#, r#""options": { "Verb": "GET" }"#);
    let card = replaced(&options, from, to);
    let card = replaced(&card, "\"method\": \"POST\"", "\"method\": \"GET\"");
    let card = replaced(&card, ",\n        \"body\": { \"Size\": 1.10 }", "");
    assert_eq!(
        lines(&run(CONNECTOR, &card)),
        [
            "example.failed /examples/0/reply 50:16 the reply is a redirect that is followed with another request"
        ]
    );
}
