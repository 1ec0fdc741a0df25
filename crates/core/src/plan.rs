//! The plan: the exact request an invocation would send.
//!
//! ```text
//! defaults → options → inputs → target → render → pin → auth
//! ```
//! The first fault wins.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Map, Value};
use url::Url;

use crate::auth::{AuthFault, AuthMethod};
use crate::card::{Card, Effect};
use crate::connection::Connection;
use crate::connector::{Connector, Target, Timeouts};
use crate::decision::NoRow;
use crate::definition::Definition;
use crate::field::{Field, FieldType, Format};
use crate::inject::header::{HeaderFault, push_header};
use crate::inject::path::{self, UrlFault};
use crate::inject::query::{QueryFault, push_parameters};
use crate::request::{Body, BodyKind, RequestSpec};
use crate::response::descend_map;
use crate::secret::{Redactor, Secret};
use crate::settle::{FieldFault, FieldRoot, FormScope, NotApplicable, settle_fields};
use crate::template::{
    Found, MAX_RENDERED_BYTES, Part, Reference, Root, Scope, Template, TemplateValueError,
    ValueTemplate, part_text,
};
use crate::value::type_name;

/// The methods a card can have.
pub const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// Most bytes of a request body.
pub const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// What can be set for a run besides its invocation.
#[derive(Clone, Debug, Default)]
pub struct PlanSettings {
    /// Replaces the target's base URL; the URL is pinned to it.
    pub base: Option<Arc<BaseOverride>>,
}

/// A base URL in place of the target's.
#[derive(Clone, Debug)]
pub struct BaseOverride {
    text: String,
    url: Url,
}

impl BaseOverride {
    /// Reads a base URL: `http` or `https`, a host, a path; no user, query or fragment.
    #[must_use]
    pub fn parse(text: &str) -> Option<BaseOverride> {
        let base = crate::connector::BaseUrl::new(text);
        let url = base.url()?.clone();
        Some(BaseOverride { text: text.to_owned(), url })
    }
}

/// What an invocation would send, and how that came about.
#[derive(Debug)]
pub struct Plan {
    /// The request.
    pub request: RequestSpec,
    /// The name of the target.
    pub target: String,
    /// Where the base URL came from.
    pub base_from: String,
    /// The name of the auth method.
    pub auth: String,
    /// The auth methods that were passed over, with the connection fields each lacks.
    pub passed_over: Vec<(String, Vec<String>)>,
    /// What the request does at the service.
    pub effect: Effect,
    /// What deserves attention.
    pub warnings: Vec<Warning>,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// The settled options.
    pub options: Map<String, Value>,
    /// The settled inputs.
    pub input: Map<String, Value>,
}

/// Something that is no error and deserves attention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// A value was given for a field that does not apply, and is not sent.
    NotApplicable(NotApplicable),
    /// The fragment of a relative URL is not sent.
    FragmentDropped,
    /// A query parameter or form field is null and left out.
    NullLeftOut {
        /// Its name.
        name: String,
    },
    /// A sentence of the target's own.
    TargetHint {
        /// The target.
        target: String,
        /// The sentence.
        hint: String,
    },
    /// A redirect to another origin was not followed.
    RedirectNotFollowed {
        /// The origin it points to.
        origin: String,
    },
}

/// Why no request can be planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanFault {
    /// An option or input is wrong.
    Field(FieldFault),
    /// A group of inputs that the card does not have, or that is no object.
    Group {
        /// The group.
        group: String,
        /// The type found, where it is no object.
        found: Option<&'static str>,
        /// The nearest group.
        nearest: Option<String>,
    },
    /// A template has no value.
    Template {
        /// The part of the request.
        part: RequestPart,
        /// Why.
        error: TemplateValueError,
    },
    /// The URL is refused.
    Url {
        /// What it comes from, if from one field.
        field: Option<Reference>,
        /// Why.
        fault: UrlFault,
    },
    /// A query parameter or form field is refused.
    Query {
        /// `query` or `body`.
        part: RequestPart,
        /// The input field that it comes from, if one.
        field: Option<Vec<String>>,
        /// Why.
        fault: QueryFault,
    },
    /// The body's content type cannot stand in a header.
    ContentType,
    /// A header is refused.
    Header {
        /// The input field that it comes from, if one.
        field: Option<Vec<String>>,
        /// Why.
        fault: HeaderFault,
    },
    /// A part that must be an object is not.
    NotAnObject {
        /// The part.
        part: RequestPart,
        /// The type found.
        found: &'static str,
    },
    /// The method is not one of [`METHODS`].
    Method {
        /// What was rendered.
        found: String,
    },
    /// The connector has no such target.
    UnknownTarget {
        /// What was rendered.
        found: String,
    },
    /// A table has no row for a value.
    NoRow {
        /// The pointer of the table, such as `/targets/Query API/base`.
        table: String,
        /// What has no row.
        row: NoRow,
    },
    /// A base URL of the connector is none.
    BadBase {
        /// The text.
        found: String,
    },
    /// No auth method of the target is usable.
    AuthMissing {
        /// The target.
        target: String,
        /// Each method with the fields it lacks.
        methods: Vec<(String, Vec<String>)>,
    },
    /// The connector has no such auth method.
    UnknownAuth {
        /// Its name.
        found: String,
    },
    /// The credentials cannot be applied.
    Auth {
        /// The method.
        method: String,
        /// Why.
        fault: AuthFault,
    },
    /// The body is longer than [`MAX_BODY_BYTES`].
    BodyTooLong,
}

