//! The sentences of what is wrong with the document of a flow.

use super::document_fault::DocumentFault;
use cardhost_core::error::Fault;
use cardhost_core::text::quoted;

/// What is wrong with a document.
#[must_use]
pub(crate) fn document(fault: &DocumentFault) -> String {
    match fault {
        DocumentFault::Syntax { reason } => format!("the flow cannot be read: {reason}"),
        DocumentFault::DuplicateKey { key, .. } => format!("key `{key}` is there twice"),
        DocumentFault::UnknownKey { key, .. } => format!("unknown key `{key}`"),
        DocumentFault::MissingKey { keys } => match keys.as_slice() {
            [_] => format!("key {} is missing", quoted(keys)),
            _ => format!("keys {} are missing", quoted(keys)),
        },
        DocumentFault::Type { expected, found } => {
            format!("expected {}, found {found}", expected.join(" or "))
        }
        DocumentFault::Choice { expected, found } => {
            format!("`{found}` is not one of {}", quoted(expected))
        }
        DocumentFault::Form { expected, found } => format!("`{found}` is not {expected}"),
        DocumentFault::ExactlyOne { of, found } if found.is_empty() => {
            format!("one of {} is missing", quoted(of))
        }
        DocumentFault::ExactlyOne { found, .. } => {
            format!("{} cannot be there together", quoted(found))
        }
        DocumentFault::Unsupported { feature } => format!("`{feature}` is not supported"),
        DocumentFault::Version { found } => {
            format!("version `{found}` of the Serverless Workflow DSL is not known")
        }
        DocumentFault::UnknownName { what, found, .. } => format!("there is no {what} `{found}`"),
        DocumentFault::CardVersion { card, found, .. } => {
            format!("card `{card}` has no version `{found}`")
        }
        DocumentFault::CardBroken { card, reason, .. } => {
            format!("card `{card}` cannot be used: {reason}")
        }
        DocumentFault::Invocation(fault) => fault.to_string(),
        DocumentFault::Expression { reason } => format!("the expression cannot be read: {reason}"),
        DocumentFault::Schema { reason } => format!("the JSON Schema is not valid: {reason}"),
        DocumentFault::Ignored { feature } => format!("`{feature}` has no effect here"),
    }
}

/// What to do about it.
#[must_use]
pub(crate) fn document_hint(fault: &DocumentFault) -> Option<String> {
    Some(match fault {
        DocumentFault::DuplicateKey { first_line, .. } => {
            format!("the first is on line {first_line}; only one can count")
        }
        DocumentFault::UnknownKey { nearest: Some(nearest), .. }
        | DocumentFault::UnknownName { nearest: Some(nearest), .. } => {
            format!("did you mean `{nearest}`?")
        }
        DocumentFault::UnknownKey { known, .. } if !known.is_empty() => {
            format!("known keys are {}", quoted(known))
        }
        DocumentFault::CardVersion { there, .. } => {
            format!("its version is {there}; without a version the newest is meant")
        }
        DocumentFault::CardBroken { .. } => {
            "`cardhost check` shows every fault of connectors and cards".to_owned()
        }
        DocumentFault::Invocation(fault) => return fault.hint(),
        DocumentFault::Unsupported { .. } => {
            "docs/flows.md lists what of the Serverless Workflow DSL is carried out".to_owned()
        }
        DocumentFault::Version { .. } => "write a version 1.0.x, such as '1.0.3'".to_owned(),
        DocumentFault::Ignored { feature } if feature == "schedule" => {
            "`flow run` runs the flow once; schedule it with cron or a platform".to_owned()
        }
        _ => return None,
    })
}
