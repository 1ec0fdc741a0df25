//! Gzip (RFC 1952): the members of a body one after the other, all of them by one decoder.

use crc32fast::Hasher;
use miniz_oxide::DataFormat;

use super::deflate::Inflater;
use super::gathered::Gathered;
use super::undoing::{Ended, Work};

/// How a member starts (section 2.3.1).
const MAGIC: [u8; 2] = [0x1F, 0x8B];

/// The only method there is.
const DEFLATE: u8 = 8;

/// What a member costs beside its bytes, as if it were bytes.
const MEMBER_COST: usize = 1024;

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
pub(super) fn members(body: &[u8], out: &mut Gathered, work: &Work<'_>) -> Result<(), Ended> {
    let (mut rest, mut inflater) = (body, Inflater::new(DataFormat::Raw));
    loop {
        member(&mut inflater, &mut rest, out, work)?;
        if !rest.starts_with(&MAGIC) {
            return Ok(());
        }
        work.spend(MEMBER_COST)?;
    }
}

/// Undoes one member, and leaves of `rest` what follows it.
fn member(
    inflater: &mut Inflater,
    rest: &mut &[u8],
    out: &mut Gathered,
    work: &Work<'_>,
) -> Result<(), Ended> {
    *rest = rest.get(header(rest)?..).ok_or(Ended::Early)?;
    let (mut sum, mut length) = (Hasher::new(), 0_u32);
    inflater.stream(rest, out, work, &mut |made| {
        sum.update(made);
        // Modulo 2^32 (section 2.3.1).
        length = length.wrapping_add(made.len() as u32);
    })?;
    let (trailer, after) = rest.split_first_chunk::<8>().ok_or(Ended::Early)?;
    *rest = after;
    let expected = u64::from(length) << 32 | u64::from(sum.finalize());
    if u64::from_le_bytes(*trailer) != expected {
        let reason = "corrupt gzip stream does not have a matching checksum";
        return Err(Ended::Broken(reason.to_owned()));
    }
    Ok(())
}

/// How long the header of a member is.
fn header(bytes: &[u8]) -> Result<usize, Ended> {
    let broken = || Ended::Broken("invalid gzip header".to_owned());
    let fixed = bytes.first_chunk::<10>().ok_or(Ended::Early)?;
    let flags = fixed[3];
    if !may_be(fixed) || fixed[2] != DEFLATE || flags & flag::RESERVED != 0 {
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
    Ok(end)
}

fn number(bytes: &[u8], at: usize) -> Result<u16, Ended> {
    let digits = bytes.get(at..).and_then(|rest| rest.first_chunk::<2>());
    digits.map(|digits| u16::from_le_bytes(*digits)).ok_or(Ended::Early)
}
