//! What a card says besides its fields: its name, the request, the effect, the outputs' templates, failures.

use super::decisions;
use super::fault::{DefinitionFault, Table};
use super::fields::Form;
use super::findings::Findings;
use super::names::Names;
use super::references::Rules;
use super::{known, pages, parts, replies, targets, uses};
use cardhost_core::auth::{AuthMethod, CredentialPlace};
use cardhost_core::card::{Card, ReplyBody};
use cardhost_core::connector::{Connector, Target};
use cardhost_core::error::{Code, pointer, push_pointer};
use cardhost_core::field::{Field, FieldType, Format};
use cardhost_core::settle::FieldRoot;
use cardhost_core::template::{Reference, Root, Template, ValueTemplate};
use cardhost_document::below;
use serde_json::Value;

/// The roots of a request's templates.
const REQUEST: Rules =
    Rules { roots: &[Root::Connection, Root::Options, Root::Input], needs_values: true };

/// The roots of what is made of a reply.
const REPLY: Rules = Rules { roots: replies::REPLY, needs_values: true };

/// The same where the reply is a page.
const PAGE: Rules = Rules { roots: pages::PAGE, needs_values: true };

/// Checks a card whose shape is right.
pub(super) fn check(connector: &Connector, card: &Card, path: &str, findings: &mut Findings<'_>) {
    let names = Names::of_card(connector, card);
    if let Some(file) = path.rsplit(['/', '\\']).next() {
        let stem = file.strip_suffix(".json").unwrap_or(file);
        targets::same_name("file", stem, card.name.as_str(), findings);
    }
    Form::new(names, FieldRoot::Options).check(&card.options, "/options", findings);
    for (root, key, groups) in
        [(FieldRoot::Input, "input", &card.input), (FieldRoot::Output, "output", &card.output)]
    {
        for (group, fields) in groups {
            Form::new(names, root).check(fields, &pointer(&[key, group]), findings);
        }
    }
    request(names, card, findings);
    let roots = REQUEST.roots;
    decisions::check(names, &Table::Effect, &card.effect, "/effect", roots, findings);
    if let Some(name) = card.idempotency_key.as_ref().and_then(|key| key.input.as_deref()) {
        names.input_field(name, "/idempotencyKey/input", findings);
    }
    for (group, fields) in &card.output {
        for (label, field) in fields {
            if let Some(value) = &field.value {
                let place = pointer(&["output", group, label, "value"]);
                // Pages with a fault in them are pages.
                let rules = if findings.document().has("/pages") { PAGE } else { REPLY };
                names.value(value, &place, rules, findings);
                if let Some(inside) = jq_inside(value) {
                    let needs = "is the whole value of an output, and not a part of one".to_owned();
                    let fault = DefinitionFault::Together { part: "jq", needs };
                    findings.at(Code::DEFINITION_VALUE, &format!("{place}{inside}"), fault);
                }
                may_be_missing(field, value, &place, findings);
            }
        }
    }
    pages::check(names, card, findings);
    replies::check(names, &card.response.failures, "/response/failures", findings);
    if !card.response.lists.is_empty()
        && card.response.decoder.is_none_or(|decoder| decoder.as_str() != "xml")
    {
        let fault = DefinitionFault::Together {
            part: "lists",
            needs: "needs the decoder `xml`".to_owned(),
        };
        findings.at_key(Code::DEFINITION_VALUE, "/response/lists", fault);
    }
    file(names, card, findings);
    uses::check(names, card, findings);
}

/// Checks what is said of a reply that is kept as a file.
fn file(names: Names<'_>, card: &Card, findings: &mut Findings<'_>) {
    let response = &card.response;
    if let Some(name) = &response.file_name {
        names.template(name, "/response/fileName", REPLY, findings);
    }
    let is_file = response.body == ReplyBody::File;
    if is_file && card.pages.is_some() {
        let needs = "means nothing beside replies that are files".to_owned();
        let fault = DefinitionFault::Together { part: "pages", needs };
        findings.at_key(Code::DEFINITION_VALUE, "/pages", fault);
    }
    let rules = [
        ("fileName", response.file_name.is_some() && !is_file, "needs `\"body\": \"file\"`"),
        ("decoder", response.decoder.is_some() && is_file, "means nothing beside a `file`"),
        ("lists", !response.lists.is_empty() && is_file, "means nothing beside a `file`"),
    ];
    for (part, is_misplaced, needs) in rules {
        if is_misplaced {
            let fault = DefinitionFault::Together { part, needs: needs.to_owned() };
            findings.at_key(Code::DEFINITION_VALUE, &format!("/response/{part}"), fault);
        }
    }
}

