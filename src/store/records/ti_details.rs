//! What few task instances have, and what is long: why, what for, label, remark.

use model::{
    Timestamp,
    reason::Reason,
    task_instance::{Deferral, TaskInstance, Trigger},
};
use serde::{Deserialize, Serialize};

use super::{Record, json, reason::ReasonRecord};
use crate::{error::ReadError, tables};

#[derive(Serialize, Deserialize)]
pub(crate) struct DetailsRecord {
    reason: Option<ReasonRecord>,
    deferral: Option<DeferralRecord>,
    rendered_map_index: Option<String>,
    note: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct DeferralRecord {
    trigger: TriggerRecord,
    timeout: Option<i64>,
    soft_fail: bool,
    resume: Option<(String, String)>,
}

#[derive(Serialize, Deserialize)]
enum TriggerRecord {
    At(i64),
    File {
        path: String,
        recursive: bool,
        poke_interval_us: u64,
    },
    Python {
        class: String,
        kwargs: String,
    },
    Human,
}

impl Record for DetailsRecord {
    const TABLE: &'static str = tables::ti_details::NAME;
}

/// The details as the model has them.
#[derive(Default)]
pub(crate) struct Details {
    pub(crate) reason: Option<Reason>,
    pub(crate) deferral: Option<Deferral>,
    pub(crate) rendered_map_index: Option<String>,
    pub(crate) note: Option<String>,
}

impl DetailsRecord {
    /// None where there is nothing to say.
    pub(crate) fn of(ti: &TaskInstance) -> Option<Self> {
        let record = Self {
            reason: ti.reason.as_ref().map(ReasonRecord::from),
            deferral: ti.deferral.as_ref().map(DeferralRecord::from),
            rendered_map_index: ti.rendered_map_index.clone(),
            note: ti.note.clone(),
        };
        let Self {
            reason,
            deferral,
            rendered_map_index,
            note,
        } = &record;
        let some = reason.is_some()
            || deferral.is_some()
            || rendered_map_index.is_some()
            || note.is_some();
        some.then_some(record)
    }
    pub(crate) fn into_details(self) -> Result<Details, ReadError> {
        let Self {
            reason,
            deferral,
            rendered_map_index,
            note,
        } = self;
        Ok(Details {
            reason: reason.map(ReasonRecord::into_reason).transpose()?,
            deferral: deferral.map(DeferralRecord::into_deferral).transpose()?,
            rendered_map_index,
            note,
        })
    }
}

impl From<&Deferral> for DeferralRecord {
    fn from(deferral: &Deferral) -> Self {
        let Deferral {
            trigger,
            timeout,
            soft_fail,
            resume,
        } = deferral;
        Self {
            trigger: match trigger {
                Trigger::At(at) => TriggerRecord::At(at.as_micros()),
                Trigger::File {
                    path,
                    recursive,
                    poke_interval_us,
                } => TriggerRecord::File {
                    path: path.clone(),
                    recursive: *recursive,
                    poke_interval_us: *poke_interval_us,
                },
                Trigger::Python { class, kwargs } => TriggerRecord::Python {
                    class: class.clone(),
                    kwargs: json::text(kwargs),
                },
                Trigger::Human => TriggerRecord::Human,
            },
            timeout: timeout.map(Timestamp::as_micros),
            soft_fail: *soft_fail,
            resume: resume
                .as_ref()
                .map(|(method, kwargs)| (method.clone(), json::text(kwargs))),
        }
    }
}

impl DeferralRecord {
    fn into_deferral(self) -> Result<Deferral, ReadError> {
        const TABLE: &str = DetailsRecord::TABLE;
        let Self {
            trigger,
            timeout,
            soft_fail,
            resume,
        } = self;
        Ok(Deferral {
            trigger: match trigger {
                TriggerRecord::At(at) => Trigger::At(Timestamp::from_micros(at)),
                TriggerRecord::File {
                    path,
                    recursive,
                    poke_interval_us,
                } => Trigger::File {
                    path,
                    recursive,
                    poke_interval_us,
                },
                TriggerRecord::Python { class, kwargs } => Trigger::Python {
                    class,
                    kwargs: json::parse(TABLE, &kwargs)?,
                },
                TriggerRecord::Human => Trigger::Human,
            },
            timeout: timeout.map(Timestamp::from_micros),
            soft_fail,
            resume: match resume {
                Some((method, kwargs)) => Some((method, json::parse(TABLE, &kwargs)?)),
                None => None,
            },
        })
    }
}
