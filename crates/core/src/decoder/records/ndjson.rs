//! The records of NDJSON: a line each.

use super::RecordReader;
use super::reader::{json_record, keep};
use crate::decoder::DecodeFault;

/// The records of NDJSON.
pub(in crate::decoder) struct NdjsonRecords {
    limit: usize,
    /// The beginning of a line whose end is in a later piece.
    line: Vec<u8>,
    count: u64,
}

impl NdjsonRecords {
    /// With so many bytes of a record at most.
    pub(in crate::decoder) fn new(limit: usize) -> NdjsonRecords {
        NdjsonRecords { limit, line: Vec::new(), count: 0 }
    }

    fn give(&mut self, line: &[u8], give: &mut dyn FnMut(&str)) -> Result<(), DecodeFault> {
        let line = line.trim_ascii();
        if line.is_empty() {
            return Ok(());
        }
        let number = self.count + 1;
        if line.len() > self.limit {
            return Err(DecodeFault::RecordTooLong { number, limit: self.limit });
        }
        give(json_record("NDJSON", number, line)?);
        self.count = number;
        Ok(())
    }
}

impl RecordReader for NdjsonRecords {
    fn push(&mut self, piece: &[u8], give: &mut dyn FnMut(&str)) -> Result<(), DecodeFault> {
        let mut rest = piece;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let line = &rest[..end];
            rest = &rest[end + 1..];
            if self.line.is_empty() {
                self.give(line, give)?;
                continue;
            }
            keep(&mut self.line, line, self.count + 1, self.limit)?;
            let mut whole = std::mem::take(&mut self.line);
            self.give(&whole, give)?;
            // Its room is for the next one.
            whole.clear();
            self.line = whole;
        }
        keep(&mut self.line, rest, self.count + 1, self.limit)
    }

    fn end(&mut self, give: &mut dyn FnMut(&str)) -> Result<Vec<u8>, DecodeFault> {
        let line = std::mem::take(&mut self.line);
        self.give(&line, give)?;
        Ok(Vec::new())
    }
}
