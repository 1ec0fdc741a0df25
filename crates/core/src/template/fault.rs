//! What the faults of templates are called: their sentences, codes and hints.

use std::fmt;

use super::{MAX_RENDERED_BYTES, TemplateFault, TemplateProblem, TemplateValueError};
use crate::error::{Code, Fault};
use crate::text::article;

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
