//! The arguments.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::connection::ConnectionArgs;
use super::flow::{FlowArgs, FlowSourceArgs};
use super::store::StoreArgs;

/// Run connector cards: one JSON invocation in, the output objects out.
#[derive(Debug, Parser)]
#[command(name = "cardhost", version, propagate_version = true, after_help = EXIT_CODES)]
pub(crate) struct Cli<C: Subcommand = Command> {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: C,
}

const EXIT_CODES: &str = "Exit codes: 0 ok, 1 a test failed, 2 usage, 3 definition, 4 invocation, 5 connection or auth, 6 refused by policy, \
7 transport, 8 the service answered with an error, 9 the reply could not be decoded or mapped, \
10 try again later, 70 a bug in cardhost.";

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Folder of connectors, before the built-in ones (may be given several times; also CARDHOST_CARDS)
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) cards: Vec<PathBuf>,
    /// How failures are written to stderr
    #[arg(long, global = true, value_enum, default_value_t = Errors::Text)]
    pub(crate) errors: Errors,
    /// Write what happens to stderr
    #[arg(long, global = true, value_enum, value_name = "LEVEL")]
    pub(crate) log: Option<Log>,
}

/// How failures are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Errors {
    /// For people.
    Text,
    /// One JSON object a failure.
    Json,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Log {
    /// Only what is wrong.
    Warn,
    /// One line an invocation.
    Info,
    /// Each exchange.
    Debug,
    /// Everything.
    Trace,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a card: JSON invocation on stdin, output objects on stdout
    #[command(after_help = "Examples:
  echo '{\"options\":{\"Request Type\":\"GET\",\"Select API\":\"Query API\"},\"input\":{\"Request\":{\"Relative URL\":\"/app/me\"}}}' \\
    | cardhost run mixpanel/custom-api-action --mock
  cardhost run mixpanel/list-warehouse-runs --connection prod < invocation.json
  cardhost run mixpanel/list-warehouse-runs --connection prod.json < invocation.json
  cardhost run --stream --jobs 32 --connection prod.json < invocations.ndjson")]
    Run(RunArgs),
    /// Run a card or a flow and record what is sent and what comes back, without secrets
    #[command(after_help = "Examples:
  cardhost record mixpanel/custom-api-action --connection prod.json --cassette me.json < invocation.json
  cardhost record mixpanel/custom-api-action --connection prod.json --case cases/me < invocation.json
  cardhost record --flow restock.yaml --connection prod --case cases/restock < input.json
  cardhost record --from-har browser.har --cassette browser.json")]
    Record(Box<RecordArgs>),
    /// Replay test cases without a network
    #[command(after_help = "Examples:
  cardhost test
  cardhost test cases/mixpanel --filter search
  cardhost test --format junit > report.xml
  cardhost test --accept
  cardhost test cases/me --fault 429@1")]
    Test(TestArgs),
    /// Print the exact request that `run` would send, with secrets redacted
    #[command(after_help = "Examples:
  cardhost plan mixpanel/custom-api-action --connection prod.json < invocation.json
  cardhost plan mixpanel/custom-api-action --connection prod.json --curl < invocation.json")]
    Plan(PlanArgs),
    /// List connectors and cards
    #[command(after_help = "Examples:
  cardhost list
  cardhost list mixpanel --json")]
    List(ListArgs),
    /// Show what a card takes and gives
    #[command(after_help = "Examples:
  cardhost show mixpanel/custom-api-action
  cardhost show mixpanel/create-warehouse-source --json")]
    Show(ShowArgs),
    /// Check connectors, cards and flows, and run the examples inside cards
    #[command(after_help = "Examples:
  cardhost check
  cardhost check cards/mixpanel flows/restock.yaml
  cardhost check cards/mixpanel/custom-api-action.json --errors json")]
    Check(CheckArgs),
    /// Print the reference page of a card or connector
    #[command(after_help = "Examples:
  cardhost docs mixpanel/custom-api-action > custom-api-action.md
  cardhost docs mixpanel --format html > mixpanel.html")]
    Docs(DocsArgs),
    /// Serve a stand-in for a service on loopback, from its cards' examples
    #[command(after_help = "Examples:
  cardhost mock mixpanel --port 8080
  cardhost run mixpanel/custom-api-action --connection test.json --base http://127.0.0.1:8080 < invocation.json")]
    Mock(MockArgs),
    /// Store connections, log in, test them
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Connection(ConnectionArgs),
    /// Run flows, check them, draw them: several cards in sequence (CNCF Serverless Workflow)
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Flow(FlowArgs),
    /// Print a completion script for a shell
    #[command(after_help = "Example:
  cardhost completions bash > /etc/bash_completion.d/cardhost")]
    Completions(CompletionsArgs),
}

