//! Templates and what they refer to: every one parses, its roots are in scope, and every reference leads to
//! something that is declared.
//!
//! Whether the values fit their places is left to the run.

use cardhost_core::error::Code;
use cardhost_core::field::{Field, FieldType};
use cardhost_core::plan::is_relative_url;
use cardhost_core::template::{
    Entry, Key, Part, Reference, Root, Template, TemplateFault, TemplateProblem, ValueTemplate,
};

use cardhost_document::{Malformed, below};

use super::fault::{DefinitionFault, Meant, Remedy, Table};
use super::findings::Findings;
use super::names::{Item, Names, Referred};
use super::{calls, decisions, suggest};

/// What a template may do in its place.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    /// The roots in scope.
    pub(super) roots: &'static [Root],
    /// Whether an absent value is an error of the run there.
    pub(super) needs_values: bool,
}

/// What is said once for every card.
pub(super) const CONNECTED: Rules = Rules { roots: &[Root::Connection], needs_values: true };

impl<'a> Names<'a> {
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
        match value {
            ValueTemplate::Constant(_) | ValueTemplate::Jq(_) => {}
            ValueTemplate::Text(template) => self.template(template, pointer, rules, findings),
            ValueTemplate::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, &format!("{pointer}/{index}"), rules, findings);
                }
            }
            ValueTemplate::Object(entries) => {
                entries.iter().for_each(|entry| self.entry(entry, pointer, rules, findings));
            }
            ValueTemplate::Decision(decision) => {
                decisions::check(*self, &Table::Value, decision, pointer, rules.roots, findings);
                decision.each(pointer, &mut |value, place| {
                    self.value(value, place, rules, findings);
                });
            }
            ValueTemplate::Each(each) => {
                let place = format!("{pointer}/each");
                self.template(&each.list, &place, rules, findings);
                let list = each.list.as_reference();
                let field = list.and_then(|list| self.resolve(list).ok()?.field);
                if each.list.as_literal().is_some() {
                    let fault = Malformed::form("a reference to a list", each.list.source());
                    findings.at(Code::DEFINITION_VALUE, &place, fault.into());
                }
                let is_list =
                    |field: &Field| field.takes(FieldType::List) || field.takes(FieldType::Any);
                if let Some(field) = field.filter(|field| !is_list(field)) {
                    let (expected, found) = (vec!["list".to_owned()], field.kind.as_str());
                    findings.at(
                        Code::DEFINITION_TYPE,
                        &place,
                        Malformed::Type { expected, found }.into(),
                    );
                }
                let inside = Names { item: Some(Item { of: field }), ..*self };
                inside.value(&each.item, &format!("{pointer}/as"), rules, findings);
            }
        }
    }

    /// Checks a key of an object, and what is behind it.
    fn entry(&self, entry: &Entry, pointer: &str, rules: Rules, findings: &mut Findings<'_>) {
        let place = below(pointer, &entry.written);
        if let Key::Template(template) = &entry.key {
            self.template(template, &place, rules, findings);
        }
        if entry.optional && !entry.value.is_optional_inside() {
            let fault = DefinitionFault::NothingOptional { key: entry.written.clone() };
            findings.at_key(Code::TEMPLATE_OPTIONAL, &place, fault);
        }
        self.value(&entry.value, &place, rules, findings);
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
        let is_item = reference.root == Root::Item && self.item.is_some();
        if !is_item && !roots.contains(&reference.root) {
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
