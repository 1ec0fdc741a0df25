//! Loops whose turns are apart from each other, over a service.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cardhost::flow::FlowRunner;
use serde_json::{Value, json};

use super::shop::{Shop, call, flow, ok, run, status};

const ITEMS: usize = 2_000;
const AT_ONCE: usize = 32;

#[test]
fn so_many_at_once_in_order_and_none_is_lost() {
    let (under_way, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let shop = {
        let (under_way, most) = (Arc::clone(&under_way), Arc::clone(&most));
        Shop::new(move |_, asked| {
            let now = under_way.fetch_add(1, Ordering::SeqCst) + 1;
            most.fetch_max(now, Ordering::SeqCst);
            let (under_way, most) = (Arc::clone(&under_way), Arc::clone(&most));
            Box::pin(async move {
                let number: usize = asked.path.trim_start_matches('/').parse().unwrap();
                // The first of them wait for each other.
                while number < AT_ONCE && most.load(Ordering::SeqCst) < AT_ONCE {
                    tokio::task::yield_now().await;
                }
                // Some are slower than those that began after them.
                for _ in 0..number % 7 {
                    tokio::task::yield_now().await;
                }
                under_way.fetch_sub(1, Ordering::SeqCst);
                Ok(match number % 100 {
                    13 => status(422, json!({ "why": number })),
                    _ => ok(json!({ "was": number })),
                })
            })
        })
    };
    let flow = flow(&format!(
        "do:\n  - each:\n      for: {{ in: .all }}\n      metadata: {{ concurrency: {AT_ONCE}, collect: results }}\n      do: [ {{ get: {} }} ]\n",
        call("get", "${ $item | tostring }"),
    ));
    let all: Vec<usize> = (0..ITEMS).collect();
    let output = run(FlowRunner::new(shop.host()).run(&flow, json!({ "all": all }))).unwrap();
    let results = output.as_array().unwrap();
    assert_eq!((results.len(), shop.asked().len()), (ITEMS, ITEMS));
    for (number, result) in results.iter().enumerate() {
        match number % 100 {
            13 => {
                assert_eq!(result["error"]["response"]["body"], json!({ "why": number }));
                let step = format!("/do/0/each/for/{number}/do/0/get");
                assert_eq!(result["error"]["step"], Value::from(step));
            }
            _ => assert_eq!(result["output"]["Response"]["Body"], json!({ "was": number })),
        }
    }
    assert_eq!(most.load(Ordering::SeqCst), AT_ONCE);
}
