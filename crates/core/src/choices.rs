//! What a field offers: choices that the definition lists, and those that a card of the connector gives.
//!
//! Pure: which card is asked with what, and what is made of its outputs. Who asks runs the card.

use serde_json::{Map, Value};

use crate::asked::{Given, Item, NoList};
use crate::card::Card;
use crate::connector::Connector;
use crate::error::{Code, Fault, Place, pointer};
use crate::field::{ChoicesFrom, Field, FieldType};
use crate::template::{Template, TemplateValueError, scalar_text};

/// One thing that a field offers.
#[derive(Clone, Debug, PartialEq)]
pub struct Offered {
    /// The value that the field takes.
    pub value: Value,
    /// What a person reads instead.
    pub title: String,
}

/// Why it cannot be told what a field offers.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ChoicesFault {
    /// The card has no such option or input.
    #[error("the card has no option or input `{field}`")]
    UnknownField {
        /// As it was asked for.
        field: String,
        /// The nearest one.
        nearest: Option<String>,
    },
    /// The field offers nothing: any value may be given.
    #[error("field `{field}` has no choices")]
    None {
        /// As it was asked for.
        field: String,
    },
    /// No card describes what is in the field.
    #[error("no fields of `{field}` are known: it declares none, and no card describes them")]
    NoFields {
        /// As it was asked for.
        field: String,
    },
    /// A value is missing that decides what is offered.
    #[error("what `{field}` offers depends on a value: {error}")]
    Depends {
        /// As it was asked for.
        field: String,
        /// What is missing.
        error: TemplateValueError,
    },
    /// The card gives no list there.
    #[error("`{items}` of `{card}` is no list")]
    NoList {
        /// The card.
        card: String,
        /// Its output.
        items: String,
    },
}

impl Fault for ChoicesFault {
    fn code(&self) -> Code {
        match self {
            ChoicesFault::UnknownField { .. } => Code::INPUT_UNKNOWN,
            ChoicesFault::None { .. } => Code::INPUT_CHOICE,
            ChoicesFault::NoFields { .. } => Code::INPUT_TYPE,
            ChoicesFault::Depends { .. } => Code::INPUT_REQUIRED,
            ChoicesFault::NoList { .. } => Code::RESPONSE_TYPE,
        }
    }

    fn place(&self) -> Place {
        let pointer = match self {
            ChoicesFault::NoList { .. } => String::new(),
            ChoicesFault::UnknownField { field, .. }
            | ChoicesFault::None { field }
            | ChoicesFault::NoFields { field }
            | ChoicesFault::Depends { field, .. } => match field.split_once('.') {
                Some((group, label)) => pointer(&["input", group, label]),
                None => pointer(&["options", field]),
            },
        };
        Place { pointer, ..Place::default() }
    }

    fn hint(&self) -> Option<String> {
        match self {
            ChoicesFault::UnknownField { nearest, .. } => {
                nearest.as_deref().map(crate::text::did_you_mean)
            }
            ChoicesFault::None { .. } => Some("any value of its type may be given".to_owned()),
            ChoicesFault::NoFields { .. } => {
                Some("keys of an object can be known where the card declares them".to_owned())
            }
            ChoicesFault::Depends { .. } => Some("give that value first".to_owned()),
            ChoicesFault::NoList { .. } => Some(crate::text::CHECK_THE_DEFINITION.to_owned()),
        }
    }
}

impl ChoicesFault {
    /// That a card does not give the list it is asked for.
    pub(crate) fn no_list(asked: &Card, NoList(items): NoList) -> ChoicesFault {
        ChoicesFault::NoList { card: asked.name.as_str().to_owned(), items }
    }
}

