//! The transitions: begin a task, leave it, go up with an output or a problem, give up.

use std::sync::Arc;

use serde_json::Value;

use super::data::Data;
use super::duration::milliseconds;
use super::event::{Event, Happened};
use super::frame::{Active, Ending, Frame, FrameId, Name, State, Tasks};
use super::limits::{MAX_FRAMES, MAX_LEVELS};
use super::purpose::Purpose;
use super::run::Run;
use super::scope::{View, moment};
use super::step::{Action, Step, StepId, WaitReason};
use super::work::Work;
use crate::datum::Datum;
use crate::document::TaskId;
use crate::document::parts::{Duration, Input, Output};
use crate::document::task::Kind;
use crate::document::then::Then;
use crate::expression::{Expression, Shaped};
use crate::problem::{Problem, Standard};
use cardhost_core::error::{Code, push_pointer};

impl Run {
    pub(super) fn begin_run(&mut self, input: Datum) {
        let document = Arc::clone(&self.document);
        self.shared.workflow = Datum::object([
            ("id", Datum::text(&self.options.id)),
            ("definition", document.definition().clone()),
            ("input", input.clone()),
            ("startedAt", moment(self.shared.now_ms)),
        ]);
        if let Some(duration) = &document.timeout {
            let input = Data::from(input.clone());
            let view = self.top_view(&input);
            match milliseconds(duration, &input, &view) {
                Ok(length) => {
                    let id = StepId::new("/timeout");
                    self.timer = Some(id.clone());
                    self.wait(id, "", length, WaitReason::Timeout, None, Purpose::RunTimeout);
                }
                Err(problem) => return self.end(Err(problem.at("/timeout"))),
            }
        }
        let input = match self.taken(&document.input, &input.into(), None) {
            Ok(input) => input,
            Err(problem) => return self.end(Err(problem.at("/input"))),
        };
        self.shared.context = Datum::clone(&input);
        let frame = Frame {
            parent: None,
            tasks: Tasks::List(document.root),
            path: Name::root("/do"),
            level: 0,
            position: 0,
            data: input,
            variables: Arc::default(),
            visits: Default::default(),
            furthest: 0,
            active: None,
        };
        let root = self.frames.insert(frame);
        self.work.push_back(Work::Begin(root));
    }

    /// Does all there is to do, until so many tasks are begun.
    pub(super) fn advance(&mut self, last: u64) {
        while self.tasks_begun < last
            && let Some(work) = self.work.pop_front()
        {
            if self.outcome.is_some() {
                self.work.clear();
                return;
            }
            match work {
                Work::Begin(frame) => self.begin(frame),
                Work::Leave(frame, Ending::Output(output), then) => {
                    self.leave(frame, output, then);
                }
                Work::Leave(frame, Ending::Problem(problem), _) => self.fault(frame, problem),
                Work::Child(frame, slot, ending) => self.child_ended(frame, slot, ending),
            }
        }
    }

    fn begin(&mut self, id: FrameId) {
        let document = Arc::clone(&self.document);
        let Some(frame) = self.frames.get_mut(id) else { return };
        let next: Option<TaskId> = match frame.tasks {
            Tasks::List(list) => document.list(list).get(frame.position).copied(),
            Tasks::One(task) => (frame.position == 0).then_some(task),
        };
        let Some(task_id) = next else { return self.end_frame(id) };
        let task = document.task(task_id);
        if frame.position < frame.furthest {
            // Gone back to by a `then`: from now on every visit counts.
            let visits = frame.visits.entry(frame.position).or_insert(1);
            *visits += 1;
        } else {
            frame.furthest = frame.position + 1;
        }
        let name = name_of(frame, &task.name);
        let data = frame.data.clone();
        frame.active = Some(Active {
            task: task_id,
            id: name,
            raw_input: data.clone(),
            input: data.clone(),
            started_ms: self.shared.now_ms,
            authorization: Datum::Null,
            case: None,
            timer: None,
            waiting: Vec::new(),
            children: Vec::new(),
            state: State::Plain,
        });
        self.tasks_begun += 1;
        if self.tasks_begun > self.options.max_tasks {
            let max = self.options.max_tasks;
            return self.fault(id, limit("tasks", max));
        }
        match self.condition(id, task.condition.as_ref(), &data) {
            Ok(true) => {}
            Ok(false) => {
                self.tell(id, Happened::Skipped);
                return self.go_on(id, data, Then::Continue);
            }
            Err(problem) => return self.fault(id, problem),
        }
        self.tell(id, Happened::Started);
        let input = match self.taken(&task.input, &data, Some(id)) {
            Ok(input) => input,
            Err(problem) => return self.fault(id, problem),
        };
        if let Some(active) = self.active_mut(id) {
            active.input = input;
        }
        if let Some(duration) = &task.timeout {
            match self.length(id, duration) {
                Ok(length) => {
                    let timer = self.step_below(id, "timeout");
                    if let Some(active) = self.active_mut(id) {
                        active.timer = Some(timer.clone());
                    }
                    let reason = WaitReason::Timeout;
                    self.wait(timer, &task.reference, length, reason, Some(id), Purpose::Timeout);
                }
                Err(problem) => return self.fault(id, problem),
            }
        }
        if let Err(problem) = self.execute(id, task) {
            self.fault(id, problem);
        }
    }

