//! What an exit status means for the try, in upstream's words.

use model::{Json, report::Outcome, work::Process};
use std::{os::unix::process::ExitStatusExt, process::ExitStatus};

/// The outcome of a process that ended by itself. `last_line` is the value to push.
#[must_use]
pub fn outcome(status: ExitStatus, process: &Process, last_line: Option<String>) -> Outcome {
    if let Some(signal) = status.signal() {
        return failed(format!(
            "Bash command failed. The command was ended by signal {}.",
            signal_name(signal)
        ));
    }
    let code = status.code().unwrap_or(-1);
    if process.skip_on_exit_code.contains(&code) {
        return Outcome::Skipped {
            message: format!("Bash command returned exit code {code}. Skipping."),
        };
    }
    if code != 0 {
        return failed(format!(
            "Bash command failed. The command returned a non-zero exit code {code}."
        ));
    }
    let value = last_line.filter(|_| process.push_last_line);
    let xcoms = value.map(|text| ("return_value".to_owned(), Json::String(text)));
    Outcome::Success {
        xcoms: xcoms.into_iter().collect(),
        skip: Vec::new(),
        outlets: Box::default(),
    }
}

/// A failure that uses the task's own retries.
#[must_use]
pub fn failed(message: String) -> Outcome {
    Outcome::Failed {
        message,
        may_retry: true,
        retry_delay: None,
    }
}

/// `9 (SIGKILL)`; a number alone where there is no common name.
fn signal_name(signal: i32) -> String {
    let name = match signal {
        libc::SIGHUP => "SIGHUP",
        libc::SIGINT => "SIGINT",
        libc::SIGQUIT => "SIGQUIT",
        libc::SIGILL => "SIGILL",
        libc::SIGTRAP => "SIGTRAP",
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGKILL => "SIGKILL",
        libc::SIGUSR1 => "SIGUSR1",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGUSR2 => "SIGUSR2",
        libc::SIGPIPE => "SIGPIPE",
        libc::SIGALRM => "SIGALRM",
        libc::SIGTERM => "SIGTERM",
        libc::SIGXCPU => "SIGXCPU",
        libc::SIGXFSZ => "SIGXFSZ",
        libc::SIGSYS => "SIGSYS",
        other => return other.to_string(),
    };
    format!("{signal} ({name})")
}
