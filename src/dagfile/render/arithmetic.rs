//! `+`, `-` and `~` on dates and spans. The template engine knows them for numbers and texts only,
//! so they are rewritten into calls of functions before it compiles the text.

use minijinja::{
    Error, State, Value,
    machinery::{
        Span,
        ast::{BinOpKind, CallArg, Expr, Stmt},
    },
    value::ValueKind,
};

use super::{
    budget,
    time::{DateTime, Delta, wrong},
};

pub(super) const PLUS: &str = "_plus";
pub(super) const MINUS: &str = "_minus";
pub(super) const JOIN: &str = "_join";

/// The template with each `a + b` written as `_plus(a , b)`. Lines stay where they are.
pub(super) fn rewrite(template: &str) -> Option<String> {
    if !template.contains(['+', '-', '~']) || !template.contains('{') {
        return None;
    }
    let tree = minijinja::machinery::parse(template, "template", Default::default()).ok()?;
    let mut edits = Edits {
        template,
        list: Vec::new(),
    };
    edits.statement(&tree);
    edits.apply()
}

/// The same for an expression by itself.
pub(super) fn rewrite_expression(text: &str) -> Option<String> {
    if !text.contains(['+', '-', '~']) {
        return None;
    }
    let tree = minijinja::machinery::parse_expr(text).ok()?;
    let mut edits = Edits {
        template: text,
        list: Vec::new(),
    };
    edits.expression(&tree);
    edits.apply()
}

/// Where, how many bytes to take out, what to put in.
struct Edits<'a> {
    template: &'a str,
    list: Vec<(usize, usize, &'static str)>,
}

impl Edits<'_> {
    fn apply(mut self) -> Option<String> {
        if self.list.is_empty() {
            return None;
        }
        // Stable, so that an outer call opens first; where one closes and a comma follows, in that
        // order.
        self.list.sort_by_key(|(at, len, _)| (*at, *len));
        let mut out = String::with_capacity(self.template.len() + 16 * self.list.len());
        let mut from = 0;
        for (at, len, new) in self.list {
            out.push_str(self.template.get(from..at)?);
            out.push_str(new);
            from = at + len;
        }
        out.push_str(self.template.get(from..)?);
        Some(out)
    }

    fn operation(&mut self, kind: BinOpKind, whole: Span, left: &Expr<'_>, right: &Expr<'_>) {
        let (open, sign) = match kind {
            BinOpKind::Add => ("_plus(", '+'),
            BinOpKind::Sub => ("_minus(", '-'),
            BinOpKind::Concat => ("_join(", '~'),
            BinOpKind::Eq
            | BinOpKind::Ne
            | BinOpKind::Lt
            | BinOpKind::Lte
            | BinOpKind::Gt
            | BinOpKind::Gte
            | BinOpKind::ScAnd
            | BinOpKind::ScOr
            | BinOpKind::Mul
            | BinOpKind::Div
            | BinOpKind::FloorDiv
            | BinOpKind::Rem
            | BinOpKind::Pow
            | BinOpKind::In => return,
        };
        let (from, to) = (
            left.span().end_offset as usize,
            right.span().start_offset as usize,
        );
        // Between the operands stand brackets, blanks and the sign.
        let between = self.template.get(from..to).unwrap_or_default();
        if let Some(at) = between.find(sign) {
            self.list.push((whole.start_offset as usize, 0, open));
            self.list.push((from + at, 1, ","));
            self.list.push((whole.end_offset as usize, 0, ")"));
        }
    }

    fn expression(&mut self, expr: &Expr<'_>) {
        if let Expr::BinOp(op) = expr {
            self.operation(op.op, op.span(), &op.left, &op.right);
        }
        each(expr, &mut |child| self.expression(child));
    }

    fn all(&mut self, statements: &[Stmt<'_>]) {
        statements
            .iter()
            .for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(s) => self.all(&s.children),
            Stmt::EmitExpr(s) => self.expression(&s.expr),
            Stmt::ForLoop(s) => {
                self.expression(&s.iter);
                s.filter_expr.iter().for_each(|expr| self.expression(expr));
                self.all(&s.body);
                self.all(&s.else_body);
            }
            Stmt::IfCond(s) => {
                self.expression(&s.expr);
                self.all(&s.true_body);
                self.all(&s.false_body);
            }
            Stmt::WithBlock(s) => {
                s.assignments
                    .iter()
                    .for_each(|(_, expr)| self.expression(expr));
                self.all(&s.body);
            }
            Stmt::Set(s) => self.expression(&s.expr),
            Stmt::SetBlock(s) => self.all(&s.body),
            Stmt::AutoEscape(s) => self.all(&s.body),
            Stmt::FilterBlock(s) => self.all(&s.body),
            Stmt::Macro(s) => {
                s.defaults.iter().for_each(|expr| self.expression(expr));
                self.all(&s.body);
            }
            Stmt::CallBlock(s) => {
                arguments(&s.call.args, &mut |expr| self.expression(expr));
                self.all(&s.macro_decl.body);
            }
            Stmt::Do(s) => arguments(&s.call.args, &mut |expr| self.expression(expr)),
            Stmt::Block(s) => self.all(&s.body),
            // Other files are not read by templates.
            Stmt::Import(_) | Stmt::FromImport(_) | Stmt::Extends(_) | Stmt::Include(_) => {}
            Stmt::EmitRaw(_) | Stmt::Continue(_) | Stmt::Break(_) => {}
        }
    }
}

