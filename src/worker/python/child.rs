//! A child that a zygote forked: its signals, its end.

use super::zygote::{End, Forked, Zygote, status_of};
use crate::{
    process::{group, sys},
    wire::{Status, Usage},
};
use rustix::process::{Pid, Signal};
use std::{
    io,
    os::{fd::OwnedFd, unix::process::ExitStatusExt},
    sync::Arc,
    time::Duration,
};
use tokio::{io::unix::AsyncFd, sync::oneshot};

/// Its process.
pub struct Child {
    /// Its id, which is also its group's.
    pub pid: Pid,
    /// None when it had ended before it could be watched.
    pidfd: Option<AsyncFd<OwnedFd>>,
    word: Option<oneshot::Receiver<End>>,
    zygote: Arc<Zygote>,
    patience: Duration,
}

impl Child {
    /// Watches a child.
    ///
    /// # Errors
    /// When its number is none.
    pub fn new(zygote: Arc<Zygote>, forked: Forked, patience: Duration) -> io::Result<Self> {
        let pid = group::pid(forked.pid)?;
        let pidfd = group::watch(forked.pid).and_then(sys::watch).ok();
        Ok(Self {
            pid,
            pidfd,
            word: Some(forked.end),
            zygote,
            patience,
        })
    }

    /// Signals its group; and itself, since it may not have made its group yet.
    pub fn signal(&self, signal: Signal) {
        group::signal(self.pid, signal);
        if let Some(pidfd) = &self.pidfd {
            let _ = rustix::process::pidfd_send_signal(pidfd.get_ref(), signal);
        }
    }

    /// Waits for its end: by its zygote's word, or, when that is gone, as its next parent.
    pub async fn ended(&mut self) -> End {
        if let Some(word) = &mut self.word {
            let (pidfd, zygote, patience) = (&self.pidfd, &self.zygote, self.patience);
            let silence = async {
                if let Some(pidfd) = pidfd {
                    let _ = pidfd.readable().await;
                }
                tokio::time::sleep(patience).await;
                // The child has ended and its parent does not notice.
                if pidfd.is_some() {
                    zygote.kill();
                }
                std::future::pending::<()>().await;
            };
            tokio::select! {
                word = word => if let Ok(end) = word {
                    self.word = None;
                    return end;
                },
                () = silence => {}
            }
            self.word = None;
        }
        // Its sockets close before its children become ours.
        self.zygote.ended().await;
        if let Some(pidfd) = &self.pidfd {
            let _ = pidfd.readable().await;
        }
        // None of ours: the zygote had waited for it and died before it could say so.
        sys::reap(self.pid).map_or((Status::Unknown, Usage::default()), |(status, usage)| {
            (status_of(status.into_raw()), usage.into())
        })
    }
}
