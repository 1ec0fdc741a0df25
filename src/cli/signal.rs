//! The signals that end a command.

/// A signal that ends a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signal {
    pub(crate) name: &'static str,
    pub(crate) number: u8,
}

impl Signal {
    #[cfg(unix)]
    pub(crate) const HANGUP: Signal = Signal { name: "SIGHUP", number: 1 };
    pub(crate) const INTERRUPT: Signal = Signal { name: "SIGINT", number: 2 };
    #[cfg(unix)]
    pub(crate) const TERMINATE: Signal = Signal { name: "SIGTERM", number: 15 };

    /// The exit code that shells give a command that a signal ended.
    pub(crate) fn exit_code(self) -> u8 {
        128 + self.number
    }
}
