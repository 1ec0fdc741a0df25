//! Runs one program and writes what it cost: `measured USAGE_FILE PROGRAM [ARGUMENT…]`.
//!
//! It is a program of its own because a child starts out with its parent's peak memory: the parent must be smaller
//! than anything it measures. stdin, stdout, stderr and the exit code are the program's own.

use std::process::ExitCode;

use cardhost_benches::{Result, measure};

fn main() -> Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(usage_file), Some(program)) = (arguments.next(), arguments.next()) else {
        return Err("usage: measured USAGE_FILE PROGRAM [ARGUMENT…]".into());
    };
    measure::run_as_only_child(usage_file.as_ref(), &program, arguments)
}
