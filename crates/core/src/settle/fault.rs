//! What is wrong with the value of a field, and where.

use std::fmt;

use crate::error::{Code, Fault, Place, pointer};
use crate::template::{Reference, Root, quoted_expression};
use crate::text::{alternatives, article, did_you_mean, nearest, quoted};

/// Which form a field is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldRoot {
    /// The connection.
    Connection,
    /// The options of a card.
    Options,
    /// The inputs of a card.
    Input,
    /// The outputs of a card.
    Output,
}

/// What is wrong with a field's value, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// The form.
    pub root: FieldRoot,
    /// Group, label and whatever is below.
    pub path: Vec<String>,
    /// The fault.
    pub problem: FieldProblem,
}

/// What can be wrong with a field's value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldProblem {
    /// No value where one is required.
    Missing,
    /// None of the choices where one is required.
    NotChosen {
        /// The choices.
        expected: Vec<String>,
    },
    /// A value of another type.
    Type {
        /// The types it takes.
        expected: Vec<&'static str>,
        /// The type that was given.
        found: &'static str,
    },
    /// Not one of the choices.
    Choice {
        /// The choices.
        expected: Vec<String>,
        /// What was given, where it is not a secret.
        found: String,
    },
    /// Text or a number in another form.
    Format {
        /// The form, in words.
        expected: &'static str,
    },
    /// Text of another pattern.
    Pattern {
        /// The pattern, in words.
        expected: String,
    },
    /// Outside its bounds.
    Range {
        /// The bound, in words.
        expected: String,
    },
    /// No such field.
    Unknown {
        /// The nearest label.
        nearest: Option<String>,
    },
    /// A key on the field's deny list.
    Denied {
        /// The key.
        key: String,
    },
    /// It does not fit the field's JSON Schema.
    Schema {
        /// The schema's words, without the value.
        reason: String,
    },
}

impl FieldFault {
    /// The field as it stands in a sentence: ``field `Relative URL` of `Request` ``.
    fn name(&self) -> String {
        let (label, above) = match self.path.split_last() {
            Some((label, above)) => (label.as_str(), above.join(".")),
            None => ("", String::new()),
        };
        if label.parse::<usize>().is_ok() {
            return format!("item {label} of `{above}`");
        }
        match self.root {
            FieldRoot::Connection => format!("connection field `{}`", self.path.join(".")),
            FieldRoot::Options => format!("option `{}`", self.path.join(".")),
            FieldRoot::Input => format!("field `{label}` of `{above}`"),
            FieldRoot::Output => format!("output `{label}` of `{above}`"),
        }
    }
}

impl fmt::Display for FieldFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        match &self.problem {
            FieldProblem::Missing | FieldProblem::NotChosen { .. } => {
                write!(f, "{name} is missing")
            }
            FieldProblem::Type { expected, found } => {
                write!(f, "{name} must be {}, not {}", alternatives(expected), article(found))
            }
            FieldProblem::Choice { found, .. } => {
                write!(f, "{name} has no choice `{}`", quoted_expression(found))
            }
            FieldProblem::Format { expected } => write!(f, "{name} must be {expected}"),
            FieldProblem::Range { expected } | FieldProblem::Pattern { expected } => {
                write!(f, "{name} must be {expected}")
            }
            FieldProblem::Unknown { .. } => {
                let what = match self.root {
                    FieldRoot::Connection => "connection field",
                    FieldRoot::Options => "option",
                    FieldRoot::Input | FieldRoot::Output => "field",
                };
                write!(f, "there is no {what} `{}`", self.path.last().map_or("", String::as_str))
            }
            FieldProblem::Denied { key } => write!(f, "{name} may not set `{key}`"),
            FieldProblem::Schema { reason } => {
                write!(f, "{name} does not fit its schema: {reason}")
            }
        }
    }
}

impl std::error::Error for FieldFault {}

