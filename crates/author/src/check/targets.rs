//! What a connector says besides its fields: names, auth methods, targets, error rules, the connection's test.

use super::conditions::check_when;
use super::fault::{Absence, DefinitionFault, Remedy, Table};
use super::fields::Form;
use super::findings::Findings;
use super::known::{
    CONNECTION, given_field, is_of_card, known_method, known_target, plain_path, unknown,
};
use super::names::Names;
use super::references::{CONNECTED, Rules};
use super::{auth, calls, decisions, look_up, parts, replies};
use cardhost_core::auth::{AuthMethod, OAuth2};
use cardhost_core::base_url::BaseUrl;
use cardhost_core::connection::Connection;
use cardhost_core::connector::{Connector, Target};
use cardhost_core::error::{Code, pointer};
use cardhost_core::failure::Error;
use cardhost_core::field::FieldType;
use cardhost_core::host_pattern::is_allowed;
use cardhost_core::settle::FieldRoot;
use cardhost_core::template::Decision;
use cardhost_core::template::{Part, Reference, Root, Template, ValueTemplate};
use cardhost_core::token::TokenScheme;
use cardhost_document::Malformed;

/// Whether what a login sends there may depend on the moment: where it goes and what is said of the client may not.
fn sees_moment(key: &str) -> bool {
    let step = key.strip_prefix("login/");
    let step =
        step.map(|inside| inside.trim_start_matches(|c: char| c.is_ascii_digit() || c == '/'));
    let sent = ["tokenParameters/", "tokenRequest/", "assertion/claims/"];
    step.is_some_and(|inside| !inside.starts_with("url"))
        || sent.iter().any(|sent| key.starts_with(sent))
}

/// The roots of what is signed.
const SIGNED: &[Root] = &[Root::Connection, Root::Signing];

/// The roots of a base URL whose hosts are listed.
const GIVEN: &[Root] = &[Root::Connection, Root::Options, Root::Input];

/// The root of what a login or the connection's test gives.
const LOGIN_REPLY: &[Root] = &[Root::Response];

/// The roots of what a login gives besides its token.
const LOGIN: &[Root] = &[Root::Response, Root::Redirect];

/// The roots of a step of a login, and of what its reply gives.
const STEP: &[Root] = &[Root::Connection, Root::Login];
const STEP_REPLY: &[Root] = &[Root::Response, Root::Login];

