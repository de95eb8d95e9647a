//! What the Python runtime has: providers and plugins, as upstream's own code there says. Without a
//! runtime there are none.

mod shapes;

use axum::{Json, extract::State};
use model::Json as Value;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use crate::{
    app::App,
    page,
    problem::Problem,
    request::{Limit, Offset, Query, query},
    wire::Any,
};

/// A provider package.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ProviderResponse {
    package_name: String,
    description: String,
    version: String,
    documentation_url: Option<String>,
}

/// Provider packages, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProviderCollectionResponse)]
pub(crate) struct ProviderCollection {
    providers: Vec<ProviderResponse>,
    total_entries: u64,
}

/// A plugin. Older versions of Airflow know fewer parts.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct PluginResponse {
    name: String,
    macros: Vec<String>,
    flask_blueprints: Vec<String>,
    #[schema(value_type = Vec<shapes::FastApiApp>)]
    fastapi_apps: Vec<Any>,
    #[schema(value_type = Vec<shapes::Middleware>)]
    fastapi_root_middlewares: Vec<Any>,
    #[schema(value_type = Vec<shapes::ExternalView>)]
    external_views: Vec<Any>,
    #[schema(value_type = Vec<shapes::ReactApp>)]
    react_apps: Vec<Any>,
    #[schema(value_type = Vec<shapes::View>)]
    appbuilder_views: Vec<Any>,
    #[schema(value_type = Vec<shapes::MenuItem>)]
    appbuilder_menu_items: Vec<Any>,
    global_operator_extra_links: Vec<String>,
    operator_extra_links: Vec<String>,
    source: String,
    listeners: Vec<String>,
    timetables: Vec<String>,
}

/// Plugins, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PluginCollectionResponse)]
pub(crate) struct PluginCollection {
    plugins: Vec<PluginResponse>,
    total_entries: u64,
}

/// A plugin that could not be imported.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct PluginImportErrorResponse {
    source: String,
    error: String,
}

/// Plugins that could not be imported.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PluginImportErrorCollectionResponse)]
pub(crate) struct PluginImportErrorCollection {
    import_errors: Vec<PluginImportErrorResponse>,
    total_entries: u64,
}

query! {
    /// A page.
    PageQuery {
        limit: Limit,
        offset: Offset,
    }
}

async fn ask<T: DeserializeOwned>(app: &App, what: &str) -> Result<Vec<T>, Problem> {
    let said = app.control().ask_python(what).await?;
    let Some(Value::Array(all)) = said else {
        return Ok(Vec::new());
    };
    let all = all.into_iter().map(serde_json::from_value);
    all.collect::<Result<_, _>>()
        .map_err(|e| Problem::internal(&e))
}

/// The provider packages of the Python runtime.
#[utoipa::path(get, path = "/providers", operation_id = "get_providers", tag = "Provider",
    params(PageQuery), responses((status = 200, body = ProviderCollection)))]
pub(crate) async fn list_providers(
    State(app): State<App>,
    query: Query<PageQuery>,
) -> Result<Json<ProviderCollection>, Problem> {
    let all = ask(&app, "providers").await?;
    let (providers, total_entries) = page::cut(all, query.offset, query.limit);
    Ok(Json(ProviderCollection {
        providers,
        total_entries,
    }))
}

/// The plugins of the Python runtime.
#[utoipa::path(get, path = "/plugins", operation_id = "get_plugins", tag = "Plugin",
    params(PageQuery), responses((status = 200, body = PluginCollection)))]
pub(crate) async fn list_plugins(
    State(app): State<App>,
    query: Query<PageQuery>,
) -> Result<Json<PluginCollection>, Problem> {
    let all = ask(&app, "plugins").await?;
    let (plugins, total_entries) = page::cut(all, query.offset, query.limit);
    Ok(Json(PluginCollection {
        plugins,
        total_entries,
    }))
}

/// Plugins that the Python runtime could not import.
#[utoipa::path(get, path = "/plugins/importErrors", operation_id = "import_errors",
    tag = "Plugin", responses((status = 200, body = PluginImportErrorCollection)))]
pub(crate) async fn list_plugin_errors(
    State(app): State<App>,
) -> Result<Json<PluginImportErrorCollection>, Problem> {
    let import_errors: Vec<PluginImportErrorResponse> = ask(&app, "plugin_errors").await?;
    Ok(Json(PluginImportErrorCollection {
        total_entries: import_errors.len() as u64,
        import_errors,
    }))
}
