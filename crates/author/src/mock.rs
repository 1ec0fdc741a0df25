//! A stand-in for a service: it answers from the cards' own examples and refuses what does not fit.
//!
//! A request fits a card where its method and path do. Of the card's examples the one that is most like the
//! request answers. A typed card's query and body are also checked against its fields, as a service would.

use std::sync::Arc;

use http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use url::Url;

use crate::sample;
use cardhost_core::auth::CredentialPlace;
use cardhost_core::call::{Signed, Step};
use cardhost_core::card::{Card, Example};
use cardhost_core::definition::Definition;
use cardhost_core::field::{Field, FieldType, Format};
use cardhost_core::plan::{Plan, input_field, is_relative_url};
use cardhost_core::request::RequestSpec;
use cardhost_core::response::Reply;
use cardhost_core::settle::{FieldRoot, check_value};
use cardhost_core::template::{Entry, Part, SPREAD, ValueTemplate};

/// A stand-in for one connector's service.
pub struct Mock {
    samples: Vec<Sample>,
}

/// One example, planned.
struct Sample {
    definition: Arc<Definition>,
    request: RequestSpec,
    base_path: String,
    /// Segments of the base path, where another connection gives another one.
    rendered_depth: Option<usize>,
    reply: Reply,
}

/// A request as it came in.
struct Incoming<'r> {
    method: &'r Method,
    path: &'r str,
    host: Option<url::Host<&'r str>>,
    query: Map<String, Value>,
    has_credentials: bool,
    /// Whether it may be below the base path of another connection than the example's.
    other_base: bool,
    body: IncomingBody<'r>,
}

enum IncomingBody<'r> {
    Json(Value),
    Form(Map<String, Value>),
    Other(&'r [u8]),
}

impl Mock {
    /// Plans every example that has a reply; examples that cannot be planned are left to `check`.
    #[must_use]
    pub fn new(definitions: Vec<Arc<Definition>>) -> Mock {
        let mut samples = Vec::new();
        for definition in definitions.iter().filter(|it| it.card.until.is_some()) {
            for example in definition.examples().unwrap_or_default() {
                samples.extend(last_look(definition, &example, &definitions));
            }
        }
        for definition in definitions {
            for example in definition.examples().unwrap_or_default() {
                let Some(reply) = &example.reply else {
                    continue;
                };
                if let Ok(plan) = sample::plan_example(&definition, &example) {
                    samples.push(Sample::of(&definition, plan, sample::reply(reply)));
                }
            }
        }
        Mock { samples }
    }

    /// Method and path of every example, for people.
    #[must_use]
    pub fn routes(&self) -> Vec<(String, String)> {
        let mut routes: Vec<(String, String)> = self
            .samples
            .iter()
            .map(|sample| (sample.request.method.to_string(), sample.relative_path().to_owned()))
            .collect();
        routes.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
        routes.dedup();
        routes
    }

