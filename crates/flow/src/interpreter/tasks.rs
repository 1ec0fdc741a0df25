//! What each kind of task does when it begins, and when one of its lists ends.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::authentication::HttpAuthentication;
use super::data::Data;
use super::frame::{Ending, FrameId, Name, Phase, Postponed, State, Tasks};
use super::http::HttpRequest;
use super::purpose::Purpose;
use super::run::Run;
use super::scope::iso8601;
use super::step::{Action, CardCall, Step, StepId, SubFlow, WaitReason};
use super::work::Work;
use super::{chance, openapi};
use crate::datum::Datum;
use crate::document::Head;
use crate::document::call::{Call, CallHttp, CallOpenApi};
use crate::document::emit::Emit;
use crate::document::for_::{Collect, For};
use crate::document::parts::{Authentication, Endpoint, Raised, Settings};
use crate::document::run::RunWorkflow;
use crate::document::switch::Switch;
use crate::document::task::{Kind, Task};
use crate::document::then::Then;
use crate::expression::Shaped;
use crate::problem::{Problem, Standard};

impl Run {
    /// Begins what a task does.
    pub(super) fn execute(&mut self, id: FrameId, task: &Task) -> Result<(), Problem> {
        match &task.kind {
            Kind::Set(set) => {
                let value = self.value(id, &set.value)?;
                self.give(id, value, None);
            }
            Kind::Do(list) => {
                let path = self.list_below(id, "/do".to_owned());
                self.enter_list(id, Tasks::List(*list), path);
            }
            Kind::Switch(switch) => self.switch(id, switch)?,
            Kind::For(for_) => self.begin_for(id, for_)?,
            Kind::Fork(fork) => {
                let state = State::Fork {
                    outputs: vec![None; fork.branches.len()],
                    running: fork.branches.len(),
                    compete: fork.compete,
                };
                self.set_state(id, state);
                if fork.branches.is_empty() {
                    self.give(id, Datum::list([]), None);
                }
                for (slot, branch) in fork.branches.iter().enumerate() {
                    let mut path = format!("/fork/branches/{slot}");
                    let document = Arc::clone(&self.document);
                    cardhost_core::error::push_pointer(&mut path, &document.task(*branch).name);
                    let Some(frame) = self.frame(id) else { return Ok(()) };
                    let variables = Arc::clone(&frame.variables);
                    let input = frame.active.as_ref().map(|active| active.input.clone());
                    let (tasks, input) = (Tasks::One(*branch), input.unwrap_or_default());
                    let path = self.list_below(id, path);
                    self.enter(id, slot, tasks, path, input, variables);
                }
            }
            Kind::Try(try_) => {
                let state = State::Try { attempt: 1, phase: Phase::Trying, attempt_timer: None };
                self.set_state(id, state);
                self.attempt(id, try_)?;
            }
            Kind::Raise(raise) => return Err(self.raised(id, &raise.error)?),
            Kind::Wait(wait) => {
                let length = self.length(id, &wait.duration)?;
                let input = self.active(id).map(|active| active.input.clone()).unwrap_or_default();
                self.set_state(id, State::Known(input));
                let step = self.step_of(id);
                self.wait_in(id, step, length, WaitReason::Task, Purpose::Output);
            }
            Kind::Emit(emit) => {
                let event = self.event(id, emit)?;
                self.set_state(id, State::Known(Datum::from(&event).into()));
                let step = self.step_of(id);
                self.start(id, step, Action::Emit(event), Purpose::Output);
            }
            Kind::Run(run) => self.run_workflow(id, run)?,
            Kind::Call(call) => self.call(id, call)?,
            Kind::Unsupported => {
                let title = "the task is not supported";
                return Err(Problem::new(Standard::Configuration, title, task.name.as_str()));
            }
        }
        Ok(())
    }