/// The parts of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestPart {
    /// `request.target`
    Target,
    /// `request.method`
    Method,
    /// `request.path`
    Path,
    /// `request.query`
    Query,
    /// `request.headers`
    Headers,
    /// `request.body`
    Body,
}

impl RequestPart {
    /// The key in a card's `request`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            RequestPart::Target => "target",
            RequestPart::Method => "method",
            RequestPart::Path => "path",
            RequestPart::Query => "query",
            RequestPart::Headers => "headers",
            RequestPart::Body => "body",
        }
    }
}

/// The scope of request templates.
struct PlanScope<'a> {
    connection: &'a Connection,
    options: &'a Map<String, Value>,
    input: &'a Map<String, Value>,
    derived: RefCell<Vec<Secret>>,
}

impl<'a> PlanScope<'a> {
    fn new(
        connection: &'a Connection,
        options: &'a Map<String, Value>,
        input: &'a Map<String, Value>,
    ) -> PlanScope<'a> {
        PlanScope { connection, options, input, derived: RefCell::new(Vec::new()) }
    }
}

impl Scope for PlanScope<'_> {
    fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
        match reference.root {
            Root::Connection => self.connection.lookup(reference),
            Root::Options => descend_map(self.options, &reference.segments),
            Root::Input => descend_map(self.input, &reference.segments),
            Root::Response => None,
        }
    }

    fn note_secret(&self, derived: &str) {
        self.derived.borrow_mut().push(Secret::from(derived));
    }
}

/// Plans the request of an invocation.
///
/// # Errors
/// The first [`PlanFault`] in the order given above.
pub fn plan(
    definition: &Definition,
    connection: &Connection,
    mut options: Map<String, Value>,
    mut input: Map<String, Value>,
    settings: &PlanSettings,
) -> Result<Plan, PlanFault> {
    let (connector, card) = (&*definition.connector, &definition.card);
    let mut warnings: Vec<Warning> =
        connection.ignored().iter().cloned().map(Warning::NotApplicable).collect();
    settle_invocation(card, connection, &mut options, &mut input, &mut warnings)?;
    let scope = PlanScope::new(connection, &options, &input);

    let target_name = text(&card.request.target, RequestPart::Target, &scope)?;
    let target = connector
        .targets
        .get(&*target_name)
        .ok_or_else(|| PlanFault::UnknownTarget { found: target_name.to_string() })?;
    let (base_url, base_text) = base(&target_name, target, settings, &scope)?;
    warnings.extend(target.hints.iter().filter(|hint| hint.when.holds(&scope)).map(|hint| {
        Warning::TargetHint { target: target_name.to_string(), hint: hint.hint.clone() }
    }));

    let method = method(card, &scope)?;
    let query = query(card, &scope, &mut warnings)?;
    let path_text = path_text(card, &scope)?;
    let joined = path::join(base_url, base_text, &path_text, &query)
        .map_err(|fault| PlanFault::Url { field: relative_url_field(card), fault })?;
    if joined.fragment_dropped {
        warnings.push(Warning::FragmentDropped);
    }
    let body = body(card, &scope, &mut warnings)?;
    let headers = headers(card, body.as_ref(), &scope)?;
    let effect = *card
        .effect
        .decide(&scope)
        .map_err(|row| PlanFault::NoRow { table: "/effect".to_owned(), row })?;

    let mut request = RequestSpec {
        method,
        url: joined.url,
        headers,
        body: body.map(|(body, _)| body),
        redactor: Arc::default(),
    };
    let mut redactor = Redactor::new();
    connection.add_secrets(&mut redactor);
    add_sensitive(card, &input, &mut redactor);
    let (auth, passed_over) =
        apply_auth(connector, card, &target_name, target, &mut request, &scope, &mut redactor)?;
    for secret in scope.derived.take() {
        redactor.add(secret);
    }
    request.redactor = Arc::new(redactor);
    let base_from = match &settings.base {
        Some(_) => "--base".to_owned(),
        None => format!("target `{target_name}`"),
    };
    let target = target_name.into_owned();
    let timeouts = Timeouts {
        connect: card.request.timeouts.connect.or(connector.timeouts.connect),
        idle: card.request.timeouts.idle.or(connector.timeouts.idle),
        total: card.request.timeouts.total.or(connector.timeouts.total),
    };
    Ok(Plan {
        request,
        target,
        base_from,
        auth,
        passed_over,
        effect,
        warnings,
        timeouts,
        options,
        input,
    })
}

