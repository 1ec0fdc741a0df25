//! A project's warehouse sources and their runs.

use serde_json::{Value, json};

use super::{Answered, Asked, Model, item, laid_over};

/// What a run is when somebody looks at the list of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It is not in the list yet.
    Unlisted,
    /// It is in the list and has no status yet.
    Pending,
    Running,
    Completed,
    /// With these reasons.
    Failed(&'static [&'static str]),
}

/// The service.
#[derive(Clone, Debug)]
pub struct Warehouse {
    pub sources: Vec<Source>,
    /// How many triggers are still refused with 429 before one is accepted.
    pub busy: usize,
    /// The words of that refusal.
    pub refusal: String,
    /// What a run is at the first look, the second, and so on; the last stage stays.
    pub course: Vec<Stage>,
}

#[derive(Clone, Debug)]
pub struct Source {
    pub id: String,
    pub name: String,
    pub kind: String,
    pub tables: Vec<Value>,
    pub runs: Vec<Run>,
}

#[derive(Clone, Debug)]
pub struct Run {
    pub id: String,
    /// How often the list was looked at since it was triggered.
    pub looks: usize,
    /// Where it is not the course of the service.
    pub course: Option<Vec<Stage>>,
}

impl Warehouse {
    /// No sources; the third trigger is accepted, and its run is over at the third look.
    pub fn new() -> Warehouse {
        let course = vec![Stage::Pending, Stage::Running, Stage::Completed];
        let refusal = "too many runs triggered".to_owned();
        Warehouse { sources: Vec::new(), busy: 2, refusal, course }
    }

    fn create(&mut self, body: &Value, sample: &Value) -> Answered {
        let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        let source = Source {
            id: format!("wh_{}", self.sources.len() + 1),
            name: text("name"),
            kind: text("type"),
            tables: body["tables"].as_array().cloned().unwrap_or_default(),
            runs: Vec::new(),
        };
        let answered = Answered::json(200, &source.shown(sample));
        self.sources.push(source);
        answered.wrote()
    }

    fn trigger(&mut self, id: &str, sample: &Value) -> Answered {
        if self.busy > 0 {
            self.busy -= 1;
            return Answered::error(429, &self.refusal).with("retry-after", 0);
        }
        let Some(source) = self.source(id) else { return missing() };
        let run = Run { id: format!("run_{}", source.runs.len() + 1), looks: 0, course: None };
        let shown = laid_over(sample, &run.shown(Stage::Running));
        source.runs.push(run);
        Answered::json(200, &shown).wrote()
    }

    /// Every look brings each run a step further.
    fn list_runs(&mut self, id: &str, sample: &Value) -> Answered {
        let course = self.course.clone();
        let Some(source) = self.source(id) else { return missing() };
        let mut all = Vec::new();
        // The newest first.
        for run in source.runs.iter_mut().rev() {
            let course = run.course.as_ref().unwrap_or(&course);
            let stage = course[run.looks.min(course.len() - 1)];
            run.looks += 1;
            if stage != Stage::Unlisted {
                all.push(laid_over(item(sample), &run.shown(stage)));
            }
        }
        Answered::json(200, &json!({ "results": all }))
    }

    fn source(&mut self, id: &str) -> Option<&mut Source> {
        self.sources.iter_mut().find(|source| source.id == id)
    }
}

impl Source {
    fn shown(&self, sample: &Value) -> Value {
        let over = json!({
            "id": self.id, "name": self.name, "type": self.kind, "status": "active",
            "createdAt": "2026-11-21T09:00:00Z", "lastRunAt": null,
        });
        laid_over(sample, &over)
    }
}

impl Run {
    /// A run from before.
    pub fn over(id: &str) -> Run {
        Run { id: id.to_owned(), looks: 0, course: Some(vec![Stage::Completed]) }
    }

    fn shown(&self, stage: Stage) -> Value {
        let start = "2026-11-21T09:30:00Z";
        let (status, start, end, records, errors) = match stage {
            Stage::Unlisted | Stage::Pending => (None, None, None, None, None),
            Stage::Running => (Some("running"), Some(start), None, None, None),
            Stage::Completed => {
                (Some("completed"), Some(start), Some("2026-11-21T09:44:31Z"), Some(184_467), None)
            }
            Stage::Failed(reasons) => {
                (Some("failed"), Some(start), Some("2026-11-21T09:30:09Z"), Some(0), Some(reasons))
            }
        };
        json!({
            "id": self.id, "status": status, "startTime": start, "endTime": end,
            "recordsImported": records, "errors": errors,
        })
    }
}

fn missing() -> Answered {
    Answered::error(404, "warehouse source not found")
}

impl Model for Warehouse {
    fn answer(&mut self, asked: &Asked, sample: &Value) -> Answered {
        let path: Vec<&str> = asked.path.trim_start_matches("/api/app").split('/').collect();
        match (asked.method.as_str(), &path[1..]) {
            ("GET", ["projects", _, "warehouse-sources"]) => {
                let all = self.sources.iter().map(|source| source.shown(item(sample)));
                Answered::json(200, &json!({ "results": all.collect::<Vec<_>>() }))
            }
            ("POST", ["projects", _, "warehouse-sources"]) => self.create(&asked.body, sample),
            ("GET", ["projects", _, "warehouse-sources", id, "runs"]) => self.list_runs(id, sample),
            ("POST", ["projects", _, "warehouse-sources", id, "runs"]) => self.trigger(id, sample),
            ("GET", ["projects", _, "warehouse-sources", id, "tables"]) => {
                let Some(source) = self.source(id) else { return missing() };
                let kept = |table: &Value| {
                    let own = json!({ "tableName": table["tableName"], "importType": table["importType"] });
                    laid_over(item(sample), &own)
                };
                let all: Vec<Value> = source.tables.iter().map(kept).collect();
                Answered::json(200, &json!({ "results": all }))
            }
            _ => Answered::error(404, "no such operation"),
        }
    }
}
