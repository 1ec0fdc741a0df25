//! Asks a person at a terminal. Questions go to stderr; what is secret is not shown while it is typed.

use std::io::{self, Write as _};
use std::sync::Once;

use cardhost::Error;
use cardhost::core::connection::ConnectionFault;
use cardhost::core::field::{Choice, Field, FieldType, Fields};
use cardhost::core::settle::{FieldFault, FieldProblem, FieldRoot, check_value};
use cardhost::core::template::{Found, Reference, Root, Scope};
use cardhost::core::value::descend;
use serde_json::{Map, Value};

use crate::cli::console::{Console, Failure, printable};

/// The fields of a connection form, each asked for until its value fits. What is left empty is left out, or the default.
///
/// A field whose condition looks at another one is asked for after it.
pub(super) fn fields(form: &Fields, console: &Console) -> Result<Map<String, Value>, Failure> {
    let mut asked: Vec<&str> = Vec::new();
    let mut answers = Map::new();
    while let Some((label, field)) = next(form, &asked) {
        asked.push(label);
        let known = with_defaults(form, &answers, &asked);
        let holds = |when: Option<&cardhost::core::condition::When>| {
            when.is_none_or(|when| when.holds(&Answers(&known)))
        };
        if !holds(field.visible_when.as_ref()) {
            continue;
        }
        let offered: Vec<&Choice> =
            field.choices.iter().filter(|choice| holds(choice.visible_when.as_ref())).collect();
        if let Some(value) = one_field(label, field, &offered, console)? {
            answers.insert(label.clone(), value);
        }
    }
    // As the form has them, whatever was asked first.
    let in_order = form.keys().filter_map(|label| answers.remove_entry(label));
    Ok(in_order.collect())
}

/// Asks a question that is answered with yes or no; no where nothing is said.
pub(super) fn yes_or_no(question: &str) -> Result<bool, Failure> {
    prompt(&format!("{question} [y/N] "));
    let answer = line()?.to_lowercase();
    Ok(matches!(answer.trim(), "y" | "yes"))
}

/// Asks which of several is meant, by its number, value or title; the value of one.
pub(super) fn one_of(
    question: &str,
    offered: &[(&str, &str)],
    console: &Console,
) -> Result<String, Failure> {
    for (index, (value, title)) in offered.iter().enumerate() {
        let about = if value == title { String::new() } else { format!("  {value}") };
        console.note(&printable(&format!("  {}  {title}{about}", index + 1)));
    }
    loop {
        prompt(question);
        let text = line()?;
        let text = text.trim();
        let named = offered.iter().find(|(value, title)| [*value, *title].contains(&text));
        let numbered = || offered.get(text.parse::<usize>().ok()?.checked_sub(1)?);
        if let Some((value, _)) = named.or_else(numbered) {
            return Ok((*value).to_owned());
        }
        console.note(&format!("  one of 1 to {} is expected", offered.len()));
    }
}

/// The values given so far, as conditions see them.
struct Answers<'a>(&'a Map<String, Value>);

impl Scope for Answers<'_> {
    fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
        let (label, rest) = reference.segments.split_first()?;
        let value = (reference.root == Root::Connection).then(|| self.0.get(label)).flatten()?;
        descend(value, rest).map(Found::Value)
    }
}

/// The next field to ask for: the first whose conditions look at nothing that is still to be asked.
fn next<'f>(form: &'f Fields, asked: &[&str]) -> Option<(&'f String, &'f Field)> {
    let wanted = |(label, field): &(&String, &Field)| {
        field.from.is_none() && !asked.contains(&label.as_str())
    };
    let open = || form.iter().filter(wanted);
    let ready = |label: &str, field: &Field| {
        let whens = field.choices.iter().filter_map(|choice| choice.visible_when.as_ref());
        let mut looked_at = whens
            .chain(&field.visible_when)
            .chain(&field.required_when)
            .flat_map(|when| when.references())
            .filter(|reference| reference.root == Root::Connection)
            .filter_map(|reference| reference.segments.first());
        looked_at.all(|other| other == label || !open().any(|(label, _)| label == other))
    };
    open().find(|(label, field)| ready(label, field)).or_else(|| open().next())
}

/// The answers, and the defaults of what was not asked for yet.
fn with_defaults(
    form: &Fields,
    answers: &Map<String, Value>,
    asked: &[&str],
) -> Map<String, Value> {
    let mut known = answers.clone();
    for (label, field) in form {
        if let Some(default) = &field.default
            && !asked.contains(&label.as_str())
        {
            known.insert(label.clone(), default.clone());
        }
    }
    known
}

