//! The tables of fields: options, inputs, outputs, connection.

use super::either::either;
use super::page::{Block, Cell, Inline, Row, RowGroup, Table};
use super::words;
use cardhost_core::connector::Connector;
use cardhost_core::field::{Field, FieldType, Fields, Format, Groups};

const TAKEN: [&str; 4] = ["Field", "Definition", "Type", "Required"];
const GIVEN: [&str; 3] = ["Field", "Definition", "Type"];

/// Makes the tables of one page.
pub(super) struct FieldTables<'a> {
    /// For the descriptions of targets that a dropdown offers.
    pub(super) connector: &'a Connector,
    /// The lines of URLs under a relative URL.
    pub(super) url_examples: Vec<Vec<Inline>>,
}

impl FieldTables<'_> {
    /// A table of fields that are filled in, without groups.
    pub(super) fn form(&self, caption: String, fields: &Fields) -> Table {
        Table::plain(caption, &TAKEN, self.rows(fields, true))
    }

    /// A table of inputs by group.
    pub(super) fn inputs(&self, caption: String, groups: &Groups) -> Table {
        Table::grouped(caption, &TAKEN, self.groups(groups, true))
    }

    /// A table of outputs by group.
    pub(super) fn outputs(&self, caption: String, groups: &Groups) -> Table {
        Table::grouped(caption, &GIVEN, self.groups(groups, false))
    }

    fn groups(&self, groups: &Groups, taken: bool) -> Vec<RowGroup> {
        groups
            .iter()
            .map(|(name, fields)| RowGroup {
                name: Some(name.clone()),
                rows: self.rows(fields, taken),
            })
            .collect()
    }

    fn rows(&self, fields: &Fields, taken: bool) -> Vec<Row> {
        let mut rows = Vec::new();
        for (label, field) in fields {
            let either = either(fields, label).map(|either| either.words());
            self.push_rows(label, (field, either), taken, &mut rows);
        }
        rows
    }

    /// The field's row, and under it those of the keys it has.
    fn push_rows(
        &self,
        label: &str,
        (field, either): (&Field, Option<String>),
        taken: bool,
        rows: &mut Vec<Row>,
    ) {
        let mut row = vec![
            Block::name_cell(label),
            self.definition(field, either),
            Block::name_cell(&words::type_name(field)),
        ];
        if taken {
            row.push(Block::name_cell(if field.required { "TRUE" } else { "FALSE" }));
        }
        rows.push(row);
        for (key, inner) in field.fields.iter().flatten() {
            self.push_rows(&format!("{label} › {key}"), (inner, None), taken, rows);
        }
    }

    fn definition(&self, field: &Field, either: Option<String>) -> Cell {
        let mut cell: Cell = field.description.iter().map(|text| Block::prose(text)).collect();
        let choices = self.choices(field);
        if !choices.is_empty() {
            cell.push(Block::Bullets(choices));
        }
        if field.format == Some(Format::RelativeUrl) && !self.url_examples.is_empty() {
            cell.push(Block::Bullets(self.url_examples.clone()));
        }
        let mut facts = words::facts(field);
        facts.extend(either.map(|words| words::sentence(&words)));
        if !facts.is_empty() {
            cell.push(Block::prose(&facts.join(" ")));
        }
        cell
    }

    fn choices(&self, field: &Field) -> Vec<Vec<Inline>> {
        if !field.takes(FieldType::Dropdown) && field.of != Some(FieldType::Dropdown) {
            return Vec::new();
        }
        if let Some(from) = &field.choices_from {
            return from
                .targets
                .iter()
                .map(|name| {
                    let target = self.connector.targets.get(name);
                    choice_line(name, target.and_then(|target| target.description.as_deref()))
                })
                .collect();
        }
        let line = |choice: &cardhost_core::field::Choice| {
            let mut meaning: Vec<String> = Vec::new();
            meaning.extend(choice.title.clone().map(|title| format!("{title}.")));
            meaning.extend(choice.description.clone());
            let when = choice.visible_when.as_ref();
            meaning.extend(when.map(|when| format!("Only when {}.", words::condition(when))));
            let meaning = meaning.join(" ");
            choice_line(&choice.value, Some(meaning.as_str()).filter(|text| !text.is_empty()))
        };
        field.choices.iter().map(line).collect()
    }
}

fn choice_line(value: &str, meaning: Option<&str>) -> Vec<Inline> {
    let mut line = vec![Inline::Strong(value.to_owned())];
    if let Some(meaning) = meaning {
        line.push(Inline::text(": "));
        line.extend(Inline::prose(meaning));
    }
    line
}
