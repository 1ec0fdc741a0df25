//! The functions that expressions have beside their definitions: jq's over our values, with jq's words where they fail.
//! None reads the environment, a clock, a time zone or more input.

mod collections;
mod encoding;
mod kinds;
mod pattern;
mod places;
mod table;
mod text;
mod time;

pub(super) use table::functions;
