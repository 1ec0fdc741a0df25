//! The memory of a process whose host was dropped holds none of its secrets.
//!
//! ```text
//! test ── starts itself in ROLE ─▶ a host over a store: calls over http and https, a renewal, errors, plans
//!   │ ◀── "alive" ── the canaries are in its memory: the search works
//!   │ ◀── "dropped" ── none is, neither in its maps nor in a core file
//! ```
//! The service is in the test's process; a canary is made in the host's when it is needed, so that no copy of the test's
//! own is found.

pub mod host;
pub mod process;
pub mod service;

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use tempfile::TempDir;

use crate::canary::{self, Hunt};
use crate::support::skipped;
use process::{Process, Region};
use service::Service;

/// What the test binary does when it is started as the host: the folder that [`Service::start`] filled.
const ROLE: &str = "CARDHOST_MEMORY_ROLE";

/// The canaries that a host's connections hold or get.
const TEXTS: [&str; 5] = ["password", "notes", "client-secret", "session-password", "signing-key"];
const TOKENS: [&str; 16] = [
    "access-0",
    "refresh-0",
    "access-1",
    "refresh-1",
    "access-2",
    "refresh-2",
    "access-3",
    "refresh-3",
    "access-4",
    "refresh-4",
    "access-5",
    "refresh-5",
    "session-1",
    "session-2",
    "code",
    "device-code",
];

/// The host, when this binary is started as one.
#[test]
fn role() {
    if let Some(folder) = std::env::var_os(ROLE) {
        host::live(Path::new(&folder));
    }
}

/// Looks for every secret of the host.
pub fn hunt(service: &Service) -> Hunt {
    let verifier = BASE64_URL_SAFE_NO_PAD.encode(canary::bytes("random 32"));
    let hunt = Hunt::new().text("verifier", &verifier);
    let hunt = TEXTS.iter().fold(hunt, |hunt, label| hunt.text(label, &canary::text(label)));
    let hunt = TOKENS.iter().fold(hunt, |hunt, label| hunt.text(label, &canary::token(label)));
    hunt.bytes("client key", service.client_key()).bytes("store key", service.store_key())
}

/// What was found, by canary, spelling and place, with one example each.
fn report(hunt: &Hunt, regions: impl Iterator<Item = (Region, Vec<u8>)>) -> Vec<String> {
    let mut lines = std::collections::BTreeMap::new();
    for (region, bytes) in regions {
        for found in hunt.find(&bytes) {
            let (label, spelling) = found.piece;
            let key = format!("{label} ({spelling}) in {}", region.name);
            let line = lines.entry(key).or_insert((0, String::new()));
            line.0 += 1;
            line.1 = format!("{:#x}: {}", region.start + found.at, found.around);
        }
    }
    lines.into_iter().map(|(key, (count, example))| format!("{key}: {count}, {example}")).collect()
}

fn a_dropped_host_leaves_nothing(threads: &str) {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(&folder);
    std::fs::write(folder.path().join("threads"), threads).unwrap();
    let hunt = hunt(&service);
    let mut process = Process::start("memory::role", ROLE, folder.path());

    process.wait_for("alive");
    let Some(maps) = process.maps() else {
        skipped("machine", "the memory of a child cannot be read here");
        return;
    };
    let before = report(&hunt, maps);
    for label in TEXTS.iter().chain(&["access-2", "refresh-2", "session-2", "client key"]) {
        let found = before.iter().any(|line| line.starts_with(&format!("{label} (")));
        assert!(found, "{label} is not in the memory of a host that lives:\n{}", before.join("\n"));
    }
    process.go_on();

    process.wait_for("dropped");
    let after = report(&hunt, process.maps().unwrap());
    assert!(after.is_empty(), "in memory:\n{}", after.join("\n"));
    match core_file(&folder, process.id()) {
        Ok(core) => {
            let regions = core_regions(&core);
            let (notes, memory): (Vec<_>, Vec<_>) =
                regions.into_iter().partition(|(region, _)| region.name == NOTES);
            let after = report(&hunt, memory.into_iter());
            assert!(after.is_empty(), "in a core file:\n{}", after.join("\n"));
            // A register holds what was copied through it until something else is: nobody's to clear.
            for line in report(&hunt, notes.into_iter()) {
                println!("left in a register: {line}");
            }
        }
        Err(reason) => skipped("machine", &format!("no core file: {reason}")),
    }
    process.go_on();
    process.end();
}

/// A core file of a process, as gdb takes it.
fn core_file(folder: &TempDir, id: u32) -> Result<Vec<u8>, String> {
    let prefix = folder.path().join("core");
    let ran = Command::new("gcore").arg("-o").arg(&prefix).arg(id.to_string()).output();
    let ran = ran.map_err(|error| format!("gcore: {error}"))?;
    let file = format!("{}.{id}", prefix.display());
    std::fs::read(file).map_err(|_| String::from_utf8_lossy(&ran.stderr).into_owned())
}

/// The part of a core file that has the registers.
const NOTES: &str = "the notes of a core file";

/// The segments of a core file (ELF of 64 bits, "Program Header").
fn core_regions(core: &[u8]) -> Vec<(Region, Vec<u8>)> {
    let number = |at: usize, length: usize| {
        core[at..at + length].iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
    };
    assert_eq!(&core[..5], b"\x7fELF\x02");
    let (table, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    let headers = (0..count).map(|index| table + index * size);
    let segments = headers.map(|at| {
        let name = if number(at, 4) == 4 { NOTES } else { "the memory in a core file" };
        let (offset, start, length) = (number(at + 8, 8), number(at + 16, 8), number(at + 32, 8));
        let bytes = core[offset..offset + length].to_vec();
        (Region { name: name.to_owned(), start }, bytes)
    });
    segments.collect()
}

#[test]
fn a_dropped_host_of_one_thread_leaves_no_secret_in_memory() {
    a_dropped_host_leaves_nothing("one");
}

#[test]
fn a_dropped_host_of_many_threads_leaves_no_secret_in_memory() {
    a_dropped_host_leaves_nothing("many");
}
