//! Zstandard (RFC 8878), piece by piece: each frame is decoded block by block, so that little makes little.

use std::io::Read as _;

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::undoing::{Coding, Ended};

/// How a frame starts (section 3.1.1).
const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// The largest window of a frame, which is how much of it is in memory: what HTTP allows (RFC 9659, section 3).
const MOST_WINDOW_BYTES: u64 = 8 * 1024 * 1024;

/// What a frame costs beside its bytes, as if it were bytes.
const FRAME_COST: usize = 4096;

/// Undoes the frames of a body. What follows a whole one and begins no other is padding.
pub(super) struct Zstd {
    decoder: FrameDecoder,
    place: Place,
    /// The beginning of a header or block that is not whole.
    held: Vec<u8>,
    has_checksum: bool,
}

/// Where in a body it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Magic,
    Header,
    Block,
    /// The last block is decoded; what is left of it goes out.
    Ending,
    /// So many bytes of a frame that is passed over (section 3.1.2).
    Skipping(u32),
    /// After a whole frame.
    Between,
    Padding,
}

impl Zstd {
    pub(super) fn new() -> Zstd {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MOST_WINDOW_BYTES);
        Zstd { decoder, place: Place::Magic, held: Vec::new(), has_checksum: false }
    }

    /// Whether so many bytes are held, of what comes too.
    fn hold(&mut self, input: &mut &[u8], wanted: usize) -> bool {
        let more = wanted.saturating_sub(self.held.len()).min(input.len());
        let (taken, rest) = input.split_at(more);
        self.held.extend_from_slice(taken);
        *input = rest;
        self.held.len() >= wanted
    }

    /// Another frame, or what is passed over.
    fn begin(&mut self, input: &mut &[u8]) -> Result<bool, Ended> {
        if !self.hold(input, MAGIC.len()) {
            return Ok(false);
        }
        let is_between = self.place == Place::Between;
        if self.held == MAGIC {
            self.place = Place::Header;
        } else if is_skippable(&self.held) {
            if !self.hold(input, 8) {
                return Ok(false);
            }
            let length =
                self.held.last_chunk::<4>().map_or(0, |length| u32::from_le_bytes(*length));
            self.held.clear();
            self.place = Place::Skipping(length);
        } else if is_between {
            self.held.clear();
            self.place = Place::Padding;
        } else {
            return Err(Ended::Broken("it begins with no frame".to_owned()));
        }
        Ok(true)
    }

    /// The block that comes next; `false` where not all of it is there.
    fn block(&mut self, input: &mut &[u8]) -> Result<bool, Ended> {
        if !self.hold(input, 3) {
            return Ok(false);
        }
        let Some(&[first, second, third]) = self.held.first_chunk::<3>() else { return Ok(false) };
        let header = u32::from_le_bytes([first, second, third, 0]);
        let (is_last, kind, size) = (header & 1 == 1, header >> 1 & 3, (header >> 3) as usize);
        let content = if kind == 1 { 1 } else { size };
        let checksum = if is_last && self.has_checksum { 4 } else { 0 };
        if size <= MOST_BLOCK_BYTES && !self.hold(input, 3 + content + checksum) {
            return Ok(false);
        }
        let decoded =
            self.decoder.decode_blocks(&self.held[..], BlockDecodingStrategy::UptoBlocks(1));
        decoded.map_err(|error| Ended::Broken(error.to_string()))?;
        self.held.clear();
        if is_last {
            self.place = Place::Ending;
        }
        Ok(true)
    }

    fn take(&mut self, made: &mut [u8]) -> Result<usize, Ended> {
        self.decoder.read(made).map_err(|error| Ended::Broken(error.to_string()))
    }
}

/// The most that a block may have (section 3.1.1.2.4).
const MOST_BLOCK_BYTES: usize = 128 * 1024;

/// Whether a frame is passed over that begins so.
fn is_skippable(magic: &[u8]) -> bool {
    matches!(magic, [first, 0x2A, 0x4D, 0x18] if first >> 4 == 5)
}

/// How long the header of a frame is, by its descriptor (section 3.1.1.1.1), with the magic number.
fn header_length(descriptor: u8) -> usize {
    let is_single = descriptor >> 5 & 1 == 1;
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let content_size = match descriptor >> 6 {
        0 => usize::from(is_single),
        1 => 2,
        2 => 4,
        _ => 8,
    };
    MAGIC.len() + 1 + usize::from(!is_single) + dictionary + content_size
}

impl Coding for Zstd {
    fn undo(&mut self, input: &mut &[u8], made: &mut [u8]) -> Result<(usize, usize), Ended> {
        match self.place {
            Place::Magic | Place::Between => {
                self.begin(input)?;
                Ok((0, 0))
            }
            Place::Header => {
                if self.hold(input, MAGIC.len() + 1) {
                    let descriptor = self.held[MAGIC.len()];
                    if self.hold(input, header_length(descriptor)) {
                        let begun = self.decoder.reset(&self.held[..]);
                        begun.map_err(|error| Ended::Broken(error.to_string()))?;
                        self.has_checksum = descriptor >> 2 & 1 == 1;
                        self.held.clear();
                        self.place = Place::Block;
                    }
                }
                Ok((0, 0))
            }
            Place::Block => {
                let written = self.take(made)?;
                if written == 0 {
                    self.block(input)?;
                }
                Ok((written, 0))
            }
            Place::Ending => {
                let written = self.take(made)?;
                if written > 0 {
                    return Ok((written, 0));
                }
                let (said, found) =
                    (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum());
                if self.has_checksum && said != found {
                    return Err(Ended::Broken("its checksum does not match".to_owned()));
                }
                self.place = Place::Between;
                Ok((0, FRAME_COST))
            }
            Place::Skipping(left) => {
                let more = input.len().min(left as usize);
                *input = &input[more..];
                // It is no longer than what was left.
                let left = left - more as u32;
                self.place = if left == 0 { Place::Between } else { Place::Skipping(left) };
                Ok((0, 0))
            }
            Place::Padding => {
                *input = &[];
                Ok((0, 0))
            }
        }
    }

    fn end(&self) -> Result<(), Ended> {
        match self.place {
            Place::Between | Place::Padding => Ok(()),
            _ => Err(Ended::Early),
        }
    }
}
