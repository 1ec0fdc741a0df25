//! The pages of a planned request.

use std::fmt;

use url::Url;

use super::cursor::{Cursor, LAST, MAX_CURSOR_BYTES, SKIP, URL};
use super::fault::PageFault;
use super::place::Place;
use super::rule::Pages;
use super::wanted::Wanted;
use crate::inject::path::UrlFault;
use crate::inject::{follow, path};
use crate::request::RequestSpec;

/// The pages of a planned request: what they are pinned to, and which are wanted.
#[derive(Clone)]
pub struct PlannedPages {
    /// The base URL that every page is pinned to, and its text.
    pub base: (Url, String),
    /// The base URL of the service itself, where another one takes its place: the service's URLs name it.
    pub own: Option<Url>,
    /// The parameters of the query that are credentials: the service's URLs may leave them out.
    pub credentials: Vec<(String, String)>,
    /// The request of the first page, where another one is asked for first.
    pub first: Option<RequestSpec>,
    /// Which are wanted.
    pub wanted: Wanted,
    /// Whether records are handed on page by page, and not kept for the outputs.
    pub streams: bool,
}

/// Tells which are wanted, and no credential.
impl fmt::Debug for PlannedPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlannedPages").field("wanted", &self.wanted).finish_non_exhaustive()
    }
}

impl PlannedPages {
    /// The request of the page at a cursor, from that of the first.
    pub(crate) fn request(
        &self,
        pages: &Pages,
        first: &RequestSpec,
        cursor: &Cursor,
    ) -> Result<RequestSpec, PageFault> {
        let mut request = first.clone();
        for (key, value) in &cursor.0 {
            match key.as_str() {
                SKIP | LAST => {}
                URL => {
                    let text = value.as_str().unwrap_or_default();
                    request.url = self.followed(&first.url, text).map_err(PageFault::Url)?;
                    for (name, value) in &self.credentials {
                        let value = serde_json::Value::String(value.clone());
                        Place::Query(name.clone()).put(&mut request, &value)?;
                    }
                }
                key => {
                    if let Some(place) = pages.places().find(|place| place.to_string() == key) {
                        place.put(&mut request, value)?;
                    }
                }
            }
        }
        Ok(request)
    }

    /// A URL of the service, relative to that of a page, under the base.
    pub(crate) fn followed(&self, from: &Url, text: &str) -> Result<Url, UrlFault> {
        let text = text.trim();
        let invalid = |reason: url::ParseError| UrlFault::Invalid { reason: reason.to_string() };
        let url = from.join(text).map_err(invalid)?;
        let below = follow::below_base(&self.base.0, url.as_str());
        let below = match (below, &self.own) {
            (Err(_), Some(own)) => {
                let url = own.join(text).map_err(invalid)?;
                follow::below_base(own, url.as_str())?
            }
            (below, _) => below?,
        };
        path::join(&self.base.0, &self.base.1, &below, "").map(|joined| joined.url)
    }
}

impl Cursor {
    /// What of it later pages repeat of the first.
    pub(crate) fn carried(&self, pages: &Pages) -> Cursor {
        let places = pages.carry.iter().map(|(place, _)| place.to_string());
        let values = places.filter_map(|place| Some((place.clone(), self.0.get(&place)?.clone())));
        Cursor(values.collect())
    }

    /// Reads a cursor of a card: only places that its pages change are in it.
    ///
    /// # Errors
    /// [`PageFault::Cursor`].
    pub fn check(&self, pages: &Pages) -> Result<(), PageFault> {
        let fault = |reason: String| PageFault::Cursor { reason };
        let places = || pages.places();
        for (key, value) in &self.0 {
            let is_known = match key.as_str() {
                SKIP => value.is_u64(),
                LAST => value.is_string(),
                URL => value.is_string() && pages.next.is_some() && places().next().is_none(),
                key => places().any(|place| place.to_string() == key),
            };
            if !is_known {
                return Err(fault(format!("`{key}` is not what its pages change")));
            }
        }
        let length: usize = self.0.values().map(|value| value.to_string().len()).sum();
        match length > MAX_CURSOR_BYTES {
            true => Err(fault(format!("it is longer than {MAX_CURSOR_BYTES} bytes"))),
            false => Ok(()),
        }
    }
}
