//! Pages: every way to the next one against a service of 10,000 records, and services that do not move on.

use std::sync::Arc;

use cardhost::catalog::MemorySource;
use cardhost::pages::{Got, RecordSink, Records};
use cardhost::transport::{BoxFuture, MemoryTransport, Reply, RequestSpec};
use cardhost::{Error, Host, Invocation, Outcome};
use http::{HeaderMap, HeaderName};
use serde_json::{Value, json};

use crate::schemes::block_on;

const ALL: usize = 10_000;
const SIZE: usize = 300;

/// A host of one card with pages, and a service.
pub fn host(
    pages: &Value,
    request: Value,
    service: impl Fn(&RequestSpec) -> (Vec<(&'static str, String)>, String) + Send + Sync + 'static,
) -> Host {
    let connector = json!({
        "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo",
        "connection": { "fields": { "Key": { "type": "secret", "default": "k-123456" } } },
        "auth": { "key": { "scheme": "api_key", "in": "query", "name": "key", "value": "<<connection.Key>>" } },
        "targets": { "api": { "auth": ["key"], "base": "https://api.example/v1" } },
    });
    let mut whole = json!({ "target": "api", "method": "GET", "path": "/items" });
    for (key, value) in request.as_object().unwrap() {
        whole[key] = value.clone();
    }
    let card = json!({
        "format": 1, "name": "list", "version": "1.0.0", "title": "List", "effect": "read",
        "request": whole, "pages": pages,
        "output": { "List": {
            "Items": { "type": "list", "value": "<<items>>" },
            "IDs": { "type": "list", "value": { "each": "<<items>>", "as": "<<item.id>>" } },
            "Total": { "type": "number", "value": "<<response.body.total?>>" },
        } },
    });
    let cards = MemorySource::new()
        .with("demo/connector", connector.to_string())
        .with("demo/list", card.to_string());
    let transport = MemoryTransport::new(move |request| {
        let (headers, body) = service(request);
        let mut map = HeaderMap::new();
        map.insert("content-type", "application/json".parse().unwrap());
        for (name, value) in headers {
            map.insert(HeaderName::from_static(name), value.parse().unwrap());
        }
        Ok(Reply::new(200, map, body))
    });
    Host::builder().cards(cards).transport(transport).build()
}

fn run(host: &Host, pages: Value) -> Result<Outcome, Error> {
    let invocation = Invocation::from_value(json!({ "pages": pages })).unwrap();
    block_on(host.run(Some("demo/list"), invocation))
}

fn parameter(request: &RequestSpec, name: &str) -> Option<String> {
    request.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn number(request: &RequestSpec, name: &str) -> usize {
    parameter(request, name).map_or(0, |text| text.parse().unwrap())
}

/// Items from an index on, as JSON.
fn items(from: usize) -> Vec<Value> {
    (from..ALL.min(from + SIZE))
        .map(|id| json!({ "id": id, "name": format!("item {id}") }))
        .collect()
}

fn body(request: &RequestSpec) -> Value {
    serde_json::from_slice(request.body.as_ref().unwrap().bytes().unwrap()).unwrap()
}

/// Each way to the next page: what the card says, the request, the service.
#[expect(clippy::type_complexity, reason = "a table")]
fn styles() -> Vec<(
    &'static str,
    Value,
    Value,
    Arc<dyn Fn(&RequestSpec) -> (Vec<(&'static str, String)>, String) + Send + Sync>,
)> {
    let link = |text: &'static str| {
        move |request: &RequestSpec| {
            let from = number(request, "from");
            let next = from + SIZE;
            let link = match next < ALL {
                true => vec![("link", text.replace("NEXT", &next.to_string()))],
                false => vec![("link", "<https://api.example/v1/items>; rel=\"first\"".to_owned())],
            };
            (link, json!(items(from)).to_string())
        }
    };
    vec![
        (
            "cursor in the query",
            json!({ "items": "<<response.body.items>>", "next": { "query.cursor": "<<response.body.meta.next?>>" } }),
            json!({ "query": { "limit": 300 } }),
            Arc::new(|request| {
                assert_eq!(parameter(request, "limit").as_deref(), Some("300"));
                let from = number(request, "cursor");
                let next =
                    if from + SIZE < ALL { (from + SIZE).to_string() } else { String::new() };
                (
                    vec![],
                    json!({ "items": items(from), "meta": { "next": next }, "total": ALL })
                        .to_string(),
                )
            }),
        ),
        (
            "cursor in a JSON body, and a flag",
            json!({
                "items": "<<response.body.results>>",
                "next": { "body.page.start_cursor": "<<response.body.next_cursor>>" },
                "while": { "response.body.has_more": [true] },
            }),
            json!({ "method": "POST", "body": { "json": { "page": { "size": 300 } } } }),
            Arc::new(|request| {
                let body = body(request);
                assert_eq!(body["page"]["size"], json!(300));
                let from = body["page"]["start_cursor"].as_u64().unwrap_or(0) as usize;
                let more = from + SIZE < ALL;
                let next = if more { json!(from + SIZE) } else { Value::Null };
                (
                    vec![],
                    json!({ "results": items(from), "has_more": more, "next_cursor": next })
                        .to_string(),
                )
            }),
        ),
        (
            "the last record's id",
            json!({
                "items": "<<response.body.data>>",
                "next": { "query.starting_after": "<<items.-1.id>>" },
                "while": { "response.body.has_more": [true] },
            }),
            json!({}),
            Arc::new(|request| {
                let from = parameter(request, "starting_after")
                    .map_or(0, |id| id.parse::<usize>().unwrap() + 1);
                (vec![], json!({ "data": items(from), "has_more": from + SIZE < ALL }).to_string())
            }),
        ),
        (
            "an offset",
            json!({ "items": "<<response.body.rows>>", "next": { "query.offset": { "add": "items" } } }),
            json!({}),
            Arc::new(|request| {
                (vec![], json!({ "rows": items(number(request, "offset")) }).to_string())
            }),
        ),
        (
            "a page number from 1 on",
            json!({ "items": "<<response.body>>", "next": { "query.page": { "add": 1, "first": 1 } } }),
            json!({}),
            Arc::new(|request| {
                let page = parameter(request, "page").map_or(1, |page| page.parse().unwrap());
                (vec![], json!(items((page - 1) * SIZE)).to_string())
            }),
        ),
        (
            "a page number from 0 on in a form, with what the first reply gives",
            json!({
                "items": "<<response.body.results>>",
                "next": { "body.page": { "add": 1 } },
                "carry": { "body.session_id": "<<response.body.session_id>>" },
            }),
            json!({ "method": "POST", "body": { "form": { "page": 0, "filter": "a b" } } }),
            Arc::new(|request| {
                let text =
                    String::from_utf8(request.body.as_ref().unwrap().bytes().unwrap().to_vec())
                        .unwrap();
                let fields: std::collections::BTreeMap<_, _> =
                    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect();
                let page: usize = fields["page"].parse().unwrap();
                assert_eq!(fields["filter"], "a b");
                assert_eq!(
                    fields.get("session_id").map(String::as_str),
                    (page > 0).then_some("s-9")
                );
                let mut body = json!({ "results": items(page * SIZE) });
                if page == 0 {
                    body["session_id"] = json!("s-9");
                }
                (vec![], body.to_string())
            }),
        ),
        (
            "a whole link",
            json!({ "items": "<<response.body>>", "next": { "link": "next" } }),
            json!({}),
            Arc::new(link(
                "<https://api.example/v1/items?from=1>; rel=\"prev\", <https://api.example/v1/items?from=NEXT>; rel=\"next\"",
            )),
        ),
        (
            "a link relative to the host",
            json!({ "items": "<<response.body>>", "next": { "link": "next" } }),
            json!({}),
            Arc::new(link("</v1/items?from=NEXT>; rel=next")),
        ),
        (
            "a link that is a query",
            json!({ "items": "<<response.body>>", "next": { "link": "next" } }),
            json!({}),
            Arc::new(link("<?from=NEXT>; rel=\"next last\"")),
        ),
        (
            "a URL in the body",
            json!({ "items": "<<response.body.value>>", "next": { "url": "<<response.body.[@odata.nextLink]?>>" } }),
            json!({}),
            Arc::new(|request| {
                let from = number(request, "from");
                let mut body = json!({ "value": items(from) });
                if from + SIZE < ALL {
                    body["@odata.nextLink"] =
                        json!(format!("https://api.example/v1/items?from={}", from + SIZE));
                }
                (vec![], body.to_string())
            }),
        ),
        (
            "a header",
            json!({ "items": "<<response.body>>", "next": { "headers.x-from": "<<response.headers.x-next?>>" } }),
            json!({}),
            Arc::new(|request| {
                let from = request
                    .headers
                    .get("x-from")
                    .map_or(0, |text| text.to_str().unwrap().parse().unwrap());
                let next = (from + SIZE < ALL).then(|| ("x-next", (from + SIZE).to_string()));
                (next.into_iter().collect(), json!(items(from)).to_string())
            }),
        ),
        (
            "jq",
            json!({ "items": { "jq": ".body.edges | map(.node)" }, "next": { "query.after": { "jq": ".body.edges | last | .cursor // null" } } }),
            json!({}),
            Arc::new(|request| {
                let from = number(request, "after");
                let edges: Vec<_> = items(from)
                    .into_iter()
                    .map(|node| json!({ "cursor": node["id"].as_u64().unwrap() + 1, "node": node }))
                    .collect();
                (vec![], json!({ "edges": edges }).to_string())
            }),
        ),
    ]
}

/// Takes what comes.
#[derive(Default)]
struct Taken {
    pages: Vec<usize>,
    ids: Vec<u64>,
}

impl RecordSink for Taken {
    fn put(&mut self, records: Records, got: &Got) -> BoxFuture<'_, Result<(), Error>> {
        self.pages.push(records.len());
        self.ids.extend(records.iter().map(|record| {
            assert!(!record.contains('\n'));
            serde_json::from_str::<Value>(record).unwrap()["id"].as_u64().unwrap()
        }));
        assert_eq!(got.pages as usize, self.pages.len());
        assert_eq!(got.records as usize, self.ids.len());
        Box::pin(std::future::ready(Ok(())))
    }
}

#[test]
fn every_way_to_the_next_page_gives_each_record_once_and_in_order() {
    for (name, pages, request, service) in styles() {
        let with_key = move |request: &RequestSpec| {
            assert_eq!(parameter(request, "key").as_deref(), Some("k-123456"), "{name}");
            service(request)
        };
        let host = host(&pages, request, with_key);
        let outcome =
            run(&host, json!({ "all": true })).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let output = outcome.output.to_value().unwrap();
        let ids: Vec<u64> = output["List"]["IDs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|id| id.as_u64().unwrap())
            .collect();
        assert!(ids.iter().copied().eq(0..ALL as u64), "{name}: {} of them", ids.len());
        assert_eq!(
            output["List"]["Items"][9_999],
            json!({ "id": 9999, "name": "item 9999" }),
            "{name}"
        );
        let got = outcome.pages.unwrap();
        let ended = got.ended.unwrap().as_str();
        assert_eq!((got.records, got.next), (ALL as u64, None), "{name}: {ended}");

        // The same, page by page, with nothing kept.
        let mut taken = Taken::default();
        let invocation = Invocation::from_value(json!({ "pages": { "all": true } })).unwrap();
        let outcome =
            block_on(host.run_records(Some("demo/list"), invocation, &mut taken)).unwrap();
        assert!(taken.ids.iter().copied().eq(0..ALL as u64), "{name}");
        let output = outcome.output.to_value().unwrap();
        assert_eq!(output["pages"]["records"], json!(ALL), "{name}");
        assert_eq!(output.as_object().unwrap().len(), 1, "{name}");
    }
}

/// Runs of so many records each, every one from where the last one stopped, see the same as one run of all.
#[test]
fn a_run_goes_on_where_another_one_stopped() {
    for (name, pages, request, service) in styles() {
        let host = host(&pages, request, move |request| service(request));
        for limit in [1_000, 301, 4_999] {
            let (mut ids, mut from, mut runs) = (Vec::new(), Value::Null, 0);
            loop {
                let outcome = run(&host, json!({ "limit": limit, "from": from })).unwrap();
                let output = outcome.output.to_value().unwrap();
                let page = output["List"]["Items"].as_array().unwrap();
                ids.extend(page.iter().map(|item| item["id"].as_u64().unwrap()));
                assert_eq!(output["List"]["IDs"].as_array().unwrap().len(), page.len(), "{name}");
                assert!(page.len() <= limit);
                runs += 1;
                match output["pages"].get("next") {
                    // It goes through text, as a caller keeps it.
                    Some(next) => from = serde_json::from_str(&next.to_string()).unwrap(),
                    None => break,
                }
                assert!(!from.to_string().contains("k-123456"), "{name}: a credential in {from}");
            }
            assert!(
                ids.iter().copied().eq(0..ALL as u64),
                "{name} by {limit}: {} of them in {runs} runs",
                ids.len()
            );
        }
    }
}

#[test]
fn one_page_is_what_a_run_gives_that_asks_for_nothing_more() {
    for (name, pages, request, service) in styles() {
        let host = host(&pages, request, move |request| service(request));
        let outcome = block_on(host.run(Some("demo/list"), Invocation::default())).unwrap();
        let output = outcome.output.to_value().unwrap();
        assert_eq!(output["List"]["Items"].as_array().unwrap().len(), SIZE, "{name}");
        assert_eq!(output["pages"]["pages"], json!(1), "{name}");
        assert!(
            output["pages"]["next"].is_object() && output["pages"].get("ended").is_none(),
            "{name}"
        );
    }
}

/// What a service that does not move on comes to: the code, and what was had before.
#[test]
fn services_that_do_not_move_on_end_with_a_code_and_lose_nothing() {
    let cursor = json!({ "items": "<<response.body.items?>>", "next": { "query.cursor": "<<response.body.next?>>" } });
    let offset = json!({ "items": "<<response.body.items>>", "next": { "query.offset": { "add": "items" } } });
    let capped = json!({ "items": "<<response.body.items>>", "next": { "query.cursor": "<<response.body.next?>>" }, "most": { "pages": 7 } });
    let recs = json!({ "items": "<<response.body.items>>", "next": { "query.cursor": "<<response.body.next?>>" }, "most": { "records": 7 } });
    let insisting = json!({ "items": "<<response.body.items>>", "next": { "query.cursor": "<<response.body.next?>>" }, "while": { "response.body.more": [true] } });
    let url =
        json!({ "items": "<<response.body.items>>", "next": { "url": "<<response.body.next>>" } });
    let page = |n: usize, more: Value| {
        let mut body = json!({ "items": [{ "id": 2 * n }, { "id": 2 * n + 1 }] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body.to_string()
    };
    type Pages = Box<dyn Fn(usize) -> String + Send + Sync>;
    let cases: Vec<(&str, &Value, Pages, &str, u64)> = vec![
        (
            "the same cursor for ever",
            &cursor,
            Box::new(move |n| page(n, json!({ "next": "a" }))),
            "pages.repeated",
            4,
        ),
        (
            "cursors in a circle",
            &cursor,
            Box::new(move |n| page(n, json!({ "next": (n % 3).to_string() }))),
            "pages.repeated",
            8,
        ),
        (
            "the same page for ever, by offset",
            &offset,
            Box::new(move |_| page(0, json!({}))),
            "pages.repeated",
            2,
        ),
        (
            "pages in a circle, by offset",
            &offset,
            Box::new(move |n| page(n % 3, json!({}))),
            "pages.repeated",
            6,
        ),
        (
            "an endless cursor",
            &capped,
            Box::new(move |n| page(n, json!({ "next": n }))),
            "most_pages",
            14,
        ),
        (
            "more records than wanted",
            &recs,
            Box::new(move |n| page(n, json!({ "next": n }))),
            "most_records",
            7,
        ),
        (
            "an empty page in the middle",
            &cursor,
            Box::new(move |n| match n {
                1 => json!({ "items": [], "next": "b" }).to_string(),
                2 => json!({ "next": "c" }).to_string(),
                3 => page(n, json!({ "next": false })),
                n => page(n, json!({ "next": n.to_string() })),
            }),
            "no_next",
            4,
        ),
        (
            "a short page in the middle",
            &offset,
            Box::new(move |n| match n {
                1 => json!({ "items": [{ "id": 9 }] }).to_string(),
                4 => json!({ "items": [] }).to_string(),
                n => page(n, json!({})),
            }),
            "no_items",
            7,
        ),
        (
            "more, and not where",
            &insisting,
            Box::new(move |n| {
                page(
                    n,
                    json!({ "more": true, "next": if n == 2 { Value::Null } else { json!(n) } }),
                )
            }),
            "pages.next",
            6,
        ),
        (
            "no next where one must be",
            &url,
            Box::new(move |n| {
                page(
                    n,
                    if n == 2 { json!({}) } else { json!({ "next": format!("/v1/items?p={n}") }) },
                )
            }),
            "pages.next",
            6,
        ),
        (
            "another origin",
            &url,
            Box::new(move |n| {
                page(
                    n,
                    json!({ "next": if n == 1 { "https://evil.example/v1/items" } else { "/v1/items?p=1" } }),
                )
            }),
            "url.outside_base",
            4,
        ),
        (
            "another host by two slashes",
            &url,
            Box::new(move |n| page(n, json!({ "next": "//evil.example/v1/items" }))),
            "url.outside_base",
            2,
        ),
        (
            "http instead of https",
            &url,
            Box::new(move |n| page(n, json!({ "next": "http://api.example/v1/items" }))),
            "url.outside_base",
            2,
        ),
        (
            "out of the base path",
            &url,
            Box::new(move |n| page(n, json!({ "next": "/v2/items" }))),
            "url.outside_base",
            2,
        ),
        (
            "out of the base path by dots",
            &url,
            Box::new(move |n| page(n, json!({ "next": "../v2/items" }))),
            "url.outside_base",
            2,
        ),
        (
            "no list",
            &offset,
            Box::new(move |n| {
                if n == 1 { json!({ "items": { "a": 1 } }).to_string() } else { page(n, json!({})) }
            }),
            "pages.items",
            2,
        ),
        (
            "no items",
            &offset,
            Box::new(
                move |n| {
                    if n == 1 { json!({ "rows": [] }).to_string() } else { page(n, json!({})) }
                },
            ),
            "pages.items",
            2,
        ),
        (
            "no JSON",
            &offset,
            Box::new(move |n| if n == 1 { "{".to_owned() } else { page(n, json!({})) }),
            "response.decode",
            2,
        ),
        (
            "a cursor of a megabyte",
            &cursor,
            Box::new(move |n| page(n, json!({ "next": "x".repeat(1_000_000) }))),
            "pages.next",
            2,
        ),
        (
            "a cursor that is an object",
            &cursor,
            Box::new(move |n| page(n, json!({ "next": { "a": 1 } }))),
            "pages.next",
            2,
        ),
    ];
    let mut count = 0;
    for (name, pages, answer, expected, records) in cases {
        count += 1;
        let served = std::sync::atomic::AtomicUsize::new(0);
        let host = host(pages, json!({}), move |request| {
            assert_eq!(request.url.host_str(), Some("api.example"));
            let n = served.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            assert!(n < 50, "it goes on for ever");
            (vec![], answer(n))
        });
        match run(&host, json!({ "all": true })) {
            Ok(outcome) => {
                let got = outcome.pages.unwrap();
                assert_eq!(
                    (got.ended.unwrap().as_str(), got.records),
                    (expected, records),
                    "{name}"
                );
                let capped = expected.starts_with("most");
                assert_eq!(got.next.is_some(), capped, "{name}");
            }
            Err(error) => {
                assert_eq!(error.code().as_str(), expected, "{name}: {error:?}");
                let so_far = error.so_far().unwrap_or_else(|| panic!("{name}: nothing so far"));
                assert_eq!(so_far.got.records, records, "{name}");
                let output = so_far.output.as_ref().unwrap().to_value().unwrap();
                assert_eq!(
                    output["List"]["Items"].as_array().unwrap().len() as u64,
                    records,
                    "{name}"
                );
                assert!(
                    so_far.got.next.is_some() && error.to_json()["pages"]["next"].is_object(),
                    "{name}"
                );
            }
        }
    }
    assert_eq!(count, 20);
}

#[test]
fn a_card_without_pages_and_a_cursor_of_another_are_refused_before_anything_is_sent() {
    let cursor = json!({ "items": "<<response.body.items>>", "next": { "query.cursor": "<<response.body.next?>>" } });
    let host = host(&cursor, json!({}), |_| unreachable!("nothing is sent"));
    for (from, expected) in [
        (json!({ "query.key": "mine" }), "pages.cursor"),
        (json!({ "url": "https://evil.example/" }), "pages.cursor"),
        (json!({ "skip": -1 }), "pages.cursor"),
        (json!({ "query.cursor": "x".repeat(70_000) }), "pages.cursor"),
        (json!({ "query.cursor": {} }), "pages.next"),
    ] {
        let error = run(&host, json!({ "from": from })).unwrap_err();
        assert_eq!(error.code().as_str(), expected, "{from}");
    }
    for (pages, field) in [
        (json!({ "all": 1 }), "pages.all"),
        (json!({ "limit": 0 }), "pages.limit"),
        (json!({ "from": "abc" }), "pages.from"),
        (json!({ "al": true }), "al"),
        (json!([]), "pages"),
    ] {
        let error = Invocation::from_value(json!({ "pages": pages })).unwrap_err();
        assert!(error.to_string().contains(field), "{error}");
    }
}
