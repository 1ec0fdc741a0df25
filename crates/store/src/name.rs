//! What is a valid name of a connection, tenant or connector.

use crate::fault::StoreFault;

/// Most characters of a connection's and a tenant's name.
pub const MOST_NAME_BYTES: usize = 64;
/// Most characters of a connector's name.
const MOST_CONNECTOR_BYTES: usize = 128;

/// Whether a text can be the name of a connection: `[A-Za-z0-9][A-Za-z0-9_-]{0,63}`.
#[must_use]
pub fn is_connection_name(text: &str) -> bool {
    is_name(text, MOST_NAME_BYTES, b"_-")
}

/// Whether a text can be the name of a tenant: as a connection's, and `.` after the first character.
#[must_use]
pub fn is_tenant_name(text: &str) -> bool {
    is_name(text, MOST_NAME_BYTES, b"_-.")
}

/// Whether a text can be the name of a connector. The catalog knows stricter rules; here it must only be harmless.
pub(super) fn is_connector_name(text: &str) -> bool {
    is_name(text, MOST_CONNECTOR_BYTES, b"_-.")
}

/// The text, where it can be a connection's name.
pub(super) fn connection(text: &str) -> Result<(), StoreFault> {
    checked(is_connection_name(text), "connection", text)
}

/// The text, where it can be a tenant's name.
pub(super) fn tenant(text: &str) -> Result<(), StoreFault> {
    checked(is_tenant_name(text), "tenant", text)
}

/// The text, where it can be a connector's name.
pub(super) fn connector(text: &str) -> Result<(), StoreFault> {
    checked(is_connector_name(text), "connector", text)
}

fn checked(valid: bool, what: &'static str, text: &str) -> Result<(), StoreFault> {
    if valid { Ok(()) } else { Err(StoreFault::Name { what, found: text.to_owned() }) }
}

fn is_name(text: &str, most: usize, further: &[u8]) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.len() <= most
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || further.contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_letters_digits_hyphens_and_underscores() {
        for name in ["a", "0", "Prod-EU_2", &"x".repeat(64)] {
            assert!(is_connection_name(name), "{name}");
        }
        for name in ["", "-a", "_a", ".a", "a.b", "a b", "a/b", "é", "a\0", &"x".repeat(65)] {
            assert!(!is_connection_name(name), "{name}");
        }
    }

    #[test]
    fn a_tenant_may_have_dots_inside() {
        assert!(is_tenant_name("acme.example"));
        assert!(!is_tenant_name(".acme"));
        assert_eq!(
            tenant("a b"),
            Err(StoreFault::Name { what: "tenant", found: "a b".to_owned() })
        );
    }
}
