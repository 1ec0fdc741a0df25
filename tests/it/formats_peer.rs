//! What we write in queries, forms, multipart bodies and XML, read by those who did not write it: qs, PHP's rules, Rack, Prism,
//! openapi-enforcer, busboy, libxml, a SOAP service.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use cardhost::catalog::MemorySource;
use cardhost::{Host, Invocation};
use serde_json::{Value, json};

use crate::peers;
use crate::schemes::{block_on, demo};
use crate::support::{Answer, RawServer, reply};

/// Runs the card `demo/act` with an input, and gives the request that arrives.
fn arrived(request: &Value, input: &Value) -> String {
    let server = RawServer::start(|_, _| Answer::Bytes(reply("200 OK", "application/json", b"{}")));
    let host =
        Host::builder().cards(demo(&server.url, &json!({ "scheme": "none" }), request)).build();
    let invocation =
        Invocation::from_value(json!({ "connection": { "fields": {} }, "input": input }));
    block_on(host.run(Some("demo/act"), invocation.unwrap())).unwrap();
    server.requests().concat()
}

/// The query and the body of a request that sends both of the same values.
fn written(encoding: &Value, values: &Value) -> [String; 2] {
    let fields: serde_json::Map<String, Value> = values
        .as_object()
        .unwrap()
        .keys()
        .map(|name| (name.clone(), json!({ "type": "any" })))
        .collect();
    let references: serde_json::Map<String, Value> = values
        .as_object()
        .unwrap()
        .keys()
        .map(|name| (name.clone(), json!(format!("<<input.All.{name}?>>"))))
        .collect();
    let request = json!({
        "input": { "All": fields },
        "method": "POST", "encoding": encoding, "query": references, "body": { "form": references },
    });
    let request = arrived(&request, &json!({ "All": values }));
    let target = request.split(' ').nth(1).unwrap();
    let query = target.split_once('?').unwrap().1.to_owned();
    [query, request.split_once("\r\n\r\n").unwrap().1.to_owned()]
}

#[test]
fn qs_and_php_read_every_encoding_of_nested_values() {
    let hostile = json!({ "a&b": "=?#[]", "ü": "a b+c", "deep": { "er": { "est": "%41" } } });
    let of_lists = json!({ "ids": ["1", "2"], "person": { "name": "A B", "tags": ["x", "y"] }, "odd": hostile });
    let of_objects = json!({ "items": [{ "price": "p 1", "tags": ["a", "b"] }, { "price": "p2", "size": { "w": "1" } }] });
    let lists = |indices: &Value, plain: &Value| {
        let mut all = indices.as_object().unwrap().clone();
        all.extend(plain.as_object().unwrap().clone());
        Value::Object(all)
    };
    let whole = lists(&of_lists, &of_objects);
    let plain = json!({ "strictNullHandling": true, "depth": 9 });
    let dots = json!({ "allowDots": true, "depth": 9 });
    let commas = json!({ "comma": true });
    let cases = [
        (json!({ "nested": "brackets", "lists": "indices" }), &whole, Some(&plain), true),
        (json!({ "nested": "brackets", "lists": "brackets" }), &of_lists, Some(&plain), true),
        (json!({ "nested": "brackets", "lists": "repeat" }), &of_lists, Some(&plain), false),
        (json!({ "nested": "dots", "lists": "indices" }), &whole, Some(&dots), false),
        (json!({ "nested": "dots", "lists": "repeat" }), &of_lists, Some(&dots), false),
        (
            json!({ "lists": "comma" }),
            &json!({ "ids": ["1", "2,5", "3"], "one": "x" }),
            Some(&commas),
            false,
        ),
    ];
    let (mut asked, mut expected) = (Vec::new(), Vec::new());
    for (encoding, values, qs, php) in &cases {
        for text in written(encoding, values) {
            if let Some(options) = qs {
                asked.push(json!({ "by": "qs", "options": options, "text": text }));
                expected.push((*values).clone());
            }
            if *php {
                asked.push(json!({ "by": "php", "text": text }));
                expected.push(as_php(values));
            }
        }
    }
    let Some(command) = peers::forms() else { return };
    let read = peers::asked(command, &json!(asked));
    for ((asked, expected), read) in asked.iter().zip(&expected).zip(read.as_array().unwrap()) {
        assert_eq!(read, expected, "{asked}");
    }
}

