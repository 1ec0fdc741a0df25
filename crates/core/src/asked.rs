//! A card of the connector that is asked what a form offers: with what it is run, and which of its outputs is the list.
//!
//! What is made of the list is the business of [`crate::choices`] and [`crate::described`].

use serde_json::{Map, Value};

use crate::card::Card;
use crate::field::{ChoicesFrom, Field, FieldType, FieldsFrom};
use crate::template::{Found, Reference, Root, Scope, TemplateValueError, ValueTemplate};
use crate::value::descend;

/// What is asked of which card.
#[derive(Clone, Copy)]
pub struct Asked<'f> {
    /// The card's name in its connector.
    pub card: &'f str,
    /// Its options, over `options` and `input` of the form.
    pub options: Option<&'f ValueTemplate>,
    /// Its inputs by group, over the same.
    pub input: Option<&'f ValueTemplate>,
    /// Its output that is the list, as `Group.Label`.
    pub items: Option<&'f str>,
}

/// The output of the card, as `Group.Label`, that should be the list and is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoList(pub String);

impl<'f> Asked<'f> {
    /// Every template over the options and inputs that are given, with the key it stands under.
    pub fn asks_with(self) -> impl Iterator<Item = (&'static str, &'f ValueTemplate)> {
        let all = [("options", self.options), ("input", self.input)];
        all.into_iter().filter_map(|(key, template)| Some((key, template?)))
    }

    /// The options and inputs of the card, with what is given.
    ///
    /// # Errors
    /// What has no value and needs one.
    pub fn with(self, given: &Given<'_>) -> Result<[Map<String, Value>; 2], TemplateValueError> {
        let map = |template: Option<&ValueTemplate>| match template.map(|it| it.value(given)) {
            None => Ok(Map::new()),
            Some(value) => match value? {
                Some(Value::Object(map)) => Ok(map),
                _ => Ok(Map::new()),
            },
        };
        Ok([map(self.options)?, map(self.input)?])
    }

    /// The group and label of the output that is the list: the one that is said, or the first that is a list.
    #[must_use]
    pub fn items_of<'c>(self, card: &'c Card) -> Option<(&'c str, &'c str)>
    where
        'f: 'c,
    {
        if let Some(said) = self.items {
            return said.split_once('.');
        }
        let all = card.output.iter().flat_map(|(group, fields)| {
            fields.iter().map(move |(label, field)| (group.as_str(), label.as_str(), field))
        });
        let mut lists = all.filter(|(.., field)| field.kind == FieldType::List);
        lists.next().map(|(group, label, _)| (group, label))
    }

    /// The list in the outputs of the card; one that is missing is empty.
    ///
    /// # Errors
    /// [`NoList`].
    pub fn list<'o>(self, card: &Card, output: &'o Value) -> Result<&'o [Value], NoList> {
        let (group, label) = self.items_of(card).ok_or_else(|| NoList("output".to_owned()))?;
        match output.get(group).and_then(|group| group.get(label)) {
            None | Some(Value::Null) => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(NoList(format!("{group}.{label}"))),
        }
    }
}

impl ChoicesFrom {
    /// What is asked of a card, where it is one that gives the choices.
    #[must_use]
    pub fn asked(&self) -> Option<Asked<'_>> {
        Some(Asked {
            card: self.card.as_deref()?,
            options: self.options.as_ref(),
            input: self.input.as_ref(),
            items: self.items.as_deref(),
        })
    }
}

impl FieldsFrom {
    /// What is asked of the card.
    #[must_use]
    pub fn asked(&self) -> Asked<'_> {
        Asked {
            card: &self.card,
            options: self.options.as_ref(),
            input: self.input.as_ref(),
            items: self.items.as_deref(),
        }
    }
}

impl Field {
    /// The cards that are asked what it offers or has.
    pub fn asked(&self) -> impl Iterator<Item = Asked<'_>> {
        let fields = self.fields_from.iter().map(|from| from.asked());
        self.choices_from.iter().filter_map(ChoicesFrom::asked).chain(fields)
    }
}

/// Options and inputs as far as they are given.
pub struct Given<'a> {
    /// The options.
    pub options: &'a Map<String, Value>,
    /// The inputs by group.
    pub input: &'a Map<String, Value>,
}

impl Scope for Given<'_> {
    fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
        let map = match reference.root {
            Root::Options => self.options,
            Root::Input => self.input,
            _ => return None,
        };
        let (first, rest) = reference.segments.split_first()?;
        descend(map.get(first)?, rest).filter(|value| !value.is_null()).map(Found::Value)
    }
}

/// One item of the list.
pub(crate) struct Item<'a>(pub(crate) &'a Value);

impl Scope for Item<'_> {
    fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
        let found =
            (reference.root == Root::Item).then(|| descend(self.0, &reference.segments))??;
        Some(found).filter(|value| !value.is_null()).map(Found::Value)
    }
}
