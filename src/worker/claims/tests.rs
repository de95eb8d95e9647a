//! Journals: what is in them after each kind of end of their writer.

use super::*;
use model::{MapIndex, RunNo, TaskNo, TiKey};

fn key(n: u64) -> wire::Key {
    let (task, map) = (TaskNo(1), MapIndex::NONE);
    let run = RunNo(n);
    TiKey { run, task, map }.into()
}

fn report(fence: u64, text: usize) -> wire::Report {
    let xcoms = vec![("return_value".to_owned(), "x".repeat(text))];
    let skip = Vec::new();
    wire::Report {
        key: key(fence),
        fence,
        at_us: 1,
        what: wire::What::Finished {
            outcome: wire::Outcome::Success { xcoms, skip },
            usage: wire::Usage::default(),
        },
    }
}

fn folder(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("orrery-claims-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}

/// A process that is certainly dead.
fn dead(me: &Identity) -> Identity {
    Identity {
        started_ticks: me.started_ticks + 1,
        ..me.clone()
    }
}

#[test]
fn a_fence_is_taken_once() {
    let dir = folder("once");
    let me = Identity::me().unwrap();
    let mut claims = Claims::open(&dir, &me).unwrap();
    assert!(claims.take(1, key(1)).unwrap());
    assert!(!claims.take(1, key(1)).unwrap());
    claims.close();
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
    claims.forget(1);
    claims.close();
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn what_a_dead_writer_left_is_taken_over_at_any_cut() {
    let dir = folder("cut");
    let me = Identity::me().unwrap();
    let old = dead(&me);
    let mut left = Claims::open(&dir, &old).unwrap();
    left.take(1, key(1)).unwrap();
    left.spawned(1, 77, 5).unwrap();
    left.take(2, key(2)).unwrap();
    left.end(&report(2, 3)).unwrap();
    left.take(3, key(3)).unwrap();
    left.forget(3);
    let path = left.path.clone();
    let whole = fs::read(&path).unwrap();
    for length in 0..=whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let mut claims = Claims::open(&dir, &me).unwrap();
        let (records, _) = claims.inherit(&dir, &me).unwrap();
        assert!(!path.exists());
        assert!(records.iter().all(|record| record.owner == old));
        assert!(claims.inherit(&dir, &me).unwrap().0.is_empty());
        // And once more by the next, from this one's journal.
        let (_, again) = read(&claims.path).unwrap();
        assert_eq!(
            format!("{:?}", again.into_values().collect::<Vec<_>>()),
            format!("{records:?}")
        );
        if length == whole.len() {
            let fences: Vec<u64> = records.iter().map(|record| record.fence).collect();
            assert_eq!(fences, [1, 2]);
            assert_eq!(records[0].process, Some((77, 5)));
            assert_eq!(records[1].end, Some(report(2, 3)));
        }
    }
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn what_a_living_writer_has_is_left_to_it() {
    let dir = folder("alive");
    let me = Identity::me().unwrap();
    let mut other = Claims::open(&dir, &me).unwrap();
    other.take(1, key(1)).unwrap();
    let mut claims = Claims::open(&dir, &dead(&me)).unwrap();
    assert!(claims.inherit(&dir, &me).unwrap().0.is_empty());
    assert!(!claims.take(1, key(1)).unwrap());
    assert!(claims.take(2, key(2)).unwrap());
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn a_long_journal_is_written_anew() {
    let dir = folder("long");
    let me = Identity::me().unwrap();
    let mut claims = Claims::open(&dir, &me).unwrap();
    claims.take(1, key(1)).unwrap();
    for fence in 2..200 {
        claims.take(fence, key(fence)).unwrap();
        claims.end(&report(fence, 50_000)).unwrap();
        claims.forget(fence);
    }
    let length = fs::metadata(&claims.path).unwrap().len();
    assert!(
        length <= JOURNAL_BYTES_MAX && length == claims.bytes,
        "{length}"
    );
    let (writer, records) = read(&claims.path).unwrap();
    assert_eq!(writer, Some(me));
    assert_eq!(records.into_keys().collect::<Vec<_>>(), [1]);
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
    fs::remove_dir_all(dir).unwrap();
}
