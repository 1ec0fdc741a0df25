//! What a run is at, for whoever looks at its journal.

use std::collections::HashSet;
use std::path::Path;

use cardhost_core::failure::Error;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::taken_back::Mark;
use super::{Journal, JournalProblem, PROBLEM, Trouble};
use crate::flow::fault::RunFault;

/// What a run is at, as its journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunState {
    /// `<namespace>/<name>:<version>` of its flow; `None` while another process holds the journal.
    pub flow: Option<String>,
    /// How far it is.
    pub stage: Stage,
    /// Since when, in milliseconds since 1970: when it ended, or when it last went on.
    pub since_ms: Option<i64>,
    /// The step that ended it; of one that is not over, the last one that gave its output.
    pub step: Option<String>,
    /// The code of the error that ended it.
    pub code: Option<String>,
    /// That error in words, redacted.
    pub why: Option<String>,
    /// How many steps were done.
    pub steps: u64,
    /// The steps that were sent and whose replies are not recorded: writes, about which somebody has to decide.
    pub in_doubt: Vec<String>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// A process runs it.
    Running,
    /// No process runs it, and it is not over: it was killed, or ended by a signal.
    Stopped,
    /// It gave its output.
    Done,
    /// It ended with an error.
    Failed,
    /// Somebody has given it up.
    Cancelled,
}

impl Stage {
    /// `running`, `stopped`, `done`, `failed` or `cancelled`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Running => "running",
            Stage::Stopped => "stopped",
            Stage::Done => "done",
            Stage::Failed => "failed",
            Stage::Cancelled => "cancelled",
        }
    }
}

impl Journal {
    /// What the run is at whose journal is in a file.
    ///
    /// # Errors
    /// `flow.journal` where there is none, or it cannot be read.
    pub fn state(path: &Path) -> Result<RunState, Error> {
        let journal = match Journal::existing(path) {
            Err(error) if is_busy(&error) => return Ok(held()),
            opened => opened?,
        };
        let mut connection = journal.locked();
        state(&mut connection.0).map_err(|trouble| journal.error(trouble.into()))
    }

    /// Gives the run up whose journal is in a file: it does not go on any more. `false` where it has given its output.
    ///
    /// # Errors
    /// `flow.journal_busy` while a process runs it; `flow.journal`.
    pub fn cancel(path: &Path, now_ms: i64) -> Result<bool, Error> {
        let journal = Journal::existing(path)?;
        let mut connection = journal.locked();
        let mut cancel = || -> Result<bool, Trouble> {
            let transaction = connection.0.transaction()?;
            if noted(&transaction)?.is_some_and(|(stage, ..)| stage == Stage::Done) {
                return Ok(false);
            }
            note(&transaction, Stage::Cancelled, now_ms, [None, None, None])?;
            transaction.commit()?;
            Ok(true)
        };
        cancel().map_err(|trouble| journal.error(trouble.into()))
    }

    fn existing(path: &Path) -> Result<Journal, Error> {
        if !path.is_file() {
            let reason = "there is no such file".to_owned();
            let path = path.display().to_string();
            let problem = JournalProblem::Unusable { reason };
            return Err(RunFault::Journal { path, problem }.into());
        }
        Journal::open(path)
    }

    /// Keeps that a run is not over: it goes on.
    pub(in crate::flow) async fn goes_on(&self) -> Result<(), Error> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM state", [])?;
            Ok(())
        })
        .await
    }

    /// Keeps how a run ended.
    pub(in crate::flow) async fn ended(
        &self,
        error: Option<&Error>,
        at_ms: i64,
    ) -> Result<(), Error> {
        let told = error.map(|error| {
            let step = error.fault().downcast_ref().and_then(step_of);
            (step, error.code().to_string(), error.message())
        });
        self.write(move |transaction| {
            // It was over before, and told again.
            if noted(transaction)?.is_some() {
                return Ok(());
            }
            let (stage, texts) = match &told {
                None => (Stage::Done, [None, None, None]),
                Some((step, code, why)) => {
                    (Stage::Failed, [step.as_deref(), Some(&**code), Some(&**why)])
                }
            };
            note(transaction, stage, at_ms, texts)
        })
        .await
    }
}

