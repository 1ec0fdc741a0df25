//! One run of a flow, with the flows that it runs: its beginning and end, and what its journal has left of it.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use cardhost_core::failure::Error;
use cardhost_core::secret::Redactor;
use cardhost_flow::{
    Action, CardCall, FlowFault, Limited, Options, Problem, Run, Standard, StepId, SubFlow,
    inner_seed,
};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};

use super::open::{OpenRun, Unfinished};
use super::outcome::{BoxRun, Driven, Ended};
use super::settings::{MAX_FLOWS_DEEP, RunnerSettings};
use super::{Busy, Flow, Journal, RunFault};
use crate::entropy;

/// One run of a flow.
pub(super) struct FlowRun {
    pub(super) runner: RunnerSettings,
    pub(super) journal: Option<Journal>,
    id: String,
    seed: [u8; 16],
    /// The values of `$secrets`.
    pub(super) secrets: Mutex<Arc<Redactor>>,
    /// The accounts that the journal has.
    pub(super) accounts: Mutex<HashSet<(String, [u8; 32])>>,
    /// The flows that nobody waits for, and were not begun yet.
    detached: Mutex<Vec<(Inner, Busy)>>,
    /// Rings when there is one.
    bell: Notify,
}

/// A flow that another one runs.
pub(super) struct Inner {
    /// The name of the step.
    pub(super) name: String,
    pub(super) flow: SubFlow,
    /// The seed of the flow that runs it, and how many are above that.
    pub(super) seed: [u8; 16],
    pub(super) level: usize,
}

impl FlowRun {
    /// A run of a flow; with a journal, the one in it.
    pub(super) async fn begin(
        runner: RunnerSettings,
        flow: &Flow,
        input: &Value,
        journal: Option<Journal>,
    ) -> Result<Arc<FlowRun>, Error> {
        let bytes: [u8; 32] = match runner.seed {
            Some(seed) => seed,
            None => entropy::random(&*runner.host.renewer().entropy)?,
        };
        let (mut seed, mut run_id) = ([0; 16], [0; 16]);
        seed.copy_from_slice(&bytes[..16]);
        run_id.copy_from_slice(&bytes[16..]);
        let mut id = hex::encode(run_id);
        if let Some(journal) = &journal {
            (id, seed) = journal.begin(flow, input, id, seed).await?;
        }
        let (secrets, accounts, detached, bell) = Default::default();
        Ok(Arc::new(FlowRun { runner, journal, id, seed, secrets, accounts, detached, bell }))
    }

