//! Why no request can be planned, and what deserves attention when one can.

use crate::auth::AuthFault;
use crate::decision::NoRow;
use crate::inject::header::HeaderFault;
use crate::inject::path::UrlFault;
use crate::inject::query::QueryFault;
use crate::settle::{FieldFault, NotApplicable};
use crate::template::{Reference, TemplateValueError};

/// Something that is no error and deserves attention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// A value was given for a field that does not apply, and is not sent.
    NotApplicable(NotApplicable),
    /// The fragment of a relative URL is not sent.
    FragmentDropped,
    /// A query parameter or form field is null and left out.
    NullLeftOut {
        /// Its name.
        name: String,
    },
    /// A sentence of the target's own.
    TargetHint {
        /// The target.
        target: String,
        /// The sentence.
        hint: String,
    },
    /// A redirect to another origin was not followed.
    RedirectNotFollowed {
        /// The origin it points to.
        origin: String,
    },
}

/// Why no request can be planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanFault {
    /// An option or input is wrong.
    Field(FieldFault),
    /// A group of inputs that the card does not have, or that is no object.
    Group {
        /// The group.
        group: String,
        /// The type found, where it is no object.
        found: Option<&'static str>,
        /// The nearest group.
        nearest: Option<String>,
    },
    /// A template has no value.
    Template {
        /// The part of the request.
        part: RequestPart,
        /// Why.
        error: TemplateValueError,
    },
    /// The URL is refused.
    Url {
        /// What it comes from, if from one field.
        field: Option<Reference>,
        /// Why.
        fault: UrlFault,
    },
    /// A query parameter or form field is refused.
    Query {
        /// `query` or `body`.
        part: RequestPart,
        /// The input field that it comes from, if one.
        field: Option<Vec<String>>,
        /// Why.
        fault: QueryFault,
    },
    /// The body's content type cannot stand in a header.
    ContentType,
    /// A header is refused.
    Header {
        /// The input field that it comes from, if one.
        field: Option<Vec<String>>,
        /// Why.
        fault: HeaderFault,
    },
    /// A part that must be an object is not.
    NotAnObject {
        /// The part.
        part: RequestPart,
        /// The type found.
        found: &'static str,
    },
    /// The method is not one of [`super::METHODS`].
    Method {
        /// What was rendered.
        found: String,
    },
    /// The connector has no such target.
    UnknownTarget {
        /// What was rendered.
        found: String,
    },
    /// A table has no row for a value.
    NoRow {
        /// The pointer of the table, such as `/targets/Query API/base`.
        table: String,
        /// What has no row.
        row: NoRow,
    },
    /// A base URL of the connector is none.
    BadBase {
        /// The target.
        target: String,
        /// The text.
        found: String,
    },
    /// An expression in a base URL has no value that is text.
    Base {
        /// The target.
        target: String,
        /// Why.
        error: Box<TemplateValueError>,
    },
    /// The connection decides the host, and it is not one of the target's.
    HostNotAllowed(Box<HostNotAllowed>),
    /// No auth method of the target is usable.
    AuthMissing {
        /// The target.
        target: String,
        /// Each method with the fields it lacks.
        methods: Vec<(String, Vec<String>)>,
    },
    /// The connector has no such auth method.
    UnknownAuth {
        /// The pointer of the list that names it.
        list: String,
        /// Its name.
        found: String,
    },
    /// The credentials cannot be applied.
    Auth {
        /// The method.
        method: String,
        /// Why.
        fault: AuthFault,
    },
    /// The body is longer than [`super::MAX_BODY_BYTES`].
    BodyTooLong,
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
