//! A run as its journal has it: the calls of the interpreter, made again.

use std::collections::HashSet;

use cardhost_core::failure::Error;
use cardhost_core::secret::Redactor;
use cardhost_flow::{Action, CardCall, Problem, StepId};
use rusqlite::{Connection, params};
use serde_json::Value;

use super::taken_back::Mark;
use super::{Journal, JournalProblem, Kept, Trouble, checksum, unusable};
use crate::flow::asked::{Asked, asked};
use crate::flow::open::OpenRun;

/// Rows that are read at once.
const PAGE: usize = 256;

/// A row, in the order of the run.
enum Row {
    Turn,
    Over {
        step: String,
        asked: Option<Asked>,
        outcome: Result<Value, Problem>,
    },
    /// Rows before it count no more.
    TakenBack(Mark),
}

/// How a run is replayed whose flow may have been changed.
pub(in crate::flow) struct Leniency<'l> {
    /// The secrets of the flow.
    pub(in crate::flow) secrets: &'l Redactor,
    /// Rows that do not count, besides those that were taken back before.
    pub(in crate::flow) but: &'l HashSet<i64>,
}

/// What a lenient replay found.
#[derive(Default)]
pub(in crate::flow) struct Replayed {
    /// What was done and does not come any more: rows and steps.
    pub(in crate::flow) gone: Vec<(i64, String)>,
    /// What failed, and what was done about it, and does not come any more: it was not done.
    pub(in crate::flow) forgotten: Vec<i64>,
    /// Steps that would be asked something else now.
    pub(in crate::flow) other: Vec<String>,
    /// The time of the last row, in milliseconds since 1970.
    pub(in crate::flow) last_ms: i64,
}

impl Journal {
    /// Makes the calls again that were made of a run.
    ///
    /// # Errors
    /// `flow.journal`; `flow.journal_mismatch` where a step was done that does not come, unless it is lenient.
    pub(in crate::flow) async fn replay(
        &self,
        open: &mut OpenRun,
        done: &(dyn Fn(&CardCall) + Sync),
        leniency: Option<Leniency<'_>>,
    ) -> Result<Replayed, Error> {
        let run = open.name.to_string();
        let taken_back = self.read(move |connection| taken_back(connection, &run)).await?;
        let mut found = Replayed::default();
        let mut last = 0;
        loop {
            let run = open.name.to_string();
            let rows = self.read(move |connection| page(connection, &run, last)).await?;
            let is_last = rows.len() < PAGE;
            for (seq, at_ms, row) in rows {
                last = seq;
                open.is_new = false;
                match row {
                    Row::Turn => {
                        let steps = open.run.steps(at_ms);
                        open.note(steps, at_ms);
                        // What happened before is not told again, and not kept either.
                        drop(open.run.take_events());
                    }
                    Row::TakenBack(mark) => open.wait_on(&mark.steps, found.last_ms, at_ms),
                    Row::Over { .. } if taken_back.contains(&seq) => {}
                    Row::Over { .. }
                        if leniency.as_ref().is_some_and(|all| all.but.contains(&seq)) => {}
                    Row::Over { step, asked: known, outcome } => {
                        let id = StepId::new(&step);
                        let action = open.open.remove(&id);
                        if let Some(Action::Card(call)) = &action {
                            done(call);
                        }
                        if let (Some(lenient), Some(known), Some(action)) =
                            (&leniency, known, &action)
                            && asked(action, lenient.secrets) != known
                        {
                            found.other.push(step.clone());
                        }
                        let is_forgotten = outcome.is_err() || follows_from_failure(&step);
                        if open.run.complete(id, outcome) {
                            open.over += 1;
                        } else if leniency.is_some() && is_forgotten {
                            found.forgotten.push(seq);
                        } else if leniency.is_some() {
                            found.gone.push((seq, step));
                        } else {
                            return Err(self.error(JournalProblem::Diverged { step }));
                        }
                    }
                }
                found.last_ms = at_ms;
            }
            if is_last {
                return Ok(found);
            }
        }
    }
}

/// Whether a step is there because another one failed: in a handler, a delay before another attempt, a timeout.
fn follows_from_failure(step: &str) -> bool {
    let mut last = step.rsplit('/');
    let (last, before) = (last.next().unwrap_or_default(), last.next().unwrap_or_default());
    step.contains("/catch/do/") || before == "retry" || last == "timeout"
}

/// The rows of a run that count no more.
fn taken_back(connection: &mut Connection, run: &str) -> Result<HashSet<i64>, Trouble> {
    let mut query = connection.prepare_cached(
        "SELECT outcome FROM entry WHERE run = ? AND step IS NULL AND outcome IS NOT NULL",
    )?;
    let mut rows = query.query([run])?;
    let mut found = HashSet::new();
    while let Some(row) = rows.next()? {
        found.extend(Mark::read(&row.get::<_, String>(0)?)?.rows);
    }
    Ok(found)
}

fn page(
    connection: &mut Connection,
    run: &str,
    after: i64,
) -> Result<Vec<(i64, i64, Row)>, Trouble> {
    let mut query = connection.prepare_cached(
        "SELECT seq, at_ms, step, outcome, asked, sum FROM entry WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?",
    )?;
    let most = i64::try_from(PAGE).unwrap_or(i64::MAX);
    let mut rows = query.query(params![run, after, most])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (seq, at_ms): (i64, i64) = (row.get(0)?, row.get(1)?);
        let (step, outcome): (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
        let asked: Option<Asked> = row.get(4)?;
        // Rows of the first format have none.
        let sum: Option<[u8; 8]> = row.get(5)?;
        if sum.is_some_and(|sum| {
            sum != checksum(seq, run, at_ms, step.as_deref(), outcome.as_deref(), asked)
        }) {
            return Err(unusable(format!("row {seq} is not as it was written")).into());
        }
        let read = match (step, outcome) {
            (None, None) => Row::Turn,
            (None, Some(mark)) => Row::TakenBack(Mark::read(&mark)?),
            (Some(step), outcome) => {
                let text = outcome.unwrap_or_default();
                let kept: Kept = serde_json::from_str(&text)
                    .map_err(|error| unusable(format!("`{step}`: {error}")))?;
                Row::Over { step, asked, outcome: kept.into() }
            }
        };
        found.push((seq, at_ms, read));
    }
    Ok(found)
}
