//! JSON Schemas (draft 2020-12) that are compiled and asked: the one door to the crate `jsonschema`.
//!
//! A crate of its own because of the weight: that library is generic over the type of values, and each crate that is optimised
//! for speed and calls into it would hold a copy of its own, a megabyte of code each.

mod compiled;

pub use compiled::{compile, first_fault};
pub use jsonschema::Validator;
