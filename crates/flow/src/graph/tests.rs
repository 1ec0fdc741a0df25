//! The pictures of four flows; and that nothing lies over anything else, in those and in any other.

use super::blocks::Graph;
use super::layout::{Layout, Rect, RouteEnd};
use super::words::{columns, cut};
use super::*;
use crate::{Document, load};

const SWITCH: &str = "
document: { dsl: '1.0.3', namespace: shop, name: order, version: 1.0.0, title: 'Orders & <returns>' }
do:
  - ask:
      switch:
        - big: { when: .n > 100, then: review }
        - small: { when: .n < 10, then: end }
        - again: { when: .n == null, then: ask }
        - usual: { then: continue }
  - pack: { call: 'pack-order:1.2.0@shop', if: '.items | length > 0' }
  - send: { call: http, with: { method: post, endpoint: 'https://post.example/{id}' }, then: exit }
  - review: { raise: { error: { type: 'https://shop.example/errors/too-big', status: 400 } } }
";

const FORK: &str = "
document: { dsl: '1.0.3', namespace: shop, name: prices, version: 1.0.0 }
do:
  - all:
      fork:
        compete: true
        branches:
          - slow: { wait: PT1M30S }
          - quick:
              do:
                - first: { call: openapi, with: { document: { endpoint: 'https://a.example/o' }, operationId: getPrice } }
                - leave: { set: { price: 1, currency: EUR }, then: end }
          - third: { run: { workflow: { namespace: shop, name: guess, version: latest } } }
  - none: { fork: { branches: [] } }
";

const TRY: &str = "
document: { dsl: '1.0.3', namespace: shop, name: careful, version: 1.0.0 }
do:
  - whole:
      try:
        - get: { call: get-pet@shop }
      catch:
        retry: { delay: PT1S, limit: { attempt: { count: 2 } } }
        do:
          - tell: { emit: { event: { with: { source: 'https://shop.example', type: pet.missing } } } }
          - stop: { set: {x: 1}, then: exit }
          - more: { set: '${ . }' }
  - only: { try: [], catch: { errors: { with: { status: 404 } } } }
";

const LOOP: &str = "
document: { dsl: '1.0.3', namespace: shop, name: poll, version: 1.0.0 }
do:
  - begin: { set: { n: 0 } }
  - each:
      for: { each: pet, in: .pets }
      while: .n < 3
      do:
        - ask: { call: 'get-pet@shop' }
        - ready: { switch: [ { not yet: { when: .busy, then: pause } }, { done: { then: exit } } ] }
        - pause: { wait: { milliseconds: 1 }, then: ask }
  - repeat: { set: { n: '${ .n + 1 }' }, then: begin }
  - a name that is so long that nobody would read it to its end: { call: http, with: { method: get, endpoint: 'https://a.very.long.host.example/with/a/path' } }
";

const WHOLE: &str = "
document: { dsl: '1.0.3', namespace: shop, name: whole, version: 1.0.0 }
timeout: { after: PT1H }
use:
  functions:
    ask: { call: http, with: { method: get, endpoint: 'https://a.example/pets' } }
    again: { call: ask }
do:
  - pets: { call: ask, timeout: { after: PT30S }, if: .ready }
  - more: { call: again }
  - careful:
      timeout: { after: { minutes: 5 } }
      try: [ { pay: { call: 'pay@bank' } } ]
      catch:
        errors: { with: { type: 'https://open-workflow-specification.org/spec/1.0.0/errors/communication', status: 503 } }
        when: .detail != null
        exceptWhen: .title == \"Closed\"
        do: [ { note: { set: { paid: false } } } ]
  - lenient: { try: [ { ask: { call: ask } } ], catch: { errors: { with: { status: 404 } } } }
  - each:
      for: { each: pet, in: .pets }
      while: .n < 3
      do: [ { feed: { call: 'feed@shop' } } ]
  - kinds: { for: { in: .kinds }, do: [ { which: { switch: [ { cat: { when: '.kind == \"cat\"', then: end } }, { dog: { then: continue } } ] } } ] }
";

fn document(text: &str) -> Document {
    load("x.yaml", text).unwrap_or_else(|found| panic!("{}", found[0].message())).document
}

#[test]
fn the_pictures_of_flows_are_these() {
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        for (name, text) in [("switch", SWITCH), ("fork", FORK), ("try", TRY), ("loop", LOOP), ("whole", WHOLE)] {
            let document = document(text);
            sound(&document);
            insta::assert_snapshot!(format!("{name}_mermaid"), mermaid(&document));
            insta::assert_snapshot!(format!("{name}_svg"), svg(&document));
            assert_eq!(svg(&document), svg(&document));
        }
    });
}

#[test]
fn the_empty_flow_is_a_line_from_start_to_end() {
    let document =
        document("document: { dsl: '1.0.3', namespace: x, name: y, version: 1.0.0 }\ndo: []");
    sound(&document);
    let layout = Layout::of(&Graph::of(&document));
    assert_eq!((layout.start, layout.finish), ((38, 29), (38, 81)));
    assert_eq!(layout.routes.len(), 1);
    assert_eq!(layout.routes[0].points, [(38, 38), (38, 72)]);
}

