//! A reference page as HTML.

use super::document::Document;

/// The page as HTML.
#[must_use]
pub fn html(page: &impl AsRef<Document>) -> String {
    page.as_ref().title.clone()
}
