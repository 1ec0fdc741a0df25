//! A planned request as a `curl` command; credentials are environment variables, never values.

mod body;

use std::fmt::Write as _;

use cardhost_core::auth::{AuthMethod, CredentialPlace, InCurl};
use cardhost_core::connection::Connection;
use cardhost_core::definition::Definition;
use cardhost_core::file::{OpenedFile, paths_in};
use cardhost_core::plan::{Circumstances, Plan, PlanSettings, Refusal, plan_in};
use cardhost_core::template::{Reference, Root, Template};

use crate::variable::variable;

/// Writes the command. The variables it needs are named in comments above it.
///
/// # Errors
/// As [`cardhost_core::plan::plan`]; the request is planned again with marks in place of the secrets.
pub fn curl(
    definition: &Definition,
    connection: &Connection,
    planned: &Plan,
    settings: &PlanSettings,
) -> Result<String, Refusal> {
    let connector = &*definition.connector;
    let prefix = variable(connector.name.as_str());
    let labels: Vec<&String> = connector.connection.fields.keys().collect();
    let mark = mark(planned);
    // What a host is made of must be a host: the value stays, and is masked when the command is written.
    // What is signed with must be a key, and stays out of the command altogether.
    let kept =
        |label: &str| decides_host(definition, planned, label) || signs(definition, planned, label);
    let marked = connection.marked(&kept, |label| {
        let index = labels.iter().position(|known| *known == label).unwrap_or(0);
        format!("{mark}{index}X")
    });
    let files = files(definition, planned);
    let told = Circumstances { files: &files, ..Circumstances::default() };
    let values = (planned.options.clone(), planned.input.clone());
    let again = plan_in(definition, &marked, values, &told, settings)?;
    let redact = |text: &str| planned.request.redactor.redact(text).into_owned();
    let shell = |text: &str| {
        let mut quoted = quote(text);
        for (index, label) in labels.iter().enumerate() {
            let name = format!("{prefix}_{}", variable(label));
            quoted = quoted.replace(&format!("{mark}{index}X"), &format!("'\"${name}\"'"));
        }
        quoted
    };
    let mut command = String::new();
    for label in &labels {
        if connection.is_secret(label) && uses(definition, &again, label) {
            // Writing to a String cannot fail.
            let _ = writeln!(command, "# {prefix}_{}: {label}", variable(label));
        }
    }
    let parts = connector.auth.get(&again.auth).map(AuthMethod::parts).unwrap_or_default();
    let token = parts.iter().find_map(|part| match part.scheme().in_curl() {
        InCurl::Token(place) => Some(place),
        _ => None,
    });
    if token.is_some() {
        let _ = writeln!(command, "# {prefix}_TOKEN: a token of auth method `{}`", again.auth);
    }
    for part in parts.iter().filter(|part| is_left_out(part)) {
        let _ =
            writeln!(command, "# without what `{}` adds: it is made for each request", part.name());
    }
    let method = match again.request.method.as_str() {
        // With a body curl would do both, and refuses.
        "HEAD" if again.request.body.is_none() => "--head".to_owned(),
        method => format!("--request {method}"),
    };
    let _ = write!(command, "curl --globoff {method}");
    let (url, encoded_by_curl) = split_query(&again.request.url, &mark);
    let _ = write!(command, " \\\n  --url {}", shell(&redact(&url)));
    for pair in encoded_by_curl {
        let _ = write!(command, " \\\n  --url-query {}", shell(&redact(&pair)));
    }
    let user = parts.iter().find_map(|part| match part.scheme().in_curl() {
        InCurl::User { options, username, password } => Some((options, username, password)),
        _ => None,
    });
    if let Some((options, username, password)) = user {
        let text = |template: &Template| {
            template.text(&marked).ok().flatten().unwrap_or_default().into_owned()
        };
        let user = format!("{}:{}", text(username), text(password));
        let _ = write!(command, " \\\n  {options} {}", shell(&redact(&user)));
    }
    if let Some(token) = token {
        let (option, between) = match token.place {
            CredentialPlace::Header => ("--header", ": "),
            CredentialPlace::Query => ("--url-query", "="),
            CredentialPlace::Cookie => ("--cookie", "="),
        };
        let start = quote(&[&token.name, between, &token.prefix].concat());
        let _ = write!(command, " \\\n  {option} {start}\"${prefix}_TOKEN\"");
    }
    let body = body::options(&again.request, &planned.request.redactor);
    for (name, value) in &again.request.headers {
        let skipped = user.is_some() && name == http::header::AUTHORIZATION;
        if skipped || name == http::header::ACCEPT_ENCODING || body.left_out.contains(name) {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        // Without a value curl takes `name:` for "leave it out", and `name;` for an empty header.
        let header = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        let _ = write!(command, " \\\n  --header {}", shell(&redact(&header)));
    }
    command.push_str(" \\\n  --compressed");
    for (option, text) in &body.options {
        let _ = write!(command, " \\\n  {option} {}", shell(text));
    }
    command.push('\n');
    for note in body.notes.iter().rev() {
        command.insert_str(0, &format!("# {note}\n"));
    }
    if command.contains(cardhost_core::secret::MASK) {
        let note = "# where it says [redacted] stands a sensitive input: fill it in\n";
        command.insert_str(0, note);
    }
    Ok(command)
}

/// The files of the invocation, which curl reads itself.
fn files(definition: &Definition, planned: &Plan) -> Vec<OpenedFile> {
    let paths = paths_in(&definition.card.input, &planned.input).into_iter();
    paths
        .map(|named| OpenedFile { path: named.path.into(), size: named.size, bytes: None })
        .collect()
}

/// What stands for a secret while the command is written: text that nothing of the invocation holds, so that no one
/// can ask for a secret by writing it.
fn mark(planned: &Plan) -> String {
    let mut mark = "CARDHOSTSECRET".to_owned();
    let given = [&planned.options, &planned.input]
        .map(|map| serde_json::to_string(map).unwrap_or_default())
        .concat();
    let given = format!("{given}{}", planned.request.url);
    while given.contains(&mark) {
        mark.push('Q');
    }
    mark
}

/// The URL without the query parameters that hold a mark, and those as `name=value` for curl to encode: the value
/// of a variable is not known here.
fn split_query(url: &url::Url, mark: &str) -> (String, Vec<String>) {
    let query = url.query().unwrap_or_default();
    let (marked, plain): (Vec<&str>, Vec<&str>) =
        query.split('&').filter(|pair| !pair.is_empty()).partition(|pair| pair.contains(mark));
    let mut shown = url.clone();
    if !marked.is_empty() {
        let plain = plain.join("&");
        shown.set_query(Some(plain.as_str()).filter(|plain| !plain.is_empty()));
    }
    (shown.to_string(), marked.into_iter().map(str::to_owned).collect())
}

/// Whether the planned request carries the field's secret.
fn uses(definition: &Definition, plan: &Plan, label: &str) -> bool {
    let method = definition.connector.auth.get(&plan.auth);
    let parts = method.map(AuthMethod::parts).unwrap_or_default();
    let by_auth = parts.iter().filter(|part| !is_left_out(part)).any(|part| {
        // What a token is got with is not what a request carries.
        let scheme = part.scheme();
        let carried = !scheme.needs_token();
        carried && scheme.templates().iter().any(|(_, template)| refers_to(template, label))
    });
    let mut by_request = false;
    let request = &definition.card.request;
    let body = request.body.as_ref();
    let of_body = body.into_iter().flat_map(|body| body.values().map(|(_, value)| value));
    for value in request.query.iter().chain(&request.headers).chain(of_body) {
        value.each("", &mut |template, _| by_request |= refers_to(template, label));
    }
    by_auth || by_request
}

/// Whether the field decides the host of the planned request.
fn decides_host(definition: &Definition, plan: &Plan, label: &str) -> bool {
    let mut decides = false;
    if let Some(target) = definition.connector.targets.get(&plan.target) {
        target.base.each("", &mut |base, _| {
            decides |= base.host_references().any(|reference| leads_to(reference, label));
        });
    }
    decides
}

fn refers_to(template: &Template, label: &str) -> bool {
    template.references().iter().any(|reference| leads_to(reference, label))
}

fn leads_to(reference: &Reference, label: &str) -> bool {
    reference.root == Root::Connection
        && reference.segments.first().is_some_and(|first| first == label)
}

/// Whether a scheme's work cannot be written into a command.
fn is_left_out(method: &AuthMethod) -> bool {
    matches!(method.scheme().in_curl(), InCurl::LeftOut)
}

/// Whether the field is part of what is left out.
fn signs(definition: &Definition, plan: &Plan, label: &str) -> bool {
    let method = definition.connector.auth.get(&plan.auth);
    let parts = method.map(AuthMethod::parts).unwrap_or_default();
    parts.iter().filter(|part| is_left_out(part)).any(|part| {
        let templates =
            part.scheme().templates().into_iter().chain(part.scheme().signing_templates());
        templates.into_iter().any(|(_, template)| refers_to(template, label))
    })
}

/// Quotes for a POSIX shell.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
