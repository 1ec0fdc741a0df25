//! Transports that record and replay.
//!
//! ```text
//! Call ─▶ RecordingTransport ─▶ any transport        Call ─▶ ReplayTransport ─▶ Player (core)
//!                └▶ Recorder ─ masked ─▶ file
//! ```
//! They know neither cards nor flows. A [`Recorder`] may be given to several transports, and a [`ReplayTransport`] to
//! several hosts: a clone is one more handle to the same cassette. A replay has nothing to connect with.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cardhost_cassette::{
    Cassette, Head, Injection, Order, Player, Recording, connection_stand_ins, stand_in,
};
use cardhost_cassette::{CassetteFault, ReplayFault};
use cardhost_core::call::Treatment;
use cardhost_core::connection::Connection;
use cardhost_core::connector::Connector;
use cardhost_core::error::Unreadable;
use cardhost_core::failure::Error;
use cardhost_core::request::RequestSpec;
use cardhost_core::response::Reply;
use cardhost_core::secret::Redactor;
use cardhost_core::transport_fault::{OwnFault, TransportFault, TransportFaultKind};
use serde_json::{Map, Value};

use cardhost_runtime::transport::{BoxFuture, Observer, Transport};

/// Records exchanges, into memory or a file. Cheap to clone.
#[derive(Clone)]
pub struct Recorder(Arc<Mutex<Recorded>>);

struct Recorded {
    recording: Recording,
    file: Option<CassetteFile>,
    /// How many exchanges the file is to have before it is written again.
    next: usize,
    fault: Option<CassetteFault>,
    /// What was asked with, by `<connector>/<name>`, or `<connector>` where nothing named it.
    connections: BTreeMap<String, (Arc<Connector>, Arc<Connection>)>,
}

impl Recorder {
    /// Records into memory.
    #[must_use]
    pub fn new(head: Head) -> Recorder {
        let recording = Recording::new(head);
        let recorded =
            Recorded { recording, file: None, next: 1, fault: None, connections: BTreeMap::new() };
        Recorder(Arc::new(Mutex::new(recorded)))
    }

    /// Records into a file. It is written as the exchanges come in, each time whole and under another name first: a
    /// crash leaves the older or the newer one, never half of one. What was there before stays until the first exchange.
    ///
    /// # Errors
    /// `cassette.unwritable`.
    pub fn to_file(head: Head, path: &Path) -> Result<Recorder, Error> {
        let file = CassetteFile::new(path);
        // Found out now, not after the service has been asked.
        file.create().map_err(|error| file.fault(&error))?;
        let recorder = Recorder::new(head);
        recorder.recorded().file = Some(file);
        Ok(recorder)
    }

    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, request: &RequestSpec, sent: &Result<Reply, TransportFault>) {
        self.recorded().add(|recording| recording.record(request, sent));
    }

    fn gave_up(&self, request: &RequestSpec) {
        self.recorded().add(|recording| recording.gave_up(request));
    }

    /// The connections that were asked with, without their secrets: by `<connector>/<name>`, by `<connector>` the one that
    /// calls had that name none. Those that a call brings itself are not among them.
    #[must_use]
    pub fn connections(&self) -> Vec<(String, Map<String, Value>)> {
        let recorded = self.recorded();
        let redactor = recorded.recording.redactor();
        let shown = |(key, (connector, connection)): (&String, &(Arc<Connector>, Arc<_>))| {
            (key.clone(), connection_stand_ins(connector, connection, redactor))
        };
        recorded.connections.iter().map(shown).collect()
    }

    /// Whether nothing has been sent yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.recorded().recording.cassette().exchanges.is_empty()
    }

    /// Masks more secrets, also in what has been recorded: those that no request declares, such as `$secrets` of a flow.
    pub fn learn(&self, redactor: &Redactor) {
        self.recorded().recording.learn(redactor);
    }

    /// A value without the secrets of what has been recorded so far, of the same shape.
    #[must_use]
    pub fn stand_in(&self, value: Value) -> Value {
        stand_in(value, self.recorded().recording.redactor())
    }

    /// In which order a replay must ask.
    pub fn ordered(&self, order: Order) {
        self.recorded().recording.ordered(order);
    }

    /// Masks the secrets of everything that has been recorded so far.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.recorded().recording.redactor().redact(text).into_owned()
    }

    /// Writes what is not written yet, and gives the cassette.
    ///
    /// # Errors
    /// `cassette.unwritable`, also where an earlier writing failed.
    pub fn finish(&self) -> Result<Cassette, Error> {
        let mut recorded = self.recorded();
        recorded.fault = None;
        recorded.write();
        match recorded.fault.clone() {
            Some(fault) => Err(fault.into()),
            None => Ok(recorded.recording.cassette().clone()),
        }
    }
}

impl Recorded {
    fn add(&mut self, add: impl FnOnce(&mut Recording)) {
        add(&mut self.recording);
        // The longer the file, the rarer it is written anew: 10,000 exchanges are written some 200 times.
        let exchanges = self.recording.cassette().exchanges.len();
        if exchanges >= self.next {
            self.next = exchanges + 1 + exchanges / 16;
            self.write();
        }
    }

    fn write(&mut self) {
        let Some(file) = &self.file else { return };
        let text = self.recording.cassette().write().map_err(std::io::Error::from);
        let written = text.and_then(|text| file.replace(text.as_bytes()));
        if let Err(error) = written {
            self.fault = Some(file.fault(&error));
        }
    }
}

