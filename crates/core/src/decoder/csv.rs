//! CSV (RFC 4180) as a list of records: objects of texts, by the names in its first line.

use serde_json::Value;

use super::json::looked_at;
use super::records::CsvRecords;
use super::text::text;
use super::{Asked, DecodeFault, DecodedBody, Decoder, MediaType, RecordReader};

/// Most times that the list may be as long as the body: its names are in each record.
const MOST_GROWTH: usize = 16;

/// CSV as a list of records.
pub(super) struct Csv;

impl Decoder for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn about(&self) -> &'static str {
        "CSV (RFC 4180) as a list of objects, by the names in its first line."
    }

    /// Only where the card names it: a reply of CSV that is passed on stays text.
    fn reads(&self, _: &str) -> bool {
        false
    }

    fn decode<'b>(
        &self,
        body: &'b [u8],
        kind: MediaType<'_>,
        asked: Asked<'b>,
    ) -> Result<DecodedBody<'b>, DecodeFault> {
        let text = text(body, kind)?;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter(kind))
            .flexible(true)
            .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let malformed = |error: &csv::Error| {
            let line = error.position().map_or(1, csv::Position::line);
            let line = usize::try_from(line).unwrap_or(usize::MAX);
            let reason = error.to_string();
            DecodeFault::Malformed { format: "CSV", reason, line, column: 1 }
        };
        let names = reader.headers().map_err(|error| malformed(&error))?.clone();
        // Of columns with one name the last counts. Names are written once, not once a record.
        let is_last =
            |index: usize| names.iter().skip(index + 1).all(|name| names.get(index) != Some(name));
        let keys: Vec<Option<String>> = names
            .iter()
            .enumerate()
            .map(|(index, name)| is_last(index).then(|| format!("{}:", Value::from(name))))
            .collect();
        let mut list = String::from("[");
        let most = body.len().saturating_mul(MOST_GROWTH).max(1 << 20);
        for record in reader.records() {
            let record = record.map_err(|error| malformed(&error))?;
            list.push_str(if list.len() > 1 { ",{" } else { "{" });
            let mut is_first = true;
            for (key, field) in keys.iter().zip(&record) {
                let Some(key) = key else { continue };
                if !is_first {
                    list.push(',');
                }
                is_first = false;
                list.push_str(key);
                list.push_str(&Value::from(field).to_string());
            }
            list.push('}');
            if list.len() > most {
                return Err(DecodeFault::TooLong { format: "CSV" });
            }
        }
        list.push(']');
        looked_at(list.into(), asked.look)
    }

    /// A table without a line has no record.
    fn nothing<'b>(&self, asked: Asked<'b>) -> Result<DecodedBody<'b>, DecodeFault> {
        looked_at("[]".into(), asked.look)
    }

    fn records(
        &self,
        kind: MediaType<'_>,
        path: &[String],
        limit: usize,
    ) -> Option<Box<dyn RecordReader>> {
        let whole = path.is_empty();
        if whole { Some(Box::new(CsvRecords::new(delimiter(kind), limit))) } else { None }
    }
}

/// What parts the fields of a line.
fn delimiter(kind: MediaType<'_>) -> u8 {
    let by_tabs = kind.essence.eq_ignore_ascii_case("text/tab-separated-values");
    if by_tabs { b'\t' } else { b',' }
}
