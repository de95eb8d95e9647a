//! Backfills.

use model::{
    DagNo, Timestamp, VersionNo,
    backfill::{Backfill, Reprocess},
    change::NextRun,
};
use serde::{Deserialize, Serialize};

use super::{
    Record,
    dag::NextRunRecord,
    json,
    word::{Word, word},
};
use crate::{error::ReadError, tables};

#[derive(Serialize, Deserialize)]
struct BackfillRecord {
    dag: u32,
    from_date: i64,
    to_date: i64,
    conf: Option<String>,
    reprocess: u8,
    max_active_runs: u32,
    backwards: bool,
    latest_version: bool,
    is_paused: bool,
    created_at: i64,
    updated_at: i64,
    completed_at: Option<i64>,
    user: Option<String>,
    version: u32,
    n_dates: u32,
    n_done: u32,
    n_in_flight: u32,
    n_existing: u32,
}

/// One whose dates only Python could tell: what there is of all, and these.
#[derive(Serialize, Deserialize)]
struct BackfillWithDates {
    backfill: BackfillRecord,
    dates: Vec<NextRunRecord>,
}

impl Record for BackfillWithDates {
    const TABLE: &'static str = tables::backfills::NAME;
    const VERSION: u8 = 2;
}

/// A backfill's row: in the form without dates where there are none.
pub(crate) fn encode(backfill: &Backfill) -> Result<Vec<u8>, ReadError> {
    let record = BackfillRecord::from(backfill);
    if backfill.dates.is_empty() {
        return super::encode(&record);
    }
    super::encode(&BackfillWithDates {
        backfill: record,
        dates: backfill.dates.iter().map(NextRunRecord::from).collect(),
    })
}

/// The record of a row, and the dates beside it.
fn read(bytes: &[u8]) -> Result<(BackfillRecord, Vec<NextRunRecord>), ReadError> {
    if bytes.first() != Some(&BackfillWithDates::VERSION) {
        return Ok((super::decode(bytes)?, Vec::new()));
    }
    let BackfillWithDates { backfill, dates } = super::decode(bytes)?;
    Ok((backfill, dates))
}

/// The backfill of a row.
pub(crate) fn decode(no: u64, bytes: &[u8]) -> Result<Backfill, ReadError> {
    let (record, dates) = read(bytes)?;
    Ok(Backfill {
        dates: dates.into_iter().map(NextRun::from).collect(),
        ..record.into_backfill(no)?
    })
}

/// Whether a row is of a backfill of the dag.
pub(crate) fn is_of(bytes: &[u8], dag: DagNo) -> Result<bool, ReadError> {
    Ok(read(bytes)?.0.dag == dag.0)
}

impl Record for BackfillRecord {
    const TABLE: &'static str = tables::backfills::NAME;
}

impl From<&Backfill> for BackfillRecord {
    fn from(backfill: &Backfill) -> Self {
        let Backfill {
            no: _, // The key.
            dag,
            from_date,
            to_date,
            conf,
            reprocess,
            max_active_runs,
            backwards,
            latest_version,
            is_paused,
            created_at,
            updated_at,
            completed_at,
            user,
            version,
            n_dates,
            n_done,
            n_in_flight,
            n_existing,
            dates: _, // Beside.
        } = backfill;
        Self {
            dag: dag.0,
            from_date: from_date.as_micros(),
            to_date: to_date.as_micros(),
            conf: conf.as_ref().map(json::text),
            reprocess: reprocess.code(),
            max_active_runs: *max_active_runs,
            backwards: *backwards,
            latest_version: *latest_version,
            is_paused: *is_paused,
            created_at: created_at.as_micros(),
            updated_at: updated_at.as_micros(),
            completed_at: completed_at.map(Timestamp::as_micros),
            user: user.clone(),
            version: version.0,
            n_dates: *n_dates,
            n_done: *n_done,
            n_in_flight: *n_in_flight,
            n_existing: *n_existing,
        }
    }
}

impl BackfillRecord {
    fn into_backfill(self, no: u64) -> Result<Backfill, ReadError> {
        let Self {
            dag,
            from_date,
            to_date,
            conf,
            reprocess,
            max_active_runs,
            backwards,
            latest_version,
            is_paused,
            created_at,
            updated_at,
            completed_at,
            user,
            version,
            n_dates,
            n_done,
            n_in_flight,
            n_existing,
        } = self;
        let conf = conf.map(|conf| json::parse(Self::TABLE, &conf));
        Ok(Backfill {
            no,
            dag: DagNo(dag),
            from_date: Timestamp::from_micros(from_date),
            to_date: Timestamp::from_micros(to_date),
            conf: conf.transpose()?,
            reprocess: word::<Reprocess>(Self::TABLE, reprocess)?,
            max_active_runs,
            backwards,
            latest_version,
            is_paused,
            created_at: Timestamp::from_micros(created_at),
            updated_at: Timestamp::from_micros(updated_at),
            completed_at: completed_at.map(Timestamp::from_micros),
            user,
            version: VersionNo(version),
            n_dates,
            n_done,
            n_in_flight,
            n_existing,
            dates: Vec::new(),
        })
    }
}
