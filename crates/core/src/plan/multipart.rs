//! A multipart body (RFC 2046, section 5.1; as a form, RFC 7578): parts with a boundary between them.

use std::sync::Arc;

use http::HeaderValue;
use ring::digest;
use serde_json::{Map, Value};

use super::fault::{PlanFault, RequestPart};
use super::limits::MAX_BODY_BYTES;
use crate::file::{FileValue, OpenedFile, disposition};
use crate::inject::header::header_value;
use crate::request::{Body, BodyKind, BodyPart, Content, Piece};
use crate::template::{Scope, scalar_text};
use crate::value::type_name;

/// What a part is, in words.
const EXPECTED: &str = "text or an object with one of `file`, `json` and `text`";

/// The keys that a part may have besides its content.
const ABOUT: [&str; 3] = ["name", "type", "headers"];

/// What the parts are to each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The fields of a form, each with its name.
    Form,
    /// One thing, of which the first part is the root; its parts have neither names nor dispositions.
    Related,
    /// Things beside each other.
    Other,
}

/// A part as it is written.
struct Part {
    shown: BodyPart,
    /// Its head, without the empty line.
    head: String,
}

/// The body of some parts, and its content type: that of the card, with the boundary.
pub(super) fn multipart(
    parts: Map<String, Value>,
    content_type: Option<&str>,
    opened: &[OpenedFile],
    scope: &dyn Scope,
) -> Result<(Body, HeaderValue), PlanFault> {
    let media_type = content_type.unwrap_or(BodyKind::Multipart.content_type());
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let kind = match essence.to_ascii_lowercase().as_str() {
        "multipart/form-data" => Kind::Form,
        "multipart/related" => Kind::Related,
        _ => Kind::Other,
    };
    let mut written = Vec::with_capacity(parts.len());
    for (name, value) in parts {
        let items = match value {
            Value::Array(items) => items,
            one => vec![one],
        };
        for item in items {
            if let Some(part) = part(&name, item, kind, opened)? {
                written.push(part);
            }
        }
    }
    let boundary = boundary(&written, scope);
    let mut content_type = format!("{media_type}; boundary={boundary}");
    // The root of related parts is the first, and its type a parameter (RFC 2387, section 3.1).
    if kind == Kind::Related
        && !media_type.contains("type=")
        && let Some(root) = written.first().and_then(|part| part.shown.content_type.as_deref())
        && let [root, ..] = root.split(';').collect::<Vec<_>>()[..]
    {
        content_type.push_str(&format!("; type=\"{}\"", root.trim()));
    }
    let content_type =
        header_value("content-type", &content_type).map_err(|_| PlanFault::ContentType)?;
    Ok((assembled(written, &boundary)?, content_type))
}

/// One part; `None` where it has no content.
fn part(
    name: &str,
    value: Value,
    kind: Kind,
    opened: &[OpenedFile],
) -> Result<Option<Part>, PlanFault> {
    let refused = |reason: String| PlanFault::Part { name: name.to_owned(), reason };
    let file_fault = |fault| PlanFault::File { field: None, fault };
    let mut map = match value {
        Value::Null => return Ok(None),
        Value::Object(map) => map,
        other => match scalar_text(&other) {
            Some(text) => Map::from_iter([("text".to_owned(), Value::from(&*text))]),
            None => return Err(refused(format!("must be {EXPECTED}, not {}", type_name(&other)))),
        },
    };
    let contents: Vec<&str> =
        ["file", "json", "text"].into_iter().filter(|key| map.contains_key(*key)).collect();
    let unknown = map.keys().find(|key| {
        let is_content = contents.iter().any(|content| content == key);
        !is_content && !ABOUT.iter().any(|known| known == key)
    });
    if let Some(key) = unknown {
        return Err(refused(format!("has no key `{key}`: it is {EXPECTED}")));
    }
    let Some(key) = contents.first() else {
        return Ok(None);
    };
    if contents.len() > 1 {
        return Err(refused(format!("must be {EXPECTED}")));
    }
    let content = map.shift_remove(*key).unwrap_or_default();
    let (mut file_name, mut content_type) = (None, None);
    let content = match *key {
        "file" if content.is_null() => return Ok(None),
        "file" => {
            let file = FileValue::read(content, opened).map_err(file_fault)?;
            // A file of a form has a name, or it would be read as a text.
            let unnamed = (kind == Kind::Form).then(|| "file".to_owned());
            file_name = file.name.filter(|name| !name.is_empty()).or(unnamed);
            content_type =
                file.content_type.or_else(|| Some(BodyKind::File.content_type().to_owned()));
            file.content
        }
        "json" => {
            content_type = Some(BodyKind::Json.content_type().to_owned());
            Piece::Bytes(content.to_string().into())
        }
        _ => match scalar_text(&content) {
            Some(text) => Piece::Bytes(text.into_owned().into()),
            None if content.is_null() => return Ok(None),
            None => {
                return Err(refused(format!("has {} as `text`", type_name(&content))));
            }
        },
    };
    let mut text = |key: &str| match map.shift_remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match scalar_text(&value) {
            Some(text) => Ok(Some(text.into_owned())),
            None => Err(refused(format!("has {} as `{key}`", type_name(&value)))),
        },
    };
    let (own_name, own_type) = (text("name")?, text("type")?);
    let (file_name, content_type) = (own_name.or(file_name), own_type.or(content_type));
    let headers = match map.shift_remove("headers") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(headers)) => headers,
        Some(other) => return Err(refused(format!("has {} as `headers`", type_name(&other)))),
    };
    let shown = BodyPart {
        name: (kind == Kind::Form).then(|| name.to_owned()),
        file_name,
        content_type,
        content,
    };
    let head = head(&shown, kind, &headers).map_err(refused)?;
    Ok(Some(Part { shown, head }))
}

