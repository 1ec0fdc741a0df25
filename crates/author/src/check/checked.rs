//! The result of a check.

use cardhost_document::Finding;

/// How many samples were run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Examples.
    pub examples: usize,
    /// Anti-examples.
    pub anti_examples: usize,
}

/// The result of a check.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Every fault, by file in the order given (the connector first), then by position.
    pub findings: Vec<Finding>,
    /// What was run.
    pub tally: Tally,
}
