//! What the runs of a runner have in common.

use std::sync::Arc;

use cardhost_flow::datum::Limits;

use super::{FlowSecrets, FlowSource, Timer, Watcher};
use crate::host::Host;

/// Most flows inside each other, by `run.workflow`.
pub const MAX_FLOWS_DEEP: usize = 32;

/// What a runner gives its runs.
#[derive(Clone)]
pub(super) struct RunnerSettings {
    pub(super) host: Host,
    pub(super) source: Option<Arc<dyn FlowSource>>,
    pub(super) secrets: Option<Arc<dyn FlowSecrets>>,
    pub(super) timer: Arc<dyn Timer>,
    pub(super) watcher: Option<Arc<dyn Watcher>>,
    pub(super) max_tasks: u64,
    pub(super) expression_limits: Limits,
    pub(super) seed: Option<[u8; 32]>,
}
