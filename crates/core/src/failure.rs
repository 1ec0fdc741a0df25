//! The error of a run: a code, a place, the facts, and what is kept of a failed reply.
//!
//! Whatever is shown of it has been through the redactor of its invocation.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

use crate::definition::Definition;
use crate::error::{Class, Code, Fault, Place, Retry};
use crate::pages::Got;
use crate::plan::{Plan, Refusal, Warning};
use crate::response::{Headers, Output};
use crate::secret::Redactor;
use crate::settle::reference_place;
use crate::transport_fault::{ExchangeFault, TransportFault};
use crate::value::text;

/// Most bytes of a failed reply's body that an error keeps.
pub const MAX_KEPT_BODY_BYTES: usize = 64 * 1024;

/// Why a run has no output.
#[derive(Clone)]
pub struct Error(Box<ErrorBody>);

#[derive(Clone)]
struct ErrorBody {
    fault: Arc<dyn Fault>,
    code: Code,
    place: Place,
    retry: Option<Retry>,
    /// What to do, where whoever shows the error knows better than its owner.
    hint: Option<String>,
    response: Option<FailedResponse>,
    warnings: Vec<Warning>,
    so_far: Option<SoFar>,
    waited: Option<Waited>,
    redactor: Arc<Redactor>,
}

/// What a run had of pages before it failed.
#[derive(Clone, Debug)]
pub struct SoFar {
    /// How many pages and records, and where it can go on.
    pub got: Got,
    /// The outputs of those pages, where they were kept.
    pub output: Option<Output>,
}

/// What was waited for before an error, of a card with `until`.
#[derive(Clone)]
pub struct Waited {
    /// How often the work was looked at.
    pub polls: u64,
    /// Where a later run goes on: JSON and opaque; may hold what must not be shown.
    pub next: Map<String, Value>,
}

