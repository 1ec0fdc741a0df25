//! What an expression sees: `$context`, `$input`, `$task` and so on, made only where it asks.

use super::data::Data;
use super::frame::{Active, Frame};
use super::options::Options;
use crate::datum::{Datum, Limits};
use crate::document::Document;
use crate::expression::Scope;

/// What all tasks of a run share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) context: Datum,
    pub(super) workflow: Datum,
    pub(super) now_ms: i64,
}

/// The scope of one evaluation.
pub(super) struct View<'r> {
    pub document: &'r Document,
    pub options: &'r Options,
    pub shared: &'r Shared,
    pub variables: &'r [Datum],
    /// More variables, such as the error of a `catch`.
    pub more: &'r [Datum],
    pub input: &'r Data,
    pub output: &'r Datum,
    pub active: Option<&'r Active>,
}

impl<'r> View<'r> {
    /// The scope of the task that a frame is at.
    pub(super) fn of(
        document: &'r Document,
        options: &'r Options,
        shared: &'r Shared,
        frame: &'r Frame,
        output: &'r Datum,
        more: &'r [Datum],
    ) -> View<'r> {
        let input = frame.active.as_ref().map_or(&frame.data, |active| &active.input);
        let variables = &frame.variables;
        let active = frame.active.as_ref();
        View { document, options, shared, variables, more, input, output, active }
    }
}

impl Scope for View<'_> {
    fn argument(&self, index: usize) -> Datum {
        match index {
            0 => self.shared.context.clone(),
            1 => Datum::clone(self.input),
            2 => self.output.clone(),
            3 => self.options.secrets.clone(),
            4 => self.active.map_or(Datum::Null, |active| active.authorization.clone()),
            5 => self.active.map_or(Datum::Null, |active| task(self.document, active, self.output)),
            6 => self.shared.workflow.clone(),
            7 => runtime(),
            _ => Datum::Null,
        }
    }

    fn variable(&self, index: usize) -> Datum {
        let own = self.variables.get(index);
        let more = || self.more.get(index.checked_sub(self.variables.len())?);
        own.or_else(more).cloned().unwrap_or_default()
    }

    fn limits(&self) -> Limits {
        self.options.expression_limits
    }

    fn now(&self) -> i64 {
        self.shared.now_ms
    }
}

/// `$task`: name, reference, definition, input, output, startedAt.
fn task(document: &Document, active: &Active, output: &Datum) -> Datum {
    let task = document.task(active.task);
    Datum::object([
        ("name", Datum::text(&task.name)),
        ("reference", Datum::text(&task.reference)),
        ("definition", document.definition_at(&task.reference)),
        ("input", Datum::clone(&active.raw_input)),
        ("output", output.clone()),
        ("startedAt", moment(active.started_ms)),
    ])
}

fn runtime() -> Datum {
    Datum::object([
        ("name", Datum::text("cardhost")),
        ("version", Datum::text(env!("CARGO_PKG_VERSION"))),
        ("metadata", Datum::object::<&str>([])),
    ])
}

/// `{"iso8601", "epoch": {"seconds", "milliseconds"}}`
pub(super) fn moment(ms: i64) -> Datum {
    Datum::object([
        ("iso8601", Datum::text(&iso8601(ms))),
        (
            "epoch",
            Datum::object([
                ("seconds", Datum::int(ms.div_euclid(1_000))),
                ("milliseconds", Datum::int(ms)),
            ]),
        ),
    ])
}

pub(super) fn iso8601(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map(|time| time.to_string()).unwrap_or_default()
}
