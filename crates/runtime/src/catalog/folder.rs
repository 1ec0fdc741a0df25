//! Connectors in a folder: `<folder>/<connector>/connector.json` and `<folder>/<connector>/<card>.json`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{CONNECTOR_FILE, CardSource};

/// Connectors in a folder.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder; it is read when something in it is asked for.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Folder {
        Folder { path: path.into() }
    }

    fn file(&self, connector: &str, file: &str) -> PathBuf {
        self.path.join(connector).join(format!("{file}.json"))
    }
}

impl CardSource for Folder {
    fn connectors(&self) -> Vec<String> {
        let mut names = entries(&self.path);
        names.retain(|name| self.path.join(name).join(CONNECTOR_FILE).is_file());
        names
    }

    fn cards(&self, connector: &str) -> Vec<String> {
        entries(&self.path.join(connector))
            .iter()
            .filter_map(|name| name.strip_suffix(".json"))
            .filter(|name| *name != "connector")
            .map(str::to_owned)
            .collect()
    }

    fn text(&self, connector: &str, file: &str) -> Result<Option<String>, String> {
        match std::fs::read_to_string(self.file(connector, file)) {
            Ok(text) => Ok(Some(text)),
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                Ok(None)
            }
            Err(error) => Err(error.to_string()),
        }
    }

    fn display_path(&self, connector: &str, file: &str) -> String {
        self.file(connector, file).display().to_string()
    }
}

fn entries(path: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(path) else {
        return Vec::new();
    };
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    names
}
