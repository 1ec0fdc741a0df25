//! Texts that are no jq: where, what was found, and what to write instead.

use jaq_core::compile::{Errors, Undefined};
use jaq_core::load::lex::{self, Lexer, Token};
use jaq_core::load::parse::{BinaryOp, Expect, Parser, Pattern, Term};

use super::library;
use super::scope::ARGUMENTS;
use super::terms::children;

/// Why an expression cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxFault {
    /// Where in the text, in bytes.
    pub offset: usize,
    /// What is wrong: what was expected and what was found, or what is not defined.
    pub reason: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl SyntaxFault {
    pub(super) fn new(offset: usize, reason: String) -> SyntaxFault {
        SyntaxFault { offset, reason, hint: None }
    }
}

/// Where a part of a text is in it, in bytes.
pub(super) fn offset(text: &str, part: &str) -> usize {
    let place = part.as_ptr().addr().checked_sub(text.as_ptr().addr());
    place.filter(|place| *place <= text.len()).unwrap_or_default()
}

/// Reads an expression.
///
/// # Errors
/// The first fault.
pub(super) fn parse(text: &str) -> Result<Term<&str>, SyntaxFault> {
    let tokens = Lexer::new(text).lex().map_err(|errors| match errors.into_iter().next() {
        Some((expected, found)) => no_token(text, &expected, found),
        None => SyntaxFault::new(0, "it cannot be read".to_owned()),
    })?;
    let term = Parser::new(&tokens).parse(|parser| parser.term()).map_err(|errors| match errors
        .into_iter()
        .next()
    {
        Some((expected, found)) => unexpected(text, &expected, found.map(|Token(found, _)| *found)),
        None => SyntaxFault::new(0, "it cannot be read".to_owned()),
    })?;
    match no_key(&term) {
        Some(key) => Err(SyntaxFault {
            offset: offset(text, key),
            reason: format!("`{key}` cannot be a key of an object"),
            hint: Some("keys are texts: `\"1\"`, or `(… | tostring)`".to_owned()),
        }),
        None => Ok(term),
    }
}

/// A key of an object that can only be an error: `{(1): 2}`.
fn no_key<'s>(term: &Term<&'s str>) -> Option<&'s str> {
    let is_none = |key: &Term<&'s str>| match key {
        Term::Num(text) => Some(*text),
        Term::Call(name @ ("true" | "false" | "null"), parameters) if parameters.is_empty() => {
            Some(*name)
        }
        _ => None,
    };
    let found = match term {
        Term::Obj(entries) => entries.iter().find_map(|(key, value)| {
            // A word without a value is a key of the input: `{true}`.
            value.as_ref().and_then(|_| is_none(key))
        }),
        Term::BinOp(_, BinaryOp::Pipe(Some(Pattern::Obj(entries))), _) => {
            entries.iter().find_map(|(key, _)| is_none(key))
        }
        _ => None,
    };
    found.or_else(|| {
        let mut found = None;
        children(term, &mut |inner| found = found.or_else(|| no_key(inner)));
        found
    })
}

/// The start of what is left of a text, short.
fn start(rest: &str) -> &str {
    let mut chars = rest.char_indices();
    let Some((_, first)) = chars.next() else { return "" };
    let goes_on = |c: char| match first.is_alphanumeric() || first == '$' || first == '_' {
        true => c.is_alphanumeric() || c == '_',
        false => false,
    };
    let end = chars.take(40).find(|(_, c)| !goes_on(*c)).map_or(rest.len(), |(at, _)| at);
    rest.get(..end).unwrap_or(rest)
}