#[test]
fn ways_to_one_block_share_a_lane_and_others_keep_apart() {
    let tasks = "
  - a: { set: { x: 1 }, then: d }
  - b: { set: { x: 1 }, then: d }
  - c: { set: { x: 1 }, then: a }
  - d: { set: { x: 1 } }
  - e: { set: { x: 1 }, then: g }
  - f: { set: { x: 1 } }
  - g: { set: { x: 1 } }
";
    let head = "document: { dsl: '1.0.3', namespace: x, name: y, version: 1.0.0 }\ndo:";
    let document = document(&format!("{head}{tasks}"));
    sound(&document);
    let layout = Layout::of(&Graph::of(&document));
    let of_side = layout.routes.iter().filter(|route| route.points.len() == 4);
    let lanes: Vec<(i64, &str)> = of_side
        .map(|route| (route.points[1].0, route.label.as_ref().map_or("", |label| label.0.as_str())))
        .collect();
    let (first, second) = (lanes[2].0, lanes[0].0);
    assert_eq!(
        lanes,
        [(second, "then d"), (second, "then d"), (first, "then a"), (first, "then g")]
    );
    assert_eq!(second - first, 12);
}

#[test]
fn long_texts_are_cut_and_wide_ones_take_more_room() {
    assert_eq!(cut("abcdef", 6), "abcdef");
    assert_eq!(cut("abcdefg", 6), "abcde…");
    assert_eq!(cut("a\u{7}b\nc", 6), "a b c");
    assert_eq!(cut("宠物商店", 6), "宠物…");
    assert_eq!(cut("宠物商", 6), "宠物商");
    assert_eq!((columns("abc"), columns("宠物"), columns("é…")), (3, 4, 2));
}

#[test]
fn thousands_of_tasks_and_hundreds_of_levels_are_drawn() {
    let head = "document: { dsl: '1.0.3', namespace: x, name: y, version: 1.0.0 }\ndo: ";
    let tasks: Vec<String> = (0..10_000)
        .map(|n| format!("{{ t{n}: {{ set: {{ x: 1 }}, then: t{} }} }}", n * 7_919 % 10_000))
        .collect();
    sound(&document(&format!("{head}[{}]", tasks.join(", "))));
    let (open, close) = ("[{ a: { try: ", ", catch: { do: [{ b: { set: { x: 1 } } }] } } }]");
    let deep = format!("{}[]{}", open.repeat(250), close.repeat(250));
    let document = document(&format!("{head}{deep}"));
    sound(&document);
    assert_eq!(svg(&document).matches("class=\"frame catch\"").count(), 250);
}

/// Nothing lies over anything else, everything is inside of what it belongs to, and the whole holds all.
pub(crate) fn sound(document: &Document) {
    let graph = Graph::of(document);
    let layout = Layout::of(&graph);
    let whole = Rect { x: 0, y: 0, width: layout.width, height: layout.height };
    for (index, column) in graph.columns.iter().enumerate() {
        let around = layout.columns[index];
        assert!(holds(&whole, &around), "column {index}: {around:?} in {whole:?}");
        let rects = &layout.blocks[column.blocks.clone()];
        for rect in rects {
            assert!(holds(&around, rect), "{rect:?} in column {around:?}");
        }
        for pair in rects.windows(2) {
            assert!(pair[0].bottom() + 30 <= pair[1].y, "{pair:?}");
            assert_eq!(pair[0].middle(), pair[1].middle());
        }
    }
    for (block, rect) in graph.blocks.iter().zip(&layout.blocks) {
        let inside = &layout.columns[block.columns.clone()];
        assert!(inside.iter().all(|column| holds(rect, column)), "{inside:?} in {rect:?}");
        assert!(inside.windows(2).all(|pair| pair[0].right() < pair[1].x), "{inside:?}");
        let name = columns(&cut(&block.name, super::layout::LONGEST_NAME)) * 8;
        assert!(name < rect.width, "{} is wider than its box", block.name);
    }
    for route in &layout.routes {
        for (x, y) in &route.points {
            let point = Rect { x: *x, y: *y, width: 0, height: 0 };
            assert!(holds(&whole, &point), "{route:?} in {whole:?}");
        }
        for pair in route.points.windows(2) {
            assert!(pair[0].0 == pair[1].0 || pair[0].1 == pair[1].1, "{route:?} is aslant");
        }
        if let Some((label, (x, _))) = &route.label {
            let end = x + columns(label) * 7;
            assert!(end <= layout.width, "{label} in {whole:?}");
            // A lane begins behind every label beside it.
            if route.end == RouteEnd::Left {
                assert!(end < route.points[1].0, "{route:?}");
            }
        }
    }
}

fn holds(outer: &Rect, inner: &Rect) -> bool {
    outer.x <= inner.x
        && outer.y <= inner.y
        && inner.right() <= outer.right()
        && inner.bottom() <= outer.bottom()
}
