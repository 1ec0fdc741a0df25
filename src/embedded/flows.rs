//! The shipped flows, inside the library.

use cardhost_runtime::flow::{FlowSource, MemoryFlows};

/// `<connector>/<file>` without `.yaml`, and its text; sorted.
static FLOWS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/flows.rs"));

/// The shipped flows.
#[derive(Clone, Copy, Debug, Default)]
pub struct EmbeddedFlows;

impl EmbeddedFlows {
    /// Their names, such as `mixpanel/warehouse-import`.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        FLOWS.iter().map(|(name, _)| *name)
    }

    /// Path and text of a flow.
    #[must_use]
    pub fn text(self, name: &str) -> Option<(String, &'static str)> {
        let index = FLOWS.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
        Some((format!("built-in: flows/{name}.yaml"), FLOWS[index].1))
    }
}

impl FlowSource for EmbeddedFlows {
    fn flow(
        &self,
        namespace: &str,
        name: &str,
        version: &str,
    ) -> Result<Option<(String, String)>, String> {
        let mut all = MemoryFlows::new();
        for known in self.names() {
            let Some((file, text)) = self.text(known) else { continue };
            let broken = |_| format!("{file} is not a flow");
            all = all.with(&file, text).map_err(broken)?;
        }
        all.flow(namespace, name, version)
    }
}
