//! Arguments become JSON: templates are rendered, XComs taken.

use std::{collections::BTreeMap, sync::Arc};

use minijinja::{ErrorKind, Value, machinery::ast::Stmt};
use model::{
    Json, JsonMap, TaskId,
    dag::{Argument, Dag, Task},
};

use super::{Context, Lookup, XComQuery, arithmetic, budget, context::Root, environment, python};
use crate::{RenderError, document::value::RETURN_VALUE, operators};

pub(super) const TEMPLATE: &str = "DAG-020";
pub(super) const LIMIT: &str = "DAG-022";

/// Renders a task's arguments.
pub(super) struct Fields<'a> {
    pub dag: &'a Dag,
    pub task: &'a Task,
    pub context: &'a Context<'a>,
    is_native: bool,
    root: Arc<Root>,
}

impl<'a> Fields<'a> {
    pub fn new(
        dag: &'a Dag,
        task: &'a Task,
        context: &'a Context<'a>,
        lookup: &Arc<dyn Lookup>,
    ) -> Self {
        let own = task.extra.get("render_template_as_native_obj");
        Self {
            dag,
            task,
            context,
            is_native: own
                .and_then(Json::as_bool)
                .unwrap_or(dag.render_template_as_native_obj),
            root: Arc::new(Root::new(dag, task, context, lookup)),
        }
    }

    /// All arguments as values.
    pub fn all(&self) -> Result<BTreeMap<&'a str, Json>, RenderError> {
        let arguments = self.task.operator.arguments.iter();
        arguments
            .map(|(name, argument)| Ok((name.as_str(), self.argument(name, argument)?)))
            .collect()
    }

    /// Those that are template fields, for display, in the operator's order.
    pub fn shown(&self, values: &BTreeMap<&str, Json>) -> JsonMap {
        let Some(spec) = operators::find(&self.task.operator.class) else {
            return JsonMap::new();
        };
        let fields = spec.all_arguments().filter(|arg| arg.is_template);
        let pairs = fields.filter_map(|arg| {
            let value = values.get(arg.name)?;
            Some((arg.name.to_owned(), value.clone()))
        });
        pairs.collect()
    }

    /// What was looked up and must not be seen.
    pub fn secrets(&self) -> Vec<String> {
        let secrets = self.root.book.secrets.lock();
        secrets.map(|secrets| secrets.clone()).unwrap_or_default()
    }

    pub fn connection(&self, conn_id: &str) -> Result<Option<super::Connection>, RenderError> {
        let found = self.root.book.connection(conn_id);
        found.map_err(|why| self.wrong(TEMPLATE, &format!("the connection `{conn_id}`: {why}")))
    }

    pub fn wrong(&self, code: &'static str, message: &str) -> RenderError {
        let message = format!("task `{}`: {message}", self.task.task_id);
        RenderError { code, message }
    }

    fn argument(&self, name: &str, argument: &Argument) -> Result<Json, RenderError> {
        match argument {
            Argument::Literal(json) => Ok(json.clone()),
            Argument::Template(text) => self.template(name, text),
            Argument::XCom { task_id, key } => self.xcom(name, task_id, key),
            Argument::List(items) => items.iter().map(|item| self.argument(name, item)).collect(),
            Argument::Object(pairs) => {
                let pairs = pairs
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), self.argument(name, value)?)));
                pairs.collect::<Result<JsonMap, _>>().map(Json::Object)
            }
        }
    }

    /// As upstream: what was never returned is none, another key that is not there is an error.
    fn xcom(&self, name: &str, task_id: &TaskId, key: &str) -> Result<Json, RenderError> {
        let query = XComQuery {
            dag_id: self.dag.dag_id.clone(),
            run_id: self.context.run.run_id.clone(),
            task_id: task_id.clone(),
            map_index: None,
            key: key.to_owned(),
            include_prior_dates: false,
        };
        let found = self.root.book.xcom(&query);
        match found.map_err(|why| self.wrong(TEMPLATE, &format!("`{name}`: {why}")))? {
            Some(value) => Ok(value),
            None if key == RETURN_VALUE => Ok(Json::Null),
            None => {
                let message = format!("`{name}`: task `{task_id}` has no XCom `{key}` in this run");
                Err(self.wrong(TEMPLATE, &message))
            }
        }
    }

    fn template(&self, name: &str, text: &str) -> Result<Json, RenderError> {
        let root = || Value::from_dyn_object(Arc::clone(&self.root));
        let rewritten = arithmetic::rewrite(text);
        let text = rewritten.as_deref().unwrap_or(text);
        if self.is_native
            && let Some(expression) = only_expression(text)
        {
            let value = environment::get()
                .compile_expression(expression)
                .and_then(|expression| expression.eval(root()))
                .and_then(defined)
                .map_err(|error| self.failed(name, &error))?;
            return Ok(match value.as_str() {
                Some(text) => python::literal(text).unwrap_or_else(|| text.into()),
                None => python::to_json(&value),
            });
        }
        let template = environment::get().template_from_str(text);
        let rendered = template.and_then(|template| template.render(root()));
        let rendered = rendered.and_then(|text| environment::check_size(&text).map(|()| text));
        let rendered = rendered.map_err(|error| self.failed(name, &error))?;
        Ok(
            match self.is_native.then(|| python::literal(&rendered)).flatten() {
                Some(value) => value,
                None => rendered.into(),
            },
        )
    }

    /// The value of an expression by itself, as `branch` takes it.
    pub fn expression(&self, name: &str, text: &str) -> Result<Json, RenderError> {
        let rewritten = arithmetic::rewrite_expression(text);
        let text = rewritten.as_deref().unwrap_or(text);
        let value = environment::get()
            .compile_expression(text)
            .and_then(|expression| expression.eval(Value::from_dyn_object(Arc::clone(&self.root))))
            .and_then(defined)
            .map_err(|error| self.failed(name, &error))?;
        Ok(python::to_json(&value))
    }

    /// The error of a template, with field, line and the innermost reason.
    fn failed(&self, name: &str, error: &minijinja::Error) -> RenderError {
        let spent = error.detail().is_some_and(|detail| detail == budget::SPENT);
        let out_of_fuel = matches!(error.kind(), ErrorKind::OutOfFuel);
        let code = if spent || out_of_fuel {
            LIMIT
        } else {
            TEMPLATE
        };
        let mut message = format!("`{name}`: ");
        if let Some(line) = error.line() {
            message += &format!("line {line} of the template: ");
        }
        message += &reason(error);
        self.wrong(code, &message)
    }
}

