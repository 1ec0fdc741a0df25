//! `--set`: options and inputs as arguments, each a text that means what its field is, or JSON.
//!
//! ```text
//! Request Type=GET            an option                 Request.Relative URL=/app/me   a field of a group
//! options.Request Type=GET    the same, in full         Request.Query.limit=10         a key of an object
//! Tags.Names=a Tags.Names=b   the items of a list       Request.Body:={"a":[1]}        JSON
//! ```
//! Labels may hold anything, so what is written is compared with the labels that there are; the longest one that fits is meant.

use cardhost::core::card::Card;
use cardhost::core::error::{Place, pointer};
use cardhost::core::field::{Field, FieldType, Fields};
use cardhost::core::invocation::InvocationFault;
use cardhost::core::plan::PlanFault;
use cardhost::core::settle::{FieldFault, FieldProblem, FieldRoot};
use cardhost::core::text::{did_you_mean, nearest};
use cardhost::{Error, Invocation};
use clap::Args;
use serde_json::{Map, Value};

use super::console::Failure;

/// What stands for these arguments where a place is told.
pub(crate) const PLACE: &str = "--set";

/// Most names that an error lists.
const MOST_LISTED: usize = 40;

#[derive(Debug, Default, Args)]
pub(crate) struct SetArgs {
    /// An option ('Label=value') or input ('Group.Label=value'), before what stdin has; 'Group.Label:=JSON' gives JSON; a list
    /// takes several
    #[arg(long, value_name = "FIELD=VALUE")]
    pub(crate) set: Vec<String>,
}

/// A field that can be set.
#[derive(Clone)]
struct Slot<'c> {
    root: FieldRoot,
    path: Vec<&'c str>,
    field: &'c Field,
}

impl<'c> Slot<'c> {
    /// Every option and input of a card.
    fn all(card: &'c Card) -> Vec<Slot<'c>> {
        let options = card.options.iter().map(|(label, field)| {
            let path = vec![label.as_str()];
            Slot { root: FieldRoot::Options, path, field }
        });
        let inputs = card.input.iter().flat_map(|(group, fields)| {
            fields.iter().map(move |(label, field)| {
                let path = vec![group.as_str(), label.as_str()];
                Slot { root: FieldRoot::Input, path, field }
            })
        });
        options.chain(inputs).collect()
    }

    fn name(&self) -> String {
        self.path.join(".")
    }

    fn full_name(&self) -> String {
        format!("{}.{}", root_name(self.root), self.name())
    }

    /// What follows the field's name in a text that begins with it.
    fn rest<'t>(&self, text: &'t str) -> Option<&'t str> {
        let (name, full_name) = (self.name(), self.full_name());
        let after = |name: &str| text.strip_prefix(name).filter(|rest| self.goes_on(rest));
        after(&full_name).or_else(|| after(&name))
    }

    /// Whether a name may end before this text.
    fn goes_on(&self, rest: &str) -> bool {
        let has_keys = self.field.takes(FieldType::Object) || self.field.takes(FieldType::Any);
        rest.starts_with('=') || rest.starts_with(":=") || (has_keys && rest.starts_with('.'))
    }
}

fn root_name(root: FieldRoot) -> &'static str {
    match root {
        FieldRoot::Options => "options",
        _ => "input",
    }
}

/// Puts what the arguments say into an invocation; what it had in these places goes.
pub(crate) fn apply(
    card: &Card,
    texts: &[String],
    invocation: &mut Invocation,
) -> Result<(), Failure> {
    let slots = Slot::all(card);
    let mut appended: Vec<(FieldRoot, Vec<String>)> = Vec::new();
    let mut given: Vec<(FieldRoot, Vec<String>)> = Vec::new();
    for text in texts {
        let assignment = read(&slots, text)?;
        let place = (assignment.root, assignment.path.clone());
        let again = given.contains(&place);
        if again && !(assignment.is_item && appended.contains(&place)) {
            let name = assignment.path.join(".");
            let message =
                format!("--set `{name}` is there twice: only a list takes several, each with `=`");
            return Err(Failure::Usage(message));
        }
        let root = match assignment.root {
            FieldRoot::Options => &mut invocation.options,
            _ => &mut invocation.input,
        };
        if assignment.is_item {
            appended.push(place.clone());
        }
        put(root, &assignment.path, assignment.value, assignment.is_item && again);
        given.push(place);
    }
    Ok(())
}