/// The lines of a part's head; those that the card writes itself take the place of ours.
fn head(part: &BodyPart, kind: Kind, own: &Map<String, Value>) -> Result<String, String> {
    let mut lines = Vec::new();
    if kind == Kind::Form {
        let name = part.name.as_deref().unwrap_or_default();
        lines.push(("content-disposition", disposition(Some(name), part.file_name.as_deref())));
    } else if let (Kind::Other, Some(file_name)) = (kind, &part.file_name) {
        lines.push(("content-disposition", disposition(None, Some(file_name))));
    }
    match &part.content_type {
        Some(content_type) => lines.push(("content-type", content_type.clone())),
        None if kind == Kind::Form => {}
        None => lines.push(("content-type", BodyKind::Text.content_type().to_owned())),
    }
    let is_own = |name: &str| own.keys().any(|key| key.eq_ignore_ascii_case(name));
    let mut head = String::new();
    let mut push = |name: &str, text: &str| -> Result<(), String> {
        http::HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| format!("has a header `{name}`, which is no name of one"))?;
        // Nothing but what may stand in a line: a line break would be another header.
        header_value(name, text).map_err(|_| {
            format!("has a header `{name}` with a character that cannot stand in it")
        })?;
        head.push_str(name);
        head.push_str(": ");
        head.push_str(text);
        head.push_str("\r\n");
        Ok(())
    };
    for (name, text) in lines.iter().filter(|(name, _)| !is_own(name)) {
        push(name, text)?;
    }
    for (name, value) in own.iter().filter(|(_, value)| !value.is_null()) {
        let text = scalar_text(value)
            .ok_or_else(|| format!("has {} as header `{name}`", type_name(value)))?;
        push(name, &text)?;
    }
    Ok(head)
}

/// What stands between the parts: random, so that nobody who writes a part can write it. Where there is no moment it follows from the
/// parts, and cannot be in them either.
fn boundary(parts: &[Part], scope: &dyn Scope) -> String {
    let random = match scope.moment() {
        Some(moment) => moment.nonce_hex(),
        None => {
            let mut context = digest::Context::new(&digest::SHA256);
            for part in parts {
                context.update(part.head.as_bytes());
                match &part.shown.content {
                    Piece::Bytes(bytes) => context.update(bytes),
                    Piece::File(file) => context.update(file.path.as_bytes()),
                }
            }
            hex::encode(&context.finish().as_ref()[..16])
        }
    };
    format!("cardhost-{random}")
}

