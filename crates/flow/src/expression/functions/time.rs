//! Dates: seconds since 1970, and the list that C calls a broken-down time: `[year, month from 0, day, hours, minutes, seconds,
//! day of the week, day of the year]`. There is one time zone, UTC.

use jaq_core::native::{Fun, bome, unary, v};
use jaq_core::{Error, Native, ValR};
use jiff::civil::DateTime;
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};

use super::super::program::Jq;
use crate::datum::{Datum, Number, of_one, plain, shown, spend};

pub(super) fn functions() -> Vec<Fun<Jq>> {
    vec![
        ("gmtime", v(0), Native::new(|cv| bome(broken_down(&cv.1, "gmtime")))),
        ("localtime", v(0), Native::new(|cv| bome(broken_down(&cv.1, "localtime")))),
        ("mktime", v(0), Native::new(|cv| bome(mktime(&cv.1)))),
        ("strftime", v(1), Native::new(|cv| unary(cv, |a, b| format(&a, &b, "strftime/1")))),
        (
            "strflocaltime",
            v(1),
            Native::new(|cv| unary(cv, |a, b| format(&a, &b, "strflocaltime/1"))),
        ),
        ("strptime", v(1), Native::new(|cv| unary(cv, |a, b| parse(&a, &b)))),
        ("fromdateiso8601", v(0), Native::new(|cv| bome(from_date(&cv.1)))),
        ("todateiso8601", v(0), Native::new(|cv| bome(to_date(&cv.1)))),
    ]
}

fn timestamp(seconds: &Number) -> Option<Timestamp> {
    match seconds {
        Number::Int(seconds) => Timestamp::from_second(*seconds).ok(),
        other => {
            let seconds = other.as_f64();
            #[expect(clippy::cast_possible_truncation, reason = "beyond its ends it is refused")]
            let micros = (seconds * 1e6).round() as i64;
            seconds.is_finite().then(|| Timestamp::from_microsecond(micros).ok()).flatten()
        }
    }
}

fn at(value: &Datum, seconds: &Number) -> Result<Zoned, Error<Datum>> {
    timestamp(seconds)
        .map(|timestamp| timestamp.to_zoned(TimeZone::UTC))
        .ok_or_else(|| of_one(value, "is no time between the years -9999 and 9999"))
}

fn broken_down(value: &Datum, name: &str) -> ValR<Datum> {
    let Datum::Number(seconds) = value else {
        return Err(plain(&format!("{name}() requires a number")));
    };
    let zoned = at(value, seconds)?;
    // The fraction as it was given.
    let fraction = match seconds {
        Number::Int(_) => 0.0,
        other => other.as_f64() - other.as_f64().floor(),
    };
    Ok(list(zoned.datetime(), fraction))
}

fn list(time: DateTime, fraction: f64) -> Datum {
    let whole = |number: i64| Datum::int(number);
    let second = match fraction == 0.0 {
        true => whole(time.second().into()),
        false => Datum::from(f64::from(time.second()) + fraction),
    };
    Datum::list([
        whole(time.year().into()),
        whole(i64::from(time.month()) - 1),
        whole(time.day().into()),
        whole(time.hour().into()),
        whole(time.minute().into()),
        second,
        whole(time.weekday().to_sunday_zero_offset().into()),
        whole(i64::from(time.day_of_year()) - 1),
    ])
}

/// A list of numbers as a time; months, days, hours, … that run over are carried, as C does.
fn unbroken(value: &Datum) -> Option<DateTime> {
    let items = value.as_list()?;
    if items.is_empty() || items.len() > 8 {
        return None;
    }
    let mut parts = [0_i64; 6];
    parts[2] = 1;
    for (index, item) in items.iter().enumerate() {
        let Datum::Number(number) = item else { return None };
        let number = number.floor()?;
        if let Some(part) = parts.get_mut(index) {
            *part = number;
        }
    }
    let [year, month, day, hours, minutes, seconds] = parts;
    let months = year.checked_mul(12)?.checked_add(month)?;
    let year = i16::try_from(months.div_euclid(12)).ok()?;
    let month = i8::try_from(months.rem_euclid(12) + 1).ok()?;
    let first = DateTime::new(year, month, 1, 0, 0, 0, 0).ok()?;
    let span =
        |days: i64, seconds: i64| jiff::Span::new().try_days(days).ok()?.try_seconds(seconds).ok();
    let rest = hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?;
    first.checked_add(span(day.checked_sub(1)?, rest.checked_add(seconds)?)?).ok()
}

