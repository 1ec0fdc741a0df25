//! A flow against its surroundings: the cards that it calls, the flows that it runs.
//!
//! Only what stands in the document is judged. What an expression gives is known to a run alone: neither
//! its value nor what depends on it is looked at.

mod form;
mod given;
#[cfg(test)]
mod tests;
mod traps;

use std::collections::HashMap;
use std::sync::Arc;

use super::document::call::{Call, CallCard};
use super::document::parts::{Authentication, Settings};
use super::document::run::RunWorkflow;
use super::document::task::Kind;
use super::document::{Document, Head};
use super::interpreter::authentication::HttpAuthentication;
use super::interpreter::http::unusable_credentials;
use super::load::examine;
use crate::document_fault::DocumentFault;
use crate::expression::Shaped;
use cardhost_core::connector::Connector;
use cardhost_core::definition::Definition;
use cardhost_core::failure::Error;
use cardhost_core::load::LoadFault;
use cardhost_core::plan::PlanFault;
use cardhost_core::settle::{FieldFault, FieldProblem, FieldRoot};
use cardhost_core::text::nearest;
use cardhost_document::{Finding, Findings, Kind as NodeKind, Malformed, Node, below};
use form::{Form, Forms};
use given::Given;
use serde_json::Value;

/// What a flow can name outside of itself.
pub trait Surroundings {
    /// A card by its full name, `<connector>/<card>`.
    ///
    /// # Errors
    /// `connector.unknown`, `card.unknown`, or what is wrong with its files.
    fn card(&self, full_name: &str) -> Result<Arc<Definition>, Error>;

    /// The flows that `run.workflow` can name.
    fn flows(&self) -> &[Head];
}

/// Everything that is wrong with a flow, by itself and in its surroundings, and its warnings, by position.
///
/// What is around it is looked at where the document itself has no fault but features that are not carried
/// out. Codes are those of [`super::load`], `connector.unknown`, `card.unknown`, `flow.unknown`,
/// those that a run has for `options` and `input`, such as `options.unknown`, and for credentials (`auth.value`).
///
/// # Example: a card of another name
/// ```
/// use cardhost_core::definition::Definition;
/// use cardhost_core::failure::Error;
/// use cardhost_flow::{Head, Surroundings, check};
/// use cardhost_core::load::LoadFault;
/// use std::sync::Arc;
///
/// struct Nothing;
/// impl Surroundings for Nothing {
///     fn card(&self, name: &str) -> Result<Arc<Definition>, Error> {
///         let nearest = Some("shop/get-pet".to_owned());
///         Err(LoadFault::UnknownCard { name: name.to_owned(), nearest }.into())
///     }
///     fn flows(&self) -> &[Head] {
///         &[]
///     }
/// }
/// let text = "
/// document: { dsl: '1.0.3', namespace: x, name: y, version: 1.0.0 }
/// do:
///   - pet: { call: get-pat@shop }
/// ";
/// let findings = check("y.yaml", text, &Nothing);
/// assert_eq!(findings[0].code.as_str(), "card.unknown");
/// assert_eq!(findings[0].place.line_column, Some((4, 18)));
/// assert_eq!(findings[0].hint(), Some("did you mean `get-pet@shop`?"));
/// ```
#[must_use]
pub fn check(file: &str, text: &str, surroundings: &dyn Surroundings) -> Vec<Finding> {
    let (_, findings) = examine(file, text, |document, root, findings| {
        let mut checker = Checker { surroundings, cards: HashMap::new(), findings };
        checker.document(document, root);
    });
    findings
}

type Card = Result<Arc<Definition>, DocumentFault>;

struct Checker<'c, 't> {
    surroundings: &'c dyn Surroundings,
    /// By full name: many tasks call the same card.
    cards: HashMap<String, Card>,
    findings: &'c mut Findings<'t>,
}

impl Checker<'_, '_> {
    fn document(&mut self, document: &Document, root: &Node) {
        traps::check(document, root, self.findings);
        for task in &document.tasks {
            let Some(node) = root.find(&task.reference) else { continue };
            match &task.kind {
                Kind::Call(call) => {
                    let pointer = &task.reference;
                    match &**call {
                        Call::Card(card) => self.call(card, node, pointer),
                        Call::Http(http) => {
                            let own = http.endpoint.authentication.as_deref();
                            self.authentication(own, node, pointer, "/with/endpoint");
                        }
                        Call::OpenApi(openapi) => {
                            let of_document = openapi.document.authentication.as_deref();
                            let place = "/with/document/endpoint";
                            self.authentication(of_document, node, pointer, place);
                            let own = openapi.authentication.as_deref();
                            self.authentication(own, node, pointer, "/with");
                        }
                        Call::Function(_) => {}
                    }
                }
                Kind::Run(run) => self.run(run, node, &task.reference),
                _ => {}
            }
        }
    }

    /// Credentials that stand in the document, where no scheme could carry them.
    fn authentication(
        &mut self,
        authentication: Option<&Authentication>,
        node: &Node,
        pointer: &str,
        within: &str,
    ) {
        let Some(Authentication { scheme, settings }) = authentication else { return };
        let Settings::Given(Shaped::Constant(settings)) = settings else { return };
        let Value::Object(settings) = Value::from(settings.clone()) else { return };
        let (scheme, token_endpoint) = (scheme.clone(), None);
        let within = format!("{within}/authentication");
        // It may be one of `use.authentications`.
        let there = [&*scheme, "use"].map(|key| below(&within, key));
        let place = there.iter().find_map(|place| Some((place, node.find(place)?)));
        let Some((place, found)) = place else { return };
        let known = HttpAuthentication { scheme, settings, token_endpoint };
        if let Some(fault) = unusable_credentials(known) {
            let fault = DocumentFault::Invocation(Box::new(fault));
            self.findings.at(&format!("{pointer}{place}"), &found.start(), fault);
        }
    }

