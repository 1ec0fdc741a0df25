//! A flow as a picture.
//!
//! ```text
//! Document ─▶ Graph (blocks in columns, and the ways between them) ─┬▶ mermaid: text that others draw
//!                                                                    └▶ layout ─▶ svg
//! ```
//! A list of tasks is a column of blocks, one below the other. A task with lists of its own is a frame around
//! their columns; the branches of a `fork` are a column each. Nothing here is recursive: documents nest deep.

mod blocks;
mod layout;
mod mermaid;
mod svg;
#[cfg(test)]
pub(super) mod tests;
mod words;

pub use mermaid::mermaid;
pub use svg::svg;
