//! Replies of a token endpoint (RFC 6749, sections 5.1 and 5.2), as servers really send them.

use std::time::Duration;

use http::HeaderMap;
use http::header::{CONTENT_TYPE, DATE};
use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::answer::Answer;
use super::fault::{GrantFault, Refused};
use super::given::Given;
use super::tokens::Tokens;
use crate::auth::LookUp;
use crate::http_date::{http_date, retry_after};
use crate::response::{BodyEnd, Reply};
use crate::secret::Secret;
use crate::template::{Scope, Template};
use crate::text::unmarked_bytes;

/// Clocks that differ by less are not mentioned.
const NOTABLE_SKEW_S: i64 = 60;

/// Where a reply has what it gives; each where RFC 6749, section 5.1 has it by default.
#[derive(Default)]
pub(super) struct Places<'a> {
    pub(super) token: Option<&'a Template>,
    pub(super) refresh: Option<&'a Template>,
    pub(super) expires_in: Option<&'a Template>,
    pub(super) expires_at: Option<&'a Template>,
    /// Values of the connection, by label.
    pub(super) gives: Option<&'a IndexMap<String, Template>>,
    /// What is looked up afterwards.
    pub(super) look_up: Option<&'a LookUp>,
    /// The query with which a browser came back; empty without one.
    pub(super) redirect: &'a str,
    /// How long a token is good where the reply does not say.
    pub(super) lifetime: Option<Duration>,
}

/// The tokens of a reply. A server that sends no new refresh token means the old one to stay (RFC 6749, section 6).
pub(super) fn tokens(
    answer: &Answer<'_>,
    current: Option<&Tokens>,
    places: &Places<'_>,
) -> Result<Tokens, GrantFault> {
    let body = Value::Object(granted(answer)?);
    let given = Given::new(answer.reply, body, places.redirect);
    let access = given.text(places.token, "access_token");
    let refresh = given.text(places.refresh, "refresh_token");
    let scope = given.text(None, "scope");
    let now = answer.now.shared;
    let until =
        places.expires_at.and_then(|at| given.value(Some(at), "")).as_ref().and_then(instant);
    let said = || given.value(places.expires_in, "expires_in").as_ref().and_then(seconds);
    let lifetime = || i64::try_from(places.lifetime?.as_secs()).ok();
    let seconds = until.map(|at| at.saturating_sub(now).max(0)).or_else(said).or_else(lifetime);
    let reason = match places.token {
        Some(_) => "there is no token where the connector says",
        None => "it has no `access_token`",
    };
    let access = access.ok_or(GrantFault::Unusable { status: answer.reply.status, reason })?;
    Ok(Tokens {
        gives: gives(places.gives.into_iter().flatten(), places.look_up, &given, current),
        refresh: refresh.map(Secret::new).or_else(|| current?.refresh.clone()),
        scope,
        ..Tokens::new(Secret::new(access), now, seconds)
    })
}

/// What a reply brings besides its token. What it does not say again stays as it was, and what was looked up.
pub(super) fn gives<'t>(
    declared: impl Iterator<Item = (&'t String, &'t Template)>,
    look_up: Option<&LookUp>,
    scope: &dyn Scope,
    current: Option<&Tokens>,
) -> Map<String, Value> {
    let value = |label: &String, template: &Template| {
        let found = template.value(scope).ok().flatten().filter(|value| !value.is_null());
        found.or_else(|| current?.gives.get(label).cloned())
    };
    let looked_up = look_up.iter().flat_map(|look_up| look_up.gives.keys());
    let looked_up =
        looked_up.filter_map(|label| Some((label.clone(), current?.gives.get(label)?.clone())));
    declared
        .filter_map(|(label, template)| Some((label.clone(), value(label, template)?)))
        .chain(looked_up)
        .collect()
}

/// Whether a reply gives a token that is sent as `Bearer`, by what it says or does not say (RFC 6749, section 7.1). Those of Slack and
/// Azure DevOps are, under other names.
pub(super) fn is_bearer(reply: &Reply) -> bool {
    let object = object(reply);
    let said = object.as_ref().and_then(|object| object.get("token_type")?.as_str());
    let known = ["", "bearer", "bot", "user", "jwt-bearer"];
    said.is_none_or(|said| known.iter().any(|known| known.eq_ignore_ascii_case(said.trim())))
}

