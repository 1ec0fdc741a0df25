//! The reference page of a card: first what Okta's connector reference shows, in its order, then what
//! only the definitions know.

use super::fields::FieldTables;
use super::page::{Block, Inline, Page, Section};
use super::{failures, samples, targets, waits, words};
use cardhost_core::card::{Effect, ReplyBody};
use cardhost_core::definition::Definition;
use cardhost_core::pages::{Next, Pages};
use cardhost_core::template::Decision;
use cardhost_core::template::{Root, Template};
use cardhost_core::until::Until;

/// The reference page of a card.
#[derive(Clone, Debug, PartialEq)]
pub struct CardPage(Page);

impl CardPage {
    /// Makes the page of a card: options, input, output; then request, targets, connection, errors,
    /// examples, notes. A part that the card does not have is left out.
    #[must_use]
    pub fn of(definition: &Definition) -> CardPage {
        let url_examples = targets::url_examples(definition);
        let tables = FieldTables { connector: &definition.connector, url_examples };
        let sections = [
            options(definition, &tables),
            input(definition, &tables),
            Some(output(definition, &tables)),
            Some(request(definition)),
            definition.card.pages.as_deref().map(pages),
            definition.card.until.as_deref().map(until),
            Some(apis(definition)),
            Some(connection(definition, &tables)),
            Some(failures::card_section(&definition.connector, &definition.card)),
            samples::section(definition),
            notes(&definition.card.notes),
            Some(related(definition)),
        ];
        CardPage(Page {
            title: definition.card.title.clone(),
            lead: lead(definition),
            sections: sections.into_iter().flatten().collect(),
        })
    }
}

impl AsRef<Page> for CardPage {
    fn as_ref(&self) -> &Page {
        &self.0
    }
}

fn lead(definition: &Definition) -> Vec<Block> {
    let card = &definition.card;
    let mut lead: Vec<Block> = card.description.iter().map(|text| Block::prose(text)).collect();
    lead.push(Block::Paragraph(vec![
        Inline::text("Card "),
        Inline::code(definition.full_name()),
        Inline::text(format!(", version {}.", card.version.as_str())),
    ]));
    lead
}

fn options(definition: &Definition, tables: &FieldTables<'_>) -> Option<Section> {
    let card = &definition.card;
    if card.options.is_empty() {
        return None;
    }
    let title = card.options_title.as_deref().unwrap_or("Options");
    let mut blocks: Vec<Block> =
        card.options_description.iter().map(|text| Block::prose(text)).collect();
    let caption = format!("{title} of {}", card.title);
    blocks.push(Block::Table(tables.form(caption, &card.options)));
    Some(Section::new(title, blocks))
}

fn input(definition: &Definition, tables: &FieldTables<'_>) -> Option<Section> {
    let card = &definition.card;
    if card.input.is_empty() {
        return None;
    }
    let table = tables.inputs(format!("Input of {}", card.title), &card.input);
    Some(Section::new("Input", vec![Block::Table(table)]))
}

fn output(definition: &Definition, tables: &FieldTables<'_>) -> Section {
    let card = &definition.card;
    let table = tables.outputs(format!("Output of {}", card.title), &card.output);
    Section::new("Output", vec![Block::Table(table)])
}

/// How to get more than a page.
fn pages(pages: &Pages) -> Section {
    let most = &pages.most;
    let records = most.records.map(|records| format!(", {records} records")).unwrap_or_default();
    let Some(next) = &pages.next else {
        let all = "A run gives the list, and with `--records` its records alone, one after the other, however many there are: the list comes in one reply.";
        return Section::new("Pages", vec![Block::prose(all)]);
    };
    let next = match next {
        Next::Link(relation) => format!("the link `{relation}` of the reply"),
        Next::Url(_) => "a URL in the reply".to_owned(),
        Next::Changes(changes) => {
            let places = changes.iter().map(|(place, _)| place.to_string());
            format!(
                "the reply, by {}",
                words::codes(places.collect::<Vec<_>>().iter().map(String::as_str))
            )
        }
    };
    Section::new(
        "Pages",
        vec![
            Block::prose(
                "A run gives one page of a list, and all of them, or so many records, where it is asked for that. The outputs have a group `pages` with what was had, and `next` where there is more.",
            ),
            Block::Bullets(vec![
                Inline::prose(&format!("Leads to the next page: {next}{}", wanted(pages))),
                Inline::prose(&format!(
                    "Ends at the latest after: {} pages{records}, {}",
                    most.pages,
                    waits::span(most.time.0)
                )),
            ]),
        ],
    )
}

/// What decides how many pages a run asks for.
fn wanted(pages: &Pages) -> String {
    let mut by = Vec::new();
    pages.wanted.iter().for_each(|wanted| wanted.each_by(&mut |it| by.push(words::label(it))));
    match by.as_slice() {
        [] => String::new(),
        by => format!(
            ". Which pages a run asks for is chosen by {}",
            words::codes(by.iter().map(String::as_str))
        ),
    }
}

