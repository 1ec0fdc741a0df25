//! The examples of the Custom API Action's page: each planned URL equals the page's, character for character.

use cardhost::{Embedded, Host, Invocation};
use serde_json::json;

use crate::support::{path, skipped};

/// An "Example for NAME API (LOCATION): BASE{{ / input.Request.Relative URL }}" line.
struct Line {
    api: String,
    location: String,
    base: String,
}

/// The lines of the page; `None` where the page is not at hand.
fn lines() -> Option<Vec<Line>> {
    let page = path("../shared/seeds/custom-api-action-page.txt");
    let Ok(text) = std::fs::read_to_string(&page) else {
        skipped("shared", "the seed page is not beside the project");
        return None;
    };
    let lines = text.lines().filter_map(|line| {
        let rest = line.strip_prefix("Example for ")?;
        let (name, url) = rest.split_once("): ")?;
        let (api, location) = name.split_once(" (")?;
        let (base, reference) = url.split_once("{{")?;
        assert_eq!(reference.replace(' ', ""), "/input.Request.RelativeURL}}");
        Some(Line { api: api.to_owned(), location: location.to_owned(), base: base.to_owned() })
    });
    Some(lines.collect())
}

fn planned(line: &Line, relative_url: &str, query: serde_json::Value) -> String {
    let host = Host::builder().cards(Embedded).build();
    let invocation = Invocation::from_value(json!({
        "connection": { "fields": {
            "API Server Location": line.location,
            "Project: Token": "token", "Project: API Secret": "secret",
            "Service Account: Username": "sa", "Service Account: Secret": "secret",
        } },
        "options": { "Request Type": "GET", "Select API": line.api },
        "input": { "Request": { "Relative URL": relative_url, "Query": query } },
    }));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let plan = runtime
        .block_on(host.plan(Some("mixpanel/custom-api-action"), invocation.unwrap()))
        .unwrap_or_else(|error| panic!("{} ({}): {error}", line.api, line.location));
    plan.request.url.to_string()
}

#[test]
fn every_example_of_the_page_is_planned_to_the_letter() {
    let Some(lines) = lines() else { return };
    assert_eq!(lines.len(), 12, "six APIs, Standard and EU");
    for line in &lines {
        let base = &line.base;
        for (relative, expected) in [
            ("/app/me", format!("{base}/app/me")),
            ("app/me", format!("{base}/app/me")),
            ("/a/b?x=1&y=%20z", format!("{base}/a/b?x=1&y=%20z")),
            ("a/b?x=1", format!("{base}/a/b?x=1")),
            (
                "?from_date=2026-01-01",
                format!("{base}?from_date=2026-01-01").replace(".com?", ".com/?"),
            ),
        ] {
            assert_eq!(planned(line, relative, json!({})), expected, "{} {relative}", line.api);
        }
        assert_eq!(
            planned(line, "/a?x=1", json!({ "project_id": 7, "where": "a b" })),
            format!("{base}/a?x=1&project_id=7&where=a%20b")
        );
    }
}
