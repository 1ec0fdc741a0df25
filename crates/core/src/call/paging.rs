//! The pages of a call: what was had, and what the next page is.

use std::collections::HashSet;
use std::fmt;

use serde_json::Value;

use super::had::Had;
use crate::card::Card;
use crate::definition::Definition;
use crate::pages::{Cursor, Ended, Got, PageFault, Pages, PlannedPages, Records, Turn};
use crate::plan::Plan;
use crate::request::RequestSpec;
use crate::response::{Output, OutputValue};
use crate::template::{Root, ValueTemplate};

/// Most bytes of records that are kept for the outputs of one run.
pub const MOST_KEPT_BYTES: usize = 256 * 1024 * 1024;

/// The key of the outputs under which stands what a run has of pages.
pub const PAGES: &str = "pages";

/// What a call knows of its pages.
pub(super) struct Paging {
    /// The request of the first page, from which those of the others are made.
    first: RequestSpec,
    /// Where this page begins.
    pub(super) cursor: Cursor,
    /// What later pages repeat of the first.
    pub(super) carried: Cursor,
    /// Pages and records that were had before this page.
    pub(super) pages: u64,
    pub(super) records: u64,
    pub(super) cursors: HashSet<u64>,
    pub(super) contents: HashSet<u64>,
    /// The inner text of lists that go over all pages, by group and label.
    collected: Vec<(String, String, String)>,
    /// The outputs of the page before.
    last: Option<Output>,
    /// What was had of this page, where its records were handed on while it came.
    pub(super) passed: Option<Box<Had>>,
}

/// A page that was read.
#[derive(Debug)]
pub(super) struct Page {
    /// Its records, without those that were had or are too many; none where they were handed on while it came.
    pub(super) records: Records,
    /// How many of them are given out, and the last that is, or was before.
    pub(super) given: u64,
    pub(super) last: Option<String>,
    /// Why the rest of it is left where it is.
    pub(super) stopped: Option<Ended>,
    /// How many of its records were had before, and how many there were.
    pub(super) skipped: u64,
    pub(super) whole: u64,
    /// What it leads to.
    pub(super) turn: Result<Turn, PageFault>,
    pub(super) carried: Option<Cursor>,
    pub(super) digest: Option<u64>,
}

/// What comes after a page.
#[derive(Debug)]
pub(super) enum After {
    Next(Cursor),
    End { ended: Option<Ended>, next: Option<Cursor> },
}

/// Tells how many; records may hold what must not be shown.
impl fmt::Debug for Paging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Paging({} pages, {} records)", self.pages, self.records)
    }
}

impl Paging {
    /// The pages of a planned call.
    pub(super) fn begin(definition: &Definition, plan: &mut Plan) -> Option<Box<Paging>> {
        let planned = plan.pages.as_mut()?;
        let pages = definition.card.pages.as_ref()?;
        let first = planned.first.take().unwrap_or_else(|| plan.request.clone());
        let cursor = planned.wanted.from.clone().unwrap_or_default();
        Some(Box::new(Paging {
            first,
            cursors: HashSet::from([cursor.digest()]),
            // What an earlier run had of its first page goes on with this one.
            carried: cursor.carried(pages),
            cursor,
            pages: 0,
            records: 0,
            contents: HashSet::new(),
            collected: Vec::new(),
            last: None,
            passed: None,
        }))
    }

    /// Takes note of a page, and says what comes after it. `keeps`: its outputs are kept for those of the whole run.
    pub(super) fn turn(
        &mut self,
        (pages, planned): (&Pages, &PlannedPages),
        mut page: Page,
        output: Option<(Output, &Card)>,
    ) -> Result<After, PageFault> {
        self.pages += 1;
        self.passed = None;
        self.records += page.given;
        self.contents.extend(page.digest);
        if let Some(carried) = page.carried.take() {
            self.carried = carried;
        }
        if let Some((output, card)) = output {
            self.collect(output, card, pages);
        }
        // Some of the page were left out: the next run begins with them.
        let had = page.skipped + page.given;
        let last = page.last.as_deref();
        let inside = (had < page.whole).then(|| self.cursor.after(had, last));
        let next = match (&inside, page.turn) {
            (Some(cursor), _) => cursor.clone(),
            (None, Ok(Turn::Next(cursor))) => cursor,
            (None, Ok(Turn::End(ended))) => {
                return Ok(After::End { ended: Some(ended), next: None });
            }
            (None, Err(fault)) => {
                // Whoever goes on from here has had this page.
                self.cursor = self.cursor.after(had, last);
                return Err(fault);
            }
        };
        let reached = |most: Option<u64>| most.is_some_and(|most| self.records >= most);
        let ended = if page.stopped.is_some() {
            page.stopped
        } else if reached(planned.wanted.limit) {
            Some(Ended::Limit)
        } else if reached(pages.most.records) {
            Some(Ended::MostRecords)
        } else if !planned.wanted.goes_on() {
            return Ok(After::End { ended: None, next: Some(next) });
        } else if self.pages >= pages.most.pages {
            Some(Ended::MostPages)
        } else if self.kept_bytes() > MOST_KEPT_BYTES {
            Some(Ended::MostBytes)
        } else {
            None
        };
        Ok(match ended {
            Some(_) => After::End { ended, next: Some(next) },
            None => After::Next(next),
        })
    }