    /// A list of a task ended.
    pub(super) fn child_ended(&mut self, id: FrameId, slot: usize, ending: Ending) {
        let document = Arc::clone(&self.document);
        let Some(active) = self.active_mut(id) else { return };
        if let Some(child) = active.children.get_mut(slot) {
            *child = None;
        }
        let task = document.task(active.task);
        match (&mut active.state, &task.kind, ending) {
            (
                State::Try { phase: Phase::Trying, .. },
                Kind::Try(try_),
                Ending::Problem(problem),
            ) => {
                self.caught(id, try_, problem);
            }
            (State::Fork { running, compete: true, .. }, _, Ending::Problem(problem)) => {
                // Another branch may still win.
                *running -= 1;
                if *running == 0 || !problem.can_be_caught() {
                    self.fault(id, problem);
                }
            }
            (State::Fork { outputs, running, compete }, _, Ending::Output(output)) => {
                *running -= 1;
                if *compete {
                    self.abandon_children(id);
                    return self.give(id, output, None);
                }
                if let Some(place) = outputs.get_mut(slot) {
                    *place = Some(output);
                }
                if *running == 0 {
                    let all = std::mem::take(outputs).into_iter();
                    let all = Datum::list(all.map(|output| output.unwrap_or_default().into()));
                    self.give(id, all, None);
                }
            }
            (State::FanOut { outputs, running, .. }, Kind::For(for_), ending) => {
                *running -= 1;
                let results = for_.fan_out.is_some_and(|it| it.collect == Collect::Results);
                let output = match ending {
                    Ending::Output(output) if results => {
                        Datum::object([("output", Datum::from(output))])
                    }
                    Ending::Output(output) => Datum::from(output),
                    Ending::Problem(problem) if results && problem.can_be_caught() => {
                        Datum::object([("error", problem.to_datum())])
                    }
                    Ending::Problem(problem) => return self.fault(id, problem),
                };
                if let Some(place) = outputs.get_mut(slot) {
                    *place = output;
                }
                if let Err(problem) = self.fan_out(id, for_) {
                    self.fault(id, problem);
                }
            }
            (State::For { .. }, Kind::For(for_), Ending::Output(output)) => {
                if let Err(problem) = self.next_item(id, for_, output) {
                    self.fault(id, problem);
                }
            }
            (
                State::Try { phase: Phase::Handling { .. }, .. },
                Kind::Try(try_),
                Ending::Output(output),
            ) => self.give(id, output, try_.then),
            (State::Try { phase: Phase::Handling { cause }, .. }, _, Ending::Problem(problem)) => {
                let problem = problem.caused_by(cause.take());
                self.fault(id, problem);
            }
            (_, _, Ending::Output(output)) => self.give(id, output, None),
            (_, _, Ending::Problem(problem)) => self.fault(id, problem),
        }
    }

    /// The output of a task that waits only for time to pass or somebody to hear.
    pub(super) fn known_output(&self, id: FrameId) -> Option<Data> {
        match &self.active(id)?.state {
            State::Known(output) => Some(output.clone()),
            _ => None,
        }
    }

    fn give(&mut self, id: FrameId, output: impl Into<Data>, then: Option<Then>) {
        self.work.push_back(Work::Leave(id, Ending::Output(output.into()), then));
    }

    fn set_state(&mut self, id: FrameId, state: State) {
        if let Some(active) = self.active_mut(id) {
            active.state = state;
        }
    }

    fn enter_list(&mut self, id: FrameId, tasks: Tasks, path: Name) {
        let Some(frame) = self.frame(id) else { return };
        let variables = Arc::clone(&frame.variables);
        let input = frame.active.as_ref().map(|active| active.input.clone()).unwrap_or_default();
        self.enter(id, 0, tasks, path, input, variables);
    }

    fn switch(&mut self, id: FrameId, switch: &Switch) -> Result<(), Problem> {
        let input = self.active(id).map(|active| active.input.clone()).unwrap_or_default();
        for (index, case) in switch.cases.iter().enumerate() {
            if self.condition(id, case.when.as_ref(), &input)? {
                if let Some(active) = self.active_mut(id) {
                    active.case = Some(index);
                }
                self.give(id, input, Some(case.then));
                return Ok(());
            }
        }
        self.give(id, input, None);
        Ok(())
    }

