//! `plan`: the exact request that `run` would send.

use std::fmt::Write as _;

use cardhost::author::curl::curl;
use cardhost::author::explain::origins;
use cardhost::author::reference::{limits_json, until_asks, until_ends, until_json};
use cardhost::core::limits::Limits;
use cardhost::{Error, Prepared};
use clap::Args;
use serde_json::{Map, Value, json};

use super::console::{Console, Failure};
use super::given::Given;
use super::global::Global;
use super::reach::TargetArgs;
use super::set::SetArgs;
use super::setup;
use super::show::limits_words;

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) set: SetArgs,
    /// Print one JSON object
    #[arg(long, conflicts_with = "curl")]
    pub(crate) json: bool,
    /// Print a curl command; credentials are environment variables
    #[arg(long)]
    pub(crate) curl: bool,
}

pub(crate) fn run(global: &Global, args: &PlanArgs, console: &Console) -> Result<(), Failure> {
    let host = setup::host_for(global, &args.target.reach, setup::policy(None))?.build();
    let card = args.target.card.as_deref();
    let (invocation, placed) = Given::read(&host, card, &args.set)?.parts();
    let prepared = setup::runtime()?.block_on(host.prepare(card, invocation)).map_err(placed)?;
    console.warnings(&prepared.plan.warnings);
    let text = if args.curl {
        let Prepared { definition, connection, plan } = &prepared;
        curl(definition, connection, plan, host.settings()).map_err(Error::from)?
    } else if args.json {
        format!("{}\n", as_json(&prepared))
    } else {
        as_text(&prepared)
    };
    console.out(&text)
}

fn as_json(prepared: &Prepared) -> Value {
    let Prepared { definition, plan, .. } = prepared;
    let from: Map<String, Value> = origins(definition, plan)
        .into_iter()
        .map(|(part, origin)| (part, Value::String(origin)))
        .collect();
    let passed_over: Vec<Value> = plan
        .passed_over
        .iter()
        .map(|(method, missing)| json!({ "auth": method, "missing": missing }))
        .collect();
    let warnings: Vec<Value> = plan
        .warnings
        .iter()
        .map(|warning| json!({ "code": warning.code(), "message": warning.to_string() }))
        .collect();
    // Not `json!`, which would spell numbers anew.
    let waits = [
        ("limits", limits_of(prepared).map(limits_json)),
        ("until", definition.card.until.as_deref().map(until_json)),
    ];
    let waits = waits.into_iter().filter_map(|(key, value)| Some((key, value?)));
    let parts = [
        ("card", definition.full_name().into()),
        ("request", plan.request.to_json()),
        ("target", plan.target.as_str().into()),
        ("auth", plan.auth.as_str().into()),
        ("passedOver", Value::Array(passed_over)),
        ("effect", plan.effect.as_str().into()),
        ("from", Value::Object(from)),
        ("warnings", Value::Array(warnings)),
    ];
    let parts = parts.into_iter().chain(waits);
    Value::Object(parts.map(|(key, value)| (key.to_owned(), value)).collect())
}

/// What the service allows of the target.
fn limits_of(prepared: &Prepared) -> Option<&Limits> {
    prepared.definition.connector.targets.get(&prepared.plan.target)?.limits.as_ref()
}

fn as_text(prepared: &Prepared) -> String {
    let Prepared { definition, plan, .. } = prepared;
    let request = plan.request.to_json();
    let part = |key: &str| request.get(key).and_then(Value::as_str).unwrap_or_default();
    let mut text = format!("{} {}\n", part("method"), part("url"));
    for (name, value) in request.get("headers").and_then(Value::as_object).into_iter().flatten() {
        push(&mut text, format_args!("{name}: {}\n", value.as_str().unwrap_or_default()));
    }
    match request.get("body") {
        None | Some(Value::Null) => {}
        Some(Value::String(body)) => {
            push(&mut text, format_args!("\n{}\n", super::console::printable(body)))
        }
        Some(body) => {
            let pretty = serde_json::to_string_pretty(body).unwrap_or_else(|_| body.to_string());
            push(&mut text, format_args!("\n{pretty}\n"));
        }
    }
    push(&mut text, format_args!("\ncard    {}\n", definition.full_name()));
    push(&mut text, format_args!("target  {}\n", plan.target));
    push(&mut text, format_args!("auth    {}{}\n", plan.auth, why(prepared)));
    push(&mut text, format_args!("effect  {}\n", plan.effect.as_str()));
    if let Some(limits) = limits_of(prepared) {
        push(&mut text, format_args!("limits  {}\n", limits_words(limits)));
    }
    if let Some(until) = &definition.card.until {
        push(&mut text, format_args!("until   {}\n", until_asks(until)));
        for fact in until_ends(until) {
            push(&mut text, format_args!("        {fact}\n"));
        }
    }
    text.push_str("from\n");
    for (part, origin) in origins(definition, plan) {
        push(&mut text, format_args!("  {part:<24} {origin}\n"));
    }
    text
}

/// Why that auth method.
fn why(prepared: &Prepared) -> String {
    let plan = &prepared.plan;
    let passed: Vec<String> = plan
        .passed_over
        .iter()
        .map(|(method, missing)| format!("`{method}` lacks {}", missing.join(", ")))
        .collect();
    if passed.is_empty() {
        " (the first of its target)".to_owned()
    } else {
        format!(" (the first usable one: {})", passed.join("; "))
    }
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = text.write_fmt(line);
}