/// Where a part of a value looks like jq: it would be given as it stands.
fn jq_inside(value: &ValueTemplate) -> Option<String> {
    fn plain(value: &Value) -> Option<String> {
        match value {
            Value::Object(map) if map.len() == 1 && map.contains_key("jq") => Some(String::new()),
            Value::Object(map) => map
                .iter()
                .find_map(|(key, inner)| plain(inner).map(|place| below("", key) + &place)),
            Value::Array(items) => (0..).zip(items).find_map(|(index, inner): (usize, _)| {
                plain(inner).map(|place| format!("/{index}{place}"))
            }),
            _ => None,
        }
    }
    match value {
        ValueTemplate::Constant(value) => plain(value),
        ValueTemplate::List(items) => (0..).zip(items).find_map(|(index, inner): (usize, _)| {
            jq_inside(inner).map(|place| format!("/{index}{place}"))
        }),
        ValueTemplate::Object(entries) => match entries.as_slice() {
            [entry] if entry.written == "jq" => Some(String::new()),
            entries => entries.iter().find_map(|entry| {
                jq_inside(&entry.value).map(|place| below("", &entry.written) + &place)
            }),
        },
        ValueTemplate::Decision(decision) => {
            let mut found = None;
            decision.each("", &mut |row, place| {
                if found.is_none() {
                    found = jq_inside(row).map(|inside| format!("{place}{inside}"));
                }
            });
            found
        }
        ValueTemplate::Text(_) | ValueTemplate::Each(_) | ValueTemplate::Jq(_) => None,
    }
}

/// A value of a reply may be absent, and without `?` the run would fail.
fn may_be_missing(
    field: &Field,
    value: &ValueTemplate,
    pointer: &str,
    findings: &mut Findings<'_>,
) {
    let whole = value.as_template().and_then(Template::as_reference);
    let Some(reference) = whole.filter(|_| !field.required) else {
        return;
    };
    let below = matches!(reference.segments.as_slice(), [part, _, ..] if part != "status");
    if reference.root == Root::Response && below && !reference.optional {
        let fault = DefinitionFault::MayBeMissing { reference: reference.to_string() };
        findings.warn(Code::TEMPLATE_OPTIONAL, pointer, fault);
    }
}

fn request(names: Names<'_>, card: &Card, findings: &mut Findings<'_>) {
    let request = &card.request;
    for (key, template) in
        [("target", &request.target), ("method", &request.method), ("path", &request.path)]
    {
        names.template(template, &format!("/request/{key}"), REQUEST, findings);
    }
    let target: &Each<'_> =
        &|name, place, findings| known::known_target(names.connector, name, place, findings);
    each_value(names, &request.target, "/request/target", target, findings);
    each_value(names, &request.method, "/request/method", &known::known_method, findings);
    known::plain_path(&request.path, "/request/path", findings);
    urls(names, card, findings);
    if let Some(query) = &request.query {
        parts::parameters(names, query, "/request/query", REQUEST, findings);
    }
    if let Some(headers) = &request.headers {
        parts::headers(names, headers, "/request/headers", REQUEST, findings);
        credential_headers(names, card, headers, findings);
    }
    if let Some(body) = &request.body {
        parts::body(names, body, "/request/body", REQUEST, findings);
    }
    if let Some(auth) = &request.auth {
        targets::auth_names(names.connector, auth, "/request/auth", findings);
    }
}

type Each<'e> = dyn Fn(&str, &str, &mut Findings<'_>) + 'e;

