//! How tries and waits end, by the names of their tasks and by chance.

use model::{
    Fence, Json, JsonMap, TaskId, TimeDelta, Timestamp,
    command::Command,
    dag::AssetLike,
    execution::AssetRef,
    human::HumanInput,
    report::{AwaitedInput, Happened, Outcome, Outlets, Report, Usage},
    state::TaskInstanceState,
    task_instance::{Deferral, Trigger},
};
use serde_json::json;

use crate::{
    chance::Chance,
    python_dags::{ASSETS, PARTITIONS},
    world::TaskFacts,
};

/// The name under which a try's end says what it has pushed as its value before.
const PUSHED: &str = "pushed";

/// Whether the same try begins once more after it.
pub(crate) fn lets_go(what: &Happened) -> bool {
    match what {
        Happened::Rescheduled { .. } | Happened::AwaitsInput(_) => true,
        Happened::Deferred(deferral) => deferral.resume.is_some(),
        Happened::Started { .. }
        | Happened::Finished { .. }
        | Happened::Fired { .. }
        | Happened::TriggerFailed { .. }
        | Happened::TriggerEnded { .. }
        | Happened::Labelled { .. } => false,
    }
}

/// When a wait ends, and how. Some triggers never fire, where a time-out ends the wait.
pub(crate) fn fires(
    deferral: &Deferral,
    is_kind: bool,
    now: Timestamp,
    chance: &mut Chance,
) -> Option<(Timestamp, Happened)> {
    let payload = Json::Null;
    let at = match &deferral.trigger {
        Trigger::At(at) => return Some((*at, Happened::Fired { payload })),
        Trigger::File { .. } | Trigger::Human => deferral.timeout?,
        Trigger::Python { .. } => now.plus(TimeDelta::from_secs(chance.between(1, 400))),
    };
    if deferral.timeout.is_some() && !is_kind && chance.percent(30) {
        return None;
    }
    let what = match chance.below(10) {
        0 if !is_kind => Happened::TriggerFailed {
            traceback: Json::Null,
        },
        1 if !is_kind => Happened::TriggerEnded {
            state: TaskInstanceState::Skipped,
            xcoms: Vec::new(),
        },
        2 => Happened::TriggerEnded {
            state: TaskInstanceState::Success,
            xcoms: vec![("return_value".to_owned(), json!([7]))],
        },
        _ => Happened::Fired { payload },
    };
    Some((at, what))
}

/// What a task has asked for before it said this.
pub fn asked(report: &Report, try_number: u32) -> Option<Command> {
    let key = report.key;
    match &report.what {
        Happened::Finished {
            outcome: Outcome::Success { xcoms, .. },
            ..
        } => {
            let (_, value) = xcoms.iter().find(|(name, _)| name == PUSHED)?;
            Some(Command::PushXCom {
                key,
                name: "return_value".to_owned(),
                value: value.clone(),
                mapped_length: value.as_array().map(|items| items.len() as u32),
            })
        }
        Happened::AwaitsInput(_) => Some(Command::AskHuman(Box::new(HumanInput {
            key,
            try_number,
            created_at: report.at,
            options: vec!["yes".to_owned(), "no".to_owned()],
            subject: "May it go on?".to_owned(),
            body: None,
            // Some questions answer themselves.
            defaults: key.task.0.is_multiple_of(2).then(|| vec!["no".to_owned()]),
            multiple: false,
            params: JsonMap::new(),
            assigned_users: Vec::new(),
            response: None,
        }))),
        Happened::Started { .. }
        | Happened::Finished { .. }
        | Happened::Deferred(_)
        | Happened::Rescheduled { .. }
        | Happened::Fired { .. }
        | Happened::TriggerFailed { .. }
        | Happened::TriggerEnded { .. }
        | Happened::Labelled { .. } => None,
    }
}

pub(crate) fn finished(outcome: Outcome) -> Happened {
    let usage = Usage {
        cpu_us: 7,
        memory_peak_bytes: 4_096,
    };
    Happened::Finished { outcome, usage }
}

fn success(facts: &TaskFacts, fence: Fence, skip: &[TaskId], value: Json) -> Happened {
    // A list is pushed while the task runs, or with its end.
    let is_pushed = value.is_array() && fence.0.is_multiple_of(2);
    let name = if is_pushed { PUSHED } else { "return_value" };
    let xcoms = vec![(name.to_owned(), value)];
    finished(Outcome::Success {
        xcoms,
        skip: skip.to_vec(),
        outlets: Box::new(said(facts, fence)),
    })
}

