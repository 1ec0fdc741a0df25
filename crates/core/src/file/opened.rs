//! A file that an input names, as whoever runs the call has found it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

/// A file that an input names. Who plans a request gives those that may be read; a path that is not among them is refused.
#[derive(Clone)]
pub struct OpenedFile {
    /// The path as the input has it.
    pub path: Arc<str>,
    /// How long it is.
    pub size: u64,
    /// What is in it, where it was read; else it is read while it is sent.
    pub bytes: Option<Bytes>,
}

impl fmt::Debug for OpenedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenedFile({} bytes)", self.size)
    }
}
