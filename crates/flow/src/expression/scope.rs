//! What an expression sees.

use crate::datum::{Datum, Limits};

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

/// The place of `$secrets`.
pub(super) const SECRETS: usize = 3;

/// What an expression sees.
pub trait Scope {
    /// One of [`ARGUMENTS`], by its place.
    fn argument(&self, index: usize) -> Datum;
    /// A variable, by its place among those that the expression was compiled with.
    fn variable(&self, index: usize) -> Datum;
    /// What the evaluation may cost, before what it is given counts.
    fn limits(&self) -> Limits;
    /// Milliseconds since 1970.
    fn now(&self) -> i64;
}