    fn begin_for(&mut self, id: FrameId, for_: &For) -> Result<(), Problem> {
        let input = self.active(id).map(|active| active.input.clone()).unwrap_or_default();
        let items = self.within(id, &Datum::Null, &[], |view| {
            for_.items.evaluate(&input, view).map_err(|fault| Problem::from(&fault))
        })?;
        let text = match &for_.items {
            Shaped::Expression(expression) => expression.text(),
            _ => "in",
        };
        let items = match items {
            Datum::List(items) => items,
            // `.all[]` gives the items themselves, of which there may be one or none.
            one if text.contains("[]") => {
                match Datum::list(Some(one).filter(|it| *it != Datum::Null)) {
                    Datum::List(items) => items,
                    _ => return Ok(()),
                }
            }
            other => {
                let title = "the expression has no value";
                let detail = format!("`{text}` gives no list: {}", other.type_name());
                return Err(Problem::new(Standard::Expression, title, detail));
            }
        };
        if for_.fan_out.is_some() {
            let outputs = vec![Datum::Null; items.items().len()];
            self.set_state(id, State::FanOut { items, next: 0, outputs, running: 0 });
            return self.fan_out(id, for_);
        }
        self.set_state(id, State::For { items, next: 0 });
        self.next_item(id, for_, input)
    }

    /// Begins as many turns as may be under way at once; the end where none is.
    fn fan_out(&mut self, id: FrameId, for_: &For) -> Result<(), Problem> {
        let most = for_.fan_out.map_or(1, |fan_out| fan_out.concurrency);
        loop {
            let Some(frame) = self.frames.get_mut(id) else { return Ok(()) };
            let Some(active) = frame.active.as_mut() else { return Ok(()) };
            let input = active.input.clone();
            let State::FanOut { items, next, outputs, running } = &mut active.state else {
                return Ok(());
            };
            let index = *next;
            let item = items.items().get(index).filter(|_| *running < most).cloned();
            let Some(item) = item else {
                if *running == 0 {
                    let all = Datum::list(std::mem::take(outputs));
                    self.give(id, all, None);
                }
                return Ok(());
            };
            let more = [item, Datum::from(index)];
            let variables = frame.variables.iter().cloned().chain(more.clone()).collect();
            let path = active.id.with(format!("/for/{index}/do"));
            let goes_on = match &for_.while_ {
                None => true,
                Some(expression) => self
                    .within(id, &Datum::Null, &more, |view| {
                        expression.evaluate(&input, view).map_err(|fault| Problem::from(&fault))
                    })?
                    .is_true(),
            };
            let Some(active) = self.active_mut(id) else { return Ok(()) };
            let State::FanOut { items, next, outputs, running } = &mut active.state else {
                return Ok(());
            };
            if !goes_on {
                // No further turn begins.
                outputs.truncate(index);
                *next = items.items().len();
                continue;
            }
            *next += 1;
            *running += 1;
            self.enter(id, index, Tasks::List(for_.tasks), path, input, Arc::new(variables));
        }
    }

    /// The next turn, with the output of the one before as its input; or the end.
    fn next_item(&mut self, id: FrameId, for_: &For, data: Data) -> Result<(), Problem> {
        let Some(frame) = self.frames.get_mut(id) else { return Ok(()) };
        let Some(active) = frame.active.as_mut() else { return Ok(()) };
        let State::For { items, next } = &mut active.state else { return Ok(()) };
        let index = *next;
        let Some(item) = items.items().get(index).cloned() else {
            self.give(id, data, None);
            return Ok(());
        };
        *next += 1;
        let more = [item, Datum::from(index)];
        let path = active.id.with(format!("/for/{index}/do"));
        let variables = frame.variables.iter().cloned().chain(more.clone()).collect();
        if let Some(expression) = &for_.while_ {
            let goes_on = self.within(id, &Datum::Null, &more, |view| {
                expression.evaluate(&data, view).map_err(|fault| Problem::from(&fault))
            })?;
            if !goes_on.is_true() {
                self.give(id, data, None);
                return Ok(());
            }
        }
        self.enter(id, 0, Tasks::List(for_.tasks), path, data, Arc::new(variables));
        Ok(())
    }