    /// The task gave its raw output.
    fn leave(&mut self, id: FrameId, raw: Data, then: Option<Then>) {
        let document = Arc::clone(&self.document);
        let Some(task_id) = self.active(id).map(|active| active.task) else { return };
        let task = document.task(task_id);
        let output = match self.given(&task.output, &raw, id, &raw) {
            Ok(output) => output.map_or(raw, Data::from),
            Err(problem) => return self.fault(id, problem),
        };
        match self.given(&task.export, &output, id, &output) {
            Ok(Some(context)) => self.shared.context = context,
            Ok(None) => {}
            Err(problem) => return self.fault(id, problem),
        }
        if self.options.events {
            let case = match (&task.kind, self.active(id).and_then(|active| active.case)) {
                (Kind::Switch(switch), Some(index)) => {
                    switch.cases.get(index).map(|case| case.name.clone())
                }
                _ => None,
            };
            self.tell(id, Happened::Completed { output: Datum::clone(&output), case });
        }
        self.go_on(id, output, then.unwrap_or(task.then));
    }

    /// To the next task.
    fn go_on(&mut self, id: FrameId, output: Data, then: Then) {
        self.release(id);
        let Some(frame) = self.frames.get_mut(id) else { return };
        frame.active = None;
        frame.data = output;
        match then {
            Then::Continue => frame.position += 1,
            Then::To(index) => frame.position = index,
            Then::Exit => return self.end_frame(id),
            Then::End => {
                let output = frame.data.clone();
                return self.end_with_output(output);
            }
        }
        self.work.push_back(Work::Begin(id));
    }

    /// All tasks of a list are over.
    fn end_frame(&mut self, id: FrameId) {
        let Some(frame) = self.frames.remove(id) else { return };
        match frame.parent {
            Some((parent, slot)) => {
                self.work.push_back(Work::Child(parent, slot, Ending::Output(frame.data)));
            }
            None => self.end_with_output(frame.data),
        }
    }

    /// A task ended with a problem: up until something catches it.
    pub(super) fn fault(&mut self, id: FrameId, problem: Problem) {
        let document = Arc::clone(&self.document);
        let Some(active) = self.active(id) else { return };
        let problem = problem.at(&document.task(active.task).reference);
        let problem = problem.of_step(|| active.id.to_string());
        self.tell(id, Happened::Faulted(problem.clone()));
        self.release(id);
        self.abandon_children(id);
        let Some(frame) = self.frames.remove(id) else { return };
        match frame.parent {
            Some((parent, slot)) => {
                self.work.push_front(Work::Child(parent, slot, Ending::Problem(problem)));
            }
            None => self.end(Err(problem)),
        }
    }

