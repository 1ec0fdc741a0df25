//! Long bodies: what cardhost takes of CPU and memory for them beside a bare reqwest stream and serde_json.
//!
//! `bodies` runs all of it, in turns, and prints the ratios; `bodies SIZE` with another number of MiB for the files and the export (1024).
//! `bodies bare WHAT URL [FILE]` is the yardstick, run by it.
#![allow(clippy::print_stdout, reason = "the figures on stdout are what this program is for")]

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use cardhost_benches::Result;
use cardhost_benches::folder::Folder;
use cardhost_benches::measure::{Check, Job, Usage};
use cardhost_benches::programs;
use hyper::body::{Body, Frame, SizeHint};
use ring::digest::{Context as Digest, SHA256};

const ROUNDS: usize = 3;
const BLOCK_BYTES: usize = 256 * 1024;
const PAGES: usize = 1_000;
const RECORDS: usize = 1_000;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["bare", what, url] => bare(what, url, Path::new("")),
        ["bare", what, url, file] => bare(what, url, Path::new(file)),
        [] => compare(1024),
        [mib] => compare(mib.parse()?),
        _ => Err("usage: bodies [MIB]".into()),
    }
}

/// What is compared: its name, the job of cardhost, that of bare reqwest, and the most that is promised.
type Row = (&'static str, Job, Option<Job>, f64);

fn compare(mib: u64) -> Result<()> {
    programs::own_programs()?;
    let cardhost = programs::cardhost()?;
    let own = std::env::current_exe()?;
    let folder = Folder::new()?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let base = format!("http://{}", listener.local_addr()?);
    let size = mib << 20;
    std::thread::spawn(move || serve(&listener, size));
    let file = folder.path().join("file.bin");
    std::io::copy(&mut std::io::repeat(b'x').take(size), &mut File::create(&file)?)?;
    let cards = cards(folder.path(), &base, &file)?;
    let job = |card: &str, more: &[&str], check: Check| {
        let mut arguments = vec!["run".to_owned(), format!("demo/{card}")];
        let fixed = ["--timeout", "1h", "--cards"].map(str::to_owned);
        arguments.extend(fixed);
        arguments.push(cards.display().to_string());
        arguments.extend(more.iter().map(|word| (*word).to_owned()));
        Job::new(&cardhost, arguments, check)
            .with_stdin(&folder.path().join(format!("{card}.stdin")))
    };
    let yardstick = |what: &str, path: &str, file: &Path| {
        let url = format!("{base}{path}");
        let arguments = ["bare".into(), what.into(), url.into(), file.as_os_str().to_owned()];
        Job::new(&own, arguments, Check::Contains("done".to_owned(), 1))
    };
    let kept = folder.path().join("kept");
    std::fs::create_dir(&kept)?;
    let sized = || Check::Contains(format!("\"size\":{size}"), 1);
    let lines = usize::try_from(size)? / LINE.len() * LINE.len();
    let rows: [Row; 5] = [
        (
            "download to a file",
            job("get", &["--files", &kept.display().to_string()], sized()),
            Some(yardstick("down", "/file", &kept.join("bare.bin"))),
            1.1,
        ),
        (
            "the same, where bare reqwest takes the SHA-256 as well",
            job("get", &["--files", &kept.display().to_string()], sized()),
            Some(yardstick("down-and-hash", "/file", &kept.join("bare.bin"))),
            1.1,
        ),
        (
            "upload of a file",
            job("put", &[], Check::Contains("\"Status\":200".to_owned(), 1)),
            Some(yardstick("up", "/file", &file)),
            1.2,
        ),
        (
            "1,000,000 paged records",
            job("list", &["--records"], Check::Contains("\"id\":".to_owned(), PAGES * RECORDS)),
            Some(yardstick("list", "/list", Path::new(""))),
            1.5,
        ),
        (
            "one long reply as records",
            job("export", &["--records"], Check::Length(lines)),
            None,
            0.0,
        ),
    ];
    println!("{mib} MiB; CPU in ms (median of {ROUNDS}), peak memory in MiB\n");
    println!("| | cardhost | bare reqwest | ratio | promised | peak |");
    println!("|---|---|---|---|---|---|");
    for (name, own, bare, most) in rows {
        let (mut owns, mut bares) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            owns.push(own.measure()?);
            if let Some(bare) = &bare {
                bares.push(bare.measure()?);
            }
            for entry in std::fs::read_dir(&kept)? {
                std::fs::remove_file(entry?.path())?;
            }
        }
        let (own_ms, peak) = (median(&owns), owns.iter().map(|usage| usage.peak_rss_kib).max());
        let peak = peak.unwrap_or_default() as f64 / 1024.0;
        match bares.is_empty() {
            true => println!("| {name} | {own_ms:.0} | | | | {peak:.1} |"),
            false => {
                let bare_ms = median(&bares);
                let ratio = own_ms / bare_ms;
                println!(
                    "| {name} | {own_ms:.0} | {bare_ms:.0} | {ratio:.2} | {most} | {peak:.1} |"
                );
            }
        }
    }
    Ok(())
}

