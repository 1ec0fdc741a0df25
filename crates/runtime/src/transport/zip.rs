//! A zip archive of one file (APPNOTE 6.3): what is in that file, read from the front to the back, as it comes.

use crc32fast::Hasher;
use miniz_oxide::DataFormat;

use super::deflate::Inflater;
use super::undoing::{Coding, Ended};

/// What a record costs beside its bytes, as if it were bytes.
const RECORD_COST: usize = 1024;

/// The flags of a file (section 4.4.4).
mod flag {
    pub(super) const ENCRYPTED: u16 = 1;
    pub(super) const SIZES_FOLLOW: u16 = 1 << 3;
}

/// Undoes the one file; folders beside it are passed over.
pub(super) struct Zip {
    place: Place,
    /// The beginning of a record that is not whole.
    held: Vec<u8>,
    /// The file, once its header came.
    file: Option<Entry>,
    inflater: Option<Inflater>,
    sum: Hasher,
    /// Bytes read and made of the file.
    packed: u64,
    made: u64,
}

/// Where in an archive it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before a record.
    Record,
    Content,
    /// Behind the content, what was not known before it.
    Descriptor,
    /// So many bytes that say nothing of the file.
    Skipping(u64),
    /// All of it is there.
    Over,
}

/// A file, as its header says.
struct Entry {
    name: String,
    /// Its checksum and sizes, packed and not; `None` where they follow.
    said: Option<(u32, u64, u64)>,
    has_long_sizes: bool,
}

impl Zip {
    pub(super) fn new() -> Zip {
        Zip {
            place: Place::Record,
            held: Vec::new(),
            file: None,
            inflater: None,
            sum: Hasher::new(),
            packed: 0,
            made: 0,
        }
    }

    /// Whether so many bytes are held, of what comes too.
    fn hold(&mut self, input: &mut &[u8], wanted: usize) -> bool {
        let more = wanted.saturating_sub(self.held.len()).min(input.len());
        let (taken, rest) = input.split_at(more);
        self.held.extend_from_slice(taken);
        *input = rest;
        self.held.len() >= wanted
    }

