//! Replies with more headers than hyper has room for on its stack.
//!
//! With a higher limit hyper would reserve that room for every reply. So the head of a reply is looked at as it comes, which costs a search
//! for line ends: one of many lines is kept back until it is whole, and headers that do not matter to the framing go past hyper. How a body
//! is framed is still hyper's to say.

use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderName, HeaderValue};
use memchr::memchr_iter;
use tokio::io::ReadBuf;

use super::wire::Rest;

/// Most lines that are left to hyper, which has room for 100 headers.
const MOST_LEFT: usize = 96;

/// Most headers of a reply.
pub(super) const MOST_HEADERS: usize = 1_000;

/// Most bytes that are kept back. hyper takes no head that is longer.
const MOST_HELD: usize = 400 * 1024;

/// What every reply begins with.
const START: &[u8] = b"HTTP/1.";

/// The head of a reply, as far as it has come.
#[derive(Default)]
pub(super) struct Head {
    /// Whether what comes is no longer looked at.
    is_over: bool,
    held: BytesMut,
    ready: Bytes,
}

/// What is to be done with bytes that came.
pub(super) enum Seen {
    /// They go on as they are.
    Passed,
    /// They are kept back; these headers go past hyper.
    Held(Rest),
}

impl Head {
    /// Looks at bytes that came.
    pub(super) fn sees(&mut self, came: &[u8]) -> Seen {
        if self.is_over {
            return Seen::Passed;
        }
        if self.held.is_empty() {
            match look(came) {
                Look::Few => {
                    self.is_over = true;
                    return Seen::Passed;
                }
                Look::Part | Look::Many { .. } => {}
            }
        }
        self.held.extend_from_slice(came);
        let mut rest = Rest::new();
        match look(&self.held) {
            Look::Part if self.held.len() <= MOST_HELD => {}
            Look::Part | Look::Few => self.give_up(),
            Look::Many { from, to } => {
                rest = self.split(from, to);
                self.give_up();
            }
        }
        Seen::Held(rest)
    }

    /// Gives out what was kept back; `false` where there is nothing.
    pub(super) fn give(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        if self.ready.is_empty() {
            return false;
        }
        let fits = self.ready.len().min(buffer.remaining());
        buffer.put_slice(&self.ready[..fits]);
        self.ready.advance(fits);
        true
    }

    /// Keeps nothing back any more.
    pub(super) fn give_up(&mut self) {
        self.is_over = true;
        self.ready = self.held.split().freeze();
    }

    /// Takes headers out of the head at a place. Where there are more than there may be, hyper refuses them.
    fn split(&mut self, from: usize, to: usize) -> Rest {
        let held = self.held.split().freeze();
        let mut left = BytesMut::with_capacity(held.len());
        left.extend_from_slice(&held[..from]);
        let (mut rest, mut number) = (Rest::new(), 0);
        let mut lines = lines(&held[from..to]).peekable();
        while let Some(first) = lines.next() {
            let mut line = first.to_vec();
            // A header may go on in further lines (RFC 9112, section 5.2).
            while let Some(more) =
                lines.next_if(|more| more.starts_with(b" ") || more.starts_with(b"\t"))
            {
                line.extend_from_slice(more);
            }
            number += 1;
            match header(&line) {
                Some(header) if number > MOST_LEFT / 2 && !frames(&header.0) => rest.push(header),
                _ => left.extend_from_slice(&line),
            }
        }
        if number > MOST_HEADERS {
            self.held.extend_from_slice(&held);
            return Rest::new();
        }
        left.extend_from_slice(&held[to..]);
        self.held = left;
        rest
    }
}

/// What bytes are that may begin with the head of a reply.
enum Look {
    /// Not yet whole.
    Part,
    /// Whole and short, or none.
    Few,
    /// Whole, with many lines, at a place.
    Many { from: usize, to: usize },
}

fn look(bytes: &[u8]) -> Look {
    let mut from = 0;
    loop {
        let head = &bytes[from..];
        if !head.starts_with(&START[..START.len().min(head.len())]) {
            return Look::Few;
        }
        let Some((lines, length)) = whole(head) else { return Look::Part };
        // After an interim reply (RFC 9110, section 15.2) there is another head.
        let is_interim = head.get(START.len() + 2) == Some(&b'1');
        match (lines > MOST_LEFT, is_interim) {
            (true, _) => return Look::Many { from, to: from + length },
            (false, true) => from += length,
            (false, false) => return Look::Few,
        }
    }
}

