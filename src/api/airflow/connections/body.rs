//! What is told of a connection.

use model::execution::ConnectionWords;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Opened, mask};
use crate::{
    airflow::{bulk::Named, pools::check_team, runs::given},
    problem::Problem,
};

const ID_CHARS_MAX: usize = 200;

/// A connection to create or to change. When it is changed, what is absent stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(clippy::option_option)] // Absent is not `null`.
pub(crate) struct ConnectionBody {
    /// Letters, digits, `_`, `.` and `-`.
    pub(super) connection_id: String,
    conn_type: String,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    host: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    login: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    schema: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>)]
    port: Option<Option<i64>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    password: Option<Option<String>>,
    /// A JSON object as text.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    extra: Option<Option<String>>,
    #[serde(default)]
    team_name: Option<String>,
}

impl Named for ConnectionBody {
    fn named(connection_id: String) -> Self {
        Self {
            connection_id,
            ..Self::default()
        }
    }
}

impl ConnectionBody {
    fn check(&self) -> Result<(), Problem> {
        check_team(self.team_name.as_deref())?;
        let id = &self.connection_id;
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
        if id.is_empty() || id.chars().count() > ID_CHARS_MAX || !id.chars().all(fits) {
            let text = format!("1 to {ID_CHARS_MAX} letters, digits, `_`, `.` or `-`");
            return Err(Problem::field(
                "connection_id",
                "string_pattern_mismatch",
                text,
                id,
            ));
        }
        let extra = self.extra.iter().flatten();
        for text in extra.filter(|text| !text.is_empty()) {
            if serde_json::from_str::<model::JsonMap>(text).is_err() {
                let said = "the extra is a JSON object as text, such as {\"timeout\": 5}";
                return Err(Problem::field("extra", "value_error", said, mask::MASK));
            }
        }
        Ok(())
    }

    /// A new connection.
    pub(super) fn into_opened(self) -> Result<Opened, Problem> {
        let empty = Opened {
            words: ConnectionWords {
                conn_id: self.connection_id.clone(),
                conn_type: self.conn_type.clone(),
                host: None,
                schema: None,
                login: None,
                password: None,
                port: None,
                extra: None,
            },
            description: None,
        };
        self.apply(empty, |_| true)
    }

    /// The connection that is there, with the fields that were given and are meant.
    pub(super) fn apply(
        self,
        mut there: Opened,
        has: impl Fn(&str) -> bool,
    ) -> Result<Opened, Problem> {
        self.check()?;
        let Self {
            connection_id: _, // The same.
            conn_type,
            description,
            host,
            login,
            schema,
            port,
            password,
            extra,
            team_name: _, // There are none.
        } = self;
        let words = &mut there.words;
        if has("conn_type") {
            words.conn_type = conn_type;
        }
        let fields = [
            ("description", description, &mut there.description),
            ("host", host, &mut words.host),
            ("login", login, &mut words.login),
            ("schema", schema, &mut words.schema),
        ];
        for (name, given, place) in fields {
            if let Some(given) = given.filter(|_| has(name)) {
                *place = given;
            }
        }
        if let Some(given) = port.filter(|_| has("port")) {
            words.port = given;
        }
        if let Some(given) = password.filter(|_| has("password")) {
            let is_mask = given.as_deref() == Some(mask::MASK) && words.password.is_some();
            if !is_mask {
                words.password = given;
            }
        }
        if let Some(given) = extra.filter(|_| has("extra")) {
            // Upstream's word for none.
            let given = given.map(|text| if text.is_empty() { "{}".into() } else { text });
            words.extra = given.map(|text| mask::unmasked(text, words.extra.as_deref()));
        }
        Ok(there)
    }
}
