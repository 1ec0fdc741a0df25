//! From the arguments to the subcommand, and from what came of it to the exit code.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap::error::ContextKind;

use super::args::{Cli, Command};
use super::console::{self, Console, Failure};
use super::global::Errors;
use super::parse::parse;
use super::reach::Allowed;
use super::{
    card_help, check, choices, completions, connection, docs, explain, fields, flow, list, logging,
    man, mock, names, new, plan, record, run, schema, show, stream, test, wrap,
};

/// Runs the command; a panic is a bug of ours and ends with its own code. What it says may hold values, so only its
/// place is shown.
pub(crate) fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        console::note(&format!("error[internal]: this is a bug in cardhost: a panic at {place}"));
        console::note("  hint: please report it, with the command and the input");
    }));
    std::panic::catch_unwind(command)
        .unwrap_or_else(|_| ExitCode::from(cardhost::Class::Internal.exit_code()))
}

/// Parses the arguments and runs the subcommand.
fn command() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let cli = match parse(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let console = Console::new(Errors::Text);
            let of_card = match error.kind() {
                clap::error::ErrorKind::DisplayHelp => card_help::of(&arguments),
                _ => Ok(None),
            };
            let shown = of_card.and_then(|text| console.text(&text.unwrap_or_default()));
            return shown.map_or_else(|failure| console.failure(&failure), |()| usage(&error));
        }
    };
    let console = Console::new(cli.global.errors);
    logging::start(cli.global.log);
    let done = match &cli.command {
        Command::Run(args) if args.stream => stream::run(&cli.global, args, &console),
        Command::Run(args) => run::run(&cli.global, args, &console),
        Command::Record(args) => record::run(&cli.global, args, &console),
        Command::Test(args) => test::run(&cli.global, args, &console),
        Command::New(args) => new::run(&cli.global, args, &console),
        Command::Plan(args) => plan::run(&cli.global, args, &console),
        Command::List(args) => list::run(&cli.global, args, &console),
        Command::Show(args) => show::run(&cli.global, args, &console),
        Command::Choices(args) => choices::run(&cli.global, args, &console),
        Command::Fields(args) => fields::run(&cli.global, args, &console),
        Command::Check(args) => check::run(&cli.global, args, &console),
        Command::Docs(args) => docs::run(&cli.global, args, &console),
        Command::Explain(args) => explain::run(args, &console),
        Command::Schema(args) => schema::run(&cli.global, args, &console),
        Command::Mock(args) => mock::run(&cli.global, args, &console),
        Command::Connection(args) => connection::run(&cli.global, args, &console),
        Command::Flow(args) => flow::run(&cli.global, args, &console),
        Command::Names(args) => names::run(&cli.global, args, &console),
        Command::Man(args) => man::run(args, <Cli>::command(), &console),
        Command::Completions(args) => completions::run(args, <Cli>::command(), &console),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => console.failure(&failure),
    }
}

/// A usage fault: clap's words, or one JSON object where that was asked for.
fn usage(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind;
    let asked = matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    let json = std::env::args().any(|arg| arg == "--errors=json")
        || std::env::args()
            .zip(std::env::args().skip(1))
            .any(|(a, b)| a == "--errors" && b == "json");
    if json && !asked {
        let words = error.to_string();
        let message = words.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let object = serde_json::json!({ "code": "usage", "message": message });
        console::note(&object.to_string());
    } else if let Err(unwritten) = print(error, tip(error)) {
        // Of what goes to stderr nothing is left to be said.
        if !error.use_stderr() {
            return Console::new(Errors::Text).failure(&Failure::Io("stdout", unwritten));
        }
    }
    let helped = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    ExitCode::from(if helped { 0 } else { cardhost::Class::Usage.exit_code() })
}

/// What is to be written where an address stands behind its flag, and not in it: `run --allow-private-network a/b` is a card.
fn tip(error: &clap::Error) -> Option<String> {
    let flag = "--allow-private-network";
    let unexpected = error.get(ContextKind::InvalidArg)?.to_string();
    let mut arguments = std::env::args().skip_while(|argument| argument != flag);
    (arguments.nth(1)? == unexpected && unexpected.parse::<Allowed>().is_ok())
        .then(|| format!("  tip: write `{flag}={unexpected}`\n\n"))
}

/// Writes clap's words, as wide as the window.
fn print(error: &clap::Error, tip: Option<String>) -> io::Result<()> {
    let (width, further) = match error.use_stderr() {
        true => (wrap::of_stderr(), wrap::OF_MESSAGES),
        false => (wrap::of_stdout(), 0),
    };
    if width.is_none() && tip.is_none() {
        return error.print();
    }
    let mut text = error.render().ansi().to_string();
    if let (Some(tip), Some((first, rest))) = (tip, text.split_once("\n\n")) {
        text = format!("{first}\n\n{tip}{rest}");
    }
    let text = wrap::wrapped(&text, width, further);
    match error.use_stderr() {
        true => write!(anstream::stderr().lock(), "{text}"),
        false => write!(anstream::stdout().lock(), "{text}"),
    }
}
