//! Made-up secrets of examples: one that is part of something else in its example is masked there too, in every error and
//! plan, so that `example` makes `https://dns.[redacted].com` of a URL.

use serde_json::Value;

use super::fault::DefinitionFault;
use super::findings::Findings;
use cardhost_core::card::Example;
use cardhost_core::connector::Connector;
use cardhost_core::definition::Definition;
use cardhost_core::error::{Code, push_pointer};
use cardhost_core::field::Field;
use cardhost_core::plan::Plan;
use cardhost_core::request::HostFrom;

/// Checks the secrets of one example; `plan` is its request, where it can be planned.
pub(super) fn check(
    definition: &Definition,
    index: usize,
    example: &Example,
    plan: Option<&Plan>,
    findings: &mut Findings<'_>,
) {
    let connector = &*definition.connector;
    for (label, value) in example.connection.iter().flatten() {
        let Some(secret) = value.as_str().filter(|text| !text.is_empty()) else { continue };
        if !is_secret(connector, label) {
            continue;
        }
        if let Some(place) = elsewhere(definition, example, plan, secret) {
            let mut pointer = format!("/examples/{index}/connection");
            push_pointer(&mut pointer, label);
            let fault = DefinitionFault::SecretElsewhere { field: label.clone(), place };
            findings.at(Code::DEFINITION_VALUE, &pointer, fault);
        }
    }
}

fn is_secret(connector: &Connector, label: &str) -> bool {
    connector.connection.fields.get(label).is_some_and(Field::is_secret)
}

/// Where a secret stands besides its field and what is sent of it.
fn elsewhere(
    definition: &Definition,
    example: &Example,
    plan: Option<&Plan>,
    secret: &str,
) -> Option<String> {
    let is_host = |plan: &&Plan| {
        plan.request.host_from != HostFrom::Value
            && plan.request.url.host_str().is_some_and(|host| host.contains(secret))
    };
    if plan.filter(is_host).is_some() {
        return Some("the host".to_owned());
    }
    // The whole of a value may be the secret: some services want it in the body.
    let inside =
        |(label, value): &(&String, &Value)| label.contains(secret) || has_within(value, secret);
    let connector = &*definition.connector;
    let same = |(label, value): &(&String, &Value)| {
        !is_secret(connector, label)
            && (value.as_str() == Some(secret) || inside(&(*label, *value)))
    };
    let mut plain = example.connection.iter().flatten();
    let mut given = example.options.iter().chain(&example.input);
    if let Some((label, _)) = plain.find(same).or_else(|| given.find(inside)) {
        return Some(format!("`{label}`"));
    }
    // A service may give a secret back as it is.
    let replied = |value: &Value| has_within(value, secret);
    if example.reply.as_ref().and_then(|reply| reply.body.as_ref()).is_some_and(replied) {
        return Some("the reply".to_owned());
    }
    example.output.as_ref().is_some_and(replied).then(|| "the output".to_owned())
}

/// Whether a value has the text as part of a longer one.
fn has_within(value: &Value, text: &str) -> bool {
    any_text(value, &|found| found != text && found.contains(text))
}

fn any_text(value: &Value, is: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is(text),
        Value::Array(items) => items.iter().any(|item| any_text(item, is)),
        Value::Object(map) => map.iter().any(|(key, value)| is(key) || any_text(value, is)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
