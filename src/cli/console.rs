//! stdout and stderr: data on one, everything else on the other.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use crate::cli::hint::worded;
use cardhost::{Class, Error, Warning};
use serde_json::{Value, json};

use super::global::Errors;
use super::signal::Signal;

/// Why a command ends without success.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An error of a run.
    Error(Error),
    /// Files have faults; they have been reported.
    Reported(Class),
    /// Something about the command line that the parser does not see.
    Usage(String),
    /// A signal ended it before its end; what was cut off, where that is an error.
    Interrupted(Signal, Option<Box<Error>>),
    /// stdin, stdout or a named file.
    Io(&'static str, io::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Error(error)
    }
}

/// stdout and stderr.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Console {
    errors: Errors,
}

impl Console {
    pub(crate) fn new(errors: Errors) -> Console {
        Console { errors }
    }

    /// Whether failures are to be written as JSON.
    pub(crate) fn json_errors(&self) -> bool {
        self.errors == Errors::Json
    }

    /// Writes data.
    pub(crate) fn out(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .map_err(|e| Failure::Io("stdout", e))
    }

    /// Whether a person reads stdout.
    pub(crate) fn out_is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Writes a line that is no data.
    pub(crate) fn note(&self, text: &str) {
        note(text);
    }

    /// Writes what deserves attention.
    pub(crate) fn warnings(&self, warnings: &[Warning]) {
        for warning in warnings {
            let (code, message) = (warning.code(), warning.to_string());
            if self.json_errors() {
                self.note(
                    &json!({ "severity": "warning", "code": code, "message": message }).to_string(),
                );
            } else {
                self.note(&format!("warning[{code}]: {message}"));
            }
        }
    }

    /// Writes how far a command has come that a signal ended.
    pub(crate) fn interrupted(&self, signal: Signal, so_far: &str) {
        let message = format!("{}: {so_far}", signal.name);
        if self.json_errors() {
            let object =
                json!({ "severity": "warning", "code": "interrupted", "message": message });
            self.note(&object.to_string());
        } else {
            self.note(&format!("warning[interrupted]: {message}"));
        }
    }

    /// Writes an error that does not end the command, as a warning.
    pub(crate) fn warning(&self, what: &str, error: &Error) {
        let code = error.code();
        let message = format!("{what}: {}", error.message());
        if self.json_errors() {
            let object =
                json!({ "severity": "warning", "code": code.as_str(), "message": message });
            self.note(&object.to_string());
        } else {
            self.note(&format!("warning[{code}]: {}", printable(&message)));
        }
    }

    /// Writes a failure and gives its exit code.
    pub(crate) fn failure(&self, failure: &Failure) -> ExitCode {
        let class = match failure {
            Failure::Error(error) => {
                self.warnings(error.warnings());
                self.error(error);
                error.class()
            }
            Failure::Reported(class) => *class,
            Failure::Interrupted(signal, error) => {
                if let Some(error) = error {
                    self.error(error);
                }
                return ExitCode::from(signal.exit_code());
            }
            Failure::Usage(message) => {
                self.plain("usage", message);
                Class::Usage
            }
            // Whoever reads our output has read enough.
            Failure::Io("stdout", error) if error.kind() == io::ErrorKind::BrokenPipe => {
                return ExitCode::SUCCESS;
            }
            Failure::Io(what, error) => {
                self.plain("usage", &format!("{what}: {error}"));
                Class::Usage
            }
        };
        ExitCode::from(class.exit_code())
    }

    fn plain(&self, code: &str, message: &str) {
        if self.json_errors() {
            self.note(&json!({ "code": code, "message": message }).to_string());
        } else {
            self.note(&format!("error[{code}]: {message}"));
        }
    }

    /// Writes why a test case failed.
    pub(crate) fn case(&self, name: &str, error: &Error) {
        if self.json_errors() {
            let mut shown = worded(error).to_json();
            if let Value::Object(map) = &mut shown {
                map.insert("case".to_owned(), Value::String(name.to_owned()));
            }
            return self.note(&shown.to_string());
        }
        self.note(&format!("failed {}", printable(name)));
        self.error(error);
        self.note("");
    }

    fn error(&self, error: &Error) {
        let error = worded(error);
        let shown = error.to_json();
        if self.json_errors() {
            self.note(&shown.to_string());
            return;
        }
        let mut text = format!("error[{}]: {}", error.code(), printable(&error.message()));
        let place = error.place();
        let file = if place.file.is_empty() { "stdin" } else { &place.file };
        let line_column =
            place.line_column.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
        match shown.pointer("/where/pointer").and_then(Value::as_str) {
            Some(pointer) if pointer.starts_with("/output") => {
                text.push_str(&format!("\n  --> the reply, for {pointer}"));
            }
            Some(pointer) => text.push_str(&format!("\n  --> {file}{line_column}: {pointer}")),
            None if !place.file.is_empty() || place.line_column.is_some() => {
                text.push_str(&format!("\n  --> {file}{line_column}"));
            }
            None => {}
        }
        if let Some(status) = shown.get("status") {
            text.push_str(&format!("\n  status: {status}"));
        }
        if let Some(body) = shown.pointer("/response/body").filter(|body| !body.is_null()) {
            let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
            text.push_str(&format!("\n  body: {}", printable(&shortened(&body))));
        }
        if let Some(hint) = error.hint() {
            text.push_str(&format!("\n  hint: {}", printable(&hint)));
        }
        if let Some(after) = error.retry_after_s() {
            text.push_str(&format!("\n  retry after: {after} s"));
        }
        self.note(&text);
    }
}

/// Writes a line to stderr. Where that cannot be written, nothing is left to be done.
pub(crate) fn note(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Text of others as it may stand on a terminal: control characters escaped, further lines indented, so that no reply
/// can pass for a message of ours.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\n    "),
            '\t' => shown.push(c),
            c if c.is_control() => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// What fits a terminal; `--errors json` has all of it.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 2000;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let start: String = text.chars().take(LONGEST).collect();
    format!("{start}… (--errors json shows more)")
}
