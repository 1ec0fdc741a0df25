//! The records of a page.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;

use super::fault::PageFault;
use crate::template::{Found, Scope, TemplateValueError, ValueTemplate};
use crate::value::text;

/// The records of a page: JSON texts, each as the service wrote it, without line breaks.
#[derive(Clone, Default)]
pub struct Records {
    /// The list that they are.
    list: String,
    /// Where in it each of them is.
    places: Vec<Range<usize>>,
}

/// Tells how many; records may hold what must not be shown.
impl std::fmt::Debug for Records {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Records({})", self.places.len())
    }
}

impl Records {
    /// Those that a template gives.
    pub(crate) fn of(template: &ValueTemplate, scope: &dyn Scope) -> Result<Records, PageFault> {
        let reference = template.as_template().and_then(|template| template.as_reference());
        if let Some(Found::Json(list)) = reference.and_then(|reference| scope.lookup(reference)) {
            return Records::of_list(list);
        }
        let missing = |reason: String| PageFault::NoItems { reason };
        match template.value(scope) {
            Ok(Some(value)) if !value.is_null() => Records::of_list(&value.to_string()),
            Ok(_) if template.is_optional_inside() => Ok(Records::default()),
            Ok(_) => Err(missing("`pages.items` has no value".to_owned())),
            Err(error @ TemplateValueError::Missing { .. }) => Err(missing(error.to_string())),
            Err(error) => Err(missing(error.to_string())),
        }
    }

    /// Those of a list's text.
    fn of_list(list: &str) -> Result<Records, PageFault> {
        match list.as_bytes().first() {
            Some(b'[') => {}
            Some(b'n') => return Ok(Records::default()),
            _ => {
                let found = crate::value::type_name(&text::outline(list));
                return Err(PageFault::NotAList { found });
            }
        }
        // Only outside of strings a JSON text has line breaks.
        let list = match memchr::memchr2(b'\n', b'\r', list.as_bytes()) {
            Some(_) => list.replace(['\n', '\r'], " "),
            None => list.to_owned(),
        };
        let start = list.as_ptr() as usize;
        let mut places = Vec::new();
        text::items(&list, &mut |item| {
            let begin = item.as_ptr() as usize - start;
            places.push(begin..begin + item.len());
        });
        Ok(Records { list, places })
    }

    /// One more, on one line.
    pub(crate) fn push(&mut self, record: &str) {
        self.list.push(if self.list.is_empty() { '[' } else { ',' });
        let begin = self.list.len();
        self.list.push_str(record);
        // Only outside of strings a JSON text has line breaks.
        if memchr::memchr2(b'\n', b'\r', record.as_bytes()).is_some() {
            let record = self.list.split_off(begin).replace(['\n', '\r'], " ");
            self.list.push_str(&record);
        }
        self.places.push(begin..self.list.len());
    }

    /// Those that were pushed, as a list.
    pub(crate) fn take(&mut self) -> Records {
        let mut records = std::mem::take(self);
        if !records.list.is_empty() {
            records.list.push(']');
        }
        records
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The JSON text of each, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.places.iter().filter_map(|place| self.list.get(place.clone()))
    }

    /// One of them; from the end where the index is negative.
    pub(crate) fn get(&self, index: i64) -> Option<&str> {
        let index = match usize::try_from(index) {
            Ok(index) => index,
            Err(_) => {
                let back = usize::try_from(index.unsigned_abs()).ok()?;
                self.places.len().checked_sub(back)?
            }
        };
        self.list.get(self.places.get(index)?.clone())
    }

    /// The list of all of them.
    #[must_use]
    pub fn list(&self) -> &str {
        if self.list.is_empty() { "[]" } else { &self.list }
    }

    /// Leaves the first ones out, and of the others all but so many.
    pub(crate) fn cut(&mut self, skip: u64, most: Option<u64>) {
        let skip = usize::try_from(skip).unwrap_or(usize::MAX).min(self.places.len());
        let most = most.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
        if skip == 0 && most >= self.places.len() {
            return;
        }
        let kept: Vec<&str> = self.iter().skip(skip).take(most).collect();
        let (mut list, mut places) = ("[".to_owned(), Vec::with_capacity(kept.len()));
        for item in kept {
            if !places.is_empty() {
                list.push(',');
            }
            places.push(list.len()..list.len() + item.len());
            list.push_str(item);
        }
        list.push(']');
        *self = Records { list, places };
    }

    /// What tells them from those of another page.
    pub(crate) fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.list.hash(&mut hasher);
        hasher.finish()
    }
}
