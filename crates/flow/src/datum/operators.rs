//! What jq does with values: arithmetic, paths, slices. The rules are jq's (manual, version 1.7).

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::sync::Arc;

use jaq_core::Exn;
use jaq_core::box_iter::box_once;
use jaq_core::path::Opt;
use jaq_core::val::{Range, ValR, ValX};

use super::words::{no_index, no_parts, of_one, of_two, plain, shown};
use super::{Datum, Excess, List, Number, Object, exceed, max_value_bytes, spend};

type Error = jaq_core::Error<Datum>;

/// Pays for bytes that are copied.
fn copied(bytes: usize) {
    spend(bytes as u64 / 16 + 1);
}

fn cut(text: String) -> Datum {
    if text.len() as u64 > max_value_bytes() {
        exceed(Excess::Size);
        return Datum::Null;
    }
    Datum::Text(Arc::from(text))
}

impl From<bool> for Datum {
    fn from(value: bool) -> Datum {
        Datum::Bool(value)
    }
}

impl From<isize> for Datum {
    fn from(number: isize) -> Datum {
        Datum::int(number as i64)
    }
}

impl From<usize> for Datum {
    fn from(number: usize) -> Datum {
        i64::try_from(number).map_or(Datum::Null, Datum::int)
    }
}

impl From<f64> for Datum {
    fn from(number: f64) -> Datum {
        Datum::Number(Number::of(number))
    }
}

impl From<String> for Datum {
    fn from(text: String) -> Datum {
        copied(text.len());
        cut(text)
    }
}

impl From<Range<Datum>> for Datum {
    fn from(range: Range<Datum>) -> Datum {
        let start = range.start.map(|value| ("start", value));
        let end = range.end.map(|value| ("end", value));
        Datum::object(start.into_iter().chain(end))
    }
}

impl FromIterator<Datum> for Datum {
    fn from_iter<I: IntoIterator<Item = Datum>>(items: I) -> Datum {
        Datum::list(items)
    }
}

impl Add for Datum {
    type Output = ValR<Datum>;
    fn add(self, other: Datum) -> Self::Output {
        spend(1);
        Ok(match (self, other) {
            (Datum::Null, value) | (value, Datum::Null) => value,
            (Datum::Number(left), Datum::Number(right)) => {
                Datum::Number(left.calculate(&right, i64::checked_add, |a, b| a + b))
            }
            (Datum::Text(left), Datum::Text(right)) => {
                copied(left.len() + right.len());
                if (left.len() + right.len()) as u64 > max_value_bytes() {
                    exceed(Excess::Size);
                    return Ok(Datum::Null);
                }
                Datum::from([&*left, &*right].concat())
            }
            (Datum::List(mut left), Datum::List(right)) => {
                if Arc::get_mut(&mut left).is_none() {
                    spend(left.items.len() as u64 / 4);
                }
                let list = Arc::make_mut(&mut left);
                for item in &right.items {
                    if !list.push(item.clone()) || !spend(1) {
                        break;
                    }
                }
                Datum::List(left)
            }
            (Datum::Object(mut left), Datum::Object(right)) => {
                if Arc::get_mut(&mut left).is_none() {
                    spend(left.entries.len() as u64);
                }
                let object = Arc::make_mut(&mut left);
                for (key, value) in &right.entries {
                    if !object.insert(Arc::clone(key), value.clone()) || !spend(1) {
                        break;
                    }
                }
                Datum::Object(left)
            }
            (left, right) => return Err(of_two(&left, &right, "cannot be added")),
        })
    }
}

impl Sub for Datum {
    type Output = ValR<Datum>;
    fn sub(self, other: Datum) -> Self::Output {
        spend(1);
        match (self, other) {
            (Datum::Number(left), Datum::Number(right)) => {
                Ok(Datum::Number(left.calculate(&right, i64::checked_sub, |a, b| a - b)))
            }
            (Datum::List(left), Datum::List(right)) => {
                if !spend((left.bytes + right.bytes) / 24) {
                    return Ok(Datum::Null);
                }
                let without: std::collections::BTreeSet<&Datum> = right.items.iter().collect();
                Ok(left.items.iter().filter(|item| !without.contains(item)).cloned().collect())
            }
            (left, right) => Err(of_two(&left, &right, "cannot be subtracted")),
        }
    }
}