/// The number of lines of a head, and its length; `None` where it is not whole.
fn whole(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut start = 0;
    for (lines, end) in memchr_iter(b'\n', bytes).enumerate() {
        if matches!(&bytes[start..end], b"" | b"\r") {
            return Some((lines, end + 1));
        }
        start = end + 1;
    }
    None
}

/// Lines with their ends.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n')
}

/// A header; `None` where it is none, which is hyper's to say.
fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = HeaderName::from_bytes(line[..colon].trim_ascii_end()).ok()?;
    let parts = lines(&line[colon + 1..]).map(<[u8]>::trim_ascii);
    let value = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(&b' ');
    Some((name, HeaderValue::from_bytes(&value).ok()?))
}

/// Whether a header says how the body is framed, or what becomes of the connection.
fn frames(name: &HeaderName) -> bool {
    use http::header as h;
    [h::CONTENT_LENGTH, h::TRANSFER_ENCODING, h::CONNECTION, h::UPGRADE, h::TRAILER].contains(name)
        || name == "keep-alive"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What goes on to hyper and what goes past it, of a reply that comes in pieces of a length.
    fn through(reply: &[u8], piece: usize) -> (Vec<u8>, Rest) {
        let (mut head, mut rest, mut passed) = (Head::default(), Rest::new(), Vec::new());
        let mut room = [0; 64];
        let mut drain = |head: &mut Head, passed: &mut Vec<u8>| loop {
            let mut buffer = ReadBuf::new(&mut room);
            if !head.give(&mut buffer) {
                break;
            }
            passed.extend_from_slice(buffer.filled());
        };
        for piece in reply.chunks(piece) {
            match head.sees(piece) {
                Seen::Passed => passed.extend_from_slice(piece),
                Seen::Held(more) => rest.extend(more),
            }
            drain(&mut head, &mut passed);
        }
        head.give_up();
        drain(&mut head, &mut passed);
        (passed, rest)
    }

    fn with_headers(number: usize) -> Vec<u8> {
        let mut reply = b"HTTP/1.1 200 OK\r\n".to_vec();
        for index in 0..number {
            reply.extend_from_slice(format!("x-{index}: v{index}\r\n").as_bytes());
        }
        reply.extend_from_slice(b"content-length: 4\r\n\r\nbody");
        reply
    }

    #[test]
    fn what_has_few_headers_or_is_no_reply_goes_on_as_it_is() {
        let interim =
            [&b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"[..], &with_headers(3)].concat();
        let cut = &with_headers(3)[..30];
        for reply in
            [&with_headers(0)[..], &with_headers(90), &interim, cut, b"SSH-2.0-x\r\n", b"HTT"]
        {
            for piece in [1, 7, 100_000] {
                assert_eq!(through(reply, piece), (reply.to_vec(), Rest::new()));
            }
        }
    }

    #[test]
    fn many_headers_go_past_hyper_but_for_those_that_frame() {
        let reply = with_headers(400);
        for piece in [1, 333, 100_000] {
            let (passed, rest) = through(&reply, piece);
            let passed = String::from_utf8(passed).unwrap();
            assert!(passed.ends_with("content-length: 4\r\n\r\nbody"), "{passed}");
            assert!(passed.lines().count() < 100, "{passed}");
            assert_eq!(passed.lines().count() - 4 + rest.len(), 400);
            assert_eq!(
                rest.last().unwrap(),
                &(HeaderName::from_static("x-399"), HeaderValue::from_static("v399"))
            );
        }
    }

    #[test]
    fn headers_in_several_lines_are_joined_and_what_is_none_is_left() {
        let mut reply = with_headers(100);
        let end = reply.len() - b"content-length: 4\r\n\r\nbody".len();
        reply
            .splice(end..end, b"x-long : one\r\n  two\r\n\tthree\r\nno header\r\n".iter().copied());
        let (passed, rest) = through(&reply, 50);
        assert_eq!(rest.last().unwrap().1, "one two three");
        assert!(String::from_utf8(passed).unwrap().contains("no header\r\n"));
    }

    #[test]
    fn too_many_headers_are_left_to_be_refused() {
        let reply = with_headers(MOST_HEADERS);
        assert_eq!(through(&reply, 4096), (reply, Rest::new()));
    }
}