/// Asks for one field until its value fits; `None` where it is left empty.
fn one_field(
    label: &str,
    field: &Field,
    offered: &[&Choice],
    console: &Console,
) -> Result<Option<Value>, Failure> {
    introduce(label, field, offered, console);
    let question = question(label, field);
    loop {
        prompt(&question);
        let text = if field.is_secret() { secret()? } else { line()? };
        let fault = |problem| FieldFault {
            root: FieldRoot::Connection,
            path: vec![label.to_owned()],
            problem,
        };
        let wrong = if text.is_empty() {
            match &field.default {
                Some(default) => return Ok(Some(default.clone())),
                None if !field.required => return Ok(None),
                None => fault(FieldProblem::Missing),
            }
        } else {
            let value = value_of(&text, field, offered);
            let is_offered = |choice: &Choice| offered.contains(&choice);
            let checked =
                check_value(FieldRoot::Connection, field, &value, &mut vec![label], &is_offered);
            match checked {
                Ok(()) => return Ok(Some(value)),
                Err(fault) => fault,
            }
        };
        let error = Error::from(ConnectionFault::Field(wrong));
        console.note(&format!("  {}", printable(&error.message())));
    }
}

/// What a person should know before the question.
fn introduce(label: &str, field: &Field, offered: &[&Choice], console: &Console) {
    if let Some(description) = &field.description {
        console.note(&format!("{}: {}", printable(label), printable(description)));
    }
    let width = offered.iter().map(|choice| shown(choice).chars().count()).max().unwrap_or(0);
    for (index, choice) in offered.iter().enumerate() {
        let about = choice.description.as_deref().unwrap_or_default();
        let line = format!("  {}  {:<width$}  {about}", index + 1, shown(choice));
        console.note(&printable(line.trim_end()));
    }
    for (index, target) in targets(field).iter().enumerate() {
        console.note(&printable(&format!("  {}  {target}", index + 1)));
    }
}

/// What a form shows of a choice.
fn shown(choice: &Choice) -> &str {
    choice.title.as_deref().unwrap_or(&choice.value)
}

fn targets(field: &Field) -> &[String] {
    field.choices_from.as_ref().map_or(&[], |from| &from.targets)
}

fn question(label: &str, field: &Field) -> String {
    let label = printable(label);
    match &field.default {
        Some(_) if field.is_secret() => format!("{label} [{}]: ", cardhost::core::secret::MASK),
        Some(Value::String(default)) => format!("{label} [{}]: ", printable(default)),
        Some(default) => format!("{label} [{default}]: "),
        None if !field.required => format!("{label} (may be empty): "),
        None => format!("{label}: "),
    }
}

/// The value that a text means for a field.
fn value_of(text: &str, field: &Field, offered: &[&Choice]) -> Value {
    let as_text = || Value::String(text.to_owned());
    let trimmed = text.trim();
    match field.kind {
        FieldType::Text | FieldType::Secret => as_text(),
        FieldType::Dropdown => {
            let values: Vec<&str> = match targets(field) {
                [] => offered.iter().map(|choice| choice.value.as_str()).collect(),
                targets => targets.iter().map(String::as_str).collect(),
            };
            let named = |name: &&str| {
                let title = offered.iter().find(|choice| choice.value == **name);
                **name == *trimmed || title.is_some_and(|choice| shown(choice) == trimmed)
            };
            let numbered = || values.get(trimmed.parse::<usize>().ok()?.checked_sub(1)?).copied();
            let chosen = values.iter().copied().find(named).or_else(numbered);
            Value::String(chosen.unwrap_or(trimmed).to_owned())
        }
        FieldType::DateTime => Value::String(trimmed.to_owned()),
        FieldType::TrueFalse => match trimmed.to_lowercase().as_str() {
            "y" | "yes" | "true" => Value::Bool(true),
            "n" | "no" | "false" => Value::Bool(false),
            _ => as_text(),
        },
        FieldType::Number
        | FieldType::Object
        | FieldType::List
        | FieldType::File
        | FieldType::Any => serde_json::from_str(trimmed).unwrap_or_else(|_| as_text()),
    }
}

/// Writes a question. Where that cannot be written, nothing is left to be done.
fn prompt(text: &str) {
    let mut err = anstream::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

/// The exit code of a process that Ctrl-C ended, as shells have it.
const ENDED_BY_INTERRUPT: i32 = 130;

/// The first line of a PEM text; all of it is one value.
const PEM_BEGINS: &str = "-----BEGIN ";
const PEM_ENDS: &str = "-----END ";

/// A line, without its end. PEM texts have many lines.
fn line() -> Result<String, Failure> {
    whole(|| {
        let mut text = String::new();
        if io::stdin().read_line(&mut text).map_err(|error| Failure::Io("stdin", error))? == 0 {
            return Err(ended());
        }
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
        Ok(text)
    })
}

/// Asks for something that is not shown while it is typed.
pub(super) fn hidden(question: &str) -> Result<String, Failure> {
    prompt(question);
    secret()
}

/// As [`line`], not shown while it is typed.
fn secret() -> Result<String, Failure> {
    end_after_interrupt();
    whole(|| {
        rpassword::read_password().map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => ended(),
            // Ctrl-C; the terminal is as it was.
            io::ErrorKind::Interrupted => std::process::exit(ENDED_BY_INTERRUPT),
            _ => Failure::Io("the terminal", error),
        })
    })
}

