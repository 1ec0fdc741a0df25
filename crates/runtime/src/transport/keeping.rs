//! A body that is kept as a file: written piece by piece beside its place, and there as a whole or not at all.
//!
//! ```text
//! begin ─ a file of no name yet ─ push … ─ finish ─▶ KeptFile, still without its name ─ place ─▶ its name, or the next that is free
//!            └── dropped on the way: gone
//! ```

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use cardhost_core::call::is_kept;
use cardhost_core::file::FileFault;
use cardhost_core::response::{BodyEnd, KeptFile, Reply};
use cardhost_core::transport_fault::{OwnFault, TransportFault, TransportFaultKind};
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use ring::digest::{Context, SHA256};
use tokio::task::JoinHandle;

use super::BodySink;
use crate::connections::BoxFuture;
use crate::entropy::{Entropy as _, SystemEntropy};

/// Bytes that are gathered before they are written.
const BLOCK_BYTES: usize = 512 * 1024;

/// How many names are tried before it is given up.
const MOST_NAMES: u32 = 10_000;

/// Keeps the body of a good reply as a file.
pub(crate) struct Keeping {
    folder: PathBuf,
    /// Most bytes; any number by default.
    limit: Option<u64>,
    /// The file, once there is something in it.
    writing: Option<Writing>,
}

impl Keeping {
    /// In a folder that is there.
    pub(crate) fn in_folder(folder: impl Into<PathBuf>, limit: Option<u64>) -> Keeping {
        Keeping { folder: folder.into(), limit, writing: None }
    }

    /// Begins a file.
    async fn begin(&self) -> Result<Writing, TransportFault> {
        let folder = self.folder.clone();
        let opened = off_the_thread(move || {
            sweep(&folder);
            loop {
                let path = folder.join(unnamed());
                let file = File::options().write(true).create_new(true).open(&path)?;
                // Whoever sweeps takes what nobody holds: it may have been before us.
                let is_held = file.lock().is_err() || path.exists();
                if is_held {
                    return Ok((Partial(Some(path)), file));
                }
            }
        });
        let (partial, file) = opened.await.map_err(|error| self.fault(&error))?;
        let hash = Context::new(&SHA256);
        Ok(Writing {
            partial,
            work: Work::Free(Box::new((file, hash))),
            block: Vec::new(),
            gathered: 0,
            size: 0,
        })
    }

    fn is_too_long(&self, size: u64) -> bool {
        self.limit.is_some_and(|limit| size > limit)
    }

    /// Gives a file that was kept its name: the first that is free in the folder.
    ///
    /// # Errors
    /// Where none is, or the folder cannot be written to.
    pub(crate) fn place(&self, kept: &mut KeptFile, name: &str) -> Result<(), FileFault> {
        let unnamed = PathBuf::from(&kept.path);
        let placed = (1..=MOST_NAMES).find_map(|number| {
            let name = numbered(name, number);
            let path = self.folder.join(&name);
            match take_place(&unnamed, &path) {
                Ok(()) => Some(Ok((name, path))),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => None,
                Err(error) => Some(Err(error)),
            }
        });
        let placed = placed.unwrap_or_else(|| Err(io::Error::from(io::ErrorKind::AlreadyExists)));
        match placed {
            Ok((name, path)) => {
                kept.path = path.to_string_lossy().into_owned();
                kept.name = name;
                Ok(())
            }
            Err(error) => {
                // It has no name, and nobody would find it.
                let _ = std::fs::remove_file(&unnamed);
                Err(self.unwritable(&error))
            }
        }
    }

    fn unwritable(&self, error: &io::Error) -> FileFault {
        let folder = self.folder.display().to_string();
        FileFault::Unwritable { folder, reason: error.to_string() }
    }

    fn fault(&self, error: &io::Error) -> TransportFault {
        let kind = TransportFaultKind::Own(OwnFault(std::sync::Arc::new(self.unwritable(error))));
        TransportFault { kind, not_sent: false, detail: String::new() }
    }
}

impl BodySink for Keeping {
    fn takes(&mut self, status: u16, headers: &HeaderMap) -> bool {
        let length =
            headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        // What is refused anyway is read as far as an error shows it.
        is_kept(status) && !self.is_too_long(length.unwrap_or(0))
    }

