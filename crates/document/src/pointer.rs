//! JSON Pointers as they are put together and taken apart (RFC 6901).

use std::borrow::Cow;

use cardhost_core::error::push_pointer;

/// The pointer of a key of what stands at a pointer.
#[must_use]
pub fn below(pointer: &str, key: &str) -> String {
    let mut place = pointer.to_owned();
    push_pointer(&mut place, key);
    place
}

/// The segments of a pointer as they were before escaping (RFC 6901, section 4).
pub fn segments(pointer: &str) -> impl Iterator<Item = Cow<'_, str>> {
    pointer.split('/').skip(1).map(|segment| match segment.contains('~') {
        true => Cow::Owned(segment.replace("~1", "/").replace("~0", "~")),
        false => Cow::Borrowed(segment),
    })
}