    /// The step that a task waited for is over.
    pub(super) fn receive(&mut self, id: &StepId, outcome: Result<Data, Problem>) {
        let Some((frame, purpose)) = self.waiting.remove(id) else { return };
        if let Purpose::RunTimeout = purpose {
            let problem =
                Problem::new(Standard::Timeout, "the flow took too long", "its timeout is over");
            let problem = problem.at("/timeout").of_step(|| id.to_string());
            return self.end(Err(problem.with_code(&Code::FLOW_TIMEOUT)));
        }
        let Some(frame) = frame else { return };
        let outcome = outcome.map_err(|problem| problem.of_step(|| id.to_string()));
        if let Some(active) = self.active_mut(frame) {
            active.waiting.retain(|waiting| waiting != id);
        }
        match purpose {
            Purpose::Output => {
                let ending = match outcome {
                    Ok(value) => self.received_output(frame, value),
                    Err(problem) => Ending::Problem(problem),
                };
                self.work.push_back(Work::Leave(frame, ending, None));
            }
            Purpose::Discovery => {
                let sent = match outcome {
                    Ok(document) => self.discovered(frame, &Value::from(&*document)),
                    Err(problem) => Err(problem),
                };
                if let Err(problem) = sent {
                    self.fault(frame, problem);
                }
            }
            Purpose::OpenApi => {
                let sent = match outcome {
                    Ok(document) => self.call_operation(frame, &Value::from(&*document)),
                    Err(problem) => Err(problem),
                };
                if let Err(problem) = sent {
                    self.fault(frame, problem);
                }
            }
            Purpose::Retry => self.try_again(frame),
            Purpose::Timeout => {
                let problem = Problem::new(
                    Standard::Timeout,
                    "the task took too long",
                    "its timeout is over",
                );
                let problem = problem.of_step(|| id.to_string());
                self.fault(frame, problem.with_code(&Code::FLOW_TIMEOUT));
            }
            Purpose::AttemptTimeout => {
                self.abandon_children(frame);
                let problem = Problem::new(
                    Standard::Timeout,
                    "the attempt took too long",
                    "its limit is over",
                );
                let problem = problem.with_code(&Code::FLOW_TIMEOUT).of_step(|| id.to_string());
                let reference = self.active(frame).map(|active| active.task);
                let reference = reference.map(|task| self.document.task(task).reference.clone());
                let problem = problem.at(&reference.unwrap_or_default());
                self.child_ended(frame, 0, Ending::Problem(problem));
            }
            Purpose::RunTimeout => {}
        }
    }

    /// What a step gave, as the output of the task.
    fn received_output(&mut self, id: FrameId, output: Data) -> Ending {
        // Of a wait and an event, the task knows the output itself.
        Ending::Output(self.known_output(id).unwrap_or(output))
    }

    fn end_with_output(&mut self, output: Data) {
        let document = Arc::clone(&self.document);
        if document.output.as_.is_none() && document.output.schema.is_none() {
            return self.end(Ok(output.into_value()));
        }
        let view = self.top_view(&output);
        let mapped = match &document.output.as_ {
            Some(shaped) => shaped.evaluate(&output, &view).map_err(|fault| Problem::from(&fault)),
            None => Ok(Datum::clone(&output)),
        };
        let checked = mapped.and_then(|value| fits(&document.output, &value).map(|()| value));
        self.end(checked.map(Value::from).map_err(|problem| problem.at("/output")));
    }

    fn end(&mut self, outcome: Result<Value, Problem>) {
        self.outcome = Some(outcome);
        self.work.clear();
        self.inbox.clear();
        self.timer = None;
        let mut open: Vec<StepId> = self.waiting.drain().map(|(id, _)| id).collect();
        open.sort_unstable();
        // What was said to begin and was not handed out yet does not begin.
        self.steps.retain(|step| match step {
            Step::Start { id, .. } => match open.binary_search(id) {
                Ok(index) => {
                    open.remove(index);
                    false
                }
                Err(_) => true,
            },
            Step::Cancel(_) => true,
        });
        self.steps.extend(open.into_iter().map(Step::Cancel));
        self.frames.clear();
    }

    /// Gives up what the children of a task do.
    pub(super) fn abandon_children(&mut self, id: FrameId) {
        let Some(active) = self.active_mut(id) else { return };
        // The first on top.
        let mut open: Vec<FrameId> = active.children.drain(..).flatten().rev().collect();
        while let Some(child) = open.pop() {
            self.release(child);
            if self.active(child).is_some() {
                self.tell(child, Happened::Cancelled);
            }
            if let Some(frame) = self.frames.remove(child)
                && let Some(active) = frame.active
            {
                open.extend(active.children.into_iter().flatten().rev());
            }
        }
    }

    /// Gives up the steps that a task waits for, its timers too.
    pub(super) fn release(&mut self, id: FrameId) {
        let Some(active) = self.active_mut(id) else { return };
        let mut steps = std::mem::take(&mut active.waiting);
        steps.extend(active.timer.take());
        if let State::Try { attempt_timer, .. } = &mut active.state {
            steps.extend(attempt_timer.take());
        }
        for step in steps {
            self.cancel(&step);
        }
    }

