//! Variables. Values under names that sound secret are masked in answers, as upstream does.

use axum::{Json, extract::State, http::StatusCode};
use control::queries::variables::{self, Error, Opened};
use model::{command::Command, limits::KEY_CHARS_MAX};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    bulk::{self, Actions, BulkResponse, Changes, OnExistence},
    dags::MaskQuery,
    pools::check_team,
};
use crate::{
    app::App,
    book::{Book, read},
    page::{self, Key},
    problem::Problem,
    request::{Body, Limit, Offset, OrderBy, Path, Pattern, Query, query},
    wire::Any,
};

/// A variable.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct VariableResponse {
    key: String,
    value: Option<String>,
    description: Option<String>,
    is_encrypted: bool,
    team_name: Option<String>,
}

/// Variables, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VariableCollectionResponse)]
pub(crate) struct VariableCollection {
    variables: Vec<VariableResponse>,
    total_entries: u64,
}

const MASK: &str = "***";

impl From<Opened> for VariableResponse {
    fn from(opened: Opened) -> Self {
        let Opened {
            key,
            value,
            description,
        } = opened;
        let value = if control::environment::is_sensitive(&key) && !value.is_empty() {
            MASK.to_owned()
        } else {
            masked(value)
        };
        Self {
            key,
            value: Some(value),
            description,
            is_encrypted: true,
            team_name: None,
        }
    }
}

/// The same for what a JSON object has inside.
fn masked(value: String) -> String {
    match serde_json::from_str(&value) {
        Ok(object @ model::Json::Object(_)) => {
            let shown = super::connections::redacted(object.clone());
            if shown == object {
                value
            } else {
                shown.to_string()
            }
        }
        Ok(_) | Err(_) => value,
    }
}

fn opened(error: &Error) -> Problem {
    Problem::internal(error)
}

query! {
    /// What the list of variables takes.
    VariablesQuery {
        limit: Limit,
        offset: Offset,
        order_by: OrderBy,
        variable_key: Pattern,
    }
}

/// Variables.
#[utoipa::path(get, path = "/variables", operation_id = "get_variables", tag = "Variable",
    params(VariablesQuery), responses((status = 200, body = VariableCollection)))]
pub(crate) async fn list_variables(
    State(app): State<App>,
    Query(query): Query<VariablesQuery>,
) -> Result<Json<VariableCollection>, Problem> {
    query
        .order_by
        .check(&["id", "key", "_val", "description", "is_encrypted"])?;
    app.read(move |book| list(book, &query)).await.map(Json)
}

fn list(book: &Book<'_>, query: &VariablesQuery) -> Result<VariableCollection, Problem> {
    let mut sealed = read(book.snapshot.variables())?;
    sealed.retain(|variable| query.variable_key.matches(&variable.key));
    page::sort(&mut sealed, &query.order_by, |variable, name| match name {
        "description" => variable.description.clone().map_or(Key::Nothing, Key::Text),
        "is_encrypted" => Key::Nothing,
        _ => Key::text(variable.key.as_str()),
    });
    let (sealed, total_entries) = page::cut(sealed, query.offset, query.limit);
    let reader = book.app().control().reader();
    let open = |variable| variables::open(reader, variable).map_err(|error| opened(&error));
    let all = sealed
        .into_iter()
        .map(|variable| open(variable).map(Into::into));
    Ok(VariableCollection {
        variables: all.collect::<Result<_, _>>()?,
        total_entries,
    })
}

async fn find(app: &App, key: &str) -> Result<Opened, Problem> {
    let wanted = key.to_owned();
    let found = app.read(move |book| {
        let sealed = read(book.snapshot.variable(&wanted))?;
        let reader = book.app().control().reader();
        let open = |variable| variables::open(reader, variable).map_err(|error| opened(&error));
        sealed.map(open).transpose()
    });
    found
        .await?
        .ok_or_else(|| Problem::not_found("variable", key))
}

/// A variable.
#[utoipa::path(get, path = "/variables/{variable_key}", operation_id = "get_variable",
    tag = "Variable", params(("variable_key" = String, Path)),
    responses((status = 200, body = VariableResponse)))]
pub(crate) async fn get_variable(
    State(app): State<App>,
    Path(key): Path<String>,
) -> Result<Json<VariableResponse>, Problem> {
    find(&app, &key).await.map(|opened| Json(opened.into()))
}

/// A variable to create or to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VariableBody {
    key: String,
    /// Text, or any JSON, which is kept as text.
    value: Any,
    description: Option<String>,
    team_name: Option<String>,
}

