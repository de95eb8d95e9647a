//! What tasks ask people, and the answers: upstream's human-in-the-loop details.

use axum::{Json, extract::State};
use model::{
    JsonMap, TiKey, Timestamp,
    command::Command,
    execution::HitlUser,
    human::{HumanInput, HumanResponse},
    state::TaskInstanceState,
    task_instance::TaskInstance,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::task_instances::{About, TaskInstanceHistoryResponse, TaskInstanceResponse};
use crate::{
    app::App,
    book::{Book, Found, read},
    page::{self, Key},
    problem::Problem,
    request::{Body, Limit, Offset, OrderBy, Path, Pattern, Query, Range, query},
    wire::{Any, At},
};

/// Who answers while nobody signs in here: upstream's name for it.
const ANONYMOUS: &str = "Anonymous";

/// Somebody who may answer, or did.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = HITLUser)]
pub(crate) struct User {
    id: String,
    name: String,
}

/// A question, with its answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Question {
    options: Vec<String>,
    subject: String,
    body: Option<String>,
    defaults: Option<Vec<String>>,
    multiple: bool,
    #[schema(value_type = std::collections::HashMap<String, Any>)]
    params: Any,
    assigned_users: Vec<User>,
    created_at: At,
    responded_by_user: Option<User>,
    responded_at: Option<At>,
    chosen_options: Option<Vec<String>>,
    #[schema(value_type = std::collections::HashMap<String, Any>)]
    params_input: Any,
    response_received: bool,
}

/// The question of a task instance's present try.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HITLDetail)]
pub(crate) struct Detail {
    #[serde(flatten)]
    question: Question,
    task_instance: TaskInstanceResponse,
}

/// The question of a try.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HITLDetailHistory)]
pub(crate) struct DetailHistory {
    #[serde(flatten)]
    question: Question,
    task_instance: TaskInstanceHistoryResponse,
}

/// Questions, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HITLDetailCollection)]
pub(crate) struct DetailCollection {
    hitl_details: Vec<Detail>,
    total_entries: u64,
}

/// An answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateHITLDetailPayload)]
pub(crate) struct AnswerBody {
    chosen_options: Vec<String>,
    #[serde(default)]
    #[schema(value_type = std::collections::HashMap<String, Any>)]
    params_input: JsonMap,
}

/// An answer that was taken.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HITLDetailResponse)]
pub(crate) struct Answered {
    responded_by: User,
    responded_at: At,
    chosen_options: Vec<String>,
    #[schema(value_type = std::collections::HashMap<String, Any>)]
    params_input: Any,
}

impl From<HitlUser> for User {
    fn from(HitlUser { id, name }: HitlUser) -> Self {
        Self { id, name }
    }
}

fn any(map: JsonMap) -> Any {
    Any(model::Json::Object(map))
}

/// A value alone as the param that it stands for.
fn params(params: JsonMap) -> Any {
    let is_param = |value: &model::Json| {
        let names = ["description", "schema", "value"];
        names.iter().all(|name| value.get(name).is_some())
    };
    let each = params.into_iter().map(|(name, value)| {
        let value = if is_param(&value) {
            value
        } else {
            serde_json::json!({"value": value, "description": null, "schema": {}})
        };
        (name, value)
    });
    any(each.collect())
}

impl From<HumanInput> for Question {
    fn from(input: HumanInput) -> Self {
        let HumanInput {
            key: _,
            try_number: _,
            created_at,
            options,
            subject,
            body,
            defaults,
            multiple,
            params: asked,
            assigned_users,
            response,
        } = input;
        let response_received = response.is_some();
        let (at, by, chosen_options, params_input) = match response {
            None => (None, None, None, JsonMap::new()),
            Some(HumanResponse {
                at,
                by,
                chosen_options,
                params_input,
            }) => (Some(at), by, Some(chosen_options), params_input),
        };
        Self {
            options,
            subject,
            body,
            defaults,
            multiple,
            params: params(asked),
            assigned_users: assigned_users.into_iter().map(User::from).collect(),
            created_at: At(created_at),
            responded_by_user: by.map(User::from),
            responded_at: at.map(At),
            chosen_options,
            params_input: any(params_input),
            response_received,
        }
    }
}

type Names = (String, String, String, i32);

/// The instance that a path names, and the question of one of its tries: the present one where none
/// is named.
fn find(
    book: &Book<'_>,
    (dag_id, run_id, task_id, map): &Names,
    try_number: Option<u32>,
) -> Result<(Found, TaskInstance, HumanInput), Problem> {
    let found = book.run(dag_id, run_id)?;
    let ti = book.ti(&found, task_id, *map)?;
    let number = try_number.unwrap_or(ti.try_number);
    let input = read(book.snapshot.human_input(ti.key, number))?;
    let input = input.ok_or_else(|| Problem::not_found("question of task instance", task_id))?;
    Ok((found, ti, input))
}

