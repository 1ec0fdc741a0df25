//! A run at its beginning, or where its journal has left it.

use std::collections::HashSet;

use cardhost_core::failure::Error;
use cardhost_flow::CardCall;

use super::replay::Leniency;
use super::{Failed, Journal, JournalProblem};
use crate::flow::open::OpenRun;

impl Journal {
    /// A run as it was left; one that failed, before what ended it, where that is to be done again. `begin` makes the run at its
    /// beginning; `done` is told the calls of cards that were made.
    ///
    /// # Errors
    /// `flow.journal`; `flow.journal_mismatch` where what was done is not what would be done now.
    pub(in crate::flow) async fn resume(
        &self,
        begin: &(dyn Fn() -> OpenRun + Sync),
        done: &(dyn Fn(&CardCall) + Sync),
        now_ms: i64,
    ) -> Result<OpenRun, Error> {
        let mut open = begin();
        let is_changed = self.flow(&open.name, &open.flow).await?;
        let none = HashSet::new();
        let secrets = std::sync::Arc::clone(&open.secrets);
        let lenient = |but| Leniency { secrets: &secrets, but };
        let mut found = self.replay(&mut open, done, is_changed.then(|| lenient(&none))).await?;
        let mut failed = Failed::default();
        if self.retries_failed
            && let Some(Err(problem)) = open.run.outcome()
        {
            failed = self.failed(&open.name, problem).await?;
        }
        if !failed.is_empty() {
            open = begin();
            found = self.replay(&mut open, done, Some(lenient(&failed.rows))).await?;
        }
        if failed.is_empty() && !is_changed {
            return Ok(open);
        }
        let gone: Vec<String> = failed.before(&found.gone).map(str::to_owned).collect();
        let is_as_before = gone.is_empty() && found.other.is_empty();
        if !(is_as_before || self.accepts_changes) {
            let named = |steps: Vec<String>| -> Vec<String> {
                steps.into_iter().map(|step| format!("{}{step}", open.name)).collect()
            };
            let (other, gone) = (named(found.other), named(gone));
            return Err(self.error(JournalProblem::OtherSteps { other, gone }));
        }
        open.wait_on(&failed.steps, found.last_ms, now_ms);
        open.again = failed.steps.iter().map(|step| format!("{}{step}", open.name)).collect();
        let gone = found.gone.iter().map(|(seq, _)| *seq).chain(found.forgotten).collect();
        self.take_back(&open.name, &open.flow, failed, gone, now_ms).await?;
        Ok(open)
    }
}
