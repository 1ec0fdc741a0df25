//! The text of a credential, and the header it is put into.

use std::borrow::Cow;

use http::HeaderName;

use super::AuthFault;
use crate::inject::header::header_value;
use crate::request::RequestSpec;
use crate::secret::Secret;
use crate::template::{Scope, Template};

/// The text of a credential's template.
pub(crate) fn credential<'s>(
    template: &'s Template,
    scope: &'s dyn Scope,
) -> Result<Cow<'s, str>, AuthFault> {
    template.text(scope).map(Option::unwrap_or_default).map_err(AuthFault::Template)
}

/// The text of a credential that may be left out; empty text counts as left out.
pub(super) fn optional_credential(
    template: Option<&Template>,
    scope: &dyn Scope,
) -> Result<Option<Secret>, AuthFault> {
    let Some(template) = template else { return Ok(None) };
    let text = credential(template, scope)?;
    Ok((!text.is_empty()).then(|| Secret::from(&*text)))
}

/// Refuses what comes along when a credential is copied from a page, a chat or a spreadsheet: white space and quotation marks around
/// it, and characters outside ASCII, many of which nobody sees. It goes into a header as it is, and no service takes it so.
pub(super) fn check_pasted(text: &str) -> Result<(), AuthFault> {
    let strange = |char: &char| char.is_whitespace() || char.is_control() || !char.is_ascii();
    let pasted = |how: String| Err(AuthFault::Pasted { how });
    if let Some(first) = text.chars().next().filter(strange) {
        return pasted(format!("begins with {}", named(first)));
    }
    if let Some(last) = text.chars().next_back().filter(strange) {
        return pasted(format!("ends with {}", named(last)));
    }
    if let Some(inside) = text.chars().find(|char| !char.is_ascii()) {
        return pasted(format!("holds {}", named(inside)));
    }
    let quoted = |mark: char| text.len() > 1 && text.starts_with(mark) && text.ends_with(mark);
    if ['"', '\'', '`'].into_iter().any(quoted) {
        return pasted("stands in quotation marks".to_owned());
    }
    Ok(())
}

/// The same of a token that stands alone after its prefix (RFC 6750, section 2.1): nothing is in it that would end it. Tokens with
/// more of ASCII than the RFC's `b64token` are in use, such as those of Laravel (`|`) and Salesforce (`!`).
pub(super) fn check_token(text: &str, prefix: &str) -> Result<(), AuthFault> {
    check_pasted(text)?;
    let pasted = |how: String| Err(AuthFault::Pasted { how });
    let words = prefix.trim_end();
    if let Some((first, _)) = text.split_once(' ')
        && !words.is_empty()
        && first.eq_ignore_ascii_case(words)
    {
        return pasted(format!("begins with `{words}`, which is put before it"));
    }
    if text.starts_with('"') || text.ends_with('"') {
        return pasted("has a quotation mark at one end".to_owned());
    }
    if text.contains(' ') { pasted("holds a space".to_owned()) } else { Ok(()) }
}

/// A character that is not to be seen, or not to be told from another, by its name.
fn named(char: char) -> String {
    match char {
        ' ' => "a space".to_owned(),
        '\t' => "a tab".to_owned(),
        '\n' | '\r' => "a line end".to_owned(),
        _ => format!("U+{:04X}", u32::from(char)),
    }
}

/// Sets a header that carries a credential: marked sensitive, so that no layer below prints it.
pub(crate) fn set_sensitive(
    request: &mut RequestSpec,
    name: HeaderName,
    value: &str,
) -> Result<(), AuthFault> {
    let mut value = header_value(name.as_str(), value).map_err(AuthFault::Header)?;
    value.set_sensitive(true);
    request.headers.insert(name, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn how(refused: Result<(), AuthFault>) -> String {
        match refused {
            Ok(()) => String::new(),
            Err(fault) => fault.to_string(),
        }
    }

    #[test]
    fn what_was_pasted_along_is_named() {
        for (text, words) in [
            ("abc", ""),
            ("", ""),
            ("Token abc", ""),
            ("it's", ""),
            (" abc", "begins with a space"),
            ("abc ", "ends with a space"),
            ("abc\n", "ends with a line end"),
            ("\tabc", "begins with a tab"),
            ("abc\u{200b}", "ends with U+200B"),
            ("\u{feff}abc", "begins with U+FEFF"),
            ("abc\u{a0}", "ends with U+00A0"),
            ("a\u{2013}b", "holds U+2013"),
            ("\u{201c}abc\u{201d}", "begins with U+201C"),
            ("\"abc\"", "stands in quotation marks"),
            ("'abc'", "stands in quotation marks"),
        ] {
            let said = how(check_pasted(text));
            assert!(said.contains(words) && said.is_empty() == words.is_empty(), "{text}: {said}");
            assert_eq!(
                how(check_token(text, "Bearer ")).is_empty(),
                words.is_empty() && text != "Token abc"
            );
        }
    }

    #[test]
    fn a_token_stands_alone_after_its_prefix() {
        for (text, words) in [
            ("eyJ0.eyJ_-~+/==", ""),
            ("12|abc", ""),
            ("00D!AQ.x", ""),
            ("Bearer abc", "begins with `Bearer`"),
            ("bearer abc", "begins with `Bearer`"),
            ("abc def", "holds a space"),
            ("a\"b", ""),
            ("\"ab", "has a quotation mark at one end"),
        ] {
            let said = how(check_token(text, "Bearer "));
            assert!(said.contains(words) && said.is_empty() == words.is_empty(), "{text}: {said}");
        }
    }
}
