//! Tests without the service: a [`Host`] that answers from a cassette, and test cases in folders.
//!
//! A cassette is recorded once, with `cardhost record` or with a [`Recorder`]; see `docs/cassettes.md`.
//!
//! # Example: the outputs of a run as a snapshot
//! ```
//! use cardhost::testing::Replay;
//!
//! # let invocation = cardhost::Invocation::from_value(serde_json::json!({
//! #     "connection": { "fields": { "Service Account: Username": "sa", "Service Account: Secret": "any" } },
//! #     "options": { "Request Type": "GET", "Select API": "Query API" },
//! #     "input": { "Request": { "Relative URL": "/app/me" } } }))?;
//! # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?; // where `examples` is
//! let replay = Replay::open("examples/cassettes/me.json")?;
//! let host = replay.host().cards(cardhost::Embedded).build();
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
//! # let outcome = runtime.block_on(async {
//! let outcome = host.run(Some("mixpanel/custom-api-action"), invocation).await?;
//! # Ok::<_, cardhost::Error>(outcome) })?;
//! replay.finish()?; // nothing recorded is left over, and no request was another one
//! let snapshot = cardhost::testing::snapshot(&outcome)?;
//! // insta::assert_snapshot!(snapshot);
//! assert!(snapshot.contains("\"Status Code\": 200"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//! A flow is tested the same way: [`FlowCase`] replays a folder that `cardhost record --flow` wrote, [`Replay::runner`] a
//! cassette.

mod flow;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cardhost_author::check::{File, Finding, check_form};
use cardhost_cassette::CassetteFault;
use cardhost_cassette::{
    Case, CaseFile, Cassette, Difference, Injection, Player, json_differences, lines,
};
use cardhost_core::error::{Internal, Unreadable};
use cardhost_runtime::clock::WaitingClock;
use cardhost_runtime::entropy::{FixedEntropy, SeededEntropy};
use serde_json::{Map, Value};

use cardhost_cassette::Seed;
pub use flow::{FlowCase, FlowCaseRun};

use crate::cassette::{ReplayTransport, read_cassette};
use cardhost_core::call::Outcome;
use cardhost_core::error::{Class, Place};
use cardhost_core::failure::Error;
use cardhost_core::invocation::{ConnectionRef, Invocation};
use cardhost_core::plan::BaseOverride;
use cardhost_runtime::flow::{FlowRunner, VirtualTimer};
use cardhost_runtime::host::{Host, HostBuilder, Policy};
use cardhost_runtime::transport::EgressPolicy;

/// A cassette that is being replayed.
#[derive(Clone)]
pub struct Replay {
    transport: ReplayTransport,
    now: i64,
    seed: Option<Seed>,
}

impl Replay {
    /// Plays a cassette from a file.
    ///
    /// # Errors
    /// `definition.unreadable`, `cassette.syntax`, `cassette.format`.
    pub fn open(path: impl AsRef<Path>) -> Result<Replay, Error> {
        Ok(Replay::new(read_cassette(path.as_ref())?))
    }

    /// Plays a cassette.
    #[must_use]
    pub fn new(cassette: Cassette) -> Replay {
        Replay::playing(cassette, Vec::new())
    }

    /// Plays a cassette with faults between the requests and their replies, such as `429@2`.
    #[must_use]
    pub fn injecting(cassette: Cassette, faults: Vec<Injection>) -> Replay {
        Replay::playing(cassette, faults)
    }

    fn playing(cassette: Cassette, faults: Vec<Injection>) -> Replay {
        let now = cassette.recorded_at.as_deref().and_then(cardhost_cassette::unix_seconds);
        let (now, seed) = (now.unwrap_or_default(), cassette.seed);
        let player = Player::new(cassette).injecting(faults);
        Replay { transport: ReplayTransport::playing(player), now, seed }
    }

