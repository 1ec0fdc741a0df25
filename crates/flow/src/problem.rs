//! Errors of a flow: problem details (RFC 9457, formerly 7807) with the language's types.
//!
//! A card's error becomes one with its status and our code; one that nothing catches becomes the error
//! of the run, with the code it came with.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::datum::Datum;
use super::expression::ExpressionFault;
use super::fault::{FlowFault, Limited};
use cardhost_core::error::{Class, Code, Place};
use cardhost_core::failure::{Error, FailedResponse};

/// Where the language lives.
const HOME: &str = "open-workflow-specification.org";

/// Where it has lived under its former name, Serverless Workflow.
const FORMER_HOME: &str = "serverlessworkflow.io";

/// The types of errors that the language names (DSL reference, section Standard Error Types).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standard {
    /// What is written is wrong.
    Configuration,
    /// Data does not fit its schema.
    Validation,
    /// An expression has no value.
    Expression,
    /// Who asks is not known.
    Authentication,
    /// Who asks may not.
    Authorization,
    /// It took too long.
    Timeout,
    /// A service could not be reached, or refused.
    Communication,
    /// Anything else.
    Runtime,
}

impl Standard {
    /// The last segment of the type's URI.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Standard::Configuration => "configuration",
            Standard::Validation => "validation",
            Standard::Expression => "expression",
            Standard::Authentication => "authentication",
            Standard::Authorization => "authorization",
            Standard::Timeout => "timeout",
            Standard::Communication => "communication",
            Standard::Runtime => "runtime",
        }
    }

    /// The URI of the type.
    #[must_use]
    pub fn uri(self) -> String {
        format!("https://{HOME}/spec/1.0.0/errors/{}", self.as_str())
    }

    fn status(self) -> u16 {
        match self {
            Standard::Configuration | Standard::Validation | Standard::Expression => 400,
            Standard::Authentication => 401,
            Standard::Authorization => 403,
            Standard::Timeout => 408,
            Standard::Communication | Standard::Runtime => 500,
        }
    }
}

/// An error of a flow; what a journal keeps of a step that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// The URI of its type.
    #[serde(rename = "type")]
    pub type_uri: Box<str>,
    /// The status.
    pub status: u16,
    /// A title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Box<str>>,
    /// What happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Box<str>>,
    /// The task: a JSON Pointer into the document, such as `/do/0/getPet`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<Box<str>>,
    /// Our code, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Box<str>>,
    /// Whether the same call may be made again, where a card knows: a write only if it was certainly not carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retryable: Option<bool>,
    /// Seconds to wait before another attempt, where the service says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
    /// The reply that led to it, as an error shows one: `{"headers", "body", "truncated"}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Box<Value>>,
    /// How it came up. In a box, so that results with a problem stay small.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<Box<Way>>,
    /// The limit that ended the run: nothing catches it. In a box, as there is hardly ever one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Box<u64>>,
}

/// How a problem came up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Way {
    /// The step that it ended, such as `/do/0/each/for/3/do/0/get`: which turn and which attempt it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Box<str>>,
    /// The step whose error was being handled when this one came up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Box<str>>,
    /// Where its task is written, once it has left its flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// A place in the file of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The path of the file.
    pub file: Box<str>,
    /// From one.
    pub line: usize,
    /// In characters, from one.
    pub column: usize,
}

impl Problem {
    /// A problem of one of the language's types; an empty detail is none.
    #[must_use]
    pub fn new(standard: Standard, title: &str, detail: impl Into<String>) -> Problem {
        let detail = Some(detail.into()).filter(|detail| !detail.is_empty());
        Problem {
            type_uri: standard.uri().into(),
            status: standard.status(),
            title: Some(title.into()),
            detail: detail.map(String::into),
            instance: None,
            code: None,
            retryable: None,
            retry_after_s: None,
            response: None,
            way: None,
            limit: None,
        }
    }

    /// The problem of a secret that is not there (DSL, section Secret).
    #[must_use]
    pub fn secret(name: &str) -> Problem {
        let title = format!("there is no secret `{name}`");
        Problem::new(Standard::Authorization, &title, "").with_code(&Code::CONNECTION_UNKNOWN)
    }

