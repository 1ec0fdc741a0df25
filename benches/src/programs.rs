//! Where the measured programs are, and building them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;

/// The repo's root.
#[must_use]
pub fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// A program of this package, beside the running one.
///
/// # Errors
/// It is not there: it has not been built in this profile.
pub fn sibling(name: &str) -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    if path.is_file() {
        return Ok(path);
    }
    Err(format!("`{name}` is not beside the running program; build the package's binaries first")
        .into())
}

/// The `cardhost` to measure: `CARDHOST_BIN`, or the release build of this checkout, brought up to date.
///
/// It is built by a `cargo` of its own, so that no feature of another package gets into it.
///
/// # Errors
/// It cannot be built, or the file is not there.
pub fn cardhost() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("CARDHOST_BIN").map(PathBuf::from) {
        return if path.is_file() { Ok(path) } else { Err("CARDHOST_BIN names no file".into()) };
    }
    cargo_build(&["--package", "cardhost", "--bin", "cardhost"])?;
    sibling("cardhost")
}

/// Builds the programs of this package that a bench runs, in the release profile.
///
/// # Errors
/// `cargo` fails.
pub fn own_programs() -> Result<()> {
    cargo_build(&[
        "--package",
        "cardhost-benches",
        "--bin",
        "bare-reqwest",
        "--bin",
        "bench-server",
        "--bin",
        "measured",
    ])
}

fn cargo_build(what: &[&str]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // The build belongs beside the running program, wherever the target folder is.
    let target = std::env::current_exe()?.parent().and_then(Path::parent).map(Path::to_owned);
    let target = target.ok_or("the running program is in no target folder")?;
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--release"])
        .args(what)
        .arg("--target-dir")
        .arg(target)
        .current_dir(root())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("cargo build {} failed", what.join(" ")).into())
    }
}
