//! Pages: a service gives a long list in parts, and each reply says how to ask for the next.
//!
//! ```text
//! reply ─ items ─▶ Records
//!       └ next  ─▶ Cursor ─ into the first request ─▶ the request of the next page
//! ```
//! Everything here is decided from replies; [`crate::call`] sends what it decides.

mod change;
mod cursor;
mod ended;
mod fault;
mod got;
mod link;
mod next;
mod place;
mod planned;
mod records;
mod rule;
mod turn;
mod wanted;

pub use change::Change;
pub use cursor::Cursor;
pub use ended::Ended;
pub use fault::PageFault;
pub use got::Got;
pub use next::Next;
pub use place::Place;
pub use planned::PlannedPages;
pub use records::Records;
pub use rule::{Most, Pages};
pub use turn::Turn;
pub use wanted::{ALL, FIRST, Wanted};
