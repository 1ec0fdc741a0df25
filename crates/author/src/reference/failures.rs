//! What a page says about failed replies: status, code, whether to send the request again.

use super::page::{Block, Row, Section, Table};
use super::waits::span;
use super::words;
use cardhost_core::card::{Card, HttpError};
use cardhost_core::connector::Connector;
use cardhost_core::reply_rule::{ReplyRule, RetryRule, TakenAs};

const COLUMNS: [&str; 3] = ["Reply", "Error code", "Worth sending again"];

/// The section of a card's errors.
pub(super) fn card_section(connector: &Connector, card: &Card) -> Section {
    let mut blocks = Vec::new();
    let mut rows: Vec<Row> = card.response.failures.iter().map(rule_row).collect();
    match card.response.http_error {
        HttpError::Return => blocks.push(Block::prose(
            "Every HTTP status is an output; no status ends the run with an error.",
        )),
        HttpError::Raise => {
            // Of the target that a card always goes to; of the others their own page tells.
            let target =
                card.request.target.as_literal().and_then(|name| connector.targets.get(name));
            let above = target.into_iter().flat_map(|target| &target.failures);
            rows.extend(above.chain(&connector.failures).map(rule_row));
            rows.extend(status_rows(connector));
        }
    }
    if !rows.is_empty() {
        let caption = format!("Errors of {}", card.title);
        blocks.push(Block::Table(Table::plain(caption, &COLUMNS, rows)));
    }
    let own = card.retries.or(connector.retries);
    let settled = own.map(|own| own.or(connector.retries.unwrap_or_default()).settled());
    blocks.extend(settled.filter(|backoff| backoff.attempts > 1).map(|backoff| {
        Block::prose(&format!(
            "Where sending it again is safe, a call is sent up to {} times, for {} at most.",
            backoff.attempts,
            span(backoff.budget)
        ))
    }));
    Section::new("Errors", blocks)
}

/// The section of a connector's error rules.
pub(super) fn connector_section(connector: &Connector) -> Section {
    let caption = format!("Errors of {}", connector.title);
    let of_targets = connector.targets.values().flat_map(|target| &target.failures);
    let mut rows: Vec<Row> = of_targets.chain(&connector.failures).map(rule_row).collect();
    rows.extend(status_rows(connector));
    let table = Table::plain(caption, &COLUMNS, rows);
    let lead = "What a reply means where a card does not return every status as an output.";
    Section::new("Errors", vec![Block::prose(lead), Block::Table(table)])
}

const NO: &str = "No";

fn status_rows(connector: &Connector) -> Vec<Row> {
    let mut rows: Vec<Row> = connector.errors.iter().map(rule_row).collect();
    let others = "No; 408, 429, 500, 502, 503 and 504 as what they mean allows";
    rows.push(row("Any other status outside 200 to 299", "http.status", others));
    rows
}

fn rule_row(rule: &ReplyRule) -> Row {
    let statuses: Vec<String> = rule.status.iter().map(u16::to_string).collect();
    let condition = rule.when.as_ref().map(words::condition);
    let reply = match (statuses.is_empty(), condition) {
        (false, None) => format!("Status {}", statuses.join(", ")),
        (false, Some(condition)) => format!("Status {} where {condition}", statuses.join(", ")),
        (true, Some(condition)) => format!("A reply where {condition}"),
        (true, None) => "Any reply".to_owned(),
    };
    if rule.taken_as == Some(TakenAs::Empty) {
        return vec![Block::cell(&reply), Block::cell("None: nothing was found"), Block::cell("")];
    }
    let again = match rule.retry {
        RetryRule::Never => NO,
        RetryRule::After => "Yes, after the time that the reply names",
        RetryRule::IfSafe => {
            "Yes, where the effect is read or idempotent, or the request carries an idempotency key"
        }
    };
    row(&reply, rule.code.as_deref().unwrap_or("http.status"), again)
}

fn row(reply: &str, code: &str, again: &str) -> Row {
    vec![Block::cell(reply), Block::cell(&words::code(code)), Block::cell(again)]
}