    /// A host that sends nothing: it answers from the cassette, at the time when that was recorded, and with the random
    /// values of the recording; zeros where it keeps no seed. What is still to be said are the cards.
    #[must_use]
    pub fn host(&self) -> HostBuilder {
        let builder = Host::builder().transport(self.transport.clone());
        let builder = builder.clock(WaitingClock::replaying(self.now));
        match self.seed {
            Some(Seed(seed)) => builder.entropy(SeededEntropy::new(seed)),
            None => builder.entropy(FixedEntropy(0)),
        }
    }

    /// A runner of flows that sends nothing and waits for nothing: its time begins when the cassette was recorded, passes
    /// only where the run waits, and is then over at once; chance is that of the recorded run. `set_up` gives its host the
    /// cards, and whatever else they need.
    #[must_use]
    pub fn runner(&self, set_up: impl FnOnce(HostBuilder) -> HostBuilder) -> FlowRunner {
        let timer = VirtualTimer::starting_at(self.now.saturating_mul(1_000));
        let host = set_up(self.host().clock(timer.clone())).build();
        FlowRunner::new(host).timer(timer).seed(self.seed.unwrap_or_default().0)
    }

    /// Whether all that was recorded was asked for, and nothing else. To be called after the runs: a flow may have
    /// caught the error of a request that was another one.
    ///
    /// # Errors
    /// `cassette.mismatch`, `cassette.exhausted`, `cassette.unused`.
    pub fn finish(&self) -> Result<(), Error> {
        self.transport.finish()
    }
}

/// The outputs of a run as indented JSON, numbers as they were written: for a snapshot.
///
/// # Errors
/// Where a body nests deeper than 128 levels.
pub fn snapshot(outcome: &Outcome) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(&outcome.output.to_value()?)?;
    text.push('\n');
    Ok(text)
}

/// The facts of an error that stay the same when its words get better, as indented JSON: for a snapshot.
///
/// # Errors
/// serde_json's, which no error gives.
pub fn error_snapshot(error: &Error) -> Result<String, serde_json::Error> {
    let Value::Object(shown) = error.to_json() else { return Ok(String::new()) };
    let stable = ["code", "where", "retryable", "retry_after_s", "status"];
    let kept = shown.into_iter().filter(|(key, _)| stable.contains(&key.as_str()));
    let mut text = serde_json::to_string_pretty(&Value::Object(kept.collect::<Map<_, _>>()))?;
    text.push('\n');
    Ok(text)
}

/// The files that a case can have.
const FILES: [&str; 5] = ["case.json", "cassette.json", Golden::OUTPUT, Golden::ERROR, "README.md"];

/// A folder with one test case: `case.json`, `cassette.json`, and either `output.json` or `error.json`.
#[derive(Clone, Debug)]
pub struct CaseFolder {
    /// The folder.
    pub path: PathBuf,
    /// What is run.
    pub case: Case,
    /// What is replayed.
    pub cassette: Cassette,
    /// What must come out; `None` where nobody has said so yet.
    pub expected: Option<Golden>,
}

/// What comes out of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Golden {
    /// The outputs: `output.json`.
    Output(String),
    /// The facts of an error: `error.json`.
    Error(String),
}

impl Golden {
    const OUTPUT: &str = "output.json";
    const ERROR: &str = "error.json";

    /// The name of its file.
    #[must_use]
    pub fn file_name(&self) -> &'static str {
        match self {
            Golden::Output(_) => Golden::OUTPUT,
            Golden::Error(_) => Golden::ERROR,
        }
    }

    fn other_file_name(&self) -> &'static str {
        match self {
            Golden::Output(_) => Golden::ERROR,
            Golden::Error(_) => Golden::OUTPUT,
        }
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Golden::Output(text) | Golden::Error(text) => text,
        }
    }

    /// What differs from what is expected; `None` where nothing does. Spaces between values do not matter.
    fn differs_from(&self, expected: Option<&Golden>) -> Option<String> {
        let place = |name: &str, was: Option<&Golden>| Difference {
            place: name.to_owned(),
            recorded: was.map(|golden| golden.text().trim_end().to_owned()),
            sent: Some(self.text().trim_end().to_owned()),
        };
        let whole = |was: Option<&Golden>| Some(lines(&[place(self.file_name(), was)]));
        let Some(expected) = expected else { return whole(None) };
        if self == expected {
            return None;
        }
        if self.file_name() != expected.file_name() {
            let (was, is) = (expected.file_name(), self.file_name());
            return Some(lines(&[place(&format!("{was} → {is}"), Some(expected))]));
        }
        let parsed = |text: &str| cardhost_core::value::parse(text).ok();
        let (Some(was), Some(is)) = (parsed(expected.text()), parsed(self.text())) else {
            return whole(Some(expected));
        };
        // As text: values are equal in any order of keys.
        let (compact, expected_compact) = (is.to_string(), was.to_string());
        if compact == expected_compact {
            return None;
        }
        match json_differences(self.file_name(), &was, &is) {
            // Only the order of keys, or what a mask covers.
            found if found.is_empty() => whole(Some(expected)),
            found => Some(lines(&found)),
        }
    }
}

