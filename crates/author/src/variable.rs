//! The environment variables that stand for fields.

/// The name of an environment variable for a label: upper case, other characters as one underscore.
///
/// # Example: a label with a colon
/// ```
/// assert_eq!(cardhost_author::variable::variable("Service Account: Secret"), "SERVICE_ACCOUNT_SECRET");
/// ```
#[must_use]
pub fn variable(label: &str) -> String {
    let mut name = String::with_capacity(label.len());
    for c in label.chars() {
        if c.is_ascii_alphanumeric() {
            name.push(c.to_ascii_uppercase());
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
    let name = name.trim_matches('_');
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{name}")
    } else {
        name.to_owned()
    }
}