/// What is waited for.
fn until(until: &Until) -> Section {
    let mut bullets =
        vec![Inline::prose(&format!("Until the work is done {}.", waits::until_asks(until)))];
    for fact in waits::until_ends(until) {
        bullets.push(Inline::prose(words::sentence(&fact).trim_end_matches('.')));
    }
    Section::new(
        "Until it is done",
        vec![
            Block::prose(
                "The outputs are those of the last reply. Where the time is not enough, the error has a cursor with which a later run goes on waiting: nothing is begun twice.",
            ),
            Block::Bullets(bullets),
        ],
    )
}

/// Method, path and effect.
fn request(definition: &Definition) -> Section {
    let card = &definition.card;
    let mut blocks = vec![Block::Bullets(vec![
        Inline::prose(&format!("Method: {}", chosen(&card.request.method))),
        vec![
            Inline::text("Path after the base URL: "),
            Inline::code(targets::path_text(definition)),
        ],
        Inline::prose(&format!("API: {}", chosen(&card.request.target))),
    ])];
    blocks.push(effect(definition));
    blocks.extend(words::idempotency_key(card).map(|text| Block::prose(&text)));
    if card.response.body == ReplyBody::File {
        blocks.push(Block::prose(
            "The reply is a file: it is kept in the folder for files, with its name, size and SHA-256; without a folder it is given out in base64.",
        ));
    }
    Section::new("Request", blocks)
}

/// The literal of a template, or where its value comes from.
fn chosen(template: &Template) -> String {
    if let Some(literal) = template.as_literal() {
        return words::code(literal);
    }
    let labels: Vec<String> = template.references().into_iter().map(words::label).collect();
    format!("as chosen by {}", words::codes(labels.iter().map(String::as_str)))
}

fn effect(definition: &Definition) -> Block {
    let card = &definition.card;
    if let Decision::Always(effect) = &card.effect {
        let meaning = meaning(*effect);
        return Block::prose(&format!("Effect: {}. {meaning}.", words::code(effect.as_str())));
    }
    let field_of = |by: &cardhost_core::template::Reference| {
        let label = by.segments.first()?;
        match by.root {
            Root::Options => card.options.get(label),
            Root::Connection => definition.connector.connection.fields.get(label),
            Root::Input => card.input.get(label)?.get(by.segments.get(1)?),
            Root::Response
            | Root::Item
            | Root::Items
            | Root::Redirect
            | Root::Login
            | Root::Signing => None,
        }
    };
    let rows = targets::rows(&card.effect, &field_of);
    let caption = format!("Effect of {}", card.title);
    Block::Table(targets::decision_table(caption, &rows, &["Effect", "Meaning"], &|effect| {
        vec![words::code(effect.as_str()), format!("{}.", meaning(*effect))]
    }))
}

fn meaning(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "Nothing changes at the service",
        Effect::Idempotent => "Sending it twice is as good as once",
        Effect::Write => "Each time it is sent, something changes",
        Effect::Destructive => "It takes something away",
    }
}

/// The targets the card can reach; its own list of auth methods takes the place of theirs.
fn apis(definition: &Definition) -> Section {
    let own_auth = definition.card.request.auth.as_ref();
    let sections = targets::targets_of(definition)
        .into_iter()
        .map(|(name, target)| {
            let auth = own_auth.unwrap_or(&target.auth);
            targets::target_section(&definition.connector, name, target, auth)
        })
        .collect();
    let lead = "Base URLs, credentials and limits of the APIs that this card sends to.";
    Section { title: "APIs".to_owned(), blocks: vec![Block::prose(lead)], sections }
}

fn connection(definition: &Definition, tables: &FieldTables<'_>) -> Section {
    let connector = &definition.connector;
    let caption = format!("Connection to {}", connector.title);
    let table = tables.form(caption, &connector.connection.fields);
    Section::new("Connection", vec![Block::Table(table)])
}

/// A section of notes; `None` where there are none.
pub(super) fn notes(notes: &[String]) -> Option<Section> {
    let items: Vec<_> = notes.iter().map(|note| Inline::prose(note)).collect();
    (!items.is_empty()).then(|| Section::new("Notes", vec![Block::Bullets(items)]))
}

fn related(definition: &Definition) -> Section {
    let (connector, card) = (&*definition.connector, &definition.card);
    let mut items = vec![vec![
        Inline::text(format!("{} connector, ", connector.title)),
        Inline::code(connector.name.as_str()),
    ]];
    if let Some(url) = &card.documentation {
        items.push(vec![Inline::link(&format!("{}: the service's reference", card.title), url)]);
    }
    if let Some(url) =
        connector.documentation.as_ref().filter(|url| Some(*url) != card.documentation.as_ref())
    {
        items.push(vec![Inline::link(&format!("{} reference", connector.title), url)]);
    }
    if let Some(origin) = &card.origin {
        items.push(vec![
            Inline::text("Made from the operation "),
            Inline::code(origin.operation.clone()),
            Inline::text(" of "),
            Inline::code(origin.description.clone()),
        ]);
    }
    Section::new("Related topics", vec![Block::Bullets(items)])
}
