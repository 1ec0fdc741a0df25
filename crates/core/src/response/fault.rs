//! Why outputs cannot be made.

use crate::error::{Code, Fault, Place};
use crate::settle::{FieldFault, path_place};
use crate::template::TemplateValueError;
use crate::text::CHECK_THE_DEFINITION;

/// Why outputs cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutputFault {
    /// A value has another type or form than its field declares.
    #[error(transparent)]
    Field(FieldFault),
    /// A template has no value.
    #[error("output `{}`: {error}", path.join("."))]
    Template {
        /// Group and label.
        path: Vec<String>,
        /// Why.
        error: TemplateValueError,
    },
}

impl Fault for OutputFault {
    fn code(&self) -> Code {
        match self {
            OutputFault::Field(fault) => fault.code(),
            OutputFault::Template { error, .. } => match error {
                TemplateValueError::Missing { .. } => Code::RESPONSE_MISSING,
                TemplateValueError::TooLong => Code::LIMIT_RENDERED,
                TemplateValueError::Fault { .. } => Code::TEMPLATE_SYNTAX,
                _ => Code::RESPONSE_TYPE,
            },
        }
    }

    fn place(&self) -> Place {
        match self {
            OutputFault::Field(fault) => fault.place(),
            OutputFault::Template { path, .. } => path_place("output", path),
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            OutputFault::Template {
                error: TemplateValueError::Fault { .. } | TemplateValueError::TooLong,
                ..
            } => CHECK_THE_DEFINITION,
            _ => {
                "the service answered in another shape than the card declares; the reply is kept in the error"
            }
        };
        Some(text.to_owned())
    }
}
