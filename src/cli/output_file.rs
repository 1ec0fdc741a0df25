//! `--output`: a file that is there as a whole, or as it was before.
//!
//! ```text
//! open: a file beside it (before anything is sent) ─ write, sync ─▶ renamed over the name │ removed
//! ```
//! What is no regular file, such as `/dev/null` or a pipe, is written to as it is.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::console::Failure;

/// A file that is going to be written.
pub(crate) struct OutputFile {
    /// As it was given.
    named: PathBuf,
    file: File,
    /// What is written until all of it is there, and the name that it then gets.
    beside: Option<(PathBuf, PathBuf)>,
}

impl OutputFile {
    /// Opens it: what cannot be written is found out before anything is sent.
    pub(crate) fn open(named: &Path) -> Result<OutputFile, Failure> {
        let opened = open(named);
        opened.map_err(|error| Failure::Unwritable(named.display().to_string(), error))
    }

    /// Writes all of it.
    pub(crate) fn write(mut self, text: &str) -> Result<(), Failure> {
        let written = self.finish(text);
        written.map_err(|error| Failure::Unwritable(self.named.display().to_string(), error))
    }

    fn finish(&mut self, text: &str) -> io::Result<()> {
        self.file.write_all(text.as_bytes())?;
        let Some((beside, name)) = &self.beside else { return self.file.flush() };
        self.file.sync_all()?;
        std::fs::rename(beside, name)?;
        self.beside = None;
        Ok(())
    }
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        if let Some((beside, _)) = &self.beside {
            let _ = std::fs::remove_file(beside);
        }
    }
}

fn open(named: &Path) -> io::Result<OutputFile> {
    let named = named.to_owned();
    let there = match std::fs::metadata(&named) {
        Ok(there) => Some(there),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if there.as_ref().is_some_and(|there| !there.is_file()) {
        let file = OpenOptions::new().write(true).open(&named)?;
        return Ok(OutputFile { named, file, beside: None });
    }
    // A link stays one: what it leads to is replaced. Where it leads to nothing yet, it is replaced itself.
    let name = if there.is_some() { std::fs::canonicalize(&named)? } else { named.clone() };
    if there.is_some() {
        // Whoever may not write to a file may not replace it either.
        OpenOptions::new().write(true).open(&name)?;
    }
    let last = name.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(last);
    hidden.push(format!(".{}", std::process::id()));
    let beside = name.with_file_name(hidden);
    let file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
    let output = OutputFile { named, file, beside: Some((beside, name)) };
    if let Some(there) = there {
        output.file.set_permissions(there.permissions())?;
    }
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_whole_or_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.json");
        let read = || std::fs::read_to_string(&path).unwrap();
        OutputFile::open(&path).unwrap().write("one\n").unwrap();
        assert_eq!(read(), "one\n");
        drop(OutputFile::open(&path).unwrap());
        let second = OutputFile::open(&path).unwrap();
        assert_eq!(read(), "one\n");
        second.write("two\n").unwrap();
        assert_eq!((read().as_str(), names(folder.path())), ("two\n", vec!["out.json".to_owned()]));
    }

    #[test]
    fn a_folder_or_a_place_in_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().to_owned(), folder.path().join("none/out.json")] {
            assert!(matches!(OutputFile::open(&path), Err(Failure::Unwritable(..))), "{path:?}");
        }
        assert_eq!(names(folder.path()), Vec::<String>::new());
    }

    #[cfg(unix)]
    #[test]
    fn links_modes_and_devices_stay_what_they_are() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("out.json"), folder.path().join("link"));
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&path, &link).unwrap();
        OutputFile::open(&link).unwrap().write("x").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "x");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        OutputFile::open(Path::new("/dev/null")).unwrap().write("x").unwrap();
        assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
        // A device that is always full, where there is one.
        if let Ok(full) = OutputFile::open(Path::new("/dev/full")) {
            assert!(matches!(full.write("x"), Err(Failure::Unwritable(..))));
        }
    }
}
