//! The sentences of flows.

use super::quoted;
use crate::flow_fault::{DocumentFault, FlowFault, JournalProblem};

/// What is wrong with a run.
pub(super) fn message(fault: &FlowFault) -> String {
    match fault {
        FlowFault::Uncaught { title, detail, type_uri, status } => {
            let kind = type_uri.rsplit('/').next().unwrap_or_default();
            match (title, detail) {
                (Some(title), Some(detail)) => format!("{title}: {detail}"),
                (Some(text), None) | (None, Some(text)) => text.clone(),
                (None, None) => format!("an error of type `{kind}` with status {status}"),
            }
        }
        FlowFault::Limit { of, max } => format!("the flow takes more than {max} {of}"),
        FlowFault::Unknown { name, .. } => format!("there is no flow `{name}`"),
        FlowFault::Invalid { name, reason } => format!("flow `{name}` cannot be used: {reason}"),
        FlowFault::InDoubt { steps } => {
            let (was, it) = match steps.as_slice() {
                [_] => ("was", "its reply"),
                _ => ("were", "their replies"),
            };
            format!(
                "{} {was} sent, and {it} not recorded: whether the service did it is not known",
                quoted(steps)
            )
        }
        FlowFault::Journal { path, problem } => match problem {
            JournalProblem::Unusable { reason } => {
                format!("the journal `{path}` cannot be used: {reason}")
            }
            JournalProblem::Busy => format!("another process goes on with the journal `{path}`"),
            JournalProblem::OtherFlow { found } => {
                format!("the journal `{path}` is of another flow, or the flow was changed: {found}")
            }
            JournalProblem::OtherInput => {
                format!("the run in the journal `{path}` had another input")
            }
            JournalProblem::Diverged { step } => {
                format!(
                    "the run in the journal `{path}` had a step `{step}`, which does not come now"
                )
            }
            JournalProblem::Secret { card } => {
                format!("`{card}` gives a secret, which the journal `{path}` does not keep")
            }
        },
    }
}

/// What to do about it.
pub(super) fn hint(fault: &FlowFault) -> Option<String> {
    match fault {
        FlowFault::Uncaught { .. } => None,
        FlowFault::Limit { of: "tasks", .. } => {
            Some("look for a loop without an end, or give the flow a higher limit".to_owned())
        }
        FlowFault::Limit { of: "flows", .. } => {
            Some("look for a flow that runs itself".to_owned())
        }
        FlowFault::Limit { .. } => Some("look for a function that calls itself".to_owned()),
        FlowFault::Unknown { nearest, .. } => {
            nearest.as_ref().map(|nearest| format!("did you mean `{nearest}`?"))
        }
        FlowFault::Invalid { .. } => Some("`cardhost flow check` shows all of them".to_owned()),
        FlowFault::InDoubt { .. } => Some(
            "look at the service; then run the same command with --repeat-unfinished (send again) or \
             --skip-unfinished[=OUTPUT] (go on without)"
                .to_owned(),
        ),
        FlowFault::Journal { problem, .. } => match problem {
            JournalProblem::Unusable { .. } => None,
            JournalProblem::Busy => Some("wait for it, or end it".to_owned()),
            JournalProblem::Secret { .. } => Some("run the flow without --journal".to_owned()),
            JournalProblem::OtherFlow { .. }
            | JournalProblem::OtherInput
            | JournalProblem::Diverged { .. } => Some(
                "give the flow and the input that it was begun with, or another file for a new run"
                    .to_owned(),
            ),
        },
    }
}

/// What is wrong with a document.
#[must_use]
pub fn document(fault: &DocumentFault) -> String {
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
        DocumentFault::Invocation(fault) => super::plan(fault),
        DocumentFault::Expression { reason } => format!("the expression cannot be read: {reason}"),
        DocumentFault::Schema { reason } => format!("the JSON Schema is not valid: {reason}"),
        DocumentFault::Ignored { feature } => format!("`{feature}` has no effect here"),
    }
}

/// What to do about it.
#[must_use]
pub fn document_hint(fault: &DocumentFault) -> Option<String> {
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
        DocumentFault::Invocation(fault) => return super::hints::plan_hint(fault),
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