/// Puts one object into another, objects in it too.
fn merge(left: &mut Arc<Object>, right: &Object) {
    let object = Arc::make_mut(left);
    for (key, value) in &right.entries {
        if !spend(1) {
            return;
        }
        let merged = match (object.get(key), value) {
            (Some(Datum::Object(inner)), Datum::Object(over)) => {
                let mut inner = Arc::clone(inner);
                merge(&mut inner, over);
                Datum::Object(inner)
            }
            (_, value) => value.clone(),
        };
        object.insert(Arc::clone(key), merged);
    }
}

impl Mul for Datum {
    type Output = ValR<Datum>;
    fn mul(self, other: Datum) -> Self::Output {
        spend(1);
        Ok(match (self, other) {
            (Datum::Number(left), Datum::Number(right)) => {
                Datum::Number(left.calculate(&right, i64::checked_mul, |a, b| a * b))
            }
            (Datum::Text(text), Datum::Number(times))
            | (Datum::Number(times), Datum::Text(text)) => {
                let times = times.as_f64();
                if times.is_nan() || times < 0.0 {
                    return Ok(Datum::Null);
                }
                #[expect(clippy::cast_precision_loss, reason = "only compared with a limit")]
                if times * text.len() as f64 > max_value_bytes() as f64 {
                    exceed(Excess::Size);
                    return Ok(Datum::Null);
                }
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "it is positive and, for a text that is not empty, small"
                )]
                let times = if text.is_empty() { 1 } else { times as usize };
                Datum::from(text.repeat(times))
            }
            (Datum::Object(mut left), Datum::Object(right)) => {
                merge(&mut left, &right);
                Datum::Object(left)
            }
            (left, right) => return Err(of_two(&left, &right, "cannot be multiplied")),
        })
    }
}

impl Div for Datum {
    type Output = ValR<Datum>;
    fn div(self, other: Datum) -> Self::Output {
        spend(1);
        match (self, other) {
            (Datum::Number(left), Datum::Number(right)) if right.as_f64() != 0.0 => {
                Ok(Datum::Number(Number::of(left.as_f64() / right.as_f64())))
            }
            (left @ Datum::Number(_), right @ Datum::Number(_)) => {
                Err(of_two(&left, &right, "cannot be divided because the divisor is zero"))
            }
            (Datum::Text(text), Datum::Text(between)) => {
                copied(text.len());
                let whole = |part: &str| Datum::text(part);
                Ok(match (text.is_empty(), between.is_empty()) {
                    (true, _) => Datum::list([]),
                    (_, true) => {
                        let mut buffer = [0; 4];
                        text.chars().map(|c| whole(c.encode_utf8(&mut buffer))).collect()
                    }
                    _ => text.split(&*between).map(whole).collect(),
                })
            }
            (left, right) => Err(of_two(&left, &right, "cannot be divided")),
        }
    }
}

impl Rem for Datum {
    type Output = ValR<Datum>;
    fn rem(self, other: Datum) -> Self::Output {
        spend(1);
        match (self, other) {
            (Datum::Number(left), Datum::Number(right)) => match left.remainder(&right) {
                Some(number) => Ok(Datum::Number(number)),
                None => Err(of_two(
                    &Datum::Number(left),
                    &Datum::Number(right),
                    "cannot be divided (remainder) because the divisor is zero",
                )),
            },
            (left, right) => Err(of_two(&left, &right, "cannot be divided (remainder)")),
        }
    }
}

impl Neg for Datum {
    type Output = ValR<Datum>;
    fn neg(self) -> Self::Output {
        match self {
            Datum::Number(Number::Written(text)) => {
                Ok(Datum::Number(match text.strip_prefix('-') {
                    Some(positive) => Number::read(positive),
                    None => Number::read(&format!("-{text}")),
                }))
            }
            Datum::Number(number) => {
                let zero = Number::Int(0);
                Ok(Datum::Number(zero.calculate(&number, i64::checked_sub, |_, b| -b)))
            }
            other => Err(of_one(&other, "cannot be negated")),
        }
    }
}

