//! Things by label, in the order of a file.

use indexmap::IndexMap;

/// Things by label, in the order of a file. Only who writes a definition chooses the labels, and its size is limited; a run
/// looks labels up and adds none. So a quick hasher is enough.
pub type Labelled<T> = IndexMap<String, T, foldhash::fast::RandomState>;
