//! Names of files: as a sender writes them (RFC 7578), as a service gives them (RFC 6266), and made fit for a folder.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::CONTENT_DISPOSITION;
use percent_encoding::percent_decode_str;
use url::Url;

use super::media_types::extension_of;
use crate::decoder::MediaType;

/// Most bytes of a name: what file systems take, with room for a number.
const LONGEST_NAME: usize = 200;

/// The last part of a path.
pub(super) fn base_name(path: &str) -> Option<&str> {
    path.rsplit(['/', '\\']).find(|part| !part.is_empty())
}

/// A text for a quoted string of `Content-Disposition` in a form, as browsers write it (RFC 7578, section 4.2, and the HTML standard): in
/// UTF-8, with quotation marks and line ends percent-encoded.
#[must_use]
pub fn in_quotes(text: &str) -> Cow<'_, str> {
    if !text.contains(['"', '\r', '\n']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A"))
}

/// `form-data; name="…"; filename="…"` of a part of a form; `attachment` where it is no field of a form.
#[must_use]
pub fn disposition(name: Option<&str>, file_name: Option<&str>) -> String {
    let mut text = String::new();
    match name {
        Some(name) => {
            text.push_str("form-data; name=\"");
            text.push_str(&in_quotes(name));
            text.push('"');
        }
        None => text.push_str("attachment"),
    }
    if let Some(file_name) = file_name {
        text.push_str("; filename=\"");
        text.push_str(&in_quotes(file_name));
        text.push('"');
    }
    text
}

/// The name that a reply is kept under: the card's own, else that of `Content-Disposition`, else that of the URL, else `download`; with
/// nothing in it that leads out of a folder, hides it or means something else to a system.
#[must_use]
pub fn name_of(own: Option<&str>, headers: &HeaderMap, url: &Url) -> String {
    let given = || {
        let values = headers.get_all(CONTENT_DISPOSITION).iter();
        values.filter_map(|value| disposed(value.as_bytes())).find_map(|name| fit(&name))
    };
    let of_url = || {
        let last = url.path_segments()?.rfind(|segment| !segment.is_empty())?;
        fit(&percent_decode_str(last).decode_utf8_lossy())
    };
    if let Some(name) = own.and_then(fit).or_else(given) {
        return name;
    }
    let name = of_url().unwrap_or_else(|| "download".to_owned());
    // A name of the URL that has no end gets that of the type.
    match extension_of(MediaType::of(headers).essence) {
        Some(end) if !name.contains('.') => format!("{name}.{end}"),
        _ => name,
    }
}

/// The name in a `Content-Disposition`: `filename*` before `filename` (RFC 6266, section 4.3).
fn disposed(value: &[u8]) -> Option<String> {
    let text = crate::text::latin1(value);
    let (mut plain, mut extended) = (None, None);
    for (name, value) in parameters(&text) {
        if name.eq_ignore_ascii_case("filename*") {
            extended = extended.or_else(|| extended_value(&value));
        } else if name.eq_ignore_ascii_case("filename") {
            plain = plain.or(Some(value));
        }
    }
    extended.or(plain).filter(|name| !name.is_empty())
}

/// The parameters of a header, quoted strings undone.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_matches([' ', '\t', ';']).to_owned();
        let after = after.trim_start();
        let (value, left) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => match after.split_once(';') {
                Some((value, left)) => (value.trim().to_owned(), left),
                None => (after.trim().to_owned(), ""),
            },
        };
        found.push((name, value));
        rest = left;
    }
    found
}

/// A quoted string and what follows it. A backslash is an escape only before a quotation mark or another backslash: services write
/// Windows' paths as they are.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => match chars.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                Some((_, next)) => value.push(next),
                None => value.push('\\'),
            },
            c => value.push(c),
        }
    }
    (value, "")
}

