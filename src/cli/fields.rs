//! `fields`: the keys that an object among a card's inputs has, by the definition and by the service.

use cardhost::choices::{DescribedField, Offered};
use cardhost::core::template::scalar_text;
use clap::Args;
use serde_json::{Value, json};

use super::console::{Console, Failure};
use super::given::Given;
use super::global::Global;
use super::reach::ReachArgs;
use super::set::SetArgs;
use super::setup;

#[derive(Debug, Args)]
pub(crate) struct FieldsArgs {
    /// `<connector>/<card>`
    pub(crate) card: String,
    /// The input that has the fields, as `Group.Label`
    pub(crate) field: String,
    /// How many are asked for at most
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) limit: u64,
    /// Print one JSON object: `fields`, each with `name`, `title`, `type`, `required` and what else is known, and whether there are `more`
    #[arg(long)]
    pub(crate) json: bool,
    /// Answer from the examples of the cards, without a network
    #[arg(long)]
    pub(crate) mock: bool,
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
    #[command(flatten)]
    pub(crate) set: SetArgs,
}

pub(crate) fn run(global: &Global, args: &FieldsArgs, console: &Console) -> Result<(), Failure> {
    let host = setup::running_host(global, &args.reach, setup::policy(None), args.mock)?.build();
    let card = Some(args.card.as_str());
    let (invocation, placed) = Given::read(&host, card, &args.set)?.parts();
    let asked = host.fields(card, &args.field, invocation, Some(args.limit));
    let described = setup::runtime()?.block_on(asked).map_err(placed)?;
    if args.json {
        let all: Vec<Value> = described.fields.iter().map(as_json).collect();
        return console.out(&format!("{}\n", json!({ "fields": all, "more": described.more })));
    }
    let width = described.fields.iter().map(|one| one.name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for one in &described.fields {
        text.push_str(&format!("{:<width$}  {}\n", one.name, about(one)));
        let title = Some(&one.title).filter(|title| **title != one.name);
        for line in title.into_iter().chain(&one.description).flat_map(|text| text.lines()) {
            text.push_str(&format!("{:<width$}  {line}\n", ""));
        }
    }
    console.text(&text)?;
    if described.more {
        console.note("there are more: give a larger --limit");
    }
    Ok(())
}

/// The object of a field: what is not known of it is left out.
fn as_json(field: &DescribedField) -> Value {
    let mut shown =
        json!({ "name": field.name, "title": field.title, "type": field.kind.as_str() });
    let choice = |one: &Offered| json!({ "value": one.value, "title": one.title });
    let choices = || field.choices.iter().map(choice).collect::<Vec<_>>();
    let more = [
        ("of", field.of.map(|of| json!(of.as_str()))),
        ("required", Some(json!(field.required))),
        ("description", field.description.as_ref().map(|text| json!(text))),
        ("choices", Some(field).filter(|it| !it.choices.is_empty()).map(|_| json!(choices()))),
    ];
    if let Value::Object(map) = &mut shown {
        map.extend(more.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    }
    shown
}

/// Type, whether it is required, and its choices, on one line.
fn about(field: &DescribedField) -> String {
    let kind = match field.of {
        Some(of) => format!("{} of {}", field.kind.as_str(), of.as_str()),
        None => field.kind.as_str().to_owned(),
    };
    let mut notes = Vec::new();
    if field.required {
        notes.push("required".to_owned());
    }
    let choice = |one: &Offered| {
        let value = scalar_text(&one.value).unwrap_or_default().into_owned();
        if value == one.title { value } else { format!("{value} ({})", one.title) }
    };
    if !field.choices.is_empty() {
        let choices: Vec<String> = field.choices.iter().map(choice).collect();
        notes.push(format!("one of {}", choices.join(", ")));
    }
    if notes.is_empty() { kind } else { format!("{kind}: {}", notes.join("; ")) }
}
