//! `run --stream`: NDJSON in, NDJSON out.
//!
//! ```text
//! stdin ─ lines ─▶ at most N calls at once ─▶ finished results ─▶ stdout
//! ```
//! A line is read only while a place is free, and results are written before more is read: a slow reader or
//! a slow service slows the writer of stdin down, and memory stays flat. A line that fails is a line with an
//! error; it never ends the process.

use std::collections::VecDeque;
use std::io::{self, IsTerminal as _, Write as _};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::LazyLock;
use std::thread::JoinHandle;

use crate::cli::hint::worded;
use cardhost::core::error::Internal;
use cardhost::core::error::Place;
use cardhost::core::invocation::InvocationFault;
use cardhost::{Code, Error, Host, Invocation, Outcome, Policy, Warning};
use futures_util::stream::{FuturesOrdered, FuturesUnordered};
use futures_util::{FutureExt as _, StreamExt as _};
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::console::{Console, Failure, shown_as_text};
use super::global::Global;
use super::interrupt::Interrupt;
use super::run::RunArgs;
use super::setup;
use super::stream_threads::StreamThreads;

/// Bytes read from stdin at once, and written to stdout at once.
const CHUNK_BYTES: usize = 64 * 1024;
/// Results that may wait for a slow reader before no new call is started.
const MOST_GATHERED_BYTES: usize = 256 * 1024;
/// From so many bytes on, reading an invocation is big work: some milliseconds.
const LONG_LINE_BYTES: usize = 256 * 1024;
/// From so many bytes on, a result is not made into a line before it is written.
const BIG_RESULT_BYTES: usize = MOST_GATHERED_BYTES;

pub(crate) fn run(global: &Global, args: &RunArgs, console: &Console) -> Result<(), Failure> {
    let interrupt = Interrupt::listen(&args.drain)?;
    // Whoever writes the lines need not be whoever started the stream.
    let (secret_references, file_inputs) = (args.secret_references, args.read_files);
    let policy = Policy { secret_references, file_inputs, ..args.policy()? };
    let builder = setup::running_host(global, &args.target.reach, policy, args.mock)?;
    let host = builder.shutdown(interrupt.shutdown.clone()).build();
    let card = args.target.card.as_deref();
    let jobs = usize::from(args.jobs);
    let mut running =
        if args.ordered { Running::Ordered(FuturesOrdered::new()) } else { Running::new() };
    let mut lines = Lines::new(setup::longest_invocation());
    let mut results = Results::new(jobs);
    if io::stdin().is_terminal() {
        console.note(
            "reading invocations from the terminal, a JSON object a line; end them with Ctrl-D",
        );
    }
    let mut threads = (args.threads > 1).then(|| StreamThreads::start(args.threads)).transpose()?;
    let runtime = setup::runtime()?;
    let (mut draining, mut cut_off) = (false, 0_usize);
    let done = runtime.block_on(async {
        let mut signalled = std::pin::pin!(interrupt.shutdown.begun());
        loop {
            while !draining
                && running.len() < jobs
                && !results.is_full()
                && let Some(line) = lines.next_ready()
            {
                // In a box: what gathers them would copy a call twice more.
                running.push(match &mut threads {
                    None => Box::pin(guarded(&host, card, line)) as Call<'_>,
                    Some(threads) => {
                        let (host, card) = (host.clone(), card.map(str::to_owned));
                        let call = async move { guarded(&host, card.as_deref(), line).await };
                        let driven = threads.drive(call);
                        Box::pin(async { driven.await.unwrap_or_else(|_| panicked()) })
                    }
                });
            }
            if (lines.ended || draining) && running.len() == 0 && results.is_empty() {
                return results.finish();
            }
            let may_read = !lines.ended && !draining && running.len() < jobs && !results.is_full();
            tokio::select! {
                biased;
                () = &mut signalled, if !draining => draining = true,
                Some(result) = running.next() => {
                    let mut next = Some(result);
                    while let Some(result) = next {
                        cut_off += usize::from(result.is_cut_off);
                        results.push(result.line);
                        next = running.next().now_or_never().flatten();
                    }
                }
                written = results.write_when_idle(), if !results.is_empty() => written?,
                read = lines.read(), if may_read => read?,
            }
        }
    });
    // A read of stdin may still be waiting for a line that never comes.
    runtime.shutdown_background();
    let signal = interrupt.signal().filter(|_| draining);
    let (Ok(()), Some(signal)) = (&done, signal) else { return done };
    console.interrupted(signal, &so_far(lines.number, cut_off));
    Err(Failure::Interrupted(signal, None))
}

