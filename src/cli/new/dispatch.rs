//! From `new` to what is made.

use super::args::{NewArgs, NewCommand};
use super::{card, connector};
use crate::cli::console::{Console, Failure};
use crate::cli::global::Global;

pub(crate) fn run(global: &Global, args: &NewArgs, console: &Console) -> Result<(), Failure> {
    match &args.command {
        NewCommand::Connector(args) => connector::run(global, args, console),
        NewCommand::Card(args) => card::run(global, args, console),
    }
}