/// Checks a connector whose shape is right.
pub(super) fn check(connector: &Connector, path: &str, findings: &mut Findings<'_>) {
    let names = Names::of_connector(connector);
    let mut parts = path.rsplit(['/', '\\']);
    if let Some(folder) = parts.nth(1) {
        same_name("folder", folder, connector.name.as_str(), findings);
    }
    Form::new(names, FieldRoot::Connection).check(
        &connector.connection.fields,
        "/connection/fields",
        findings,
    );
    for (label, field) in &connector.connection.fields {
        let given = |method: &AuthMethod| method.brings().contains(&label.as_str());
        if field.from.is_some() && !connector.auth.values().any(given) {
            let place = format!("{}/from", pointer(&["connection", "fields", label]));
            let needs = "needs an auth method that gives the field (`gives`)".to_owned();
            let fault = DefinitionFault::Together { part: "from", needs };
            findings.at_key(Code::DEFINITION_VALUE, &place, fault);
        }
    }
    connection_example(connector, findings);
    connection_test(names, findings);
    for (name, method) in &connector.auth {
        let scheme = method.scheme();
        let gives = scheme.gives();
        let templates = scheme.templates().into_iter().map(|it| (it, [CONNECTION, STEP]));
        let signing = scheme.signing_templates().into_iter().map(|it| (it, [SIGNED, SIGNED]));
        let replies = scheme.reply_templates().into_iter();
        let replies = replies.map(|it| (it, [LOGIN_REPLY, STEP_REPLY]));
        let given =
            gives.iter().map(|it| ((it.key.as_str().into(), it.value), [LOGIN, STEP_REPLY]));
        let all = templates.chain(signing).chain(replies);
        for ((key, template), [own, in_login]) in all.chain(given) {
            let key: std::borrow::Cow<'_, str> = key;
            let steps = scheme.known_steps(&key);
            let steps = steps.unwrap_or_default();
            let roots = if steps.is_empty() { own } else { in_login };
            let names = Names { login: &steps, ..names };
            let rules = Rules { roots, needs_values: false };
            names.template(template, &below(name, &key), rules, findings);
            if scheme.needs_token() && !sees_moment(&key) {
                calls::no_moments(template, &below(name, &key), findings);
            }
        }
        for given in &gives {
            given_field(connector, given.label, &below(name, &given.key), findings);
        }
        if let Some((key, look_up)) = scheme.look_up() {
            look_up::check(names, name, look_up, &below(name, &key), findings);
        }
        for (key, part) in method.single_methods() {
            credential(connector, (name, &key), part, findings);
        }
        auth::check(names, name, method, findings);
    }
    for (name, target) in &connector.targets {
        let place = pointer(&["targets", name]);
        auth_names(connector, &target.auth, &format!("{place}/auth"), findings);
        let base = format!("{place}/base");
        let table = Table::Target(name.clone());
        decisions::check(names, &table, &target.base, &base, CONNECTION, findings);
        target.base.each(&base, &mut |url, place| base_url(names, target, url, place, findings));
        said_once(names, (&target.headers, &target.query), &place, findings);
        replies::check(names, &target.failures, &format!("{place}/failures"), findings);
        for (index, hint) in target.hints.iter().enumerate() {
            let place = format!("{place}/hints/{index}/when");
            check_when(names, &hint.when, &place, CONNECTION, findings);
        }
    }
    said_once(names, (&connector.headers, &connector.query), "", findings);
    replies::check(names, &connector.errors, "/errors", findings);
    replies::check(names, &connector.failures, "/failures", findings);
}

/// Checks the headers and parameters that hold for every card.
fn said_once(
    names: Names<'_>,
    (headers, query): (&Option<ValueTemplate>, &Option<ValueTemplate>),
    pointer: &str,
    findings: &mut Findings<'_>,
) {
    if let Some(headers) = headers {
        parts::headers(names, headers, &format!("{pointer}/headers"), CONNECTED, findings);
    }
    if let Some(query) = query {
        parts::parameters(names, query, &format!("{pointer}/query"), CONNECTED, findings);
    }
}

/// Checks a base URL: its form, what it refers to, and its host against those that the target allows.
fn base_url(
    names: Names<'_>,
    target: &Target,
    base: &BaseUrl,
    place: &str,
    findings: &mut Findings<'_>,
) {
    if base.is_none() {
        return no_base(target, place, findings);
    }
    let parts = match base.template() {
        Some(template) => {
            let roots = if target.hosts.is_empty() { CONNECTION } else { GIVEN };
            let rules = Rules { roots, needs_values: true };
            names.template(template, place, rules, findings);
            let Ok(parts) = template.parts() else { return };
            parts
        }
        None => &[],
    };
    if !base.is_well_formed() {
        let expected = match parts {
            [] => "an absolute URL without user, query and fragment",
            _ => {
                "a base URL: expressions stand in its host, port and path, or are all of it up to the path"
            }
        };
        let fault = Malformed::form(expected, base.text());
        findings.at(Code::DEFINITION_VALUE, place, fault.into());
        return;
    }
    // A row of a table may be for the choice that makes a field visible.
    let decided = matches!(target.base, Decision::By { .. });
    for part in parts {
        let (references, remedy) = match part {
            Part::Text(_) => continue,
            Part::Reference(reference) => (std::slice::from_ref(reference), Remedy::Required),
            Part::Helper(helper) if helper.gives_default() => continue,
            Part::Helper(helper) => (helper.references(), Remedy::DefaultHelper),
        };
        for reference in references {
            let absence = names.resolve(reference).ok().and_then(|referred| referred.absence);
            let guarded = decided && absence == Some(Absence::NotAlwaysVisible);
            if let Some(because) = absence.filter(|_| !guarded) {
                // No part of a base URL can be left out.
                let reference = reference.to_string();
                let fault = DefinitionFault::MayBeAbsent { reference, because, remedy };
                findings.at(Code::TEMPLATE_OPTIONAL, place, fault);
            }
        }
    }
    if let Some(url) = base.url()
        && !is_allowed(&target.hosts, url)
    {
        let found = url.host_str().unwrap_or_default().to_owned();
        let expected = target.hosts.iter().map(|host| host.0.clone()).collect();
        let fault = DefinitionFault::HostNotListed { found, expected };
        findings.at(Code::DEFINITION_VALUE, place, fault);
    }
    if base.is_open() && target.hosts.is_empty() && !chosen_only(names, base) {
        let fault = DefinitionFault::OpenHost { base: base.text().to_owned() };
        findings.warn(Code::EGRESS_OPEN, place, fault);
    }
}

