//! Whether the templates of an argument can be compiled, told while the file is read and not at
//! night.

use model::dag::Argument;

use crate::{
    document::reader::Reader,
    yaml::{Node, Value},
};

/// Compiles each template in an argument; mistakes are put where the argument stands.
pub(crate) fn check(node: &Node, argument: &Argument, title: &str, reader: &mut Reader<'_>) {
    match argument {
        Argument::Template(text) => {
            let environment = minijinja::Environment::empty();
            if let Err(error) = environment.template_from_str(text) {
                let detail = error.detail().unwrap_or("it cannot be read");
                let line = error.line().unwrap_or(1);
                let message =
                    format!("{title}: the template is wrong in its line {line}: {detail}");
                reader.problems.add("DAG-009", node.at, message);
            }
        }
        Argument::List(arguments) => {
            if let Value::List(nodes) = &node.value {
                for (node, argument) in nodes.iter().zip(arguments) {
                    check(node, argument, title, reader);
                }
            }
        }
        Argument::Object(pairs) => {
            if let Value::Map(entries) = &node.value {
                for (entry, (_, argument)) in entries.iter().zip(pairs) {
                    check(&entry.node, argument, title, reader);
                }
            }
        }
        Argument::Literal(_) | Argument::XCom { .. } => {}
    }
}
