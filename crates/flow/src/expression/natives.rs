//! The functions that expressions have: jq's, without those that read the environment, a clock, a time
//! zone or more input, and those about JSON over our own values.

use jaq_core::load::parse::Def;
use jaq_core::load::{self, lex, parse};
use jaq_core::native::{Fun, bome, unary, v};
use jaq_core::{Error, Native, compile};

use super::program::{Jq, SyntaxFault, ended};
use crate::datum::{Datum, now, spend};

/// What reads something from outside, or ends the process.
const LEFT_OUT: [&str; 8] =
    ["env", "now", "localtime", "strflocaltime", "strptime", "halt", "debug_empty", "stderr_empty"];

/// Every native function.
pub(super) fn functions() -> impl Iterator<Item = Fun<Jq>> {
    let standard = jaq_core::funs::<Jq>().chain(jaq_std::funs::<Jq>());
    standard.filter(|(name, ..)| !LEFT_OUT.contains(name)).chain(own())
}

fn own() -> [Fun<Jq>; 11] {
    [
        ("halt", v(1), Native::new(|_| ended())),
        ("debug_empty", v(0), Native::new(|_| Box::new(std::iter::empty()))),
        ("stderr_empty", v(0), Native::new(|_| Box::new(std::iter::empty()))),
        // The time that the evaluation was given.
        #[expect(clippy::cast_precision_loss, reason = "milliseconds fit")]
        ("now", v(0), Native::new(|_| bome(Ok(Datum::from(now() as f64 / 1000.0))))),
        ("tojson", v(0), Native::new(|cv| bome(Ok(Datum::from(cv.1.to_string()))))),
        ("fromjson", v(0), Native::new(|cv| bome(from_json(&cv.1)))),
        ("length", v(0), Native::new(|cv| bome(length(cv.1)))),
        ("contains", v(1), Native::new(|cv| unary(cv, |a, b| Ok(Datum::Bool(contains(&a, &b)))))),
        ("has", v(1), Native::new(|cv| unary(cv, |a, key| Ok(Datum::Bool(a.at(&key)?.is_some()))))),
        ("indices", v(1), Native::new(|cv| unary(cv, |a, b| indices(&a, &b)))),
        ("bsearch", v(1), Native::new(|cv| unary(cv, |a, b| search(&a, &b)))),
    ]
}

/// Definitions over them.
pub(super) fn definitions() -> impl Iterator<Item = Def<&'static str>> {
    const TEXT: &str = r#"
def totype(p; e): if p then . else fromjson | if p then . else e end end;
def tonumber : totype(isnumber ; error("cannot parse as number" ));
def toboolean: totype(isboolean; error("cannot parse as boolean"));
def transpose: [range([.[] | length] | max) as $i | [.[][$i]]];
def in(xs)    : . as $x | xs | has     ($x);
def inside(xs): . as $x | xs | contains($x);
def  index($i): indices($i)[ 0];
def rindex($i): indices($i)[-1];
def @json: tojson;
def cells(kind; escape):
  def refuse($why): error("\(type) (\(tojson)) " + $why);
  if type != "array" then refuse("cannot be " + kind + "-formatted, only an array can be") end
  | map(if type == "string" then escape
        elif type == "number" or type == "boolean" then tostring
        elif . == null then ""
        else refuse("is not valid in a " + kind + " row") end);
def replaced($from; $to): split($from) | join($to);
def @csv: cells("csv"; "\"" + replaced("\""; "\"\"") + "\"") | join(",");
def @tsv: cells("tsv"; replaced("\\"; "\\\\") | replaced("\t"; "\\t") | replaced("\n"; "\\n") | replaced("\r"; "\\r")) | join("\t");
def ascii: [.] | implode;
def toarray: if type == "array" then . else [.] end;
def IN(s): any(s == .; .);
def IN(src; s): any(src == s; .);
def INDEX(stream; key): reduce stream as $row ({}; .[$row | key | tostring] |= $row);
def INDEX(key): INDEX(.[]; key);
def leaf_paths: paths(scalars);
def isvalid(f): try (f | true) catch false;
def tostream:
  def events($path):
    if (type == "array" or type == "object") and length > 0 then
      . as $whole
      | (if type == "array" then [range(length)] else keys_unsorted end) as $keys
      | ($keys[] as $key | $whole[$key] | events($path + [$key])), [$path + [$keys[-1]]]
    else [$path, .] end;
  events([]);
