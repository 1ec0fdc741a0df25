//! A page that has come, and what comes after it.

use std::sync::Arc;
use std::time::Duration;

use super::course::Course;
use super::end::End;
use super::outcome::Outcome;
use super::paging::{After, Page, with_got};
use super::signed::Signed;
use super::waiting::told;
use crate::failure::Error;
use crate::pages::{Cursor, Ended, Got, PageFault, Pages, Records, Turn};
use crate::plan::Warning;
use crate::response::{Output, ReplyScope, Response};
use crate::template::Scope;

/// A page that has come: its records, where they are handed on page by page, and what comes after it.
#[derive(Debug)]
pub struct Paged {
    pub(super) course: Box<Course>,
    /// Whether its records are handed on.
    pub(super) hands_on: bool,
    records: Records,
    pub(super) then: Then,
}

/// What comes after a page.
#[derive(Debug)]
pub(super) enum Then {
    /// The one that begins there; what the call ends with where it is not asked for.
    Next(Cursor, Box<Outcome>),
    /// The end.
    End(Result<Outcome, Error>),
}

impl Paged {
    /// Its records, which are given out once.
    #[must_use]
    pub fn take_records(&mut self) -> Records {
        std::mem::take(&mut self.records)
    }

    /// What was had up to this page, and where a run goes on that has had it.
    #[must_use]
    pub fn got(&self) -> Got {
        let next = match &self.then {
            Then::Next(cursor, _) => Some(cursor.clone()),
            Then::End(Ok(outcome)) => outcome.pages.as_ref().and_then(|got| got.next.clone()),
            Then::End(Err(error)) => error.so_far().and_then(|so_far| so_far.got.next.clone()),
        };
        let paging = self.course.paging.as_ref();
        paging.map(|paging| paging.got(None, next)).unwrap_or_default()
    }

    /// The most time for all pages.
    #[must_use]
    pub fn time(&self) -> Duration {
        self.course.end.pages_time()
    }

    /// The end here, for a reason; the call's own where this is the last page.
    ///
    /// # Errors
    /// The call's own.
    pub fn stop(mut self, ended: Ended) -> Result<Outcome, Error> {
        match self.then {
            Then::Next(cursor, outcome) => {
                let paging = self.course.paging.as_mut();
                let (kept, got) = match paging {
                    Some(paging) => (paging.output(), paging.got(Some(ended), Some(cursor))),
                    None => (None, Got::default()),
                };
                Ok(finished(*outcome, kept, got))
            }
            Then::End(end) => end,
        }
    }
}

/// The end of a call with its pages.
fn finished(mut outcome: Outcome, kept: Option<Output>, got: Got) -> Outcome {
    outcome.output = with_got(kept.unwrap_or(outcome.output), &got);
    outcome.pages = Some(got);
    outcome
}

impl Signed {
    /// What a page leads to.
    pub(super) fn turned(self, outcome: Outcome, page: Page) -> Paged {
        let mut course = self.into_parts().0;
        let hands_on = course.plan.pages.as_ref().is_some_and(|planned| planned.streams);
        let records = if hands_on { page.records.clone() } else { Records::default() };
        let then = then(&mut course, outcome, page);
        Paged { course, hands_on, records, then }
    }
}

