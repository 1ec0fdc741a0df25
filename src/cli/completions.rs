//! `completions`: a script for a shell.

use clap::CommandFactory as _;

use super::args::{Cli, CompletionsArgs};
use super::console::{Console, Failure};

pub(crate) fn run(args: &CompletionsArgs, console: &Console) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut <Cli>::command(), "cardhost", &mut script);
    console.out(&String::from_utf8_lossy(&script))
}