/// What came of the lines that were taken before a signal.
fn so_far(taken: usize, cut_off: usize) -> String {
    let results = match taken {
        0 => return "no line of stdin was taken".to_owned(),
        1 => "the first line of stdin has its result, no other was taken".to_owned(),
        _ => format!("the first {taken} lines of stdin have their results, no other was taken"),
    };
    match cut_off {
        0 => results,
        1 => format!("{results}; one call was cut off, its result says so"),
        _ => format!("{results}; {cut_off} calls were cut off, their results say so"),
    }
}

/// A running call.
type Call<'c> = Pin<Box<dyn Future<Output = Done> + 'c>>;

/// The running calls: given back as they end, or in the order of their lines.
enum Running<F: Future> {
    Unordered(FuturesUnordered<F>),
    Ordered(FuturesOrdered<F>),
}

impl<F: Future> Running<F> {
    fn new() -> Running<F> {
        Running::Unordered(FuturesUnordered::new())
    }

    fn push(&mut self, call: F) {
        match self {
            Running::Unordered(calls) => calls.push(call),
            Running::Ordered(calls) => calls.push_back(call),
        }
    }

    fn len(&self) -> usize {
        match self {
            Running::Unordered(calls) => calls.len(),
            Running::Ordered(calls) => calls.len(),
        }
    }

    async fn next(&mut self) -> Option<F::Output> {
        match self {
            Running::Unordered(calls) => calls.next().await,
            Running::Ordered(calls) => calls.next().await,
        }
    }
}

/// A line of stdin.
struct Line {
    number: usize,
    text: Result<Vec<u8>, usize>,
}

/// The result of a line.
struct Done {
    line: ResultLine,
    /// Whether a shutdown ended the call.
    is_cut_off: bool,
}

/// As [`call`]; a bug that ends one call does not end the others, and a long line does not hold them up.
async fn guarded(host: &Host, card: Option<&str>, line: Line) -> Done {
    let is_long = line.text.as_ref().is_ok_and(|text| text.len() >= LONG_LINE_BYTES);
    let done = if is_long {
        // What is made of it may be as large: all of its call goes on in a thread of its own.
        let (host, card, runtime) = (host.clone(), card.map(str::to_owned), Handle::current());
        let call = move || runtime.block_on(call(&host, card.as_deref(), line));
        tokio::task::spawn_blocking(call).await.ok()
    } else {
        AssertUnwindSafe(call(host, card, line)).catch_unwind().await.ok()
    };
    done.unwrap_or_else(panicked)
}

fn panicked() -> Done {
    let error = Error::from(Internal { what: "a call panicked" });
    Done { line: result_line(None, Err(error)), is_cut_off: false }
}

/// Runs the invocation of one line.
async fn call(host: &Host, card: Option<&str>, line: Line) -> Done {
    let mut id_of_bad_line = None;
    let parsed = match line.text {
        Ok(text) => Invocation::from_json(&text).map_err(|fault| {
            id_of_bad_line = id(&text);
            Error::from(fault)
        }),
        Err(limit) => Err(Error::from(InvocationFault::TooLong { limit })),
    };
    let (id, result) = match parsed {
        Ok(mut invocation) => (invocation.id.take(), host.run(card, invocation).await),
        Err(error) => {
            let column = error.place().line_column.map_or(1, |(_, column)| column);
            let place = Place { line_column: Some((line.number, column)), ..error.place().clone() };
            (id_of_bad_line, Err(error.at(place)))
        }
    };
    let is_cut_off =
        result.as_ref().is_err_and(|error| *error.code() == Code::TRANSPORT_INTERRUPTED);
    Done { line: result_line(id, result), is_cut_off }
}

/// The id of a line that is JSON and no invocation.
fn id(text: &[u8]) -> Option<Value> {
    let text = cardhost::core::text::unmarked_bytes(text);
    let text = std::str::from_utf8(text).ok()?;
    cardhost::core::value::parse(text).ok()?.as_object_mut()?.shift_remove("id")
}

/// The line of a result: `{"id", "output", "warnings"}` or `{"id", "error"}`.
enum ResultLine {
    /// As it is written.
    Text(Vec<u8>),
    /// One with much in it, made when it is written: it may be several times as long as what it is made of.
    Big(Box<BigLine>),
}

/// A result with much in it.
struct BigLine {
    id: Option<Value>,
    outcome: Outcome,
}

impl BigLine {
    fn write(&self, to: impl io::Write) -> io::Result<()> {
        let mut to = io::BufWriter::with_capacity(CHUNK_BYTES, to);
        serde_json::to_writer(&mut to, &done(self.id.as_ref(), &self.outcome))?;
        to.write_all(b"\n")?;
        to.flush()
    }
}

