//! The arguments as what they ask for.

use std::ffi::OsString;
use std::mem::ManuallyDrop;

use clap::{CommandFactory as _, FromArgMatches as _, Parser as _};

use super::args::{Cli, Command, RunAlone};

/// Parses the arguments.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    match parse_run(arguments) {
        Some(cli) => Ok(cli),
        None => Cli::try_parse_from(arguments),
    }
}

/// Parses the arguments of a plain `run` that is not mistaken and asks for no help: a third of what a call costs would go into
/// describing all the other subcommands and flags. What is left is for the whole description, which has the words for it.
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
    Some(Cli { global, command: Command::Run(Box::new(args.into())) })
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
            "cardhost run a/b --base x=http://127.0.0.1:1 --base http://127.0.0.1:2 --mock",
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
            "cardhost run a/b --jobs 3",
            "cardhost run a/b --stream --pretty",
            "cardhost run a/b --timeout soon",
            "cardhost run a/b --all",
            "cardhost run --nonsuch",
            "cardhost run --jobs many",
            "cardhost flow run --mock",
            "cardhost run --errors yaml",
        ] {
            assert!(parse_run(&words(line)).is_none(), "{line}");
        }
    }
}
