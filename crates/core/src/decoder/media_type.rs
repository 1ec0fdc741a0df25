//! The media type of a reply, from however many `Content-Type` headers it has.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// A media type (RFC 9110, section 8.3.1) and its character set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MediaType<'h> {
    /// Without parameters, as written; empty where the reply has none.
    pub essence: &'h str,
    /// The label that `charset` gives; none where it is empty.
    pub charset: Option<&'h str>,
}

impl<'h> MediaType<'h> {
    /// That of a reply. Of several, in one line or in more, the last that is one counts; where it stands again without
    /// a character set, the one before it is kept (the Fetch standard, "extract a MIME type").
    #[must_use]
    pub fn of(headers: &'h HeaderMap) -> MediaType<'h> {
        let lines = headers.get_all(CONTENT_TYPE).iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(types).filter_map(parse).fold(MediaType::default(), |before, found| {
            let again = before.essence.eq_ignore_ascii_case(found.essence);
            let charset = found.charset.or(before.charset.filter(|_| again));
            MediaType { charset, ..found }
        })
    }

    /// Whether it is a kind of text.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.essence.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("text/"))
    }
}

/// The types of one line, which commas part outside quotation marks.
fn types(line: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    line.split(move |c: char| {
        if escaped {
            escaped = false;
        } else {
            match c {
                '"' => quoted = !quoted,
                '\\' if quoted => escaped = true,
                ',' => return !quoted,
                _ => {}
            }
        }
        false
    })
}

/// One type with its parameters; `None` where it is none.
fn parse(text: &str) -> Option<MediaType<'_>> {
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let essence = essence.trim();
    let (kind, subtype) = essence.split_once('/')?;
    let is_token = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
    };
    if !is_token(kind) || !is_token(subtype) || essence == "*/*" {
        return None;
    }
    let charset = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'', ' ']);
        (name.trim().eq_ignore_ascii_case("charset") && !value.is_empty()).then_some(value)
    });
    Some(MediaType { essence, charset })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_type_that_is_one_counts() {
        for (lines, essence, charset) in [
            (&[][..], "", None),
            (&["application/json"], "application/json", None),
            (&["text/html; charset=x", "application/json"], "application/json", None),
            (
                &["application/json;charset=UTF-8, application/json"],
                "application/json",
                Some("UTF-8"),
            ),
            (&["text/html;charset=a", "text/HTML"], "text/HTML", Some("a")),
            (&["text/plain;charset=\"a,b\", nonsense"], "text/plain", Some("a,b")),
            (&["application/json; charset="], "application/json", None),
            (&["application/json; charset=\"\""], "application/json", None),
            (&["text/x; charset=\"\"utf-8\"\""], "text/x", Some("utf-8")),
            (&["text/html", "*/*"], "text/html", None),
            (&["json", "/", "a/b/c", ""], "", None),
            (&["text/x; boundary=a; Charset = 'latin1' "], "text/x", Some("latin1")),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(CONTENT_TYPE, line.parse().unwrap());
            }
            assert_eq!(MediaType::of(&headers), MediaType { essence, charset }, "{lines:?}");
        }
    }
}
