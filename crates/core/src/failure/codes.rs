//! The code and the place that the facts of an error imply.

use crate::auth::AuthFault;
use crate::cassette_fault::CassetteFault;
use crate::connection::ConnectionFault;
use crate::decoder::DecodeFault;
use crate::error::{Code, Place, pointer};
use crate::fault::Fault;
use crate::flow_fault::{FlowFault, JournalProblem};
use crate::inject::header::HeaderFault;
use crate::inject::path::UrlFault;
use crate::invocation::InvocationFault;
use crate::plan::PlanFault;
use crate::response::OutputFault;
use crate::settle::{FieldFault, FieldProblem, FieldRoot};
use crate::store_fault::StoreFault;
use crate::template::{Reference, Root, TemplateValueError};
use crate::token::GrantFault;
use crate::transport_fault::{ReplayProblem, TransportFaultKind};

pub(super) fn code_and_place(fault: &Fault) -> (Code, Place) {
    match fault {
        Fault::Invocation(fault) => invocation(fault),
        Fault::Connection(ConnectionFault::Field(fault)) => (field_code(fault), field_place(fault)),
        Fault::Connection(ConnectionFault::Source { field, .. }) => {
            (Code::CONNECTION_SECRET_SOURCE, connection_place(field))
        }
        Fault::Store(fault) => (store(fault), Place::default()),
        Fault::Cassette(fault) => (cassette(fault), Place::default()),
        Fault::Plan(fault) => plan(fault),
        Fault::Transport { fault, .. } => (transport(fault.kind), Place::default()),
        Fault::Grant { fault, .. } => (grant(fault), Place::invocation(&["connection"])),
        Fault::TooLarge { .. } => (Code::RESPONSE_TOO_LARGE, Place::default()),
        Fault::Redirects { .. } => (Code::REDIRECT_LIMIT, Place::default()),
        Fault::Decode(DecodeFault::Json { .. }) => (Code::RESPONSE_DECODE, Place::default()),
        Fault::Decode(_) => (Code::RESPONSE_ENCODING, Place::default()),
        Fault::Output(OutputFault::Field(fault)) => (field_code(fault), field_place(fault)),
        Fault::Output(OutputFault::Template { path, error }) => {
            let code = match error {
                TemplateValueError::Missing { .. } => Code::RESPONSE_MISSING,
                TemplateValueError::TooLong => Code::LIMIT_RENDERED,
                TemplateValueError::Fault { .. } => Code::TEMPLATE_SYNTAX,
                _ => Code::RESPONSE_TYPE,
            };
            (code, path_place("output", path))
        }
        Fault::Service { .. } => (Code::HTTP_STATUS, Place::default()),
        Fault::Definition { .. } => (Code::DEFINITION_SYNTAX, Place::default()),
        Fault::Unknown { what: "connector", .. } => (Code::CONNECTOR_UNKNOWN, Place::default()),
        Fault::Unknown { what: "connection", .. } => {
            (Code::CONNECTION_UNKNOWN, Place::invocation(&["connection"]))
        }
        Fault::Unknown { what: "secret", .. } => (Code::CONNECTION_UNKNOWN, Place::default()),
        Fault::Unknown { .. } => (Code::CARD_UNKNOWN, Place::default()),
        Fault::NoTest { .. } => (Code::CONNECTION_NO_TEST, Place::default()),
        Fault::Unreadable { .. } => (Code::DEFINITION_UNREADABLE, Place::default()),
        Fault::SecretReference { field } => {
            (Code::POLICY_SECRET_REFERENCE, connection_place(field))
        }
        Fault::InvocationTooLong { .. } => (Code::LIMIT_INVOCATION, Place::default()),
        Fault::Flow(fault) => (flow(fault), Place::default()),
        Fault::Internal { .. } => (Code::INTERNAL, Place::default()),
    }
}

fn flow(fault: &FlowFault) -> Code {
    match fault {
        FlowFault::Uncaught { .. } => Code::FLOW_RAISED,
        FlowFault::Limit { .. } => Code::FLOW_LIMIT,
        FlowFault::Unknown { .. } => Code::FLOW_UNKNOWN,
        FlowFault::Invalid { .. } => Code::DEFINITION_VALUE,
        FlowFault::InDoubt { .. } => Code::FLOW_IN_DOUBT,
        FlowFault::Journal { problem, .. } => match problem {
            JournalProblem::Busy => Code::FLOW_JOURNAL_BUSY,
            JournalProblem::Unusable { .. } | JournalProblem::Secret { .. } => Code::FLOW_JOURNAL,
            JournalProblem::OtherFlow { .. }
            | JournalProblem::OtherInput
            | JournalProblem::Diverged { .. } => Code::FLOW_JOURNAL_MISMATCH,
        },
    }
}

