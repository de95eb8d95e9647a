//! Starts a process: posix_spawn through std, which holds as long as the program is a path, nothing
//! runs before exec and no user is changed. No part of the worker's own environment is handed on.

use super::{folders::Folders, group, procfs, sys};
use model::work::Process;
use rustix::process::{Pid, Resource, Rlimit, Signal, prlimit};
use std::{
    ffi::OsStr,
    fs,
    io::{self, PipeReader},
    os::{
        fd::OwnedFd,
        unix::{fs::PermissionsExt, process::CommandExt},
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Where programs are looked for when the environment has no `PATH`.
const PATH_DEFAULT: &str = "/usr/local/bin:/usr/bin:/bin";

/// A process that was started.
pub struct Spawned {
    /// Its id, which is also its group's.
    pub pid: Pid,
    /// Tells of its end.
    pub pidfd: OwnedFd,
    /// Its start time in clock ticks since boot.
    pub started_ticks: u64,
    /// Standard output; standard error too when there is no `err`.
    pub out: PipeReader,
    /// Standard error.
    pub err: Option<PipeReader>,
    /// The folder that was lent to it.
    pub temp: Option<PathBuf>,
}

/// Why nothing was started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// No command line.
    #[error("TSK-010: the task has no command to run")]
    Empty,
    /// The program is not there, or is none.
    #[error(
        "TSK-010: cannot run `{program}`: {cause}; is it installed, executable and in PATH \
         ({path})?"
    )]
    Program {
        program: String,
        path: String,
        cause: io::Error,
    },
    /// The working folder is not there.
    #[error("TSK-011: cannot use the working folder `{cwd}`: {cause}; make it, or leave `cwd` out")]
    Cwd { cwd: String, cause: io::Error },
    /// Command line and environment are too large together.
    #[error(
        "TSK-012: the command line and environment ({bytes} bytes) are larger than the system \
         takes; put large text into a file or pass it by XCom"
    )]
    Large { bytes: usize },
    /// The machine has no process, memory or descriptor left.
    #[error(
        "TSK-013: the system has no room for another process: {cause}; see `ulimit -a`, pids.max"
    )]
    Room { cause: io::Error },
    /// Something else.
    #[error("TSK-013: the process cannot be started: {cause}")]
    Other { cause: io::Error },
}

/// Starts `process` in a group of its own, in one of `folders` when it names none.
/// With `files_soft`, that is the task's limit of open files, as this process had at its start.
///
/// # Errors
/// When nothing was started; nothing is left behind then.
pub fn spawn(
    process: &Process,
    folders: &Folders,
    files_soft: Option<Rlimit>,
) -> Result<Spawned, SpawnError> {
    let (cwd, temp) = folder(process, folders)?;
    let result = spawn_in(process, &cwd, files_soft);
    let (pid, pidfd, started_ticks, out, err) = match result {
        Ok(parts) => parts,
        Err(error) => {
            temp.into_iter().for_each(|temp| folders.give(temp, true));
            return Err(error);
        }
    };
    Ok(Spawned {
        pid,
        pidfd,
        started_ticks,
        out,
        err,
        temp,
    })
}

type Parts = (Pid, OwnedFd, u64, PipeReader, Option<PipeReader>);

fn spawn_in(process: &Process, cwd: &Path, files: Option<Rlimit>) -> Result<Parts, SpawnError> {
    let name = process.argv.first().ok_or(SpawnError::Empty)?;
    let program = find(name, process)?;
    let room = |cause| SpawnError::Room { cause };
    let (out, out_end) = io::pipe().map_err(room)?;
    // One pipe for both where the last line is wanted: only that keeps the order of the two, and
    // the last line of both is what upstream's BashOperator returns.
    let (err, err_end) = if process.push_last_line {
        (None, out_end.try_clone().map_err(room)?)
    } else {
        let (err, end) = io::pipe().map_err(room)?;
        (Some(err), end)
    };
    for pipe in std::iter::once(&out).chain(&err) {
        rustix::io::ioctl_fionbio(pipe, true).map_err(|e| room(e.into()))?;
    }
    let mut command = Command::new(&program);
    command
        .arg0(name)
        .args(process.argv.iter().skip(1))
        .env_clear()
        .envs(process.env.iter().map(|(k, v)| (k, v)))
        .current_dir(cwd)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(out_end)
        .stderr(err_end);
    let child = command
        .spawn()
        .map_err(|cause| failure(cause, name, process))?;
    drop(command);
    let pid = group::pid(child.id()).map_err(room)?;
    if let Some(limit) = files {
        let _ = prlimit(Some(pid), Resource::Nofile, limit);
    }
    let watched = group::watch(child.id());
    let stat = procfs::stat(child.id());
    match (watched, stat) {
        (Ok(pidfd), Ok(stat)) => Ok((pid, pidfd, stat.started_ticks, out, err)),
        (Err(cause), _) | (_, Err(cause)) => {
            group::signal(pid, Signal::KILL);
            let _ = sys::reap(pid);
            Err(SpawnError::Room { cause })
        }
    }
}

fn folder(process: &Process, folders: &Folders) -> Result<(PathBuf, Option<PathBuf>), SpawnError> {
    let Some(cwd) = &process.cwd else {
        let made = folders.take().map_err(|cause| SpawnError::Cwd {
            cwd: "run/work".to_owned(),
            cause,
        })?;
        return Ok((made.clone(), Some(made)));
    };
    let wrong = |cause| SpawnError::Cwd {
        cwd: cwd.clone(),
        cause,
    };
    if !fs::metadata(cwd).map_err(wrong)?.is_dir() {
        return Err(wrong(io::Error::from(io::ErrorKind::NotADirectory)));
    }
    Ok((PathBuf::from(cwd), None))
}

/// Finds a program in the task's own `PATH`: std would fork to do so.
fn find(name: &str, process: &Process) -> Result<PathBuf, SpawnError> {
    if name.contains('/') {
        return Ok(PathBuf::from(name));
    }
    let path = search_path(process);
    for dir in std::env::split_paths(OsStr::new(path)) {
        let candidate = dir.join(name);
        let usable = fs::metadata(&candidate)
            .is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0);
        if usable && !name.is_empty() {
            return Ok(candidate);
        }
    }
    Err(failure(
        io::Error::from(io::ErrorKind::NotFound),
        name,
        process,
    ))
}

fn search_path(process: &Process) -> &str {
    let own = process.env.iter().rev().find(|(key, _)| key == "PATH");
    own.map_or(PATH_DEFAULT, |(_, value)| value)
}

fn failure(cause: io::Error, name: &str, process: &Process) -> SpawnError {
    use rustix::io::Errno;
    match Errno::from_io_error(&cause) {
        Some(Errno::TOOBIG) => SpawnError::Large {
            bytes: process.argv.iter().map(String::len).sum::<usize>()
                + process
                    .env
                    .iter()
                    .map(|(k, v)| k.len() + v.len() + 2)
                    .sum::<usize>(),
        },
        Some(Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE) => {
            SpawnError::Room { cause }
        }
        Some(Errno::NOENT | Errno::ACCESS | Errno::NOEXEC | Errno::PERM | Errno::NOTDIR) | None => {
            SpawnError::Program {
                program: name.to_owned(),
                path: search_path(process).to_owned(),
                cause,
            }
        }
        Some(_) => SpawnError::Other { cause },
    }
}
