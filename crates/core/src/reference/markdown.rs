//! A reference page as Markdown.

use super::document::Document;

/// The page as Markdown.
#[must_use]
pub fn markdown(page: &impl AsRef<Document>) -> String {
    page.as_ref().title.clone()
}
