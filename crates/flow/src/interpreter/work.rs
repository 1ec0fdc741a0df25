//! What a run has to do.

use super::frame::{Ending, FrameId};
use crate::document::then::Then;

/// Something that is to be done before the run waits again.
#[derive(Debug)]
pub(super) enum Work {
    /// Begin the task that a frame is at, or end the frame.
    Begin(FrameId),
    /// The task of a frame gave something.
    Leave(FrameId, Ending, Option<Then>),
    /// A list of the task of a frame gave something.
    Child(FrameId, usize, Ending),
}
