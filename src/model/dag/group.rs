//! Task groups: for display and, when mapped, for expansion.

use crate::{JsonMap, dag::Expand};

/// A task group.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct TaskGroup {
    /// The full id.
    pub group_id: String,
    /// The label.
    pub label: String,
    /// The tooltip.
    pub tooltip: String,
    /// Markdown.
    pub doc_md: Option<String>,
    /// Whether the ids of what is in it begin with its own.
    pub prefix_group_id: bool,
    /// The background's colour, as CSS has it; none for the usual one.
    pub ui_color: Option<String>,
    /// The text's colour.
    pub ui_fgcolor: Option<String>,
    /// What it is expanded over; then it is mapped.
    pub expand: Option<Expand>,
    /// Positions of the tasks directly in it.
    pub tasks: Vec<usize>,
    /// The groups in it.
    pub groups: Vec<TaskGroup>,
    /// Ids of groups that come before it as a whole.
    pub upstream_group_ids: Vec<String>,
    /// Ids of groups that come after it as a whole.
    pub downstream_group_ids: Vec<String>,
    /// Positions of tasks that come before it as a whole.
    pub upstream_tasks: Vec<usize>,
    /// Positions of tasks that come after it as a whole.
    pub downstream_tasks: Vec<usize>,
    /// What the file says and we have no use for yet: kept, not dropped.
    pub extra: JsonMap,
}

impl TaskGroup {
    /// Whether it is expanded at run time.
    #[must_use]
    pub const fn is_mapped(&self) -> bool {
        self.expand.is_some()
    }
}
