//! The integration tests, in one binary: each further one would link everything again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at once"
)]
#![allow(unreachable_pub, reason = "one binary: everything in it is for itself")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a skipped test prints why")]

mod aws;
mod canaries;
mod canary;
mod card_help;
mod cassettes;
mod catalogue;
mod catalogue_moto;
mod catalogue_peer;
mod connection_cli;
mod downloads;
mod egress;
mod embedded;
mod embedding;
mod files;
mod flow_cassettes;
mod flow_cli;
mod flow_conformance;
mod flow_examples;
mod flow_run;
mod flows_shipped;
mod format_docs;
mod formats_peer;
mod hostile_replies;
mod http2;
mod httpbin;
mod in_the_program;
mod interrupts;
mod jose_peer;
mod layers;
mod licences;
mod limits;
mod links;
mod lossless;
mod manifests;
mod many;
mod memory;
mod mixpanel_export;
mod mock;
mod moto_peer;
mod nested_secrets;
mod new;
mod node_http2;
mod nonces;
mod oidc;
mod oidc_peer;
mod one_wording;
mod openssl_peer;
mod packed;
mod pages;
mod pages_peer;
mod peers;
mod postgres;
mod proxies;
mod public_api;
mod records;
mod redirects;
mod retries;
mod schemas;
mod schemes;
mod scripted;
mod secret_files;
mod secrets_everywhere;
mod seed_page;
mod small_truths;
mod stale;
mod store;
mod stream;
mod suite;
mod support;
mod targets;
mod tls_connections;
mod tokens;
mod transport;
mod until;
mod uploads;
mod warehouse;
mod wiremock_peer;

/// As in the command: `memory` looks at what is left behind.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);