/// What came of a case.
#[derive(Debug)]
pub struct CaseRun {
    /// What came out.
    pub found: Golden,
    /// What differs from what must come out; `None` where nothing does.
    pub difference: Option<String>,
}

impl CaseFolder {
    /// Reads a case.
    ///
    /// # Errors
    /// `definition.unreadable`, `definition.syntax`, `cassette.syntax`, `cassette.format`.
    pub fn load(path: impl Into<PathBuf>) -> Result<CaseFolder, Error> {
        let path = path.into();
        let files = Files(&path);
        files.check(|name| FILES.contains(&name), &FILES.join(", "))?;
        let case = files.case(Case::read)?;
        let cassette = files.cassette()?;
        let expected = files.golden()?;
        Ok(CaseFolder { path, case, cassette, expected })
    }

    /// Replays the case. `cards` gives a builder the cards; `faults` are put between requests and replies, besides those
    /// of the case.
    ///
    /// # Errors
    /// What no golden file can expect: a request that is not the recorded one, exchanges that are left over, a base that
    /// is none.
    pub async fn run(
        &self,
        cards: impl FnOnce(HostBuilder) -> HostBuilder,
        faults: &[Injection],
    ) -> Result<CaseRun, Error> {
        let all = self.case.fault.iter().chain(faults).cloned().collect();
        let replay = Replay::injecting(self.cassette.clone(), all);
        let egress =
            EgressPolicy { private: self.case.allow_private_network, ..EgressPolicy::default() };
        let mut builder = cards(replay.host()).policy(Policy { egress, ..Policy::default() });
        if let Some(base) = Files(&self.path).base(self.case.base.as_deref())? {
            builder = builder.base(base);
        }
        let invocation = Invocation {
            connection: Some(ConnectionRef::Fields(self.case.connection.clone())),
            options: self.case.options.clone(),
            input: self.case.input.clone(),
            idempotency_key: self.case.idempotency_key.clone(),
            ..Invocation::default()
        };
        let ran = builder.build().run(Some(&self.case.card), invocation).await;
        // The error of the run is told with the secrets of the run masked.
        if let Err(error) = &ran
            && error.class() == Class::Test
        {
            return Err(error.clone());
        }
        replay.finish()?;
        let text = match &ran {
            Ok(outcome) => snapshot(outcome).map(Golden::Output),
            Err(error) => error_snapshot(error).map(Golden::Error),
        };
        let found =
            text.map_err(|_| Error::from(Internal { what: "an output cannot be written" }))?;
        let difference = found.differs_from(self.expected.as_ref());
        Ok(CaseRun { found, difference })
    }

    /// Takes what came out for what must come out: writes the golden file.
    ///
    /// # Errors
    /// `cassette.unwritable`.
    pub fn accept(&self, found: &Golden) -> Result<(), Error> {
        Files(&self.path).accept(found)
    }
}

/// A test case of either kind.
#[derive(Clone, Debug)]
pub enum AnyCase {
    /// One invocation of a card.
    Card(Box<CaseFolder>),
    /// One run of a flow.
    Flow(Box<FlowCase>),
}

