//! Asks the evaluator what only Python can say, and brings its answers to the engine.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use model::{
    Json, Timestamp,
    change::NextRun,
    command::Command,
    evaluation::{Evaluated, Evaluation, PartitionAsked, Question, TimetableSays, WeightOf},
    schedule::DataInterval,
};
use serde_json::json;

use crate::{handle::Handle, python::Asks};

/// Between two attempts to have an answer taken.
const AGAIN: Duration = Duration::from_millis(200);

/// Asks; without a runtime nothing is asked, and the next start asks again.
#[derive(Clone)]
pub(crate) struct Evaluations {
    pub(crate) asks: Asks,
    pub(crate) handle: Handle,
    pub(crate) runtime: tokio::runtime::Handle,
    /// Questions that had no answer.
    pub(crate) n_failed: Arc<AtomicU64>,
}

impl Evaluations {
    /// Takes a question of the engine's; returns at once.
    pub(crate) fn ask(&self, asked: Evaluation) {
        let Evaluation {
            no,
            dag,
            version,
            question,
        } = asked;
        let (handle, runtime) = (self.handle.clone(), self.runtime.clone());
        let n_failed = Arc::clone(&self.n_failed);
        let words = words(&question);
        let done = move |said: Result<Json, String>| {
            let mut answer = said.and_then(|said| read(&question, &said));
            if let Err(wrong) = &answer {
                n_failed.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let dag = dag.0;
                tracing::error!(target: "control", dag, "CTL-022: the evaluator: {wrong}");
                if let Question::Partition { row, .. } = &question {
                    let last = wrong.lines().last().unwrap_or_default().to_owned();
                    answer = Ok(Evaluated::Partition {
                        row: row.clone(),
                        asks: Err(last),
                    });
                }
            }
            runtime.spawn(async move {
                loop {
                    let command = Command::Evaluated {
                        no,
                        dag,
                        version,
                        answer: answer.clone(),
                    };
                    match handle.command(command).await {
                        Ok(_) => return,
                        Err(_) => tokio::time::sleep(AGAIN).await,
                    }
                }
            });
        };
        self.asks.tell(words, Box::new(done));
    }
}

/// A question as the child knows it.
fn words(question: &Question) -> Json {
    match question {
        Question::Timetable {
            timetable,
            last,
            earliest,
            latest,
            catchup,
        } => json!({
            "op": "timetable",
            "timetable": timetable,
            "last": last.map(|last| json!({
                "run_after": last.end.isoformat(),
                "data_interval": interval(last),
            })),
            "earliest": earliest.map(Timestamp::isoformat),
            "latest": latest.map(Timestamp::isoformat),
            "catchup": catchup,
        }),
        Question::Weights(of) => {
            let one = |of: &WeightOf| {
                json!({
                    "rule": of.strategy,
                    "ti": {
                        "task_id": of.task_id.as_str(),
                        "try_number": of.try_number,
                        "priority_weight": of.own,
                        "map_index": -1,
                        "task": {"task_id": of.task_id.as_str(), "priority_weight": of.own},
                    },
                })
            };
            json!({"op": "weights", "of": of.iter().map(one).collect::<Vec<_>>()})
        }
        Question::Partition {
            mapper, key, date, ..
        } => json!({
            "op": "map",
            "mapper": mapper,
            "key": key,
            "date": date.map(Timestamp::isoformat),
        }),
    }
}

/// An interval as the child knows it.
pub(crate) fn interval(of: DataInterval) -> Json {
    json!({"start": of.start.isoformat(), "end": of.end.isoformat()})
}

