//! What is answered. A variant has upstream's message name, its fields upstream's field names.

use super::{
    Asset, AssetEvent, AssetRef, ConnectionWords, DagDetails, DagRun, HitlDetail, HitlUser,
    PreviousTi,
};
use crate::{Json, JsonMap, Timestamp, state::DagRunState};

/// An answer.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // The fields are upstream's words.
pub enum Answer {
    /// Done; there is nothing to say (`[id, null]`).
    Nothing,
    /// An expected miss, which the asker looks at.
    Error {
        kind: ErrorKind,
        detail: JsonMap,
    },
    /// The server could not answer; raises `AirflowRuntimeError` at the call.
    Failure {
        message: String,
        status: u16,
    },
    OKResponse {
        ok: bool,
    },

    ConnectionResult(Box<ConnectionWords>),
    VariableResult {
        key: String,
        value: Option<String>,
    },
    VariableKeysResult {
        keys: Vec<String>,
        total_entries: i64,
    },

    XComResult {
        key: String,
        value: Json,
    },
    XComCountResponse {
        len: i64,
    },
    XComSequenceIndexResult {
        root: Json,
    },
    XComSequenceSliceResult {
        root: Vec<Json>,
    },

    DagResult(Box<DagDetails>),
    DagRunResult(Box<DagRun>),
    DagRunStateResult {
        state: DagRunState,
    },
    DRCount {
        count: i64,
    },
    PreviousDagRunResult {
        dag_run: Option<Box<DagRun>>,
    },
    PreviousTIResult {
        task_instance: Option<Box<PreviousTi>>,
    },
    PrevSuccessfulDagRunResult {
        data_interval_start: Option<Timestamp>,
        data_interval_end: Option<Timestamp>,
        start_date: Option<Timestamp>,
        end_date: Option<Timestamp>,
    },
    TICount {
        count: i64,
    },
    /// By run id, then by task id (with `_N` for mapped ones): the state's word.
    TaskStatesResult {
        task_states: JsonMap,
    },
    TaskBreadcrumbsResult {
        breadcrumbs: Vec<Json>,
    },
    TaskRescheduleStartDate {
        start_date: Option<Timestamp>,
    },

    AssetResult(Box<Asset>),
    AssetsByAliasResult {
        assets: Vec<Asset>,
    },
    AssetEventsResult {
        asset_events: Vec<AssetEvent>,
    },
    InactiveAssetsResult {
        inactive_assets: Vec<AssetRef>,
    },

    TaskStateStoreResult {
        value: Json,
    },
    AssetStateStoreResult {
        value: Json,
    },
    HITLDetailRequestResult(Box<HitlDetail>),
    HITLDetailResponseResult {
        response_received: bool,
        responded_by_user: Option<HitlUser>,
        responded_at: Option<Timestamp>,
        chosen_options: Option<Vec<String>>,
        params_input: JsonMap,
    },
}

/// Why there is no such answer (`ErrorType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // Upstream's words.
pub enum ErrorKind {
    ConnectionNotFound,
    VariableNotFound,
    XComNotFound,
    AssetNotFound,
    TaskStoreNotFound,
    AssetStoreNotFound,
    DagRunAlreadyExists,
    /// Authoritative: never softened to a miss.
    PermissionDenied,
    GenericError,
    ApiServerError,
}

impl ErrorKind {
    /// Upstream's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConnectionNotFound => "CONNECTION_NOT_FOUND",
            Self::VariableNotFound => "VARIABLE_NOT_FOUND",
            Self::XComNotFound => "XCOM_NOT_FOUND",
            Self::AssetNotFound => "ASSET_NOT_FOUND",
            Self::TaskStoreNotFound => "TASK_STORE_NOT_FOUND",
            Self::AssetStoreNotFound => "ASSET_STORE_NOT_FOUND",
            Self::DagRunAlreadyExists => "DAGRUN_ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::GenericError => "GENERIC_ERROR",
            Self::ApiServerError => "API_SERVER_ERROR",
        }
    }
}
