//! Regular expressions as jq has them: Oniguruma's in most of what people write, over characters.
//!
//! What can be matched in linear time is; lookaround, references to groups and the like are tried out under a limit of
//! their own, so that each search ends. A pattern is compiled once for as long as an evaluation uses it again and again.

use std::cell::RefCell;
use std::rc::Rc;

use fancy_regex::{Captures, Match, Regex, RegexBuilder};
use jaq_core::box_iter::box_once;
use jaq_core::native::{Fun, bome, v};
use jaq_core::{Bind, Cv, Error, Exn, Native, ValR, ValXs};

use super::super::program::Jq;
use crate::datum::{Datum, of_one, of_two, plain, shown, spend};

pub(super) fn functions() -> Vec<Fun<Jq>> {
    let sub = [Bind::Var(()), Bind::Var(()), Bind::Fun(())].into();
    vec![
        (
            "test",
            v(2),
            Native::new(|cv| searched(cv, |search| Ok(Datum::Bool(search.is_match()?)))),
        ),
        ("_match", v(2), Native::new(|cv| searched(cv, |search| search.each(found)))),
        ("_capture", v(2), Native::new(|cv| searched(cv, |search| search.each(named)))),
        ("_scan", v(2), Native::new(|cv| searched(cv, |search| search.each(scanned)))),
        ("_split", v(2), Native::new(|cv| searched(cv, |search| search.between()))),
        ("_sub", sub, Native::new(|cv| substitute(cv))),
    ]
}

/// What the letters of flags ask for.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Flags {
    global: bool,
    ignore_case: bool,
    extended: bool,
    dot_is_any: bool,
    not_empty: bool,
}

impl Flags {
    fn read(flags: &Datum) -> Result<Flags, Error<Datum>> {
        let text = match flags {
            Datum::Null => return Ok(Flags::default()),
            Datum::Text(text) => text,
            other => return Err(of_one(other, "is not a string")),
        };
        let mut read = Flags::default();
        for flag in text.chars() {
            match flag {
                'g' => read.global = true,
                'i' => read.ignore_case = true,
                'x' => read.extended = true,
                // A text is one line to jq without it too.
                's' => {}
                'p' => read.dot_is_any = true,
                'n' => read.not_empty = true,
                'l' => {
                    return Err(plain(
                        "the flag l (the longest match) is not there: write the longer alternatives first",
                    ));
                }
                _ => return Err(plain(&format!("{text} is not a valid modifier string"))),
            }
        }
        Ok(read)
    }
}

/// A compiled pattern.
struct Pattern {
    text: String,
    flags: Flags,
    /// Most characters of the texts that its limit is meant for.
    longest: usize,
    /// Whether the texts end with a line feed.
    ends_line: bool,
    regex: Regex,
    /// Whether it is tried out.
    is_hard: bool,
}

thread_local! {
    /// The patterns that were used last.
    static RECENT: RefCell<Vec<Rc<Pattern>>> = const { RefCell::new(Vec::new()) };
}

/// Most patterns that are kept.
const KEPT: usize = 16;

/// Tries of a search: so many for each byte of a text.
const TRIES_PER_BYTE: usize = 32;

fn compiled(text: &str, flags: Flags, searched: &str) -> Result<Rc<Pattern>, Error<Datum>> {
    let length = searched.len();
    // Only there `$` is before the end too.
    let ends_line = text.contains('$') && searched.ends_with('\n');
    let is_it = |pattern: &Rc<Pattern>| {
        pattern.flags == flags
            && pattern.ends_line == ends_line
            && pattern.text == text
            && (!pattern.is_hard
                || (length <= pattern.longest && pattern.longest / 4 <= length.max(64)))
    };
    let known = RECENT.with_borrow(|recent| recent.iter().find(|pattern| is_it(pattern)).cloned());
    if let Some(pattern) = known {
        return Ok(pattern);
    }
    spend(2_000 + text.len() as u64 * 8);
    let longest = length.max(64).next_power_of_two();
    let regex = RegexBuilder::new(&if ends_line { one_line(text) } else { text.to_owned() })
        .case_insensitive(flags.ignore_case)
        .verbose_mode(flags.extended)
        .dot_matches_new_line(flags.dot_is_any)
        .backtrack_limit(TRIES_PER_BYTE * longest)
        .delegate_size_limit(1 << 20)
        .build()
        .map_err(|error| plain(&format!("{text} (at offset 0) is not a valid regex: {error}")))?;
    let is_hard = ends_line || is_hard(text);
    let text = text.to_owned();
    let pattern = Rc::new(Pattern { text, flags, longest, ends_line, regex, is_hard });
    RECENT.with_borrow_mut(|recent| {
        recent.insert(0, Rc::clone(&pattern));
        recent.truncate(KEPT);
    });
    Ok(pattern)
}