/// What is no token of jq.
fn no_token(text: &str, expected: &lex::Expect<&str>, rest: &str) -> SyntaxFault {
    let at = offset(text, rest);
    let opened = match expected {
        lex::Expect::Delim(open) => Some(*open),
        _ => None,
    };
    let (reason, hint) = match (expected, rest.chars().next()) {
        (lex::Expect::Delim(_), _) => {
            let open = opened.unwrap_or_default();
            let closed = match open {
                "(" => ")",
                "[" => "]",
                "{" => "}",
                other => other,
            };
            let found = match start(rest) {
                "" => "the end".to_owned(),
                found => format!("`{found}`"),
            };
            (format!("`{open}` is not closed: expected `{closed}`, found {found}"), None)
        }
        (lex::Expect::Escape, _) => {
            let reason = "this is no escape of a text".to_owned();
            (
                reason,
                Some(
                    "`\\\\` is a backslash; there are `\\\"`, `\\n`, `\\t`, `\\u00e9` and `\\(…)`",
                ),
            )
        }
        (lex::Expect::Unicode, _) => (
            "expected four hexadecimal digits after `\\u`".to_owned(),
            Some("`\\\\u` is a backslash and a u"),
        ),
        (lex::Expect::Ident, _) => {
            let mark = text.get(..at).and_then(|before| before.chars().last()).unwrap_or('$');
            let hint = match mark {
                '$' => "a variable is `$name`; text with a dollar is written \"$\"",
                _ => "a format is `@csv`, `@base64`, …; text with an at sign is written \"@\"",
            };
            (format!("expected a name after `{mark}`"), Some(hint))
        }
        (lex::Expect::Digit, _) => ("expected a digit".to_owned(), None),
        (_, Some('&')) => ("found `&`".to_owned(), Some("jq writes `and`: `.a and .b`")),
        (_, Some('\'')) => {
            ("found `'`".to_owned(), Some("jq writes texts in double quotes: \"text\""))
        }
        (_, Some('`')) => (
            "found a backquote".to_owned(),
            Some("jq writes texts in double quotes: \"text\"; values in it are `\\(.a)`"),
        ),
        (_, Some(c)) => (format!("found `{c}`"), None),
        (_, None) => ("it cannot be read".to_owned(), None),
    };
    let hint = hint.or_else(|| habit(text, at));
    SyntaxFault { offset: at, reason, hint: hint.map(str::to_owned) }
}

/// What of other languages stands at a place, and how jq says it.
fn habit(text: &str, at: usize) -> Option<&'static str> {
    let (before, rest) = (text.get(..at)?, text.get(at..)?);
    let starts = |with: &str| rest.starts_with(with);
    Some(match () {
        () if starts("||") || before.ends_with('|') && starts("|") => {
            "jq writes `or`: `.a or .b`; `.a // .b` takes `.b` where `.a` is null or false"
        }
        () if starts("&") => "jq writes `and`: `.a and .b`",
        () if starts("!==") || starts("===") => "jq compares with `==` and `!=`",
        () if starts("!") && !starts("!=") => "jq writes `not` behind: `.a | not`",
        () if starts("'") => "jq writes texts in double quotes: \"text\"",
        () if starts("??") || (starts("?") && before.ends_with('?')) => {
            "jq writes `//`: `.a // \"else\"` takes the other where `.a` is null or false"
        }
        () if starts("=>") || before.ends_with('=') && starts(">") => {
            "jq has no arrow functions: `map(.a)`, `def f($x): …;`"
        }
        () if starts("++") || starts("--") => "jq writes `.a += 1`",
        () if starts("?.") || (before.ends_with('?') && starts(".")) => {
            "jq's `.a.b` is null where `.a` is null: write it without `?.`"
        }
        () if starts("?//") || before.ends_with('?') && starts("//") => {
            "alternatives of patterns (`?//`) are not there: bind `. as $x` and ask with `if`"
        }
        () if starts("=") && before.ends_with('=') => "jq compares with `==`",
        () => return None,
    })
}

/// What cannot stand where it was found.
fn unexpected(text: &str, expected: &Expect<&str>, found: Option<&str>) -> SyntaxFault {
    let wanted = match expected {
        Expect::Just(word) => format!("`{word}`"),
        Expect::Var => "a variable, `$name`".to_owned(),
        Expect::Pattern => {
            "a variable or a pattern, such as `$x`, `[$a, $b]` or `{a: $x}`".to_owned()
        }
        Expect::ElseOrEnd => "`else`, `elif` or `end`".to_owned(),
        Expect::CommaOrRBrack => "`,` or `]`".to_owned(),
        Expect::CommaOrRBrace => "`,` or `}`".to_owned(),
        Expect::SemicolonOrRParen => "`;` or `)`".to_owned(),
        Expect::Key => "a key, such as `a` in `.a`".to_owned(),
        Expect::Ident => "a name".to_owned(),
        Expect::Arg => "a parameter".to_owned(),
        Expect::Str => "a text".to_owned(),
        Expect::Nothing => "the end".to_owned(),
        _ => "a value".to_owned(),
    };
    let (at, shown) = match found {
        Some(found) if !found.is_empty() => (offset(text, found), format!("`{}`", short(found))),
        _ => (text.trim_end().len(), "the end".to_owned()),
    };
    let reason = match wanted == "the end" {
        true => format!("{shown} cannot stand here"),
        false => format!("expected {wanted}, found {shown}"),
    };
    let hint = habit(text, at).or_else(|| habit_of_words(text, at, expected, found));
    SyntaxFault { offset: at, reason, hint: hint.map(str::to_owned) }
}

