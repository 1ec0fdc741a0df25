//! The parts of a multipart body, so that each is masked as what it is.

/// A part: its head without the empty line, and its content.
pub(super) struct PartText<'b> {
    pub(super) head: &'b str,
    pub(super) content: &'b [u8],
}

/// What stands between the parts of a recorded request: what was sent is another one each time.
pub(super) const BOUNDARY: &str = "boundary";

/// The boundary that a content type names.
pub(super) fn boundary_of(content_type: &str) -> Option<&str> {
    content_type.get(..10).filter(|start| start.eq_ignore_ascii_case("multipart/"))?;
    let parameter = content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then_some(value)
    })?;
    Some(parameter.trim().trim_matches('"')).filter(|boundary| !boundary.is_empty())
}

/// A content type with the boundary of recordings.
pub(super) fn with_fixed_boundary(content_type: &str) -> Option<String> {
    let boundary = boundary_of(content_type)?;
    Some(content_type.replacen(boundary, BOUNDARY, 1))
}

/// The parts of a body; `None` where it is not in parts.
pub(super) fn parts<'b>(bytes: &'b [u8], boundary: &str) -> Option<Vec<PartText<'b>>> {
    let delimiter = format!("--{boundary}");
    let mut rest = bytes.strip_prefix(delimiter.as_bytes())?;
    let next = format!("\r\n{delimiter}");
    let mut found = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Some(found);
        }
        let part = rest.strip_prefix(b"\r\n")?;
        let end = memchr::memmem::find(part, next.as_bytes())?;
        let (part, after) = part.split_at(end);
        let (head, content) = match memchr::memmem::find(part, b"\r\n\r\n") {
            Some(at) => (&part[..at], &part[at + 4..]),
            // A part without a head.
            None => (&part[..0], part.strip_prefix(b"\r\n")?),
        };
        found.push(PartText { head: std::str::from_utf8(head).ok()?, content });
        rest = &after[next.len()..];
    }
}

impl PartText<'_> {
    /// A header of the part.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.trim().eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// The name of the field that it is.
    pub(super) fn name(&self) -> Option<&str> {
        let disposition = self.header("content-disposition")?;
        let (_, rest) = disposition.split_once("name=\"")?;
        Some(&rest[..rest.find('"')?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        let content_type = "multipart/form-data; boundary=\"x y\"";
        assert_eq!(boundary_of(content_type), Some("x y"));
        assert_eq!(
            with_fixed_boundary(content_type).as_deref(),
            Some("multipart/form-data; boundary=\"boundary\"")
        );
        assert_eq!(boundary_of("text/plain; boundary=a"), None);
        let body = b"--x y\r\ncontent-disposition: form-data; name=\"a\"; filename=\"f\"\r\nContent-Type: a/b\r\n\r\n1\r\n2\r\n--x y\r\n\r\nbare\r\n--x y--\r\n";
        let found = parts(body, "x y").unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].name(), found[0].header("content-type")), (Some("a"), Some("a/b")));
        assert_eq!((found[0].content, found[1].content), (&b"1\r\n2"[..], &b"bare"[..]));
        assert!(parts(b"--x y\r\nno end", "x y").is_none());
        assert!(parts(b"other", "x y").is_none());
    }
}
