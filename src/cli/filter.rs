//! `--filter`: jq over the outputs of a card, under the meter that flows have.

use cardhost::flow::Problem;
use cardhost::flow::datum::{Datum, Limits};
use cardhost::flow::expression::{Expression, ExpressionFault, MAX_EXPRESSION_BYTES, Scope};
use cardhost::{Error, Outcome};
use serde_json::Value;

use super::console::Failure;

/// A filter that has been found to be jq, before anything is sent.
pub(crate) struct Filter {
    text: String,
    /// A list of all results.
    all: Expression,
}

impl Filter {
    /// Reads the text of `--filter`.
    pub(crate) fn parse(text: &str) -> Result<Filter, Failure> {
        let unusable = |reason: String, offset: usize| {
            let before = text.get(..offset).unwrap_or(text);
            let column = before.chars().count() + 1;
            Failure::Usage(format!("--filter is not jq: {reason} (at character {column})"))
        };
        Expression::compile(text, &[]).map_err(|fault| unusable(fault.reason, fault.offset))?;
        // Every result is wanted, also of those that give none; a comment ends with its line.
        let all = Expression::compile(&format!("[{text}\n]"), &[]).map_err(|_| {
            unusable(format!("it is longer than {} bytes", MAX_EXPRESSION_BYTES - 3), 0)
        })?;
        Ok(Filter { text: text.to_owned(), all })
    }

    /// The results, in their order.
    pub(crate) fn results(&self, outcome: &Outcome, now_ms: i64) -> Result<Vec<Value>, Error> {
        let found = self.all.evaluate(&Datum::from(&outcome.output), &Alone { now_ms });
        match found.map(Value::from) {
            Ok(Value::Array(results)) => Ok(results),
            Ok(other) => Ok(vec![other]),
            Err(fault) => Err(Problem::from(&self.named(fault)).to_error("--filter")),
        }
    }
}

impl Filter {
    /// A fault that names the filter as it was given.
    fn named(&self, fault: ExpressionFault) -> ExpressionFault {
        let expression = self.text.clone();
        match fault {
            secret @ ExpressionFault::MissingSecret { .. } => secret,
            ExpressionFault::Failed { reason, .. } => {
                ExpressionFault::Failed { expression, reason }
            }
            ExpressionFault::Limit { excess, .. } => ExpressionFault::Limit { expression, excess },
        }
    }
}

/// What a filter sees besides the outputs: the time.
struct Alone {
    now_ms: i64,
}

impl Scope for Alone {
    fn argument(&self, _: usize) -> Datum {
        Datum::Null
    }

    fn variable(&self, _: usize) -> Datum {
        Datum::Null
    }

    fn limits(&self) -> Limits {
        Limits::default()
    }

    fn now(&self) -> i64 {
        self.now_ms
    }
}
