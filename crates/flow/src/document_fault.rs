//! What can be wrong with the document of a flow.
//!
//! What is wrong with its form is said in the words of every document, [`Malformed`].

use cardhost_core::error::{Code, Fault};
use cardhost_core::plan::PlanFault;
use cardhost_core::text::did_you_mean;
use cardhost_document::Malformed;

/// Why a document cannot be used, or what about it deserves attention.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentFault {
    /// A fault of form, as any document can have it.
    #[error("{0}")]
    Malformed(Malformed),
    /// A feature of the language that is not carried out.
    #[error("`{feature}` is not supported")]
    Unsupported {
        /// Its name, such as `listen` or `run.container`.
        feature: String,
    },
    /// A second case of a `switch` without a condition.
    #[error("a `switch` has one case without `when`, and `{first}` is it")]
    SecondDefault {
        /// The name of the first.
        first: String,
    },
    /// A version of the language that is not known.
    #[error("version `{found}` of the Open Workflow DSL is not known")]
    Version {
        /// The version.
        found: String,
    },
    /// A name that nothing has.
    #[error("there is no {what} `{found}`")]
    UnknownName {
        /// What it should name, such as `task`, `retry policy`, `card` or `flow`.
        what: &'static str,
        /// The name.
        found: String,
        /// The nearest name.
        nearest: Option<String>,
    },
    /// A version that the card does not have.
    #[error("card `{card}` has no version `{found}`")]
    CardVersion {
        /// The card's full name.
        card: String,
        /// The version.
        found: String,
        /// The version that it has.
        there: String,
    },
    /// A card that cannot be used: its own file, or its connector's, is wrong.
    #[error("card `{card}` cannot be used: {reason}")]
    CardBroken {
        /// The card's full name.
        card: String,
        /// The code of its first fault.
        code: Code,
        /// What is wrong.
        reason: String,
    },
    /// Options or inputs that the card refuses.
    #[error("{0}")]
    Invocation(Box<PlanFault>),
    /// An expression that cannot be compiled.
    #[error("the expression cannot be read: {reason}")]
    Expression {
        /// What is wrong.
        reason: String,
        /// What to write instead.
        hint: Option<String>,
    },
    /// `${ }` that is no expression, for text stands around it.
    #[error("`${{ }}` inside of longer text is text")]
    InsideText {
        /// What was hardly meant otherwise, as an expression.
        written: Option<String>,
    },
    /// Several results, or one, where one value is taken.
    #[error("`{text}` gives a list for several results, but for one that result alone")]
    GoesRound {
        /// The expression.
        text: String,
    },
    /// A condition that sets something.
    #[error("`{text}` sets a value where a condition is asked for")]
    Assigns {
        /// The expression.
        text: String,
    },
    /// A name that nothing names.
    #[error("nothing uses the {what} `{name}`")]
    Unused {
        /// What it is, such as `function`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A part that is read and has no effect.
    #[error("`{feature}` has no effect here")]
    Ignored {
        /// Its name, such as `schedule`.
        feature: String,
    },
}

impl From<Malformed> for DocumentFault {
    fn from(fault: Malformed) -> DocumentFault {
        DocumentFault::Malformed(fault)
    }
}

impl Fault for DocumentFault {
    fn code(&self) -> Code {
        match self {
            DocumentFault::Malformed(fault) => fault.code(),
            DocumentFault::Unsupported { .. } | DocumentFault::Ignored { .. } => {
                Code::FLOW_UNSUPPORTED
            }
            DocumentFault::SecondDefault { .. } => Code::FLOW_CASE,
            DocumentFault::Version { .. } => Code::FLOW_VERSION,
            DocumentFault::UnknownName { what: "connector", .. } => Code::CONNECTOR_UNKNOWN,
            DocumentFault::UnknownName { what: "card", .. } | DocumentFault::CardVersion { .. } => {
                Code::CARD_UNKNOWN
            }
            DocumentFault::UnknownName { what: "flow", .. } => Code::FLOW_UNKNOWN,
            DocumentFault::UnknownName { .. } => Code::FLOW_REFERENCE,
            DocumentFault::CardBroken { code, .. } => code.clone(),
            DocumentFault::Invocation(fault) => fault.code(),
            DocumentFault::Expression { .. } => Code::FLOW_EXPRESSION_SYNTAX,
            DocumentFault::InsideText { .. }
            | DocumentFault::GoesRound { .. }
            | DocumentFault::Assigns { .. }
            | DocumentFault::Unused { .. } => Code::FLOW_TRAP,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            DocumentFault::Malformed(fault) => return fault.hint(),
            DocumentFault::UnknownName { nearest: Some(nearest), .. } => did_you_mean(nearest),
            DocumentFault::UnknownName { what: "function", .. } => {
                "a card is called as `card@connector`, a service as `http` or `openapi`".to_owned()
            }
            DocumentFault::CardVersion { there, .. } => {
                format!("its version is {there}; without a version the newest is meant")
            }
            DocumentFault::CardBroken { .. } => {
                "`cardhost check` shows every fault of connectors and cards".to_owned()
            }
            DocumentFault::Invocation(fault) => return fault.hint(),
            DocumentFault::Unsupported { .. } => {
                "docs/flows.md lists what of the Open Workflow DSL is carried out".to_owned()
            }
            DocumentFault::SecondDefault { .. } => {
                "give it a `when`: only one can count where no other matches".to_owned()
            }
            DocumentFault::Version { .. } => "write a version 1.0.x, such as '1.0.3'".to_owned(),
            DocumentFault::Expression { hint: Some(hint), .. } => hint.clone(),
            DocumentFault::InsideText { written: Some(written) } => format!("write `{written}`"),
            DocumentFault::InsideText { written: None } => {
                "write the whole text as an expression: `${ \"… \\(.name) …\" }`".to_owned()
            }
            DocumentFault::GoesRound { text } => match text.strip_suffix("[]") {
                Some("." | "") => "write `.`, the list itself".to_owned(),
                Some(list) => format!("write `{list}`, the list itself"),
                None => format!("write `[{text}]`, which is a list of as many as there are"),
            },
            DocumentFault::Assigns { .. } => "jq compares with `==`".to_owned(),
            DocumentFault::Unused { .. } => {
                "remove it, or look for another spelling of it".to_owned()
            }
            DocumentFault::Ignored { feature } if feature == "schedule" => {
                "`flow run` runs the flow once; schedule it with cron or a platform".to_owned()
            }
            _ => return None,
        })
    }
}