    fn push(&mut self, piece: Bytes) -> BoxFuture<'_, Result<(), BodyEnd>> {
        Box::pin(async move {
            let size = self.writing.as_ref().map_or(0, Writing::size);
            if self.is_too_long(size.saturating_add(piece.len() as u64)) {
                return Err(BodyEnd::TooLarge { limit: self.limit.unwrap_or(u64::MAX) });
            }
            let mut writing = match self.writing.take() {
                Some(writing) => writing,
                None => self.begin().await.map_err(BodyEnd::Broken)?,
            };
            let written = writing.push(piece).await;
            written.map_err(|error| BodyEnd::Broken(self.fault(&error)))?;
            self.writing = Some(writing);
            Ok(())
        })
    }

    fn finish<'s>(&'s mut self, reply: &'s mut Reply) -> BoxFuture<'s, Result<(), TransportFault>> {
        Box::pin(async move {
            let writing = self.writing.take();
            if reply.end != BodyEnd::Complete {
                return Ok(());
            }
            let writing = match writing {
                Some(writing) => writing,
                None => self.begin().await?,
            };
            let finished = writing.finish().await;
            reply.kept = Some(Box::new(finished.map_err(|error| self.fault(&error))?));
            Ok(())
        })
    }
}

/// Gives a file its name, unless something has it.
fn take_place(unnamed: &Path, path: &Path) -> io::Result<()> {
    match std::fs::hard_link(unnamed, path) {
        Ok(()) => std::fs::remove_file(unnamed),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // File systems without links: the name is taken by an empty file, which the other one replaces.
        Err(_) => {
            File::options().write(true).create_new(true).open(path)?;
            std::fs::rename(unnamed, path)
        }
    }
}

/// What the names of files begin and end with that are not whole.
const PARTIAL: (&str, &str) = (".cardhost-", ".part");

/// Takes away what those have left that were killed in the middle, once a folder: a file that is still written is held by whoever does.
fn sweep(folder: &Path) {
    static SWEPT: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    {
        let mut swept = SWEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if swept.iter().any(|known| known == folder) {
            return;
        }
        swept.push(folder.to_owned());
    }
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if !name.starts_with(PARTIAL.0) || !name.ends_with(PARTIAL.1) {
            continue;
        }
        let path = entry.path();
        if File::options().write(true).open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// A name that nobody else has, hidden while the file is not whole.
fn unnamed() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut random = [0; 8];
    SystemEntropy.fill(&mut random);
    let random = u64::from_ne_bytes(random).wrapping_add(COUNT.fetch_add(1, Ordering::Relaxed));
    let (begin, end) = PARTIAL;
    format!("{begin}{}-{random:016x}{end}", std::process::id())
}

/// A name with a number before its end, from the second on: `a.csv`, `a-2.csv`.
fn numbered(name: &str, number: u32) -> String {
    if number == 1 {
        return name.to_owned();
    }
    let end = match name.rsplit_once('.') {
        Some((stem, end)) if stem.ends_with(".tar") => end.len() + 5,
        Some((stem, end)) if !stem.is_empty() => end.len() + 1,
        _ => 0,
    };
    let (stem, end) = name.split_at(name.len() - end);
    format!("{stem}-{number}{end}")
}

/// A file that is not whole yet; gone when it is dropped.
struct Partial(Option<PathBuf>);

impl Drop for Partial {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// A file that is being written.
struct Writing {
    partial: Partial,
    work: Work,
    /// What is written next.
    block: Vec<Bytes>,
    gathered: usize,
    size: u64,
}

/// The file, and the digest of what is in it so far.
type Open = Box<(File, Context)>;

/// The file, or the work on it that goes on elsewhere.
enum Work {
    Free(Open),
    Busy(JoinHandle<io::Result<Open>>),
    Over,
}

impl Writing {
    /// How many bytes came.
    fn size(&self) -> u64 {
        self.size
    }

    /// One more chunk; waits where the one before the last is not written yet.
    async fn push(&mut self, chunk: Bytes) -> io::Result<()> {
        self.size += chunk.len() as u64;
        self.gathered += chunk.len();
        self.block.push(chunk);
        if self.gathered >= BLOCK_BYTES { self.flush().await } else { Ok(()) }
    }

