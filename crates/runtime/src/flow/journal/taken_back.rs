//! A failed run goes on: what ended it counts no more, and the step is done again.
//!
//! Nothing is removed: a mark, a row of its own, names the rows that do not count. It also says that the time from the failure to
//! the mark is not time of the run: timeouts are put off by it, and one that had ended the run begins anew.

use std::collections::HashSet;

use cardhost_core::failure::Error;
use cardhost_flow::Problem;
use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::{Journal, Kept, PROBLEM, Trouble, checksum, name_of, unusable};
use crate::flow::Flow;

/// What counts no more.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mark {
    /// Rows.
    pub(super) rows: Vec<i64>,
    /// The steps that are done again.
    pub(super) steps: Vec<String>,
}

impl Mark {
    pub(super) fn read(text: &str) -> Result<Mark, Trouble> {
        serde_json::from_str(text).map_err(|error| unusable(error.to_string()).into())
    }
}

/// What ended a run.
#[derive(Debug, Default)]
pub(in crate::flow) struct Failed {
    /// Its rows, and those of later failures.
    pub(in crate::flow) rows: HashSet<i64>,
    /// The first of them.
    first: i64,
    /// The steps.
    pub(in crate::flow) steps: Vec<String>,
    /// Of those, the ones that were surely answered: to send them again is not in doubt.
    answered: Vec<String>,
}

impl Journal {
    /// What ended a run with a problem; nothing where no step did, as where an expression has no value.
    pub(in crate::flow) async fn failed(
        &self,
        run: &str,
        problem: &Problem,
    ) -> Result<Failed, Error> {
        let run = run.to_owned();
        let names = [problem.step(), problem.cause()];
        let names: Vec<String> = names.into_iter().flatten().map(str::to_owned).collect();
        self.read(move |connection| {
            let mut query = connection.prepare_cached(
                "SELECT seq, step, outcome FROM entry WHERE run = ? AND step IS NOT NULL ORDER BY seq DESC",
            )?;
            for name in &names {
                let mut rows = query.query(params![run])?;
                let mut later = Failed::default();
                while let Some(row) = rows.next()? {
                    let (seq, step): (i64, String) = (row.get(0)?, row.get(1)?);
                    let is_it = *name == step;
                    // Of a flow that the step ran, the name of the step stands before.
                    let is_below = name.strip_prefix(&step).is_some_and(|rest| rest.starts_with('/'));
                    let text: String = row.get(2)?;
                    let is_problem = text.starts_with(PROBLEM);
                    if is_problem {
                        let kept: Kept =
                            serde_json::from_str(&text).map_err(|error| unusable(error.to_string()))?;
                        if let Kept::Problem(problem) = kept
                            && was_answered(&problem)
                        {
                            later.answered.push(step.clone());
                        }
                    }
                    if is_problem || is_it {
                        later.rows.insert(seq);
                        later.steps.push(step);
                    }
                    if is_it || (is_below && is_problem) {
                        later.first = seq;
                        return Ok(later);
                    }
                }
            }
            Ok(Failed::default())
        })
        .await
    }

    /// Marks what counts no more of a run, whose flow may be another one from now on.
    pub(in crate::flow) async fn take_back(
        &self,
        run: &str,
        flow: &Flow,
        failed: Failed,
        gone: Vec<i64>,
        at_ms: i64,
    ) -> Result<(), Error> {
        let (run, digest, name) = (run.to_owned(), flow.digest(), name_of(flow));
        let mut rows: Vec<i64> = failed.rows.iter().copied().chain(gone).collect();
        rows.sort_unstable();
        let mark = Mark { rows, steps: failed.steps };
        let answered = failed.answered;
        self.write(move |transaction| {
            let mark = serde_json::to_string(&mark).map_err(|error| unusable(error.to_string()))?;
            let seq: i64 = transaction.query_row(
                "SELECT coalesce(max(seq), 0) + 1 FROM entry",
                [],
                |row| row.get(0),
            )?;
            let sum = checksum(seq, &run, at_ms, None, Some(&mark), None);
            transaction.execute(
                "INSERT INTO entry (seq, run, at_ms, outcome, sum) VALUES (?, ?, ?, ?, ?)",
                params![seq, run, at_ms, mark, sum],
            )?;
            transaction.execute(
                "UPDATE flow SET digest = ?, name = ? WHERE run = ?",
                params![digest, name, run],
            )?;
            for step in answered {
                transaction.execute("DELETE FROM sent WHERE step = ?", [format!("{run}{step}")])?;
            }
            Ok(())
        })
        .await
    }
}

impl Failed {
    /// Whether no step is done again.
    pub(in crate::flow) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Of what does not come any more, the part that was done before the failure: what followed from it has to go with it.
    pub(in crate::flow) fn before<'r>(
        &self,
        gone: &'r [(i64, String)],
    ) -> impl Iterator<Item = &'r str> {
        let first = if self.is_empty() { i64::MAX } else { self.first };
        let before = gone.iter().filter(move |(seq, _)| *seq < first);
        before.map(|(_, step)| step.as_str())
    }
}

/// Whether a service surely answered, or surely was not asked.
fn was_answered(problem: &Problem) -> bool {
    problem.response.is_some() || problem.retryable == Some(true)
}