/// A result that is one, as it is written.
fn done<'r>(id: Option<&'r Value>, outcome: &'r Outcome) -> impl Serialize {
    #[derive(Serialize)]
    struct Done<'r> {
        id: Option<&'r Value>,
        output: &'r cardhost::Output,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<Value>,
    }
    Done { id, output: &outcome.output, warnings: warnings(&outcome.warnings) }
}

fn result_line(id: Option<Value>, result: Result<Outcome, Error>) -> ResultLine {
    let line = match result {
        Ok(outcome) if outcome.output.text_bytes() > BIG_RESULT_BYTES => {
            return ResultLine::Big(Box::new(BigLine { id, outcome }));
        }
        Ok(outcome) => {
            let mut line = Vec::with_capacity(2048);
            serde_json::to_writer(&mut line, &done(id.as_ref(), &outcome)).map(|()| line)
        }
        Err(error) => {
            // Not `json!`, which would spell numbers anew.
            let mut line = Map::new();
            line.insert("id".to_owned(), id.unwrap_or_default());
            line.insert("error".to_owned(), worded(&error).to_json());
            if let Some(output) = error.so_far().and_then(|so_far| so_far.output.as_ref()) {
                line.insert("output".to_owned(), output.to_value().unwrap_or_default());
            }
            let warnings = warnings(error.warnings());
            if !warnings.is_empty() {
                line.insert("warnings".to_owned(), Value::Array(warnings));
            }
            serde_json::to_vec(&line)
        }
    };
    let mut line = line.unwrap_or_else(|_| b"{\"error\":{\"code\":\"internal\"}}".to_vec());
    line.push(b'\n');
    ResultLine::Text(line)
}

fn warnings(warnings: &[Warning]) -> Vec<Value> {
    let told = |it: &Warning| json!({ "code": it.code(), "message": it.to_string() });
    warnings.iter().map(told).collect()
}

/// The lines of stdin, each up to a limit; a longer one is passed over and reported.
struct Lines {
    stdin: tokio::io::Stdin,
    buffer: Vec<u8>,
    /// Where the first unread line starts.
    start: usize,
    /// Up to where the buffer was searched for a line end.
    searched: usize,
    limit: usize,
    number: usize,
    skipping: bool,
    ended: bool,
}

impl Lines {
    fn new(limit: usize) -> Lines {
        Lines {
            stdin: tokio::io::stdin(),
            buffer: Vec::with_capacity(CHUNK_BYTES),
            start: 0,
            searched: 0,
            limit,
            number: 0,
            skipping: false,
            ended: false,
        }
    }

    /// Reads more; losing this future loses nothing.
    async fn read(&mut self) -> Result<(), Failure> {
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        self.buffer.reserve(CHUNK_BYTES);
        let read = self.stdin.read_buf(&mut self.buffer).await;
        if read.map_err(|error| Failure::Io("stdin", error))? == 0 {
            self.ended = true;
            if self.buffer.last().is_some_and(|last| *last != b'\n') {
                self.buffer.push(b'\n');
            }
        }
        Ok(())
    }

    /// The next whole line that was read; empty lines are passed over.
    fn next_ready(&mut self) -> Option<Line> {
        loop {
            let found = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n');
            let Some(offset) = found else {
                self.searched = self.buffer.len();
                return self.too_long_so_far();
            };
            let end = self.searched + offset;
            let line = self.start..end;
            self.start = end + 1;
            self.searched = self.start;
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            self.number += 1;
            if line.len() > self.limit {
                return Some(Line { number: self.number, text: Err(self.limit) });
            }
            let text = &self.buffer[line];
            if setup::is_blank(text) {
                continue;
            }
            return Some(Line { number: self.number, text: Ok(text.to_vec()) });
        }
    }

    /// Reports a line as soon as it is known to be too long, and forgets what was read of it.
    fn too_long_so_far(&mut self) -> Option<Line> {
        if self.skipping {
            self.start = self.buffer.len();
            return None;
        }
        if self.buffer.len() - self.start <= self.limit {
            return None;
        }
        self.start = self.buffer.len();
        self.skipping = true;
        self.number += 1;
        Some(Line { number: self.number, text: Err(self.limit) })
    }
}

/// Results on their way to stdout.
///
/// With one job nothing else can happen while stdout is slow, so it is written to directly. With more, a thread
/// writes: a slow reader must not hold the running calls up, only, once a buffer is full, the starting of new ones.
struct Results {
    pieces: VecDeque<ResultLine>,
    /// About how many bytes they are.
    bytes: usize,
    /// What was written, to be used again.
    spare: Vec<u8>,
    writer: Option<Writer>,
}

