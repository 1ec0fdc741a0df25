//! Why no request can be planned.

use super::limits::METHODS;
use crate::auth::AuthFault;
use crate::error::{Code, Fault, Place, pointer};
use crate::file::FileFault;
use crate::inject::header::HeaderFault;
use crate::inject::path::UrlFault;
use crate::inject::query::{QueryFault, QueryProblem};
use crate::settle::{FieldFault, FieldProblem, FieldRoot, path_place, reference_place};
use crate::template::NoRow;
use crate::template::{Reference, TemplateValueError};
use crate::text::{CHECK_THE_DEFINITION, article, did_you_mean, nearest, quoted};

/// Why no request can be planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanFault {
    /// An option or input is wrong.
    #[error(transparent)]
    Field(FieldFault),
    /// A field of the connection has no value, and a login brings it.
    #[error("connection field `{label}` comes with a login, and none has brought it")]
    NotLoggedIn {
        /// The field's label.
        label: String,
        /// Whether a run logs in by itself.
        alone: bool,
    },
    /// A group of inputs that the card does not have, or that is no object.
    #[error("{}", group_message(group, *found))]
    Group {
        /// The group.
        group: String,
        /// The type found, where it is no object.
        found: Option<&'static str>,
        /// The groups there are.
        known: Vec<String>,
    },
    /// A template has no value.
    #[error("{error}")]
    Template {
        /// The part of the request.
        part: RequestPart,
        /// Why.
        error: TemplateValueError,
    },
    /// The URL is refused.
    #[error("{fault}")]
    Url {
        /// What it comes from, if from one field.
        field: Option<Reference>,
        /// Why.
        fault: UrlFault,
    },
    /// A query parameter or form field is refused.
    #[error("{}", query_message(*part, fault))]
    Query {
        /// `query` or `body`.
        part: RequestPart,
        /// The input field that it comes from, if one.
        field: Option<Vec<String>>,
        /// Why.
        fault: QueryFault,
    },
    /// The body's content type cannot stand in a header.
    #[error("the body's `contentType` cannot stand in a header")]
    ContentType,
    /// A header is refused.
    #[error("{fault}")]
    Header {
        /// The input field that it comes from, if one.
        field: Option<Vec<String>>,
        /// Why.
        fault: HeaderFault,
    },
    /// A part that must be an object is not.
    #[error("the request's {} must be an object, not {}", part.as_str(), article(found))]
    NotAnObject {
        /// The part.
        part: RequestPart,
        /// The type found.
        found: &'static str,
    },
    /// What must be a list of lines is none.
    #[error("the body's `ndjson` must be a list, not {}", article(found))]
    NotAList {
        /// The type found.
        found: &'static str,
    },
    /// A part of a multipart body is none.
    #[error("part `{name}` of the body {reason}")]
    Part {
        /// The name of the part.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file cannot be sent.
    #[error("{fault}")]
    File {
        /// The input that it is, if one.
        field: Option<Vec<String>>,
        /// Why.
        fault: FileFault,
    },
    /// The method is not one of [`super::METHODS`].
    #[error("`{found}` is not a method a card can have")]
    Method {
        /// What was rendered.
        found: String,
    },
    /// The connector has no such target.
    #[error("the connector has no target `{found}`")]
    UnknownTarget {
        /// What was rendered.
        found: String,
    },
    /// A table has no row for a value.
    #[error("{}", no_row(table, row))]
    NoRow {
        /// The pointer of the table, such as `/targets/Query API/base`.
        table: String,
        /// What has no row.
        row: NoRow,
    },
    /// A base URL of the connector is none.
    #[error("`{found}` is not a base URL")]
    BadBase {
        /// The target.
        target: String,
        /// The text.
        found: String,
    },
    /// An expression in a base URL has no value that is text.
    #[error("base URL of `{target}`: {error}")]
    Base {
        /// The target.
        target: String,
        /// Why.
        error: Box<TemplateValueError>,
    },
    /// The connection decides the host, and it is not one of the target's.
    #[error("host `{}` is not one of those that target `{}` allows", .0.host, .0.target)]
    HostNotAllowed(Box<HostNotAllowed>),
    /// No auth method of the target is usable.
    #[error("no credentials for `{target}`: {}", lacking(methods))]
    AuthMissing {
        /// The target.
        target: String,
        /// Each method with the fields it lacks.
        methods: Vec<(String, Vec<String>)>,
    },
    /// The connector has no such auth method.
    #[error("the connector has no auth method `{found}`")]
    UnknownAuth {
        /// The pointer of the list that names it.
        list: String,
        /// Its name.
        found: String,
    },
    /// The credentials cannot be applied.
    #[error("auth method `{method}`: {fault}")]
    Auth {
        /// The method.
        method: String,
        /// Why.
        fault: AuthFault,
    },
    /// The body is longer than the card says, or than any may be that is in memory.
    #[error("the request's body is longer than {limit} bytes")]
    BodyTooLong {
        /// In bytes; inclusive.
        limit: u64,
    },
}