/// Each expression right inside another.
fn each(expr: &Expr<'_>, f: &mut dyn FnMut(&Expr<'_>)) {
    match expr {
        Expr::Var(_) | Expr::Const(_) => {}
        Expr::Slice(e) => {
            f(&e.expr);
            [&e.start, &e.stop, &e.step]
                .into_iter()
                .flatten()
                .for_each(f);
        }
        Expr::UnaryOp(e) => f(&e.expr),
        Expr::BinOp(e) => {
            f(&e.left);
            f(&e.right);
        }
        Expr::Compare(e) => {
            f(&e.expr);
            e.ops.iter().for_each(|op| f(&op.expr));
        }
        Expr::IfExpr(e) => {
            f(&e.test_expr);
            f(&e.true_expr);
            e.false_expr.iter().for_each(f);
        }
        Expr::Filter(e) => {
            e.expr.iter().for_each(&mut *f);
            arguments(&e.args, f);
        }
        Expr::Test(e) => {
            f(&e.expr);
            arguments(&e.args, f);
        }
        Expr::GetAttr(e) => f(&e.expr),
        Expr::GetItem(e) => {
            f(&e.expr);
            f(&e.subscript_expr);
        }
        Expr::Call(e) => {
            f(&e.expr);
            arguments(&e.args, f);
        }
        Expr::List(e) => e.items.iter().for_each(f),
        Expr::Tuple(e) => e.items.iter().for_each(f),
        Expr::Map(e) => e.keys.iter().chain(&e.values).for_each(f),
    }
}

fn arguments(args: &[CallArg<'_>], f: &mut dyn FnMut(&Expr<'_>)) {
    for arg in args {
        match arg {
            CallArg::Pos(e)
            | CallArg::Kwarg(_, e)
            | CallArg::PosSplat(e)
            | CallArg::KwargSplat(e) => {
                f(e);
            }
        }
    }
}

pub(super) fn plus(state: &State<'_, '_>, left: &Value, right: &Value) -> Result<Value, Error> {
    if let Some(value) = on_times(left, right, false)? {
        return Ok(value);
    }
    if let (Some(a), Some(b)) = (left.as_str(), right.as_str()) {
        budget::spend(state, a.len() + b.len())?;
        return Ok([a, b].concat().into());
    }
    let is_list = |v: &Value| matches!(v.kind(), ValueKind::Seq | ValueKind::Iterable);
    if is_list(left) && is_list(right) {
        let both = left.try_iter()?.chain(right.try_iter()?);
        let items: Vec<Value> = both.take(budget::ITEMS_MAX).collect();
        budget::spend(state, items.len() * size_of::<Value>())?;
        return Ok(items.into());
    }
    numbers("+", left, right, i128::checked_add, |a, b| a + b)
}

pub(super) fn minus(left: &Value, right: &Value) -> Result<Value, Error> {
    match on_times(left, right, true)? {
        Some(value) => Ok(value),
        None => numbers("-", left, right, i128::checked_sub, |a, b| a - b),
    }
}

/// `~`.
pub(super) fn join(state: &State<'_, '_>, left: &Value, right: &Value) -> Result<Value, Error> {
    check_defined("~", left, right)?;
    let (a, b) = (super::python::text(left), super::python::text(right));
    budget::spend(state, a.len() + b.len())?;
    Ok([a, b].concat().into())
}

fn check_defined(sign: &str, left: &Value, right: &Value) -> Result<(), Error> {
    let side = match (left.is_undefined(), right.is_undefined()) {
        (true, _) => "left",
        (false, true) => "right",
        (false, false) => return Ok(()),
    };
    Err(wrong(format!(
        "what stands {side} of `{sign}` is undefined"
    )))
}

fn on_times(left: &Value, right: &Value, is_minus: bool) -> Result<Option<Value>, Error> {
    let time = |v: &Value| v.downcast_object::<DateTime>();
    let span = |v: &Value| v.downcast_object::<Delta>();
    let signed = |d: &Delta| {
        let us = d.0.as_micros();
        model::TimeDelta::from_micros(if is_minus { us.saturating_neg() } else { us })
    };
    Ok(Some(
        match (time(left), span(left), time(right), span(right)) {
            (Some(at), _, _, Some(by)) => Value::from_object(at.plus(signed(&by))),
            (_, Some(by), Some(at), _) if !is_minus => Value::from_object(at.plus(by.0)),
            (_, Some(a), _, Some(b)) => {
                let sum = a.0.as_micros().saturating_add(signed(&b).as_micros());
                Value::from_object(Delta(model::TimeDelta::from_micros(sum)))
            }
            (Some(at), _, Some(earlier), _) if is_minus => Value::from_object(at.since(&earlier)?),
            _ => return Ok(None),
        },
    ))
}

fn numbers(
    sign: &str,
    left: &Value,
    right: &Value,
    whole: fn(i128, i128) -> Option<i128>,
    float: fn(f64, f64) -> f64,
) -> Result<Value, Error> {
    let bad = || {
        let (a, b) = (left.kind(), right.kind());
        wrong(format!("`{sign}` does not go with {a} and {b}"))
    };
    let is_number = |v: &Value| v.kind() == ValueKind::Number || v.kind() == ValueKind::Bool;
    check_defined(sign, left, right)?;
    if !is_number(left) || !is_number(right) {
        return Err(bad());
    }
    let int = |v: &Value| i128::try_from(v.clone()).ok().filter(|_| v.is_integer());
    if let (Some(a), Some(b)) = (int(left), int(right)) {
        let sum = whole(a, b).ok_or_else(bad)?;
        return Ok(i64::try_from(sum).map_or_else(|_| Value::from(sum), Value::from));
    }
    let real = |v: &Value| f64::try_from(v.clone()).map_err(|_| bad());
    Ok(float(real(left)?, real(right)?).into())
}
