//! A `run` with the flags that most calls have: describing the others to clap is a tenth of what a call costs.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::interrupt::DrainArgs;
use super::pages::PagesArgs;
use super::reach::{NetworkArgs, ReachArgs, TargetArgs};
use super::run::RunArgs;
use super::set::SetArgs;
use super::span::duration;
use super::store::StoreArgs;

/// Each as in [`RunArgs`], which says what it means.
#[derive(Debug, Args)]
pub(crate) struct PlainRun {
    card: Option<String>,
    #[arg(long)]
    connection: Option<PathBuf>,
    #[arg(long)]
    base: Vec<String>,
    #[arg(long)]
    ca: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
    #[arg(long)]
    mock: bool,
    #[arg(long)]
    stream: bool,
    #[arg(long, default_value_t = 1, requires = "stream", value_parser = clap::value_parser!(u16).range(1..=4096))]
    jobs: u16,
    #[arg(long, value_parser = duration)]
    timeout: Option<Duration>,
    #[arg(long, conflicts_with = "stream")]
    pretty: bool,
}

impl From<PlainRun> for RunArgs {
    fn from(plain: PlainRun) -> Self {
        let PlainRun { card, connection, base, ca, store, mock, stream, jobs, timeout, pretty } =
            plain;
        let network = NetworkArgs { ca, ..NetworkArgs::default() };
        let reach = ReachArgs { connection, base, network, no_secret_references: false, store };
        Self {
            target: TargetArgs { card, reach },
            mock,
            set: SetArgs::default(),
            filter: None,
            output: None,
            stream,
            jobs,
            threads: 1,
            ordered: false,
            pages: PagesArgs::default(),
            drain: DrainArgs::default(),
            secret_references: false,
            read_files: false,
            timeout,
            wait: None,
            no_wait: false,
            attempts: None,
            files: None,
            pretty,
        }
    }
}
