//! A body as it is sent: as it is, piece by piece, or in its content coding.

use bytes::Bytes;
use cardhost_core::request::{Body, Content, ContentCoding};
use crc32fast::Hasher;
use miniz_oxide::deflate::compress_to_vec;

use super::pieces::Pieces;
use crate::apart::{BIG_BYTES, apart};

/// How hard the packer tries; 6 is what gzip does by default.
const LEVEL: u8 = 6;

/// A body as reqwest sends it.
pub(super) async fn sent(body: &Body) -> reqwest::Body {
    match (&body.content, body.coding) {
        (Content::Bytes(bytes), None) => bytes.clone().into(),
        (Content::Bytes(bytes), Some(ContentCoding::Gzip)) => {
            let bytes = bytes.clone();
            let packed = match bytes.len() < BIG_BYTES {
                true => gzip(&bytes),
                false => apart(move |_| gzip(&bytes)).await,
            };
            packed.into()
        }
        (Content::Pieces(pieces), _) => reqwest::Body::wrap(Pieces::new(pieces)),
    }
}

/// One member of gzip (RFC 1952), without a name and a time: the same bytes are the same again.
fn gzip(bytes: &[u8]) -> Bytes {
    let packed = compress_to_vec(bytes, LEVEL);
    let mut checksum = Hasher::new();
    checksum.update(bytes);
    let mut member = Vec::with_capacity(packed.len() + 18);
    member.extend_from_slice(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
    member.extend_from_slice(&packed);
    member.extend_from_slice(&checksum.finalize().to_le_bytes());
    // The length is that modulo 2^32 (section 2.3.1).
    let length = u32::try_from(bytes.len() & 0xffff_ffff).unwrap_or_default();
    member.extend_from_slice(&length.to_le_bytes());
    member.into()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn the_systems_gzip_reads_what_is_packed() {
        for bytes in [Vec::new(), b"a".to_vec(), b"{\"a\":1}\n".repeat(100_000)] {
            let mut child = Command::new("gzip")
                .arg("-dc")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let packed = gzip(&bytes);
            let mut stdin = child.stdin.take().unwrap();
            let writer = std::thread::spawn(move || stdin.write_all(&packed));
            let output = child.wait_with_output().unwrap();
            writer.join().unwrap().unwrap();
            assert!(output.status.success() && output.stdout == bytes, "{} bytes", bytes.len());
        }
    }
}
