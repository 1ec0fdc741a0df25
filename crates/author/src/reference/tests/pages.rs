//! The pages themselves: well-formed, escaped, without secrets, and one of them in full.

use serde_json::json;

use super::{made_up, shipped, shipped_card};
use crate::reference::{CardPage, ConnectorPage, html, markdown};
use cardhost_core::card::Card;

#[test]
fn the_markdown_page_of_the_custom_api_action() {
    let page = CardPage::of(&shipped_card("mixpanel/custom-api-action"));
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("custom_api_action_markdown", markdown(&page));
    });
}

/// Fails where an element is not closed by its own end tag.
fn assert_balanced(html: &str) {
    const VOID: [&str; 2] = ["meta", "!DOCTYPE"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').expect("every < begins a tag");
        assert!(!tag.contains('<'), "{tag}");
        rest = after;
        let name = tag.split_whitespace().next().unwrap();
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
        } else if !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert_eq!(open, [""; 0]);
}

#[test]
fn html_pages_are_well_formed() {
    let definitions = shipped();
    for definition in &definitions {
        let text = html(&CardPage::of(definition));
        assert_balanced(&text);
        assert!(text.contains(&format!("<h1>{}</h1>", definition.card.title)));
    }
    let cards: Vec<&Card> = definitions.iter().map(|definition| &definition.card).collect();
    let page = ConnectorPage::of(&definitions[0].connector, &cards);
    assert_balanced(&html(&page));
    let text = markdown(&page);
    for card in cards {
        assert!(text.contains(&format!("mixpanel/{}", card.name.as_str())), "{text}");
    }
}

#[test]
fn rows_of_a_table_have_as_many_cells_as_its_heading() {
    for definition in shipped() {
        let text = markdown(&CardPage::of(&definition));
        let mut width = 0;
        for line in text.lines() {
            let bars = line.replace("\\|", "").matches('|').count();
            if !line.starts_with('|') {
                width = 0;
            } else if width == 0 {
                width = bars;
            } else {
                assert_eq!(bars, width, "{line}");
            }
        }
    }
}

fn hostile() -> cardhost_core::definition::Definition {
    let evil = "<script>alert(1)</script> \"'><img src=x> [x](javascript:alert(1)) a|b";
    let connector = json!({
        "format": 1, "name": "made-up", "version": "1.0.0", "title": evil, "description": evil,
        "documentation": "javascript:alert(1)",
        "connection": { "fields": { "Key": { "type": "secret", "description": evil } } },
        "auth": { evil: { "scheme": "bearer", "token": "<<connection.Key>>" } },
        "targets": { "API": { "description": evil, "auth": [evil], "base": "https://api.example.com" } },
    });
    let card = json!({
        "format": 1, "name": "card", "version": "1.0.0", "title": evil, "description": evil,
        "notes": [evil], "optionsTitle": evil,
        "options": { evil: { "type": "text", "description": evil, "default": evil } },
        "input": { "In": { "Hidden": { "type": "object", "sensitive": true } } },
        "request": { "target": "API", "method": "POST", "path": "/x", "body": { "json": "<<input.In.Hidden>>" } },
        "effect": "read",
        "output": { evil: { "Body": { "type": "any", "value": "<<response.body?>>" } } },
        "examples": [ {
            "name": evil, "connection": { "Key": "canary-key-0001" },
            "input": { "In": { "Hidden": { "password": "canary-input-0002" } } },
            "reply": { "status": 200, "body": "canary-key-0001" },
            "output": { evil: { "Body": "echo canary-key-0001 canary-input-0002" } },
        } ],
    });
    made_up(&connector, &card)
}

#[test]
fn descriptions_never_turn_into_markup() {
    let definition = hostile();
    for text in [
        html(&CardPage::of(&definition)),
        html(&ConnectorPage::of(&definition.connector, &[&definition.card])),
    ] {
        assert_balanced(&text);
        assert!(!text.contains("<script") && !text.contains("<img"), "{text}");
        assert!(text.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{text}");
        assert!(!text.contains("href=\"javascript"), "{text}");
    }
    let text = markdown(&CardPage::of(&definition));
    let outside_fences: String = text.split("```").step_by(2).collect();
    let prose: String = outside_fences.split('`').step_by(2).collect();
    assert!(prose.contains("\\<script\\>alert(1)"), "{prose}");
    assert!(!prose.replace("\\<", "").contains("<script"), "{prose}");
    assert!(!prose.replace("\\]", "").contains("]("), "{prose}");
}

#[test]
fn samples_show_what_their_author_made_up_but_no_credential() {
    let definition = hostile();
    for text in [markdown(&CardPage::of(&definition)), html(&CardPage::of(&definition))] {
        assert!(text.contains("MADE_UP_KEY"), "{text}");
        assert!(text.contains("echo canary-key-0001 canary-input-0002"), "{text}");
        assert!(text.contains("Bearer [redacted]") && !text.contains("Bearer canary"), "{text}");
    }
}

#[test]
fn typed_cards_show_their_errors_nested_fields_and_credentials() {
    let text = markdown(&CardPage::of(&shipped_card("mixpanel/create-warehouse-source")));
    for line in [
        "| tables | Tables to import, and how. | List of Objects | FALSE |",
        "| tables › tableName | Full name of the table, as `schema.table`. | String | TRUE |",
        "| Status 429 | `http.rate_limited` | Yes, after the time that the reply names |",
        "- Path after the base URL: `/projects/{{ input.Path.projectId }}/warehouse-sources`",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let text = markdown(&CardPage::of(&shipped_card("mixpanel/create-profile")));
    assert!(
        text.contains("| A reply where `response.body.status` is `0` | `service.refused` | No |")
    );
    assert!(text.contains("Credentials: none are added to the request."));
}
