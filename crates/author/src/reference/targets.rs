//! What a page says about targets: base URLs by connection choice, credentials, limits, hints.

use std::time::Duration;

use super::credentials;
use super::page::{Block, Inline, Section, Table};
use super::words;
use cardhost_core::connector::{BaseUrl, Connector, Target};
use cardhost_core::definition::Definition;
use cardhost_core::field::{Field, Fields};
use cardhost_core::limits::{LimitScope, Limits};
use cardhost_core::plan::is_relative_url;
use cardhost_core::template::Decision;
use cardhost_core::template::{Part, Reference, Root};

/// A value of a decision, with the choices that lead to it: the dropdown's label and the choice.
pub(super) struct DecidedRow<'d, T> {
    pub(super) choices: Vec<(String, String)>,
    pub(super) value: &'d T,
}

/// The targets that the card's requests may go to.
pub(super) fn targets_of(definition: &Definition) -> Vec<(&str, &Target)> {
    let (connector, card) = (&*definition.connector, &definition.card);
    let target = &card.request.target;
    let by_option = target
        .as_reference()
        .filter(|reference| reference.root == Root::Options)
        .and_then(|reference| card.options.get(reference.segments.first()?))
        .map(words::choice_texts);
    let names = match (target.as_literal(), by_option) {
        (Some(name), _) => vec![name],
        (None, Some(names)) => names,
        (None, None) => connector.targets.keys().map(String::as_str).collect(),
    };
    names
        .into_iter()
        .filter_map(|name| connector.targets.get_key_value(name))
        .map(|(name, target)| (name.as_str(), target))
        .collect()
}

/// Every value of a decision in order.
pub(super) fn rows<'d, T>(
    decision: &'d Decision<T>,
    field_of: &dyn Fn(&Reference) -> Option<&'d Field>,
) -> Vec<DecidedRow<'d, T>> {
    match decision {
        Decision::Always(value) => vec![DecidedRow { choices: Vec::new(), value }],
        Decision::By { by, rows: table, otherwise } => {
            let label = words::label(by);
            let mut all = Vec::new();
            let named = table.iter().map(|(choice, row)| (choice.clone(), row));
            let other = otherwise.as_deref().map(|row| {
                let known = |choice: &&str| table.contains_key(*choice);
                (other_choices(field_of(by), &known), row)
            });
            for (choice, row) in named.chain(other) {
                for mut inner in rows(row, field_of) {
                    inner.choices.insert(0, (label.clone(), choice.clone()));
                    all.push(inner);
                }
            }
            all
        }
    }
}

/// The choices that have no row of their own.
fn other_choices(field: Option<&Field>, known: &dyn Fn(&&str) -> bool) -> String {
    let left: Vec<&str> = field
        .map(words::choice_texts)
        .unwrap_or_default()
        .into_iter()
        .filter(|choice| !known(choice))
        .collect();
    if left.is_empty() { "any other".to_owned() } else { left.join(", ") }
}

/// A table of a decision's values: a column for each dropdown that decides, and the value's.
pub(super) fn decision_table<T>(
    caption: String,
    rows: &[DecidedRow<'_, T>],
    columns: &[&str],
    cells: &dyn Fn(&T) -> Vec<String>,
) -> Table {
    let mut labels: Vec<&str> = Vec::new();
    for (label, _) in rows.iter().flat_map(|row| &row.choices) {
        if !labels.contains(&label.as_str()) {
            labels.push(label);
        }
    }
    let row = |row: &DecidedRow<'_, T>| {
        let chosen = labels.iter().map(|label| {
            let choice = row.choices.iter().find(|(own, _)| own == label);
            Block::name_cell(choice.map_or("any", |(_, choice)| choice))
        });
        let values = cells(row.value);
        chosen.chain(values.iter().map(|text| Block::cell(text))).collect()
    };
    let headings: Vec<&str> = labels.iter().copied().chain(columns.iter().copied()).collect();
    Table::plain(caption, &headings, rows.iter().map(row).collect())
}

/// The lines "Example for Query API (EU): https://…" of a field that is the relative URL of the request:
/// the choices of the last dropdown that decides, where those before it have their defaults.
pub(super) fn url_examples(definition: &Definition) -> Vec<Vec<Inline>> {
    let path = path_text(definition);
    let mut lines = Vec::new();
    for (name, target) in targets_of(definition) {
        let base = at_defaults(&target.base, &definition.connector.connection.fields);
        for row in rows(base, &|_| None) {
            let choices: Vec<&str> =
                row.choices.iter().map(|(_, choice)| choice.as_str()).collect();
            let choices = if choices.is_empty() {
                String::new()
            } else {
                format!(" ({})", choices.join(", "))
            };
            lines.push(vec![
                Inline::text(format!("Example for {name}{choices}: ")),
                Inline::code(format!("{}{path}", row.value.text().trim_end_matches('/'))),
            ]);
        }
    }
    lines
}

/// The decision under the defaults of the connection's dropdowns; the last one is left open.
fn at_defaults<'d>(decision: &'d Decision<BaseUrl>, fields: &Fields) -> &'d Decision<BaseUrl> {
    let Decision::By { by, rows, otherwise } = decision else {
        return decision;
    };
    let decides_further = rows.values().any(|row| matches!(row, Decision::By { .. }));
    let default =
        by.segments.first().and_then(|label| fields.get(label)?.default.as_ref()?.as_str());
    let (true, Root::Connection, Some(default)) = (decides_further, by.root, default) else {
        return decision;
    };
    match rows.get(default).or(otherwise.as_deref()) {
        Some(row) => at_defaults(row, fields),
        None => decision,
    }
}

