//! Deflate (RFC 1951), bare or in zlib (RFC 1950), piece by piece.

use miniz_oxide::inflate::stream::{InflateState, MinReset, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

use super::gathered::Gathered;
use super::undoing::{Ended, PIECE_BYTES, Work};

/// Undoes streams, one after the other.
pub(super) struct Inflater {
    state: Box<InflateState>,
    made: Vec<u8>,
}

impl Inflater {
    pub(super) fn new(format: DataFormat) -> Inflater {
        Inflater { state: InflateState::new_boxed(format), made: vec![0; PIECE_BYTES] }
    }

    /// Undoes one stream, and leaves of `rest` what follows it. `seen` is shown what comes out.
    pub(super) fn stream(
        &mut self,
        rest: &mut &[u8],
        out: &mut Gathered,
        work: &Work<'_>,
        seen: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Ended> {
        // All is as at the beginning but the window, which is not wiped: a stream cannot reach behind its own beginning, and what stands
        // there is of the same body.
        self.state.reset_as(MinReset);
        loop {
            let piece = &rest[..rest.len().min(PIECE_BYTES)];
            let done = inflate(&mut self.state, piece, &mut self.made, MZFlush::None);
            *rest = &rest[done.bytes_consumed..];
            let made = &self.made[..done.bytes_written];
            seen(made);
            work.keep(made, out)?;
            work.spend(done.bytes_consumed)?;
            match done.status {
                Ok(MZStatus::StreamEnd) => return Ok(()),
                Ok(MZStatus::Ok) if done.bytes_consumed + done.bytes_written > 0 => {}
                Ok(MZStatus::Ok) | Err(MZError::Buf) => return Err(Ended::Early),
                Ok(MZStatus::NeedDict) | Err(_) => {
                    return Err(Ended::Broken("corrupt deflate stream".to_owned()));
                }
            }
        }
    }
}
