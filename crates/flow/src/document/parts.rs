//! The parts that tasks and the document share: data flow, durations, timeouts, endpoints, credentials,
//! retry policies, errors, events.

use std::sync::Arc;

use super::shape::{Key, Keys, Shape, key};
use super::text_formats::{DURATION, EXPRESSION, SOME_TEXT, URI};
use crate::expression::{Expression, Shaped, UriTemplate};
use cardhost_core::schema::JsonSchemaField;

/// A duration in milliseconds.
#[derive(Clone, Debug)]
pub enum Duration {
    /// As written.
    Fixed(i64),
    /// An expression that gives an ISO 8601 duration, or an object of `days`, `hours`, `minutes`,
    /// `seconds` and `milliseconds`.
    Expression(Expression),
}

/// `input`: what a task or the flow takes.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// What must hold of it.
    pub schema: Option<Arc<JsonSchemaField>>,
    /// What the task gets of it.
    pub from: Option<Shaped>,
}

/// `output` or `export`: what a task gives.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// What must hold of it.
    pub schema: Option<Arc<JsonSchemaField>>,
    /// What is made of it.
    pub as_: Option<Shaped>,
}

/// How to prove who asks.
#[derive(Clone, Debug)]
pub struct Authentication {
    /// `basic`, `bearer`, `digest`, `oauth2` or `oidc`.
    pub scheme: String,
    /// Its settings, or the name of the secret that has them.
    pub settings: Settings,
}

/// Where the settings of an authentication come from.
#[derive(Clone)]
pub enum Settings {
    /// Given here.
    Given(Shaped),
    /// The secret of that name.
    Secret(String),
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Settings::Given(_) => f.write_str("Given"),
            Settings::Secret(name) => write!(f, "Secret({name})"),
        }
    }
}

/// Where something is, and how to prove who asks.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Where.
    pub uri: UriTemplate,
    /// Who.
    pub authentication: Option<Arc<Authentication>>,
}

/// When to try again, and how often.
#[derive(Clone, Debug)]
pub struct Retry {
    /// Only where this is true.
    pub when: Option<Expression>,
    /// Only where this is not true.
    pub except_when: Option<Expression>,
    /// Before the second attempt.
    pub delay: Option<Duration>,
    /// How the delay grows.
    pub backoff: Backoff,
    /// Most retries; the first attempt is none.
    pub count: Option<i64>,
    /// For each attempt.
    pub attempt_duration: Option<Duration>,
    /// From the first attempt on.
    pub duration: Option<Duration>,
    /// What is added to a delay, between two bounds.
    pub jitter: Option<(Duration, Duration)>,
}

/// How the delay between attempts grows.
#[derive(Clone, Debug, Default)]
pub enum Backoff {
    /// It does not.
    #[default]
    Constant,
    /// By so much each time; by the delay itself, unless said otherwise.
    Linear(Option<Duration>),
    /// Times two each time.
    Exponential,
}

/// An error that a flow raises.
#[derive(Clone, Debug)]
pub enum Raised {
    /// Made of parts.
    Parts(RaisedError),
    /// What an expression gives: the whole of an error, such as one that was caught.
    Whole(Expression),
}

/// The parts of an error that a flow raises.
#[derive(Clone, Debug)]
pub struct RaisedError {
    /// The URI of its type.
    pub type_uri: Shaped,
    /// The status.
    pub status: Shaped,
    /// A title.
    pub title: Option<Shaped>,
    /// What happened.
    pub detail: Option<Shaped>,
    /// Where; else the task.
    pub instance: Option<Shaped>,
}

const INLINE_DURATION: Keys = Keys {
    name: "duration",
    doc: "A duration; its parts are added.",
    keys: &[
        key("days", "Days.", Shape::Whole),
        key("hours", "Hours.", Shape::Whole),
        key("minutes", "Minutes.", Shape::Whole),
        key("seconds", "Seconds.", Shape::Whole),
        key("milliseconds", "Milliseconds.", Shape::Whole),
    ],
    required: &[],
    one_of: &[],
    open: false,
};

pub(crate) const DURATION_SHAPE: Shape =
    Shape::Either(&[Shape::SomeOf(&INLINE_DURATION), Shape::Formatted(&DURATION)]);

