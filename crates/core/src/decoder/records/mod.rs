//! Bodies that come piece by piece: their records are read one after the other, and nothing of them is kept.
//!
//! ```text
//! piece ─ Charset ─▶ UTF-8 ─ RecordReader ─▶ record, record, …
//!                                 └ end ─▶ what is beside the records: the body with an empty list in their place
//! ```

mod charset;
#[cfg(feature = "csv")]
mod csv;
mod json;
mod ndjson;
mod reader;

pub use charset::Charset;
#[cfg(feature = "csv")]
pub(super) use csv::CsvRecords;
pub(super) use json::JsonRecords;
pub(super) use ndjson::NdjsonRecords;
pub use reader::RecordReader;

#[cfg(test)]
mod tests;
