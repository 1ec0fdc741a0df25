//! `flow show`: what a flow is for, what it takes and which cards it calls.

use super::about::About;
use super::args::FlowShowArgs;
use super::source::load_document;
use crate::cli::console::{Console, Failure};

pub(crate) fn run(args: &FlowShowArgs, console: &Console) -> Result<(), Failure> {
    let (document, text) = load_document(&args.flow, console)?;
    match args.source {
        true => console.out(&text),
        false => console.text(&About::of(&document, &text).text()),
    }
}
