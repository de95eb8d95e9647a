//! Where a try's log is: `{dag_id}/{run_id}/{task_id}.{map}.{try}.log`, below the log folder: one
//! folder for each run, since a folder costs more to make than a short task takes to run.
//! Names are made safe for file systems, and two different names never meet in one path.

use std::fmt::Write;

use model::MapIndex;
use sha2::{Digest, Sha256};

/// Bytes of one part of a path; file systems allow 255.
const PART_BYTES_MAX: usize = 200;

/// The log of one try, relative to the log folder.
#[must_use]
pub fn path(dag_id: &str, run_id: &str, task_id: &str, map: MapIndex, try_number: u32) -> String {
    let folder = run_folder(dag_id, run_id);
    format!("{folder}/{}.{map}.{try_number}.log", part(task_id))
}

/// The folder of a run's logs, relative to the log folder.
#[must_use]
pub fn run_folder(dag_id: &str, run_id: &str) -> String {
    format!("{}/{}", part(dag_id), part(run_id))
}

/// The log of what the children of a dag file's parses and callbacks say, relative to the log
/// folder. No run has its logs there: no dag's folder begins with `~`.
#[must_use]
pub fn of_file(file: &str) -> String {
    format!("~dag_processor/{}.log", part(file))
}

/// A name as one part of a path: odd bytes become `%XX`, and a long name ends in its hash.
#[must_use]
pub fn part(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let only_dots = name.bytes().all(|b| b == b'.');
    for byte in name.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"_-+:=@,".contains(&byte);
        if plain || (byte == b'.' && !only_dots) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    if out.len() > PART_BYTES_MAX {
        let hash = hex(&Sha256::digest(name.as_bytes()));
        out.truncate(PART_BYTES_MAX - hash.len() - 1);
        out.push('~');
        out.push_str(&hash);
    }
    if out.is_empty() { "%".to_owned() } else { out }
}

/// The name that became this part; none for a long one, of which only the hash is left.
#[must_use]
pub fn unpart(part: &str) -> Option<String> {
    if part == "%" {
        return Some(String::new());
    }
    if part.contains('~') {
        return None;
    }
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        if *byte == b'%' {
            let (digits, tail) = rest.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = tail;
        } else {
            bytes.push(*byte);
        }
    }
    String::from_utf8(bytes).ok()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_safe_parts_and_stay_apart() {
        for (name, expected) in [
            ("etl.v1", "etl.v1"),
            ("..", "%2E%2E"),
            ("a/b", "a%2Fb"),
            ("a%2Fb", "a%252Fb"),
            (
                "scheduled__2026-11-18T10:00:00+00:00",
                "scheduled__2026-11-18T10:00:00+00:00",
            ),
            ("é", "%C3%A9"),
            ("", "%"),
        ] {
            assert_eq!(part(name), expected);
            assert_eq!(unpart(expected).as_deref(), Some(name));
        }
        let (a, b) = (
            part(&"é".repeat(250)),
            part(&format!("{}x", "é".repeat(249))),
        );
        assert!(a.len() <= PART_BYTES_MAX && a != b);
        assert_eq!(path("d", "r", "t", MapIndex::NONE, 2), "d/r/t.-1.2.log");
    }
}
