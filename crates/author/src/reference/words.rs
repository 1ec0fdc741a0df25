//! What fields, conditions and choices are called on a page: short sentences made of a field's facts.

use serde_json::Value;

use cardhost_core::card::Card;
use cardhost_core::condition::{Clause, Test, When};
use cardhost_core::field::{Field, FieldType, Format};
use cardhost_core::template::{Reference, Root};

/// The name of a field's type on a page: `Dropdown`, `List of Objects`.
pub(super) fn type_name(field: &Field) -> String {
    match (field.kind, field.of) {
        (FieldType::List, Some(of)) if of != FieldType::Any => format!("List of {}", plural(of)),
        (kind, _) => kind.reference_name().to_owned(),
    }
}

fn plural(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Text | FieldType::Secret | FieldType::Dropdown => "Strings",
        FieldType::Number => "Numbers",
        FieldType::TrueFalse => "True/False",
        FieldType::DateTime => "Dates & Times",
        FieldType::Object => "Objects",
        FieldType::Any => "Any",
        FieldType::List => "Lists",
        FieldType::File => "Files",
    }
}

/// The values a dropdown offers, in order.
pub(super) fn choice_texts(field: &Field) -> Vec<&str> {
    match &field.choices_from {
        Some(from) => from.targets.iter().map(String::as_str).collect(),
        None => field.choices.iter().map(|choice| choice.value.as_str()).collect(),
    }
}

/// What a field's value must be like, besides its type: one sentence each, with code in backticks.
pub(super) fn facts(field: &Field) -> Vec<String> {
    let mut facts = Vec::new();
    if field.kind == FieldType::Secret {
        facts.push("A secret: it is never shown.".to_owned());
    }
    if field.from.is_some() {
        facts.push("It comes from the login and is not asked for.".to_owned());
    }
    if !field.accepts.is_empty() {
        let names: Vec<&str> = field.accepts.iter().map(|kind| kind.reference_name()).collect();
        facts.push(format!("May also be: {}.", names.join(", ")));
    }
    facts.extend(format_fact(field).map(str::to_owned));
    facts.extend(pattern_fact(field));
    facts.extend(bounds_fact(field));
    if field.nullable {
        facts.push("May be `null`, which is passed on.".to_owned());
    }
    if let Some(card) = field.choices_from.as_ref().and_then(|from| from.card.as_deref()) {
        facts.push(format!(
            "The card {} lists choices; any other value may be given too.",
            code(card)
        ));
    }
    if let Some(from) = &field.fields_from {
        let also = if field.fields.is_some() { "further keys" } else { "the keys that it takes" };
        facts.push(format!(
            "The card {} lists {also}; they are passed on as they are.",
            code(&from.card)
        ));
    }
    if let Some(default) = &field.default {
        facts.push(format!("Default: {}.", value_text(default)));
    }
    if !field.deny.is_empty() {
        let names: Vec<String> = field.deny.iter().map(|key| code(key)).collect();
        facts.push(format!("Not allowed in it: {}.", names.join(", ")));
    }
    if field.schema.is_some() {
        facts.push("It must also fit a JSON Schema of the card.".to_owned());
    }
    if field.sensitive {
        facts.push("What is inside is treated as secret when something is shown.".to_owned());
    }
    if !field.examples.is_empty() {
        let examples: Vec<String> = field.examples.iter().map(value_text).collect();
        facts.push(format!("For example {}.", alternatives(&examples)));
    }
    if field.advanced {
        facts.push("For few: it can mostly be left out.".to_owned());
    }
    if let Some(when) = &field.required_when {
        facts.push(format!("Required when {}.", condition(when)));
    }
    if let Some(when) = &field.visible_when {
        facts.push(format!("Only when {}.", condition(when)));
    }
    facts
}

fn format_fact(field: &Field) -> Option<&'static str> {
    Some(match field.format? {
        // Its examples say it.
        Format::RelativeUrl => return None,
        Format::Date => "A date such as `2026-01-31`.",
        Format::Uri => "An absolute URL.",
        Format::Integer => "A whole number.",
        Format::TargetUrl => "A URL that the service gave, whole or relative.",
        Format::Host => "A host such as `example.okta.com`; of a URL its host is taken.",
    })
}

fn pattern_fact(field: &Field) -> Option<String> {
    let pattern = field.pattern.as_ref()?;
    Some(match &field.pattern_message {
        Some(message) => format!("Must be {message}."),
        None => format!("Matches {}.", code(pattern.source())),
    })
}

