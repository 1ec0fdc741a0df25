//! Why no connection stands, on its way through hyper.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use cardhost_core::transport_fault::Denied;

/// The egress policy refuses it.
#[derive(Debug)]
pub(super) struct Refused(pub(super) Denied);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused by the egress policy")
    }
}

impl StdError for Refused {}

/// No connection stood within the limit.
#[derive(Debug)]
pub(super) struct TookTooLong;

impl fmt::Display for TookTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no connection within the limit")
    }
}

impl StdError for TookTooLong {}

/// Why TLS did not begin.
#[derive(Debug)]
pub(super) struct Handshake(pub(super) io::Error);

impl fmt::Display for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl StdError for Handshake {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

/// Why a name has no address.
#[derive(Debug)]
pub(super) struct NoAddress(pub(super) io::Error);

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl StdError for NoAddress {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}
