//! The arguments of `record`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cli::flow::FlowSourceArgs;
use crate::cli::reach::TargetArgs;
use crate::cli::set::SetArgs;
use crate::cli::span::duration;

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("into").args(["cassette", "case"]).required(true))]
pub(crate) struct RecordArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) set: SetArgs,
    /// Run this flow instead of a card: a file, or the name of a shipped one; its input on stdin
    #[arg(long, value_name = "FLOW", conflicts_with_all = ["card", "set"])]
    pub(crate) flow: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) sources: FlowSourceArgs,
    /// Write the exchanges to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) cassette: Option<PathBuf>,
    /// Write a test case into this folder: the invocation, or the flow and its input, without secrets; the exchanges; what
    /// came out
    #[arg(long, value_name = "DIR")]
    pub(crate) case: Option<PathBuf>,
    /// Make the cassette of an HTTP archive (HAR 1.2) instead of running a card
    #[arg(long, value_name = "FILE", conflicts_with_all = ["case", "card", "set", "flow", "mock", "connection", "base"])]
    pub(crate) from_har: Option<PathBuf>,
    /// Record the answers of the cards' own examples instead of sending; a flow waits for nothing then
    #[arg(long)]
    pub(crate) mock: bool,
    /// For the whole exchange, such as 10s, instead of the connector's limit
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Indent the output also where stdout is no terminal
    #[arg(long)]
    pub(crate) pretty: bool,
}