#[test]
fn busboy_takes_multipart_bodies_apart() {
    let file =
        |text: &str, name: &str, kind: &str| json!({ "text": text, "name": name, "type": kind });
    let (small, odd) = ("a,b\r\n1,2\r\n", "--cardhost-x\r\n\r\n--\u{fffe}größe");
    let values = json!({
        "Title": "größe \"q\"\r\n--x; ✓", "Tags": ["one", "two"],
        "Small": file(small, "größe ✓.csv", "text/csv"), "Odd": file(odd, "a b;c.txt", "text/plain"),
    });
    let request = json!({
        "input": { "All": {
            "Title": { "required": true }, "Tags": { "of": "text", "required": true },
            "Small": { "type": "file", "required": true }, "Odd": { "type": "file", "required": true },
        } },
        "method": "POST", "body": { "multipart": {
            "metadata": { "json": { "title": "<<input.All.Title>>" } },
            "title": "<<input.All.Title>>",
            "tag": { "each": "<<input.All.Tags>>", "as": "<<item>>" },
            "small": { "file": "<<input.All.Small>>" },
            "odd": { "file": "<<input.All.Odd>>", "name": "other.bin", "type": "application/x-odd" },
        } },
    });
    let request = arrived(&request, &json!({ "All": values }));
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let kind = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap();
    let encoded = |text: &str| BASE64_STANDARD.encode(text);
    let Some(command) = peers::forms() else { return };
    let asked = json!([{ "by": "busboy", "type": kind, "base64": encoded(body) }]);
    let read = peers::asked(command, &asked)[0].take();
    let text = |name: &str, kind: &str, text: &str| json!({ "name": name, "type": kind, "encoding": "7bit", "text": text });
    let file = |name: &str, filename: &str, kind: &str, text: &str| {
        let base64 = encoded(text);
        json!({ "name": name, "filename": filename, "type": kind, "encoding": "7bit", "base64": base64 })
    };
    let title = values["Title"].as_str().unwrap();
    let metadata = json!({ "title": title }).to_string();
    let expected = json!([
        text("metadata", "application/json", &metadata),
        text("title", "text/plain", title),
        text("tag", "text/plain", "one"),
        text("tag", "text/plain", "two"),
        file("small", "größe ✓.csv", "text/csv", small),
        file("odd", "other.bin", "application/x-odd", odd),
    ]);
    assert_eq!(read, expected);
}

/// A value as PHP reads it: its lists are tables by number.
fn as_php(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let numbered = items.iter().enumerate();
            numbered.map(|(at, item)| (at.to_string(), as_php(item))).collect()
        }
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), as_php(value))).collect(),
        other => other.clone(),
    }
}

#[test]
fn rack_reads_lists_and_objects_by_brackets() {
    let encoding = json!({ "nested": "brackets", "lists": "brackets" });
    let values = [
        json!({ "ids": ["1", "2"], "person": { "name": "A B", "tags": ["x", "y"] }, "odd": { "a&b": "=?#", "ü": "a b+c" } }),
        json!({ "items": [{ "price": "p 1", "tags": ["a", "b"] }, { "price": "p2", "size": { "w": "1" } }] }),
        // Each begins with what it shares with the one before, wherever that stands.
        json!({ "items": [{ "tags": ["a"], "id": "1" }, { "tags": ["b", "c"], "name": "x", "id": "2" }, { "name": "y" }] }),
        json!({ "list": [{ "only": "one" }] }),
    ];
    let texts: Vec<String> = values.iter().flat_map(|values| written(&encoding, values)).collect();
    let Some(command) = peers::rack() else { return };
    let read = peers::asked(command, &json!(texts));
    for (at, read) in read.as_array().unwrap().iter().enumerate() {
        assert_eq!(*read, values[at / 2], "{}", texts[at]);
    }
}

