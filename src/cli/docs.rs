//! `docs`: the reference page of a card or a connector.

use cardhost::author::reference::{CardPage, ConnectorPage, html, markdown};
use clap::{Args, ValueEnum};

use super::console::{Console, Failure};
use super::global::Global;
use super::setup;

#[derive(Debug, Args)]
pub(crate) struct DocsArgs {
    /// `<connector>/<card>`, or `<connector>`
    pub(crate) name: String,
    /// How the page is written
    #[arg(long, value_enum, default_value_t = Format::Markdown)]
    pub(crate) format: Format,
}

/// How a page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Markdown.
    Markdown,
    /// One HTML page.
    Html,
}

pub(crate) fn run(global: &Global, args: &DocsArgs, console: &Console) -> Result<(), Failure> {
    let host = setup::host(global)?.build();
    let catalog = host.catalog();
    let page = if args.name.contains('/') {
        let page = CardPage::of(&*catalog.definition(&args.name)?);
        match args.format {
            Format::Markdown => markdown(&page),
            Format::Html => html(&page),
        }
    } else {
        let connector = catalog.connector(&args.name)?;
        let names = catalog.cards(&args.name);
        let definitions =
            names.iter().map(|name| catalog.definition(name)).collect::<Result<Vec<_>, _>>()?;
        let cards: Vec<_> = definitions.iter().map(|definition| &definition.card).collect();
        let page = ConnectorPage::of(&connector, &cards);
        match args.format {
            Format::Markdown => markdown(&page),
            Format::Html => html(&page),
        }
    };
    console.out(&page)
}
