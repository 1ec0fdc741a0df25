//! What can be wrong with work that goes on.

use std::time::Duration;

use crate::error::{Code, Fault, Place};
use crate::template::TemplateValueError;

/// Why work that goes on has no outputs.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UntilFault {
    /// A cursor is given to a card that waits for nothing.
    #[error("the card has no `until`: there is nothing to go on with")]
    None,
    /// A cursor is none of this card's.
    #[error("the cursor is none of this card's: it is an object of `options` and `input`")]
    Cursor,
    /// The reply does not say what is to be asked for.
    #[error("the reply does not say what is to be asked for: {error}")]
    Asks {
        /// What is missing.
        error: TemplateValueError,
    },
    /// The work has failed.
    #[error("the service did not get it done{}", said(message.as_deref()))]
    Failed {
        /// The service's own words.
        message: Option<String>,
    },
    /// It is not done in the time that there is.
    #[error("it is not done yet; the next look is in {:.0} s, and the call has {:.0} s left", wait.as_secs_f64(), left.as_secs_f64())]
    Waiting {
        /// Until it is to be looked at again.
        wait: Duration,
        /// What is left of the call's time.
        left: Duration,
    },
    /// Whoever runs cardhost ends it.
    #[error("it is not done yet, and the call is ended")]
    Interrupted,
}

fn said(message: Option<&str>) -> String {
    message.map(|message| format!(": {message}")).unwrap_or_default()
}

impl Fault for UntilFault {
    fn code(&self) -> Code {
        match self {
            UntilFault::None | UntilFault::Cursor => Code::UNTIL_CURSOR,
            UntilFault::Asks { .. } => Code::RESPONSE_MISSING,
            UntilFault::Failed { .. } => Code::UNTIL_FAILED,
            UntilFault::Waiting { .. } | UntilFault::Interrupted => Code::UNTIL_WAITING,
        }
    }

    fn place(&self) -> Place {
        match self {
            UntilFault::None | UntilFault::Cursor => {
                Place { pointer: "/until".to_owned(), ..Place::default() }
            }
            _ => Place::default(),
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            UntilFault::None => "leave it out",
            UntilFault::Cursor => "give the `next` of an earlier run of the same card as it was",
            UntilFault::Asks { .. } => {
                "check `until.options` and `until.input` of the card against a reply of the service"
            }
            UntilFault::Failed { .. } => return None,
            UntilFault::Waiting { .. } | UntilFault::Interrupted => {
                "go on later with the cursor under `until`: nothing is begun a second time"
            }
        };
        Some(text.to_owned())
    }
}
