//! `--log`: cardhost's own spans and events on stderr. Other crates' events are left out: theirs may hold headers.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use super::global::Log;

/// Starts logging, if asked for.
pub(crate) fn start(level: Option<Log>) {
    let Some(level) = level else { return };
    let level = match level {
        Log::Warn => LevelFilter::WARN,
        Log::Info => LevelFilter::INFO,
        Log::Debug => LevelFilter::DEBUG,
        Log::Trace => LevelFilter::TRACE,
    };
    let ours = Targets::new().with_target("cardhost", level).with_target("cardhost_runtime", level);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    tracing_subscriber::registry().with(lines.with_filter(ours)).init();
}
