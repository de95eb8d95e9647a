//! Storage in memory that forgets what was not synced, and fails when it is told to.

use std::{
    io,
    sync::{Arc, Mutex},
};

use redb::StorageBackend;

/// Handles to one storage share its bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    now: Vec<u8>,
    synced: Vec<u8>,
    unsynced: Vec<Op>,
    n_ops: usize,
    /// Fail from this operation on, with this error.
    fail: Option<(usize, io::ErrorKind)>,
    /// Fail at that operation alone.
    once: bool,
}

#[derive(Clone, Debug)]
enum Op {
    Write(u64, Vec<u8>),
    SetLen(u64),
}

fn apply(bytes: &mut Vec<u8>, op: &Op) {
    match op {
        Op::Write(offset, data) => {
            let start = usize::try_from(*offset).unwrap();
            if bytes.len() < start + data.len() {
                bytes.resize(start + data.len(), 0);
            }
            bytes[start..start + data.len()].copy_from_slice(data);
        }
        Op::SetLen(len) => bytes.resize(usize::try_from(*len).unwrap(), 0),
    }
}

impl Memory {
    pub(crate) fn with(bytes: Vec<u8>) -> Self {
        let memory = Self::default();
        memory.0.lock().unwrap().synced.clone_from(&bytes);
        memory.0.lock().unwrap().now = bytes;
        memory
    }
    /// Fails from the n-th operation on, counted from now.
    pub(crate) fn fail_at(&self, n: usize, kind: io::ErrorKind) {
        let mut state = self.0.lock().unwrap();
        state.fail = Some((state.n_ops + n, kind));
    }
    /// Fails at the n-th operation alone, counted from now.
    pub(crate) fn fail_once_at(&self, n: usize, kind: io::ErrorKind) {
        self.fail_at(n, kind);
        self.0.lock().unwrap().once = true;
    }
    pub(crate) fn heal(&self) {
        self.0.lock().unwrap().fail = None;
    }
    pub(crate) fn has_failed(&self) -> bool {
        let state = self.0.lock().unwrap();
        state.fail.is_some_and(|(at, _)| state.n_ops > at)
    }
    /// What a disk may have after a loss of power: all that was synced, and of the rest what
    /// `keep(i)` says.
    pub(crate) fn image(&self, keep: impl Fn(usize) -> bool) -> Vec<u8> {
        let state = self.0.lock().unwrap();
        let mut bytes = state.synced.clone();
        for (i, op) in state.unsynced.iter().enumerate() {
            if keep(i) {
                apply(&mut bytes, op);
            }
        }
        bytes
    }
}

impl State {
    fn count(&mut self) -> io::Result<()> {
        self.n_ops += 1;
        match self.fail {
            Some((at, kind)) if self.n_ops == at + 1 => Err(kind.into()),
            Some((at, kind)) if self.n_ops > at && !self.once => Err(kind.into()),
            _ => Ok(()),
        }
    }
    fn change(&mut self, op: Op) -> io::Result<()> {
        self.count()?;
        apply(&mut self.now, &op);
        self.unsynced.push(op);
        Ok(())
    }
}

impl StorageBackend for Memory {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().now.len() as u64)
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.0.lock().unwrap();
        let start = usize::try_from(offset).unwrap();
        let bytes = state.now.get(start..start + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.lock().unwrap().change(Op::SetLen(len))
    }
    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        state.count()?;
        let State {
            now,
            synced,
            unsynced,
            ..
        } = &mut *state;
        for op in unsynced.drain(..) {
            apply(synced, &op);
        }
        debug_assert_eq!(now, synced);
        Ok(())
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0
            .lock()
            .unwrap()
            .change(Op::Write(offset, data.to_vec()))
    }
}