    /// With another status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Problem {
        self.status = status;
        self
    }

    /// With a code.
    #[must_use]
    pub fn with_code(mut self, code: &Code) -> Problem {
        self.code = Some(code.as_str().into());
        self
    }

    /// With the task, where it names none.
    #[must_use]
    pub fn at(mut self, reference: &str) -> Problem {
        self.instance.get_or_insert_with(|| reference.into());
        self
    }

    /// With the step that it ended, where it names none.
    #[must_use]
    pub fn of_step(mut self, step: impl FnOnce() -> String) -> Problem {
        let way = self.way.get_or_insert_default();
        if way.step.is_none() {
            way.step = Some(step().into());
        }
        self
    }

    /// With the step whose error was being handled, where it names none.
    #[must_use]
    pub(crate) fn caused_by(mut self, cause: Option<Box<str>>) -> Problem {
        if cause.is_some() {
            let way = self.way.get_or_insert_default();
            way.cause = way.cause.take().or(cause);
        }
        self
    }

    /// The step that it ended.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        self.way.as_deref()?.step.as_deref()
    }

    /// The step whose error was being handled when it came up.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.way.as_deref()?.cause.as_deref()
    }

    /// Where its task is written, once it has left its flow.
    #[must_use]
    pub fn source(&self) -> Option<&Source> {
        self.way.as_deref()?.source.as_ref()
    }

    /// Whether a retry or `catch` may do something about it.
    #[must_use]
    pub fn can_be_caught(&self) -> bool {
        self.limit.is_none()
    }

    /// As an expression sees it: problem details with `code`, `retryable`, `retryAfter` (seconds), `response` (`status`,
    /// `headers`, `body`, `truncated`), `step`, `cause` and `source`; what is not known is left out.
    #[must_use]
    pub fn to_datum(&self) -> Datum {
        let text = |text: &Option<Box<str>>| text.as_deref().map(Datum::text);
        let response = self.response.as_deref().map(|shown| {
            let status = ("status", Datum::int(i64::from(self.status)));
            let rest = shown.as_object().into_iter().flatten();
            Datum::object(
                [status].into_iter().chain(rest.map(|(key, value)| (key.as_str(), value.into()))),
            )
        });
        let source = self.source().map(|Source { file, line, column }| {
            let number = |number: usize| Datum::int(i64::try_from(number).unwrap_or(i64::MAX));
            Datum::object([
                ("file", Datum::text(file)),
                ("line", number(*line)),
                ("column", number(*column)),
            ])
        });
        let all = [
            ("type", Some(Datum::text(&self.type_uri))),
            ("status", Some(Datum::int(i64::from(self.status)))),
            ("title", text(&self.title)),
            ("detail", text(&self.detail)),
            ("instance", text(&self.instance)),
            ("code", text(&self.code)),
            ("retryable", self.retryable.map(Datum::Bool)),
            ("retryAfter", self.retry_after_s.map(|after| Datum::int(i64::from(after)))),
            ("response", response),
            ("step", self.step().map(Datum::text)),
            ("cause", self.cause().map(Datum::text)),
            ("source", source),
        ];
        Datum::object(all.into_iter().filter_map(|(key, value)| Some((key, value?))))
    }

    /// The problem that an expression has seen, whole: what [`Problem::to_datum`] gave, or an object with at least a `type`
    /// that is text and a `status`. `None` where it has not.
    #[must_use]
    pub fn from_datum(datum: &Datum) -> Option<Problem> {
        let text = |key: &str| -> Option<Box<str>> {
            match datum.get(key)? {
                Datum::Null => None,
                Datum::Text(text) => Some((**text).into()),
                other => Some(other.to_string().into()),
            }
        };
        let whole = |value: Option<&Datum>| match value? {
            Datum::Number(number) => number.as_i64(),
            _ => None,
        };
        let size = |value: Option<&Datum>| usize::try_from(whole(value)?).ok();
        let response = datum.get("response").filter(|response| response.as_object().is_some());
        let response = response.map(|response| {
            let mut shown = Value::from(response);
            if let Some(shown) = shown.as_object_mut() {
                shown.shift_remove("status");
            }
            Box::new(shown)
        });
        let source = datum.get("source").and_then(|source| {
            let (file, line) = (source.get("file")?.as_text()?, size(source.get("line"))?);
            Some(Source { file: file.into(), line, column: size(source.get("column"))? })
        });
        Some(Problem {
            type_uri: datum.get("type")?.as_text()?.into(),
            status: u16::try_from(whole(datum.get("status"))?).ok()?,
            title: text("title"),
            detail: text("detail"),
            instance: text("instance"),
            code: text("code"),
            retryable: match datum.get("retryable") {
                Some(Datum::Bool(again)) => Some(*again),
                _ => None,
            },
            retry_after_s: whole(datum.get("retryAfter"))
                .and_then(|after| u32::try_from(after).ok()),
            response,
            way: Some(Way { step: text("step"), cause: text("cause"), source })
                .filter(|way| *way != Way::default())
                .map(Box::new),
            limit: None,
        })
    }

    /// Whether it has what `catch.errors.with` asks for; a type may be spelt in each of the ways the
    /// language has had.
    #[must_use]
    pub fn has(&self, key: &str, wanted: &Datum) -> bool {
        match key {
            "type" => wanted.as_text().is_some_and(|wanted| same_type(&self.type_uri, wanted)),
            "details" => self.has("detail", wanted),
            _ => self.to_datum().get(key) == Some(wanted),
        }
    }
}