fn mktime(value: &Datum) -> ValR<Datum> {
    if !matches!(value, Datum::List(_)) {
        return Err(plain("mktime requires array of 6 numbers"));
    }
    let time = unbroken(value).and_then(|time| time.to_zoned(TimeZone::UTC).ok());
    let time = time.ok_or_else(|| plain("mktime requires parsed datetime inputs"))?;
    Ok(Datum::int(time.timestamp().as_second()))
}

fn format(value: &Datum, format: &Datum, name: &str) -> ValR<Datum> {
    let zoned = match value {
        Datum::Number(seconds) => at(value, seconds)?,
        Datum::List(_) => unbroken(value)
            .and_then(|time| time.to_zoned(TimeZone::UTC).ok())
            .ok_or_else(|| plain(&format!("{name} requires parsed datetime inputs")))?,
        _ => return Err(plain(&format!("{name} requires parsed datetime inputs"))),
    };
    let Some(format) = format.as_text() else {
        return Err(plain(&format!("{name} requires a string format")));
    };
    spend(format.len() as u64 / 2 + 8);
    // A width of its own could make a text of any length.
    let is_wide = format.split('%').skip(1).any(|part| {
        part.trim_start_matches(['-', '_', '0', '^', '#']).starts_with(|c: char| c.is_ascii_digit())
    });
    if is_wide {
        return Err(plain(&format!("{name} has no widths: `{format}`")));
    }
    // As C writes them in its own locale, with a year of four digits and UTC by its name.
    let format = format.replace("%c", "%a %b %e %H:%M:%S %Y").replace("%Z", "UTC");
    match strtime::format(&format, &zoned) {
        Ok(text) => Ok(Datum::from(text)),
        Err(error) => Err(plain(&format!("{name} cannot use the format `{format}`: {error}"))),
    }
}

fn parse(value: &Datum, format: &Datum) -> ValR<Datum> {
    let (Some(text), Some(format)) = (value.as_text(), format.as_text()) else {
        return Err(plain("strptime/1 requires string inputs and arguments"));
    };
    spend(text.len() as u64 / 8 + format.len() as u64 / 2 + 8);
    let refused = || plain(&format!("date \"{text}\" does not match format \"{format}\""));
    let zulu = format.replace("%Z", "UTC");
    let (text, format) = match text.contains("UTC") || text.contains("GMT") {
        true => (text.replace("GMT", "UTC"), zulu),
        false => (text.to_owned(), format.to_owned()),
    };
    let mut parsed = BrokenDownTime::parse(&format, &text).map_err(|_| refused())?;
    // The clock of the text: an offset is read and left aside, as C's `tm` does.
    parsed.set_offset(Some(Offset::UTC));
    let time = match parsed.to_datetime() {
        Ok(time) => time,
        Err(_) => {
            let date = parsed.to_date().ok();
            let clock = parsed.to_time().ok();
            match (date, clock) {
                (Some(date), clock) => date.to_datetime(clock.unwrap_or_default()),
                (None, Some(clock)) => jiff::civil::date(1900, 1, 1).to_datetime(clock),
                (None, None) => parsed
                    .timestamp()
                    .map(|timestamp| timestamp.to_zoned(TimeZone::UTC).datetime())
                    .ok_or_else(refused)?,
            }
        }
    };
    Ok(list(time, 0.0))
}

fn from_date(value: &Datum) -> ValR<Datum> {
    let Some(text) = value.as_text() else {
        return Err(plain("strptime/1 requires string inputs and arguments"));
    };
    spend(text.len() as u64 / 8 + 8);
    let timestamp: Timestamp = text.parse().map_err(|_| {
        plain(&format!("date \"{text}\" does not match format \"%Y-%m-%dT%H:%M:%SZ\""))
    })?;
    #[expect(clippy::cast_precision_loss, reason = "microseconds since 1970 nearly fit")]
    Ok(match timestamp.subsec_nanosecond() {
        0 => Datum::int(timestamp.as_second()),
        _ => Datum::from(timestamp.as_microsecond() as f64 / 1e6),
    })
}

fn to_date(value: &Datum) -> ValR<Datum> {
    let Datum::Number(seconds) = value else {
        return Err(plain("strftime/1 requires parsed datetime inputs"));
    };
    let zoned = timestamp(seconds)
        .map(|timestamp| timestamp.to_zoned(TimeZone::UTC))
        .ok_or_else(|| plain(&format!("{} is no time", shown(value))))?;
    Ok(Datum::from(zoned.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()))
}
