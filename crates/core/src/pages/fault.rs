//! What can be wrong with pages.

use crate::error::{Code, Fault, Place};
use crate::inject::path::UrlFault;

/// Why pages cannot be asked for, or not go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PageFault {
    /// More than a page is asked of a card that has none.
    #[error("the card has no pages")]
    None,
    /// What the card says of the pages that are wanted is nothing that can be asked for.
    #[error("the pages that are wanted are not said: {reason}")]
    Wanted {
        /// Why, in words, without values.
        reason: String,
    },
    /// A cursor is none of this card's.
    #[error("the cursor is none of this card's: {reason}")]
    Cursor {
        /// Why, in words, without values.
        reason: String,
    },
    /// The items are no list.
    #[error("the records of the page are {found}, not a list")]
    NotAList {
        /// What is there.
        found: &'static str,
    },
    /// The reply has no items.
    #[error("the reply has no records: {reason}")]
    NoItems {
        /// Why, in words.
        reason: String,
    },
    /// The reply says nothing of the next page, and should.
    #[error("the reply does not say where the next page begins: `{place}` has no value")]
    NoNext {
        /// Where it would go in the request.
        place: String,
    },
    /// What a reply gives for the next page cannot be asked for.
    #[error("the next page cannot be asked for: {reason}")]
    Next {
        /// Why, in words, without values.
        reason: String,
    },
    /// The URL of the next page leads away.
    #[error("the next page cannot be asked for: {0}")]
    Url(UrlFault),
    /// A page begins where an earlier one did.
    #[error("page {page} leads to a page that was had already: the pages go round in circles")]
    SameCursor {
        /// Counted from 1.
        page: u64,
    },
    /// The records of a page that an earlier run had are others now.
    #[error(
        "record {record} of the page, the last that was had, is another one now: the list has changed"
    )]
    Changed {
        /// Counted from 1.
        record: u64,
    },
    /// A page has the same records as an earlier one.
    #[error("page {page} has the same records as an earlier one")]
    SamePage {
        /// Counted from 1.
        page: u64,
    },
}

impl Fault for PageFault {
    fn code(&self) -> Code {
        match self {
            PageFault::None => Code::PAGES_NONE,
            PageFault::Wanted { .. } => Code::TEMPLATE_VALUE,
            PageFault::Cursor { .. } => Code::PAGES_CURSOR,
            PageFault::NotAList { .. } | PageFault::NoItems { .. } => Code::PAGES_ITEMS,
            PageFault::NoNext { .. } | PageFault::Next { .. } => Code::PAGES_NEXT,
            PageFault::Url(fault) => fault.code(),
            PageFault::SameCursor { .. } | PageFault::SamePage { .. } => Code::PAGES_REPEATED,
            PageFault::Changed { .. } => Code::PAGES_CHANGED,
        }
    }

    fn place(&self) -> Place {
        match self {
            PageFault::None | PageFault::Cursor { .. } => {
                Place { pointer: "/pages".to_owned(), ..Place::default() }
            }
            _ => Place::default(),
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            PageFault::Wanted { .. } => {
                "give the number of records that is asked for, or say `pages` in the invocation"
            }
            PageFault::None => "ask for it as it is; its connector's author can declare `pages`",
            PageFault::Cursor { .. } => {
                "give the `next` of an earlier run of the same card as it was"
            }
            PageFault::NotAList { .. } | PageFault::NoItems { .. } => {
                "check `pages.items` of the card against a reply of the service"
            }
            PageFault::NoNext { .. } | PageFault::Next { .. } => {
                "check `pages.next` of the card against a reply of the service"
            }
            PageFault::Url(_) => {
                "what was had so far is kept; nothing is asked of another service with these credentials"
            }
            PageFault::Changed { .. } => {
                "begin again, or take `last` out of the cursor to go on all the same: records may be missing then, or come again"
            }
            PageFault::SameCursor { .. } | PageFault::SamePage { .. } => {
                "what was had so far is kept; the service does not move on, or `pages.next` of the card does not reach it"
            }
        };
        Some(text.to_owned())
    }
}
