//! The work of undoing a content coding: how far it may go, and why it ended.

use std::cell::Cell;

use super::gathered::Gathered;

/// As much is read or made between two looks at whether to go on.
pub(super) const PIECE_BYTES: usize = 16 * 1024;

/// Why undoing a coding ended before the body was whole.
pub(super) enum Ended {
    /// More came out than the limit.
    TooLong,
    /// The body ends before its coding does.
    Early,
    /// The body is not in this coding.
    Broken(String),
    /// It was not to go on.
    Stopped,
}

/// The work of undoing: what it may give, and how far it may go.
pub(super) struct Work<'w> {
    limit: u64,
    /// Bytes read and made so far, in all codings.
    spent: Cell<u64>,
    may_go_on: &'w dyn Fn(u64) -> bool,
}

impl<'w> Work<'w> {
    pub(super) fn new(limit: u64, may_go_on: &'w dyn Fn(u64) -> bool) -> Work<'w> {
        Work { limit, spent: Cell::new(0), may_go_on }
    }

    /// Keeps what came out.
    pub(super) fn keep(&self, made: &[u8], out: &mut Gathered) -> Result<(), Ended> {
        out.push_slice(made);
        if out.len() > self.limit {
            return Err(Ended::TooLong);
        }
        self.spend(made.len())
    }

    /// Takes note of work.
    pub(super) fn spend(&self, bytes: usize) -> Result<(), Ended> {
        self.spent.set(self.spent.get().saturating_add(bytes as u64));
        if (self.may_go_on)(self.spent.get()) { Ok(()) } else { Err(Ended::Stopped) }
    }
}
