//! Templates and what they refer to: every one parses, its roots are in scope, and every reference leads to
//! something that is declared.
//!
//! Whether the values fit their places is left to the run.

use cardhost_core::auth::{SIGNING_NAMES, is_signing_name};
use cardhost_core::card::Card;
use cardhost_core::connector::Connector;
use cardhost_core::error::Code;
use cardhost_core::field::{Field, FieldType};
use cardhost_core::plan::is_relative_url;
use cardhost_core::template::{
    Part, Reference, Root, Template, TemplateFault, TemplateProblem, ValueTemplate,
};

use super::fault::{Absence, DefinitionFault, Meant, Remedy};
use super::findings::Findings;
use super::{calls, suggest};

/// What references can lead to.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    /// The connector.
    pub(super) connector: &'a Connector,
    /// The card; the connector's own templates are checked without one.
    pub(super) card: Option<&'a Card>,
}

/// What a template may do in its place.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    /// The roots in scope.
    pub(super) roots: &'static [Root],
    /// Whether an absent value is an error of the run there.
    pub(super) needs_values: bool,
}

/// Where a reference leads.
#[derive(Default)]
pub(super) struct Referred<'a> {
    /// The field, where the reference names exactly one.
    pub(super) field: Option<&'a Field>,
    /// Why there may be nothing.
    pub(super) absence: Option<Absence>,
}

/// The segment that nothing has, and what is there instead.
struct Nothing {
    segment: String,
    known: Vec<String>,
}