/// The parts with their boundary: in one piece, where none of them is a file that is read later.
fn assembled(parts: Vec<Part>, boundary: &str) -> Result<Body, PlanFault> {
    let in_memory = |part: &Part| match &part.shown.content {
        Piece::Bytes(bytes) => bytes.len(),
        Piece::File(_) => 0,
    };
    let overhead = |part: &Part| part.head.len() + boundary.len() + 8;
    let size: usize = parts.iter().map(|part| in_memory(part) + overhead(part)).sum();
    if size > MAX_BODY_BYTES {
        return Err(PlanFault::BodyTooLong { limit: MAX_BODY_BYTES as u64 });
    }
    let mut pieces = Vec::new();
    let mut block = Vec::with_capacity(size + boundary.len() + 6);
    // Where the content of each part is in the block, to be shown without a copy.
    let mut places = Vec::with_capacity(parts.len());
    for part in &parts {
        block.extend_from_slice(b"--");
        block.extend_from_slice(boundary.as_bytes());
        block.extend_from_slice(b"\r\n");
        block.extend_from_slice(part.head.as_bytes());
        block.extend_from_slice(b"\r\n");
        match &part.shown.content {
            Piece::Bytes(bytes) => {
                places.push(Some((pieces.len(), block.len()..block.len() + bytes.len())));
                block.extend_from_slice(bytes);
            }
            file @ Piece::File(_) => {
                places.push(None);
                pieces.push(Piece::Bytes(std::mem::take(&mut block).into()));
                pieces.push(file.clone());
            }
        }
        block.extend_from_slice(b"\r\n");
    }
    block.extend_from_slice(b"--");
    block.extend_from_slice(boundary.as_bytes());
    block.extend_from_slice(b"--\r\n");
    pieces.push(Piece::Bytes(block.into()));
    let shown = parts.into_iter().zip(places).map(|(part, place)| {
        let content = match place.map(|(piece, range)| (pieces.get(piece), range)) {
            Some((Some(Piece::Bytes(bytes)), range)) => Piece::Bytes(bytes.slice(range)),
            _ => part.shown.content,
        };
        BodyPart { content, ..part.shown }
    });
    let shown: Arc<[BodyPart]> = shown.collect();
    let content = match <[Piece; 1]>::try_from(pieces) {
        Ok([Piece::Bytes(bytes)]) => Content::Bytes(bytes),
        Ok(one) => Content::Pieces(Arc::new(one)),
        Err(pieces) => Content::Pieces(pieces.into()),
    };
    Ok(Body { kind: BodyKind::Multipart, content, coding: None, parts: Some(shown) })
}