/// The median CPU time in milliseconds.
fn median(usages: &[Usage]) -> f64 {
    let mut all: Vec<u64> = usages.iter().map(|usage| usage.cpu_us).collect();
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or_default() as f64 / 1_000.0
}

/// A connector with a card for each row.
fn cards(folder: &Path, base: &str, file: &Path) -> Result<PathBuf> {
    let demo = folder.join("cards/demo");
    std::fs::create_dir_all(&demo)?;
    let connector = serde_json::json!({
        "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo", "connection": { "fields": {} },
        "auth": { "none": { "scheme": "none" } }, "targets": { "api": { "auth": ["none"], "base": base } },
    });
    std::fs::write(demo.join("connector.json"), connector.to_string())?;
    let put = serde_json::json!({ "input": { "In": { "File": { "file": file } } } });
    for (name, mut card, stdin) in [
        (
            "get",
            serde_json::json!({
                "request": { "path": "/file" }, "response": { "body": "file" },
                "output": { "Reply": { "File": { "type": "file", "value": "<<response.body>>" } } },
            }),
            "{}".to_owned(),
        ),
        (
            "put",
            serde_json::json!({
                "input": { "In": { "File": { "type": "file", "required": true } } },
                "request": { "path": "/file", "method": "PUT", "body": { "file": "<<input.In.File>>" } },
                "output": { "Reply": { "Status": { "type": "number", "value": "<<response.status>>" } } },
            }),
            put.to_string(),
        ),
        (
            "list",
            serde_json::json!({
                "request": { "path": "/list" },
                "pages": { "items": "<<response.body.items>>", "next": { "query.page": "<<response.body.next?>>" } },
                "output": { "Reply": { "Items": { "type": "list", "value": "<<items>>" } } },
            }),
            "{}".to_owned(),
        ),
        (
            "export",
            serde_json::json!({
                "request": { "path": "/export" }, "response": { "decoder": "ndjson" },
                "pages": { "items": "<<response.body>>" },
                "output": { "Reply": { "Items": { "type": "list", "value": "<<items>>" } } },
            }),
            "{}".to_owned(),
        ),
    ] {
        card["title"] = name.into();
        std::fs::write(demo.join(format!("{name}.json")), card.to_string())?;
        std::fs::write(folder.join(format!("{name}.stdin")), stdin)?;
    }
    Ok(folder.join("cards"))
}

const LINE: &str = "{\"event\":\"Signed up\",\"properties\":{\"time\":1795176000,\"distinct_id\":\"user-1042\",\"$insert_id\":\"hpuDqcvpltpC\",\"mp_processing_time_ms\":1795176004874,\"Plan\":\"Team\"}}\n";

fn record(id: usize) -> String {
    format!("{{\"id\":{id},\"name\":\"record number {id}\",\"tags\":[\"a\",\"b\"],\"done\":false}}")
}

