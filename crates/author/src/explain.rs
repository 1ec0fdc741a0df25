//! Where each part of a planned request came from, in the words of the definitions.

use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT,
};

use cardhost_core::definition::Definition;
use cardhost_core::plan::Plan;
use cardhost_core::response::descend_map;
use cardhost_core::template::{Entry, Root, SPREAD, Template, ValueTemplate};
use serde_json::Value;

/// Part of the request and where it came from, in the order of the request.
#[must_use]
pub fn origins(definition: &Definition, plan: &Plan) -> Vec<(String, String)> {
    let card = &definition.card;
    let request = &card.request;
    let mut from = vec![
        ("method".to_owned(), template(&request.method)),
        ("url.base".to_owned(), plan.base_from.clone()),
        ("url.path".to_owned(), template(&request.path)),
    ];
    if plan.request.url.query().is_some() {
        query(definition, plan, &mut from);
    }
    let given = given_headers(definition, plan);
    let key = card.idempotency_key.as_ref().and_then(|key| key.header.as_ref());
    let is_key =
        |name: &http::HeaderName| key.is_some_and(|key| name.as_str().eq_ignore_ascii_case(&key.0));
    for name in plan.request.headers.keys() {
        // The last that says it is the one that counts.
        let by_card = given.iter().rfind(|(given, _)| name.as_str().eq_ignore_ascii_case(given));
        let origin = match (by_card, name) {
            (_, name) if *name == AUTHORIZATION => format!("auth method `{}`", plan.auth),
            (Some((_, origin)), _) => origin.clone(),
            (None, name) if is_key(name) => "the idempotency key".to_owned(),
            (None, name) if *name == CONTENT_ENCODING => "the card".to_owned(),
            (None, name) if *name == CONTENT_TYPE => "the kind of body".to_owned(),
            (None, name) if [ACCEPT, ACCEPT_ENCODING, USER_AGENT].contains(name) => {
                "cardhost".to_owned()
            }
            (None, _) => format!("auth method `{}`", plan.auth),
        };
        from.push((format!("headers.{name}"), origin));
    }
    if let (Some(body), Some(_)) = (&request.body, &plan.request.body) {
        if let Some(json) = &body.json {
            let bytes = plan.request.body.as_ref().and_then(|body| body.bytes());
            let bytes = bytes.map_or(&[][..], |bytes| bytes);
            let sent: Value = serde_json::from_slice(bytes).unwrap_or_default();
            // A key whose name the run gives is shown as it is written.
            let is_sent = |path: &str| {
                path.contains("<<") || path.contains("{{") || {
                    let path: Vec<String> = path.split('.').map(str::to_owned).collect();
                    cardhost_core::value::descend(&sent, &path).is_some()
                }
            };
            parameters(plan, "body", json, &is_sent, &mut from);
        }
        if let Some(form) = &body.form {
            parameters(plan, "body", form, &|_| true, &mut from);
        }
        if let Some(parts) = &body.multipart {
            parameters(plan, "body", parts, &|_| true, &mut from);
        }
        for value in body.ndjson.iter().chain(&body.file) {
            let by = value.as_template().map_or_else(|| "the card".to_owned(), template);
            from.push(("body".to_owned(), by));
        }
        for (_, text) in body.texts() {
            from.push(("body".to_owned(), template(text)));
        }
    }
    from
}

/// The query: what the card says of it, and what the connector and the target add.
fn query(definition: &Definition, plan: &Plan, from: &mut Vec<(String, String)>) {
    let sent: Vec<String> =
        plan.request.url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    let is_sent = |name: &str| sent.iter().any(|known| known == name);
    let connector = &definition.connector;
    let target = connector.targets.get(&plan.target).and_then(|target| target.query.as_ref());
    let by_target = format!("target `{}`", plan.target);
    let above = [(connector.query.as_ref(), "the connector"), (target, &*by_target)];
    let mut inherited: Vec<(String, String)> = Vec::new();
    for (template, by) in above {
        for (name, origin) in template.into_iter().flat_map(|template| given(template, plan, by)) {
            inherited.retain(|(known, _)| *known != name);
            inherited.push((name, origin));
        }
    }
    let mut own = Vec::new();
    if let Some(query) = &definition.card.request.query {
        parameters(plan, "url.query", query, &is_sent, &mut own);
    }
    let is_own =
        |name: &str| own.iter().any(|(part, _)| part.strip_prefix("url.query.") == Some(name));
    let inherited = inherited.into_iter().filter(|(name, _)| is_sent(name) && !is_own(name));
    from.extend(inherited.map(|(name, origin)| (format!("url.query.{name}"), origin)));
    from.extend(own);
}

/// The headers that connector, target and card give, and where each came from.
fn given_headers(definition: &Definition, plan: &Plan) -> Vec<(String, String)> {
    let connector = &definition.connector;
    let target = connector.targets.get(&plan.target).and_then(|target| target.headers.as_ref());
    let by_target = format!("target `{}`", plan.target);
    let all = [
        (connector.headers.as_ref(), "the connector"),
        (target, &*by_target),
        (definition.card.request.headers.as_ref(), "the card"),
    ];
    let each = |(template, by): (Option<&ValueTemplate>, &str)| {
        template.map_or_else(Vec::new, |template| given(template, plan, by))
    };
    all.into_iter().flat_map(each).collect()
}