/// A good end with as much as the task's name promises.
pub(crate) fn kindly(facts: &TaskFacts, fence: Fence) -> Happened {
    let value = if facts.is("list") {
        json!([1, 2])
    } else {
        json!(fence.0)
    };
    success(facts, fence, &[], value)
}

/// What a try says of its outlets: an alias leads to one of the assets, and now and then an asset
/// has changed in one part alone.
fn said(facts: &TaskFacts, fence: Fence) -> Outlets {
    let mut outlets = Outlets::default();
    for (at, outlet) in facts.outlets.iter().enumerate() {
        let nth = fence.0 as usize + at;
        let name = ASSETS.get(nth % ASSETS.len()).copied().unwrap_or("a");
        let of = |kind: &str, name: &str, uri: Option<String>| AssetRef {
            name: Some(name.to_owned()),
            uri,
            kind: kind.to_owned(),
        };
        let key = |name: &str| json!({"name": name, "uri": format!("s3://{name}")});
        match outlet {
            AssetLike::Asset(asset) => {
                if nth.is_multiple_of(4) {
                    let part = PARTITIONS.get(nth % PARTITIONS.len());
                    outlets.events.push(json!({
                        "dest_asset_key": key(&asset.name), "extra": {"n": nth},
                        "partition_key": part,
                    }));
                }
                let uri = Some(asset.uri.clone());
                outlets.assets.push(of("Asset", &asset.name, uri));
            }
            AssetLike::Alias { name: alias, .. } => {
                outlets.assets.push(of("AssetAlias", alias, None));
                outlets.events.push(json!({
                    "source_alias_name": alias, "dest_asset_key": key(name),
                    "dest_asset_extra": {}, "extra": {"through": alias},
                }));
            }
            AssetLike::Named(_) | AssetLike::At(_) | AssetLike::Other(_) => {}
        }
    }
    outlets
}

impl TaskFacts {
    /// Whether its name begins so, in a group or not.
    fn is(&self, kind: &str) -> bool {
        let name = self.task_id.rsplit('.').next().unwrap_or_default();
        name.starts_with(kind)
    }
}

/// How a try ends, by the name of its task and by chance.
pub(crate) fn how(
    facts: &TaskFacts,
    fence: Fence,
    end: Timestamp,
    chance: &mut Chance,
) -> Happened {
    let in_a_while = end.plus(TimeDelta::from_secs(chance.between(1, 400)));
    if facts.is("poke") && chance.percent(60) {
        return Happened::Rescheduled { at: in_a_while };
    }
    let timeout = |chance: &mut Chance| {
        let after = TimeDelta::from_secs(chance.between(1, 300));
        chance.percent(40).then(|| end.plus(after))
    };
    if facts.is("park") && chance.percent(60) {
        return Happened::Deferred(Box::new(Deferral {
            trigger: Trigger::Python {
                class: "of.somebody.Trigger".to_owned(),
                kwargs: json!({}),
            },
            timeout: timeout(chance),
            soft_fail: false,
            resume: Some(("go_on".to_owned(), json!({}))),
        }));
    }
    if facts.is("ask") && chance.percent(60) {
        return Happened::AwaitsInput(Box::new(AwaitedInput {
            timeout: timeout(chance),
            resume: ("answered".to_owned(), json!({})),
        }));
    }
    if facts.is("wait") && chance.percent(70) {
        let timeout = chance
            .percent(30)
            .then(|| end.plus(TimeDelta::from_secs(200)));
        return Happened::Deferred(Box::new(Deferral {
            trigger: Trigger::At(in_a_while),
            timeout,
            soft_fail: chance.percent(50),
            resume: None,
        }));
    }
    if facts.is("branch") {
        let skip: Vec<TaskId> = facts
            .downstream
            .iter()
            .filter(|below| chance.percent(50) && !below.starts_with("clean"))
            .cloned()
            .collect();
        return success(facts, fence, &skip, json!(fence.0));
    }
    let message = "so it happened".to_owned();
    finished(match chance.below(100) {
        0..70 if facts.is("list") => {
            let items: Vec<usize> = (0..chance.below(5)).collect();
            return success(facts, fence, &[], json!(items));
        }
        0..3 => return success(facts, fence, &[], Json::Null),
        3..70 => return success(facts, fence, &[], json!(fence.0)),
        70..85 => Outcome::Failed {
            message,
            may_retry: chance.percent(80),
            retry_delay: chance.percent(10).then(|| TimeDelta::from_secs(30)),
        },
        85..90 => Outcome::Skipped { message },
        90..94 => Outcome::TimedOut {
            limit: TimeDelta::from_secs(60),
        },
        94..97 => Outcome::Lost { message },
        _ => Outcome::Killed,
    })
}
