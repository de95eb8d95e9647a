//! Default, file, environment, flag: each key's value and where it comes from.

use std::{collections::BTreeMap, fmt, ops::Range, path::Path};

use toml::{Spanned, Value, de::DeTable, de::DeValue};

const DEFAULTS: &str = include_str!("../../assets/config/default.toml");
const ENV_PREFIX: &str = "ORRERY_";
/// Variables with our prefix that are no keys of the configuration.
const ENV_OTHERS: &[&str] = &["ORRERY_CONFIG", "ORRERY_SERVER", "ORRERY_DEMO_DIR"];

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `default.toml`.
    Default,
    /// A line of the file.
    File(String, usize),
    /// A variable.
    Env(String),
    /// A flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{path}:{line}"),
            Self::Env(name) => write!(f, "${name}"),
            Self::Flag(name) => write!(f, "--{name}"),
        }
    }
}

/// A key's value.
#[derive(Debug, Clone)]
pub struct Found {
    /// The value.
    pub value: Value,
    /// Where it comes from.
    pub origin: Origin,
}

/// All keys with their values, the highest layer last.
#[derive(Debug)]
pub struct Layers {
    pub(super) values: BTreeMap<String, Found>,
    pub(super) mistakes: Vec<String>,
}

/// What is wrong with a configuration, a sentence each.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<String>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CFG-001: the configuration has mistakes:")?;
        self.0
            .iter()
            .try_for_each(|mistake| write!(f, "\n  {mistake}"))
    }
}

impl std::error::Error for Mistakes {}

impl Layers {
    /// The defaults alone.
    #[must_use]
    pub fn defaults() -> Self {
        let mut layers = Self {
            values: BTreeMap::new(),
            mistakes: Vec::new(),
        };
        for (key, value, _) in layers.parse(DEFAULTS, "default.toml") {
            layers.values.insert(
                key,
                Found {
                    value,
                    origin: Origin::Default,
                },
            );
        }
        layers
    }

    /// Adds the file's text.
    pub fn add_file(&mut self, path: &Path, text: &str) {
        let path = path.display().to_string();
        for (key, value, line) in self.parse(text, &path) {
            let origin = Origin::File(path.clone(), line);
            self.set(&key, value, origin);
        }
    }

    /// Adds the environment.
    pub fn add_env(&mut self, variables: impl Iterator<Item = (String, String)>) {
        for (name, text) in variables {
            let Some(rest) = name.strip_prefix(ENV_PREFIX) else {
                continue;
            };
            if ENV_OTHERS.contains(&name.as_str()) {
                continue;
            }
            let wanted = rest.to_lowercase();
            let known = self
                .values
                .keys()
                .find(|key| key.replace('.', "_") == wanted)
                .cloned();
            let key = known.unwrap_or(wanted);
            self.set_text(&key, &text, Origin::Env(name));
        }
    }

    /// Adds a flag that was given.
    pub fn add_flag(&mut self, key: &str, text: &str) {
        self.set_text(key, text, Origin::Flag(key.to_owned()));
    }

    /// Changes a default, for commands whose defaults differ (`orrery demo`).
    pub fn set_default(&mut self, key: &str, value: Value) {
        if let Some(found) = self.values.get_mut(key) {
            found.value = value;
        }
    }

    /// Text takes the type of the default: a list is split at commas.
    fn set_text(&mut self, key: &str, text: &str, origin: Origin) {
        let value = match self.values.get(key).map(|found| &found.value) {
            Some(Value::Integer(_)) => text
                .parse()
                .map_or(Value::String(text.to_owned()), Value::Integer),
            Some(Value::Boolean(_)) => text
                .parse()
                .map_or(Value::String(text.to_owned()), Value::Boolean),
            Some(Value::Array(_)) => {
                let items = text
                    .split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty());
                Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
            }
            _ => Value::String(text.to_owned()),
        };
        self.set(key, value, origin);
    }

    fn set(&mut self, key: &str, value: Value, origin: Origin) {
        if let Some(found) = self.values.get_mut(key) {
            *found = Found { value, origin };
            return;
        }
        let near = self.values.keys().max_by(|a, b| {
            let likeness = |name: &str| strsim::jaro_winkler(name, key);
            likeness(a).total_cmp(&likeness(b))
        });
        let near = near.map_or("", String::as_str);
        self.mistakes.push(format!(
            "{origin}: unknown key `{key}`; did you mean `{near}`?"
        ));
    }

    fn parse(&mut self, text: &str, path: &str) -> Vec<(String, Value, usize)> {
        let mut found = Vec::new();
        match DeTable::parse(text) {
            Ok(table) => flatten("", table.get_ref(), text, &mut found),
            Err(error) => {
                let line = error.span().map_or(1, |span| line_of(text, &span));
                self.mistakes
                    .push(format!("{path}:{line}: {}", error.message()));
            }
        }
        found
    }
}

fn flatten(prefix: &str, table: &DeTable<'_>, text: &str, found: &mut Vec<(String, Value, usize)>) {
    for (key, value) in table {
        let name = format!("{prefix}{}", key.get_ref());
        if let DeValue::Table(inner) = value.get_ref() {
            flatten(&format!("{name}."), inner, text, found);
        } else {
            found.push((name, plain(value), line_of(text, &key.span())));
        }
    }
}

fn plain(value: &Spanned<DeValue<'_>>) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => {
            let parsed = i64::from_str_radix(number.as_str(), number.radix());
            parsed.map_or_else(
                |_| Value::String(number.as_str().to_owned()),
                Value::Integer,
            )
        }
        DeValue::Float(number) => Value::String(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Value::Boolean(*flag),
        DeValue::Datetime(at) => Value::Datetime(*at),
        DeValue::Array(items) => Value::Array(items.iter().map(plain).collect()),
        DeValue::Table(_) => Value::Table(toml::Table::new()),
    }
}

fn line_of(text: &str, span: &Range<usize>) -> usize {
    text.get(..span.start)
        .map_or(1, |before| before.matches('\n').count() + 1)
}
