//! The command line: the only place that reads arguments, environment and terminal, and that prints.
//!
//! stdin and stdout carry data; everything else goes to stderr. One file a subcommand.

mod args;
mod check;
mod completions;
mod connection;
mod console;
mod docs;
mod flow;
mod hint;
mod list;
mod logging;
mod mock;
mod plan;
mod record;
mod report;
mod run;
mod setup;
mod show;
mod store;
mod stream;
mod test;

use std::ffi::OsString;
use std::mem::ManuallyDrop;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser as _};

use args::{Cli, Command, RunAlone};
use console::Console;

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
    let cli = match parse(&std::env::args_os().collect::<Vec<_>>()) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let console = Console::new(cli.global.errors);
    logging::start(cli.global.log);
    let done = match &cli.command {
        Command::Run(args) if args.stream => stream::run(&cli.global, args, &console),
        Command::Run(args) => run::run(&cli.global, args, &console),
        Command::Record(args) => record::run(&cli.global, args, &console),
        Command::Test(args) => test::run(&cli.global, args, &console),
        Command::Plan(args) => plan::run(&cli.global, args, &console),
        Command::List(args) => list::run(&cli.global, args, &console),
        Command::Show(args) => show::run(&cli.global, args, &console),
        Command::Check(args) => check::run(&cli.global, args, &console),
        Command::Docs(args) => docs::run(&cli.global, args, &console),
        Command::Mock(args) => mock::run(&cli.global, args, &console),
        Command::Connection(args) => connection::run(&cli.global, args, &console),
        Command::Flow(args) => flow::run(&cli.global, args, &console),
        Command::Completions(args) => completions::run(args, &console),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => console.failure(&failure),
    }
}

/// Parses the arguments.
fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    match parse_run(arguments) {
        Some(cli) => Ok(cli),
        None => Cli::try_parse_from(arguments),
    }
}

/// Parses the arguments of a `run` that is not mistaken and asks for no help: a third of what a call costs would go into
/// describing all the other subcommands. What is left is for the whole description, which has the words for it.
fn parse_run(arguments: &[OsString]) -> Option<Cli> {
    if !arguments.iter().any(|argument| argument == "run") {
        return None;
    }
    let described = Cli::<RunAlone>::command()
        .disable_help_flag(true)
        .disable_version_flag(true)
        .disable_help_subcommand(true);
    // Freeing it costs as much as making it, and the process ends with the call.
    let mut described = ManuallyDrop::new(described);
    let mut matches = described.try_get_matches_from_mut(arguments).ok()?;
    let Cli { global, command: RunAlone::Run(args) } =
        Cli::<RunAlone>::from_arg_matches_mut(&mut matches).ok()?;
    Some(Cli { global, command: Command::Run(args) })
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
    } else {
        // Nothing is left to do where even this cannot be printed.
        let _ = error.print();
    }
    let helped = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    ExitCode::from(if helped { 0 } else { cardhost::Class::Usage.exit_code() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn a_run_alone_is_what_the_whole_description_makes_of_it() {
        for line in [
            "cardhost run",
            "cardhost run a/b",
            "cardhost run help",
            "cardhost run run --mock",
            "cardhost --errors json run a/b --cards x --cards y --log=debug",
            "cardhost run a/b --cards x --pretty --timeout 10s",
            "cardhost --cards run run --stream --jobs 3",
            "cardhost run --connection prod --base http://127.0.0.1:1 -- a/b",
            "cardhost run a/b --store s --key-file k --tenant t --ca c",
        ] {
            let alone = parse_run(&words(line)).map(|cli| format!("{cli:?}"));
            let whole = <Cli>::try_parse_from(words(line)).map(|cli| format!("{cli:?}"));
            assert_eq!(alone, Some(whole.unwrap()), "{line}");
        }
    }

    #[test]
    fn what_is_mistaken_or_asks_for_help_is_left_to_the_whole_description() {
        for line in [
            "cardhost",
            "cardhost list run",
            "cardhost --cards run list",
            "cardhost run --help",
            "cardhost run -h",
            "cardhost run --version",
            "cardhost help run",
            "cardhost --help run",
            "cardhost run a/b c/d",
            "cardhost run --nonsuch",
            "cardhost run --jobs many",
            "cardhost flow run --mock",
            "cardhost run --errors yaml",
        ] {
            assert!(parse_run(&words(line)).is_none(), "{line}");
        }
    }
}
