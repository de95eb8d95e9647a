//! A fork of the warm interpreter that has read a dag file and forks the tasks of it.

use super::{
    control,
    zygote::{Ask, NotForked, Zygote},
};
use crate::{
    process::{group, memory, sys},
    serve::Shared,
    wire,
};
use model::{
    Json,
    limits::{KEEP_DAG_MS, KEPT_DAG_IDLE_MS},
};
use rustix::{
    fs::{self, Mode, OFlags},
    process::Signal,
};
use std::{
    io,
    os::fd::OwnedFd,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::timeout;

/// Sessions have the numbers below.
const FIRST_ID: u64 = 1 << 63;

/// Has a dag file read. It ends by itself when no task needs it, with age, or with `warm`.
///
/// # Errors
/// Says why each task has to read the file itself.
pub async fn keep(
    shared: &Arc<Shared>,
    warm: &Arc<Zygote>,
    age: Duration,
    dag: &wire::DagFile,
) -> Result<Arc<Zygote>, NotForked> {
    static NEXT: AtomicU64 = AtomicU64::new(FIRST_ID);
    let refused = |cause: io::Error| NotForked::Refused(cause.to_string());
    let (ours, theirs) = control::pair().map_err(refused)?;
    let null = || null().map_err(refused);
    let fds = [theirs, null()?, null()?, null()?];
    let ask = Ask {
        session: NEXT.fetch_add(1, Ordering::Relaxed),
        op: "keep",
        env: &[],
        dag: Some((dag, age)),
    };
    let forked = warm.fork(&ask, fds, shared.limits.zygote_fork).await?;
    // The bound of the tasks, which they inherit.
    memory::bound(
        forked.pid,
        memory::bytes_for("task", warm.bounds.task_bytes_max),
    );
    let control = sys::watch_both(ours).map_err(refused)?;
    let word = timeout(
        Duration::from_millis(KEEP_DAG_MS),
        control::receive(&control),
    );
    let why = match word.await {
        Ok(Ok(Some(word))) if word.get("ready").is_some() => {
            let idle = Duration::from_millis(KEPT_DAG_IDLE_MS);
            return Zygote::kept(shared, warm, forked.pid, control, idle).map_err(refused);
        }
        Ok(Ok(Some(word))) => match word.get("unkept").and_then(Json::as_str) {
            Some(why) => why.to_owned(),
            None => word.to_string(),
        },
        Ok(Ok(None)) => "reading it ended the process".to_owned(),
        Ok(Err(cause)) => cause.to_string(),
        Err(_) => format!("reading it took longer than {KEEP_DAG_MS} ms"),
    };
    if let Ok(pid) = group::pid(forked.pid) {
        group::signal(pid, Signal::KILL);
    }
    Err(NotForked::Refused(why))
}

fn null() -> io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::CLOEXEC;
    Ok(fs::open("/dev/null", flags, Mode::empty())?)
}
