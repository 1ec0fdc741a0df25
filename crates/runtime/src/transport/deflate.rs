//! Deflate (RFC 1951), bare or in zlib (RFC 1950), piece by piece.

use miniz_oxide::inflate::stream::{InflateState, MinReset, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

use super::undoing::{Coding, Ended};

/// Undoes streams, one after the other.
pub(super) struct Inflater(Box<InflateState>);

impl Inflater {
    pub(super) fn new(format: DataFormat) -> Inflater {
        Inflater(InflateState::new_boxed(format))
    }

    /// Another stream begins. All is as at the beginning but the window, which is not wiped: a stream cannot reach behind its own
    /// beginning, and what stands there is of the same body.
    pub(super) fn begin(&mut self) {
        self.0.reset_as(MinReset);
    }

    /// Undoes on, and leaves of `input` what it has not read; how much was made, and whether the stream is over.
    pub(super) fn step(
        &mut self,
        input: &mut &[u8],
        made: &mut [u8],
    ) -> Result<(usize, bool), Ended> {
        let done = inflate(&mut self.0, input, made, MZFlush::None);
        *input = &input[done.bytes_consumed..];
        match done.status {
            Ok(MZStatus::StreamEnd) => Ok((done.bytes_written, true)),
            // It needs more.
            Ok(MZStatus::Ok) | Err(MZError::Buf) => Ok((done.bytes_written, false)),
            Ok(MZStatus::NeedDict) | Err(_) => {
                Err(Ended::Broken("corrupt deflate stream".to_owned()))
            }
        }
    }
}

/// The coding `deflate`, which means zlib; some servers send the bare stream.
pub(super) struct Deflate {
    /// `None` before its first two bytes, which tell what it is.
    inflater: Option<Inflater>,
    held: Vec<u8>,
    is_over: bool,
}

impl Deflate {
    pub(super) fn new() -> Deflate {
        Deflate { inflater: None, held: Vec::new(), is_over: false }
    }
}

/// Whether a stream begins as zlib does (RFC 1950, section 2.2).
fn is_zlib(first: u8, second: u8) -> bool {
    first & 0x0F == 8 && first >> 4 <= 7 && (u16::from(first) << 8 | u16::from(second)) % 31 == 0
}

impl Coding for Deflate {
    fn undo(&mut self, input: &mut &[u8], made: &mut [u8]) -> Result<(usize, usize), Ended> {
        if self.is_over {
            *input = &[];
            return Ok((0, 0));
        }
        let Some(inflater) = &mut self.inflater else {
            while self.held.len() < 2
                && let Some((first, rest)) = input.split_first()
            {
                self.held.push(*first);
                *input = rest;
            }
            if let [first, second] = self.held[..] {
                let is_zlib = is_zlib(first, second);
                let format = if is_zlib { DataFormat::Zlib } else { DataFormat::Raw };
                self.inflater = Some(Inflater::new(format));
            }
            return Ok((0, 0));
        };
        let (written, is_over) = match self.held.is_empty() {
            true => inflater.step(input, made)?,
            false => {
                let mut rest = &self.held[..];
                let done = inflater.step(&mut rest, made)?;
                let read = self.held.len() - rest.len();
                self.held.drain(..read);
                done
            }
        };
        self.is_over = is_over;
        Ok((written, 0))
    }

    fn end(&self) -> Result<(), Ended> {
        if self.is_over { Ok(()) } else { Err(Ended::Early) }
    }
}