/// The thread that writes.
struct Writer {
    pieces: mpsc::Sender<ResultLine>,
    thread: JoinHandle<io::Result<()>>,
}

impl Results {
    fn new(jobs: usize) -> Results {
        // A file takes what it is given at once.
        let writer = (jobs > 1 && !stdout_is_file()).then(|| {
            let (pieces, mut received) = mpsc::channel::<ResultLine>(1);
            let thread = std::thread::spawn(move || {
                while let Some(piece) = received.blocking_recv() {
                    write(&piece)?;
                }
                Ok(())
            });
            Writer { pieces, thread }
        });
        Results { pieces: VecDeque::new(), bytes: 0, spare: Vec::new(), writer }
    }

    fn push(&mut self, line: ResultLine) {
        match (line, self.pieces.back_mut()) {
            (ResultLine::Text(line), Some(ResultLine::Text(lines))) => {
                self.bytes += line.len();
                lines.extend_from_slice(&line);
            }
            (ResultLine::Text(line), _) => {
                self.bytes += line.len();
                let mut lines = std::mem::take(&mut self.spare);
                lines.reserve(CHUNK_BYTES);
                lines.extend_from_slice(&line);
                self.pieces.push_back(ResultLine::Text(lines));
            }
            (ResultLine::Big(line), _) => {
                self.bytes += line.outcome.output.text_bytes();
                self.pieces.push_back(ResultLine::Big(line));
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether no new call is to be started before some of it is written.
    fn is_full(&self) -> bool {
        self.bytes >= MOST_GATHERED_BYTES
    }

    /// Writes once a turn of the reactor has brought no further result, or enough has gathered: results that come
    /// close together go out together. Losing this future loses nothing.
    async fn write_when_idle(&mut self) -> Result<(), Failure> {
        if self.bytes < CHUNK_BYTES / 2 && self.writer.is_some() {
            tokio::task::yield_now().await;
        }
        self.write().await
    }

    /// Hands what has gathered to stdout, as soon as it takes it; losing this future loses nothing.
    async fn write(&mut self) -> Result<(), Failure> {
        let Some(writer) = &self.writer else {
            while let Some(piece) = self.pieces.pop_front() {
                write(&piece).map_err(|error| Failure::Io("stdout", error))?;
                if let ResultLine::Text(mut lines) = piece {
                    lines.clear();
                    lines.shrink_to(CHUNK_BYTES);
                    self.spare = lines;
                }
            }
            self.bytes = 0;
            return Ok(());
        };
        let sent = match writer.pieces.reserve().await {
            Ok(place) => {
                if let Some(piece) = self.pieces.pop_front() {
                    place.send(piece);
                }
                true
            }
            Err(_) => false,
        };
        if self.pieces.is_empty() {
            self.bytes = 0;
        }
        // Where the thread has ended, its error says why.
        if sent { Ok(()) } else { self.finish() }
    }

    /// Waits until everything that was handed over is written.
    fn finish(&mut self) -> Result<(), Failure> {
        let Some(Writer { pieces, thread }) = self.writer.take() else { return Ok(()) };
        drop(pieces);
        let written = thread.join().unwrap_or_else(|_| Err(io::Error::other("the writer ended")));
        written.map_err(|error| Failure::Io("stdout", error))
    }
}

/// Whether stdout is a regular file; `false` where that is not known.
fn stdout_is_file() -> bool {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        let copy = io::stdout().as_fd().try_clone_to_owned().map(std::fs::File::from);
        copy.and_then(|file| file.metadata()).is_ok_and(|metadata| metadata.is_file())
    }
    #[cfg(not(unix))]
    false
}

fn write(piece: &ResultLine) -> io::Result<()> {
    static IS_TERMINAL: LazyLock<bool> = LazyLock::new(|| io::stdout().is_terminal());
    let mut out = io::stdout().lock();
    let shown = |bytes: &[u8]| shown_as_text(&String::from_utf8_lossy(bytes)).into_owned();
    match (piece, *IS_TERMINAL) {
        (ResultLine::Text(lines), false) => out.write_all(lines)?,
        (ResultLine::Text(lines), true) => out.write_all(shown(lines).as_bytes())?,
        (ResultLine::Big(line), false) => line.write(&mut out)?,
        (ResultLine::Big(line), true) => {
            let mut text = Vec::new();
            line.write(&mut text)?;
            out.write_all(shown(&text).as_bytes())?;
        }
    }
    out.flush()
}
