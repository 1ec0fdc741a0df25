//! The fields that a service describes itself: what a card of the connector lists of the keys that an object takes.
//!
//! Pure: what is made of the card's outputs. A run asks for no description; whoever shows a form does.

use std::collections::HashSet;

use serde::Deserialize as _;
use serde::de::value::{Error as Unknown, StrDeserializer};
use serde_json::Value;

use crate::asked::Item;
use crate::card::Card;
use crate::choices::{ChoicesFault, Offered};
use crate::field::{Field, FieldType, Fields, FieldsFrom};
use crate::template::{Scope, ValueTemplate, scalar_text};

/// The types that a described field can have.
pub const TYPES: [FieldType; 8] = [
    FieldType::Text,
    FieldType::Number,
    FieldType::TrueFalse,
    FieldType::DateTime,
    FieldType::Object,
    FieldType::Any,
    FieldType::Dropdown,
    FieldType::List,
];

/// One key that an object takes.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribedField {
    /// The key, as the service knows it.
    pub name: String,
    /// What a person reads instead.
    pub title: String,
    /// What it means.
    pub description: Option<String>,
    /// The type of its value.
    pub kind: FieldType,
    /// The type of a list's items.
    pub of: Option<FieldType>,
    /// Whether a value must be given.
    pub required: bool,
    /// What it offers.
    pub choices: Vec<Offered>,
}

/// The type of that name; `any` for those that a described field cannot have.
#[must_use]
pub fn type_of(name: &str) -> FieldType {
    let read = FieldType::deserialize(StrDeserializer::<Unknown>::new(name));
    read.ok().filter(|kind| TYPES.contains(kind)).unwrap_or(FieldType::Any)
}

/// The keys that the definition itself declares.
#[must_use]
pub fn declared(fields: &Fields) -> Vec<DescribedField> {
    let of_field = |(label, field): (&String, &Field)| DescribedField {
        name: label.clone(),
        title: label.clone(),
        description: field.description.clone(),
        kind: field.kind,
        of: field.of,
        required: field.required,
        choices: field
            .choices
            .iter()
            .map(|choice| Offered {
                value: Value::String(choice.value.clone()),
                title: choice.title.clone().unwrap_or_else(|| choice.value.clone()),
            })
            .collect(),
    };
    fields.iter().map(of_field).collect()
}

/// The fields that the outputs of the card that was asked describe, each name once; an item without a name is left out.
///
/// # Errors
/// [`ChoicesFault::NoList`].
pub fn described(
    from: &FieldsFrom,
    asked: &Card,
    output: &Value,
) -> Result<Vec<DescribedField>, ChoicesFault> {
    let items = from.asked().list(asked, output);
    let items = items.map_err(|no_list| ChoicesFault::no_list(asked, no_list))?;
    let mut names = HashSet::new();
    let fields = items.iter().filter_map(|item| field(from, item));
    Ok(fields.filter(|field| names.insert(field.name.clone())).collect())
}

fn field(from: &FieldsFrom, item: &Value) -> Option<DescribedField> {
    let scope = Item(item);
    if from.when.as_ref().is_some_and(|when| !when.holds(&scope)) {
        return None;
    }
    let text = |template: Option<&ValueTemplate>| {
        let text = scalar_text(&value(template?, &scope)?)?.into_owned();
        Some(text).filter(|text| !text.is_empty())
    };
    let name = text(Some(&from.name))?;
    let choices = from.choices.as_ref().and_then(|choices| value(choices, &scope));
    let choices = choices.as_ref().map_or(Vec::new(), offered);
    let kind = text(from.kind.as_ref()).map(|name| type_of(&name));
    let by_default = if choices.is_empty() { FieldType::Text } else { FieldType::Dropdown };
    let kind = kind.unwrap_or(by_default);
    // Without choices nothing could be given.
    let kind = if kind == FieldType::Dropdown { by_default } else { kind };
    Some(DescribedField {
        title: text(from.title.as_ref()).unwrap_or_else(|| name.clone()),
        description: text(from.description.as_ref()),
        kind,
        of: text(from.of.as_ref()).map(|name| type_of(&name)).filter(|_| kind == FieldType::List),
        required: from.required.as_ref().and_then(|it| value(it, &scope))
            == Some(Value::Bool(true)),
        choices,
        name,
    })
}

