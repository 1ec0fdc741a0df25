//! The data of a flow: JSON that is shared, not copied, and that knows its size and depth.
//!
//! An interpreter passes the same data on thousands of times; a clone here is a counter. Numbers keep
//! their text, objects their order. Size and depth are kept so that an expression that doubles a value
//! forty times ends with an error and not with the machine's memory.

mod convert;
mod meter;
mod number;
mod operators;
mod value;
mod words;

pub use meter::{Excess, Limits};
pub(crate) use meter::{exceed, max_value_bytes, measured, now, spend, step};
pub use number::Number;
pub use value::{Datum, List, MAX_DEPTH, Object};
pub(crate) use words::{no_index, no_parts, of_one, of_two, plain, shown};
