//! The records of CSV (RFC 4180): objects of texts, by the names in the first line.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use serde_json::Value;

use super::RecordReader;
use super::reader::utf8;
use crate::decoder::DecodeFault;

/// The records of CSV.
pub(in crate::decoder) struct CsvRecords {
    reader: Reader,
    limit: usize,
    /// The fields of a record that is not whole, without what parts them, and where each ends.
    fields: Vec<u8>,
    written: usize,
    ends: Vec<usize>,
    ended: usize,
    /// The beginning of a member for each column; `None` where a later one has its name.
    keys: Option<Vec<Option<String>>>,
    count: u64,
}

impl CsvRecords {
    /// With so many bytes of a record at most.
    pub(in crate::decoder) fn new(delimiter: u8, limit: usize) -> CsvRecords {
        CsvRecords {
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            limit,
            fields: vec![0; 1024],
            written: 0,
            ends: vec![0; 64],
            ended: 0,
            keys: None,
            count: 0,
        }
    }

    /// The fields of the record that has become whole.
    fn fields(&self) -> Result<Vec<&str>, DecodeFault> {
        let mut begin = 0;
        let fields = self.ends[..self.ended].iter().map(|end| {
            let field = utf8(&self.fields[begin..*end]);
            begin = *end;
            field
        });
        fields.collect()
    }

    /// Takes note of the names, or gives the record.
    fn whole(&mut self, give: &mut dyn FnMut(&str)) -> Result<(), DecodeFault> {
        let fields = self.fields()?;
        let Some(keys) = &self.keys else {
            // Of columns with one name the last counts.
            let is_last = |index: usize| !fields[index + 1..].contains(&fields[index]);
            let key = |(index, name): (usize, &&str)| {
                is_last(index).then(|| format!("{}:", Value::from(*name)))
            };
            self.keys = Some(fields.iter().enumerate().map(key).collect());
            return Ok(());
        };
        let mut record = String::from("{");
        for (key, field) in keys.iter().zip(&fields) {
            let Some(key) = key else { continue };
            if record.len() > 1 {
                record.push(',');
            }
            record.push_str(key);
            record.push_str(&Value::from(*field).to_string());
        }
        record.push('}');
        if record.len() > self.limit {
            return Err(self.too_long());
        }
        give(&record);
        self.count += 1;
        Ok(())
    }

    fn too_long(&self) -> DecodeFault {
        DecodeFault::RecordTooLong { number: self.count + 1, limit: self.limit }
    }

    /// Reads on; no bytes are the end.
    fn read(&mut self, mut piece: &[u8], give: &mut dyn FnMut(&str)) -> Result<(), DecodeFault> {
        loop {
            let (fields, ends) = (&mut self.fields[self.written..], &mut self.ends[self.ended..]);
            let (result, read, written, ended) = self.reader.read_record(piece, fields, ends);
            piece = &piece[read..];
            self.written += written;
            self.ended += ended;
            match result {
                ReadRecordResult::InputEmpty => return Ok(()),
                ReadRecordResult::OutputFull if self.fields.len() > self.limit => {
                    return Err(self.too_long());
                }
                ReadRecordResult::OutputFull => self.fields.resize(2 * self.fields.len(), 0),
                ReadRecordResult::OutputEndsFull if self.ends.len() > self.limit => {
                    return Err(self.too_long());
                }
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
                ReadRecordResult::Record => {
                    self.whole(give)?;
                    (self.written, self.ended) = (0, 0);
                }
                ReadRecordResult::End => return Ok(()),
            }
        }
    }
}

impl RecordReader for CsvRecords {
    fn push(&mut self, piece: &[u8], give: &mut dyn FnMut(&str)) -> Result<(), DecodeFault> {
        if piece.is_empty() { Ok(()) } else { self.read(piece, give) }
    }

    fn end(&mut self, give: &mut dyn FnMut(&str)) -> Result<Vec<u8>, DecodeFault> {
        self.read(&[], give)?;
        Ok(Vec::new())
    }
}