    /// The record that comes next, where all of it is there.
    fn record(&mut self, input: &mut &[u8]) -> Result<(), Ended> {
        if !self.hold(input, 4) {
            return Ok(());
        }
        let kind = [self.held[0], self.held[1], self.held[2], self.held[3]];
        // How long its fixed part is, and where in it lengths of two bytes are of what follows.
        let (fixed, lengths): (usize, &[usize]) = match &kind {
            b"PK\x03\x04" => (30, &[26, 28]),
            b"PK\x01\x02" => (46, &[28, 30, 32]),
            b"PK\x05\x05" => (6, &[4]),
            b"PK\x06\x07" => (20, &[]),
            b"PK\x06\x06" => (12, &[]),
            b"PK\x05\x06" => (22, &[20]),
            _ => return Err(broken("what stands there is no record of an archive")),
        };
        if !self.hold(input, fixed) {
            return Ok(());
        }
        let rest: usize = lengths.iter().map(|at| usize::from(short(&self.held, *at))).sum();
        if !self.hold(input, fixed + rest) {
            return Ok(());
        }
        let record = std::mem::take(&mut self.held);
        match &kind {
            b"PK\x03\x04" => self.begin(&record),
            _ if self.file.is_none() => Err(broken("it has no file")),
            b"PK\x05\x06" => {
                self.place = Place::Over;
                Ok(())
            }
            b"PK\x06\x06" => {
                self.place = Place::Skipping(long(&record, 4));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A file, or a folder, which has nothing in it.
    fn begin(&mut self, header: &[u8]) -> Result<(), Ended> {
        let name_end = 30 + usize::from(short(header, 26));
        let name = String::from_utf8_lossy(&header[30..name_end]).into_owned();
        let flags = short(header, 6);
        let (sum, mut packed, mut size) =
            (int(header, 14), int(header, 18).into(), int(header, 22).into());
        let sizes_follow = flags & flag::SIZES_FOLLOW != 0;
        let long_sizes = long_sizes(&header[name_end..]);
        if let Some(extra) = long_sizes {
            let mut at = 0;
            for value in [&mut size, &mut packed] {
                if *value == u64::from(u32::MAX) && extra.len() >= at + 8 {
                    *value = long(extra, at);
                    at += 8;
                }
            }
        }
        if name.ends_with(['/', '\\']) && !sizes_follow && packed == 0 {
            return Ok(());
        }
        if let Some(first) = &self.file {
            let names = format!("it has more than one: `{}`, then `{name}`", first.name);
            return Err(Ended::Broken(names));
        }
        if flags & flag::ENCRYPTED != 0 {
            return Err(broken("its file is encrypted"));
        }
        let is_deflated = match short(header, 8) {
            0 => false,
            8 => true,
            method => {
                return Err(Ended::Broken(format!(
                    "its file is packed by method {method}, not by deflate"
                )));
            }
        };
        if sizes_follow && !is_deflated {
            return Err(broken("its file does not say where it ends"));
        }
        self.inflater = is_deflated.then(|| Inflater::new(DataFormat::Raw));
        self.file = Some(Entry {
            name,
            said: (!sizes_follow).then_some((sum, packed, size)),
            has_long_sizes: long_sizes.is_some(),
        });
        // What is stored and empty has nothing to be read.
        let is_empty = !is_deflated && packed == 0;
        self.place = if is_empty { Place::Descriptor } else { Place::Content };
        Ok(())
    }

    /// More of the file.
    fn content(&mut self, input: &mut &[u8], made: &mut [u8]) -> Result<usize, Ended> {
        let Some(file) = &self.file else { return Ok(0) };
        let said = file.said;
        let before = input.len();
        let (written, is_over) = match &mut self.inflater {
            Some(inflater) => inflater.step(input, made)?,
            None => {
                let left = said.map_or(0, |(_, packed, _)| packed - self.packed);
                let more =
                    input.len().min(made.len()).min(usize::try_from(left).unwrap_or(usize::MAX));
                made[..more].copy_from_slice(&input[..more]);
                *input = &input[more..];
                (more, more as u64 == left)
            }
        };
        self.packed += (before - input.len()) as u64;
        self.made += written as u64;
        self.sum.update(&made[..written]);
        if is_over {
            self.place = Place::Descriptor;
        }
        Ok(written)
    }

    /// The file is over: it is what its header said, or what follows it.
    fn check(&mut self, input: &mut &[u8]) -> Result<(), Ended> {
        let found = (self.sum.clone().finalize(), self.packed, self.made);
        let Some(file) = &self.file else { return Ok(()) };
        let (said, has_long_sizes) = (file.said, file.has_long_sizes);
        if let Some(said) = said {
            self.place = Place::Record;
            let matches = said == found;
            return if matches {
                Ok(())
            } else {
                Err(broken("its file is not what it says of it"))
            };
        }
        if !self.hold(input, 4) {
            return Ok(());
        }
        let mark = if self.held.starts_with(b"PK\x07\x08") { 4 } else { 0 };
        let short_length = mark + 12;
        if !self.hold(input, short_length) {
            return Ok(());
        }
        let (sum, rest) = (int(&self.held, mark), &self.held[mark + 4..]);
        let of_short = (sum, u64::from(int(rest, 0)), u64::from(int(rest, 4)));
        if has_long_sizes || of_short != found {
            if !self.hold(input, mark + 20) {
                return Ok(());
            }
            let rest = &self.held[mark + 4..];
            if (sum, long(rest, 0), long(rest, 8)) != found {
                return Err(broken("its file is not what it says of it"));
            }
        }
        self.held.clear();
        self.place = Place::Record;
        Ok(())
    }
}

fn broken(why: &str) -> Ended {
    Ended::Broken(why.to_owned())
}

/// The extra field with sizes of eight bytes (section 4.5.3).
fn long_sizes(mut extra: &[u8]) -> Option<&[u8]> {
    while extra.len() >= 4 {
        let end = 4 + usize::from(short(extra, 2));
        let field = extra.get(4..end)?;
        if short(extra, 0) == 1 {
            return Some(field);
        }
        extra = &extra[end..];
    }
    None
}

fn bytes<const N: usize>(record: &[u8], at: usize) -> [u8; N] {
    record.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}

fn short(record: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes(record, at))
}

fn int(record: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes(record, at))
}

fn long(record: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes(record, at))
}

impl Coding for Zip {
    fn undo(&mut self, input: &mut &[u8], made: &mut [u8]) -> Result<(usize, usize), Ended> {
        match self.place {
            Place::Record => {
                let before = input.len();
                self.record(input)?;
                let is_read = self.held.is_empty() && before > 0;
                Ok((0, if is_read { RECORD_COST } else { 0 }))
            }
            Place::Content => Ok((self.content(input, made)?, 0)),
            Place::Descriptor => {
                self.check(input)?;
                Ok((0, 0))
            }
            Place::Skipping(left) => {
                let more = input.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                *input = &input[more..];
                let left = left - more as u64;
                self.place = if left == 0 { Place::Record } else { Place::Skipping(left) };
                Ok((0, 0))
            }
            Place::Over => {
                *input = &[];
                Ok((0, 0))
            }
        }
    }

    fn end(&self) -> Result<(), Ended> {
        if self.place == Place::Over { Ok(()) } else { Err(Ended::Early) }
    }

    fn file_name(&self) -> Option<&str> {
        Some(&self.file.as_ref()?.name)
    }
}
