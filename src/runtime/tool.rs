//! Other programs, with what they say told line by line.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
};

use crate::Progress;

/// So much of what a failed program said is repeated.
const TAIL_LINES: usize = 25;
/// One line of that.
const LINE_BYTES_MAX: u64 = 4096;

/// Runs a program to its end.
///
/// # Errors
/// The last lines that it said, when it fails or cannot be started.
pub fn run(command: &mut Command, progress: Progress<'_>) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut started = || {
        let (reader, writer) = std::io::pipe()?;
        command.stdin(Stdio::null());
        command.stdout(writer.try_clone()?).stderr(writer);
        Ok((reader, command.spawn()?))
    };
    let (reader, mut child) = started().map_err(|e: std::io::Error| format!("{program}: {e}"))?;
    // The command holds the writing end, and with it the pipe open.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut reader = BufReader::new(reader);
    let mut tail = std::collections::VecDeque::new();
    loop {
        let mut line = Vec::new();
        match (&mut reader)
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut line)
        {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        if line.is_empty() {
            continue;
        }
        progress(&line);
        tail.push_back(line);
        if tail.len() > TAIL_LINES {
            tail.pop_front();
        }
    }
    match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => {
            tail.push_back(format!("{program}: {status}"));
            Err(Vec::from(tail).join("\n"))
        }
        Err(cause) => Err(format!("{program}: {cause}")),
    }
}

/// Whether a program is on the path.
pub fn is_there(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}
