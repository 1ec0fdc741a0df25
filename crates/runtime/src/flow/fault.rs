//! What can go wrong with a run of a flow besides the flow: its journal, its secrets, steps in doubt.

use cardhost_core::error::{Code, Fault};

/// Why a run of a flow cannot begin or go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunFault {
    /// Steps were sent in an earlier run that did not live to record their replies.
    #[error("{}", in_doubt(steps))]
    InDoubt {
        /// Their names.
        steps: Vec<String>,
    },
    /// A decision about a step that is not in doubt.
    #[error("the step `{step}` is not in doubt")]
    NotInDoubt {
        /// Its name.
        step: String,
        /// The steps that are.
        in_doubt: Vec<String>,
    },
    /// The journal cannot be used.
    #[error("{}", problem.of(path))]
    Journal {
        /// Its path.
        path: String,
        /// Why.
        problem: JournalProblem,
    },
    /// Whoever runs cardhost ended it before the flow came to its end.
    #[error("cardhost was asked to end before the flow came to its end")]
    Interrupted {
        /// Whether a journal has what is done.
        journaled: bool,
    },
    /// Nobody gave a secret that the flow names.
    #[error("there is no secret `{name}`")]
    UnknownSecret {
        /// The secret.
        name: String,
    },
    /// A secret that the flow names cannot be read.
    #[error("the file cannot be read: {reason}")]
    UnreadableSecret {
        /// The reader's words.
        reason: String,
    },
}

/// Why a journal cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JournalProblem {
    /// It cannot be opened, read or written; or is none.
    Unusable {
        /// What happened, in words.
        reason: String,
    },
    /// Another process goes on with it now.
    Busy,
    /// Somebody has given the run up.
    Cancelled,
    /// It is of another flow, or the flow was changed.
    OtherFlow {
        /// `<namespace>/<name>:<version>` of the flow that it is of.
        found: String,
    },
    /// The run had another input.
    OtherInput,
    /// The run was begun with another connection or secret.
    OtherAccount {
        /// `connection <connector>/<name>` or `secret <name>`.
        name: String,
    },
    /// What was done before the run failed is not what the changed flow would have done.
    OtherSteps {
        /// The steps that were asked to do something else.
        other: Vec<String>,
        /// The steps that do not come any more.
        gone: Vec<String>,
    },
    /// What is recorded does not happen again: the flow runs another way.
    Diverged {
        /// The step.
        step: String,
    },
    /// A card gives a secret, which a journal does not keep.
    Secret {
        /// `<connector>/<card>`.
        card: String,
    },
}

/// Most steps that a message names.
const MOST_STEPS_NAMED: usize = 10;

impl JournalProblem {
    /// The problem of the journal at a path, in words.
    fn of(&self, path: &str) -> String {
        match self {
            JournalProblem::Unusable { reason } => {
                format!("the journal `{path}` cannot be used: {reason}")
            }
            JournalProblem::Busy => format!("another process goes on with the journal `{path}`"),
            JournalProblem::Cancelled => format!("the run in the journal `{path}` was cancelled"),
            JournalProblem::OtherFlow { found } => {
                format!("the journal `{path}` is of another flow, or the flow was changed: {found}")
            }
            JournalProblem::OtherInput => {
                format!("the run in the journal `{path}` had another input")
            }
            JournalProblem::OtherAccount { name } => {
                format!(
                    "the run in the journal `{path}` had another `{name}`, or the same with other values"
                )
            }
            JournalProblem::OtherSteps { other, gone } => {
                let quoted = |steps: &[String], words: &str| {
                    (!steps.is_empty()).then(|| {
                        let (steps, more) = steps.split_at(steps.len().min(MOST_STEPS_NAMED));
                        let steps = cardhost_core::text::quoted(steps);
                        match more.len() {
                            0 => format!("{words}: {steps}"),
                            more => format!("{words}: {steps} and {more} more"),
                        }
                    })
                };
                let said = [
                    quoted(other, "would be asked something else"),
                    quoted(gone, "would not come"),
                ];
                let said = said.into_iter().flatten().collect::<Vec<_>>().join("; ");
                format!(
                    "the run in the journal `{path}` has done what the flow would do otherwise now: {said}"
                )
            }
            JournalProblem::Diverged { step } => {
                format!(
                    "the run in the journal `{path}` had a step `{step}`, which does not come now"
                )
            }
            JournalProblem::Secret { card } => {
                format!("`{card}` gives a secret, which the journal `{path}` does not keep")
            }
        }
    }
}

fn in_doubt(steps: &[String]) -> String {
    let (was, it) = match steps {
        [_] => ("was", "its reply"),
        _ => ("were", "their replies"),
    };
    let steps = cardhost_core::text::quoted(steps);
    format!("{steps} {was} sent, and {it} not recorded: whether the service did it is not known")
}

impl Fault for RunFault {
    fn code(&self) -> Code {
        match self {
            RunFault::InDoubt { .. } => Code::FLOW_IN_DOUBT,
            RunFault::Journal { problem, .. } => match problem {
                JournalProblem::Busy => Code::FLOW_JOURNAL_BUSY,
                JournalProblem::Cancelled => Code::FLOW_CANCELLED,
                JournalProblem::Unusable { .. } | JournalProblem::Secret { .. } => {
                    Code::FLOW_JOURNAL
                }
                JournalProblem::OtherFlow { .. }
                | JournalProblem::OtherInput
                | JournalProblem::OtherAccount { .. }
                | JournalProblem::OtherSteps { .. }
                | JournalProblem::Diverged { .. } => Code::FLOW_JOURNAL_MISMATCH,
            },
            RunFault::NotInDoubt { .. } => Code::FLOW_IN_DOUBT,
            RunFault::Interrupted { .. } => Code::FLOW_INTERRUPTED,
            RunFault::UnknownSecret { .. } => Code::CONNECTION_UNKNOWN,
            RunFault::UnreadableSecret { .. } => Code::CONNECTION_UNREADABLE,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            RunFault::InDoubt { .. } => {
                "look at the service; then go on, and say whether they are to be sent again or taken for done"
            }
            RunFault::NotInDoubt { in_doubt, .. } if in_doubt.is_empty() => "no step is in doubt",
            RunFault::NotInDoubt { in_doubt, .. } => {
                return Some(format!("in doubt: {}", cardhost_core::text::quoted(in_doubt)));
            }
            RunFault::Journal { problem, .. } => match problem {
                JournalProblem::Unusable { .. } => return None,
                JournalProblem::Busy => "wait for it, or end it",
                JournalProblem::Cancelled => "give another file for a new run",
                JournalProblem::Secret { .. } => "run the flow without a journal",
                JournalProblem::OtherAccount { .. } => {
                    "give what it was begun with: what is left would be done for another account"
                }
                JournalProblem::OtherSteps { .. } => {
                    "undo the change in those steps, or accept that they were done as they were"
                }
                JournalProblem::OtherFlow { .. }
                | JournalProblem::OtherInput
                | JournalProblem::Diverged { .. } => {
                    "give the flow and the input that it was begun with, or another file for a new run"
                }
            },
            RunFault::Interrupted { journaled: true } => {
                "run it again with its journal: it goes on where it stopped"
            }
            RunFault::Interrupted { journaled: false } => {
                "nothing of it is kept: with a journal, a run goes on where it stopped"
            }
            RunFault::UnknownSecret { .. } => "give it to the run",
            RunFault::UnreadableSecret { .. } => "check the path, its content and who may read it",
        };
        Some(text.to_owned())
    }
}
