//! What reads the records of a body that comes piece by piece.

use crate::decoder::DecodeFault;
use crate::value::text::{DEEPEST, check, mended, nests_deeper_than};

/// Reads the records of a body that comes piece by piece. What it holds between two pieces is one record that is not whole, and what
/// is beside the records.
pub trait RecordReader: Send {
    /// Reads one more piece, in UTF-8, and gives each record that is whole by then: a JSON text.
    ///
    /// # Errors
    /// [`DecodeFault`]; the records before it were given.
    fn push(&mut self, piece: &[u8], give: &mut dyn FnMut(&str)) -> Result<(), DecodeFault>;

    /// Takes note that the body is over, gives the record that only its end completes, and says what was beside the records.
    ///
    /// # Errors
    /// [`DecodeFault`].
    fn end(&mut self, give: &mut dyn FnMut(&str)) -> Result<Vec<u8>, DecodeFault>;
}

/// A record of a format that has JSON in it: its text, where it is JSON.
pub(super) fn json_record<'r>(
    format: &'static str,
    number: u64,
    bytes: &'r [u8],
) -> Result<&'r str, DecodeFault> {
    let text = utf8(bytes)?;
    if nests_deeper_than(text, DEEPEST) {
        return Err(DecodeFault::TooDeep { format: "JSON", levels: DEEPEST });
    }
    match check(&mended(text)) {
        Ok(()) => Ok(text),
        Err(error) => {
            let reason = crate::value::reason(&error);
            Err(DecodeFault::Record { format, number, reason })
        }
    }
}

/// The text of bytes that have been read as UTF-8.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, DecodeFault> {
    std::str::from_utf8(bytes).map_err(|_| DecodeFault::Charset { charset: "utf-8".to_owned() })
}

/// Keeps the beginning of a record that is not whole.
pub(super) fn keep(
    record: &mut Vec<u8>,
    more: &[u8],
    number: u64,
    limit: usize,
) -> Result<(), DecodeFault> {
    if record.len() + more.len() > limit {
        return Err(DecodeFault::RecordTooLong { number, limit });
    }
    record.extend_from_slice(more);
    Ok(())
}
