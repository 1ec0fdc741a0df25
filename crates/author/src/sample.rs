//! A card's examples, planned: what `check`, the reference pages and mocks work with.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

use cardhost_core::auth::CustomSchemes;
use cardhost_core::call::{Polling, Signed};
use cardhost_core::card::{AntiExample, Example, ExampleReply};
use cardhost_core::connection::Connection;
use cardhost_core::definition::Definition;
use cardhost_core::failure::Error;
use cardhost_core::moment::Moment;
use cardhost_core::plan::{Circumstances, Plan, PlanSettings, plan_in};
use cardhost_core::response::Reply;
use cardhost_core::secret::Secret;

/// When examples happen: 2026-01-01T00:00:00Z.
pub const MOMENT: Moment = Moment { unix_seconds: 1_767_225_600, nonce: [0; 16] };

/// Plans the request of an example.
///
/// # Errors
/// What a run would end with before anything is sent.
pub fn plan_example(definition: &Definition, example: &Example) -> Result<Plan, Error> {
    plan_values(
        definition,
        example.connection.clone().unwrap_or_default(),
        example.options.clone(),
        example.input.clone(),
    )
}

/// Plans the request of an anti-example; what it leaves out is the first example's.
///
/// # Errors
/// What a run would end with before anything is sent: for most anti-examples, that is the point.
pub fn plan_anti_example(
    definition: &Definition,
    anti: &AntiExample,
    first: Option<&Example>,
) -> Result<Plan, Error> {
    let or_first = |own: &Option<Map<String, Value>>,
                    theirs: fn(&Example) -> Option<Map<String, Value>>| {
        own.clone().or_else(|| first.and_then(theirs)).unwrap_or_default()
    };
    plan_values(
        definition,
        or_first(&anti.connection, |example| example.connection.clone()),
        or_first(&anti.options, |example| Some(example.options.clone())),
        or_first(&anti.input, |example| Some(example.input.clone())),
    )
}

fn plan_values(
    definition: &Definition,
    connection: Map<String, Value>,
    options: Map<String, Value>,
    input: Map<String, Value>,
) -> Result<Plan, Error> {
    // An example's secrets are given in full: it has no environment and no files.
    let no_sources = |_: &_| -> Result<Secret, String> { Err("examples give values".to_owned()) };
    let connection = Connection::settle(&definition.connector, connection, &no_sources)?;
    let schemes = Arc::new(CustomSchemes::any());
    let settings = PlanSettings { schemes, ..PlanSettings::default() };
    let circumstances = Circumstances { moment: &|| Some(MOMENT), ..Circumstances::default() };
    let plan = plan_in(definition, &connection, (options, input), &circumstances, &settings)?;
    Ok(plan.sign_to_show(&MOMENT)?)
}

/// What an example asks next, of work that goes on, by the name of the card that is asked; `None` where that is not there.
pub(crate) fn poll(
    polling: Box<Polling>,
    example: &Example,
    named: &dyn Fn(&str) -> Option<Arc<Definition>>,
) -> Option<Result<Signed, Error>> {
    let plan = poll_plan(&polling, example, named)?;
    Some(plan.map(|(definition, plan)| polling.shown(definition, plan)))
}

/// The card that is asked, and its plan.
pub(crate) fn poll_plan(
    polling: &Polling,
    example: &Example,
    named: &dyn Fn(&str) -> Option<Arc<Definition>>,
) -> Option<Result<(Arc<Definition>, Plan), Error>> {
    let (name, [options, input]) = polling.asked();
    let (_, card) = name.split_once('/')?;
    let definition = named(card)?;
    let connection = example.connection.clone().unwrap_or_default();
    let plan = plan_values(&definition, connection, options, input);
    Some(plan.map(|plan| (definition, plan)))
}

/// The reply of an example as a service would send it.
#[must_use]
pub fn reply(example: &ExampleReply) -> Reply {
    let mut headers = HeaderMap::new();
    for (name, value) in &example.headers {
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes()))
        {
            headers.append(name, value);
        }
    }
    let is_json = headers.get(http::header::CONTENT_TYPE).is_none_or(|value| {
        value.to_str().is_ok_and(|text| text.contains("json") && !text.contains("ndjson"))
    });
    let body = match &example.body {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) if !is_json => text.clone(),
        Some(value) => value.to_string(),
    };
    if !body.is_empty() && !headers.contains_key(http::header::CONTENT_TYPE) {
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Reply::new(example.status, headers, body)
}
