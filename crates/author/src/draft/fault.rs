//! Why no draft can be made.

/// Why no draft can be made, in words for the command line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DraftFault {
    /// A quote without its end.
    #[error("a quote of the curl command has no end")]
    Unclosed,
    /// It is written for another shell.
    #[error("this is written for Windows' cmd: copy it as cURL (bash)")]
    WindowsShell,
    /// It does not begin with `curl`.
    #[error("this is no curl command: it begins with `{0}`")]
    NotCurl(String),
    /// There is no URL in it.
    #[error("the curl command has no URL")]
    NoUrl,
    /// There are two URLs in it.
    #[error("the curl command has several URLs: a card is one request")]
    SeveralUrls,
    /// The URL cannot be read.
    #[error("`{0}` is not a URL of http or https")]
    Url(String),
    /// The method is none that a card can have.
    #[error("a card cannot have the method `{0}`")]
    Method(String),
    /// An option without its value.
    #[error("curl's option `{0}` has no value")]
    NoValue(String),
    /// An option that curl does not have, or that nobody pastes.
    #[error("curl's option `{0}` is not known here")]
    UnknownOption(String),
    /// An option that a card has no words for yet.
    #[error("curl's option `{option}` is not supported yet: {why}")]
    Unsupported {
        /// As it was written.
        option: String,
        /// What it would need.
        why: &'static str,
    },
    /// The connector has no target for the URL.
    #[error("no target of `{connector}` has a base URL that `{url}` is below: {bases}")]
    NoTarget {
        /// The connector.
        connector: String,
        /// The URL, without query.
        url: String,
        /// What there is.
        bases: String,
    },
}
