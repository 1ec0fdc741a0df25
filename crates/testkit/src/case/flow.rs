//! Test cases of flows: a folder with a flow, its recorded run, and what must come out.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use cardhost_cassette::{
    Cassette, Injection, RecordedRun, TraceLine, lines, trace, trace_differences,
};
use cardhost_core::error::Internal;
use cardhost_flow::FlowFault;
use cardhost_flow::{Finding, Happened, Problem};
use serde_json::{Map, Value};

use super::{Files, Golden, Replay, error_snapshot};
use cardhost_core::error::Class;
use cardhost_core::failure::Error;
use cardhost_runtime::connections::{BoxFuture, ConnectionProvider};
use cardhost_runtime::flow::{Flow, MemoryFlows, MemorySecrets, News, Watcher, What};
use cardhost_runtime::host::{HostBuilder, Policy};
use cardhost_runtime::transport::EgressPolicy;

const TRACE: &str = "trace.ndjson";

/// The folder with the flows that the flow runs.
const FLOWS: &str = "flows";

/// The files that a case of a flow can have besides the flow itself.
const FILES: [&str; 7] =
    ["case.json", "cassette.json", Golden::OUTPUT, Golden::ERROR, TRACE, FLOWS, "README.md"];

/// A folder with one test case of a flow: `case.json`, the flow, `cassette.json`, `trace.ndjson`, and either `output.json` or
/// `error.json`; in `flows`, those that the flow runs.
///
/// # Example: a platform's flow as a snapshot
/// ```
/// use cardhost::testing::FlowCase;
///
/// # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?; // where `examples` is
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// # runtime.block_on(async {
/// let case = FlowCase::load("examples/cases/warehouse-status")?;
/// let ran = case.run(|host| host.cards(cardhost::Embedded)).await?;
/// assert_eq!(ran.output?["tables"][0], "shop.orders");
/// assert_eq!(ran.difference, None); // from the golden files of the folder
/// let snapshot = ran.snapshot; // the output, and what was sent and came back, step by step
/// // insta::assert_snapshot!(snapshot);
/// assert!(snapshot.contains("21600.000 s")); // six hours later, at once
/// # Ok::<_, cardhost::Error>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FlowCase {
    /// The folder.
    pub path: PathBuf,
    /// What is run, and with what.
    pub run: RecordedRun,
    /// The flow.
    pub flow: Flow,
    /// The flow, and those that it runs.
    pub flows: MemoryFlows,
    /// What is replayed.
    pub cassette: Cassette,
    /// What must come out; `None` where nobody has said so yet.
    pub expected: Option<Golden>,
    /// What must be told on the way, a JSON object a line; `None` where nobody has said so yet.
    pub expected_trace: Option<String>,
    faults: Vec<Injection>,
}

/// What came of a case of a flow.
#[derive(Debug)]
pub struct FlowCaseRun {
    /// The output of the flow, or the error that nothing caught.
    pub output: Result<Value, Error>,
    /// The same as a golden file has it.
    pub found: Golden,
    /// Every step, what was sent and what came back: one JSON object a line, as `flow run --trace` writes them. Branches that
    /// run at the same time are told one after the other.
    pub trace: String,
    /// What differs from what must come out, and from what must be told; `None` where nothing does. After faults that the
    /// case does not have itself, only what comes out is compared.
    pub difference: Option<String>,
    /// `found` and `trace` for people: what was sent and came back, what was tried again, skipped or failed, with the time
    /// since the run began. It stays the same when the run is recorded again, as far as the service answers the same.
    pub snapshot: String,
}

