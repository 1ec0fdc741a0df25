//! `run` of cards with pages: which are asked for, and what is told of them.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use cardhost::fault::Internal;
use cardhost::pages::{Cursor, Got, RecordSink, Records, Wanted};
use cardhost::transport::BoxFuture;
use cardhost::{Error, Host, Invocation, Outcome};
use clap::Args;
use serde_json::Value;

use super::console::{Console, Failure};
use super::resume_file::ResumeFile;
use super::waiting::{self, ToldClock};

#[derive(Debug, Default, Args)]
pub(crate) struct PagesArgs {
    /// All pages of a card that has some: its lists hold the records of all
    #[arg(long, conflicts_with = "stream")]
    pub(crate) all: bool,
    /// The records alone, one a line, page after page; none is kept
    #[arg(long, conflicts_with_all = ["stream", "filter", "output", "pretty"])]
    pub(crate) records: bool,
    /// At most so many records, of as many pages as that takes
    #[arg(long, value_name = "N", conflicts_with = "stream", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    /// With --records: a file that says where to go on, kept while they are printed; the same command goes on there, however it was ended
    #[arg(long, value_name = "FILE", requires = "records", conflicts_with = "from")]
    pub(crate) resume: Option<PathBuf>,
    /// Where to begin, or to go on waiting: the `next` of an earlier run
    #[arg(long, value_name = "CURSOR", conflicts_with = "stream", value_parser = cursor)]
    pub(crate) from: Option<Cursor>,
}

fn cursor(text: &str) -> Result<Cursor, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(map)) => Ok(Cursor(map)),
        Ok(_) | Err(_) => Err("give the JSON object that an earlier run gave as `next`".to_owned()),
    }
}

impl PagesArgs {
    /// Puts into the invocation which pages are asked for, or what is gone on with, where the command line says so.
    pub(crate) fn apply(&self, waits: bool, invocation: &mut Invocation) {
        if !self.all && !self.records && self.limit.is_none() && self.from.is_none() {
            return;
        }
        if let (true, Some(Cursor(cursor))) = (waits, &self.from) {
            invocation.until = Some(cursor.clone());
            return;
        }
        let wanted = invocation.pages.get_or_insert_with(Wanted::default);
        wanted.all |= self.all || (self.records && self.limit.is_none());
        wanted.limit = self.limit.or(wanted.limit);
        wanted.from = self.from.clone().or(wanted.from.take());
    }

    /// Whether there is anything to end between two pages.
    pub(crate) fn goes_on(&self) -> bool {
        self.all || self.records || self.limit.is_some()
    }
}

/// Prints the records of each page as they come.
pub(crate) async fn records(
    host: &Host,
    card: Option<&str>,
    mut invocation: Invocation,
    resume: Option<ResumeFile>,
    (console, clock): (&Console, &ToldClock),
) -> Result<Result<Outcome, Error>, Failure> {
    if let Some(ResumeFile { found: Some(cursor), .. }) = &resume {
        invocation.pages.get_or_insert_default().from = Some(cursor.clone());
    }
    let had = Had::default();
    let mut printer = Printer { console, resume, had: &had, failure: None };
    let running = host.run_records(card, invocation, &mut printer);
    let ended = waiting::shown(running, clock, &|| had.to_string()).await;
    let Printer { failure, resume, .. } = printer;
    if let Some(failure) = failure {
        return Err(failure);
    }
    if let (Some(resume), Ok(outcome)) = (resume, &ended) {
        match outcome.pages.as_ref().and_then(|got| got.next.as_ref()) {
            Some(next) => resume.write(next)?,
            None => resume.remove()?,
        }
    }
    Ok(ended)
}

/// What was printed so far, for a person who wonders.
#[derive(Default)]
struct Had(Mutex<(u64, u64, u64)>);

impl std::fmt::Display for Had {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (pages, records, bytes) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if records == 0 {
            return Ok(());
        }
        let (pages, records) = (counted(pages, "page"), counted(records, "record"));
        write!(f, "{pages} and {records} so far, {:.1} MiB; ", bytes as f64 / f64::from(1 << 20))
    }
}

struct Printer<'c> {
    console: &'c Console,
    resume: Option<ResumeFile>,
    had: &'c Had,
    /// Why nothing more can be printed.
    failure: Option<Failure>,
}

impl Printer<'_> {
    fn print(&self, records: &Records, got: &Got) -> Result<(), Failure> {
        let mut lines = String::with_capacity(records.list().len() + 2);
        for record in records.iter() {
            lines.push_str(record);
            lines.push('\n');
        }
        if !lines.is_empty() {
            self.console.out(&lines)?;
        }
        let mut had = self.had.0.lock().unwrap_or_else(PoisonError::into_inner);
        *had = (got.pages, got.records, had.2 + lines.len() as u64);
        match (&self.resume, &got.next) {
            (Some(resume), Some(next)) => resume.write(next),
            _ => Ok(()),
        }
    }
}

impl RecordSink for Printer<'_> {
    fn put(&mut self, records: Records, got: &Got) -> BoxFuture<'_, Result<(), Error>> {
        let printed = self.print(&records, got);
        Box::pin(async move {
            let Err(failure) = printed else { return Ok(()) };
            self.failure = Some(failure);
            // Whoever asked is told of the failure itself.
            Err(Internal { what: "the records cannot be printed" }.into())
        })
    }
}

/// Tells where a later run can go on.
pub(crate) fn tell(got: Option<&Got>, console: &Console) {
    let Some(Got { pages, records, ended, next: Some(next), .. }) = got else { return };
    let next = Value::Object(next.0.clone());
    let why = ended.map(|ended| format!(" ({})", ended.as_str())).unwrap_or_default();
    let had = format!("{} and {}", counted(*pages, "page"), counted(*records, "record"));
    console.warn("pages.more", &format!("{had}{why}; there is more: --from '{next}'"));
}

fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
