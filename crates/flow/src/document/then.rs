//! Where a flow goes on.

/// What comes after a task or a case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Then {
    /// The next task of the list.
    #[default]
    Continue,
    /// The end of the list.
    Exit,
    /// The end of the flow.
    End,
    /// The task of that index in the list.
    To(usize),
}