/// Checks a target without a base URL: its hosts say where it may lead.
fn no_base(target: &Target, place: &str, findings: &mut Findings<'_>) {
    let above = place.trim_end_matches("/base");
    if findings.document().has(place) {
        let fault = Malformed::form("an absolute URL without user, query and fragment", "");
        findings.at(Code::DEFINITION_VALUE, place, fault.into());
    } else if target.hosts.is_empty() {
        let of = vec!["base".to_owned(), "hosts".to_owned()];
        let fault = Malformed::ExactlyOne { of, found: Vec::new() };
        findings.at(Code::DEFINITION_MISSING_KEY, above, fault.into());
    }
}

/// Whether only choices of the connector's author are put into the host.
fn chosen_only(names: Names<'_>, base: &BaseUrl) -> bool {
    base.host_references().all(|reference| {
        let field = names.resolve(reference).ok().and_then(|referred| referred.field);
        field.is_some_and(|field| field.kind == FieldType::Dropdown)
    })
}

/// Checks that a method takes its credentials from the connection, and is not given their names as text.
fn credential(
    connector: &Connector,
    (name, above): (&str, &str),
    method: &AuthMethod,
    findings: &mut Findings<'_>,
) {
    let templates = method.scheme().templates();
    // The text of a field's name, with or without its root.
    let named = |text: &str| {
        let label = match Reference::parse(text) {
            Some(reference) if reference.root == Root::Connection => {
                reference.segments.into_iter().next()?
            }
            _ => text.to_owned(),
        };
        connector.connection.fields.contains_key(&label).then(|| field_reference(&label))
    };
    let mut found = false;
    for (key, template) in &templates {
        let Some(text) = template.as_literal() else { continue };
        // A label alone may be meant as it stands where the other part is a reference.
        if let Some(meant) = named(text).filter(|_| text.starts_with(Root::Connection.as_str())) {
            let method = name.to_owned();
            let place = below(name, &format!("{above}{key}"));
            let fault =
                DefinitionFault::NoCredential { key: key.to_string(), method, meant: Some(meant) };
            findings.at(Code::DEFINITION_VALUE, &place, fault);
            found = true;
        }
    }
    // A fault of a template is told by its own check.
    let refers = |(_, template): &(_, &Template)| {
        template.parts().is_err() || !template.references().is_empty()
    };
    let oauth2 = TokenScheme::of(method).and_then(TokenScheme::oauth2);
    let login_is_all = oauth2.is_some_and(OAuth2::login_is_all);
    if found || templates.is_empty() || templates.iter().any(refers) || login_is_all {
        return;
    }
    let text = |template: &Template| template.as_literal().unwrap_or_default().to_owned();
    let last = templates.iter().rev().find(|(_, template)| !text(template).is_empty());
    let Some((key, template)) = last.or_else(|| templates.last()) else {
        return;
    };
    let secrets = connector.connection.fields.iter().filter(|(_, f)| f.kind == FieldType::Secret);
    let secret = || secrets.map(|(label, _)| field_reference(label)).next();
    let meant = named(&text(template)).or_else(secret);
    let place = below(name, &format!("{above}{key}"));
    let fault =
        DefinitionFault::NoCredential { key: key.to_string(), method: name.to_owned(), meant };
    findings.at(Code::DEFINITION_VALUE, &place, fault);
}

