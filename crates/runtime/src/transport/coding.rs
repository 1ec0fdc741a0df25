//! Content codings of a reply (RFC 9110, section 8.4): undone here, so that a body that is not what its header
//! says is kept as it came, and so that the limit counts what comes out.

use std::io::{self, Read};

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use miniz_oxide::DataFormat;

use super::deflate::Inflater;
use super::gathered::Gathered;
use super::gzip;
use super::undoing::{Ended, PIECE_BYTES, Work};

/// The codings that are undone; a request offers them.
const KNOWN: [&str; 4] = ["gzip", "x-gzip", "deflate", "br"];

/// Most codings of one body.
const MOST_CODINGS: usize = 4;

/// How much longer than its plain text a coded body may be.
pub(super) const CODED_ALLOWANCE: u64 = 64 * 1024;

/// What undoing the codings gave.
pub(super) enum Undone {
    /// The body, which had none or had them undone.
    Plain(Bytes),
    /// It is longer than the limit; its beginning.
    TooLong(Bytes),
    /// It ends before its coding does; what came out until then.
    Truncated(Bytes, String),
    /// It is not what the header says, or a coding is not known.
    Broken(String),
    /// It was not to go on.
    Stopped,
}

/// The codings that the headers name.
fn named(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|coding| coding.trim().to_ascii_lowercase())
        .filter(|coding| !coding.is_empty() && coding != "identity")
        .collect()
}

/// What was not offered and is not known is no coding: storage services say `UTF-8` or leave `aws-chunked` there.
fn is_known(coding: &str) -> bool {
    KNOWN.contains(&coding)
}

/// Whether the headers name a coding that is to be undone.
pub(super) fn is_coded(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_ENCODING) && named(headers).iter().any(|coding| is_known(coding))
}

/// Undoes the codings that the headers name, and takes them out of the headers. `may_go_on` is asked again and again, with the bytes
/// that were read and made by then.
pub(super) fn undo(
    headers: &mut HeaderMap,
    body: &Bytes,
    limit: u64,
    may_go_on: &dyn Fn(u64) -> bool,
) -> Undone {
    let codings = named(headers);
    if body.is_empty() || !codings.iter().any(|coding| is_known(coding)) {
        return Undone::Plain(body.clone());
    }
    if codings.len() > MOST_CODINGS {
        return Undone::Broken(format!("it has more than {MOST_CODINGS} content codings"));
    }
    let work = Work::new(limit, may_go_on);
    let mut plain = body.clone();
    for coding in codings.iter().rev() {
        let (out, ended) = match coding.as_str() {
            "gzip" | "x-gzip" if !gzip::may_be(&plain) => {
                return Undone::Broken("the body is not `gzip`".to_owned());
            }
            "gzip" | "x-gzip" => undone_by(|out| gzip::members(&plain, out, &work)),
            "deflate" => inflate(&plain, &work),
            "br" => undone_by(|out| brotli(&plain, out, &work)),
            _ => continue,
        };
        let mut bytes = out.finish();
        bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        match ended {
            Ok(()) => plain = bytes,
            Err(Ended::TooLong) => return Undone::TooLong(bytes),
            Err(Ended::Early) => {
                let detail = format!("the `{coding}` body ends early");
                return Undone::Truncated(bytes, detail);
            }
            Err(Ended::Broken(why)) => {
                return Undone::Broken(format!("the body is not `{coding}`: {why}"));
            }
            Err(Ended::Stopped) => return Undone::Stopped,
        }
    }
    headers.remove(CONTENT_ENCODING);
    headers.remove(CONTENT_LENGTH);
    Undone::Plain(plain)
}

/// What came out, and how it ended.
type Out = (Gathered, Result<(), Ended>);

fn undone_by(undo: impl FnOnce(&mut Gathered) -> Result<(), Ended>) -> Out {
    let mut out = Gathered::default();
    let ended = undo(&mut out);
    (out, ended)
}

/// `deflate` means zlib (RFC 1950); some servers send the bare stream (RFC 1951).
fn inflate(body: &[u8], work: &Work<'_>) -> Out {
    let undo = |format| {
        undone_by(|out| Inflater::new(format).stream(&mut { body }, out, work, &mut |_| {}))
    };
    let zlib = undo(DataFormat::Zlib);
    match zlib {
        (ref out, Err(Ended::Early | Ended::Broken(_))) if out.len() == 0 => {
            match undo(DataFormat::Raw) {
                (_, Err(Ended::Early | Ended::Broken(_))) => zlib,
                bare => bare,
            }
        }
        _ => zlib,
    }
}

/// Brotli (RFC 7932).
fn brotli(body: &[u8], out: &mut Gathered, work: &Work<'_>) -> Result<(), Ended> {
    let mut decoder = brotli::Decompressor::new(Pieces { rest: body, work }, PIECE_BYTES);
    let mut made = vec![0; PIECE_BYTES];
    loop {
        match decoder.read(&mut made) {
            Ok(0) => return Ok(()),
            Ok(count) => work.keep(&made[..count], out)?,
            Err(fault) if fault.kind() == io::ErrorKind::UnexpectedEof => return Err(Ended::Early),
            // The reason why the pieces have ended is still so.
            Err(fault) => {
                work.spend(0)?;
                return Err(Ended::Broken(fault.to_string()));
            }
        }
    }
}

/// A body as a decoder reads it, up to where the work is to stop.
struct Pieces<'b> {
    rest: &'b [u8],
    work: &'b Work<'b>,
}

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.rest.read(into)?;
        self.work.spend(read).map_err(|_| io::Error::other("it is not to go on"))?;
        Ok(read)
    }
}