    fn kept_bytes(&self) -> usize {
        self.collected.iter().map(|(_, _, text)| text.len()).sum()
    }

    /// Adds the lists of a page to those of the pages before.
    fn collect(&mut self, mut output: Output, card: &Card, pages: &Pages) {
        for (group, label, value) in output.fields_mut() {
            let template = card.output.get(group).and_then(|fields| fields.get(label));
            let template = template.and_then(|field| field.value.as_ref());
            if !template.is_some_and(|template| is_of_records(template, pages)) {
                continue;
            }
            let text = match &*value {
                OutputValue::Raw(raw) => raw.get().to_owned(),
                OutputValue::Value(value @ Value::Array(_)) => value.to_string(),
                _ => continue,
            };
            let Some(inner) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) else {
                continue;
            };
            *value = OutputValue::Absent;
            let known = self.collected.iter().position(|(g, l, _)| g == group && l == label);
            let at = known.unwrap_or_else(|| {
                self.collected.push((group.to_owned(), label.to_owned(), String::new()));
                self.collected.len() - 1
            });
            let all = &mut self.collected[at].2;
            let inner = inner.trim_ascii();
            if !all.is_empty() && !inner.is_empty() {
                all.push(',');
            }
            all.push_str(inner);
        }
        self.last = Some(output);
    }

    /// The outputs of all pages so far.
    pub(super) fn output(&mut self) -> Option<Output> {
        let mut output = self.last.take()?;
        for (group, label, inner) in std::mem::take(&mut self.collected) {
            output.set(&group, &label, OutputValue::list(&format!("[{inner}]")));
        }
        Some(output)
    }

    /// Takes note of what was had of a page that did not come to its end: what comes next goes on behind it.
    pub(super) fn note(&mut self) {
        let Some(had) = self.passed.take() else { return };
        self.records += had.given;
        if had.seen > had.skip {
            self.cursor = had.next();
        }
    }

    /// What was had so far; the next run begins with the page that did not come.
    pub(super) fn so_far(&self) -> Got {
        Got {
            pages: self.pages,
            records: self.records,
            ended: None,
            next: Some(self.cursor.clone()),
        }
    }

    /// What a run has that ends so.
    pub(super) fn got(&self, ended: Option<Ended>, next: Option<Cursor>) -> Got {
        Got { pages: self.pages, records: self.records, ended, next }
    }

    /// The request of the page at a cursor.
    pub(super) fn go_to(
        &mut self,
        (pages, planned): (&Pages, &PlannedPages),
        cursor: Cursor,
    ) -> Result<RequestSpec, PageFault> {
        self.cursors.insert(cursor.digest());
        self.cursor = cursor;
        planned.request(pages, &self.first, &self.cursor)
    }
}

/// Whether an output is made of the records of a page, and so of all pages.
fn is_of_records(template: &ValueTemplate, pages: &Pages) -> bool {
    let mut found = *template == pages.items;
    template.each_reference(&mut |reference| found |= reference.root == Root::Items);
    found
}

impl Page {
    /// A reply that has no records and leads nowhere.
    pub(super) fn end(ended: Ended) -> Page {
        let records = Records::default();
        Page {
            records,
            given: 0,
            last: None,
            stopped: None,
            skipped: 0,
            whole: 0,
            turn: Ok(Turn::End(ended)),
            carried: None,
            digest: None,
        }
    }

    /// Puts what is left of the records into the outputs that are the items of the page.
    pub(super) fn fill(&self, card: &Card, pages: &Pages, output: &mut Output) {
        if self.given == self.whole {
            return;
        }
        for (group, label, value) in output.fields_mut() {
            let field = card.output.get(group).and_then(|fields| fields.get(label));
            if field.and_then(|field| field.value.as_ref()) == Some(&pages.items) {
                *value = OutputValue::list(self.records.list());
            }
        }
    }
}

/// Puts under [`PAGES`] what a run has of pages.
pub(super) fn with_got(mut output: Output, got: &Got) -> Output {
    let fields = got.to_map().into_iter();
    output.push(PAGES, fields.map(|(key, value)| (key, OutputValue::Value(value))).collect());
    output
}
