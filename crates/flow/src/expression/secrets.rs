//! Which secrets an expression names.

/// The names after `$secrets`: `$secrets.name`, `$secrets."name"`, `$secrets["name"]`. What is worked out first is not known
/// from the text.
pub(crate) fn named(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (_, after) in
        text.match_indices("$secrets").map(|(at, word)| (at, &text[at + word.len()..]))
    {
        let after = after.trim_start();
        let name = match after.strip_prefix('.').map(str::trim_start) {
            Some(rest) => quoted(rest).or_else(|| word(rest)),
            None => after.strip_prefix('[').and_then(|rest| quoted(rest.trim_start())),
        };
        if let Some(name) = name
            && !found.iter().any(|known| known == name)
        {
            found.push(name.to_owned());
        }
    }
    found
}

/// What stands between quotes, where nothing in it has to be worked out.
fn quoted(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix('"')?.split_once('"')?;
    (!name.contains('\\')).then_some(name)
}

fn word(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_where_the_text_has_it() {
        for (text, names) in [
            ("$secrets.a", &["a"][..]),
            ("$secrets . a + $secrets.b_1.c + $secrets.a", &["a", "b_1"]),
            (r#"$secrets."a b" + $secrets["c"]"#, &["a b", "c"]),
            (r#"$secrets[.name], $secrets["x\(.n)"], $secrets"#, &[]),
            (r#""Bearer \($secrets.token)""#, &["token"]),
        ] {
            assert_eq!(named(text), names, "{text}");
        }
    }
}