/// The first character of a group, all of anything else that is short.
fn short(found: &str) -> &str {
    match found.chars().next() {
        Some(c @ ('(' | '[' | '{' | '"')) => &found[..c.len_utf8()],
        _ => found.get(..40).unwrap_or(found),
    }
}

fn habit_of_words(
    text: &str,
    at: usize,
    expected: &Expect<&str>,
    found: Option<&str>,
) -> Option<&'static str> {
    let before = text.get(..at).unwrap_or_default().trim_end();
    Some(match (expected, found) {
        (Expect::Term, None | Some("")) => match before.chars().last() {
            None => "`.` is the whole input",
            Some('?') => "jq writes `if .a then .b else .c end`",
            Some(_) => return None,
        },
        (Expect::Just("then"), _) => {
            "jq writes `if .a then .b else .c end`, without brackets around the parts"
        }
        (Expect::ElseOrEnd, _) => "each `if` ends with `end`",
        (Expect::SemicolonOrRParen, Some(",")) => "parameters of a function are parted by `;`",
        (Expect::Term, Some("?")) => {
            "jq writes `if .a then .b else .c end`; `?` stands behind what may fail: `.a?`"
        }
        (Expect::Nothing, _) if before.ends_with("??") => {
            "jq writes `//`: `.a // \"else\"` takes the other where `.a` is null or false"
        }
        (Expect::Nothing, Some(":")) if before.contains('?') => {
            "jq writes `if .a then .b else .c end`"
        }
        (Expect::Nothing, Some(found)) if before.ends_with('?') => match found
            .starts_with(['"', '\''])
            || found.starts_with(char::is_alphanumeric)
            || found.starts_with('.')
        {
            true => "jq writes `if .a then .b else .c end`, and `.a // .b` for what may be null",
            false => return None,
        },
        (Expect::Nothing, Some(_)) if ["let", "var", "const", "return"].contains(&before) => {
            "jq binds with `.a as $x | …`; what comes last is the result"
        }
        (Expect::Nothing, Some(word)) if word.starts_with(char::is_alphabetic) => {
            "parts are joined by `|`, `,` or an operator such as `+`, `and`, `==`"
        }
        (Expect::Nothing, Some("=")) => "jq compares with `==`",
        (Expect::Just("as"), _) => {
            "what is gone through stands in brackets where it has an operator: `reduce (.a / .b) as $x (…)`"
        }
        (Expect::CommaOrRBrace, Some(":")) if text.contains(" as ") => {
            "a pattern has a name or a pattern for a key: `{a: $a}`, then `$a as [$b]`"
        }
        (Expect::Just(":"), _) => "a key in brackets has a value: `{(.a): .b}`",
        (Expect::Nothing, Some(digits))
            if text.get(..at).is_some_and(|t| t.ends_with('.'))
                && digits.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            "a number begins with a digit: `0.5`"
        }
        (Expect::SemicolonOrRParen, Some(digits))
            if digits.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            "a number begins with a digit: `0.5`"
        }
        (Expect::Nothing, Some(found))
            if found.starts_with('"') && ["import", "include"].contains(&before) =>
        {
            "there are no modules: `def f: …;` defines a function here"
        }
        (Expect::Nothing, Some("(")) => {
            "functions of jq follow a `|`: `.a | length`; parameters are parted by `;`"
        }
        (Expect::Nothing, Some(found)) if found.starts_with('(') => {
            "functions of jq follow a `|`: `.a | length`; parameters are parted by `;`"
        }
        (Expect::Key, _) => "a key that is no name is written `.[\"a-b\"]`",
        _ => return None,
    })
}

