//! What connections point at: variables, and regular files, which are read off the thread that drives calls and within a
//! time limit.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use cardhost_core::connection::{SecretSource, secret_source};
use cardhost_core::connector::Connector;
use cardhost_core::field::FieldType;
use cardhost_core::secret::Secret;
use cardhost_core::text::unmarked;
use serde_json::{Map, Value};

use crate::file_reader::{open_regular, read_within};

/// Most bytes of a file that a connection field points at.
const MOST_SECRET_BYTES: u64 = 1024 * 1024;

/// For a connector without a limit on time.
pub(crate) const DEFAULT_LIMIT: Duration = Duration::from_secs(30);

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
    let file = open_regular(path)?;
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
                let named = path.clone();
                let read = read_within(limit, move || read(Path::new(&named))).await;
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
