//! A run is driven: its steps are begun, waited for and given back to it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cardhost_core::error::Internal;
use cardhost_core::failure::Error;
use cardhost_flow::{Action, Event, Happened, Problem, Step, StepId, WaitReason};
use serde_json::Value;
use tokio::task::{AbortHandle, JoinError, JoinSet};

use super::Busy;
use super::asked::{Asked, asked};
use super::flow_run::{FlowRun, Inner};
use super::open::{OpenRun, Over};
use super::outcome::{BoxRun, Driven, Ended, Given, Outcome};
use super::watch::{News, What};
use crate::shutdown::Shutdown;

/// A step, and what came of it; under way until that is taken.
type Done = (StepId, Outcome, Busy);

/// What a run is doing.
#[derive(Default)]
struct UnderWay {
    tasks: JoinSet<Done>,
    handles: HashMap<StepId, AbortHandle>,
    waits: BTreeSet<(i64, StepId)>,
    /// What is over and not in the journal yet.
    over: Vec<Over>,
    /// What the steps under way were asked to do, where a journal keeps it.
    asked: HashMap<StepId, Asked>,
    keeps: bool,
    /// The host is shut down: no further step begins.
    is_draining: bool,
    /// When the tasks began that are not over, and what their steps gave; only where somebody watches.
    started: HashMap<String, i64>,
    outputs: HashMap<String, Value>,
}

impl FlowRun {
    /// Drives a run to its end. It is busy but where it waits.
    pub(super) fn drive(self: Arc<FlowRun>, open: OpenRun, mut busy: Busy) -> BoxRun<Driven> {
        Box::pin(async move { (self.turns(open, &mut busy).await, busy) })
    }

    async fn turns(self: Arc<FlowRun>, mut open: OpenRun, busy: &mut Busy) -> Outcome {
        let mut under_way = UnderWay { keeps: self.journal.is_some(), ..UnderWay::default() };
        let was_over = open.run.outcome().is_some();
        let mut is_new = open.is_new;
        let goes_on = open.over > 0 || !open.again.is_empty();
        if goes_on && open.run.outcome().is_none() {
            let again = open.again.clone();
            self.tell(&open, "", What::Resumed { steps: open.over, again });
        }
        for (id, outcome) in std::mem::take(&mut open.decided) {
            under_way.complete(&mut open, id, outcome);
        }
        for (id, action) in std::mem::take(&mut open.open) {
            if let Action::Wait { until_ms, .. } = action {
                // It began before, and was told then.
                under_way.asked.insert(id.clone(), asked(&action, &open.secrets));
                under_way.waits.insert((until_ms, id));
                continue;
            }
            self.start(&mut open, &mut under_way, id, action);
        }
        loop {
            if open.run.outcome().is_some() {
                break;
            }
            let now = self.runner.timer.now_ms();
            if let Some(journal) = &self.journal {
                // What is over is kept before anything follows from it.
                let over = std::mem::take(&mut under_way.over);
                journal.turn(&open.name, now, over).await.map_err(Ended::Stop)?;
            }
            if std::mem::take(&mut is_new) {
                self.tell(&open, "", What::Began);
            }
            under_way.is_draining |= self.shutdown().is_some_and(Shutdown::has_begun);
            if under_way.is_draining {
                match under_way.tasks.join_next().await {
                    Some(joined) => self.take(&mut open, &mut under_way, joined)?,
                    None => return Err(Ended::Interrupted),
                }
                continue;
            }
            let steps = open.run.steps(now);
            self.tell_events(&mut open, &mut under_way);
            for step in steps {
                match step {
                    Step::Cancel(id) => under_way.give_up(&id),
                    Step::Start { id, action, .. } => {
                        self.start(&mut open, &mut under_way, id, action);
                    }
                }
            }
            if open.run.outcome().is_some() {
                continue;
            }
            if open.run.has_more() {
                tokio::task::yield_now().await;
            } else {
                self.wait(&mut open, &mut under_way, busy).await?;
            }
            // What is over by now is taken together.
            while let Some(joined) = under_way.tasks.try_join_next() {
                self.take(&mut open, &mut under_way, joined)?;
            }
            let now = self.runner.timer.now_ms();
            while under_way.waits.first().is_some_and(|(at, _)| *at <= now) {
                if let Some((_, id)) = under_way.waits.pop_first() {
                    under_way.complete(&mut open, id, Ok(Value::Null));
                }
            }
        }
        if !was_over {
            self.tell_outcome(&open);
        }
        match open.run.into_outcome() {
            Some(Ok(output)) => Ok(Given::Value(output)),
            Some(Err(problem)) => Err(Ended::Problem(open.flow.located(problem, &open.name))),
            None => {
                let what = "a flow ended without an outcome";
                Err(Ended::Stop(Error::from(Internal { what })))
            }
        }
    }

