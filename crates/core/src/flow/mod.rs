//! Flows.
pub mod datum;
pub mod expression;
