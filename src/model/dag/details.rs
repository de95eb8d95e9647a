//! What a task has beside what its scheduling needs.

use crate::{Json, JsonMap, TimeDelta};

/// Which callbacks a task has. The functions are in the dag's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools)] // Five independent flags, as upstream has them.
pub struct Callbacks {
    /// `on_execute_callback`.
    pub on_execute: bool,
    /// `on_failure_callback`.
    pub on_failure: bool,
    /// `on_retry_callback`.
    pub on_retry: bool,
    /// `on_skipped_callback`.
    pub on_skipped: bool,
    /// `on_success_callback`.
    pub on_success: bool,
}

/// Who gets mail, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// The addresses.
    pub to: Vec<String>,
    /// After the last try.
    pub on_failure: bool,
    /// After every other failed one.
    pub on_retry: bool,
}

/// The trigger that a task may start with, without a worker before it (`start_trigger_args`).
#[derive(Clone, Debug, PartialEq)]
pub struct StartTrigger {
    /// The trigger's class path.
    pub class: String,
    /// Its arguments, as serialised.
    pub kwargs: Json,
    /// The method to go on with.
    pub next_method: String,
    /// That method's arguments, as serialised.
    pub next_kwargs: Json,
    /// How long to wait.
    pub timeout: Option<TimeDelta>,
}

/// How a task looks to people.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct TaskDisplay {
    /// The operator's name where it differs from its class (`@task.branch`).
    pub operator_name: Option<String>,
    /// The background's colour, as CSS has it.
    pub ui_color: Option<String>,
    /// The text's colour.
    pub ui_fgcolor: Option<String>,
    /// Arguments that are templates.
    pub template_fields: Vec<String>,
    /// Endings of files that templates may come from.
    pub template_ext: Vec<String>,
    /// How rendered templates are shown: the field and the language.
    pub template_fields_renderers: JsonMap,
    /// Extra links: the name and the key of the XCom with the address.
    pub extra_links: Vec<(String, String)>,
}

/// A tie between this dag and others or assets, for the graph of all dags.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DagDependency {
    /// A dag's id, or `asset`, `asset-alias:...` and so on.
    pub source: String,
    /// Likewise.
    pub target: String,
    /// To show.
    pub label: String,
    /// `asset`, `asset-alias`, `asset-name-ref`, `asset-uri-ref`, `trigger` or `sensor`.
    pub dependency_type: String,
    /// Which one, within its type.
    pub dependency_id: Option<String>,
}
