//! A body that goes out piece by piece: files are read while it does, and no more of them is in memory than goes out next.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use cardhost_core::file::FileFault;
use cardhost_core::request::Piece;
use hyper::body::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;

use crate::file_reader::open_regular;

/// Bytes of a file that are read at once.
const CHUNK_BYTES: u64 = 256 * 1024;

/// Why a file could not be sent to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unsent(pub(super) FileFault);

/// A body that goes out piece by piece.
pub(super) struct Pieces {
    pieces: Arc<[Piece]>,
    /// The piece that comes next.
    next: usize,
    /// Bytes that are still to go out, those of the file included.
    left: u64,
    file: Option<Reading>,
}

/// A file that is being read, one chunk ahead.
struct Reading {
    path: Arc<str>,
    /// Bytes that are still to be handed on.
    left: u64,
    chunk: JoinHandle<io::Result<(File, Vec<u8>)>>,
}

impl Pieces {
    pub(super) fn new(pieces: &Arc<[Piece]>) -> Pieces {
        let left = pieces.iter().map(Piece::size).sum();
        Pieces { pieces: Arc::clone(pieces), next: 0, left, file: None }
    }

    /// Hands the next chunk of the file on, and has the one after it read.
    fn chunk(reading: &mut Reading, context: &mut Context<'_>) -> Poll<Result<Bytes, FileFault>> {
        let fault =
            |reason: String| FileFault::Unreadable { path: reading.path.to_string(), reason };
        let done = ready!(Pin::new(&mut reading.chunk).poll(context));
        let read = done.unwrap_or_else(|error| Err(io::Error::other(error)));
        let (file, chunk) = match read {
            Ok(read) => read,
            Err(error) => return Poll::Ready(Err(fault(error.to_string()))),
        };
        let length = chunk.len() as u64;
        if length == 0 || length > reading.left {
            return Poll::Ready(Err(fault("it has changed while it was sent".to_owned())));
        }
        reading.left -= length;
        if reading.left > 0 {
            let most = reading.left.min(CHUNK_BYTES);
            reading.chunk = tokio::task::spawn_blocking(move || next_chunk(file, most));
        }
        Poll::Ready(Ok(chunk.into()))
    }
}

/// Opens a file, which has to be as long as it was when the request was planned, and reads its first chunk.
fn first_chunk(path: &str, size: u64) -> io::Result<(File, Vec<u8>)> {
    let file = open_regular(Path::new(path)).map_err(io::Error::other)?;
    if file.metadata()?.len() != size {
        return Err(io::Error::other("it has changed since the request was planned"));
    }
    next_chunk(file, size.min(CHUNK_BYTES))
}

fn next_chunk(mut file: File, most: u64) -> io::Result<(File, Vec<u8>)> {
    let mut chunk = Vec::with_capacity(usize::try_from(most).unwrap_or_default());
    (&mut file).take(most).read_to_end(&mut chunk)?;
    Ok((file, chunk))
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Unsent;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Unsent>>> {
        let body = &mut *self;
        loop {
            if let Some(reading) = &mut body.file {
                let chunk = match ready!(Pieces::chunk(reading, context)) {
                    Ok(chunk) => chunk,
                    Err(fault) => return Poll::Ready(Some(Err(Unsent(fault)))),
                };
                if reading.left == 0 {
                    body.file = None;
                }
                body.left -= chunk.len() as u64;
                return Poll::Ready(Some(Ok(Frame::data(chunk))));
            }
            let Some(piece) = body.pieces.get(body.next) else { return Poll::Ready(None) };
            body.next += 1;
            match piece {
                Piece::Bytes(bytes) if bytes.is_empty() => {}
                Piece::Bytes(bytes) => {
                    body.left -= bytes.len() as u64;
                    return Poll::Ready(Some(Ok(Frame::data(bytes.clone()))));
                }
                Piece::File(file) if file.size == 0 => {}
                Piece::File(file) => {
                    let (path, size) = (Arc::clone(&file.path), file.size);
                    let named = Arc::clone(&path);
                    let chunk = tokio::task::spawn_blocking(move || first_chunk(&named, size));
                    body.file = Some(Reading { path, left: size, chunk });
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
