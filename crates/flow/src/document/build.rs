//! From a checked text to a document: expressions compiled, names resolved, lists numbered.
//!
//! Tasks wait in a queue instead of on the stack. What was refused by its shape is not looked at again.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use serde::Deserialize as _;

use super::authentication::{Setting, refused};
use super::call::{Call, CallCard, CallFunction, CallHttp, CallOpenApi, ReplyAs, UNSUPPORTED};
use super::emit::Emit;
use super::for_::{Collect, FanOut, For, MAX_CONCURRENCY};
use super::fork::Fork;
use super::parts::{
    Authentication, Backoff, Duration, Endpoint, Input, Output, Raised, RaisedError, Retry,
    SCHEMES, Settings,
};
use super::raise::Raise;
use super::run::RunWorkflow;
use super::set::Set;
use super::switch::{Switch, SwitchCase};
use super::task::{Kind, Task, kinds_of};
use super::then::Then;
use super::try_::Try;
use super::wait::Wait;
use super::{Document, Head, ListId, MAX_DURATION, TaskId, milliseconds};
use crate::datum::Datum;
use crate::document_fault::DocumentFault;
use crate::expression::{ARGUMENTS, Expression, Shaped, UriTemplate, inner};
use cardhost_core::schema::JsonSchemaField;
use cardhost_core::text::nearest;
use cardhost_document::{Findings, Kind as Value, Malformed, Node, below};

/// Where something stands, and which names its expressions may use.
#[derive(Clone)]
struct Spot {
    pointer: String,
    variables: Arc<Vec<String>>,
}

impl Spot {
    fn below(&self, key: &str) -> Spot {
        Spot { pointer: below(&self.pointer, key), variables: Arc::clone(&self.variables) }
    }

    fn with(&self, names: &[&str]) -> Spot {
        let more = names.iter().map(|name| (*name).to_owned());
        let variables = self.variables.iter().cloned().chain(more).collect();
        Spot { pointer: self.pointer.clone(), variables: Arc::new(variables) }
    }
}

/// A task that waits to be read.
struct Waiting<'n> {
    id: TaskId,
    name: String,
    node: &'n Node,
    spot: Spot,
    /// The names of the tasks of its list; none where it has no list of its own.
    siblings: Arc<Vec<String>>,
}

struct Builder<'n, 'f, 't> {
    root: &'n Node,
    text: &'t str,
    findings: &'f mut Findings<'t>,
    queue: VecDeque<Waiting<'n>>,
    tasks: Vec<Option<Task>>,
    lists: Vec<Vec<TaskId>>,
    functions: HashMap<&'n str, TaskId>,
    is_loose: bool,
}

/// Builds a document; what is found goes into the findings.
pub(crate) fn build<'t>(
    root: &Node,
    text: &'t str,
    findings: &mut Findings<'t>,
) -> Option<Document> {
    let mode = root.get("evaluate").and_then(|node| node.get("mode")).and_then(Node::text);
    let mut builder = Builder {
        root,
        text,
        findings,
        queue: VecDeque::new(),
        tasks: Vec::new(),
        lists: Vec::new(),
        functions: HashMap::new(),
        is_loose: mode == Some("loose"),
    };
    let top = Spot { pointer: String::new(), variables: Arc::default() };
    builder.unused(&top);
    let head = builder.head();
    let input = builder.input(root.get("input"), &top.below("input"));
    let output = builder.output(root.get("output"), &top.below("output"));
    let timeout = builder.timeout(root.get("timeout"), &top.below("timeout"));
    let list = builder.list(root.get("do")?, &top.below("do"));
    while let Some(waiting) = builder.queue.pop_front() {
        let id = waiting.id;
        let task = builder.task(waiting);
        builder.tasks[id.0] = Some(task);
    }
    let secrets = root.get("use").and_then(|node| node.get("secrets"));
    let secrets = secrets.map_or(&[][..], Node::items).iter().filter_map(Node::text);
    let secrets = secrets.map(str::to_owned).collect();
    let tasks: Option<Vec<Task>> = builder.tasks.into_iter().collect();
    Some(Document {
        head,
        input,
        output,
        timeout,
        secrets,
        root: list,
        tasks: tasks?,
        lists: builder.lists,
        definition: Datum::from(root),
    })
}