/// The parts of a body, where its template gives any.
pub(super) fn parts_of(value: Value) -> Result<Map<String, Value>, PlanFault> {
    match value {
        Value::Object(parts) => Ok(parts),
        other => Err(PlanFault::NotAnObject { part: RequestPart::Body, found: type_name(&other) }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::moment::Moment;
    use crate::secret::Redactor;
    use crate::template::{Found, Reference};

    struct At(Option<Moment>);

    impl Scope for At {
        fn lookup(&self, _: &Reference) -> Option<Found<'_>> {
            None
        }
        fn moment(&self) -> Option<Moment> {
            self.0
        }
    }

    fn made(parts: Value, content_type: Option<&str>) -> (Body, String) {
        let scope = At(Some(Moment { unix_seconds: 0, nonce: [0xab; 16] }));
        let opened = [OpenedFile { path: "big.bin".into(), size: 9_000_000_000, bytes: None }];
        let parts = parts_of(parts).unwrap();
        let (body, content_type) = multipart(parts, content_type, &opened, &scope).unwrap();
        (body, content_type.to_str().unwrap().to_owned())
    }

    fn text(body: &Body) -> String {
        let text = String::from_utf8(body.bytes().unwrap().to_vec()).unwrap();
        text.replace(&"ab".repeat(16), "B")
    }

    #[test]
    fn parts_are_written_as_a_form_and_shown_as_parts() {
        let (body, content_type) = made(
            json!({
                "title": "Größe",
                "count": 3,
                "metadata": { "json": { "a": [1.5] } },
                "file": { "file": { "text": "a,b\n", "name": "q\"1\".csv", "type": "text/csv" } },
                "tags": ["x", { "text": "y", "type": "text/plain" }],
                "none": null,
                "gone": { "name": "a.txt" },
            }),
            None,
        );
        assert_eq!(
            content_type,
            format!("multipart/form-data; boundary=cardhost-{}", "ab".repeat(16))
        );
        assert_eq!(
            text(&body),
            "--cardhost-B\r\ncontent-disposition: form-data; name=\"title\"\r\n\r\nGröße\r\n\
             --cardhost-B\r\ncontent-disposition: form-data; name=\"count\"\r\n\r\n3\r\n\
             --cardhost-B\r\ncontent-disposition: form-data; name=\"metadata\"\r\ncontent-type: application/json\r\n\r\n{\"a\":[1.5]}\r\n\
             --cardhost-B\r\ncontent-disposition: form-data; name=\"file\"; filename=\"q%221%22.csv\"\r\ncontent-type: text/csv\r\n\r\na,b\n\r\n\
             --cardhost-B\r\ncontent-disposition: form-data; name=\"tags\"\r\n\r\nx\r\n\
             --cardhost-B\r\ncontent-disposition: form-data; name=\"tags\"\r\ncontent-type: text/plain\r\n\r\ny\r\n\
             --cardhost-B--\r\n"
        );
        assert_eq!(
            body.to_json(&Redactor::new()).to_string(),
            "{\"multipart\":[{\"name\":\"title\",\"text\":\"Größe\"},{\"name\":\"count\",\"text\":\"3\"},\
             {\"name\":\"metadata\",\"type\":\"application/json\",\"json\":{\"a\":[1.5]}},\
             {\"name\":\"file\",\"filename\":\"q\\\"1\\\".csv\",\"type\":\"text/csv\",\"text\":\"a,b\\n\"},\
             {\"name\":\"tags\",\"text\":\"x\"},{\"name\":\"tags\",\"type\":\"text/plain\",\"text\":\"y\"}]}"
        );
    }

    #[test]
    fn related_parts_have_no_names_and_say_the_type_of_the_first() {
        let (body, content_type) = made(
            json!({
                "metadata": { "json": {}, "headers": { "Content-ID": "<m>" } },
                "file": { "file": { "base64": "/w==" } },
                "last": { "text": "x", "name": "a.txt", "headers": { "content-type": null } },
            }),
            Some("multipart/related"),
        );
        assert!(content_type.starts_with("multipart/related; boundary=cardhost-ab"));
        assert!(content_type.ends_with("; type=\"application/json\""), "{content_type}");
        let bytes = body.bytes().unwrap();
        let text = String::from_utf8_lossy(bytes).replace(&"ab".repeat(16), "B");
        assert_eq!(
            text,
            "--cardhost-B\r\ncontent-type: application/json\r\nContent-ID: <m>\r\n\r\n{}\r\n\
             --cardhost-B\r\ncontent-type: application/octet-stream\r\n\r\n\u{fffd}\r\n\
             --cardhost-B\r\n\r\nx\r\n--cardhost-B--\r\n"
        );
    }

    #[test]
    fn a_file_that_was_not_read_is_a_piece_of_its_own() {
        let (body, _) = made(json!({ "a": "1", "f": { "file": { "file": "big.bin" } } }), None);
        assert!(body.bytes().is_none());
        let Content::Pieces(pieces) = &body.content else { panic!("pieces") };
        let [Piece::Bytes(before), Piece::File(file), Piece::Bytes(after)] = &**pieces else {
            panic!("{pieces:?}")
        };
        assert_eq!(&*file.path, "big.bin");
        assert_eq!(body.size(), 9_000_000_000 + (before.len() + after.len()) as u64);
        assert_eq!(
            body.to_json(&Redactor::new()).to_string(),
            "{\"multipart\":[{\"name\":\"a\",\"text\":\"1\"},\
             {\"name\":\"f\",\"filename\":\"file\",\"type\":\"application/octet-stream\",\"file\":\"big.bin\",\"size\":9000000000}]}"
        );
    }

    #[test]
    fn the_boundary_is_random_or_follows_from_the_parts() {
        let of = |scope: At, text: &str| {
            let parts = parts_of(json!({ "a": text })).unwrap();
            multipart(parts, None, &[], &scope).unwrap().1.to_str().unwrap().to_owned()
        };
        assert_eq!(of(At(None), "x"), of(At(None), "x"));
        assert_ne!(of(At(None), "x"), of(At(None), "y"));
        let moment = Moment { unix_seconds: 0, nonce: [1; 16] };
        assert_eq!(of(At(Some(moment)), "x"), of(At(Some(moment)), "y"));
    }

    #[test]
    fn what_is_no_part_is_refused() {
        for (part, reason) in [
            (
                json!({ "a": 1 }),
                "has no key `a`: it is text or an object with one of `file`, `json` and `text`",
            ),
            (
                json!({ "json": 1, "text": "a" }),
                "must be text or an object with one of `file`, `json` and `text`",
            ),
            (
                json!([[1]]),
                "must be text or an object with one of `file`, `json` and `text`, not list",
            ),
            (json!({ "text": {} }), "has object as `text`"),
            (json!({ "text": "a", "name": [] }), "has list as `name`"),
            (json!({ "text": "a", "headers": "x" }), "has text as `headers`"),
            (
                json!({ "text": "a", "headers": { "a b": "x" } }),
                "has a header `a b`, which is no name of one",
            ),
            (
                json!({ "text": "a", "type": "text/plain\r\nX-Evil: 1" }),
                "has a header `content-type` with a character that cannot stand in it",
            ),
        ] {
            let parts = parts_of(json!({ "p": part })).unwrap();
            let fault = multipart(parts, None, &[], &At(None)).map(|_| ()).unwrap_err();
            assert_eq!(fault, PlanFault::Part { name: "p".to_owned(), reason: reason.to_owned() });
        }
    }
}
