//! `choices`: what a field of a card offers.

use cardhost::choices::Offered;
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
pub(crate) struct ChoicesArgs {
    /// `<connector>/<card>`
    pub(crate) card: String,
    /// The field: `Label` of an option, `Group.Label` of an input
    pub(crate) field: String,
    /// Only those with this text in them; the service looks for it where it can
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
    /// How many are asked for at most
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) limit: u64,
    /// Print one JSON object: `choices`, each with `value` and `title`, and whether there are `more`
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

pub(crate) fn run(global: &Global, args: &ChoicesArgs, console: &Console) -> Result<(), Failure> {
    let host = setup::running_host(global, &args.reach, setup::policy(None), args.mock)?.build();
    let card = Some(args.card.as_str());
    let (invocation, placed) = Given::read(&host, card, &args.set)?.parts();
    let search = args.search.as_deref();
    let asked = host.choices(card, &args.field, invocation, search, Some(args.limit));
    let choices = setup::runtime()?.block_on(asked).map_err(placed)?;
    if args.json {
        let all: Vec<Value> = choices
            .offered
            .iter()
            .map(|one| json!({ "value": one.value, "title": one.title }))
            .collect();
        return console.out(&format!("{}\n", json!({ "choices": all, "more": choices.more })));
    }
    let value = |one: &Offered| scalar_text(&one.value).unwrap_or_default().into_owned();
    let width = choices.offered.iter().map(|one| value(one).chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for one in &choices.offered {
        let value = value(one);
        match value == one.title {
            true => text.push_str(&format!("{value}\n")),
            false => text.push_str(&format!("{value:<width$}  {}\n", one.title)),
        }
    }
    console.text(&text)?;
    if choices.more {
        console.note("there are more: give --search or a larger --limit");
    }
    Ok(())
}