/// Who a document says it is.
pub(crate) fn head(root: &Node) -> Head {
    let node = root.get("document");
    let text = |key: &str| node.and_then(|node| node.get(key)).and_then(Node::text);
    let owned = |key: &str| text(key).unwrap_or_default().to_owned();
    Head {
        dsl: owned("dsl"),
        namespace: owned("namespace"),
        name: owned("name"),
        version: owned("version"),
        title: text("title").map(str::to_owned),
        summary: text("summary").map(str::to_owned),
    }
}

impl<'n> Builder<'n, '_, '_> {
    /// Reads what `use` holds, so that its faults are found where nothing uses it.
    fn unused(&mut self, top: &Spot) {
        let spot = top.below("use");
        let each = |name: &str| self.root.get("use").and_then(|node| node.get(name));
        let (errors, retries, timeouts) = (each("errors"), each("retries"), each("timeouts"));
        let (authentications, functions) = (each("authentications"), each("functions"));
        for entry in errors.map_or(&[][..], Node::entries) {
            self.error(&entry.value, &spot.below("errors").below(&entry.key));
        }
        for entry in retries.map_or(&[][..], Node::entries) {
            self.retry(&entry.value, &spot.below("retries").below(&entry.key));
        }
        for entry in timeouts.map_or(&[][..], Node::entries) {
            self.timeout(Some(&entry.value), &spot.below("timeouts").below(&entry.key));
        }
        for entry in authentications.map_or(&[][..], Node::entries) {
            let place = spot.below("authentications").below(&entry.key);
            self.authentication(&entry.value, &place);
        }
        for entry in functions.map_or(&[][..], Node::entries) {
            let place = spot.below("functions").below(&entry.key);
            let id = self.wait(&entry.key, &entry.value, place, &Arc::default());
            self.functions.insert(&entry.key, id);
        }
    }

    fn head(&mut self) -> Head {
        let head = head(self.root);
        if let Some(node) = self.root.get("document").and_then(|node| node.get("dsl"))
            && !head.dsl.starts_with("1.0.")
        {
            let fault = DocumentFault::Version { found: head.dsl.clone() };
            self.findings.at("/document/dsl", &node.at, fault);
        }
        head
    }

    /// Numbers the tasks of a list and lets them wait.
    fn list(&mut self, node: &'n Node, spot: &Spot) -> ListId {
        let entries = node.items().iter().map(|item| item.entries().first());
        let names = entries.clone().flatten().map(|entry| entry.key.clone()).collect();
        let siblings = Arc::new(names);
        let mut ids = Vec::new();
        for (index, entry) in entries.enumerate() {
            let Some(entry) = entry else { continue };
            let place = spot.below(&index.to_string()).below(&entry.key);
            ids.push(self.wait(&entry.key, &entry.value, place, &siblings));
        }
        self.lists.push(ids);
        ListId(self.lists.len() - 1)
    }

    fn wait(
        &mut self,
        name: &str,
        node: &'n Node,
        spot: Spot,
        siblings: &Arc<Vec<String>>,
    ) -> TaskId {
        let id = TaskId(self.tasks.len());
        self.tasks.push(None);
        let siblings = Arc::clone(siblings);
        self.queue.push_back(Waiting { id, name: name.to_owned(), node, spot, siblings });
        id
    }

    fn task(&mut self, waiting: Waiting<'n>) -> Task {
        let Waiting { name, node, spot, siblings, .. } = waiting;
        let kind = match kinds_of(node).first() {
            Some(kind) => self.kind(kind.name, node, &spot, &siblings),
            None => Kind::Unsupported,
        };
        Task {
            condition: self.optional(node, "if", &spot),
            input: self.input(node.get("input"), &spot.below("input")),
            output: self.output(node.get("output"), &spot.below("output")),
            export: self.output(node.get("export"), &spot.below("export")),
            timeout: self.timeout(node.get("timeout"), &spot.below("timeout")),
            then: self.then(node.get("then"), &spot.below("then"), &siblings),
            kind,
            name,
            variables: spot.variables.to_vec(),
            reference: spot.pointer,
        }
    }

