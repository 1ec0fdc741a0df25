//! `check`: every fault of connectors and cards, with its source line; their examples are run.

use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use cardhost::core::check::{File, Finding, Severity, Tally, check_connector};
use cardhost::core::fault::Fault;
use cardhost::{Class, Error, Place};
use serde_json::{Map, Value};

use super::args::{CheckArgs, Global};
use super::console::{Console, Failure};
use super::setup;

/// Most findings of a connector that are drawn with their source line.
const MOST_SHOWN: usize = 200;

/// One connector's files.
struct Files {
    connector: (String, String),
    cards: Vec<(String, String)>,
}

pub(crate) fn run(global: &Global, args: &CheckArgs, console: &Console) -> Result<(), Failure> {
    let mut total = Tally::default();
    let (mut connectors, mut cards, mut errors, mut warnings) =
        (0_usize, 0_usize, 0_usize, 0_usize);
    for files in gather(global, args)? {
        let connector = File { path: &files.connector.0, text: &files.connector.1 };
        let texts: Vec<File<'_>> =
            files.cards.iter().map(|(path, text)| File { path, text }).collect();
        let checked = check_connector(connector, &texts);
        connectors += 1;
        cards += texts.len();
        total.examples += checked.tally.examples;
        total.anti_examples += checked.tally.anti_examples;
        for (index, finding) in checked.findings.iter().enumerate() {
            match finding.severity {
                Severity::Error => errors += 1,
                Severity::Warning => warnings += 1,
            }
            if index >= MOST_SHOWN && !console.json_errors() {
                continue;
            }
            let all = std::iter::once(&connector).chain(&texts);
            let text = all.into_iter().find(|file| file.path == finding.place.file);
            report(console, finding, text.map(|file| file.text));
        }
        let more = checked.findings.len().saturating_sub(MOST_SHOWN);
        if more > 0 && !console.json_errors() {
            console.note(&format!("… and {more} more; `--errors json` shows all\n"));
        }
    }
    let checked = format!(
        "{}, {}, {}, {}",
        count(connectors, "connector"),
        count(cards, "card"),
        count(total.examples, "example"),
        count(total.anti_examples, "anti-example"),
    );
    if errors == 0 {
        let warned =
            if warnings > 0 { format!(", {}", count(warnings, "warning")) } else { String::new() };
        return console.out(&format!("{checked}: no fault{warned}\n"));
    }
    if !console.json_errors() {
        console.note(&format!("{checked}: {}", count(errors, "fault")));
    }
    Err(Failure::Reported(Class::Definition))
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// Writes one finding: as a person reads it, or as one JSON object.
fn report(console: &Console, finding: &Finding, text: Option<&str>) {
    if console.json_errors() {
        let mut place = Map::new();
        place.insert("file".into(), Value::String(finding.place.file.clone()));
        place.insert("pointer".into(), Value::String(finding.place.pointer.clone()));
        if let Some((line, column)) = finding.place.line_column {
            place.insert("line".into(), Value::from(line));
            place.insert("column".into(), Value::from(column));
        }
        let mut object = Map::new();
        object.insert("code".into(), Value::String(finding.code.to_string()));
        object.insert("severity".into(), Value::String(finding.severity.as_str().to_owned()));
        object.insert("message".into(), Value::String(finding.message()));
        object.insert("where".into(), Value::Object(place));
        if let Some(hint) = finding.hint() {
            object.insert("hint".into(), Value::String(hint));
        }
        return console.note(&Value::Object(object).to_string());
    }
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let message = finding.message();
    let code = finding.code.as_str();
    let title = level.primary_title(message.as_str()).id(code);
    let hint = finding.hint();
    let path = finding.place.file.as_str();
    let mut group = match (text, &finding.span) {
        (Some(text), Some(span)) if span.end <= text.len() => title.element(
            Snippet::source(text).path(path).annotation(AnnotationKind::Primary.span(span.clone())),
        ),
        _ => title.element(annotate_snippets::Origin::path(path)),
    };
    if let Some(hint) = &hint {
        group = group.element(Level::HELP.message(hint.as_str()));
    }
    let report: &[Group<'_>] = &[group];
    console.note(&format!("{}\n", Renderer::styled().render(report)));
}

/// The files of every connector that is asked for.
fn gather(global: &Global, args: &CheckArgs) -> Result<Vec<Files>, Failure> {
    let mut paths = args.paths.clone();
    if paths.is_empty() {
        paths = setup::card_folders(global);
    }
    if paths.is_empty() && Path::new("cards").is_dir() {
        paths.push(PathBuf::from("cards"));
    }
    if paths.is_empty() {
        return built_in(global);
    }
    let mut all = Vec::new();
    for path in &paths {
        gather_path(path, &mut all)?;
    }
    if all.is_empty() {
        let shown: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(Failure::Usage(format!("no connector in {}", shown.join(", "))));
    }
    Ok(all)
}

fn gather_path(path: &Path, all: &mut Vec<Files>) -> Result<(), Failure> {
    if path.is_file() {
        let folder = path.parent().unwrap_or(Path::new("."));
        let connector = folder.join("connector.json");
        let cards =
            if path.file_name() == connector.file_name() { Vec::new() } else { vec![read(path)?] };
        all.push(Files { connector: read(&connector)?, cards });
        return Ok(());
    }
    if path.join("connector.json").is_file() {
        all.push(folder(path)?);
        return Ok(());
    }
    for entry in entries(path)? {
        let holds_json = entry.is_dir()
            && entries(&entry)?.iter().any(|file| file.extension().is_some_and(|e| e == "json"));
        if holds_json {
            all.push(folder(&entry)?);
        }
    }
    Ok(())
}

/// A connector's folder: each `.json` file but `connector.json` is a card.
fn folder(path: &Path) -> Result<Files, Failure> {
    let connector = path.join("connector.json");
    let mut cards = Vec::new();
    for entry in entries(path)? {
        if entry.extension().is_some_and(|extension| extension == "json") && entry != connector {
            cards.push(read(&entry)?);
        }
    }
    if !connector.is_file() {
        let reason = "a folder with cards needs a `connector.json`".to_owned();
        return Err(Error::new(Fault::Unreadable { reason })
            .at(Place { file: connector.display().to_string(), ..Place::default() })
            .into());
    }
    Ok(Files { connector: read(&connector)?, cards })
}

fn entries(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let read = std::fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
    let mut entries: Vec<PathBuf> = read.filter_map(|entry| Some(entry.ok()?.path())).collect();
    entries.sort();
    Ok(entries)
}

fn read(path: &Path) -> Result<(String, String), Failure> {
    let file = path.display().to_string();
    let text = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
    match String::from_utf8(text) {
        Ok(text) => Ok((file, text)),
        Err(_) => Err(Error::new(Fault::Unreadable { reason: "it is not UTF-8".to_owned() })
            .at(Place { file, ..Place::default() })
            .into()),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Usage(format!("{}: {error}", path.display()))
}

fn built_in(global: &Global) -> Result<Vec<Files>, Failure> {
    let host = setup::host(global)?.build();
    let catalog = host.catalog();
    let mut all = Vec::new();
    for connector in catalog.connectors() {
        let cards = catalog.cards(&connector);
        let names = cards.iter().filter_map(|name| name.split_once('/'));
        let cards = names.filter_map(|(connector, card)| catalog.file(connector, card)).collect();
        if let Some(connector) = catalog.file(&connector, "connector") {
            all.push(Files { connector, cards });
        }
    }
    Ok(all)
}
