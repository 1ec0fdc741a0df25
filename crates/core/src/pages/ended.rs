//! Why pages end.

/// Why pages end: each reason by its own name, so that a list that was cut short is never taken for all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// The reply names no next page.
    NoNext,
    /// The reply has no items, and only they say where the next page begins.
    NoItems,
    /// The condition to go on does not hold.
    While,
    /// Nothing was found.
    Nothing,
    /// The service answered with a bad status that the card takes as an output.
    Status,
    /// As many records as were asked for.
    Limit,
    /// Most pages of the card.
    MostPages,
    /// Most records of the card.
    MostRecords,
    /// The most time of the card.
    MostTime,
    /// As many bytes of records as are kept at once.
    MostBytes,
    /// Whoever runs cardhost ended it between two pages.
    Interrupted,
}

impl Ended {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Ended::NoNext => "no_next",
            Ended::NoItems => "no_items",
            Ended::While => "while",
            Ended::Nothing => "nothing_found",
            Ended::Status => "status",
            Ended::Limit => "limit",
            Ended::MostPages => "most_pages",
            Ended::MostRecords => "most_records",
            Ended::MostTime => "most_time",
            Ended::MostBytes => "most_bytes",
            Ended::Interrupted => "interrupted",
        }
    }
}