/// Whether a pattern may need to be tried out: lookaround, references, what gives nothing back.
fn is_hard(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(2).any(|pair| match pair {
        [b'\\', next] => next.is_ascii_digit() || b"kgGKZXR".contains(next),
        [b'*' | b'+' | b'?' | b'}', b'+'] => true,
        _ => false,
    }) || ["(?=", "(?!", "(?<=", "(?<!", "(?>", "(?(", "(?|", "(?~"]
        .iter()
        .any(|open| text.contains(open))
}

/// A pattern whose `$` is where jq's is: at the end, and before a line feed at the end.
fn one_line(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let (mut in_class, mut chars) = (0_usize, text.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                written.push(c);
                written.extend(chars.next());
                continue;
            }
            '[' => in_class += 1,
            ']' => in_class = in_class.saturating_sub(1),
            '$' if in_class == 0 => {
                written.push_str(r"(?=\n?\z)");
                continue;
            }
            _ => {}
        }
        written.push(c);
    }
    written
}

/// A text and what is looked for in it.
struct Search<'t> {
    text: &'t str,
    pattern: Rc<Pattern>,
}

impl<'t> Search<'t> {
    fn of(value: &'t Datum, pattern: &Datum, flags: &Datum) -> Result<Search<'t>, Error<Datum>> {
        // A list is a pattern with its flags.
        let (pattern, flags) = match (pattern, flags) {
            (Datum::List(list), Datum::Null) => match list.items() {
                [pattern] => (pattern, &Datum::Null),
                [pattern, flags, ..] => (pattern, flags),
                [] => return Err(plain("array not a string or array")),
            },
            given => given,
        };
        match (value, pattern) {
            (Datum::Text(text), Datum::Text(pattern)) => {
                let pattern = compiled(pattern, Flags::read(flags)?, text)?;
                Ok(Search { text, pattern })
            }
            (Datum::Text(_), other) => {
                Err(plain(&format!("{} cannot be matched, as it is not a string", shown(other))))
            }
            (other, _) => Err(of_one(other, "cannot be matched, as it is not a string")),
        }
    }

    /// Pays for one search over the rest of the text.
    fn pay(&self, rest: usize) -> bool {
        let tries = (self.pattern.longest * TRIES_PER_BYTE / 8) as u64;
        spend(match self.pattern.is_hard {
            true => tries.min(4 * rest as u64 + 64),
            false => rest as u64 / 32 + 4,
        })
    }

    fn failed(&self) -> Error<Datum> {
        plain(&format!("{} takes too many tries here", shown(&Datum::text(&self.pattern.text))))
    }

    fn is_match(&self) -> ValR<bool, Datum> {
        if self.pattern.flags.not_empty {
            return Ok(!self.matches()?.is_empty());
        }
        self.pay(self.text.len());
        self.pattern.regex.is_match(self.text).map_err(|_| self.failed())
    }

    /// The matches: all of them, or the first.
    fn matches(&self) -> Result<Vec<Captures<'t, str>>, Error<Datum>> {
        let mut all = Vec::new();
        let mut at = 0;
        while at <= self.text.len() {
            let captures = self.pattern.regex.captures_from_pos(self.text, at);
            let captures = captures.map_err(|_| self.failed())?;
            let whole = captures.as_ref().and_then(|captures| captures.get(0));
            // What was gone through: a text of many matches is not gone through again for each.
            let range = whole.as_ref().map_or(self.text.len()..self.text.len(), Match::range);
            if !self.pay(range.end - at) {
                break;
            }
            let Some(captures) = captures else { break };
            // An empty match may follow another one, but not at its own place.
            at = match range.is_empty() {
                true => range.end + self.text[range.end..].chars().next().map_or(1, char::len_utf8),
                false => range.end,
            };
            if self.pattern.flags.not_empty && range.is_empty() {
                continue;
            }
            all.push(captures);
            if !self.pattern.flags.global {
                break;
            }
        }
        Ok(all)
    }

    /// A value for each match.
    fn each(
        &self,
        value: fn(&Search<'_>, &Captures<'_, str>, &mut Characters<'_>) -> Datum,
    ) -> ValR<Datum> {
        let mut characters = Characters { text: self.text, bytes: 0, count: 0 };
        Ok(self.matches()?.iter().map(|captures| value(self, captures, &mut characters)).collect())
    }

    /// The texts between the matches.
    fn between(&self) -> ValR<Datum> {
        let (mut parts, mut at) = (Vec::new(), 0);
        for captures in self.matches()? {
            let Some(whole) = captures.get(0) else { continue };
            parts.push(Datum::text(&self.text[at..whole.start()]));
            at = whole.end();
        }
        parts.push(Datum::text(&self.text[at..]));
        Ok(parts.into_iter().collect())
    }

    fn names(&self) -> impl Iterator<Item = Option<&str>> {
        self.pattern.regex.capture_names().skip(1)
    }
}

/// Counts the characters before places that come one after the other.
struct Characters<'t> {
    text: &'t str,
    bytes: usize,
    count: usize,
}