/// `{ after: … }`, or the name of one of `use.timeouts`.
pub(crate) const TIMEOUT: Keys = Keys {
    name: "timeout",
    doc: "After which time to give up.",
    keys: &[key("after", "How long.", DURATION_SHAPE)],
    required: &["after"],
    one_of: &[],
    open: false,
};

pub(crate) const TIMEOUT_OR_NAME: Shape = Shape::Either(&[Shape::Keys(&TIMEOUT), Shape::Text]);

const SCHEMA: Keys = Keys {
    name: "schema",
    doc: "What must hold of data.",
    keys: &[
        key("format", "`json`, the default.", Shape::Text),
        key("document", "A JSON Schema, draft 2020-12.", Shape::Any),
        key(
            "resource",
            "A schema somewhere else.",
            Shape::Unsupported("schema.resource", &Shape::Keys(&EXTERNAL_RESOURCE)),
        ),
    ],
    required: &[],
    one_of: &["document", "resource"],
    open: false,
};

const EXPRESSION_OR_OBJECT: Shape = Shape::Either(&[Shape::Text, Shape::Object]);

/// `input`
pub(crate) const INPUT: Keys = Keys {
    name: "input",
    doc: "What is taken.",
    keys: &[
        key("schema", "What must hold of it.", Shape::Keys(&SCHEMA)),
        key("from", "An expression, or an object with expressions.", EXPRESSION_OR_OBJECT),
    ],
    required: &[],
    one_of: &[],
    open: false,
};

/// `output` and `export`
pub(crate) const OUTPUT: Keys = Keys {
    name: "output",
    doc: "What is given.",
    keys: &[
        key("schema", "What must hold of it.", Shape::Keys(&SCHEMA)),
        key("as", "An expression, or an object with expressions.", EXPRESSION_OR_OBJECT),
    ],
    required: &[],
    one_of: &[],
    open: false,
};

const NAME_AND_PASSWORD: Shape = Shape::OneOf(&[
    &Keys {
        name: "nameAndPassword",
        doc: "A name and a password.",
        keys: &[
            key("username", "The name.", Shape::Text),
            key("password", "The password.", Shape::Text),
        ],
        required: &["username", "password"],
        one_of: &[],
        open: false,
    },
    &FROM_SECRET,
]);

const TOKEN: Shape = Shape::OneOf(&[
    &Keys {
        name: "token",
        doc: "A token.",
        keys: &[key("token", "The token.", Shape::Text)],
        required: &["token"],
        one_of: &[],
        open: false,
    },
    &FROM_SECRET,
]);

const FROM_SECRET: Keys = Keys {
    name: "fromSecret",
    doc: "What a secret holds.",
    keys: &[key("use", "The name of the secret.", Shape::Formatted(&SOME_TEXT))],
    required: &["use"],
    one_of: &[],
    open: false,
};

const OAUTH2_TOKEN: Shape = Shape::Keys(&Keys {
    name: "oauth2Token",
    doc: "A security token.",
    keys: &[key("token", "The token.", Shape::Text), key("type", "Its type.", Shape::Text)],
    required: &["token", "type"],
    one_of: &[],
    open: false,
});

macro_rules! oauth2 {
    ($name:literal, $doc:literal $(, $more:expr)*) => {
        Keys {
            name: $name,
            doc: $doc,
            keys: &[
                key("authority", "A URI: the authority.", Shape::Formatted(&URI)),
                key(
                    "grant",
                    "The grant.",
                    Shape::Choice(&[
                        "authorization_code",
                        "client_credentials",
                        "password",
                        "refresh_token",
                        "urn:ietf:params:oauth:grant-type:token-exchange",
                    ]),
                ),
                key("client", "Who asks.", Shape::Keys(&OAUTH2_CLIENT)),
                key("request", "How it is asked.", Shape::Object),
                key("issuers", "Whose tokens are good.", Shape::List(&Shape::Text)),
                key("scopes", "What is asked for.", Shape::List(&Shape::Text)),
                key("audiences", "Whom the token is for.", Shape::List(&Shape::Text)),
                key("username", "The name, for the grant `password`.", Shape::Text),
                key("password", "The password, for the grant `password`.", Shape::Text),
                key("subject", "On whose behalf.", OAUTH2_TOKEN),
                key("actor", "Who acts.", OAUTH2_TOKEN),
                $($more),*
            ],
            required: &["authority", "grant"],
            one_of: &[],
            open: false,
        }
    };
}

