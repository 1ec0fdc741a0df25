//! `docs`: the reference page of a card, a connector or a flow.

use std::path::Path;

use cardhost::author::reference::{CardPage, ConnectorPage, Page, html, markdown};
use clap::{Args, ValueEnum};

use super::console::{Console, Failure};
use super::flow::{About, is_flow, load_document};
use super::global::Global;
use super::setup;

#[derive(Debug, Args)]
pub(crate) struct DocsArgs {
    /// `<connector>/<card>`, `<connector>`, or a flow: a file, or the name of a shipped one
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
    let page = if args.name.contains('/') || is_flow(&args.name) {
        match catalog.definition(&args.name) {
            Ok(definition) => written(&CardPage::of(&definition), args.format),
            Err(_) if is_flow(&args.name) => {
                let (document, text) = load_document(Path::new(&args.name), console)?;
                written(&About::of(&document, &text).page(), args.format)
            }
            Err(error) => return Err(error.into()),
        }
    } else {
        let connector = catalog.connector(&args.name)?;
        let names = catalog.cards(&args.name);
        let definitions =
            names.iter().map(|name| catalog.definition(name)).collect::<Result<Vec<_>, _>>()?;
        let cards: Vec<_> = definitions.iter().map(|definition| &definition.card).collect();
        written(&ConnectorPage::of(&connector, &cards), args.format)
    };
    match args.format {
        Format::Markdown => console.text(&page),
        Format::Html => console.out(&page),
    }
}

fn written(page: &impl AsRef<Page>, format: Format) -> String {
    match format {
        Format::Markdown => markdown(page),
        Format::Html => html(page),
    }
}