/// Options and inputs: defaults, visibility, checks.
fn settle_invocation(
    card: &Card,
    connection: &Connection,
    options: &mut Map<String, Value>,
    input: &mut Map<String, Value>,
    warnings: &mut Vec<Warning>,
) -> Result<(), PlanFault> {
    let mut ignored = Vec::new();
    let form = OptionsForm { connection };
    settle_fields(FieldRoot::Options, &card.options, &[], options, &form, &mut ignored)
        .map_err(PlanFault::Field)?;
    for (group, value) in &*input {
        if !card.input.contains_key(group) {
            let nearest = crate::error::nearest(group, card.input.keys().map(String::as_str));
            return Err(PlanFault::Group { group: group.clone(), found: None, nearest });
        }
        if !value.is_object() && !value.is_null() {
            let found = Some(type_name(value));
            return Err(PlanFault::Group { group: group.clone(), found, nearest: None });
        }
    }
    for (group, fields) in &card.input {
        // Taken out while it is settled; conditions on its own fields see what is settled so far.
        let mut values = match input.get_mut(group).map(Value::take) {
            Some(Value::Object(map)) => map,
            _ => Map::new(),
        };
        let form = GroupForm { group, scope: PlanScope::new(connection, options, input) };
        settle_fields(FieldRoot::Input, fields, &[group], &mut values, &form, &mut ignored)
            .map_err(PlanFault::Field)?;
        input.insert(group.clone(), Value::Object(values));
    }
    warnings.extend(ignored.into_iter().map(Warning::NotApplicable));
    Ok(())
}

/// What conditions on options see: the connection and the options.
struct OptionsForm<'a> {
    connection: &'a Connection,
}

impl FormScope for OptionsForm<'_> {
    fn lookup<'v>(
        &'v self,
        own: &'v Map<String, Value>,
        reference: &Reference,
    ) -> Option<Found<'v>> {
        match reference.root {
            Root::Connection => self.connection.lookup(reference),
            Root::Options => descend_map(own, &reference.segments),
            Root::Input | Root::Response => None,
        }
    }
}

/// What conditions on a group of inputs see: the connection, the options, and the inputs.
struct GroupForm<'a> {
    group: &'a str,
    scope: PlanScope<'a>,
}

impl FormScope for GroupForm<'_> {
    fn lookup<'v>(
        &'v self,
        own: &'v Map<String, Value>,
        reference: &Reference,
    ) -> Option<Found<'v>> {
        match (reference.root, reference.segments.split_first()) {
            (Root::Input, Some((group, rest))) if group == self.group => descend_map(own, rest),
            _ => self.scope.lookup(reference),
        }
    }
}

fn base<'b>(
    name: &str,
    target: &'b Target,
    settings: &'b PlanSettings,
    scope: &dyn Scope,
) -> Result<(&'b Url, &'b str), PlanFault> {
    if let Some(base) = &settings.base {
        return Ok((&base.url, &base.text));
    }
    let base = target.base.decide(scope).map_err(|row| PlanFault::NoRow {
        table: crate::error::pointer(&["targets", name, "base"]),
        row,
    })?;
    let url = base.url().ok_or_else(|| PlanFault::BadBase { found: base.text().to_owned() })?;
    Ok((url, base.text()))
}

fn text<'s>(
    template: &'s Template,
    part: RequestPart,
    scope: &'s dyn Scope,
) -> Result<std::borrow::Cow<'s, str>, PlanFault> {
    template
        .text(scope)
        .map(Option::unwrap_or_default)
        .map_err(|error| PlanFault::Template { part, error })
}

fn method(card: &Card, scope: &dyn Scope) -> Result<Method, PlanFault> {
    let text = text(&card.request.method, RequestPart::Method, scope)?;
    let known = METHODS.contains(&&*text);
    match Method::from_bytes(text.as_bytes()) {
        Ok(method) if known => Ok(method),
        _ => Err(PlanFault::Method { found: text.into_owned() }),
    }
}

