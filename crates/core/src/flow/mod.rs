//! Flows.
pub mod datum;
pub mod expression;
pub mod node;