def fromstream(events):
  foreach events as $event ({};
    (if .done then {} else . end)
    | if $event | length == 2 then .value |= setpath($event[0]; $event[1]) | .done = ($event[0] == [])
      else .done = ($event[0] | length == 1) end;
    if .done then .value else empty end);
def truncate_stream(events): . as $depth | events | .[0] |= .[$depth:] | select(.[0] | length > 0);
def trimstr($x): ltrimstr($x) | rtrimstr($x);
def date: todate;
def dateadd($unit; $n): . + $n;
def datesub($unit; $n): . - $n;
def have_literal_numbers: true;
def have_decnum: false;
"#;
    load::parse(TEXT, |parser| parser.defs()).unwrap_or_default().into_iter()
}

fn from_json(value: &Datum) -> Result<Datum, Error<Datum>> {
    let Some(text) = value.as_text() else { return Err(Error::typ(value.clone(), "string")) };
    spend(text.len() as u64 / 4);
    cardhost_core::value::parse(text)
        .map(Datum::from)
        .map_err(|error| Error::new(Datum::text(&format!("cannot parse as JSON: {error}"))))
}

fn length(value: Datum) -> Result<Datum, Error<Datum>> {
    Ok(match value {
        Datum::Null => Datum::int(0),
        Datum::Number(number) if number.as_f64() < 0.0 => return -Datum::Number(number),
        Datum::Number(number) => Datum::Number(number),
        Datum::Text(text) => {
            spend(text.len() as u64 / 64);
            Datum::from(text.chars().count())
        }
        Datum::List(list) => Datum::from(list.items().len()),
        Datum::Object(object) => Datum::from(object.entries().len()),
        Datum::Bool(value) => {
            return Err(Error::new(Datum::text(&format!("{value} has no length"))));
        }
    })
}

fn contains(whole: &Datum, part: &Datum) -> bool {
    if !spend(1) {
        return false;
    }
    match (whole, part) {
        (Datum::Text(whole), Datum::Text(part)) => {
            spend(whole.len() as u64 / 16);
            whole.contains(&**part)
        }
        (Datum::List(whole), Datum::List(part)) => {
            part.items().iter().all(|part| whole.items().iter().any(|whole| contains(whole, part)))
        }
        (Datum::Object(whole), Datum::Object(part)) => part
            .entries()
            .iter()
            .all(|(key, part)| whole.get(key).is_some_and(|whole| contains(whole, part))),
        (whole, part) => whole == part,
    }
}

fn indices(whole: &Datum, part: &Datum) -> Result<Datum, Error<Datum>> {
    Ok(match (whole, part) {
        (Datum::Null, _) => Datum::Null,
        (Datum::Text(whole), Datum::Text(part)) => {
            spend(whole.len() as u64 / 4);
            let places = whole.char_indices().enumerate();
            places
                .filter(|(_, (at, _))| !part.is_empty() && whole[*at..].starts_with(&**part))
                .map(|(index, _)| Datum::from(index))
                .collect()
        }
        (Datum::List(whole), Datum::List(part)) => {
            whole.places_of(part.items()).map(Datum::from).collect()
        }
        (Datum::List(whole), part) => {
            let places = whole.items().iter().enumerate();
            places.filter(|(_, item)| *item == part).map(|(index, _)| Datum::from(index)).collect()
        }
        (whole, part) => return Err(Error::index(whole.clone(), part.clone())),
    })
}

