//! Numbers: whole numbers exactly, others as jq counts, and untouched ones as they were written.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// A number of a flow's data.
#[derive(Clone, Debug)]
pub enum Number {
    /// A whole number that fits.
    Int(i64),
    /// The result of a calculation.
    Float(f64),
    /// As written: `1.10`, `7615917337495251231000`.
    Written(Arc<str>),
}

impl Number {
    /// Reads a JSON number.
    #[must_use]
    pub fn read(text: &str) -> Number {
        match text.parse::<i64>() {
            Ok(number) if text != "-0" => Number::Int(number),
            _ => Number::Written(Arc::from(text)),
        }
    }

    /// A result of a calculation: whole where it is, as jq prints it.
    #[must_use]
    pub fn of(value: f64) -> Number {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if value.fract() == 0.0
            && value.abs() <= EXACT
            && !(value == 0.0 && value.is_sign_negative())
        {
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and small enough")]
            let whole = value as i64;
            return Number::Int(whole);
        }
        Number::Float(value)
    }

    /// The nearest number that can be calculated with.
    #[must_use]
    pub fn as_f64(&self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "jq calculates with doubles")]
            Number::Int(number) => *number as f64,
            Number::Float(number) => *number,
            Number::Written(text) => text.parse().unwrap_or(f64::NAN),
        }
    }

    /// The whole number, where it is one that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Number::Int(number) => Some(*number),
            Number::Float(_) => None,
            Number::Written(text) => match Number::of(text.parse().ok()?) {
                Number::Int(number) => Some(number),
                _ => None,
            },
        }
    }

    /// Whether it is written without a fraction and exponent.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        match self {
            Number::Int(_) => true,
            Number::Float(_) => false,
            Number::Written(text) => !text.contains(['.', 'e', 'E']),
        }
    }

    /// Of two whole numbers exactly where the result fits, else with doubles.
    pub(super) fn calculate(
        &self,
        other: &Number,
        exactly: fn(i64, i64) -> Option<i64>,
        nearly: fn(f64, f64) -> f64,
    ) -> Number {
        if let (Number::Int(left), Number::Int(right)) = (self, other)
            && let Some(result) = exactly(*left, *right)
        {
            return Number::Int(result);
        }
        Number::of(nearly(self.as_f64(), other.as_f64()))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        match (self, other) {
            (Number::Int(left), Number::Int(right)) => left.cmp(right),
            (Number::Written(left), Number::Written(right)) if left == right => Ordering::Equal,
            _ => {
                let (left, right) = (self.as_f64(), other.as_f64());
                // As in jq, what is not a number is smaller than every number.
                left.partial_cmp(&right).unwrap_or_else(|| match left.is_nan() {
                    true => Ordering::Less,
                    false => Ordering::Greater,
                })
            }
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Int(number) => write!(f, "{number}"),
            Number::Written(text) => f.write_str(text),
            Number::Float(number) => match serde_json::Number::from_f64(*number) {
                Some(number) => write!(f, "{number}"),
                // As jq prints what JSON has no number for.
                None => f.write_str("null"),
            },
        }
    }
}
