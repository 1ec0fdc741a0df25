//! What connections point at: variables, and regular files, which are read off the thread that drives calls and within a
//! time limit.

use std::collections::HashMap;
use std::fs::{File, FileType};
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use cardhost_core::connection::{SecretSource, secret_source};
use cardhost_core::connector::Connector;
use cardhost_core::field::FieldType;
use cardhost_core::secret::Secret;
use cardhost_core::text::unmarked;
use serde_json::{Map, Value};
use tokio::sync::{Semaphore, oneshot};

/// Most bytes of a file that a connection field points at.
const MOST_SECRET_BYTES: u64 = 1024 * 1024;

/// For a connector without a limit on time.
pub(crate) const DEFAULT_LIMIT: Duration = Duration::from_secs(30);

/// Most files that are read at once: what a file system that has gone away holds up are so many threads, and no more.
static READERS: Semaphore = Semaphore::const_new(16);

/// Reads what a connection field points at, without a byte order mark before it: a variable, or a regular file.
///
/// # Errors
/// Why there is no text, in words without secrets.
pub fn read_secret(source: &SecretSource) -> Result<Secret, String> {
    match source {
        SecretSource::Env(name) => match std::env::var(name) {
            Ok(text) => Ok(Secret::from(unmarked(&text))),
            Err(std::env::VarError::NotPresent) => Err("it is not set".to_owned()),
            Err(std::env::VarError::NotUnicode(_)) => Err("it is not UTF-8".to_owned()),
        },
        SecretSource::File(path) => read(Path::new(path)),
    }
}

/// The text of a regular file, without a byte order mark before it and without one line end at its end.
///
/// # Errors
/// Why there is no text, in words without secrets.
fn read(path: &Path) -> Result<Secret, String> {
    let words = |error: std::io::Error| error.to_string();
    // Asked before it is opened: a named pipe without a writer is not opened before one comes.
    is_regular(std::fs::metadata(path).map_err(words)?.file_type())?;
    let file = File::open(path).map_err(words)?;
    is_regular(file.metadata().map_err(words)?.file_type())?;
    let mut text = String::new();
    file.take(MOST_SECRET_BYTES + 1).read_to_string(&mut text).map_err(words)?;
    if text.len() as u64 > MOST_SECRET_BYTES {
        return Err(format!("it is longer than {MOST_SECRET_BYTES} bytes"));
    }
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(Secret::from(unmarked(&text)))
}

/// A pipe or a device may give nothing for ever, and reading one takes from whoever else reads it.
fn is_regular(kind: FileType) -> Result<(), String> {
    match kind {
        kind if kind.is_file() => Ok(()),
        kind if kind.is_dir() => Err("it is a folder".to_owned()),
        kind => Err(format!("it is {}; only regular files are read", name(kind))),
    }
}

#[cfg(unix)]
fn name(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    match kind {
        kind if kind.is_fifo() => "a named pipe",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    }
}

#[cfg(not(unix))]
fn name(_: FileType) -> &'static str {
    "no regular file"
}

/// The files that the fields of a connection point at, as they were read.
#[derive(Default)]
pub(crate) struct SecretFiles(HashMap<String, Result<Secret, String>>);

impl SecretFiles {
    /// Whether there is a file to read.
    pub(crate) fn are_named_in(fields: &Map<String, Value>) -> bool {
        fields.values().any(|value| matches!(secret_source(value), Some(SecretSource::File(_))))
    }

    /// Reads the files of those fields that may point at one.
    pub(crate) async fn read(
        connector: &Connector,
        fields: &Map<String, Value>,
        limit: Duration,
    ) -> SecretFiles {
        let mut files = HashMap::new();
        for (label, field) in &connector.connection.fields {
            let source = match field.kind {
                FieldType::Text | FieldType::Secret => fields.get(label).and_then(secret_source),
                _ => None,
            };
            if let Some(SecretSource::File(path)) = source
                && !files.contains_key(&path)
            {
                let read = read_within(path.clone(), limit).await;
                files.insert(path, read);
            }
        }
        SecretFiles(files)
    }

    /// What a field points at.
    pub(crate) fn secret(&self, source: &SecretSource) -> Result<Secret, String> {
        match source {
            SecretSource::File(path) => match self.0.get(path) {
                Some(read) => read.clone(),
                None => read_secret(source),
            },
            SecretSource::Env(_) => read_secret(source),
        }
    }
}

/// Reads a file on a thread of its own: one of the runtime's would hold up whoever shuts the runtime down.
async fn read_within(path: String, limit: Duration) -> Result<Secret, String> {
    let read = async {
        let permit = READERS.acquire().await.map_err(|error| error.to_string())?;
        let (done, reply) = oneshot::channel();
        let reader = move || {
            let _permit = permit;
            // Nobody waits any more where this cannot be handed over.
            let _ = done.send(read(Path::new(&path)));
        };
        let thread = std::thread::Builder::new().name("secret-file".to_owned()).spawn(reader);
        thread.map_err(|error| error.to_string())?;
        reply.await.map_err(|error| error.to_string())?
    };
    tokio::time::timeout(limit, read)
        .await
        .unwrap_or_else(|_| Err(format!("it was not read within {limit:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "\u{feff}s-1\r\n").unwrap();
        assert_eq!(read(&file).map(|secret| secret.expose().to_owned()), Ok("s-1".to_owned()));
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(read(&link).map(|secret| secret.expose().to_owned()), Ok("s-1".to_owned()));
        let refused = |path: &Path| read(path).map(|_| ()).unwrap_err();
        assert_eq!(refused(folder.path()), "it is a folder");
        assert_eq!(refused(Path::new("/dev/zero")), "it is a device; only regular files are read");
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert_eq!(refused(&socket), "it is a socket; only regular files are read");
        std::fs::write(&file, vec![b'x'; 1024 * 1024 + 1]).unwrap();
        assert_eq!(refused(&file), "it is longer than 1048576 bytes");
    }

    #[test]
    fn a_named_pipe_is_refused_before_it_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let refused = read(&pipe).map(|_| ()).unwrap_err();
        assert_eq!(refused, "it is a named pipe; only regular files are read");
    }
}