impl<'a> Names<'a> {
    /// Where a reference leads.
    ///
    /// # Errors
    /// [`DefinitionFault::UnknownReference`].
    pub(super) fn resolve(&self, reference: &Reference) -> Result<Referred<'a>, DefinitionFault> {
        let segments = reference.segments.as_slice();
        let found = match (reference.root, self.card) {
            (Root::Connection, _) => labelled(&self.connector.connection.fields, segments),
            (Root::Options, Some(card)) => labelled(&card.options, segments),
            (Root::Input, Some(card)) => match segments {
                [group] if card.input.contains_key(group) => Ok(Referred::default()),
                [group, rest @ ..] => match card.input.get(group) {
                    Some(fields) => labelled(fields, rest),
                    None => Err(nothing(group, card.input.keys())),
                },
                [] => Err(nothing("", card.input.keys())),
            },
            (Root::Options | Root::Input, None) => Ok(Referred::default()),
            (Root::Response, _) => response(segments),
            (Root::Signing, _) => signing(segments),
        };
        found.map_err(|Nothing { segment, known }| DefinitionFault::UnknownReference {
            reference: reference.to_string(),
            nearest: cardhost_core::text::nearest(&segment, known.iter().map(String::as_str)),
            segment,
            elsewhere: None,
            known,
        })
    }

    /// Checks a template.
    pub(super) fn template(
        &self,
        template: &Template,
        pointer: &str,
        rules: Rules,
        findings: &mut Findings<'_>,
    ) {
        let parts = match template.parts() {
            Ok(parts) => parts,
            Err(fault) => {
                let offset = fault.offset;
                let (code, fault) = self.faulty(template, fault, rules.roots);
                return findings.inside(code, pointer, offset, fault);
            }
        };
        for part in parts {
            match part {
                Part::Text(_) => {}
                Part::Reference(reference) => {
                    self.reference(reference, None, pointer, rules, findings)
                }
                Part::Helper(helper) => {
                    calls::check(*self, helper.source(), pointer, rules.roots, findings);
                    for reference in helper.references() {
                        let call = Some(helper.source());
                        self.reference(reference, call, pointer, rules, findings);
                    }
                }
            }
        }
    }

    /// What is said of a template that cannot be read.
    fn faulty(
        &self,
        template: &Template,
        fault: &TemplateFault,
        roots: &[Root],
    ) -> (Code, DefinitionFault) {
        let (code, nearest) = problem(fault, roots);
        let expression = suggest::expression(template.source(), fault.offset);
        // The name of the expression, or a parameter of a helper call.
        let (path, in_call) = match &fault.problem {
            TemplateProblem::UnknownRoot { found } if expression.contains(&format!(" {found}")) => {
                (suggest::path(found), true)
            }
            TemplateProblem::UnknownRoot { .. } | TemplateProblem::UnknownHelper { .. } => {
                (suggest::path(expression), false)
            }
            _ => (None, false),
        };
        let reference = || {
            let (path, optional) = path?;
            Some(suggest::spelled(&self.meant(&path, roots, optional)?, in_call))
        };
        let spaced = match &fault.problem {
            TemplateProblem::UnknownRoot { .. }
            | TemplateProblem::UnknownHelper { .. }
            | TemplateProblem::NotAllowed { .. }
            | TemplateProblem::Syntax { .. } => self.spaced(expression, roots),
            _ => None,
        };
        let meant = spaced
            .map(Meant::InBrackets)
            .or_else(|| reference().map(Meant::Reference))
            .or_else(|| nearest.map(Meant::Nearest));
        let (fault, allowed) = (fault.clone(), roots.to_vec());
        (code, DefinitionFault::Template { fault, meant, allowed })
    }

    /// Checks the templates of a value.
    pub(super) fn value(
        &self,
        value: &ValueTemplate,
        pointer: &str,
        rules: Rules,
        findings: &mut Findings<'_>,
    ) {
        value.each(pointer, &mut |template, place| self.template(template, place, rules, findings));
    }

    /// Checks the templates of a part of the request, which is left out where it is one reference to nothing.
    pub(super) fn part(
        &self,
        value: &ValueTemplate,
        pointer: &str,
        rules: Rules,
        findings: &mut Findings<'_>,
    ) {
        let whole = value.as_template().and_then(Template::as_reference).is_some();
        self.value(
            value,
            pointer,
            Rules { needs_values: rules.needs_values && !whole, ..rules },
            findings,
        );
    }

    /// Checks that a root is in scope and the reference leads somewhere.
    pub(super) fn lead(
        &self,
        reference: &Reference,
        pointer: &str,
        roots: &[Root],
        in_call: bool,
        at: fn(&mut Findings<'_>, Code, &str, DefinitionFault),
        findings: &mut Findings<'_>,
    ) -> Option<Referred<'a>> {
        if !roots.contains(&reference.root) {
            let (reference, allowed) = (reference.to_string(), roots.to_vec());
            at(
                findings,
                Code::TEMPLATE_ROOT,
                pointer,
                DefinitionFault::Root { reference, allowed },
            );
            return None;
        }
        let mut resolved = self.resolve(reference);
        if let Err(DefinitionFault::UnknownReference { segment, elsewhere, .. }) = &mut resolved {
            let found = self.elsewhere(reference, segment, roots);
            *elsewhere = found.map(|found| suggest::spelled(&found, in_call));
        }
        resolved
            .map_err(|fault| at(findings, Code::TEMPLATE_UNKNOWN_REFERENCE, pointer, fault))
            .ok()
    }

    /// An input field that is named as `Group.Label`.
    pub(super) fn input_field(&self, name: &str, pointer: &str, findings: &mut Findings<'_>) {
        let rules = Rules { roots: &[Root::Input], needs_values: false };
        if let Some(reference) = Reference::parse(&format!("input.{name}")) {
            self.reference(&reference, None, pointer, rules, findings);
        }
    }

    fn reference(
        &self,
        reference: &Reference,
        helper_call: Option<&str>,
        pointer: &str,
        rules: Rules,
        findings: &mut Findings<'_>,
    ) {
        let at = |findings: &mut Findings<'_>, code, pointer: &str, fault| {
            findings.at(code, pointer, fault)
        };
        let Some(referred) =
            self.lead(reference, pointer, rules.roots, helper_call.is_some(), at, findings)
        else {
            return;
        };
        // A connection is filled in for some cards and not for others: what one lacks is told when it runs.
        let may_lack =
            reference.root == Root::Connection || reference.optional || !rules.needs_values;
        // The helper `default` is there for values that may be absent.
        let has_default = helper_call.is_some_and(cardhost_core::template::gives_default);
        if let Some(because) = referred.absence
            && !may_lack
            && !has_default
        {
            // An empty target or method is none, and an empty path segment would be another resource.
            let must_be_there = matches!(pointer, "/request/target" | "/request/method")
                || (pointer == "/request/path"
                    && !self.card.is_some_and(|card| is_relative_url(card, reference)));
            let remedy = match helper_call {
                Some(_) if must_be_there => Remedy::DefaultHelper,
                Some(_) => Remedy::QuestionMarkOrDefault,
                None if must_be_there => Remedy::Required,
                None => Remedy::QuestionMark,
            };
            let fault =
                DefinitionFault::MayBeAbsent { reference: reference.to_string(), because, remedy };
            findings.at(Code::TEMPLATE_OPTIONAL, pointer, fault);
        }
    }
}

