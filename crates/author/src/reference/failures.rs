//! What a page says about failed replies: status, code, whether to send the request again.

use super::page::{Block, Row, Section, Table};
use super::words;
use cardhost_core::card::{Card, HttpError};
use cardhost_core::connector::{Connector, RetryRule};

const COLUMNS: [&str; 3] = ["Reply", "Error code", "Worth sending again"];

/// The section of a card's errors.
pub(super) fn card_section(connector: &Connector, card: &Card) -> Section {
    let mut blocks = Vec::new();
    let mut rows: Vec<Row> = card
        .response
        .failures
        .iter()
        .map(|rule| row(&format!("A reply where {}", words::condition(&rule.when)), &rule.code, NO))
        .collect();
    match card.response.http_error {
        HttpError::Return => blocks.push(Block::prose(
            "Every HTTP status is an output; no status ends the run with an error.",
        )),
        HttpError::Raise => rows.extend(status_rows(connector)),
    }
    if !rows.is_empty() {
        let caption = format!("Errors of {}", card.title);
        blocks.push(Block::Table(Table::plain(caption, &COLUMNS, rows)));
    }
    Section::new("Errors", blocks)
}

/// The section of a connector's error rules.
pub(super) fn connector_section(connector: &Connector) -> Section {
    let caption = format!("Errors of {}", connector.title);
    let table = Table::plain(caption, &COLUMNS, status_rows(connector));
    let lead = "What a reply means where a card does not return every status as an output.";
    Section::new("Errors", vec![Block::prose(lead), Block::Table(table)])
}

const NO: &str = "No";

fn status_rows(connector: &Connector) -> Vec<Row> {
    let mut rows: Vec<Row> = connector
        .errors
        .iter()
        .map(|rule| {
            let statuses: Vec<String> = rule.status.iter().map(u16::to_string).collect();
            let again = match rule.retry {
                RetryRule::Never => NO,
                RetryRule::After => "Yes, after the time that the reply names",
                RetryRule::IfSafe => {
                    "Yes, where the effect is read or idempotent, or the request carries an idempotency key"
                },
            };
            row(&format!("Status {}", statuses.join(", ")), &rule.code, again)
        })
        .collect();
    rows.push(row("Any other status outside 200 to 299", "http.status", NO));
    rows
}

fn row(reply: &str, code: &str, again: &str) -> Row {
    vec![Block::cell(reply), Block::cell(&words::code(code)), Block::cell(again)]
}
