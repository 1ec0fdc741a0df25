//! One run of a flow, with the flows that it runs.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use super::fault::RunFault;
use cardhost_core::error::Class;
use cardhost_core::error::Internal;
use cardhost_core::failure::Error;
use cardhost_core::response::Output;
use cardhost_core::secret::{MASK, Redactor, Secret};
use cardhost_flow::datum::Datum;
use cardhost_flow::{
    Action, Event, Happened, Options, Problem, Run, Standard, Step, StepId, SubFlow, inner_seed,
};
use cardhost_flow::{FlowFault, Limited};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinError, JoinSet};

use super::open::{OpenRun, Unfinished};
use super::runner::{FlowRunner, MAX_FLOWS_DEEP};
use super::watch::{News, What};
use super::{Busy, Flow, Journal};
use crate::entropy;

/// Most secrets that are looked for in what is told. Beyond, nothing that could hold one is told.
const MOST_KNOWN: usize = 512;

/// Why a step or a flow gave no output.
#[derive(Debug)]
pub(super) enum Ended {
    /// The flow may catch it.
    Problem(Problem),
    /// The whole run ends.
    Stop(Error),
}

impl Given {
    fn into_value(self) -> Value {
        match self {
            Given::Value(value) => value,
            Given::Output(output) => output.to_value().unwrap_or_default(),
        }
    }
}

impl From<Problem> for Ended {
    fn from(problem: Problem) -> Ended {
        Ended::Problem(problem)
    }
}

/// The error of a card: what a replay has against a run ends it, whatever it catches.
impl From<Error> for Ended {
    fn from(error: Error) -> Ended {
        match error.class() {
            Class::Test => Ended::Stop(error),
            _ => Ended::Problem(Problem::from(&error)),
        }
    }
}

/// What a step gave.
pub(super) enum Given {
    Value(Value),
    /// Of a card, not looked into.
    Output(Output),
}

type Outcome = Result<Given, Ended>;
type BoxRun<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// One run of a flow.
pub(super) struct Session {
    pub(super) runner: FlowRunner,
    pub(super) journal: Option<Journal>,
    id: String,
    seed: [u8; 16],
    /// The values of `$secrets`.
    pub(super) secrets: Mutex<Arc<Redactor>>,
    /// The flows that nobody waits for, and were not begun yet.
    detached: Mutex<Vec<(Inner, Busy)>>,
    /// Rings when there is one.
    bell: Notify,
}

/// A flow that another one runs.
struct Inner {
    /// The name of the step.
    name: String,
    flow: SubFlow,
    /// The seed of the flow that runs it, and how many are above that.
    seed: [u8; 16],
    level: usize,
}

/// A step, and what came of it; under way until that is taken.
type Over = (StepId, Outcome, Busy);

/// What came of a flow; under way until that is taken.
type Driven = (Outcome, Busy);

/// What a run is doing.
#[derive(Default)]
struct UnderWay {
    tasks: JoinSet<Over>,
    handles: HashMap<StepId, AbortHandle>,
    waits: BTreeSet<(i64, StepId)>,
    /// What is over and not in the journal yet.
    over: Vec<(StepId, Result<Value, Problem>)>,
    keeps: bool,
    /// When the tasks began that are not over, and what their steps gave; only where somebody watches.
    started: HashMap<String, i64>,
    outputs: HashMap<String, Value>,
}

impl Session {
    /// A session for a flow; with a journal, that of the run in it.
    pub(super) async fn begin(
        runner: FlowRunner,
        flow: &Flow,
        input: &Value,
        journal: Option<Journal>,
    ) -> Result<Arc<Session>, Error> {
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
        let (secrets, detached, bell) = Default::default();
        Ok(Arc::new(Session { runner, journal, id, seed, secrets, detached, bell }))
    }

    /// Runs the flow to its end.
    pub(super) async fn run(
        self: Arc<Session>,
        flow: &Flow,
        input: Value,
        unfinished: Unfinished,
    ) -> Result<Value, Error> {
        let flow = Arc::new(flow.clone());
        let mut main = self.restore(Arc::from(""), Arc::clone(&flow), input, self.seed, 0).await?;
        let mut others = self.restore_detached().await?;
        let busy = self.runner.timer.busy();
        if let Some(journal) = &self.journal {
            let sent = journal.sent().await?;
            let in_doubt = |step: &str| sent.contains(step);
            main.decide(&in_doubt, &unfinished)?;
            for (other, _) in &mut others {
                other.decide(&in_doubt, &unfinished)?;
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
                Some(joined) = aside.join_next() => let_go(joined),
            }
        };
        // What the flow has let go is not cut off.
        self.spawn_detached(&mut aside).await?;
        drop(busy);
        while let Some(joined) = aside.join_next().await {
            let_go(joined);
            self.spawn_detached(&mut aside).await?;
        }
        outcome.map(Given::into_value).map_err(|ended| match ended {
            Ended::Stop(error) => error,
            Ended::Problem(problem) => self.shown_problem(problem).to_error(&flow.file),
        })
    }

