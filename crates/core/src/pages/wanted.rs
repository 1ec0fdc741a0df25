//! Which of the pages an invocation asks for.

use super::cursor::Cursor;

/// Which of the pages an invocation asks for: the first one, unless it says more.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// All of them, from there on.
    pub all: bool,
    /// So many records at most.
    pub limit: Option<u64>,
    /// Where they begin: what an earlier run gave as `next`.
    pub from: Option<Cursor>,
}

impl Wanted {
    /// Whether more than one page may be asked for.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.all || self.limit.is_some()
    }
}