impl FlowCase {
    /// Reads a case of a flow.
    ///
    /// # Errors
    /// `definition.unreadable`, `definition.syntax`, `definition.value` for a flow that cannot be used, `cassette.syntax`,
    /// `cassette.format`.
    pub fn load(path: impl Into<PathBuf>) -> Result<FlowCase, Error> {
        let path = path.into();
        let files = Files(&path);
        let run = files.case(RecordedRun::read)?;
        let is_file_name = !run.flow.contains(['/', '\\']) && !FILES.contains(&&*run.flow);
        if !is_file_name || !files.has(&run.flow) {
            let reason = format!("`{}` is not a file beside it", run.flow);
            return Err(files.wrong("/flow", reason));
        }
        let all = format!("{}, {}", run.flow, FILES.join(", "));
        files.check(|name| name == run.flow || FILES.contains(&name), &all)?;
        let text = files.read(&run.flow)?;
        // By its name alone in what comes out: a folder may be moved.
        let flow = Flow::load(&run.flow, &text).map_err(|found| refused(&files, &found))?;
        let broken = |found: Vec<Finding>| refused(&files, &found);
        let mut flows = MemoryFlows::new().with(&run.flow, &text).map_err(broken)?;
        for name in inner_flows(&files)? {
            flows = flows.with(&name, &files.read(&name)?).map_err(broken)?;
        }
        let (cassette, expected) = (files.cassette()?, files.golden()?);
        let expected_trace = files.has(TRACE).then(|| files.read(TRACE)).transpose()?;
        let faults = Vec::new();
        Ok(FlowCase { path, run, flow, flows, cassette, expected, expected_trace, faults })
    }

    /// With faults between requests and replies, besides those of the case: it shows whether the flow gets over them.
    #[must_use]
    pub fn injecting(mut self, faults: Vec<Injection>) -> FlowCase {
        self.faults = faults;
        self
    }

    /// Replays the case. `cards` gives a builder the cards.
    ///
    /// # Errors
    /// What no golden file can expect: a request that is not the recorded one, also where the flow caught that; exchanges
    /// that are left over, a base that is none.
    pub async fn run(
        &self,
        cards: impl FnOnce(HostBuilder) -> HostBuilder,
    ) -> Result<FlowCaseRun, Error> {
        let base = Files(&self.path).base(self.run.base.as_deref())?;
        let faults = self.run.fault.iter().chain(&self.faults).cloned().collect();
        let replay = Replay::injecting(self.cassette.clone(), faults);
        let egress =
            EgressPolicy { private: self.run.allow_private_network, ..EgressPolicy::default() };
        let connections = CaseConnections(self.run.connections.clone().into_iter().collect());
        let set_up = |host: HostBuilder| {
            let host = cards(host).policy(Policy { egress, ..Policy::default() });
            let host = host.connections(connections).default_connection_name("");
            match base {
                Some(base) => host.base(base),
                None => host,
            }
        };
        let secrets = self.run.secrets.clone().into_iter();
        let secrets =
            secrets.fold(MemorySecrets::new(), |all, (name, value)| all.with(&name, value));
        let told = Told::default();
        let runner = replay.runner(set_up).flows(self.flows.clone()).secrets(secrets);
        let output = runner.watcher(told.clone()).run(&self.flow, self.run.input.clone()).await;
        // The error of the run is told with the secrets of the run masked.
        if let Err(error) = &output
            && error.class() == Class::Test
        {
            return Err(error.clone());
        }
        replay.finish()?;
        let text = match &output {
            Ok(output) => {
                serde_json::to_string_pretty(output).map(|text| Golden::Output(text + "\n"))
            }
            Err(error) => error_snapshot(error).map(Golden::Error),
        };
        let found =
            text.map_err(|_| Error::from(Internal { what: "an output cannot be written" }))?;
        let (trace, story) = told.texts();
        let snapshot = format!("{}\n{story}", found.text());
        let mut run = FlowCaseRun { output, found, trace, difference: None, snapshot };
        run.difference = self.difference(&run);
        Ok(run)
    }

    fn difference(&self, run: &FlowCaseRun) -> Option<String> {
        let mut parts = Vec::new();
        parts.extend(run.found.differs_from(self.expected.as_ref()));
        if self.faults.is_empty() {
            parts.extend(self.trace_difference(run));
        }
        (!parts.is_empty()).then(|| parts.join("\n"))
    }

    fn trace_difference(&self, run: &FlowCaseRun) -> Option<String> {
        let expected = self.expected_trace.as_deref();
        if expected.is_none() && run.trace.is_empty() {
            return None;
        }
        let found = trace_differences(TRACE, expected.unwrap_or_default(), &run.trace);
        (!found.is_empty()).then(|| lines(&found))
    }

