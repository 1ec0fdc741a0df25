//! The error of a run: a code, a place, the facts, and what is kept of a failed reply.
//!
//! Whatever is shown of it has been through the redactor of its invocation.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value};

use crate::auth::AuthFault;
use crate::connection::ConnectionFault;
use crate::decoder::DecodeFault;
use crate::definition::Definition;
use crate::error::{Class, Code, Place, pointer};
use crate::fault::Fault;
use crate::inject::header::HeaderFault;
use crate::inject::path::UrlFault;
use crate::invocation::InvocationFault;
use crate::plan::{PlanFault, Warning};
use crate::response::{Headers, OutputFault};
use crate::secret::Redactor;
use crate::settle::{FieldFault, FieldProblem, FieldRoot};
use crate::template::{Reference, Root, TemplateValueError};
use crate::transport_fault::TransportFaultKind;

/// Most bytes of a failed reply's body that an error keeps.
pub const MAX_KEPT_BODY_BYTES: usize = 64 * 1024;

/// Why a run has no output.
#[derive(Clone)]
pub struct Error(Box<ErrorBody>);

#[derive(Clone)]
struct ErrorBody {
    code: Code,
    place: Place,
    fault: Fault,
    response: Option<FailedResponse>,
    retryable: Option<bool>,
    retry_after_s: Option<u64>,
    warnings: Vec<Warning>,
    redactor: Arc<Redactor>,
}

/// What is kept of a reply that led to an error.
#[derive(Clone)]
pub struct FailedResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body's first [`MAX_KEPT_BODY_BYTES`].
    pub body: Bytes,
    /// Whether the body was longer, or ended early.
    pub truncated: bool,
}

impl Error {
    /// An error with the code and place that its facts imply.
    #[must_use]
    pub fn new(fault: Fault) -> Error {
        let (code, place) = code_and_place(&fault);
        let retryable = match &fault {
            Fault::Transport(fault) if fault.not_sent => Some(true),
            _ => None,
        };
        Error(Box::new(ErrorBody {
            code,
            place,
            fault,
            response: None,
            retryable,
            retry_after_s: None,
            warnings: Vec::new(),
            redactor: Arc::default(),
        }))
    }

    /// With another code than the facts imply.
    #[must_use]
    pub fn with_code(mut self, code: Code) -> Error {
        self.0.code = code;
        self
    }

    /// With another place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Error {
        self.0.place = place;
        self
    }

    /// With the file of the definition that its pointer is in, if it is in one.
    #[must_use]
    pub fn placed_in(mut self, definition: &Definition) -> Error {
        let place = &mut self.0.place;
        if place.file.is_empty() {
            match place.pointer.split('/').nth(1) {
                Some("request" | "effect") => definition.card.file.clone_into(&mut place.file),
                Some("targets" | "auth") => definition.connector.file.clone_into(&mut place.file),
                _ => {}
            }
        }
        self
    }

    /// With the reply that led to it.
    #[must_use]
    pub fn with_response(mut self, mut response: FailedResponse) -> Error {
        if response.body.len() > MAX_KEPT_BODY_BYTES {
            response.body.truncate(MAX_KEPT_BODY_BYTES);
            response.truncated = true;
        }
        self.0.response = Some(response);
        self
    }

    /// With what is known about trying again.
    #[must_use]
    pub fn with_retry(mut self, retryable: bool, after_s: Option<u64>) -> Error {
        self.0.retryable = Some(retryable);
        self.0.retry_after_s = after_s;
        self
    }

    /// With what deserved attention on the way.
    #[must_use]
    pub fn with_warnings(mut self, warnings: Vec<Warning>) -> Error {
        self.0.warnings = warnings;
        self
    }

    /// With the secrets that must not be shown.
    #[must_use]
    pub fn redacted_by(mut self, redactor: &Arc<Redactor>) -> Error {
        self.0.redactor = Arc::clone(redactor);
        self
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &Code {
        &self.0.code
    }

    /// The class of the code.
    #[must_use]
    pub fn class(&self) -> Class {
        self.0.code.class()
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// The facts; may hold what must not be shown.
    #[must_use]
    pub fn fault(&self) -> &Fault {
        &self.0.fault
    }

    /// The reply that led to it; may hold what must not be shown.
    #[must_use]
    pub fn response(&self) -> Option<&FailedResponse> {
        self.0.response.as_ref()
    }

    /// Whether the same run may be tried again; `None` where that is not known.
    #[must_use]
    pub fn retryable(&self) -> Option<bool> {
        self.0.retryable
    }

    /// Seconds to wait before that, where the service says.
    #[must_use]
    pub fn retry_after_s(&self) -> Option<u64> {
        self.0.retry_after_s
    }

    /// What deserved attention on the way.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.0.warnings
    }

    /// What is wrong: a lower-case fragment, redacted.
    #[must_use]
    pub fn message(&self) -> String {
        self.0.redactor.redact(&crate::message::message(&self.0.fault)).into_owned()
    }

    /// What to do, redacted.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        crate::message::hint(&self.0.fault, &self.0.code)
            .map(|hint| self.0.redactor.redact(&hint).into_owned())
    }

    /// `{"code","message","where","hint","retryable","retry_after_s","status","response"}`; only what is known.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        map.insert("code".into(), Value::String(self.0.code.to_string()));
        map.insert("message".into(), Value::String(self.message()));
        let mut place = Map::new();
        if !self.0.place.file.is_empty() {
            place.insert("file".into(), Value::String(self.0.place.file.clone()));
        }
        if !self.0.place.pointer.is_empty() {
            let shown = self.0.redactor.redact(&self.0.place.pointer).into_owned();
            place.insert("pointer".into(), Value::String(shown));
        }
        if let Some(field) = &self.0.place.field {
            place.insert("field".into(), Value::String(self.0.redactor.redact(field).into_owned()));
        }
        if let Some((line, column)) = self.0.place.line_column {
            place.insert("line".into(), Value::from(line));
            place.insert("column".into(), Value::from(column));
        }
        if !place.is_empty() {
            map.insert("where".into(), Value::Object(place));
        }
        if let Some(hint) = self.hint() {
            map.insert("hint".into(), Value::String(hint));
        }
        if let Some(retryable) = self.0.retryable {
            map.insert("retryable".into(), Value::Bool(retryable));
        }
        if let Some(after) = self.0.retry_after_s {
            map.insert("retry_after_s".into(), Value::from(after));
        }
        if let Some(response) = &self.0.response {
            map.insert("status".into(), Value::from(response.status));
            map.insert("response".into(), response.to_json(&self.0.redactor));
        }
        Value::Object(map)
    }
}