/// A bound of a slice as a place in a whole of some length.
fn bound(
    index: Option<&Datum>,
    length: usize,
    otherwise: usize,
    round: fn(f64) -> f64,
) -> Result<usize, Error> {
    let number = match index {
        None | Some(Datum::Null) => return Ok(otherwise),
        Some(Datum::Number(number)) if number.is_nan() => return Ok(otherwise),
        Some(Datum::Number(number)) => number.as_f64(),
        Some(_) => {
            return Err(plain("Start and end indices of an array slice must be numbers"));
        }
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "it is between nought and the length"
    )]
    let place = match number < 0.0 {
        true => round(length as f64 + number).max(0.0) as usize,
        false => round(number).min(length as f64) as usize,
    };
    Ok(place)
}

fn bounds(range: &Range<&Datum>, length: usize) -> Result<(usize, usize), Error> {
    let start = bound(range.start, length, 0, f64::floor)?;
    let end = bound(range.end, length, length, f64::ceil)?;
    Ok((start, end.max(start)))
}

/// The place of an item; `None` where there is none.
fn place(index: &Number, length: usize) -> Option<usize> {
    let index = index.floor()?;
    let index = if index < 0 { index.checked_add(i64::try_from(length).ok()?)? } else { index };
    usize::try_from(index).ok().filter(|index| *index < length)
}

fn slice(text: &str, start: usize, end: usize) -> String {
    text.chars().skip(start).take(end - start).collect()
}

impl Datum {
    /// The value at an index, where there is one.
    ///
    /// # Errors
    /// jq's, where the value has no such indexes.
    pub(crate) fn at(self, index: &Datum) -> Result<Option<Datum>, Error> {
        Ok(match (self, index) {
            (Datum::Null, _) => None,
            (Datum::Object(object), Datum::Text(key)) => object.get(key).cloned(),
            (Datum::List(list), Datum::Number(index)) => {
                place(index, list.items.len()).map(|index| list.items[index].clone())
            }
            (Datum::List(list), Datum::List(part)) => {
                Some(list.places_of(&part.items).map(Datum::from).collect())
            }
            (value @ (Datum::List(_) | Datum::Text(_)), Datum::Object(range)) => {
                use jaq_core::ValT as _;
                return value.range(range.get("start")..range.get("end")).map(Some);
            }
            (value, index) => return Err(no_index(&value, index)),
        })
    }
}

impl List {
    /// Where a slice begins and ends.
    ///
    /// # Errors
    /// jq's, where a bound is no number.
    pub(crate) fn bounds(&self, range: Range<&Datum>) -> Result<(usize, usize), Error> {
        let (start, end) = bounds(&range, self.items.len())?;
        Ok((start, end.min(self.items.len())))
    }

    /// Where a part stands in the list.
    pub(crate) fn places_of<'l>(&'l self, part: &'l [Datum]) -> impl Iterator<Item = usize> + 'l {
        let windows = self.items.windows(part.len().max(1)).enumerate();
        windows
            .filter(move |(_, window)| !part.is_empty() && *window == part)
            .map(|(index, _)| index)
    }
}

impl jaq_core::ValT for Datum {
    fn from_num(text: &str) -> ValR<Datum> {
        Ok(Datum::Number(Number::read(text)))
    }

    fn from_map<I: IntoIterator<Item = (Datum, Datum)>>(entries: I) -> ValR<Datum> {
        let mut object = Object::default();
        for (key, value) in entries {
            let Datum::Text(key) = key else {
                return Err(plain(&format!("Cannot use {} as object key", shown(&key))));
            };
            if !object.insert(key, value) || !spend(1) {
                break;
            }
        }
        Ok(Datum::Object(Arc::new(object)))
    }

