//! Why a run of a flow ended without its output.

use std::fmt;

use cardhost_core::error::{Code, Fault};
use cardhost_core::text::did_you_mean;
use serde_json::{Map, Value};

/// Why a run of a flow ended without its output.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FlowFault {
    /// An error that nothing caught: problem details (RFC 9457) as the flow saw them.
    #[error("{}", uncaught(type_uri, *status, title.as_deref(), detail.as_deref()))]
    Uncaught {
        /// The code that it came with, or that of its type.
        code: Code,
        /// The URI of its type.
        type_uri: String,
        /// The status.
        status: u16,
        /// The title.
        title: Option<String>,
        /// The detail.
        detail: Option<String>,
        /// Where: a JSON Pointer into the document of the flow that it came up in.
        instance: Option<String>,
        /// The step that it ended.
        step: Option<String>,
    },
    /// The run did more than it may.
    #[error("the flow takes more than {max} {of}")]
    Limit {
        /// What there is too much of.
        of: Limited,
        /// Inclusive.
        max: u64,
    },
    /// No flow of that name is known.
    #[error("there is no flow `{name}`")]
    Unknown {
        /// `<namespace>/<name>`, with `:<version>` where one was asked for.
        name: String,
        /// The nearest name.
        nearest: Option<String>,
    },
    /// A flow that another one runs cannot be used.
    #[error("flow `{name}` cannot be used: {reason}")]
    Invalid {
        /// `<namespace>/<name>`.
        name: String,
        /// The first of its faults, in words.
        reason: String,
    },
}

/// What a run may not have too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limited {
    /// Tasks begun.
    Tasks,
    /// Frames at a time.
    Frames,
    /// Levels of tasks within tasks.
    Levels,
    /// Flows within flows.
    Flows,
}

impl Limited {
    /// The plural, in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Limited::Tasks => "tasks",
            Limited::Frames => "frames",
            Limited::Levels => "levels",
            Limited::Flows => "flows",
        }
    }
}

impl fmt::Display for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn uncaught(type_uri: &str, status: u16, title: Option<&str>, detail: Option<&str>) -> String {
    match (title, detail) {
        (Some(title), Some(detail)) => format!("{title}: {detail}"),
        (Some(text), None) | (None, Some(text)) => text.to_owned(),
        (None, None) => {
            let kind = type_uri.rsplit('/').next().unwrap_or_default();
            format!("an error of type `{kind}` with status {status}")
        }
    }
}

impl Fault for FlowFault {
    fn code(&self) -> Code {
        match self {
            FlowFault::Uncaught { code, .. } => code.clone(),
            FlowFault::Limit { .. } => Code::FLOW_LIMIT,
            FlowFault::Unknown { .. } => Code::FLOW_UNKNOWN,
            FlowFault::Invalid { .. } => Code::DEFINITION_VALUE,
        }
    }

    fn facts(&self) -> Option<(&'static str, Value)> {
        let FlowFault::Uncaught { type_uri, status, title, detail, instance, step, .. } = self
        else {
            return None;
        };
        let mut problem = Map::new();
        problem.insert("type".to_owned(), Value::from(type_uri.as_str()));
        problem.insert("status".to_owned(), Value::from(*status));
        for (key, text) in
            [("title", title), ("detail", detail), ("instance", instance), ("step", step)]
        {
            problem.extend(text.as_deref().map(|text| (key.to_owned(), Value::from(text))));
        }
        Some(("problem", Value::Object(problem)))
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            FlowFault::Uncaught { .. } => return None,
            FlowFault::Limit { of: Limited::Tasks, .. } => {
                "look for a loop without an end, or give the flow a higher limit"
            }
            FlowFault::Limit { of: Limited::Flows, .. } => "look for a flow that runs itself",
            FlowFault::Limit { .. } => "look for a function that calls itself",
            FlowFault::Unknown { nearest, .. } => return nearest.as_deref().map(did_you_mean),
            FlowFault::Invalid { .. } => "check the flow: every fault is found at once",
        };
        Some(text.to_owned())
    }
}
