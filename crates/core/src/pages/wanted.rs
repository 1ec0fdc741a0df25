//! Which of the pages an invocation asks for.

use super::cursor::Cursor;
use super::fault::PageFault;
use crate::template::{Decision, Scope, Template};

/// The first page, as cards say it.
pub const FIRST: &str = "first";
/// All pages, as cards say it.
pub const ALL: &str = "all";

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
    /// Which pages the card asks for where an invocation does not say so.
    pub(crate) fn by_card(
        said: &Decision<Template>,
        scope: &dyn Scope,
    ) -> Result<Wanted, PageFault> {
        let fault = |reason: String| PageFault::Wanted { reason };
        let of_row =
            said.decide(scope).map_err(|row| fault(format!("no row fits `{}`", row.by)))?;
        let text = of_row.text(scope).map_err(|error| fault(error.to_string()))?;
        match text.as_deref().unwrap_or_default() {
            FIRST | "" => Ok(Wanted::default()),
            ALL => Ok(Wanted { all: true, ..Wanted::default() }),
            number => match number.parse().ok().filter(|limit| *limit > 0) {
                Some(limit) => Ok(Wanted { limit: Some(limit), ..Wanted::default() }),
                None => Err(fault("it is no number of records from 1 on".to_owned())),
            },
        }
    }

    /// Whether more than one page may be asked for.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.all || self.limit.is_some()
    }
}