/// The names that a template gives values to, and where each came from.
fn given(template: &ValueTemplate, plan: &Plan, by: &str) -> Vec<(String, String)> {
    match template {
        ValueTemplate::Object(entries) => {
            let origin = |value: &ValueTemplate| {
                value.as_template().map_or_else(|| by.to_owned(), self::template)
            };
            let named = |entry: &Entry| {
                let name = entry.name().unwrap_or(&entry.written);
                (name.to_owned(), origin(&entry.value))
            };
            entries.iter().map(named).collect()
        }
        ValueTemplate::Constant(value) => {
            let names = value.as_object().into_iter().flat_map(|map| map.keys());
            names.map(|name| (name.clone(), by.to_owned())).collect()
        }
        whole => {
            let Some(reference) = whole.as_template().and_then(Template::as_reference) else {
                return Vec::new();
            };
            let found =
                descend_map(&plan.input, &reference.segments).and_then(|found| found.to_value());
            let names = found.as_ref().and_then(|value| value.as_object()).into_iter();
            names
                .flat_map(|map| map.keys())
                .map(|name| (name.clone(), reference.to_string()))
                .collect()
        }
    }
}

/// One line a part; parts without a template come from the card itself. What a spread brought stands where it was put.
fn parameters(
    plan: &Plan,
    place: &str,
    value: &ValueTemplate,
    sent: &dyn Fn(&str) -> bool,
    from: &mut Vec<(String, String)>,
) {
    let mut parts = Parts { plan, found: Vec::new(), brought: Vec::new() };
    parts.collect(value, &mut Vec::new());
    let Parts { found, mut brought, .. } = parts;
    // Keys that are written out win.
    let written = written(value, "");
    brought.retain(|(path, _)| !written.contains(&format!(".{}", path.join("."))));
    let before = from.len();
    for (path, origin) in found.into_iter().chain(brought) {
        let name = path.join(".");
        if name.is_empty() || sent(&name) {
            let dot = if name.is_empty() { "" } else { "." };
            from.push((format!("{place}{dot}{name}"), origin));
        }
    }
    if from.len() == before {
        from.push((place.to_owned(), "the card".to_owned()));
    }
}

/// The parts of a value, each with where it came from.
struct Parts<'p> {
    plan: &'p Plan,
    found: Vec<(Vec<String>, String)>,
    /// What was spread.
    brought: Vec<(Vec<String>, String)>,
}

impl Parts<'_> {
    fn collect(&mut self, value: &ValueTemplate, path: &mut Vec<String>) {
        match value {
            ValueTemplate::Constant(_) | ValueTemplate::Jq(_) => {}
            ValueTemplate::Text(text) => self.found.push((path.clone(), template(text))),
            ValueTemplate::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.below(index.to_string(), item, path);
                }
            }
            ValueTemplate::Object(entries) => {
                for entry in entries {
                    match (entry.name(), entry.value.as_template()) {
                        (Some(SPREAD), Some(spread)) => {
                            for key in spread_keys(self.plan, spread) {
                                let path = [path.as_slice(), &[key]].concat();
                                self.brought.push((path, template(spread)));
                            }
                        }
                        (Some(name), _) => self.below(name.to_owned(), &entry.value, path),
                        (None, _) => self.below(entry.written.clone(), &entry.value, path),
                    }
                }
            }
            // What decided, and what that may have brought; the list, and what each of its items becomes.
            ValueTemplate::Decision(_) | ValueTemplate::Each(_) => {
                let mut references: Vec<String> = Vec::new();
                value.each_reference(&mut |reference| {
                    let reference = reference.to_string();
                    if !references.contains(&reference) {
                        references.push(reference);
                    }
                });
                self.found.push((path.clone(), references.join(", ")));
            }
        }
    }

    fn below(&mut self, name: String, value: &ValueTemplate, path: &mut Vec<String>) {
        path.push(name);
        self.collect(value, path);
        path.pop();
    }
}

/// The places of the keys that are written out.
fn written(value: &ValueTemplate, place: &str) -> Vec<String> {
    let ValueTemplate::Object(entries) = value else { return Vec::new() };
    let below = |entry: &Entry| {
        let place = format!("{place}.{}", entry.name().unwrap_or(&entry.written));
        let mut all = written(&entry.value, &place);
        all.push(place);
        all
    };
    entries.iter().filter(|entry| entry.name() != Some(SPREAD)).flat_map(below).collect()
}

/// The keys of the object that a spread brought.
fn spread_keys(plan: &Plan, template: &Template) -> Vec<String> {
    let Some(reference) = template.as_reference() else { return Vec::new() };
    let values = match reference.root {
        Root::Input => &plan.input,
        Root::Options => &plan.options,
        _ => return Vec::new(),
    };
    let found = descend_map(values, &reference.segments).and_then(|found| found.to_value());
    match found {
        Some(Value::Object(map)) => map.into_iter().map(|(key, _)| key).collect(),
        _ => Vec::new(),
    }
}

fn template(template: &Template) -> String {
    let references: Vec<String> =
        template.references().into_iter().map(ToString::to_string).collect();
    if references.is_empty() { "the card".to_owned() } else { references.join(", ") }
}
