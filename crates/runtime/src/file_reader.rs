//! Regular files, read off the thread that drives calls and within a time limit.

use std::fs::{File, FileType};
use std::path::Path;
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};

/// Most files that are read at once: what a file system that has gone away holds up are so many threads, and no more.
static READERS: Semaphore = Semaphore::const_new(16);

/// Opens a regular file.
///
/// # Errors
/// Why it is none, or cannot be opened, in words.
pub(crate) fn open_regular(path: &Path) -> Result<File, String> {
    let words = |error: std::io::Error| error.to_string();
    // Asked before it is opened: a named pipe without a writer is not opened before one comes.
    is_regular(std::fs::metadata(path).map_err(words)?.file_type())?;
    let file = File::open(path).map_err(words)?;
    is_regular(file.metadata().map_err(words)?.file_type())?;
    Ok(file)
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

/// Reads a file on a thread of its own: one of the runtime's would hold up whoever shuts the runtime down.
///
/// # Errors
/// Those of the reader, and that time is over, in words.
pub(crate) async fn read_within<T: Send + 'static>(
    limit: Duration,
    read: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let reading = async {
        let permit = READERS.acquire().await.map_err(|error| error.to_string())?;
        let (done, reply) = oneshot::channel();
        let reader = move || {
            let _permit = permit;
            // Nobody waits any more where this cannot be handed over.
            let _ = done.send(read());
        };
        let thread = std::thread::Builder::new().name("file-reader".to_owned()).spawn(reader);
        thread.map_err(|error| error.to_string())?;
        reply.await.map_err(|error| error.to_string())?
    };
    tokio::time::timeout(limit, reading)
        .await
        .unwrap_or_else(|_| Err(format!("it was not read within {limit:?}")))
}
