//! A run of the dag that updates an asset.

use std::collections::BTreeSet;

use axum::{Json, extract::State};
use control::book::Named;
use model::{AssetNo, DagNo, state::DagRunType};

use crate::{
    airflow::runs::{DagRunResponse, MaterializeBody, create},
    app::App,
    book::{Book, read},
    problem::Problem,
    request::{OptionalBody, Path},
};

/// Create a run of the dag that updates an asset.
#[utoipa::path(post, path = "/assets/{asset_id}/materialize", operation_id = "materialize_asset",
    tag = "Asset", params(("asset_id" = u32, Path)), request_body = Option<MaterializeBody>,
    responses((status = 200, body = DagRunResponse)))]
pub(crate) async fn materialize_asset(
    State(app): State<App>,
    Path(asset): Path<u32>,
    OptionalBody(body): OptionalBody<MaterializeBody>,
) -> Result<Json<DagRunResponse>, Problem> {
    let dag_id = app.read(move |book| producer(book, asset)).await?;
    let ask = body.unwrap_or_default();
    let mut ask = ask.into_command(&dag_id)?;
    ask.run_type = DagRunType::AssetMaterialization;
    create(&app, dag_id, ask).await
}

/// The one dag with a task that updates the asset.
fn producer(book: &Book<'_>, asset: u32) -> Result<String, Problem> {
    let refs = read(book.snapshot.asset_refs(AssetNo(asset)))?.into_iter();
    let producing = refs.filter(|it| matches!(it.named, Named::Outlet(_)));
    let dags: BTreeSet<DagNo> = producing.map(|it| it.dag).collect();
    let mut dags = dags.into_iter();
    let (dag, other) = (dags.next(), dags.next());
    if other.is_some() {
        let text = format!("more than one dag updates the asset with id {asset}: trigger one");
        return Err(Problem::conflict(text));
    }
    let row = match dag {
        Some(dag) => book.row(dag)?,
        None => None,
    };
    let row = row.ok_or_else(|| Problem::not_found("dag that updates the asset with id", asset))?;
    Ok(row.dag_id.to_string())
}
