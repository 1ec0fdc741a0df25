//! What cardhost costs: the parts that `compare`, `gate`, `bench-server` and `bare-reqwest` share.
//!
//! ```text
//! workload  what is run: one job per program, all doing the same work
//! server    what it is run against: a fast loopback service that counts
//! tls       its certificate, and the CA to trust for it
//! measure   one run of one job: CPU time, wall time, peak memory, output
//! callgrind one run of one job under valgrind: instructions
//! binary    the size of a program
//! folder    a folder of a run's own
//! programs  where the measured programs are, and building them
//! targets   what is promised: the figures that must hold, and the goals
//! report    medians, Markdown tables, the machine
//! ```

pub mod binary;
pub mod callgrind;
pub mod folder;
pub mod measure;
pub mod programs;
pub mod report;
pub mod server;
pub mod targets;
pub mod tls;
pub mod workload;

/// A result whose error is shown to the person who runs a bench, and to nobody else.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
