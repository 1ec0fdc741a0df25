//! A run as its journal has left it.

use std::collections::BTreeMap;
use std::sync::Arc;

use cardhost_core::secret::Redactor;
use cardhost_flow::{Action, Problem, Run, Step, StepId, WaitReason};
use serde_json::Value;

use super::Flow;
use super::asked::Asked;

/// What is done about steps that were sent and whose replies are not recorded, where sending again may do something twice.
#[derive(Clone, Default, PartialEq)]
pub enum Unfinished {
    /// The run stops before anything is sent, and names them.
    #[default]
    Stop,
    /// They are sent again.
    Repeat,
    /// They are taken for done, with this output.
    Skip(Value),
}

impl std::fmt::Debug for Unfinished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Unfinished::Stop => "Stop",
            Unfinished::Repeat => "Repeat",
            Unfinished::Skip(_) => "Skip",
        })
    }
}

/// A run, and what it waits for.
pub(super) struct OpenRun {
    /// Empty for the first flow; for one that another one runs, the name of its step.
    pub(super) name: Arc<str>,
    pub(super) flow: Arc<Flow>,
    pub(super) run: Run,
    /// What chance is made of in it.
    pub(super) seed: [u8; 16],
    /// How many flows are above it.
    pub(super) level: usize,
    /// The secrets of the flow.
    pub(super) secrets: Arc<Redactor>,
    /// What was said to begin and is not over.
    pub(super) open: BTreeMap<StepId, Action>,
    /// When the waits among them began, in milliseconds since 1970.
    began: BTreeMap<StepId, i64>,
    /// Of those, the flows that had begun.
    pub(super) inner: BTreeMap<StepId, OpenRun>,
    /// What is decided about steps without their being done.
    pub(super) decided: Vec<(StepId, Result<Value, Problem>)>,
    /// Whether its journal, if it has one, has nothing of it.
    pub(super) is_new: bool,
    /// How many steps were over.
    pub(super) over: usize,
    /// The steps that failed and are done again.
    pub(super) again: Vec<String>,
}

/// A step that is over.
#[cfg_attr(not(feature = "sqlite"), expect(dead_code, reason = "read by a journal"))]
pub(super) struct Over {
    pub(super) step: StepId,
    /// What it was asked to do, where that is known.
    pub(super) asked: Option<Asked>,
    pub(super) outcome: Result<Value, Problem>,
}

impl OpenRun {
    pub(super) fn new(
        name: Arc<str>,
        flow: Arc<Flow>,
        run: Run,
        seed: [u8; 16],
        level: usize,
    ) -> OpenRun {
        let (open, began, inner) = Default::default();
        let (decided, again, secrets) = Default::default();
        OpenRun {
            name,
            flow,
            run,
            seed,
            level,
            secrets,
            open,
            began,
            inner,
            decided,
            is_new: true,
            over: 0,
            again,
        }
    }

    /// The name of a step among those of all flows.
    pub(super) fn full_name(&self, id: &StepId) -> String {
        format!("{}{id}", self.name)
    }

    /// Takes note of what the interpreter says.
    #[cfg_attr(not(feature = "sqlite"), expect(dead_code, reason = "asked for by a journal"))]
    pub(super) fn note(&mut self, steps: Vec<Step>, at_ms: i64) {
        for step in steps {
            match step {
                Step::Start { id, action, .. } => {
                    if let Action::Wait { reason: WaitReason::Timeout, .. } = action {
                        self.began.insert(id.clone(), at_ms);
                    }
                    self.open.insert(id, action);
                }
                Step::Cancel(id) => {
                    self.open.remove(&id);
                    self.began.remove(&id);
                }
            }
        }
    }

    /// Puts off the timeouts by the time that is not the run's: from when it failed until it goes on. Those that had ended
    /// it begin anew.
    #[cfg_attr(not(feature = "sqlite"), expect(dead_code, reason = "asked for by a journal"))]
    pub(super) fn wait_on(&mut self, again: &[String], failed_ms: i64, now_ms: i64) {
        for (id, action) in &mut self.open {
            let Action::Wait { until_ms, reason: WaitReason::Timeout } = action else { continue };
            let began = self.began.entry(id.clone()).or_insert(failed_ms);
            let gone = match again.iter().any(|step| step == id.as_str()) {
                true => *began,
                false => failed_ms,
            };
            let later = now_ms.saturating_sub(gone).max(0);
            *until_ms = until_ms.saturating_add(later);
            *began = began.saturating_add(later);
        }
    }

    /// Decides about the steps that are in doubt, in this flow and those that it runs; gives those that nothing is decided about.
    pub(super) fn decide(
        &mut self,
        in_doubt: &dyn Fn(&str) -> bool,
        decide: &mut dyn FnMut(&str) -> Unfinished,
    ) -> Vec<String> {
        let mut doubtful = Vec::new();
        self.settle(in_doubt, decide, &mut doubtful);
        doubtful
    }

    fn settle(
        &mut self,
        in_doubt: &dyn Fn(&str) -> bool,
        decide: &mut dyn FnMut(&str) -> Unfinished,
        doubtful: &mut Vec<String>,
    ) {
        let names: Vec<StepId> = self.open.keys().cloned().collect();
        for id in names {
            let name = self.full_name(&id);
            if !in_doubt(&name) {
                continue;
            }
            match decide(&name) {
                Unfinished::Stop => doubtful.push(name),
                Unfinished::Repeat => {}
                Unfinished::Skip(output) => {
                    self.open.remove(&id);
                    self.decided.push((id, Ok(output)));
                }
            }
        }
        // Flows inside each other are as few as `MAX_FLOWS_DEEP`.
        for inner in self.inner.values_mut() {
            inner.settle(in_doubt, decide, doubtful);
        }
    }
}
