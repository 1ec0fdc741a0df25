//! Labels for people, made of names for programs.

/// Words that people write in capitals.
const CAPITALS: [&str; 16] = [
    "id", "url", "uri", "api", "html", "json", "ip", "uuid", "utc", "csv", "sql", "sku", "vat",
    "sms", "pdf", "iso",
];

/// A label for a name: `due_date` and `dueDate` are `Due Date`, `customer_ids` is `Customer IDs`.
///
/// # Example: names of several styles
/// ```
/// use cardhost_core::label::label;
/// assert_eq!(label("callbackURL"), "Callback URL");
/// assert_eq!(label("filter[created_at]"), "Filter Created At");
/// ```
#[must_use]
pub fn label(name: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let letters: Vec<char> = name.chars().collect();
    for (at, c) in letters.iter().enumerate() {
        if !c.is_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let after = letters.get(at + 1);
        let begins = c.is_uppercase()
            && (before.is_some_and(|c| c.is_lowercase() || c.is_numeric())
                || (before.is_some_and(|c| c.is_uppercase())
                    && after.is_some_and(|c| c.is_lowercase())));
        if begins || words.is_empty() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    let words: Vec<String> =
        words.iter().filter(|word| !word.is_empty()).map(|word| shown(word)).collect();
    if words.is_empty() { "Value".to_owned() } else { words.join(" ") }
}

fn shown(word: &str) -> String {
    if CAPITALS.contains(&word) {
        return word.to_uppercase();
    }
    if let Some(one) = word.strip_suffix('s').filter(|one| CAPITALS.contains(one)) {
        return format!("{}s", one.to_uppercase());
    }
    let mut letters = word.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}
