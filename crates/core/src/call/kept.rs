//! A reply that is given out as a file.

use std::sync::Arc;

use http::{HeaderMap, Method};

use super::signed::Signed;
use crate::card::Packed;
use crate::decoder::{self, DecodedBody, Look, MediaType};
use crate::file::{media_type_of, name_of};
use crate::response::{Reply, Response};

/// Most bytes of a file that comes out of a package, where the card does not say: a little may unpack to very much.
const MOST_UNPACKED_BYTES: u64 = 1024 * 1024 * 1024;

impl Signed {
    /// Whether the body of a good reply is to be kept as a file.
    #[must_use]
    pub fn keeps_file(&self) -> bool {
        self.course.end.keeps_file() && self.request().method != Method::HEAD
    }

    /// Most bytes of the file, where the card says so or it comes out of a package.
    #[must_use]
    pub fn file_limit(&self) -> Option<u64> {
        let end = &self.course.end;
        end.max_body_bytes().or_else(|| end.packed().map(|_| MOST_UNPACKED_BYTES))
    }

    /// The name of the file that a reply is kept as: fit for a folder, and not free there for certain.
    #[must_use]
    pub fn file_name(&self, status: u16, headers: &HeaderMap) -> String {
        let template = self.course.end.file_name();
        let own = template.and_then(|template| {
            let headers = Arc::new(headers.clone());
            let response = Response { status, headers, body: DecodedBody::Empty };
            let scope = self.course.scope(&response);
            let text = template.text(&scope).ok().flatten();
            text.map(std::borrow::Cow::into_owned)
        });
        let mut name = name_of(own.as_deref(), headers, &self.request().url);
        // What comes out of a package is none.
        let end = self.course.end.packed().map(Packed::name_end);
        if let Some(end) = end.filter(|end| own.is_none() && name.len() > end.len())
            && name.to_ascii_lowercase().ends_with(end)
        {
            name.truncate(name.len() - end.len());
        }
        name
    }

    /// The body of a reply that is given out as a file; `None` where it is not.
    pub(super) fn as_file<'b>(&self, reply: &'b Reply, look: Look<'b>) -> Option<DecodedBody<'b>> {
        let headers = &reply.headers;
        if let Some(kept) = &reply.kept {
            let value = serde_json::json!({
                "file": kept.path, "name": kept.name, "type": file_type(headers, &kept.name),
                "size": kept.size, "sha256": kept.sha256,
            });
            return Some(decoder::made(&value, look));
        }
        let is_file = self.keeps_file() && is_kept(reply.status);
        is_file.then(|| {
            let name = self.file_name(reply.status, headers);
            let media_type = file_type(headers, &name);
            let size = reply.body.len();
            let facts = serde_json::json!({ "name": name, "type": media_type, "size": size });
            decoder::in_base64(&reply.body, &facts, look)
        })
    }
}

/// Whether a reply with that status is a file, where its card says that replies are.
#[must_use]
pub fn is_kept(status: u16) -> bool {
    (200..300).contains(&status) && !matches!(status, 204 | 205)
}

/// The media type of a file: as the reply says, else by its name.
fn file_type<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    match MediaType::of(headers).essence {
        "" => media_type_of(name).unwrap_or("application/octet-stream"),
        essence => essence,
    }
}
