//! The one place where facts become sentences.
//!
//! A message is a lower-case fragment without a full stop, values in backticks. A hint says what to do.

mod auth;
mod cassette;
mod flow;
mod hints;
mod store;

use std::fmt;

use crate::connection::{ConnectionFault, SecretSource};
use crate::decoder::DecodeFault;
use crate::fault::Fault;
use crate::inject::header::HeaderFault;
use crate::inject::host::HostFault;
use crate::inject::path::{Outside, UrlFault};
use crate::invocation::InvocationFault;
use crate::plan::{PlanFault, Warning};
use crate::response::OutputFault;
use crate::settle::{FieldFault, FieldProblem, FieldRoot};
use crate::template::{TemplateFault, TemplateProblem, TemplateValueError};
use crate::transport_fault::{Denied, TransportFault, TransportFaultKind};

pub use flow::{document, document_hint};
pub use hints::hint;

/// What is wrong.
#[must_use]
pub fn message(fault: &Fault) -> String {
    match fault {
        Fault::Invocation(fault) => invocation(fault),
        Fault::Connection(ConnectionFault::Field(fault)) => field(fault),
        Fault::Connection(ConnectionFault::Source { field, source, reason }) => match source {
            SecretSource::Env(name) => {
                format!(
                    "connection field `{field}` points at environment variable `{name}`: {reason}"
                )
            }
            SecretSource::File(path) => {
                format!("connection field `{field}` points at file `{path}`: {reason}")
            }
        },
        Fault::Store(fault) => store::message(fault),
        Fault::Cassette(fault) => cassette::message(fault),
        Fault::Plan(fault) => plan(fault),
        Fault::Transport { origin, fault } => transport(origin, fault),
        Fault::Grant { method, fault } => auth::grant(method, fault),
        Fault::TooLarge { limit } => format!("the reply's body is longer than {limit} bytes"),
        Fault::Redirects { max } => format!("more than {max} redirects"),
        Fault::Decode(fault) => decode(fault),
        Fault::Output(OutputFault::Field(fault)) => field(fault),
        Fault::Output(OutputFault::Template { path, error }) => {
            format!("output `{}`: {}", path.join("."), template(error))
        }
        Fault::Service { status, message: Some(message) } => {
            format!("the service answered {status}: {message}")
        }
        Fault::Service { status, message: None } => format!("the service answered {status}"),
        Fault::Definition { reason } => reason.clone(),
        Fault::Unknown { what, name, .. } => format!("there is no {what} `{name}`"),
        Fault::NoTest { connector } => {
            format!("connector `{connector}` declares no test of its connections")
        }
        Fault::Unreadable { reason } => format!("the file cannot be read: {reason}"),
        Fault::SecretReference { field } => {
            format!(
                "connection field `{field}` points at the environment or a file, which this host does not allow"
            )
        }
        Fault::InvocationTooLong { limit } => {
            format!("the invocation is longer than {limit} bytes")
        }
        Fault::Flow(fault) => flow::message(fault),
        Fault::Internal { what } => format!("this is a bug in cardhost: {what}"),
    }
}

impl fmt::Display for InvocationFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&invocation(self))
    }
}

impl std::error::Error for InvocationFault {}

fn invocation(fault: &InvocationFault) -> String {
    match fault {
        InvocationFault::Syntax { reason, .. } => format!("the invocation is not JSON: {reason}"),
        InvocationFault::Type { key: "", expected, found } => {
            format!("the invocation must be {}, not {}", article(expected), article(found))
        }
        InvocationFault::Type { key, expected, found } => {
            format!("`{key}` must be {}, not {}", article(expected), article(found))
        }
        InvocationFault::UnknownKey { key, within: "", .. } => {
            format!("the invocation has an unknown key `{key}`")
        }
        InvocationFault::UnknownKey { key, within, .. } => {
            format!("`{within}` has an unknown key `{key}`")
        }
        InvocationFault::DuplicateKey { key } => {
            format!("the invocation has the key `{key}` twice in one object")
        }
        InvocationFault::NoCard => "no card is named".to_owned(),
    }
}

