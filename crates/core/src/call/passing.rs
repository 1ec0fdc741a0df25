//! A long page whose records are handed on while its reply still comes.
//!
//! ```text
//! Signed ─ passing(head, beginning) ─▶ Passing ─ push(piece) ─▶ take ─▶ Records, Got
//!    └──── on_passed(what is beside the records, Passing) ─▶ Step        └ goes on where it broke off
//! ```

use std::fmt;
use std::hash::DefaultHasher;
use std::time::Duration;

use http::HeaderMap;

use super::end::End;
use super::had::Had;
use super::kept::is_kept;
use super::signed::Signed;
use super::step::Step;
use crate::card::Card;
use crate::decoder::{self, Charset, DecodeFault, RecordReader};
use crate::moment::Moment;
use crate::pages::{Ended, Got, PageFault, Pages, Records};
use crate::response::{BodyEnd, Reply};
use crate::template::{Reference, Root, ValueTemplate};
use crate::transport_fault::TransportFault;

/// A page whose records are handed on while its reply comes: it holds those of the last piece.
pub struct Passing {
    reader: Box<dyn RecordReader>,
    charset: Charset,
    had: Had,
    fault: Option<DecodeFault>,
}

/// Tells how many; records may hold what must not be shown.
impl fmt::Debug for Passing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Passing({} records)", self.had.seen)
    }
}

impl Passing {
    /// Reads one more piece of the body, its codings undone; `false` where no more is wanted.
    pub fn push(&mut self, piece: &[u8]) -> bool {
        self.read(piece, false);
        self.fault.is_none() && self.had.changed.is_none() && !self.had.is_enough()
    }

    fn read(&mut self, piece: &[u8], is_last: bool) {
        let Passing { reader, charset, had, fault } = self;
        if fault.is_some() {
            return;
        }
        let read = charset
            .push(piece, is_last, &mut |text| reader.push(text, &mut |record| had.record(record)));
        *fault = read.err();
    }

    /// The records that have come since it was asked last, and what was had with them: a run that begins at its `next` goes on behind
    /// them.
    #[must_use]
    pub fn take(&mut self) -> (Records, Got) {
        let had = &mut self.had;
        let records = had.batch.take();
        if let Some(last) = records.get(-1) {
            had.last = Some(last.to_owned());
        }
        let (pages, before) = had.before;
        let got = Got { pages, records: before + had.given, ended: None, next: Some(had.next()) };
        (records, got)
    }

    /// The rest of the page is left where it is.
    pub fn stop(&mut self, ended: Ended) {
        self.had.stopped = Some(ended);
    }

    /// The body is over: there may be one more record to take. What was beside the records.
    #[must_use]
    pub fn end(&mut self) -> Vec<u8> {
        self.read(&[], true);
        let Passing { reader, had, fault, .. } = self;
        if fault.is_some() || had.is_enough() {
            return Vec::new();
        }
        match reader.end(&mut |record| had.record(record)) {
            Ok(beside) => {
                if had.seen < had.skip && !had.cursor.is_last(None) {
                    had.changed = Some(PageFault::Changed { record: had.skip });
                }
                beside
            }
            Err(error) => {
                *fault = Some(error);
                Vec::new()
            }
        }
    }
}