    /// Runs the flow to its end.
    pub(super) async fn run(
        self: Arc<FlowRun>,
        flow: &Flow,
        input: Value,
        unfinished: Unfinished,
    ) -> Result<Value, Error> {
        let flow = Arc::new(flow.clone());
        if self.journal.is_some() {
            for inner in self.runner.reachable(&flow) {
                self.check_cards(&inner)?;
            }
        }
        let mut main = self.restore(Arc::from(""), Arc::clone(&flow), input, self.seed, 0).await?;
        let mut others = self.restore_detached().await?;
        let busy = self.runner.timer.busy();
        if let Some(journal) = &self.journal {
            let sent = journal.sent().await?;
            let in_doubt = |step: &str| sent.contains(step);
            let decisions = journal.decisions();
            let mut unused: BTreeSet<&String> = decisions.keys().collect();
            let mut decide = |step: &str| match decisions.get_key_value(step) {
                Some((step, decision)) => {
                    unused.remove(step);
                    decision.clone()
                }
                None => unfinished.clone(),
            };
            let mut steps = main.decide(&in_doubt, &mut decide);
            for (other, _) in &mut others {
                steps.extend(other.decide(&in_doubt, &mut decide));
            }
            if let Some(step) = unused.first() {
                return Err(RunFault::NotInDoubt { step: (*step).clone(), in_doubt: steps }.into());
            }
            if !steps.is_empty() {
                return Err(RunFault::InDoubt { steps }.into());
            }
            if main.run.outcome().is_none() {
                journal.goes_on().await?;
            }
        }
        let mut aside = JoinSet::new();
        for (other, busy) in others {
            aside.spawn(Arc::clone(&self).drive(other, busy));
        }
        let mut driven = std::pin::pin!(Arc::clone(&self).drive(main, busy));
        let (outcome, busy) = loop {
            self.spawn_detached(&mut aside).await?;
            tokio::select! {
                driven = &mut driven => break driven,
                () = self.bell.notified() => {}
                Some(joined) = aside.join_next() => let_go(joined)?,
            }
        };
        // What the flow has let go is not cut off.
        self.spawn_detached(&mut aside).await?;
        drop(busy);
        while let Some(joined) = aside.join_next().await {
            let_go(joined)?;
            self.spawn_detached(&mut aside).await?;
        }
        let outcome = match outcome {
            Ok(given) => Ok(given.into_value()),
            Err(Ended::Stop(error)) => return Err(error),
            Err(Ended::Interrupted) => {
                return Err(RunFault::Interrupted { journaled: self.journal.is_some() }.into());
            }
            Err(Ended::Problem(problem)) => Err(self.shown_problem(problem).to_error(&flow.file)),
        };
        if let Some(journal) = &self.journal {
            journal.ended(outcome.as_ref().err(), self.runner.timer.now_ms()).await?;
        }
        outcome
    }

    async fn spawn_detached(self: &Arc<FlowRun>, aside: &mut JoinSet<Driven>) -> Result<(), Error> {
        for (run, busy) in self.restore_detached().await? {
            aside.spawn(Arc::clone(self).drive(run, busy));
        }
        Ok(())
    }

