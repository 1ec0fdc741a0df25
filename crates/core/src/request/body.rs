//! The body of a request: bytes, or bytes and files that are read when it is sent.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::secret::Redactor;

/// Most bytes of a part of a multipart body that is shown as text.
const LONGEST_SHOWN_PART: usize = 1024;

/// The body of a request.
#[derive(Clone)]
pub struct Body {
    /// How it was made.
    pub kind: BodyKind,
    /// What is in it, before its content coding.
    pub content: Content,
    /// The content coding that whoever sends it puts it into; the request's headers name it.
    pub coding: Option<ContentCoding>,
    /// The parts of a multipart body, for showing it.
    pub parts: Option<Arc<[BodyPart]>>,
}

/// What is in a body.
#[derive(Clone)]
pub enum Content {
    /// These bytes.
    Bytes(Bytes),
    /// These pieces, one after the other: some are files.
    Pieces(Arc<[Piece]>),
}

/// A piece of a body.
#[derive(Clone, PartialEq, Eq)]
pub enum Piece {
    /// Bytes.
    Bytes(Bytes),
    /// A file, read while the body is sent.
    File(FilePiece),
}

/// A file that is a piece of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePiece {
    /// Its path.
    pub path: Arc<str>,
    /// How long it is; one that has become shorter or longer is not sent.
    pub size: u64,
}

/// A part of a multipart body, as it is shown.
#[derive(Clone, Debug)]
pub struct BodyPart {
    /// The name of the form field, where the body is a form.
    pub name: Option<String>,
    /// The name of the file that it is.
    pub file_name: Option<String>,
    /// Its media type, where it says one.
    pub content_type: Option<String>,
    /// What is in it.
    pub content: Piece,
}

/// How a body was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// One JSON value.
    Json,
    /// One JSON value a line.
    Ndjson,
    /// URL-encoded form fields.
    Form,
    /// Parts, each with a media type of its own (RFC 2046, section 5.1).
    Multipart,
    /// XML.
    Xml,
    /// Text.
    Text,
    /// A file as it is.
    File,
}

impl BodyKind {
    /// The media type it is sent with, unless the request says another.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            BodyKind::Json => "application/json",
            BodyKind::Ndjson => "application/x-ndjson",
            BodyKind::Form => "application/x-www-form-urlencoded",
            BodyKind::Multipart => "multipart/form-data",
            BodyKind::Xml => "application/xml; charset=utf-8",
            BodyKind::Text => "text/plain; charset=utf-8",
            BodyKind::File => "application/octet-stream",
        }
    }
}

/// A content type without the boundary of a multipart body, which is another one each time.
#[must_use]
pub fn without_boundary(content_type: &str) -> &str {
    match content_type.split_once("; boundary=") {
        Some((kind, _)) if kind.starts_with("multipart/") => kind,
        _ => content_type,
    }
}

/// A content coding of a request (RFC 9110, section 8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ContentCoding {
    /// RFC 1952.
    Gzip,
}

impl ContentCoding {
    /// The name in the definitions and in `Content-Encoding`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ContentCoding::Gzip => "gzip",
        }
    }
}

impl Body {
    /// A body of bytes.
    #[must_use]
    pub fn new(kind: BodyKind, bytes: impl Into<Bytes>) -> Body {
        Body { kind, content: Content::Bytes(bytes.into()), coding: None, parts: None }
    }

    /// The bytes, before their content coding; `None` where some of them are in files.
    #[must_use]
    pub fn bytes(&self) -> Option<&Bytes> {
        match &self.content {
            Content::Bytes(bytes) => Some(bytes),
            Content::Pieces(_) => None,
        }
    }

    /// The bytes that are sent; `None` where some of them are in files, or a content coding makes others of them.
    #[must_use]
    pub fn sent_bytes(&self) -> Option<&Bytes> {
        self.bytes().filter(|_| self.coding.is_none())
    }

    /// How many bytes it has, before its content coding.
    #[must_use]
    pub fn size(&self) -> u64 {
        match &self.content {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Pieces(pieces) => pieces.iter().map(Piece::size).sum(),
        }
    }

    /// As it is shown, redacted: JSON as a value, other text as text, a multipart body as its parts, files by their names and sizes.
    #[must_use]
    pub fn to_json(&self, redactor: &Redactor) -> Value {
        if let Some(parts) = &self.parts {
            let parts = parts.iter().map(|part| part.to_json(redactor)).collect();
            return Value::Object(Map::from_iter([("multipart".to_owned(), Value::Array(parts))]));
        }
        let bytes = match &self.content {
            Content::Bytes(bytes) => bytes,
            Content::Pieces(pieces) => {
                let mut shown = Map::new();
                for piece in pieces.iter() {
                    if let Piece::File(file) = piece {
                        shown.insert("file".into(), Value::from(&*redactor.redact(&file.path)));
                    }
                }
                shown.insert("size".into(), Value::from(self.size()));
                return Value::Object(shown);
            }
        };
        match (self.kind, std::str::from_utf8(bytes)) {
            (BodyKind::Json, Ok(text)) => {
                crate::value::parse(text).map_or(Value::Null, |value| redactor.redact_value(value))
            }
            (BodyKind::File, Err(_)) => {
                Value::Object(Map::from_iter([("size".to_owned(), Value::from(bytes.len()))]))
            }
            _ => {
                let text = String::from_utf8_lossy(bytes);
                Value::String(redactor.redact(&text).into_owned())
            }
        }
    }
}

impl Piece {
    /// How many bytes it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self {
            Piece::Bytes(bytes) => bytes.len() as u64,
            Piece::File(file) => file.size,
        }
    }
}

impl BodyPart {
    /// `{"name", "filename", "type", …}` with `json`, `text` or `size`, redacted.
    #[must_use]
    pub fn to_json(&self, redactor: &Redactor) -> Value {
        let mut shown = Map::new();
        for (key, value) in
            [("name", &self.name), ("filename", &self.file_name), ("type", &self.content_type)]
        {
            if let Some(text) = value {
                shown.insert(key.into(), Value::from(&*redactor.redact(text)));
            }
        }
        let bytes = match &self.content {
            Piece::Bytes(bytes) => bytes,
            Piece::File(file) => {
                shown.insert("file".into(), Value::from(&*redactor.redact(&file.path)));
                shown.insert("size".into(), Value::from(file.size));
                return Value::Object(shown);
            }
        };
        let text = std::str::from_utf8(bytes).ok();
        let is_json = self.content_type.as_deref() == Some(BodyKind::Json.content_type());
        let json = text.filter(|_| is_json).and_then(|text| crate::value::parse(text).ok());
        let is_short = bytes.len() <= LONGEST_SHOWN_PART;
        match (json, text) {
            (Some(value), _) if self.file_name.is_none() || is_short => {
                shown.insert("json".into(), redactor.redact_value(value));
            }
            (_, Some(text)) if is_short => {
                shown.insert("text".into(), Value::from(&*redactor.redact(text)));
            }
            _ => {
                shown.insert("size".into(), Value::from(bytes.len()));
            }
        }
        Value::Object(shown)
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Piece::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Piece::File(file) => write!(f, "File({} bytes)", file.size),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({:?}, {} bytes)", self.kind, self.size())
    }
}