/// What is wrong with a field.
#[must_use]
pub fn field(fault: &FieldFault) -> String {
    let name = field_name(fault);
    match &fault.problem {
        FieldProblem::Missing => format!("{name} is missing"),
        FieldProblem::Type { expected, found } => {
            format!("{name} must be {}, not {}", alternatives(expected), article(found))
        }
        FieldProblem::Choice { found, .. } => {
            format!("{name} has no choice `{}`", crate::template::quoted_expression(found))
        }
        FieldProblem::Format { expected } => format!("{name} must be {expected}"),
        FieldProblem::Range { expected } => format!("{name} must be {expected}"),
        FieldProblem::Unknown { .. } => {
            let what = match fault.root {
                FieldRoot::Connection => "connection field",
                FieldRoot::Options => "option",
                FieldRoot::Input | FieldRoot::Output => "field",
            };
            format!("there is no {what} `{}`", fault.path.last().map_or("", String::as_str))
        }
        FieldProblem::Denied { key } => format!("{name} may not set `{key}`"),
        FieldProblem::Schema { reason } => format!("{name} does not fit its schema: {reason}"),
    }
}

fn field_name(fault: &FieldFault) -> String {
    let (label, above) = match fault.path.split_last() {
        Some((label, above)) => (label.as_str(), above.join(".")),
        None => ("", String::new()),
    };
    if label.parse::<usize>().is_ok() {
        return format!("item {label} of `{above}`");
    }
    match fault.root {
        FieldRoot::Connection => format!("connection field `{}`", fault.path.join(".")),
        FieldRoot::Options => format!("option `{}`", fault.path.join(".")),
        FieldRoot::Input => format!("field `{label}` of `{above}`"),
        FieldRoot::Output => format!("output `{label}` of `{above}`"),
    }
}

fn plan(fault: &PlanFault) -> String {
    match fault {
        PlanFault::Field(fault) => field(fault),
        PlanFault::Group { group, found: Some(found), .. } => {
            format!("input group `{group}` must be an object, not {}", article(found))
        }
        PlanFault::Group { group, .. } => format!("there is no input group `{group}`"),
        PlanFault::Template { error, .. } => template(error),
        PlanFault::Url { fault, .. } => url(fault),
        PlanFault::Query { part, fault, .. } => format!(
            "parameter `{}` of the {} must be text, a number, true-false or a list of them, not {}",
            fault.name,
            part.as_str(),
            article(fault.found)
        ),
        PlanFault::Header { fault, .. } => header(fault),
        PlanFault::NotAnObject { part, found } => {
            format!("the request's {} must be an object, not {}", part.as_str(), article(found))
        }
        PlanFault::Method { found } => format!("`{found}` is not a method a card can have"),
        PlanFault::UnknownTarget { found } => format!("the connector has no target `{found}`"),
        PlanFault::NoRow { table, row } => match &row.value {
            Some(value) => {
                format!("table `{table}` has no row for `{value}` of `{}`", row.by)
            }
            None => format!("table `{table}` needs `{}`, which has no value", row.by),
        },
        PlanFault::BadBase { found, .. } => format!("`{found}` is not a base URL"),
        PlanFault::Base { target, error } => {
            format!("base URL of `{target}`: {}", template(error))
        }
        PlanFault::HostNotAllowed(fault) => format!(
            "host `{}` is not one of those that target `{}` allows",
            fault.host, fault.target
        ),
        PlanFault::AuthMissing { target, methods } => {
            let missing: Vec<String> = methods
                .iter()
                .map(|(name, fields)| format!("`{name}` lacks {}", quoted(fields)))
                .collect();
            format!("no credentials for `{target}`: {}", missing.join("; "))
        }
        PlanFault::UnknownAuth { found, .. } => {
            format!("the connector has no auth method `{found}`")
        }
        PlanFault::Auth { method, fault } => auth::auth(method, fault),
        PlanFault::ContentType => "the body's `contentType` cannot stand in a header".to_owned(),
        PlanFault::BodyTooLong => {
            format!("the request's body is longer than {} bytes", crate::plan::MAX_BODY_BYTES)
        }
    }
}