impl Characters<'_> {
    fn before(&mut self, byte: usize) -> usize {
        if byte < self.bytes {
            (self.bytes, self.count) = (0, 0);
        }
        self.count += self.text[self.bytes..byte].chars().count();
        self.bytes = byte;
        self.count
    }
}

/// `{"offset", "length", "string", "captures": [{…, "name"}]}`
fn found(
    search: &Search<'_>,
    captures: &Captures<'_, str>,
    characters: &mut Characters<'_>,
) -> Datum {
    let Some(whole) = captures.get(0) else { return Datum::Null };
    let offset = characters.before(whole.start());
    let groups: Vec<Datum> = search
        .names()
        .enumerate()
        .map(|(index, name)| {
            let (offset, length, string) = match captures.get(index + 1) {
                Some(group) => {
                    let start = group.start();
                    // From the whole on: groups are not in order.
                    let before = offset
                        + match start >= whole.start() {
                            true => search.text[whole.start()..start].chars().count(),
                            false => 0,
                        };
                    let text = group.as_str();
                    (Datum::from(before), text.chars().count(), Datum::text(text))
                }
                None => (Datum::int(-1), 0, Datum::Null),
            };
            Datum::object([
                ("offset", offset),
                ("length", Datum::from(length)),
                ("string", string),
                ("name", name.map_or(Datum::Null, Datum::text)),
            ])
        })
        .collect();
    Datum::object([
        ("offset", Datum::from(offset)),
        ("length", Datum::from(whole.as_str().chars().count())),
        ("string", Datum::text(whole.as_str())),
        ("captures", groups.into_iter().collect()),
    ])
}

/// The named groups of a match.
fn named(search: &Search<'_>, captures: &Captures<'_, str>, _: &mut Characters<'_>) -> Datum {
    Datum::object(search.names().enumerate().filter_map(|(index, name)| {
        let group = captures.get(index + 1);
        Some((name?, group.map_or(Datum::Null, |group| Datum::text(group.as_str()))))
    }))
}

/// The groups of a match; the match itself where it has none.
fn scanned(search: &Search<'_>, captures: &Captures<'_, str>, _: &mut Characters<'_>) -> Datum {
    let text =
        |index: usize| captures.get(index).map_or(Datum::Null, |group| Datum::text(group.as_str()));
    match search.names().count() {
        0 => text(0),
        groups => (1..=groups).map(text).collect(),
    }
}

fn searched<'a>(mut cv: Cv<'a, Jq>, then: impl Fn(&Search<'_>) -> ValR<Datum>) -> ValXs<'a, Datum> {
    let flags = cv.0.pop_var();
    let pattern = cv.0.pop_var();
    bome(Search::of(&cv.1, &pattern, &flags).and_then(|search| then(&search)))
}

/// `sub`: for each match, the outputs of a filter over its named groups; the first outputs make the first result, the
/// second ones the second.
fn substitute<'a>(mut cv: Cv<'a, Jq>) -> ValXs<'a, Datum> {
    let (filter, context) = cv.0.pop_fun();
    let flags = cv.0.pop_var();
    let pattern = cv.0.pop_var();
    let substituted = || -> Result<Vec<Datum>, Exn<'a, Datum>> {
        let search = Search::of(&cv.1, &pattern, &flags)?;
        let mut results: Vec<String> = Vec::new();
        let mut at = 0;
        let mut characters = Characters { text: search.text, bytes: 0, count: 0 };
        for captures in search.matches()? {
            let Some(whole) = captures.get(0) else { continue };
            let gap = &search.text[at..whole.start()];
            at = whole.end();
            let groups = named(&search, &captures, &mut characters);
            for (index, output) in filter.run((context.clone(), groups)).enumerate() {
                if index == results.len() {
                    results.push(String::new());
                }
                results[index].push_str(gap);
                match output? {
                    Datum::Text(text) => results[index].push_str(&text),
                    Datum::Null => {}
                    other => {
                        let before = Datum::text(&results[index]);
                        return Err(of_two(&before, &other, "cannot be added").into());
                    }
                }
                let length = results[index].len() as u64;
                if length > crate::datum::max_value_bytes() {
                    crate::datum::exceed(crate::datum::Excess::Size);
                    return Ok(Vec::new());
                }
            }
        }
        if results.is_empty() {
            return Ok(vec![cv.1.clone()]);
        }
        let rest = &search.text[at..];
        Ok(results.into_iter().map(|result| Datum::from(result + rest)).collect())
    };
    match substituted() {
        Ok(results) => Box::new(results.into_iter().map(Ok)),
        Err(error) => box_once(Err(error)),
    }
}
