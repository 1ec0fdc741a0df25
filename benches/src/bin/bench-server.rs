//! The service that the benches call, as a program: prints its URL, then serves until it is killed.
//!
//! `GET /api/app/me` (with credentials): 1 KB of JSON. A path with `/big`: 1 GiB. `GET /stats`: the counts.
//! Anything else: a small JSON echo. With `--until-stdin-closes` it ends when its starter does.
#![allow(clippy::print_stdout, reason = "the URL on stdout is what this program is for")]

use std::io::{Read, Write};

use cardhost_benches::{Result, server};

fn main() -> Result<()> {
    if std::env::args().any(|argument| argument == "--until-stdin-closes") {
        std::thread::spawn(|| {
            let mut byte = [0];
            while matches!(std::io::stdin().read(&mut byte), Ok(1..)) {}
            std::process::exit(0);
        });
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(server::serve(|url| {
        println!("{url}");
        std::io::stdout().flush()
    }))?;
    Ok(())
}