fn nothing<'n>(segment: &str, known: impl Iterator<Item = &'n String>) -> Nothing {
    Nothing { segment: segment.to_owned(), known: known.cloned().collect() }
}

fn labelled<'a>(
    fields: &'a cardhost_core::field::Fields,
    segments: &[String],
) -> Result<Referred<'a>, Nothing> {
    let Some((label, rest)) = segments.split_first() else {
        return Err(nothing("", fields.keys()));
    };
    let field = fields.get(label).ok_or_else(|| nothing(label, fields.keys()))?;
    let mut absence = absence(field);
    below(field, rest, &mut absence)?;
    Ok(Referred { field: rest.is_empty().then_some(field), absence })
}

/// Why a field of a form may have no value.
pub(super) fn absence(field: &Field) -> Option<Absence> {
    if !field.required && field.default.is_none() {
        Some(Absence::NotRequired)
    } else if field.visible_when.is_some() {
        Some(Absence::NotAlwaysVisible)
    } else {
        None
    }
}

/// Follows segments into the declared keys of a field.
fn below(field: &Field, rest: &[String], absence: &mut Option<Absence>) -> Result<(), Nothing> {
    let Some((segment, after)) = rest.split_first() else {
        return Ok(());
    };
    let is_index = segment.bytes().all(|b| b.is_ascii_digit());
    if field.takes(FieldType::List) && is_index {
        *absence = absence.or(Some(Absence::NotRequired));
        let Some((key, after)) = after.split_first() else {
            return Ok(());
        };
        return match field.of {
            None | Some(FieldType::Object | FieldType::Any | FieldType::List) => {
                key_of(field, key, after, absence)
            }
            Some(_) => Err(nothing(key, std::iter::empty())),
        };
    }
    if field.takes(FieldType::Object) || field.takes(FieldType::Any) || field.takes(FieldType::File)
    {
        return key_of(field, segment, after, absence);
    }
    Err(nothing(segment, std::iter::empty()))
}

fn key_of(
    field: &Field,
    key: &str,
    after: &[String],
    absence: &mut Option<Absence>,
) -> Result<(), Nothing> {
    let inner = field.fields.as_ref().and_then(|fields| fields.get(key));
    match (inner, &field.fields) {
        (Some(inner), _) => {
            if !inner.required {
                *absence = absence.or(Some(Absence::NotRequired));
            }
            below(inner, after, absence)
        }
        (None, Some(fields)) if !field.additional => Err(nothing(key, fields.keys())),
        (None, _) => {
            *absence = absence.or(Some(Absence::NotRequired));
            Ok(())
        }
    }
}

