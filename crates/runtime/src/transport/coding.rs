//! Content codings of a reply (RFC 9110, section 8.4): undone here, so that a body that is not what its header
//! says is kept as it came, and so that the limit counts what comes out.

use bytes::Bytes;
use cardhost_core::card::Packed;
use cardhost_core::file::disposition;
use cardhost_core::response::BodyEnd;
use cardhost_core::transport_fault::{TransportFault, TransportFaultKind};
use http::header::{CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

use super::brotli::Brotli;
use super::deflate::Deflate;
use super::gzip::{self, Gzip};
use super::undoing::{Coding, Ended, PIECE_BYTES, Work};
use super::zip::Zip;
#[cfg(feature = "zstd")]
use super::zstd::Zstd;

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

/// One way in which a body is packed.
struct Layer {
    /// What it is called in an error.
    name: String,
    coding: Box<dyn Coding>,
    /// Whether it is the card's to know of it.
    is_own: bool,
}

impl Layer {
    /// The content coding of a name. What was not offered and is not known is none: storage services say `UTF-8` or leave `aws-chunked` there.
    fn named(name: String) -> Option<Layer> {
        let coding: Box<dyn Coding> = match name.as_str() {
            "gzip" | "x-gzip" => Box::new(Gzip::new()),
            "deflate" => Box::new(Deflate::new()),
            "br" => Box::new(Brotli::new()),
            #[cfg(feature = "zstd")]
            "zstd" => Box::new(Zstd::new()),
            _ => return None,
        };
        Some(Layer { name, coding, is_own: false })
    }

    fn packed(packed: Packed) -> Layer {
        let (name, coding): (_, Box<dyn Coding>) = match packed {
            Packed::Gzip => ("gzip", Box::new(Gzip::new())),
            #[cfg(feature = "zstd")]
            Packed::Zstd => ("zstd", Box::new(Zstd::new())),
            Packed::Zip => ("a zip of one file", Box::new(Zip::new())),
        };
        Layer { name: name.to_owned(), coding, is_own: true }
    }

    fn is_not(&self, why: &str) -> String {
        match self.is_own {
            true => format!("the body is not {}: {why}", self.name),
            false => format!("the body is not `{}`: {why}", self.name),
        }
    }

    fn ends_early(&self) -> String {
        match self.is_own {
            true => format!("the body, {}, ends early", self.name),
            false => format!("the `{}` body ends early", self.name),
        }
    }
}

/// What is to be undone, the outermost first.
fn layers(named: Vec<String>, packed: Option<Packed>) -> Vec<Layer> {
    let layers = named.into_iter().rev().filter_map(Layer::named);
    layers.chain(packed.map(Layer::packed)).collect()
}

/// Takes out of the headers what was said of the body before it was undone, and puts in the name of the file that was in an archive.
fn mend(headers: &mut HeaderMap, is_own: bool, file_name: Option<&str>) {
    headers.remove(CONTENT_ENCODING);
    headers.remove(CONTENT_LENGTH);
    if is_own {
        headers.remove(CONTENT_TYPE);
    }
    let disposition = file_name.map(|name| disposition(None, Some(name)));
    if let Some(value) = disposition.and_then(|it| HeaderValue::from_bytes(it.as_bytes()).ok()) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
}

/// Undoes the codings that the headers name, and how the card says that the body is packed, and takes them out of the headers. `may_go_on`
/// is asked again and again, with the bytes that were read and made by then.
pub(super) fn undo(
    headers: &mut HeaderMap,
    packed: Option<Packed>,
    body: &Bytes,
    limit: u64,
    may_go_on: &dyn Fn(u64) -> bool,
) -> Undone {
    let named = named(headers);
    let too_many = named.len() > MOST_CODINGS;
    let layers = layers(named, packed);
    if body.is_empty() || layers.is_empty() {
        return Undone::Plain(body.clone());
    }
    if too_many {
        return Undone::Broken(format!("it has more than {MOST_CODINGS} content codings"));
    }
    let work = Work::new(limit, may_go_on);
    let mut plain = body.clone();
    let (mut is_own, mut file_name) = (false, None);
    for mut layer in layers {
        if layer.name.ends_with("gzip") && !gzip::may_be(&plain) {
            return Undone::Broken("the body is not `gzip`".to_owned());
        }
        let (out, ended) = work.undo(&plain, &mut *layer.coding);
        let mut bytes = out.finish();
        bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        match ended {
            Ok(()) => plain = bytes,
            Err(Ended::TooLong) => return Undone::TooLong(bytes),
            Err(Ended::Early) => return Undone::Truncated(bytes, layer.ends_early()),
            Err(Ended::Broken(why)) => return Undone::Broken(layer.is_not(&why)),
            Err(Ended::Stopped) => return Undone::Stopped,
        }
        is_own |= layer.is_own;
        file_name = layer.coding.file_name().map(str::to_owned);
    }
    mend(headers, is_own, file_name.as_deref());
    Undone::Plain(plain)
}

/// Undoes the coding of a body that comes piece by piece.
pub(super) struct Unpacking {
    layer: Layer,
    made: Vec<u8>,
    /// Whether any of it came: no body is no package.
    has_begun: bool,
}

impl Unpacking {
    /// The only way in which the body is packed, which is taken out of the headers; `None` where there is none to be undone. Of a body that was
    /// packed again and again all has to be there: [`is_packed_twice`].
    pub(super) fn of(headers: &mut HeaderMap, packed: Option<Packed>) -> Option<Unpacking> {
        if packed.is_none() && !headers.contains_key(CONTENT_ENCODING) {
            return None;
        }
        let layer = layers(named(headers), packed).pop()?;
        mend(headers, layer.is_own, None);
        Some(Unpacking { layer, made: vec![0; PIECE_BYTES], has_begun: false })
    }

    /// The next piece that comes out; `None` where it needs more.
    pub(super) fn next(&mut self, input: &mut &[u8]) -> Result<Option<Bytes>, BodyEnd> {
        self.has_begun |= !input.is_empty();
        loop {
            let before = input.len();
            let undone = self.layer.coding.undo(input, &mut self.made);
            match undone.map_err(|ended| self.end_of(&ended))? {
                (0, _) if before == 0 => return Ok(None),
                (0, _) => {}
                (made, _) => return Ok(Some(Bytes::copy_from_slice(&self.made[..made]))),
            }
        }
    }

    /// How the body ends where no more of it comes.
    pub(super) fn end(&self, headers: &mut HeaderMap) -> BodyEnd {
        if !self.has_begun {
            return BodyEnd::Complete;
        }
        if let Some(name) = self.layer.coding.file_name() {
            mend(headers, self.layer.is_own, Some(name));
        }
        let ended = self.layer.coding.end();
        ended.map_or_else(|ended| self.end_of(&ended), |()| BodyEnd::Complete)
    }

    fn end_of(&self, ended: &Ended) -> BodyEnd {
        let (kind, detail) = match ended {
            Ended::Broken(why) => (TransportFaultKind::Protocol, self.layer.is_not(why)),
            _ => (TransportFaultKind::Truncated, self.layer.ends_early()),
        };
        BodyEnd::Broken(TransportFault { kind, not_sent: false, detail })
    }
}

/// Whether the body is packed in more than one way that is to be undone.
pub(super) fn is_packed_twice(headers: &HeaderMap, packed: Option<Packed>) -> bool {
    headers.contains_key(CONTENT_ENCODING) && layers(named(headers), packed).len() > 1
}

#[cfg(test)]
mod tests {
    use miniz_oxide::deflate::compress_to_vec;

    use super::*;

    const TEXT: &str = "what is in it, and again what is in it, and once more what is in it\n";

    /// An archive of one file.
    fn zip(name: &str, content: &[u8]) -> Vec<u8> {
        let packed = compress_to_vec(content, 6);
        let sum = crc32fast::hash(content).to_le_bytes();
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
        let name_length = u16::try_from(name.len()).unwrap().to_le_bytes();
        let facts = [
            &[20, 0, 0, 0, 8, 0, 0, 0, 0, 0][..],
            &sum,
            &length(&packed),
            &length(content),
            &name_length,
            &[0, 0],
        ]
        .concat();
        [
            b"PK\x03\x04",
            &facts[..],
            name.as_bytes(),
            &packed,
            b"PK\x01\x02\x14\0",
            &facts,
            &[0; 14],
            name.as_bytes(),
            b"PK\x05\x06",
            &[0; 18],
        ]
        .concat()
    }

    fn packages() -> Vec<(Packed, Vec<u8>)> {
        let content = TEXT.repeat(40);
        let mut all = vec![(Packed::Zip, zip("a.txt", content.as_bytes()))];
        #[cfg(feature = "zstd")]
        {
            use ruzstd::encoding::{CompressionLevel, compress_to_vec};
            let frame = compress_to_vec(content.as_bytes(), CompressionLevel::Fastest);
            let stored = compress_to_vec(content.as_bytes(), CompressionLevel::Uncompressed);
            all.extend([(Packed::Zstd, frame), (Packed::Zstd, stored)]);
        }
        all
    }

    /// What comes out of a body in pieces of a length, and how it ends.
    fn in_pieces(packed: Packed, body: &[u8], length: usize) -> (Vec<u8>, BodyEnd) {
        let mut headers = HeaderMap::new();
        let mut unpacking = Unpacking::of(&mut headers, Some(packed)).unwrap();
        let mut out = Vec::new();
        for piece in body.chunks(length) {
            let mut rest = piece;
            loop {
                match unpacking.next(&mut rest) {
                    Ok(Some(made)) => out.extend_from_slice(&made),
                    Ok(None) => break,
                    Err(end) => return (out, end),
                }
            }
        }
        let end = unpacking.end(&mut headers);
        (out, end)
    }

    fn whole(packed: Packed, body: &[u8]) -> Undone {
        let body = Bytes::copy_from_slice(body);
        undo(&mut HeaderMap::new(), Some(packed), &body, 1024 * 1024, &|_| true)
    }

    #[test]
    fn a_package_gives_the_same_in_pieces_of_any_length() {
        for (packed, body) in packages() {
            let Undone::Plain(plain) = whole(packed, &body) else { panic!("{packed:?}") };
            assert_eq!(plain, TEXT.repeat(40).as_bytes());
            for length in [1, 2, 3, 7, 100, body.len()] {
                assert_eq!(in_pieces(packed, &body, length), (plain.to_vec(), BodyEnd::Complete));
            }
            for end in 1..body.len() {
                assert!(matches!(whole(packed, &body[..end]), Undone::Truncated(..)), "{end}");
                let (_, ended) = in_pieces(packed, &body[..end], 5);
                assert!(matches!(ended, BodyEnd::Broken(_)), "{packed:?} {end}");
            }
        }
    }

    /// Whatever stands there: it ends, within its limit, and in pieces as at once.
    #[test]
    fn a_package_that_was_damaged_ends_all_the_same() {
        for (packed, body) in packages() {
            for at in 0..body.len() {
                for flip in [0x01, 0x80, 0xFF] {
                    let mut damaged = body.clone();
                    damaged[at] ^= flip;
                    let out = in_pieces(packed, &damaged, 11);
                    match whole(packed, &damaged) {
                        Undone::Plain(plain) => {
                            assert_eq!(out, (plain.to_vec(), BodyEnd::Complete), "{at}");
                        }
                        Undone::TooLong(beginning) => assert_eq!(beginning.len(), 1024 * 1024),
                        Undone::Truncated(..) | Undone::Broken(_) => {
                            assert!(matches!(out.1, BodyEnd::Broken(_)), "{packed:?} {at}");
                        }
                        Undone::Stopped => panic!("it may go on"),
                    }
                }
            }
        }
    }
}