    /// Answers a request: an example's reply, or 401, 404, 405 or 422 with what does not fit.
    #[must_use]
    pub fn answer(&self, method: &Method, url: &Url, headers: &HeaderMap, body: &[u8]) -> Reply {
        let mut incoming = Incoming {
            method,
            path: url.path(),
            host: url.host(),
            query: pairs(url.query().unwrap_or_default().as_bytes()),
            has_credentials: headers.contains_key(AUTHORIZATION),
            other_base: false,
            body: incoming_body(headers, body),
        };
        if !self.samples.iter().any(|sample| sample.fits_path(&incoming)) {
            incoming.other_base = true;
        }
        let by_path: Vec<&Sample> =
            self.samples.iter().filter(|sample| sample.fits_path(&incoming)).collect();
        if by_path.is_empty() {
            let known: Vec<String> = self
                .routes()
                .into_iter()
                .map(|(method, path)| format!("{method} {path}"))
                .collect();
            return refusal(404, "no example of this connector has this path", json!(known));
        }
        let by_method: Vec<&Sample> = by_path
            .iter()
            .copied()
            .filter(|sample| sample.request.method == *incoming.method)
            .collect();
        if by_method.is_empty() {
            let mut allowed: Vec<&str> =
                by_path.iter().map(|sample| sample.request.method.as_str()).collect();
            allowed.sort_unstable();
            allowed.dedup();
            let mut reply =
                refusal(405, "this path has no example with this method", json!(allowed));
            if let Ok(value) = HeaderValue::from_str(&allowed.join(", ")) {
                reply.headers.insert(ALLOW, value);
            }
            return reply;
        }
        // The first of those that are most alike; a card that the request fits goes before one that it does not.
        let rank = |sample: &&Sample| {
            let fits = fits(&sample.definition, &incoming).is_ok();
            (sample.is_exact(&incoming), fits, sample.likeness(&incoming))
        };
        let Some(best) = by_method.iter().copied().rev().max_by_key(rank) else {
            return refusal(404, "no example fits", Value::Null);
        };
        if best.request.headers.contains_key(AUTHORIZATION) && !incoming.has_credentials {
            return refusal(401, "credentials are missing", Value::Null);
        }
        match fits(&best.definition, &incoming) {
            Err(faults) if !best.is_exact(&incoming) => {
                refusal(422, "the request does not fit the card", json!(faults))
            }
            _ => best.reply.clone(),
        }
    }
}

/// How the work of an example stands in the end, as who is asked for it is told: a mock has no time in which it could go on.
fn last_look(
    definition: &Arc<Definition>,
    example: &Example,
    all: &[Arc<Definition>],
) -> Option<Sample> {
    let (reply, last) = (example.reply.as_ref()?, example.polls.last()?);
    let plan = sample::plan_example(definition, example).ok()?;
    let signed = Signed::shown(Arc::clone(definition), plan);
    let Step::Done(Ok(outcome)) = signed.on_reply(sample::reply(reply), &sample::MOMENT) else {
        return None;
    };
    let named = |name: &str| all.iter().find(|it| it.card.name.as_str() == name).map(Arc::clone);
    let (asked, plan) = sample::poll_plan(&*outcome.polling?, example, &named)?.ok()?;
    Some(Sample::of(&asked, plan, sample::reply(last)))
}

impl Sample {
    fn of(definition: &Arc<Definition>, plan: Plan, reply: Reply) -> Sample {
        let rendered = plan.rendered_base.as_ref();
        let base_path = match rendered {
            Some(base) => base.url.path().trim_end_matches('/').to_owned(),
            None => base_path(definition, &plan.target, &plan.request.url),
        };
        let rendered_depth = rendered.map(|_| base_path.matches('/').count());
        let definition = Arc::clone(definition);
        Sample { definition, request: plan.request, base_path, rendered_depth, reply }
    }

    /// Whether path, query and body are the example's.
    fn is_exact(&self, incoming: &Incoming<'_>) -> bool {
        self.likeness(incoming) >> 1 == 7
    }

    fn relative_path(&self) -> &str {
        let path = self.request.url.path();
        match path.strip_prefix(&self.base_path).unwrap_or(path) {
            "" => "/",
            path => path,
        }
    }