/// The errors of the language, in the spellings of the specification and of its conformance kit.
fn standard_name(uri: &str) -> Option<&str> {
    const KNOWN: [&str; 8] = [
        "configuration",
        "validation",
        "expression",
        "authentication",
        "authorization",
        "timeout",
        "communication",
        "runtime",
    ];
    let rest = uri.strip_prefix("https://")?;
    let rest = [HOME, FORMER_HOME].iter().find_map(|home| rest.strip_prefix(home))?;
    let rest = rest.strip_prefix('/')?;
    let (base, name) = rest.rsplit_once('/')?;
    let is_version = |text: &str| text.split('.').all(|part| part.parse::<u8>().is_ok());
    let is_base = match base {
        "dsl/errors/types" | "errors/types" | "errors" => true,
        _ => base
            .strip_prefix("spec/")
            .and_then(|rest| rest.strip_suffix("/errors"))
            .is_some_and(is_version),
    };
    (is_base && KNOWN.contains(&name)).then_some(name)
}

/// Whether two URIs name the same type of errors.
#[must_use]
pub fn same_type(left: &str, right: &str) -> bool {
    match (standard_name(left), standard_name(right)) {
        (Some(left), Some(right)) => left == right,
        _ => left == right,
    }
}

impl From<&ExpressionFault> for Problem {
    fn from(fault: &ExpressionFault) -> Problem {
        match fault {
            ExpressionFault::Failed { expression, reason } => Problem::new(
                Standard::Expression,
                "the expression has no value",
                format!("`{}`: {reason}", cut(expression)),
            )
            .with_code(&Code::FLOW_EXPRESSION),
            ExpressionFault::MissingSecret { name } => Problem::secret(name),
            ExpressionFault::Limit { expression, excess } => Problem::new(
                Standard::Expression,
                "the expression goes too far",
                format!("`{}` takes too much: {}", cut(expression), excess.as_str()),
            )
            .with_code(&Code::FLOW_EXPRESSION_LIMIT),
        }
    }
}

fn cut(text: &str) -> String {
    const LONGEST: usize = 120;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    line.chars().take(LONGEST).chain(['…']).collect()
}

/// A card's error: its class decides the type, a reply its status.
impl From<&Error> for Problem {
    fn from(error: &Error) -> Problem {
        Problem::of(error, error.response().map(|response| response.status))
    }
}