/// The path of the request, references between braces: `/projects/{{ input.Path.projectId }}`.
pub(super) fn path_text(definition: &Definition) -> String {
    let card = &definition.card;
    let Ok(parts) = card.request.path.parts() else {
        return card.request.path.source().to_owned();
    };
    parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => text.clone(),
            // Okta's spelling: the slash is there, whether it is written or not.
            Part::Reference(reference) if is_relative_url(card, reference) => {
                format!("{{{{ / {reference} }}}}")
            }
            Part::Reference(reference) => format!("{{{{ {reference} }}}}"),
            Part::Helper(helper) => format!("{{{{ {} }}}}", helper.source()),
        })
        .collect()
}

/// The section of one target; `auth` are the names of the methods in order.
pub(super) fn target_section(
    connector: &Connector,
    name: &str,
    target: &Target,
    auth: &[String],
) -> Section {
    let mut blocks: Vec<Block> = target.description.iter().map(|text| Block::prose(text)).collect();
    blocks.push(base_block(connector, name, target));
    if !target.hosts.is_empty() {
        let hosts: Vec<String> =
            target.hosts.iter().map(|host| words::code(host.as_str())).collect();
        blocks.push(Block::prose(&format!("Hosts: {}", hosts.join(", "))));
    }
    blocks.extend(credentials::blocks(connector, auth));
    blocks.extend(target.limits.iter().flat_map(limits));
    for hint in &target.hints {
        let when = words::condition(&hint.when);
        blocks.push(Block::prose(&format!("When {when}: {}.", hint.hint.trim_end_matches('.'))));
    }
    Section::new(name, blocks)
}

fn base_block(connector: &Connector, name: &str, target: &Target) -> Block {
    if let Decision::Always(base) = &target.base {
        if base.is_none() {
            let hosts: Vec<String> = target.hosts.iter().map(|host| words::code(&host.0)).collect();
            return Block::prose(&format!("URLs that the service gave, on {}", hosts.join(", ")));
        }
        return Block::prose(&format!("Base URL: {}", words::code(base.text())));
    }
    let fields = &connector.connection.fields;
    let rows = rows(&target.base, &|by| fields.get(by.segments.first()?));
    Block::Table(decision_table(format!("Base URLs of {name}"), &rows, &["Base URL"], &|base| {
        vec![words::code(base.text())]
    }))
}

/// What the service allows, and how its replies tell that no more may go.
fn limits(limits: &Limits) -> Vec<Block> {
    let mut parts: Vec<String> =
        limits.concurrent.iter().map(|most| format!("{most} at once")).collect();
    parts.extend(limits.rate.iter().map(|rate| format!("{} per {}", rate.max, span(rate.per.0))));
    let whose = match limits.scope {
        LimitScope::Connection => "of a connection",
        LimitScope::Target => "of all connections together",
    };
    let mut sentences = Vec::new();
    if !parts.is_empty() {
        let parts = parts.join("; ");
        sentences.push(format!("The service allows, in requests {whose}: {parts}."));
    }
    if let Some(reset) = &limits.reset {
        let reset = words::code(&reset.header.0);
        sentences.push(match &limits.remaining {
            Some(left) => {
                let left = words::code(&left.header.0);
                format!("Where {left} says that none remains, requests wait until {reset}.")
            }
            None => format!("After a status 429, requests wait until {reset}."),
        });
    }
    sentences.iter().map(|sentence| Block::prose(sentence)).collect()
}

/// A span of time in its largest whole unit: `hour`, `10 seconds`.
pub(super) fn span(time: Duration) -> String {
    let millis = time.as_millis();
    let units = [(3_600_000, "hour"), (60_000, "minute"), (1000, "second"), (1, "millisecond")];
    let (size, unit) = units
        .into_iter()
        .find(|(size, _)| millis.is_multiple_of(*size))
        .unwrap_or((1, "millisecond"));
    match millis / size {
        1 => unit.to_owned(),
        count => format!("{count} {unit}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_told_with_the_headers_that_correct_them() {
        let told = |text: &str| {
            let blocks = limits(&serde_json::from_str(text).unwrap());
            blocks.iter().map(|block| format!("{block:?}")).collect::<Vec<_>>().join(" ")
        };
        let both = r#"{ "rate": [{ "max": 5, "per": "1s" }], "remaining": { "header": "x-left" }, "reset": { "header": "x-reset", "as": "unix" } }"#;
        let words = told(both);
        assert!(words.contains("requests of a connection: 5 per second."), "{words}");
        assert!(words.contains(r#"Code("x-left"), Text(" says that none remains, requests wait until "), Code("x-reset")"#), "{words}");
        let words = told(r#"{ "reset": { "header": "x-reset" } }"#);
        assert!(
            words.contains(r#"Text("After a status 429, requests wait until "), Code("x-reset")"#),
            "{words}"
        );
        assert!(!words.contains("allows"), "{words}");
    }

    #[test]
    fn spans_are_told_in_their_largest_whole_unit() {
        for (millis, words) in
            [(3_600_000, "hour"), (90_000, "90 seconds"), (1500, "1500 milliseconds")]
        {
            assert_eq!(span(Duration::from_millis(millis)), words);
        }
    }
}