impl Fault for FieldFault {
    /// The code, by form and problem.
    fn code(&self) -> Code {
        use FieldProblem as P;
        use FieldRoot as R;
        match (&self.problem, self.root) {
            (P::Denied { .. }, _) => Code::HEADER_DENIED,
            (P::Missing | P::NotChosen { .. }, R::Connection) => Code::CONNECTION_REQUIRED,
            (P::Missing | P::NotChosen { .. }, R::Options) => Code::OPTIONS_REQUIRED,
            (P::Missing | P::NotChosen { .. }, R::Input) => Code::INPUT_REQUIRED,
            (P::Missing | P::NotChosen { .. }, R::Output) => Code::RESPONSE_MISSING,
            (P::Type { .. }, R::Connection) => Code::CONNECTION_TYPE,
            (P::Type { .. }, R::Options) => Code::OPTIONS_TYPE,
            (P::Type { .. }, R::Input) => Code::INPUT_TYPE,
            (P::Type { .. }, R::Output) => Code::RESPONSE_TYPE,
            (P::Choice { .. }, R::Connection) => Code::CONNECTION_CHOICE,
            (P::Choice { .. }, R::Options) => Code::OPTIONS_CHOICE,
            (P::Choice { .. }, R::Input) => Code::INPUT_CHOICE,
            (P::Choice { .. }, R::Output) => Code::RESPONSE_CHOICE,
            (P::Format { .. } | P::Pattern { .. }, R::Connection) => Code::CONNECTION_FORMAT,
            (P::Format { .. } | P::Pattern { .. }, R::Options) => Code::OPTIONS_FORMAT,
            (P::Format { .. } | P::Pattern { .. }, R::Input) => Code::INPUT_FORMAT,
            (P::Format { .. } | P::Pattern { .. }, R::Output) => Code::RESPONSE_FORMAT,
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

    /// A missing or unknown field's place is where it should, or cannot, stand.
    fn place(&self) -> Place {
        let root: &[&str] = match self.root {
            FieldRoot::Connection => &["connection", "fields"],
            FieldRoot::Options => &["options"],
            FieldRoot::Input => &["input"],
            FieldRoot::Output => &["output"],
        };
        let segments: Vec<&str> =
            root.iter().copied().chain(self.path.iter().map(String::as_str)).collect();
        let place = Place::invocation(&segments);
        let has_no_place = matches!(
            self.problem,
            FieldProblem::Missing | FieldProblem::NotChosen { .. } | FieldProblem::Unknown { .. }
        );
        if has_no_place {
            let parent = segments.split_last().map_or(&[][..], |(_, parent)| parent);
            return Place { pointer: pointer(parent), ..place };
        }
        place
    }

    fn hint(&self) -> Option<String> {
        match &self.problem {
            FieldProblem::Missing if self.root == FieldRoot::Input => {
                let (label, above) = self.path.split_last()?;
                if label == "Relative URL" {
                    return Some(
                        "give the path after the base URL, for example \"/app/me\"".to_owned(),
                    );
                }
                Some(format!("give `{label}` under `{}`", above.join(".")))
            }
            FieldProblem::Missing if self.root == FieldRoot::Connection => {
                Some("give it under `connection.fields` of the invocation".to_owned())
            }
            FieldProblem::NotChosen { expected } => {
                Some(format!("give one of {}", quoted(expected)))
            }
            FieldProblem::Missing => Some("give it a value".to_owned()),
            FieldProblem::Choice { expected, found } => {
                let nearest = nearest(found, expected.iter().map(String::as_str));
                let all = expected.iter().map(|choice| format!("`{choice}`")).collect::<Vec<_>>();
                Some(match nearest {
                    Some(nearest) => {
                        format!("{} It takes {}", did_you_mean(&nearest), all.join(", "))
                    }
                    None if all.is_empty() => "no choice is offered here".to_owned(),
                    None => format!("it takes {}", all.join(", ")),
                })
            }
            FieldProblem::Unknown { nearest: Some(nearest) } => Some(did_you_mean(nearest)),
            FieldProblem::Unknown { nearest: None } => {
                Some("the card's page lists its fields and those of its connection".to_owned())
            }
            FieldProblem::Denied { .. } => {
                Some("the connector and the transport set it themselves".to_owned())
            }
            FieldProblem::Type { .. }
            | FieldProblem::Format { .. }
            | FieldProblem::Range { .. }
            | FieldProblem::Pattern { .. }
            | FieldProblem::Schema { .. } => None,
        }
    }
}

/// The place of what is below a root, such as `input`.
#[must_use]
pub fn path_place(root: &str, path: &[String]) -> Place {
    let mut segments = vec![root];
    segments.extend(path.iter().map(String::as_str));
    Place::invocation(&segments)
}

/// The place of the value that a reference names.
#[must_use]
pub fn reference_place(reference: &Reference) -> Place {
    let mut segments = vec![reference.root.as_str()];
    if reference.root == Root::Connection {
        segments.push("fields");
    }
    segments.extend(reference.segments.iter().map(String::as_str));
    Place::invocation(&segments)
}