impl Problem {
    /// The problem that an error is, with the status of the reply, where there is one that counts.
    pub(crate) fn of(error: &Error, status: Option<u16>) -> Problem {
        let standard = match error.class() {
            Class::Connection => Standard::Authentication,
            Class::Policy => Standard::Authorization,
            Class::Usage | Class::Definition => Standard::Configuration,
            Class::Invocation => Standard::Validation,
            Class::Transport | Class::Service | Class::Later => Standard::Communication,
            Class::Response | Class::Internal | Class::Test => Standard::Runtime,
        };
        let is_timeout = *error.code() == Code::TRANSPORT_TIMEOUT;
        let standard = if is_timeout { Standard::Timeout } else { standard };
        let status = status.unwrap_or(standard.status());
        Problem {
            retryable: error.retryable(),
            retry_after_s: error
                .retry_after_s()
                .map(|after| u32::try_from(after).unwrap_or(u32::MAX)),
            response: error.shown_response().map(Box::new),
            ..Problem::new(standard, &error.message(), error.hint().unwrap_or_default())
                .with_status(status)
                .with_code(error.code())
        }
    }
}

impl Problem {
    /// The code: the one it came with, or that of its type.
    #[must_use]
    pub fn error_code(&self) -> Code {
        let known = self.code.as_deref().and_then(|text| {
            let built_in = Code::all().iter().find(|code| code.as_str() == text).cloned();
            built_in.or_else(|| Code::for_reply(text))
        });
        known.unwrap_or_else(|| match standard_name(&self.type_uri) {
            Some("timeout") => Code::FLOW_TIMEOUT,
            Some("expression") => Code::FLOW_EXPRESSION,
            _ => Code::FLOW_RAISED,
        })
    }

