//! stdout and stderr: data on one, everything else on the other.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use crate::cli::hint::worded;
use cardhost::{Class, Error, Warning};
use serde_json::{Value, json};

use super::global::Errors;
use super::signal::Signal;
use super::wrap;

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
    /// A file of the command line cannot be written.
    Unwritable(String, io::Error),
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
        let text = if out.is_terminal() { shown_as_text(text) } else { Cow::Borrowed(text) };
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .map_err(|e| Failure::Io("stdout", e))
    }

    /// Writes text for people, as wide as the window.
    pub(crate) fn text(&self, text: &str) -> Result<(), Failure> {
        self.out(&wrap::wrapped(text, wrap::of_stdout(), 0))
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
                self.note(&format!("{}: {message}", label(WARNING, "warning", code)));
            }
        }
    }

    /// Writes how far a command has come that a signal ended.
    pub(crate) fn interrupted(&self, signal: Signal, so_far: &str) {
        self.warn("interrupted", &format!("{}: {so_far}", signal.name));
    }

    /// Writes a warning of the command's own.
    pub(crate) fn warn(&self, code: &str, message: &str) {
        if self.json_errors() {
            let object = json!({ "severity": "warning", "code": code, "message": message });
            self.note(&object.to_string());
        } else {
            self.note(&format!("{}: {}", label(WARNING, "warning", code), printable(message)));
        }
    }

    /// Writes an error that does not end the command, as a warning.
    pub(crate) fn warning(&self, what: &str, error: &Error) {
        let message = format!("{what}: {}", error.message());
        self.warn(error.code().as_str(), &message);
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
            Failure::Unwritable(path, error) => {
                self.plain("output.unwritable", &format!("`{path}` cannot be written: {error}"));
                Class::Transport
            }
            Failure::Io("stdout", error) => {
                // Whoever reads our output has read enough, and knows it; others learn it from the exit code.
                if error.kind() != io::ErrorKind::BrokenPipe {
                    self.plain("output.unwritable", &format!("stdout cannot be written: {error}"));
                }
                Class::Transport
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
            self.note(&format!("{}: {message}", label(ERROR, "error", code)));
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
        let mut message = printable(&error.message());
        if error.class() == Class::Test {
            message = coloured_diff(&message);
        }
        let mut text = format!("{}: {message}", label(ERROR, "error", error.code().as_str()));
        let place = error.place();
        let file = if place.file.is_empty() { "stdin" } else { &place.file };
        let line_column =
            place.line_column.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
        match shown.pointer("/where/pointer").and_then(Value::as_str) {
            Some(pointer) if pointer.starts_with("/output") && place.file.is_empty() => {
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
        if let (Some(so_far), Some(got)) = (error.so_far(), shown.get("pages")) {
            let (pages, records) = (so_far.got.pages, so_far.got.records);
            text.push_str(&format!("\n  pages: {pages} and {records} records before it"));
            if let Some(next) = got.get("next") {
                text.push_str(&format!("; go on with --from '{}'", printable(&next.to_string())));
            }
        }
        if let (Some(waited), Some(next)) = (error.waited(), shown.pointer("/until/next")) {
            let (polls, next) = (waited.polls, printable(&next.to_string()));
            let times = if polls == 1 { "once".to_owned() } else { format!("{polls} times") };
            text.push_str(&format!("\n  looked at: {times}; go on with --from '{next}'"));
        }
        if let Some(hint) = error.hint() {
            text.push_str(&format!("\n  {HINT}hint{PLAIN}: {}", printable(&hint)));
        }
        if let Some(after) = error.retry_after_s() {
            text.push_str(&format!("\n  retry after: {after} s"));
        }
        self.note(&text);
    }
}

/// As `check` has them; they are taken out where stderr is no terminal, and with NO_COLOR.
const ERROR: &str = "\x1b[1m\x1b[91m";
const WARNING: &str = "\x1b[1m\x1b[33m";
const HINT: &str = "\x1b[1m\x1b[96m";
const REMOVED: &str = "\x1b[31m";
const ADDED: &str = "\x1b[32m";
const PLAIN: &str = "\x1b[0m";

/// What a message begins with.
fn label(style: &str, kind: &str, code: &str) -> String {
    format!("{style}{kind}[{code}]{PLAIN}")
}

/// A message with the lines of a diff in it in colours.
fn coloured_diff(message: &str) -> String {
    let coloured = |line: &str| match line.trim_start().chars().next() {
        Some('-') => format!("{REMOVED}{line}{PLAIN}"),
        Some('+') => format!("{ADDED}{line}{PLAIN}"),
        _ => line.to_owned(),
    };
    message.split('\n').map(coloured).collect::<Vec<_>>().join("\n")
}

/// Writes a line to stderr. Where that cannot be written, nothing is left to be done.
pub(crate) fn note(text: &str) {
    let text = wrap::wrapped(text, wrap::of_stderr(), wrap::OF_MESSAGES);
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
            c if is_unseen(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// Data as a terminal may show it: what commands it, or is not seen, as JSON writes it (`\u202e`), which JSON reads as the same.
pub(crate) fn shown_as_text(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| is_unseen(c) && !matches!(c, '\n' | '\t')) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if !is_unseen(c) || matches!(c, '\n' | '\t') {
            shown.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            shown.push_str(&format!("\\u{unit:04x}"));
        }
    }
    Cow::Owned(shown)
}

/// Whether a character commands the terminal, turns the direction of what follows, or takes no place: with any of them a text
/// can look like another one (Unicode Technical Report 36, sections 2.1 and 2.5).
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_or_hides_text_reaches_no_terminal() {
        let text = "a\u{202e}cba\u{2069}\u{200b}\u{feff}\u{9b}31m\u{e0041}";
        let shown = "a\\u{202e}cba\\u{2069}\\u{200b}\\u{feff}\\u{9b}31m\\u{e0041}";
        assert_eq!(printable(text), shown);
        let json = serde_json::to_string(text).unwrap();
        let shown = shown_as_text(&json);
        assert!(shown.is_ascii(), "{shown}");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
        let plain = "{\n\t\"é\": \"日本 🙂 שלום\"\n}";
        assert!(matches!(shown_as_text(plain), Cow::Borrowed(_)));
        assert_eq!(printable("שלום\u{1b}"), "שלום\\u{1b}");
    }
}