/// The answer to a question.
fn read(question: &Question, said: &Json) -> Result<Evaluated, String> {
    let wrong = || format!("its answer makes no sense: {said}");
    match question {
        Question::Timetable { .. } => {
            let next = match said.get("next") {
                None | Some(Json::Null) => None,
                Some(next) => Some(next_run(next).ok_or_else(wrong)?),
            };
            let text = |name: &str| said.get(name).and_then(Json::as_str).map(ToOwned::to_owned);
            Ok(Evaluated::Timetable(Box::new(TimetableSays {
                next,
                run_id: text("run_id").map(Into::into),
                summary: text("summary"),
                description: text("description").filter(|text| !text.is_empty()),
            })))
        }
        Question::Weights(of) => {
            let weights = said.as_array().ok_or_else(wrong)?;
            let pairs = of.iter().zip(weights).map(|(of, weight)| {
                let weight = weight.as_f64().ok_or_else(wrong)?;
                #[allow(clippy::cast_possible_truncation)] // Saturates, as upstream's column.
                Ok((of.at, of.try_number, weight as i32))
            });
            Ok(Evaluated::Weights(pairs.collect::<Result<_, String>>()?))
        }
        Question::Partition { row, .. } => {
            let asks = said.as_array().ok_or_else(wrong)?.iter();
            let asks = asks.map(|one| partition_asked(one).ok_or_else(wrong));
            Ok(Evaluated::Partition {
                row: row.clone(),
                asks: Ok(asks.collect::<Result<_, String>>()?),
            })
        }
    }
}

fn partition_asked(said: &Json) -> Option<PartitionAsked> {
    let date = match said.get("date") {
        None | Some(Json::Null) => None,
        Some(text) => Some(Timestamp::parse(text.as_str()?).ok()?),
    };
    let text = |key: &Json| key.as_str().map(ToOwned::to_owned);
    let needs = match said.get("needs") {
        None | Some(Json::Null) => None,
        Some(keys) => Some(keys.as_array()?.iter().map(text).collect::<Option<_>>()?),
    };
    Some(PartitionAsked {
        key: text(said.get("key")?)?,
        date,
        needs,
    })
}

/// A run that a timetable speaks of.
pub(crate) fn next_run(said: &Json) -> Option<NextRun> {
    let at = |of: &Json, name: &str| -> Option<Option<Timestamp>> {
        match of.get(name) {
            None | Some(Json::Null) => Some(None),
            Some(text) => Some(Some(Timestamp::parse(text.as_str()?).ok()?)),
        }
    };
    let data_interval = match said.get("data_interval") {
        None | Some(Json::Null) => None,
        Some(of) => Some(DataInterval {
            start: at(of, "start")??,
            end: at(of, "end")??,
        }),
    };
    let key = said.get("partition_key").and_then(Json::as_str);
    Some(NextRun {
        logical_date: data_interval.map(|of| of.start),
        data_interval,
        run_after: at(said, "run_after")??,
        partition_key: key.map(ToOwned::to_owned),
        partition_date: at(said, "partition_date")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_timetable_says_is_read() {
        let question = Question::Timetable {
            timetable: json!({"__type": "t.T", "__var": {}}),
            last: None,
            earliest: None,
            latest: None,
            catchup: false,
        };
        let said = json!({
            "next": {
                "run_after": "2026-01-06T00:00:00+00:00",
                "data_interval": {
                    "start": "2026-01-05T00:00:00+00:00", "end": "2026-01-06T00:00:00+00:00",
                },
                "partition_key": null, "partition_date": null,
            },
            "run_id": "mine", "summary": "S", "description": "",
        });
        let Ok(Evaluated::Timetable(says)) = read(&question, &said) else {
            panic!("no timetable");
        };
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let next = says.next.unwrap();
        assert_eq!(next.logical_date, Some(at("2026-01-05T00:00:00Z")));
        assert_eq!(next.run_after, at("2026-01-06T00:00:00Z"));
        assert_eq!(says.run_id.as_deref(), Some("mine"));
        assert_eq!(
            (says.summary.as_deref(), says.description),
            (Some("S"), None)
        );
        let nothing = json!({"next": null, "summary": "S"});
        assert!(read(&question, &nothing).is_ok());
        let nonsense = json!({"next": {"run_after": 1}});
        assert!(read(&question, &nonsense).is_err());
    }
}
