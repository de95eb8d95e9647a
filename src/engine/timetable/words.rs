//! A schedule in short and in words, as upstream's lists show it.

use model::schedule::{CronTrigger, Schedule};

use super::{cron, delta};

/// The schedule in short, as lists show it: `0 * * * *`, `1 day, 0:00:00`, `None`.
/// None for a timetable that is not known here.
#[must_use]
pub fn summary(schedule: &Schedule) -> Option<String> {
    let text = match schedule {
        Schedule::Null => "None".to_owned(),
        Schedule::Once => "@once".to_owned(),
        Schedule::Continuous => "@continuous".to_owned(),
        Schedule::PartitionedAtRuntime => "PartitionedAtRuntime".to_owned(),
        Schedule::Asset { .. } => "Asset".to_owned(),
        Schedule::PartitionedAsset { .. } => "Partitioned Asset".to_owned(),
        Schedule::CronTrigger(cron) | Schedule::CronPartition { cron, .. } => {
            short(&cron.expression)
        }
        Schedule::MultipleCronTrigger(crons) => listed(crons, short),
        Schedule::CronDataInterval { expression, .. } => short(expression),
        Schedule::DeltaTrigger { delta, .. } | Schedule::DeltaDataInterval { delta } => {
            delta::python_str(delta)
        }
        Schedule::Events { dates, summary, .. } => summary
            .clone()
            .unwrap_or_else(|| format!("{} events", dates.len())),
        Schedule::AssetOrTime { timetable, .. } => format!("Asset or {}", summary(timetable)?),
        Schedule::Other { .. } => return None,
    };
    Some(text)
}

/// The schedule in words: `At 05:00, only on Sunday`. Empty for distances, and for crons that have
/// more than five fields or are none. None for a timetable that is not known here.
#[must_use]
pub fn description(schedule: &Schedule) -> Option<String> {
    let text = match schedule {
        Schedule::Null => "Never, external triggers only".to_owned(),
        Schedule::Once => "Once, as soon as possible".to_owned(),
        Schedule::Continuous => "As frequently as possible, but only one run at a time.".to_owned(),
        Schedule::PartitionedAtRuntime => "Never, partition key(s) set at runtime".to_owned(),
        Schedule::Asset { .. } | Schedule::PartitionedAsset { .. } => {
            "Triggered by assets".to_owned()
        }
        Schedule::CronTrigger(cron) | Schedule::CronPartition { cron, .. } => {
            cron::describe(&cron.expression)
        }
        Schedule::MultipleCronTrigger(crons) => listed(crons, cron::describe),
        Schedule::CronDataInterval { expression, .. } => cron::describe(expression),
        Schedule::DeltaTrigger { .. } | Schedule::DeltaDataInterval { .. } => String::new(),
        Schedule::Events {
            dates, description, ..
        } => match (description, dates.first(), dates.last()) {
            (Some(description), _, _) => description.clone(),
            (None, Some(first), Some(last)) => {
                let (first, last) = (first.isoformat(), last.isoformat());
                format!("{} events between {first} and {last}", dates.len())
            }
            (None, _, _) => "No events".to_owned(),
        },
        Schedule::AssetOrTime { timetable, .. } => {
            format!("Triggered by assets or {}", description(timetable)?)
        }
        Schedule::Other { .. } => return None,
    };
    Some(text)
}

/// Upstream shows its presets as what they stand for.
fn short(expression: &str) -> String {
    model::schedule::preset(expression)
        .unwrap_or(expression)
        .to_owned()
}

fn listed(crons: &[CronTrigger], one: impl Fn(&str) -> String) -> String {
    let parts: Vec<String> = crons.iter().map(|cron| one(&cron.expression)).collect();
    parts.join(", ")
}