    /// The flows that were let go since it was last asked.
    async fn restore_detached(self: &Arc<FlowRun>) -> Result<Vec<(OpenRun, Busy)>, Error> {
        let waiting = |flow_run: &FlowRun| {
            let mut held = flow_run.detached.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *held)
        };
        let mut runs = Vec::new();
        loop {
            let taken = waiting(self);
            if taken.is_empty() {
                return Ok(runs);
            }
            for (inner, busy) in taken {
                match self.restore_inner(inner).await {
                    Ok(run) => runs.push((run, busy)),
                    Err(Ended::Stop(error)) => return Err(error),
                    Err(Ended::Interrupted) => return Ok(runs),
                    Err(Ended::Problem(problem)) => {
                        tracing::warn!(title = ?problem.title, "a flow that nobody waits for cannot run");
                    }
                }
            }
        }
    }

    /// A run at its beginning, or where its journal has left it.
    fn restore(
        self: &Arc<FlowRun>,
        name: Arc<str>,
        flow: Arc<Flow>,
        input: Value,
        seed: [u8; 16],
        level: usize,
    ) -> BoxRun<Result<OpenRun, Error>> {
        let flow_run = Arc::clone(self);
        Box::pin(async move {
            flow_run.check_cards(&flow)?;
            let (secrets, masked) = flow_run.secrets_of(&flow).await?;
            let masked = Arc::new(masked);
            let options = Options {
                id: format!("{}{name}", flow_run.id),
                secrets,
                seed,
                max_tasks: flow_run.runner.max_tasks,
                expression_limits: flow_run.runner.expression_limits,
                events: flow_run.runner.watcher.is_some(),
            };
            let Some(journal) = &flow_run.journal else {
                let run = Run::new(Arc::clone(&flow.document), input, options);
                return Ok(OpenRun::new(name, flow, run, seed, level));
            };
            let begin = || {
                let document = Arc::clone(&flow.document);
                let run = Run::new(document, input.clone(), options.clone());
                let mut open = OpenRun::new(Arc::clone(&name), Arc::clone(&flow), run, seed, level);
                open.secrets = Arc::clone(&masked);
                open
            };
            let done = |call: &CardCall| flow_run.learn_inputs(call);
            let now_ms = flow_run.runner.timer.now_ms();
            let mut open = journal.resume(&begin, &done, now_ms).await?;
            // What happened before is not told again.
            open.run.take_events();
            let flows: Vec<(StepId, SubFlow)> = open
                .open
                .iter()
                .filter_map(|(id, action)| match action {
                    Action::Workflow(flow) => Some((id.clone(), (**flow).clone())),
                    _ => None,
                })
                .collect();
            for (id, flow) in flows {
                let name = open.full_name(&id);
                let inner = Inner { name, flow, seed, level };
                if inner.flow.is_detached {
                    open.open.remove(&id);
                    flow_run.detach(inner);
                } else if journal.has(&inner.name).await? {
                    match flow_run.restore_inner(inner).await {
                        Ok(inner) => drop(open.inner.insert(id, inner)),
                        Err(Ended::Stop(error)) => return Err(error),
                        // It ends the same way when it is begun again.
                        Err(Ended::Problem(_) | Ended::Interrupted) => {}
                    }
                }
            }
            Ok(open)
        })
    }

    /// A flow that another one runs.
    pub(super) fn restore_inner(
        self: &Arc<FlowRun>,
        inner: Inner,
    ) -> BoxRun<Result<OpenRun, Ended>> {
        let flow_run = Arc::clone(self);
        Box::pin(async move {
            let Inner { name, flow, seed, level } = inner;
            if level >= MAX_FLOWS_DEEP {
                let max = MAX_FLOWS_DEEP as u64;
                return Err(Ended::Stop(FlowFault::Limit { of: Limited::Flows, max }.into()));
            }
            let found = Arc::new(flow_run.find(&flow)?);
            let seed = inner_seed(&seed, &flow.operation);
            let run = flow_run.restore(Arc::from(name), found, flow.input, seed, level + 1);
            run.await.map_err(Ended::Stop)
        })
    }

    fn find(&self, wanted: &SubFlow) -> Result<Flow, Problem> {
        let name = format!("{}/{}", wanted.namespace, wanted.name);
        let refused = |fault: FlowFault| {
            let error = Error::from(fault);
            let title = error.message();
            Problem::new(Standard::Configuration, &title, "").with_code(error.code())
        };
        let found = match &self.runner.source {
            Some(source) => source
                .flow(&wanted.namespace, &wanted.name, &wanted.version)
                .map_err(|reason| refused(FlowFault::Invalid { name: name.clone(), reason }))?,
            None => None,
        };
        let Some((file, text)) = found else {
            let name = match wanted.version.as_str() {
                "latest" => name,
                version => format!("{name}:{version}"),
            };
            return Err(refused(FlowFault::Unknown { name, nearest: None }));
        };
        Flow::load(&file, &text).map_err(|findings| {
            let said = findings.first().map_or("", |finding| finding.message());
            refused(FlowFault::Invalid { name, reason: format!("{file}: {said}") })
        })
    }

    pub(super) fn detach(&self, inner: Inner) {
        let let_go = (inner, self.runner.timer.busy());
        self.detached.lock().unwrap_or_else(PoisonError::into_inner).push(let_go);
        self.bell.notify_one();
    }
}

/// Says what came of a flow that nobody waits for. What stops it stops the whole run: it is no error of the flow.
fn let_go(joined: Result<Driven, JoinError>) -> Result<(), Error> {
    match joined.map(|(outcome, _)| outcome) {
        Ok(Err(Ended::Problem(problem))) => {
            tracing::warn!(title = ?problem.title, "a flow that nobody waits for failed");
        }
        Ok(Err(Ended::Stop(error))) => {
            tracing::warn!(code = error.code().as_str(), "a flow that nobody waits for stopped");
            return Err(error);
        }
        Ok(Ok(_) | Err(Ended::Interrupted)) | Err(_) => {}
    }
    Ok(())
}
