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

/// A content coding of a body that comes piece by piece.
pub(super) trait Coding: Send {
    /// Undoes on, and leaves of `input` what it has not read. How many bytes it made, and what that cost beside bytes. Where it has neither
    /// read nor made any, it needs more.
    fn undo(&mut self, input: &mut &[u8], made: &mut [u8]) -> Result<(usize, usize), Ended>;

    /// Whether the body may end here.
    fn end(&self) -> Result<(), Ended>;

    /// The name of the file that it is, where an archive says it.
    fn file_name(&self) -> Option<&str> {
        None
    }
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

    /// Undoes a body that is there as a whole: what came out, and how it ended.
    pub(super) fn undo(
        &self,
        body: &[u8],
        coding: &mut dyn Coding,
    ) -> (Gathered, Result<(), Ended>) {
        let mut out = Gathered::default();
        let ended = self.undo_into(body, coding, &mut out);
        (out, ended)
    }

    fn undo_into(
        &self,
        body: &[u8],
        coding: &mut dyn Coding,
        out: &mut Gathered,
    ) -> Result<(), Ended> {
        let (mut rest, mut made) = (body, vec![0; PIECE_BYTES]);
        let mut was_idle = false;
        loop {
            let piece = &rest[..rest.len().min(PIECE_BYTES)];
            let mut left = piece;
            let (written, cost) = coding.undo(&mut left, &mut made)?;
            let read = piece.len() - left.len();
            rest = &rest[read..];
            self.keep(&made[..written], out)?;
            self.spend(read + cost)?;
            let is_idle = read + written == 0;
            if is_idle && (was_idle || rest.is_empty()) {
                return coding.end();
            }
            was_idle = is_idle;
        }
    }

    /// Keeps what came out.
    fn keep(&self, made: &[u8], out: &mut Gathered) -> Result<(), Ended> {
        out.push_slice(made);
        if out.len() > self.limit {
            return Err(Ended::TooLong);
        }
        self.spend(made.len())
    }

    /// Takes note of work.
    fn spend(&self, bytes: usize) -> Result<(), Ended> {
        self.spent.set(self.spent.get().saturating_add(bytes as u64));
        if (self.may_go_on)(self.spent.get()) { Ok(()) } else { Err(Ended::Stopped) }
    }
}
