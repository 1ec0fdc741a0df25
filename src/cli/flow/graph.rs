//! `flow graph`: a flow as a picture.

use cardhost::core::flow::{self, graph};

use super::args::{GraphArgs, Picture};
use crate::cli::check::{read_flow, refused};
use crate::cli::console::{Console, Failure};

pub(crate) fn run(args: &GraphArgs, console: &Console) -> Result<(), Failure> {
    let text = read_flow(&args.flow)?;
    let path = args.flow.display().to_string();
    let loaded = flow::load(&path, &text).map_err(|findings| refused(console, &text, &findings))?;
    console.out(&match args.format {
        Picture::Mermaid => graph::mermaid(&loaded.document),
        Picture::Svg => graph::svg(&loaded.document),
    })
}
