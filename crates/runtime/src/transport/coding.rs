//! Content codings of a reply (RFC 9110, section 8.4): undone here, so that a body that is not what its header
//! says is kept as it came, and so that the limit counts what comes out.

use bytes::Bytes;
use cardhost_core::response::BodyEnd;
use cardhost_core::transport_fault::{TransportFault, TransportFaultKind};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};

use super::brotli::Brotli;
use super::deflate::Deflate;
use super::gzip::{self, Gzip};
use super::undoing::{Coding, Ended, PIECE_BYTES, Work};

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
        if coding.ends_with("gzip") && !gzip::may_be(&plain) {
            return Undone::Broken("the body is not `gzip`".to_owned());
        }
        let Some(mut undoing) = self::coding(coding) else { continue };
        let (out, ended) = work.undo(&plain, &mut *undoing);
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

/// The coding of a name.
fn coding(name: &str) -> Option<Box<dyn Coding>> {
    match name {
        "gzip" | "x-gzip" => Some(Box::new(Gzip::new())),
        "deflate" => Some(Box::new(Deflate::new())),
        "br" => Some(Box::new(Brotli::new())),
        _ => None,
    }
}

/// Undoes the coding of a body that comes piece by piece.
pub(super) struct Unpacking {
    name: String,
    coding: Box<dyn Coding>,
    made: Vec<u8>,
}

impl Unpacking {
    /// The only coding that the headers name, which is taken out of them; `None` where there is none to be undone. Of a body that was packed
    /// again and again all has to be there: [`is_packed_twice`].
    pub(super) fn of(headers: &mut HeaderMap) -> Option<Unpacking> {
        if !headers.contains_key(CONTENT_ENCODING) {
            return None;
        }
        let known = named(headers).into_iter().find(|name| is_known(name));
        let (name, coding) = known.and_then(|name| coding(&name).map(|coding| (name, coding)))?;
        headers.remove(CONTENT_ENCODING);
        headers.remove(CONTENT_LENGTH);
        Some(Unpacking { name, coding, made: vec![0; PIECE_BYTES] })
    }

    /// The next piece that comes out; `None` where it needs more.
    pub(super) fn next(&mut self, input: &mut &[u8]) -> Result<Option<Bytes>, BodyEnd> {
        loop {
            let before = input.len();
            let undone = self.coding.undo(input, &mut self.made);
            match undone.map_err(|ended| self.end_of(&ended))? {
                (0, _) if before == 0 => return Ok(None),
                (0, _) => {}
                (made, _) => return Ok(Some(Bytes::copy_from_slice(&self.made[..made]))),
            }
        }
    }

    /// How the body ends where no more of it comes.
    pub(super) fn end(&self) -> BodyEnd {
        self.coding.end().map_or_else(|ended| self.end_of(&ended), |()| BodyEnd::Complete)
    }

    fn end_of(&self, ended: &Ended) -> BodyEnd {
        let name = &self.name;
        let (kind, detail) = match ended {
            Ended::Broken(why) => {
                (TransportFaultKind::Protocol, format!("the body is not `{name}`: {why}"))
            }
            _ => (TransportFaultKind::Truncated, format!("the `{name}` body ends early")),
        };
        BodyEnd::Broken(TransportFault { kind, not_sent: false, detail })
    }
}

/// Whether the headers name more than one coding that is to be undone.
pub(super) fn is_packed_twice(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_ENCODING)
        && named(headers).iter().filter(|coding| is_known(coding)).count() > 1
}
