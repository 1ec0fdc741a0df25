//! `completions`: a script for a shell.

use clap::{Args, Command};

use super::console::{Console, Failure};

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// Prints the script for the whole command.
pub(crate) fn run(
    args: &CompletionsArgs,
    mut command: Command,
    console: &Console,
) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "cardhost", &mut script);
    console.out(&String::from_utf8_lossy(&script))
}
