//! What a request may be.

/// The methods a card can have.
pub const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// Most bytes of a request body.
pub const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;