impl Signed {
    /// The page that a reply is.
    pub(super) fn page(&self, pages: &Pages, response: &Response<'_>) -> Result<Page, PageFault> {
        let course = &self.course;
        let (Some(paging), Some(planned)) = (&course.paging, &course.plan.pages) else {
            return Ok(Page::end(Ended::NoNext));
        };
        if !(200..300).contains(&response.status) {
            return Ok(Page::end(Ended::Status));
        }
        let passed = paging.passed.as_deref();
        let mut records = match passed {
            Some(had) => had.ends(),
            None => Records::of(&pages.items, &course.scope(response))?,
        };
        let number = paging.pages + 1;
        let digest = match passed {
            Some(had) => had.digest(),
            None => (!records.is_empty()).then(|| records.digest()),
        };
        if digest.is_some_and(|digest| paging.contents.contains(&digest)) {
            return Err(PageFault::SamePage { page: number });
        }
        let scope = ReplyScope { items: Some(&records), ..course.scope(response) };
        let is_first = paging.pages == 0 && paging.carried.0.is_empty();
        // What comes behind the records was not read where they are enough.
        let is_first = is_first && passed.is_none_or(|had| !had.is_enough());
        let carried = is_first.then(|| Turn::carried(pages, &scope)).transpose()?;
        let seen = (&scope as &dyn Scope, &*response.headers);
        let whole = passed.map_or(records.len() as u64, |had| had.seen);
        let items = usize::try_from(whole).unwrap_or(usize::MAX);
        let turn = Turn::of(pages, planned, &course.plan.request, seen, items);
        let turn = turn.and_then(|turn| match turn {
            Turn::Next(mut cursor) => {
                for (place, value) in &carried.as_ref().unwrap_or(&paging.carried).0 {
                    cursor.0.entry(place.as_str()).or_insert_with(|| value.clone());
                }
                match paging.cursors.contains(&cursor.digest()) {
                    true => Err(PageFault::SameCursor { page: number }),
                    false => Ok(Turn::Next(cursor)),
                }
            }
            end => Ok(end),
        });
        let skipped = paging.cursor.skip();
        if let Some(had) = passed {
            let (given, last, stopped) = (had.given, had.last.clone(), had.stopped);
            let (records, whole) = (Records::default(), had.whole());
            return Ok(Page {
                records,
                given,
                last,
                stopped,
                skipped,
                whole,
                turn,
                carried,
                digest,
            });
        }
        let before = skipped.checked_sub(1).and_then(|index| i64::try_from(index).ok());
        let before = before.and_then(|index| records.get(index)).map(str::to_owned);
        if skipped > 0 && !paging.cursor.is_last(before.as_deref()) {
            return Err(PageFault::Changed { record: skipped });
        }
        let most = [planned.wanted.limit, pages.most.records].into_iter().flatten().min();
        records.cut(skipped, most.map(|most| most.saturating_sub(paging.records)));
        let (given, last) = (records.len() as u64, records.get(-1).map(str::to_owned).or(before));
        Ok(Page { records, given, last, stopped: None, skipped, whole, turn, carried, digest })
    }
}

/// What comes after a page; the call's request is that of the next one where there is one.
fn then(course: &mut Course, mut outcome: Outcome, page: Page) -> Then {
    let attempts = course.attempts;
    let Course { paging: Some(paging), plan, end: End::Outputs(definition), .. } = course else {
        return Then::End(Ok(outcome));
    };
    let (Some(planned), Some(pages)) = (&plan.pages, &definition.card.pages) else {
        return Then::End(Ok(outcome));
    };
    let (both, goes_on) = ((&**pages, &**planned), planned.wanted.goes_on());
    let kept = (goes_on && !planned.streams)
        .then(|| (std::mem::take(&mut outcome.output), &definition.card));
    if planned.streams {
        // Its records are not in it, whatever else is.
        outcome.output = Output::default();
    }
    let fault: PageFault = match paging.turn(both, page, kept) {
        Ok(After::End { ended, next }) => {
            let got = paging.got(ended, next);
            return Then::End(told(attempts, Ok(finished(outcome, paging.output(), got))));
        }
        Ok(After::Next(cursor)) => match paging.go_to(both, cursor.clone()) {
            Ok(request) => {
                course.turn_to(request);
                return Then::Next(cursor, Box::new(outcome));
            }
            Err(fault) => fault,
        },
        // Who asked for this page alone has it.
        Err(fault) if !goes_on => {
            outcome.warnings.push(Warning::NoNextPage { reason: fault.to_string() });
            let got = paging.got(None, None);
            return Then::End(told(attempts, Ok(finished(outcome, None, got))));
        }
        Err(fault) => fault,
    };
    let error = Error::new(fault).redacted_by(&Arc::clone(&outcome.redactor));
    Then::End(Err(course.lost(error.with_warnings(outcome.warnings))))
}