/// Checks every value that a template can give, where it is literal text or one dropdown.
fn each_value(
    names: Names<'_>,
    template: &Template,
    pointer: &str,
    check: &Each<'_>,
    findings: &mut Findings<'_>,
) {
    if let Some(text) = template.as_literal() {
        return check(text, pointer, findings);
    }
    let Some(reference) = template.as_reference() else {
        return;
    };
    let Some(field) = names.resolve(reference).ok().and_then(|referred| referred.field) else {
        return;
    };
    if field.kind != FieldType::Dropdown {
        let fault = DefinitionFault::NotADropdown {
            reference: reference.to_string(),
            found: field.kind.as_str(),
        };
        return findings.at(Code::DEFINITION_TYPE, pointer, fault);
    }
    let mut place = cardhost_core::error::pointer(&[reference.root.as_str()]);
    for segment in &reference.segments {
        push_pointer(&mut place, segment);
    }
    // Names from `choicesFrom` are checked where they stand.
    for (index, choice) in field.choices.iter().enumerate() {
        let place = format!("{place}/choices/{index}");
        let inner = format!("{place}/value");
        let place = if findings.document().has(&inner) { inner } else { place };
        check(&choice.value, &place, findings);
    }
    if let Some(from) = &field.choices_from {
        for name in &from.targets {
            if !names.connector.targets.contains_key(name) {
                continue;
            }
            check(name, pointer, findings);
        }
    }
}

/// Checks what decides where the request goes besides the path's own text: URLs as inputs, and bases with inputs in them.
fn urls(names: Names<'_>, card: &Card, findings: &mut Findings<'_>) {
    let path = &card.request.path;
    let whole = path.as_reference();
    let field = |reference: &Reference| names.resolve(reference).ok().and_then(|found| found.field);
    let format = whole.and_then(field).and_then(|field| field.format);
    if format == Some(Format::Uri) {
        findings.at(Code::DEFINITION_VALUE, "/request/path", DefinitionFault::UriAsPath);
    }
    let references = path.references();
    if whole.is_none()
        && references
            .into_iter()
            .filter_map(field)
            .any(|field| field.format == Some(Format::TargetUrl))
    {
        findings.at(Code::DEFINITION_VALUE, "/request/path", DefinitionFault::UrlInPath);
    }
    for (name, target) in targets(names, card) {
        target.base.each("", &mut |base, _| {
            if base.is_none() && format != Some(Format::TargetUrl) {
                let fault = DefinitionFault::NoBase { target: name.to_owned() };
                findings.at(Code::DEFINITION_VALUE, "/request/target", fault);
            }
            if let Some(template) = base.template() {
                let template_is_of_card = template
                    .references()
                    .iter()
                    .any(|reference| reference.root != Root::Connection);
                if template_is_of_card {
                    names.template(template, "/request/target", REQUEST, findings);
                }
            }
        });
    }
}

/// The targets that a run of the card can take, where they can be told.
fn targets<'a>(names: Names<'a>, card: &'a Card) -> Vec<(&'a str, &'a Target)> {
    let connector = names.connector;
    let target = &card.request.target;
    let of_name = |name: &'a str| Some((name, connector.targets.get(name)?));
    match target.as_literal() {
        Some(name) => of_name(name).into_iter().collect(),
        None => {
            let field = target.as_reference().and_then(|reference| {
                names.resolve(reference).ok().and_then(|referred| referred.field)
            });
            let choices = field.map_or(Vec::new(), decisions::choice_names);
            choices.into_iter().filter_map(of_name).collect()
        }
    }
}

/// Warns of headers that an auth method is there for.
fn credential_headers(
    names: Names<'_>,
    card: &Card,
    headers: &ValueTemplate,
    findings: &mut Findings<'_>,
) {
    let methods = auth_methods(names, card);
    for header in parts::written_names(headers) {
        let sets = |(_, method): &&(&str, &AuthMethod)| {
            let mut puts = method.scheme().puts().into_iter();
            puts.any(|(place, name)| {
                place == CredentialPlace::Header && header.eq_ignore_ascii_case(name)
            })
        };
        if let Some((method, _)) = methods.iter().find(sets) {
            let (header, method) = (header.to_owned(), (*method).to_owned());
            let place = below("/request/headers", &header);
            let fault = DefinitionFault::CredentialHeader { header, method };
            findings.warn_key(Code::DEFINITION_VALUE, &place, fault);
        }
    }
}

/// The auth methods that a run of the card can take, where they can be told.
fn auth_methods<'a>(names: Names<'a>, card: &'a Card) -> Vec<(&'a str, &'a AuthMethod)> {
    let connector = names.connector;
    let lists: Vec<&Vec<String>> = match &card.request.auth {
        Some(list) => vec![list],
        None => targets(names, card).into_iter().map(|(_, target)| &target.auth).collect(),
    };
    let methods = lists.into_iter().flatten();
    methods.filter_map(|name| Some((name.as_str(), connector.auth.get(name)?))).collect()
}
