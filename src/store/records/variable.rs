//! Variables. The value is sealed before it comes here.

use model::change::Variable;
use serde::{Deserialize, Serialize};

use super::Record;
use crate::tables;

#[derive(Serialize, Deserialize)]
pub(crate) struct VariableRecord {
    sealed: Vec<u8>,
    description: Option<String>,
}

impl Record for VariableRecord {
    const TABLE: &'static str = tables::variables::NAME;
}

impl From<&Variable> for VariableRecord {
    fn from(variable: &Variable) -> Self {
        let Variable {
            key: _, // The key.
            sealed,
            description,
        } = variable;
        Self {
            sealed: sealed.clone(),
            description: description.clone(),
        }
    }
}

impl VariableRecord {
    pub(crate) fn into_variable(self, key: &str) -> Variable {
        let Self {
            sealed,
            description,
        } = self;
        Variable {
            key: key.to_owned(),
            sealed,
            description,
        }
    }
}
