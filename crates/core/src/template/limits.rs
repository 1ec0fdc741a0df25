//! How large templates may be, and what they give.

/// Most bytes of one template.
pub const MAX_TEMPLATE_BYTES: usize = 8 * 1024;
/// Deepest nesting of a helper call.
pub const MAX_DEPTH: usize = 16;
/// Most bytes that one template may render.
pub const MAX_RENDERED_BYTES: usize = 1024 * 1024;
