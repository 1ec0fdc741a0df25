//! What `check` finds, as a person reads it with the source line, or as JSON objects.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use cardhost::document::{Finding, Severity};
use cardhost::{Code, Place};
use serde_json::{Map, Value};

use super::tally::Tally;
use crate::cli::console::Console;
use crate::cli::wrap;

/// Most findings of a connector or flow that are drawn with their source line.
const MOST_SHOWN: usize = 200;

/// One finding, in connectors, cards or flows.
pub(super) struct Shown<'s> {
    pub(super) code: &'s Code,
    pub(super) severity: Severity,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) place: &'s Place,
    /// The bytes of the text that it is about.
    pub(super) span: Option<Range<usize>>,
    pub(super) text: Option<&'s str>,
}

impl<'s> Shown<'s> {
    /// A finding with the text it is about.
    pub(super) fn of(finding: &'s Finding, text: Option<&'s str>) -> Shown<'s> {
        Shown {
            code: &finding.code,
            severity: finding.severity,
            message: finding.message().to_owned(),
            hint: finding.hint().map(str::to_owned),
            place: &finding.place,
            span: Some(finding.span.clone()),
            text,
        }
    }
}

impl Tally {
    /// Counts and writes what was found in one connector or flow.
    pub(super) fn report<'s>(&mut self, console: &Console, found: impl Iterator<Item = Shown<'s>>) {
        let mut more = 0_usize;
        for (index, shown) in found.enumerate() {
            match shown.severity {
                Severity::Error => self.errors += 1,
                Severity::Warning => self.warnings += 1,
                Severity::Note => self.notes += 1,
            }
            match console.json_errors() {
                true => console.note(&json(&shown).to_string()),
                false if index < MOST_SHOWN => draw(console, &shown),
                false => more += 1,
            }
        }
        if more > 0 {
            console.note(&format!("… and {more} more; `--errors json` shows all\n"));
        }
    }
}

fn json(shown: &Shown<'_>) -> Value {
    let mut place = Map::new();
    place.insert("file".into(), Value::String(shown.place.file.clone()));
    place.insert("pointer".into(), Value::String(shown.place.pointer.clone()));
    if let Some((line, column)) = shown.place.line_column {
        place.insert("line".into(), Value::from(line));
        place.insert("column".into(), Value::from(column));
    }
    let mut object = Map::new();
    object.insert("code".into(), Value::String(shown.code.to_string()));
    object.insert("severity".into(), Value::String(shown.severity.as_str().to_owned()));
    object.insert("message".into(), Value::String(shown.message.clone()));
    object.insert("where".into(), Value::Object(place));
    if let Some(hint) = &shown.hint {
        object.insert("hint".into(), Value::String(hint.clone()));
    }
    Value::Object(object)
}

fn draw(console: &Console, shown: &Shown<'_>) {
    let level = match shown.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(shown.message.as_str()).id(shown.code.as_str());
    let path = shown.place.file.as_str();
    let mut group = match (shown.text, &shown.span) {
        (Some(text), Some(span)) if span.end <= text.len() => {
            let lines = lines_of(text, span);
            let own = span.start - lines.start..span.end - lines.start;
            title.element(
                Snippet::source(&text[lines])
                    .path(path)
                    .line_start(shown.place.line_column.map_or(1, |(line, _)| line))
                    .annotation(AnnotationKind::Primary.span(own)),
            )
        }
        _ => title.element(Origin::path(path)),
    };
    if let Some(hint) = &shown.hint {
        group = group.element(Level::HELP.message(hint.as_str()));
    }
    let report: &[Group<'_>] = &[group];
    let mut renderer = Renderer::styled();
    if let Some(width) = wrap::of_stderr() {
        renderer = renderer.term_width(width);
    }
    console.note(&format!("{}\n", renderer.render(report)));
}

/// The whole lines of a part of a text: to draw one does not take reading a large file each time.
fn lines_of(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[span.end..].find('\n').map_or(text.len(), |at| span.end + at);
    start..end
}
