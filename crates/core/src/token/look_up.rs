//! What is looked up after a login: the request as a card, and what its reply gives.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::fault::GrantFault;
use super::given::Given;
use crate::auth::{AuthMethod, Choose, LookUp};
use crate::call::Outcome;
use crate::connector::Connector;
use crate::definition::Definition;
use crate::own_request::OwnRequest;
use crate::request::ReplySecret;
use crate::response::OutputValue;
use crate::template::{Each, Found, Reference, Root, Scope, Template, ValueTemplate};
use crate::value::descend;

/// One of what a look-up has found.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What it is named by; empty where there is nothing to choose.
    pub value: String,
    /// What a person is shown of it.
    pub title: String,
    /// The values of the connection that it brings, by label.
    pub gives: Map<String, Value>,
}

/// The look-up of an auth method as a card; `None` where it has none.
#[must_use]
pub fn look_up(connector: &Arc<Connector>, method: &str) -> Option<Definition> {
    let look_up = connector.auth.get(method)?.look_up()?;
    let request = OwnRequest {
        name: ["look-up", "Look-up after the login"],
        target: &look_up.target,
        auth: Some(method),
        method: &look_up.method,
        path: &look_up.path,
        headers: look_up.headers.as_ref(),
        query: look_up.query.as_ref(),
        body: look_up.body.as_ref(),
    };
    let headers = json!({ "type": "object", "value": "<<response.headers>>" });
    let body = json!({ "type": "any", "value": "<<response.body?>>" });
    request.definition(connector, &json!({ "Reply": { "Headers": headers, "Body": body } }))
}

/// What of the reply to a look-up must not be recorded: what it gives to secret fields.
#[must_use]
pub fn look_up_secrets(connector: &Connector, look_up: &LookUp) -> Vec<ReplySecret> {
    let fields = &connector.connection.fields;
    let secret = |label: &String| fields.get(label).is_some_and(crate::field::Field::is_secret);
    let given = look_up.gives.iter().filter(|(label, _)| secret(label));
    let value = |template: &Template| match &look_up.choose {
        None => ValueTemplate::Text(template.clone()),
        Some(choose) => ValueTemplate::Each(Box::new(Each {
            list: choose.items.clone().unwrap_or_else(whole_body),
            item: ValueTemplate::Text(template.clone()),
        })),
    };
    given.map(|(_, template)| ReplySecret::Value(value(template))).collect()
}

/// What the reply to a look-up gives: one, or several to choose from.
///
/// # Errors
/// [`GrantFault::LookUp`] where it is not what the connector says.
pub fn read_look_up(method: &AuthMethod, outcome: &Outcome) -> Result<Vec<Choice>, GrantFault> {
    let Some(look_up) = method.look_up() else { return Ok(Vec::new()) };
    let fault = |reason| GrantFault::LookUp { status: outcome.status, reason };
    let headers = match outcome.output.get("Reply", "Headers") {
        Some(OutputValue::Headers(headers)) => Arc::clone(headers),
        _ => Arc::default(),
    };
    let body = match outcome.output.get("Reply", "Body") {
        Some(OutputValue::Value(value)) => value.clone(),
        Some(OutputValue::Raw(raw)) => crate::value::text::read(raw.get()).unwrap_or_default(),
        _ => Value::Null,
    };
    // Some services call their JSON text.
    let body = match body {
        Value::String(text) if text.trim_start().starts_with(['{', '[']) => {
            crate::value::text::read(&text).unwrap_or(Value::String(text))
        }
        body => body,
    };
    let reply = Given::of(outcome.status, headers, body);
    let Some(choose) = &look_up.choose else {
        let gives = values(&look_up.gives, &reply).map_err(fault)?;
        return Ok(vec![Choice { value: String::new(), title: String::new(), gives }]);
    };
    let items = choose.items.clone().unwrap_or_else(whole_body).value(&reply).ok().flatten();
    let Some(Value::Array(items)) = items else {
        return Err(fault("there is no list where the connector says".to_owned()));
    };
    if items.is_empty() {
        return Err(fault("it lists nothing that this login may use".to_owned()));
    }
    let choice = |item: &Value| choice(look_up, choose, &ItemOf { reply: &reply, item });
    items.iter().map(|item| choice(item).map_err(fault)).collect()
}

