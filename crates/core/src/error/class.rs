//! Classes of errors: what decides the exit code of the command.

/// What kind of failure an error is; decides the exit code of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A test failed: a replay differs from its cassette, or its result from what is expected.
    Test = 1,
    /// The command line was wrong.
    Usage = 2,
    /// A connector, card or flow is wrong.
    Definition = 3,
    /// The options or inputs of an invocation are wrong.
    Invocation = 4,
    /// The connection or its credentials are wrong.
    Connection = 5,
    /// A policy refused it: pinning, egress, limits.
    Policy = 6,
    /// The request or the reply did not get through.
    Transport = 7,
    /// The service answered with an error.
    Service = 8,
    /// The reply could not be decoded or mapped.
    Response = 9,
    /// Worth trying again later; the error says when, if known.
    Later = 10,
    /// A bug in cardhost.
    Internal = 70,
}

impl Class {
    /// The exit code of the command, 1 to 70.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        self as u8
    }
}