    fn raised(&self, id: FrameId, raised: &Raised) -> Result<Problem, Problem> {
        let error = match raised {
            Raised::Whole(expression) => {
                let input = self.active(id).map(|active| active.input.clone()).unwrap_or_default();
                let value = self.within(id, &Datum::Null, &[], |view| {
                    expression.evaluate(&input, view).map_err(|fault| Problem::from(&fault))
                })?;
                return Problem::from_datum(&value).ok_or_else(|| {
                    let title = "the error cannot be raised";
                    let detail = format!(
                        "`{}` gives no object with a `type` that is text and a `status` from 0 to 65535",
                        expression.text()
                    );
                    Problem::new(Standard::Configuration, title, detail)
                });
            }
            Raised::Parts(error) => error,
        };
        let text = |part: &Option<Shaped>| -> Result<Option<Box<str>>, Problem> {
            let Some(shaped) = part else { return Ok(None) };
            Ok(match self.value(id, shaped)? {
                Datum::Null => None,
                Datum::Text(text) => Some((*text).into()),
                other => Some(other.to_string().into()),
            })
        };
        let status = match self.value(id, &error.status)? {
            Datum::Number(number) => number.as_i64().and_then(|status| u16::try_from(status).ok()),
            _ => None,
        };
        let Some(status) = status else {
            let title = "the error cannot be raised";
            let detail = "its status is no number from 0 to 65535";
            return Err(Problem::new(Standard::Configuration, title, detail));
        };
        let type_uri = text(&Some(error.type_uri.clone()))?.unwrap_or_default();
        Ok(Problem {
            title: text(&error.title)?,
            detail: text(&error.detail)?,
            instance: text(&error.instance)?,
            type_uri,
            status,
            ..Problem::new(Standard::Runtime, "", "")
        })
    }

    /// The event: what the flow says of it, with `id`, `specversion` and `time` filled in.
    fn event(&self, id: FrameId, emit: &Emit) -> Result<Value, Problem> {
        let Value::Object(given) = Value::from(self.value(id, &emit.event)?) else {
            let title = "the event cannot be emitted";
            return Err(Problem::new(Standard::Configuration, title, "it is no object"));
        };
        let made_up = chance::uuid(&self.options.seed, self.step_of(id).as_str());
        let mut event = Map::new();
        event.insert("specversion".to_owned(), Value::from("1.0"));
        event.insert("id".to_owned(), Value::from(made_up));
        if !given.contains_key("source") {
            let Head { namespace, name, .. } = &self.document.head;
            event.insert("source".to_owned(), Value::from(format!("/{namespace}/{name}")));
        }
        event.insert("time".to_owned(), Value::from(iso8601(self.shared.now_ms)));
        event.extend(given);
        Ok(Value::Object(event))
    }

    fn run_workflow(&mut self, id: FrameId, run: &RunWorkflow) -> Result<(), Problem> {
        let own = self.active(id).map(|active| active.input.clone()).unwrap_or_default();
        let input = match &run.input {
            Some(shaped) => self.value(id, shaped)?,
            None => Datum::clone(&own),
        };
        let step = self.step_of(id);
        let action = Action::Workflow(Box::new(SubFlow {
            operation: self.operation_of(id, &step),
            namespace: run.namespace.clone(),
            name: run.name.clone(),
            version: run.version.clone(),
            input: Value::from(input),
            is_detached: !run.await_,
        }));
        if run.await_ {
            self.start(id, step, action, Purpose::Output);
        } else {
            let task = self.active(id).map(|active| active.task);
            let task = task.map(|task| self.document.task(task).reference.clone());
            let task = task.unwrap_or_default();
            self.steps.push(Step::Start { id: step, task, action });
            self.give(id, own, None);
        }
        Ok(())
    }

    /// The name of a step without the numbers of attempts.
    fn operation_of(&self, id: FrameId, step: &StepId) -> StepId {
        let name = self.active(id).and_then(|active| active.id.without_attempts());
        name.map_or_else(|| step.clone(), |name| StepId::new(&name))
    }