fn choice(look_up: &LookUp, choose: &Choose, item: &ItemOf<'_>) -> Result<Choice, String> {
    let text = |template: &Template| {
        let text = template.text(item).ok().flatten().filter(|text| !text.is_empty());
        text.map(std::borrow::Cow::into_owned)
    };
    let value = text(&choose.value).ok_or("an item lacks what it is named by (`value`)")?;
    let title = choose.title.as_ref().and_then(text).unwrap_or_else(|| value.clone());
    Ok(Choice { gives: values(&look_up.gives, item)?, value, title })
}

/// The values by label; those that are optional may be left out.
fn values(
    gives: &IndexMap<String, Template>,
    scope: &dyn Scope,
) -> Result<Map<String, Value>, String> {
    let mut found = Map::new();
    for (label, template) in gives {
        match template.value(scope) {
            Ok(Some(value)) if !value.is_null() => drop(found.insert(label.clone(), value)),
            Ok(_) => {}
            Err(_) => return Err(format!("there is no `{label}` where the connector says")),
        }
    }
    Ok(found)
}

fn whole_body() -> Template {
    Template::parse("<<response.body>>")
}

/// A reply, and one of the items that it lists.
struct ItemOf<'a> {
    reply: &'a Given,
    item: &'a Value,
}

impl Scope for ItemOf<'_> {
    fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
        match reference.root {
            Root::Item => descend(self.item, &reference.segments)
                .filter(|value| !value.is_null())
                .map(Found::Value),
            _ => self.reply.lookup(reference),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connector(look_up: Value) -> Arc<Connector> {
        let connector = json!({
            "format": 1, "name": "shop", "version": "1.0.0", "title": "Shop",
            "connection": { "fields": {
                "Site": { "type": "text", "from": "login" }, "Key": { "type": "secret", "from": "login" },
            } },
            "auth": { "main": {
                "scheme": "session", "login": { "url": "https://shop.example/login" }, "tokenFrom": "<<response.body.t>>",
                "lookUp": look_up,
            } },
            "targets": { "api": { "auth": ["main"], "base": "https://shop.example" } },
        });
        Arc::new(serde_json::from_value(connector).unwrap())
    }

    /// The texts that a look-up keeps out of recordings.
    fn kept(look_up: Value, body: &Value) -> Vec<Value> {
        let connector = connector(look_up);
        let look_up = connector.auth["main"].look_up().unwrap();
        let reply = Given::of(200, Arc::default(), body.clone());
        let kept = look_up_secrets(&connector, look_up);
        let value = |secret: &ReplySecret| match secret {
            ReplySecret::Value(value) | ReplySecret::Keys(value, _) => value.value(&reply),
        };
        kept.iter().filter_map(|secret| value(secret).unwrap()).collect()
    }

    #[test]
    fn what_is_given_to_secret_fields_is_kept_out_of_recordings_chosen_or_not() {
        let body =
            json!({ "sites": [{ "id": 1, "key": "k-1" }, { "id": 2, "key": "k-2" }], "key": "k" });
        let plain = json!({
            "target": "api", "path": "/me",
            "gives": { "Site": "<<response.body.sites.0.id>>", "Key": "<<response.body.key>>" },
        });
        assert_eq!(kept(plain, &body), [json!("k")]);
        let chosen = json!({
            "target": "api", "path": "/me",
            "choose": { "items": "<<response.body.sites>>", "value": "<<item.id>>" },
            "gives": { "Site": "<<item.id>>", "Key": "<<item.key>>" },
        });
        assert_eq!(kept(chosen, &body), [json!(["k-1", "k-2"])]);
    }

    #[test]
    fn a_look_up_is_a_card_of_its_method() {
        let connector = connector(json!({
            "target": "api", "path": "/me", "query": { "a": "1" }, "gives": { "Site": "<<response.body.id>>" },
        }));
        let definition = look_up(&connector, "main").unwrap();
        let request = &definition.card.request;
        assert_eq!(request.auth, Some(vec!["main".to_owned()]));
        assert_eq!(request.path.source(), "/me");
        assert!(request.query.is_some());
        assert!(look_up(&connector, "other").is_none());
    }
}