/// The path: text of the card as it is, values as segments, a field of format `relative-url` as it is.
fn path_text(card: &Card, scope: &dyn Scope) -> Result<String, PlanFault> {
    let fail = |error| PlanFault::Template { part: RequestPart::Path, error };
    let mut out = String::new();
    for part in card.request.path.usable_parts().map_err(fail)? {
        let value = part_text(part, scope).map_err(fail)?;
        let refused = |field, fault| PlanFault::Url { field, fault };
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Reference(reference) if is_relative_url(card, reference) => {
                path::check_relative(&value)
                    .map_err(|fault| refused(Some(reference.clone()), fault))?;
                let value = if out.ends_with('/') { value.trim_start_matches('/') } else { &value };
                out.push_str(value);
            }
            Part::Reference(reference) => {
                path::push_segment(&value, &reference.to_string(), &mut out)
                    .map_err(|fault| refused(Some(reference.clone()), fault))?;
            }
            Part::Helper(helper) => {
                path::push_segment(&value, helper.source(), &mut out)
                    .map_err(|fault| refused(None, fault))?;
            }
        }
        if out.len() > MAX_RENDERED_BYTES {
            return Err(fail(TemplateValueError::TooLong));
        }
    }
    Ok(out)
}

/// Whether the reference is to an input of format `relative-url`.
pub(crate) fn is_relative_url(card: &Card, reference: &Reference) -> bool {
    input_field(card, reference).is_some_and(|field| field.format == Some(Format::RelativeUrl))
}

/// The input field that a reference names.
pub(crate) fn input_field<'c>(card: &'c Card, reference: &Reference) -> Option<&'c Field> {
    match (reference.root, reference.segments.as_slice()) {
        (Root::Input, [group, label]) => card.input.get(group)?.get(label),
        _ => None,
    }
}

fn relative_url_field(card: &Card) -> Option<Reference> {
    let parts = card.request.path.parts().ok()?;
    parts.iter().find_map(|part| match part {
        Part::Reference(reference) if is_relative_url(card, reference) => Some(reference.clone()),
        _ => None,
    })
}

/// The input field that a whole part is taken from.
fn source_field(template: &ValueTemplate) -> Option<Vec<String>> {
    let reference = template.as_template()?.as_reference()?;
    (reference.root == Root::Input).then(|| reference.segments.clone())
}

/// The object of `query`, `headers` or `form`; `None` where it is one reference without a value.
fn parameters(
    template: &ValueTemplate,
    part: RequestPart,
    scope: &dyn Scope,
) -> Result<Option<Map<String, Value>>, PlanFault> {
    if is_missing_whole(template, scope) {
        return Ok(None);
    }
    match template.value(scope).map_err(|error| PlanFault::Template { part, error })? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(map)) => Ok(Some(map)),
        Some(other) => Err(PlanFault::NotAnObject { part, found: type_name(&other) }),
    }
}

/// A part that is one reference to a missing value is left out, with or without `?`.
fn is_missing_whole(template: &ValueTemplate, scope: &dyn Scope) -> bool {
    template
        .as_template()
        .and_then(Template::as_reference)
        .is_some_and(|reference| scope.lookup(reference).is_none())
}

fn query(card: &Card, scope: &dyn Scope, warnings: &mut Vec<Warning>) -> Result<String, PlanFault> {
    let mut out = String::new();
    if let Some(template) = &card.request.query
        && let Some(map) = parameters(template, RequestPart::Query, scope)?
    {
        push_form(&map, RequestPart::Query, template, &mut out, warnings)?;
    }
    Ok(out)
}

fn push_form(
    map: &Map<String, Value>,
    part: RequestPart,
    template: &ValueTemplate,
    out: &mut String,
    warnings: &mut Vec<Warning>,
) -> Result<(), PlanFault> {
    let left_out = push_parameters(map, out).map_err(|fault| PlanFault::Query {
        part,
        field: source_field(template),
        fault,
    })?;
    warnings.extend(left_out.into_iter().map(|name| Warning::NullLeftOut { name }));
    Ok(())
}

