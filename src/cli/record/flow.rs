//! `record --flow`: a run of a flow whose exchanges are kept, without secrets.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cardhost::cassette::CassetteFault;
use cardhost::cassette::RecordedRun;
use cardhost::clock::{Clock as _, SystemClock};
use cardhost::connections::BoxFuture;
use cardhost::core::secret::{Redactor, Secret};
use cardhost::core::settle::all_texts;
use cardhost::entropy::SeededEntropy;
use cardhost::flow::{Flow, FlowRunner, FlowSecrets, FlowSource, RecordingTimer, VirtualTimer};
use cardhost::testing::{FlowCase, Head, Order, Recorder, Seed};
use cardhost::{Error, HostBuilder, Place};
use serde_json::{Map, Value};

use super::args::RecordArgs;
use super::files::{cassette_file, said, write_file};
use super::seed::random_seed;
use crate::cli::bases;
use crate::cli::console::{Console, Failure};
use crate::cli::flow::{Flows, Secrets, input, load_with_text, not_ready, print};
use crate::cli::global::Global;
use crate::cli::setup;

pub(super) fn record(
    global: &Global,
    args: &RecordArgs,
    name: &Path,
    console: &Console,
) -> Result<(), Failure> {
    let bases = &args.target.reach.base;
    if bases.len() > 1 || bases.iter().any(|base| bases::named(base).0.is_some()) {
        let message = "a recorded flow has one --base for all of its connectors";
        return Err(Failure::Usage(message.to_owned()));
    }
    let (flow, text) = load_with_text(name, console)?;
    let host =
        setup::running_host(global, &args.target.reach, setup::policy(args.timeout), args.mock)?;
    let given = input()?;
    let (recorded_at, seed) = (SystemClock.unix_seconds(), random_seed()?);
    let flow_name = Some(flow.name());
    let head = Head { flow: flow_name, recorded_at, seed: Some(Seed(seed)), ..Head::default() };
    let file = cassette_file(args);
    let recorder = Recorder::to_file(head, &file)?;
    let kept = Kept::default();
    let flows = KeptFlows { of: Flows::of(name, &args.sources), kept: kept.clone() };
    let secrets = Secrets::new(&args.sources.secret, &args.target.reach.store);
    let secrets = KeptSecrets { of: secrets, recorder: recorder.clone(), kept: kept.clone() };
    let host = host.entropy(SeededEntropy::new(seed));
    let runner = runner(host.observer(recorder.clone()), recorded_at, args.mock);
    let runner = runner.seed(seed).flows(flows).secrets(secrets);
    let runtime = setup::runtime()?;
    runtime.block_on(runner.ready(&flow)).map_err(|not| not_ready(not, console))?;
    // What the run has given up ends with the runtime at the latest, and is then recorded as that.
    let result = runtime.block_on(runner.run(&flow, given.clone()));
    drop(runtime);
    if recorder.is_empty()
        && let Err(error) = result
    {
        // Nothing was sent: there is nothing to be replayed.
        return Err(error.into());
    }
    let main = Text { file: name.display().to_string(), text, flow: flow.clone() };
    let inner = kept.flows(&main);
    // Branches may be quicker another time; one after the other, requests keep their order.
    if inner.iter().chain([&main]).any(|text| text.flow.document.runs_at_once()) {
        recorder.ordered(Order::Any);
    }
    let cassette = recorder.finish()?;
    if let Some(folder) = &args.case {
        let run = RecordedRun {
            base: args.target.reach.base.first().cloned(),
            allow_private_network: !args.target.reach.network.allow_private_network.is_empty(),
            connections: recorder.connections().into_iter().collect(),
            secrets: kept.secrets(&recorder),
            ..RecordedRun::of(&format!("flow.{}", main.extension()), recorder.stand_in(given))
        };
        // The secrets of a mock are those of the cards' own examples.
        let are_examples =
            args.mock && args.target.reach.connection.is_none() && args.sources.secret.is_empty();
        if !are_examples {
            inner.iter().chain([&main]).try_for_each(|text| text.check(&recorder))?;
        }
        write(folder, &run, &main, &inner)?;
        // What a replay gives is what must come out: the same, but for what is masked.
        let case = FlowCase::load(folder)?;
        let ran = setup::runtime()?.block_on(case.run(setup::cards(global)?))?;
        case.accept(&ran)?;
    }
    said(console, cassette.exchanges.len(), &file);
    print(&result?, args.pretty, console)
}

