//! What to do about an error.

use crate::auth::AuthFault;
use crate::connection::{ConnectionFault, SecretSource};
use crate::error::Code;
use crate::fault::Fault;
use crate::inject::header::HeaderFault;
use crate::inject::host::HostFault;
use crate::inject::path::UrlFault;
use crate::invocation::InvocationFault;
use crate::plan::{METHODS, PlanFault};
use crate::response::OutputFault;
use crate::settle::{FieldFault, FieldProblem, FieldRoot};
use crate::template::TemplateValueError;
use crate::transport_fault::{TransportFault, TransportFaultKind};

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
        Fault::Store(fault) => super::store::hint(fault),
        Fault::Cassette(fault) => Some(super::cassette::hint(fault)),
        Fault::Flow(fault) => super::flow::hint(fault),
        Fault::Plan(fault) => plan_hint(fault),
        Fault::Transport { fault, .. } => transport_hint(fault),
        Fault::Grant { fault, .. } => super::auth::grant_hint(fault),
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
            Some("`cardhost connection list` shows what is stored; a file is given with a path, as in `--connection ./prod.json`".to_owned())
        }
        Fault::Unknown { what: "secret", name, .. } => {
            Some(format!("give it with `--secret {name}=env:VARIABLE`, `{name}=file:PATH` or `{name}=connection:CONNECTOR/NAME`"))
        }
        Fault::Unknown { .. } => Some("`cardhost list` shows what there is".to_owned()),
        Fault::SecretReference { .. } => {
            Some("give the value itself; whoever runs the host can give `--connection FILE`".to_owned())
        }
        Fault::Service { .. } => None,
        Fault::NoTest { .. } => {
            Some("its author can add one as `connection.test`; until then, run a card that reads".to_owned())
        }
        Fault::Unreadable { .. } => Some("check the path, its content and who may read it".to_owned()),
        Fault::InvocationTooLong { .. } => {
            Some("split it into several invocations".to_owned())
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

fn invocation_hint(fault: &InvocationFault) -> Option<String> {
    match fault {
        InvocationFault::UnknownKey { nearest: Some(nearest), .. } => did_you_mean(nearest),
        InvocationFault::UnknownKey { within: "connection", .. } => {
            Some("put the connection's fields under `fields`".to_owned())
        }
        InvocationFault::UnknownKey { .. } => Some(
            "it takes `id`, `card`, `connection`, `options`, `input` and `idempotencyKey`"
                .to_owned(),
        ),
        InvocationFault::NoCard => {
            Some("name it on the command line, or as `card` in the invocation".to_owned())
        }
        InvocationFault::Syntax { .. } => {
            Some("give one JSON object, for example {\"options\": {}, \"input\": {}}".to_owned())
        }
        InvocationFault::DuplicateKey { .. } => Some("keep one of them".to_owned()),
        InvocationFault::Type { .. } => None,
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
        FieldProblem::Missing if fault.root == FieldRoot::Connection => Some(
            "give it with `--connection FILE`, or under `connection.fields` of the invocation"
                .to_owned(),
        ),
        FieldProblem::Missing => Some("give it a value".to_owned()),
        FieldProblem::Choice { expected, found } => {
            let nearest = crate::text::nearest(found, expected.iter().map(String::as_str));
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

pub(super) fn plan_hint(fault: &PlanFault) -> Option<String> {
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
        PlanFault::Url { fault: UrlFault::Host { fault: HostFault::Scheme, .. }, .. } => {
            Some("give the whole URL, for example \"https://jira.example.com\"".to_owned())
        }
        PlanFault::Url { fault: UrlFault::Host { .. }, .. } => Some(
            "give letters, digits, `-` and `.` only; a user, query or fragment cannot be part of it"
                .to_owned(),
        ),
        PlanFault::Url { .. } => None,
        PlanFault::HostNotAllowed(fault) => {
            let all = fault.allowed.iter().map(|host| format!("`{host}`")).collect::<Vec<_>>();
            Some(format!("it may be {}", all.join(", ")))
        }
        PlanFault::Query { .. } => {
            Some("give nested values as JSON text, for example \"[\\\"a\\\"]\"".to_owned())
        }
        PlanFault::Method { .. } => Some(format!("it can be {}", METHODS.join(", "))),
        PlanFault::AuthMissing { .. } => {
            Some(
                "fill in the fields of one of these methods: with `--connection FILE`, or under `connection.fields` of the invocation"
                    .to_owned(),
            )
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
        PlanFault::Auth { fault: AuthFault::ControlCharacter { .. } | AuthFault::Header(_) | AuthFault::Cookie { .. }, .. } => {
            Some("check the connection for a line break at the end of the credential".to_owned())
        }
        PlanFault::Auth { fault: AuthFault::UnknownScheme { .. }, .. } => {
            Some("the embedding program brings it with `HostBuilder::auth_scheme`".to_owned())
        }
        PlanFault::Auth { .. } => Some("check the credentials of the connection".to_owned()),
        PlanFault::Template { .. }
        | PlanFault::Header { .. }
        | PlanFault::NotAnObject { .. }
        | PlanFault::Group { .. }
        | PlanFault::Base { .. }
        | PlanFault::ContentType
        | PlanFault::BodyTooLong => None,
    }
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
        TransportFaultKind::Egress(_) => {
            "a connection leads to public addresses only; whoever runs cardhost can allow others with `--allow-private-network`"
        }
        TransportFaultKind::Replay(_) => super::cassette::REPLAY_HINT,
    };
    Some(text.to_owned())
}

fn did_you_mean(nearest: &str) -> Option<String> {
    Some(format!("did you mean `{nearest}`?"))
}
