//! The test binary as a process whose memory can be read.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A part of a process's memory.
#[derive(Clone, Debug)]
pub struct Region {
    pub name: String,
    pub start: usize,
}

/// This binary in a role.
pub struct Process {
    child: Child,
    input: ChildStdin,
    lines: BufReader<ChildStdout>,
}

impl Process {
    pub fn start(test: &str, role: &str, value: &Path) -> Process {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture", "--test-threads=1"])
            .env(role, value)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Process { child, input, lines }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it says a word on a line of its own.
    pub fn wait_for(&mut self, word: &str) {
        let mut said = String::new();
        loop {
            let mut line = String::new();
            let read = self.lines.read_line(&mut line).unwrap();
            assert_ne!(read, 0, "it ended before it said {word:?}:\n{said}");
            if line.trim_end() == word {
                return;
            }
            said.push_str(&line);
        }
    }

    /// Lets it go on.
    pub fn go_on(&mut self) {
        self.input.write_all(b"\n").unwrap();
    }

    pub fn end(mut self) {
        assert!(self.child.wait().unwrap().success());
    }

    /// All that can be read of its memory; `None` where the system does not allow it.
    pub fn maps(&self) -> Option<impl Iterator<Item = (Region, Vec<u8>)>> {
        let folder = format!("/proc/{}", self.id());
        let memory = File::open(format!("{folder}/mem")).ok()?;
        let maps = std::fs::read_to_string(format!("{folder}/maps")).ok()?;
        let lines: Vec<String> = maps.lines().map(str::to_owned).collect();
        Some(lines.into_iter().filter_map(move |line| {
            let mut words = line.split_ascii_whitespace();
            let (start, end) = words.next()?.split_once('-')?;
            let readable = words.next()?.starts_with('r');
            let name = words.nth(3).unwrap_or("anonymous memory").to_owned();
            // Of the kernel, and not to be read.
            if !readable || name == "[vvar]" || name == "[vsyscall]" {
                return None;
            }
            let start = usize::from_str_radix(start, 16).unwrap();
            let mut bytes = vec![0; usize::from_str_radix(end, 16).unwrap() - start];
            memory.read_exact_at(&mut bytes, start as u64).ok()?;
            Some((Region { name, start }, bytes))
        }))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended by itself, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