fn step_of(fault: &cardhost_flow::FlowFault) -> Option<String> {
    match fault {
        cardhost_flow::FlowFault::Uncaught { step, .. } => step.clone(),
        _ => None,
    }
}

fn is_busy(error: &Error) -> bool {
    let problem = match error.fault().downcast_ref() {
        Some(RunFault::Journal { problem, .. }) => problem,
        _ => return false,
    };
    *problem == JournalProblem::Busy
}

/// As much as is known of a run that a process holds.
fn held() -> RunState {
    RunState {
        flow: None,
        stage: Stage::Running,
        since_ms: None,
        step: None,
        code: None,
        why: None,
        steps: 0,
        in_doubt: Vec::new(),
    }
}

type Noted = (Stage, i64, [Option<String>; 3]);

/// What was noted when it ended.
fn noted(transaction: &Transaction<'_>) -> Result<Option<Noted>, Trouble> {
    let query = "SELECT state, at_ms, step, code, why FROM state";
    let found = transaction
        .query_row(query, [], |row| {
            let texts = [row.get(2)?, row.get(3)?, row.get(4)?];
            Ok((row.get::<_, String>(0)?, row.get(1)?, texts))
        })
        .optional()?;
    let known = [Stage::Done, Stage::Failed, Stage::Cancelled];
    Ok(found.and_then(|(word, at_ms, texts)| {
        let stage = known.into_iter().find(|stage| stage.as_str() == word)?;
        Some((stage, at_ms, texts))
    }))
}

fn note(
    transaction: &Transaction<'_>,
    stage: Stage,
    at_ms: i64,
    [step, code, why]: [Option<&str>; 3],
) -> Result<(), Trouble> {
    transaction.execute(
        "INSERT OR REPLACE INTO state (id, state, at_ms, step, code, why) VALUES (1, ?, ?, ?, ?, ?)",
        params![stage.as_str(), at_ms, step, code, why],
    )?;
    Ok(())
}

/// Refuses a run that somebody has given up.
pub(super) fn not_cancelled(transaction: &Transaction<'_>) -> Result<(), Trouble> {
    match noted(transaction)? {
        Some((Stage::Cancelled, ..)) => Err(JournalProblem::Cancelled.into()),
        _ => Ok(()),
    }
}

fn state(connection: &mut Connection) -> Result<RunState, Trouble> {
    let transaction = connection.transaction()?;
    let flow = transaction
        .query_row("SELECT name FROM flow WHERE run = ''", [], |row| row.get(0))
        .optional()?;
    let last_ms = transaction.query_row("SELECT max(at_ms) FROM entry", [], |row| row.get(0))?;
    let mut taken_back = HashSet::new();
    let mut done = HashSet::new();
    let mut last = None;
    {
        let marks = "SELECT outcome FROM entry WHERE step IS NULL AND outcome IS NOT NULL";
        let mut query = transaction.prepare(marks)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            taken_back.extend(Mark::read(&row.get::<_, String>(0)?)?.rows);
        }
        let over = "SELECT seq, run || step, substr(outcome, 1, length(?1)) = ?1 FROM entry WHERE step IS NOT NULL ORDER BY seq";
        let mut query = transaction.prepare(over)?;
        let mut rows = query.query([PROBLEM])?;
        while let Some(row) = rows.next()? {
            if taken_back.contains(&row.get(0)?) {
                continue;
            }
            let (step, failed): (String, bool) = (row.get(1)?, row.get(2)?);
            done.insert(step.clone());
            if !failed {
                last = Some(step);
            }
        }
    }
    let in_doubt = {
        let mut query = transaction.prepare("SELECT step FROM sent ORDER BY step")?;
        let rows = query.query_map([], |row| row.get(0))?;
        let sent: Vec<String> = rows.collect::<Result<_, _>>()?;
        sent.into_iter().filter(|step| !done.contains(step)).collect()
    };
    let (stage, since_ms, [step, code, why]) = match noted(&transaction)? {
        Some((stage, at_ms, texts)) => (stage, Some(at_ms), texts),
        None => (Stage::Stopped, last_ms, [last, None, None]),
    };
    let steps = done.len() as u64;
    Ok(RunState { flow, stage, since_ms, step, code, why, steps, in_doubt })
}