impl bulk::Named for VariableBody {
    fn named(key: String) -> Self {
        Self {
            key,
            value: Any(model::Json::Null),
            description: None,
            team_name: None,
        }
    }
}

impl VariableBody {
    fn into_opened(self) -> Result<Opened, Problem> {
        let Self {
            key,
            value,
            description,
            team_name,
        } = self;
        check_team(team_name.as_deref())?;
        let n_chars = key.chars().count();
        if n_chars == 0 || n_chars > KEY_CHARS_MAX {
            let text = format!("a variable's key has 1 to {KEY_CHARS_MAX} characters");
            return Err(Problem::field("key", "string_length", text, &key));
        }
        let value = value.into_text();
        Ok(Opened {
            key,
            value,
            description,
        })
    }
}

async fn put(app: &App, opened: Opened, only_new: bool) -> Result<(), Problem> {
    let Opened {
        key,
        value,
        description,
    } = opened;
    let variable = app.control().seal_variable(key, &value, description)?;
    app.command(Command::PutVariable { variable, only_new })
        .await
        .map(drop)
}

/// Create a variable.
#[utoipa::path(post, path = "/variables", operation_id = "post_variable", tag = "Variable",
    request_body = VariableBody, responses((status = 201, body = VariableResponse)))]
pub(crate) async fn create_variable(
    State(app): State<App>,
    Body(body): Body<VariableBody>,
) -> Result<(StatusCode, Json<VariableResponse>), Problem> {
    let opened = body.into_opened()?;
    put(&app, opened.clone(), true).await?;
    Ok((StatusCode::CREATED, Json(opened.into())))
}

/// Change a variable.
#[utoipa::path(patch, path = "/variables/{variable_key}", operation_id = "patch_variable",
    tag = "Variable", params(("variable_key" = String, Path), MaskQuery),
    request_body = VariableBody, responses((status = 200, body = VariableResponse)))]
pub(crate) async fn patch_variable(
    State(app): State<App>,
    Path(key): Path<String>,
    mask: Query<MaskQuery>,
    Body(body): Body<VariableBody>,
) -> Result<Json<VariableResponse>, Problem> {
    mask.check(&["key", "value", "description", "team_name"])?;
    let wanted = body.into_opened()?;
    if wanted.key != key {
        return Err(Problem::invalid(
            "the key in the body is not the one in the path",
        ));
    }
    let mut opened = find(&app, &key).await?;
    if mask.has("value") {
        opened.value = wanted.value;
    }
    if mask.has("description") {
        opened.description = wanted.description;
    }
    put(&app, opened.clone(), false).await?;
    Ok(Json(opened.into()))
}

async fn delete(app: &App, key: &str) -> Result<(), Problem> {
    app.command(Command::DeleteVariable {
        key: key.to_owned(),
    })
    .await
    .map(drop)
}

/// Delete a variable.
#[utoipa::path(delete, path = "/variables/{variable_key}", operation_id = "delete_variable",
    tag = "Variable", params(("variable_key" = String, Path)), responses((status = 204)))]
pub(crate) async fn delete_variable(
    State(app): State<App>,
    Path(key): Path<String>,
) -> Result<StatusCode, Problem> {
    delete(&app, &key).await.map(|()| StatusCode::NO_CONTENT)
}

struct Variables(App);

impl Changes<VariableBody> for Variables {
    async fn create(&self, body: VariableBody, on: OnExistence) -> Result<String, Problem> {
        let opened = body.into_opened()?;
        let key = opened.key.to_string();
        put(&self.0, opened, on != OnExistence::Overwrite)
            .await
            .map(|()| key)
    }
    async fn update(&self, body: VariableBody) -> Result<String, Problem> {
        find(&self.0, &body.key).await?;
        let opened = body.into_opened()?;
        let key = opened.key.to_string();
        put(&self.0, opened, false).await.map(|()| key)
    }
    async fn delete(&self, body: VariableBody) -> Result<String, Problem> {
        delete(&self.0, &body.key).await.map(|()| body.key)
    }
}

/// Create, change and delete many variables.
#[utoipa::path(patch, path = "/variables", operation_id = "bulk_variables", tag = "Variable",
    request_body = Actions<VariableBody>, responses((status = 200, body = BulkResponse)))]
pub(crate) async fn bulk_variables(
    State(app): State<App>,
    Body(actions): Body<Actions<VariableBody>>,
) -> Json<BulkResponse> {
    Json(actions.carry_out(Variables(app)).await)
}
