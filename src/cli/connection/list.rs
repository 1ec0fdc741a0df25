//! `connection list`: what is stored, without opening any of it.

use cardhost::store::Summary;
use comfy_table::{Table, presets};
use serde_json::{Value, json};

use super::args::ListArgs;
use super::time;
use crate::cli::console::{Console, Failure};
use crate::cli::setup;
use crate::cli::store::StoreArgs;

pub(super) fn run(store: &StoreArgs, args: &ListArgs, console: &Console) -> Result<(), Failure> {
    let found = setup::runtime()?.block_on(async {
        match store.open().await? {
            Some(connections) => Ok(connections.list(args.connector.as_deref()).await?),
            None => Ok::<_, cardhost::Error>(Vec::new()),
        }
    })?;
    if args.json {
        let list: Vec<Value> = found.iter().map(as_json).collect();
        return console.out(&format!("{}\n", Value::Array(list)));
    }
    if found.is_empty() {
        console.note("no connection is stored; `cardhost connection add` adds one");
        return Ok(());
    }
    console.out(&table(&found, time::now()))
}

fn as_json(connection: &Summary) -> Value {
    let time = |seconds: Option<i64>| seconds.map_or(Value::Null, time::rfc3339);
    let tokens =
        connection.has_tokens.then(|| json!({ "until": time(connection.token_expires_at) }));
    json!({
        "connection": format!("{}/{}", connection.connector, connection.name),
        "connector": connection.connector,
        "name": connection.name,
        "tokens": tokens,
        "added": time(Some(connection.created_at)),
        "changed": time(Some(connection.updated_at)),
    })
}

fn table(found: &[Summary], now: i64) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["CONNECTION", "TOKENS", "ADDED", "CHANGED"]);
    for connection in found {
        table.add_row([
            format!("{}/{}", connection.connector, connection.name),
            tokens(connection.has_tokens, connection.token_expires_at, now),
            time::shown(connection.created_at, now),
            time::shown(connection.updated_at, now),
        ]);
    }
    let text = table.to_string();
    text.lines().map(|line| format!("{}\n", line.trim())).collect()
}

/// What can be said of tokens: until when they are good.
pub(super) fn tokens(some: bool, until: Option<i64>, now: i64) -> String {
    match until {
        _ if !some => "none".to_owned(),
        None => "until refused".to_owned(),
        Some(until) if until <= now => format!("ended {}", time::shown(until, now)),
        Some(until) => format!("until {}", time::shown(until, now)),
    }
}