#[test]
fn openapi_enforcer_reads_each_style_of_parameters() {
    let parameter = |style: &str, explode: bool, schema: Value| json!([{ "name": "ids", "in": "query", "style": style, "explode": explode, "schema": schema }]);
    let list = json!({ "type": "array", "items": { "type": "string" } });
    let object = json!({ "type": "object", "additionalProperties": { "type": "string" } });
    // Nothing that is another thing when it is decoded twice, as this judge does.
    let (words, one) = (json!(["a", "b&c", "ü=;"]), json!(["a b"]));
    let cases = [
        (json!({ "lists": "space" }), parameter("spaceDelimited", false, list.clone()), &words),
        (json!({ "lists": "pipes" }), parameter("pipeDelimited", false, list.clone()), &words),
        (json!({ "lists": "pipes" }), parameter("pipeDelimited", false, list.clone()), &one),
        (json!({ "lists": "comma" }), parameter("form", false, list.clone()), &words),
        (json!({ "lists": "comma" }), parameter("form", false, list.clone()), &one),
        (json!({ "lists": "repeat" }), parameter("form", true, list), &words),
        (
            json!({ "nested": "brackets" }),
            parameter("deepObject", true, object),
            &json!({ "a": "1", "b c": "x ü" }),
        ),
    ];
    let asked = cases.iter().flat_map(|(encoding, parameters, ids)| {
        let texts = written(encoding, &json!({ "ids": ids }));
        texts.map(|text| json!({ "by": "openapi", "parameters": parameters, "text": text }))
    });
    let asked: Vec<Value> = asked.collect();
    let Some(command) = peers::forms() else { return };
    let read = peers::asked(command, &json!(asked));
    for (at, read) in read.as_array().unwrap().iter().enumerate() {
        assert_eq!(*read, json!({ "ids": cases[at / 2].2 }), "{}", asked[at]);
    }
}

#[test]
fn prism_reads_lists_by_pipes_and_commas() {
    let parameter = |name: &str, style: &str| {
        json!({
            "name": name, "in": "query", "required": true, "style": style, "explode": false,
            "schema": { "type": "array", "minItems": 3, "items": { "type": "string", "enum": ["a", "b", "c"] } },
        })
    };
    // Prism shows lists by spaces as we write them, and reads each as one item.
    for (lists, style) in [("pipes", "pipeDelimited"), ("comma", "form")] {
        let description = json!({
            "openapi": "3.0.3", "info": { "title": "Lists", "version": "1" },
            "paths": { "/things": { "get": {
                "parameters": [parameter("ids", style)],
                "responses": { "200": { "description": "well", "content": { "application/json": { "schema": { "type": "object" } } } } },
            } } },
        });
        let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
        std::fs::write(file.path(), description.to_string()).unwrap();
        let Some(server) = peers::prism(file.path()) else { return };
        let status = |ids: &Value| {
            let request = json!({
                "input": { "All": { "ids": { "type": "list" } } }, "response": { "httpError": "return" },
                "encoding": { "lists": lists }, "query": { "ids": "<<input.All.ids>>" },
            });
            let host = Host::builder()
                .cards(demo(&server.base_url, &json!({ "scheme": "none" }), &request))
                .build();
            let invocation =
                json!({ "connection": { "fields": {} }, "input": { "All": { "ids": ids } } });
            let invocation = Invocation::from_value(invocation).unwrap();
            block_on(host.run(Some("demo/act"), invocation)).unwrap().status
        };
        assert_eq!(status(&json!(["a", "b", "c"])), 200, "{lists}: {}", server.log());
        // The judge looks: an item that is none of those is refused.
        assert_eq!(status(&json!(["a", "b", "x"])), 422, "{lists}");
    }
}

#[test]
fn libxml_reads_what_stands_in_xml() {
    let hostile = [
        "Smith & Sons",
        "<b>bold</b>",
        "]]>",
        "<![CDATA[x]]>",
        "\"'",
        "&amp;",
        "a\tb\nc",
        "größe ✓ 𝄞",
        "<!-- x -->",
        "<?pi?>",
        "&#0;",
        "%entity;",
        " spaces ",
        "",
    ];
    let template = "<order xmlns=\"urn:tea\" by='<<input.All.Text>>' to=\"<<input.All.Text>>\"><name><<input.All.Text>></name><note><<input.All.Note?>></note></order>";
    let request = json!({
        "input": { "All": { "Text": { "type": "text" }, "Note": { "type": "text" } } },
        "method": "POST", "body": { "xml": template.replace("Text>>", "Text?>>") },
    });
    let texts: Vec<String> = hostile
        .iter()
        .map(|text| {
            let request = arrived(&request, &json!({ "All": { "Text": text } }));
            request.split_once("\r\n\r\n").unwrap().1.to_owned()
        })
        .collect();
    let Some(command) = peers::libxml() else { return };
    let read = peers::asked(command, &json!(texts));
    for ((text, xml), read) in hostile.iter().zip(&texts).zip(read.as_array().unwrap()) {
        assert_eq!(read["tag"], "{urn:tea}order", "{xml}: {read}");
        assert_eq!(read["attributes"], json!({ "by": text, "to": text }), "{xml}");
        let name = &read["children"][0];
        assert_eq!(name["text"].as_str().unwrap_or_default(), *text, "{xml}");
        assert_eq!(name["children"], json!([]), "{xml}");
    }
}

