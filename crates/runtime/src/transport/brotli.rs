//! Brotli (RFC 7932), piece by piece.

use brotli::{BrotliDecompressStream, BrotliResult, BrotliState, HeapAlloc, HuffmanCode};

use super::undoing::{Coding, Ended};

type State = BrotliState<HeapAlloc<u8>, HeapAlloc<u32>, HeapAlloc<HuffmanCode>>;

/// Undoes a stream; what follows its end is passed over.
pub(super) struct Brotli {
    state: Box<State>,
    is_over: bool,
}

impl Brotli {
    pub(super) fn new() -> Brotli {
        let (bytes, words) = (HeapAlloc::new(0), HeapAlloc::new(0));
        let state = BrotliState::new(bytes, words, HeapAlloc::new(HuffmanCode::default()));
        Brotli { state: Box::new(state), is_over: false }
    }
}

impl Coding for Brotli {
    fn undo(&mut self, input: &mut &[u8], made: &mut [u8]) -> Result<(usize, usize), Ended> {
        if self.is_over {
            *input = &[];
            return Ok((0, 0));
        }
        let (mut left, mut read) = (input.len(), 0);
        let (mut room, mut written, mut total) = (made.len(), 0, 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut read,
            input,
            &mut room,
            &mut written,
            made,
            &mut total,
            &mut self.state,
        );
        *input = &input[read..];
        match result {
            BrotliResult::ResultFailure => Err(Ended::Broken("Invalid Data".to_owned())),
            BrotliResult::ResultSuccess => {
                self.is_over = true;
                Ok((written, 0))
            }
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => Ok((written, 0)),
        }
    }

    fn end(&self) -> Result<(), Ended> {
        if self.is_over { Ok(()) } else { Err(Ended::Early) }
    }
}