/// A field by its name: `Label` of an option, `Group.Label` of an input.
///
/// # Errors
/// [`ChoicesFault::UnknownField`].
pub fn field<'c>(card: &'c Card, name: &str) -> Result<&'c Field, ChoicesFault> {
    let option = card.options.get(name);
    let input =
        || name.split_once('.').and_then(|(group, label)| card.input.get(group)?.get(label));
    option.or_else(input).ok_or_else(|| {
        let inputs = card
            .input
            .iter()
            .flat_map(|(group, fields)| fields.keys().map(move |label| format!("{group}.{label}")));
        let all: Vec<String> = card.options.keys().cloned().chain(inputs).collect();
        let nearest = crate::text::nearest(name, all.iter().map(String::as_str));
        ChoicesFault::UnknownField { field: name.to_owned(), nearest }
    })
}

/// What the definition itself lists, as far as it is offered beside the values that are given.
#[must_use]
pub fn listed(connector: &Connector, field: &Field, given: &Given<'_>) -> Vec<Offered> {
    let offered = |value: &str, title: Option<&str>| Offered {
        value: Value::String(value.to_owned()),
        title: title.unwrap_or(value).to_owned(),
    };
    let targets = field.choices_from.iter().flat_map(|from| &from.targets).map(|name| {
        let target = connector.targets.get(name);
        offered(name, target.and_then(|target| target.description.as_deref()))
    });
    let is_there = |when: &crate::condition::When| when.holds(given);
    let choices = field.choices.iter().filter(|it| it.visible_when.as_ref().is_none_or(is_there));
    let choices = choices.map(|choice| offered(&choice.value, choice.title.as_deref()));
    targets.chain(choices).collect()
}

/// The options and inputs of the card that is asked: those that are said, and what is searched for.
///
/// # Errors
/// [`ChoicesFault::Depends`] where one of them has no value.
pub fn asked_with(
    name: &str,
    from: &ChoicesFrom,
    given: &Given<'_>,
    search: Option<&str>,
) -> Result<[Map<String, Value>; 2], ChoicesFault> {
    let depends = |error| ChoicesFault::Depends { field: name.to_owned(), error };
    let none = Ok([Map::new(), Map::new()]);
    let with = from.asked().map_or(none, |asked| asked.with(given));
    let [options, mut input] = with.map_err(depends)?;
    if let (Some(search), Some((group, label))) = (search, from.search_field()) {
        let group = input.entry(group).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(group) = group {
            group.insert(label.to_owned(), Value::String(search.to_owned()));
        }
    }
    Ok([options, input])
}

/// What is offered of the outputs of the card that was asked; an item without a value is left out.
///
/// # Errors
/// [`ChoicesFault::NoList`].
pub fn offered(
    from: &ChoicesFrom,
    field: &Field,
    asked: &Card,
    output: &Value,
) -> Result<Vec<Offered>, ChoicesFault> {
    let items = from.asked().map_or(Ok(&[][..]), |from| from.list(asked, output));
    let items = items.map_err(|no_list| ChoicesFault::no_list(asked, no_list))?;
    let is_number = field.kind == FieldType::Number || field.of == Some(FieldType::Number);
    let of_item = |item: &Value| {
        let scope = Item(item);
        let value = from.value.as_ref()?.value(&scope).ok()??;
        let text = scalar_text(&value)?.into_owned();
        let said = from.title.as_ref().and_then(|title| title.text(&scope).ok()?);
        let title =
            said.filter(|title| !title.is_empty()).map_or(text.clone(), |it| it.into_owned());
        let value = if is_number { value } else { Value::String(text) };
        Some(Offered { value, title })
    };
    Ok(items.iter().filter_map(of_item).collect())
}

/// Those in which a text is found, in any case.
#[must_use]
pub fn searched(offered: Vec<Offered>, search: &str) -> Vec<Offered> {
    let search = search.to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&search);
    let value = |value: &Value| scalar_text(value).is_some_and(|text| has(&text));
    offered.into_iter().filter(|one| has(&one.title) || value(&one.value)).collect()
}