fn invocation(fault: &InvocationFault) -> (Code, Place) {
    match fault {
        InvocationFault::Syntax { line, column, .. } => {
            let line_column = Some((*line, *column));
            (Code::INVOCATION_SYNTAX, Place { line_column, ..Place::default() })
        }
        InvocationFault::Type { key: "", .. } => (Code::INVOCATION_TYPE, Place::default()),
        InvocationFault::Type { key, .. } => {
            let segments: Vec<&str> = key.split('.').collect();
            (Code::INVOCATION_TYPE, Place::invocation(&segments))
        }
        InvocationFault::UnknownKey { within: "", .. } => {
            (Code::INVOCATION_UNKNOWN_KEY, Place::default())
        }
        InvocationFault::UnknownKey { within, .. } => {
            (Code::INVOCATION_UNKNOWN_KEY, Place::invocation(&[within]))
        }
        InvocationFault::DuplicateKey { .. } => (Code::INVOCATION_DUPLICATE_KEY, Place::default()),
        InvocationFault::NoCard => (Code::INVOCATION_NO_CARD, Place::default()),
    }
}

fn plan(fault: &PlanFault) -> (Code, Place) {
    let part_place = |part: &str| Place {
        pointer: pointer(&["request", part]),
        field: None,
        ..Place::default()
    };
    let input_place = |field: &Option<Vec<String>>, part: &str| match field {
        Some(path) => path_place("input", path),
        None => part_place(part),
    };
    match fault {
        PlanFault::Field(fault) => (field_code(fault), field_place(fault)),
        PlanFault::Group { group, found, .. } => {
            let code = if found.is_some() { Code::INPUT_TYPE } else { Code::INPUT_UNKNOWN };
            (code, Place::invocation(&["input", group]))
        }
        PlanFault::Template { part, error } => (template(error), part_place(part.as_str())),
        PlanFault::Url { field, fault } => {
            let code = match fault {
                UrlFault::OutsideBase { .. } => Code::URL_OUTSIDE_BASE,
                UrlFault::ControlCharacter { .. } => Code::URL_CONTROL_CHARACTER,
                UrlFault::DotSegment => Code::URL_DOT_SEGMENT,
                UrlFault::EmptySegment { .. } => Code::URL_EMPTY_SEGMENT,
                UrlFault::Host { .. } => Code::URL_HOST,
                UrlFault::Invalid { .. } => Code::URL_INVALID,
            };
            let place = match field {
                Some(reference) => reference_place(reference),
                None => part_place("path"),
            };
            (code, place)
        }
        PlanFault::ContentType => (Code::DEFINITION_VALUE, part_place("body")),
        PlanFault::Query { part, field, .. } => {
            (Code::QUERY_VALUE, input_place(field, part.as_str()))
        }
        PlanFault::Header { field, fault } => {
            let code = match fault {
                HeaderFault::Name { .. } => Code::HEADER_NAME,
                HeaderFault::Value { .. } | HeaderFault::Type { .. } => Code::HEADER_VALUE,
                HeaderFault::Denied { .. } => Code::HEADER_DENIED,
            };
            (code, input_place(field, "headers"))
        }
        PlanFault::NotAnObject { part, .. } => (Code::TEMPLATE_VALUE, part_place(part.as_str())),
        PlanFault::Method { .. } => (Code::METHOD_UNKNOWN, part_place("method")),
        PlanFault::UnknownTarget { .. } => (Code::TARGET_UNKNOWN, part_place("target")),
        PlanFault::NoRow { table, .. } => {
            (Code::TARGET_INCOMPLETE, Place { pointer: table.clone(), ..Place::default() })
        }
        PlanFault::BadBase { target, .. } => {
            let pointer = pointer(&["targets", target, "base"]);
            (Code::DEFINITION_VALUE, Place { pointer, ..Place::default() })
        }
        PlanFault::Base { target, error } => {
            let pointer = pointer(&["targets", target, "base"]);
            (template(error), Place { pointer, ..Place::default() })
        }
        PlanFault::HostNotAllowed(fault) => {
            (Code::EGRESS_HOST, fault.field.as_ref().map_or_else(connection, reference_place))
        }
        PlanFault::AuthMissing { .. } => (Code::AUTH_MISSING, Place::invocation(&["connection"])),
        PlanFault::UnknownAuth { list, .. } => {
            (Code::DEFINITION_NAME, Place { pointer: list.clone(), ..Place::default() })
        }
        PlanFault::Auth { method, fault: AuthFault::Template(error) } => {
            let pointer = pointer(&["auth", method]);
            (template(error), Place { pointer, ..Place::default() })
        }
        PlanFault::Auth { method, fault: AuthFault::UnknownScheme { .. } } => {
            let pointer = pointer(&["auth", method]);
            (Code::AUTH_SCHEME, Place { pointer, ..Place::default() })
        }
        PlanFault::Auth { .. } => (Code::AUTH_VALUE, Place::invocation(&["connection"])),
        PlanFault::BodyTooLong => (Code::LIMIT_RENDERED, part_place("body")),
    }
}