/// Reads on where a PEM text begins.
fn whole(mut read: impl FnMut() -> Result<String, Failure>) -> Result<String, Failure> {
    let mut text = read()?;
    if text.starts_with(PEM_BEGINS) {
        loop {
            let line = read()?;
            text.push('\n');
            text.push_str(&line);
            if line.starts_with(PEM_ENDS) {
                text.push('\n');
                break;
            }
        }
    }
    Ok(text)
}

fn ended() -> Failure {
    prompt("\n");
    Failure::Usage(
        "the terminal ended before everything was answered; nothing is stored".to_owned(),
    )
}

/// From here on Ctrl-C ends the process a moment later, when the terminal shows again what is typed.
fn end_after_interrupt() {
    static ONCE: Once = Once::new();
    #[cfg(unix)]
    ONCE.call_once(|| {
        use tokio::signal::unix::{SignalKind, signal};
        const MOMENT: std::time::Duration = std::time::Duration::from_millis(100);
        let (ready, wait) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let Ok(runtime) = crate::cli::setup::runtime() else { return };
            runtime.block_on(async {
                let Ok(mut interrupt) = signal(SignalKind::interrupt()) else { return };
                let _ = ready.send(());
                interrupt.recv().await;
                tokio::time::sleep(MOMENT).await;
                prompt("\n");
                std::process::exit(ENDED_BY_INTERRUPT);
            });
        });
        // Where it could not be set up, Ctrl-C ends the process at once.
        let _ = wait.recv();
    });
    #[cfg(not(unix))]
    ONCE.call_once(|| {});
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form(form: Value) -> Fields {
        serde_json::from_value(form).unwrap()
    }

    #[test]
    fn a_field_is_asked_for_after_those_its_conditions_look_at() {
        let form = form(json!({
            "A": { "type": "text", "visibleWhen": { "connection.C": ["x"] } },
            "B": { "type": "dropdown", "choices": ["1", { "value": "2", "visibleWhen": { "connection.A": ["x"] } }] },
            "C": { "type": "text" },
            "D": { "type": "text", "visibleWhen": { "connection.E": ["x"] } },
            "E": { "type": "text", "visibleWhen": { "connection.D": ["x"] } },
        }));
        let mut asked = Vec::new();
        while let Some((label, _)) = next(&form, &asked) {
            asked.push(label);
        }
        // D and E look at each other.
        assert_eq!(asked, ["C", "A", "B", "D", "E"]);
    }

    #[test]
    fn a_choice_is_named_or_numbered() {
        let form = form(json!({
            "F": { "type": "dropdown", "choices": ["2", "x", { "value": "y", "title": "Why" }] },
        }));
        let field = &form["F"];
        let offered: Vec<&Choice> = field.choices.iter().collect();
        for (text, value) in
            [("2", "2"), ("1", "2"), ("3", "y"), ("Why", "y"), ("x ", "x"), ("4", "4"), ("0", "0")]
        {
            assert_eq!(value_of(text, field, &offered), value, "{text}");
        }
    }

    #[test]
    fn a_text_means_what_its_field_is() {
        let value = |kind: &str, text: &str| {
            let form = form(json!({ "F": { "type": kind } }));
            value_of(text, &form["F"], &[])
        };
        assert_eq!(value("text", " 1 "), " 1 ");
        assert_eq!(value("number", "1.10").to_string(), "1.10");
        assert_eq!(value("number", "one"), "one");
        assert_eq!(value("true-false", "Yes"), true);
        assert_eq!(value("object", "{\"a\":1}"), json!({ "a": 1 }));
        assert_eq!(value("secret", "{\"env\":\"X\"}"), "{\"env\":\"X\"}");
    }

    #[test]
    fn a_pem_text_is_one_value() {
        let mut lines = ["-----BEGIN KEY-----", "AA==", "-----END KEY-----", "next"].into_iter();
        let mut read = || Ok(lines.next().unwrap().to_owned());
        let text = whole(&mut read).unwrap();
        assert_eq!(text, "-----BEGIN KEY-----\nAA==\n-----END KEY-----\n");
        assert_eq!(whole(&mut read).unwrap(), "next");
    }
}