    fn call(&mut self, id: FrameId, call: &Call) -> Result<(), Problem> {
        match call {
            Call::Card(card) => {
                let with = match Value::from(self.value(id, &card.with)?) {
                    Value::Object(with) => with,
                    _ => Map::new(),
                };
                let step = self.step_of(id);
                let operation = self.operation_of(id, &step);
                let action = Action::Card(Box::new(CardCall {
                    operation,
                    connector: card.connector.clone(),
                    card: card.card.clone(),
                    version: card.version.clone(),
                    with,
                }));
                self.start(id, step, action, Purpose::Output);
            }
            Call::Function(function) => {
                if let Some(with) = &function.with {
                    let input = self.value(id, with)?;
                    if let Some(active) = self.active_mut(id) {
                        active.input = input.into();
                    }
                }
                let mut path = "/call".to_owned();
                cardhost_core::error::push_pointer(&mut path, &function.name);
                let input = self.active(id).map(|active| active.input.clone()).unwrap_or_default();
                // A function sees its own names only.
                let tasks = Tasks::One(function.task);
                let path = self.list_below(id, path);
                self.enter(id, 0, tasks, path, input, Arc::default());
            }
            Call::Http(http) => {
                let request = self.http_request(id, http)?;
                let step = self.step_of(id);
                self.send(id, step, request, Purpose::Output)?;
            }
            Call::OpenApi(openapi) => {
                let mut request = HttpRequest::for_json(self.uri(id, &openapi.document)?);
                request.authentication = self.endpoint_authentication(id, &openapi.document)?;
                let step = self.step_below(id, "document");
                self.send(id, step, request, Purpose::OpenApi)?;
            }
        }
        Ok(())
    }

    /// The document of an `openapi` call is there.
    pub(super) fn call_operation(&mut self, id: FrameId, document: &Value) -> Result<(), Problem> {
        let flow = Arc::clone(&self.document);
        let Some(active) = self.active(id) else { return Ok(()) };
        let Kind::Call(call) = &flow.task(active.task).kind else { return Ok(()) };
        let Call::OpenApi(openapi) = &**call else { return Ok(()) };
        let mut request = self.operation(id, openapi, document)?;
        request.output = openapi.output;
        request.redirect = openapi.redirect;
        if let Some(authentication) = &openapi.authentication {
            request.authentication = Some(self.authentication(id, authentication)?);
        }
        let step: StepId = self.step_of(id);
        self.send(id, step, request, Purpose::Output)
    }

    /// Starts a request; before it, where that is needed, the one that tells where its token is got.
    fn send(
        &mut self,
        id: FrameId,
        step: StepId,
        mut request: HttpRequest,
        purpose: Purpose,
    ) -> Result<(), Problem> {
        if let Some(authentication) = &request.authentication {
            let authorization = authentication.authorization();
            if let Some(active) = self.active_mut(id) {
                active.authorization = authorization;
            }
        }
        if let Some(authentication) = &mut request.authentication
            && let Some(told_at) = authentication.told_at()?
        {
            let Some(endpoint) = self.token_endpoints.get(&told_at) else {
                let first = StepId::new(&format!("{step}/discovery"));
                let ask = HttpRequest::for_json(told_at.clone());
                let postponed = Postponed { step, request, purpose, told_at };
                self.set_state(id, State::Discovery(Box::new(postponed)));
                self.start(id, first, Action::Http(Box::new(ask)), Purpose::Discovery);
                return Ok(());
            };
            authentication.token_endpoint = Some(endpoint.clone());
        }
        self.start(id, step, Action::Http(Box::new(request)), purpose);
        Ok(())
    }

    /// What tells where a token is got is there.
    pub(super) fn discovered(&mut self, id: FrameId, told: &Value) -> Result<(), Problem> {
        let Some(active) = self.active_mut(id) else { return Ok(()) };
        let State::Discovery(postponed) = std::mem::replace(&mut active.state, State::Plain) else {
            return Ok(());
        };
        let Postponed { step, request, purpose, told_at } = *postponed;
        if let Some(authentication) = &request.authentication {
            let endpoint = authentication.endpoint_told(told)?;
            self.token_endpoints.insert(told_at, endpoint);
        }
        self.send(id, step, request, purpose)
    }