    async fn spawn_detached(self: &Arc<Session>, aside: &mut JoinSet<Driven>) -> Result<(), Error> {
        for (run, busy) in self.restore_detached().await? {
            aside.spawn(Arc::clone(self).drive(run, busy));
        }
        Ok(())
    }

    /// The flows that were let go since it was last asked.
    async fn restore_detached(self: &Arc<Session>) -> Result<Vec<(OpenRun, Busy)>, Error> {
        let waiting = |session: &Session| {
            let mut held = session.detached.lock().unwrap_or_else(PoisonError::into_inner);
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
                    Err(Ended::Problem(problem)) => {
                        tracing::warn!(title = ?problem.title, "a flow that nobody waits for cannot run");
                    }
                }
            }
        }
    }

    /// A run at its beginning, or where its journal has left it.
    fn restore(
        self: &Arc<Session>,
        name: Arc<str>,
        flow: Arc<Flow>,
        input: Value,
        seed: [u8; 16],
        level: usize,
    ) -> BoxRun<Result<OpenRun, Error>> {
        let session = Arc::clone(self);
        Box::pin(async move {
            session.check_cards(&flow)?;
            let secrets = session.secrets_of(&flow).await?;
            let options = Options {
                id: format!("{}{name}", session.id),
                secrets,
                seed,
                max_tasks: session.runner.max_tasks,
                events: session.runner.watcher.is_some(),
                ..Options::default()
            };
            let run = Run::new(Arc::clone(&flow.document), input, options);
            let mut open = OpenRun::new(name, flow, run, seed, level);
            let Some(journal) = &session.journal else { return Ok(open) };
            journal.flow(&open.name, &open.flow).await?;
            journal.replay(&mut open).await?;
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
                    session.detach(inner);
                } else if journal.has(&inner.name).await? {
                    match session.restore_inner(inner).await {
                        Ok(inner) => drop(open.inner.insert(id, inner)),
                        Err(Ended::Stop(error)) => return Err(error),
                        // It ends the same way when it is begun again.
                        Err(Ended::Problem(_)) => {}
                    }
                }
            }
            Ok(open)
        })
    }

    /// A flow that another one runs.
    fn restore_inner(self: &Arc<Session>, inner: Inner) -> BoxRun<Result<OpenRun, Ended>> {
        let session = Arc::clone(self);
        Box::pin(async move {
            let Inner { name, flow, seed, level } = inner;
            if level >= MAX_FLOWS_DEEP {
                let max = MAX_FLOWS_DEEP as u64;
                return Err(Ended::Stop(FlowFault::Limit { of: Limited::Flows, max }.into()));
            }
            let found = Arc::new(session.find(&flow)?);
            let seed = inner_seed(&seed, &flow.operation);
            let run = session.restore(Arc::from(name), found, flow.input, seed, level + 1);
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
            let said = findings.first().map(|finding| finding.message()).unwrap_or_default();
            refused(FlowFault::Invalid { name, reason: format!("{file}: {said}") })
        })
    }

    fn detach(&self, inner: Inner) {
        let let_go = (inner, self.runner.timer.busy());
        self.detached.lock().unwrap_or_else(PoisonError::into_inner).push(let_go);
        self.bell.notify_one();
    }

    /// `$secrets` of a flow. They are masked in what is told and kept.
    async fn secrets_of(&self, flow: &Flow) -> Result<Datum, Error> {
        let mut entries = Vec::new();
        for name in &flow.document.secrets {
            let unknown = || Error::from(RunFault::UnknownSecret { name: name.clone() });
            let found = match &self.runner.secrets {
                Some(secrets) => secrets
                    .secret(name)
                    .await
                    .map_err(|reason| Error::from(RunFault::UnreadableSecret { reason }))?,
                None => None,
            };
            let value = found.ok_or_else(unknown)?;
            let mut texts = Vec::new();
            each_text(&value, &mut |text| texts.push(Secret::from(text)));
            let mut known = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
            *known = Arc::new(known.with(texts));
            entries.push((name.as_str(), Datum::from(value)));
        }
        Ok(Datum::object(entries))
    }

    /// Masks from now on what a call has masked, wherever the flow repeats it.
    pub(super) fn learn(&self, redactor: &Redactor) {
        let mut known = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN || known.covers(redactor) {
            return;
        }
        let mut wider = known.with([]);
        wider.learn(redactor);
        *known = Arc::new(wider);
    }

    /// A value as it is told.
    pub(super) fn shown(&self, value: Value) -> Value {
        let known = self.known_secrets();
        if known.len() >= MOST_KNOWN {
            return Value::from(MASK);
        }
        known.redact_value(value)
    }

    /// A problem as it is told: an expression or a service may have put into it what must not be shown.
    fn shown_problem(&self, problem: Problem) -> Problem {
        let known = self.known_secrets();
        let masked = |text: Option<Box<str>>| match text {
            Some(_) if known.len() >= MOST_KNOWN => Some(Box::from(MASK)),
            text => text.map(|text| known.redact(&text).into()),
        };
        Problem {
            title: masked(problem.title),
            detail: masked(problem.detail),
            instance: masked(problem.instance),
            ..problem
        }
    }

    /// What happened, as it is told.
    fn shown_event(&self, happened: Happened) -> Happened {
        match happened {
            Happened::Retrying { at_ms, problem } => {
                Happened::Retrying { at_ms, problem: self.shown_problem(problem) }
            }
            Happened::Faulted(problem) => Happened::Faulted(self.shown_problem(problem)),
            other => other,
        }
    }

    pub(super) fn known_secrets(&self) -> Arc<Redactor> {
        Arc::clone(&self.secrets.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Drives a run to its end. It is busy but where it waits.
    pub(super) fn drive(self: Arc<Session>, open: OpenRun, mut busy: Busy) -> BoxRun<Driven> {
        Box::pin(async move { (self.turns(open, &mut busy).await, busy) })
    }

    async fn turns(self: Arc<Session>, mut open: OpenRun, busy: &mut Busy) -> Outcome {
        let mut under_way = UnderWay { keeps: self.journal.is_some(), ..UnderWay::default() };
        if open.over > 0 && open.run.outcome().is_none() {
            self.tell(&open, "", What::Resumed { steps: open.over });
        }
        for (id, outcome) in std::mem::take(&mut open.decided) {
            under_way.complete(&mut open, id, outcome);
        }
        for (id, action) in std::mem::take(&mut open.open) {
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
        match open.run.into_outcome() {
            Some(outcome) => outcome.map(Given::Value).map_err(Ended::Problem),
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
        let joined = match (under_way.tasks.is_empty(), sleep) {
            (true, None) => {
                let what = "a flow waits for nothing";
                return Err(Ended::Stop(Error::from(Internal { what })));
            }
            (true, Some(sleep)) => {
                *busy = sleep.await;
                None
            }
            (false, None) => under_way.tasks.join_next().await,
            (false, Some(sleep)) => tokio::select! {
                biased;
                joined = under_way.tasks.join_next() => joined,
                woken = sleep => {
                    *busy = woken;
                    None
                }
            },
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
        joined: Result<Over, JoinError>,
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
        self: &Arc<Session>,
        open: &mut OpenRun,
        under_way: &mut UnderWay,
        id: StepId,
        action: Action,
    ) {
        let name = open.full_name(&id);
        let session = Arc::clone(self);
        let flow = Arc::clone(&open.flow);
        let busy = self.runner.timer.busy();
        let future: BoxRun<Driven> = match action {
            Action::Wait { until_ms, .. } => {
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
                        None => session.restore_inner(inner).await,
                    };
                    match run {
                        Ok(run) => session.drive(run, busy).await,
                        Err(ended) => (Err(ended), busy),
                    }
                })
            }
            Action::Card(call) => {
                let seed = open.seed;
                Box::pin(async move { (session.card(&flow, name, *call, &seed).await, busy) })
            }
            Action::Http(request) => {
                Box::pin(async move { (session.http(&flow, name, *request).await, busy) })
            }
        };
        let step = id.clone();
        let handle = under_way.tasks.spawn(async move {
            let (outcome, busy) = future.await;
            (step, outcome, busy)
        });
        under_way.handles.insert(id, handle);
    }

    fn tell(&self, open: &OpenRun, step: &str, what: What) {
        let Some(watcher) = &self.runner.watcher else { return };
        let name = step.rsplit('/').next().unwrap_or_default().to_owned();
        let (flow, step) = (open.flow.name(), format!("{}{step}", open.name));
        watcher.tell(&News { at_ms: self.runner.timer.now_ms(), flow, step, name, what });
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
            let happened = self.shown_event(happened);
            let what = What::Task { happened, started_ms, output };
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
    }

    /// Tells the run what came of a step, and keeps it for the journal.
    fn complete(&mut self, open: &mut OpenRun, id: StepId, outcome: Result<Value, Problem>) {
        if !self.keeps {
            open.run.complete(id, outcome);
        } else if open.run.complete(id.clone(), outcome.clone()) {
            self.over.push((id, outcome));
        }
    }
}

/// Says what came of a flow that nobody waits for.
fn let_go(joined: Result<Driven, JoinError>) {
    match joined.map(|(outcome, _)| outcome) {
        Ok(Err(Ended::Problem(problem))) => {
            tracing::warn!(title = ?problem.title, "a flow that nobody waits for failed");
        }
        Ok(Err(Ended::Stop(error))) => {
            tracing::warn!(code = error.code().as_str(), "a flow that nobody waits for stopped");
        }
        Ok(Ok(_)) | Err(_) => {}
    }
}

/// Every text and number of a value.
fn each_text(value: &Value, take: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => take(text),
        Value::Number(number) => take(number.as_str()),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, take)),
        Value::Object(map) => map.values().for_each(|value| each_text(value, take)),
        Value::Null | Value::Bool(_) => {}
    }
}