    /// Takes what came out for what must come out: writes the golden files that differ.
    ///
    /// # Errors
    /// `cassette.unwritable`.
    pub fn accept(&self, run: &FlowCaseRun) -> Result<(), Error> {
        let files = Files(&self.path);
        if run.found.differs_from(self.expected.as_ref()).is_some() {
            files.accept(&run.found)?;
        }
        match self.trace_difference(run) {
            Some(_) => files.write(TRACE, &run.trace),
            None => Ok(()),
        }
    }
}

/// The names of the flows that the flow runs, sorted.
fn inner_flows(files: &Files<'_>) -> Result<Vec<String>, Error> {
    let folder = files.0.join(FLOWS);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let unreadable = |error: std::io::Error| Files::unreadable(&folder, error.to_string());
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            names.push(format!("{FLOWS}/{name}"));
        }
    }
    names.sort();
    Ok(names)
}

/// The first fault of a flow, as the error of its case.
fn refused(files: &Files<'_>, found: &[Finding]) -> Error {
    let Some(first) = found.iter().find(|finding| finding.is_error()).or(found.first()) else {
        return Error::from(Internal { what: "a flow is refused without a reason" });
    };
    let name = first.place.file.clone();
    let mut place = first.place.clone();
    place.file = files.shown(&name);
    Error::from(FlowFault::Invalid { name, reason: first.message().to_owned() }).at(place)
}

/// The connections of a case.
struct CaseConnections(HashMap<String, Map<String, Value>>);

impl ConnectionProvider for CaseConnections {
    fn fields<'a>(
        &'a self,
        connector: &'a str,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<Map<String, Value>>, String>> {
        let found = match name {
            // What is missing then is said field by field.
            "" => Some(self.0.get(connector).cloned().unwrap_or_default()),
            name => self.0.get(&format!("{connector}/{name}")).cloned(),
        };
        Box::pin(async move { Ok(found) })
    }
}

/// Keeps what a run tells.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<News>>>);

impl Watcher for Told {
    fn tell(&self, news: &News) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(news.clone());
    }
}

impl Told {
    /// The trace, and the same for people.
    fn texts(&self) -> (String, String) {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since_ms = told.first().map_or(0, |news| news.at_ms);
        let line = |news: &News, text: String| TraceLine {
            at_ms: news.at_ms,
            step: news.step.clone(),
            text,
        };
        let told = || told.iter().filter(|news| !news.is_detail());
        let lines = told().map(|news| line(news, news.to_json().to_string())).collect();
        let story = told().filter_map(|news| Some(line(news, for_people(news, since_ms)?)));
        (trace(lines), trace(story.collect()))
    }
}

/// What happened in one line; `None` for what only begins or ends tasks without an exchange.
fn for_people(news: &News, since_ms: i64) -> Option<String> {
    let seconds = |ms: i64| format!("{}.{:03} s", ms / 1_000, ms % 1_000);
    let after = seconds(news.at_ms.saturating_sub(since_ms));
    let what = match &news.what {
        What::Sending(call) => {
            let text = |key: &str| call.request.get(key).and_then(Value::as_str);
            let (method, url) = (text("method").unwrap_or_default(), text("url"));
            let body = call.request.get("body").filter(|body| !body.is_null());
            let body = body.map(|body| format!(" {body}")).unwrap_or_default();
            let card = call.card.as_deref().unwrap_or("http");
            format!("{card} {method} {}{body}", url.unwrap_or_default())
        }
        What::Emitted(event) => format!("emitted {event}"),
        What::Resumed { .. }
        | What::Began
        | What::Ended { .. }
        | What::Failed(_)
        | What::Waiting { .. } => return None,
        What::Task { happened, output, .. } => match happened {
            Happened::Started => return None,
            Happened::Completed { .. } => format!("-> {}", output.as_ref()?),
            Happened::Skipped => "skipped".to_owned(),
            Happened::Cancelled => "cancelled".to_owned(),
            Happened::Faulted(problem) => format!("failed: {}", said(problem)),
            Happened::Retrying { at_ms, problem } => {
                let later = seconds(at_ms.saturating_sub(news.at_ms));
                format!("again in {later}: {}", said(problem))
            }
        },
    };
    Some(format!("{after}  {}  {what}", news.step))
}

fn said(problem: &Problem) -> &str {
    problem.title.as_deref().or(problem.detail.as_deref()).unwrap_or(&problem.type_uri)
}
