//! The service that the benches call, as a program: prints its http URL and its https URL, each in a line, then serves
//! until it is killed. `--ca FILE` writes the CA to trust for https there, in PEM; it is made anew at each start.
//!
//! `GET /api/app/me` (with credentials): 1 KB of JSON. A path with `/big`: 1 GiB. `GET /stats`: the counts.
//! Anything else: a small JSON echo. With `--until-stdin-closes` it ends when its starter does.
#![allow(clippy::print_stdout, reason = "the URLs on stdout are what this program is for")]

use std::io::{Read, Write};
use std::path::PathBuf;

use cardhost_benches::{Result, server, tls};

const USAGE: &str = "usage: bench-server [--ca FILE] [--until-stdin-closes]";

fn main() -> Result<()> {
    let (mut ca_file, mut until_stdin_closes) = (None, false);
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--ca") => ca_file = Some(PathBuf::from(arguments.next().ok_or(USAGE)?)),
            Some("--until-stdin-closes") => until_stdin_closes = true,
            _ => return Err(USAGE.into()),
        }
    }
    if until_stdin_closes {
        std::thread::spawn(|| {
            let mut byte = [0];
            while matches!(std::io::stdin().read(&mut byte), Ok(1..)) {}
            std::process::exit(0);
        });
    }
    let (acceptor, ca) = tls::acceptor()?;
    if let Some(file) = ca_file {
        std::fs::write(file, ca)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(server::serve(acceptor, |[http, https]| {
        println!("{http}\n{https}");
        std::io::stdout().flush()
    }))?;
    Ok(())
}
