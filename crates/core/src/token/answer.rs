//! A reply to a request for tokens, and when it came.

use crate::response::Reply;
use crate::secret::Redactor;

/// A reply to a request for tokens, and what is needed to read it.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    /// The reply.
    pub reply: &'a Reply,
    /// What of the request must not be shown: servers repeat it in what they say.
    pub redactor: &'a Redactor,
    /// When it came.
    pub now: Now,
}

/// Now, in seconds since 1970, by two clocks that may differ.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// By the clock that the ends of tokens are judged by: hosts that share a store share its clock.
    pub shared: i64,
    /// By this machine's clock, which assertions are dated by: where they are refused, a reply's `Date` is held against it.
    pub here: i64,
}