    fn run(&mut self, run: &RunWorkflow, node: &Node, pointer: &str) {
        let own = format!("{}/{}", run.namespace, run.name);
        let name = |head: &Head| format!("{}/{}", head.namespace, head.name);
        let flows = self.surroundings.flows();
        let versions: Vec<&str> = flows
            .iter()
            .filter(|head| name(head) == own)
            .map(|head| head.version.as_str())
            .collect();
        if versions.contains(&run.version.as_str())
            || (run.version == "latest" && !versions.is_empty())
        {
            return;
        }
        let (found, nearest) = match versions.last() {
            Some(version) => (format!("{own}:{}", run.version), Some(format!("{own}:{version}"))),
            None => {
                let names: Vec<String> = flows.iter().map(name).collect();
                let nearest = nearest(&own, names.iter().map(String::as_str));
                (own, nearest)
            }
        };
        let place = format!("{pointer}/run/workflow");
        let key = if versions.is_empty() { "name" } else { "version" };
        if let Some(node) = node.find(&format!("/run/workflow/{key}")) {
            let fault = DocumentFault::UnknownName { what: "flow", found, nearest };
            self.findings.at(&below(&place, key), &node.at, fault);
        }
    }

    fn call(&mut self, call: &CallCard, node: &Node, pointer: &str) {
        let Some(called) = node.get("call") else { return };
        let place = below(pointer, "call");
        let definition = match self.card(call) {
            Ok(definition) => definition,
            Err(fault) => return self.findings.at(&place, &called.at, fault),
        };
        let there = definition.card.version.as_str();
        if let Some(version) = call.version.as_ref().filter(|version| *version != there) {
            let fault = DocumentFault::CardVersion {
                card: definition.full_name(),
                found: version.clone(),
                there: there.to_owned(),
            };
            // Another version may take other options and inputs.
            return self.findings.at(&place, &called.at, fault);
        }
        let with = node.get("with").map(|node| Given::new(node, &call.with));
        let options = with.and_then(|with| with.get("options"));
        let input = with.and_then(|with| with.get("input"));
        let pointer = below(pointer, "with");
        if let Some(connection) = with.and_then(|with| with.get("connection")) {
            self.connection(&definition.connector, connection, &below(&pointer, "connection"));
        }
        let forms = Forms { card: &definition.card, options, input };
        let mut form = Form { forms: &forms, called, findings: self.findings };
        form.options(&below(&pointer, "options"));
        form.groups(&below(&pointer, "input"));
    }

    fn card(&mut self, call: &CallCard) -> Card {
        let full_name = format!("{}/{}", call.connector, call.card);
        let surroundings = self.surroundings;
        let found = self.cards.entry(full_name).or_insert_with_key(|full_name| {
            surroundings.card(full_name).map_err(|error| unusable(call, full_name, &error))
        });
        found.clone()
    }

    /// The name of a connection, or its fields.
    fn connection(&mut self, connector: &Connector, given: Given<'_>, pointer: &str) {
        let node = given.node;
        if given.is_expression() || matches!(node.kind, NodeKind::Null | NodeKind::Text(_)) {
            return;
        }
        if !matches!(node.kind, NodeKind::Map(_)) {
            let fault = Malformed::wrong_type(&["text", "object"], node.type_name());
            return self.findings.at(pointer, &node.start(), fault);
        }
        for entry in node.entries().iter().filter(|entry| entry.key != "fields") {
            let fault =
                Malformed::UnknownKey { key: entry.key.clone(), known: vec!["fields".to_owned()] };
            self.findings.at(&below(pointer, &entry.key), &entry.key_at, fault);
        }
        let Some(fields) = given.get("fields").filter(|fields| !fields.is_expression()) else {
            return;
        };
        let known = &connector.connection.fields;
        for entry in fields.node.entries().iter().filter(|entry| !known.contains_key(&entry.key)) {
            let nearest = nearest(&entry.key, known.keys().map(String::as_str));
            let path = vec![entry.key.clone()];
            let problem = FieldProblem::Unknown { nearest };
            let fault = field_fault(FieldRoot::Connection, path, problem);
            let place = below(&below(pointer, "fields"), &entry.key);
            self.findings.at(&place, &entry.key_at, fault);
        }
    }
}

/// Why a card cannot be called, as it is written in a flow.
fn unusable(call: &CallCard, full_name: &str, error: &Error) -> DocumentFault {
    let in_flow = |name: &str| match name.split_once('/') {
        Some((connector, card)) => format!("{card}@{connector}"),
        None => name.to_owned(),
    };
    match error.fault().downcast_ref() {
        Some(LoadFault::UnknownConnector { nearest, .. }) => DocumentFault::UnknownName {
            what: "connector",
            found: call.connector.clone(),
            nearest: nearest.clone(),
        },
        Some(LoadFault::UnknownCard { nearest, .. }) => DocumentFault::UnknownName {
            what: "card",
            found: format!("{}@{}", call.card, call.connector),
            nearest: nearest.as_deref().map(in_flow),
        },
        _ => DocumentFault::CardBroken {
            card: full_name.to_owned(),
            code: error.code().clone(),
            reason: error.message(),
        },
    }
}

fn field_fault(root: FieldRoot, path: Vec<String>, problem: FieldProblem) -> DocumentFault {
    DocumentFault::Invocation(Box::new(PlanFault::Field(FieldFault { root, path, problem })))
}
