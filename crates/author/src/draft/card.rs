//! A card to begin with: of a pasted request, or of nothing but its name.

use cardhost_core::auth::AuthMethod;
use cardhost_core::connector::Connector;
use cardhost_core::field::{Field, FieldType, Format};
use cardhost_core::label::label;
use cardhost_core::template::{Root, ValueTemplate};
use serde_json::{Map, Value, json};

use super::curl::{CurlCommand, pairs};
use super::fault::DraftFault;
use super::fields::{field, of_text};
use super::path::segments;
use super::target::{self, Found};

/// A card's file to begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardDraft {
    /// The text of the file.
    pub text: String,
    /// What was left out, and what is for the author to look at.
    pub notes: Vec<String>,
}

/// A card that reads one thing by its ID.
///
/// # Errors
/// [`DraftFault::NoTarget`] where the connector has no target.
pub fn card(connector: &Connector, name: &str) -> Result<CardDraft, DraftFault> {
    let Some((target, _)) = connector.targets.first() else {
        let connector = connector.name.as_str().to_owned();
        return Err(DraftFault::NoTarget {
            connector,
            url: "/".to_owned(),
            bases: "none".to_owned(),
        });
    };
    let found =
        Found { target: target.clone(), path: "/things/{id}".to_owned(), connection: Vec::new() };
    let mut parts = Parts::default();
    let path = parts.path(&found.path);
    let request = json!({ "target": target, "method": "GET", "path": path });
    Ok(parts.draft(connector, name, &found, "GET", of(request)))
}

/// A card that sends what a curl command sends: what varies is an input, credentials come from the connection.
///
/// # Errors
/// [`DraftFault::NoTarget`] where the URL is below no base URL of the connector.
pub fn card_from_curl(
    connector: &Connector,
    name: &str,
    command: &CurlCommand,
) -> Result<CardDraft, DraftFault> {
    let found = target::find(connector, &format!("{}{}", command.origin, command.path))?;
    let mut parts = Parts { notes: command.notes.clone(), ..Parts::default() };
    let target = connector.targets.get(&found.target);
    let said = |of_target: Option<&ValueTemplate>, of_connector: Option<&ValueTemplate>| {
        [said_once(of_target), said_once(of_connector)].concat()
    };
    let headers = said(target.and_then(|it| it.headers.as_ref()), connector.headers.as_ref());
    let query = said(target.and_then(|it| it.query.as_ref()), connector.query.as_ref());
    let own = |all: &[(String, String)], said: &[Said]| -> Vec<(String, String)> {
        let is_said = |name: &str, value: &str| {
            let same = |it: &Said| {
                it.name == name.to_lowercase()
                    && it.value.as_deref().is_none_or(|said| said == value)
            };
            said.iter().any(same)
        };
        all.iter().filter(|(name, value)| !is_said(name, value)).cloned().collect()
    };
    let path = parts.path(&found.path);
    let mut request = of(json!({ "target": found.target, "method": command.method, "path": path }));
    let query = parts.query(&own(&command.query, &query));
    if !query.is_empty() {
        request.insert("query".to_owned(), Value::Object(query));
    }
    let (headers, content_type) = parts.headers(&own(&command.headers, &headers));
    if !headers.is_empty() {
        request.insert("headers".to_owned(), Value::Object(headers));
    }
    if let Some(body) = &command.body {
        request.insert("body".to_owned(), parts.body(body, content_type.as_deref()));
    }
    Ok(parts.draft(connector, name, &found, &command.method, request))
}

/// A header or parameter of every request, as the connector or target has it.
#[derive(Clone)]
struct Said {
    name: String,
    /// Its text; none where a connection decides.
    value: Option<String>,
}

fn said_once(template: Option<&ValueTemplate>) -> Vec<Said> {
    match template {
        Some(ValueTemplate::Constant(Value::Object(map))) => map
            .iter()
            .map(|(name, value)| Said {
                name: name.to_lowercase(),
                value: value.as_str().map(str::to_owned),
            })
            .collect(),
        Some(ValueTemplate::Object(entries)) => entries
            .iter()
            .map(|entry| Said { name: entry.written.to_lowercase(), value: None })
            .collect(),
        _ => Vec::new(),
    }
}

