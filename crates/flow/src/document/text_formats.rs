//! Formats of text: versions, names, durations, URIs.

use super::shape::TextFormat;

/// `1.0.3`
pub(super) const VERSION: TextFormat = TextFormat {
    words: "a semantic version such as 1.0.0",
    pattern: r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$",
    fits: is_version,
};

/// `my-flow`
pub(super) const NAME: TextFormat = TextFormat {
    words: "a name of letters, digits and inner dashes, at most 63",
    pattern: r"^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$",
    fits: is_name,
};

/// `PT30S`, `${ .wait }`
pub(super) const DURATION: TextFormat = TextFormat {
    words: "an ISO 8601 duration such as PT30S, or an expression",
    pattern: r"^\s*\$\{.+\}\s*$|^P(\d+(\.\d+)?Y)?(\d+(\.\d+)?M)?(\d+(\.\d+)?W)?(\d+(\.\d+)?D)?(T(\d+(\.\d+)?H)?(\d+(\.\d+)?M)?(\d+(\.\d+)?S)?)?$",
    fits: is_duration,
};

/// `https://host/{path}`, `${ .url }`
pub(super) const URI: TextFormat = TextFormat {
    words: "a URI such as https://host/path or /path, or an expression",
    pattern: r"^\s*\$\{.+\}\s*$|^[^\s]+$",
    fits: is_uri,
};

/// `${ .headers }`
pub(super) const EXPRESSION: TextFormat = TextFormat {
    words: "an expression such as ${ .headers }",
    pattern: r"^\s*\$\{.+\}\s*$",
    fits: is_expression,
};

/// Whatever has something in it.
pub(super) const SOME_TEXT: TextFormat = TextFormat {
    words: "text that is not empty",
    pattern: "^(?s:.+)$",
    fits: |text| !text.is_empty(),
};

fn is_expression(text: &str) -> bool {
    // As the language's schema has it: on one line, with something in it.
    text.trim()
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'))
        .is_some_and(|inner| !inner.is_empty() && !inner.contains('\n'))
}

fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=63).contains(&bytes.len())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
        && bytes[0] != b'-'
        && bytes[bytes.len() - 1] != b'-'
}

fn is_version(text: &str) -> bool {
    semver::Version::parse(text).is_ok()
}

fn is_duration(text: &str) -> bool {
    is_expression(text) || milliseconds(text).is_some()
}

fn is_uri(text: &str) -> bool {
    // Since June 2026 a reference (RFC 3986, section 4.1), not an absolute URI alone.
    is_expression(text) || (!text.is_empty() && !text.contains(char::is_whitespace))
}

/// An ISO 8601 duration: a day has 24 hours, a month 30 days, a year 365.
pub(crate) fn milliseconds(text: &str) -> Option<i64> {
    const SECOND: f64 = 1_000.0;
    const DAY: f64 = 86_400.0 * SECOND;
    let text = text.strip_prefix('P')?;
    let (date, time) = match text.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (text, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let date =
        amount(date, &[('Y', 365.0 * DAY), ('M', 30.0 * DAY), ('W', 7.0 * DAY), ('D', DAY)])?;
    let time = amount(time, &[('H', 3_600.0 * SECOND), ('M', 60.0 * SECOND), ('S', SECOND)])?;
    let total = (date + time).round();
    #[expect(clippy::cast_possible_truncation, reason = "it is compared with the limit first")]
    (total <= MAX_DURATION as f64).then_some(total as i64)
}

/// The longest duration, in milliseconds: a hundred years.
pub(crate) const MAX_DURATION: i64 = 100 * 365 * 86_400 * 1_000;

/// Amounts with their units, which come in order.
fn amount(mut text: &str, units: &[(char, f64)]) -> Option<f64> {
    let mut total = 0.0;
    let mut units = units.iter();
    while !text.is_empty() {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, rest) = text.split_at(end);
        let whole = !number.is_empty() && !number.starts_with('.') && !number.ends_with('.');
        let unit = rest.chars().next()?;
        let (_, length) = units.find(|(name, _)| *name == unit)?;
        total += if whole { number.parse::<f64>().ok()? * length } else { return None };
        text = &rest[unit.len_utf8()..];
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_iso_8601() {
        for (text, ms) in [
            ("PT30S", Some(30_000)),
            ("P1DT2H3M4.5S", Some(93_784_500)),
            ("P1W", Some(604_800_000)),
            ("P1M", Some(2_592_000_000)),
            ("PT1M", Some(60_000)),
            ("P", None),
            ("PT", None),
            ("P1DT", None),
            ("PT1S2M", None),
            ("PT1", None),
            ("PT.5S", None),
            ("P1000Y", None),
            ("30S", None),
        ] {
            assert_eq!(milliseconds(text), ms, "{text}");
        }
    }

    #[test]
    fn versions_are_semantic() {
        for good in ["1.0.0", "0.1.0-alpha.1", "1.0.0-x-1+build.01"] {
            assert!(is_version(good), "{good}");
        }
        for bad in ["1.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0+", "a.b.c", ""] {
            assert!(!is_version(bad), "{bad}");
        }
    }
}