/// An undefined value is an error wherever it is used.
fn defined(value: Value) -> Result<Value, minijinja::Error> {
    if value.is_undefined() {
        return Err(ErrorKind::UndefinedError.into());
    }
    Ok(value)
}

fn reason(error: &minijinja::Error) -> String {
    let kind = error.kind().to_string();
    let mut reason = match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => "it takes more steps than it may".to_owned(),
        (ErrorKind::UndefinedError, detail) => match (place(error), detail) {
            (Some(place), _) => format!("`{place}` is undefined"),
            (None, Some(detail)) => detail.to_owned(),
            (None, None) => "an undefined value is used".to_owned(),
        },
        (_, Some(detail)) => detail.to_owned(),
        (_, None) => kind,
    };
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        reason += &format!(": {cause}");
        source = cause.source();
    }
    reason
}

/// The words of the template that the error is about, with what they hang on to the left.
fn place(error: &minijinja::Error) -> Option<&str> {
    let (range, source) = (error.range()?, error.template_source()?);
    let before = source.get(..range.start)?;
    let part = |c: char| c.is_alphanumeric() || "_.'\"[]()".contains(c);
    let start = before.trim_end_matches(part).len();
    let words = source.get(start..range.end)?.trim();
    let words = words.strip_prefix("if ").unwrap_or(words);
    // What the rewriting of `+` put in says nothing to its author.
    let ours = [arithmetic::PLUS, arithmetic::MINUS, arithmetic::JOIN];
    (!words.is_empty() && !ours.iter().any(|name| words.contains(name))).then_some(words)
}

/// The expression of a template that is nothing else: `{{ this }}`.
fn only_expression(text: &str) -> Option<&str> {
    let tree = minijinja::machinery::parse(text, "template", Default::default()).ok()?;
    let Stmt::Template(template) = tree else {
        return None;
    };
    if !matches!(template.children.as_slice(), [Stmt::EmitExpr(_)]) {
        return None;
    }
    let inside = text.strip_prefix("{{")?.strip_suffix("}}")?;
    Some(
        inside
            .trim_matches(|c: char| c.is_whitespace())
            .trim_start_matches('-')
            .trim(),
    )
}
