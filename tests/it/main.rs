//! The integration tests, in one binary: each further one would link everything again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at once"
)]
#![allow(unreachable_pub, reason = "one binary: everything in it is for itself")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a skipped test prints why")]

mod canaries;
mod egress;
mod embedding;
mod files;
mod flow_conformance;
mod flow_examples;
mod httpbin;
mod layers;
mod lossless;
mod mock;
mod moto_peer;
mod nested_secrets;
mod oidc;
mod oidc_peer;
mod peers;
mod postgres;
mod seed_page;
mod store;
mod stream;
mod suite;
mod support;
mod targets;
mod transport;
mod warehouse;