/// The question of a task instance.
#[utoipa::path(get,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/hitlDetails",
    operation_id = "get_hitl_detail", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        ("map_index" = i32, Path)),
    responses((status = 200, body = Detail)))]
pub(crate) async fn get_hitl(
    State(app): State<App>,
    Path(names): Path<Names>,
) -> Result<Json<Detail>, Problem> {
    app.read(move |book| {
        let (found, ti, input) = find(book, &names, None)?;
        let task_instance = book.ti_response(&found, ti)?;
        let question = input.into();
        Ok(Json(Detail {
            question,
            task_instance,
        }))
    })
    .await
}

/// The question of a try.
#[utoipa::path(get, path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}\
/{map_index}/hitlDetails/tries/{try_number}",
    operation_id = "get_hitl_detail_try_detail", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        ("map_index" = i32, Path), ("try_number" = u32, Path)),
    responses((status = 200, body = DetailHistory)))]
pub(crate) async fn get_hitl_try(
    State(app): State<App>,
    Path((dag_id, run_id, task_id, map, number)): Path<(String, String, String, i32, u32)>,
) -> Result<Json<DetailHistory>, Problem> {
    let names = (dag_id, run_id, task_id, map);
    app.read(move |book| {
        let (found, ti, input) = find(book, &names, Some(number))?;
        let earlier = book.tries(ti.key)?;
        let ti = earlier
            .into_iter()
            .find(|one| one.try_number == number)
            .unwrap_or(ti);
        let history = |about: &About<'_>| TaskInstanceHistoryResponse::new(about, ti.clone());
        let task_instance = book.about(&found, &names.2, &ti, history)?;
        let question = input.into();
        Ok(Json(DetailHistory {
            question,
            task_instance,
        }))
    })
    .await
}

/// Answer the question of a task instance. It is answered once.
#[utoipa::path(patch,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/hitlDetails",
    operation_id = "update_hitl_detail", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        ("map_index" = i32, Path)),
    request_body = AnswerBody, responses((status = 200, body = Answered)))]
pub(crate) async fn answer_hitl(
    State(app): State<App>,
    Path(names): Path<Names>,
    Body(AnswerBody {
        chosen_options,
        params_input,
    }): Body<AnswerBody>,
) -> Result<Json<Answered>, Problem> {
    if chosen_options.is_empty() {
        let text = "an answer has at least one of the options";
        return Err(Problem::field("chosen_options", "too_short", text, "[]"));
    }
    let of = names.clone();
    let key: TiKey = app
        .read(move |book| find(book, &of, None).map(|(_, ti, _)| ti.key))
        .await?;
    let by = HitlUser {
        id: ANONYMOUS.to_owned(),
        name: ANONYMOUS.to_owned(),
    };
    app.command(Command::AnswerHuman {
        key,
        chosen_options,
        params_input,
        by: Some(by.clone()),
        for_others: true,
    })
    .await?;
    app.read(move |book| {
        let (_, _, input) = find(book, &names, None)?;
        let response = input.response;
        let response = response.ok_or_else(|| Problem::not_found("answer of", &names.2))?;
        Ok(Json(Answered {
            responded_by: response.by.unwrap_or(by).into(),
            responded_at: At(response.at),
            chosen_options: response.chosen_options,
            params_input: any(response.params_input),
        }))
    })
    .await
}

query! {
    /// What the list of questions takes.
    HitlQuery {
        limit: Limit,
        offset: Offset,
        order_by: OrderBy,
        dag_id: Pattern,
        task_id: Option<String>,
        task_id_pattern: Option<String>,
        task_id_prefix_pattern: Option<String>,
        map_index: Option<i32>,
        state: Vec<TaskInstanceState>,
        response_received: Option<bool>,
        responded_by_user_id: Vec<String>,
        responded_by_user_name: Vec<String>,
        subject_search: Option<String>,
        body_search: Option<String>,
        created_at: Range<Timestamp>,
    }
}

/// What orders the list.
const ORDERS: [&str; 13] = [
    "ti_id",
    "subject",
    "responded_at",
    "created_at",
    "responded_by_user_id",
    "responded_by_user_name",
    "dag_id",
    "run_id",
    "task_display_name",
    "run_after",
    "rendered_map_index",
    "task_instance_operator",
    "task_instance_state",
];

/// What tasks of a run ask people, the newest run first; `~` stands for all dags, or for all runs.
#[utoipa::path(get, path = "/dags/{dag_id}/dagRuns/{dag_run_id}/hitlDetails",
    operation_id = "get_hitl_details", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), HitlQuery),
    responses((status = 200, body = DetailCollection)))]
