//! What is looked up after a login: its target, its request, what it gives.

use cardhost_core::auth::LookUp;
use cardhost_core::connector::{Connector, Target};
use cardhost_core::error::Code;
use cardhost_core::template::{Reference, Root, Template, ValueTemplate};

use super::fault::DefinitionFault;
use super::findings::Findings;
use super::known::{given_field, is_of_card, known_target, plain_path};
use super::names::{Item, Names};
use super::parts;
use super::references::{CONNECTED, Rules};

/// The root of its reply.
const REPLY: &[Root] = &[Root::Response];

/// The roots of one of what its reply lists.
const ITEM: &[Root] = &[Root::Response, Root::Item];

/// Checks what a method looks up.
pub(super) fn check(
    names: Names<'_>,
    method: &str,
    look_up: &LookUp,
    place: &str,
    findings: &mut Findings<'_>,
) {
    let connector = names.connector;
    let at = |key: &str| format!("{place}/{key}");
    known_target(connector, &look_up.target, &at("target"), findings);
    if let Some(target) = connector.targets.get(&look_up.target) {
        if is_of_card(target) {
            let fault = DefinitionFault::NoBase { target: look_up.target.clone() };
            findings.at(Code::DEFINITION_VALUE, &at("target"), fault);
        }
        let together = |needs: String| DefinitionFault::Together { part: "lookUp", needs };
        if !target.auth.iter().any(|name| name == method) {
            let needs = format!("needs a target whose `auth` has `{method}`");
            findings.at(Code::DEFINITION_VALUE, &at("target"), together(needs));
        }
        if let Some(label) = own(connector, look_up, target) {
            let needs = format!("needs a request without `{label}`, which it gives itself");
            findings.at(Code::DEFINITION_VALUE, &at("target"), together(needs));
        }
    }
    names.template(&look_up.path, &at("path"), CONNECTED, findings);
    plain_path(&look_up.path, &at("path"), findings);
    if let Some(headers) = &look_up.headers {
        parts::headers(names, headers, &at("headers"), CONNECTED, findings);
    }
    if let Some(query) = &look_up.query {
        parts::parameters(names, query, &at("query"), CONNECTED, findings);
    }
    if let Some(body) = &look_up.body {
        parts::body(names, body, &at("body"), CONNECTED, findings);
    }
    let of_reply = Rules { roots: REPLY, needs_values: false };
    let of_item = Rules { roots: ITEM, needs_values: false };
    let items = match look_up.choose {
        Some(_) => Names { item: Some(Item { of: None }), ..names },
        None => names,
    };
    if let Some(choose) = &look_up.choose {
        if let Some(list) = &choose.items {
            names.template(list, &at("choose/items"), of_reply, findings);
        }
        items.template(&choose.value, &at("choose/value"), of_item, findings);
        if let Some(title) = &choose.title {
            items.template(title, &at("choose/title"), of_item, findings);
        }
    }
    for (label, template) in &look_up.gives {
        let place = cardhost_document::below(&at("gives"), label);
        let rules = if look_up.choose.is_some() { of_item } else { of_reply };
        items.template(template, &place, rules, findings);
        given_field(connector, label, &place, findings);
    }
}

/// A field that the request needs, and that only its own reply brings.
fn own<'a>(
    connector: &'a Connector,
    look_up: &'a LookUp,
    target: &'a Target,
) -> Option<&'a String> {
    let mut needed: Vec<&Reference> = look_up.path.references();
    target.base.each_by(&mut |by| needed.push(by));
    target.base.each("", &mut |base, _| {
        needed.extend(base.template().map_or_else(Vec::new, Template::references));
    });
    let parts = [&target.headers, &target.query, &look_up.headers, &look_up.query];
    let parts = parts.into_iter().chain([&connector.headers, &connector.query]);
    let body = look_up.body.iter().flat_map(|body| [&body.json, &body.form]);
    for part in parts.chain(body).flatten() {
        ValueTemplate::each_reference(part, &mut |reference| needed.push(reference));
    }
    let texts = look_up.body.iter().flat_map(|body| [&body.xml, &body.text]).flatten();
    needed.extend(texts.flat_map(Template::references));
    let needed = needed.into_iter().filter(|reference| !reference.optional);
    let mut labels = needed
        .filter(|reference| reference.root == Root::Connection)
        .filter_map(|reference| reference.segments.first());
    labels.find(|label| look_up.gives.contains_key(*label))
}
