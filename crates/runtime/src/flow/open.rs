//! A run as its journal has left it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fault::RunFault;
use cardhost_core::failure::Error;
use cardhost_flow::{Action, Problem, Run, Step, StepId};
use serde_json::Value;

use super::Flow;

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
    /// What was said to begin and is not over.
    pub(super) open: BTreeMap<StepId, Action>,
    /// Of those, the flows that had begun.
    pub(super) inner: BTreeMap<StepId, OpenRun>,
    /// What is decided about steps without their being done.
    pub(super) decided: Vec<(StepId, Result<Value, Problem>)>,
    /// How many steps were over.
    pub(super) over: usize,
}

impl OpenRun {
    pub(super) fn new(
        name: Arc<str>,
        flow: Arc<Flow>,
        run: Run,
        seed: [u8; 16],
        level: usize,
    ) -> OpenRun {
        let (open, inner) = (BTreeMap::new(), BTreeMap::new());
        OpenRun { name, flow, run, seed, level, open, inner, decided: Vec::new(), over: 0 }
    }

    /// The name of a step among those of all flows.
    pub(super) fn full_name(&self, id: &StepId) -> String {
        format!("{}{id}", self.name)
    }

    /// Takes note of what the interpreter says.
    #[cfg_attr(not(feature = "sqlite"), expect(dead_code, reason = "asked for by a journal"))]
    pub(super) fn note(&mut self, steps: Vec<Step>) {
        for step in steps {
            match step {
                Step::Start { id, action, .. } => drop(self.open.insert(id, action)),
                Step::Cancel(id) => drop(self.open.remove(&id)),
            }
        }
    }

    /// Decides about the steps that are in doubt, in this flow and those that it runs.
    pub(super) fn decide(
        &mut self,
        in_doubt: &dyn Fn(&str) -> bool,
        unfinished: &Unfinished,
    ) -> Result<(), Error> {
        let mut doubtful = Vec::new();
        self.settle(in_doubt, unfinished, &mut doubtful);
        if doubtful.is_empty() {
            return Ok(());
        }
        Err(RunFault::InDoubt { steps: doubtful }.into())
    }

    fn settle(
        &mut self,
        in_doubt: &dyn Fn(&str) -> bool,
        unfinished: &Unfinished,
        doubtful: &mut Vec<String>,
    ) {
        let names: Vec<StepId> = self.open.keys().cloned().collect();
        for id in names {
            let name = self.full_name(&id);
            if !in_doubt(&name) {
                continue;
            }
            match unfinished {
                Unfinished::Stop => doubtful.push(name),
                Unfinished::Repeat => {}
                Unfinished::Skip(output) => {
                    self.open.remove(&id);
                    self.decided.push((id, Ok(output.clone())));
                }
            }
        }
        // Flows inside each other are as few as `MAX_FLOWS_DEEP`.
        for inner in self.inner.values_mut() {
            inner.settle(in_doubt, unfinished, doubtful);
        }
    }
}
