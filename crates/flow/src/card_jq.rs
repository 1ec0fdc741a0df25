//! jq in the outputs of cards, under the meter that flows have.

use std::sync::Arc;

use cardhost_core::jq::{Engine, JqFault, Program};
use serde_json::Value;

use crate::datum::{Datum, Limits};
use crate::expression::{Expression, ExpressionFault, Scope};

/// jq in the outputs of cards.
#[derive(Clone, Copy, Debug)]
pub struct CardJq;

impl Engine for CardJq {
    fn compile(&self, text: &str) -> Result<Arc<dyn Program>, JqFault> {
        match Expression::compile(text, &[]) {
            Ok(expression) => Ok(Arc::new(Compiled(expression))),
            Err(fault) => {
                let before = text.get(..fault.offset).unwrap_or(text);
                let column = before.chars().count() + 1;
                let reason = format!("{} (at character {column})", fault.reason);
                Err(JqFault::Syntax { reason, hint: fault.hint })
            }
        }
    }
}

struct Compiled(Expression);

impl Program for Compiled {
    fn value(&self, input: Value) -> Result<Value, String> {
        match self.0.evaluate(&Datum::from(input), &Nothing) {
            Ok(value) => Ok(Value::from(value)),
            Err(ExpressionFault::Failed { reason, .. }) => Err(reason),
            Err(ExpressionFault::MissingSecret { name }) => {
                Err(format!("there is no secret `{name}`"))
            }
            Err(ExpressionFault::Limit { .. }) => {
                Err("it takes too many steps, or makes too large a value".to_owned())
            }
        }
    }
}

/// What a program sees besides the reply.
struct Nothing;

impl Scope for Nothing {
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
        0
    }
}