fn search(list: &Datum, wanted: &Datum) -> Result<Datum, Error<Datum>> {
    let Some(items) = list.as_list() else { return Err(Error::typ(list.clone(), "array")) };
    let place = match items.binary_search(wanted) {
        Ok(index) => isize::try_from(index).unwrap_or(isize::MAX),
        Err(index) => -1 - isize::try_from(index).unwrap_or(isize::MAX),
    };
    Ok(Datum::from(place))
}

type LoadErrors<'s> = load::Errors<&'s str, ()>;

/// Where a part of a text is in it, in bytes.
pub(super) fn offset(text: &str, part: &str) -> usize {
    let place = part.as_ptr().addr().checked_sub(text.as_ptr().addr());
    place.filter(|place| *place <= text.len()).unwrap_or_default()
}

/// The first fault of a text that cannot be read.
pub(super) fn load_fault(text: &str, errors: LoadErrors<'_>) -> SyntaxFault {
    let first = errors.into_iter().next().map(|(_, error)| error);
    match first {
        Some(load::Error::Lex(errors)) => match errors.into_iter().next() {
            Some((expected, found)) => {
                let reason = format!("expected {}", lexed(&expected));
                SyntaxFault { offset: offset(text, found), reason }
            }
            None => unknown(),
        },
        Some(load::Error::Parse(errors)) => match errors.into_iter().next() {
            Some((expected, found)) => {
                let reason = format!("expected {}", parsed(&expected));
                let offset = if found.is_empty() { text.len() } else { offset(text, found) };
                SyntaxFault { offset, reason }
            }
            None => unknown(),
        },
        Some(load::Error::Io(_)) => {
            SyntaxFault { offset: 0, reason: "an expression includes no modules".to_owned() }
        }
        None => unknown(),
    }
}

fn lexed(expected: &lex::Expect<&str>) -> String {
    expected.as_str().to_owned()
}

fn parsed(expected: &parse::Expect<&str>) -> String {
    expected.as_str().to_owned()
}

fn unknown() -> SyntaxFault {
    SyntaxFault { offset: 0, reason: "it cannot be read".to_owned() }
}

/// The first name that is not defined.
pub(super) fn compile_fault(text: &str, errors: compile::Errors<&str, ()>) -> SyntaxFault {
    let first = errors.into_iter().next().and_then(|(_, errors)| errors.into_iter().next());
    match first {
        Some((name, undefined)) => SyntaxFault {
            offset: offset(text, name),
            reason: match undefined {
                compile::Undefined::Filter(arity) => {
                    format!("there is no function `{name}/{arity}`")
                }
                other => format!("there is no {} `{name}`", other.as_str()),
            },
        },
        None => unknown(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each was read: none but those of [`LEFT_OUT`] looks outside or ends the process. A function that a new version of jaq brings
    /// is read before it is let in.
    #[test]
    fn the_functions_of_jaq_are_those_that_were_read() {
        let standard = jaq_core::funs::<Jq>().chain(jaq_std::funs::<Jq>());
        let mut names: Vec<&str> = standard.map(|(name, ..)| name).collect();
        names.sort_unstable();
        for name in LEFT_OUT {
            assert!(names.contains(&name), "{name}");
        }
        names.retain(|name| !LEFT_OUT.contains(name));
        let read = "acos acosh ascii_downcase ascii_upcase asin asinh atan atan2 atanh cbrt ceil copysign cos cosh decode_base64 \
            decode_uri encode_base64 encode_uri endswith erf erfc error_empty escape_html escape_sh exp exp10 exp2 explode expm1 \
            fabs fdim first floor fma fmax fmin fmod frexp fromdateiso8601 gmtime group_by hypot ilogb implode j0 j1 jn key_values \
            keys_unsorted last ldexp lgamma limit log log10 log1p log2 ltrim ltrimstr matches max_by_or_empty min_by_or_empty mktime \
            modf nearbyint nextafter path path_value pow range remainder reverse rint round rtrim rtrimstr scalbln sin sinh skip sort \
            sort_by split_ split_matches sqrt startswith strftime tan tanh tgamma todateiso8601 trim trunc unescape_html \
            utf8bytelength y0 y1 yn";
        assert_eq!(names.join(" "), read);
    }
}