    pub(super) fn cancel(&mut self, id: &StepId) {
        if self.waiting.remove(id).is_none() {
            return;
        }
        let unsent = self
            .steps
            .iter()
            .position(|step| matches!(step, Step::Start { id: sent, .. } if sent == id));
        match unsent {
            Some(index) => {
                self.steps.remove(index);
            }
            None => self.steps.push(Step::Cancel(id.clone())),
        }
    }

    /// Begins a step that the task of a frame waits for.
    pub(super) fn start(&mut self, frame: FrameId, id: StepId, action: Action, purpose: Purpose) {
        let Some(active) = self.active_mut(frame) else { return };
        if !matches!(purpose, Purpose::Timeout | Purpose::AttemptTimeout) {
            active.waiting.push(id.clone());
        }
        let task = active.task;
        let task = self.document.task(task).reference.clone();
        self.waiting.insert(id.clone(), (Some(frame), purpose));
        self.steps.push(Step::Start { id, task, action });
    }

    fn wait(
        &mut self,
        id: StepId,
        task: &str,
        length: i64,
        reason: WaitReason,
        frame: Option<FrameId>,
        purpose: Purpose,
    ) {
        let until_ms = self.shared.now_ms.saturating_add(length);
        let action = Action::Wait { until_ms, reason };
        match frame {
            Some(frame) => self.start(frame, id, action, purpose),
            None => {
                self.waiting.insert(id.clone(), (None, purpose));
                self.steps.push(Step::Start { id, task: task.to_owned(), action });
            }
        }
    }

    pub(super) fn wait_in(
        &mut self,
        frame: FrameId,
        id: StepId,
        length: i64,
        reason: WaitReason,
        purpose: Purpose,
    ) {
        self.wait(id, "", length, reason, Some(frame), purpose);
    }

    /// Begins a list of tasks of the task of a frame.
    pub(super) fn enter(
        &mut self,
        parent: FrameId,
        slot: usize,
        tasks: Tasks,
        path: Name,
        input: Data,
        variables: Arc<Vec<Datum>>,
    ) {
        if self.frames.count() >= MAX_FRAMES {
            return self.fault(parent, limit("frames", MAX_FRAMES as u64));
        }
        let level = self.frame(parent).map_or(0, |frame| frame.level + 1);
        if level > MAX_LEVELS {
            return self.fault(parent, limit("levels", MAX_LEVELS as u64));
        }
        let frame = Frame {
            parent: Some((parent, slot)),
            tasks,
            path,
            level,
            position: 0,
            data: input,
            variables,
            visits: Default::default(),
            furthest: 0,
            active: None,
        };
        let child = self.frames.insert(frame);
        if let Some(active) = self.active_mut(parent) {
            if active.children.len() <= slot {
                active.children.resize(slot + 1, None);
            }
            active.children[slot] = Some(child);
        }
        self.work.push_back(Work::Begin(child));
    }

    pub(super) fn active(&self, id: FrameId) -> Option<&Active> {
        self.frame(id)?.active.as_ref()
    }

    pub(super) fn active_mut(&mut self, id: FrameId) -> Option<&mut Active> {
        self.frames.get_mut(id)?.active.as_mut()
    }

    /// The name of a list of the task of a frame.
    pub(super) fn list_below(&self, id: FrameId, more: String) -> Name {
        match self.active(id) {
            Some(active) => active.id.with(more),
            None => Name::root(&more),
        }
    }

    /// The name of a step of the task of a frame.
    pub(super) fn step_below(&self, id: FrameId, more: &str) -> StepId {
        let name = self.active(id).map(|active| active.id.to_string()).unwrap_or_default();
        StepId::new(&format!("{name}/{more}"))
    }

    /// The name of the step that a task is.
    pub(super) fn step_of(&self, id: FrameId) -> StepId {
        let name = self.active(id).map(|active| active.id.to_string()).unwrap_or_default();
        StepId::new(&name)
    }

    fn top_view<'r>(&'r self, input: &'r Data) -> View<'r> {
        View {
            document: &self.document,
            options: &self.options,
            shared: &self.shared,
            variables: &[],
            more: &[],
            input,
            output: &Datum::Null,
            active: None,
        }
    }

    /// Evaluates something in the scope of the task of a frame.
    pub(super) fn within<T>(
        &self,
        id: FrameId,
        output: &Datum,
        more: &[Datum],
        evaluate: impl FnOnce(&View<'_>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        match self.frame(id) {
            Some(frame) => {
                let (document, options) = (&self.document, &self.options);
                evaluate(&View::of(document, options, &self.shared, frame, output, more))
            }
            None => Err(Problem::new(Standard::Runtime, "the task is gone", "")),
        }
    }

