//! What a flow tells while it runs, and what the service saw of it.

use serde_json::Value;

use super::process::{Scene, password, warehouse, warehouse_input};
use crate::scripted::Service;
use crate::warehouse::prism;

/// The trace with one time, one address and one version: a line an event, with the keys in their order.
pub fn normalized(trace: &str, url: &str) -> String {
    fn settle(value: &mut Value, url: &str) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    match key.as_str() {
                        "at" | "until" => *value = Value::from("<time>"),
                        "ms" => *value = Value::from(0),
                        _ => settle(value, url),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| settle(item, url)),
            Value::String(text) => {
                let agent = concat!("cardhost/", env!("CARGO_PKG_VERSION"));
                *text = text.replace(url, "http://service").replace(agent, "cardhost/<version>");
            }
            _ => {}
        }
    }
    let line = |line: &str| {
        let mut value: Value = serde_json::from_str(line).unwrap();
        settle(&mut value, url);
        format!("{value}\n")
    };
    trace.lines().map(line).collect()
}

#[test]
fn the_warehouse_flow_tells_every_step() {
    let Some(prism) = prism() else { return };
    let service = Service::start(warehouse(), Some(&prism.base_url));
    let scene = Scene::new("mixpanel/warehouse-import", warehouse_input(), service.url());
    let trace = scene.path("trace.ndjson");
    let ran = scene.run(&["--trace", trace.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{ran:?}");
    scene.assert_no_secret_in_files();
    let told = normalized(&std::fs::read_to_string(&trace).unwrap(), service.url());
    let book = service.book();
    // The service saw the warehouse's password, which is nobody else's business.
    let seen = book
        .seen()
        .join("\n")
        .replace(&serde_json::to_string(&password()).unwrap(), "\"<password>\"");
    drop(book);
    insta::assert_snapshot!(
        "warehouse_import",
        format!("{told}\nseen by the service:\n{seen}\n\nstdout:\n{}", ran.stdout)
    );

    // Run again, it tells its end once more, and asks for nothing.
    let again = scene.run(&[]);
    assert_eq!((again.code, &again.stdout), (0, &ran.stdout), "{again:?}");
    assert_eq!(service.book().seen().len(), 11);
}