/// A runner in the time in which a replay will live. A mock is no service that could need time.
fn runner(host: HostBuilder, recorded_at: i64, is_mock: bool) -> FlowRunner {
    let now_ms = recorded_at.saturating_mul(1_000);
    if is_mock {
        let timer = VirtualTimer::starting_at(now_ms);
        FlowRunner::new(host.clock(timer.clone()).build()).timer(timer)
    } else {
        let timer = RecordingTimer::starting_at(now_ms);
        FlowRunner::new(host.clock(timer.clone()).build()).timer(timer)
    }
}

/// Writes the files of a case that nobody has to judge.
fn write(folder: &Path, run: &RecordedRun, main: &Text, inner: &[Text]) -> Result<(), Failure> {
    let text = run.write().map_err(|error| Failure::Io("case.json", error.into()))?;
    write_file(&folder.join("case.json"), &text)?;
    write_file(&folder.join(&run.flow), &main.text)?;
    if !inner.is_empty() {
        let flows = folder.join("flows");
        std::fs::create_dir_all(&flows).map_err(|error| {
            let (path, reason) = (flows.display().to_string(), error.to_string());
            Error::from(CassetteFault::Unwritable { path, reason })
        })?;
        for text in inner {
            write_file(&flows.join(text.file_name()), &text.text)?;
        }
    }
    Ok(())
}

/// A flow as it was read.
#[derive(Clone)]
struct Text {
    file: String,
    text: String,
    flow: Flow,
}

impl Text {
    fn extension(&self) -> &'static str {
        let extension = Path::new(&self.file).extension().unwrap_or_default();
        ["json", "yml"]
            .into_iter()
            .find(|known| extension.eq_ignore_ascii_case(known))
            .unwrap_or("yaml")
    }

    /// Refuses a text that is to be part of a case as it is, and holds a secret.
    fn check(&self, recorder: &Recorder) -> Result<(), Error> {
        if recorder.redact(&self.text) == self.text {
            return Ok(());
        }
        let place = Place { file: self.file.clone(), ..Place::default() };
        Err(Error::from(CassetteFault::Confidential).at(place))
    }

    /// One that no other flow of the case has.
    fn file_name(&self) -> String {
        let head = &self.flow.document.head;
        format!("{}.{}.{}.{}", head.namespace, head.name, head.version, self.extension())
    }
}

/// What a run has asked for.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Asked>>);

#[derive(Default)]
struct Asked {
    flows: BTreeMap<String, Text>,
    secrets: Map<String, Value>,
}

impl Kept {
    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The flows besides the one that was run.
    fn flows(&self, main: &Text) -> Vec<Text> {
        self.asked().flows.values().filter(|text| text.text != main.text).cloned().collect()
    }

    /// What stands in the case for the secrets.
    fn secrets(&self, recorder: &Recorder) -> Map<String, Value> {
        let secrets = self.asked().secrets.clone().into_iter();
        secrets.map(|(name, value)| (name, recorder.stand_in(value))).collect()
    }
}

/// Flows, of which those are kept that were asked for.
struct KeptFlows {
    of: Flows,
    kept: Kept,
}

impl FlowSource for KeptFlows {
    fn flow(
        &self,
        namespace: &str,
        name: &str,
        version: &str,
    ) -> Result<Option<(String, String)>, String> {
        let found = self.of.flow(namespace, name, version)?;
        if let Some((file, text)) = &found
            && let Ok(flow) = Flow::load(file, text)
        {
            let kept = Text { file: file.clone(), text: text.clone(), flow };
            self.kept.asked().flows.insert(kept.file_name(), kept);
        }
        Ok(found)
    }
}

/// Secrets, of which those are kept, and masked in what is recorded, that were asked for.
struct KeptSecrets {
    of: Secrets,
    recorder: Recorder,
    kept: Kept,
}

impl FlowSecrets for KeptSecrets {
    fn secret<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Value>, String>> {
        Box::pin(async move {
            let found = self.of.secret(name).await?;
            if let Some(value) = &found {
                let mut secrets = Redactor::new();
                all_texts(value, &mut |text| secrets.add(Secret::from(text)));
                self.recorder.learn(&secrets);
                self.kept.asked().secrets.insert(name.to_owned(), value.clone());
            }
            Ok(found)
        })
    }
}
