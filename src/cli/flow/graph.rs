//! `flow graph`: a flow as a picture.

use cardhost::flow::{self, graph};

use super::args::{GraphArgs, Picture};
use super::source::built_in;
use crate::cli::check::{read_flow, refused};
use crate::cli::console::{Console, Failure};

pub(crate) fn run(args: &GraphArgs, console: &Console) -> Result<(), Failure> {
    let shown = args.flow.display().to_string();
    let (file, text) = match built_in(&shown) {
        Some((file, text)) if !args.flow.exists() => (file, text.to_owned()),
        _ => (shown, read_flow(&args.flow)?),
    };
    let loaded = flow::load(&file, &text).map_err(|findings| refused(console, &text, &findings))?;
    console.out(&match args.format {
        Picture::Mermaid => graph::mermaid(&loaded.document),
        Picture::Svg => graph::svg(&loaded.document),
    })
}
