//! What a page says about targets: base URLs by connection choice, credentials, limits, hints.

use super::credentials;
use super::page::{Block, Inline, Section, Table};
use super::{waits, words};
use cardhost_core::connector::{BaseUrl, Connector, Target};
use cardhost_core::definition::Definition;
use cardhost_core::field::{Field, Fields};
use cardhost_core::limits::Limits;
use cardhost_core::plan::is_relative_url;
use cardhost_core::template::Decision;
use cardhost_core::template::{Part, Reference, Root};

/// A value of a decision, with the choices that lead to it: the dropdown's label and the choice.
pub(super) struct DecidedRow<'d, T> {
    pub(super) choices: Vec<(String, String)>,
    pub(super) value: &'d T,
}

/// The targets that the card's requests may go to.
#[must_use]
pub fn targets_of(definition: &Definition) -> Vec<(&str, &Target)> {
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
    let mut sentences = Vec::new();
    if let Some((allowed, whose)) =
        waits::limits_allowed(limits).as_deref().and_then(|it| it.rsplit_once("; "))
    {
        sentences.push(format!("The service allows, in requests {whose}: {allowed}."));
    }
    sentences.extend(waits::limits_told(limits).map(|told| words::sentence(&told)));
    sentences.iter().map(|sentence| Block::prose(sentence)).collect()
}