const OAUTH2_CLIENT: Keys = Keys {
    name: "oauth2Client",
    doc: "Who asks.",
    keys: &[
        key("id", "Its id.", Shape::Text),
        key("secret", "Its secret.", Shape::Text),
        key("assertion", "A signed assertion.", Shape::Text),
        key(
            "authentication",
            "How it proves who it is.",
            Shape::Choice(&[
                "client_secret_basic",
                "client_secret_post",
                "client_secret_jwt",
                "private_key_jwt",
                "none",
            ]),
        ),
    ],
    required: &[],
    one_of: &[],
    open: false,
};

const OAUTH2: Keys = oauth2!(
    "oauth2",
    "OAuth 2.",
    key(
        "endpoints",
        "Paths below the authority.",
        Shape::Keys(&Keys {
            name: "oauth2Endpoints",
            doc: "Paths below the authority.",
            keys: &[
                key("token", "For tokens.", Shape::Text),
                key("revocation", "For revoking them.", Shape::Text),
                key("introspection", "For looking at them.", Shape::Text),
            ],
            required: &[],
            one_of: &[],
            open: true,
        })
    )
);

const OIDC: Keys = oauth2!("oidc", "OpenID Connect.");

/// `basic`, `bearer`, `digest`, `oauth2`, `oidc`
pub(crate) const SCHEMES: [&str; 5] = ["basic", "bearer", "digest", "oauth2", "oidc"];

macro_rules! authentication {
    ($name:literal, $doc:literal, [$($more:expr),*], [$($one:literal),*]) => {
        Keys {
            name: $name,
            doc: $doc,
            keys: &[
                key("basic", "HTTP Basic (RFC 7617).", NAME_AND_PASSWORD),
                key("bearer", "A token (RFC 6750).", TOKEN),
                key("digest", "HTTP Digest (RFC 7616).", NAME_AND_PASSWORD),
                key("oauth2", "OAuth 2.", Shape::OneOf(&[&OAUTH2, &FROM_SECRET])),
                key("oidc", "OpenID Connect.", Shape::OneOf(&[&OIDC, &FROM_SECRET])),
                $($more),*
            ],
            required: &[],
            one_of: &["basic", "bearer", "digest", "oauth2", "oidc" $(, $one)*],
            open: false,
        }
    };
}

/// One of `use.authentications`.
pub(crate) const AUTHENTICATION: Keys =
    authentication!("authentication", "How to prove who asks.", [], []);

/// One that may be named instead.
pub(crate) const AUTHENTICATION_OR_NAME: Keys = authentication!(
    "authenticationOrName",
    "How to prove who asks, or the name of one of `use.authentications`.",
    [key("use", "The name of one of `use.authentications`.", Shape::Formatted(&SOME_TEXT))],
    ["use"]
);

const ENDPOINT_KEYS: Keys = Keys {
    name: "endpoint",
    doc: "Where something is.",
    keys: &[
        key("uri", "A URI, with `{name}` for values of the input.", Shape::Formatted(&URI)),
        key("authentication", "How to prove who asks.", Shape::Keys(&AUTHENTICATION_OR_NAME)),
    ],
    required: &["uri"],
    one_of: &[],
    open: false,
};

pub(crate) const ENDPOINT: Shape =
    Shape::Either(&[Shape::Formatted(&URI), Shape::Keys(&ENDPOINT_KEYS)]);

/// A document somewhere else.
pub(crate) const EXTERNAL_RESOURCE: Keys = Keys {
    name: "externalResource",
    doc: "A document somewhere else.",
    keys: &[key("name", "A name for it.", Shape::Text), key("endpoint", "Where it is.", ENDPOINT)],
    required: &["endpoint"],
    one_of: &[],
    open: false,
};

