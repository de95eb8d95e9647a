//! Cursors of lists: opaque to clients, checked when they come back.

use control::book::RunCursor;
use model::{RunNo, Timestamp};

use crate::problem::Problem;

/// The place in a list of runs; none for an empty text, which means the first page.
pub(crate) fn run(text: &str) -> Result<Option<RunCursor>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let parts = text
        .strip_prefix("r.")
        .and_then(|rest| rest.split_once('.'));
    let place = parts.and_then(|(at, run)| {
        let run_after = Timestamp::from_micros(at.parse().ok()?);
        Some(RunCursor {
            run_after,
            run: RunNo(run.parse().ok()?),
        })
    });
    place.map(Some).ok_or_else(|| wrong(text))
}

pub(crate) fn of_run(RunCursor { run_after, run }: RunCursor) -> String {
    format!("r.{}.{run}", run_after.as_micros())
}

/// How many entries to leave out.
pub(crate) fn offset(text: &str) -> Result<usize, Problem> {
    if text.is_empty() {
        return Ok(0);
    }
    let offset = text
        .strip_prefix("o.")
        .and_then(|rest| rest.parse::<u32>().ok());
    offset
        .map(|offset| offset as usize)
        .ok_or_else(|| wrong(text))
}

/// The cursors of the pages after and before this one, where cursors are used at all.
pub(crate) fn around(
    is_used: bool,
    offset: usize,
    limit: usize,
    total: u64,
) -> (Option<String>, Option<String>) {
    if !is_used {
        return (None, None);
    }
    let next = offset.saturating_add(limit);
    let next = (limit > 0 && (next as u64) < total).then(|| format!("o.{next}"));
    let previous = (offset > 0).then(|| match offset.saturating_sub(limit) {
        0 => String::new(),
        before => format!("o.{before}"),
    });
    (next, previous)
}

fn wrong(text: &str) -> Problem {
    Problem::invalid(format!("`{text}` is not a cursor of this list"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_as_they_were() {
        let place = RunCursor {
            run_after: Timestamp::from_micros(-5),
            run: RunNo(7),
        };
        assert_eq!(run(&of_run(place)).unwrap(), Some(place));
        assert_eq!(run("").unwrap(), None);
        assert!(run("r.x.1").is_err() && offset("r.1.2").is_err());
        assert_eq!(
            around(true, 50, 25, 80),
            (Some("o.75".to_owned()), Some("o.25".to_owned()))
        );
        assert_eq!(around(true, 0, 25, 20), (None, None));
        assert_eq!(offset("o.75").unwrap(), 75);
    }
}
