//! `list`: connectors and cards.

use clap::Args;
use serde_json::{Value, json};

use super::console::{Console, Failure};
use super::global::Global;
use super::setup;

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only this connector's cards
    pub(crate) connector: Option<String>,
    /// Print one JSON list
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(global: &Global, args: &ListArgs, console: &Console) -> Result<(), Failure> {
    let host = setup::host(global)?.build();
    let catalog = host.catalog();
    let connectors = match &args.connector {
        Some(name) => vec![catalog.connector(name).map(|_| name.clone())?],
        None => catalog.connectors(),
    };
    let mut rows: Vec<(String, String, String)> = Vec::new();
    let mut faulty = None;
    for connector in connectors {
        for name in catalog.cards(&connector) {
            let definition = match catalog.definition(&name) {
                Ok(definition) => definition,
                Err(error) => {
                    faulty.get_or_insert(error);
                    continue;
                }
            };
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
        console.out(&format!("{}\n", Value::Array(list)))?;
        return faulty.map_or(Ok(()), |error| Err(error.into()));
    }
    let width = rows.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, title, description) in &rows {
        let about = if description.is_empty() { String::new() } else { format!(": {description}") };
        text.push_str(&format!("{name:<width$}  {title}{about}\n"));
    }
    console.text(&text)?;
    // What does not load is left out, and said at the end.
    faulty.map_or(Ok(()), |error| Err(error.into()))
}