/// The object of a reply that grants something.
pub(super) fn granted(answer: &Answer<'_>) -> Result<Map<String, Value>, GrantFault> {
    let reply = answer.reply;
    let object = object(reply);
    // Some servers refuse with status 200.
    let refuses = object.as_ref().is_some_and(|object| object.get("error").is_some_and(is_said));
    if refuses || !(200..300).contains(&reply.status) {
        return Err(refusal(answer, object.as_ref()));
    }
    let whole = reply.end == BodyEnd::Complete;
    let reason = if whole { "it is no JSON object" } else { "it ended early" };
    object.filter(|_| whole).ok_or(GrantFault::Unusable { status: reply.status, reason })
}

/// Whether a value says something: some servers send every key, with null or empty text where there is nothing to say.
fn is_said(value: &Value) -> bool {
    !value.is_null() && value.as_str() != Some("")
}

/// Seconds, as a number or as its text: both are sent.
pub(super) fn seconds(value: &Value) -> Option<i64> {
    let seconds = match value {
        Value::Number(number) => {
            number.as_i64().or_else(|| number.as_f64().filter(|s| s.abs() < 1e12).map(|s| s as i64))
        }
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    seconds.filter(|seconds| *seconds >= 0)
}

/// Seconds since 1970: in seconds or in milliseconds, as a number or its text, or as a date (RFC 3339, RFC 9110).
pub(super) fn instant(value: &Value) -> Option<i64> {
    // As seconds, a year in which nobody needs the token any more.
    const FIRST_IN_MILLISECONDS: i64 = 100_000_000_000;
    if let Some(at) = seconds(value) {
        return Some(if at >= FIRST_IN_MILLISECONDS { at / 1000 } else { at });
    }
    let text = value.as_str()?.trim();
    let date = text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second);
    date.or_else(|| http_date(text))
}

/// What a refusal means.
pub(super) fn refusal(answer: &Answer<'_>, object: Option<&Map<String, Value>>) -> GrantFault {
    let Answer { reply, redactor, now } = answer;
    let said = |key: &str| object?.get(key).filter(|value| is_said(value));
    let error = said("error").and_then(|error| match error {
        Value::String(text) => Some(text.as_str()),
        Value::Object(inner) => {
            ["code", "status", "message"].iter().find_map(|key| inner.get(*key)?.as_str())
        }
        _ => None,
    });
    let description = said("error_description").and_then(Value::as_str);
    let refused = Refused {
        status: Some(reply.status),
        retry_after_s: retry_after(&reply.headers, now.here),
        clock_ahead_s: clock_ahead(&reply.headers, now.here),
        ..Refused::default()
    };
    let page = said("error_uri").and_then(Value::as_str);
    let refused = refused.saying(error, description, page, redactor);
    match error {
        Some("invalid_grant") => GrantFault::Revoked(refused),
        Some("authorization_pending") => GrantFault::Pending { slow_down: false },
        Some("slow_down") => GrantFault::Pending { slow_down: true },
        Some("access_denied") => GrantFault::Denied(refused),
        Some("expired_token") => GrantFault::Expired,
        Some("temporarily_unavailable" | "server_error") => GrantFault::Unavailable(refused),
        _ if matches!(reply.status, 408 | 425 | 429 | 500..) => GrantFault::Unavailable(refused),
        _ => GrantFault::Refused(refused),
    }
}

/// How far this clock is ahead of the one in `Date` (RFC 9110, section 6.6.1).
pub(super) fn clock_ahead(headers: &HeaderMap, now: i64) -> Option<i64> {
    let there = http_date(headers.get(DATE)?.to_str().ok()?)?;
    let ahead = now.saturating_sub(there);
    (ahead.abs() >= NOTABLE_SKEW_S).then_some(ahead)
}

/// The object of a body: JSON, or a form as some old servers send it. The body decides, not what it is called.
fn object(reply: &Reply) -> Option<Map<String, Value>> {
    let body = unmarked_bytes(&reply.body);
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Some(object),
        Ok(_) => None,
        Err(_) => form(body.trim_ascii(), is_called_form(reply)),
    }
}