    async fn free(&mut self) -> io::Result<Open> {
        match std::mem::replace(&mut self.work, Work::Over) {
            Work::Free(open) => Ok(open),
            Work::Busy(job) => job.await.unwrap_or_else(|error| Err(io::Error::other(error))),
            Work::Over => Err(io::Error::other("it is not open")),
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        let mut open = self.free().await?;
        let block = std::mem::take(&mut self.block);
        self.gathered = 0;
        self.work = Work::Busy(tokio::task::spawn_blocking(move || {
            let (file, hash) = &mut *open;
            for chunk in block {
                hash.update(&chunk);
                file.write_all(&chunk)?;
            }
            Ok(open)
        }));
        Ok(())
    }

    /// The whole file, without its name yet.
    async fn finish(mut self) -> io::Result<KeptFile> {
        self.flush().await?;
        let hash = self.free().await?.1;
        let path = self.partial.0.take().unwrap_or_default();
        let digest = hash.finish();
        let hex = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let path = path.to_string_lossy().into_owned();
        Ok(KeptFile { path, name: String::new(), size: self.size, sha256: hex })
    }
}

async fn off_the_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(io::Error::other(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_a_number_before_its_end() {
        for (name, number, expected) in [
            ("a.csv", 1, "a.csv"),
            ("a.csv", 2, "a-2.csv"),
            ("a.tar.gz", 3, "a-3.tar.gz"),
            ("a", 2, "a-2"),
            ("a.b.c", 10, "a.b-10.c"),
        ] {
            assert_eq!(numbered(name, number), expected);
        }
    }

    #[test]
    fn what_a_killed_one_has_left_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let (left, held) =
            (".cardhost-1-0123456789abcdef.part", ".cardhost-2-0123456789abcdef.part");
        for name in [left, held, ".cardhost-own", "a.part"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        let writer = File::options().write(true).open(folder.path().join(held)).unwrap();
        writer.lock().unwrap();
        sweep(folder.path());
        let is_there = |name: &str| folder.path().join(name).exists();
        assert!(
            !is_there(left) && is_there(held) && is_there(".cardhost-own") && is_there("a.part")
        );
        // Once is enough: a folder may have very many files.
        drop(writer);
        sweep(folder.path());
        assert!(is_there(held));
    }

    #[test]
    fn nothing_is_overwritten_and_what_is_dropped_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let names = || {
            let entries = std::fs::read_dir(folder.path()).unwrap();
            let mut names: Vec<String> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        let mut keeping = Keeping::in_folder(folder.path(), None);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let keep = async |keeping: &mut Keeping, text: &'static str| {
                let mut reply = Reply::new(200, HeaderMap::new(), "");
                assert!(keeping.takes(reply.status, &reply.headers));
                keeping.push(text.into()).await.unwrap();
                keeping.finish(&mut reply).await.unwrap();
                reply
            };
            for text in ["one", "two"] {
                let reply = keep(&mut keeping, text).await;
                let mut kept = *reply.kept.unwrap();
                assert_eq!((kept.size, reply.body.len()), (3, 0));
                keeping.place(&mut kept, "a.txt").unwrap();
                assert_eq!(std::fs::read_to_string(&kept.path).unwrap(), text);
            }
            assert_eq!(names(), ["a-2.txt", "a.txt"]);
            // A link that leads elsewhere is a name that is taken.
            std::os::unix::fs::symlink("/nonexistent", folder.path().join("b.txt")).unwrap();
            let mut kept = *keep(&mut keeping, "x").await.kept.unwrap();
            keeping.place(&mut kept, "b.txt").unwrap();
            assert_eq!(kept.name, "b-2.txt");
            let mut writing = keeping.begin().await.unwrap();
            writing.push(vec![7; 2 * BLOCK_BYTES].into()).await.unwrap();
            assert_eq!(names().len(), 5);
            drop(writing);
            assert_eq!(names(), ["a-2.txt", "a.txt", "b-2.txt", "b.txt"]);
            // An error page is none.
            assert!(!keeping.takes(404, &HeaderMap::new()));
        });
    }
}
