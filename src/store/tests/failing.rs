//! The disk is full, or fails, for a while: commits are refused, and work again afterwards.

use std::{io::ErrorKind, path::PathBuf};

use ::model::{DeploymentId, RunNo, change::Change, state::DagRunState};

use super::{make, storage::Memory};
use crate::{CommitError, OpenError, Options, Store};

const DEPLOYMENT: DeploymentId = DeploymentId::DEFAULT;

fn batch(n: u64) -> Vec<Change> {
    let mut changes = vec![
        make::counters(n),
        make::put_run(make::run(n, 1, DagRunState::Running)),
    ];
    for task in 0..200 {
        changes.push(make::put_ti(
            1,
            make::some_ti(make::ti_key(n, task, -1), 4711 * task),
        ));
    }
    changes
}

fn runs(store: &Store) -> u64 {
    let book = store.snapshot(DEPLOYMENT).unwrap();
    let n = book.run_counts(None).unwrap().total();
    for run in 1..=n {
        assert_eq!(book.task_instances(RunNo(run)).unwrap().len(), 200);
    }
    n
}

/// Fails from each operation of a commit on; heals; goes on.
fn check(kind: ErrorKind, is_expected: fn(&CommitError) -> bool) {
    for n_ops in 0.. {
        let memory = Memory::default();
        let (store, mut writer) = crate::open_backend(memory.clone(), &Options::default()).unwrap();
        writer.commit(DEPLOYMENT, &batch(1)).unwrap();
        let before = store.snapshot(DEPLOYMENT).unwrap();
        memory.fail_at(n_ops, kind);
        let result = writer.commit(DEPLOYMENT, &batch(2));
        let has_failed = memory.has_failed();
        if let Err(error) = &result {
            assert!(is_expected(error), "{error:?}");
            // Still failing: again no.
            assert!(writer.commit(DEPLOYMENT, &batch(2)).is_err());
        }
        memory.heal();
        // An old reader reads what it did, or is told to come again. It never reads nonsense.
        if let Ok(tis) = before.task_instances(RunNo(1)) {
            assert_eq!(tis.len(), 200);
        }
        drop(before);
        writer.commit(DEPLOYMENT, &batch(2)).unwrap();
        writer.commit(DEPLOYMENT, &batch(3)).unwrap();
        assert_eq!(runs(&store), 3, "after {n_ops} operations");
        if !has_failed {
            assert!(result.is_ok());
            return;
        }
    }
}

#[test]
fn a_full_disk_refuses_commits_until_there_is_room() {
    check(ErrorKind::StorageFull, |error| {
        matches!(error, CommitError::DiskFull { .. })
    });
}

#[test]
fn a_quota_is_a_full_disk_too() {
    check(ErrorKind::QuotaExceeded, |error| {
        matches!(error, CommitError::DiskFull { .. })
    });
}

#[test]
fn a_failing_disk_is_told_apart() {
    check(ErrorKind::Other, |error| {
        matches!(error, CommitError::Storage { .. })
    });
}

/// The last sync alone fails: the batch is found in the book that was opened again, and is no
/// error.
#[test]
fn a_commit_that_is_in_the_book_after_all_is_no_error() {
    let mut found = 0;
    for n_ops in 0..40 {
        let memory = Memory::default();
        let (store, mut writer) = crate::open_backend(memory.clone(), &Options::default()).unwrap();
        memory.fail_once_at(n_ops, ErrorKind::StorageFull);
        let result = writer.commit(DEPLOYMENT, &batch(1));
        let n = runs(&store);
        assert_eq!(
            result.is_ok(),
            n == 1,
            "after {n_ops} operations: {result:?}"
        );
        found += usize::from(memory.has_failed() && n == 1);
    }
    assert!(found > 0);
}

/// A folder of its own that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("book-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_file_is_locked_private_and_must_be_a_book() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("file");
    let path = folder.0.join("book.redb");
    let opened = crate::open(&path, &Options::default()).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let error = crate::open(&path, &Options::default()).unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }), "{error:?}");
    assert!(opened.0.bytes() > 0);
    drop(opened);
    drop(crate::open(&path, &Options::default()).unwrap());
    let other = folder.0.join("other");
    std::fs::write(
        &other,
        "not a book at all, but long enough to be looked at\n".repeat(200),
    )
    .unwrap();
    let error = crate::open(&other, &Options::default()).unwrap_err();
    assert_eq!(error.code(), "STO-003");
    let missing = folder.0.join("missing/book.redb");
    let error = crate::open(&missing, &Options::default()).unwrap_err();
    assert_eq!(error.code(), "STO-004");
}

/// Run by hand, with `TMPDIR` on a file system of a few MiB:
/// `unshare -rm sh -c 'mount -t tmpfs -o size=4m none /mnt && TMPDIR=/mnt test --ignored tiny'`.
#[test]
#[ignore = "fills the temporary folder"]
fn a_tiny_file_system_fills_up_and_empties_again() {
    let folder = Folder::new("tiny");
    let path = folder.0.join("book.redb");
    let ballast = folder.0.join("ballast");
    std::fs::write(&ballast, vec![1; 1 << 20]).unwrap();
    let (store, mut writer) = crate::open(&path, &Options::default()).unwrap();
    let mut n = 0;
    let error = loop {
        match writer.commit(DEPLOYMENT, &batch(n + 1)) {
            Ok(()) => n += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, CommitError::DiskFull { .. }), "{error:?}");
    // Opening again may have found a little room. What is refused is not there, the rest is.
    for _ in 0..10 {
        n += u64::from(writer.commit(DEPLOYMENT, &batch(n + 1)).is_ok());
        assert_eq!(runs(&store), n);
    }
    assert!(writer.commit(DEPLOYMENT, &batch(n + 1)).is_err());
    std::fs::remove_file(ballast).unwrap();
    writer.commit(DEPLOYMENT, &batch(n + 1)).unwrap();
    assert_eq!(runs(&store), n + 1);
    drop((store, writer));
    let (store, _writer) = crate::open(&path, &Options::default()).unwrap();
    assert_eq!(runs(&store), n + 1);
}