/// Answers whoever connects; one that goes away is nobody's fault.
fn serve(listener: &TcpListener, size: u64) {
    for stream in listener.incoming().flatten() {
        std::thread::spawn(move || drop(answer(&stream, size)));
    }
}

fn answer(stream: &TcpStream, size: u64) -> Result<()> {
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    loop {
        let (mut first, mut length) = (String::new(), 0_u64);
        if reader.read_line(&mut first)? == 0 {
            return Ok(());
        }
        let mut line = String::new();
        while reader.read_line(&mut line)? > 2 {
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
            line.clear();
        }
        std::io::copy(&mut (&mut reader).take(length), &mut std::io::sink())?;
        let path = first.split(' ').nth(1).unwrap_or_default();
        let (kind, block, total) = if path.starts_with("/list") {
            let page: usize = path.split("page=").nth(1).map_or(Ok(0), str::parse)?;
            let records: Vec<String> = (page * RECORDS..(page + 1) * RECORDS).map(record).collect();
            let next = if page + 1 < PAGES { (page + 1).to_string() } else { "null".to_owned() };
            let body = format!("{{\"items\":[{}],\"next\":{next}}}", records.join(","));
            let total = body.len() as u64;
            ("application/json", body.into_bytes(), total)
        } else if path.starts_with("/export") {
            let lines = LINE.repeat(BLOCK_BYTES / LINE.len());
            ("text/plain", lines.into_bytes(), size / LINE.len() as u64 * LINE.len() as u64)
        } else if length > 0 {
            ("text/plain", Vec::new(), 0)
        } else {
            ("application/octet-stream", vec![b'x'; BLOCK_BYTES], size)
        };
        write!(
            writer,
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {total}\r\n\r\n"
        )?;
        let mut left = total;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(block.len());
            writer.write_all(&block[..most])?;
            left -= most as u64;
        }
    }
}

/// The least that a program does with reqwest for the same.
fn bare(what: &str, url: &str, file: &Path) -> Result<()> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    runtime.block_on(async {
        // Handing over a finished TLS configuration keeps reqwest from reading the system's roots.
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let client =
            reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build()?;
        match what {
            "down" | "down-and-hash" => {
                let mut reply = client.get(url).send().await?;
                let mut file = File::create(file)?;
                let mut hash = (what != "down").then(|| Digest::new(&SHA256));
                while let Some(chunk) = reply.chunk().await? {
                    if let Some(hash) = &mut hash {
                        hash.update(&chunk);
                    }
                    file.write_all(&chunk)?;
                }
                if let Some(hash) = hash {
                    std::hint::black_box(hash.finish());
                }
            }
            "up" => {
                let file = File::open(file)?;
                let left = file.metadata()?.len();
                let body = reqwest::Body::wrap(Upload { file, left });
                client.put(url).body(body).send().await?.error_for_status()?;
            }
            _ => {
                let (mut next, mut count) = (Some(0), 0);
                while let Some(page) = next {
                    let reply = client.get(format!("{url}?page={page}")).send().await?;
                    let body: serde_json::Value = serde_json::from_slice(&reply.bytes().await?)?;
                    count += body["items"].as_array().map_or(0, Vec::len);
                    next = body["next"].as_u64();
                }
                if count != PAGES * RECORDS {
                    return Err(format!("{count} records").into());
                }
            }
        }
        println!("done");
        Ok(())
    })
}

/// A file that is read while it is sent.
struct Upload {
    file: File,
    left: u64,
}

impl Body for Upload {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, std::io::Error>>> {
        let mut chunk = vec![0; BLOCK_BYTES];
        let read = match self.file.read(&mut chunk) {
            Ok(0) => return Poll::Ready(None),
            Ok(read) => read,
            Err(error) => return Poll::Ready(Some(Err(error))),
        };
        chunk.truncate(read);
        self.left -= read as u64;
        Poll::Ready(Some(Ok(Frame::data(chunk.into()))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