fn grant(fault: &GrantFault) -> Code {
    match fault {
        GrantFault::LoginRequired => Code::AUTH_LOGIN_REQUIRED,
        GrantFault::Revoked(_) => Code::AUTH_GRANT_REVOKED,
        GrantFault::Refused(_) => Code::AUTH_GRANT_REFUSED,
        GrantFault::Denied | GrantFault::Expired | GrantFault::Pending { .. } => Code::AUTH_DENIED,
        GrantFault::Transport { fault, .. } if fault.is_egress() || fault.is_replay() => {
            transport(fault.kind)
        }
        GrantFault::Unusable { .. } => Code::AUTH_TOKEN_REPLY,
        GrantFault::Unavailable(_) | GrantFault::Transport { .. } | GrantFault::Busy => {
            Code::AUTH_UNAVAILABLE
        }
    }
}

fn template(error: &TemplateValueError) -> Code {
    match error {
        TemplateValueError::Missing { reference } if reference.starts_with("connection.") => {
            Code::CONNECTION_REQUIRED
        }
        TemplateValueError::Missing { .. } => Code::TEMPLATE_MISSING,
        TemplateValueError::NotText { .. }
        | TemplateValueError::NotAnObject { .. }
        | TemplateValueError::Helper { .. } => Code::TEMPLATE_VALUE,
        TemplateValueError::TooLong => Code::LIMIT_RENDERED,
        TemplateValueError::Fault { .. } => Code::TEMPLATE_SYNTAX,
    }
}

fn store(fault: &StoreFault) -> Code {
    match fault {
        StoreFault::Key(_) | StoreFault::WrongKey { .. } => Code::STORE_KEY,
        StoreFault::Corrupt { .. } => Code::STORE_CORRUPT,
        StoreFault::Tampered { .. } => Code::STORE_TAMPERED,
        StoreFault::Unreachable { .. } => Code::STORE_UNREACHABLE,
        StoreFault::Location { .. } => Code::STORE_LOCATION,
        StoreFault::NewerFormat { .. } => Code::STORE_FORMAT,
        StoreFault::TooLarge { .. } => Code::STORE_TOO_LARGE,
        StoreFault::Passphrase => Code::STORE_PASSPHRASE,
        StoreFault::Export { .. } => Code::STORE_EXPORT,
        StoreFault::Exists { .. } => Code::CONNECTION_EXISTS,
        StoreFault::Missing { .. } => Code::CONNECTION_UNKNOWN,
        StoreFault::Name { .. } => Code::CONNECTION_NAME,
        StoreFault::Conflict { .. } | StoreFault::LeaseLost { .. } => Code::CONNECTION_CONFLICT,
    }
}

fn cassette(fault: &CassetteFault) -> Code {
    match fault {
        CassetteFault::Syntax { .. } | CassetteFault::Har { .. } => Code::CASSETTE_SYNTAX,
        CassetteFault::Case { .. } => Code::DEFINITION_SYNTAX,
        CassetteFault::NewerFormat { .. } => Code::CASSETTE_FORMAT,
        CassetteFault::Unused { .. } => Code::CASSETTE_UNUSED,
        CassetteFault::Unwritable { .. } => Code::CASSETTE_UNWRITABLE,
        CassetteFault::Result { .. } => Code::TEST_FAILED,
        CassetteFault::Confidential => Code::CASSETTE_SECRET,
    }
}

fn transport(kind: TransportFaultKind) -> Code {
    match kind {
        TransportFaultKind::Connect => Code::TRANSPORT_CONNECT,
        TransportFaultKind::Dns => Code::TRANSPORT_DNS,
        TransportFaultKind::Tls => Code::TRANSPORT_TLS,
        TransportFaultKind::Timeout { .. } => Code::TRANSPORT_TIMEOUT,
        TransportFaultKind::Reset => Code::TRANSPORT_RESET,
        TransportFaultKind::Truncated => Code::TRANSPORT_TRUNCATED,
        TransportFaultKind::Protocol => Code::TRANSPORT_PROTOCOL,
        TransportFaultKind::Egress(_) => Code::EGRESS_ADDRESS,
        TransportFaultKind::Replay(ReplayProblem::Mismatch { .. }) => Code::CASSETTE_MISMATCH,
        TransportFaultKind::Replay(
            ReplayProblem::Exhausted { .. } | ReplayProblem::GivenUp { .. },
        ) => Code::CASSETTE_EXHAUSTED,
    }
}