/// Tells how often.
impl fmt::Debug for Waited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Waited({} times)", self.polls)
    }
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
    pub fn new(fault: impl Fault) -> Error {
        Error::of(Arc::new(fault))
    }

    fn of(fault: Arc<dyn Fault>) -> Error {
        Error(Box::new(ErrorBody {
            code: fault.code(),
            place: fault.place(),
            retry: fault.retry(),
            hint: None,
            fault,
            response: None,
            warnings: Vec::new(),
            so_far: None,
            waited: None,
            redactor: Arc::default(),
        }))
    }

    /// The error of a planned request that the egress policy refuses.
    #[must_use]
    pub fn egress(plan: &Plan, fault: TransportFault) -> Error {
        let origin = plan.request.url.origin().ascii_serialization();
        let error = Error::from(ExchangeFault { origin, fault })
            .redacted_by(&plan.request.redactor)
            .with_warnings(plan.warnings.clone());
        match plan.rendered_base.as_ref().and_then(|base| base.field.as_ref()) {
            Some(field) => error.at(reference_place(field)),
            None => error,
        }
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
            // A part of it would hold all of it.
            response.body = Bytes::copy_from_slice(&response.body[..MAX_KEPT_BODY_BYTES]);
            response.truncated = true;
        }
        self.0.response = Some(response);
        self
    }

    /// The same about something else: with its reply, its warnings and its secrets.
    #[must_use]
    pub fn turned_into(mut self, fault: impl Fault) -> Error {
        self.0.code = fault.code();
        self.0.fault = Arc::new(fault);
        self
    }

    /// With what is known about trying again.
    #[must_use]
    pub fn with_retry(mut self, retryable: bool, after_s: Option<u64>) -> Error {
        self.0.retry = Some(Retry { again: retryable, after_s });
        self
    }

    /// With another hint: a front end names its own commands and flags.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Error {
        self.0.hint = Some(hint.into());
        self
    }

    /// With what deserved attention on the way.
    #[must_use]
    pub fn with_warnings(mut self, warnings: Vec<Warning>) -> Error {
        self.0.warnings = warnings;
        self
    }

    /// With what was had before it.
    #[must_use]
    pub fn with_so_far(mut self, so_far: SoFar) -> Error {
        self.0.so_far = Some(so_far);
        self
    }

    /// What was had before it, of pages.
    #[must_use]
    pub fn so_far(&self) -> Option<&SoFar> {
        self.0.so_far.as_ref()
    }

    /// With what was waited for before it.
    #[must_use]
    pub fn with_waited(mut self, waited: Waited) -> Error {
        self.0.waited = Some(waited);
        self
    }

    /// What was waited for before it, of a card with `until`.
    #[must_use]
    pub fn waited(&self) -> Option<&Waited> {
        self.0.waited.as_ref()
    }

    /// With the secrets that must not be shown.
    #[must_use]
    pub fn redacted_by(mut self, redactor: &Arc<Redactor>) -> Error {
        self.0.redactor = Arc::clone(redactor);
        self
    }

    /// The secrets that must not be shown.
    #[must_use]
    pub fn redactor(&self) -> &Arc<Redactor> {
        &self.0.redactor
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &Code {
        &self.0.code
    }

    /// The class of the code.
    #[must_use]
    pub fn class(&self) -> Class {
        self.code().class()
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// The facts; may hold what must not be shown.
    #[must_use]
    pub fn fault(&self) -> &dyn Fault {
        &*self.0.fault
    }

    /// The reply that led to it; may hold what must not be shown.
    #[must_use]
    pub fn response(&self) -> Option<&FailedResponse> {
        self.0.response.as_ref()
    }

    /// The same as it is shown: `{"headers", "body", "truncated"}`, redacted.
    #[must_use]
    pub fn shown_response(&self) -> Option<Value> {
        self.0.response.as_ref().map(|response| response.to_json(&self.0.redactor))
    }

    /// Whether the same run may be tried again; `None` where that is not known.
    #[must_use]
    pub fn retryable(&self) -> Option<bool> {
        self.0.retry.map(|retry| retry.again)
    }

    /// Seconds to wait before that, where the service says.
    #[must_use]
    pub fn retry_after_s(&self) -> Option<u64> {
        self.0.retry.and_then(|retry| retry.after_s)
    }

    /// What deserved attention on the way.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.0.warnings
    }

    /// What is wrong: a lower-case fragment, redacted.
    #[must_use]
    pub fn message(&self) -> String {
        self.0.redactor.redact(&self.0.fault.to_string()).into_owned()
    }

    /// What to do, redacted.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = self.0.hint.clone().or_else(|| self.0.fault.hint());
        hint.map(|hint| self.0.redactor.redact(&hint).into_owned())
    }

    /// `{"code","message","where","hint","retryable","retry_after_s","problem","pages","until","status","response"}`; only what is
    /// known. `problem` is that of a flow: `{"type","status","title","detail","instance","step"}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        map.insert("code".into(), Value::String(self.code().to_string()));
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
        if let Some(retryable) = self.retryable() {
            map.insert("retryable".into(), Value::Bool(retryable));
        }
        if let Some(after) = self.retry_after_s() {
            map.insert("retry_after_s".into(), Value::from(after));
        }
        if let Some((name, facts)) = self.0.fault.facts() {
            map.insert(name.into(), self.0.redactor.redact_value(facts));
        }
        if let Some(so_far) = &self.0.so_far {
            let got = Value::Object(so_far.got.to_map());
            map.insert("pages".into(), self.0.redactor.redact_value(got));
        }
        if let Some(Waited { polls, next }) = &self.0.waited {
            let mut waited = Map::new();
            waited.insert("polls".into(), Value::from(*polls));
            waited.insert("next".into(), Value::Object(next.clone()));
            map.insert("until".into(), self.0.redactor.redact_value(Value::Object(waited)));
        }
        if let (Some(response), Some(shown)) = (&self.0.response, self.shown_response()) {
            map.insert("status".into(), Value::from(response.status));
            map.insert("response".into(), shown);
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
        // What was cut off may have cut a secret in two: its first half must not be shown either.
        let shown = if self.truncated {
            redactor.redact_beginning(&self.body)
        } else {
            redactor.redact_bytes(&self.body)
        };
        let body = match std::str::from_utf8(&shown) {
            Ok("") => Value::Null,
            Ok(text) => match self.json() {
                Some(value) => redactor.redact_value(value),
                None => Value::String(text.to_owned()),
            },
            Err(error) if self.truncated && error.error_len().is_none() => {
                // Cut in the middle of a character.
                Value::String(String::from_utf8_lossy(&shown[..error.valid_up_to()]).into_owned())
            }
            Err(_) => {
                let encoded = base64::engine::general_purpose::STANDARD.encode(&shown);
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

impl FailedResponse {
    /// What [`FailedResponse::to_json`] shows, as a reply again.
    #[must_use]
    pub fn from_json(status: u16, shown: &Value) -> FailedResponse {
        let mut headers = HeaderMap::new();
        for (name, values) in shown.get("headers").and_then(Value::as_object).into_iter().flatten()
        {
            let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else { continue };
            let values = match values {
                Value::Array(values) => values.as_slice(),
                one => std::slice::from_ref(one),
            };
            let read = |value: &Value| HeaderValue::from_str(value.as_str()?).ok();
            values.iter().filter_map(read).for_each(|value| {
                headers.append(&name, value);
            });
        }
        let body = match shown.get("body") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
        };
        let truncated = shown.get("truncated").and_then(Value::as_bool).unwrap_or_default();
        FailedResponse { status, headers, body: body.into(), truncated }
    }

    /// The body as JSON, where it is.
    fn json(&self) -> Option<Value> {
        let text = text::mended(std::str::from_utf8(&self.body).ok()?);
        // What was cut off is none, however much a reader would have built of it by then.
        text::check(&text).ok()?;
        crate::value::parse(&text).ok()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.code(), self.message())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({})", self.to_json())
    }
}

impl std::error::Error for Error {}

impl<F: Fault> From<F> for Error {
    fn from(fault: F) -> Error {
        Error::new(fault)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        Error::new(refusal.fault).redacted_by(&refusal.redactor).with_warnings(refusal.warnings)
    }
}