fn template(error: &TemplateValueError) -> String {
    match error {
        TemplateValueError::Missing { reference } => format!("`{reference}` has no value"),
        TemplateValueError::NotText { expression, found } => {
            format!("`{expression}` is {}, which cannot stand in text", article(found))
        }
        TemplateValueError::NotAnObject { expression, found } => {
            format!("`{expression}` is spread and must be an object, not {}", article(found))
        }
        TemplateValueError::Helper { reason, .. } => reason.clone(),
        TemplateValueError::TooLong => {
            format!("a template renders more than {} bytes", crate::template::MAX_RENDERED_BYTES)
        }
        TemplateValueError::Fault { template, fault } => {
            format!("template `{template}`: {}", template_fault(fault))
        }
    }
}

/// What is wrong with a template's text.
#[must_use]
pub fn template_fault(fault: &TemplateFault) -> String {
    match &fault.problem {
        TemplateProblem::Unclosed { expected } => {
            format!("an expression is not closed with `{expected}`")
        }
        TemplateProblem::Empty => "an expression is empty".to_owned(),
        TemplateProblem::UnknownRoot { found } => {
            format!("`{found}` is neither a root nor a helper")
        }
        TemplateProblem::MalformedReference { found } => {
            format!("`{found}` is not a well-formed reference")
        }
        TemplateProblem::NotAllowed { found } => {
            format!("`{found}` is not allowed: an expression is one reference or one helper call")
        }
        TemplateProblem::UnknownHelper { found } => format!("there is no helper `{found}`"),
        TemplateProblem::Syntax { reason } => format!("the expression cannot be read: {reason}"),
        TemplateProblem::Limit { of: "depth", max } => {
            format!("a helper call nests deeper than {max}")
        }
        TemplateProblem::Limit { of, max } => format!("the template is longer than {max} {of}"),
    }
}

fn url(fault: &UrlFault) -> String {
    match fault {
        UrlFault::OutsideBase { because } => {
            let because = match because {
                Outside::NetworkPath => "it starts with two slashes, which name another host",
                Outside::Authority => "it starts with a character that would change the host",
                Outside::Scheme => "its first segment holds a colon, which names a scheme or port",
                Outside::Backslash => "it holds a backslash, which URLs read as a slash",
                Outside::Parsed => "the URL does not stay under the target's base",
            };
            format!("the path would leave the base URL: {because}")
        }
        UrlFault::ControlCharacter { found } => {
            format!("the path holds the control character U+{:04X}", u32::from(*found))
        }
        UrlFault::DotSegment => "the path holds a `.` or `..` segment".to_owned(),
        UrlFault::EmptySegment { reference } => {
            format!("`{reference}` is empty, but makes up a segment of the path")
        }
        UrlFault::Host { reference, fault } => {
            format!("`{reference}` cannot stand in the base URL: {}", host(fault))
        }
        UrlFault::Invalid { reason } => format!("the URL cannot be parsed: {reason}"),
    }
}

fn host(fault: &HostFault) -> String {
    match fault {
        HostFault::Empty => "it gives no host".to_owned(),
        HostFault::Character { found } if found.is_ascii_graphic() => {
            format!("it holds `{found}`")
        }
        HostFault::Character { found } => format!("it holds U+{:04X}", u32::from(*found)),
        HostFault::Dot => {
            "a host neither starts nor ends with a dot, nor has two in a row".to_owned()
        }
        HostFault::Port => "a port is a number from 1 to 65535".to_owned(),
        HostFault::Scheme => "it does not begin with `https://` or `http://`".to_owned(),
        HostFault::TooLong => {
            format!("the host is longer than {} bytes", crate::inject::host::MAX_HOST_BYTES)
        }
        HostFault::Invalid { reason: None } => {
            "the host is read otherwise than it is written".to_owned()
        }
        HostFault::Invalid { reason: Some(reason) } => reason.to_string(),
    }
}

