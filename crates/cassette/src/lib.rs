//! Cassettes: recorded exchanges that a test replays.
//!
//! ```text
//! RequestSpec, Reply ─ Recording (secrets masked) ─▶ Cassette ─ file ─▶ Player ─ RequestSpec ─▶ Reply │ difference
//! HAR ───────────────── har::import ────────────────────▲
//! ```
//! The player knows neither cards nor flows: a flow's cassette is the same file with more exchanges. What a case says of
//! the one and the other is in [`Case`] and [`RecordedRun`], what a flow told in `trace`. Who sends, and where the files
//! are, is the business of the runtime.

mod body;
mod case;
mod cassette;
mod compare;
mod exchange;
mod fault;
mod file;
mod format_version;
mod har;
mod headers;
mod inject;
mod inlined;
mod mask;
mod parts;
mod player;
mod recoded;
mod recorded_run;
mod recording;
mod seed;
mod stand_in;
mod time;
mod trace;
mod wildcard;

pub use body::{Layout, RecordedBody};
pub use case::Case;
pub use cassette::{Cassette, Ignore, Order};
pub use compare::{Difference, differences, json_differences, lines};
pub use exchange::{
    Exchange, FaultKind, FaultLimit, RecordedFault, RecordedReply, RecordedRequest,
};
pub use fault::{CassetteFault, ReplayFault};
pub use file::CaseFile;
pub use format_version::{FORMAT, FormatVersion};
pub use har::{Imported, from_har};
pub use headers::Headers;
pub use inject::{Injected, Injection};
pub use inlined::inlined;
pub use player::Player;
pub use recorded_run::RecordedRun;
pub use recording::{Head, Recording};
pub use seed::Seed;
pub use stand_in::{connection_stand_ins, stand_in};
pub use time::unix_seconds;
pub use trace::{TraceLine, trace, trace_differences};