    fn kind(&mut self, kind: &str, node: &'n Node, spot: &Spot, siblings: &[String]) -> Kind {
        let Some(own) = node.get(kind) else { return Kind::Unsupported };
        let place = spot.below(kind);
        let kind = match kind {
            "call" => self.call(own, node, spot).map(|call| Kind::Call(Box::new(call))),
            "do" => Some(Kind::Do(self.list(own, &place))),
            "set" => Some(Kind::Set(Set { value: self.shaped_or_expression(own, &place) })),
            "switch" => Some(Kind::Switch(self.switch(own, &place, siblings))),
            "for" => self.for_(own, node, spot).map(Kind::For),
            "fork" => self.fork(own, &place).map(Kind::Fork),
            "try" => self.try_(own, node, spot, siblings).map(|try_| Kind::Try(Box::new(try_))),
            "raise" => self.raise(own, &place).map(|raise| Kind::Raise(Box::new(raise))),
            "wait" => self.duration(own, &place).map(|duration| Kind::Wait(Wait { duration })),
            "emit" => own.get("event").map(|event| {
                let place = place.below("event").below("with");
                let with = event.get("with");
                let event = with.map(|with| self.shaped(with, &place));
                Kind::Emit(Emit { event: event.unwrap_or(Shaped::Object(Vec::new())) })
            }),
            "run" => self.run(own, &place).map(Kind::Run),
            _ => None,
        };
        kind.unwrap_or(Kind::Unsupported)
    }

    fn call(&mut self, called: &'n Node, node: &'n Node, spot: &Spot) -> Option<Call> {
        let name = called.text()?;
        let place = spot.below("with");
        let with = node.get("with");
        match name {
            "http" => return self.http(with?, &place).map(Call::Http),
            "openapi" => return self.openapi(with?, &place).map(Call::OpenApi),
            _ if UNSUPPORTED.contains(&name) => return None,
            _ => {}
        }
        if let Some(id) = self.functions.get(name) {
            let task = *id;
            let with = with.map(|with| self.shaped(with, &place));
            return Some(Call::Function(CallFunction { task, name: name.to_owned(), with }));
        }
        let fault = match name.split_once('@') {
            _ if name.contains("://") => {
                DocumentFault::Unsupported { feature: "call of a function by its URL".to_owned() }
            }
            Some((function, connector)) if !function.is_empty() && !connector.is_empty() => {
                let (card, version) = match function.split_once(':') {
                    Some((card, version)) => (card, Some(version.to_owned())),
                    None => (function, None),
                };
                return Some(Call::Card(CallCard {
                    connector: connector.to_owned(),
                    card: card.to_owned(),
                    version,
                    with: match with {
                        Some(with) => self.shaped(with, &place),
                        None => Shaped::Object(Vec::new()),
                    },
                }));
            }
            _ => {
                let known = self.functions.keys().copied().chain(["http", "openapi"]);
                let nearest = nearest(name, known);
                DocumentFault::UnknownName { what: "function", found: name.to_owned(), nearest }
            }
        };
        self.findings.at(&spot.below("call").pointer, &called.at, fault);
        None
    }

    fn http(&mut self, with: &'n Node, spot: &Spot) -> Option<CallHttp> {
        let mut part = |key: &str| with.get(key).map(|node| self.shaped(node, &spot.below(key)));
        let (method, headers, body, query) =
            (part("method")?, part("headers"), part("body"), part("query"));
        Some(CallHttp {
            method,
            headers,
            body,
            query,
            endpoint: self.endpoint(with.get("endpoint")?, &spot.below("endpoint")),
            output: reply_as(with),
            redirect: with.get("redirect").and_then(Node::flag).unwrap_or(false),
        })
    }

    fn openapi(&mut self, with: &'n Node, spot: &Spot) -> Option<CallOpenApi> {
        let mut part = |key: &str| with.get(key).map(|node| self.shaped(node, &spot.below(key)));
        let (operation, parameters) = (part("operationId")?, part("parameters"));
        let place = spot.below("document").below("endpoint");
        let document = self.endpoint(with.get("document")?.get("endpoint")?, &place);
        let place = spot.below("authentication");
        let authentication = with.get("authentication");
        Some(CallOpenApi {
            document,
            operation,
            parameters,
            authentication: authentication.and_then(|node| self.authentication(node, &place)),
            output: reply_as(with),
            redirect: with.get("redirect").and_then(Node::flag).unwrap_or(false),
        })
    }

