//! Runtime expressions: jq, compiled once, evaluated under limits, and without the outside world.
//!
//! ```text
//! "${ .a + $b }" ─ compile (names in scope) ─▶ Expression ─ evaluate (`.`, values, limits) ─▶ Datum
//! {"k": "${ … }"} ─────────────────────────▶ Shaped     ─ evaluate ─▶ Datum
//! "https://h/pet/{id}" ────────────────────▶ UriTemplate ─ expand ─▶ text
//! ```
//! An expression has no environment, no further input, no file, no clock but the time it is given and
//! always an end: too many steps, too large a value and too deep a call are `flow.expression_limit`.

mod engine;
mod natives;
mod nesting;
mod path;
mod program;
mod recursion;
mod shaped;
mod uri;

use std::fmt;
use std::sync::Arc;

pub use program::SyntaxFault;
pub use shaped::Shaped;
pub use uri::UriTemplate;

use crate::datum::{Datum, Excess};
use engine::Ended;
use path::Path;
use program::Jq;

/// Longest text of an expression, in bytes.
pub const MAX_EXPRESSION_BYTES: usize = 8 * 1024;

/// Steps of one evaluation, unless the host says another number: about a second.
pub const DEFAULT_STEPS: u64 = 5_000_000;

/// The arguments that every expression has, in order.
pub const ARGUMENTS: [&str; 8] = [
    "$context",
    "$input",
    "$output",
    "$secrets",
    "$authorization",
    "$task",
    "$workflow",
    "$runtime",
];

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
    /// It did not end in time.
    Limit {
        /// The expression.
        expression: String,
        /// Of what there was too much.
        excess: Excess,
    },
}

/// A compiled expression.
#[derive(Clone)]
pub struct Expression(Arc<Compiled>);

struct Compiled {
    text: String,
    /// The arguments that it uses, by their places in [`ARGUMENTS`].
    uses: [bool; ARGUMENTS.len()],
    /// The variables in scope, as the host of the evaluation has them.
    variables: Vec<String>,
    program: Program,
}

enum Program {
    /// `.a.b`, `$x.c`: most expressions are no more than that.
    Path(Path),
    Jq(Box<jaq_core::Filter<Jq>>),
}

/// What an expression sees.
pub trait Scope {
    /// One of [`ARGUMENTS`], by its place.
    fn argument(&self, index: usize) -> Datum;
    /// A variable, by its place among those that the expression was compiled with.
    fn variable(&self, index: usize) -> Datum;
    /// Most steps.
    fn steps(&self) -> u64;
    /// Milliseconds since 1970.
    fn now(&self) -> i64;
}

impl Expression {
    /// Compiles an expression, with or without `${ }` around it, that may use the variables (without `$`).
    ///
    /// # Errors
    /// The first fault, with its place in `text`.
    pub fn compile(text: &str, variables: &[String]) -> Result<Expression, SyntaxFault> {
        let code = inner(text).unwrap_or(text);
        // How far the code is into the text.
        let before = code.as_ptr().addr() - text.as_ptr().addr();
        let in_text = |fault: SyntaxFault| SyntaxFault { offset: fault.offset + before, ..fault };
        if code.len() > MAX_EXPRESSION_BYTES {
            let reason = format!("it is longer than {MAX_EXPRESSION_BYTES} bytes");
            return Err(SyntaxFault { offset: 0, reason });
        }
        nesting::check(code).map_err(in_text)?;
        let program = match Path::parse(code, variables) {
            Some(path) => Program::Path(path),
            None => {
                let own: Vec<String> = variables.iter().map(|name| format!("${name}")).collect();
                let names: Vec<&str> =
                    ARGUMENTS.iter().copied().chain(own.iter().map(String::as_str)).collect();
                Program::Jq(Box::new(engine::compile(code, &names).map_err(in_text)?))
            }
        };
        let uses = ARGUMENTS.map(|name| code.contains(name));
        let variables = variables.to_vec();
        Ok(Expression(Arc::new(Compiled {
            text: code.trim().to_owned(),
            uses,
            variables,
            program,
        })))
    }

    /// The text, without `${ }`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The value with `input` as `.`; no output is `null`, several are a list.
    ///
    /// # Errors
    /// Where jq fails or a limit is reached.
    pub fn evaluate(&self, input: &Datum, scope: &dyn Scope) -> Result<Datum, ExpressionFault> {
        let compiled = &*self.0;
        let failed =
            |reason: String| ExpressionFault::Failed { expression: compiled.text.clone(), reason };
        match &compiled.program {
            Program::Path(path) => path.evaluate(input, scope).map_err(failed),
            Program::Jq(filter) => {
                let arguments = compiled.uses.iter().enumerate().map(|(index, used)| match used {
                    true => scope.argument(index),
                    false => Datum::Null,
                });
                let variables = (0..compiled.variables.len()).map(|index| scope.variable(index));
                let all: Vec<Datum> = arguments.chain(variables).collect();
                let (steps, now) = (scope.steps(), scope.now());
                engine::run(filter, input.clone(), all.into_iter(), steps, now).map_err(|ended| {
                    match ended {
                        Ended::Error(reason) => failed(reason),
                        Ended::Excess(excess) => {
                            let expression = compiled.text.clone();
                            ExpressionFault::Limit { expression, excess }
                        }
                    }
                })
            }
        }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${{ {} }}", self.0.text)
    }
}

/// What is between `${` and `}`, where a text is that and nothing else.
#[must_use]
pub fn inner(text: &str) -> Option<&str> {
    text.trim().strip_prefix("${")?.strip_suffix('}')
}

#[cfg(test)]
mod tests;
