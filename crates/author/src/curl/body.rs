//! The options of curl for a body: data, or the parts of a form.

use std::fmt::Write as _;

use cardhost_core::request::{Body, BodyKind, BodyPart, Content, Piece, RequestSpec};
use cardhost_core::secret::Redactor;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

/// The options of a body, and what has to be said before the command.
#[derive(Default)]
pub(super) struct BodyOptions {
    /// Each with its argument, which is not quoted for the shell yet.
    pub(super) options: Vec<(&'static str, String)>,
    /// Lines without `#`.
    pub(super) notes: Vec<String>,
    /// The headers that curl writes itself, or cannot keep.
    pub(super) left_out: Vec<http::HeaderName>,
}

/// The options for the body of a request.
pub(super) fn options(request: &RequestSpec, redactor: &Redactor) -> BodyOptions {
    let mut found = BodyOptions::default();
    let Some(body) = &request.body else { return found };
    if let Some(coding) = body.coding {
        found.left_out.push(CONTENT_ENCODING);
        found
            .notes
            .push(format!("without the coding `{}`: curl sends it as it is", coding.as_str()));
    }
    let content_type = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_form = content_type.is_some_and(|text| text.starts_with("multipart/form-data"));
    match &body.parts {
        Some(parts) if is_form => {
            found.left_out.push(CONTENT_TYPE);
            parts.iter().for_each(|part| form(part, redactor, &mut found));
        }
        _ => data(body, redactor, &mut found),
    }
    found
}

/// One part of a form.
fn form(part: &BodyPart, redactor: &Redactor, found: &mut BodyOptions) {
    let redact = |text: &str| redactor.redact(text).into_owned();
    let name = redact(part.name.as_deref().unwrap_or_default());
    let text = match &part.content {
        Piece::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
        Piece::File(_) => None,
    };
    if let (Some(text), None, None) = (text, &part.file_name, &part.content_type) {
        found.options.push(("--form-string", format!("{name}={}", redact(text))));
        return;
    }
    let mut option = match (&part.content, text) {
        (Piece::File(file), _) => format!("{name}=@{}", in_quotes(&redact(&file.path))),
        (_, Some(text)) => format!("{name}={}", in_quotes(&redact(text))),
        (Piece::Bytes(bytes), None) => {
            let file = redact(part.file_name.as_deref().unwrap_or("part.bin"));
            found
                .notes
                .push(format!("save the {} bytes of part `{name}` as `{file}`", bytes.len()));
            format!("{name}=@{}", in_quotes(&file))
        }
    };
    // Writing to a String cannot fail.
    if let Some(file_name) = &part.file_name {
        let _ = write!(option, ";filename={}", in_quotes(&redact(file_name)));
    }
    if let Some(content_type) = &part.content_type {
        let _ = write!(option, ";type={}", redact(content_type));
    }
    found.options.push(("--form", option));
}

/// A value of `--form` that holds whatever it holds.
fn in_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A body in one piece.
fn data(body: &Body, redactor: &Redactor, found: &mut BodyOptions) {
    if let Content::Pieces(pieces) = &body.content
        && let [Piece::File(file)] = &**pieces
    {
        found.options.push(("--data-binary", format!("@{}", redactor.redact(&file.path))));
        return;
    }
    let Some(text) = body.bytes().and_then(|bytes| std::str::from_utf8(bytes).ok()) else {
        found.notes.push(format!("save the {} bytes of the body as `body.bin`", body.size()));
        found.options.push(("--data-binary", "@body.bin".to_owned()));
        return;
    };
    // Text by text: the redactor might find the spelling of a secret across the tokens of a JSON text.
    let text = match (body.kind, cardhost_core::value::parse(text)) {
        (BodyKind::Json, Ok(value)) => redactor.redact_value(value).to_string(),
        _ => redactor.redact(text).into_owned(),
    };
    found.options.push(("--data-raw", text));
}