    fn switch(&mut self, cases: &'n Node, spot: &Spot, siblings: &[String]) -> Switch {
        let (mut all, mut default) = (Vec::new(), None::<String>);
        for (index, item) in cases.items().iter().enumerate() {
            let Some(entry) = item.entries().first() else { continue };
            let place = spot.below(&index.to_string()).below(&entry.key);
            if entry.value.get("when").is_none() {
                match &default {
                    Some(first) => {
                        let fault = DocumentFault::SecondDefault { first: first.clone() };
                        self.findings.at(&place.pointer, &entry.key_at, fault);
                    }
                    None => default = Some(entry.key.clone()),
                }
            }
            all.push(SwitchCase {
                name: entry.key.clone(),
                when: self.optional(&entry.value, "when", &place),
                then: self.then(entry.value.get("then"), &place.below("then"), siblings),
            });
        }
        // What has no condition counts where nothing else does, wherever it stands.
        all.sort_by_key(|case| case.when.is_none());
        Switch { cases: all }
    }

    fn for_(&mut self, own: &'n Node, node: &'n Node, spot: &Spot) -> Option<For> {
        let name = |key: &str, otherwise: &'static str| {
            own.get(key).and_then(Node::text).map_or(otherwise.to_owned(), str::to_owned)
        };
        let (each, at) = (name("each", "item"), name("at", "index"));
        for (key, name) in [("each", &each), ("at", &at)] {
            self.variable(own.get(key), name, &spot.below("for").below(key));
        }
        let inside = spot.with(&[&each, &at]);
        let given = own.get("in")?;
        let place = spot.below("for").below("in");
        let items = match given.text() {
            Some(_) => self.expression(given, &place).map(Shaped::Expression),
            None => Some(self.shaped(given, &place)),
        };
        let while_ = self.optional(node, "while", &inside);
        let tasks = self.list(node.get("do")?, &inside.below("do"));
        let fan_out = self.fan_out(node.get("metadata"), &spot.below("metadata"));
        Some(For { items: items?, while_, tasks, fan_out })
    }

    fn fan_out(&mut self, metadata: Option<&Node>, spot: &Spot) -> Option<FanOut> {
        let (concurrency, collect) = (metadata?.get("concurrency"), metadata?.get("collect"));
        let mut refused = |node: &Node, key: &str, expected: &str| {
            let found = match &node.kind {
                Value::Text(text) | Value::Number(text) => text.clone(),
                _ => node.type_name().to_owned(),
            };
            let fault = Malformed::form(expected, &found);
            self.findings.at(&spot.below(key).pointer, &node.at, fault);
        };
        let at_once = concurrency.map(|node| {
            let number = node.whole().and_then(|number| usize::try_from(number).ok());
            number.filter(|number| (1..=MAX_CONCURRENCY).contains(number)).unwrap_or_else(|| {
                refused(node, "concurrency", "a whole number from 1 to 1000");
                1
            })
        });
        let collected = collect.map(|node| match node.text() {
            Some("outputs") => Collect::Outputs,
            Some("results") => Collect::Results,
            _ => {
                refused(node, "collect", "`outputs` or `results`");
                Collect::Outputs
            }
        });
        (at_once.is_some() || collected.is_some()).then(|| FanOut {
            concurrency: at_once.unwrap_or(1),
            collect: collected.unwrap_or(Collect::Outputs),
        })
    }

    /// A variable must be a name that an expression can write.
    fn variable(&mut self, node: Option<&Node>, name: &str, spot: &Spot) {
        let mut chars = name.chars();
        let is_name = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
        let is_taken = ARGUMENTS.iter().any(|argument| argument[1..] == *name);
        if let Some(node) = node
            && (!is_name || is_taken)
        {
            let expected =
                "a name of letters, digits and underscores that is not an argument of the language";
            let fault = Malformed::form(expected, name);
            self.findings.at(&spot.pointer, &node.at, fault);
        }
    }

    fn fork(&mut self, own: &'n Node, spot: &Spot) -> Option<Fork> {
        let list = self.list(own.get("branches")?, &spot.below("branches"));
        let branches = self.lists[list.0].clone();
        // A branch is alone: there is no other task of its list to go to.
        for waiting in self.queue.iter_mut().filter(|waiting| branches.contains(&waiting.id)) {
            waiting.siblings = Arc::default();
        }
        let compete = own.get("compete").and_then(Node::flag).unwrap_or(false);
        Some(Fork { branches, compete })
    }

    fn try_(
        &mut self,
        own: &'n Node,
        node: &'n Node,
        spot: &Spot,
        siblings: &[String],
    ) -> Option<Try> {
        let tasks = self.list(own, &spot.below("try"));
        let catch = node.get("catch")?;
        let place = spot.below("catch");
        let name = catch.get("as").and_then(Node::text).unwrap_or("error");
        self.variable(catch.get("as"), name, &place.below("as"));
        let inside = place.with(&[name]);
        let with = catch.get("errors").and_then(|errors| errors.get("with"));
        let with = with.map_or(&[][..], Node::entries).iter();
        let with = with.map(|entry| (entry.key.clone(), Datum::from(&entry.value))).collect();
        let retry = catch.get("retry").and_then(|retry| match retry.text() {
            Some(name) => {
                let (node, place) = self.named("retries", name, retry, "retry policy", &place)?;
                Some(self.retry_in(node, &place, &inside))
            }
            None => Some(self.retry_in(retry, &place.below("retry"), &inside)),
        });
        Some(Try {
            tasks,
            with,
            when: self.optional(catch, "when", &inside),
            except_when: self.optional(catch, "exceptWhen", &inside),
            retry: retry.map(Arc::new),
            handler: catch.get("do").map(|tasks| self.list(tasks, &inside.below("do"))),
            then: catch.get("then").map(|then| {
                let place = place.below("then");
                self.then(Some(then), &place, siblings)
            }),
        })
    }

    fn raise(&mut self, own: &'n Node, spot: &Spot) -> Option<Raise> {
        let error = own.get("error")?;
        let error = match error.text() {
            Some(text) if inner(text).is_some() => {
                Raised::Whole(self.expression(error, &spot.below("error"))?)
            }
            Some(name) => {
                let (node, mut place) = self.named("errors", name, error, "error", spot)?;
                place.variables = Arc::clone(&spot.variables);
                Raised::Parts(self.error(node, &place)?)
            }
            None => Raised::Parts(self.error(error, &spot.below("error"))?),
        };
        Some(Raise { error: Arc::new(error) })
    }

    fn error(&mut self, node: &Node, spot: &Spot) -> Option<RaisedError> {
        let mut part = |key: &str| node.get(key).map(|node| self.shaped(node, &spot.below(key)));
        Some(RaisedError {
            type_uri: part("type")?,
            status: part("status")?,
            title: part("title"),
            detail: part("detail"),
            instance: part("instance"),
        })
    }

    fn run(&mut self, own: &'n Node, spot: &Spot) -> Option<RunWorkflow> {
        let flow = own.get("workflow")?;
        let text = |key: &str| flow.get(key).and_then(Node::text).map(str::to_owned);
        let place = spot.below("workflow").below("input");
        Some(RunWorkflow {
            namespace: text("namespace")?,
            name: text("name")?,
            version: text("version")?,
            input: flow.get("input").map(|input| self.shaped_or_expression(input, &place)),
            await_: own.get("await").and_then(Node::flag).unwrap_or(true),
        })
    }

    /// One of `use`, by its name, or a finding about the name.
    fn named(
        &mut self,
        of: &str,
        name: &str,
        at: &Node,
        what: &'static str,
        spot: &Spot,
    ) -> Option<(&'n Node, Spot)> {
        let all = self.root.get("use").and_then(|node| node.get(of));
        let names = all.map_or(&[][..], Node::entries);
        if let Some(entry) = names.iter().find(|entry| entry.key == name) {
            let top = Spot { pointer: String::new(), variables: Arc::default() };
            return Some((&entry.value, top.below("use").below(of).below(name)));
        }
        let nearest = nearest(name, names.iter().map(|entry| entry.key.as_str()));
        let fault = DocumentFault::UnknownName { what, found: name.to_owned(), nearest };
        self.findings.at(&spot.pointer, &at.at, fault);
        None
    }

    fn then(&mut self, node: Option<&Node>, spot: &Spot, siblings: &[String]) -> Then {
        let Some((node, text)) = node.and_then(|node| Some((node, node.text()?))) else {
            return Then::Continue;
        };
        match text {
            "continue" => Then::Continue,
            "exit" => Then::Exit,
            "end" => Then::End,
            name => match siblings.iter().position(|sibling| sibling == name) {
                Some(index) => Then::To(index),
                None => {
                    let words = ["continue", "exit", "end"];
                    let known = siblings.iter().map(String::as_str).chain(words);
                    let found = name.to_owned();
                    let nearest = nearest(name, known);
                    let what = "task in the same list";
                    let fault = DocumentFault::UnknownName { what, found, nearest };
                    self.findings.at(&spot.pointer, &node.at, fault);
                    Then::Continue
                }
            },
        }
    }

    fn input(&mut self, node: Option<&'n Node>, spot: &Spot) -> Input {
        let Some(node) = node else { return Input::default() };
        Input {
            schema: self.schema(node.get("schema"), &spot.below("schema")),
            from: node.get("from").map(|from| self.shaped_or_expression(from, &spot.below("from"))),
        }
    }

    fn output(&mut self, node: Option<&'n Node>, spot: &Spot) -> Output {
        let Some(node) = node else { return Output::default() };
        Output {
            schema: self.schema(node.get("schema"), &spot.below("schema")),
            as_: node.get("as").map(|as_| self.shaped_or_expression(as_, &spot.below("as"))),
        }
    }

    fn schema(&mut self, node: Option<&Node>, spot: &Spot) -> Option<Arc<JsonSchemaField>> {
        let node = node?;
        let format = node.get("format").and_then(Node::text).unwrap_or("json");
        if let Some(at) = node.get("format")
            && format.split(':').next() != Some("json")
        {
            let feature = format!("schema.format {format}");
            let place = spot.below("format").pointer;
            self.findings.at(&place, &at.at, DocumentFault::Unsupported { feature });
            return None;
        }
        let document = node.get("document")?;
        let field = JsonSchemaField::deserialize(document.to_value()).ok()?;
        if let Some(reason) = field.fault() {
            let fault = Malformed::Schema { reason: reason.to_owned() };
            let start = document.at.start;
            self.findings.at(&spot.below("document").pointer, &(start..start), fault);
            return None;
        }
        Some(Arc::new(field))
    }

    fn timeout(&mut self, node: Option<&Node>, spot: &Spot) -> Option<Duration> {
        let node = node?;
        if let Some(name) = node.text() {
            let (node, place) = self.named("timeouts", name, node, "timeout", spot)?;
            return self.duration(node.get("after")?, &place.below("after"));
        }
        self.duration(node.get("after")?, &spot.below("after"))
    }

    fn duration(&mut self, node: &Node, spot: &Spot) -> Option<Duration> {
        if let Some(text) = node.text() {
            return match inner(text) {
                Some(_) => self.expression(node, spot).map(Duration::Expression),
                None => milliseconds(text).map(Duration::Fixed),
            };
        }
        let part = |key: &str, length: i64| {
            node.get(key).map_or(Some(0), |node| node.whole()?.checked_mul(length))
        };
        let parts = [
            part("days", 86_400_000),
            part("hours", 3_600_000),
            part("minutes", 60_000),
            part("seconds", 1_000),
            part("milliseconds", 1),
        ];
        let total = parts.into_iter().try_fold(0_i64, |sum, part| sum.checked_add(part?));
        match total.filter(|total| (0..=MAX_DURATION).contains(total)) {
            Some(total) => Some(Duration::Fixed(total)),
            None => {
                let fault = Malformed::form("a duration from nought to a hundred years", "it");
                self.findings.at(&spot.pointer, &(node.at.start..node.at.start), fault);
                None
            }
        }
    }

    fn retry(&mut self, node: &Node, spot: &Spot) -> Retry {
        let inside = spot.with(&["error"]);
        self.retry_in(node, spot, &inside)
    }

    /// A policy, whose expressions may use what is in scope where it is used.
    fn retry_in(&mut self, node: &Node, spot: &Spot, inside: &Spot) -> Retry {
        let spot =
            &Spot { pointer: spot.pointer.clone(), variables: Arc::clone(&inside.variables) };
        let mut duration = |of: Option<&Node>, key: &str, place: &Spot| {
            let node = of?.get(key)?;
            self.duration(node, &place.below(key))
        };
        let limit = node.get("limit");
        let place = spot.below("limit");
        let attempt = limit.and_then(|limit| limit.get("attempt"));
        let backoff = node.get("backoff");
        let linear = backoff.and_then(|backoff| backoff.get("linear"));
        let jitter = node.get("jitter");
        let delay = duration(Some(node), "delay", spot);
        let increment = duration(linear, "increment", &spot.below("backoff").below("linear"));
        let attempt_duration = duration(attempt, "duration", &place.below("attempt"));
        let whole = duration(limit, "duration", &place);
        let from = duration(jitter, "from", &spot.below("jitter"));
        let to = duration(jitter, "to", &spot.below("jitter"));
        Retry {
            when: self.optional(node, "when", spot),
            except_when: self.optional(node, "exceptWhen", spot),
            delay,
            backoff: match backoff.and_then(|backoff| backoff.entries().first()) {
                Some(entry) if entry.key == "linear" => Backoff::Linear(increment),
                Some(entry) if entry.key == "exponential" => Backoff::Exponential,
                _ => Backoff::Constant,
            },
            count: attempt.and_then(|attempt| attempt.get("count")).and_then(Node::whole),
            attempt_duration,
            duration: whole,
            jitter: from.zip(to),
        }
    }

    fn endpoint(&mut self, node: &Node, spot: &Spot) -> Endpoint {
        let uri = node.get("uri").unwrap_or(node);
        let place = if node.get("uri").is_some() { spot.below("uri") } else { spot.clone() };
        let authentication = node.get("authentication");
        let under = spot.below("authentication");
        Endpoint {
            uri: match uri.text().unwrap_or_default() {
                text if inner(text).is_some() => match self.expression(uri, &place) {
                    Some(expression) => UriTemplate::Expression(expression),
                    None => UriTemplate::read(""),
                },
                text => {
                    // A reference needs something to be relative to, and nothing here is.
                    if !text.contains(['{', ':']) {
                        let feature = "a relative URI as an endpoint".to_owned();
                        let fault = DocumentFault::Unsupported { feature };
                        self.findings.at(&place.pointer, &uri.at, fault);
                    }
                    UriTemplate::read(text)
                }
            },
            authentication: authentication.and_then(|node| self.authentication(node, &under)),
        }
    }

    fn authentication(&mut self, node: &Node, spot: &Spot) -> Option<Arc<Authentication>> {
        if let Some(name) = node.get("use") {
            let what = "authentication";
            let place = spot.below("use");
            let (node, mut place) =
                self.named("authentications", name.text()?, name, what, &place)?;
            place.variables = Arc::clone(&spot.variables);
            return self.given_authentication(node, &place);
        }
        let given = self.given_authentication(node, spot)?;
        self.check_authentication(&given, node, &spot.below(&given.scheme));
        Some(given)
    }

    /// Finds what a run would refuse, as far as no secret and no expression decides it.
    fn check_authentication(&mut self, given: &Authentication, node: &Node, spot: &Spot) {
        let entry = node.entries().iter().find(|entry| entry.key == given.scheme);
        let Some(entry) = entry else { return };
        let is_secret = matches!(given.settings, Settings::Secret(_));
        let is_loose = self.is_loose;
        let is_expression = |text: &str| {
            let compiles = || Expression::compile(text, &spot.variables).is_ok();
            inner(text).is_some() || (is_loose && compiles())
        };
        let setting = |keys: &[&str]| {
            if is_secret {
                return Setting::Later;
            }
            let mut node = &entry.value;
            for key in keys {
                match node.get(key) {
                    Some(below) => node = below,
                    None if node.text().is_some() => return Setting::Later,
                    None => return Setting::Missing,
                }
            }
            match node.text() {
                Some(text) if is_expression(text) => Setting::Later,
                Some(text) => Setting::Text(text),
                None => Setting::Other(node.type_name()),
            }
        };
        if let Some(issuers) = entry.value.get("issuers") {
            let feature = format!("authentication.{}.issuers", given.scheme);
            let spot = spot.below("issuers");
            self.findings.warn(&spot.pointer, &issuers.at, DocumentFault::Ignored { feature });
        }
        let Some(refused) = refused(&given.scheme, &setting) else { return };
        let (mut node, mut spot) = (&entry.value, spot.clone());
        for key in refused.keys {
            node = node.get(key).unwrap_or(node);
            spot = spot.below(key);
        }
        let at = if refused.keys.is_empty() { &entry.key_at } else { &node.at };
        self.findings.at(&spot.pointer, at, refused.fault);
    }

    fn given_authentication(&mut self, node: &Node, spot: &Spot) -> Option<Arc<Authentication>> {
        let entry = node.entries().iter().find(|entry| SCHEMES.contains(&entry.key.as_str()))?;
        let place = spot.below(&entry.key);
        let settings = match entry.value.get("use").and_then(|node| Some((node, node.text()?))) {
            Some((node, secret)) => {
                self.declared_secret(secret, node, &place.below("use"));
                Settings::Secret(secret.to_owned())
            }
            None => Settings::Given(self.shaped(&entry.value, &place)),
        };
        Some(Arc::new(Authentication { scheme: entry.key.clone(), settings }))
    }

    fn optional(&mut self, node: &Node, key: &str, spot: &Spot) -> Option<Expression> {
        let node = node.get(key)?;
        self.expression(node, &spot.below(key))
    }

    /// An expression, with or without `${ }`.
    fn expression(&mut self, node: &Node, spot: &Spot) -> Option<Expression> {
        let text = node.text()?;
        match Expression::compile(text, &spot.variables) {
            Ok(expression) => {
                self.secrets_of(&expression, node, spot);
                Some(expression)
            }
            Err(fault) => {
                // Where the text stands as it is, the place can be told to the character.
                let raw = self.text.get(node.at.clone()).unwrap_or_default();
                let span = match raw.find(text) {
                    Some(before) => {
                        let start = (node.at.start + before + fault.offset).min(node.at.end);
                        start..node.at.end
                    }
                    None => node.at.clone(),
                };
                let fault = DocumentFault::Expression { reason: fault.reason, hint: fault.hint };
                self.findings.at(&spot.pointer, &span, fault);
                None
            }
        }
    }

    /// A secret that is not declared is not there for a run either.
    fn secrets_of(&mut self, expression: &Expression, node: &Node, spot: &Spot) {
        for name in expression.secrets() {
            self.declared_secret(name, node, spot);
        }
    }

    fn declared_secret(&mut self, name: &str, node: &Node, spot: &Spot) {
        let declared = self.root.get("use").and_then(|node| node.get("secrets"));
        let mut declared = declared.map_or(&[][..], Node::items).iter().filter_map(Node::text);
        if declared.clone().any(|known| known == name) {
            return;
        }
        let nearest = nearest(name, &mut declared);
        let fault = DocumentFault::UnknownName { what: "secret", found: name.to_owned(), nearest };
        self.findings.at(&spot.pointer, &node.at, fault);
    }

    /// Text is an expression; in anything else, `${ }` marks them.
    fn shaped_or_expression(&mut self, node: &Node, spot: &Spot) -> Shaped {
        match node.text() {
            Some(_) => self
                .expression(node, spot)
                .map_or(Shaped::Constant(Default::default()), Shaped::Expression),
            None => self.shaped(node, spot),
        }
    }

    /// A value in which `${ }` marks expressions.
    fn shaped(&mut self, node: &Node, spot: &Spot) -> Shaped {
        match &node.kind {
            Value::Text(text) if inner(text).is_some() => self.shaped_or_expression(node, spot),
            Value::Text(text) if self.is_loose => {
                match Expression::compile(text, &spot.variables) {
                    Ok(expression) => Shaped::Expression(expression),
                    Err(_) => Shaped::Constant(Datum::from(node)),
                }
            }
            Value::List(items) => {
                let items = items.iter().enumerate();
                let items: Vec<Shaped> = items
                    .map(|(index, item)| self.shaped(item, &spot.below(&index.to_string())))
                    .collect();
                match items.iter().all(is_constant) {
                    true => Shaped::Constant(Datum::from(node)),
                    false => Shaped::List(items),
                }
            }
            Value::Map(entries) => {
                let entry = |entry: &cardhost_document::Entry| {
                    let value = self.shaped(&entry.value, &spot.below(&entry.key));
                    (entry.key.clone(), value)
                };
                let entries: Vec<(String, Shaped)> = entries.iter().map(entry).collect();
                match entries.iter().all(|(_, value)| is_constant(value)) {
                    true => Shaped::Constant(Datum::from(node)),
                    false => Shaped::Object(entries),
                }
            }
            _ => Shaped::Constant(Datum::from(node)),
        }
    }
}

fn is_constant(shaped: &Shaped) -> bool {
    matches!(shaped, Shaped::Constant(_))
}

fn reply_as(with: &Node) -> ReplyAs {
    match with.get("output").and_then(Node::text) {
        Some("response") => ReplyAs::Response,
        Some("raw") => ReplyAs::Raw,
        _ => ReplyAs::Content,
    }
}
