//! What a step is for.

/// What a step is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// Its outcome is the task's output.
    Output,
    /// Its outcome is the document of an `openapi` call.
    OpenApi,
    /// Its outcome says where the token of a request is got.
    Discovery,
    /// The delay before another attempt is over.
    Retry,
    /// The task took too long.
    Timeout,
    /// One attempt took too long.
    AttemptTimeout,
    /// The run took too long.
    RunTimeout,
}