fn response<'a>(segments: &[String]) -> Result<Referred<'a>, Nothing> {
    let parts = ["status", "headers", "body"].map(str::to_owned);
    match segments {
        [part] if parts.contains(part) => Ok(Referred::default()),
        [part, ..] if part == "body" => Ok(Referred::default()),
        [part, name] if part == "headers" => match http::HeaderName::from_bytes(name.as_bytes()) {
            Ok(_) => Ok(Referred::default()),
            Err(_) => Err(nothing(name, std::iter::empty())),
        },
        [part, next, ..] if parts.contains(part) => Err(nothing(next, std::iter::empty())),
        [part, ..] => Err(nothing(part, parts.iter())),
        [] => Err(nothing("", parts.iter())),
    }
}

/// Where a reference below `signing` leads: everything there is known.
fn signing<'a>(segments: &[String]) -> Result<Referred<'a>, Nothing> {
    let known = || SIGNING_NAMES.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    match segments {
        [] => Err(nothing("", known().iter())),
        segments if is_signing_name(segments) => Ok(Referred::default()),
        [part, next, ..] if SIGNING_NAMES.contains(&part.as_str()) => {
            Err(nothing(next, std::iter::empty()))
        }
        [part, ..] => Err(nothing(part, known().iter())),
    }
}

fn problem(fault: &TemplateFault, roots: &[Root]) -> (Code, Option<String>) {
    let nearest = |name: &str, known: &mut dyn Iterator<Item = &'static str>| {
        cardhost_core::text::nearest(name, known)
    };
    match &fault.problem {
        TemplateProblem::UnknownRoot { found } => {
            let name = found.split(['.', '[']).next().unwrap_or_default();
            (Code::TEMPLATE_ROOT, nearest(name, &mut roots.iter().map(|root| root.as_str())))
        }
        TemplateProblem::UnknownHelper { found } => {
            let mut known = cardhost_core::template::helper_names()
                .chain(roots.iter().map(|root| root.as_str()));
            (Code::TEMPLATE_HELPER, nearest(found, &mut known))
        }
        TemplateProblem::LeftOut => (Code::TEMPLATE_HELPER, None),
        TemplateProblem::TooLong { .. } | TemplateProblem::TooDeep { .. } => {
            (Code::TEMPLATE_LIMIT, None)
        }
        TemplateProblem::Unclosed { .. }
        | TemplateProblem::Empty
        | TemplateProblem::MalformedReference { .. }
        | TemplateProblem::NotAllowed { .. }
        | TemplateProblem::Syntax { .. } => (Code::TEMPLATE_SYNTAX, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a reference below `signing`.
    fn fault(connector: &Connector, reference: &str) -> Option<(String, Option<String>)> {
        let names = Names { connector, card: None };
        match names.resolve(&Reference::parse(reference).unwrap()) {
            Err(DefinitionFault::UnknownReference { segment, nearest, .. }) => {
                Some((segment, nearest))
            }
            Ok(_) => None,
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_unknown_name_below_signing_is_told_with_the_nearest() {
        let connector = cardhost_core::load::load_connector(
            "connector.json",
            r#"{"format": 1, "name": "a", "version": "1.0.0", "title": "A",
                "connection": {"fields": {}}, "auth": {}, "targets": {}}"#,
        )
        .unwrap();
        let said = |segment: &str, nearest: Option<&str>| {
            Some((segment.to_owned(), nearest.map(str::to_owned)))
        };
        for (reference, expected) in [
            ("signing.timestamp", None),
            ("signing.headers.x-date", None),
            ("signing.timestmp", said("timestmp", Some("timestamp"))),
            ("signing.body_sha256_hx", said("body_sha256_hx", Some("body_sha256_hex"))),
            ("signing.zzzzzzzz", said("zzzzzzzz", None)),
            ("signing.headers.x date", said("x date", None)),
            ("signing.body.a", said("a", None)),
            ("signing", said("", None)),
        ] {
            assert_eq!(fault(&connector, reference), expected, "{reference}");
        }
    }
}
