//! The files that inputs name: found, measured and, where they are small or signed, read before a request is planned.

use std::io::Read as _;
use std::path::Path;

use cardhost_core::definition::Definition;
use cardhost_core::failure::Error;
use cardhost_core::file::{FileFault, OpenedFile, paths_in};
use cardhost_core::plan::{MAX_BODY_BYTES, PlanFault};
use serde_json::{Map, Value};

use super::Host;
use crate::file_reader::{open_regular, read_within};
use crate::secret_source::DEFAULT_LIMIT;

/// Up to so many bytes a file is read at once; a longer one while it is sent.
const SMALL_BYTES: u64 = 256 * 1024;

/// The auth methods that sign bodies: what they sign has to be there before it is sent.
const SIGNING: [&str; 4] = ["aws_sigv4", "custom", "digest", "hmac"];

impl Host {
    /// The files that the inputs of a card name.
    pub(super) async fn opened(
        &self,
        definition: &Definition,
        input: &Map<String, Value>,
        in_flow: bool,
    ) -> Result<Vec<OpenedFile>, Error> {
        let mut opened: Vec<OpenedFile> = Vec::new();
        for named in paths_in(&definition.card.input, input) {
            if opened.iter().any(|file| &*file.path == named.path) {
                continue;
            }
            let fault = |fault| PlanFault::File { field: Some(named.place.clone()), fault };
            // What a flow hands on may come from a service: that would choose which of the host's files are sent. Those that the
            // flow has got itself are its own.
            let below = match (self.0.policy.file_inputs, in_flow, &self.0.policy.files) {
                (false, ..) | (true, true, None) => {
                    return Err(fault(FileFault::NotAllowed).into());
                }
                (true, true, Some(folder)) => Some(folder.clone()),
                (true, false, _) => None,
            };
            let timeouts = definition.card.request.timeouts.total;
            let total = timeouts.or(definition.connector.timeouts.total).map(|span| span.0);
            let limit = self.0.policy.total_timeout.or(total).unwrap_or(DEFAULT_LIMIT);
            let most =
                if self.reads_whole(definition) { MAX_BODY_BYTES as u64 } else { SMALL_BYTES };
            let path = named.path.to_owned();
            let read = read_within(limit, move || {
                below.map_or(Ok(()), |folder| is_below(&path, &folder))?;
                open(&path, most)
            });
            let read = read.await;
            let file = read.map_err(|reason| {
                fault(FileFault::Unreadable { path: named.path.to_owned(), reason })
            })?;
            opened.push(file);
        }
        Ok(opened)
    }

    /// Whether files are read before they are sent: they are signed, or somebody looks at what is sent.
    fn reads_whole(&self, definition: &Definition) -> bool {
        let methods = definition.connector.auth.values().flat_map(|method| method.parts());
        let mut signs = methods.map(|method| method.name());
        self.0.observer.is_some()
            || definition.sends_content()
            || signs.any(|name| SIGNING.contains(&name))
    }
}

/// Refuses a file that is not in a folder, wherever links lead.
fn is_below(path: &str, folder: &Path) -> Result<(), String> {
    let whole = |path: &Path| std::fs::canonicalize(path).map_err(|error| error.to_string());
    match whole(Path::new(path))?.starts_with(whole(folder)?) {
        true => Ok(()),
        false => Err("in a flow, files are read in the folder for files only".to_owned()),
    }
}

/// Measures a file, and reads it where it is not longer than `most`.
fn open(path: &str, most: u64) -> Result<OpenedFile, String> {
    let file = open_regular(Path::new(path))?;
    let size = file.metadata().map_err(|error| error.to_string())?.len();
    let bytes = match size <= most {
        true => {
            let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
            // A file that grows meanwhile is as long as it was.
            file.take(size).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
            Some(bytes)
        }
        false => None,
    };
    let size = bytes.as_ref().map_or(size, |bytes| bytes.len() as u64);
    Ok(OpenedFile { path: path.into(), size, bytes: bytes.map(Into::into) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_files_are_read_and_large_ones_measured() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        std::fs::write(&path, "twelve bytes").unwrap();
        let path = path.to_str().unwrap();
        let read = open(path, 12).unwrap();
        assert_eq!((read.size, read.bytes.as_deref()), (12, Some(&b"twelve bytes"[..])));
        let measured = open(path, 11).unwrap();
        assert_eq!((measured.size, measured.bytes), (12, None));
        assert_eq!(is_below(path, folder.path()), Ok(()));
        let other = tempfile::tempdir().unwrap();
        assert!(is_below(path, other.path()).is_err());
        let outside = other.path().join("link");
        std::os::unix::fs::symlink(path, &outside).unwrap();
        assert!(is_below(outside.to_str().unwrap(), other.path()).is_err());
        let refused = open(folder.path().to_str().unwrap(), 12).map(|_| ()).unwrap_err();
        assert_eq!(refused, "it is a folder");
    }
}
