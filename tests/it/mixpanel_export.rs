//! Mixpanel's export as records, killed in the middle and gone on with, against a service that sends what Mixpanel's reference says: NDJSON in
//! gzip that calls itself text.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};

use serde_json::{Value, json};

use crate::support::{Answer, RawServer, cardhost, command};

/// More than comes at once.
const ALL: usize = 60_000;

fn event(id: usize, kind: &str) -> String {
    format!(
        "{{\"event\":\"{kind}\",\"properties\":{{\"time\":{},\"distinct_id\":\"user-{}\",\"$insert_id\":\"i{id:06}\",\"Order\":7615917337495251231}}}}\n",
        1_795_176_000 + id,
        id % 977
    )
}

/// A whole reply.
fn export(kind: &str) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    (0..ALL).for_each(|id| packer.write_all(event(id, kind).as_bytes()).unwrap());
    let body = packer.finish().unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), &body].concat()
}

/// The numbers of the events of whole lines; the last line may be cut off. Each event is as it was sent.
fn numbers(text: &str) -> Vec<usize> {
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let number = |line: &str| {
        let record: Value = serde_json::from_str(line).unwrap();
        let id = record["properties"]["$insert_id"].as_str().unwrap();
        let number = id.trim_start_matches('i').parse().unwrap();
        assert_eq!(format!("{line}\n"), event(number, "Signed up"));
        number
    };
    whole.lines().filter(|line| !line.is_empty()).map(number).collect()
}

fn invocation() -> String {
    json!({
        "connection": { "fields": { "Service Account: Username": "sa.made-up", "Service Account: Secret": "made-up-secret-1" } },
        "options": { "Project ID": 2_195_193 },
        "input": { "Events": { "Start Date": "2026-11-19", "End Date": "2026-11-20" } },
    })
    .to_string()
}

#[test]
#[cfg(unix)]
fn an_export_that_is_killed_goes_on_and_loses_no_event() {
    let server = RawServer::start(|index, _| {
        let whole = export("Signed up");
        // The first and the second run are killed in the middle of it.
        match index {
            0 => Answer::Hang(whole[..whole.len() / 2].to_vec()),
            1 => Answer::Hang(whole[..whole.len() / 4 * 3].to_vec()),
            2 => Answer::Bytes(whole),
            // Days that are not over: other events are there now.
            _ => Answer::Bytes(export("Signed in")),
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let resume = folder.path().join("resume.json");
    let resume_path = resume.to_str().unwrap();
    let args = [
        "run",
        "mixpanel/export-events",
        "--records",
        "--base",
        &server.url,
        "--resume",
        resume_path,
    ];
    let mut runs = Vec::new();
    let mut cursor = String::new();
    for least in [ALL / 2 - 4_000, ALL / 4 - 4_000] {
        let mut child = command(&args).spawn().unwrap();
        child.stdin.take().unwrap().write_all(invocation().as_bytes()).unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut text = String::new();
        for _ in 0..least {
            assert_ne!(output.read_line(&mut text).unwrap(), 0);
        }
        child.kill().unwrap();
        output.read_to_string(&mut text).unwrap();
        assert!(!child.wait().unwrap().success());
        cursor = std::fs::read_to_string(&resume).unwrap();
        assert!(!cursor.contains("made-up-secret"), "{cursor}");
        runs.push(numbers(&text));
    }
    let last = cardhost(&args, &invocation());
    assert_eq!(last.code, 0, "{}", last.stderr);
    assert!(last.stderr.contains("warning[pages.resumed]"), "{}", last.stderr);
    runs.push(numbers(&last.stdout));
    let all: BTreeSet<usize> = runs.iter().flatten().copied().collect();
    assert_eq!(all.len(), ALL);
    for run in &runs {
        assert!(run.windows(2).all(|pair| pair[1] == pair[0] + 1));
    }
    for pair in runs.windows(2) {
        let again = (pair[0].last().unwrap() + 1).checked_sub(pair[1][0]).unwrap();
        assert!(again <= 1_300, "{again} again");
    }
    assert!(!resume.exists(), "the file is gone when all was had");

    // Mixpanel is asked for the same days each time.
    let requests = server.requests();
    let lines: BTreeSet<&str> = requests.iter().filter_map(|sent| sent.lines().next()).collect();
    let asked = "GET /?project_id=2195193&from_date=2026-11-19&to_date=2026-11-20 HTTP/1.1";
    assert_eq!((requests.len(), lines), (3, BTreeSet::from([asked])));
    // Whoever goes on where the events are others now gets none twice by accident.
    std::fs::write(&resume, cursor).unwrap();
    let other = cardhost(&[&args[..], &["--errors", "json"]].concat(), &invocation());
    assert!(other.stderr.contains("\"code\":\"pages.changed\""), "{}", other.stderr);
    assert_eq!((other.code, other.stdout.as_str()), (9, ""));
}