const ENVELOPE: &str = "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>\
<PlaceOrder xmlns=\"urn:teahouse\"><customer><<input.Order.Customer>></customer><note><<input.Order.Note?>></note>\
<item><<input.Order.First Item>></item><item><<input.Order.Second Item>></item></PlaceOrder></soap:Body></soap:Envelope>";

/// A connector of the SOAP service, as one would write it.
fn teahouse(base: &str) -> MemorySource {
    let connector = json!({
        "format": 1, "name": "teahouse", "version": "1.0.0", "title": "Teahouse",
        "connection": { "fields": {} },
        "auth": { "open": { "scheme": "none" } },
        "targets": { "Orders": { "auth": ["open"], "base": base, "headers": { "content-type": "text/xml; charset=utf-8" } } },
        "failures": [{
            "when": { "response.body.Envelope.Body.Fault": { "present": true } }, "code": "service.fault",
            "message": "<<response.body.Envelope.Body.Fault.faultstring?>>",
        }],
        "errors": [{ "status": [500], "code": "service.fault", "message": "<<response.body.Envelope.Body.Fault.faultstring?>>" }],
    });
    let card = json!({
        "input": { "Order": {
            "Customer": { "required": true }, "Note": {}, "First Item": { "required": true }, "Second Item": { "required": true },
        } },
        "request": {
            "method": "POST", "path": "/orders", "headers": { "soapaction": "urn:teahouse/PlaceOrder" },
            "body": { "xml": ENVELOPE, "contentType": "text/xml; charset=utf-8" },
        },
        "response": { "decoder": "xml", "lists": ["Envelope.Body.PlaceOrderResponse.item"] },
        "output": { "Order": {
            "Number": { "required": true, "value": "<<response.body.Envelope.Body.PlaceOrderResponse.number>>" },
            "Customer": { "value": "<<response.body.Envelope.Body.PlaceOrderResponse.customer?>>" },
            "Note": { "value": "<<response.body.Envelope.Body.PlaceOrderResponse.note?>>" },
            "Items": { "of": "text", "value": "<<response.body.Envelope.Body.PlaceOrderResponse.item?>>" },
        } },
    });
    MemorySource::new()
        .with("teahouse/connector", connector.to_string())
        .with("teahouse/place-order", card.to_string())
}

#[test]
fn a_soap_service_takes_orders_and_tells_faults() {
    let Some(server) = peers::soap() else { return };
    let host = Host::builder().cards(teahouse(&server.base_url)).build();
    let run = |order: &Value| {
        let invocation = json!({ "connection": { "fields": {} }, "input": { "Order": order } });
        let invocation = Invocation::from_value(invocation).unwrap();
        block_on(host.run(Some("teahouse/place-order"), invocation))
    };
    let order = json!({ "Customer": "Smith & Sons <tea>", "Note": "]]> \"now\" & 'then'", "First Item": "Sencha ✓", "Second Item": "a<b" });
    let output = run(&order).unwrap().output.to_value().unwrap();
    assert_eq!(
        output,
        json!({ "Order": {
            "Number": "7", "Customer": "Smith & Sons <tea>", "Note": "]]> \"now\" & 'then'", "Items": ["Sencha ✓", "a<b"],
        } })
    );
    for (customer, status) in [("nobody", 200), ("closed", 500)] {
        let order = json!({ "Customer": customer, "First Item": "x", "Second Item": "y" });
        let error = run(&order).unwrap_err();
        assert_eq!(error.code().as_str(), "service.fault");
        let expected =
            format!("the service answered {status}: no such customer: <{customer}> & co");
        assert_eq!(error.message(), expected);
    }
}