    /// Waits until something is over.
    async fn wait(
        &self,
        open: &mut OpenRun,
        under_way: &mut UnderWay,
        busy: &mut Busy,
    ) -> Result<(), Ended> {
        let timer = &self.runner.timer;
        let sleep = under_way.waits.first().map(|(at, _)| timer.until(*at));
        *busy = Busy::default();
        if under_way.tasks.is_empty() && sleep.is_none() {
            let what = "a flow waits for nothing";
            return Err(Ended::Stop(Error::from(Internal { what })));
        }
        let woken = async {
            match sleep {
                Some(sleep) => sleep.await,
                None => std::future::pending().await,
            }
        };
        let ending = async {
            match self.shutdown() {
                Some(shutdown) => shutdown.begun().await,
                None => std::future::pending().await,
            }
        };
        let joined = tokio::select! {
            biased;
            Some(joined) = under_way.tasks.join_next() => Some(joined),
            woken = woken => {
                *busy = woken;
                None
            }
            () = ending => None,
        };
        if joined.is_some() {
            *busy = timer.busy();
        }
        match joined {
            Some(joined) => self.take(open, under_way, joined),
            None => Ok(()),
        }
    }

    /// Takes what came of a step.
    fn take(
        &self,
        open: &mut OpenRun,
        under_way: &mut UnderWay,
        joined: Result<Done, JoinError>,
    ) -> Result<(), Ended> {
        // It counts as under way until the run knows what came of it.
        let (id, outcome, _busy) = match joined {
            Ok(over) => over,
            // It was given up.
            Err(error) if error.is_cancelled() => return Ok(()),
            Err(_) => {
                let what = "a step of a flow panicked";
                return Err(Ended::Stop(Error::from(Internal { what })));
            }
        };
        under_way.handles.remove(&id);
        let outcome = match outcome {
            Ok(Given::Value(value)) => Ok(value),
            Ok(Given::Output(output)) => {
                open.run.complete_with_output(id, output);
                return Ok(());
            }
            Err(Ended::Problem(problem)) => Err(problem),
            Err(Ended::Interrupted) => {
                under_way.is_draining = true;
                return Ok(());
            }
            Err(stop @ Ended::Stop(_)) => return Err(stop),
        };
        if self.runner.watcher.is_some()
            && let Ok(value) = &outcome
        {
            under_way.outputs.insert(id.to_string(), self.shown(value.clone()));
        }
        under_way.complete(open, id, outcome);
        Ok(())
    }

