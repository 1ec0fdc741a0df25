//! One expression: looked at when it is loaded, compiled once, evaluated often.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::engine::{self, Ended};
use super::fault::ExpressionFault;
use super::nesting;
use super::path::Path;
use super::program::Jq;
use super::rewrite;
use super::scope::{ARGUMENTS, SECRETS, Scope};
use super::secrets;
use super::syntax::{self, SyntaxFault};
use crate::datum::Datum;

/// Longest text of an expression, in bytes.
pub const MAX_EXPRESSION_BYTES: usize = 8 * 1024;

/// A compiled expression.
#[derive(Clone)]
pub struct Expression(Arc<Compiled>);

struct Compiled {
    text: String,
    /// The arguments that it uses, by their places in [`ARGUMENTS`].
    uses: [bool; ARGUMENTS.len()],
    /// The variables in scope, as the host of the evaluation has them.
    variables: Vec<String>,
    /// The secrets that it names.
    secrets: Vec<String>,
    program: Program,
}

enum Program {
    /// `.a.b`, `$x.c`: most expressions are no more than that.
    Path(Path),
    /// Compiled when it is first evaluated: what it needs was looked at before.
    Jq(OnceLock<Result<Box<jaq_core::Filter<Jq>>, String>>),
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
            return Err(SyntaxFault::new(0, reason));
        }
        nesting::check(code).map_err(in_text)?;
        let program = match Path::parse(code, variables) {
            Some(path) => Program::Path(path),
            None => {
                let looked = with_names(variables, |names| engine::look(code, names));
                match looked.map_err(in_text)? {
                    engine::Compiled::Now(filter) => Program::Jq(Ok(Box::new(filter)).into()),
                    engine::Compiled::Later => Program::Jq(OnceLock::new()),
                }
            }
        };
        let uses = ARGUMENTS.map(|name| code.contains(name));
        let variables = variables.to_vec();
        let secrets = if uses[SECRETS] { secrets::named(code) } else { Vec::new() };
        let text = code.trim().to_owned();
        Ok(Expression(Arc::new(Compiled { text, uses, variables, secrets, program })))
    }

    /// The text, without `${ }`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The secrets that it names, as in `$secrets.name`.
    #[must_use]
    pub fn secrets(&self) -> &[String] {
        &self.0.secrets
    }

    /// Whether it has several results, or one, as its input has: `.items[]`, `.a, .b`.
    #[must_use]
    pub fn goes_round(&self) -> bool {
        syntax::parse(&self.0.text).is_ok_and(|term| rewrite::goes_round(&term))
    }

    /// Whether it gives its input with something set: `.a = 1`.
    #[must_use]
    pub fn assigns(&self) -> bool {
        syntax::parse(&self.0.text).is_ok_and(|term| rewrite::assigns(&term))
    }

    /// The value with `input` as `.`; no output is `null`, several are a list.
    ///
    /// # Errors
    /// Where jq fails, a limit is reached or a secret is not there.
    pub fn evaluate(&self, input: &Datum, scope: &dyn Scope) -> Result<Datum, ExpressionFault> {
        let mut outputs = self.outputs(input, scope)?;
        Ok(match outputs.len() {
            0 => Datum::Null,
            1 => outputs.remove(0),
            _ => Datum::list(outputs),
        })
    }

    /// Every output with `input` as `.`.
    pub(super) fn outputs(
        &self,
        input: &Datum,
        scope: &dyn Scope,
    ) -> Result<Vec<Datum>, ExpressionFault> {
        let compiled = &*self.0;
        if !compiled.secrets.is_empty() {
            let known = scope.argument(SECRETS);
            if let Some(name) = compiled.secrets.iter().find(|name| known.get(name).is_none()) {
                return Err(ExpressionFault::MissingSecret { name: name.clone() });
            }
        }
        let failed =
            |reason: String| ExpressionFault::Failed { expression: compiled.text.clone(), reason };
        match &compiled.program {
            Program::Path(path) => {
                path.evaluate(input, scope).map(|value| vec![value]).map_err(failed)
            }
            Program::Jq(filter) => {
                let filter = filter.get_or_init(|| {
                    let compile = |names: &[&str]| engine::compile(&compiled.text, names);
                    with_names(&compiled.variables, compile)
                        .map(Box::new)
                        .map_err(|fault| fault.reason)
                });
                let filter = filter.as_ref().map_err(|reason| failed(reason.clone()))?;
                let arguments = compiled.uses.iter().enumerate().map(|(index, used)| match used {
                    true => scope.argument(index),
                    false => Datum::Null,
                });
                let variables = (0..compiled.variables.len()).map(|index| scope.variable(index));
                let all: Vec<Datum> = arguments.chain(variables).collect();
                let given = all.iter().map(Datum::bytes).sum::<u64>() + input.bytes();
                let (limits, now) = (scope.limits().for_data(given), scope.now());
                engine::run(filter, input.clone(), all.into_iter(), limits, now).map_err(|ended| {
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

/// What is in scope by name, each with its `$`.
fn with_names<T>(variables: &[String], then: impl FnOnce(&[&str]) -> T) -> T {
    let own: Vec<String> = variables.iter().map(|name| format!("${name}")).collect();
    let names: Vec<&str> =
        ARGUMENTS.iter().copied().chain(own.iter().map(String::as_str)).collect();
    then(&names)
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
