//! Gzip (RFC 1952): the members of a body one after the other, all of them by one decoder.

use crc32fast::Hasher;
use miniz_oxide::DataFormat;

use super::deflate::Inflater;
use super::undoing::{Coding, Ended};

/// How a member starts (section 2.3.1).
const MAGIC: [u8; 2] = [0x1F, 0x8B];

/// The only method there is.
const DEFLATE: u8 = 8;

/// What a member costs beside its bytes, as if it were bytes.
const MEMBER_COST: usize = 1024;

/// Most bytes of a header that comes in several pieces: with a name and a comment it may be any number.
const MOST_HEADER_BYTES: usize = 256 * 1024;

/// The flags of a header (section 2.3.1).
mod flag {
    pub(super) const CHECKSUM: u8 = 1 << 1;
    pub(super) const EXTRA: u8 = 1 << 2;
    pub(super) const NAME: u8 = 1 << 3;
    pub(super) const COMMENT: u8 = 1 << 4;
    pub(super) const RESERVED: u8 = 0b1110_0000;
}

/// Whether a body starts as one does, as far as it goes.
pub(super) fn may_be(body: &[u8]) -> bool {
    MAGIC.starts_with(&body[..body.len().min(MAGIC.len())])
}

/// Undoes the members of a body. What follows a whole one and begins no other is padding.
pub(super) struct Gzip {
    inflater: Inflater,
    place: Place,
    /// The beginning of a header, trailer or mark that is not whole.
    held: Vec<u8>,
    sum: Hasher,
    length: u32,
}

/// Where in a body it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Header,
    Stream,
    Trailer,
    /// After a whole member.
    Between,
    Padding,
}

impl Gzip {
    pub(super) fn new() -> Gzip {
        Gzip {
            inflater: Inflater::new(DataFormat::Raw),
            place: Place::Header,
            held: Vec::new(),
            sum: Hasher::new(),
            length: 0,
        }
    }

    /// What is held and what comes, as one, where `read` can do with it; else all that comes is held.
    fn joined<T>(
        &mut self,
        input: &mut &[u8],
        read: impl Fn(&[u8]) -> Result<(usize, T), Ended>,
    ) -> Result<Option<T>, Ended> {
        let before = self.held.len();
        let done = if before == 0 {
            read(input)
        } else {
            self.held.extend_from_slice(input);
            read(&self.held)
        };
        match done {
            Ok((length, made)) => {
                *input = &input[length - before..];
                self.held.clear();
                Ok(Some(made))
            }
            Err(Ended::Early) => {
                if before == 0 {
                    self.held.extend_from_slice(input);
                }
                *input = &[];
                if self.held.len() > MOST_HEADER_BYTES {
                    return Err(Ended::Broken("its gzip header is too long".to_owned()));
                }
                Ok(None)
            }
            Err(ended) => Err(ended),
        }
    }
}

impl Coding for Gzip {
    fn undo(&mut self, input: &mut &[u8], made: &mut [u8]) -> Result<(usize, usize), Ended> {
        match self.place {
            Place::Header => {
                if self.joined(input, |bytes| Ok((header(bytes)?, ())))?.is_some() {
                    self.inflater.begin();
                    (self.sum, self.length) = (Hasher::new(), 0);
                    self.place = Place::Stream;
                }
                Ok((0, 0))
            }
            Place::Stream => {
                let (written, is_over) = self.inflater.step(input, made)?;
                self.sum.update(&made[..written]);
                // Modulo 2^32 (section 2.3.1).
                self.length = self.length.wrapping_add(written as u32);
                if is_over {
                    self.place = Place::Trailer;
                }
                Ok((written, 0))
            }
            Place::Trailer => {
                let trailer = |bytes: &[u8]| {
                    let trailer = *bytes.first_chunk::<8>().ok_or(Ended::Early)?;
                    Ok((trailer.len(), u64::from_le_bytes(trailer)))
                };
                let Some(found) = self.joined(input, trailer)? else { return Ok((0, 0)) };
                let sum = std::mem::take(&mut self.sum).finalize();
                if found != (u64::from(self.length) << 32 | u64::from(sum)) {
                    let reason = "corrupt gzip stream does not have a matching checksum";
                    return Err(Ended::Broken(reason.to_owned()));
                }
                self.place = Place::Between;
                Ok((0, MEMBER_COST))
            }
            Place::Between => {
                let mark = |bytes: &[u8]| match may_be(bytes) {
                    true if bytes.len() < MAGIC.len() => Err(Ended::Early),
                    true => Ok((MAGIC.len(), true)),
                    false => Ok((bytes.len(), false)),
                };
                match self.joined(input, mark)? {
                    Some(true) => {
                        // The header begins with it.
                        self.held.extend_from_slice(&MAGIC);
                        self.place = Place::Header;
                    }
                    Some(false) => self.place = Place::Padding,
                    None => {}
                }
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

/// How long the header of a member is.
fn header(bytes: &[u8]) -> Result<usize, Ended> {
    let broken = || Ended::Broken("invalid gzip header".to_owned());
    if !may_be(bytes) {
        return Err(broken());
    }
    let fixed = bytes.first_chunk::<10>().ok_or(Ended::Early)?;
    let flags = fixed[3];
    if fixed[2] != DEFLATE || flags & flag::RESERVED != 0 {
        return Err(broken());
    }
    let mut end = fixed.len();
    if flags & flag::EXTRA != 0 {
        end += 2 + usize::from(number(bytes, end)?);
    }
    for text in [flag::NAME, flag::COMMENT] {
        if flags & text != 0 {
            let left = bytes.get(end..).ok_or(Ended::Early)?;
            end += 1 + left.iter().position(|byte| *byte == 0).ok_or(Ended::Early)?;
        }
    }
    if flags & flag::CHECKSUM != 0 {
        let expected = number(bytes, end)?;
        // Its two low bytes.
        if crc32fast::hash(&bytes[..end]) & 0xFFFF != u32::from(expected) {
            return Err(broken());
        }
        end += 2;
    }
    if end > bytes.len() { Err(Ended::Early) } else { Ok(end) }
}

fn number(bytes: &[u8], at: usize) -> Result<u16, Ended> {
    let digits = bytes.get(at..).and_then(|rest| rest.first_chunk::<2>());
    digits.map(|digits| u16::from_le_bytes(*digits)).ok_or(Ended::Early)
}