    /// Begins a step.
    fn start(
        self: &Arc<FlowRun>,
        open: &mut OpenRun,
        under_way: &mut UnderWay,
        id: StepId,
        action: Action,
    ) {
        let name = open.full_name(&id);
        let flow_run = Arc::clone(self);
        let flow = Arc::clone(&open.flow);
        let busy = self.runner.timer.busy();
        if under_way.keeps {
            under_way.asked.insert(id.clone(), asked(&action, &open.secrets));
        }
        let future: BoxRun<Driven> = match action {
            Action::Wait { until_ms, reason } => {
                if reason == WaitReason::Task {
                    self.tell(open, id.as_str(), What::Waiting { until_ms });
                }
                under_way.waits.insert((until_ms, id));
                return;
            }
            Action::Emit(event) => {
                let event = self.shown(event);
                self.tell(open, id.as_str(), What::Emitted(event));
                return under_way.complete(open, id, Ok(Value::Null));
            }
            Action::Workflow(sub) => {
                let inner = Inner { name, flow: *sub, seed: open.seed, level: open.level };
                if inner.flow.is_detached {
                    return self.detach(inner);
                }
                let restored = open.inner.remove(&id);
                Box::pin(async move {
                    let run = match restored {
                        Some(run) => Ok(run),
                        None => flow_run.restore_inner(inner).await,
                    };
                    match run {
                        Ok(run) => flow_run.drive(run, busy).await,
                        Err(ended) => (Err(ended), busy),
                    }
                })
            }
            Action::Card(call) => {
                let seed = open.seed;
                Box::pin(async move { (flow_run.card(&flow, name, *call, &seed).await, busy) })
            }
            Action::Http(request) => {
                Box::pin(async move { (flow_run.http(&flow, name, *request).await, busy) })
            }
        };
        let step = id.clone();
        let handle = under_way.tasks.spawn(async move {
            let (outcome, busy) = future.await;
            (step, outcome, busy)
        });
        under_way.handles.insert(id, handle);
    }

    fn shutdown(&self) -> Option<&Shutdown> {
        self.runner.host.shutdown()
    }

    fn tell(&self, open: &OpenRun, step: &str, what: What) {
        let Some(watcher) = &self.runner.watcher else { return };
        let name = step.rsplit('/').next().unwrap_or_default().to_owned();
        let (flow, step) = (open.flow.name(), format!("{}{step}", open.name));
        watcher.tell(&News { at_ms: self.runner.timer.now_ms(), flow, step, name, what });
    }

    fn tell_outcome(&self, open: &OpenRun) {
        let Some(watcher) = &self.runner.watcher else { return };
        let what = match open.run.outcome() {
            Some(Ok(output)) => {
                let output = watcher.wants_outputs().then(|| self.shown(output.clone()));
                What::Ended { output }
            }
            Some(Err(problem)) => What::Failed(self.shown_problem(problem.clone())),
            None => return,
        };
        self.tell(open, "", what);
    }

    fn tell_events(&self, open: &mut OpenRun, under_way: &mut UnderWay) {
        let Some(watcher) = &self.runner.watcher else { return };
        let flow = open.flow.name();
        for Event { id, name, what: happened, at_ms, .. } in open.run.take_events() {
            let started_ms = match &happened {
                Happened::Started => {
                    under_way.started.insert(id.clone(), at_ms);
                    at_ms
                }
                Happened::Skipped | Happened::Retrying { .. } => {
                    under_way.started.get(&id).copied().unwrap_or(at_ms)
                }
                _ => under_way.started.remove(&id).unwrap_or(at_ms),
            };
            let output = under_way.outputs.remove(&id);
            let (given, case) = match &happened {
                Happened::Completed { output, case } => {
                    let given = watcher.wants_outputs().then(|| self.shown(Value::from(output)));
                    (given, case.clone())
                }
                _ => (None, None),
            };
            let happened = self.shown_event(happened);
            let what = What::Task { happened, started_ms, output, given, case };
            let step = format!("{}{id}", open.name);
            watcher.tell(&News { at_ms, flow: flow.clone(), step, name, what });
        }
    }
}

impl UnderWay {
    fn give_up(&mut self, id: &StepId) {
        if let Some(handle) = self.handles.remove(id) {
            handle.abort();
        }
        self.waits.retain(|(_, waiting)| waiting != id);
        self.asked.remove(id);
    }

    /// Tells the run what came of a step, and keeps it for the journal.
    fn complete(&mut self, open: &mut OpenRun, id: StepId, outcome: Result<Value, Problem>) {
        if !self.keeps {
            open.run.complete(id, outcome);
        } else {
            let asked = self.asked.remove(&id);
            if open.run.complete(id.clone(), outcome.clone()) {
                self.over.push(Over { step: id, asked, outcome });
            }
        }
    }
}
