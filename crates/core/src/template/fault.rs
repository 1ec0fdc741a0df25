//! What can be wrong with templates and their values: the faults, their sentences, codes and hints.

use std::fmt;

use super::decision::NoRow;
use super::limits::MAX_RENDERED_BYTES;
use crate::error::{Code, Fault};
use crate::text::article;

/// What is wrong with a template, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFault {
    /// Byte offset into the template's text.
    pub offset: usize,
    /// The fault.
    pub problem: TemplateProblem,
}

/// The faults a template can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateProblem {
    /// An expression is opened and never closed.
    Unclosed {
        /// The delimiter that is missing.
        expected: &'static str,
    },
    /// Nothing between the delimiters.
    Empty,
    /// It starts like a reference, but no root has that name.
    UnknownRoot {
        /// What stands there.
        found: String,
    },
    /// A reference with an empty segment or an open bracket.
    MalformedReference {
        /// The expression.
        found: String,
    },
    /// A block, partial, decorator or comment.
    NotAllowed {
        /// What stands there.
        found: String,
    },
    /// No helper has that name.
    UnknownHelper {
        /// The name.
        found: String,
    },
    /// A helper call, in a build that leaves them out (feature `helpers`).
    LeftOut,
    /// Handlebars cannot read the expression.
    Syntax {
        /// Its reason, on one line.
        reason: String,
    },
    /// The template is longer than allowed.
    TooLong {
        /// In bytes; inclusive.
        max: usize,
    },
    /// A helper call nests deeper than allowed.
    TooDeep {
        /// Inclusive.
        max: usize,
    },
}

/// Why a template has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateValueError {
    /// A reference has no value and is not optional.
    Missing {
        /// The reference.
        reference: String,
    },
    /// An object, a list or null inside text.
    NotText {
        /// The expression.
        expression: String,
        /// The type that was found.
        found: &'static str,
    },
    /// Something else than an object after the key `...`.
    NotAnObject {
        /// The expression.
        expression: String,
        /// The type that was found.
        found: &'static str,
    },
    /// A character inside XML that it cannot hold.
    NotXml {
        /// The expression.
        expression: String,
    },
    /// Something else than a list after the key `each`.
    NotAList {
        /// The expression.
        expression: String,
        /// The type that was found.
        found: &'static str,
    },
    /// A decision has no row for a value.
    NoRow(NoRow),
    /// A helper refused its parameters.
    Helper {
        /// The expression.
        expression: String,
        /// Why, in words, without values.
        reason: String,
    },
    /// More than [`MAX_RENDERED_BYTES`].
    TooLong,
    /// The template itself is faulty; `check` shows where.
    Fault {
        /// The template's text.
        template: String,
        /// The fault.
        fault: TemplateFault,
    },
}

impl fmt::Display for TemplateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            TemplateProblem::Unclosed { expected } => {
                write!(f, "an expression is not closed with `{expected}`")
            }
            TemplateProblem::Empty => f.write_str("an expression is empty"),
            TemplateProblem::UnknownRoot { found } => {
                write!(f, "`{found}` is neither a root nor a helper")
            }
            TemplateProblem::MalformedReference { found } => {
                write!(f, "`{found}` is not a well-formed reference")
            }
            TemplateProblem::NotAllowed { found } => write!(
                f,
                "`{found}` is not allowed: an expression is one reference or one helper call"
            ),
            TemplateProblem::UnknownHelper { found } => write!(f, "there is no helper `{found}`"),
            TemplateProblem::LeftOut => {
                f.write_str("this build of cardhost leaves helper calls out (feature `helpers`)")
            }
            TemplateProblem::Syntax { reason } => {
                write!(f, "the expression cannot be read: {reason}")
            }
            TemplateProblem::TooDeep { max } => {
                write!(f, "a helper call nests deeper than {max}")
            }
            TemplateProblem::TooLong { max } => {
                write!(f, "the template is longer than {max} bytes")
            }
        }
    }
}

impl std::error::Error for TemplateFault {}

impl fmt::Display for TemplateValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TemplateValueError::Missing { reference } => write!(f, "`{reference}` has no value"),
            TemplateValueError::NotText { expression, found } => {
                write!(f, "`{expression}` is {}, which cannot stand in text", article(found))
            }
            TemplateValueError::NotAnObject { expression, found } => {
                let found = article(found);
                write!(f, "`{expression}` is spread and must be an object, not {found}")
            }
            TemplateValueError::NotXml { expression } => {
                write!(f, "`{expression}` holds a character that XML cannot hold")
            }
            TemplateValueError::NotAList { expression, found } => {
                write!(f, "`{expression}` must be a list, not {}", article(found))
            }
            TemplateValueError::NoRow(NoRow { by, value: Some(value) }) => {
                write!(f, "there is no row for the value `{}` of `{by}`", quoted_expression(value))
            }
            TemplateValueError::NoRow(NoRow { by, value: None }) => {
                write!(f, "`{by}` decides and has no value")
            }
            TemplateValueError::Helper { reason, .. } => f.write_str(reason),
            TemplateValueError::TooLong => {
                write!(f, "a template renders more than {MAX_RENDERED_BYTES} bytes")
            }
            TemplateValueError::Fault { template, fault } => {
                write!(f, "template `{template}`: {fault}")
            }
        }
    }
}

impl std::error::Error for TemplateValueError {}

impl Fault for TemplateValueError {
    fn code(&self) -> Code {
        match self {
            TemplateValueError::Missing { reference } if reference.starts_with("connection.") => {
                Code::CONNECTION_REQUIRED
            }
            TemplateValueError::Missing { .. } => Code::TEMPLATE_MISSING,
            TemplateValueError::NotText { .. }
            | TemplateValueError::NotAnObject { .. }
            | TemplateValueError::NotAList { .. }
            | TemplateValueError::NotXml { .. }
            | TemplateValueError::NoRow(_)
            | TemplateValueError::Helper { .. } => Code::TEMPLATE_VALUE,
            TemplateValueError::TooLong => Code::LIMIT_RENDERED,
            TemplateValueError::Fault { .. } => Code::TEMPLATE_SYNTAX,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            TemplateValueError::Missing { reference } => {
                Some(match reference.strip_prefix("connection.") {
                    Some(label) => format!("fill in `{label}` in the connection"),
                    None => "give it a value, or mark the reference optional with `?` in the card"
                        .to_owned(),
                })
            }
            TemplateValueError::NotText { .. } => {
                Some("give text, a number or true-false; `json` makes text of a value".to_owned())
            }
            _ => None,
        }
    }
}

/// The text of an expression as it stands in a message.
pub fn quoted_expression(text: &str) -> String {
    const LONGEST: usize = 80;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(LONGEST).collect();
    short.push('…');
    short
}
