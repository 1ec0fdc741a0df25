//! Content codings of a reply (RFC 9110, section 8.4): undone here, so that a body that is not what its header
//! says is kept as it came, and so that the limit counts what comes out.

use std::io;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};

/// How a gzip stream starts (RFC 1952, section 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1F, 0x8B];

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
}

/// Undoes the codings that the headers name, and takes them out of the headers.
pub(super) fn undo(headers: &mut HeaderMap, body: &Bytes, limit: u64) -> Undone {
    let codings: Vec<String> = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|coding| coding.trim().to_ascii_lowercase())
        .filter(|coding| !coding.is_empty() && coding != "identity")
        .collect();
    // What was not offered and is not known is no coding: storage services say `UTF-8` or leave `aws-chunked` there.
    let is_known = |coding: &String| KNOWN.contains(&coding.as_str());
    if body.is_empty() || !codings.iter().any(is_known) {
        return Undone::Plain(body.clone());
    }
    if codings.len() > MOST_CODINGS {
        return Undone::Broken(format!("it has more than {MOST_CODINGS} content codings"));
    }
    let mut plain = body.clone();
    for coding in codings.iter().rev() {
        let undone = match coding.as_str() {
            "gzip" | "x-gzip" if !GZIP_MAGIC.starts_with(&plain[..plain.len().min(2)]) => {
                return Undone::Broken("the body is not `gzip`".to_owned());
            }
            "gzip" | "x-gzip" => gunzip(&plain, limit),
            "deflate" => inflate(&plain, limit),
            "br" => read(brotli::Decompressor::new(&*plain, 4096), limit),
            _ => continue,
        };
        let (bytes, fault) = undone;
        match fault {
            _ if bytes.len() as u64 > limit => return Undone::TooLong(bytes.into()),
            None => plain = bytes.into(),
            Some(fault) if fault.kind() == io::ErrorKind::UnexpectedEof => {
                let detail = format!("the `{coding}` body ends early");
                return Undone::Truncated(bytes.into(), detail);
            }
            Some(fault) => return Undone::Broken(format!("the body is not `{coding}`: {fault}")),
        }
    }
    headers.remove(CONTENT_ENCODING);
    headers.remove(CONTENT_LENGTH);
    Undone::Plain(plain)
}

/// The members of a gzip body, one after the other. What follows a whole one and begins no other is padding.
fn gunzip(body: &[u8], limit: u64) -> Read {
    let (mut all, mut rest) = (Vec::new(), body);
    loop {
        let mut member = flate2::bufread::GzDecoder::new(rest);
        let (bytes, fault) = read(&mut member, limit.saturating_sub(all.len() as u64));
        all.extend_from_slice(&bytes);
        rest = member.into_inner();
        if fault.is_some() || all.len() as u64 > limit || !rest.starts_with(&GZIP_MAGIC) {
            return (all, fault);
        }
    }
}

/// What came out, and the fault that ended it.
type Read = (Vec<u8>, Option<io::Error>);

/// `deflate` means zlib (RFC 1950); some servers send the bare stream (RFC 1951).
fn inflate(body: &[u8], limit: u64) -> Read {
    let zlib = read(flate2::read::ZlibDecoder::new(body), limit);
    if zlib.1.is_none() || !zlib.0.is_empty() {
        return zlib;
    }
    let bare = read(flate2::read::DeflateDecoder::new(body), limit);
    if bare.1.is_none() { bare } else { zlib }
}

/// Reads up to one byte more than the limit.
fn read(from: impl io::Read, limit: u64) -> Read {
    use io::Read as _;
    let mut bytes = Vec::new();
    let fault = from.take(limit.saturating_add(1)).read_to_end(&mut bytes).err();
    (bytes, fault)
}