fn is_called_form(reply: &Reply) -> bool {
    let content_type = reply.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|text| {
        let essence = text.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}

/// The pairs of a form. One that is not called so has a key that only replies of a token endpoint have; a page has none, as it
/// begins with another thing than `name=`.
fn form(body: &[u8], called: bool) -> Option<Map<String, Value>> {
    const TELLING: [&str; 3] = ["access_token", "error", "device_code"];
    let pairs = url::form_urlencoded::parse(body);
    let pairs: Map<String, Value> =
        pairs.map(|(key, value)| (key.into_owned(), Value::from(value))).collect();
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let name = body.iter().take_while(|byte| is_name(byte)).count();
    let begins = name > 0 && body.get(name) == Some(&b'=');
    (called || (begins && TELLING.iter().any(|key| pairs.contains_key(*key)))).then_some(pairs)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::super::Now;
    use super::*;
    use crate::secret::Redactor;

    fn reply(status: u16, content_type: &'static str, body: &'static str) -> Reply {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Reply::new(status, headers, body)
    }

    /// The tokens of a reply at a time that is the same by both clocks.
    fn tokens_at(
        reply: &Reply,
        current: Option<&Tokens>,
        lifetime: Option<Duration>,
        seconds: i64,
    ) -> Result<Tokens, GrantFault> {
        let now = Now { shared: seconds, here: seconds };
        let places = Places { lifetime, ..Places::default() };
        tokens(&Answer { reply, redactor: &Redactor::new(), now }, current, &places)
    }

    fn read(status: u16, body: &'static str) -> Result<Tokens, GrantFault> {
        tokens_at(&reply(status, "application/json", body), None, None, 1000)
    }

    /// RFC 6749, section 5.1.
    #[test]
    fn the_example_of_the_rfc() {
        let tokens = read(
            200,
            r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"example","expires_in":3600,
                "refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA","example_parameter":"example_value"}"#,
        )
        .unwrap();
        assert_eq!(tokens.access.expose(), "2YotnFZFEjr1zCsicMWpAA");
        assert_eq!(tokens.refresh.unwrap().expose(), "tGzv3JOkF0XG5Qx2TlKWIA");
        assert_eq!(tokens.expires_at, Some(4600));
    }

    #[test]
    fn what_servers_really_send_is_read() {
        assert_eq!(
            read(200, r#"{"access_token":"a","expires_in":"60"}"#).unwrap().expires_at,
            Some(1060)
        );
        assert_eq!(
            read(200, r#"{"access_token":"a","expires_in":59.9}"#).unwrap().expires_at,
            Some(1059)
        );
        assert_eq!(read(200, r#"{"access_token":"a"}"#).unwrap().expires_at, None);
        let form = reply(200, "application/x-www-form-urlencoded", "access_token=a%2Fb&scope=x+y");
        let form = tokens_at(&form, None, Some(Duration::from_secs(5)), 1000).unwrap();
        assert_eq!((form.access.expose(), form.scope.as_deref()), ("a/b", Some("x y")));
        assert_eq!(form.expires_at, Some(1005));
    }

    #[test]
    fn the_body_decides_and_not_what_it_is_called() {
        for called in ["text/plain; charset=utf-8", "text/html", "application/json", ""] {
            let form = reply(200, called, "token_type=bearer&access_token=a%2Fb&expires=9\r\n");
            let form = tokens_at(&form, None, None, 1000).unwrap();
            assert_eq!(form.access.expose(), "a/b", "{called}");
            let refusal = reply(400, called, "error=invalid_scope&error_description=No+such+scope");
            let refusal = tokens_at(&refusal, None, None, 1000).unwrap_err().to_string();
            assert!(refusal.contains("400 `invalid_scope`: No such scope"), "{refusal}");
        }
        let named = "Application/X-WWW-Form-Urlencoded;charset=utf-8";
        let json = reply(200, named, r#" {"access_token":"a"}"#);
        assert_eq!(tokens_at(&json, None, None, 0).unwrap().access.expose(), "a");
        for page in ["<a href='?access_token=a'>", "see ?a=b&error=c", "error", "a=b", "[1]", "7"] {
            let page = reply(200, "text/html", page);
            let fault = tokens_at(&page, None, None, 0).unwrap_err();
            let reason = "it is no JSON object";
            assert_eq!(fault, GrantFault::Unusable { status: 200, reason });
        }
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        assert_eq!(read(200, "\u{feff}{\"access_token\":\"a\"}").unwrap().access.expose(), "a");
        let form = reply(200, "text/plain", "\u{feff}access_token=a");
        assert_eq!(tokens_at(&form, None, None, 0).unwrap().access.expose(), "a");
        let refused = read(400, "\u{feff}{\"error\":\"invalid_grant\"}");
        assert!(matches!(refused, Err(GrantFault::Revoked(_))));
    }

    #[test]
    fn an_empty_text_says_nothing() {
        let tokens = read(
            200,
            r#"{"access_token":"a","error":"","error_description":"","refresh_token":"",
                "token_type":"","scope":""}"#,
        );
        let tokens = tokens.unwrap();
        assert_eq!((tokens.access.expose(), tokens.scope), ("a", None));
        assert!(tokens.refresh.is_none());
        let form = reply(200, "text/plain", "error=&access_token=a");
        assert_eq!(tokens_at(&form, None, None, 0).unwrap().access.expose(), "a");
        let refused = read(400, r#"{"error":"","error_description":""}"#).unwrap_err();
        assert!(refused.to_string().ends_with(": it answered 400"), "{refused}");
    }

    #[test]
    fn an_old_refresh_token_stays_where_no_new_one_comes() {
        let old = read(200, r#"{"access_token":"a","refresh_token":"r"}"#).unwrap();
        let new = reply(200, "application/json", r#"{"access_token":"b"}"#);
        let new = tokens_at(&new, Some(&old), None, 0).unwrap();
        assert_eq!(
            (new.access.expose(), new.refresh.unwrap().expose().to_owned()),
            ("b", "r".to_owned())
        );
    }

    #[test]
    fn a_token_stands_where_the_connector_says() {
        let at = |body: &'static str, places: &Places<'_>| {
            let reply = reply(200, "application/json", body);
            let now = Now { shared: 1000, here: 1000 };
            tokens(&Answer { reply: &reply, redactor: &Redactor::new(), now }, None, places)
        };
        let (token, refresh) = (
            Template::parse("<<response.body.data.accessToken>>"),
            Template::parse("<<response.body.data.renew?>>"),
        );
        let expires = Template::parse("<<response.body.data.until>>");
        let places = Places {
            token: Some(&token),
            refresh: Some(&refresh),
            expires_at: Some(&expires),
            ..Places::default()
        };
        for (until, expected) in [
            ("1600", Some(1600)),
            ("\"1600\"", Some(1600)),
            ("1767225600000", Some(1_767_225_600)),
            ("\"2026-01-01T00:00:00Z\"", Some(1_767_225_600)),
            ("\"2026-01-01T01:00:00+01:00\"", Some(1_767_225_600)),
            ("\"Thu, 01 Jan 2026 00:00:00 GMT\"", Some(1_767_225_600)),
            ("7", Some(1000)),
            ("null", Some(1060)),
            ("\"soon\"", Some(1060)),
        ] {
            let body = format!(
                r#"{{"expires_in":60,"data":{{"accessToken":"a","renew":"r","until":{until}}}}}"#
            );
            let got = at(body.leak(), &places).unwrap();
            let refresh = got.refresh.as_ref().map(Secret::expose);
            assert_eq!((got.access.expose(), refresh), ("a", Some("r")));
            assert_eq!(got.expires_at, expected, "{until}");
        }
        let fault = at(r#"{"access_token":"a"}"#, &places).unwrap_err();
        let reason = "there is no token where the connector says";
        assert_eq!(fault, GrantFault::Unusable { status: 200, reason });
    }

    #[test]
    fn what_a_reply_brings_stays_where_a_renewal_does_not_say_it_again() {
        let declared: IndexMap<String, Template> = [
            ("URL", "<<response.body.instance.url>>"),
            ("Realm", "<<redirect.realm Id?>>"),
            ("Kind", "<<response.headers.content-type>>"),
            ("None", "<<response.body.none>>"),
        ]
        .map(|(label, text)| (label.to_owned(), Template::parse(text)))
        .into();
        let got = |body: &'static str, redirect, current: Option<&Tokens>| {
            let reply = reply(200, "application/json", body);
            let now = Now { shared: 1000, here: 1000 };
            let places = Places { gives: Some(&declared), redirect, ..Places::default() };
            tokens(&Answer { reply: &reply, redactor: &Redactor::new(), now }, current, &places)
                .unwrap()
        };
        let first = got(
            r#"{"access_token":"a","instance":{"url":"https://a"},"none":null}"#,
            "code=1&realm+Id=12%33",
            None,
        );
        let expected = serde_json::json!({
            "URL": "https://a", "Realm": "123", "Kind": "application/json",
        });
        assert_eq!(Value::Object(first.gives.clone()), expected);
        let second = got(r#"{"access_token":"b"}"#, "", Some(&first));
        assert_eq!(second.gives, first.gives);
        let third =
            got(r#"{"access_token":"c","instance":{"url":"https://c"}}"#, "", Some(&second));
        assert_eq!(
            (&third.gives["URL"], &third.gives["Realm"]),
            (&"https://c".into(), &"123".into())
        );
    }

    #[test]
    fn refusals_are_told_apart() {
        assert!(matches!(read(400, r#"{"error":"invalid_grant"}"#), Err(GrantFault::Revoked(_))));
        assert!(matches!(read(200, r#"{"error":"invalid_grant"}"#), Err(GrantFault::Revoked(_))));
        assert!(matches!(read(401, r#"{"error":"invalid_client"}"#), Err(GrantFault::Refused(_))));
        assert!(matches!(
            read(400, r#"{"error":"temporarily_unavailable"}"#),
            Err(GrantFault::Unavailable(_))
        ));
        assert!(matches!(read(500, "<h1>oops</h1>"), Err(GrantFault::Unavailable(_))));
        assert!(matches!(read(429, ""), Err(GrantFault::Unavailable(_))));
        assert!(matches!(read(404, "<h1>no</h1>"), Err(GrantFault::Refused(_))));
        let unusable = |reason| GrantFault::Unusable { status: 200, reason };
        assert_eq!(read(200, "<h1>hi</h1>").unwrap_err(), unusable("it is no JSON object"));
        assert_eq!(
            read(200, r#"{"access_token":7}"#).unwrap_err(),
            unusable("it has no `access_token`")
        );
        assert_eq!(
            read(200, r#"{"access_token":""}"#).unwrap_err(),
            unusable("it has no `access_token`")
        );
        let pending = read(400, r#"{"error":"authorization_pending"}"#);
        assert_eq!(pending.unwrap_err(), GrantFault::Pending { slow_down: false });
    }

    #[test]
    fn a_secret_is_redacted_before_the_words_around_it_are_cut() {
        let mut redactor = Redactor::new();
        redactor.add(Secret::from("canary  secret"));
        let body = serde_json::json!({
            "error": format!("{} canary  secret", "x".repeat(90)),
            "error_description": format!("{} canary  secret", "y ".repeat(148)),
        });
        let reply = Reply::new(400, HeaderMap::new(), body.to_string());
        let now = Now { shared: 0, here: 0 };
        let answer = Answer { reply: &reply, redactor: &redactor, now };
        let Err(GrantFault::Refused(refused)) = tokens(&answer, None, &Places::default()) else {
            panic!("not refused")
        };
        let error = refused.error.unwrap();
        assert!(error.ends_with("x [redacted"), "{error}");
        let description = refused.description.unwrap();
        assert!(description.ends_with("y [red"), "{description}");
    }

    #[test]
    fn clocks_that_differ_are_told() {
        let mut reply = reply(
            400,
            "application/json",
            r#"{"error":"invalid_grant","error_description":"a\n b"}"#,
        );
        reply.headers.insert(DATE, HeaderValue::from_static("Thu, 01 Jan 2026 00:00:00 GMT"));
        // The clock of a shared store may be right where this machine's, by which assertions are dated, is not.
        let now = Now { shared: 1_767_225_600, here: 1_767_226_200 };
        let answer = Answer { reply: &reply, redactor: &Redactor::new(), now };
        let Err(GrantFault::Revoked(refused)) = tokens(&answer, None, &Places::default()) else {
            panic!("not revoked")
        };
        assert_eq!(refused.clock_ahead_s, Some(600));
        assert_eq!(refused.description.as_deref(), Some("a b"));
        assert_eq!(clock_ahead(&reply.headers, 1_767_225_659), None);
    }
}