/// What a template gives of an item; nothing where it cannot be told.
fn value(template: &ValueTemplate, scope: &dyn Scope) -> Option<Value> {
    template.value(scope).ok()?
}

/// What a list of texts, or of objects with `value` and `title`, offers.
fn offered(choices: &Value) -> Vec<Offered> {
    let of_choice = |choice: &Value| {
        let (value, title) = match choice {
            Value::Object(map) => (map.get("value")?, map.get("title")),
            value => (value, None),
        };
        let text = scalar_text(value)?.into_owned();
        let title = title.and_then(scalar_text).filter(|title| !title.is_empty());
        let title = title.map_or(text, |title| title.into_owned());
        Some(Offered { value: value.clone(), title })
    };
    choices.as_array().into_iter().flatten().filter_map(of_choice).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn from(said: Value) -> FieldsFrom {
        serde_json::from_str(&said.to_string()).unwrap()
    }

    fn card() -> Card {
        let text = json!({ "request": { "path": "/" }, "output": { "All": {
            "Rows": { "of": "object", "value": "<<response.body.rows>>" },
        } } });
        serde_json::from_str(&text.to_string()).unwrap()
    }

    #[test]
    fn each_item_is_a_field_of_the_type_that_its_own_type_stands_for() {
        let said = from(json!({
            "card": "x", "name": "<<item.id>>", "title": "<<item.label?>>", "required": "<<item.must?>>",
            "when": { "item.hidden": [false, null] },
            "type": { "by": "item.kind", "string": "text", "int": "number", "tags": "list", "pick": "dropdown", "odd": "secret", "else": "any" },
            "of": { "by": "item.kind", "tags": "text", "else": "any" },
            "choices": { "each": "<<item.options?>>", "as": { "value": "<<item.v?>>", "title": "<<item.l?>>" } },
        }));
        let output = json!({ "All": { "Rows": [
            { "id": "name", "label": "Name", "kind": "string", "must": true },
            { "id": "age", "kind": "int", "must": "yes" },
            { "id": "tags", "kind": "tags", "label": "" },
            { "id": "tea", "kind": "pick", "options": [{ "v": "a", "l": "Assam" }, { "v": 2 }, { "v": {} }, "x"] },
            { "id": "none", "kind": "pick", "options": [] },
            { "id": "odd", "kind": "odd" }, { "id": "new", "kind": "geo" }, { "id": "kindless" },
            { "id": "secret", "hidden": true }, { "label": "nameless" }, { "id": "name", "kind": "int" }, null,
        ] } });
        let all = described(&said, &card(), &output).unwrap();
        let told: Vec<_> = all
            .iter()
            .map(|it| (it.name.as_str(), it.title.as_str(), it.kind, it.of, it.required))
            .collect();
        use FieldType as T;
        assert_eq!(
            told,
            [
                ("name", "Name", T::Text, None, true),
                ("age", "age", T::Number, None, false),
                ("tags", "tags", T::List, Some(T::Text), false),
                ("tea", "tea", T::Dropdown, None, false),
                ("none", "none", T::Text, None, false),
                ("odd", "odd", T::Any, None, false),
                ("new", "new", T::Any, None, false),
                ("kindless", "kindless", T::Any, None, false),
            ]
        );
        let offered = |value: Value, title: &str| Offered { value, title: title.to_owned() };
        assert_eq!(all[3].choices, [offered(json!("a"), "Assam"), offered(json!(2), "2")]);
    }

    #[test]
    fn a_field_of_which_only_the_name_is_said_is_text_or_what_it_offers() {
        let said = from(json!({ "card": "x", "name": "<<item.id>>", "choices": "<<item.of?>>" }));
        let output = json!({ "All": { "Rows": [{ "id": "a" }, { "id": "b", "of": ["x", "y"] }] } });
        let kinds: Vec<_> =
            described(&said, &card(), &output).unwrap().iter().map(|it| it.kind).collect();
        assert_eq!(kinds, [FieldType::Text, FieldType::Dropdown]);
        assert_eq!(described(&said, &card(), &json!({})).unwrap(), []);
        let none = json!({ "All": { "Rows": "no list" } });
        assert!(matches!(described(&said, &card(), &none), Err(ChoicesFault::NoList { .. })));
    }
}