    /// The path after the base path.
    fn below_base<'p>(&self, incoming: &Incoming<'p>) -> Option<&'p str> {
        let path = incoming.path;
        if let Some(below) = path.strip_prefix(&self.base_path) {
            return Some(below);
        }
        let depth = self.rendered_depth.filter(|_| incoming.other_base)?;
        let mut slashes = path.match_indices('/').map(|(at, _)| at).skip(depth);
        let start = slashes.next().unwrap_or(path.len());
        (path.matches('/').count() >= depth).then(|| &path[start..])
    }

    /// Whether the path is the example's, or one the card's path template can give; with or without the base path.
    fn fits_path(&self, incoming: &Incoming<'_>) -> bool {
        let without_base = self.below_base(incoming);
        [Some(incoming.path), without_base]
            .into_iter()
            .flatten()
            .any(|path| same_path(path, self.relative_path()) || self.template_fits(path))
    }

    fn template_fits(&self, path: &str) -> bool {
        let card = &self.definition.card;
        let Ok(parts) = card.request.path.parts() else {
            return false;
        };
        let mut rest = path;
        let mut values = 0;
        for (index, part) in parts.iter().enumerate() {
            match part {
                Part::Text(text) => match rest.strip_prefix(text.as_str()) {
                    Some(after) => rest = after,
                    None => return false,
                },
                Part::Reference(reference) if is_relative_url(card, reference) => return false,
                part @ (Part::Reference(_) | Part::Helper(_)) => {
                    let end = rest.find('/').unwrap_or(rest.len());
                    let last = index + 1 == parts.len();
                    let field = match part {
                        Part::Reference(reference) => input_field(card, reference),
                        _ => None,
                    };
                    let fits = field.is_none_or(|field| segment_fits(field, &rest[..end]));
                    if end == 0 || (last && end != rest.len()) || !fits {
                        return false;
                    }
                    values += 1;
                    rest = &rest[end..];
                }
            }
        }
        rest.is_empty() && values > 0
    }

    /// How much the example is like the request: path, query, body, and last the host, which a mock server
    /// does not see.
    fn likeness(&self, incoming: &Incoming<'_>) -> u8 {
        let without_base = self.below_base(incoming).unwrap_or(incoming.path);
        let path = same_path(incoming.path, self.relative_path())
            || same_path(without_base, self.relative_path());
        let query =
            pairs(self.request.url.query().unwrap_or_default().as_bytes()) == incoming.query;
        let own = self.request.body.as_ref().and_then(|body| body.bytes());
        let own = own.map(|bytes| &**bytes).unwrap_or_default();
        let body = match &incoming.body {
            IncomingBody::Json(value) => {
                serde_json::from_slice::<Value>(own).is_ok_and(|own| own == *value)
            }
            IncomingBody::Form(map) => pairs(own) == *map,
            IncomingBody::Other(bytes) => own == *bytes,
        };
        let host = self.request.url.host() == incoming.host;
        u8::from(path) * 8 + u8::from(query) * 4 + u8::from(body) * 2 + u8::from(host)
    }
}

/// The path of the base URL that the plan was made with.
fn base_path(definition: &Definition, target: &str, url: &Url) -> String {
    let mut longest = String::new();
    if let Some(target) = definition.connector.targets.get(target) {
        target.base.each("", &mut |base, _| {
            let Some(base) = base.url() else { return };
            let path = base.path().trim_end_matches('/');
            let under = base.origin() == url.origin() && url.path().starts_with(path);
            if under && path.len() > longest.len() {
                path.clone_into(&mut longest);
            }
        });
    }
    longest
}

fn same_path(a: &str, b: &str) -> bool {
    a.trim_matches('/') == b.trim_matches('/')
}

/// Decoded name-value pairs; a name given several times has a list.
fn pairs(text: &[u8]) -> Map<String, Value> {
    let mut map = Map::new();
    for (name, value) in url::form_urlencoded::parse(text) {
        let value = Value::String(value.into_owned());
        match map.get_mut(&*name) {
            Some(Value::Array(items)) => items.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
            None => {
                map.insert(name.into_owned(), value);
            }
        }
    }
    map
}

fn incoming_body<'r>(headers: &HeaderMap, body: &'r [u8]) -> IncomingBody<'r> {
    let content_type =
        headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if content_type.contains("json")
        && let Ok(value) = serde_json::from_slice(body)
    {
        return IncomingBody::Json(value);
    }
    if content_type.contains("x-www-form-urlencoded") {
        return IncomingBody::Form(pairs(body));
    }
    IncomingBody::Other(body)
}

