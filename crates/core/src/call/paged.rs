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
use crate::pages::{Cursor, Ended, Got, PageFault, Records};
use crate::plan::Warning;
use crate::response::Output;

/// A page that has come: its records, where they are handed on page by page, and what comes after it.
#[derive(Debug)]
pub struct Paged {
    pub(super) course: Box<Course>,
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

    /// What was had up to this page.
    #[must_use]
    pub fn got(&self) -> Got {
        let paging = self.course.paging.as_ref();
        paging.map(|paging| paging.got(None, None)).unwrap_or_default()
    }

    /// The most time for all pages.
    #[must_use]
    pub fn time(&self) -> Duration {
        let pages = match &self.course.end {
            End::Outputs(definition) => definition.card.pages.as_ref(),
            End::Reply { .. } => None,
        };
        pages.map_or(Duration::MAX, |pages| pages.most.time.0)
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
    /// What a page leads to; the call's end, where its records are not handed on and this is the last.
    pub(super) fn turned(
        self,
        outcome: Outcome,
        page: Page,
    ) -> Result<Paged, Result<Outcome, Error>> {
        let mut course = self.into_parts().0;
        let Page { records, .. } = &page;
        let records = records.clone();
        let streams = course.plan.pages.as_ref().is_some_and(|planned| planned.streams);
        match (then(&mut course, outcome, page), streams) {
            (Then::End(end), false) => Err(end),
            (then, true) => Ok(Paged { course, records, then }),
            (then, false) => Ok(Paged { course, records: Records::default(), then }),
        }
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
