//! What was had of a page whose records are handed on while it comes.

use std::hash::{DefaultHasher, Hash as _, Hasher};

use crate::pages::{Cursor, Ended, PageFault, Records};

/// What was had of a page.
pub(super) struct Had {
    /// Where the page begins, and how many of its records an earlier run had.
    pub(super) cursor: Cursor,
    pub(super) skip: u64,
    /// How many may be given out at most.
    pub(super) most: u64,
    /// Pages and records that were had before.
    pub(super) before: (u64, u64),
    /// Records of the page so far, and of them those that were given out.
    pub(super) seen: u64,
    pub(super) given: u64,
    /// Those that are to be handed on.
    pub(super) batch: Records,
    pub(super) first: Option<String>,
    pub(super) last: Option<String>,
    pub(super) digest: Option<DefaultHasher>,
    pub(super) changed: Option<PageFault>,
    /// Why the rest of the page is left where it is.
    pub(super) stopped: Option<Ended>,
}

impl Had {
    pub(super) fn record(&mut self, record: &str) {
        if self.is_enough() || self.changed.is_some() {
            return;
        }
        self.seen += 1;
        if let Some(digest) = &mut self.digest {
            record.hash(digest);
        }
        if self.first.is_none() {
            self.first = Some(record.to_owned());
        }
        if self.seen > self.skip {
            self.given += 1;
            self.batch.push(record);
        } else if self.seen == self.skip {
            self.last = Some(record.to_owned());
            if !self.cursor.is_last(Some(record)) {
                self.changed = Some(PageFault::Changed { record: self.seen });
            }
        }
    }

    /// Whether no more of the page is wanted.
    pub(super) fn is_enough(&self) -> bool {
        self.given >= self.most || self.stopped.is_some()
    }

    /// How many records there are as far as anybody knows.
    pub(super) fn whole(&self) -> u64 {
        if self.is_enough() { u64::MAX } else { self.seen }
    }

    /// What tells the records from those of another page.
    pub(super) fn digest(&self) -> Option<u64> {
        self.digest.as_ref().filter(|_| self.seen > 0).map(Hasher::finish)
    }

    /// The first and the last of its records.
    pub(super) fn ends(&self) -> Records {
        let mut ends = Records::default();
        let last = self.last.as_ref().filter(|_| self.seen > 1);
        self.first.iter().chain(last).for_each(|record| ends.push(record));
        ends.take()
    }

    /// Where a run goes on that has had as much.
    pub(super) fn next(&self) -> Cursor {
        // What was to be skipped and is not there was had all the same.
        let had = self.seen.max(self.skip);
        self.cursor.after(had, self.last.as_deref())
    }
}
