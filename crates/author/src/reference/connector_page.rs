//! The reference page of a connector: its cards, its connection, its APIs.

use super::card_page::notes;
use super::fields::FieldTables;
use super::page::{Block, Inline, Page, Section, Table};
use super::{credentials, failures, targets, words};
use cardhost_core::card::Card;
use cardhost_core::connector::Connector;

/// The reference page of a connector.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectorPage(Page);

impl ConnectorPage {
    /// Makes the page of a connector with these cards: cards, connection, credentials, APIs, errors, notes.
    #[must_use]
    pub fn of(connector: &Connector, cards: &[&Card]) -> ConnectorPage {
        let sections = [
            card_list(connector, cards),
            Some(connection(connector)),
            Some(auth(connector)),
            Some(apis(connector)),
            Some(failures::connector_section(connector)),
            notes(&connector.notes),
            related(connector),
        ];
        ConnectorPage(Page {
            title: connector.title.clone(),
            lead: lead(connector),
            sections: sections.into_iter().flatten().collect(),
        })
    }
}

impl AsRef<Page> for ConnectorPage {
    fn as_ref(&self) -> &Page {
        &self.0
    }
}

fn lead(connector: &Connector) -> Vec<Block> {
    let mut lead: Vec<Block> =
        connector.description.iter().map(|text| Block::prose(text)).collect();
    lead.push(Block::Paragraph(vec![
        Inline::text("Connector "),
        Inline::code(connector.name.as_str()),
        Inline::text(format!(", version {}.", connector.version.as_str())),
    ]));
    lead
}

fn card_list(connector: &Connector, cards: &[&Card]) -> Option<Section> {
    if cards.is_empty() {
        return None;
    }
    let row = |card: &&Card| {
        vec![
            Block::name_cell(&card.title),
            Block::cell(card.description.as_deref().unwrap_or_default()),
            Block::cell(&words::code(&format!(
                "{}/{}",
                connector.name.as_str(),
                card.name.as_str()
            ))),
        ]
    };
    let rows = cards.iter().map(row).collect();
    let caption = format!("Cards of {}", connector.title);
    let table = Table::plain(caption, &["Card", "Description", "Name"], rows);
    Some(Section::new("Cards", vec![Block::Table(table)]))
}

fn connection(connector: &Connector) -> Section {
    let tables = FieldTables { connector, url_examples: Vec::new() };
    let caption = format!("Connection to {}", connector.title);
    let mut blocks = vec![Block::Table(tables.form(caption, &connector.connection.fields))];
    if let Some(test) = &connector.connection.test {
        let statuses: Vec<String> = test.expect.iter().map(u16::to_string).collect();
        blocks.push(Block::prose(&format!(
            "A connection is tried with {} to {}: it works if the status is {}.",
            words::code(&format!("{} {}", test.method, test.path.source())),
            test.target,
            statuses.join(" or "),
        )));
    }
    Section::new("Connection", blocks)
}

fn auth(connector: &Connector) -> Section {
    let items = connector
        .auth
        .iter()
        .map(|(name, method)| Inline::prose(&credentials::sentence(name, method)))
        .collect();
    Section::new("Credentials", vec![Block::Bullets(items)])
}

fn apis(connector: &Connector) -> Section {
    let sections = connector
        .targets
        .iter()
        .map(|(name, target)| targets::target_section(connector, name, target, &target.auth))
        .collect();
    Section { title: "APIs".to_owned(), blocks: Vec::new(), sections }
}

fn related(connector: &Connector) -> Option<Section> {
    let url = connector.documentation.as_ref()?;
    let link = Inline::link(&format!("{} reference", connector.title), url);
    Some(Section::new("Related topics", vec![Block::Bullets(vec![vec![link]])]))
}
