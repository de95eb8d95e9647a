//! Starts a warm interpreter.

use super::{
    control, files,
    zygote::{Bounds, NotForked, Zygote, gone},
};
use crate::{
    process::{group, sys},
    serve::Shared,
    wire,
};
use model::{Json, limits::ZYGOTE_GROWTH_BYTES_MAX};
use rustix::process::{Pid, Signal, pidfd_send_signal};
use std::{
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::process::CommandExt,
    },
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::time::timeout;

impl Zygote {
    /// Starts one and waits until it is ready.
    ///
    /// # Errors
    /// Says why not, with a code. One that ended without a word has died.
    pub async fn boot(
        shared: &Arc<Shared>,
        runtime: &wire::Runtime,
    ) -> Result<Arc<Self>, NotForked> {
        let wrong = |what: &str, cause: &dyn std::fmt::Display| {
            format!(
                "TSK-020: cannot start the Python runtime {}: {what}: {cause}",
                runtime.folder
            )
        };
        let refused = |what, cause: io::Error| NotForked::Refused(wrong(what, &cause));
        let script = files::put(&shared.paths.run).map_err(|e| refused("its script", e))?;
        let (control, pid) = start(runtime, &script).map_err(|e| refused("its interpreter", e))?;
        let number = pid.as_raw_nonzero().get().unsigned_abs();
        let watched = group::watch(number).and_then(|fd| Ok((fd, sys::watch_both(control)?)));
        let (pidfd, control) = match watched {
            Ok(both) => both,
            Err(cause) => {
                group::signal(pid, Signal::KILL);
                let _ = sys::reap(pid);
                return Err(refused("it cannot be watched", cause));
            }
        };
        let word = timeout(shared.limits.zygote_boot, control::receive(&control)).await;
        let has_died = matches!(word, Ok(Ok(None)));
        let said = match word {
            Ok(Ok(Some(word))) if word.get("ready").is_some() => Ok(word),
            Ok(Ok(Some(word))) => Err(match word.get("broken").and_then(Json::as_str) {
                Some(trace) => format!("\n{trace}"),
                None => format!("it says {word}"),
            }),
            Ok(Ok(None)) => Err("it ended; see run/worker.log below the data folder".to_owned()),
            Ok(Err(cause)) => Err(cause.to_string()),
            Err(_) => Err(format!("nothing after {:?}", shared.limits.zygote_boot)),
        };
        let word = match said {
            Ok(word) => word,
            Err(cause) => {
                let _ = pidfd_send_signal(&pidfd, Signal::KILL);
                tokio::spawn(gone(pidfd, pid));
                let why = wrong("it is not ready", &cause);
                return Err(if has_died {
                    NotForked::Died(why)
                } else {
                    NotForked::Refused(why)
                });
            }
        };
        let bounds = Bounds {
            task_bytes_max: runtime.task_bytes_max,
            forks_max: chosen_or(runtime.forks_max, shared.limits.zygote_forks),
            growth_bytes_max: chosen_or(runtime.growth_bytes_max, ZYGOTE_GROWTH_BYTES_MAX),
            idle: match runtime.idle_ms {
                0 => shared.limits.zygote_idle,
                ms => Duration::from_millis(ms),
            },
        };
        Ok(Self::attended(
            shared,
            word.to_string(),
            (pidfd, pid),
            control,
            bounds,
        ))
    }
}

fn start(runtime: &wire::Runtime, script: &std::path::Path) -> io::Result<(OwnedFd, Pid)> {
    let (ours, theirs) = control::pair()?;
    let python = std::path::Path::new(&runtime.folder).join("bin/python");
    let mut command = Command::new(python);
    // The control socket is its standard input: nothing need run between fork and exec for that.
    command
        .args([std::ffi::OsStr::new("-I"), script.as_os_str()])
        .arg("0")
        .env_clear()
        .envs(runtime.env.iter().map(|(k, v)| (k, v)))
        .current_dir("/")
        .process_group(0)
        .stdin(theirs)
        .stdout(io::stderr().as_fd().try_clone_to_owned()?)
        .stderr(Stdio::inherit());
    let child = command.spawn()?;
    drop(command);
    Ok((ours, group::pid(child.id())?))
}

fn chosen_or(chosen: u64, usual: u64) -> u64 {
    if chosen == 0 { usual } else { chosen }
}