/// A value of RFC 8187: `UTF-8''%e2%82%ac.csv`.
fn extended_value(text: &str) -> Option<String> {
    let mut parts = text.splitn(3, '\'');
    let (charset, _, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes: Cow<'_, [u8]> = percent_decode_str(encoded).into();
    let encoding = encoding_rs::Encoding::for_label(charset.as_bytes())?;
    let (decoded, ..) = encoding.decode(&bytes);
    Some(decoded.into_owned())
}

/// A name that may stand in a folder; `None` where nothing of it may.
fn fit(name: &str) -> Option<String> {
    let last = base_name(name)?;
    let mut fit: String = last
        .chars()
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .map(|c| if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') { '_' } else { c })
        .collect();
    fit = fit.trim_matches([' ', '.']).to_owned();
    if fit.len() > LONGEST_NAME {
        fit = shortened(&fit);
    }
    if fit.is_empty() {
        return None;
    }
    Some(if is_device(&fit) { format!("_{fit}") } else { fit })
}

/// The name with less before its end.
fn shortened(name: &str) -> String {
    let (stem, end) = match name.rsplit_once('.') {
        Some((stem, end)) if end.len() <= 16 => (stem, format!(".{end}")),
        _ => (name, String::new()),
    };
    let mut kept = LONGEST_NAME - end.len();
    while !stem.is_char_boundary(kept) {
        kept -= 1;
    }
    format!("{}{end}", &stem[..kept])
}

/// Characters that nobody sees, and those that turn the order of the others round: a name would look like another one.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Names that are devices to Windows, whatever follows a dot.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    match stem.as_str() {
        "con" | "prn" | "aux" | "nul" => true,
        other => {
            let number = other.strip_prefix("com").or_else(|| other.strip_prefix("lpt"));
            number.is_some_and(|number| {
                matches!(
                    number,
                    "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³"
                )
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(disposition: Option<&str>, content_type: &str, url: &str) -> String {
        let mut headers = HeaderMap::new();
        if let Some(text) = disposition {
            let value = http::HeaderValue::from_bytes(text.as_bytes()).unwrap();
            headers.insert(CONTENT_DISPOSITION, value);
        }
        headers.insert(http::header::CONTENT_TYPE, content_type.parse().unwrap());
        name_of(None, &headers, &url.parse().unwrap())
    }

    #[test]
    fn a_name_is_that_of_the_header_or_the_url() {
        let url = "https://x.example/files/a%20b.csv?sig=1";
        for (disposition, expected) in [
            // The examples of RFC 6266, section 5.
            (Some("Attachment; filename=example.html"), "example.html"),
            (Some("INLINE; FILENAME= \"an example.html\""), "an example.html"),
            (Some("attachment; filename*= UTF-8''%e2%82%ac%20rates"), "€ rates"),
            (
                Some("attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82%ac%20rates"),
                "€ rates",
            ),
            (Some("attachment; filename*=iso-8859-1''gr%F6%DFe.txt; filename=x"), "größe.txt"),
            (Some("attachment; filename*=nonsense; filename=\"a.txt\""), "a.txt"),
            (Some("attachment; filename=\"größe.txt\""), "größe.txt"),
            (Some("attachment; filename=\"a;b=\\\"c\\\".txt\"; size=3"), "a;b=_c_.txt"),
            (Some("attachment"), "a b.csv"),
            (Some("attachment; filename=\"\""), "a b.csv"),
            (None, "a b.csv"),
        ] {
            assert_eq!(named(disposition, "text/plain", url), expected, "{disposition:?}");
        }
        assert_eq!(named(None, "application/pdf", "https://x.example/v1/files/42"), "42.pdf");
        assert_eq!(named(None, "application/pdf", "https://x.example/"), "download.pdf");
        assert_eq!(named(None, "x/unknown", "https://x.example/"), "download");
    }

    #[test]
    fn a_name_leads_nowhere_and_hides_nothing() {
        for (given, expected) in [
            ("../../etc/passwd", Some("passwd")),
            ("..\\..\\windows\\system.ini", Some("system.ini")),
            ("/absolute/a.txt", Some("a.txt")),
            ("C:\\temp\\a.txt", Some("a.txt")),
            ("C:a.txt", Some("C_a.txt")),
            (".bashrc", Some("bashrc")),
            ("...", None),
            ("..", None),
            ("", None),
            ("a/", Some("a")),
            ("/", None),
            ("a\0b\r\n.txt", Some("ab.txt")),
            ("invoice\u{202e}fdp.exe", Some("invoicefdp.exe")),
            ("a.txt. .", Some("a.txt")),
            ("CON", Some("_CON")),
            ("nul.txt", Some("_nul.txt")),
            ("COM1.tar.gz", Some("_COM1.tar.gz")),
            ("console.txt", Some("console.txt")),
            ("a<b>|?*.txt", Some("a_b____.txt")),
        ] {
            assert_eq!(fit(given).as_deref(), expected, "{given:?}");
        }
        let long = fit(&format!("{}.tar.gz", "ü".repeat(300))).unwrap();
        assert!(long.len() <= LONGEST_NAME && long.ends_with("ü.gz"), "{long}");
    }

    #[test]
    fn names_in_forms_are_written_as_browsers_do() {
        assert_eq!(
            disposition(Some("file"), Some("gr\"öße\r\n.txt")),
            "form-data; name=\"file\"; filename=\"gr%22öße%0D%0A.txt\""
        );
        assert_eq!(disposition(None, Some("a.txt")), "attachment; filename=\"a.txt\"");
    }
}
