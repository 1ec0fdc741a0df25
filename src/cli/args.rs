//! The arguments: what every command takes, and the subcommands.

use clap::{Parser, Subcommand};

use super::check::CheckArgs;
use super::choices::ChoicesArgs;
use super::completions::CompletionsArgs;
use super::connection::ConnectionArgs;
use super::docs::DocsArgs;
use super::exit_codes::EXIT_CODES;
use super::explain::ExplainArgs;
use super::fields::FieldsArgs;
use super::flow::FlowArgs;
use super::global::Global;
use super::list::ListArgs;
use super::man::ManArgs;
use super::mock::MockArgs;
use super::names::NamesArgs;
use super::new::NewArgs;
use super::plain_run::PlainRun;
use super::plan::PlanArgs;
use super::record::RecordArgs;
use super::run::RunArgs;
use super::schema::SchemaArgs;
use super::show::ShowArgs;
use super::test::TestArgs;

/// Run connector cards: one JSON invocation in, the output objects out.
#[derive(Debug, Parser)]
#[command(name = "cardhost", version = VERSION, propagate_version = true, after_help = EXIT_CODES)]
pub(crate) struct Cli<C: Subcommand = Command> {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: C,
}

/// The version, and in a build for use the commit.
const VERSION: &str = env!("CARDHOST_VERSION");

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a card: JSON invocation on stdin, output objects on stdout
    #[command(after_help = "Examples:
  cardhost run mixpanel/list-warehouse-runs --help
  cardhost run mixpanel/custom-api-action --mock --set 'Request Type=GET' --set 'Select API=Query API' \\
    --set 'Request.Relative URL=/app/me' --filter '.Response.Body.results.user_id'
  cardhost run mixpanel/list-warehouse-runs --connection env:MIXPANEL --set 'Path.projectId=2195193' --set 'Path.sourceId=7'
  cardhost run mixpanel/list-warehouse-runs --connection prod < invocation.json
  cardhost run mixpanel/list-warehouse-runs --connection prod.json < invocation.json
  cardhost run --stream --jobs 32 --connection prod.json < invocations.ndjson")]
    Run(Box<RunArgs>),
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
  cardhost plan mixpanel/list-warehouse-sources --connection env:MIXPANEL --set 'Path.projectId=2195193'
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
    /// List what a field of a card offers, from the service where a card lists it
    #[command(after_help = "Examples:
  cardhost choices slack/post-message Message.Channel --connection work
  cardhost choices slack/post-message Message.Channel --connection work --search orders --json
  cardhost choices mixpanel/custom-api-action 'Request Type'")]
    Choices(Box<ChoicesArgs>),
    /// The keys that an object among a card's inputs has, from the service where it describes them
    #[command(after_help = "\
Examples:
  cardhost fields hubspot/create-contact Contact.Properties --connection work
  cardhost fields hubspot/create-contact Contact.Properties --connection work --json
  cardhost fields hubspot/create-contact Contact.Properties --mock")]
    Fields(Box<FieldsArgs>),
    /// Check connectors, cards and flows, and run the examples inside cards
    #[command(after_help = "Examples:
  cardhost check
  cardhost check cards/mixpanel flows/restock.yaml
  cardhost check cards/mixpanel/custom-api-action.json --errors json
  cardhost check cards/mixpanel --watch")]
    Check(CheckArgs),
    /// Write a connector or a card to begin with, perhaps of a pasted curl command
    #[command(subcommand_required = true, arg_required_else_help = true)]
    New(NewArgs),
    /// Print the reference page of a card, connector or flow
    #[command(after_help = "Examples:
  cardhost docs mixpanel/custom-api-action > custom-api-action.md
  cardhost docs mixpanel/warehouse-import > warehouse-import.md
  cardhost docs mixpanel --format html > mixpanel.html")]
    Docs(DocsArgs),
    /// Explain an error code: when it comes, and what to do
    #[command(after_help = "Examples:
  cardhost explain
  cardhost explain input.required")]
    Explain(ExplainArgs),
    /// Print the JSON Schema of a kind of file, for editors and checks
    #[command(after_help = "Examples:
  cardhost schema card > card.schema.json
  cardhost schema connection mixpanel
  cardhost schema invocation mixpanel/custom-api-action")]
    Schema(SchemaArgs),
    /// Serve a stand-in for a service on loopback, from its cards' examples
    #[command(after_help = "Examples:
  cardhost mock mixpanel --port 8080
  cardhost mock mixpanel shop --cards my-cards
  cardhost run mixpanel/custom-api-action --connection test.json --base http://127.0.0.1:8080 < invocation.json")]
    Mock(MockArgs),
    /// Store connections, log in, test them
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Connection(ConnectionArgs),
    /// Run flows, check them, draw them: several cards in sequence (Open Workflow DSL, formerly Serverless Workflow)
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Flow(FlowArgs),
    /// Print a completion script for a shell
    #[command(after_help = "Example:
  cardhost completions bash > /etc/bash_completion.d/cardhost")]
    Completions(CompletionsArgs),
    /// Print names of one kind, one a line: for completions
    #[command(hide = true)]
    Names(NamesArgs),
    /// Print the manual page
    #[command(after_help = "Examples:
  cardhost man > cardhost.1
  cardhost man | man -l -")]
    Man(ManArgs),
}

/// The subcommand whose start counts, by itself: see [`super::parse`].
#[derive(Debug, Subcommand)]
pub(crate) enum RunAlone {
    Run(PlainRun),
}
