//! Flows that pass secrets on, repeat them and fail over them: what is told, kept and printed of a run.

use std::path::Path;
use std::sync::{Arc, Mutex};

use cardhost::Host;
use cardhost::core::secret::Redactor;
use cardhost::flow::{Action, Options, Run, Step, StepId};
use cardhost::flow::{Flow, FlowRunner, Journal, MemorySecrets, News, Unfinished, Watcher};
use serde_json::{Value, json};

use crate::canary::text;
use crate::memory::host::Show;

/// Keeps what is told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<News>>>);

impl Watcher for Told {
    fn tell(&self, news: &News) {
        self.0.lock().unwrap().push(news.clone());
    }
}

const FLOW: &str = "
document: { dsl: '1.0.3', namespace: x, name: NAME, version: 1.0.0 }
use: { secrets: [ pass ] }
do:
  - read:
      try:
        - card: { call: basic-plain@vault, with: { connection: prod, input: { Act: { Path: fine } } } }
      catch: { errors: { with: { status: 599 } } }
  - set: { set: { secret: '${ $secrets.pass }', given: '${ $input }' } }
  - tell: { emit: { event: { with: { source: 'https://example.com/x', type: t, data: '${ $secrets.pass }' } } } }
  - again:
      try: [ { oops: { raise: { error: { type: 'https://example.com/x', status: 500, title: no, detail: '${ $secrets.pass.Password }' } } } } ]
      catch: { retry: { limit: { attempt: { count: 1 } } }, do: [ { on: { set: { n: 1 } } } ] }
  - fail: { set: { n: '${ $secrets.pass.Password | LAST }' } }
";

fn flow(name: &str, last: &str) -> Flow {
    Flow::load("flow.yaml", &FLOW.replace("NAME", name).replace("LAST", last)).unwrap()
}

/// Runs flows with secrets, and shows what can be seen of them.
pub async fn flows(folder: &Path, host: &Host, show: &Show) {
    let password = text("password");
    let secrets = || {
        MemorySecrets::new().with("pass", json!({ "Password": password, "Notes": text("notes") }))
    };
    show(format!("{:?}", secrets()));
    for (index, last) in
        [".x", "tonumber", "error", "{(.): 1} | .x.y.z + 1", "length"].iter().enumerate()
    {
        let told = Told::default();
        let runner = FlowRunner::new(host.clone()).secrets(secrets()).watcher(told.clone());
        show(format!("{runner:?}"));
        let flow = flow(&format!("f{index}"), last);
        let path = folder.join(format!("journal-{index}.db"));
        let journal = Journal::open(&path).unwrap();
        show(format!("{journal:?} {flow:?}"));
        let ran =
            runner.run_with(journal, Unfinished::Skip(json!(password)), &flow, json!({})).await;
        if let Err(error) = ran {
            show(format!("{error:?} {error} {:?}", error.fault()));
        }
        for news in told.0.lock().unwrap().iter() {
            show(format!("{news:?} {}", news.to_json()));
        }
        let events = told
            .0
            .lock()
            .unwrap()
            .iter()
            .map(|news| news.to_json()["event"].clone())
            .collect::<Vec<_>>();
        for event in ["sending", "emitted", "completed", "retrying"] {
            assert!(events.contains(&json!(event)), "{events:?}");
        }
        for end in ["", "-wal"] {
            let bytes = std::fs::read(format!("{}{end}", path.display())).unwrap_or_default();
            show(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    interpreter(&password, show);
}

/// The types between the interpreter and its host.
fn interpreter(password: &str, show: &Show) {
    let flow = Flow::load(
        "flow.yaml",
        &format!(
            "
document: {{ dsl: '1.0.3', namespace: x, name: y, version: 1.0.0 }}
do:
  - all:
      fork:
        branches:
          - card: {{ call: c@v, with: {{ input: {{ A: {{ B: '${{ . }}' }} }} }} }}
          - http:
              call: http
              with:
                method: post
                endpoint:
                  uri: https://example.com/x
                  authentication: {{ basic: {{ username: sa, password: {} }} }}
                headers: {{ x-key: '${{ . }}' }}
                body: {{ a: '${{ . }}' }}
          - flow: {{ run: {{ workflow: {{ namespace: a, name: b, version: 1.0.0, input: {{ a: '${{ . }}' }} }} }} }}
          - emit: {{ emit: {{ event: {{ with: {{ source: 'https://example.com/x', type: t, data: '${{ . }}' }} }} }} }}
",
            json!(password)
        ),
    )
    .unwrap();
    let mut run = Run::new(Arc::clone(&flow.document), json!(password), Options::default());
    let steps = run.steps(0);
    assert_eq!(steps.len(), 4);
    show(format!("{run:?} {steps:?} {:?}", flow.document));
    for id in flow.document.list(flow.document.root) {
        show(format!("{:?}", flow.document.task(*id).name));
    }
    for step in &steps {
        let Step::Start { action, .. } = step else { continue };
        match action {
            Action::Card(card) => show(format!("{card:?}")),
            Action::Workflow(flow) => show(format!("{flow:?}")),
            Action::Http(request) => {
                let call = request.call(&Redactor::new()).unwrap();
                show(format!("{request:?} {:?} {call:?}", request.authentication));
                show(format!("{:?}", call.begin()));
            }
            other => show(format!("{other:?}")),
        }
    }
    let outcome: Result<Value, _> = Ok(json!(password));
    assert!(run.complete(StepId::new("/do/0/all/fork/branches/0/card"), outcome));
    run.steps(0);
    show(format!("{run:?} {:?}", Unfinished::Skip(json!(password))));
}
