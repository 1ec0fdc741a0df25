//! What a plan is told besides the invocation.

use crate::file::OpenedFile;
use crate::moment::Moment;

/// What a plan is told besides the invocation: it has neither a clock nor randomness.
#[derive(Clone, Copy)]
pub struct Circumstances<'a> {
    /// By what the service knows another attempt, for a card that has a place for it.
    pub idempotency_key: Option<&'a str>,
    /// Now; asked once at most, and only where a template does.
    pub moment: &'a dyn Fn() -> Option<Moment>,
    /// The files that inputs name and that may be read; none by default, and any other path is refused.
    pub files: &'a [OpenedFile],
}

impl Default for Circumstances<'_> {
    fn default() -> Self {
        Circumstances { idempotency_key: None, moment: &|| None, files: &[] }
    }
}
