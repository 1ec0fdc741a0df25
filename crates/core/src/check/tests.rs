//! One mutation of a small valid connector and card for each check.

use super::*;

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
  "response": { "failures": [{ "when": { "response.body.ok": [false] }, "code": "service.refused" }] },
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
    let files: Vec<File<'_>> =
        files.iter().map(|(path, text)| File { path, text }).collect();
    let (connector, cards): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| file.path.ends_with("/connector.json"));
    let checked = check_connector(connector[0], &cards);
    assert_eq!(lines(&checked), Vec::<String>::new());
    assert!(checked.tally.examples >= cards.len());
}
