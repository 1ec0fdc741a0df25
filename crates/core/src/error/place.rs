//! Places: a document, a JSON Pointer into it, a field, a line.

/// Where an error is: a document, a place in it, and the field it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The document: a path such as `cards/mixpanel/connector.json`; empty for the invocation.
    pub file: String,
    /// JSON Pointer into the document (RFC 6901); empty for the whole document.
    pub pointer: String,
    /// The label of the field, where the error is about one.
    pub field: Option<String>,
    /// One-based line and column, where the text is at hand.
    pub line_column: Option<(usize, usize)>,
}

impl Place {
    /// A place in the invocation, as a JSON Pointer built from plain segments.
    #[must_use]
    pub fn invocation(segments: &[&str]) -> Place {
        Place {
            pointer: pointer(segments),
            field: segments.last().map(|s| (*s).to_owned()),
            ..Place::default()
        }
    }

    /// A place in a definition file.
    #[must_use]
    pub fn definition(file: &str, pointer: impl Into<String>) -> Place {
        Place { file: file.to_owned(), pointer: pointer.into(), ..Place::default() }
    }
}

/// A JSON Pointer from plain segments, escaped after RFC 6901, section 3.
#[must_use]
pub fn pointer(segments: &[&str]) -> String {
    let mut text = String::new();
    for segment in segments {
        push_pointer(&mut text, segment);
    }
    text
}

/// Appends one segment to a JSON Pointer (RFC 6901, section 3).
pub fn push_pointer(pointer: &mut String, segment: &str) {
    pointer.push('/');
    for c in segment.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_escape_tilde_and_slash() {
        assert_eq!(pointer(&["a/b", "c~d"]), "/a~1b/c~0d");
    }
}
