//! `list`: connectors and cards.

use serde_json::{Value, json};

use super::args::{Global, ListArgs};
use super::console::{Console, Failure};
use super::setup;

pub(crate) fn run(global: &Global, args: &ListArgs, console: &Console) -> Result<(), Failure> {
    let host = setup::host(global)?.build();
    let catalog = host.catalog();
    let connectors = match &args.connector {
        Some(name) => vec![catalog.connector(name).map(|_| name.clone())?],
        None => catalog.connectors(),
    };
    let mut rows: Vec<(String, String, String)> = Vec::new();
    for connector in connectors {
        for name in catalog.cards(&connector) {
            let definition = catalog.definition(&name)?;
            let description = definition.card.description.clone().unwrap_or_default();
            rows.push((name, definition.card.title.clone(), description));
        }
    }
    if args.json {
        let list: Vec<Value> = rows
            .iter()
            .map(|(card, title, description)| {
                json!({ "card": card, "title": title, "description": description })
            })
            .collect();
        return console.out(&format!("{}\n", Value::Array(list)));
    }
    let width = rows.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, title, description) in &rows {
        text.push_str(&format!("{name:<width$}  {title}: {description}\n"));
    }
    console.out(&text)
}
