//! The arguments of `flow`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Flows.
#[derive(Debug, Args)]
pub(crate) struct FlowArgs {
    #[command(subcommand)]
    pub(crate) command: FlowCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FlowCommand {
    /// Check flows, and the cards that they call
    #[command(after_help = "Examples:
  cardhost flow check
  cardhost flow check restock.yaml
  cardhost flow check flows --cards my-cards --errors json

In a folder, `*.flow.yaml`, `*.flow.yml` and `*.flow.json` are flows, and whatever YAML or JSON has a `document` with a `dsl`.")]
    Check(FlowCheckArgs),
    /// Draw a flow: tasks, ways, what runs inside of what
    #[command(after_help = "Examples:
  cardhost flow graph restock.yaml
  cardhost flow graph restock.yaml --format svg > restock.svg")]
    Graph(GraphArgs),
}

#[derive(Debug, Args)]
pub(crate) struct FlowCheckArgs {
    /// Flows, or folders with flows
    #[arg(value_name = "PATH", default_value = "flows")]
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    /// The flow
    #[arg(value_name = "FLOW")]
    pub(crate) flow: PathBuf,
    /// How the picture is written
    #[arg(long, value_enum, default_value_t = Picture::Mermaid)]
    pub(crate) format: Picture,
}

/// How a picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Picture {
    /// A Mermaid flowchart: text that many viewers of Markdown draw.
    Mermaid,
    /// An SVG picture, light and dark.
    Svg,
}
