//! `show`: what one card takes and gives.

use cardhost::author::reference::{
    condition, either, idempotency_key, invocation_schema, limits_allowed, limits_json,
    limits_told, output_schema, targets_of, until_asks, until_ends, until_json,
};
use cardhost::core::card::Effect;
use cardhost::core::definition::Definition;
use cardhost::core::field::{Field, FieldType, Fields};
use cardhost::core::limits::Limits;
use cardhost::core::template::Decision;
use clap::Args;
use serde_json::{Map, Value, json};

use super::console::{Console, Failure};
use super::global::Global;
use super::setup;

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// `<connector>/<card>`, or `<connector>` for its connection and cards
    pub(crate) card: String,
    /// Print the JSON Schemas of invocation and output
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(global: &Global, args: &ShowArgs, console: &Console) -> Result<(), Failure> {
    let host = setup::host(global)?.build();
    if !args.card.contains('/')
        && let Ok(connector) = host.catalog().connector(&args.card)
    {
        let mut text =
            format!("{} {} ({})\n", args.card, connector.version.as_str(), connector.title);
        if let Some(description) = &connector.description {
            text.push_str(&format!("{description}\n"));
        }
        section(&mut text, "connection", &connector.connection.fields);
        text.push_str("\ncards\n");
        for card in host.catalog().cards(&args.card) {
            text.push_str(&format!("  {card}\n"));
        }
        return console.out(&text);
    }
    let definition = host.catalog().definition(&args.card)?;
    if args.json {
        let mut shown = json!({
            "card": definition.full_name(),
            "version": definition.card.version.as_str(),
            "invocation": invocation_schema(&definition),
            "output": output_schema(&definition),
        });
        let limits = limited(&definition).map(|(name, it)| (name.to_owned(), limits_json(it)));
        let limits: Map<String, Value> = limits.collect();
        if !limits.is_empty() {
            shown["limits"] = Value::Object(limits);
        }
        if let Some(until) = &definition.card.until {
            shown["until"] = until_json(until);
        }
        return console.out(&format!("{shown}\n"));
    }
    console.text(&text(&definition))
}

fn text(definition: &Definition) -> String {
    let card = &definition.card;
    let mut text =
        format!("{} {} ({})\n", definition.full_name(), card.version.as_str(), card.title);
    if let Some(description) = &card.description {
        text.push_str(&format!("{description}\n"));
    }
    text.push_str(&format!("\neffect  {}\n", effect(&card.effect)));
    if let Some(key) = idempotency_key(card) {
        text.push_str(&format!("{key}\n"));
    }
    for (name, limits) in limited(definition) {
        text.push_str(&format!("limits  {name}: {}\n", limits_words(limits)));
    }
    if let Some(until) = &card.until {
        text.push_str(&format!("until   {}\n", until_asks(until)));
        for fact in until_ends(until) {
            text.push_str(&format!("        {fact}\n"));
        }
    }
    section(&mut text, "connection", &definition.connector.connection.fields);
    section(&mut text, "options", &card.options);
    for (group, fields) in &card.input {
        section(&mut text, &format!("input.{group}"), fields);
    }
    for (group, fields) in &card.output {
        section(&mut text, &format!("output.{group}"), fields);
    }
    text
}

/// The targets that the card can reach and of which the service allows only so much.
fn limited(definition: &Definition) -> impl Iterator<Item = (&str, &Limits)> {
    targets_of(definition)
        .into_iter()
        .filter_map(|(name, target)| Some((name, target.limits.as_ref()?)))
}

/// What the service allows, and how it says that no more may go, on one line.
pub(super) fn limits_words(limits: &Limits) -> String {
    let facts = limits_allowed(limits).into_iter().chain(limits_told(limits));
    facts.collect::<Vec<_>>().join("; ")
}

fn section(text: &mut String, title: &str, fields: &Fields) {
    if fields.is_empty() {
        return;
    }
    text.push_str(&format!("\n{title}\n"));
    let width = fields.keys().map(|label| label.chars().count()).max().unwrap_or(0);
    for (label, field) in fields {
        text.push_str(&format!("  {label:<width$}  {}\n", about(field)));
        for line in details(fields, label, field) {
            text.push_str(&format!("  {:<width$}  {line}\n", ""));
        }
    }
}

/// What is told of a field below its type: its description and conditions.
pub(super) fn details(fields: &Fields, label: &str, field: &Field) -> Vec<String> {
    let more = field.description.iter().flat_map(|text| text.lines()).map(str::to_owned);
    if let Some(either) = either(fields, label) {
        return more.chain([either.words()]).collect();
    }
    let when = field.visible_when.as_ref().map(|when| match field.required {
        true => format!("required when {}, and only then", condition(when)),
        false => format!("only when {}", condition(when)),
    });
    let required = field.required_when.as_ref();
    let required = required.map(|when| format!("required when {}", condition(when)));
    more.chain(when).chain(required).collect()
}

/// What the request does at the service: one effect, or the effect of each choice.
fn effect(effect: &Decision<Effect>) -> String {
    let Decision::By { by, .. } = effect else {
        let mut always = String::new();
        effect.each("", &mut |effect, _| effect.as_str().clone_into(&mut always));
        return always;
    };
    let mut rows: Vec<String> = Vec::new();
    effect.each("", &mut |effect, choice| {
        rows.push(format!("{} {}", choice.trim_start_matches('/'), effect.as_str()));
    });
    format!("by `{by}`: {}", rows.join(", "))
}

/// Type, whether it is required, and its choices, on one line.
pub(super) fn about(field: &Field) -> String {
    let mut words = vec![match (field.kind, field.of) {
        (FieldType::List, Some(of)) => format!("list of {}", of.as_str()),
        (kind, _) => kind.as_str().to_owned(),
    }];
    words.extend(field.accepts.iter().map(|kind| format!("or {}", kind.as_str())));
    let mut notes = Vec::new();
    notes.extend(field.format.map(|format| format.as_str().to_owned()));
    notes.extend(field.min.as_ref().map(|min| format!("at least {min}")));
    notes.extend(field.max.as_ref().map(|max| format!("at most {max}")));
    if field.required && field.visible_when.is_none() {
        notes.push("required".to_owned());
    }
    if field.from.is_some() {
        notes.push("from the login".to_owned());
    }
    if let Some(default) = &field.default {
        notes.push(format!("default {default}"));
    }
    let choices: Vec<&str> = match &field.choices_from {
        Some(from) => from.targets.iter().map(String::as_str).collect(),
        None => field.choices.iter().map(|choice| choice.value.as_str()).collect(),
    };
    if let Some(card) = field.choices_from.as_ref().and_then(|from| from.card.as_deref()) {
        notes.push(format!("choices listed by {card}"));
    }
    if let Some(from) = &field.fields_from {
        notes.push(format!("fields listed by {}", from.card));
    }
    if !choices.is_empty() {
        notes.push(format!("one of {}", choices.join(", ")));
    }
    let words = words.join(" ");
    if notes.is_empty() { words } else { format!("{words} ({})", notes.join("; ")) }
}