fn bounds_fact(field: &Field) -> Option<String> {
    let unit = match field.kind {
        FieldType::Text | FieldType::Secret => " characters",
        FieldType::List => " items",
        _ => "",
    };
    Some(match (&field.min, &field.max) {
        (Some(min), Some(max)) => format!("From {min} to {max}{unit}."),
        (Some(min), None) => format!("At least {min}{unit}."),
        (None, Some(max)) => format!("At most {max}{unit}."),
        (None, None) => return None,
    })
}

/// A condition: "`Request Type` is `POST` or `PUT`".
#[must_use]
pub fn condition(when: &When) -> String {
    let parts: Vec<String> =
        when.0.iter().map(|clause| clause_words(clause, when.0.len() > 1)).collect();
    parts.join(" and ")
}

fn clause_words(clause: &Clause, beside_others: bool) -> String {
    match clause {
        Clause::Value { reference, tests } => {
            let name = code(&label(reference));
            let tests: Vec<String> = tests.iter().map(|test| test_words(&name, test)).collect();
            tests.join(" and ")
        }
        Clause::Any(whens) => {
            let any: Vec<String> = whens.iter().map(|when| whole(when, when.0.len() > 1)).collect();
            match beside_others && any.len() > 1 {
                true => format!("({})", any.join(" or ")),
                false => any.join(" or "),
            }
        }
        Clause::Not(when) => format!("not ({})", condition(when)),
    }
}

fn whole(when: &When, in_parentheses: bool) -> String {
    match in_parentheses {
        true => format!("({})", condition(when)),
        false => condition(when),
    }
}

fn test_words(name: &str, test: &Test) -> String {
    let texts = |values: &[Value]| values.iter().map(value_text).collect::<Vec<_>>();
    match test {
        Test::OneOf(values) => format!("{name} is {}", alternatives(&texts(values))),
        Test::NoneOf(values) => format!("{name} is not {}", alternatives(&texts(values))),
        Test::Present(true) => format!("{name} has a value"),
        Test::Present(false) => format!("{name} has no value"),
        Test::Contains(value) => format!("{name} contains {}", value_text(value)),
        Test::Matches(pattern) => format!("{name} matches {}", code(pattern.source())),
    }
}

/// Where the key goes by which the service knows another attempt for the same; `None` where it knows none.
#[must_use]
pub fn idempotency_key(card: &Card) -> Option<String> {
    let key = card.idempotency_key.as_ref()?;
    let place = match (&key.header, &key.input) {
        (Some(header), _) => format!("the header {}", code(&header.0)),
        (None, Some(input)) => format!("the input {}", code(input)),
        (None, None) => return None,
    };
    Some(format!(
        "Idempotency key: {place}. A request that carries one is done once, however often it is sent."
    ))
}

/// What a reference is called on a page: its label, without root and group.
pub(super) fn label(reference: &Reference) -> String {
    match (reference.root, reference.segments.as_slice()) {
        (Root::Connection | Root::Options, [label]) | (Root::Input, [_, label]) => label.clone(),
        _ => Reference { optional: false, ..reference.clone() }.to_string(),
    }
}

fn alternatives(texts: &[String]) -> String {
    match texts {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

fn value_text(value: &Value) -> String {
    match value {
        Value::Null => "missing".to_owned(),
        Value::String(text) if text.is_empty() => "empty".to_owned(),
        Value::String(text) => code(text),
        other => code(&other.to_string()),
    }
}

/// Text between backticks; one that has backticks itself stands as it is.
pub(super) fn code(text: &str) -> String {
    if text.contains('`') || text.is_empty() { text.to_owned() } else { format!("`{text}`") }
}

/// What a tool is told about a field: its description, what its choices mean, when it applies.
pub(super) fn schema_description(field: &Field) -> Option<String> {
    let mut lines: Vec<String> = field.description.iter().cloned().collect();
    for choice in &field.choices {
        if let Some(meaning) = &choice.description {
            lines.push(format!("{}: {meaning}", choice.value));
        }
    }
    if let Some(when) = &field.visible_when {
        lines.push(format!(
            "{}. Only when {}; ignored otherwise.",
            type_name(field),
            condition(when)
        ));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// A fragment as a sentence.
pub(super) fn sentence(fragment: &str) -> String {
    let mut letters = fragment.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).chain(['.']).collect()
}

/// Labels, each in the letters of code.
pub(super) fn codes<'l>(labels: impl IntoIterator<Item = &'l str>) -> String {
    labels.into_iter().map(code).collect::<Vec<_>>().join(", ")
}
