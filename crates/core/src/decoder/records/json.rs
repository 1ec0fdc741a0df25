//! The records of a JSON text: the items of a list somewhere in it.
//!
//! ```text
//! {"meta":{…},"data":{"rows":[{…},{…},…]},"next":"c2"}
//! └──────────── beside ──────┘└ records ┘└─ beside ─┘   is read as {"meta":{…},"data":{"rows":[]},"next":"c2"}
//! ```

use super::RecordReader;
use super::reader::{json_record, keep};
use crate::decoder::DecodeFault;

/// The records of a JSON text.
pub(in crate::decoder) struct JsonRecords {
    path: Vec<String>,
    limit: usize,
    /// What is beside the records.
    beside: Vec<u8>,
    /// The containers around this place that lead to the list.
    levels: Vec<Level>,
    /// How many containers are around it, those that lead elsewhere too.
    depth: usize,
    /// Whether it is inside of a string, where in `beside` that begins, and whether the next byte of it is escaped.
    string: Option<(usize, bool)>,
    place: Place,
    /// The beginning of a record whose end is in a later piece, and where in it we are.
    record: Vec<u8>,
    inside: Inside,
    count: u64,
}

/// A container that leads to the list.
struct Level {
    is_object: bool,
    /// How many items came before this one.
    index: usize,
    /// Whether a key comes next.
    wants_key: bool,
    /// Whether the value under this key or index leads to the list.
    leads: bool,
}

/// Where in the text it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the list.
    Before,
    /// In the list, before its first record or its end.
    First,
    /// In the list, before a record.
    Next,
    /// In a record.
    Record,
    /// In the list, after a record.
    AfterRecord,
    /// After the list.
    After,
}

/// Where in a record it is.
#[derive(Clone, Copy, Default)]
struct Inside {
    depth: usize,
    quoted: bool,
    escaped: bool,
    /// Neither a text nor a list nor an object: it ends before what comes after it.
    is_bare: bool,
}

impl Inside {
    /// At the first byte of a record.
    fn begin(first: u8) -> Inside {
        Inside { is_bare: !matches!(first, b'"' | b'{' | b'['), ..Inside::default() }
    }

    /// How many of these bytes are of the record; `None` where it goes on behind them.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        if self.is_bare {
            return bytes
                .iter()
                .position(|b| matches!(b, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n'));
        }
        while at < bytes.len() {
            if self.escaped {
                self.escaped = false;
                at += 1;
            } else if self.quoted {
                at += memchr::memchr2(b'"', b'\\', &bytes[at..])? + 1;
                self.escaped = bytes[at - 1] == b'\\';
                self.quoted = self.escaped;
                if !self.quoted && self.depth == 0 {
                    return Some(at);
                }
            } else {
                let is_mark = |b: &u8| matches!(b, b'"' | b'{' | b'[' | b'}' | b']');
                at += bytes[at..].iter().position(is_mark)? + 1;
                match bytes[at - 1] {
                    b'"' => self.quoted = true,
                    b'{' | b'[' => self.depth += 1,
                    _ => {
                        self.depth = self.depth.saturating_sub(1);
                        if self.depth == 0 {
                            return Some(at);
                        }
                    }
                }
            }
        }
        None
    }
}

impl JsonRecords {
    /// Those of the list that keys and indices lead to, with so many bytes of a record, and beside the records, at most.
    pub(in crate::decoder) fn new(path: &[String], limit: usize) -> JsonRecords {
        JsonRecords {
            path: path.to_vec(),
            limit,
            beside: Vec::new(),
            levels: Vec::new(),
            depth: 0,
            string: None,
            place: Place::Before,
            record: Vec::new(),
            inside: Inside::default(),
            count: 0,
        }
    }

    /// Whether the value at this place leads to the list, or is it.
    fn leads(&self) -> bool {
        self.depth == self.levels.len() && self.levels.last().is_none_or(|level| level.leads)
    }

    /// The innermost container, where it leads to the list.
    fn level(&mut self) -> Option<&mut Level> {
        if self.depth == self.levels.len() { self.levels.last_mut() } else { None }
    }

