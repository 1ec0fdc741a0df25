//! Flows, and where those come from that a flow runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cardhost_flow::document::Head;
use cardhost_flow::{Document, Finding, MAX_DOCUMENT_BYTES, Problem, Source, load};
use ring::digest::{SHA256, digest};

/// A flow that can be run.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Its path, for messages.
    pub file: String,
    /// The document.
    pub document: Arc<Document>,
    /// What about it deserves attention.
    pub warnings: Vec<Finding>,
    digest: [u8; 32],
    text: Arc<str>,
}

impl Flow {
    /// Loads a flow from YAML or JSON; `file` is its path, for messages.
    ///
    /// # Errors
    /// Everything that is wrong with it; warnings too.
    pub fn load(file: &str, text: &str) -> Result<Flow, Vec<Finding>> {
        let loaded = load(file, text)?;
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
        Ok(Flow {
            file: file.to_owned(),
            document: Arc::new(loaded.document),
            warnings: loaded.warnings,
            digest: bytes,
            text: text.into(),
        })
    }

    /// A problem that leaves the flow: with the place in its file, and its step as the whole run names it.
    pub(super) fn located(&self, mut problem: Problem, name: &str) -> Problem {
        let way = problem.way.get_or_insert_default();
        if way.source.is_some() {
            // It came from a flow that this one has run.
            return problem;
        }
        for step in [&mut way.step, &mut way.cause].into_iter().flatten() {
            *step = format!("{name}{step}").into();
        }
        let pointer = problem.instance.as_deref().unwrap_or_default();
        if let Some((line, column)) = cardhost_flow::place_of(&self.text, pointer) {
            way.source = Some(Source { file: self.file.as_str().into(), line, column });
        }
        problem
    }

    /// `<namespace>/<name>`.
    #[must_use]
    pub fn name(&self) -> String {
        let head = &self.document.head;
        format!("{}/{}", head.namespace, head.name)
    }

    /// The document's text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of its text: a journal is of one text.
    #[cfg_attr(not(feature = "sqlite"), expect(dead_code, reason = "asked for by a journal"))]
    pub(super) fn digest(&self) -> [u8; 32] {
        self.digest
    }
}

/// Gives the flows that flows run (`run.workflow`).
pub trait FlowSource: Send + Sync {
    /// Path and text of a flow; the newest where the version is `latest`. `None` where there is none.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    fn flow(
        &self,
        namespace: &str,
        name: &str,
        version: &str,
    ) -> Result<Option<(String, String)>, String>;
}

/// Flows in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryFlows(Vec<Flow>, Vec<String>);

impl MemoryFlows {
    /// No flows.
    #[must_use]
    pub fn new() -> MemoryFlows {
        MemoryFlows::default()
    }

    /// With one more.
    ///
    /// # Errors
    /// As [`Flow::load`].
    pub fn with(mut self, file: &str, text: &str) -> Result<MemoryFlows, Vec<Finding>> {
        self.0.push(Flow::load(file, text)?);
        self.1.push(text.to_owned());
        Ok(self)
    }
}

impl FlowSource for MemoryFlows {
    fn flow(
        &self,
        namespace: &str,
        name: &str,
        version: &str,
    ) -> Result<Option<(String, String)>, String> {
        let all = self
            .0
            .iter()
            .zip(&self.1)
            .map(|(flow, text)| (flow, (flow.file.clone(), text.clone())));
        Ok(newest(all, namespace, name, version))
    }
}

/// The flows of a folder and those below it: `*.yaml`, `*.yml` and `*.json` files that are flows. Read when asked.
#[derive(Clone, Debug)]
pub struct FlowFolder(PathBuf);

/// Folders below folders are looked into so deep.
const DEEPEST: usize = 8;

impl FlowFolder {
    /// The flows of a folder.
    pub fn new(path: impl Into<PathBuf>) -> FlowFolder {
        FlowFolder(path.into())
    }
}

impl FlowSource for FlowFolder {
    fn flow(
        &self,
        namespace: &str,
        name: &str,
        version: &str,
    ) -> Result<Option<(String, String)>, String> {
        let mut files = Vec::new();
        below(&self.0, 0, &mut files).map_err(|error| format!("{}: {error}", self.0.display()))?;
        files.sort();
        let mut found = Vec::new();
        let mut broken = None;
        for file in files {
            // What is no text, too long or not ours to read is no flow.
            let Ok(text) = fs::read_to_string(&file) else { continue };
            // Cheaper than to load every file, and true of every flow of that name.
            if !text.contains(name) {
                continue;
            }
            let shown = file.display().to_string();
            match Flow::load(&shown, &text) {
                Ok(flow) => found.push((flow, (shown, text))),
                Err(findings) => {
                    let said = findings.first().map(Finding::message).unwrap_or_default();
                    broken.get_or_insert(format!("{shown}: {said}"));
                }
            }
        }
        let all = found.iter().map(|(flow, texts)| (flow, texts.clone()));
        match (newest(all, namespace, name, version), broken) {
            (Some(flow), _) => Ok(Some(flow)),
            (None, Some(broken)) => Err(broken),
            (None, None) => Ok(None),
        }
    }
}

fn below(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let path = entry.path();
        if kind.is_dir() && depth < DEEPEST && !entry.file_name().to_string_lossy().starts_with('.')
        {
            // A folder that may not be read holds no flow of ours.
            let _ = below(&path, depth + 1, files);
        }
        let is_document = path.extension().is_some_and(|extension| {
            ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
        });
        let fits = || entry.metadata().is_ok_and(|data| data.len() <= MAX_DOCUMENT_BYTES as u64);
        if kind.is_file() && is_document && fits() {
            files.push(path);
        }
    }
    Ok(())
}

/// The flow of a name: of a version, or the newest.
fn newest<'f, T>(
    flows: impl Iterator<Item = (&'f Flow, T)>,
    namespace: &str,
    name: &str,
    version: &str,
) -> Option<T> {
    let is_meant = |head: &Head| {
        head.namespace == namespace
            && head.name == name
            && (version == "latest" || head.version == version)
    };
    flows
        .filter(|(flow, _)| is_meant(&flow.document.head))
        .max_by_key(|(flow, _)| semver::Version::parse(&flow.document.head.version).ok())
        .map(|(_, found)| found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_the_last_by_semantic_versioning() {
        let versions = ["1.0.0-rc.9", "1.0.0-rc.10", "0.9.0", "1.0.0-beta"];
        let mut flows = MemoryFlows::new();
        for version in versions {
            let text = format!(
                "document: {{ dsl: '1.0.3', namespace: n, name: f, version: {version} }}\ndo:\n  - a: {{ set: {{ x: 1 }} }}\n"
            );
            flows = flows.with(&format!("{version}.yaml"), &text).unwrap();
        }
        let found = flows.flow("n", "f", "latest").unwrap().map(|(file, _)| file);
        assert_eq!(found.as_deref(), Some("1.0.0-rc.10.yaml"));
    }
}
