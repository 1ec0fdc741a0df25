//! A JSON text of which parts are looked up.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::Paths;
use crate::value::text;

/// A JSON text and where in it the parts are that are looked up. Parts are read when they are asked for, so that a reply
/// costs no more memory than its text and what is put out of it. Its `Debug` says how long it is.
pub struct JsonText<'b> {
    text: Cow<'b, str>,
    paths: &'b Paths,
    found: Vec<Option<Range<usize>>>,
}

impl fmt::Debug for JsonText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsonText({} bytes)", self.text.len())
    }
}

impl<'b> JsonText<'b> {
    /// Finds the parts, and sees that all of the text is JSON.
    pub(super) fn find(
        text: Cow<'b, str>,
        paths: &'b Paths,
    ) -> Result<JsonText<'b>, serde_json::Error> {
        // Halves of surrogate pairs in keys and texts are no fault; what is found stands at the same place in the text as it came.
        let readable = text::mended(&text);
        let start = readable.as_ptr() as usize;
        let found = match paths.find(&readable) {
            Ok(found) => found,
            Err(error) => return Err(text::check(&readable).err().unwrap_or(error)),
        };
        let place = |part: &str| {
            let begin = part.as_ptr() as usize - start;
            begin..begin + part.len()
        };
        let found = found.into_iter().map(|part| part.map(place)).collect();
        drop(readable);
        Ok(JsonText { text, paths, found })
    }

    /// The JSON text of a part: keys of objects and indices of lists lead to it, none to the whole.
    #[must_use]
    pub fn part(&self, segments: &[String]) -> Option<&str> {
        if let Some(slot) = self.paths.slot(segments) {
            return self.text.get(self.found.get(slot)?.clone()?);
        }
        let mut path = Paths::default();
        path.add(segments);
        let readable = text::mended(&self.text);
        let part = path.find(&readable).ok()?.pop()??;
        let begin = part.as_ptr() as usize - readable.as_ptr() as usize;
        self.text.get(begin..begin + part.len())
    }
}