    /// The error of the run that it ended; `file` is the path of the flow.
    #[must_use]
    pub fn to_error(&self, file: &str) -> Error {
        let fault = match self.limit.as_deref().copied() {
            Some(max) => {
                let of = match self.title.as_deref() {
                    Some("frames") => Limited::Frames,
                    Some("levels") => Limited::Levels,
                    _ => Limited::Tasks,
                };
                FlowFault::Limit { of, max }
            }
            None => FlowFault::Uncaught {
                code: self.error_code(),
                type_uri: self.type_uri.to_string(),
                status: self.status,
                title: self.title.as_deref().map(str::to_owned),
                detail: self.detail.as_deref().map(str::to_owned),
                instance: self.instance.as_deref().map(str::to_owned),
                step: self.step().map(str::to_owned),
            },
        };
        let instance = self.instance.as_deref().unwrap_or_default();
        let place = match self.source() {
            Some(Source { file, line, column }) => {
                let line_column = Some((*line, *column));
                Place { line_column, ..Place::definition(file, instance) }
            }
            None => Place::definition(file, instance),
        };
        let error = Error::from(fault).at(place);
        let error = match self.retryable {
            Some(again) => error.with_retry(again, self.retry_after_s.map(u64::from)),
            None => error,
        };
        match &self.response {
            Some(shown) => error.with_response(FailedResponse::from_json(self.status, shown)),
            None => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_may_be_spelt_in_each_way_the_language_has_had() {
        let spellings = [
            "https://serverlessworkflow.io/spec/1.0.0/errors/communication",
            "https://serverlessworkflow.io/spec/1.0.3/errors/communication",
            "https://serverlessworkflow.io/dsl/errors/types/communication",
            "https://serverlessworkflow.io/errors/types/communication",
            "https://open-workflow-specification.org/spec/1.0.0/errors/communication",
            "https://open-workflow-specification.org/dsl/errors/types/communication",
            "https://open-workflow-specification.org/errors/communication",
        ];
        for left in spellings {
            for right in spellings {
                assert!(same_type(left, right), "{left} {right}");
            }
        }
        for other in [
            "https://serverlessworkflow.io/spec/1.0.0/errors/timeout",
            "https://serverlessworkflow.io/spec/x/errors/communication",
            "https://example.com/dsl/errors/types/communication",
            "https://open-workflow-specification.org.example/spec/1.0.0/errors/communication",
            "communication",
        ] {
            assert!(!same_type(spellings[0], other), "{other}");
        }
        assert!(same_type("urn:x", "urn:x"));
    }

    #[test]
    fn an_uncaught_problem_keeps_its_code_and_class() {
        let problem =
            Problem::new(Standard::Communication, "no", "x").with_code(&Code::HTTP_NOT_FOUND);
        let error = problem.at("/do/0/get").to_error("flows/x.yaml");
        assert_eq!((error.code(), error.class()), (&Code::HTTP_NOT_FOUND, Class::Service));
        assert_eq!(error.message(), "no: x");
        assert_eq!(error.place().pointer, "/do/0/get");
        let timeout = Problem::new(Standard::Timeout, "late", "");
        assert_eq!(timeout.error_code(), Code::FLOW_TIMEOUT);
        let raised = Problem { type_uri: "urn:x".into(), ..timeout };
        assert_eq!(raised.error_code(), Code::FLOW_RAISED);
    }

    #[test]
    fn an_expression_sees_whether_a_call_may_be_made_again() {
        let problem = Problem::new(Standard::Communication, "no", "x");
        assert_eq!(problem.to_datum().get("retryable"), None);
        assert_eq!(problem.to_datum().get("retryAfter"), None);
        for known in [true, false] {
            let problem = Problem { retryable: Some(known), ..problem.clone() };
            assert_eq!(problem.to_datum().get("retryable"), Some(&Datum::Bool(known)));
            assert!(problem.has("retryable", &Datum::Bool(known)));
            assert!(!problem.has("retryable", &Datum::Bool(!known)));
        }
    }

    #[test]
    fn a_problem_that_an_expression_has_seen_is_the_same_problem() {
        let plain = Problem::new(Standard::Communication, "no", "").with_status(503);
        let source = Source { file: "a.yaml".into(), line: 7, column: 3 };
        let full = Problem {
            retryable: Some(true),
            retry_after_s: Some(7),
            response: Some(Box::new(
                serde_json::json!({ "headers": { "a": "b" }, "body": [1.50], "truncated": true }),
            )),
            way: Some(Box::new(Way {
                step: Some("/do/0/x/for/2/do/0/y".into()),
                cause: Some("/do/0/x".into()),
                source: Some(source),
            })),
            ..plain.clone().with_code(&Code::HTTP_NOT_FOUND).at("/do/0/x")
        };
        for problem in [plain, full] {
            assert_eq!(Problem::from_datum(&problem.to_datum()), Some(problem));
        }
        for bad in [
            serde_json::json!("urn:x"),
            serde_json::json!({ "type": "urn:x" }),
            serde_json::json!({ "status": 400 }),
            serde_json::json!({ "type": 1, "status": 400 }),
            serde_json::json!({ "type": "urn:x", "status": 70000 }),
            serde_json::json!({ "type": "urn:x", "status": 4.5 }),
        ] {
            assert_eq!(Problem::from_datum(&Datum::from(&bad)), None, "{bad}");
        }
    }

    #[test]
    fn a_problem_survives_a_journal() {
        let problem = Problem::new(Standard::Runtime, "a", "b").at("/do/0/x");
        let problem = Problem { retryable: Some(false), ..problem };
        let text = serde_json::to_string(&problem).unwrap();
        assert_eq!(serde_json::from_str::<Problem>(&text).unwrap(), problem);
    }

    #[test]
    fn an_uncaught_problem_keeps_the_reply_that_led_to_it() {
        let came = serde_json::json!({
            "headers": { "content-type": "application/json", "set-cookie": ["a", "b"] },
            "body": { "error": "name is taken" },
        });
        let problem = Problem {
            response: Some(Box::new(came.clone())),
            ..Problem::new(Standard::Communication, "no", "").with_status(422)
        };
        let mut seen = serde_json::json!({ "status": 422 });
        seen.as_object_mut().unwrap().extend(came.as_object().unwrap().clone());
        assert_eq!(problem.to_datum().get("response").map(Value::from), Some(seen));
        let error = problem.to_error("flow.json").to_json();
        assert_eq!((&error["status"], &error["response"]), (&422.into(), &came));
    }
}