    /// One byte beside the records.
    fn beside(&mut self, byte: u8) -> Result<(), DecodeFault> {
        if self.beside.len() >= self.limit {
            return Err(DecodeFault::RestTooLong { limit: self.limit });
        }
        self.beside.push(byte);
        if let Some((begin, escaped)) = self.string {
            match byte {
                _ if escaped => self.string = Some((begin, false)),
                b'\\' => self.string = Some((begin, true)),
                b'"' => {
                    self.string = None;
                    self.key(begin);
                }
                _ => {}
            }
            return Ok(());
        }
        match byte {
            b'"' => self.string = Some((self.beside.len() - 1, false)),
            b'[' if self.leads() && self.levels.len() == self.path.len() => {
                if self.place == Place::After {
                    let reason = "the list of the records is there twice".to_owned();
                    return Err(DecodeFault::Record {
                        format: "JSON",
                        number: self.count + 1,
                        reason,
                    });
                }
                self.place = Place::First;
            }
            b'{' | b'[' => {
                if self.leads() && self.levels.len() < self.path.len() {
                    let is_object = byte == b'{';
                    let leads = !is_object && is_index(&self.path[self.levels.len()], 0);
                    self.levels.push(Level { is_object, index: 0, wants_key: is_object, leads });
                }
                self.depth += 1;
            }
            b'}' | b']' => {
                if self.depth == self.levels.len() {
                    self.levels.pop();
                }
                self.depth = self.depth.saturating_sub(1);
            }
            b',' => {
                let segment =
                    self.levels.len().checked_sub(1).and_then(|last| self.path.get(last)).cloned();
                if let Some(level) = self.level() {
                    level.index += 1;
                    level.wants_key = level.is_object;
                    let index = level.index;
                    level.leads = !level.is_object
                        && segment.is_some_and(|segment| is_index(&segment, index));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A string is over that begins there: a key, where one was to come.
    fn key(&mut self, begin: usize) {
        let last = self.levels.len().wrapping_sub(1);
        let wants_key = self.level().is_some_and(|level| level.wants_key);
        if !wants_key {
            return;
        }
        let text = std::str::from_utf8(&self.beside[begin..]).unwrap_or("");
        let key: Option<String> = serde_json::from_str(text).ok();
        let leads = key.is_some_and(|key| self.path.get(last) == Some(&key));
        if let Some(level) = self.level() {
            (level.wants_key, level.leads) = (false, leads);
        }
    }

    fn malformed(&self, reason: &str) -> DecodeFault {
        let number = self.count + 1;
        DecodeFault::Record { format: "JSON", number, reason: reason.to_owned() }
    }

    /// Gives a record that is whole.
    fn give(&mut self, record: &[u8], give: &mut dyn FnMut(&str)) -> Result<(), DecodeFault> {
        let number = self.count + 1;
        if record.len() > self.limit {
            return Err(DecodeFault::RecordTooLong { number, limit: self.limit });
        }
        give(json_record("JSON", number, record)?);
        self.count = number;
        Ok(())
    }

    /// In the list: how many of these bytes were read.
    fn list(&mut self, rest: &[u8], give: &mut dyn FnMut(&str)) -> Result<usize, DecodeFault> {
        if self.place == Place::Record {
            let Some(end) = self.inside.end(rest) else {
                keep(&mut self.record, rest, self.count + 1, self.limit)?;
                return Ok(rest.len());
            };
            if self.record.is_empty() {
                self.give(&rest[..end], give)?;
            } else {
                keep(&mut self.record, &rest[..end], self.count + 1, self.limit)?;
                let mut whole = std::mem::take(&mut self.record);
                self.give(&whole, give)?;
                whole.clear();
                self.record = whole;
            }
            self.place = Place::AfterRecord;
            return Ok(end);
        }
        match (rest[0], self.place) {
            (b' ' | b'\t' | b'\r' | b'\n', _) => {}
            (b']', Place::First | Place::AfterRecord) => {
                self.place = Place::After;
                // Where it was, an empty one is left.
                self.beside.push(b']');
            }
            (b',', Place::AfterRecord) => self.place = Place::Next,
            (_, Place::AfterRecord) => return Err(self.malformed("expected `,` or `]` after it")),
            (b',' | b']', _) => return Err(self.malformed("expected a value")),
            (first, _) => {
                self.place = Place::Record;
                self.inside = Inside::begin(first);
                return Ok(0);
            }
        }
        Ok(1)
    }
}

/// Whether a part of a path is the index of an item.
fn is_index(segment: &str, index: usize) -> bool {
    segment.parse() == Ok(index)
}

impl RecordReader for JsonRecords {
    fn push(&mut self, piece: &[u8], give: &mut dyn FnMut(&str)) -> Result<(), DecodeFault> {
        let mut rest = piece;
        while let Some(first) = rest.first() {
            let read = match self.place {
                Place::Before | Place::After => {
                    self.beside(*first)?;
                    1
                }
                _ => self.list(rest, give)?,
            };
            rest = &rest[read..];
        }
        Ok(())
    }

    fn end(&mut self, _: &mut dyn FnMut(&str)) -> Result<Vec<u8>, DecodeFault> {
        match self.place {
            Place::Before | Place::After => Ok(std::mem::take(&mut self.beside)),
            _ => Err(self.malformed("the reply ends in the middle of the list")),
        }
    }
}