fn group_message(group: &str, found: Option<&'static str>) -> String {
    match found {
        Some(found) => format!("input group `{group}` must be an object, not {}", article(found)),
        None => format!("there is no input group `{group}`"),
    }
}

fn query_message(part: RequestPart, fault: &QueryFault) -> String {
    format!("parameter `{}` of the {} {}", fault.name, part.as_str(), fault.problem)
}

fn no_row(table: &str, row: &NoRow) -> String {
    match &row.value {
        Some(value) => format!("table `{table}` has no row for `{value}` of `{}`", row.by),
        None => format!("table `{table}` needs `{}`, which has no value", row.by),
    }
}

fn lacking(methods: &[(String, Vec<String>)]) -> String {
    let lacks = methods.iter().map(|(name, fields)| format!("`{name}` lacks {}", quoted(fields)));
    lacks.collect::<Vec<_>>().join("; ")
}

impl Fault for PlanFault {
    fn code(&self) -> Code {
        match self {
            PlanFault::Field(fault) => fault.code(),
            PlanFault::NotLoggedIn { .. } => Code::AUTH_LOGIN_REQUIRED,
            PlanFault::Group { found: Some(_), .. } => Code::INPUT_TYPE,
            PlanFault::Group { found: None, .. } => Code::INPUT_UNKNOWN,
            PlanFault::Template { error, .. } => error.code(),
            PlanFault::Url { fault, .. } => fault.code(),
            PlanFault::ContentType | PlanFault::BadBase { .. } => Code::DEFINITION_VALUE,
            PlanFault::Query { .. } => Code::QUERY_VALUE,
            PlanFault::Header { fault, .. } => fault.code(),
            PlanFault::NotAnObject { .. } | PlanFault::NotAList { .. } | PlanFault::Part { .. } => {
                Code::TEMPLATE_VALUE
            }
            PlanFault::File { fault, .. } => fault.code(),
            PlanFault::Method { .. } => Code::METHOD_UNKNOWN,
            PlanFault::UnknownTarget { .. } => Code::TARGET_UNKNOWN,
            PlanFault::NoRow { .. } => Code::TARGET_INCOMPLETE,
            PlanFault::Base { error, .. } => error.code(),
            PlanFault::HostNotAllowed(_) => Code::EGRESS_HOST,
            PlanFault::AuthMissing { .. } => Code::AUTH_MISSING,
            PlanFault::UnknownAuth { .. } => Code::DEFINITION_NAME,
            PlanFault::Auth { fault, .. } => fault.code(),
            PlanFault::BodyTooLong { .. } => Code::LIMIT_RENDERED,
        }
    }

