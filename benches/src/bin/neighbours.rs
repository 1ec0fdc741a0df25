//! How long the calls of a stream take while replies that are much work come in between: `{"results":[1,1,…]}` of 16 MiB in 16 KB.
//!
//! Two hundred neighbours, one each five milliseconds, alone and with a hostile call each hundred milliseconds. Prints a table
//! and the most memory that the program had.

#![allow(clippy::print_stdout, reason = "it is what this program is for")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use cardhost_benches::Result;
use cardhost_benches::folder::Folder;
use cardhost_benches::programs::cardhost;
use serde_json::{Value, json};

const NEIGHBOURS: usize = 200;
const EACH: Duration = Duration::from_millis(5);
/// A hostile call after so many neighbours.
const HOSTILE_EACH: usize = 20;
const HOSTILE_BYTES: usize = 16 * 1024 * 1024;
const ROUNDS: usize = 5;

fn main() -> Result<()> {
    let program = cardhost()?;
    let base = serve(hostile_body())?;
    let folder = Folder::new()?;
    cards(folder.path(), &base)?;
    println!("| 200 neighbours | p50 ms | p99 ms | most ms | peak MiB |");
    println!("|---|---:|---:|---:|---:|");
    for (name, card) in [
        ("alone", None),
        ("beside ten whose field is read", Some("field")),
        ("beside ten that are passed on", Some("whole")),
    ] {
        let (mut all, mut peak) = (Vec::new(), 0);
        for _ in 0..ROUNDS {
            let (times, most) = run(&program, folder.path(), card)?;
            all.extend(times);
            peak = peak.max(most);
        }
        all.sort();
        let at = |part: f64| all[((all.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
        println!("| {name} | {:.2} | {:.2} | {:.2} | {peak} |", at(0.5), at(0.99), at(1.0));
    }
    Ok(())
}

/// The times of the neighbours, and the peak in MiB.
fn run(program: &Path, cards: &Path, hostile: Option<&str>) -> Result<(Vec<Duration>, usize)> {
    let mut child = Command::new(program)
        .args(["run", "--stream", "--jobs", "256", "--cards"])
        .arg(cards)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err("it has no pipes".into());
    };
    let hostiles = if hostile.is_some() { NEIGHBOURS / HOSTILE_EACH } else { 0 };
    let reader = thread::spawn(move || -> std::io::Result<Vec<(usize, Instant)>> {
        let mut stdout = BufReader::with_capacity(1 << 20, stdout);
        let mut arrived = Vec::new();
        let mut line = Vec::new();
        for _ in 0..NEIGHBOURS + hostiles {
            line.clear();
            stdout.read_until(b'\n', &mut line)?;
            let now = Instant::now();
            let id = line.strip_prefix(b"{\"id\":").unwrap_or_default();
            let id: String =
                id.iter().take_while(|b| b.is_ascii_digit()).map(|b| char::from(*b)).collect();
            if let Ok(id) = id.parse() {
                arrived.push((id, now));
            }
        }
        Ok(arrived)
    });
    let (stdin, sent) = feed(stdin, hostile)?;
    let arrived = reader.join().map_err(|_| "the reader panicked")??;
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let peak: usize = peak.trim().trim_end_matches(" kB").parse()?;
    drop(stdin);
    child.wait()?;
    if arrived.len() != NEIGHBOURS {
        return Err(format!("{} neighbours were answered", arrived.len()).into());
    }
    let times = arrived.into_iter().map(|(id, at)| at - sent[id]).collect();
    Ok((times, peak / 1024))
}

/// Writes the invocations, and when each neighbour was written.
fn feed(mut stdin: ChildStdin, hostile: Option<&str>) -> Result<(ChildStdin, Vec<Instant>)> {
    let mut sent = Vec::new();
    for id in 0..NEIGHBOURS {
        if let Some(card) = hostile.filter(|_| id % HOSTILE_EACH == 0) {
            writeln!(stdin, "{}", json!({ "id": "h", "card": format!("demo/{card}") }))?;
        }
        sent.push(Instant::now());
        writeln!(stdin, "{}", json!({ "id": id, "card": "demo/neighbour" }))?;
        thread::sleep(EACH);
    }
    Ok((stdin, sent))
}

fn hostile_body() -> Vec<u8> {
    let mut text = String::from("{\"results\":[1");
    text.push_str(&",1".repeat(HOSTILE_BYTES / 2 - 16));
    text.push_str("]}");
    miniz_oxide::deflate::compress_to_vec_zlib(text.as_bytes(), 6)
}

/// A service with a small reply at `/small` and the hostile one elsewhere.
fn serve(hostile: Vec<u8>) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let base = format!("http://{}", listener.local_addr()?);
    let hostile = Arc::new(hostile);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let hostile = Arc::clone(&hostile);
            thread::spawn(move || converse(stream, &hostile));
        }
    });
    Ok(base)
}

/// Answers until the client has gone.
fn converse(mut stream: TcpStream, hostile: &[u8]) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut read, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut chunk)?;
        if count == 0 {
            return Ok(());
        }
        read.extend_from_slice(&chunk[..count]);
        if !read.ends_with(b"\r\n\r\n") {
            continue;
        }
        let (coding, body) = match read.starts_with(b"GET /small") {
            true => ("identity", &b"{\"id\":\"x\",\"status\":\"ok\"}"[..]),
            false => ("deflate", hostile),
        };
        read.clear();
        let mut reply = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: {coding}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        reply.extend_from_slice(body);
        stream.write_all(&reply)?;
    }
}

fn cards(folder: &Path, base: &str) -> Result<()> {
    let demo = folder.join("demo");
    std::fs::create_dir(&demo)?;
    let connector = json!({
        "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo",
        "connection": { "fields": {} },
        "auth": { "none": { "scheme": "none" } },
        "targets": { "api": { "auth": ["none"], "base": base } },
    });
    std::fs::write(demo.join("connector.json"), connector.to_string())?;
    for (name, path, value) in [
        ("neighbour", "/small", "<<response.body.status>>"),
        ("field", "/hostile", "<<response.body.status?>>"),
        ("whole", "/hostile", "<<response.body>>"),
    ] {
        let card: Value = json!({
            "format": 1, "name": name, "version": "1.0.0", "title": name, "effect": "read",
            "request": { "target": "api", "method": "GET", "path": path },
            "output": { "Out": { "Value": { "type": "any", "value": value } } },
        });
        std::fs::write(demo.join(format!("{name}.json")), card.to_string())?;
    }
    Ok(())
}