/// What one argument says.
struct Assignment {
    root: FieldRoot,
    path: Vec<String>,
    value: Value,
    /// Whether the value is one of a list.
    is_item: bool,
}

fn read(slots: &[Slot<'_>], text: &str) -> Result<Assignment, Failure> {
    let fits = slots.iter().filter_map(|slot| Some((slot, slot.rest(text)?)));
    let mut best: Vec<(&Slot<'_>, &str)> = Vec::new();
    for (slot, rest) in fits {
        match best.first().map(|(_, shortest)| shortest.len()) {
            Some(shortest) if rest.len() > shortest => continue,
            Some(shortest) if rest.len() < shortest => best.clear(),
            _ => {}
        }
        best.push((slot, rest));
    }
    let (slot, rest) = match best.as_slice() {
        [one] => *one,
        [] => return Err(unknown(slots, text)),
        [(one, _), (other, _), ..] => {
            let message = format!(
                "--set `{}` may be two fields: write `{}` or `{}`",
                one.name(),
                one.full_name(),
                other.full_name()
            );
            return Err(Failure::Usage(message));
        }
    };
    let mut path: Vec<String> = slot.path.iter().map(|segment| (*segment).to_owned()).collect();
    let (field, rest) = inner(slot.root, slot.field, &mut path, rest)?;
    let (value, is_item) = match rest.strip_prefix(":=") {
        Some(text) => (json(text, slot.root, &path)?, false),
        None => {
            let text = rest.strip_prefix('=').unwrap_or(rest);
            let value = field.map_or_else(|| Ok(Value::from(text)), |field| value_of(field, text));
            let value = value.map_err(|problem| wrong(slot.root, &path, problem))?;
            let is_item = field.is_some_and(|field| field.kind == FieldType::List);
            (if is_item { Value::Array(vec![value]) } else { value }, is_item)
        }
    };
    Ok(Assignment { root: slot.root, path, value, is_item })
}

/// Follows keys inside of an object: its declared fields, or one key, whatever it holds. Gives the field, where one is
/// declared, and what follows its name.
fn inner<'f, 't>(
    root: FieldRoot,
    field: &'f Field,
    path: &mut Vec<String>,
    rest: &'t str,
) -> Result<(Option<&'f Field>, &'t str), Failure> {
    let Some(keys) = rest.strip_prefix('.') else { return Ok((Some(field), rest)) };
    if let Some(fields) = &field.fields {
        let mut fits: Vec<(&String, &Field, &str)> = Vec::new();
        for (label, inner) in fields {
            let slot = Slot { root, path: vec![label], field: inner };
            if let Some(rest) = keys.strip_prefix(label.as_str()).filter(|rest| slot.goes_on(rest))
            {
                fits.push((label, inner, rest));
            }
        }
        if let Some((label, field, rest)) = fits.into_iter().min_by_key(|(.., rest)| rest.len()) {
            path.push(label.clone());
            return inner(root, field, path, rest);
        }
    }
    let Some((key, _)) = keys.split_once('=') else {
        return Err(Failure::Usage(no_value(&path.join("."), keys)));
    };
    let key = key.strip_suffix(':').unwrap_or(key);
    if let Some(fields) = field.fields.as_ref().filter(|_| !field.additional) {
        return Err(no_key(root, path, key, fields));
    }
    path.push(key.to_owned());
    Ok((None, &keys[key.len()..]))
}

fn no_key(root: FieldRoot, path: &[String], key: &str, fields: &Fields) -> Failure {
    let names: Vec<String> = fields.keys().cloned().collect();
    let near = nearest(key, names.iter().map(String::as_str));
    let mut path = path.to_vec();
    path.push(key.to_owned());
    unknown_field(root, path, near, &names)
}

fn no_value(name: &str, keys: &str) -> String {
    let name = if name.is_empty() { keys.to_owned() } else { format!("{name}.{keys}") };
    format!("--set `{name}` has no value: write FIELD=VALUE, or FIELD:=JSON")
}

/// An argument that begins with no field's name.
fn unknown(slots: &[Slot<'_>], text: &str) -> Failure {
    let Some((name, _)) = text.split_once('=') else {
        let known = slots.iter().any(|slot| slot.name() == text || slot.full_name() == text);
        let names: Vec<String> = slots.iter().map(Slot::name).collect();
        let near = nearest(text, names.iter().map(String::as_str)).filter(|_| !known);
        let near = near.map(|near| format!(" ({})", did_you_mean(&near))).unwrap_or_default();
        return Failure::Usage(format!("{}{near}", no_value("", text)));
    };
    let name = name.strip_suffix(':').unwrap_or(name);
    let names: Vec<String> = slots.iter().map(Slot::name).collect();
    let plain = name.strip_prefix("input.").or_else(|| name.strip_prefix("options."));
    let near = nearest_of(slots, plain.unwrap_or(name));
    let is_option = name.starts_with("options.") || !plain.unwrap_or(name).contains('.');
    let (root, path) = match plain.unwrap_or(name).split_once('.') {
        Some((group, label)) if !is_option => {
            (FieldRoot::Input, vec![group.to_owned(), label.to_owned()])
        }
        _ => (FieldRoot::Options, vec![plain.unwrap_or(name).to_owned()]),
    };
    unknown_field(root, path, near, &names)
}

/// The nearest name: of the labels of a group where that is right, so that what is common to all of them counts for nothing.
fn nearest_of(slots: &[Slot<'_>], name: &str) -> Option<String> {
    let group = name.split_once('.').filter(|(group, _)| {
        slots.iter().any(|slot| slot.root == FieldRoot::Input && slot.path.first() == Some(group))
    });
    let Some((group, label)) = group else {
        let names: Vec<String> = slots.iter().map(Slot::name).collect();
        return nearest(name, names.iter().map(String::as_str));
    };
    let of_group =
        slots.iter().filter(|slot| slot.root == FieldRoot::Input && slot.path[0] == group);
    let near = nearest(label, of_group.filter_map(|slot| slot.path.get(1).copied()))?;
    Some(format!("{group}.{near}"))
}

fn unknown_field(
    root: FieldRoot,
    path: Vec<String>,
    near: Option<String>,
    names: &[String],
) -> Failure {
    let listed: Vec<String> =
        names.iter().take(MOST_LISTED).map(|name| format!("`{name}`")).collect();
    let mut hint = match &near {
        Some(near) => format!("{} There are ", did_you_mean(near)),
        None if names.is_empty() => "the card takes no option and no input".to_owned(),
        None => "there are ".to_owned(),
    };
    hint.push_str(&listed.join(", "));
    if names.len() > MOST_LISTED {
        hint.push_str(&format!(
            " and {} more: `run CARD --help` shows all",
            names.len() - MOST_LISTED
        ));
    }
    let problem = FieldProblem::Unknown { nearest: near };
    let error = Error::from(PlanFault::Field(FieldFault { root, path, problem }));
    let place = Place { file: PLACE.to_owned(), pointer: String::new(), ..error.place().clone() };
    Failure::Error(error.at(place).with_hint(hint))
}

/// A value that its field does not take.
fn wrong(root: FieldRoot, path: &[String], problem: FieldProblem) -> Failure {
    let is_object =
        matches!(&problem, FieldProblem::Type { expected, .. } if expected.contains(&"object"));
    let name = path.join(".");
    let error = Error::from(PlanFault::Field(FieldFault { root, path: path.to_vec(), problem }));
    let place = Place { file: PLACE.to_owned(), ..error.place().clone() };
    let error = error.at(place);
    Failure::Error(match is_object {
        true => error.with_hint(format!(
            "give its keys, as in `{name}.KEY=value`, or JSON: `{name}:={{…}}`"
        )),
        false => error,
    })
}

fn json(text: &str, root: FieldRoot, path: &[String]) -> Result<Value, Failure> {
    let refused = |fault: InvocationFault| {
        let segments: Vec<&str> =
            std::iter::once(root_name(root)).chain(path.iter().map(String::as_str)).collect();
        let place =
            Place { file: PLACE.to_owned(), pointer: pointer(&segments), ..Place::default() };
        let name = path.join(".");
        let hint = format!("`:=` takes JSON; a text as it is follows `=`, as in `{name}=…`");
        Failure::Error(Error::from(fault).at(place).with_hint(hint))
    };
    let read = Invocation::from_json(format!("{{\"id\":{text}\n}}").as_bytes());
    match (read, serde_json::from_str::<serde::de::IgnoredAny>(text)) {
        (Ok(read), Ok(_)) => Ok(read.id.unwrap_or_default()),
        (Err(fault @ InvocationFault::DuplicateKey { .. }), Ok(_)) => Err(refused(fault)),
        (_, Err(error)) => {
            let reason = cardhost::core::value::reason(&error);
            Err(refused(InvocationFault::Syntax {
                reason,
                line: error.line(),
                column: error.column(),
            }))
        }
        (Err(fault), _) => Err(refused(fault)),
    }
}

/// The value that a text means for a field.
fn value_of(field: &Field, text: &str) -> Result<Value, FieldProblem> {
    let kind =
        if field.kind == FieldType::List { field.of.unwrap_or(FieldType::Any) } else { field.kind };
    let as_text = || Value::String(text.to_owned());
    let refused = |found| {
        let kinds = std::iter::once(kind).chain(field.accepts.iter().copied());
        FieldProblem::Type { expected: kinds.map(FieldType::as_str).collect(), found }
    };
    let or_text = |found: Option<Value>| match found {
        Some(value) => Ok(value),
        None if field.takes(FieldType::Text) || field.takes(FieldType::Any) => Ok(as_text()),
        None => Err(refused("text")),
    };
    match kind {
        FieldType::Number => or_text(number(text)),
        FieldType::TrueFalse => or_text(match text {
            "true" | "yes" => Some(Value::Bool(true)),
            "false" | "no" => Some(Value::Bool(false)),
            _ => None,
        }),
        FieldType::Dropdown => {
            let titled = field.choices.iter().find(|choice| choice.title.as_deref() == Some(text));
            let is_value = field.choices.iter().any(|choice| choice.value == text);
            Ok(titled
                .filter(|_| !is_value)
                .map_or_else(as_text, |choice| Value::from(choice.value.as_str())))
        }
        FieldType::Object => or_text(None),
        // A path.
        FieldType::File => Ok(serde_json::json!({ "file": text })),
        FieldType::Text
        | FieldType::Secret
        | FieldType::DateTime
        | FieldType::Any
        | FieldType::List => Ok(as_text()),
    }
}

/// A number as JSON writes it, with its text kept.
fn number(text: &str) -> Option<Value> {
    cardhost::core::value::parse(text.trim()).ok().filter(Value::is_number)
}

/// Puts a value at a path; whatever stands in its way goes.
fn put(map: &mut Map<String, Value>, path: &[String], value: Value, append: bool) {
    let Some((key, below)) = path.split_first() else { return };
    let entry = map.entry(key.as_str()).or_insert(Value::Null);
    match (below, entry, value) {
        ([], Value::Array(items), Value::Array(more)) if append => items.extend(more),
        ([], entry, value) => *entry = value,
        (below, entry, value) => {
            if !entry.is_object() {
                *entry = Value::Object(Map::new());
            }
            if let Value::Object(map) = entry {
                put(map, below, value, append);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn card() -> Card {
        serde_json::from_value(json!({
            "format": 1, "name": "c", "version": "1.0.0", "title": "C", "effect": "read",
            "options": {
                "Kind": { "type": "dropdown", "choices": ["a", { "value": "b", "title": "Bee" }] },
                "Kind=x": { "type": "text" },
            },
            "input": {
                "G": {
                    "N": { "type": "number" }, "T": { "type": "text" }, "T.x": { "type": "text" },
                    "F": { "type": "true-false" }, "L": { "type": "list", "of": "number" },
                    "O": { "type": "object" }, "A": { "type": "any" },
                    "D": { "type": "object", "fields": { "a b": { "type": "number" }, "c": { "type": "list", "of": "text" } } },
                },
            },
            "request": { "target": "t", "method": "GET", "path": "/" }, "output": {},
        }))
        .unwrap()
    }

    fn set(texts: &[&str]) -> Result<Value, String> {
        let mut invocation =
            Invocation::from_json(br#"{"input":{"G":{"L":[9],"O":{"k":1},"T":"old"}}}"#).unwrap();
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        match apply(&card(), &texts, &mut invocation) {
            // Not `json!`, which would spell numbers anew.
            Ok(()) => Ok(Value::Array(vec![
                Value::Object(invocation.options),
                invocation.input["G"].clone(),
            ])),
            Err(Failure::Error(error)) => Err(format!(
                "{}: {} ({})",
                error.code(),
                error.message(),
                error.hint().unwrap_or_default()
            )),
            Err(Failure::Usage(message)) => Err(message),
            Err(_) => Err(String::new()),
        }
    }

    #[test]
    fn a_text_means_what_its_field_is() {
        let options = |texts: &[&str]| set(texts).unwrap()[0].clone();
        assert_eq!(options(&["Kind=a"]), json!({ "Kind": "a" }));
        assert_eq!(options(&["options.Kind=Bee"]), json!({ "Kind": "b" }));
        assert_eq!(options(&["Kind=x=y"]), json!({ "Kind=x": "y" }));
        let input = |text: &str, label: &str| set(&[text]).unwrap()[1][label].clone();
        assert_eq!(input("G.N=1.10", "N").to_string(), "1.10");
        assert_eq!(input("input.G.F=yes", "F"), true);
        assert_eq!(input("G.T=a=b:=c", "T"), "a=b:=c");
        assert_eq!(input("G.T=", "T"), "");
        assert_eq!(input("G.T.x=1", "T.x"), "1");
        assert_eq!(input("G.A=1", "A"), "1");
        assert_eq!(input("G.A:=[1e400]", "A").to_string(), "[1e400]");
        assert_eq!(input("G.O.x.y=1", "O"), json!({ "k": 1, "x.y": "1" }));
        assert_eq!(input("G.O.x:=2", "O"), json!({ "k": 1, "x": 2 }));
        assert_eq!(input("G.D.a b=2", "D"), json!({ "a b": 2 }));
    }

    #[test]
    fn a_list_takes_several_in_place_of_what_was_there() {
        assert_eq!(set(&["G.L=1", "G.L=2"]).unwrap()[1]["L"], json!([1, 2]));
        assert_eq!(set(&["G.L:=[3]"]).unwrap()[1]["L"], json!([3]));
        assert_eq!(set(&["G.D.c=1", "G.D.c=2"]).unwrap()[1]["D"], json!({ "c": ["1", "2"] }));
    }

    #[test]
    fn what_cannot_be_meant_is_told() {
        for (texts, told) in [
            (vec!["G.N=one"], "input.type: field `N` of `G` must be a number, not text ()"),
            (vec!["G.L=x"], "input.type: field `L` of `G` must be a number, not text ()"),
            (
                vec!["G.O=x"],
                "input.type: field `O` of `G` must be an object, not text (give its keys, as in `G.O.KEY=value`, or JSON: `G.O:={…}`)",
            ),
            (
                vec!["G.M=1"],
                "input.unknown: there is no field `M` (there are `Kind`, `Kind=x`, `G.N`, `G.T`, `G.T.x`, `G.F`, `G.L`, `G.O`, `G.A`, `G.D`)",
            ),
            (
                vec!["Kinds=1"],
                "options.unknown: there is no option `Kinds` (did you mean `Kind`? There are `Kind`, `Kind=x`, `G.N`, `G.T`, `G.T.x`, `G.F`, `G.L`, `G.O`, `G.A`, `G.D`)",
            ),
            (
                vec!["G.D.a=1"],
                "input.unknown: there is no field `a` (did you mean `a b`? There are `a b`, `c`)",
            ),
            (vec!["G.T"], "--set `G.T` has no value: write FIELD=VALUE, or FIELD:=JSON"),
            (vec!["G.O.x"], "--set `G.O.x` has no value: write FIELD=VALUE, or FIELD:=JSON"),
            (
                vec!["G.T=1", "G.T=2"],
                "--set `G.T` is there twice: only a list takes several, each with `=`",
            ),
            (
                vec!["G.L=1", "G.L:=[2]"],
                "--set `G.L` is there twice: only a list takes several, each with `=`",
            ),
            (
                vec!["G.O:={a}"],
                "invocation.syntax: this is not JSON: key must be a string (`:=` takes JSON; a text as it is follows `=`, as in `G.O=…`)",
            ),
            (
                vec!["G.O:=1} {"],
                "invocation.syntax: this is not JSON: trailing characters (`:=` takes JSON; a text as it is follows `=`, as in `G.O=…`)",
            ),
            (
                vec!["G.O:={\"a\":1,\"a\":2}"],
                "invocation.duplicate_key: key `a` is there twice (`:=` takes JSON; a text as it is follows `=`, as in `G.O=…`)",
            ),
        ] {
            assert_eq!(set(&texts), Err(told.to_owned()), "{texts:?}");
        }
    }
}