fn body(
    card: &Card,
    scope: &dyn Scope,
    warnings: &mut Vec<Warning>,
) -> Result<Option<(Body, HeaderValue)>, PlanFault> {
    let Some(template) = &card.request.body else {
        return Ok(None);
    };
    let part = RequestPart::Body;
    let fail = |error| PlanFault::Template { part, error };
    let (kind, bytes) = if let Some(json) = &template.json {
        if is_missing_whole(json, scope) {
            return Ok(None);
        }
        let Some(value) = json.value(scope).map_err(fail)? else {
            return Ok(None);
        };
        (BodyKind::Json, Bytes::from(value.to_string()))
    } else if let Some(form) = &template.form {
        let Some(map) = parameters(form, part, scope)? else {
            return Ok(None);
        };
        let mut out = String::new();
        push_form(&map, part, form, &mut out, warnings)?;
        (BodyKind::Form, Bytes::from(out))
    } else if let Some(text) = &template.text {
        let Some(text) = text.text(scope).map_err(fail)? else {
            return Ok(None);
        };
        (BodyKind::Text, Bytes::from(text.into_owned()))
    } else {
        return Ok(None);
    };
    if bytes.len() > MAX_BODY_BYTES {
        return Err(PlanFault::BodyTooLong);
    }
    let content_type = match &template.content_type {
        Some(text) => crate::inject::header::header_value("content-type", text)
            .map_err(|_| PlanFault::ContentType)?,
        None => HeaderValue::from_static(kind.content_type()),
    };
    Ok(Some((Body { kind, bytes }, content_type)))
}

fn headers(
    card: &Card,
    body: Option<&(Body, HeaderValue)>,
    scope: &dyn Scope,
) -> Result<HeaderMap, PlanFault> {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, br, deflate"));
    headers.insert(
        USER_AGENT,
        HeaderValue::from_static(concat!("cardhost/", env!("CARGO_PKG_VERSION"))),
    );
    if let Some((_, content_type)) = body {
        headers.insert(CONTENT_TYPE, content_type.clone());
    }
    let Some(template) = &card.request.headers else {
        return Ok(headers);
    };
    let Some(map) = parameters(template, RequestPart::Headers, scope)? else {
        return Ok(headers);
    };
    let refused = |fault| PlanFault::Header { field: source_field(template), fault };
    let mut given = HeaderMap::new();
    for (name, value) in &map {
        let items = match value {
            Value::Null => continue,
            Value::Array(items) => items.as_slice(),
            value => std::slice::from_ref(value),
        };
        for item in items {
            let text = crate::template::scalar_text(item).ok_or_else(|| {
                refused(HeaderFault::Type { name: name.clone(), found: type_name(item) })
            })?;
            push_header(name, &text, &mut given).map_err(refused)?;
        }
    }
    for name in given.keys() {
        headers.remove(name);
    }
    let mut last = None;
    for (name, value) in given {
        if name.is_some() {
            last = name;
        }
        if let Some(name) = &last {
            headers.append(name.clone(), value);
        }
    }
    Ok(headers)
}

/// Texts of secret and sensitive inputs are secrets of this invocation.
fn add_sensitive(card: &Card, input: &Map<String, Value>, redactor: &mut Redactor) {
    for (group, fields) in &card.input {
        for (label, field) in fields {
            if (field.sensitive || field.kind == FieldType::Secret)
                && let Some(value) = input.get(group).and_then(|values| values.get(label))
            {
                add_texts(value, redactor);
            }
        }
    }
}

fn add_texts(value: &Value, redactor: &mut Redactor) {
    match value {
        Value::String(text) => redactor.add(Secret::from(text.as_str())),
        Value::Array(items) => items.iter().for_each(|item| add_texts(item, redactor)),
        Value::Object(map) => map.values().for_each(|value| add_texts(value, redactor)),
        Value::Number(number) => redactor.add(Secret::new(number.to_string())),
        Value::Null | Value::Bool(_) => {}
    }
}

type PassedOver = Vec<(String, Vec<String>)>;

/// Applies the first usable auth method; gives back its name and those passed over.
fn apply_auth(
    connector: &Connector,
    card: &Card,
    target_name: &str,
    target: &Target,
    request: &mut RequestSpec,
    scope: &dyn Scope,
    redactor: &mut Redactor,
) -> Result<(String, PassedOver), PlanFault> {
    let mut passed_over = Vec::new();
    for name in card.request.auth.as_ref().unwrap_or(&target.auth) {
        let method: &AuthMethod = connector
            .auth
            .get(name)
            .ok_or_else(|| PlanFault::UnknownAuth { found: name.clone() })?;
        let missing = method.missing(scope);
        if !missing.is_empty() {
            passed_over.push((name.clone(), missing));
            continue;
        }
        method
            .apply(request, scope, redactor)
            .map_err(|fault| PlanFault::Auth { method: name.clone(), fault })?;
        return Ok((name.clone(), passed_over));
    }
    Err(PlanFault::AuthMissing { target: target_name.to_owned(), methods: passed_over })
}
