//! Why an expression has no value.

use crate::datum::Excess;

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpressionFault {
    /// jq's error.
    Failed {
        /// The expression.
        expression: String,
        /// jq's words, cut.
        reason: String,
    },
    /// It names a secret that is not there.
    MissingSecret {
        /// Its name.
        name: String,
    },
    /// It did not end in time.
    Limit {
        /// The expression.
        expression: String,
        /// Of what there was too much.
        excess: Excess,
    },
}
