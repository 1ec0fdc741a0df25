//! The result of a call.

use std::sync::Arc;

use super::polling::Polling;
use crate::pages::Got;
use crate::plan::Warning;
use crate::response::{Output, Reply};
use crate::secret::Redactor;

/// The result of a call.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The outputs; none of a call without a card.
    pub output: Output,
    /// The last reply itself, of a call without a card.
    pub reply: Option<Box<Reply>>,
    /// The status of the last reply.
    pub status: u16,
    /// What it has of pages, where the card has some; in the outputs as well, under `pages`.
    pub pages: Option<Got>,
    /// What is to be waited for, where the work of the card is not done; there are no outputs then.
    pub polling: Option<Box<Polling>>,
    /// What deserves attention.
    pub warnings: Vec<Warning>,
    /// The secrets of the call: a service may repeat them in what is put out.
    pub redactor: Arc<Redactor>,
}