pub(crate) async fn list_hitl(
    State(app): State<App>,
    Path((dag_id, run_id)): Path<(String, String)>,
    Query(query): Query<HitlQuery>,
) -> Result<Json<DetailCollection>, Problem> {
    query.order_by.check(&ORDERS)?;
    app.read(move |book| list(book, &dag_id, &run_id, &query))
        .await
        .map(Json)
}

/// A question of the list, before it is known whether it is on the page.
struct Row {
    found: Found,
    ti: TaskInstance,
    input: HumanInput,
    task_id: model::TaskId,
}

fn list(
    book: &Book<'_>,
    dag_id: &str,
    run_id: &str,
    query: &HitlQuery,
) -> Result<DetailCollection, Problem> {
    let run = match (dag_id, run_id) {
        ("~", _) | (_, "~") => None,
        (dag_id, run_id) => Some(book.run(dag_id, run_id)?.run.no),
    };
    let mut rows = Vec::new();
    for input in read(book.snapshot.human_inputs(run))? {
        let Some(found) = book.found(input.key.run)? else {
            continue;
        };
        let is_of = |wanted: &str, is: &str| wanted == "~" || wanted == is;
        if !is_of(dag_id, &found.row.dag_id) || !is_of(run_id, &found.run.run_id) {
            continue;
        }
        let ti = read(book.snapshot.task_instance(input.key))?;
        let Some(ti) = ti.filter(|ti| ti.try_number == input.try_number) else {
            continue;
        };
        let task_id = book.task_id(found.row.no, ti.key.task)?;
        let row = Row {
            found,
            ti,
            input,
            task_id,
        };
        if query.wants(&row) {
            rows.push(row);
        }
    }
    page::sort(&mut rows, &query.order_by, Row::key);
    let (page, total_entries) = page::cut(rows, query.offset, query.limit);
    let details = page.into_iter().map(|row| {
        let task_instance = book.ti_response(&row.found, row.ti)?;
        let question = row.input.into();
        Ok(Detail {
            question,
            task_instance,
        })
    });
    Ok(DetailCollection {
        hitl_details: details.collect::<Result<_, Problem>>()?,
        total_entries,
    })
}

impl HitlQuery {
    fn wants(&self, row: &Row) -> bool {
        let Row {
            found,
            ti,
            input,
            task_id,
        } = row;
        let tasks = Pattern {
            like: self.task_id_pattern.clone(),
            prefix: self.task_id_prefix_pattern.clone(),
        };
        let contains = |sought: &Option<String>, text: Option<&str>| {
            let like = sought.clone();
            let pattern = Pattern { like, prefix: None };
            pattern.is_open() || text.is_some_and(|text| pattern.matches(text))
        };
        let by = input.response.as_ref().and_then(|said| said.by.as_ref());
        let is_by = |wanted: &[String], is: Option<&String>| {
            wanted.is_empty() || is.is_some_and(|is| wanted.contains(is))
        };
        let received = input.response.is_some();
        self.dag_id.matches(&found.row.dag_id)
            && self.task_id.as_deref().is_none_or(|id| id == &**task_id)
            && tasks.matches(task_id)
            && self.map_index.is_none_or(|map| map == ti.key.map.0)
            && (self.state.is_empty() || self.state.contains(&ti.state))
            && self.response_received.is_none_or(|is| is == received)
            && is_by(&self.responded_by_user_id, by.map(|by| &by.id))
            && is_by(&self.responded_by_user_name, by.map(|by| &by.name))
            && contains(&self.subject_search, Some(&input.subject))
            && contains(&self.body_search, input.body.as_deref())
            && self.created_at.contains(Some(&input.created_at))
    }
}

impl Row {
    fn key(&self, name: &str) -> Key {
        let said = self.input.response.as_ref();
        let by = said.and_then(|said| said.by.as_ref());
        let text = |text: Option<&str>| text.map_or(Key::Nothing, Key::text);
        match name {
            "subject" => Key::text(self.input.subject.as_str()),
            "responded_at" => Key::at(said.map(|said| said.at)),
            "created_at" => Key::At(self.input.created_at),
            "responded_by_user_id" => text(by.map(|by| by.id.as_str())),
            "responded_by_user_name" => text(by.map(|by| by.name.as_str())),
            "dag_id" => Key::text(self.found.row.dag_id.as_str()),
            "run_id" => Key::text(self.found.run.run_id.as_str()),
            "run_after" => Key::At(self.found.run.run_after),
            "rendered_map_index" => text(self.ti.rendered_map_index.as_deref()),
            "task_instance_state" => Key::text(self.ti.state.as_str()),
            _ => Key::text(self.task_id.as_str()),
        }
    }
}

/// One line for each path.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_hitl))
        .routes(routes!(get_hitl, answer_hitl))
        .routes(routes!(get_hitl_try))
}
