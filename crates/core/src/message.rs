//! The one place where facts become sentences.
//!
//! A message is a lower-case fragment without a full stop, values in backticks. A hint says what to do.

use crate::auth::AuthFault;
use crate::connection::{ConnectionFault, SecretSource};
use crate::decoder::DecodeFault;
use crate::error::Code;
use crate::fault::Fault;
use crate::inject::header::HeaderFault;
use crate::inject::path::{Outside, UrlFault};
use crate::invocation::InvocationFault;
use crate::plan::{METHODS, PlanFault, Warning};
use crate::response::OutputFault;
use crate::settle::{FieldFault, FieldProblem, FieldRoot};
use crate::template::{TemplateFault, TemplateProblem, TemplateValueError};
use crate::transport_fault::{TransportFault, TransportFaultKind};

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
        Fault::Plan(fault) => plan(fault),
        Fault::Transport(fault) => transport(fault),
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
        Fault::Unreadable { reason } => format!("the file cannot be read: {reason}"),
        Fault::SecretReference { field } => {
            format!(
                "connection field `{field}` points at the environment or a file, which this host does not allow"
            )
        }
        Fault::InvocationTooLong { limit } => {
            format!("the invocation is longer than {limit} bytes")
        }
        Fault::Internal { what } => format!("this is a bug in cardhost: {what}"),
    }
}

/// What to do.
#[must_use]
pub fn hint(fault: &Fault, code: &Code) -> Option<String> {
    let said = match fault {
        Fault::Invocation(fault) => invocation_hint(fault),
        Fault::Connection(ConnectionFault::Field(fault)) => field_hint(fault),
        Fault::Connection(ConnectionFault::Source { source: SecretSource::Env(name), .. }) => {
            Some(format!("set `{name}` before the run, or give the value in the connection"))
        }
        Fault::Connection(ConnectionFault::Source { .. }) => {
            Some("check the path and that the file can be read".to_owned())
        }
        Fault::Plan(fault) => plan_hint(fault),
        Fault::Transport(fault) => transport_hint(fault),
        Fault::TooLarge { .. } => {
            Some("ask for less at once, or raise `response.maxBodyBytes` of the card".to_owned())
        }
        Fault::Redirects { .. } => Some("check the URL: the service sends the request in circles".to_owned()),
        Fault::Decode(_) => Some(
            "the reply is kept in the error; a card can name another `response.decoder`".to_owned(),
        ),
        Fault::Output(OutputFault::Template {
            error: TemplateValueError::Fault { .. } | TemplateValueError::TooLong,
            ..
        }) => Some("`cardhost check` shows every fault of the files".to_owned()),
        Fault::Output(_) => Some(
            "the service answered in another shape than the card declares; the reply is kept in the error"
                .to_owned(),
        ),
        Fault::Definition { .. } => Some("`cardhost check` shows every fault of the files".to_owned()),
        Fault::Unknown { nearest: Some(nearest), .. } => Some(format!("did you mean `{nearest}`?")),
        Fault::Unknown { what: "connection", .. } => {
            Some("give the connection with `--connection FILE`, or inline".to_owned())
        }
        Fault::Unknown { .. } => Some("`cardhost list` shows what there is".to_owned()),
        Fault::SecretReference { .. } => {
            Some("give the value itself; whoever runs the host can give `--connection FILE`".to_owned())
        }
        Fault::Service { .. } => None,
        Fault::Unreadable { .. } => Some("check the path, its content and who may read it".to_owned()),
        Fault::InvocationTooLong { .. } => {
            Some("split it, or pass large content by reference".to_owned())
        }
        Fault::Internal { .. } => Some("please report it, with the command and the input".to_owned()),
    };
    said.or_else(|| by_code(code))
}

fn by_code(code: &Code) -> Option<String> {
    let text = match code.as_str() {
        "auth.refused" => "check the connection's credentials and what they may do at the service",
        "http.rate_limited" => "the service asks to slow down; try again later",
        "http.transient" => "the service is not well at the moment; try again later",
        "http.not_found" => "check the path and the ids in it",
        _ => return None,
    };
    Some(text.to_owned())
}

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
        InvocationFault::NoCard => "no card is named".to_owned(),
    }
}