fn of(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// The inputs of a card while it is put together.
#[derive(Default)]
struct Parts {
    input: Map<String, Value>,
    example: Map<String, Value>,
    idempotency: Option<String>,
    notes: Vec<String>,
}

impl Parts {
    /// Adds an input, and gives the reference to it.
    fn add(&mut self, group: &str, wanted: &str, field: Value, example: Option<Value>) -> String {
        let is_required = field.get("required").is_some();
        let fields = self.input.entry(group).or_insert_with(|| json!({}));
        let mut label = wanted.to_owned();
        let mut number = 2;
        while fields.get(&label).is_some() {
            label = format!("{wanted} {number}");
            number += 1;
        }
        fields[&label] = field;
        if let Some(example) = example {
            self.example.entry(group).or_insert_with(|| json!({}))[&label] = example;
        }
        format!("<<input.{group}.{label}{}>>", if is_required { "" } else { "?" })
    }

    /// The path: what looks like a value of it is an input.
    fn path(&mut self, path: &str) -> String {
        let mut made = String::new();
        for segment in segments(path) {
            made.push('/');
            if let Some((label, given)) = segment.value {
                let description = format!("The {label} in the path.");
                let field = json!({ "type": "text", "required": true, "description": description });
                let example = given.unwrap_or_else(|| "example".to_owned());
                made.push_str(&self.add("Path", &label, field, Some(json!(example))));
            }
            made.push_str(&literal(&segment.literal));
        }
        made
    }

    fn query(&mut self, query: &[(String, String)]) -> Map<String, Value> {
        self.parameters("Query", query, "of the query")
    }

    /// Parameters, each an input; what is there several times is a list.
    fn parameters(
        &mut self,
        group: &str,
        all: &[(String, String)],
        place: &str,
    ) -> Map<String, Value> {
        let mut made = Map::new();
        for (name, text) in all {
            if made.contains_key(&literal_key(name)) {
                continue;
            }
            let given: Vec<Value> = all
                .iter()
                .filter(|(other, _)| other == name)
                .map(|(_, text)| of_text(text))
                .collect();
            let value = if given.len() > 1 { Value::Array(given) } else { of_text(text) };
            let (field, example) = field(name, &value, place);
            let reference = self.add(group, &label(name), field, example);
            made.insert(literal_key(name), Value::String(reference));
        }
        made
    }

    /// Headers as they are, but for those that have places of their own; and the content type.
    fn headers(&mut self, all: &[(String, String)]) -> (Map<String, Value>, Option<String>) {
        let (mut headers, mut content_type) = (Map::new(), None);
        for (name, value) in all {
            match name.as_str() {
                "content-type" => content_type = Some(value.clone()),
                "idempotency-key" | "x-idempotency-key" => self.idempotency = Some(name.clone()),
                _ => drop(headers.insert(name.clone(), Value::String(literal(value)))),
            }
        }
        (headers, content_type)
    }

    fn body(&mut self, text: &str, content_type: Option<&str>) -> Value {
        let essence = content_type
            .map(|kind| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        let is_json = |kind: &str| kind.ends_with("/json") || kind.ends_with("+json");
        let json = cardhost_core::value::parse(text).ok();
        match (essence.as_deref(), json) {
            (Some(kind), Some(value)) if is_json(kind) => self.json(value),
            // As documentation has it that leaves the content type out.
            (None, Some(value)) if value.is_object() || value.is_array() => self.json(value),
            (None | Some("application/x-www-form-urlencoded"), _) if !pairs(text).is_empty() => {
                let fields = self.parameters("Body", &pairs(text), "of the form");
                json!({ "form": fields })
            }
            _ => {
                let kind = content_type.unwrap_or("text/plain");
                let field = json!({ "type": "text", "required": true, "description": "The text of the body." });
                let reference = self.add("Body", "Text", field, Some(json!(text)));
                json!({ "text": reference, "contentType": kind })
            }
        }
    }

    fn json(&mut self, value: Value) -> Value {
        let Value::Object(map) = value else {
            let (mut field, example) = field("body", &value, "of the request");
            field["required"] = json!(true);
            field["description"] = json!("The body of the request.");
            let label = if value.is_array() { "Items" } else { "Value" };
            return json!({ "json": self.add("Body", label, field, example) });
        };
        let graphql = map.get("query").and_then(Value::as_str).is_some_and(|text| {
            ["query", "mutation", "{"].iter().any(|start| text.trim_start().starts_with(start))
        });
        if graphql {
            return self.graphql(&map);
        }
        let mut made = Map::new();
        for (key, value) in &map {
            let (field, example) = field(key, value, "of the body");
            made.insert(
                literal_key(key),
                Value::String(self.add("Body", &label(key), field, example)),
            );
        }
        json!({ "json": made })
    }

    /// A query of GraphQL stays as it is; its variables are inputs.
    fn graphql(&mut self, map: &Map<String, Value>) -> Value {
        let mut made = Map::new();
        for (key, value) in map {
            let value = match (key.as_str(), value) {
                ("variables", Value::Object(variables)) => {
                    let mut all = Map::new();
                    for (name, value) in variables {
                        let (field, example) = field(name, value, "of the variables");
                        let reference = self.add("Variables", &label(name), field, example);
                        all.insert(literal_key(name), Value::String(reference));
                    }
                    Value::Object(all)
                }
                (_, Value::String(text)) => Value::String(literal(text)),
                (_, other) => other.clone(),
            };
            made.insert(key.clone(), value);
        }
        json!({ "json": made })
    }

    fn draft(
        self,
        connector: &Connector,
        name: &str,
        found: &Found,
        method: &str,
        request: Map<String, Value>,
    ) -> CardDraft {
        let Parts { input, example, idempotency, mut notes } = self;
        let title = label(name);
        let mut card = of(json!({
            "format": 1,
            "name": name,
            "version": "1.0.0",
            "title": title,
            "description": format!("{title}."),
        }));
        if !input.is_empty() {
            card.insert("input".to_owned(), Value::Object(input));
        }
        card.insert("request".to_owned(), Value::Object(request));
        card.insert("effect".to_owned(), json!(effect(method)));
        if let Some(header) = idempotency {
            notes.push(format!("header `{header}` is where an idempotency key goes: the service must do nothing twice for the same key"));
            card.insert("idempotencyKey".to_owned(), json!({ "header": header }));
        }
        card.insert(
            "output".to_owned(),
            json!({ "Response": { "Body": {
                "type": "any",
                "value": "<<response.body?>>",
                "description": "What the service sent back.",
            } } }),
        );
        let connection = connection(connector, found);
        card.insert(
            "examples".to_owned(),
            json!([{
                "name": "as it was pasted",
                "connection": connection,
                "input": example,
                "reply": { "status": 200, "body": {} },
            }]),
        );
        if effect(method) == "write" {
            notes.push(format!("a {method} is taken for a `write`: say `read` where it only looks something up, `idempotent` where twice is as once"));
        }
        notes.push("give the outputs, the reply of the example, and what is required; then `cardhost check`".to_owned());
        let mut text = serde_json::to_string_pretty(&card).unwrap_or_default();
        text.push('\n');
        CardDraft { text, notes }
    }
}

fn effect(method: &str) -> &'static str {
    match method {
        "GET" | "HEAD" | "OPTIONS" => "read",
        "PUT" => "idempotent",
        "DELETE" => "destructive",
        _ => "write",
    }
}

/// A key that is no template and stays where nothing is behind it.
fn literal_key(text: &str) -> String {
    let key = literal(text);
    key.strip_suffix('?').map(|key| format!("{key}\\?")).unwrap_or(key)
}

/// Text that is no template.
fn literal(text: &str) -> String {
    text.replace("<<", "\\<<").replace("{{", "\\{{")
}

/// The connection of an example: what leads to the target, what its first auth method needs, and what is required.
fn connection(connector: &Connector, found: &Found) -> Map<String, Value> {
    let mut needed: Vec<&str> = Vec::new();
    let target = connector.targets.get(&found.target);
    let method = target.and_then(|target| connector.auth.get(target.auth.first()?));
    for part in method.map(AuthMethod::parts).unwrap_or_default() {
        for (_, template) in part.scheme().templates() {
            let of_connection =
                template.references().into_iter().filter(|it| it.root == Root::Connection);
            needed.extend(of_connection.filter_map(|it| it.segments.first()).map(String::as_str));
        }
    }
    let mut made = Map::new();
    let mut secrets = 0;
    for (label, field) in &connector.connection.fields {
        let leads = found.connection.iter().find(|(known, _)| known == label);
        let is_needed = needed.contains(&label.as_str())
            || (field.required && field.default.is_none() && field.visible_when.is_none());
        if let Some((_, value)) = leads {
            made.insert(label.clone(), json!(value));
        } else if is_needed {
            made.insert(label.clone(), sample(label, field, &mut secrets));
        }
    }
    made
}

/// A value that a field takes.
fn sample(label: &str, field: &Field, secrets: &mut u32) -> Value {
    if let Some(default) = &field.default {
        return default.clone();
    }
    match field.kind {
        FieldType::Secret => {
            *secrets += 1;
            let number = if *secrets > 1 { format!("-{secrets}") } else { String::new() };
            json!(format!("made-up-secret{number}"))
        }
        FieldType::Number => json!(1),
        FieldType::TrueFalse => json!(false),
        FieldType::DateTime => json!("2026-01-01T00:00:00Z"),
        FieldType::Object => json!({}),
        FieldType::List => json!([]),
        FieldType::Dropdown => {
            let target = field.choices_from.as_ref().and_then(|from| from.targets.first());
            let choice = field.choices.first().map(|choice| &choice.value);
            json!(choice.or(target))
        }
        _ => match field.format {
            Some(Format::Date) => json!("2026-01-01"),
            Some(Format::Uri) => json!("https://shop.example"),
            _ if label.to_lowercase().contains("url") => json!("https://shop.example"),
            _ => json!("example"),
        },
    }
}
