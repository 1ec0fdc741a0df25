//! Transports that record and replay.
//!
//! ```text
//! Call ─▶ RecordingTransport ─▶ any transport        Call ─▶ ReplayTransport ─▶ Player (core)
//!                └▶ Recorder ─ masked ─▶ file
//! ```
//! They know neither cards nor flows. A [`Recorder`] may be given to several transports, and a [`ReplayTransport`] to
//! several hosts: a clone is one more handle to the same cassette. A replay has nothing to connect with.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cardhost_core::call::Treatment;
use cardhost_core::cassette::{Cassette, Head, Injection, Order, Player, Recording};
use cardhost_core::cassette_fault::CassetteFault;
use cardhost_core::failure::Error;
use cardhost_core::fault::Fault;
use cardhost_core::request::RequestSpec;
use cardhost_core::response::Reply;
use cardhost_core::transport_fault::TransportFault;

use super::{BoxFuture, Transport};

/// Records exchanges, into memory or a file. Cheap to clone.
#[derive(Clone)]
pub struct Recorder(Arc<Mutex<Recorded>>);

struct Recorded {
    recording: Recording,
    file: Option<CassetteFile>,
    /// How many exchanges the file is to have before it is written again.
    next: usize,
    fault: Option<CassetteFault>,
}

impl Recorder {
    /// Records into memory.
    #[must_use]
    pub fn new(head: Head) -> Recorder {
        let recording = Recording::new(head);
        Recorder(Arc::new(Mutex::new(Recorded { recording, file: None, next: 1, fault: None })))
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
        let mut recorded = self.recorded();
        recorded.recording.record(request, sent);
        // The longer the file, the rarer it is written anew: 10,000 exchanges are written some 200 times.
        let exchanges = recorded.recording.cassette().exchanges.len();
        if exchanges >= recorded.next {
            recorded.next = exchanges + 1 + exchanges / 16;
            recorded.write();
        }
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
            let sent = self.inner.send(request, treatment).await;
            self.recorder.record(request, &sent);
            sent
        })
    }
}

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
        Box::pin(async move { answer })
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
        Error::new(Fault::Unreadable { reason: error.to_string() }).at(place)
    })?;
    Cassette::read(&shown, &text)
}