impl AnyCase {
    /// Reads a case: its `case.json` says of which kind it is.
    ///
    /// # Errors
    /// As [`CaseFolder::load`] and [`FlowCase::load`].
    pub fn load(path: impl Into<PathBuf>) -> Result<AnyCase, Error> {
        let path = path.into();
        let files = Files(&path);
        match files.case(CaseFile::read)? {
            CaseFile::Card(_) => Ok(AnyCase::Card(Box::new(CaseFolder::load(path)?))),
            CaseFile::Flow(_) => Ok(AnyCase::Flow(Box::new(FlowCase::load(path)?))),
        }
    }
}

/// The files of a case.
struct Files<'p>(&'p Path);

impl Files<'_> {
    fn shown(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    fn unreadable(file: &Path, reason: String) -> Error {
        let place = Place { file: file.display().to_string(), ..Place::default() };
        Error::from(Unreadable { reason }).at(place)
    }

    /// Refuses a file that a case does not have; `all` names those it can have.
    fn check(&self, may: impl Fn(&str) -> bool, all: &str) -> Result<(), Error> {
        let unreadable = |error: io::Error| Files::unreadable(self.0, error.to_string());
        for entry in fs::read_dir(self.0).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !may(&name) && !name.starts_with('.') {
                return Err(Files::unreadable(&entry.path(), format!("a case has only {all}")));
            }
        }
        Ok(())
    }

    fn read(&self, name: &str) -> Result<String, Error> {
        let file = self.0.join(name);
        fs::read_to_string(&file).map_err(|error| Files::unreadable(&file, error.to_string()))
    }

    /// The case, or what is wrong with its form, in the words of every document.
    fn case<T>(&self, read: fn(&str, &str) -> Result<T, Error>) -> Result<T, Error> {
        let (path, text) = (self.shown("case.json"), self.read("case.json")?);
        read(&path, &text).map_err(|error| match error.fault().downcast_ref() {
            Some(CassetteFault::Case { .. }) => {
                let file = File { path: &path, text: &text };
                let found = check_form(file, crate::formats::case_schema());
                found.into_iter().find(Finding::is_error).map_or(error, Error::from)
            }
            _ => error,
        })
    }

    fn has(&self, name: &str) -> bool {
        self.0.join(name).is_file()
    }

    fn cassette(&self) -> Result<Cassette, Error> {
        Cassette::read(&self.shown("cassette.json"), &self.read("cassette.json")?)
    }

    fn golden(&self) -> Result<Option<Golden>, Error> {
        match (self.has(Golden::OUTPUT), self.has(Golden::ERROR)) {
            (true, true) => {
                let reason = "a case has either output.json or error.json".to_owned();
                Err(Files::unreadable(self.0, reason))
            }
            (true, false) => self.read(Golden::OUTPUT).map(Golden::Output).map(Some),
            (false, true) => self.read(Golden::ERROR).map(Golden::Error).map(Some),
            (false, false) => Ok(None),
        }
    }

    /// The base that a case names.
    fn base(&self, text: Option<&str>) -> Result<Option<BaseOverride>, Error> {
        let Some(text) = text else { return Ok(None) };
        match BaseOverride::parse(text) {
            Some(base) => Ok(Some(base)),
            None => Err(self.wrong("/base", BaseOverride::refusal(text))),
        }
    }

    /// An error about a value in `case.json`.
    fn wrong(&self, pointer: &str, reason: String) -> Error {
        let (file, pointer) = (self.shown("case.json"), pointer.to_owned());
        Error::from(CassetteFault::Entry { reason }).at(Place { file, pointer, ..Place::default() })
    }

    fn accept(&self, found: &Golden) -> Result<(), Error> {
        let other = self.0.join(found.other_file_name());
        match fs::remove_file(&other) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Files::unwritable(&other, &error))
            }
            _ => self.write(found.file_name(), found.text()),
        }
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        let file = self.0.join(name);
        fs::write(&file, text).map_err(|error| Files::unwritable(&file, &error))
    }

    fn unwritable(file: &Path, error: &io::Error) -> Error {
        let (path, reason) = (file.display().to_string(), error.to_string());
        Error::from(CassetteFault::Unwritable { path, reason })
    }
}