    fn key_values(self) -> jaq_core::box_iter::BoxIter<'static, ValR<(Datum, Datum), Datum>> {
        match self {
            Datum::List(list) => Box::new((0..list.items.len()).map(move |index| {
                spend(1);
                Ok((Datum::from(index), list.items[index].clone()))
            })),
            Datum::Object(object) => Box::new((0..object.entries.len()).filter_map(move |index| {
                spend(1);
                let (key, value) = object.entries.get_index(index)?;
                Some(Ok((Datum::Text(Arc::clone(key)), value.clone())))
            })),
            other => box_once(Err(no_parts(&other))),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = ValR<Datum>>> {
        match self {
            Datum::List(list) => Box::new(
                (0..list.items.len())
                    .map_while(move |index| spend(1).then(|| Ok(list.items[index].clone()))),
            ),
            Datum::Object(object) => Box::new((0..object.entries.len()).map_while(move |index| {
                let value = object.entries.get_index(index)?.1.clone();
                spend(1).then_some(Ok(value))
            })),
            other => box_once(Err(no_parts(&other))),
        }
    }

    fn index(self, index: &Datum) -> ValR<Datum> {
        Ok(self.at(index)?.unwrap_or_default())
    }

    fn range(self, range: Range<&Datum>) -> ValR<Datum> {
        match self {
            Datum::Null => Ok(Datum::Null),
            Datum::List(list) => {
                let (start, end) = bounds(&range, list.items.len())?;
                Ok(list.items[start..end.min(list.items.len())].iter().cloned().collect())
            }
            Datum::Text(text) => {
                copied(text.len());
                let (start, end) = bounds(&range, text.chars().count())?;
                Ok(Datum::from(slice(&text, start, end)))
            }
            other => Err(no_index(&other, &Datum::object::<&str>([]))),
        }
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Datum>>>(
        self,
        opt: Opt,
        f: impl Fn(Datum) -> I,
    ) -> ValX<'a, Datum> {
        match self {
            Datum::List(list) => {
                let items: Result<Vec<Datum>, Exn<'a, Datum>> =
                    list.items.iter().cloned().flat_map(f).collect();
                Ok(items?.into_iter().collect())
            }
            Datum::Object(object) => {
                let mut changed = Object::default();
                for (key, value) in &object.entries {
                    if let Some(value) = f(value.clone()).next() {
                        changed.insert(Arc::clone(key), value?);
                    }
                }
                Ok(Datum::Object(Arc::new(changed)))
            }
            other => opt.fail(other, |v| Exn::from(no_parts(&v))),
        }
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Datum>>>(
        mut self,
        index: &Datum,
        opt: Opt,
        f: impl Fn(Datum) -> I,
    ) -> ValX<'a, Datum> {
        spend(1);
        if let (Datum::Text(_) | Datum::List(_), Datum::Object(range)) = (&self, index) {
            return self.map_range(range.get("start")..range.get("end"), opt, f);
        }
        if matches!((&self, index), (Datum::Null, Datum::Text(_))) {
            self = Datum::Object(Arc::default());
        }
        if matches!((&self, index), (Datum::Null, Datum::Number(_))) {
            self = Datum::List(Arc::default());
        }
        match (self, index) {
            (Datum::Object(mut object), Datum::Text(key)) => {
                // Taken out while it is changed, so that it need not be copied.
                let old = match Arc::get_mut(&mut object) {
                    Some(object) => object.entries.get_mut(key).map(std::mem::take),
                    None => object.entries.get(key).cloned(),
                };
                let kept = old.as_ref().map_or(0, |old| old.bytes() - Datum::Null.bytes());
                if Arc::get_mut(&mut object).is_none() {
                    spend(object.entries.len() as u64);
                }
                let new = f(old.unwrap_or_default()).next().transpose()?;
                let target = Arc::make_mut(&mut object);
                if target.get(key).is_some_and(|value| matches!(value, Datum::Null)) {
                    target.bytes = target.bytes.saturating_sub(kept);
                }
                match new {
                    Some(value) => {
                        target.insert(Arc::clone(key), value);
                    }
                    None => target.remove(key),
                }
                Ok(Datum::Object(object))
            }
            (Datum::List(mut list), Datum::Number(index)) => {
                let length = list.items.len();
                let at = match place(index, length) {
                    Some(at) => at,
                    // As jq does, up to a length that somebody can mean.
                    None => match index.floor().map(usize::try_from) {
                        Some(Ok(at)) if at < length + 100_000 => at,
                        refused => {
                            let reason = match refused {
                                None => "Cannot set array element at NaN index",
                                Some(Err(_)) => "Out of bounds negative array index",
                                Some(Ok(_)) => "Array index too large",
                            };
                            return opt.fail(Datum::List(list), |_| Exn::from(plain(reason)));
                        }
                    },
                };
                if at >= length {
                    // What has no value makes no place.
                    let Some(value) = f(Datum::Null).next().transpose()? else {
                        return Ok(Datum::List(list));
                    };
                    spend(length as u64 / 4);
                    let target = Arc::make_mut(&mut list);
                    while target.items.len() < at && spend(1) {
                        target.push(Datum::Null);
                    }
                    target.push(value);
                    return Ok(Datum::List(list));
                }
                if Arc::get_mut(&mut list).is_none() {
                    spend(length as u64 / 4);
                }
                let target = Arc::make_mut(&mut list);
                let old = target.items.get_mut(at).map(std::mem::take).unwrap_or_default();
                target.bytes = target.bytes.saturating_sub(old.bytes() - Datum::Null.bytes());
                match f(old).next().transpose()? {
                    Some(value) => target.set(at, value),
                    None if at < target.items.len() => {
                        target.items.remove(at);
                        target.bytes = target.bytes.saturating_sub(Datum::Null.bytes());
                    }
                    None => {}
                }
                Ok(Datum::List(list))
            }
            (value, index) => {
                let index = index.clone();
                opt.fail(value, |v| Exn::from(no_index(&v, &index)))
            }
        }
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Datum>>>(
        self,
        range: Range<&Datum>,
        opt: Opt,
        f: impl Fn(Datum) -> I,
    ) -> ValX<'a, Datum> {
        match self {
            Datum::List(list) => {
                let (start, end) = bounds(&range, list.items.len()).map_err(Exn::from)?;
                let end = end.min(list.items.len());
                let part: Datum = list.items[start..end].iter().cloned().collect();
                let new = f(part).next().transpose()?.unwrap_or_else(|| Datum::list([]));
                let Datum::List(new) = new else {
                    return Err(Exn::from(plain(
                        "A slice of an array can only be assigned another array",
                    )));
                };
                let parts = [&list.items[..start], new.items(), &list.items[end..]];
                Ok(parts.into_iter().flatten().cloned().collect())
            }
            text @ Datum::Text(_) => {
                opt.fail(text, |_| Exn::from(plain("Cannot update string slices")))
            }
            other => opt.fail(other, |v| Exn::from(no_index(&v, &Datum::object::<&str>([])))),
        }
    }

    fn as_bool(&self) -> bool {
        self.is_true()
    }

    fn into_string(self) -> Datum {
        match self {
            Datum::Text(_) => self,
            other => Datum::from(other.to_string()),
        }
    }
}

impl jaq_std::ValT for Datum {
    fn into_seq<S: FromIterator<Datum>>(self) -> Result<S, Datum> {
        match self {
            Datum::List(list) => {
                spend(list.items.len() as u64);
                Ok(list.items.iter().cloned().collect())
            }
            other => Err(other),
        }
    }

    fn is_int(&self) -> bool {
        matches!(self, Datum::Number(number) if number.is_whole())
    }

    fn as_isize(&self) -> Option<isize> {
        match self {
            Datum::Number(number) if number.is_whole() => isize::try_from(number.as_i64()?).ok(),
            _ => None,
        }
    }

    fn as_f64(&self) -> Option<f64> {
        match self {
            Datum::Number(number) => Some(number.as_f64()),
            _ => None,
        }
    }

    fn is_utf8_str(&self) -> bool {
        matches!(self, Datum::Text(_))
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        let text = self.as_text()?;
        copied(text.len());
        Some(text.as_bytes())
    }

    fn as_sub_str(&self, part: &[u8]) -> Datum {
        copied(part.len());
        Datum::text(&String::from_utf8_lossy(part))
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Datum {
        Datum::from(String::from_utf8_lossy(bytes.as_ref()).into_owned())
    }
}
