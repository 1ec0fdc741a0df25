//! `flow graph`: a flow as a picture.

use cardhost::flow::graph;

use super::args::{GraphArgs, Picture};
use super::source::load_document;
use crate::cli::console::{Console, Failure};

pub(crate) fn run(args: &GraphArgs, console: &Console) -> Result<(), Failure> {
    let (document, _) = load_document(&args.flow, console)?;
    console.out(&match args.format {
        Picture::Mermaid => graph::mermaid(&document),
        Picture::Svg => graph::svg(&document),
    })
}
