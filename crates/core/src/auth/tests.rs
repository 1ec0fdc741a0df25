//! What the tests of several schemes share: the fields of a connection, and requests.

use bytes::Bytes;
use http::Method;

use crate::request::{Body, BodyKind, RequestSpec};
use crate::secret::Secret;
use crate::template::{Found, Reference, Root, Scope};

/// The fields of a connection, all of them secret; empty ones have no value.
pub(super) struct Fields(Vec<(String, Secret)>);

impl Fields {
    pub(super) fn new(fields: &[(&str, &str)]) -> Fields {
        let fields = fields.iter().filter(|(_, text)| !text.is_empty());
        Fields(fields.map(|(label, text)| ((*label).to_owned(), Secret::from(*text))).collect())
    }
}

impl Scope for Fields {
    fn lookup(&self, reference: &Reference) -> Option<Found<'_>> {
        let [label] = reference.segments.as_slice() else { return None };
        let found = self.0.iter().find(|(known, _)| known == label)?;
        (reference.root == Root::Connection).then_some(Found::Secret(&found.1))
    }

    fn is_secret(&self, reference: &Reference) -> bool {
        reference.root == Root::Connection
    }
}

pub(super) fn request(method: Method, url: &str) -> RequestSpec {
    RequestSpec::new(method, url.parse().unwrap())
}

pub(super) fn body(kind: BodyKind, text: &str) -> Option<Body> {
    Some(Body::new(kind, Bytes::copy_from_slice(text.as_bytes())))
}

pub(super) fn form_request(url: &str, text: &str) -> RequestSpec {
    RequestSpec { body: body(BodyKind::Form, text), ..request(Method::POST, url) }
}

/// The header's text, which must be there.
pub(super) fn header(request: &RequestSpec, name: &str) -> String {
    String::from_utf8(request.headers.get(name).unwrap().as_bytes().to_vec()).unwrap()
}