/// Functions of jq that are not there, and why.
const REFUSED: &[(&str, &str)] = &[
    (
        "env",
        "an expression has no environment: give the value as input, or as a secret (`$secrets`)",
    ),
    ("input", "there is one input, `.`"),
    ("inputs", "there is one input, `.`: `.[]` gives its items"),
    ("input_filename", "there is one input, and no file of it"),
    ("input_line_number", "there is one input, and no lines of it"),
    (
        "halt",
        "an expression cannot end the flow: `error(\"why\")` raises an error, the task `raise` too",
    ),
    (
        "halt_error",
        "an expression cannot end the flow: `error(\"why\")` raises an error, the task `raise` too",
    ),
    ("get_search_list", "there are no modules"),
    ("modulemeta", "there are no modules"),
    ("input_offset", "there is one input, `.`"),
    ("lgamma_r", "`lgamma` gives its first part"),
];

/// Names of other languages, and jq's.
const HABITS: &[(&str, &str)] = &[
    ("filter", "`map(select(…))`, or `.[] | select(…)`"),
    ("where", "`select(…)`"),
    ("len", "`length`"),
    ("size", "`length`"),
    ("count", "`length`"),
    ("lower", "`ascii_downcase`"),
    ("upper", "`ascii_upcase`"),
    ("toLowerCase", "`ascii_downcase`"),
    ("toUpperCase", "`ascii_upcase`"),
    ("lowercase", "`ascii_downcase`"),
    ("uppercase", "`ascii_upcase`"),
    ("replace", "`gsub(\"pattern\"; \"text\")`"),
    ("concat", "`+`, or `add` for a list"),
    ("sum", "`add`"),
    ("avg", "`add / length`"),
    ("average", "`add / length`"),
    ("distinct", "`unique`"),
    ("uniq", "`unique`"),
    ("includes", "`contains(…)`, or `any(. == …)`"),
    ("substring", "`.[from:to]`"),
    ("slice", "`.[from:to]`"),
    ("parseInt", "`tonumber`"),
    ("number", "`tonumber`"),
    ("string", "`tostring`"),
    ("parse", "`fromjson`"),
    ("stringify", "`tojson`"),
    ("isnull", "`. == null`"),
    ("is_null", "`. == null`"),
    ("exists", "`has(\"key\")`, or `. != null`"),
    ("coalesce", "`.a // .b`"),
    ("ifnull", "`.a // .b`"),
    ("default", "`.a // \"else\"`"),
    ("undefined", "`null`"),
    ("None", "`null`"),
    ("nil", "`null`"),
    ("True", "`true`"),
    ("False", "`false`"),
    ("flat", "`flatten`"),
    ("flatMap", "`[.[] | …]`"),
    ("forEach", "`.[]`, or `map(…)`"),
    ("find", "`first(.[] | select(…))`"),
    ("indexOf", "`index(…)`"),
    ("Object", "`keys`, `to_entries`"),
    ("JSON", "`tojson` and `fromjson`"),
    ("Math", "`floor`, `round`, `sqrt`, …"),
    ("return", "what comes last is the result"),
    ("let", "`.a as $x | …`"),
    ("var", "`.a as $x | …`"),
    ("const", "`.a as $x | …`"),
];

/// The first name that is not defined.
pub(super) fn undefined(text: &str, variables: &[&str], errors: Errors<&str, ()>) -> SyntaxFault {
    let first = errors.into_iter().find_map(|(_, errors)| errors.into_iter().next());
    let Some((name, undefined)) = first else {
        return SyntaxFault::new(0, "it cannot be read".to_owned());
    };
    let at = offset(text, name);
    let Undefined::Filter(arity) = undefined else {
        let mut fault =
            SyntaxFault::new(at, format!("there is no {} `{name}`", undefined.as_str()));
        if matches!(undefined, Undefined::Var) {
            fault.hint = variable(name, variables);
        }
        return fault;
    };
    if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        let reason = format!("`{name}` of jq is not there");
        return SyntaxFault { offset: at, reason, hint: Some((*why).to_owned()) };
    }
    let arities: Vec<usize> = {
        let known = library::names().iter();
        let mut arities: Vec<usize> =
            known.filter(|(known, _)| *known == name).map(|(_, arity)| *arity).collect();
        arities.sort_unstable();
        arities
    };
    // `.a-b` is `.a - b`.
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let before = text.get(..at).unwrap_or_default();
    let (outside, rest) = text.split_at(before.trim_end_matches(is_part).len());
    let key = rest.split(|c| !is_part(c)).next().unwrap_or_default();
    let is_of_a_key = before.ends_with('-') && outside.ends_with('.');
    let hint = match arities.as_slice() {
        _ if is_of_a_key => Some(format!("a key with a hyphen is written `.[\"{key}\"]`")),
        [] => HABITS
            .iter()
            .find(|(other, _)| *other == name)
            .map(|(_, own)| format!("jq writes {own}"))
            .or_else(|| nearest(name)),
        [0] => Some(format!("`{name}` takes no parameters")),
        _ => {
            let arities = arities.iter().map(|arity| match arity {
                0 => format!("`{name}`"),
                arity => format!("`{name}({})`", vec!["…"; *arity].join("; ")),
            });
            Some(format!("write {}", arities.collect::<Vec<_>>().join(" or ")))
        }
    };
    SyntaxFault { offset: at, reason: format!("there is no function `{name}/{arity}`"), hint }
}

