//! The arguments of `flow`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;

use super::secrets::SecretArg;
use crate::cli::interrupt::DrainArgs;
use crate::cli::reach::ReachArgs;
use crate::cli::span::duration;

/// Flows.
#[derive(Debug, Args)]
pub(crate) struct FlowArgs {
    #[command(subcommand)]
    pub(crate) command: FlowCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FlowCommand {
    /// Run a flow: its input on stdin, its output on stdout
    #[command(after_help = "Examples:
  cardhost flow run mixpanel/warehouse-import --connection prod < input.json
  cardhost flow run restock.yaml --connection prod.json --trace trace.ndjson < input.json
  cardhost flow run restock.yaml --connection prod --journal restock.db < input.json
  cardhost flow run restock.yaml --connection prod --journal restock.db --retry-failed < input.json
  cardhost flow run restock.yaml --connection prod --journal restock.db --skip /do/3/charge < input.json")]
    Run(Box<FlowRunArgs>),
    /// Check flows, and the cards that they call
    #[command(after_help = "Examples:
  cardhost flow check
  cardhost flow check restock.yaml
  cardhost flow check flows --cards my-cards --errors json

In a folder, `*.flow.yaml`, `*.flow.yml` and `*.flow.json` are flows, and whatever YAML or JSON has a `document` with a `dsl`.")]
    Check(FlowCheckArgs),
    /// List the shipped flows, and those of folders
    #[command(after_help = "Examples:
  cardhost flow list
  cardhost flow list my-flows --json")]
    List(FlowListArgs),
    /// Show what a flow is for, what it takes and which cards it calls
    #[command(after_help = "Examples:
  cardhost flow show mixpanel/warehouse-import
  cardhost flow show restock.yaml
  cardhost flow show mixpanel/warehouse-import --source > warehouse-import.yaml")]
    Show(FlowShowArgs),
    /// List runs: what the journals of a folder say of them
    #[command(after_help = "Examples:
  cardhost flow runs --journal-dir journals
  cardhost flow runs --journal-dir journals --json")]
    Runs(RunsArgs),
    /// Show what a run is at: its journal is read, nothing is done
    #[command(after_help = "Examples:
  cardhost flow status restock.db
  cardhost flow status restock.db --json")]
    Status(StatusArgs),
    /// Give a run up: it does not go on any more
    #[command(after_help = "Examples:
  cardhost flow cancel restock.db")]
    Cancel(CancelArgs),
    /// Draw a flow: tasks, ways, what runs inside of what
    #[command(after_help = "Examples:
  cardhost flow graph restock.yaml
  cardhost flow graph restock.yaml --format svg > restock.svg")]
    Graph(GraphArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RunsArgs {
    /// Folder with journals
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) journal_dir: PathBuf,
    /// Print one JSON list
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// The journal of the run
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CancelArgs {
    /// The journal of the run
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct FlowCheckArgs {
    /// Flows, or folders with flows
    #[arg(value_name = "PATH", default_value = "flows")]
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct FlowListArgs {
    /// Folders with flows, besides the shipped ones
    #[arg(value_name = "DIR")]
    pub(crate) folders: Vec<PathBuf>,
    /// Print one JSON list
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct FlowShowArgs {
    /// A file, or the name of a shipped flow
    #[arg(value_name = "FLOW")]
    pub(crate) flow: PathBuf,
    /// Print the document itself
    #[arg(long)]
    pub(crate) source: bool,
}

#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    /// A file, or the name of a shipped flow
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

#[derive(Debug, Args)]
pub(crate) struct FlowRunArgs {
    /// A file, or the name of a shipped flow
    #[arg(value_name = "FLOW")]
    pub(crate) flow: PathBuf,
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
    #[command(flatten)]
    pub(crate) sources: FlowSourceArgs,
    /// Answer cards from their own examples instead of sending
    #[arg(long)]
    pub(crate) mock: bool,
    /// Begin without looking first at the whole flow: its cards and what they are given, flows, connections and secrets
    #[arg(long)]
    pub(crate) unchecked: bool,
    /// Keep what is done in this file (SQLite), and go on with what is in it: the same command after a crash
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    /// Go on with a run that ended with an error: do the step that failed again, and keep what was done before it
    #[arg(long, requires = "journal")]
    pub(crate) retry_failed: bool,
    /// Go on although connections, secrets or steps that were done are other ones than those the run was begun with
    #[arg(long, requires = "journal")]
    pub(crate) accept_changes: bool,
    /// Send this step again, which was sent and has no recorded reply (may be given several times)
    #[arg(long, requires = "journal", value_name = "STEP")]
    pub(crate) repeat: Vec<String>,
    /// Take this step for done, with this output (JSON; null by default)
    #[arg(long, requires = "journal", value_name = "STEP[=OUTPUT]", value_parser = skipped_step)]
    pub(crate) skip: Vec<SkippedStep>,
    /// Send again what was sent and has no recorded reply
    #[arg(long, requires = "journal", conflicts_with = "skip_unfinished")]
    pub(crate) repeat_unfinished: bool,
    /// Take what was sent and has no recorded reply for done, with this output (JSON; null by default)
    #[arg(long, requires = "journal", value_name = "OUTPUT", num_args = 0..=1, require_equals = true, default_missing_value = "null", value_parser = json)]
    pub(crate) skip_unfinished: Option<Value>,
    /// Write every step to this file: NDJSON, without secrets
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// Write what every task gives into the trace, and not only what calls do; it may show secrets of the input before they are sent
    #[arg(long, requires = "trace")]
    pub(crate) trace_outputs: bool,
    /// Show on stderr what is done, step by step
    #[arg(long, value_enum, default_value_t = Show::Auto)]
    pub(crate) progress: Show,
    #[command(flatten)]
    pub(crate) drain: DrainArgs,
    /// For each exchange, such as 10s, instead of the connector's limit
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Keep replies that are files in this folder, and let files in it be sent; without it they are base64
    #[arg(long, value_name = "DIR")]
    pub(crate) files: Option<PathBuf>,
    /// Most tasks, turns of loops counted
    #[arg(long, value_name = "N", default_value_t = cardhost::flow::DEFAULT_MAX_TASKS)]
    pub(crate) max_tasks: u64,
    /// Most steps of one expression, and 4 more for each byte of the data that it is given
    #[arg(long, value_name = "N", default_value_t = cardhost::flow::datum::Limits::default().steps)]
    pub(crate) max_steps: u64,
    /// Indent the output also where stdout is no terminal
    #[arg(long)]
    pub(crate) pretty: bool,
}

/// What a flow needs besides cards and connections.
#[derive(Debug, Args)]
pub(crate) struct FlowSourceArgs {
    /// Folder with the flows that it runs (may be given several times); the folder of the flow by default
    #[arg(long, value_name = "DIR")]
    pub(crate) flows: Vec<PathBuf>,
    /// A secret of the flow: NAME=env:VARIABLE, NAME=file:PATH (text or JSON) or NAME=connection:CONNECTOR/NAME
    #[arg(long, value_name = "NAME=FROM")]
    pub(crate) secret: Vec<SecretArg>,
}

/// When something is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Show {
    /// Where stderr is a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// A step that is taken for done.
#[derive(Clone, Debug)]
pub(crate) struct SkippedStep {
    pub(crate) step: String,
    pub(crate) output: Value,
}

fn skipped_step(text: &str) -> Result<SkippedStep, String> {
    let (step, output) = match text.split_once('=') {
        Some((step, output)) => (step, json(output)?),
        None => (text, Value::Null),
    };
    Ok(SkippedStep { step: step.to_owned(), output })
}

fn json(text: &str) -> Result<Value, String> {
    cardhost::core::value::parse(text).map_err(|error| format!("JSON is expected: {error}"))
}
