//! The URL of a request: base, path, query.

use std::borrow::Cow;

use serde_json::{Map, Value};
use url::Url;

use super::fault::{HostNotAllowed, PlanFault, RequestPart};
use super::settings::BaseOverride;
use super::warning::Warning;
use crate::base_url::{BaseFault, BaseUrl, RenderedBase};
use crate::card::Card;
use crate::connector::Target;
use crate::field::{Field, Format};
use crate::host_pattern::is_allowed;
use crate::inject::query::push_parameters;
use crate::inject::{follow, path};
use crate::parameters::ParameterEncoding;
use crate::request::HostFrom;
use crate::settle::{FieldFault, FieldProblem, FieldRoot};
use crate::template::{
    MAX_RENDERED_BYTES, Part, Reference, Root, Scope, Template, TemplateValueError, ValueTemplate,
    part_text,
};
use crate::value::type_name;

/// The base that a request is pinned to.
pub(super) enum Base<'b> {
    /// A literal one of the target.
    Literal(&'b BaseUrl, &'b Url),
    /// One that the connection's values were put into.
    Rendered(Box<RenderedBase>),
    /// The one that replaces the target's.
    Override(&'b BaseOverride),
}

impl Base<'_> {
    pub(super) fn url(&self) -> &Url {
        match self {
            Base::Literal(_, url) => url,
            Base::Rendered(rendered) => &rendered.url,
            Base::Override(base) => &base.url,
        }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Base::Literal(base, _) => base.text(),
            Base::Rendered(rendered) => &rendered.text,
            Base::Override(base) => &base.text,
        }
    }

    pub(super) fn host_from(&self) -> HostFrom {
        match self {
            Base::Literal(..) => HostFrom::Definition,
            Base::Rendered(rendered) => rendered.host_from,
            Base::Override(_) => HostFrom::Command,
        }
    }
}

pub(super) fn base<'b>(
    name: &str,
    target: &'b Target,
    instead: Option<&'b BaseOverride>,
    followed: Option<&Followed<'_>>,
    scope: &dyn Scope,
) -> Result<Base<'b>, PlanFault> {
    if let Some(base) = instead {
        return Ok(Base::Override(base));
    }
    let base = target.base.decide(scope).map_err(|row| PlanFault::NoRow {
        table: crate::error::pointer(&["targets", name, "base"]),
        row,
    })?;
    if let Some(url) = base.url() {
        return Ok(Base::Literal(base, url));
    }
    if let Some(followed) = followed.filter(|_| base.is_none()) {
        return Ok(Base::Rendered(Box::new(followed.base(name, target)?)));
    }
    let malformed =
        || PlanFault::BadBase { target: name.to_owned(), found: base.text().to_owned() };
    let rendered = base.render(scope).map_err(|fault| match fault {
        BaseFault::Malformed => malformed(),
        BaseFault::Value { field: Some(field), error: TemplateValueError::Missing { .. } } => {
            let root = match field.root {
                Root::Input => FieldRoot::Input,
                Root::Options => FieldRoot::Options,
                _ => FieldRoot::Connection,
            };
            PlanFault::Field(FieldFault {
                root,
                path: field.segments,
                problem: FieldProblem::Missing,
            })
        }
        BaseFault::Value { error, .. } => {
            PlanFault::Base { target: name.to_owned(), error: Box::new(error) }
        }
        BaseFault::Url { field, fault } => PlanFault::Url { field, fault },
    })?;
    let rendered = rendered.ok_or_else(malformed)?;
    allowed(name, target, &rendered)?;
    Ok(Base::Rendered(Box::new(rendered)))
}

/// Whether the host is one of the target's.
fn allowed(name: &str, target: &Target, base: &RenderedBase) -> Result<(), PlanFault> {
    if is_allowed(&target.hosts, &base.url) {
        return Ok(());
    }
    Err(PlanFault::HostNotAllowed(Box::new(HostNotAllowed {
        target: name.to_owned(),
        host: base.url.host_str().unwrap_or_default().to_owned(),
        allowed: target.hosts.iter().map(|pattern| pattern.0.clone()).collect(),
        field: base.field.clone(),
    })))
}

/// A URL of the service that the card's path is: the field that gave it, and its text.
pub(super) struct Followed<'s> {
    reference: &'s Reference,
    text: Cow<'s, str>,
}

/// The URL of the service that the path is, where it is one.
pub(super) fn followed<'s>(
    card: &'s Card,
    scope: &'s dyn Scope,
) -> Result<Option<Followed<'s>>, PlanFault> {
    let Some(reference) = card.request.path.as_reference() else { return Ok(None) };
    if input_field(card, reference).and_then(|field| field.format) != Some(Format::TargetUrl) {
        return Ok(None);
    }
    let fail = |error| PlanFault::Template { part: RequestPart::Path, error };
    let text = card.request.path.text(scope).map_err(fail)?.unwrap_or_default();
    Ok(Some(Followed { reference, text }))
}

