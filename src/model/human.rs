//! People in the loop: what a task asks, and what somebody answered.

use crate::{JsonMap, TiKey, Timestamp, execution::HitlUser};

/// A question to people. One for each try that asks.
#[derive(Clone, Debug, PartialEq)]
pub struct HumanInput {
    /// Who asks.
    pub key: TiKey,
    /// In which try.
    pub try_number: u32,
    /// Since when.
    pub created_at: Timestamp,
    /// What may be chosen; at least one.
    pub options: Vec<String>,
    /// In one line.
    pub subject: String,
    /// In full, Markdown.
    pub body: Option<String>,
    /// What is taken when nobody answers in time.
    pub defaults: Option<Vec<String>>,
    /// Whether several may be chosen.
    pub multiple: bool,
    /// What is to be filled in beside, each a value or a param (`value`, `description`, `schema`).
    pub params: JsonMap,
    /// Who may answer; anybody when empty.
    pub assigned_users: Vec<HitlUser>,
    /// What was answered.
    pub response: Option<HumanResponse>,
}

/// An answer to a question.
#[derive(Clone, Debug, PartialEq)]
pub struct HumanResponse {
    /// When.
    pub at: Timestamp,
    /// By whom; none where the time was over and the defaults were taken.
    pub by: Option<HitlUser>,
    /// What was chosen.
    pub chosen_options: Vec<String>,
    /// What was filled in.
    pub params_input: JsonMap,
}
