//! Whether a text is well-formed XML.

/// What is not well-formed in an XML text, read strictly: elements, attributes, character and entity references.
/// No comments, declarations or processing instructions: a picture has none.
pub fn xml_fault(text: &str) -> Option<String> {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if let Some(c) = text.chars().find(|c| !allowed(*c)) {
        return Some(format!("U+{:04X} is no character of XML", u32::from(c)));
    }
    let references = |text: &str| {
        text.split('&').skip(1).all(|rest| {
            let name = rest.split(';').next().unwrap_or_default();
            rest.contains(';')
                && (["amp", "lt", "gt", "quot", "apos"].contains(&name)
                    || name.strip_prefix('#').is_some_and(|number| number.parse::<u32>().is_ok()))
        })
    };
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "-:_".contains(c))
    };
    let (mut open, mut roots, mut rest) = (Vec::new(), 0, text);
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        if !references(before) || before.contains("]]>") || before.contains('>') {
            return Some(format!("text `{before}`"));
        }
        if open.is_empty() && !before.trim().is_empty() {
            return Some(format!("`{before}` stands outside"));
        }
        // A `>` in a value is legal, and ours is escaped.
        let Some(end) = tag.find('>') else { return Some(format!("`{tag}` is not closed")) };
        let inner = &tag[1..end];
        rest = &tag[end + 1..];
        if let Some(name) = inner.strip_prefix('/') {
            match open.pop() {
                Some(opened) if opened == name => continue,
                other => return Some(format!("`{name}` closes {other:?}")),
            }
        }
        let (inner, is_empty) = match inner.strip_suffix('/') {
            Some(inner) => (inner, true),
            None => (inner, false),
        };
        let (name, mut attributes) = inner.split_once(' ').unwrap_or((inner, ""));
        if !is_name(name) {
            return Some(format!("`{name}` is no name"));
        }
        let mut seen = Vec::new();
        while !attributes.is_empty() {
            let parsed = attributes.split_once("=\"").and_then(|(key, value)| {
                value.split_once('"').map(|(value, after)| (key, value, after))
            });
            let Some((key, value, after)) = parsed else {
                return Some(format!("attributes `{attributes}`"));
            };
            if !is_name(key) || seen.contains(&key) || value.contains('<') || !references(value) {
                return Some(format!("attribute `{key}` = `{value}`"));
            }
            seen.push(key);
            attributes = match after.strip_prefix(' ') {
                Some(after) => after,
                None if after.is_empty() => after,
                None => return Some(format!("`{after}` behind an attribute")),
            };
        }
        if open.is_empty() {
            roots += 1;
        }
        if !is_empty {
            open.push(name);
        }
        if open.len() > 10 {
            return Some("it is nested deeper than it needs to be".to_owned());
        }
    }
    let ends_well = open.is_empty() && roots == 1 && rest.trim().is_empty();
    (!ends_well).then(|| format!("{roots} roots, {open:?} left open, `{rest}` behind"))
}

#[test]
fn the_check_of_xml_finds_what_is_not_well_formed() {
    assert_eq!(xml_fault("<a b=\"1 &amp; &#39;\"><c/>x &lt; y</a>\n"), None);
    for bad in [
        "",
        "x",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<a>&nbsp;</a>",
        "<a>&</a>",
        "<a>></a>",
        "<a b=1/>",
        "<a b=\"1\" b=\"2\"/>",
        "<a b=\"<\"/>",
        "<a>\u{1}</a>",
        "<a>\u{fffe}</a>",
        "<1/>",
        "<a b=\"1\"c=\"2\"/>",
        "<a/>x",
    ] {
        assert!(xml_fault(bad).is_some(), "{bad:?}");
    }
}