impl Followed<'_> {
    /// The path below a base. Below one that takes the place of the target's (`own`) the path is that below the target's: the
    /// service's URLs name its own host.
    pub(super) fn path<'b>(
        &self,
        base: &Base<'_>,
        own: impl FnOnce() -> Result<Base<'b>, PlanFault>,
    ) -> Result<String, PlanFault> {
        let refused = |fault| PlanFault::Url { field: Some(self.reference.clone()), fault };
        let path = follow::below_base(base.url(), &self.text);
        match (path, base) {
            (Err(_), Base::Override(_)) => {
                follow::below_base(own()?.url(), &self.text).map_err(refused)
            }
            (path, _) => path.map_err(refused),
        }
    }

    /// The origin as a base, for a target without one.
    fn base(&self, name: &str, target: &Target) -> Result<RenderedBase, PlanFault> {
        let field = Some(self.reference.clone());
        let refused = |fault| PlanFault::Url { field: field.clone(), fault };
        let (url, _) = follow::origin_and_path(&self.text).map_err(refused)?;
        let (text, host_from) = (url.to_string(), HostFrom::Value);
        let rendered = RenderedBase { url, text, host_from, field };
        allowed(name, target, &rendered)?;
        Ok(rendered)
    }
}

/// The path: text of the card as it is, values as segments, a field of format `relative-url` as it is.
pub(super) fn path_text(card: &Card, scope: &dyn Scope) -> Result<String, PlanFault> {
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
pub fn is_relative_url(card: &Card, reference: &Reference) -> bool {
    input_field(card, reference).is_some_and(|field| field.format == Some(Format::RelativeUrl))
}

/// The input field that a reference names.
pub fn input_field<'c>(card: &'c Card, reference: &Reference) -> Option<&'c Field> {
    match (reference.root, reference.segments.as_slice()) {
        (Root::Input, [group, label]) => card.input.get(group)?.get(label),
        _ => None,
    }
}

pub(super) fn relative_url_field(card: &Card) -> Option<Reference> {
    let parts = card.request.path.parts().ok()?;
    parts.iter().find_map(|part| match part {
        Part::Reference(reference) if is_relative_url(card, reference) => Some(reference.clone()),
        _ => None,
    })
}

/// The input field that a whole part is taken from.
pub(super) fn source_field(template: &ValueTemplate) -> Option<Vec<String>> {
    let reference = template.as_template()?.as_reference()?;
    (reference.root == Root::Input).then(|| reference.segments.clone())
}

/// The object of `query`, `headers` or `form`; `None` where it is one reference without a value.
pub(super) fn parameters(
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
pub(super) fn is_missing_whole(template: &ValueTemplate, scope: &dyn Scope) -> bool {
    template
        .as_template()
        .and_then(Template::as_reference)
        .is_some_and(|reference| scope.lookup(reference).is_none())
}

/// The query: that of connector and target, unless the card or its path has a parameter of the same name, then the card's.
pub(super) fn query(
    (card, above): (&Card, [Option<&ValueTemplate>; 2]),
    (path, encoding): (&str, ParameterEncoding),
    scope: &dyn Scope,
    warnings: &mut Vec<Warning>,
) -> Result<String, PlanFault> {
    let mut out = String::new();
    let mut own = match &card.request.query {
        Some(template) => {
            parameters(template, RequestPart::Query, scope)?.map(|map| (map, template))
        }
        None => None,
    };
    let mut inherited = Map::new();
    for template in above.into_iter().flatten() {
        inherited.extend(parameters(template, RequestPart::Query, scope)?.unwrap_or_default());
    }
    if !inherited.is_empty() {
        // A null that takes one of them away is meant, and told to nobody.
        let above_names: Vec<String> = inherited.keys().cloned().collect();
        let in_path = path.split_once('?').map_or("", |(_, query)| query);
        for (name, _) in url::form_urlencoded::parse(in_path.as_bytes()) {
            inherited.shift_remove(&*name);
        }
        inherited.retain(|name, value| {
            !value.is_null() && own.as_ref().is_none_or(|(map, _)| !map.contains_key(name))
        });
        if let Some((map, _)) = &mut own {
            map.retain(|name, value| !value.is_null() || !above_names.contains(name));
        }
        push_parameters(&inherited, encoding, &mut out).map_err(|fault| PlanFault::Query {
            part: RequestPart::Query,
            field: None,
            fault,
        })?;
    }
    if let Some((map, template)) = &own {
        push_form(map, (RequestPart::Query, encoding), template, &mut out, warnings)?;
    }
    Ok(out)
}

pub(super) fn push_form(
    map: &Map<String, Value>,
    (part, encoding): (RequestPart, ParameterEncoding),
    template: &ValueTemplate,
    out: &mut String,
    warnings: &mut Vec<Warning>,
) -> Result<(), PlanFault> {
    let left_out = push_parameters(map, encoding, out).map_err(|fault| PlanFault::Query {
        part,
        field: source_field(template),
        fault,
    })?;
    warnings.extend(left_out.into_iter().map(|name| Warning::NullLeftOut { name }));
    Ok(())
}
