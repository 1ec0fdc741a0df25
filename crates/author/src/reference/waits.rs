//! What a card may wait for: the limits of a service, and work that goes on after its reply. In words, and as JSON for programs.

use std::time::Duration;

use cardhost_core::limits::{LimitScope, Limits};
use cardhost_core::until::Until;
use serde_json::{Map, Number, Value, json};

use super::words::{code, condition};

/// What the service allows, on one line: `5 at once; 60 per hour; of a connection`. `None` where it only says when to go on.
#[must_use]
pub fn limits_allowed(limits: &Limits) -> Option<String> {
    let mut parts: Vec<String> =
        limits.concurrent.iter().map(|most| format!("{most} at once")).collect();
    parts.extend(limits.rate.iter().map(|rate| format!("{} per {}", rate.max, span(rate.per.0))));
    (!parts.is_empty()).then(|| format!("{}; {}", parts.join("; "), whose(limits)))
}

/// How its replies tell that no more may go.
#[must_use]
pub fn limits_told(limits: &Limits) -> Option<String> {
    let reset = code(&limits.reset.as_ref()?.header.0);
    Some(match &limits.remaining {
        Some(left) => {
            let left = code(&left.header.0);
            format!("where {left} says that none remains, requests wait until {reset}")
        }
        None => format!("after a status 429, requests wait until {reset}"),
    })
}

/// The limits as JSON, times in seconds: `{"concurrent": 5, "rate": [{"max": 60, "per_s": 3600}], "scope": "connection", "remaining", "reset"}`,
/// each where it is said.
#[must_use]
pub fn limits_json(limits: &Limits) -> Value {
    let rates = limits.rate.iter().map(|it| json!({ "max": it.max, "per_s": seconds(it.per.0) }));
    let rates: Vec<Value> = rates.collect();
    let scope = match limits.scope {
        LimitScope::Connection => "connection",
        LimitScope::Target => "target",
    };
    let said = [
        ("concurrent", limits.concurrent.map(Value::from)),
        ("rate", (!rates.is_empty()).then(|| rates.into())),
        ("scope", Some(scope.into())),
        ("remaining", limits.remaining.as_ref().map(|it| it.header.0.as_str().into())),
        ("reset", limits.reset.as_ref().map(|it| it.header.0.as_str().into())),
    ];
    object(said)
}

/// Who is asked how the work stands, and how long: one sentence without its full stop.
#[must_use]
pub fn until_asks(until: &Until) -> String {
    let (every, longest) = (span(until.every()), span(until.longest()));
    let asked = match &until.card {
        Some(card) => format!("the card {} is asked how it stands", code(card)),
        None => "the request is sent again".to_owned(),
    };
    format!("{asked} every {every}, or when the service says, for {longest} at the latest")
}

/// What tells that it is done, and what that it has failed.
#[must_use]
pub fn until_ends(until: &Until) -> Vec<String> {
    let kinds = [("done", Some(&until.done)), ("failed", until.failed.as_ref())];
    let said = kinds.into_iter().filter_map(|(kind, when)| Some((kind, when?)));
    said.map(|(kind, when)| format!("{kind}: {}", condition(when))).collect()
}

/// The same as JSON, times in seconds: `{"card": "get-export", "every_s": 5, "longest_s": 1800, "done": "…", "failed": "…"}`, without a card
/// where the request itself is sent again.
#[must_use]
pub fn until_json(until: &Until) -> Value {
    object([
        ("card", until.card.as_deref().map(Value::from)),
        ("every_s", Some(seconds(until.every()))),
        ("longest_s", Some(seconds(until.longest()))),
        ("done", Some(condition(&until.done).into())),
        ("failed", until.failed.as_ref().map(|when| condition(when).into())),
    ])
}

/// A span of time in its largest whole unit: `hour`, `10 seconds`.
pub(super) fn span(time: Duration) -> String {
    let millis = time.as_millis();
    let units = [(3_600_000, "hour"), (60_000, "minute"), (1000, "second"), (1, "millisecond")];
    let (size, unit) = units
        .into_iter()
        .find(|(size, _)| millis.is_multiple_of(*size))
        .unwrap_or((1, "millisecond"));
    match millis / size {
        1 => unit.to_owned(),
        count => format!("{count} {unit}s"),
    }
}

fn whose(limits: &Limits) -> &'static str {
    match limits.scope {
        LimitScope::Connection => "of a connection",
        LimitScope::Target => "of all connections together",
    }
}

fn seconds(time: Duration) -> Value {
    match time.subsec_nanos() {
        0 => time.as_secs().into(),
        _ => Number::from_f64(time.as_secs_f64()).map_or(Value::Null, Value::Number),
    }
}

fn object<const N: usize>(said: [(&str, Option<Value>); N]) -> Value {
    let said = said.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(said.collect::<Map<String, Value>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(text: &str) -> Limits {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn limits_are_told_with_the_headers_that_correct_them() {
        let both = limits(
            r#"{ "concurrent": 2, "rate": [{ "max": 5, "per": "1500ms" }, { "max": 60, "per": "1h" }], "remaining": { "header": "x-left" }, "reset": { "header": "x-reset", "as": "unix" } }"#,
        );
        let allowed = "2 at once; 5 per 1500 milliseconds; 60 per hour; of a connection";
        assert_eq!(limits_allowed(&both).unwrap(), allowed);
        let told = "where `x-left` says that none remains, requests wait until `x-reset`";
        assert_eq!(limits_told(&both).unwrap(), told);
        let shown = r#"{"concurrent":2,"rate":[{"max":5,"per_s":1.5},{"max":60,"per_s":3600}],"scope":"connection","remaining":"x-left","reset":"x-reset"}"#;
        assert_eq!(limits_json(&both).to_string(), shown);
        let one = limits(r#"{ "scope": "target", "reset": { "header": "x-reset" } }"#);
        assert_eq!(limits_allowed(&one), None);
        let told = "after a status 429, requests wait until `x-reset`";
        assert_eq!(limits_told(&one).unwrap(), told);
        assert_eq!(limits_json(&one).to_string(), r#"{"scope":"target","reset":"x-reset"}"#);
    }

    #[test]
    fn spans_are_told_in_their_largest_whole_unit() {
        for (millis, words) in
            [(3_600_000, "hour"), (90_000, "90 seconds"), (1500, "1500 milliseconds")]
        {
            assert_eq!(span(Duration::from_millis(millis)), words);
        }
    }
}
