//! Questions to people, with their answers.

use model::{
    Json, JsonMap, TiKey, Timestamp,
    execution::HitlUser,
    human::{HumanInput, HumanResponse},
};
use serde::{Deserialize, Serialize};

use super::{Record, json};
use crate::{error::ReadError, tables};

#[derive(Serialize, Deserialize)]
pub(crate) struct HumanInputRecord {
    created_at: i64,
    options: Vec<String>,
    subject: String,
    body: Option<String>,
    defaults: Option<Vec<String>>,
    multiple: bool,
    params: String,
    /// Id and name.
    assigned_users: Vec<(String, String)>,
    response: Option<ResponseRecord>,
}

#[derive(Serialize, Deserialize)]
struct ResponseRecord {
    at: i64,
    by: Option<(String, String)>,
    chosen_options: Vec<String>,
    params_input: String,
}

impl Record for HumanInputRecord {
    const TABLE: &'static str = tables::human_inputs::NAME;
}

fn pair(user: &HitlUser) -> (String, String) {
    let HitlUser { id, name } = user.clone();
    (id, name)
}

fn user((id, name): (String, String)) -> HitlUser {
    HitlUser { id, name }
}

fn text(map: &JsonMap) -> String {
    json::text(&Json::Object(map.clone()))
}

fn map(text: &str) -> Result<JsonMap, ReadError> {
    match json::parse(HumanInputRecord::TABLE, text)? {
        Json::Object(map) => Ok(map),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            let what = "it has a map that is none";
            Err(ReadError::record(HumanInputRecord::TABLE, what))
        }
    }
}

impl From<&HumanInput> for HumanInputRecord {
    fn from(input: &HumanInput) -> Self {
        let HumanInput {
            key: _, // The key.
            try_number: _,
            created_at,
            options,
            subject,
            body,
            defaults,
            multiple,
            params,
            assigned_users,
            response,
        } = input;
        Self {
            created_at: created_at.as_micros(),
            options: options.clone(),
            subject: subject.clone(),
            body: body.clone(),
            defaults: defaults.clone(),
            multiple: *multiple,
            params: text(params),
            assigned_users: assigned_users.iter().map(pair).collect(),
            response: response.as_ref().map(|response| {
                let HumanResponse {
                    at,
                    by,
                    chosen_options,
                    params_input,
                } = response;
                ResponseRecord {
                    at: at.as_micros(),
                    by: by.as_ref().map(pair),
                    chosen_options: chosen_options.clone(),
                    params_input: text(params_input),
                }
            }),
        }
    }
}

impl HumanInputRecord {
    pub(crate) fn into_input(self, key: TiKey, try_number: u32) -> Result<HumanInput, ReadError> {
        let Self {
            created_at,
            options,
            subject,
            body,
            defaults,
            multiple,
            params,
            assigned_users,
            response,
        } = self;
        let response = match response {
            None => None,
            Some(ResponseRecord {
                at,
                by,
                chosen_options,
                params_input,
            }) => Some(HumanResponse {
                at: Timestamp::from_micros(at),
                by: by.map(user),
                chosen_options,
                params_input: map(&params_input)?,
            }),
        };
        Ok(HumanInput {
            key,
            try_number,
            created_at: Timestamp::from_micros(created_at),
            options,
            subject,
            body,
            defaults,
            multiple,
            params: map(&params)?,
            assigned_users: assigned_users.into_iter().map(user).collect(),
            response,
        })
    }
}