    fn operation(
        &self,
        id: FrameId,
        call: &CallOpenApi,
        document: &Value,
    ) -> Result<HttpRequest, Problem> {
        let parsed;
        let document = match document {
            // Served as text: still a document.
            Value::String(text) => {
                let node = cardhost_document::read(text).map_err(|fault| {
                    let title = "the OpenAPI document cannot be read";
                    Problem::new(Standard::Configuration, title, fault.reason)
                })?;
                parsed = node.to_value();
                &parsed
            }
            document => document,
        };
        let parameters = match &call.parameters {
            Some(parameters) => match Value::from(self.value(id, parameters)?) {
                Value::Object(parameters) => parameters,
                _ => Map::new(),
            },
            None => Map::new(),
        };
        let operation = self.value(id, &call.operation)?;
        let operation = operation.as_text().unwrap_or_default();
        openapi::request(document, &self.uri(id, &call.document)?, operation, &parameters)
    }

    fn http_request(&self, id: FrameId, call: &CallHttp) -> Result<HttpRequest, Problem> {
        let method = self.value(id, &call.method)?;
        let method = method.as_text().unwrap_or_default().to_uppercase();
        let url = self.uri(id, &call.endpoint)?;
        let pairs = |part: &Option<Shaped>| -> Result<Vec<(String, String)>, Problem> {
            let Some(shaped) = part else { return Ok(Vec::new()) };
            let value = self.value(id, shaped)?;
            let entries = value.as_object().map(|object| object.entries());
            let entries = entries.into_iter().flatten().filter(|(_, value)| **value != Datum::Null);
            Ok(entries.map(|(key, value)| (key.to_string(), plain(value))).collect())
        };
        let query = pairs(&call.query)?;
        let url = match query.is_empty() {
            true => url,
            false => {
                let mut parsed = url::Url::parse(&url).map_err(|error| {
                    let detail = format!("`{url}`: {error}");
                    Problem::new(Standard::Configuration, "the endpoint is not a URL", detail)
                })?;
                parsed.query_pairs_mut().extend_pairs(query);
                parsed.to_string()
            }
        };
        let body = match &call.body {
            Some(body) => Some(Value::from(self.value(id, body)?)),
            None => None,
        };
        Ok(HttpRequest {
            method,
            url,
            headers: pairs(&call.headers)?,
            body,
            authentication: self.endpoint_authentication(id, &call.endpoint)?,
            output: call.output,
            redirect: call.redirect,
        })
    }

    fn uri(&self, id: FrameId, endpoint: &Endpoint) -> Result<String, Problem> {
        let Some(active) = self.active(id) else { return Ok(String::new()) };
        let variables = &self.document.task(active.task).variables;
        self.within(id, &Datum::Null, &[], |view| {
            let expanded = endpoint.uri.expand(&active.input, view, variables);
            expanded.map_err(|fault| Problem::from(&fault))
        })
    }

    fn endpoint_authentication(
        &self,
        id: FrameId,
        endpoint: &Endpoint,
    ) -> Result<Option<HttpAuthentication>, Problem> {
        let own = endpoint.authentication.as_ref();
        own.map(|authentication| self.authentication(id, authentication)).transpose()
    }

    fn authentication(
        &self,
        id: FrameId,
        authentication: &Authentication,
    ) -> Result<HttpAuthentication, Problem> {
        let settings = match &authentication.settings {
            Settings::Given(shaped) => self.value(id, shaped)?,
            Settings::Secret(name) => {
                let known = self.options.secrets.get(name).cloned();
                known.ok_or_else(|| Problem::secret(name))?
            }
        };
        let settings = match Value::from(settings) {
            Value::Object(settings) => settings,
            _ => Map::new(),
        };
        let scheme = authentication.scheme.clone();
        Ok(HttpAuthentication { scheme, settings, token_endpoint: None })
    }
}

/// Text as it is, other values as JSON.
fn plain(value: &Datum) -> String {
    value.as_text().map_or_else(|| value.to_string(), str::to_owned)
}