/// The subcommand whose start counts, by itself: see [`super::parse`].
#[derive(Debug, Subcommand)]
pub(crate) enum RunAlone {
    Run(RunArgs),
}

/// What names a card and how it is reached.
#[derive(Debug, Args)]
pub(crate) struct TargetArgs {
    /// `<connector>/<card>`; may be left out where the invocation names it
    #[arg(value_name = "CARD")]
    pub(crate) card: Option<String>,
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
}

/// Who asks, and where.
#[derive(Debug, Args)]
pub(crate) struct ReachArgs {
    /// The connection of invocations that bring none: the name of a stored one, or (with a `.` or `/`) a JSON file,
    /// where a value may be {"env": NAME} or {"file": PATH}
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) connection: Option<PathBuf>,
    /// Replace the target's base URL; the request is pinned to it
    #[arg(long, value_name = "URL")]
    pub(crate) base: Option<String>,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    /// Refuse {"env": NAME} and {"file": PATH} in invocations: for input that others write
    #[arg(long)]
    pub(crate) no_secret_references: bool,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// How a service is reached.
#[derive(Debug, Args)]
pub(crate) struct NetworkArgs {
    /// Also trust the certificates of this PEM file, for services with a private CA
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Let connection values lead to loopback and private addresses: for local use
    #[arg(long)]
    pub(crate) allow_private_network: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Answer from the card's own examples instead of sending
    #[arg(long)]
    pub(crate) mock: bool,
    /// One invocation a line in, one result a line out
    #[arg(long)]
    pub(crate) stream: bool,
    /// Invocations at once with --stream
    #[arg(long, value_name = "N", default_value_t = 1, requires = "stream", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(crate) jobs: u16,
    /// Results in the order of their invocations (with --stream)
    #[arg(long, requires = "stream")]
    pub(crate) ordered: bool,
    /// For the whole exchange, such as 10s, instead of the connector's limit
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Indent the output also where stdout is no terminal
    #[arg(long, conflicts_with = "stream")]
    pub(crate) pretty: bool,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("into").args(["cassette", "case"]).required(true))]
pub(crate) struct RecordArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Run this flow instead of a card: a file, or the name of a shipped one; its input on stdin
    #[arg(long, value_name = "FLOW", conflicts_with = "card")]
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
    #[arg(long, value_name = "FILE", conflicts_with_all = ["case", "card", "flow", "mock", "connection", "base"])]
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

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// Cases, or folders of cases; `cases` by default
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Cases at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: u16,
    /// Only cases whose folder has this in its path
    #[arg(long, value_name = "NAME")]
    pub(crate) filter: Vec<String>,
    /// Take what comes out for what must come out: write the golden files that differ
    #[arg(long, conflicts_with = "fault")]
    pub(crate) accept: bool,
    /// Put a fault between cardhost and the replies: 429@2, 503:30@1 (Retry-After), 500@2..4, reset@3, timeout@1
    #[arg(long, value_name = "FAULT", value_parser = injection)]
    pub(crate) fault: Vec<cardhost::cassette::Injection>,
    /// How the report is written
    #[arg(long, value_enum, default_value_t = Report::Text)]
    pub(crate) format: Report,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Report {
    /// For people.
    Text,
    /// JUnit's XML, on stdout.
    Junit,
    /// One JSON object, on stdout.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Print one JSON object
    #[arg(long, conflicts_with = "curl")]
    pub(crate) json: bool,
    /// Print a curl command; credentials are environment variables
    #[arg(long)]
    pub(crate) curl: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only this connector's cards
    pub(crate) connector: Option<String>,
    /// Print one JSON list
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// `<connector>/<card>`, or `<connector>` for its connection and cards
    pub(crate) card: String,
    /// Print the JSON Schemas of invocation and output
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Folders of connectors or flows, connectors' folders, or single files; by default `cards` or the built-in ones, and
    /// `flows`
    pub(crate) paths: Vec<PathBuf>,
}

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

#[derive(Debug, Args)]
pub(crate) struct MockArgs {
    /// The connector
    pub(crate) connector: String,
    /// The port on 127.0.0.1; a free one by default
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

fn injection(text: &str) -> Result<cardhost::cassette::Injection, String> {
    cardhost::cassette::Injection::parse(text).ok_or_else(|| {
        "a fault such as 429@2, 503:30@1, 500@2..4, reset@3 or timeout@1 is expected".to_owned()
    })
}

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    cardhost::core::connector::Span::parse(text)
        .map(|span| span.0)
        .ok_or_else(|| "a span of time such as 500ms, 10s or 2m is expected".to_owned())
}
