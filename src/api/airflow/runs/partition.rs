//! Which runs a request means by their partitions.

use model::Timestamp;

use crate::{book::Book, problem::Problem};

/// A key, or a window of dates.
#[derive(Debug, Default)]
pub(super) struct Selector {
    pub(super) key: Option<String>,
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
}

impl Selector {
    /// Says no to more than one way of naming runs, and to none.
    pub(super) fn check(&self, other: &str, are_named: bool) -> Result<(), Problem> {
        let has_window = self.from.is_some() || self.to.is_some();
        let n_ways = [are_named, self.key.is_some(), has_window];
        if n_ways.iter().filter(|way| **way).count() != 1 {
            let text = format!(
                "give exactly one of {other} (not empty), partition_key, or a window of \
                 partition_date_start and partition_date_end"
            );
            return Err(Problem::field(other, "value_error", text, ""));
        }
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from > to
        {
            let text = "partition_date_start must be on or before partition_date_end";
            let text = text.to_owned();
            return Err(Problem::field(
                "partition_date_end",
                "value_error",
                text,
                "",
            ));
        }
        Ok(())
    }

    /// Dag id and run id of those that it means, by date and id.
    pub(super) fn runs(
        &self,
        book: &Book<'_>,
        dag_id: &str,
    ) -> Result<Vec<(String, String)>, Problem> {
        if dag_id == "~" {
            let text = "partitions need a dag: `~` does not say which";
            return Err(Problem::invalid(text));
        }
        let row = book.dag_row(dag_id)?;
        let schedule = book.dag(&row, row.version)?;
        let bound = |at: Option<Timestamp>| match (&schedule, at) {
            (Some(dag), Some(at)) => Some(control::in_own_zone(&dag.schedule, at)),
            (_, at) => at,
        };
        let (from, to) = (bound(self.from), bound(self.to));
        let mut found = Vec::new();
        for no in crate::book::read(book.snapshot.last_runs(row.no, usize::MAX))? {
            let Some(run) = book.run_no(no)? else {
                continue;
            };
            let is_meant = match (&self.key, run.partition_date) {
                (Some(key), _) => run.partition_key.as_ref() == Some(key),
                (None, Some(date)) => {
                    from.is_none_or(|from| from <= date) && to.is_none_or(|to| date <= to)
                }
                (None, None) => false,
            };
            if is_meant {
                found.push((run.partition_date, run.run_id.to_string()));
            }
        }
        found.sort();
        let named = found.into_iter().map(|(_, id)| (dag_id.to_owned(), id));
        Ok(named.collect())
    }
}
