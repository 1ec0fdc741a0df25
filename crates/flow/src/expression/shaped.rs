//! A value with expressions in it: `{"name": "${ .user }", "list": [1, "${ .x }"]}`.

use super::compiled::Expression;
use super::fault::ExpressionFault;
use super::scope::Scope;
use crate::datum::Datum;

/// A value with expressions in it.
#[derive(Clone, Debug)]
pub enum Shaped {
    /// A value without any.
    Constant(Datum),
    /// An expression.
    Expression(Expression),
    /// A list of them.
    List(Vec<Shaped>),
    /// An object of them.
    Object(Vec<(String, Shaped)>),
}

impl Shaped {
    /// The value with `input` as `.`.
    ///
    /// # Errors
    /// The first of its expressions that has no value.
    pub fn evaluate(&self, input: &Datum, scope: &dyn Scope) -> Result<Datum, ExpressionFault> {
        Ok(match self {
            Shaped::Constant(value) => value.clone(),
            Shaped::Expression(expression) => expression.evaluate(input, scope)?,
            Shaped::List(items) => {
                let items: Result<Vec<Datum>, _> =
                    items.iter().map(|item| item.evaluate(input, scope)).collect();
                Datum::list(items?)
            }
            Shaped::Object(entries) => {
                let entries: Result<Vec<(&str, Datum)>, _> = entries
                    .iter()
                    .map(|(key, value)| Ok((key.as_str(), value.evaluate(input, scope)?)))
                    .collect();
                Datum::object(entries?)
            }
        })
    }
}