impl Signed {
    /// Whether the records of a good reply may be handed on while it comes.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        let planned = &self.course.plan.pages;
        planned.as_ref().is_some_and(|planned| planned.streams) && self.streamed().is_some()
    }

    /// The most time for all pages.
    #[must_use]
    pub fn pages_time(&self) -> Duration {
        self.course.end.pages_time()
    }

    /// The card, its pages, and where in a body their records are, where nothing else of the card needs all of them at once.
    fn streamed(&self) -> Option<(&Card, &Pages, &[String])> {
        let End::Outputs(definition) = &self.course.end else { return None };
        let pages = definition.card.pages.as_deref()?;
        let items = pages.items.as_template()?.as_reference()?;
        let path = match items.segments.split_first() {
            Some((first, path)) if items.root == Root::Response && first == "body" => path,
            _ => return None,
        };
        let mut needs_all = false;
        let mut look = |reference: &Reference| needs_all |= looks_into(reference, path);
        pages.go_on.iter().flat_map(crate::condition::When::references).for_each(&mut look);
        let rules = self.course.end.failures(&self.course.plan.target);
        rules.for_each(|rule| rule.each_reference(&mut look));
        let mut has_jq = false;
        pages.each(&mut |value, place| {
            if place != "/items" {
                has_jq |= matches!(value, ValueTemplate::Jq(_));
                value.each_reference(&mut look);
            }
        });
        (!needs_all && !has_jq).then_some((&definition.card, pages, path))
    }

    /// Begins to hand on the records of a long page whose body begins so; `None` where it has to be there as a whole.
    #[must_use]
    pub fn passing(&self, status: u16, headers: &HeaderMap, beginning: &[u8]) -> Option<Passing> {
        let course = &self.course;
        let (card, pages, path) = self.streamed().filter(|_| is_kept(status))?;
        let (paging, planned) = (course.paging.as_ref()?, course.plan.pages.as_ref()?);
        let limit = usize::try_from(self.treatment().max_body_bytes).unwrap_or(usize::MAX);
        let wanted = card.response.decoder;
        let (charset, reader) =
            decoder::records(headers, beginning, wanted, path, limit).ok()??;
        let most = [planned.wanted.limit, pages.most.records].into_iter().flatten().min();
        let had = Had {
            cursor: paging.cursor.clone(),
            skip: paging.cursor.skip(),
            most: most.map_or(u64::MAX, |most| most.saturating_sub(paging.records)),
            before: (paging.pages, paging.records),
            seen: 0,
            given: 0,
            batch: Records::default(),
            first: None,
            last: None,
            digest: pages.next.is_some().then(DefaultHasher::new),
            changed: None,
            stopped: None,
        };
        Some(Passing { reader, charset, had, fault: None })
    }

    /// What to do about a reply whose records were handed on; its body is what was beside them.
    #[must_use]
    pub fn on_passed(mut self, reply: Reply, passed: Passing, moment: &Moment) -> Step {
        let Passing { mut had, fault, .. } = passed;
        let error = match (had.changed.take(), fault) {
            _ if reply.end != BodyEnd::Complete => None,
            (Some(fault), _) => Some(self.failed(fault, &reply)),
            (None, Some(fault)) => Some(self.failed(fault, &reply)),
            (None, None) => self.is_had(&had).map(|fault| self.failed(fault, &reply)),
        };
        self.keep(had);
        let Some(error) = error else { return self.on_reply(reply, moment) };
        let warnings = self.course.plan.warnings.clone();
        self.ended(Err(error.with_warnings(warnings)), false)
    }

    /// What to do where the reply broke off whose records were handed on.
    #[must_use]
    pub fn on_passed_fault(mut self, fault: TransportFault, passed: Passing) -> Step {
        self.keep(passed.had);
        self.on_fault(fault)
    }

    fn keep(&mut self, had: Had) {
        if let Some(paging) = &mut self.course.paging {
            paging.passed = Some(Box::new(had));
        }
    }

    /// The fault of a page that was had already.
    fn is_had(&self, had: &Had) -> Option<PageFault> {
        let paging = self.course.paging.as_ref()?;
        let is_same = had.digest().is_some_and(|digest| paging.contents.contains(&digest));
        is_same.then_some(PageFault::SamePage { page: paging.pages + 1 })
    }
}

/// Whether a reference looks at the list that a path leads to, or at something that it is in.
fn looks_into(reference: &Reference, path: &[String]) -> bool {
    let is_index = |segment: &String| segment.parse::<i64>().is_ok();
    match (reference.root, reference.segments.split_first()) {
        // The first and the last record are known.
        (Root::Items, Some((index, _))) => !matches!(index.as_str(), "0" | "-1"),
        (Root::Items, None) => true,
        (Root::Response, Some((first, rest))) if first == "body" => match rest.strip_prefix(path) {
            Some(inside) => inside.first().is_none_or(is_index),
            None => path.starts_with(rest),
        },
        _ => false,
    }
}