    fn place(&self) -> Place {
        let at = |pointer: String| Place { pointer, ..Place::default() };
        let in_request = |part: RequestPart| at(pointer(&["request", part.as_str()]));
        let in_input = |field: &Option<Vec<String>>, part| match field {
            Some(path) => path_place("input", path),
            None => in_request(part),
        };
        match self {
            PlanFault::Field(fault) => fault.place(),
            PlanFault::NotLoggedIn { label, .. } => FieldFault {
                root: FieldRoot::Connection,
                path: vec![label.clone()],
                problem: FieldProblem::Missing,
            }
            .place(),
            PlanFault::Group { group, .. } => Place::invocation(&["input", group]),
            PlanFault::Template { part, .. } | PlanFault::NotAnObject { part, .. } => {
                in_request(*part)
            }
            PlanFault::Url { field: Some(reference), .. } => reference_place(reference),
            PlanFault::Url { field: None, .. } => in_request(RequestPart::Path),
            PlanFault::Query { part, field, .. } => in_input(field, *part),
            PlanFault::Header { field, .. } => in_input(field, RequestPart::Headers),
            PlanFault::File { field, .. } => in_input(field, RequestPart::Body),
            PlanFault::ContentType
            | PlanFault::BodyTooLong { .. }
            | PlanFault::NotAList { .. }
            | PlanFault::Part { .. } => in_request(RequestPart::Body),
            PlanFault::Method { .. } => in_request(RequestPart::Method),
            PlanFault::UnknownTarget { .. } => in_request(RequestPart::Target),
            PlanFault::NoRow { table, .. } => at(table.clone()),
            PlanFault::BadBase { target, .. } | PlanFault::Base { target, .. } => {
                at(pointer(&["targets", target, "base"]))
            }
            PlanFault::HostNotAllowed(fault) => match &fault.field {
                Some(field) => reference_place(field),
                None => Place::invocation(&["connection"]),
            },
            PlanFault::UnknownAuth { list, .. } => at(list.clone()),
            PlanFault::Auth { method, fault } if fault.is_of_definition() => {
                at(pointer(&["auth", method]))
            }
            PlanFault::Auth { .. } | PlanFault::AuthMissing { .. } => {
                Place::invocation(&["connection"])
            }
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            PlanFault::Field(fault) => return fault.hint(),
            PlanFault::Group { found: None, known, .. } if known.is_empty() => {
                return Some("the card takes no input".to_owned());
            }
            PlanFault::Group { group, found: None, known } => {
                return Some(match nearest(group, known.iter().map(String::as_str)) {
                    Some(nearest) => did_you_mean(&nearest),
                    None => format!("there is {}: labels stand inside of a group", quoted(known)),
                });
            }
            PlanFault::Url { fault, .. } => return fault.hint(),
            PlanFault::Header { fault, .. } => return fault.hint(),
            PlanFault::Template { error, .. } => return error.hint(),
            PlanFault::File { fault, .. } => return fault.hint(),
            PlanFault::Auth { fault, .. } => return fault.hint(),
            PlanFault::HostNotAllowed(fault) => {
                return Some(format!("it may be {}", quoted(&fault.allowed)));
            }
            PlanFault::Method { .. } => {
                return Some(format!("it can be {}", METHODS.join(", ")));
            }
            PlanFault::Query { fault, .. } => match fault.problem {
                QueryProblem::Type(_) => {
                    "give nested values as JSON text, for example \"[\\\"a\\\"]\""
                }
                QueryProblem::Separator(_) => "the service cannot be told of such an item",
                QueryProblem::Joined => {
                    "give each of the objects one key that all of them have, with a plain value"
                }
                QueryProblem::Bracket => "give the key without brackets",
            },
            PlanFault::NotLoggedIn { alone: true, .. } => {
                "log in, which a run does by itself and a plan does not; after a login, its reply lacks the value: check `gives` of the connector"
            }
            PlanFault::NotLoggedIn { alone: false, .. } => "log in",
            PlanFault::AuthMissing { .. } => {
                "fill in the fields of one of these methods under `connection.fields` of the invocation"
            }
            PlanFault::UnknownTarget { .. }
            | PlanFault::NoRow { .. }
            | PlanFault::BadBase { .. }
            | PlanFault::UnknownAuth { .. } => CHECK_THE_DEFINITION,
            PlanFault::NotAnObject { .. }
            | PlanFault::NotAList { .. }
            | PlanFault::Part { .. }
            | PlanFault::Group { .. }
            | PlanFault::Base { .. }
            | PlanFault::ContentType => return None,
            PlanFault::BodyTooLong { .. } => "split the input over several runs",
        };
        Some(text.to_owned())
    }
}

/// A host that a connection decides, and that its target does not list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostNotAllowed {
    /// The target.
    pub target: String,
    /// The host.
    pub host: String,
    /// The target's hosts.
    pub allowed: Vec<String>,
    /// The field that decides, where it is one.
    pub field: Option<Reference>,
}

/// The parts of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestPart {
    /// `request.target`
    Target,
    /// `request.method`
    Method,
    /// `request.path`
    Path,
    /// `request.query`
    Query,
    /// `request.headers`
    Headers,
    /// `request.body`
    Body,
}

impl RequestPart {
    /// The key in a card's `request`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            RequestPart::Target => "target",
            RequestPart::Method => "method",
            RequestPart::Path => "path",
            RequestPart::Query => "query",
            RequestPart::Headers => "headers",
            RequestPart::Body => "body",
        }
    }
}
