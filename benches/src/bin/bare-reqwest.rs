//! The yardstick: the least that a Rust program does with reqwest for the same call.
//!
//! `bare-reqwest once URL [CA_FILE]` makes one authenticated GET, reads the JSON and prints the status and one field.
//! `bare-reqwest loop URL N CONCURRENCY` makes N of them in one process, CONCURRENCY at a time, and prints how many
//! were right. With a CA file it trusts that CA beside the compiled-in Mozilla roots, as cardhost does for https; without
//! one no TLS roots are loaded, and it speaks http only.
#![allow(clippy::print_stdout, reason = "the result on stdout is what this program is for")]

use std::sync::Arc;

use cardhost_benches::Result;
use cardhost_benches::workload::{PASSWORD, USER};
use futures_util::stream::{FuturesUnordered, StreamExt};
use reqwest::Client;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // Not all: what it costs would depend on the features that others turn on in tokio.
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    match arguments[..] {
        ["once", url] => runtime.block_on(once(&client(RootCertStore::empty())?, url)),
        ["once", url, ca_file] => runtime.block_on(once(&client(roots_and(ca_file)?)?, url)),
        ["loop", url, calls, concurrency] => {
            runtime.block_on(many(url, calls.parse()?, concurrency.parse()?))
        }
        _ => {
            Err("usage: bare-reqwest once URL [CA_FILE] | bare-reqwest loop URL N CONCURRENCY"
                .into())
        }
    }
}

async fn once(client: &Client, url: &str) -> Result<()> {
    let (status, user_id) = call(client, url).await?;
    let user_id = user_id.ok_or("the reply has no /results/user_id")?;
    println!("{status} {user_id}");
    Ok(())
}

async fn many(url: &str, calls: usize, concurrency: usize) -> Result<()> {
    let client = client(RootCertStore::empty())?;
    let mut running = FuturesUnordered::new();
    let mut started = 0;
    let mut right = 0;
    loop {
        while started < calls && running.len() < concurrency.max(1) {
            running.push(call(&client, url));
            started += 1;
        }
        match running.next().await {
            Some(outcome) => right += usize::from(outcome?.0 == 200),
            None => break,
        }
    }
    println!("{right} ok");
    Ok(())
}

/// The Mozilla roots and the CAs of a PEM file.
fn roots_and(ca_file: &str) -> Result<RootCertStore> {
    let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    for ca in CertificateDer::pem_slice_iter(&std::fs::read(ca_file)?) {
        roots.add(ca?)?;
    }
    Ok(roots)
}

fn client(roots: RootCertStore) -> Result<Client> {
    // Handing over a finished TLS configuration keeps reqwest from reading the system's roots.
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()?
    .with_root_certificates(roots)
    .with_no_client_auth();
    Ok(Client::builder().tls_backend_preconfigured(tls).no_proxy().build()?)
}

async fn call(client: &Client, url: &str) -> Result<(u16, Option<u64>)> {
    let response = client.get(url).basic_auth(USER, Some(PASSWORD)).send().await?;
    let status = response.status().as_u16();
    let body: serde_json::Value = serde_json::from_slice(&response.bytes().await?)?;
    let user_id = body.pointer("/results/user_id");
    Ok((status, user_id.and_then(serde_json::Value::as_u64)))
}