/// The code of a field's fault, by form and problem.
fn field_code(fault: &FieldFault) -> Code {
    use FieldProblem as P;
    use FieldRoot as R;
    match (&fault.problem, fault.root) {
        (P::Denied { .. }, _) => Code::HEADER_DENIED,
        (P::Missing, R::Connection) => Code::CONNECTION_REQUIRED,
        (P::Missing, R::Options) => Code::OPTIONS_REQUIRED,
        (P::Missing, R::Input) => Code::INPUT_REQUIRED,
        (P::Missing, R::Output) => Code::RESPONSE_MISSING,
        (P::Type { .. }, R::Connection) => Code::CONNECTION_TYPE,
        (P::Type { .. }, R::Options) => Code::OPTIONS_TYPE,
        (P::Type { .. }, R::Input) => Code::INPUT_TYPE,
        (P::Type { .. }, R::Output) => Code::RESPONSE_TYPE,
        (P::Choice { .. }, R::Connection) => Code::CONNECTION_CHOICE,
        (P::Choice { .. }, R::Options) => Code::OPTIONS_CHOICE,
        (P::Choice { .. }, R::Input) => Code::INPUT_CHOICE,
        (P::Choice { .. }, R::Output) => Code::RESPONSE_CHOICE,
        (P::Format { .. }, R::Connection) => Code::CONNECTION_FORMAT,
        (P::Format { .. }, R::Options) => Code::OPTIONS_FORMAT,
        (P::Format { .. }, R::Input) => Code::INPUT_FORMAT,
        (P::Format { .. }, R::Output) => Code::RESPONSE_FORMAT,
        (P::Range { .. }, R::Connection) => Code::CONNECTION_RANGE,
        (P::Range { .. }, R::Options) => Code::OPTIONS_RANGE,
        (P::Range { .. }, R::Input) => Code::INPUT_RANGE,
        (P::Range { .. }, R::Output) => Code::RESPONSE_RANGE,
        (P::Schema { .. }, R::Connection) => Code::CONNECTION_SCHEMA,
        (P::Schema { .. }, R::Options) => Code::OPTIONS_SCHEMA,
        (P::Schema { .. }, R::Input) => Code::INPUT_SCHEMA,
        (P::Schema { .. }, R::Output) => Code::RESPONSE_SCHEMA,
        (P::Unknown { .. }, R::Connection) => Code::CONNECTION_UNKNOWN_FIELD,
        (P::Unknown { .. }, R::Options) => Code::OPTIONS_UNKNOWN,
        (P::Unknown { .. }, R::Input | R::Output) => Code::INPUT_UNKNOWN,
    }
}

/// The place of a field's fault; a missing field's place is where it should stand.
fn field_place(fault: &FieldFault) -> Place {
    let root = match fault.root {
        FieldRoot::Connection => {
            let mut segments = vec!["connection", "fields"];
            segments.extend(fault.path.iter().map(String::as_str));
            return place_of(&segments, &fault.problem);
        }
        FieldRoot::Options => "options",
        FieldRoot::Input => "input",
        FieldRoot::Output => "output",
    };
    let mut segments = vec![root];
    segments.extend(fault.path.iter().map(String::as_str));
    place_of(&segments, &fault.problem)
}

fn place_of(segments: &[&str], problem: &FieldProblem) -> Place {
    let full = Place::invocation(segments);
    if matches!(problem, FieldProblem::Missing | FieldProblem::Unknown { .. }) {
        let parent = segments.split_last().map_or(&[][..], |(_, parent)| parent);
        return Place { pointer: pointer(parent), ..full };
    }
    full
}

fn path_place(root: &str, path: &[String]) -> Place {
    let mut segments = vec![root];
    segments.extend(path.iter().map(String::as_str));
    Place::invocation(&segments)
}

pub(super) fn reference_place(reference: &Reference) -> Place {
    let mut segments = vec![reference.root.as_str()];
    if reference.root == Root::Connection {
        segments.push("fields");
    }
    segments.extend(reference.segments.iter().map(String::as_str));
    Place::invocation(&segments)
}

/// The whole connection.
fn connection() -> Place {
    Place::invocation(&["connection"])
}

fn connection_place(field: &str) -> Place {
    Place::invocation(&["connection", "fields", field])
}