/// What a request gives: `content`, `response` or `raw`.
pub(crate) const REPLY_AS: Key = key(
    "output",
    "`content` (the default): the decoded body; `response`: request, status, headers and content; `raw`: the body in base64.",
    Shape::Choice(&["raw", "content", "response"]),
);

pub(crate) const REDIRECT: Key =
    key("redirect", "Whether a status from 300 to 399 is no error.", Shape::Flag);

/// Text values by name, or an expression that gives them.
pub(crate) const TEXTS_OR_EXPRESSION: Shape =
    Shape::Either(&[Shape::Names(&Shape::Text), Shape::Formatted(&EXPRESSION)]);

/// One of `use.errors`.
pub(crate) const ERROR: Keys = Keys {
    name: "error",
    doc: "An error: problem details (RFC 9457).",
    keys: &[
        key("type", "The URI of its type.", Shape::Formatted(&URI)),
        key("status", "The status.", Shape::Whole),
        key("instance", "Where: a JSON Pointer; the task, unless said otherwise.", Shape::Text),
        key("title", "A title.", Shape::Text),
        key("detail", "What happened.", Shape::Text),
    ],
    required: &["type", "status"],
    one_of: &[],
    open: false,
};

const BACKOFF: Keys = Keys {
    name: "backoff",
    doc: "How the delay grows.",
    keys: &[
        key("constant", "It does not.", Shape::Object),
        key("linear", "By `increment`, or else by the delay.", Shape::Object),
        key("exponential", "Times two.", Shape::Object),
    ],
    required: &[],
    one_of: &["constant", "exponential", "linear"],
    open: false,
};

/// One of `use.retries`.
pub(crate) const RETRY: Keys = Keys {
    name: "retryPolicy",
    doc: "When to try again, and how often.",
    keys: &[
        key("when", "Only where this expression is true.", Shape::Text),
        key("exceptWhen", "Only where this expression is not true.", Shape::Text),
        key("delay", "Before the second attempt.", DURATION_SHAPE),
        key("backoff", "How the delay grows.", Shape::Keys(&BACKOFF)),
        key(
            "limit",
            "How often and how long.",
            Shape::Keys(&Keys {
                name: "retryLimit",
                doc: "How often and how long.",
                keys: &[
                    key(
                        "attempt",
                        "Of attempts.",
                        Shape::Keys(&Keys {
                            name: "attemptLimit",
                            doc: "Of attempts.",
                            keys: &[
                                key("count", "Most retries.", Shape::Whole),
                                key("duration", "For each attempt.", DURATION_SHAPE),
                            ],
                            required: &[],
                            one_of: &[],
                            open: false,
                        }),
                    ),
                    key("duration", "For all of them.", DURATION_SHAPE),
                ],
                required: &[],
                one_of: &[],
                open: false,
            }),
        ),
        key(
            "jitter",
            "What is added to each delay at random.",
            Shape::Keys(&Keys {
                name: "jitter",
                doc: "Two bounds.",
                keys: &[
                    key("from", "The least.", DURATION_SHAPE),
                    key("to", "The most.", DURATION_SHAPE),
                ],
                required: &["from", "to"],
                one_of: &[],
                open: false,
            }),
        ),
    ],
    required: &[],
    one_of: &[],
    open: false,
};

/// The attributes of an event (CloudEvents 1.0).
pub(crate) const EVENT_KEYS: &[Key] = &[
    key("id", "Its identifier; made up, unless given.", Shape::Text),
    key("source", "A URI: where it comes from; the flow, unless given.", Shape::Formatted(&URI)),
    key("type", "What happened.", Shape::Text),
    key("time", "When; now, unless given.", Shape::Text),
    key("subject", "About what.", Shape::Text),
    key("datacontenttype", "The media type of `data`.", Shape::Text),
    key("dataschema", "A URI: the schema of `data`.", Shape::Formatted(&URI)),
    key("data", "What it says.", Shape::Any),
];

/// An event to emit.
pub(crate) const EVENT: Keys = Keys {
    name: "event",
    doc: "An event (CloudEvents 1.0).",
    keys: EVENT_KEYS,
    required: &["type"],
    one_of: &[],
    open: true,
};