impl FailedResponse {
    /// `{"headers", "body", "truncated"}`, redacted: JSON bodies as values, text as text, others in base64.
    #[must_use]
    pub fn to_json(&self, redactor: &Redactor) -> Value {
        use base64::Engine as _;
        let mut map = Map::new();
        let headers = serde_json::to_value(Headers(&self.headers)).unwrap_or(Value::Null);
        map.insert("headers".into(), redactor.redact_value(headers));
        let body = match std::str::from_utf8(&self.body) {
            Ok("") => Value::Null,
            Ok(text) => match serde_json::from_str::<Value>(text) {
                Ok(value) => redactor.redact_value(value),
                Err(_) => Value::String(redactor.redact(text).into_owned()),
            },
            Err(error) if self.truncated && error.error_len().is_none() => {
                // Cut in the middle of a character.
                let text = String::from_utf8_lossy(&self.body[..error.valid_up_to()]);
                Value::String(redactor.redact(&text).into_owned())
            }
            Err(_) => {
                // What is no text may still hold a secret's bytes: mask them before encoding.
                let shown: String = self.body.iter().map(|byte| char::from(*byte)).collect();
                let shown = redactor.redact(&shown);
                let bytes: Vec<u8> =
                    shown.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect();
                let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
                Value::Object(Map::from_iter([("base64".to_owned(), Value::String(encoded))]))
            }
        };
        map.insert("body".into(), body);
        if self.truncated {
            map.insert("truncated".into(), Value::Bool(true));
        }
        Value::Object(map)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.0.code, self.message())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({})", self.to_json())
    }
}

impl std::error::Error for Error {}

impl From<PlanFault> for Error {
    fn from(fault: PlanFault) -> Error {
        Error::new(Fault::Plan(fault))
    }
}

impl From<InvocationFault> for Error {
    fn from(fault: InvocationFault) -> Error {
        Error::new(Fault::Invocation(fault))
    }
}

impl From<ConnectionFault> for Error {
    fn from(fault: ConnectionFault) -> Error {
        Error::new(Fault::Connection(fault))
    }
}

fn code_and_place(fault: &Fault) -> (Code, Place) {
    match fault {
        Fault::Invocation(fault) => invocation(fault),
        Fault::Connection(ConnectionFault::Field(fault)) => (field_code(fault), field_place(fault)),
        Fault::Connection(ConnectionFault::Source { field, .. }) => {
            (Code::CONNECTION_SECRET_SOURCE, connection_place(field))
        }
        Fault::Plan(fault) => plan(fault),
        Fault::Transport(fault) => (transport(fault.kind), Place::default()),
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
        Fault::Unknown { .. } => (Code::CARD_UNKNOWN, Place::default()),
        Fault::Unreadable { .. } => (Code::DEFINITION_UNREADABLE, Place::default()),
        Fault::SecretReference { field } => {
            (Code::POLICY_SECRET_REFERENCE, connection_place(field))
        }
        Fault::InvocationTooLong { .. } => (Code::LIMIT_INVOCATION, Place::default()),
        Fault::Internal { .. } => (Code::INTERNAL, Place::default()),
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
        PlanFault::BadBase { .. } => (Code::DEFINITION_VALUE, part_place("target")),
        PlanFault::AuthMissing { .. } => (Code::AUTH_MISSING, Place::invocation(&["connection"])),
        PlanFault::UnknownAuth { .. } => (Code::DEFINITION_NAME, part_place("auth")),
        PlanFault::Auth { method, fault: AuthFault::Template(error) } => {
            let pointer = pointer(&["auth", method]);
            (template(error), Place { pointer, ..Place::default() })
        }
        PlanFault::Auth { .. } => (Code::AUTH_VALUE, Place::invocation(&["connection"])),
        PlanFault::BodyTooLong => (Code::LIMIT_RENDERED, part_place("body")),
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

fn transport(kind: TransportFaultKind) -> Code {
    match kind {
        TransportFaultKind::Connect => Code::TRANSPORT_CONNECT,
        TransportFaultKind::Dns => Code::TRANSPORT_DNS,
        TransportFaultKind::Tls => Code::TRANSPORT_TLS,
        TransportFaultKind::Timeout { .. } => Code::TRANSPORT_TIMEOUT,
        TransportFaultKind::Reset => Code::TRANSPORT_RESET,
        TransportFaultKind::Truncated => Code::TRANSPORT_TRUNCATED,
        TransportFaultKind::Protocol => Code::TRANSPORT_PROTOCOL,
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

fn reference_place(reference: &Reference) -> Place {
    let mut segments = vec![reference.root.as_str()];
    if reference.root == Root::Connection {
        segments.push("fields");
    }
    segments.extend(reference.segments.iter().map(String::as_str));
    Place::invocation(&segments)
}

fn connection_place(field: &str) -> Place {
    Place::invocation(&["connection", "fields", field])
}