/// Whether query and body have the shape that the card's templates give them.
fn fits(definition: &Definition, incoming: &Incoming<'_>) -> Result<(), Vec<String>> {
    let card = &definition.card;
    let mut faults = Vec::new();
    let mut query = incoming.query.clone();
    for method in definition.connector.auth.values() {
        for (place, name) in method.scheme().puts() {
            if place == CredentialPlace::Query {
                query.shift_remove(name);
            }
        }
    }
    if let Some(template) = &card.request.query {
        fits_parameters(card, template, &query, "query", &mut faults);
    }
    if let Some(body) = &card.request.body {
        match (&body.json, &body.form, &incoming.body) {
            (Some(template), _, IncomingBody::Json(value)) => {
                fits_value(card, template, value, "body", &mut faults);
            }
            (Some(template), _, IncomingBody::Other(bytes)) => {
                let optional = template.as_template().is_some();
                if !bytes.is_empty() || !optional {
                    faults.push("body: JSON is expected".to_owned());
                }
            }
            (_, Some(template), IncomingBody::Form(map)) => {
                fits_parameters(card, template, map, "body", &mut faults);
            }
            _ => {}
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// Whether a value is one that the template can give.
fn fits_value(
    card: &Card,
    template: &ValueTemplate,
    value: &Value,
    place: &str,
    faults: &mut Vec<String>,
) {
    match (template, value) {
        // Of outputs only.
        (ValueTemplate::Jq(_), _) => {}
        (ValueTemplate::Constant(expected), value) => {
            if expected != value {
                faults.push(format!("{place}: `{expected}` is expected"));
            }
        }
        (ValueTemplate::Text(template), value) => {
            let field = template.as_reference().and_then(|reference| input_field(card, reference));
            if let Some(field) = field
                && let Err(fault) = check_value(
                    FieldRoot::Input,
                    field,
                    value,
                    &mut place.split('/').collect(),
                    &|_| true,
                )
            {
                faults.push(fault.to_string());
            }
        }
        (ValueTemplate::List(items), Value::Array(values)) => {
            for (index, (item, value)) in items.iter().zip(values).enumerate() {
                fits_value(card, item, value, &format!("{place}/{index}"), faults);
            }
        }
        (ValueTemplate::Object(entries), Value::Object(map)) => {
            let open = |entry: &Entry| entry.name().is_none_or(|key| key == SPREAD);
            let is_open = entries.iter().any(open);
            for entry in entries {
                let Some(key) = entry.name().filter(|key| *key != SPREAD) else { continue };
                match map.get(key) {
                    Some(value) => {
                        fits_value(card, &entry.value, value, &format!("{place}/{key}"), faults);
                    }
                    None if !entry.optional && !is_optional(&entry.value) => {
                        faults.push(format!("{place}: `{key}` is missing"))
                    }
                    None => {}
                }
            }
            for key in map.keys() {
                if !is_open && !entries.iter().any(|known| known.name() == Some(key)) {
                    faults.push(format!("{place}: `{key}` is not expected"));
                }
            }
        }
        (ValueTemplate::Decision(decision), value) => {
            let mut fits = false;
            decision.each("", &mut |row, _| {
                let mut of_row = Vec::new();
                fits_value(card, row, value, place, &mut of_row);
                fits |= of_row.is_empty();
            });
            if !fits {
                faults.push(format!("{place}: it is none of the values that can be chosen"));
            }
        }
        (ValueTemplate::Each(each), Value::Array(values)) => {
            for (index, value) in values.iter().enumerate() {
                fits_value(card, &each.item, value, &format!("{place}/{index}"), faults);
            }
        }
        (ValueTemplate::List(_) | ValueTemplate::Each(_), _) => {
            faults.push(format!("{place}: a list is expected"))
        }
        (ValueTemplate::Object(_), _) => faults.push(format!("{place}: an object is expected")),
    }
}

/// Query and form values are text: they are compared as what their fields' types read from text.
fn fits_parameters(
    card: &Card,
    template: &ValueTemplate,
    map: &Map<String, Value>,
    place: &str,
    faults: &mut Vec<String>,
) {
    let constant;
    let entries: Vec<(&str, &ValueTemplate)> = match template {
        ValueTemplate::Object(entries) => {
            entries.iter().filter_map(|entry| Some((entry.name()?, &entry.value))).collect()
        }
        ValueTemplate::Constant(Value::Object(expected)) => {
            constant = expected
                .iter()
                .map(|(key, value)| (key.clone(), ValueTemplate::Constant(value.clone())))
                .collect::<Vec<_>>();
            constant.iter().map(|(key, value)| (key.as_str(), value)).collect()
        }
        _ => return,
    };
    // What is nested or a list may be written under names that begin with its own.
    let is_below = |key: &str, name: &str| {
        key.strip_prefix(name).is_some_and(|rest| rest.starts_with(['[', '.']))
    };
    for (key, inner) in &entries {
        let place = format!("{place}/{key}");
        match (inner, map.get(*key)) {
            (ValueTemplate::Object(_), None) => {}
            (_, None) if map.keys().any(|found| is_below(found, key)) => {}
            (inner, None) if !is_optional(inner) => faults.push(format!("{place} is missing")),
            (_, None) => {}
            (ValueTemplate::Constant(expected), Some(found)) => {
                let text = cardhost_core::template::scalar_text(expected);
                if text.as_deref() != found.as_str() {
                    faults.push(format!("{place}: `{expected}` is expected"));
                }
            }
            (ValueTemplate::Text(template), Some(found)) => {
                let field = template.as_reference().and_then(|r| input_field(card, r));
                if let Some(field) = field
                    && let Some(fault) = parameter_fault(field, found, &place)
                {
                    faults.push(fault);
                }
            }
            _ => {}
        }
    }
    let is_open = matches!(template, ValueTemplate::Object(entries) if entries.iter().any(|entry| entry.name().is_none()));
    for key in map.keys() {
        if !is_open && !entries.iter().any(|(known, _)| known == key || is_below(key, known)) {
            faults.push(format!("{place}: `{key}` is not expected"));
        }
    }
}

fn parameter_fault(field: &Field, found: &Value, place: &str) -> Option<String> {
    let text = found.as_str()?;
    let value = match field.kind {
        FieldType::Number => {
            serde_json::from_str::<serde_json::Number>(text).ok().map(Value::Number)
        }
        FieldType::TrueFalse => text.parse::<bool>().ok().map(Value::Bool),
        FieldType::List | FieldType::Object | FieldType::File | FieldType::Any => return None,
        _ => Some(found.clone()),
    };
    let Some(value) = value else {
        return Some(format!("{place}: {} is expected", field.kind.as_str()));
    };
    check_value(FieldRoot::Input, field, &value, &mut place.split('/').collect(), &|_| true)
        .err()
        .map(|fault| fault.to_string())
}

/// Whether a value may be left out.
fn is_optional(template: &ValueTemplate) -> bool {
    match template {
        ValueTemplate::Text(template) => {
            template.as_reference().is_some_and(|reference| reference.optional)
        }
        ValueTemplate::Decision(decision) => {
            let mut optional = decision.is_optional();
            decision.each("", &mut |row, _| optional |= is_optional(row));
            optional
        }
        ValueTemplate::Each(each) => {
            each.list.as_reference().is_some_and(|reference| reference.optional)
        }
        ValueTemplate::Constant(_)
        | ValueTemplate::List(_)
        | ValueTemplate::Object(_)
        | ValueTemplate::Jq(_) => false,
    }
}

fn refusal(status: u16, error: &str, details: Value) -> Reply {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let body = if details.is_null() {
        json!({ "error": error, "mock": true })
    } else {
        json!({ "error": error, "details": details, "mock": true })
    };
    Reply::new(status, headers, body.to_string())
}

/// Whether a path segment is a value that the field takes.
fn segment_fits(field: &Field, segment: &str) -> bool {
    let text = percent_decode_str(segment).decode_utf8_lossy();
    match (field.kind, field.format) {
        (FieldType::Number, Some(Format::Integer)) => text.parse::<i64>().is_ok(),
        (FieldType::Number, _) => serde_json::from_str::<serde_json::Number>(&text).is_ok(),
        _ => !text.is_empty(),
    }
}
