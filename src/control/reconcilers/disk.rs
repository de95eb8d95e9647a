//! Watches the room on the disk: with too little, nothing new is started until there is more.

use std::sync::atomic::Ordering::Relaxed;

use model::command::Command;

use super::Keeper;

/// What was told last.
#[derive(Default)]
pub(super) struct Watch {
    told_full: Option<bool>,
}

impl Keeper {
    pub(super) fn watch_disk(&self, watch: &mut Watch) {
        self.metrics
            .store_bytes
            .store(self.reader.store.bytes(), Relaxed);
        let free_bytes = match rustix::fs::statvfs(&self.data) {
            Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
            Err(e) => {
                tracing::warn!(target: "control", "the disk cannot be asked for its room: {e}");
                return;
            }
        };
        self.metrics.disk_free_bytes.store(free_bytes, Relaxed);
        let needed_bytes = self.disk_needed_bytes;
        let full = free_bytes < needed_bytes;
        // While it is full the figure is told again, since the reasons show it.
        if !full && watch.told_full == Some(false) {
            return;
        }
        if full && watch.told_full != Some(true) {
            let (free, needed) = (free_bytes >> 20, needed_bytes >> 20);
            tracing::warn!(target: "control", "CTL-013: {free} MiB free, {needed} MiB needed: \
                nothing is started until there is room");
        }
        if !full && watch.told_full == Some(true) {
            tracing::info!(target: "control", "there is room on the disk again");
        }
        if self
            .handle
            .send(Command::SetDisk {
                free_bytes,
                needed_bytes,
            })
            .is_ok()
        {
            watch.told_full = Some(full);
            self.metrics.disk_full.store(u64::from(full), Relaxed);
        }
    }
}
