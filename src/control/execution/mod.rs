//! Answers what Python children ask while they run: one file for each noun, one line here for each
//! question.
//!
//! Reading is done on threads of the runtime, from a snapshot; writing is a command, answered once
//! it is in the book.

pub(crate) mod assets;
mod connections;
mod desk;
mod find;
mod humans;
mod itself;
mod runs;
mod states;
mod task_instances;
mod triggers;
mod variables;
mod xcoms;

use model::{
    command::{Command, RefusalKind, Reply},
    execution::{Answer, Ask, Asker},
};
use store::ReadError;

pub use desk::Execution;
pub(crate) use desk::{Armed, Desk, Watched, Watching};

/// What a question comes to.
pub(crate) enum Plan {
    /// The answer is known.
    Now(Answer),
    /// It is known when this is in the book, or refused.
    Do(Box<Command>, fn(Reply) -> Answer),
    /// The same with what the question said.
    Then(Box<Command>, Box<dyn FnOnce(Reply) -> Answer + Send>),
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Wrong {
    #[error("the book cannot be read: {0}")]
    Read(#[from] ReadError),
    #[error("{message}")]
    Because { status: u16, message: String },
}

impl Wrong {
    fn new(status: u16, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Because { status, message }
    }

    fn into_answer(self) -> Answer {
        let message = self.to_string();
        let status = match self {
            Self::Read(_) => 500,
            Self::Because { status, .. } => status,
        };
        Answer::Failure { message, status }
    }
}

type Planned = Result<Plan, Wrong>;

fn now(answer: Answer) -> Planned {
    Ok(Plan::Now(answer))
}

/// Refusals that no rule of a question takes as an answer.
fn refused(reply: Reply, well: Answer) -> Answer {
    let Reply::Refused(refusal) = reply else {
        return well;
    };
    let status = desk::status(refusal.kind);
    let message = refusal.message;
    Answer::Failure { message, status }
}

fn is_refused(reply: &Reply, kind: RefusalKind) -> bool {
    matches!(reply, Reply::Refused(refusal) if refusal.kind == kind)
}

fn nothing(reply: Reply) -> Answer {
    refused(reply, Answer::Nothing)
}

fn ok(reply: Reply) -> Answer {
    refused(reply, Answer::OKResponse { ok: true })
}

impl Desk {
    #[allow(clippy::too_many_lines)] // A table: an arm for each question, and no logic.
    pub(crate) fn plan(&self, who: &Asker, ask: Ask) -> Planned {
        match ask {
            Ask::SetRenderedFields { rendered_fields } => {
                itself::set_rendered(self, who, rendered_fields)
            }
            Ask::SetRenderedMapIndex { rendered_map_index } => {
                itself::label(self, who, rendered_map_index)
            }
            Ask::SkipDownstreamTasks { tasks } => itself::skip(self, who, tasks),
            Ask::ValidateInletsAndOutlets { ti_id: _ } => assets::inactive(self, who),
            Ask::GetPrevSuccessfulDagRun { ti_id: _ } => itself::previous_success(self, who),
            Ask::GetTaskRescheduleStartDate {
                ti_id: _,
                try_number: _,
            } => itself::first_reschedule(self, who),

            Ask::GetConnection { conn_id } => connections::get(self, &conn_id),
            Ask::GetVariable { key } => variables::get(self, key),
            Ask::GetVariableKeys {
                prefix,
                limit,
                offset,
            } => variables::keys(self, prefix.as_deref(), limit, offset),
            Ask::PutVariable {
                key,
                value,
                description,
            } => variables::put(self, key, value, description),
            Ask::DeleteVariable { key } => variables::delete(key),

            Ask::GetXCom {
                key,
                dag_id,
                run_id,
                task_id,
                map_index,
                include_prior_dates,
            } => xcoms::get(
                self,
                &xcoms::Of {
                    key,
                    dag_id,
                    run_id,
                    task_id,
                },
                map_index,
                include_prior_dates,
            ),
            Ask::GetXComCount {
                key,
                dag_id,
                run_id,
                task_id,
            } => xcoms::count(
                self,
                &xcoms::Of {
                    key,
                    dag_id,
                    run_id,
                    task_id,
                },
            ),
            Ask::GetXComSequenceItem {
                key,
                dag_id,
                run_id,
                task_id,
                offset,
            } => xcoms::item(
                self,
                &xcoms::Of {
                    key,
                    dag_id,
                    run_id,
                    task_id,
                },
                offset,
            ),
            Ask::GetXComSequenceSlice {
                key,
                dag_id,
                run_id,
                task_id,
                start,
                stop,
                step,
                include_prior_dates,
            } => xcoms::slice(
                self,
                &xcoms::Of {
                    key,
                    dag_id,
                    run_id,
                    task_id,
                },
                (start, stop, step),
                include_prior_dates,
            ),
            Ask::SetXCom {
                key,
                value,
                dag_id,
                run_id,
                task_id,
                map_index,
                dag_result: _,
                mapped_length,
            } => xcoms::set(
                self,
                who,
                xcoms::Of {
                    key,
                    dag_id,
                    run_id,
                    task_id,
                },
                map_index,
                (value, mapped_length),
            ),
            Ask::DeleteXCom {
                key,
                dag_id,
                run_id,
                task_id,
                map_index,
            } => xcoms::delete(
                self,
                xcoms::Of {
                    key,
                    dag_id,
                    run_id,
                    task_id,
                },
                map_index,
            ),

            Ask::GetDag { dag_id } => runs::dag(self, &dag_id),
            Ask::GetDagRun { dag_id, run_id } => runs::get(self, &dag_id, &run_id),
            Ask::GetDagRunState { dag_id, run_id } => runs::state(self, &dag_id, &run_id),
            Ask::GetDRCount {
                dag_id,
                logical_dates,
                run_ids,
                states,
            } => runs::count(
                self,
                &dag_id,
                logical_dates.as_deref(),
                run_ids.as_deref(),
                states.as_deref(),
            ),
            Ask::GetPreviousDagRun {
                dag_id,
                logical_date,
                state,
            } => runs::previous(self, &dag_id, logical_date, state.as_deref()),
            Ask::TriggerDagRun {
                dag_id,
                run_id,
                logical_date,
                run_after,
                conf,
                reset_dag_run,
                partition_key,
                note,
            } => runs::trigger(
                self,
                who,
                runs::Trigger {
                    dag_id,
                    run_id,
                    logical_date,
                    run_after,
                    conf,
                    partition_key,
                    reset: reset_dag_run,
                    note,
                },
            ),
            Ask::GetPreviousTI {
                dag_id,
                task_id,
                logical_date,
                map_index,
                state,
            } => {
                task_instances::previous(self, (&dag_id, &task_id), logical_date, map_index, state)
            }
            Ask::GetTICount {
                dag_id,
                map_index,
                task_ids,
                task_group_id,
                logical_dates,
                run_ids,
                states,
            } => task_instances::count(
                self,
                &task_instances::Which {
                    dag_id,
                    map_index,
                    task_ids,
                    task_group_id,
                    logical_dates,
                    run_ids,
                },
                states.as_deref(),
            ),
            Ask::GetTaskStates {
                dag_id,
                map_index,
                task_ids,
                task_group_id,
                logical_dates,
                run_ids,
            } => task_instances::states(
                self,
                &task_instances::Which {
                    dag_id,
                    map_index,
                    task_ids,
                    task_group_id,
                    logical_dates,
                    run_ids,
                },
            ),
            Ask::GetTaskBreadcrumbs { dag_id, run_id } => {
                task_instances::breadcrumbs(self, &dag_id, &run_id)
            }

            Ask::GetAsset { asset } => assets::get(self, asset),
            Ask::GetAssetsByAlias { alias_name } => assets::by_alias(self, &alias_name),
            Ask::GetAssetEventByAsset {
                name,
                uri,
                after,
                before,
                limit,
                ascending,
            } => assets::events_of_asset(
                self,
                name,
                uri,
                &assets::Part::new(after, before, limit, ascending),
            ),
            Ask::GetAssetEventByAssetAlias {
                alias_name,
                after,
                before,
                limit,
                ascending,
            } => assets::events_of_alias(
                self,
                &alias_name,
                &assets::Part::new(after, before, limit, ascending),
            ),
            Ask::GetAssetStateStore { asset, key } => assets::get_state(self, &asset, key),
            Ask::SetAssetStateStore { asset, key, value } => {
                assets::set_state(self, who, &asset, key, value)
            }
            Ask::DeleteAssetStateStore { asset, key } => {
                assets::delete_state(self, &asset, Some(key))
            }
            Ask::ClearAssetStateStore { asset } => assets::delete_state(self, &asset, None),

            Ask::GetTaskStateStore { ti_id: _, key } => states::get(self, who, key),
            Ask::SetTaskStateStore {
                ti_id: _,
                key,
                value,
                expires_at,
            } => states::set(self, who, key, value, expires_at),
            Ask::DeleteTaskStateStore { ti_id: _, key } => states::delete(self, who, key),
            Ask::ClearTaskStateStore { ti_id: _ } => states::clear(self, who),

            Ask::CreateHITLDetailPayload { detail } => humans::ask(self, who, detail),
            Ask::UpdateHITLDetail {
                ti_id,
                chosen_options,
                params_input,
            } => humans::update(self, who, &ti_id, chosen_options, params_input),
            Ask::GetHITLDetailResponse { ti_id } => humans::response(self, who, &ti_id),

            Ask::SucceedTask { .. }
            | Ask::RetryTask { .. }
            | Ask::TaskState { .. }
            | Ask::DeferTask { .. }
            | Ask::RescheduleTask { .. }
            | Ask::AwaitInputTask { .. }
            | Ask::MaskSecret { .. }
            | Ask::ResendLoggingFD
            | Ask::DagFileParsingResult { .. }
            | Ask::TriggerStateChanges { .. } => {
                Err(Wrong::new(400, "this is for the worker to take"))
            }
        }
    }
}
