//! A reference: a root and the segments after it, such as `input.Request.Relative URL`.

use std::fmt;

/// Where a reference starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Root {
    /// The fields of the connection.
    Connection,
    /// The options of the card.
    Options,
    /// The inputs of the run, by group.
    Input,
    /// The reply: `status`, `headers`, `body`.
    Response,
    /// The item of a list that another is made of: inside `each` only.
    Item,
    /// The records of a page, and of all pages in outputs: of cards with `pages` only.
    Items,
    /// The query with which a browser came back from a login: in what the login gives only.
    Redirect,
    /// What earlier steps of a login gave: in the steps of a session's login only.
    Login,
    /// The request that is being signed: in the templates of a signing auth method only.
    Signing,
}

impl Root {
    /// Every root.
    pub const ALL: [Root; 9] = [
        Root::Connection,
        Root::Options,
        Root::Input,
        Root::Response,
        Root::Item,
        Root::Items,
        Root::Redirect,
        Root::Login,
        Root::Signing,
    ];

    /// The name in a template.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Root::Connection => "connection",
            Root::Options => "options",
            Root::Input => "input",
            Root::Response => "response",
            Root::Item => "item",
            Root::Items => "items",
            Root::Redirect => "redirect",
            Root::Login => "login",
            Root::Signing => "signing",
        }
    }
}

/// A root and the segments after it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// Where it starts.
    pub root: Root,
    /// Labels, keys or list indices.
    pub segments: Vec<String>,
    /// Written with `?` at its end: a missing value is left out.
    pub optional: bool,
}

impl Reference {
    /// Reads a reference; `None` where the text is something else.
    ///
    /// # Example: segments hold spaces and colons, brackets hold dots
    /// ```
    /// use cardhost_core::template::{Reference, Root};
    /// let reference = Reference::parse("/ connection.Service Account: Username").unwrap();
    /// assert_eq!((reference.root, reference.segments), (Root::Connection, vec!["Service Account: Username".to_owned()]));
    /// assert_eq!(Reference::parse("response.headers.[x.y]?").unwrap().segments, ["headers", "x.y"]);
    /// assert_eq!(Reference::parse("lower input.X"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Reference> {
        let text = text.trim();
        let text = text.strip_prefix('/').map_or(text, str::trim_start);
        let root = Root::ALL.into_iter().find(|root| {
            text.strip_prefix(root.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '?']))
        })?;
        let rest = &text[root.as_str().len()..];
        let (rest, optional) = match rest.strip_suffix('?') {
            Some(rest) => (rest.trim_end(), true),
            None => (rest, false),
        };
        Some(Reference { root, segments: split(rest)?, optional })
    }
}

/// Splits `.a.b[c.d].e` into its segments; `None` where one is empty or a bracket is not closed.
pub(crate) fn split(mut rest: &str) -> Option<Vec<String>> {
    let mut segments = Vec::new();
    while !rest.is_empty() {
        let after_dot = rest.strip_prefix('.').unwrap_or(rest);
        if let Some(literal) = after_dot.strip_prefix('[') {
            let end = literal.find(']')?;
            segments.push(literal[..end].to_owned());
            rest = &literal[end + 1..];
            if !rest.is_empty() && !rest.starts_with(['.', '[']) {
                return None;
            }
        } else {
            let text = rest.strip_prefix('.')?;
            let end = text.find(['.', '[']).unwrap_or(text.len());
            segments.push(text[..end].to_owned());
            rest = &text[end..];
        }
        if segments.last().is_some_and(|segment| segment.is_empty()) {
            return None;
        }
    }
    Some(segments)
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.root.as_str())?;
        for segment in &self.segments {
            if segment.contains(['.', '[', ']']) {
                write!(f, ".[{segment}]")?;
            } else {
                write!(f, ".{segment}")?;
            }
        }
        if self.optional { f.write_str("?") } else { Ok(()) }
    }
}
