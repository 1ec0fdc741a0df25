//! `call`: a card, a function of the document, an HTTP request, an operation of an OpenAPI document.

use std::sync::Arc;

use super::TaskId;
use super::parts::{
    AUTHENTICATION_OR_NAME, Authentication, ENDPOINT, EXTERNAL_RESOURCE, Endpoint, REDIRECT,
    REPLY_AS, TEXTS_OR_EXPRESSION,
};
use super::shape::{Keys, Shape, key};
use crate::expression::Shaped;

/// `call`
#[derive(Clone, Debug)]
pub enum Call {
    /// `list-warehouse-runs:1.0.0@mixpanel`: a card of a connector.
    Card(CallCard),
    /// One of `use.functions`.
    Function(CallFunction),
    /// `http`
    Http(CallHttp),
    /// `openapi`
    OpenApi(CallOpenApi),
}

/// A call of a card: a connector is a catalog, a card a function.
#[derive(Clone, Debug)]
pub struct CallCard {
    /// The connector.
    pub connector: String,
    /// The card.
    pub card: String,
    /// Its version; the newest, unless given.
    pub version: Option<String>,
    /// `{"connection", "options", "input", "pages"}`
    pub with: Shaped,
}

/// A call of one of `use.functions`.
#[derive(Clone, Debug)]
pub struct CallFunction {
    /// The task that it is.
    pub task: TaskId,
    /// Its name.
    pub name: String,
    /// Its input; the task's, unless given.
    pub with: Option<Shaped>,
}

/// What a request gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplyAs {
    /// The decoded body.
    #[default]
    Content,
    /// Request, status, headers and content.
    Response,
    /// The body in base64.
    Raw,
}

/// An HTTP request.
#[derive(Clone, Debug)]
pub struct CallHttp {
    /// The method.
    pub method: Shaped,
    /// Where.
    pub endpoint: Endpoint,
    /// The headers.
    pub headers: Option<Shaped>,
    /// The body.
    pub body: Option<Shaped>,
    /// Parameters of the query.
    pub query: Option<Shaped>,
    /// What it gives.
    pub output: ReplyAs,
    /// Whether a status from 300 to 399 is no error.
    pub redirect: bool,
}

/// An operation of an OpenAPI document.
#[derive(Clone, Debug)]
pub struct CallOpenApi {
    /// Where the document is.
    pub document: Endpoint,
    /// The operation.
    pub operation: Shaped,
    /// Its parameters, and its `body`.
    pub parameters: Option<Shaped>,
    /// How to prove who asks.
    pub authentication: Option<Arc<Authentication>>,
    /// What it gives.
    pub output: ReplyAs,
    /// Whether a status from 300 to 399 is no error.
    pub redirect: bool,
}

/// What the language can call and this runtime cannot.
pub(crate) const UNSUPPORTED: [&str; 4] = ["asyncapi", "grpc", "a2a", "mcp"];

/// Of any call; what `with` holds depends on what is called.
pub(crate) const KEYS: Keys = Keys {
    name: "call",
    doc: "Calls a card (`card:version@connector`), one of `use.functions`, `http` or `openapi`.",
    keys: &[
        key("call", "What to call.", Shape::Text),
        key("with", "Its arguments.", Shape::Object),
    ],
    required: &["call"],
    one_of: &[],
    open: false,
};

/// `with` of `http`.
pub(crate) static HTTP: Keys = Keys {
    name: "httpArguments",
    doc: "An HTTP request.",
    keys: &[
        key("method", "The method.", Shape::Text),
        key("endpoint", "Where.", ENDPOINT),
        key("headers", "The headers.", TEXTS_OR_EXPRESSION),
        key("body", "The body.", Shape::Any),
        key("query", "Parameters of the query.", TEXTS_OR_EXPRESSION),
        REPLY_AS,
        REDIRECT,
    ],
    required: &["method", "endpoint"],
    one_of: &[],
    open: false,
};

/// `with` of `openapi`.
pub(crate) static OPENAPI: Keys = Keys {
    name: "openapiArguments",
    doc: "An operation of an OpenAPI document.",
    keys: &[
        key("document", "The document.", Shape::Keys(&EXTERNAL_RESOURCE)),
        key("operationId", "The operation.", Shape::Text),
        key("parameters", "Its parameters; `body` is its body.", Shape::Object),
        key("authentication", "How to prove who asks.", Shape::Keys(&AUTHENTICATION_OR_NAME)),
        REPLY_AS,
        REDIRECT,
    ],
    required: &["document", "operationId"],
    one_of: &[],
    open: false,
};

/// `with` of a card.
pub(crate) static CARD: Keys = Keys {
    name: "cardArguments",
    doc: "The invocation of a card.",
    keys: &[
        key("connection", "The name of a connection, or its fields.", Shape::Any),
        key("options", "The card's options.", Shape::Any),
        key("input", "The card's input.", Shape::Any),
        key("pages", "Which pages are asked for, of a card that has some.", Shape::Any),
    ],
    required: &[],
    one_of: &[],
    open: false,
};

/// What `with` of a call holds, for the calls that say it.
pub(crate) fn arguments_of(called: &str) -> Option<&'static Keys> {
    match called {
        "http" => Some(&HTTP),
        "openapi" => Some(&OPENAPI),
        _ if called.contains('@') && !called.contains("://") => Some(&CARD),
        _ => None,
    }
}

/// The shapes of them, for the schema.
pub(crate) static ARGUMENTS: &[Shape] =
    &[Shape::Keys(&HTTP), Shape::Keys(&OPENAPI), Shape::Keys(&CARD)];