/// The pointer of a key of an auth method.
fn below(name: &str, key: &str) -> String {
    format!("{}/{key}", pointer(&["auth", name]))
}

fn field_reference(label: &str) -> String {
    let segments = vec![label.to_owned()];
    Reference { root: Root::Connection, segments, optional: false }.to_string()
}

/// Checks that the made-up connection is one.
fn connection_example(connector: &Connector, findings: &mut Findings<'_>) {
    let no_sources = |_: &_| Err("an example gives values".to_owned());
    let fields = connector.connection.example().ok().flatten();
    let Some(Err(error)) = fields.map(|fields| Connection::settle(connector, fields, &no_sources))
    else {
        return;
    };
    let error = Error::from(error);
    let place = error.place().pointer.replacen("/connection/fields", "/connection/example", 1);
    let place = if place.is_empty() { "/connection/example" } else { &place };
    let fault = DefinitionFault::ConnectionExample { reason: error.message() };
    findings.at(Code::DEFINITION_VALUE, place, fault);
}

fn connection_test(names: Names<'_>, findings: &mut Findings<'_>) {
    let connector = names.connector;
    let Some(test) = &connector.connection.test else {
        return;
    };
    known_target(connector, &test.target, "/connection/test/target", findings);
    if connector.targets.get(&test.target).is_some_and(is_of_card) {
        let fault = DefinitionFault::NoBase { target: test.target.clone() };
        findings.at(Code::DEFINITION_VALUE, "/connection/test/target", fault);
    }
    known_method(&test.method, "/connection/test/method", findings);
    let rules = Rules { needs_values: true, ..CONNECTED };
    names.template(&test.path, "/connection/test/path", rules, findings);
    plain_path(&test.path, "/connection/test/path", findings);
    if let Some(headers) = &test.headers {
        parts::headers(names, headers, "/connection/test/headers", rules, findings);
    }
    if let Some(query) = &test.query {
        parts::parameters(names, query, "/connection/test/query", rules, findings);
    }
    if let Some(body) = &test.body {
        parts::body(names, body, "/connection/test/body", rules, findings);
    }
    if let Some(identity) = &test.identity {
        let rules = Rules { roots: LOGIN_REPLY, needs_values: false };
        names.template(identity, "/connection/test/identity", rules, findings);
    }
}

/// Checks a definition's name against the name of its folder or file.
pub(super) fn same_name(
    of: &'static str,
    expected: &str,
    found: &str,
    findings: &mut Findings<'_>,
) {
    if expected != found {
        let (expected, found) = (expected.to_owned(), found.to_owned());
        findings.at(Code::DEFINITION_NAME, "/name", DefinitionFault::Name { of, expected, found });
    }
}

/// Checks a list of auth methods: not empty, each one the connector's.
pub(super) fn auth_names(
    connector: &Connector,
    list: &[String],
    pointer: &str,
    findings: &mut Findings<'_>,
) {
    if list.is_empty() {
        findings.at(Code::TARGET_NO_AUTH, pointer, DefinitionFault::NoAuth);
    }
    for (index, name) in list.iter().enumerate() {
        if !connector.auth.contains_key(name) {
            let fault = unknown("auth method", name, connector.auth.keys());
            findings.at(Code::DEFINITION_NAME, &format!("{pointer}/{index}"), fault);
        }
    }
}
