//! The header `Link` (RFC 8288).

use http::HeaderMap;
use http::header::LINK;

/// The target of the first link of a relation; as it is written, relative or not.
pub(super) fn target(headers: &HeaderMap, relation: &str) -> Option<String> {
    headers.get_all(LINK).iter().find_map(|value| {
        let text = String::from_utf8_lossy(value.as_bytes());
        links(&text).into_iter().find(|link| is_of(link, relation)).map(|link| link.target)
    })
}

struct Link {
    target: String,
    parameters: Vec<(String, String)>,
}

fn is_of(link: &Link, relation: &str) -> bool {
    // The first `rel` counts (section 3.3); it names several relations, in any case.
    let rel = link.parameters.iter().find(|(name, _)| name == "rel");
    // A link with an anchor is about something else than this reply.
    let anchored = link.parameters.iter().any(|(name, _)| name == "anchor");
    !anchored
        && rel.is_some_and(|(_, value)| {
            value.split_ascii_whitespace().any(|name| name.eq_ignore_ascii_case(relation))
        })
}

/// The links of a value, as far as they are well-formed (appendix B.2).
fn links(text: &str) -> Vec<Link> {
    let (mut found, mut rest) = (Vec::new(), text);
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let Some(after) = rest.strip_prefix('<') else { return found };
        let Some((target, after)) = after.split_once('>') else { return found };
        rest = after;
        let mut parameters = Vec::new();
        loop {
            rest = rest.trim_start_matches([' ', '\t']);
            let Some(after) = rest.strip_prefix(';') else { break };
            let after = after.trim_start_matches([' ', '\t']);
            let end = after.find(['=', ';', ',']).unwrap_or(after.len());
            let name = after[..end].trim().to_ascii_lowercase();
            rest = &after[end..];
            let mut value = String::new();
            if let Some(after) = rest.strip_prefix('=') {
                (value, rest) = parameter(after.trim_start_matches([' ', '\t']));
            }
            parameters.push((name, value));
        }
        found.push(Link { target: target.trim().to_owned(), parameters });
        // What comes between two links and is neither is passed over.
        rest = rest.find(',').map_or("", |at| &rest[at..]);
    }
}

/// A value, quoted or not, and what follows it.
fn parameter(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([';', ',']).unwrap_or(text.len());
        return (text[..end].trim().to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_of_a_relation_is_found_however_it_is_written() {
        for (value, expected) in [
            (
                r#"<https://api.example/items?page=2>; rel="next""#,
                Some("https://api.example/items?page=2"),
            ),
            (
                r#"<https://api.example/?page=1>; rel="prev", <https://api.example/?page=3>; rel="next""#,
                Some("https://api.example/?page=3"),
            ),
            (r#"</v2/_catalog?last=b&n=2>; rel="next""#, Some("/v2/_catalog?last=b&n=2")),
            ("<?page=2>;rel=next", Some("?page=2")),
            (r#"<a,b;c>; title="x, <y>; rel=\"prev\""; rel="last next""#, Some("a,b;c")),
            (r#"<a>; REL=NEXT"#, Some("a")),
            (r#"<a>; rel="prev"; rel="next""#, None),
            (r#"<a>; rel="next"; anchor="/other""#, None),
            (r#"<a>; rel="nextish""#, None),
            (r#"<a>; rel"#, None),
            ("<a", None),
            ("", None),
            ("next", None),
            (r#", ,<a> ; rel = "next" "#, Some("a")),
        ] {
            let headers = HeaderMap::from_iter([(LINK, value.parse().unwrap())]);
            assert_eq!(target(&headers, "next").as_deref(), expected, "{value}");
        }
        let mut headers = HeaderMap::new();
        headers.append(LINK, "<a>; rel=first".parse().unwrap());
        headers.append(LINK, "<b>; rel=next".parse().unwrap());
        assert_eq!(target(&headers, "next").as_deref(), Some("b"));
    }
}