/// A file that is only ever replaced as a whole.
struct CassetteFile {
    path: PathBuf,
    /// Beside it, so that renaming it is one step.
    draft: PathBuf,
}

impl CassetteFile {
    fn new(path: &Path) -> CassetteFile {
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".{}.part", std::process::id()));
        CassetteFile { path: path.to_owned(), draft: path.with_file_name(name) }
    }

    fn create(&self) -> std::io::Result<()> {
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        if self.path.is_dir() {
            return Err(std::io::Error::other("it is a folder"));
        }
        File::create(&self.draft).map(drop)
    }

    fn replace(&self, bytes: &[u8]) -> std::io::Result<()> {
        let mut file = File::create(&self.draft)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        fs::rename(&self.draft, &self.path)
    }

    fn fault(&self, error: &std::io::Error) -> CassetteFault {
        let (path, reason) = (self.path.display().to_string(), error.to_string());
        CassetteFault::Unwritable { path, reason }
    }
}

impl Drop for CassetteFile {
    fn drop(&mut self) {
        // Left over where nothing was recorded.
        let _ = fs::remove_file(&self.draft);
    }
}

impl Observer for Recorder {
    fn observe(&self, transport: Arc<dyn Transport>) -> Arc<dyn Transport> {
        Arc::new(RecordingTransport::new(transport, self.clone()))
    }

    fn asked_with(
        &self,
        connector: &Arc<Connector>,
        name: Option<&str>,
        connection: &Arc<Connection>,
    ) {
        let key = match name {
            Some(name) => format!("{}/{name}", connector.name.as_str()),
            None => connector.name.as_str().to_owned(),
        };
        let asked = || (Arc::clone(connector), Arc::clone(connection));
        self.recorded().connections.entry(key).or_insert_with(asked);
    }
}

/// Sends through another transport and records what was sent and what came back.
pub struct RecordingTransport {
    inner: Arc<dyn Transport>,
    recorder: Recorder,
}

impl RecordingTransport {
    /// Records what another transport sends.
    #[must_use]
    pub fn new(inner: Arc<dyn Transport>, recorder: Recorder) -> RecordingTransport {
        RecordingTransport { inner, recorder }
    }
}

impl Transport for RecordingTransport {
    fn send<'a>(
        &'a self,
        request: &'a RequestSpec,
        treatment: Treatment,
    ) -> BoxFuture<'a, Result<Reply, TransportFault>> {
        Box::pin(async move {
            let mut under_way = UnderWay { recorder: &self.recorder, request: Some(request) };
            let sent = self.inner.send(request, treatment).await;
            under_way.request = None;
            self.recorder.record(request, &sent);
            sent
        })
    }
}

/// A request whose reply has not come. Dropped before that, it was given up: a replay will send it too.
struct UnderWay<'r> {
    recorder: &'r Recorder,
    request: Option<&'r RequestSpec>,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some(request) = self.request {
            self.recorder.gave_up(request);
        }
    }
}

/// How long a replay waits for a request to be given up as it was in the recording. Only a run that does not do so takes
/// that long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Answers from a cassette and never connects. Cheap to clone; each clone plays the same cassette on.
#[derive(Clone)]
pub struct ReplayTransport(Arc<Mutex<Player>>);

impl ReplayTransport {
    /// Plays a cassette from its beginning.
    #[must_use]
    pub fn new(cassette: Cassette) -> ReplayTransport {
        ReplayTransport::playing(Player::new(cassette))
    }

    /// Plays on what was set up elsewhere.
    #[must_use]
    pub fn playing(player: Player) -> ReplayTransport {
        ReplayTransport(Arc::new(Mutex::new(player)))
    }

    /// With faults between the requests and their replies.
    #[must_use]
    pub fn injecting(cassette: Cassette, faults: Vec<Injection>) -> ReplayTransport {
        ReplayTransport::playing(Player::new(cassette).injecting(faults))
    }

    /// In any order, for runs at once.
    #[must_use]
    pub fn in_any_order(cassette: Cassette) -> ReplayTransport {
        ReplayTransport::playing(Player::new(cassette).ordered(Order::Any))
    }

    /// Whether all that was recorded was asked for, and nothing else.
    ///
    /// # Errors
    /// `cassette.mismatch`, `cassette.exhausted`: the first request without a reply, also where the run went on after
    /// it; `cassette.unused`.
    pub fn finish(&self) -> Result<(), Error> {
        self.player().finish()
    }

    /// How many requests there were.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.player().asked()
    }

    fn player(&self) -> MutexGuard<'_, Player> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for ReplayTransport {
    fn send<'a>(
        &'a self,
        request: &'a RequestSpec,
        treatment: Treatment,
    ) -> BoxFuture<'a, Result<Reply, TransportFault>> {
        let answer = self.player().answer(request, treatment);
        Box::pin(async move {
            if let Err(fault) = &answer
                && matches!(&fault.kind, TransportFaultKind::Own(OwnFault(own))
                    if matches!(own.downcast_ref(), Some(ReplayFault::GivenUp { .. })))
            {
                tokio::time::sleep(PATIENCE).await;
                self.player().blame(request, fault);
            }
            answer
        })
    }
}

/// Reads a cassette from a file.
///
/// # Errors
/// `definition.unreadable`, `cassette.syntax`, `cassette.format`.
pub fn read_cassette(path: &Path) -> Result<Cassette, Error> {
    let shown = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| {
        let place = cardhost_core::error::Place { file: shown.clone(), ..Default::default() };
        Error::from(Unreadable { reason: error.to_string() }).at(place)
    })?;
    Cassette::read(&shown, &text)
}
