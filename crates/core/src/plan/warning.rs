//! What is no error and deserves attention.

use crate::settle::Remark;

/// Something that is no error and deserves attention.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// A value was given for a field that does not apply, and is not sent.
    #[error("`{}` does not apply here and is not sent", path.join("."))]
    NotApplicable {
        /// Group and label.
        path: Vec<String>,
    },
    /// Of a URL only the host is used.
    #[error("`{}` is a host; left out: `{}`", path.join("."), dropped.join("` and `"))]
    HostOnly {
        /// Group and label.
        path: Vec<String>,
        /// What was dropped.
        dropped: Vec<String>,
    },
    /// The fragment of a relative URL is not sent.
    #[error("the fragment of the path is not sent")]
    FragmentDropped,
    /// A query parameter or form field is null and left out.
    #[error("parameter `{name}` is null and left out")]
    NullLeftOut {
        /// Its name.
        name: String,
    },
    /// A sentence of the target's own.
    #[error("{target}: {hint}")]
    TargetHint {
        /// The target.
        target: String,
        /// The sentence.
        hint: String,
    },
    /// A redirect to another origin was not followed.
    #[error(
        "the service redirects to `{origin}`; redirects are followed on the same origin only, and never with a user in the URL"
    )]
    RedirectNotFollowed {
        /// The origin it points to.
        origin: String,
    },
    /// A redirect of a POST that would have become a GET was not followed.
    #[error(
        "the service redirects the POST to `{url}`, where it would become a GET and nothing would be done; it is not followed"
    )]
    RedirectAsGet {
        /// Where it points to, without a query.
        url: String,
    },
    /// What the reply says of the next page cannot be asked for.
    #[error("there is no way to the next page: {reason}")]
    NoNextPage {
        /// Why.
        reason: String,
    },
    /// It was sent, or tried to be sent, more than once.
    #[error("it was tried {attempts} times")]
    SentAgain {
        /// How often.
        attempts: u32,
    },
}

impl Warning {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Warning::NotApplicable { .. } => "input.not_applicable",
            Warning::HostOnly { .. } => "input.host_only",
            Warning::FragmentDropped => "url.fragment_dropped",
            Warning::NullLeftOut { .. } => "query.null_left_out",
            Warning::TargetHint { .. } => "target.hint",
            Warning::RedirectNotFollowed { .. } | Warning::RedirectAsGet { .. } => {
                "redirect.not_followed"
            }
            Warning::NoNextPage { .. } => "pages.next",
            Warning::SentAgain { .. } => "call.sent_again",
        }
    }
}

impl From<Remark> for Warning {
    fn from(remark: Remark) -> Warning {
        match remark {
            Remark::NotApplicable { path } => Warning::NotApplicable { path },
            Remark::HostOnly { path, dropped } => Warning::HostOnly { path, dropped },
        }
    }
}