    /// The value of something in the scope of the task of a frame, with its input as `.`.
    pub(super) fn value(&self, id: FrameId, shaped: &Shaped) -> Result<Datum, Problem> {
        if let Shaped::Constant(value) = shaped {
            return Ok(value.clone());
        }
        let input = self.active(id).map(|active| active.input.clone()).unwrap_or_default();
        self.within(id, &Datum::Null, &[], |view| {
            shaped.evaluate(&input, view).map_err(|fault| Problem::from(&fault))
        })
    }

    /// Whether an expression is true; without one, it is.
    pub(super) fn condition(
        &self,
        id: FrameId,
        expression: Option<&Expression>,
        input: &Data,
    ) -> Result<bool, Problem> {
        let Some(expression) = expression else { return Ok(true) };
        self.within(id, &Datum::Null, &[], |view| {
            let value = expression.evaluate(input, view).map_err(|fault| Problem::from(&fault))?;
            Ok(value.is_true())
        })
    }

    pub(super) fn length(&self, id: FrameId, duration: &Duration) -> Result<i64, Problem> {
        let input = self.active(id).map(|active| active.input.clone()).unwrap_or_default();
        self.within(id, &Datum::Null, &[], |view| milliseconds(duration, &input, view))
    }

    /// The input of a task or of the run: checked, then taken from.
    fn taken(&self, input: &Input, raw: &Data, id: Option<FrameId>) -> Result<Data, Problem> {
        if let Some(schema) = &input.schema
            && let Some((pointer, reason)) = schema.first_fault(&Value::from(&**raw))
        {
            let detail = format!("`{pointer}`: {reason}");
            let title = "the input does not fit its schema";
            let problem = Problem::new(Standard::Validation, title, detail);
            return Err(problem.with_code(&Code::FLOW_INPUT));
        }
        let Some(from) = &input.from else { return Ok(raw.clone()) };
        let evaluate =
            |view: &View<'_>| from.evaluate(raw, view).map_err(|fault| Problem::from(&fault));
        let taken = match id {
            Some(id) => self.within(id, &Datum::Null, &[], evaluate),
            None => evaluate(&self.top_view(raw)),
        };
        taken.map(Data::from)
    }

    /// The output or export of a task: mapped, then checked; `None` where nothing is made of it.
    fn given(
        &self,
        output: &Output,
        value: &Data,
        id: FrameId,
        shown: &Data,
    ) -> Result<Option<Datum>, Problem> {
        let mapped = match &output.as_ {
            Some(shaped) => Some(self.within(id, shown, &[], |view| {
                shaped.evaluate(value, view).map_err(|fault| Problem::from(&fault))
            })?),
            None => None,
        };
        match &mapped {
            Some(mapped) => fits(output, mapped)?,
            None if output.schema.is_some() => fits(output, value)?,
            None => {}
        }
        Ok(mapped)
    }

    pub(super) fn tell(&mut self, id: FrameId, what: Happened) {
        if !self.options.events {
            return;
        }
        let Some(active) = self.active(id) else { return };
        let task = self.document.task(active.task);
        let event = Event {
            id: active.id.to_string(),
            task: task.reference.clone(),
            name: task.name.clone(),
            what,
            at_ms: self.shared.now_ms,
        };
        self.events.push(event);
    }
}

fn fits(output: &Output, value: &Datum) -> Result<(), Problem> {
    if let Some(schema) = &output.schema
        && let Some((pointer, reason)) = schema.first_fault(&Value::from(value))
    {
        let detail = format!("`{pointer}`: {reason}");
        let problem =
            Problem::new(Standard::Validation, "the output does not fit its schema", detail);
        return Err(problem.with_code(&Code::FLOW_OUTPUT));
    }
    Ok(())
}

fn limit(of: &'static str, max: u64) -> Problem {
    Problem {
        limit: Some(Box::new(max)),
        ..Problem::new(Standard::Runtime, of, "").with_code(&Code::FLOW_LIMIT)
    }
}

/// The name of this run of a task.
fn name_of(frame: &Frame, task: &str) -> Name {
    let mut name = String::new();
    if let Tasks::List(_) = frame.tasks {
        name.push('/');
        name.push_str(&frame.position.to_string());
        push_pointer(&mut name, task);
    }
    if let Some(visits) = frame.visits.get(&frame.position) {
        name.push('#');
        name.push_str(&visits.to_string());
    }
    frame.path.with(name)
}
