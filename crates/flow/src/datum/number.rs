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

    /// The whole number below it, as an index is taken; `None` where it is no number.
    #[must_use]
    pub fn floor(&self) -> Option<i64> {
        if let Number::Int(number) = self {
            return Some(*number);
        }
        let number = self.as_f64();
        #[expect(clippy::cast_possible_truncation, reason = "beyond its ends, its ends are meant")]
        (!number.is_nan()).then(|| number.floor() as i64)
    }

    /// What is left after a division of whole numbers; `None` by nought.
    #[must_use]
    pub fn remainder(&self, other: &Number) -> Option<Number> {
        if let (Number::Int(left), Number::Int(right)) = (self, other) {
            return (*right != 0)
                .then(|| Number::Int(left.checked_rem(*right).unwrap_or_default()));
        }
        let (left, right) = (self.as_f64(), other.as_f64());
        if left.is_nan() || right.is_nan() {
            return Some(Number::Float(f64::NAN));
        }
        #[expect(clippy::cast_possible_truncation, reason = "beyond its ends, its ends are meant")]
        let (left, right) = (left as i64, right as i64);
        // As C's, the size of the divisor counts.
        let size = i64::try_from(right.unsigned_abs()).unwrap_or(i64::MAX);
        (size != 0).then(|| Number::Int(left.checked_rem(size).unwrap_or_default()))
    }

    /// Whether it is the result of a calculation that has none.
    #[must_use]
    pub fn is_nan(&self) -> bool {
        matches!(self, Number::Float(number) if number.is_nan())
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

/// A written number as its sign, its digits without noughts around them, and where its point stands among them:
/// `-0.012e3` is `(true, "12", 2)`, nought has no digits.
fn taken_apart(text: &str) -> (bool, String, i64) {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent = exponent.parse::<i64>().unwrap_or(match exponent.starts_with('-') {
        true => i64::MIN / 4,
        false => i64::MAX / 4,
    });
    let is_negative = mantissa.starts_with('-');
    let (whole, fraction) = mantissa
        .trim_start_matches(['-', '+'])
        .split_once('.')
        .unwrap_or((mantissa.trim_start_matches('-'), ""));
    let all = [whole, fraction].concat();
    let leading = all.len() - all.trim_start_matches('0').len();
    let digits = all.trim_matches('0').to_owned();
    let count = |length: usize| i64::try_from(length).unwrap_or(i64::MAX / 4);
    let point = count(whole.len()) - count(leading) + exponent;
    (is_negative && !digits.is_empty(), digits, point)
}

/// Compares what is written, exactly.
fn compare_written(left: &str, right: &str) -> Ordering {
    let (left, right) = (taken_apart(left), taken_apart(right));
    let sign = |number: &(bool, String, i64)| match (number.1.is_empty(), number.0) {
        (true, _) => 0,
        (false, true) => -1,
        (false, false) => 1,
    };
    sign(&left).cmp(&sign(&right)).then_with(|| {
        let size = left.2.cmp(&right.2).then_with(|| left.1.cmp(&right.1));
        if left.1.is_empty() {
            Ordering::Equal
        } else if left.0 {
            size.reverse()
        } else {
            size
        }
    })
}

/// No number equals what is none, not even itself.
impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        !self.is_nan() && self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// As in jq, what is not a number is smaller than every number.
impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        match (self, other) {
            (Number::Int(left), Number::Int(right)) => left.cmp(right),
            (Number::Written(left), Number::Written(right)) => match left == right {
                true => Ordering::Equal,
                false => compare_written(left, right),
            },
            (Number::Written(left), Number::Int(right)) => {
                compare_written(left, &right.to_string())
            }
            (Number::Int(left), Number::Written(right)) => {
                compare_written(&left.to_string(), right)
            }
            _ => {
                let (left, right) = (self.as_f64(), other.as_f64());
                left.partial_cmp(&right).unwrap_or_else(|| right.is_nan().cmp(&left.is_nan()))
            }
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Int(number) => write!(f, "{number}"),
            Number::Written(text) => f.write_str(text),
            // As jq writes what JSON has no number for.
            Number::Float(number) if number.is_nan() => f.write_str("null"),
            Number::Float(number) => written(number.clamp(f64::MIN, f64::MAX), f),
        }
    }
}

/// A number as jq writes it: in full, or with an exponent where that is much shorter.
fn written(number: f64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let shortest = format!("{number:e}");
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i64 = exponent.parse().unwrap_or_default();
    let digits = mantissa.chars().filter(char::is_ascii_digit).count();
    let digits = i64::try_from(digits).unwrap_or_default();
    if exponent < -4 || exponent + 1 > digits + 15 {
        let sign = if exponent < 0 { '-' } else { '+' };
        return write!(f, "{mantissa}e{sign}{:02}", exponent.abs());
    }
    write!(f, "{number}")
}