fn nearest(name: &str) -> Option<String> {
    let is_format = name.starts_with('@');
    let known = library::names().iter().map(|(name, _)| *name);
    let known =
        known.filter(|known| known.starts_with('@') == is_format && !known.starts_with('_'));
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    if is_format {
        known.dedup();
        return Some(format!("there are {}", known.join(", ")));
    }
    let key = format!("a key is written `.{name}`, a text in double quotes");
    // Short names are near to too many.
    let nearest = (name.len() > 4).then(|| cardhost_core::text::nearest(name, known.into_iter()));
    match nearest.flatten() {
        Some(nearest) => Some(format!("{} {key}", cardhost_core::text::did_you_mean(&nearest))),
        None => Some(key),
    }
}

fn variable(name: &str, variables: &[&str]) -> Option<String> {
    match name {
        "$ENV" => return Some(REFUSED[0].1.to_owned()),
        "$__loc__" | "$__prog_args" => {
            return Some("it is not there: errors tell where an expression stands".to_owned());
        }
        "$secret" => return Some("write `$secrets`, such as `$secrets.name`".to_owned()),
        _ => {}
    }
    let known = ARGUMENTS.iter().chain(variables).copied();
    if let Some(nearest) = cardhost_core::text::nearest(name, known.clone()) {
        return Some(cardhost_core::text::did_you_mean(&nearest));
    }
    let mut known: Vec<&str> = known.collect();
    known.dedup();
    Some(format!("there are {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use crate::expression::Expression;

    /// The place from 1 on, what was found, and what to write.
    #[test]
    fn habits_of_other_languages_are_told_what_jq_writes() {
        let mut told = String::new();
        for text in [
            ".a || .b",
            ".a && .b",
            "!.a",
            ".a == 1 and !.b",
            ".a === 1",
            ".a !== 1",
            "'text'",
            ".a == 'text'",
            "`text`",
            ".a-b",
            "$secret.key",
            "$contxt",
            ".a ? .b : .c",
            ".a ? \"x\" : \"y\"",
            ".a ? 1 : 2",
            ".a ?? \"x\"",
            ".a?.b?.c == null?",
            "if .a then .b",
            "if (.a) { .b }",
            "sub(\"a\", \"b\")",
            ".a | len",
            ".a.toLowerCase()",
            "toLowerCase(.a)",
            "lenght",
            "name",
            ".a = 1 = 2",
            "[.a, .b",
            "\"a",
            "\"\\d\"",
            ".a.",
            ".a[",
            "{a: 1, b}}",
            "{(1): 2}",
            ".a + .",
            "",
            ".a .b .c",
            ".a b",
            "let x = 1",
            "x => x",
            ".a++",
            "reduce .a / .b as $x (0; .)",
            ". as [$a] ?// $a | $a",
            ". as {$a: [$b]} | $b",
            ".5 + 1",
            "import \"a\" as a; .",
            "$__loc__",
            "$ENV.HOME",
            "env.HOME",
            "input_line_number",
            "halt_error",
            "@xml \"a\"",
            "map",
            "length(.a)",
        ] {
            let line = match Expression::compile(text, &[]) {
                Ok(_) => format!("{text:28} is jq"),
                Err(fault) => {
                    let hint = fault.hint.unwrap_or_default();
                    format!("{text:28} {}: {}\n{:32}{hint}", fault.offset + 1, fault.reason, "")
                }
            };
            told.push_str(line.trim_end());
            told.push('\n');
        }
        insta::assert_snapshot!(told);
    }
}