impl ChoicesFrom {
    /// The group and label of the input that takes what is searched for.
    #[must_use]
    pub fn search_field(&self) -> Option<(&str, &str)> {
        self.search.as_deref()?.split_once('.')
    }

    /// Every template over an item, with its key.
    pub fn of_items(&self) -> impl Iterator<Item = (&'static str, &Template)> {
        let all = [("value", &self.value), ("title", &self.title)];
        all.into_iter().filter_map(|(key, template)| Some((key, template.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn from(said: Value) -> ChoicesFrom {
        serde_json::from_str(&said.to_string()).unwrap()
    }

    fn card(output: Value) -> Card {
        let text = json!({ "request": { "path": "/" }, "output": output });
        serde_json::from_str(&text.to_string()).unwrap()
    }

    #[test]
    fn what_is_asked_depends_on_what_is_given() {
        let said = json!({
            "card": "list-tables", "value": "<<item.id>>",
            "options": { "Kind": "<<options.Kind?>>" },
            "input": { "Base": { "Base ID": "<<input.Table.Base ID>>", "Most": 10 } }, "search": "Base.Name",
        });
        let from = from(said);
        let (options, input) = (Map::new(), json!({ "Table": { "Base ID": "app1" } }));
        let given = Given { options: &options, input: input.as_object().unwrap() };
        let [options, input] = asked_with("Table.Table", &from, &given, Some("tea")).unwrap();
        assert_eq!(options, Map::new());
        assert_eq!(
            Value::Object(input),
            json!({ "Base": { "Base ID": "app1", "Most": 10, "Name": "tea" } })
        );
        let none = Map::new();
        let given = Given { options: &none, input: &none };
        let fault = asked_with("Table.Table", &from, &given, None).unwrap_err();
        assert_eq!(fault.code(), Code::INPUT_REQUIRED);
        assert_eq!(fault.place().pointer, "/input/Table/Table");
    }

    #[test]
    fn what_is_offered_is_made_of_each_item() {
        let asked = card(json!({ "All": {
            "Total": { "type": "number", "value": "<<response.body.n?>>" },
            "Rows": { "of": "object", "value": "<<response.body.rows>>" },
        } }));
        let output = json!({ "All": { "Total": 3, "Rows": [
            { "id": 7, "name": "Tea" }, { "id": 8 }, { "name": "without" }, { "id": { "deep": 1 } }, null,
        ] } });
        let said = from(json!({ "card": "x", "value": "<<item.id?>>", "title": "<<item.name?>>" }));
        let as_of = |kind: &str| -> Vec<(Value, String)> {
            let field: Field = serde_json::from_str(&json!({ "type": kind }).to_string()).unwrap();
            let all = offered(&said, &field, &asked, &output).unwrap();
            all.into_iter().map(|one| (one.value, one.title)).collect()
        };
        assert_eq!(as_of("text"), [(json!("7"), "Tea".to_owned()), (json!("8"), "8".to_owned())]);
        assert_eq!(as_of("number"), [(json!(7), "Tea".to_owned()), (json!(8), "8".to_owned())]);
        let elsewhere = from(json!({ "card": "x", "value": "<<item>>", "items": "All.Total" }));
        let field: Field = serde_json::from_str("{}").unwrap();
        assert!(matches!(
            offered(&elsewhere, &field, &asked, &output),
            Err(ChoicesFault::NoList { .. })
        ));
        let nothing = json!({ "All": {} });
        assert_eq!(offered(&said, &field, &asked, &nothing).unwrap(), []);
    }

    #[test]
    fn what_is_searched_is_found_in_any_case() {
        let one =
            |value: &str, title: &str| Offered { value: json!(value), title: title.to_owned() };
        let all = vec![one("C1", "General"), one("C2", "tea-orders"), one("TEA", "x")];
        assert_eq!(searched(all.clone(), "Tea"), [all[1].clone(), all[2].clone()]);
    }
}
