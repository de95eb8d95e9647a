//! What the parts of plugins look like: only described, since they are handed on as they come.
#![allow(dead_code)]

use utoipa::ToSchema;

/// An app of FastAPI.
#[derive(ToSchema)]
#[schema(as = FastAPIAppResponse)]
pub(crate) struct FastApiApp {
    app: String,
    url_prefix: String,
    name: String,
}

/// Something between FastAPI and its apps.
#[derive(ToSchema)]
#[schema(as = FastAPIRootMiddlewareResponse)]
pub(crate) struct Middleware {
    middleware: String,
    name: String,
}

/// A page elsewhere that the UI links to.
#[derive(ToSchema)]
#[schema(as = ExternalViewResponse)]
pub(crate) struct ExternalView {
    name: String,
    icon: Option<String>,
    icon_dark_mode: Option<String>,
    url_route: Option<String>,
    category: Option<String>,
    nav_top_level: Option<bool>,
    href: String,
    destination: String,
}

/// A part of the UI.
#[derive(ToSchema)]
#[schema(as = ReactAppResponse)]
pub(crate) struct ReactApp {
    name: String,
    icon: Option<String>,
    icon_dark_mode: Option<String>,
    url_route: Option<String>,
    category: Option<String>,
    nav_top_level: Option<bool>,
    bundle_url: String,
    destination: String,
}

/// A page of the UI of Airflow 2.
#[derive(ToSchema)]
#[schema(as = AppBuilderViewResponse)]
pub(crate) struct View {
    name: Option<String>,
    category: Option<String>,
    view: Option<String>,
    label: Option<String>,
}

/// A link in the UI of Airflow 2.
#[derive(ToSchema)]
#[schema(as = AppBuilderMenuItemResponse)]
pub(crate) struct MenuItem {
    name: String,
    href: String,
    category: Option<String>,
}