fn invocation_hint(fault: &InvocationFault) -> Option<String> {
    match fault {
        InvocationFault::UnknownKey { nearest: Some(nearest), .. } => did_you_mean(nearest),
        InvocationFault::UnknownKey { within: "connection", .. } => {
            Some("put the connection's fields under `fields`".to_owned())
        }
        InvocationFault::UnknownKey { .. } => {
            Some("it takes `id`, `card`, `connection`, `options` and `input`".to_owned())
        }
        InvocationFault::NoCard => {
            Some("name it on the command line, or as `card` in the invocation".to_owned())
        }
        InvocationFault::Syntax { .. } => {
            Some("give one JSON object, for example {\"options\": {}, \"input\": {}}".to_owned())
        }
        InvocationFault::Type { .. } => None,
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
        FieldProblem::Choice { found, .. } => format!("{name} has no choice `{found}`"),
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

fn field_hint(fault: &FieldFault) -> Option<String> {
    match &fault.problem {
        FieldProblem::Missing if fault.root == FieldRoot::Input => {
            let (label, above) = fault.path.split_last()?;
            if label == "Relative URL" {
                return Some(
                    "give the path after the base URL, for example \"/app/me\"".to_owned(),
                );
            }
            Some(format!("give `{label}` under `{}`", above.join(".")))
        }
        FieldProblem::Missing => Some("give it a value".to_owned()),
        FieldProblem::Choice { expected, found } => {
            let nearest = crate::error::nearest(found, expected.iter().map(String::as_str));
            let all = expected.iter().map(|choice| format!("`{choice}`")).collect::<Vec<_>>();
            Some(match nearest {
                Some(nearest) => format!("did you mean `{nearest}`? It takes {}", all.join(", ")),
                None if all.is_empty() => "no choice is offered here".to_owned(),
                None => format!("it takes {}", all.join(", ")),
            })
        }
        FieldProblem::Unknown { nearest: Some(nearest) } => did_you_mean(nearest),
        FieldProblem::Unknown { nearest: None } => {
            Some("`cardhost show` lists the fields of a card and its connection".to_owned())
        }
        FieldProblem::Denied { .. } => {
            Some("the connector and the transport set it themselves".to_owned())
        }
        FieldProblem::Type { .. }
        | FieldProblem::Format { .. }
        | FieldProblem::Range { .. }
        | FieldProblem::Schema { .. } => None,
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
        PlanFault::BadBase { found } => format!("`{found}` is not a base URL"),
        PlanFault::AuthMissing { target, methods } => {
            let missing: Vec<String> = methods
                .iter()
                .map(|(name, fields)| format!("`{name}` lacks {}", quoted(fields)))
                .collect();
            format!("no credentials for `{target}`: {}", missing.join("; "))
        }
        PlanFault::UnknownAuth { found } => format!("the connector has no auth method `{found}`"),
        PlanFault::Auth { method, fault } => match fault {
            AuthFault::Template(error) => format!("auth method `{method}`: {}", template(error)),
            AuthFault::ColonInUser => {
                format!(
                    "auth method `{method}`: the user name holds a colon, which Basic credentials cannot carry"
                )
            }
            AuthFault::Header(_) => {
                format!(
                    "auth method `{method}`: the credential holds a character that no header can carry"
                )
            }
        },
        PlanFault::ContentType => "the body's `contentType` cannot stand in a header".to_owned(),
        PlanFault::BodyTooLong => {
            format!("the request's body is longer than {} bytes", crate::plan::MAX_BODY_BYTES)
        }
    }
}

fn plan_hint(fault: &PlanFault) -> Option<String> {
    match fault {
        PlanFault::Field(fault) => field_hint(fault),
        PlanFault::Group { nearest: Some(nearest), .. } => did_you_mean(nearest),
        PlanFault::Url { fault: UrlFault::EmptySegment { .. }, .. } => {
            Some("an empty value would send the request to another resource".to_owned())
        }
        PlanFault::Url { fault: UrlFault::OutsideBase { .. }, .. } => Some(
            "give a path below the base URL, for example \"/app/me\"; to reach another host, use another target"
                .to_owned(),
        ),
        PlanFault::Url { fault: UrlFault::DotSegment, .. } => {
            Some("write the path without `.` and `..` segments".to_owned())
        }
        PlanFault::Url { fault: UrlFault::ControlCharacter { .. }, .. } => {
            Some("take line breaks, tabs and other control characters out".to_owned())
        }
        PlanFault::Url { .. } => None,
        PlanFault::Query { .. } => {
            Some("give nested values as JSON text, for example \"[\\\"a\\\"]\"".to_owned())
        }
        PlanFault::Method { .. } => Some(format!("it can be {}", METHODS.join(", "))),
        PlanFault::AuthMissing { .. } => {
            Some("fill in the fields of one of these methods in the connection".to_owned())
        }
        PlanFault::UnknownTarget { .. }
        | PlanFault::NoRow { .. }
        | PlanFault::BadBase { .. }
        | PlanFault::UnknownAuth { .. } => {
            Some("`cardhost check` shows every fault of the files".to_owned())
        }
        PlanFault::Template { error: TemplateValueError::Missing { reference }, .. } => {
            Some(match reference.split_once('.') {
                Some(("connection", label)) => {
                    format!("fill in `{label}` in the connection")
                }
                _ => "give it a value, or mark the reference optional with `?` in the card".to_owned(),
            })
        }
        PlanFault::Header { fault: HeaderFault::Value { .. }, .. } => {
            Some("a header is one line: take line breaks and control characters out".to_owned())
        }
        PlanFault::Header { fault: HeaderFault::Denied { .. }, .. } => {
            Some("the connector and the transport set it themselves".to_owned())
        }
        PlanFault::Header { fault: HeaderFault::Name { .. }, .. } => {
            Some("a header name is letters, digits and `-`, for example `X-Request-Id`".to_owned())
        }
        PlanFault::Template { error: TemplateValueError::NotText { .. }, .. } => {
            Some("give text, a number or true-false; `json` makes text of a value".to_owned())
        }
        PlanFault::Template { .. }
        | PlanFault::Header { .. }
        | PlanFault::NotAnObject { .. }
        | PlanFault::Group { .. }
        | PlanFault::Auth { .. }
        | PlanFault::ContentType
        | PlanFault::BodyTooLong => None,
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
        UrlFault::Invalid { reason } => format!("the URL cannot be parsed: {reason}"),
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

fn transport(fault: &TransportFault) -> String {
    let what = match fault.kind {
        TransportFaultKind::Connect => "the service cannot be reached".to_owned(),
        TransportFaultKind::Dns => "the service's name has no address".to_owned(),
        TransportFaultKind::Tls => "no trusted TLS connection".to_owned(),
        TransportFaultKind::Timeout { which, after } => {
            format!("the {} limit of {after:?} is over", which.as_str())
        }
        TransportFaultKind::Reset => "the connection ended before a reply".to_owned(),
        TransportFaultKind::Truncated => "the reply ended early".to_owned(),
        TransportFaultKind::Protocol => "the reply is not well-formed".to_owned(),
    };
    if fault.detail.is_empty() { what } else { format!("{what}: {}", fault.detail) }
}

fn transport_hint(fault: &TransportFault) -> Option<String> {
    let text = match fault.kind {
        TransportFaultKind::Connect => {
            "check that the service is up and that this machine may reach it"
        }
        TransportFaultKind::Dns => "check the host name and the network",
        TransportFaultKind::Tls => {
            "check the certificate; certificates that are not trusted are never accepted"
        }
        TransportFaultKind::Timeout { .. } => {
            "raise the limit with `timeouts` or `--timeout`, or ask for less"
        }
        TransportFaultKind::Reset
        | TransportFaultKind::Truncated
        | TransportFaultKind::Protocol => "whether the service acted on the request is not known",
    };
    Some(text.to_owned())
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

fn did_you_mean(nearest: &str) -> Option<String> {
    Some(format!("did you mean `{nearest}`?"))
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