fn header(fault: &HeaderFault) -> String {
    match fault {
        HeaderFault::Name { name } => {
            format!("`{}` is not a header name", name.escape_default())
        }
        HeaderFault::Value { name, found } => {
            format!("header `{name}` holds the control character U+{:04X}", u32::from(*found))
        }
        HeaderFault::Type { name, found } => {
            format!(
                "header `{name}` must be text, a number, true-false or a list of them, not {}",
                article(found)
            )
        }
        HeaderFault::Denied { name } => format!("header `{name}` may not be set"),
    }
}

fn transport(origin: &str, fault: &TransportFault) -> String {
    let what = match fault.kind {
        TransportFaultKind::Connect => format!("`{origin}` cannot be reached"),
        TransportFaultKind::Dns => format!("the name in `{origin}` has no address"),
        TransportFaultKind::Tls => format!("no trusted TLS connection to `{origin}`"),
        TransportFaultKind::Timeout { which, after } => {
            format!("`{origin}`: the {} limit of {after:?} is over", which.as_str())
        }
        TransportFaultKind::Reset => format!("`{origin}` ended the connection before a reply"),
        TransportFaultKind::Truncated => format!("the reply of `{origin}` ended early"),
        TransportFaultKind::Protocol => format!("the reply of `{origin}` is not well-formed"),
        TransportFaultKind::Egress(denied) => egress(origin, denied),
        TransportFaultKind::Replay(problem) => return cassette::replay(problem, &fault.detail),
    };
    if fault.detail.is_empty() { what } else { format!("{what}: {}", fault.detail) }
}

fn egress(origin: &str, denied: Denied) -> String {
    let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
    let host = match authority.rsplit_once(':') {
        // The last colon of an address without a port is inside its brackets.
        Some((host, port)) if !port.ends_with(']') => host,
        _ => authority,
    };
    let inside = denied.inside.map(|inside| format!(" inside {inside}")).unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match denied.address {
        Some(address) if bare.parse() != Ok(address) => {
            format!("host `{host}` is at {address}, {}{inside}", denied.range)
        }
        _ => format!("host `{host}` is {}{inside}", denied.range),
    }
}

fn decode(fault: &DecodeFault) -> String {
    match fault {
        DecodeFault::Json { reason, line, column } => {
            format!("the reply is not JSON: {reason} at line {line}, column {column}")
        }
        DecodeFault::Charset { charset } => format!("the reply is not text in `{charset}`"),
        DecodeFault::UnknownCharset { charset } => {
            format!("the reply names the unknown character set `{charset}`")
        }
    }
}

/// What deserves attention: a code and a sentence.
#[must_use]
pub fn warning(warning: &Warning) -> (&'static str, String) {
    match warning {
        Warning::NotApplicable(field) => (
            "input.not_applicable",
            format!("`{}` does not apply here and is not sent", field.path.join(".")),
        ),
        Warning::FragmentDropped => {
            ("url.fragment_dropped", "the fragment of the path is not sent".to_owned())
        }
        Warning::NullLeftOut { name } => {
            ("query.null_left_out", format!("parameter `{name}` is null and left out"))
        }
        Warning::TargetHint { target, hint } => ("target.hint", format!("{target}: {hint}")),
        Warning::RedirectNotFollowed { origin } => (
            "redirect.not_followed",
            format!(
                "the service redirects to `{origin}`; redirects are followed on the same origin only, and never with a user in the URL"
            ),
        ),
    }
}

fn alternatives(expected: &[&str]) -> String {
    match expected {
        [] => "nothing".to_owned(),
        [one] => article(one),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|kind| article(kind)).collect();
            format!("{} or {}", first.join(", "), article(last))
        }
    }
}

/// A type's name as it stands in a sentence.
fn article(kind: &str) -> String {
    match kind {
        "secret" | "dropdown" => "text".to_owned(),
        "any" => "any value".to_owned(),
        "object" => "an object".to_owned(),
        "number" | "list" | "date-time" | "file" => format!("a {kind}"),
        other => other.to_owned(),
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
