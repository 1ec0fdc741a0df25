//! Masked text as a pattern: `[redacted]` stands for any text in its place.

use cardhost_core::secret::MASK;

/// Whether a text fits a recorded one in which each mask stands for any bytes but those of `ends`.
pub(super) fn fits(recorded: &[u8], text: &[u8], ends: &[u8]) -> bool {
    if recorded == text {
        return true;
    }
    let mask = MASK.as_bytes();
    let mut pieces = Vec::new();
    let mut rest = recorded;
    while let Some(at) = memchr::memmem::find(rest, mask) {
        pieces.push(&rest[..at]);
        rest = &rest[at + mask.len()..];
    }
    pieces.push(rest);
    let Some((first, later)) = pieces.split_first() else { return false };
    if !text.starts_with(first) {
        return false;
    }
    // Where the text may go on after the pieces so far.
    let mut reached = vec![false; text.len() + 1];
    reached[first.len()] = true;
    for piece in later {
        let mut next = vec![false; text.len() + 1];
        let mut open = false;
        for at in 0..=text.len() {
            open |= reached[at];
            if open && text[at..].starts_with(piece) {
                next[at + piece.len()] = true;
            }
            let ended = text.get(at).is_some_and(|byte| ends.contains(byte));
            open &= !ended;
        }
        reached = next;
    }
    !later.is_empty() && reached[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_stands_for_any_text_in_its_place() {
        for (recorded, text, ends, expected) in [
            ("a", "a", "", true),
            ("a", "b", "", false),
            ("[redacted]", "", "", true),
            ("[redacted]", "x/y", "", true),
            ("a[redacted]c", "abc", "", true),
            ("a[redacted]c", "abcd", "", false),
            ("a[redacted]c", "abcc", "", true),
            ("a[redacted]b[redacted]", "axbyb", "", true),
            ("/x/[redacted]?a=1", "/x/key?a=1", "/?&#", true),
            ("/x/[redacted]?a=1", "/x/key/y?a=1", "/?&#", false),
            ("?k=[redacted]&a=1", "?k=1&b=2&a=1", "/?&#", false),
            ("?k=[redacted]&a=1", "?k=[redacted]&a=1", "/?&#", true),
        ] {
            let found = fits(recorded.as_bytes(), text.as_bytes(), ends.as_bytes());
            assert_eq!(found, expected, "{recorded} {text}");
        }
    }
}
